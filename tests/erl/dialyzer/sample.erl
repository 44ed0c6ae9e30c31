%% What dialyzer and typer are to find fault with: every kind of warning that needs no option, and some that do.
-module(sample).
-export([no_return/0, wrong_arg/1, unmatched/1, extra/1, opaque_use/1, improper/0, bad_spec/1, dead_case/1, fun_call/0,
         guard/1, race/1, sizes/1, map_key/1, behaviour_ok/0, overlapping/1, servers/1, record_use/0]).
-export_type([shape/0]).
-record(point, {x = 0 :: integer(), y = 0 :: integer()}).
-type shape() :: {circle, number()} | {box, number(), number()}.

no_return() -> length(an_atom).

wrong_arg(X) when is_list(X) -> lists:keyfind(a, list, X).

-spec unmatched(list()) -> ok.
unmatched(L) -> lists:map(fun(E) -> E end, L), ordsets:from_list(L), ok.

extra(X) -> helper(X).
-spec helper(integer()) -> integer() | atom().
helper(X) -> X + 1.

opaque_use(X) -> case sets:new() of {X, _} -> yes; _ -> no end.

improper() -> [a | b].

-spec bad_spec(integer()) -> atom().
bad_spec(X) -> X * 2.

dead_case(X) when is_integer(X) ->
    case X > 0 of
        true -> positive;
        false -> other;
        maybe -> never
    end.

fun_call() -> F = fun(A, B) -> {A, B} end, F(1).

guard(X) when is_atom(X), is_integer(X) -> both;
guard(X) -> {neither, X}.

race(T) ->
    case ets:lookup(T, k) of
        [] -> ets:insert(T, {k, 1});
        [{k, N}] -> ets:insert(T, {k, N + 1})
    end.

sizes(B) -> <<N:8, Rest/binary>> = B, {N, byte_size(Rest), bit_size(<<B/binary, 1:3>>)}.

map_key(M) -> #{a := V} = M#{a => 1}, V + maps:get(b, M, none).

behaviour_ok() -> #point{x = "no integer"}.

-spec overlapping(a | b) -> shape(); (b | c) -> shape().
overlapping(a) -> {circle, 1};
overlapping(_) -> {box, 1, 2.5}.

servers(Name) ->
    Pid = spawn(fun() -> register(Name, self()), loop([]) end),
    Pid ! stop,
    gone.
loop(Acc) -> receive stop -> lists:reverse(Acc); X -> loop([X | Acc]) end.

record_use() -> P = #point{}, P#point{x = 1, y = P#point.x + P#point.y}.
