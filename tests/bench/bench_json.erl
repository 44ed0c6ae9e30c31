%% A small JSON encoder and decoder on binaries.
-module(bench_json).
-export([run/1, encode/1, decode/1]).

run(N) ->
    Data = [#{<<"id">> => I, <<"name">> => <<"user name">>, <<"tags">> => [<<"a">>, <<"b">>, true, null], <<"score">> => I / 3}
            || I <- lists:seq(1, 100)],
    loop(N, Data).

loop(0, _) -> ok;
loop(N, Data) -> B = iolist_to_binary(encode(Data)), _ = decode(B), loop(N - 1, Data).

encode(true) -> <<"true">>;
encode(false) -> <<"false">>;
encode(null) -> <<"null">>;
encode(I) when is_integer(I) -> integer_to_binary(I);
encode(F) when is_float(F) -> float_to_binary(F, [short]);
encode(B) when is_binary(B) -> [$", escape(B), $"];
encode(L) when is_list(L) -> [$[, join([encode(X) || X <- L]), $]];
encode(M) when is_map(M) -> [${, join([[encode(K), $:, encode(V)] || {K, V} <- maps:to_list(M)]), $}].

join([]) -> [];
join([H | T]) -> [H | [[$,, X] || X <- T]].

escape(B) -> << <<(esc(C))/binary>> || <<C>> <= B >>.
esc($") -> <<"\\\"">>;
esc($\\) -> <<"\\\\">>;
esc($\n) -> <<"\\n">>;
esc(C) -> <<C>>.

decode(B) -> {V, _} = value(skip(B)), V.

value(<<"true", R/binary>>) -> {true, R};
value(<<"false", R/binary>>) -> {false, R};
value(<<"null", R/binary>>) -> {null, R};
value(<<$", R/binary>>) -> text(R, R, 0);
value(<<$[, R/binary>>) -> array(skip(R), []);
value(<<${, R/binary>>) -> object(skip(R), #{});
value(B) -> number(B, 0, B).

array(<<$], R/binary>>, A) -> {lists:reverse(A), R};
array(B, A) ->
    {V, R} = value(B),
    case skip(R) of
        <<$,, R2/binary>> -> array(skip(R2), [V | A]);
        <<$], R2/binary>> -> {lists:reverse([V | A]), R2}
    end.

object(<<$}, R/binary>>, M) -> {M, R};
object(<<$", B/binary>>, M) ->
    {K, R} = text(B, B, 0),
    <<$:, R2/binary>> = skip(R),
    {V, R3} = value(skip(R2)),
    case skip(R3) of
        <<$,, R4/binary>> -> object(skip(R4), M#{K => V});
        <<$}, R4/binary>> -> {M#{K => V}, R4}
    end.

text(<<$", R/binary>>, Start, N) -> {binary:part(Start, 0, N), R};
text(<<$\\, _, R/binary>>, Start, N) -> text(R, Start, N + 2);
text(<<_, R/binary>>, Start, N) -> text(R, Start, N + 1).

number(<<C, R/binary>>, N, S) when C >= $0, C =< $9; C =:= $.; C =:= $-; C =:= $e; C =:= $+ -> number(R, N + 1, S);
number(R, N, S) ->
    B = binary:part(S, 0, N),
    {try binary_to_integer(B) catch error:badarg -> binary_to_float(B) end, R}.

skip(<<C, R/binary>>) when C =:= $\s; C =:= $\n; C =:= $\t -> skip(R);
skip(B) -> B.
