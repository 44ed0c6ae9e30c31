%% Persistent terms, atomics, counters, atoms, process dictionaries of the VM: what all processes share.
-module(stress_shared).
-export([checks/1]).
-import(stress, [sized/3, parallel/2, rest/1]).

checks(Scale) ->
    N = sized(200000, Scale, 500),
    [{atomics, fun() -> atomics_sum(N) end},
     {exchange, fun() -> exchange(sized(50000, Scale, 200)) end},
     {counters, fun() -> counters_sum(N) end},
     {persistent, fun() -> persistent(sized(400, Scale, 10)) end},
     {persistent_kept, fun() -> persistent_kept(sized(300, Scale, 10)) end},
     {persistent_many, fun() -> persistent_many(sized(2000, Scale, 20)) end},
     {atoms, fun() -> atoms(sized(20000, Scale, 100)) end},
     {unique, fun() -> unique(sized(50000, Scale, 100)) end},
     {binaries_appended, fun() -> appended(sized(20000, Scale, 100)) end}].

atomics_sum(N) ->
    A = atomics:new(4, []),
    parallel(8, fun(_) -> [begin atomics:add(A, 1, 3), atomics:sub(A, 2, 1), atomics:add_get(A, 1 + (I rem 2) + 2, 1) end || I <- lists:seq(1, N)], ok end),
    {atomics:get(A, 1) =:= 24 * N, atomics:get(A, 2) =:= -8 * N, atomics:get(A, 3) + atomics:get(A, 4) =:= 8 * N}.

%% compare_exchange as a lock; exchange moves values without loss.
exchange(N) ->
    A = atomics:new(3, []),
    R = parallel(8, fun(W) ->
        [begin
             lock(A),
             atomics:put(A, 2, atomics:get(A, 2) + 1),
             ok = atomics:compare_exchange(A, 1, 1, 0),
             atomics:exchange(A, 3, W * N + I)
         end || I <- lists:seq(1, N)] end),
    Last = atomics:get(A, 3),
    {atomics:get(A, 2) =:= 8 * N, length(lists:usort([Last | lists:append(R)])) =:= 8 * N + 1}.
lock(A) -> case atomics:compare_exchange(A, 1, 0, 1) of ok -> ok; 1 -> erlang:yield(), lock(A) end.

counters_sum(N) ->
    [begin
         C = counters:new(2, [Kind]),
         parallel(8, fun(_) -> [begin counters:add(C, 1, 2), counters:sub(C, 2, 1) end || _ <- lists:seq(1, N)], ok end),
         {counters:get(C, 1) =:= 16 * N, counters:get(C, 2) =:= -8 * N}
     end || Kind <- [atomics, write_concurrency]].

