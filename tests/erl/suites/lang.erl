%% The language itself: matching, guards, closures, exceptions and their stack traces, comprehensions, receive.
-module(lang).
-export([cases/0, exported/1, clause/2, deep/1, loop/2]).
-record(rec, {a = 1, b, c = "x"}).

-define(C(Name, Expr), {Name, fun() -> Expr end}).

cases() ->
    matching() ++ guards() ++ exceptions() ++ closures() ++ comprehensions() ++ receives() ++ records() ++ dynamic() ++ selects() ++ maps() ++ terms().

id(X) -> X.

matching() ->
    [?C(badmatch, {a, _} = id({b, 1})),
     ?C(badmatch_tuple, {_, _, _} = id({1, 2})),
     ?C(badmatch_list, [_, _] = id([1])),
     ?C(nested, begin {A, [B | {C, D}]} = id({1, [2 | {3, 4}]}), [A, B, C, D] end),
     ?C(same_variable, begin {A, A} = id({1, 1}), A end),
     ?C(same_variable_bad, begin {A, A} = id({1, 1.0}), A end),
     ?C(big_literal, 123456789012345678901234567890 = id(123456789012345678901234567890)),
     ?C(float_zero, {0.0 =:= id(-0.0), 0.0 == id(-0.0), id(0) == id(0.0), id(0) =:= id(0.0)}),
     ?C(string_prefix, begin "ab" ++ Rest = id("abcdef"), Rest end),
     ?C(string_prefix_bad, begin "ab" ++ Rest = id("xy"), Rest end),
     ?C(map_match, begin #{a := X, {b} := Y} = id(#{a => 1, {b} => 2, c => 3}), {X, Y} end),
     ?C(map_match_bad, begin #{zz := X} = id(#{a => 1}), X end),
     ?C(map_match_nomap, begin #{zz := X} = id([]), X end),
     ?C(case_clause, case id(3) of 1 -> a; 2 -> b end),
     ?C(case_clause_term, case id({x, "y", 1.5}) of 1 -> a end),
     ?C(if_clause, if hd([1]) > 3 -> a; tl([1]) =:= a -> b end),
     ?C(function_clause, clause(1, 2)),
     ?C(function_clause_2, clause(a, "b")),
     ?C(alias, begin {X, Y} = Z = id({1, 2}), {X, Y, Z} end),
     ?C(large_tuple, element(30, list_to_tuple(lists:seq(1, 64)))),
     ?C(many_args, many(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)),
     ?C(setelement_chain, setelement(1, setelement(2, setelement(3, id({1, 2, 3}), c), b), a))].

many(A, B, C, D, E, F, G, H, I, J, K, L) ->
    X = id(A) + id(B) + id(C), Y = {D, E, F, id(G)}, [X, Y, H, I, J, K, L, id(A), id(L)].

clause(a, b) -> 1;
clause(b, X) when X > 3 -> 2.

guards() ->
    [?C({guard, F}, [{V, guard(F, V)} || V <- values()]) || F <- lists:seq(1, 30)].

values() ->
    [0, 1, -1, 3.5, 1 bsl 70, a, true, false, [], [1], [1 | 2], {}, {a, 1}, {rec, 1, 2, 3}, <<>>, <<1, 2>>, <<1:3>>, #{}, #{a => 1},
     fun id/1, self(), make_ref(), "abc"].

guard(1, X) when X > 0 -> yes;
guard(2, X) when is_integer(X), X rem 2 =:= 1 -> yes;
guard(3, X) when length(X) > 0 -> yes;
guard(4, X) when element(1, X) =:= a -> yes;
guard(5, X) when is_tuple(X) orelse is_list(X) -> yes;
guard(6, X) when hd(X) =:= 1 -> yes;
guard(7, X) when tl(X) =:= [] -> yes;
guard(8, X) when map_size(X) > 0 -> yes;
guard(9, X) when is_map_key(a, X) -> yes;
guard(10, X) when map_get(a, X) =:= 1 -> yes;
guard(11, X) when byte_size(X) > 1 -> yes;
guard(12, X) when bit_size(X) rem 8 =/= 0 -> yes;
guard(13, X) when tuple_size(X) =:= 2 -> yes;
guard(14, X) when X -> yes;
guard(15, X) when not X -> yes;
guard(16, X) when is_atom(X) and not is_boolean(X) -> yes;
guard(17, X) when is_function(X, 1) -> yes;
guard(18, X) when is_record(X, rec) -> yes;
guard(19, X) when abs(X) > 2 -> yes;
guard(20, X) when trunc(X) =:= 3; X =:= [] -> yes;
guard(21, X) when X + 1 > 1 -> yes;
guard(22, X) when X div 2 =:= 0 -> yes;
guard(23, X) when X band 1 =:= 1 -> yes;
guard(24, X) when X bsl 2 > 3 -> yes;
guard(25, X) when float(X) > 1.0 -> yes;
guard(26, X) when round(X) =:= 4 -> yes;
guard(27, X) when is_pid(X); is_reference(X); is_port(X) -> yes;
guard(28, X) when is_number(X), X =/= 0 -> yes;
guard(29, X) when binary_part(X, 0, 1) =:= <<1>> -> yes;
guard(30, X) when X == 1; X =:= a; X =< -1 -> yes;
guard(_, _) -> no.

exceptions() ->
    [?C(error_atom, error(foo)),
     ?C(error_args, error(foo, [1, 2])),
     ?C(error_badarg_args, error(badarg, [a])),
     ?C(error_info, error(badarg, [1], [{error_info, #{cause => x}}])),
     ?C(exit, exit({bye, 1})),
     ?C(throw, throw(ball)),
     ?C(badarith, id(a) + 1),
     ?C(badarith_div, 1 div id(0)),
     ?C(badarith_float, 1 / id(0)),
     ?C(float_overflow, id(1.0e308) * 10),
     ?C(badfun, (id(a))(1)),
     ?C(badarity, (id(fun(X) -> X end))(1, 2)),
     ?C(undef, no_such_module:f(1, b)),
     ?C(undef_function, lists:no_such(1, 2)),
     ?C(undef_apply, apply(id(lang), id(nope), [1])),
     ?C(apply_badarg, apply(id(lists), id(map), id(improper))),
     ?C(badarg_bif, atom_to_list(id(1))),
     ?C(badarg_bif_in_arg, lists:map(fun(X) -> atom_to_list(X) end, [a, b, 3])),
     ?C(deep, deep(12)),
     ?C(deep_body, [deep(5) | x]),
     ?C(try_of, try id(3) of 3 -> three; _ -> other catch _:_ -> c end),
     ?C(try_clause, try id(3) of 4 -> x catch error:_ -> c end),
     ?C(try_after, begin put(k, 0), R = try id(1) after put(k, 1) end, {R, get(k)} end),
     ?C(try_after_error, try id(1) + a after put(z, 1) end),
     ?C(nested_try, try try error(a) catch error:b -> no end catch C:R -> {C, R} end),
     ?C(rethrow, try error(x) catch C:R:S -> erlang:raise(C, R, S) end),
     ?C(raise_own, erlang:raise(error, why, [{m, f, 1, [{file, "x"}, {line, 3}]}])),
     ?C(raise_bad, erlang:raise(foo, why, [])),
     ?C(raise_bad_stack, erlang:raise(error, why, bad)),
     ?C(catch_error, catch error(foo)),
     ?C(catch_exit, catch exit(foo)),
     ?C(catch_throw, catch throw(foo)),
     ?C(catch_value, catch id(foo)),
     ?C(catch_badmatch, begin X = (catch 1 = id(2)), element(1, X) end),
     ?C(class_guard, try throw({a, 1}) catch throw:{a, N} when N > 2 -> big; throw:{a, _} -> small end),
     ?C(stack_of_bif, try list_to_integer(id("x")) catch _:_:S -> hd(S) end),
     ?C(exit_in_try, try exit(normal) catch exit:R -> R end),
     ?C(error_3_bad, error(a, b, c)),
     ?C(throw_nested_fun, (fun F(0) -> throw(done); F(N) -> F(N - 1) end)(10)),
     ?C(error_none, error(badarg, none)),
     ?C(system_limit, erlang:make_tuple(1 bsl 30, a)),
     ?C(atom_too_long, list_to_atom(lists:duplicate(256, $a))),
     ?C(bsl_huge, id(1) bsl (1 bsl 40)),
     ?C(badmap_update, (id(x))#{a => 1}),
     ?C(badkey_update, (id(#{}))#{a := 1}),
     ?C(badrecord, (id({x}))#rec.a),
     ?C(badkey_get, map_get(a, id(#{}))),
     ?C(badmap_get, map_get(a, id(1))),
     ?C(append_bad, id(a) ++ [1]),
     ?C(subtract_bad, id(a) -- [1]),
     ?C(not_bad, not id(1)),
     ?C(and_bad, id(1) and true),
     ?C(andalso_bad, id(1) andalso true),
     ?C(orelse_ok, id(true) orelse bad),
     ?C(hd_bad, hd(id([]))),
     ?C(element_bad, element(id(0), {a})),
     ?C(list_comp_bad, [X || X <- id(foo)]),
     ?C(list_comp_improper, [X || X <- id([1 | 2])]),
     ?C(filter_bad, [X || X <- [1], id(X)]),
     ?C(bin_comp_bad, << <<X>> || <<X>> <= id(foo) >>),
     ?C(spawn_error, begin {P, M} = spawn_monitor(fun() -> error(oops) end), receive {'DOWN', M, _, P, {R, S}} -> {R, length(S) > 0} end end),
     ?C(exit_normal, begin {P, M} = spawn_monitor(fun() -> ok end), receive {'DOWN', M, _, P, R} -> R end end),
     ?C(nocatch, begin {P, M} = spawn_monitor(fun() -> throw(up) end), receive {'DOWN', M, _, P, {R, _}} -> R end end)].

exported(X) -> X.
deep(0) -> error(bottom);
deep(N) -> [N | deep(N - 1)].

closures() ->
    Add = fun(X) -> fun(Y) -> X + Y end end,
    [?C(adder, (Add(3))(4)),
     ?C(many_free, begin A = id(1), B = id(2), C = id(3), F = fun(X) -> {X, A, B, C} end, F(0) end),
     ?C(named_fun, (fun Fact(0) -> 1; Fact(N) -> N * Fact(N - 1) end)(20)),
     ?C(fun_info, [erlang:fun_info(Add, K) || K <- [type, module, arity, name, env]]),
     ?C(export_fun, begin F = fun ?MODULE:exported/1, {F(3), F =:= fun lang:exported/1, erlang:fun_info(F, type)} end),
     ?C(export_fun_undef, begin F = fun ?MODULE:not_there/1, F(3) end),
     ?C(is_function, [is_function(Add), is_function(Add, 1), is_function(Add, 2), is_function(fun lists:map/2, 2)]),
     ?C(fun_compare, fun lists:map/2 < fun lists:map/3),
     ?C(higher, lists:foldl(fun(F, A) -> F(A) end, 1, [fun(X) -> X + 1 end, fun(X) -> X * 10 end, fun erlang:integer_to_list/1])),
     ?C(fun_to_list, erlang:fun_to_list(fun lists:map/2)),
     ?C(fun_clause_error, (fun(1) -> a end)(id(2))),
     ?C(local_fun_error, lists:map(fun(X) when X > 1 -> X end, [2, 1]))].

same_atom({flavour_a, _}, {flavour_a, _}) -> both;
same_atom({K, _}, _) when K =:= flavour_b; K =:= flavour_a -> one;
same_atom(_, _) -> none.

comprehensions() ->
    [?C(same_atom_twice, [same_atom({A, 1}, {B, 2}) || A <- [flavour_a, flavour_b, c], B <- [flavour_a, d]]),
     ?C(bif_of_call_across_slices, [length([integer_to_list(id(I)) || I <- lists:seq(1, 1000)]) || _ <- lists:seq(1, 20)]),
     ?C(filter, [X || X <- lists:seq(1, 20), X rem 3 =:= 0]),
     ?C(product, [{X, Y} || X <- [1, 2, 3], Y <- [a, b]]),
     ?C(pattern, [A || {a, A} <- [{a, 1}, {b, 2}, {a, 3}, x]]),
     ?C(bin_gen, [X || <<X:4>> <= <<16#12, 16#34>>]),
     ?C(bin_build, << <<(X * 2)>> || X <- [1, 2, 3] >>),
     ?C(bin_bits, << <<X:3>> || X <- [1, 2, 3, 4, 5] >>),
     ?C(bin_both, << <<X:16/little>> || <<X:16/big>> <= <<1, 2, 3, 4, 5>> >>),
     ?C(bin_pattern, [X || <<1, X>> <= <<1, 2, 3, 4, 1, 5>>]),
     ?C(utf8, [X || <<X/utf8>> <= <<"åäö€"/utf8>>]),
     ?C(nested, [[Y || Y <- lists:seq(1, X)] || X <- [1, 2, 3]])].

%% Keys in no order, of every kind, repeated, absent; values that change and that do not.
%% Updates of maps are all that makes garbage here, and some of them fail.
map_loop(0, M, A) -> {map_size(M), A};
map_loop(N, M, A) ->
    M1 = M#{k => N},
    map_loop(N - 1, M1, try {N, M1#{nope := [N | A]}} of {_, #{nope := [N | _]}} -> N catch error:{badkey, K}:_ -> K end).
tuple_loop(0, T) -> T;
tuple_loop(N, T) -> tuple_loop(N - 1, setelement(N rem 2 + 1, T, {N, element(2, T) =:= N})).

maps() ->
    M = id(#{b => 2, a => 1, {t, 1} => 3, "s" => 4, 1 => 5, 1.0 => 6, 0.0 => 7, <<"x">> => 8}),
    E = id(#{}),
    [?C(map_fresh, [#{zeta => id(1), alpha => id(2), 3 => id(3), mu => id(4), [] => id(5), -1 => id(6)} || _ <- [1, 2]]),
     ?C(map_fresh_text, #{"b" => id(1), b => id(2), <<"b">> => id(3), {b} => id(4), 2.5 => id(5), 0.0 => id(6), 1 bsl 80 => id(7)}),
     ?C(map_fresh_same, begin A = #{x => id(1), y => id(2)}, B = #{y => id(2), x => id(1)}, {A =:= B, maps:to_list(A), map_size(B)} end),
     ?C(map_assoc, [M#{a => id(9)}, M#{b => id(2)}, M#{c => id(1)}, M#{a => id(1), b => id(7)}, M#{a => id(5), q => id(6), b => id(7)}, E#{a => id(1)}]),
     ?C(map_exact, [M#{a := id(9)}, M#{b := id(2)}, M#{a := id(1), b := id(2)}, M#{a := id(3), b := id(4), 1 := id(5)}, M#{1.0 := id(x), "s" := id(y)}]),
     ?C(map_exact_mixed, [M#{a := id(9), new => id(1)}, M#{0.0 := id(a)}, M#{-0.0 := id(b)}, M#{<<"x">> := id(c), {t, 1} := id(d)}]),
     ?C(map_exact_absent, M#{a := id(9), nope := id(1)}),
     ?C(map_exact_absent_first, M#{nope := id(9), a := id(1)}),
     ?C(map_unchanged, begin N = M#{a => id(1), b => id(2)}, {N =:= M, erlang:phash2(N) =:= erlang:phash2(M)} end),
     ?C(map_many_updates, lists:foldl(fun(I, A = #{a := X}) -> A#{a := X + I, b => I} end, M, lists:seq(1, 500))),
     ?C(map_loop_absent, map_loop(2000, M, 0)),
     ?C(map_loop, map_loop(2000, #{k => 0, nope => 0}, 0)),
     ?C(setelement_loop, tuple_loop(3000, {0, [], a})),
     ?C(setelement_bad, [catch setelement(id(I), id(T), x) || I <- [0, 1, 4, a], T <- [{}, {1, 2, 3}, [], b]]),
     ?C(map_grow, lists:sort(maps:to_list(lists:foldl(fun(I, A) -> A#{I => I, a => I} end, M, lists:seq(1, 40))))),
     ?C(map_large_update, begin L = maps:from_list([{I, I} || I <- lists:seq(1, 100)]), {maps:get(a, L#{a => id(1), 5 => id(x)}), maps:get(5, L#{5 := id(y), 7 := id(z)})} end),
     ?C(map_large_absent, begin L = maps:from_list([{I, I} || I <- lists:seq(1, 100)]), L#{a := id(1)} end),
     ?C(map_update_nomap, (id(x))#{a := 1, b := 2}),
     ?C(map_values_made, [begin K = id(I), #{k => [K], l => {K}, m => K * 1.5} end || I <- lists:seq(1, 5)])].

%% Terms that are compared, sent and kept on a deep stack.
terms() ->
    T = [{a, 1.0}, {a, [x | y]}, <<1, 2, 3>>, "text", #{k => [1, {2, <<"bin">>}]}, {}, [], make_fun(3), 1 bsl 70, [[[]]], {{{1}}}],
    U = binary_to_term(term_to_binary(lists:droplast(T))),
    [?C(equal_copies, [{A =:= B, A == B} || {A, B} <- lists:zip(lists:sublist(T, 7), lists:sublist(U, 7))]),
     ?C(equal_pairs, [[A =:= B || A <- equal_terms()] || B <- equal_terms()]),
     ?C(sent, begin S = self(), spawn(fun() -> S ! {sent, T} end), receive {sent, X} -> {X =:= T, X} end end),
     ?C(sent_shared, begin L = lists:seq(1, 50), S = self(), spawn(fun() -> S ! {sent, [L, L, {L}, [a | L], L ++ z]} end), receive {sent, X} -> X end end),
     ?C(sent_long, begin L = [{I, [I], <<I:32>>} || I <- lists:seq(1, 1000)], S = self(), spawn(fun() -> S ! {sent, L} end), receive {sent, X} -> X =:= L end end),
     ?C(deep_stack, deep_sum(lists:seq(1, 6000))),
     ?C(deep_stack_terms, erlang:phash2(deep_pairs(lists:seq(1, 2000))))].

make_fun(N) -> fun(X) -> X + N end.
equal_terms() ->
    [{a, 1}, {a, 2}, {a, 1.0}, {a, [1]}, {a, {1}}, {a, <<1>>}, {1 bsl 70, a}, {1 bsl 70, b}, {0.0, x}, {-0.0, x}, [0.0], [-0.0], {a, b, {c, d}},
     {a, b, {c, e}}, [a, [b], c], [a, [b], d], {[], x}, {x, []}, {1.0e300, z}, {1.0e300, y}, #{a => 1}, #{a => 2}, {#{a => 1}}, {self(), 1} =:= {self(), 1}].
deep_sum([]) -> 0;
deep_sum([X | R]) -> X + deep_sum(R).
deep_pairs([]) -> [];
deep_pairs([X | R]) -> P = {X, [X]}, [P, deep_last(P) | deep_pairs(R)].
deep_last({X, [Y]}) -> integer_to_list(X + Y).

receives() ->
    [?C(after_zero, receive X -> X after 0 -> nothing end),
     ?C(order, begin self() ! a, self() ! b, [receive Y -> Y end, receive Z -> Z end] end),
     ?C(selective, begin self() ! a, self() ! b, self() ! c, [receive b -> 1 end, receive X -> X end, receive X2 -> X2 end] end),
     ?C(after_time, receive x -> x after 10 -> late end),
     ?C(after_bad, receive x -> x after id(foo) -> late end),
     ?C(after_negative, receive x -> x after id(-1) -> late end),
     ?C(infinity, begin self() ! x, receive x -> got after infinity -> no end end),
     ?C(guard, begin [self() ! I || I <- lists:seq(1, 10)], [receive X when X > 5 -> X end || _ <- lists:seq(1, 5)] end),
     ?C(ref_marker, begin R = make_ref(), self() ! {R, 1}, receive {R, N} -> N end end),
     ?C(ping_pong, begin P = spawn(fun() -> loop(0, 3) end), [begin P ! {self(), I}, receive {P, J} -> J end end || I <- [1, 2, 3]] end),
     ?C(binary_in_message, begin self() ! <<1, 2, 3:4>>, receive <<A, B/bits>> -> {A, B} end end)].

loop(_, 0) -> ok;
loop(S, N) -> receive {From, I} -> From ! {self(), S + I}, loop(S + I, N - 1) end.

records() ->
    [?C(default, #rec{}),
     ?C(update, begin R = #rec{b = 2}, R#rec{a = x, c = y} end),
     ?C(access, (#rec{b = q})#rec.b),
     ?C(info, {record_info(fields, rec), record_info(size, rec), #rec.b}),
     ?C(is_record, [is_record(X, rec) || X <- [#rec{}, {rec}, {rec, 1, 2, 3}, x]])].

dynamic() ->
    [?C(apply3, apply(lists, seq, [1, 5])),
     ?C(apply_fun, apply(fun(A, B) -> A - B end, [5, 3])),
     ?C(apply_bif, apply(erlang, '+', [1, 2])),
     ?C(dynamic_module, begin M = id(lists), F = id(reverse), M:F([1, 2]) end),
     ?C(apply_last, begin F = fun() -> apply(id(erlang), id(length), [[1, 2]]) end, F() end),
     ?C(exports, lists:sort(lang:module_info(exports))),
     ?C(attributes, lists:keymember(vsn, 1, lang:module_info(attributes))),
     ?C(module, lang:module_info(module)),
     ?C(hibernate, begin P = spawn(fun() -> erlang:hibernate(lang, loop, [0, 1]) end), P ! {self(), 5}, receive {P, X} -> X end end)].

selects() ->
    [?C(ints, [int(X) || X <- [0, 1, 2, 3, 4, 5, 6, 7, 100, -1, a, 1.0, 1 bsl 64]]),
     ?C(sparse, [sparse(X) || X <- [1, 10, 100, 1000, 10000, 5, -7, x]]),
     ?C(atoms, [atom(X) || X <- [a, b, c, d, e, f, g, h, i, j, 1]]),
     ?C(mixed, [mixed(X) || X <- [a, 1, 2.0, <<"x">>, "abc", {1}, {1, 2}, #{a => 1}, 12345678901234567890]]),
     ?C(arities, [arity(X) || X <- [{}, {1}, {1, 2}, {1, 2, 3}, {1, 2, 3, 4}, a]])].

int(0) -> zero; int(1) -> one; int(2) -> two; int(3) -> three; int(4) -> four; int(5) -> five; int(6) -> six; int(_) -> other.
sparse(1) -> a; sparse(10) -> b; sparse(100) -> c; sparse(1000) -> d; sparse(10000) -> e; sparse(-7) -> f; sparse(_) -> z.
atom(a) -> 1; atom(b) -> 2; atom(c) -> 3; atom(d) -> 4; atom(e) -> 5; atom(f) -> 6; atom(g) -> 7; atom(h) -> 8; atom(_) -> 0.
mixed(a) -> a; mixed(1) -> b; mixed(2.0) -> c; mixed(<<"x">>) -> d; mixed("abc") -> e; mixed({1}) -> f; mixed({1, 2}) -> g;
mixed(#{a := 1}) -> h; mixed(12345678901234567890) -> i.
arity({}) -> 0; arity({_}) -> 1; arity({_, _}) -> 2; arity({_, _, _}) -> 3; arity(_) -> other.
