%% Without faults: what typer infers for it.
-module(plain).
-export([area/1, insert/2, fold/3, answer/1, sizes/1, loop/1]).

area({circle, R}) -> 3.14 * R * R;
area({box, A, B}) -> A * B.

insert(X, []) -> [X];
insert(X, [H | T]) when X > H -> [H | insert(X, T)];
insert(X, L) -> [X | L].

fold(F, A, [H | T]) -> fold(F, F(H, A), T);
fold(_, A, []) -> A.

answer(K) ->
    case lists:keyfind(K, 1, [{a, 1}, {b, "two"}, {c, <<3>>}]) of
        {_, V} -> {ok, V};
        false -> error
    end.

sizes(<<N:8, Rest/binary>>) -> #{first => N, size => byte_size(Rest), bits => <<Rest/binary, 1:3>>}.

loop(Acc) -> receive stop -> lists:reverse(Acc); X -> loop([X | Acc]) end.
