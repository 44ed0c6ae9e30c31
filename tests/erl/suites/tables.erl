%% ETS and match specifications, maps, process-independent storage (persistent_term, atomics, counters).
-module(tables).
-export([cases/0]).
-define(C(Name, Expr), {Name, fun() -> Expr end}).

types() -> [set, ordered_set, bag, duplicate_bag].
data() -> [{1, a}, {2, b}, {1, c}, {3, a}, {1, a}, {1.0, f}, {"k", x}, {{t, 1}, y}, {<<"b">>, z}, {atom, w}, {[], v}, {1 bsl 70, u}].
t(Type) -> t(Type, []).
t(Type, Opts) -> T = ets:new(tab, [Type | Opts]), ets:insert(T, data()), T.
all(T) -> lists:sort(ets:tab2list(T)).

cases() ->
    lists:append([per_type(T) || T <- types()]) ++ general() ++ specs() ++ errors() ++ maps_cases() ++ storage().

per_type(Y) ->
    [?C({Y, N}, F(t(Y))) || {N, F} <-
      [{lookup, fun(T) -> [lists:sort(ets:lookup(T, K)) || K <- [1, 1.0, 2, "k", nope, 1 bsl 70]] end},
       {member, fun(T) -> [ets:member(T, K) || K <- [1, 1.0, 2.0, "k", nope]] end},
       {size, fun(T) -> ets:info(T, size) end},
       {delete, fun(T) -> {ets:delete(T, 1), all(T)} end},
       {delete_object, fun(T) -> {ets:delete_object(T, {1, a}), all(T)} end},
       {insert_new, fun(T) -> {ets:insert_new(T, {1, z}), ets:insert_new(T, {99, z}), ets:insert_new(T, [{50, a}, {2, x}]), all(T)} end},
       {take, fun(T) -> {lists:sort(ets:take(T, 1)), all(T)} end},
       {lookup_element, fun(T) -> [catch ets:lookup_element(T, K, P) || K <- [2, nope], P <- [1, 2, 3]] end},
       {match, fun(T) -> lists:sort(ets:match(T, {'$1', a})) end},
       {match_object, fun(T) -> lists:sort(ets:match_object(T, {1, '_'})) end},
       {match_all, fun(T) -> lists:sort(ets:match(T, '$1')) end},
       {select, fun(T) -> lists:sort(ets:select(T, [{{'$1', '$2'}, [{is_integer, '$1'}], [{{'$2', '$1'}}]}])) end},
       {select_count, fun(T) -> ets:select_count(T, [{{'$1', a}, [], [true]}]) end},
       {select_delete, fun(T) -> {ets:select_delete(T, [{{'$1', a}, [], [true]}]), all(T)} end},
       {match_delete, fun(T) -> {ets:match_delete(T, {'_', a}), all(T)} end},
       {select_chunks, fun(T) -> lists:sort(chunks(ets:select(T, [{'$1', [], ['$1']}], 3))) end},
       {match_chunks, fun(T) -> lists:sort(chunks(ets:match(T, '$1', 2))) end},
       {object_chunks, fun(T) -> lists:sort(chunks(ets:match_object(T, '_', 5))) end},
       {walk, fun(T) -> lists:sort(fun(A, B) -> {A, is_float(A)} =< {B, is_float(B)} end, walk(T, ets:first(T))) end},
       {foldl, fun(T) -> ets:foldl(fun(_, A) -> A + 1 end, 0, T) end},
       {delete_all, fun(T) -> {ets:delete_all_objects(T), all(T)} end},
       {info, fun(T) -> [ets:info(T, I) || I <- [type, keypos, named_table, protection, name, heir, compressed, read_concurrency, write_concurrency]] end},
       {info_keys, fun(T) -> lists:sort([K || {K, _} <- ets:info(T)]) end},
       {update_element, fun(T) -> catch {ets:update_element(T, 2, {2, new}), ets:update_element(T, nope, {2, x}), ets:lookup(T, 2)} end},
       {update_counter, fun(T) -> ets:insert(T, {cnt, 5, 7}), catch {ets:update_counter(T, cnt, 3), ets:update_counter(T, cnt, {3, 1}), ets:update_counter(T, cnt, [{2, 1}, {3, -2}]),
                                                                   ets:update_counter(T, cnt, {2, 10, 12, 0}), ets:lookup(T, cnt)} end},
       {update_default, fun(T) -> catch {ets:update_counter(T, new, 1, {new, 10}), ets:lookup(T, new)} end},
       {update_bad, fun(T) -> [catch ets:update_counter(T, 2, 1), catch ets:update_counter(T, zz, 1), catch ets:update_counter(T, 2, {9, 1})] end},
       {replace, fun(T) -> catch {ets:select_replace(T, [{{'$1', b}, [], [{{'$1', bb}}]}]), all(T)} end},
       {rename, fun(T) -> ets:rename(T, other) end},
       {fixtable, fun(T) -> ets:safe_fixtable(T, true), K = ets:first(T), ets:delete(T, K), N = ets:next(T, K), ets:safe_fixtable(T, false), {K =/= N, ets:info(T, size)} end},
       {slot, fun(T) -> catch length(lists:flatten(slots(T, 0))) end},
       {many, fun(T) -> [ets:insert(T, {I, I * I}) || I <- lists:seq(1, 5000)], [ets:delete(T, I) || I <- lists:seq(1, 5000, 3)], {ets:info(T, size), lists:sum([V || {_, V} <- ets:tab2list(T), is_integer(V)])} end},
       {tab2file, fun(T) -> length(ets:match_object(T, {'_', '_'})) end},
       {last, fun(T) -> ets:last(T) =/= '$end_of_table' end},
       {prev_none, fun(T) -> catch ets:prev(T, no_such_key) end},
       {next_none, fun(T) -> catch ets:next(T, no_such_key) end}]]
    ++ [?C({Y, O, opts}, begin T = t(Y, [O]), {all(T), ets:info(T, size)} end)
        || O <- [compressed, public, private, {keypos, 2}, {write_concurrency, true}, {write_concurrency, auto}, {read_concurrency, true}, {decentralized_counters, true}]].

