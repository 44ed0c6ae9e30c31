#!/usr/bin/env escript
%% Asks stock Erlang for the expected results of the number, hash, order and text tests.
%% Usage: stock_numbers.escript terms|numbers|texts|bifs OUTFILE      (an external term, a list of tuples)
-mode(compile).
-compile(nowarn_deprecated_function).

main([What, File]) ->
    rand:seed(exsss, {1, 2, 3}),
    ok = file:write_file(File, term_to_binary(rows(What))).

rows("terms") ->
    Ts = terms(),
    [{hash, T, erlang:phash(T, 1 bsl 32), erlang:phash2(T, 1 bsl 32), display(T)} || T <- Ts] ++
        [{copy, T, binary_to_term(term_to_binary(T))} || T <- Ts] ++
        [{order, A, B, erts_internal:cmp_term(A, B), cmp(A, B), A =:= B, A == B} || {A, B} <- pairs(Ts)];
rows("numbers") ->
    Is = integers(), Fs = floats(),
    Ns = Is ++ Fs,
    Ops = ['+', '-', '*', '/', 'div', 'rem', 'band', 'bor', 'bxor'],
    [{op, Op, A, B, outcome(Op, [A, B])} || Op <- Ops, {A, B} <- sample(2500, Ns, Ns) ++ sample(1500, Is, Is)] ++
        [{op, Op, A, B, outcome(Op, [A, B])} || Op <- ['bsl', 'bsr'], A <- Is, B <- shifts()] ++
        [{op, Op, A, outcome(Op, [A])} || Op <- ['-', 'bnot', abs, trunc, round, floor, ceil, float], A <- Ns] ++
        [{order, A, B, erts_internal:cmp_term(A, B), cmp(A, B), A =:= B, A == B} || {A, B} <- sample(6000, Ns, Ns)] ++
        [{order, A, B, erts_internal:cmp_term(A, B), cmp(A, B), A =:= B, A == B}
         || I <- Is, abs(I) < 1 bsl 1000, D <- [-1, 0, 1], A <- [I + D], B <- [float(I)]] ++
        [{hash, N, erlang:phash(N, 1 bsl 32), erlang:phash2(N, 1 bsl 32), display(N)} || N <- Ns];
rows("texts") ->
    Fs = floats() ++ [random_float() || _ <- lists:seq(1, 6000)] ++ [decimal_float() || _ <- lists:seq(1, 3000)],
    [{short, F, float_to_binary(F, [short])} || F <- Fs] ++
        [{scientific, F, N, try_text(F, [{scientific, N}])} || F <- Fs, N <- [rand:uniform(30), 20]] ++
        [{decimals, F, N, C, try_text(F, [{decimals, N} | [compact || C]])}
         || F <- Fs, N <- [rand:uniform(25) - 1, rand:uniform(4) - 1], C <- [true, false]] ++
        [{decimals, F, N, false, try_text(F, [{decimals, N}])} || F <- floats(), N <- [100, 230, 253, 254]] ++
        [{parse, B, parse(B)} || F <- Fs, B <- [float_to_binary(F), float_to_binary(F, [short])]] ++
        [{parse, B, parse(B)} || _ <- lists:seq(1, 2000), B <- [float_like()]] ++
        [{integer, I, Base, integer_to_binary(I, Base)}
         || I <- integers() ++ [random_integer(rand:uniform(3000)) || _ <- lists:seq(1, 40)],
            Base <- [10, 16, 2, 36, 3, 1 + rand:uniform(35)]];
rows("bifs") ->
    [{M, F, As, outcome(M, F, As)} || {M, F, As} <- calls()].

outcome(Op, As) -> outcome(erlang, Op, As).
outcome(M, F, As) -> try {ok, apply(M, F, As)} catch _:R -> {error, R} end.
try_text(F, Os) -> try float_to_binary(F, Os) catch _:_ -> <<>> end.
parse(B) -> try binary_to_float(B) catch _:_ -> error end.
cmp(A, B) when A < B -> -1;
cmp(A, B) when A > B -> 1;
cmp(_, _) -> 0.

%% What erlang:display/1 prints, as a binary; stdout gets a copy.
display(T) -> list_to_binary(erts_debug:display(T)).

