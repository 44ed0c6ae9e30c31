%% Bit syntax: construction and matching of every segment type, size, unit, sign and endianness, aligned and not.
-module(bits).
-export([cases/0]).
-define(C(Name, Expr), {Name, fun() -> Expr end}).

id(X) -> X.

cases() -> integers() ++ floats() ++ utf() ++ binaries() ++ matching() ++ errors() ++ contexts().

ints() -> [0, 1, -1, 5, 127, 128, 255, 256, -128, -129, 65535, 1 bsl 31, 1 bsl 60, -(1 bsl 60), (1 bsl 64) - 1, 1 bsl 64, -(1 bsl 100), 1 bsl 130].

integers() ->
    [?C({int, S, O}, [[<<O1:O, (id(V)):S/big>>, <<O1:O, (id(V)):S/little>>, back(O, S, <<O1:O, (id(V)):S/big>>),
                       back_little(O, S, <<O1:O, (id(V)):S/little>>)] || V <- ints(), O1 <- [0]])
     || S <- [0, 1, 3, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 59, 60, 61, 63, 64, 65, 100, 128, 129, 200], O <- [0, 1, 4, 7]].

back(O, S, B) -> <<_:O, U:S, R/bits>> = B, <<_:O, I:S/signed, _/bits>> = B, {U, I, R}.
back_little(O, S, B) -> <<_:O, U:S/little, R/bits>> = B, <<_:O, I:S/little-signed, _/bits>> = B, {U, I, R}.

floats() ->
    [?C({float, S, O}, [[<<0:O, (id(V)):S/float>>, <<0:O, (id(V)):S/float-little>>, fback(O, S, <<0:O, (id(V)):S/float>>)]
                        || V <- [0.0, -0.0, 1.0, -1.5, 3.14159, 65504.0, 1, 255, 1.0e-5, 0.1]])
     || S <- [16, 32, 64], O <- [0, 3]]
    ++ [?C({float_big, S}, <<(id(1.0e300)):S/float>>) || S <- [16, 32, 64]]
    ++ [?C({float_nan, S}, begin N = (1 bsl S) - 1, case <<N:S>> of <<F:S/float>> -> F; _ -> nomatch end end) || S <- [16, 32, 64]]
    ++ [?C({float_size, S}, <<(id(1.0)):S/float>>) || S <- [8, 24, 0]].

fback(O, S, B) -> case B of <<_:O, F:S/float, R/bits>> -> {F, R}; _ -> nomatch end.