binaries_of(T) -> lists:sort([{Size, Refs > 1} || {_, Size, Refs} <- ets:info(T, binary)]). % how many depends on collections
settled_ets_memory(0) -> erlang:memory(ets);
settled_ets_memory(N) -> A = erlang:memory(ets), receive after 50 -> ok end, case erlang:memory(ets) of A -> A; _ -> settled_ets_memory(N - 1) end.

slots(T, N) -> case ets:slot(T, N) of '$end_of_table' -> []; L -> [L | slots(T, N + 1)] end.
chunks('$end_of_table') -> [];
chunks({L, C}) -> L ++ chunks(case C of '$end_of_table' -> C; _ -> next_chunk(C) end).
next_chunk(C) -> try ets:select(C) catch _:_ -> ets:match(C) end.
walk(_, '$end_of_table') -> [];
walk(T, K) -> [K | walk(T, ets:next(T, K))].

general() ->
    [?C({shared_binaries, Y, O},
        begin T = ets:new(b, [Y | O]), B = binary:copy(<<"b">>, 100), <<_:3, Bits:700/bits, _/bits>> = B, <<_, Rest/binary>> = B,
              ets:insert(T, {1, B}), L1 = binaries_of(T), ets:insert(T, {B, [B], Rest}), L2 = binaries_of(T), ets:insert(T, {3, #{k => Bits}, binary:part(B, 2, 60)}),
              L3 = binaries_of(T), All = lists:sort(ets:tab2list(T)), ets:delete(T, 1), {L1, L2, L3, binaries_of(T), All, byte_size(Rest)} end)
     || Y <- [set, bag, duplicate_bag, ordered_set], O <- [[], [compressed], [compressed, {write_concurrency, true}]]] ++
    [?C({memory_given_back, O},
        begin ets:delete(ets:new(m, O)), Before = settled_ets_memory(20),
              [begin T = ets:new(m, O), ets:insert(T, [{X} || X <- lists:seq(1, 3000)]), ets:delete_all_objects(T), ets:insert(T, [{X, X} || X <- lists:seq(1, 9000)]), ets:delete(T) end || _ <- lists:seq(1, 20)],
              settled_ets_memory(20) - Before < 100000 end)
     || O <- [[set], [bag, {write_concurrency, true}], [set, {write_concurrency, {debug_hash_fixed_number_of_locks, 2048}}], [ordered_set, {write_concurrency, true}]]] ++
    [?C(ordered, begin T = t(ordered_set), {ets:tab2list(T), ets:first(T), ets:last(T), ets:next(T, 1), ets:prev(T, "k"), ets:next(T, 2.5)} end),
     ?C(ordered_reverse, ets:select_reverse(t(ordered_set), [{{'$1', '_'}, [], ['$1']}])),
     ?C(ordered_chunks, begin {L, C} = ets:select(t(ordered_set), [{'$1', [], ['$1']}], 4), {L2, _} = ets:select(C), {L, L2} end),
     ?C(hash_order, begin T = ets:new(x, [set]), [ets:insert(T, {I}) || I <- lists:seq(1, 60)], ets:tab2list(T) end),
     ?C(hash_order_tuples, begin T = ets:new(x, [set]), [ets:insert(T, {{I, <<I>>}, I}) || I <- lists:seq(1, 40)], ets:tab2list(T) end),
     ?C(named, begin ets:new(my_tab, [named_table]), ets:insert(my_tab, {a, 1}), {ets:lookup(my_tab, a), ets:whereis(my_tab) =/= undefined, ets:info(my_tab, name)} end),
     ?C(named_gone, begin P = spawn(fun() -> ets:new(gone_tab, [named_table]) end), M = monitor(process, P), receive {'DOWN', M, _, _, _} -> ok end, timer:sleep(10), {ets:whereis(gone_tab), catch ets:lookup(gone_tab, a)} end),
     ?C(heir, begin Me = self(), P = spawn(fun() -> T = ets:new(h, [{heir, Me, gift}]), ets:insert(T, {k, v}) end), receive {'ETS-TRANSFER', T, P, D} -> {ets:lookup(T, k), D, ets:info(T, owner) =:= self()} end end),
     ?C(give_away, begin T = ets:new(g, []), Me = self(), P = spawn(fun() -> receive {'ETS-TRANSFER', X, F, D} -> Me ! {F =:= Me, D, ets:info(X, owner) =:= self()} end end), {ets:give_away(T, P, data), receive R -> R end} end),
     ?C(private_denied, begin T = ets:new(p, [private]), Me = self(), spawn(fun() -> Me ! (catch ets:lookup(T, a)) end), receive R -> R end end),
     ?C(protected_denied, begin T = ets:new(p, []), ets:insert(T, {a, 1}), Me = self(), spawn(fun() -> Me ! {ets:lookup(T, a), catch ets:insert(T, {b})} end), receive R -> R end end),
     ?C(public, begin T = ets:new(p, [public]), Me = self(), spawn(fun() -> ets:insert(T, {b, 2}), Me ! x end), receive x -> ets:lookup(T, b) end end),
     ?C(deleted, begin T = ets:new(p, []), ets:delete(T), {ets:info(T), catch ets:insert(T, {a})} end),
     ?C(concurrent, begin T = ets:new(p, [public, {write_concurrency, true}]), Me = self(),
                          [spawn(fun() -> [ets:update_counter(T, c, 1, {c, 0}) || _ <- lists:seq(1, 500)], Me ! d end) || _ <- lists:seq(1, 8)],
                          [receive d -> ok end || _ <- lists:seq(1, 8)], ets:lookup(T, c) end),
     ?C(to_dets_like, begin T = ets:new(p, []), ets:insert(T, [{I, lists:seq(1, I)} || I <- lists:seq(1, 30)]), ets:insert(T, {1, <<0:8000>>}), {ets:lookup(T, 7), byte_size(element(2, hd(ets:lookup(T, 1))))} end),
     ?C(fun2ms, ets:fun2ms_missing()),
     ?C(setopts, begin T = ets:new(p, []), ets:setopts(T, {heir, none}) end),
     ?C(ordered_big, begin T = ets:new(o, [ordered_set]), [ets:insert(T, {(I * 7919) rem 10007, I}) || I <- lists:seq(1, 5000)], {ets:first(T), ets:last(T), length(ets:select(T, [{{'$1', '_'}, [{'>', '$1', 5000}, {'<', '$1', 5100}], ['$1']}]))} end),
     ?C(ordered_prefix, begin T = ets:new(o, [ordered_set]), [ets:insert(T, {{A, B}, A * B}) || A <- lists:seq(1, 10), B <- lists:seq(1, 10)], ets:select(T, [{{{3, '$1'}, '$2'}, [], [{{'$1', '$2'}}]}]) end)].

specs() ->
    Objects = [{1, a, "x"}, {2, b, <<"y">>}, {3.5, #{k => v}, {z}}, {a, [1, 2, 3], 7}, {1, a}],
    Specs = [[{'_', [], ['$_']}], [{{'$1', '$2', '$3'}, [], ['$$']}], [{{'$1', '_', '_'}, [{'>', '$1', 1}], ['$1']}],
             [{{'$1', a, '_'}, [], [{{'$1', {const, x}}}]}], [{{'_', #{k => '$1'}, '_'}, [], ['$1']}], [{{'_', ['$1' | '$2'], '_'}, [], [{{'$1', '$2'}}]}],
             [{{'$1', '$2', '_'}, [{is_list, '$2'}, {'=:=', {length, '$2'}, 3}], [{hd, '$2'}]}], [{{'$1', '_', '_'}, [{'orelse', {is_atom, '$1'}, {is_float, '$1'}}], [true]}],
             [{{'$1', '_', '_'}, [{'andalso', {is_integer, '$1'}, {'=<', '$1', 1}}], [{'+', '$1', 1}]}], [{{'$1', '_', '$3'}, [{'not', {is_tuple, '$3'}}], [{element, 1, '$_'}]}],
             [{{'$1', '_', '_'}, [{'bogus', '$1'}], [true]}], [{{'$1', '_'}, [], [{{'$2'}}]}], [{{'$1', '$1', '_'}, [], [true]}],
             [{{'$1', '_', '_'}, [], [{'div', '$1', 0}]}], [{{'$1', '_', '_'}, [], [#{key => '$1'}]}], [{{'$1', '_', '_'}, [{map_size, '$1'}], [x]}],
             [{{'$1', '_', '_'}, [{'==', '$1', 1}], ['$1']}, {{'_', '_', '$1'}, [], ['$1']}], foo, [], [{a}], [{'$1', [], []}], [{'$1', [{is_tuple, '$1'}], ['$1', '$_']}]],
    [?C({spec, I}, begin T = ets:new(s, [bag]), ets:insert(T, Objects), R = (catch lists:sort(ets:select(T, S))), case R of {'EXIT', {E, _}} -> {bad, E}; _ -> R end end)
     || {I, S} <- lists:zip(lists:seq(1, length(Specs)), Specs)]
    ++ [?C({test_ms, I}, [ets:test_ms(O, S) || O <- Objects]) || {I, S} <- lists:zip(lists:seq(1, length(Specs)), Specs), is_list(S)]
    ++ [?C({guard_fun, G}, catch ets:match_spec_run([{3, 4}, {a, b}, {[1], 2}, {{x}, 1.5}], ets:match_spec_compile([{{'$1', '$2'}, [G], ['$_']}])))
        || G <- [{is_atom, '$1'}, {is_integer, '$1'}, {is_list, '$1'}, {is_tuple, '$1'}, {is_number, '$2'}, {is_float, '$2'}, {is_record, '$1', x}, {'<', '$1', '$2'}, {'/=', '$1', 3},
                 {'=/=', '$1', 3}, {'>=', '$2', 2}, {'and', true, {is_atom, '$1'}}, {'or', false, {is_atom, '$1'}}, {'xor', true, {is_atom, '$1'}}, {abs, -1}, {'rem', '$1', 2}, {'band', '$1', 1},
                 {is_pid, '$1'}, {is_function, '$1'}, {is_map, '$1'}, {is_binary, '$1'}, {tuple_size, '$1'}, {size, '$1'}, {node}, {self}, {round, '$2'}, {trunc, '$2'}, {float, '$1'}, {'bsl', '$1', 2}, {'-', '$1'}]]
    ++ [?C(compile_bad, ets:match_spec_compile([{a, b}])), ?C(is_compiled, ets:is_compiled_ms(ets:match_spec_compile([{'_', [], [true]}]))),
        ?C(run_bad, ets:match_spec_run([a], foo))].

errors() ->
    [?C(new_bad_name, ets:new("x", [])), ?C(new_bad_opt, ets:new(x, [foo])), ?C(new_bad_opts, ets:new(x, foo)), ?C(insert_bad, ets:insert(ets:new(x, []), foo)),
     ?C(insert_bad_list, ets:insert(ets:new(x, []), [{a}, b])), ?C(insert_short, ets:insert(ets:new(x, [{keypos, 3}]), {a})), ?C(no_table, ets:lookup(no_tab, x)),
     ?C(bad_table, ets:lookup("x", x)), ?C(named_twice, begin ets:new(tw, [named_table]), ets:new(tw, [named_table]) end), ?C(keypos_bad, ets:new(x, [{keypos, 0}])),
     ?C(delete_none, ets:delete(no_such_tab)), ?C(rename_none, ets:rename(nope, x)), ?C(give_dead, ets:give_away(ets:new(x, []), foo, x)), ?C(ref_table, ets:insert(make_ref(), {a})),
     ?C(info_bad, ets:info(ets:new(x, []), foo)), ?C(update_bad_pos, ets:update_element(ets:new(x, []), a, {1, b})), ?C(select_limit, ets:select(ets:new(x, []), [], 0)),
     ?C(first_none, ets:first(nope)), ?C(slot_bad, ets:slot(ets:new(x, []), -1)), ?C(member_none, ets:member(nope, a))].

maps_cases() ->
    Big = maps:from_list([{I, I} || I <- lists:seq(1, 100)]),
    Mixed = maps:from_list([{{I}, I} || I <- lists:seq(1, 40)] ++ [{<<I>>, I} || I <- lists:seq(1, 40)] ++ [{float(I), I} || I <- lists:seq(1, 40)]),
    [?C(big_order, maps:to_list(Big)), ?C(mixed_order, maps:keys(Mixed)), ?C(print, io_lib:format("~p", [maps:with(lists:seq(1, 50), Big)])),
     ?C(update, maps:to_list(Big#{50 := x, 1000 => y})), ?C(remove_to_small, maps:without(lists:seq(1, 70), Big)), ?C(merge, maps:size(maps:merge(Big, Mixed))),
     ?C(merge_order, maps:to_list(maps:merge(Big, maps:from_list([{I, m} || I <- lists:seq(90, 130)])))), ?C(fold, maps:fold(fun(K, V, A) -> A * 31 + K + V end, 7, Big)),
     ?C(iterator, begin I = maps:iterator(Big), {K, V, I2} = maps:next(I), {K2, V2, _} = maps:next(I2), {K, V, K2, V2} end), ?C(map, maps:map(fun(_, V) -> V + 1 end, #{a => 1, b => 2})),
     ?C(filter, maps:size(maps:filter(fun(K, _) -> K rem 2 =:= 0 end, Big))), ?C(update_with, maps:update_with(a, fun(V) -> V * 2 end, #{a => 4})), ?C(equal, Big =:= maps:from_list(lists:reverse([{I, I} || I <- lists:seq(1, 100)]))),
     ?C(compare, [#{a => 1} < #{a => 2}, #{a => 1} < #{b => 0}, #{a => 1, b => 2} > #{z => 1}, Big < Mixed, #{1 => a} == #{1.0 => a}]), ?C(key_types, #{1 => int, 1.0 => float, "a" => s, {1} => t, <<1>> => b, [] => n, #{} => m}),
     ?C(groups, maps:groups_from_list(fun(X) -> X rem 3 end, lists:seq(1, 10))), ?C(hash, [erlang:phash2(Big), erlang:phash2(Mixed), erlang:phash2(#{a => 1})]), ?C(nested, #{a => #{b => #{c => [1, #{d => 2}]}}}),
     ?C(grow_shrink, begin M = lists:foldl(fun(I, A) -> A#{I => I} end, #{}, lists:seq(1, 1000)), lists:foldl(fun(I, A) -> maps:remove(I, A) end, M, lists:seq(1, 990)) end),
     ?C(match_big, begin #{50 := X, 77 := Y} = Big, {X, Y} end), ?C(exact_fail, Big#{bad := 1}), ?C(bad_iter, maps:next(foo)), ?C(t2b, erlang:md5(term_to_binary(Big))), ?C(literal, #{a => 1, b => [x]})]
    ++ [?C({bad_map, F}, maps:F(not_a_map)) || F <- [keys, values, size, to_list, iterator]].

storage() ->
    [?C(persistent, begin persistent_term:put({?MODULE, k}, {a, [1, 2], <<"x">>}), R = persistent_term:get({?MODULE, k}), {R, persistent_term:erase({?MODULE, k}), persistent_term:get({?MODULE, k}, gone)} end),
     ?C(persistent_bad, persistent_term:get({?MODULE, nope})), ?C(persistent_replace, begin persistent_term:put(kk, 1), persistent_term:put(kk, 2), R = persistent_term:get(kk), persistent_term:erase(kk), R end),
     ?C(atomics, begin A = atomics:new(3, []), atomics:put(A, 1, 5), atomics:add(A, 1, -7), {atomics:get(A, 1), atomics:add_get(A, 2, 3), atomics:exchange(A, 2, 9), atomics:compare_exchange(A, 2, 9, 10), atomics:compare_exchange(A, 2, 9, 11), maps:without([memory], atomics:info(A))} end),
     ?C(atomics_wrap, begin A = atomics:new(1, [{signed, true}]), atomics:put(A, 1, (1 bsl 63) - 1), atomics:add_get(A, 1, 1) end), ?C(atomics_unsigned, begin A = atomics:new(1, [{signed, false}]), atomics:sub(A, 1, 1), atomics:get(A, 1) end),
     ?C(atomics_bad, [catch element(2, catch F()) || F <- [fun() -> atomics:get(atomics:new(1, []), 2) end, fun() -> atomics:new(0, []) end, fun() -> atomics:put(atomics:new(1, []), 1, x) end]]),
     ?C(counters, begin C = counters:new(2, [write_concurrency]), counters:add(C, 1, 5), counters:sub(C, 1, 2), counters:put(C, 2, 9), {counters:get(C, 1), counters:get(C, 2)} end), ?C(counters_bad, counters:get(counters:new(1, [atomics]), 3))].