sample(N, As, Bs) ->
    A = list_to_tuple(As), B = list_to_tuple(Bs),
    [{element(rand:uniform(size(A)), A), element(rand:uniform(size(B)), B)} || _ <- lists:seq(1, N)].
pairs(Ts0) ->
    Ts = [T || T <- Ts0, erlang:external_size(T) < 1200],
    [{T, T} || T <- Ts0] ++ sample(12000, Ts, Ts) ++ sample(300, Ts0, Ts0) ++
        [{A, B} || A <- Ts0, is_map(A), map_size(A) > 32, map_size(A) < 100, B <- Ts0, is_map(B), map_size(B) > 32, map_size(B) < 100].

integers() ->
    Es = [0, 1, 2, 7, 8, 26, 27, 28, 30, 31, 32, 33, 52, 53, 54, 58, 59, 60, 61, 62, 63, 64, 65, 127, 128, 129, 191, 192, 256,
          1000, 1022, 1023, 1024, 1025, 2000],
    Ps = [(1 bsl E) + D || E <- Es, D <- [-2, -1, 0, 1, 2]],
    lists:usort(Ps ++ [-P || P <- Ps] ++ lists:seq(-20, 20) ++
                    [random_integer(B) || B <- [20, 40, 59, 60, 61, 62, 63, 64, 65, 100, 128, 200, 500, 900, 1020], _ <- lists:seq(1, 4)]).
random_integer(Bits) ->
    <<I:(Bits + 1)/signed>> = << <<(rand:uniform(2) - 1):1>> || _ <- lists:seq(0, Bits)>>,
    I.
shifts() ->
    [-(1 bsl 100), -(1 bsl 62), -(1 bsl 60), -2000, -129, -128, -127, -65, -64, -63, -61, -60, -59, -58, -33, -1, 0, 1, 2, 31, 57, 58, 59, 60,
     61, 62, 63, 64, 65, 127, 128, 129, 1000, 40000000, 1 bsl 58, 1 bsl 59, 1 bsl 60, 1 bsl 61, 1 bsl 64, 1 bsl 100].
floats() ->
    Bs = [0.0, 0.5, 1.0, 1.5, 2.5, 3.5, 0.1, 0.2, 0.3, 1.0e-5, 0.001, 0.0001, 1.0e-4, 100.0, 1000.0, 1.0e10, 123456789.0, 1234567890.0,
          12345678900.0, 123.456, 1.7976931348623157e308, 2.2250738585072014e-308, 5.0e-324, 1.0e22, 1.0e23, 4.35, 2.675, 1.005,
          0.05, 0.005, 0.9999999, 0.99999999999999989, 9.5, 99.95, 4503599627370496.5, 1.0e77, 1.0e78, 1.0e-77, 1.0e-78,
          1.157920892373162e77, 8.636168555094445e-78],
    Ps = [float(1 bsl E) || E <- [10, 27, 31, 32, 51, 52, 53, 54, 58, 59, 60, 61, 62, 63, 64, 65, 127, 128, 255, 256, 1000, 1023]],
    Fs = Bs ++ Ps ++ [P - 1 || P <- Ps] ++ [P + 1 || P <- Ps] ++ [next(P) || P <- Ps] ++ [P / 3 || P <- Ps],
    Fs ++ [-F || F <- Fs].
next(F) -> <<I:64>> = <<F/float>>, <<G/float>> = <<(I + 1):64>>, G.
random_float() ->
    case <<(rand:uniform(1 bsl 64) - 1):64>> of
        <<F/float>> -> F;
        _ -> random_float()
    end.
decimal_float() -> (rand:uniform(1 bsl (rand:uniform(50))) - 1) / math:pow(10, rand:uniform(20) - 1).
float_like() ->
    Cs = "0123456789.,eE+-",
    list_to_binary([lists:nth(rand:uniform(length(Cs)), Cs) || _ <- lists:seq(1, 3 + rand:uniform(5))]).

