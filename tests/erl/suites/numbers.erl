%% Arithmetic over a spread of integers and floats, text conversions, hashes: digests and samples.
-module(numbers).
-export([cases/0]).
-define(C(Name, Expr), {Name, fun() -> Expr end}).

cases() ->
    [?C({op, Op}, [try_op(Op, A, B) || A <- values(), B <- values()])
     || Op <- ['+', '-', '*', '/', 'div', 'rem', 'band', 'bor', 'bxor', '<', '=<', '==', '=:=', '/=']]
    ++ [?C({shift, Op}, [try_op(Op, A, B) || A <- values(), is_integer(A), B <- [0, 1, 3, 59, 60, 61, 64, 100, -1, -60, -64, -1000]]) || Op <- ['bsl', 'bsr']]
    ++ [?C({unary, Op}, [try1(Op, A) || A <- values()]) || Op <- ['-', '+', 'bnot', abs, trunc, round, floor, ceil, float]]
    ++ [?C({base, B}, [{integer_to_list(A, B), integer_to_binary(A, B), A =:= list_to_integer(integer_to_list(A, B), B)} || A <- values(), is_integer(A)])
        || B <- [2, 3, 7, 8, 10, 16, 25, 32, 36]]
    ++ [?C(phash2, [erlang:phash2(V) || V <- terms()]),
        ?C(phash2_range, [erlang:phash2(V, R) || V <- terms(), R <- [1, 2, 17, 1 bsl 20, 1 bsl 32]]),
        ?C(phash, [erlang:phash(V, R) || V <- terms(), R <- [1, 100, 1 bsl 27]]),
        ?C(md5_of_terms, [erlang:md5(term_to_binary(V)) || V <- terms()]),
        ?C(external_size, [erlang:external_size(V) || V <- terms()]),
        ?C(order, lists:sort(terms())),
        ?C(order_pairs, [[X < Y || Y <- terms()] || X <- terms()]),
        ?C(equal_pairs, [[{X == Y, X =:= Y} || Y <- mixed()] || X <- mixed()]),
        ?C(usort, lists:usort(mixed() ++ mixed())),
        ?C(floats_default, [float_to_list(F) || F <- floats()]),
        ?C(list_texts, [try list_to_integer(L, B) catch _:R -> R end
                        || B <- [2, 10, 16, 36], L <- ["", "+", "-", "-0", "+1", "1-", "12345678901", "123456789012", "-zzzzzzzzzzz", "zzzzzzzzzzzz",
                                                       "00000000000000007", "1 ", [$1, 256 + $1], [$1, a], [$1 | $2], "-1010", "ffFF"]]),
        ?C(floats_of_all_sizes, erlang:md5([float_to_list(F * P, [short]) || F <- [1.0, 1.5, 7.0, 123456789.0, 0.1, 9.999999999999999, 2.2250738585072014],
                                                                                 E <- lists:seq(-300, 300), P <- [math:pow(10, E), math:pow(2, E)], abs(F * P) < 1.0e305])),
        ?C(floats_short, [float_to_list(F, [short]) || F <- floats()]),
        ?C(floats_print, [io_lib:format("~w ~p ~g ~e ~f", [F, F, F, F, F]) || F <- floats(), abs(F) < 1.0e50]),
        ?C(random_floats, erlang:md5([float_to_binary(F, [short]) || F <- random_floats(3000, 99)])),
        ?C(random_floats_back, lists:all(fun(F) -> F =:= list_to_float(float_to_list(F, [short])) end, random_floats(3000, 5))),
        ?C(random_scientific, erlang:md5([float_to_list(F, [{scientific, I rem 21}]) || {I, F} <- lists:zip(lists:seq(1, 1000), random_floats(1000, 3))])),
        ?C(random_decimals, erlang:md5([float_to_list(F, [{decimals, 6}]) || F <- random_floats(1000, 8), abs(F) < 1.0e15])),
        ?C(factorials, erlang:md5([integer_to_binary(fact(N)) || N <- lists:seq(1, 300)])),
        ?C(power_mod, [pow(3, N) rem 1000000007 || N <- lists:seq(1, 400, 13)]),
        ?C(division, [begin A = pow(7, N) + N, B = pow(3, M) - M, {A div B, A rem B, -A div B, -A rem B} end || N <- [1, 30, 60, 100], M <- [1, 20, 45]]),
        ?C(gcd, [gcd(fact(N), pow(2, N) * 3) || N <- [5, 20, 50]]),
        ?C(carry, [(1 bsl N) - 1 + 1 =:= 1 bsl N || N <- lists:seq(55, 200)]),
        ?C(sum, lists:sum([I * I * I || I <- lists:seq(1, 10000)])),
        ?C(float_sum, lists:foldl(fun(X, A) -> A + X / 3 end, 0.0, lists:seq(1, 10000)))]
    ++ [?C({math, F}, [try {X, math:F(X)} catch _:R -> {X, R} end || X <- [0, 1, -1, 0.5, -0.5, 2, 10.5, 100, 1.0e10, 1 bsl 80, a]])
        || F <- [sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, asinh, acosh, atanh, exp, log, log2, log10, sqrt, erf, erfc, floor, ceil]]
    ++ [?C({decimals, D}, [try float_to_list(F, [{decimals, D} | O]) catch _:R -> R end || F <- floats(), abs(F) < 1.0e30, O <- [[], [compact]]])
        || D <- [0, 1, 2, 5, 10, 20]]
    ++ [?C({scientific, D}, [float_to_binary(F, [{scientific, D}]) || F <- floats()]) || D <- [0, 1, 5, 17, 20]].