chars() -> [0, $a, 16#7f, 16#80, 16#7ff, 16#800, 16#d7ff, 16#e000, 16#ffff, 16#10000, 16#10ffff].

utf() ->
    [?C(utf8, [<<(id(C))/utf8>> || C <- chars()]),
     ?C(utf16, [{<<(id(C))/utf16>>, <<(id(C))/utf16-little>>} || C <- chars()]),
     ?C(utf32, [{<<(id(C))/utf32>>, <<(id(C))/utf32-little>>} || C <- chars()]),
     ?C(utf8_back, [begin <<D/utf8, R/bits>> = <<(id(C))/utf8, 1:1>>, {D, R} end || C <- chars()]),
     ?C(utf16_back, [begin <<D/utf16-little>> = <<(id(C))/utf16-little>>, D end || C <- chars()]),
     ?C(utf32_back, [begin <<D/utf32>> = <<(id(C))/utf32>>, D end || C <- chars()]),
     ?C(utf8_bad, [case B of <<C/utf8, _/bits>> -> C; _ -> no end || B <- [<<16#80>>, <<16#c0, 16#80>>, <<16#e0, 16#80, 16#80>>, <<16#ed, 16#a0, 16#80>>,
                                                                       <<16#f4, 16#90, 16#80, 16#80>>, <<16#c3>>, <<>>, <<16#ff>>]]),
     ?C(utf16_bad, [case B of <<C/utf16, _/bits>> -> C; _ -> no end || B <- [<<16#d8, 0>>, <<16#dc, 0, 0, 0>>, <<16#d8, 0, 0, 65>>, <<1>>]]),
     ?C(utf8_unaligned, begin <<_:3, C/utf8, _/bits>> = <<0:3, 8364/utf8, 0:5>>, C end),
     ?C(utf8_bad_value, <<(id(16#d800))/utf8>>),
     ?C(utf8_bad_value2, <<(id(-1))/utf8>>),
     ?C(utf16_bad_value, <<(id(16#110000))/utf16>>),
     ?C(utf32_bad_value, <<(id(a))/utf32>>),
     ?C(skip, begin <<_/utf8, _/utf8, C/utf8>> = <<"aå€"/utf8>>, C end)].

binaries() ->
    B = <<1, 2, 3, 4, 5, 6, 7, 8>>,
    [?C(append, <<(id(B))/binary, 9>>),
     ?C(append_nothing, [begin catch <<(id(B))/bits, (id(X)):0, (id(X)):(id(0))>> end || X <- [1, <<1>>, 1.5, a, 1 bsl 70]]),
     ?C(prepend, <<0, (id(B))/binary>>),
     ?C(size, [<<(id(B)):N/binary>> || N <- [0, 1, 8]]),
     ?C(size_bad, <<(id(B)):9/binary>>),
     ?C(bits, <<1:3, (id(B))/binary, 1:5>>),
     ?C(bits_bits, <<(id(<<5:3>>))/bits, (id(<<7:5>>))/bits>>),
     ?C(unit, <<(id(B)):2/binary-unit:16>>),
     ?C(unit_bad, <<(id(<<1, 2, 3>>))/binary-unit:16>>),
     ?C(not_whole, <<(id(<<1:3>>))/binary>>),
     ?C(nested, << <<X:2>> || <<X:4>> <= B >>),
     ?C(big_append, erlang:md5(lists:foldl(fun(I, A) -> <<A/binary, I:32>> end, <<>>, lists:seq(1, 2000)))),
     ?C(append_shared, begin A = <<(id(<<>>))/binary, 1, 2, 3>>, X = <<A/binary, 4>>, Y = <<A/binary, 5>>, {A, X, Y} end),
     ?C(append_bits, lists:foldl(fun(I, A) -> <<A/bits, I:3>> end, <<>>, lists:seq(1, 30))),
     ?C(private, begin F = fun F(0, A) -> A; F(N, A) -> F(N - 1, <<A/binary, N>>) end, F(100, <<>>) end),
     ?C(string, <<"abc", "d":16, "é"/utf8>>),
     ?C(dynamic, begin S = id(12), U = <<(id(77)):S>>, {U, bit_size(U)} end)].

matching() ->
    B = <<1, 2, 3, 4, 5, 6, 7, 8>>,
    [?C(head, begin <<A, R/binary>> = id(B), {A, R} end),
     ?C(skip, begin <<_:12, A:8, _/bits>> = id(B), A end),
     ?C(sized, begin <<N, X:N/binary, R/binary>> = <<3, "abcdef">>, {N, X, R} end),
     ?C(sized_bits, begin <<N:4, X:N/bits, R/bits>> = <<5:4, 21:5, 9:7>>, {N, X, R} end),
     ?C(size_expr, begin <<N, X:(N * 2)/binary, R/binary>> = <<2, "abcdef">>, {X, R} end),
     ?C(fail, [case id(X) of <<1, 2>> -> a; <<1, _>> -> b; <<_>> -> c; <<>> -> d; _ -> e end || X <- [<<1, 2>>, <<1, 3>>, <<9>>, <<>>, <<1, 2, 3>>, a, <<1:3>>]]),
     ?C(literal, case id(<<"hello world">>) of <<"hello ", R/binary>> -> R end),
     ?C(literal_unaligned, case <<1:1, "abc", 0:7>> of <<1:1, "abc", R/bits>> -> R end),
     ?C(tail_units, [case X of <<_, R/binary>> -> R; _ -> no end || X <- [<<1, 2:3>>, <<1, 2>>, <<1:7>>]]),
     ?C(unit8, [case X of <<R:2/unit:8, _/bits>> -> R; _ -> no end || X <- [<<1, 2>>, <<1>>]]),
     ?C(signed, [begin <<X:N/signed, _/bits>> = <<16#ff, 16#fe, 16#fd, 16#fc>>, X end || N <- [1, 3, 8, 13, 16, 32]]),
     ?C(little, [begin <<X:N/little, _/bits>> = <<1, 2, 3, 4, 5, 6, 7, 8, 9>>, X end || N <- [1, 3, 8, 13, 16, 24, 32, 40, 64, 67, 72]]),
     ?C(native, begin <<X:32/native>> = <<1, 2, 3, 4>>, X end),
     ?C(huge_size, case id(B) of <<_:(1 bsl 70)>> -> a; _ -> b end),
     ?C(negative_size, begin N = id(-1), case B of <<_:N, _/bits>> -> a; _ -> b end end),
     ?C(zero, begin <<X:0, Y/bits>> = <<5>>, {X, Y} end),
     ?C(sub, begin <<_, S:3/binary, _/binary>> = B, <<_, T/binary>> = S, {S, T, byte_size(T)} end),
     ?C(sub_bits, begin <<_:3, S:20/bits, _/bits>> = B, <<_:5, T/bits>> = S, {S, T, bit_size(T)} end),
     ?C(float_var, begin X = id(1.5), case <<1.5/float>> of <<X/float>> -> same; _ -> differs end end),
     ?C(int_var, begin X = id(258), case <<1, 2>> of <<X:16>> -> same; _ -> differs end end),
     ?C(binary_compare, [X < Y || X <- [<<1>>, <<1:4>>, <<1, 2>>, <<>>], Y <- [<<1>>, <<0:3>>, <<2>>]])].

errors() ->
    [?C(bad_int, <<(id(a))>>),
     ?C(bad_int_sized, <<1, (id(1.5)):16>>),
     ?C(bad_float, <<(id(a))/float>>),
     ?C(bad_binary, <<(id(1))/binary>>),
     ?C(bad_size, <<1:(id(a))>>),
     ?C(neg_size, <<1:(id(-1))>>),
     ?C(big_size, <<1:(id(1 bsl 80))>>),
     ?C(bad_bin_size, <<(id(<<1>>)):(id(x))/binary>>),
     ?C(short, <<(id(<<1>>)):2/binary>>),
     ?C(float_range, <<(id(1 bsl 2000)):64/float>>)].

%% Match contexts used again, passed on and turned back into binaries.
contexts() ->
    [?C(count, count(<<1, 2, 0, 3, 0>>, 0)),
     ?C(split, split(<<"a,b,,c">>, <<>>)),
     ?C(hex, hex(<<"1fA0z">>, 0)),
     ?C(varint, varints(<<1, 129, 1, 255, 255, 3>>)),
     ?C(two_ways, two(<<1, 2, 3>>)),
     ?C(rest_in_error, catch element(1, consume(<<1, 2, 3>>))),
     ?C(clause_error, consume(<<9, 9>>)),
     ?C(context_kept, kept(<<1, 2, 3>>, []))].

count(<<0, R/binary>>, N) -> count(R, N + 1);
count(<<_, R/binary>>, N) -> count(R, N);
count(<<>>, N) -> N.
split(<<$,, R/binary>>, A) -> [A | split(R, <<>>)];
split(<<C, R/binary>>, A) -> split(R, <<A/binary, C>>);
split(<<>>, A) -> [A].
hex(<<C, R/binary>>, A) when C >= $0, C =< $9 -> hex(R, A * 16 + C - $0);
hex(<<C, R/binary>>, A) when C >= $a, C =< $f -> hex(R, A * 16 + C - $a + 10);
hex(<<C, R/binary>>, A) when C >= $A, C =< $F -> hex(R, A * 16 + C - $A + 10);
hex(R, A) -> {A, R}.
varints(<<>>) -> [];
varints(B) -> {V, R} = varint(B, 0, 0), [V | varints(R)].
varint(<<1:1, X:7, R/binary>>, S, A) -> varint(R, S + 7, A bor (X bsl S));
varint(<<0:1, X:7, R/binary>>, S, A) -> {A bor (X bsl S), R}.
two(<<A, R/binary>> = All) -> <<_:4, N:4, _/binary>> = R, {A, N, All, R}.
consume(<<1, R/binary>>) -> consume(R);
consume(<<2, R/binary>>) -> {R, byte_size(R), R}.
kept(<<X, R/binary>> = B, A) -> kept(R, [{X, B} | A]);
kept(<<>>, A) -> A.