%% Terms of all kinds that mean the same in another VM.
terms() ->
    Atoms = [a, b, ab, aa, '', 'A', abc, abcd, abcde, 'hello world', list_to_atom([228]), list_to_atom([$a, 255, $b]),
             list_to_atom([1024, 1025]), list_to_atom([$x, 16#20AC]), list_to_atom([16#10FFFF]), list_to_atom([128]), list_to_atom([$a, 0]),
             'don\'t', 'a\\b', 'line\n', list_to_atom([247]), list_to_atom([223]), list_to_atom(lists:duplicate(255, 255)),
             'a_1@', true, false, nil, [], {}],
    Bins = [<<>>, <<1>>, <<"abc">>, <<"hello world, this is text">>, <<"quote\"d">>, <<1:1>>, <<5:3>>, <<1, 2, 3:5>>, binary:copy(<<"xyz">>, 50),
            list_to_binary(lists:seq(0, 255)), sub(<<"..hidden..">>, 2, 6), bits(<<"some odd bits here">>, 3, 50), bits(<<"some odd bits here">>, 3, 48),
            bits(<<1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14>>, 5, 99), <<"tab\t">>, <<200>>],
    Lists = [[1], [1, 2, 3], "string", "str\ning", "quo\"te", [$a | b], [a | b], [1, a], "abc" ++ [a], "abcd" ++ [a], "abcde" ++ [1000], "abcd" ++ x,
             [[]], [[], []], [[[]]], [1.0, "nested", [2 | 3]], lists:seq(1, 300), [256, 255], [-1], [0], lists:duplicate(40, 7) ++ [a],
             [228, 246], [127], [160], [128], [1, 2 | <<"t">>], lists:seq(1, 20) ++ t],
    Tuples = [{a}, {a, b}, {1, 2, 3}, {a, {b, {c, [d]}}}, {<<"x">>, "y", 1.5}, list_to_tuple(lists:seq(1, 100)), {1.0}, {1}, {[]}, {{}}],
    Maps = [#{}, #{a => 1}, #{a => 1, b => 2}, #{1 => a, 1.0 => b}, #{1.0 => b}, #{1 => b}, #{{} => []}, #{[] => #{}}, #{a => #{b => #{c => d}}},
            #{"k" => "v", <<"k">> => <<"v">>}] ++
        [maps:from_list([{I, I * I} || I <- lists:seq(1, N)]) || N <- [31, 32, 33, 34, 100, 1000]] ++
        [maps:from_list([{I, F(I)} || I <- lists:seq(1, 40)]) || F <- [fun(I) -> I end, fun float/1, fun(7) -> 8; (I) -> I end,
                                                                       fun(I) -> #{I => I} end, fun(20) -> 0; (I) -> I end]] ++
        [maps:from_list([{float(I), I} || I <- lists:seq(1, 40)]), maps:from_list([{I, I} || I <- lists:seq(2, 41)]),
         maps:from_list([{I, I} || I <- lists:seq(1, 39) ++ [50]]), maps:from_list([{{I, "x"}, [I]} || I <- lists:seq(1, 60)]),
         maps:from_list([{<<I:32>>, I} || I <- lists:seq(1, 60)]),
         maps:from_list([{maps:from_list([{I * J, J} || J <- lists:seq(1, 40)]), I} || I <- lists:seq(1, 40)]),
         #{x => maps:from_list([{I, I} || I <- lists:seq(1, 40)])}],
    Ids = [binary_to_term(B) || B <- ids()],
    Funs = [fun lists:map/2, fun erlang:'+'/2, fun a:b/3, fun a:b/2, fun 'A':'B c'/0],
    Basic = Atoms ++ Bins ++ Lists ++ Tuples ++ Maps ++ Ids ++ Funs ++
        [0, 1, -1, 255, 256, 1 bsl 27, (1 bsl 27) - 1, -(1 bsl 27), -(1 bsl 27) - 1, 1 bsl 59, 1 bsl 60, -(1 bsl 59), -(1 bsl 60), 1 bsl 64,
         -(1 bsl 64), 1 bsl 200, 0.0, -0.0, 1.0, -1.5, 1.0e100, 1.0e-100, 123456.789],
    Small = [T || T <- Basic, erlang:external_size(T) < 100],
    Basic ++ [random_term(Small, 4) || _ <- lists:seq(1, 1200)].
%% External pids, ports and references in the formats of stock.
ids() ->
    Node = fun(N) -> <<119, (byte_size(N)), N/binary>> end,
    [<<131, 88, (Node(N))/binary, Num:32, Ser:32, Cr:32>> || N <- [<<"x@y">>, <<"b@c">>], {Num, Ser} <- [{1, 0}, {2, 0}, {1, 1}, {32767, 8191}], Cr <- [1, 2]] ++
        [<<131, 120, (Node(N))/binary, P:64, 1:32>> || N <- [<<"x@y">>, <<"b@c">>], P <- [1, 2, 1 bsl 27, 1 bsl 40]] ++
        [<<131, 90, (length(Ns)):16, (Node(N))/binary, 1:32, << <<R:32>> || R <- Ns >>/binary>>
         || N <- [<<"x@y">>, <<"b@c">>], Ns <- [[1, 2, 3], [1, 2, 4], [2, 2, 3], [1, 2, 3, 4, 5], [1], [1, 0, 0]]].
sub(B, From, N) -> binary:part(B, From, N).
bits(B, From, N) -> <<_:From, X:N/bits, _/bits>> = B, X.
random_term(Basic, 0) -> lists:nth(rand:uniform(length(Basic)), Basic);
random_term(Basic, D) ->
    Sub = fun() -> random_term(Basic, rand:uniform(D) - 1) end,
    case rand:uniform(6) of
        1 -> [Sub() || _ <- lists:seq(1, rand:uniform(5))];
        2 -> list_to_tuple([Sub() || _ <- lists:seq(1, rand:uniform(5))]);
        3 -> maps:from_list([{Sub(), Sub()} || _ <- lists:seq(1, rand:uniform(6))]);
        4 -> [Sub() | Sub()];
        5 -> rand:uniform(5) + 0.0;
        6 -> Sub()
    end.

calls() ->
    Big = 1 bsl 2000, L255 = lists:duplicate(255, $a), C = fun(F, Ass) -> [{erlang, F, As} || As <- Ass] end,
    S = fun(F, Ass) -> [{string, F, As} || As <- Ass] end, Li = fun(F, Ass) -> [{lists, F, As} || As <- Ass] end,
    Long = lists:seq(1, 1000), T3 = {a, b, c},
    Ops1 = ['+', '-', 'bnot', 'not', abs, trunc, round, floor, ceil, float, is_atom, is_binary, is_bitstring, is_boolean, is_float, is_function,
            is_integer, is_list, is_map, is_number, is_pid, is_port, is_reference, is_tuple, hd, tl, length, tuple_size, size, tuple_to_list, list_to_tuple,
            atom_to_list, integer_to_list, integer_to_binary, float_to_list, float_to_binary, list_to_integer, binary_to_integer, list_to_float,
            binary_to_float, list_to_atom, list_to_existing_atom, phash2, fun_to_list, list_to_pid, list_to_port, list_to_ref],
    Ops2 = ['+', '-', '*', '/', 'div', 'rem', 'band', 'bor', 'bxor', 'bsl', 'bsr', 'and', 'or', 'xor', '==', '/=', '=:=', '=/=', '<', '=<', '>', '>=', '++', '--',
            append, subtract, element, make_tuple, append_element, delete_element, is_function, is_record, integer_to_list, integer_to_binary, list_to_integer,
            binary_to_integer, float_to_list, float_to_binary, atom_to_binary, binary_to_atom, binary_to_existing_atom, phash, phash2],
    Args = [a, true, 0, 1, 2, -1, 3, 16, 37, 1.5, -0.0, 1.0e300, Big, -Big, [], [a], [a | b], "12", "1.5", "-7", "abc", <<"12">>, <<"1.5">>, <<1:3>>, <<255>>, <<>>, {}, {a}, {a, b},
            #{}, fun erlang:length/1, utf8, latin1, [short], [{decimals, 2}]],
    C1 = [{erlang, F, [A]} || F <- Ops1, A <- Args],
    C2 = [{erlang, F, [A, B]} || F <- Ops2, A <- Args, B <- Args],
    C3 = [{lists, F, [A, B]} || F <- [member, reverse], A <- Args, B <- Args] ++
        [{lists, F, [A, B, D]} || F <- [keyfind, keymember, keysearch], A <- [a, 1, 1.0, 0.0, "x", {}], B <- [0, 1, 2, -1, a, Big],
                                  D <- [[], a, [{a, 1}, {1, a}], [{1.0, b}], [{-0.0, q}], [x, {}, {a}], [{b} | x], [{a} | x], [{"x", {}}, {q, "x"}]]] ++
        [{M, F, As} || M <- [math], F <- [acos, acosh, asin, asinh, atan, atanh, ceil, cos, cosh, erf, erfc, exp, floor, log, log10, log2, sin, sinh, sqrt, tan, tanh],
                       As <- [[A] || A <- Args ++ [0.5, 10, 100, 2.25, 1000]]] ++
        [{math, F, [A, B]} || F <- [atan2, fmod, pow], A <- Args, B <- Args],
    C1 ++ C2 ++ C3 ++
        C(list_to_atom, [[L255], [L255 ++ "a"], [L255 ++ [-1]], [L255 ++ [b]], [L255 ++ b], [L255 ++ "a" ++ b], [[$a | b]], [[16#D800]], [[16#110000]], [[1024]], [lists:duplicate(255, 16#20AC)]]) ++
        C(list_to_existing_atom, [["no such atom here"], [L255 ++ "a"], ["lists"]]) ++
        C(binary_to_atom, [[<<255>>, utf8], [<<255>>, latin1], [binary:copy(<<"a">>, 256), utf8], [<<(binary:copy(<<"a">>, 255))/binary, 255>>, utf8],
                           [<<(binary:copy(<<"a">>, 254))/binary, 255>>, utf8], [binary:copy(<<"a">>, 256), latin1], [binary:copy(<<255>>, 1021), utf8],
                           [binary:copy(<<16#E2, 16#82, 16#AC>>, 255), unicode], [<<16#ED, 16#A0, 16#80>>, utf8], [<<16#C0, 16#80>>, utf8]]) ++
        C(binary_to_existing_atom, [[<<"nothing like that">>, utf8], [<<255, 255>>, utf8], [<<"lists">>, unicode], [<<"lists">>, latin1], [<<"lists">>, foo], [binary:copy(<<"a">>, 256), latin1]]) ++
        C(atom_to_binary, [[list_to_atom([1024]), latin1], [list_to_atom([228, $x]), latin1], [list_to_atom([228]), utf8]]) ++
        C(element, [[N, T3] || N <- [0, 1, 3, 4, -1, Big, 1.0]]) ++ C(setelement, [[N, T3, x] || N <- [0, 1, 3, 4, a]] ++ [[1, a, b]]) ++
        C(make_tuple, [[3, x], [0, x], [16777216, x], [2, a, [{1, b}, {1, c}, {2, d}]], [2, a, [{3, b}]], [2, a, [{0, b}]], [2, a, [{1, b} | x]], [2, a, [{1, b, c}]], [0, a, []], [-1, a, []], [2, a, b]]) ++
        C(insert_element, [[N, T3, x] || N <- [0, 1, 3, 4, 5, a]] ++ [[1, {}, x], [1, a, x]]) ++ C(delete_element, [[N, T3] || N <- [0, 1, 3, 4, a]]) ++
        C(is_record, [[{a}, a, 1], [{a}, a, b], [{a}, 1, 1], [{a, b}, a, -1], [{a}, a, Big], [x, a, 1], [{a, b}, a, 2], [{a, b}, a, 3], [{}, a, 0]]) ++
        C('++', [[Long, Long], [Long, x], [Long ++ x, []]]) ++ C('--', [[Long, lists:seq(1, 2000, 3)], [Long ++ Long, Long], [lists:reverse(Long), lists:seq(500, 600)],
              [Long, [X / 1 || X <- Long]], [Long, lists:duplicate(20, 7)], [[a, b, a, c, a], [a, a]], [Long, [3, 1, 2]], [[1, 2, 3, 2, 1], Long], [Long ++ x, Long], [Long, Long ++ x]]) ++
        Li(reverse, [[Long, tail]]) ++ Li(member, [[1000, Long], [0, Long], [1.0, Long]]) ++
        C(float_to_list, [[1.5, O] || O <- [[{scientific, -1}], [{scientific, 0}], [{scientific, 249}], [{scientific, 250}], [{decimals, 253}], [{decimals, 254}], [{decimals, -1}], [compact], [short, compact],
              [short, {decimals, 2}], [{decimals, 2}, short], [{decimals, 1 bsl 32}], [{decimals, (1 bsl 32) + 2}], [{decimals, 1 bsl 31}], [{scientific, 1 bsl 32}], [foo], foo,
              [short | x], [{foo, 2}], [{decimals, a}], [{decimals, 2, 3}], [{decimals, 0}, compact]]] ++ [[1.0e20, [{decimals, 0}, compact]], [1.0e300, [{decimals, 0}]], [-1.5, [{scientific, 249}]], [100.0, [{decimals, 0}, compact]]]) ++
        C(list_to_float, [[A] || A <- ["1,5", "1.5\0abc", "1.5e400", "1.5e-400", "+1.5", "1", "1.", ".5", "1.5e", " 1.5", "4.9e-324", "-0.0", [256, 1], [1.5], "1.5 ", "1.5e+5", "1.5E-5", [$1, $., $5 | a]]]) ++
        C(list_to_integer, [[A] || A <- ["12a", "-", "+12", "-0", "1_000", [$1 | a], [$1, a], [$1, 306], "000000000000000000000000000012", "-123456789012345678901234567890", "1152921504606846975", "-1152921504606846976", "576460752303423488"]] ++
              [["zZ", 36], ["z", 35], ["1", 37], ["1", 1], ["FF", 16], ["ff", 16], ["-1010101010101010101010101010101010101010101010101010101010101010101010101", 2]]) ++
        S(list_to_integer, [[A] || A <- ["12abc", "", "abc", a, "-", "-a", [$1 | a], [$1, a], [a], "+12 3", "1234567890123456789012345678901234567890xyz", [$- | a], "-12"]]) ++
        S(list_to_float, [[A] || A <- ["1.5abc", "", a, "1", "1.5e", "1.5e+", "1.5e+3x", "1.5ee", "+1.5", "-1.5.5", "1.5e3.2", "1e5", "1.", "1.e3", [$1, $., $5 | a], [$1, $., $5, a], [a], "1.5-3", "--1.5",
              "1.5e-+3", "1.5e999", "+", "+-1.5", "1,5", "x1.5", "12-", "123-"]]) ++
        C(phash, [[a, R] || R <- [0, 1, 1 bsl 32, (1 bsl 32) + 1, -1, 1 bsl 70]]) ++ C(phash2, [["abc", R] || R <- [0, 1, 1000, 1 bsl 32, (1 bsl 32) + 1, -1, 1 bsl 70]]) ++
        C(list_to_pid, [[A] || A <- ["<0.1.0>", "<0.1.0>x", "<0.1.0", "<1.1.0>", "<0.32768.0>", "<0.32767.8191>", "<0.1.8192>", "<0.1>", "<0.-1.0>", "<", "<0. 1.0>", "<0.0032.0>", "<000.1.0>", "<.1.0>"]]) ++
        C(list_to_port, [[A] || A <- ["#Port<0.1>", "#Port<0.268435455>", "#Port<0.268435456>", "#Port<0.18446744073709551616>", "#Port<1.1>", "#Port<0.1", "Port<0.1>", "#Port<0.1>a"]]) ++
        C(list_to_ref, [[A] || A <- ["#Ref<0.1>", "#Ref<0.1.2.3.4.5>", "#Ref<0.4294967296.2.3>", "#Ref<0.1.2.262144>", "#Ref<0.1.2.3>x", "#Ref<0>", "#Ref<0.>", "#Ref<1.1.2.3>"]]) ++
        C(fun_to_list, [[fun erlang:'++'/2], [fun 'a b':c/3]]) ++
        [{erts_internal, cmp_term, [A, B]} || A <- Args, B <- Args] ++ [{erts_internal, term_type, [A]} || A <- Args, not is_binary(A), not is_bitstring(A)].