value(K, I) -> {K, I, lists:seq(I, I + 50), #{k => K, i => I}, integer_to_binary(I), binary:copy(<<I:32>>, 50)}.
good({K, I, _, _, _, _} = V, K) -> V =:= value(K, I);
good(none, _) -> true.

%% Terms replaced and erased while read, held and sent.
persistent(N) ->
    Stop = stress:counter(),
    Readers = [spawn_monitor(fun() -> exit({result, reader(Stop, W)}) end) || W <- lists:seq(1, 6)],
    parallel(2, fun(W) ->
        [begin
             K = {?MODULE, rand:uniform(3)},
             case rand:uniform(4) of
                 1 -> persistent_term:erase(K);
                 _ -> persistent_term:put(K, value(K, I * 2 + W))
             end,
             rest(4)
         end || I <- lists:seq(1, N)], ok end),
    atomics:put(Stop, 1, 1),
    R = stress:gather(Readers),
    [persistent_term:erase({?MODULE, K}) || K <- [1, 2, 3]],
    {lists:usort(R), persistent_term:get({?MODULE, 1}, gone)}.
reader(Stop, W) ->
    case atomics:get(Stop, 1) of
        1 -> all_good;
        0 ->
            Ks = [{?MODULE, I} || I <- [1, 2, 3]],
            Held = [{persistent_term:get(K, none), K} || K <- Ks],
            stress:spin(rand:uniform(2000)),
            W rem 2 =:= 0 andalso erlang:yield(),
            true = lists:all(fun({V, K}) -> good(V, K) end, Held),
            reader(Stop, W)
    end.

%% Values kept after they were erased: in heaps, messages, tables and dictionaries.
persistent_kept(N) ->
    Tab = ets:new(kept, [public]),
    R = parallel(4, fun(W) ->
        K = {?MODULE, kept, W},
        Me = self(),
        Holder = spawn_link(fun() -> holder(K, []) end),
        L = [begin
             persistent_term:put(K, value(K, I)),
             V = persistent_term:get(K),
             ets:insert(Tab, {{W, I rem 10}, I, V}),
             Holder ! {keep, V, I},
             persistent_term:erase(K),
             Holder ! {check, Me},
             Ok = receive {checked, X} -> X end,
             [{_, I, T}] = ets:lookup(Tab, {W, I rem 10}),
             Ok andalso V =:= value(K, I) andalso T =:= V
         end || I <- lists:seq(1, N)],
        unlink(Holder), M = monitor(process, Holder), exit(Holder, kill), stress:await_down(M),
        lists:usort(L) end),
    ets:delete(Tab),
    lists:usort(lists:append(R)).

holder(K, Held) ->
    receive
        {keep, V, I} -> put(I, V), holder(K, [{I, V} | lists:sublist(Held, 5)]);
        {check, From} -> From ! {checked, lists:all(fun({I, V}) -> V =:= value(K, I) andalso get(I) =:= V end, Held)}, holder(K, Held)
    end.

persistent_many(N) ->
    Before = maps:get(count, persistent_term:info()),
    parallel(8, fun(W) -> [ok = persistent_term:put({?MODULE, W, I}, {W, I}) || I <- lists:seq(1, N)], ok end),
    During = maps:get(count, persistent_term:info()) - Before,
    Right = lists:all(fun({W, I}) -> persistent_term:get({?MODULE, W, I}) =:= {W, I} end, [{W, I} || W <- lists:seq(1, 8), I <- lists:seq(1, N)]),
    Erased = parallel(8, fun(_) -> length([x || W <- lists:seq(1, 8), I <- lists:seq(1, min(N, 100)), persistent_term:erase({?MODULE, W, I})]) end),
    [persistent_term:erase({?MODULE, W, I}) || W <- lists:seq(1, 8), I <- lists:seq(1, N)],
    {During =:= 8 * N, Right, lists:sum(Erased) =:= 8 * min(N, 100), maps:get(count, persistent_term:info()) - Before}.

%% The same new atoms made by all at once.
atoms(N) ->
    R = parallel(8, fun(_) -> erlang:phash2([list_to_atom("stress_atom_" ++ integer_to_list(I)) || I <- lists:seq(1, N)]) end),
    Back = lists:all(fun(I) -> S = "stress_atom_" ++ integer_to_list(I), atom_to_list(list_to_existing_atom(S)) =:= S end, lists:seq(1, N)),
    {length(lists:usort(R)), Back}.

unique(N) ->
    R = parallel(8, fun(_) -> [{make_ref(), erlang:unique_integer(), erlang:unique_integer([monotonic])} || _ <- lists:seq(1, N)] end),
    L = lists:append(R),
    Rising = lists:all(fun(W) -> Ms = [M || {_, _, M} <- W], Ms =:= lists:sort(Ms) end, R),
    {[length(lists:usort([element(K, X) || X <- L])) =:= 8 * N || K <- [1, 2, 3]], Rising}.

%% A binary appended to by several that share its beginning.
appended(N) ->
    Base = << <<I>> || I <- lists:seq(1, 200) >>,
    R = parallel(8, fun(W) ->
        B = lists:foldl(fun(I, Acc) -> <<Acc/binary, W, I:16>> end, Base, lists:seq(1, N)),
        B =:= <<Base/binary, << <<W, I:16>> || I <- lists:seq(1, N) >>/binary>> end),
    lists:usort(R).
