%% What the EUnit and Common Test suites here test: a small module with some right and some wrong functions.
-module(sample).
-export([add/2, reverse/1, wrong/1, fails/1, server/0, slow/1]).
-include_lib("eunit/include/eunit.hrl").

add(A, B) -> A + B.

reverse(L) -> lists:foldl(fun(X, Acc) -> [X | Acc] end, [], L).

wrong(X) -> X + 1.

fails(error) -> error({failure, #{why => <<"because">>}});
fails(exit) -> exit(failure);
fails(throw) -> throw({failure, 1.5});
fails(badmatch) -> {ok, _} = reverse([1, 2]);
fails(arith) -> 1 / add(-1, 1).

server() ->
    receive
        {From, Ref, Msg} -> From ! {Ref, Msg}, server();
        stop -> ok
    end.

slow(Time) -> timer:sleep(Time).

%% EUnit tests inside the module.
inside_test() -> ?assertEqual(3, add(1, 2)).
inside_wrong_test() -> ?assertEqual(1, wrong(1)).
