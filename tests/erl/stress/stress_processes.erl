%% Very many processes at once, rings, fans and sequences of messages.
-module(stress_processes).
-export([checks/1]).
-import(stress, [sized/3, parallel/2]).

checks(Scale) ->
    [{alive_at_once, fun() -> alive(sized(1000000, min(100, Scale * 10), 1000)) end},
     {rings, fun() -> rings(sized(200, Scale, 2), 500, sized(20, Scale, 2)) end},
     {sequences, fun() -> sequences(8, 8, sized(20000, Scale, 100)) end},
     {off_heap_sequences, fun() -> off_heap(8, sized(20000, Scale, 100)) end},
     {selective, fun() -> selective(sized(3000, Scale, 100)) end},
     {big_messages, fun() -> big_messages(16, sized(400, Scale, 5)) end},
     {shared_binaries, fun() -> shared_binaries(16, sized(2000, Scale, 20)) end},
     {spawn_chains, fun() -> spawn_chains(16, sized(20000, Scale, 100)) end},
     {information, fun() -> information(sized(4000, Scale, 50)) end},
     {collected_by_others, fun() -> collected_by_others(sized(2000, Scale, 20)) end},
     {hibernation, fun() -> hibernation(200, sized(200, Scale, 5)) end}].

%% All wait at the same time; each answers once. An idle process costs what it costs on stock: under 3 kB.
alive(N) ->
    Me = self(),
    Before = erlang:memory(processes),
    Pids = [spawn(fun() -> receive {Me, go} -> Me ! {self(), 1} end end) || _ <- lists:seq(1, N)],
    Count = erlang:system_info(process_count) >= N,
    Each = (erlang:memory(processes) - Before) div N,
    [P ! {Me, go} || P <- Pids],
    Answers = [receive {P, 1} -> P end || _ <- Pids],
    {lists:sort(Answers) =:= lists:sort(Pids), Count, {small, Each < 3000 orelse Each}}.

rings(Rings, Length, Rounds) ->
    Results = parallel(Rings, fun(_) ->
        Me = self(),
        First = lists:foldl(fun(_, Next) -> spawn_link(fun() -> node_of_ring(Next) end) end, Me, lists:seq(1, Length)),
        First ! 0,
        round(First, Rounds, Length) end),
    lists:usort(Results).
round(First, 0, _) ->
    receive X -> First ! stop, receive stop -> X end end;
round(First, N, Length) ->
    receive X when X rem Length =:= 0 -> First ! X end,
    round(First, N - 1, Length).
node_of_ring(Next) ->
    receive
        stop -> Next ! stop;
        X -> Next ! X + 1, node_of_ring(Next)
    end.