values() ->
    [0, 1, -1, 2, 3, -7, 10, 255, 65536, 1 bsl 31, -(1 bsl 31), (1 bsl 59) - 1, 1 bsl 59, -(1 bsl 59), -(1 bsl 59) - 1, (1 bsl 60) - 1,
     1 bsl 60, -(1 bsl 60), -(1 bsl 60) - 1, (1 bsl 63) - 1, 1 bsl 63, 1 bsl 64, -(1 bsl 64), (1 bsl 127) + 12345, -(1 bsl 130),
     123456789012345678901234567890, 0.0, -0.0, 1.0, -1.5, 0.1, 3.0, 1.0e10, 9007199254740993.0, 1.0e20, 1.0e100, -1.0e300, 2.5, 3.5, a].

floats() ->
    [0.0, -0.0, 1.0, -1.0, 0.1, 0.5, 1.5, 2.5, 3.5, 0.25, 100.0, 123.456, 1.0e15, 1.0e16, 1.0e21, 1.0e22, 1.0e23, 123456789012345680.0, 1.0e-4, 1.0e-5,
     0.001, 1.0e100, 1.0e-100, 1.7976931348623157e308, 2.2250738585072014e-308, 5.0e-324, 9007199254740992.0, 4.35, 0.3, 2.0e-3, 99.995, 0.05, 1.005,
     1.0e77, 1.0e78, 1.0e-77, 1.0e-78, 5.789604461865809e76].

terms() ->
    values() ++ [b, '', true, [], [1, 2], "hello", [a | b], {}, {1}, {a, {b, c}}, <<>>, <<"abc">>, <<1:3>>, <<"some longer binary, over sixty-four bytes long, kept outside">>,
     #{}, #{a => 1}, #{1 => a, 1.0 => b}, maps:from_list([{I, a} || I <- lists:seq(1, 50)]), fun lists:map/2, [[[]]], {[], {}, <<>>}, [1.5, a],
     lists:seq(1, 300), "åäö", [1000, 2000], 'atom with space', 'åäö'].

mixed() -> [1, 1.0, 2, 2.0, 1 bsl 60, float(1 bsl 60), (1 bsl 60) + 1, {1}, {1.0}, [1], [1.0], #{1 => 1}, #{1.0 => 1}, #{1 => 1.0}, a, <<1>>].

try_op(Op, A, B) -> try erlang:Op(A, B) catch _:R -> R end.
try1(Op, A) -> try erlang:Op(A) catch _:R -> R end.
fact(0) -> 1;
fact(N) -> N * fact(N - 1).
pow(_, 0) -> 1;
pow(B, N) -> B * pow(B, N - 1).
gcd(A, 0) -> A;
gcd(A, B) -> gcd(B, A rem B).

random_floats(0, _) -> [];
random_floats(N, S) ->
    S1 = (S * 6364136223846793005 + 1442695040888963407) band 16#ffffffffffffffff,
    case <<S1:64>> of
        <<F/float>> -> [F | random_floats(N - 1, S1)];
        _ -> random_floats(N, S1)
    end.
