%% Tables of every type and concurrency, used from all schedulers at once: inserts, updates, traversals, fixation,
%% renaming, deletion, new owners.
-module(stress_ets).
-export([checks/1]).
-import(stress, [sized/3, parallel/2, rest/1]).

checks(Scale) ->
    N = sized(10000, Scale, 100),
    Kinds = [{T, C} || T <- [set, ordered_set, bag, duplicate_bag],
                       C <- [[], [{read_concurrency, true}], [{write_concurrency, true}],
                             [{write_concurrency, auto}, {read_concurrency, true}], [{write_concurrency, true}, {decentralized_counters, true}],
                             [compressed]]],
    [{{Name, T, C}, fun() -> F(T, C, M) end}
     || {T, C} <- Kinds, {Name, F, M} <- [{own_keys, fun own_keys/3, N div 4}, {traversal, fun traversal/3, N div 20},
                                         {taken, fun taken/3, N div 4}, {deleted, fun deleted/3, N div 200}]]
    ++ [{{counters, T, C}, fun() -> counters(T, C, N) end} || {T, C} <- Kinds, T =:= set orelse T =:= ordered_set]
    ++ [{{new_keys, T, C}, fun() -> new_keys(T, C, N div 4) end} || {T, C} <- Kinds, T =:= set orelse T =:= ordered_set]
    ++ [{renamed, fun() -> renamed(sized(3000, Scale, 20)) end},
        {given_away, fun() -> given_away(sized(3000, Scale, 20)) end},
        {inherited, fun() -> inherited(sized(2000, Scale, 20)) end},
        {owners_killed, fun() -> owners_killed(sized(1000, Scale, 10)) end},
        {large_terms, fun() -> large_terms(sized(1000, Scale, 20)) end},
        {growing, fun() -> growing(sized(50000, Scale, 500)) end}].

table(T, C) -> ets:new(stress_table, [T, public | C]).