%% Every sender's messages arrive in the order in which they were sent, whoever else sends.
sequences(Receivers, Senders, N) ->
    Rs = [spawn_monitor(fun() -> exit({result, in_sequence(#{}, Senders * N)}) end) || _ <- lists:seq(1, Receivers)],
    parallel(Senders, fun(S) -> [[P ! {S, I} || {P, _} <- Rs] || I <- lists:seq(1, N)], ok end),
    lists:usort(stress:gather(Rs)).
in_sequence(Seen, 0) -> lists:usort(maps:values(Seen));
in_sequence(Seen, Left) ->
    receive
        {S, I} ->
            I = maps:get(S, Seen, 0) + 1,
            in_sequence(Seen#{S => I}, Left - 1)
    end.

off_heap(Senders, N) ->
    R = spawn_opt(fun() -> exit({result, in_sequence(#{}, Senders * N)}) end, [monitor, {message_queue_data, off_heap}]),
    {P, _} = R,
    parallel(Senders, fun(S) -> [P ! {S, I} || I <- lists:seq(1, N)], ok end),
    stress:gather([R]).

%% Calls with fresh references while the mailbox is full of other messages.
selective(N) ->
    Server = spawn_link(fun Loop() -> receive {From, Ref, X} -> From ! {Ref, X * 2}, Loop(); stop -> ok end end),
    R = parallel(8, fun(_) ->
        Me = self(),
        Noise = spawn_link(fun() -> [begin Me ! {noise, I}, stress:rest(50) end || I <- lists:seq(1, N)] end),
        Ref0 = monitor(process, Noise),
        Sum = lists:sum([begin Ref = make_ref(), Server ! {Me, Ref, I}, receive {Ref, X} -> X end end || I <- lists:seq(1, N)]),
        normal = reason(stress:await_down(Ref0)),
        Noises = [receive {noise, I} -> I end || I <- lists:seq(1, N)],
        {Sum =:= N * (N + 1), length(Noises) =:= N, stress:flush()} end),
    unlink(Server), Server ! stop,
    lists:usort(R).
reason(noproc) -> normal;
reason(R) -> R.

big_messages(Pairs, N) ->
    Term = {lists:seq(1, 2000), maps:from_list([{I, integer_to_binary(I)} || I <- lists:seq(1, 500)]), "text", 1.5e300, 1 bsl 200},
    Hash = erlang:phash2(Term),
    lists:usort(parallel(Pairs, fun(_) ->
        Me = self(),
        {P, Ref} = spawn_monitor(fun() -> echo() end),
        Same = [begin P ! {Me, Term}, receive {P, T} -> T =:= Term andalso erlang:phash2(T) =:= Hash end end || _ <- lists:seq(1, N)],
        P ! stop,
        {lists:usort(Same), stress:await_down(Ref)} end)).
echo() -> receive {From, T} -> From ! {self(), T}, echo(); stop -> ok end.

%% Binaries sent around in parts, their owners gone.
shared_binaries(Workers, N) ->
    Collector = self(),
    parallel(Workers, fun(W) ->
        [begin
             B = binary:copy(<<W, I:16>>, 100),
             spawn(fun() -> <<_:30/binary, Part:60/binary, _/binary>> = B, Collector ! {part, W, I, Part} end)
         end || I <- lists:seq(1, N)], ok end),
    lists:usort([receive {part, W, I, Part} -> Part =:= binary:copy(<<W, I:16>>, 20) end || W <- lists:seq(1, Workers), I <- lists:seq(1, N)]).

%% Processes that spawn their successor and end.
spawn_chains(Chains, N) ->
    Me = self(),
    [spawn(fun() -> chain(Me, N) end) || _ <- lists:seq(1, Chains)],
    lists:sum([receive {chain, X} -> X end || _ <- lists:seq(1, Chains)]).
chain(To, 0) -> To ! {chain, 1};
chain(To, N) -> spawn(fun() -> chain(To, N - 1) end).

%% process_info of processes that run, wait and end.
information(N) ->
    R = parallel(8, fun(_) ->
        [begin
             P = spawn(fun() -> put(key, value), stress:spin(rand:uniform(2000)), receive after rand:uniform(2) - 1 -> ok end end),
             lists:foreach(fun(Item) -> true = known(Item, process_info(P, Item)) end,
                           [dictionary, messages, current_function, links, monitors, status, memory, reductions,
                            [heap_size, stack_size, message_queue_len], registered_name, group_leader])
         end || _ <- lists:seq(1, N)], ok end),
    lists:usort(R).
known(_, undefined) -> true;
known(registered_name, []) -> true;
known(Items, L) when is_list(Items) -> [K || {K, _} <- L] =:= Items;
known(dictionary, {dictionary, D}) -> [X || {'$initial_call', _} = X <- D] =:= [] andalso (D =:= [] orelse D =:= [{key, value}]);
known(status, {status, S}) -> lists:member(S, [running, runnable, waiting, garbage_collecting, exiting]);
known(Item, {Item, _}) -> true.

%% garbage_collect of others while they work on live data.
collected_by_others(N) ->
    Ws = [spawn_monitor(fun() -> exit({result, churn(N, lists:seq(1, 200), 0)}) end) || _ <- lists:seq(1, 8)],
    Collectors = [spawn_link(fun Loop() -> [garbage_collect(P) || {P, _} <- Ws], erlang:yield(), Loop() end) || _ <- [1, 2]],
    R = stress:gather(Ws),
    [begin unlink(C), exit(C, kill) end || C <- Collectors],
    lists:usort(R).
churn(0, L, Sum) -> {lists:sum(L), Sum};
churn(N, L, Sum) ->
    M = maps:from_list([{X, [X, {X, integer_to_list(X)}]} || X <- L]),
    [{_, [1, {1, "1"}]} | _] = lists:sort(maps:to_list(M)),
    churn(N - 1, [hd(maps:get(X, M)) || X <- L], Sum + maps:size(M)).

hibernation(Processes, N) ->
    Me = self(),
    Ps = [proc_lib:spawn_link(fun() -> proc_lib:hibernate(erlang, apply, [fun sleeper/2, [Me, lists:seq(1, 10)]]) end) || _ <- lists:seq(1, Processes)],
    parallel(4, fun(_) -> [[P ! ping || P <- Ps] || _ <- lists:seq(1, N)], ok end),
    Sum = lists:sum([receive {pong, X} -> X end || _ <- lists:seq(1, Processes * N * 4)]),
    [begin unlink(P), exit(P, kill) end || P <- Ps],
    Sum =:= Processes * N * 4 * 55.
sleeper(To, L) ->
    receive ping -> To ! {pong, lists:sum(L)} end,
    erlang:hibernate(erlang, apply, [fun sleeper/2, [To, L]]).