%% Everybody works on keys of its own, which must always be as it left them.
own_keys(T, C, N) ->
    Tab = table(T, C),
    R = parallel(8, fun(W) ->
        lists:foldl(fun(I, Have) ->
            K = {W, rand:uniform(50)},
            Objects = maps:get(K, Have, []),
            true = lists:sort(ets:lookup(Tab, K)) =:= lists:sort(Objects),
            case rand:uniform(6) of
                1 -> true = ets:delete(Tab, K), maps:remove(K, Have);
                2 -> Objects = lists:sort(ets:take(Tab, K)), maps:remove(K, Have);
                3 when Objects =/= [] ->
                    Objects = lists:sort(ets:select(Tab, [{{K, '_', '_'}, [], ['$_']}])), Have;
                4 when Objects =/= [] ->
                    true = ets:delete_object(Tab, hd(Objects)), Have#{K => [O || O <- Objects, O =/= hd(Objects)]};
                5 ->
                    Gone = length(Objects), Gone = ets:select_delete(Tab, [{{K, '_', '_'}, [], [true]}]), maps:remove(K, Have);
                _ ->
                    O = {K, I rem 7, lists:seq(1, I rem 5)},
                    true = ets:insert(Tab, O),
                    Have#{K => inserted(T, O, Objects)}
            end end, #{}, lists:seq(1, N)) end),
    All = lists:sort(lists:append([lists:append(maps:values(M)) || M <- R])),
    Same = All =:= lists:sort(ets:tab2list(Tab)),
    Size = ets:info(Tab, size) =:= length(All),
    true = ets:delete(Tab),
    {Same, Size}.
inserted(duplicate_bag, O, L) -> lists:sort([O | L]);
inserted(bag, O, L) -> lists:usort([O | L]);
inserted(_, O, _) -> [O].

%% What stays in the table is met once by each traversal of the fixed table, whatever comes and goes around it.
traversal(T, C, N) ->
    Tab = table(T, C),
    ets:insert(Tab, [{{stays, I}, I, []} || I <- lists:seq(1, 300)]),
    Movers = [spawn_link(fun() -> movers(Tab, W) end) || W <- [1, 2, 3]],
    R = parallel(5, fun(W) ->
        [begin
             true = ets:safe_fixtable(Tab, true),
             Keys = case (W + I) rem 4 of
                 0 -> walk(Tab, ets:first(Tab));
                 1 -> chunks(ets:select(Tab, [{{{stays, '$1'}, '_', '_'}, [], [{{stays, '$1'}}]}], 17));
                 2 -> [K || {K, _, _} <- ets:tab2list(Tab)];
                 3 -> [K || {K, _, _} <- chunks(ets:match_object(Tab, '_', 7))]
             end,
             true = ets:safe_fixtable(Tab, false),
             lists:sort([K || {stays, K} <- Keys]) =:= lists:seq(1, 300)
         end || I <- lists:seq(1, N)] end),
    [begin M = monitor(process, P), unlink(P), exit(P, kill), stress:await_down(M) end || P <- Movers],
    Fixed = ets:info(Tab, safe_fixed_monotonic_time),
    true = ets:delete(Tab),
    {lists:usort(lists:append(R)), Fixed}.
walk(_, '$end_of_table') -> [];
walk(Tab, K) -> [K | walk(Tab, ets:next(Tab, K))].
chunks('$end_of_table') -> [];
chunks({L, Continuation}) -> [case X of {{stays, _} = S} -> S; _ -> X end || X <- L] ++ chunks(ets:select(Continuation)).
movers(Tab, W) ->
    K = {moves, W, rand:uniform(100)},
    case rand:uniform(3) of
        1 -> ets:delete(Tab, K);
        _ -> ets:insert(Tab, {K, rand:uniform(5), []})
    end,
    rand:uniform(20) =:= 1 andalso timer:sleep(1), % or they alone hold the lock
    movers(Tab, W).

%% Each object is taken by exactly one.
taken(T, C, N) ->
    Tab = table(T, C),
    ets:insert(Tab, [{I, I} || I <- lists:seq(1, N)]),
    R = parallel(8, fun(_) -> [length(ets:take(Tab, I)) || I <- lists:seq(1, N)] end),
    Each = lists:usort(lists:foldl(fun(A, B) -> lists:zipwith(fun erlang:'+'/2, A, B) end, hd(R), tl(R))),
    Left = ets:info(Tab, size),
    true = ets:delete(Tab),
    {Each, Left}.

%% Tables deleted under those who use them: all that may happen is badarg.
deleted(T, C, N) ->
    R = parallel(4, fun(_) ->
        [begin
             Tab = table(T, C),
             ets:insert(Tab, [{I, I} || I <- lists:seq(1, 100)]),
             Users = [spawn_monitor(fun() -> uses(Tab, U) end) || U <- [1, 2, 3, 4]],
             rest(4),
             true = ets:delete(Tab),
             undefined = ets:info(Tab),
             [stress:await_down(Ref) || {_, Ref} <- Users]
         end || _ <- lists:seq(1, N)] end),
    lists:usort(lists:append(lists:append(R))).
uses(Tab, U) ->
    try uses(Tab, U, 0) catch error:badarg -> exit(badarg) end.
uses(Tab, 1, I) -> ets:insert(Tab, {I, I}), uses(Tab, 1, I + 1);
uses(Tab, 2, I) -> ets:select(Tab, [{{'$1', '_'}, [{'>', '$1', 50}], ['$1']}]), uses(Tab, 2, I);
uses(Tab, 3, I) -> ets:safe_fixtable(Tab, true), ets:next(Tab, ets:first(Tab)), ets:safe_fixtable(Tab, false), uses(Tab, 3, I);
uses(Tab, 4, I) -> ets:select_delete(Tab, [{{'$1', '_'}, [{'>', '$1', 90}], [true]}]), uses(Tab, 4, I).

counters(T, C, N) ->
    Tab = table(T, C),
    parallel(8, fun(W) ->
        [begin
             ets:update_counter(Tab, I rem 10, 1, {I rem 10, 0, x}),
             ets:update_counter(Tab, {W rem 2}, [{2, 1}, {3, -1}], {{W rem 2}, 0, 0})
         end || I <- lists:seq(1, N)], ok end),
    Sums = {lists:sum([X || {K, X, x} <- ets:tab2list(Tab), is_integer(K)]) =:= 8 * N,
            [{X, Y} =:= {4 * N, -4 * N} || {{_}, X, Y} <- lists:sort(ets:tab2list(Tab))]},
    true = ets:delete(Tab),
    Sums.

%% insert_new: one wins each key; lists of objects go in whole or not at all.
new_keys(T, C, N) ->
    Tab = table(T, C),
    R = parallel(8, fun(W) ->
        length([x || I <- lists:seq(1, N), ets:insert_new(Tab, [{{a, I}, W}, {{b, I}, W}])]) end),
    Whole = lists:all(fun(I) -> ets:lookup_element(Tab, {a, I}, 2) =:= ets:lookup_element(Tab, {b, I}, 2) end, lists:seq(1, N)),
    true = ets:delete(Tab),
    {lists:sum(R) =:= N, Whole}.

%% Named tables change names while others use them by name.
renamed(N) ->
    stress_name_a = ets:new(stress_name_a, [named_table, public, {write_concurrency, true}]),
    ets:insert(stress_name_a, {k, 1}),
    Users = [spawn_link(fun Loop() ->
        [case catch ets:lookup(Name, k) of [{k, 1}] -> ok; {'EXIT', {badarg, _}} -> ok end || Name <- [stress_name_a, stress_name_b]],
        [case ets:whereis(Name) of undefined -> ok; Tid -> [{k, 1}] = ets:lookup(Tid, k) end || Name <- [stress_name_a, stress_name_b]],
        Loop() end) || _ <- [1, 2, 3]],
    [begin stress_name_b = ets:rename(stress_name_a, stress_name_b), stress_name_a = ets:rename(stress_name_b, stress_name_a) end || _ <- lists:seq(1, N)],
    [begin R = monitor(process, P), unlink(P), exit(P, kill), stress:await_down(R) end || P <- Users],
    R = {ets:whereis(stress_name_b), ets:lookup(stress_name_a, k)},
    true = ets:delete(stress_name_a),
    R.

%% A table goes around a ring of owners.
given_away(N) ->
    Me = self(),
    Ring = [spawn_link(fun() -> owner(Me) end) || _ <- lists:seq(1, 8)],
    [P ! {next, Q} || {P, Q} <- lists:zip(Ring, tl(Ring) ++ [hd(Ring)])],
    Tab = ets:new(given, [protected]),
    ets:insert(Tab, {count, 0}),
    true = ets:give_away(Tab, hd(Ring), N),
    Owner = receive {finished, Last} -> Last end,
    R = {ets:lookup(Tab, count) =:= [{count, N}], ets:info(Tab, owner) =:= Owner},
    [begin M = monitor(process, P), unlink(P), exit(P, kill), stress:await_down(M) end || P <- Ring],
    {R, ets:info(Tab)}.
owner(Main) -> receive {next, Q} -> owner(Main, Q) end.
owner(Main, Next) ->
    receive
        {'ETS-TRANSFER', Tab, _, 0} -> Main ! {finished, self()}, ets:first(Tab), owner(Main, Next);
        {'ETS-TRANSFER', Tab, _, Left} ->
            ets:update_counter(Tab, count, 1),
            ets:give_away(Tab, Next, Left - 1),
            owner(Main, Next)
    end.

%% Owners end or are killed while the table is used; the heir gets it.
inherited(N) ->
    R = parallel(4, fun(W) ->
        Me = self(),
        [begin
             {Owner, Ref} = spawn_monitor(fun() ->
                 Tab = ets:new(inherited, [public, {heir, Me, {data, I}}]),
                 ets:insert(Tab, {k, I}),
                 Me ! {table, Tab},
                 receive stop -> ok end end),
             Tab = receive {table, T} -> T end,
             (W + I) rem 2 =:= 0 andalso ets:insert(Tab, {w, W}),
             exit(Owner, kill),
             [{k, I}] = ets:lookup(Tab, k),
             receive {'ETS-TRANSFER', Tab, Owner, {data, I}} -> ok end,
             Me = ets:info(Tab, owner),
             true = ets:delete(Tab),
             killed = stress:await_down(Ref)
         end || I <- lists:seq(1, N)], ok end),
    lists:usort(R).

%% Tables die with their owners, named ones too, while others look.
owners_killed(N) ->
    R = parallel(4, fun(W) ->
        Name = list_to_atom("stress_dying_" ++ integer_to_list(W)),
        [begin
             Me = self(),
             {P, Ref} = spawn_monitor(fun() ->
                 Tabs = [ets:new(Name, [named_table, public]) | [ets:new(x, [public]) || _ <- lists:seq(1, 10)]],
                 [ets:insert(T, [{J, lists:seq(1, 20)} || J <- lists:seq(1, 50)]) || T <- Tabs],
                 Me ! {tables, Tabs},
                 receive stop -> ok end end),
             Tabs = receive {tables, Ts} -> Ts end,
             Reader = spawn_monitor(fun() -> [catch ets:foldl(fun({_, L}, A) -> A + hd(L) end, 0, T) || T <- Tabs] end),
             exit(P, kill),
             killed = stress:await_down(Ref),
             normal = stress:await_down(element(2, Reader)),
             [] = [T || T <- Tabs, ets:info(T) =/= undefined]
         end || _ <- lists:seq(1, N)], ok end),
    lists:usort(R).

large_terms(N) ->
    Tab = table(set, [{write_concurrency, true}]),
    R = parallel(8, fun(W) ->
        [begin
             V = {W, lists:duplicate(rand:uniform(200), {I, <<I:64, W>>, #{w => W, i => I}}), binary:copy(<<I:16>>, 100)},
             ets:insert(Tab, {I rem 20, V}),
             [{_, {W2, [{I2, <<I2:64, W2>>, #{w := W2, i := I2}} | _], B}}] = ets:lookup(Tab, I rem 20),
             200 = byte_size(B)
         end || I <- lists:seq(1, N)], ok end),
    true = ets:delete(Tab),
    lists:usort(R).

%% Tables that grow and shrink by much from all sides.
growing(N) ->
    [begin
         Tab = table(T, [{write_concurrency, true}]),
         parallel(8, fun(W) -> [ets:insert(Tab, {W * N + I, I}) || I <- lists:seq(1, N)], ok end),
         Full = ets:info(Tab, size),
         parallel(8, fun(W) -> [ets:delete(Tab, W * N + I) || I <- lists:seq(1, N)], ok end),
         Empty = {ets:info(Tab, size), ets:first(Tab)},
         true = ets:delete(Tab),
         {Full =:= 8 * N, Empty}
     end || T <- [set, ordered_set]].
