%% Exits racing everything that names a process: links, monitors, aliases, sends, names, requests.
-module(stress_exits).
-export([checks/1]).
-import(stress, [sized/3, parallel/2, rest/1, spin/1, quiet/1]).

checks(Scale) ->
    N = sized(10000, Scale, 100),
    [{monitors, fun() -> each(fun monitors/2, N) end},
     {links, fun() -> each(fun links/2, N) end},
     {monitored_spawns, fun() -> each(fun monitored_spawns/2, N) end},
     {requested_spawns, fun() -> each(fun requested_spawns/2, N) end},
     {replies_or_downs, fun() -> each(fun replies_or_downs/2, N) end},
     {aliases, fun() -> each(fun aliases/2, sized(3000, Scale, 50)) end},
     {everybody_told, fun() -> everybody_told(50, sized(4000, Scale, 50)) end},
     {trees, fun() -> trees(sized(100, Scale, 2), 4, 5) end},
     {trapping_trees, fun() -> trapping_trees(sized(100, Scale, 2), 4, 4) end},
     {link_storm, fun() -> link_storm(sized(300, Scale, 20), sized(20000, Scale, 200)) end},
     {sends_to_the_dying, fun() -> sends_to_the_dying(8, sized(20000, Scale, 200)) end},
     {many_killers, fun() -> many_killers(sized(2000, Scale, 20)) end},
     {gone_after_down, fun() -> each(fun gone_after_down/2, sized(4000, Scale, 50)) end},
     {suspended, fun() -> each(fun suspended/2, sized(2000, Scale, 20)) end},
     {leaders, fun() -> each(fun leaders/2, sized(3000, Scale, 20)) end},
     {timeouts_of_calls, fun() -> each(fun timeouts_of_calls/2, sized(1000, Scale, 10)) end}].

%% F(Worker, N) in eight processes; its result must be the same in all.
each(F, N) -> lists:usort(parallel(8, fun(I) -> F(I, N) end)).

%% A process that ends by itself after a random while.
short_lived() ->
    W = rand:uniform(400),
    spawn(fun() -> spin(W), exit(over) end).

%% Each monitor gives one 'DOWN' unless demonitored; what demonitor answers tells whether there is one.
monitors(_, N) ->
    Downs = [begin
         P = short_lived(),
         R = monitor(process, P),
         rest(6),
         case rand:uniform(4) of
             1 -> true = demonitor(R, [flush]), receive {'DOWN', R, _, _, _} -> wrong after 0 -> 1 end;
             2 -> case demonitor(R, [info]) of
                      true -> receive {'DOWN', R, _, _, _} -> wrong after 0 -> 1 end;
                      false -> receive {'DOWN', R, process, P, Why} -> ended(Why) after 0 -> wrong end
                  end;
             3 -> case demonitor(R, [info, flush]) of B when is_boolean(B) -> 1 end;
             4 -> receive {'DOWN', R, process, P, Why} -> ended(Why) end
         end
     end || _ <- lists:seq(1, N)],
    {lists:sum(Downs), quiet(20)}.
ended(over) -> 1;
ended(killed) -> 1;
ended(noproc) -> 1.

links(_, N) ->
    process_flag(trap_exit, true),
    Exits = [begin
         P = short_lived(),
         true = link(P),
         rest(6),
         case rand:uniform(3) of
             1 -> true = unlink(P), receive {'EXIT', P, _} -> 1 after 0 -> 1 end;
             2 -> true = unlink(P), true = link(P), receive {'EXIT', P, Why} -> ended(Why) end,
                  unlink(P), receive {'EXIT', P, Again} -> ended(Again) after 0 -> 1 end;
             3 -> receive {'EXIT', P, Why} -> ended(Why) end
         end
     end || _ <- lists:seq(1, N)],
    {length(Exits), lists:usort([E || E <- Exits, E =/= 1]), late_exits(quiet_messages(20))}.
quiet_messages(Ms) -> receive M -> [M | quiet_messages(Ms)] after Ms -> [] end.
%% unlink then link again: the exit of before may still come once, with its real reason.
late_exits(L) -> [M || M <- L, not is_exit(M)].
is_exit({'EXIT', P, Why}) when is_pid(P), Why =:= over orelse Why =:= noproc -> true;
is_exit(_) -> false.

monitored_spawns(_, N) ->
    process_flag(trap_exit, true),
    Sum = lists:sum([begin
         {P, R} = spawn_opt(fun() -> exit({ended, I}) end, [monitor, link]),
         receive {'DOWN', R, process, P, {ended, I}} -> ok end,
         receive {'EXIT', P, {ended, I}} -> 1 end
     end || I <- lists:seq(1, N)]),
    {Sum, quiet(20)}.

requested_spawns(_, N) ->
    R = [begin
         Ref = spawn_request(fun() -> exit({ended, I}) end, [monitor, {reply_tag, tag}]),
         case rand:uniform(3) of
             1 -> case spawn_request_abandon(Ref) of
                      true -> receive {tag, Ref, _, _} -> wrong; {'DOWN', Ref, _, _, _} -> wrong after 0 -> 1 end;
                      false -> answered(Ref, I)
                  end;
             _ -> answered(Ref, I)
         end
     end || I <- lists:seq(1, N)],
    {lists:sum(R), quiet(20)}.
answered(Ref, I) ->
    receive {tag, Ref, ok, P} -> receive {'DOWN', Ref, process, P, {ended, I}} -> 1 end end.

%% Who replies through a monitor's alias and then ends is heard exactly once; who only ends gives 'DOWN'.
replies_or_downs(_, N) ->
    R = [begin
         P = spawn(fun() -> receive {From, What} -> spin(rand:uniform(200)), What =:= reply andalso (From ! {From, reply}) end end),
         M = monitor(process, P, [{alias, reply_demonitor}]),
         Want = lists:nth(rand:uniform(2), [reply, none]),
         P ! {M, Want},
         receive
             {M, reply} when Want =:= reply -> 1;
             {'DOWN', M, process, P, normal} when Want =:= none -> 1;
             Other -> {other, Other}
         end
     end || _ <- lists:seq(1, N)],
    {lists:usort(R), length(R), quiet(20)}.

%% What was sent before the sender's own word is there or the alias was off; nothing comes after unalias and a flush.
aliases(_, N) ->
    Me = self(),
    R = [begin
         A = alias(lists:nth(1 + I rem 2, [[], [reply]])),
         Ps = [spawn_monitor(fun() -> [begin A ! {A, K}, spin(10) end || K <- lists:seq(1, 5)], Me ! {done, self()} end) || _ <- [1, 2]],
         rest(5),
         Off = I rem 3 =:= 0 andalso unalias(A),
         [receive {done, P} -> stress:await_down(Ref) end || {P, Ref} <- Ps],
         Got = length([x || {B, _} <- mailbox(), B =:= A]),
         _ = unalias(A),
         case {I rem 2, Off} of
             {1, false} when Got =:= 1 -> ok;
             {0, false} when Got =:= 10 -> ok;
             {1, _} when Off, Got =< 1 -> ok;
             {0, true} when Got < 10 -> ok;
             {1, true} when Got =< 1 -> ok;
             {0, _} when Off, Got =< 10 -> ok;
             Odd -> {odd, Odd, Got}
         end
     end || I <- lists:seq(1, N)],
    {lists:usort(R), quiet(20)}.
mailbox() -> receive {A, K} when is_reference(A), is_integer(K) -> [{A, K} | mailbox()] after 0 -> [] end.

%% Observers linked to and monitoring all victims, which are killed in random order by several at once.
everybody_told(Observers, Victims) ->
    Me = self(),
    Vs = [spawn(fun() -> receive stop -> ok end end) || _ <- lists:seq(1, Victims)],
    Os = [spawn_monitor(fun() ->
              process_flag(trap_exit, true),
              Rs = [begin link(V), monitor(process, V) end || V <- Vs],
              Me ! {ready, self()},
              Downs = [receive {'DOWN', R, process, V, Why} -> ended(Why) end || {R, V} <- lists:zip(Rs, Vs)],
              Exits = [receive {'EXIT', V, Why} -> Why end || V <- Vs],
              exit({result, {lists:sum(Downs), lists:usort(Exits), length(Exits), quiet(20)}})
          end) || _ <- lists:seq(1, Observers)],
    [receive {ready, O} -> ok end || {O, _} <- Os],
    parallel(4, fun(_) -> [exit(V, kill) || {_, V} <- lists:sort([{rand:uniform(), V} || V <- Vs])], ok end),
    lists:usort(stress:gather(Os)).

%% A tree whose nodes are linked dies whole, whichever node is killed.
trees(Trees, Fan, Depth) ->
    R = parallel(Trees, fun(_) ->
        Me = self(),
        Root = spawn(fun() -> tree(Me, Fan, Depth) end),
        Nodes = [receive {tree_node, P} -> {P, monitor(process, P)} end || _ <- lists:seq(1, nodes_of(Fan, Depth))],
        {Killed, _} = lists:nth(rand:uniform(length(Nodes)), Nodes),
        exit(Killed, kill),
        Whys = [{stress:await_down(Ref), P =:= Killed} || {P, Ref} <- Nodes],
        {length([x || {killed, _} <- Whys]), length(Whys), is_process_alive(Root), quiet(5)} end),
    lists:usort(R).
nodes_of(_, 0) -> 1;
nodes_of(Fan, D) -> 1 + Fan * nodes_of(Fan, D - 1).
tree(To, Fan, Depth) ->
    Depth > 0 andalso [spawn_link(fun() -> tree(To, Fan, Depth - 1) end) || _ <- lists:seq(1, Fan)],
    To ! {tree_node, self()},
    receive stop -> ok end.

%% Nodes that trap exits count what reaches them: each inner node as many exits as it has children.
trapping_trees(Trees, Fan, Depth) ->
    R = parallel(Trees, fun(_) ->
        Me = self(),
        spawn(fun() -> trapping(Me, Me, Fan, Depth) end),
        Leaves = [receive {leaf, P} -> P end || _ <- lists:seq(1, round(math:pow(Fan, Depth)))],
        [exit(P, kill) || {_, P} <- lists:sort([{rand:uniform(), P} || P <- Leaves])],
        {receive {root, Count} -> Count end, quiet(5)} end),
    lists:usort(R).
trapping(To, _, _, 0) -> To ! {leaf, self()}, receive stop -> ok end;
trapping(To, Parent, Fan, Depth) ->
    process_flag(trap_exit, true),
    Me = self(),
    Ps = [spawn_link(fun() -> trapping(To, Me, Fan, Depth - 1) end) || _ <- lists:seq(1, Fan)],
    Whys = [receive {'EXIT', P, Why} -> Why end || P <- Ps],
    Count = lists:sum([case W of killed -> 1; {count, C} -> C + 1 end || W <- Whys]),
    To =:= Parent andalso (To ! {root, Count}),
    exit({count, Count}).

%% Processes link and unlink each other at random while they are being killed and replaced; in the end all are gone and
%% nobody who trapped exits was killed by a link.
link_storm(Population, Steps) ->
    Table = ets:new(storm, [public, {write_concurrency, true}]),
    [ets:insert(Table, {I, storm_member()}) || I <- lists:seq(1, Population)],
    parallel(8, fun(_) ->
        [begin
             I = rand:uniform(Population),
             case {rand:uniform(10), ets:lookup(Table, I), ets:lookup(Table, rand:uniform(Population))} of
                 {1, _, _} -> [begin ets:insert(Table, {I, storm_member()}), exit(P, kill) end || {_, P} <- ets:take(Table, I)];
                 {2, [{_, P}], [{_, Q}]} -> P ! {monitor, Q};
                 {K, [{_, P}], [{_, Q}]} when K < 7 -> P ! {link, Q};
                 {_, [{_, P}], [{_, Q}]} -> P ! {unlink, Q};
                 _ -> taken_by_another
             end
         end || _ <- lists:seq(1, Steps)], ok end),
    Refs = [begin R = monitor(process, P), exit(P, bye), R end || {_, P} <- ets:tab2list(Table)],
    %% bye: it, or one linked to it, did not trap yet.
    Whys = [case stress:await_down(R) of bye -> over; noproc -> over; W -> W end || R <- Refs],
    true = ets:delete(Table),
    {length(Whys), lists:usort(Whys)}.
storm_member() -> spawn(fun() -> process_flag(trap_exit, true), storm_loop() end).
storm_loop() ->
    receive
        {link, Q} -> link(Q), storm_loop();
        {unlink, Q} -> unlink(Q), storm_loop();
        {monitor, Q} -> monitor(process, Q), storm_loop();
        {'EXIT', _, bye} -> exit(over);
        {'EXIT', _, _} -> storm_loop();
        {'DOWN', _, _, _, _} -> storm_loop()
    end.

%% Receivers die and are replaced while others send: of every sender each sees an unbroken sequence.
sends_to_the_dying(Senders, N) ->
    Me = self(),
    Table = ets:new(receivers, [public]),
    New = fun(I) -> ets:insert(Table, {I, spawn(fun() -> unbroken(Me, #{}) end)}) end,
    [New(I) || I <- lists:seq(1, 4)],
    Killer = spawn_link(fun Loop() ->
        [begin [{_, P}] = ets:lookup(Table, I), New(I), exit(P, over), timer:sleep(1) end || I <- lists:seq(1, 4)], Loop() end),
    parallel(Senders, fun(S) ->
        [[begin [{_, P}] = ets:lookup(Table, R), P ! {S, I, lists:seq(1, 5)} end || R <- lists:seq(1, 4)] || I <- lists:seq(1, N)], ok end),
    unlink(Killer), R = monitor(process, Killer), exit(Killer, kill), stress:await_down(R),
    [exit(P, kill) || {_, P} <- ets:tab2list(Table)],
    ets:delete(Table),
    [M || M <- quiet_messages(50)].
unbroken(To, Seen) ->
    receive {S, I, [1, 2, 3, 4, 5]} ->
        case Seen of
            #{S := Last} when I =< Last -> To ! {broken, S, Last, I};
            _ -> unbroken(To, Seen#{S => I})
        end
    end.

many_killers(N) ->
    R = [begin
         P = spawn(fun() -> receive stop -> ok end end),
         Ref = monitor(process, P),
         [spawn(fun() -> exit(P, {by, K}) end) || K <- lists:seq(1, 8)],
         case stress:await_down(Ref) of {by, K} when K >= 1, K =< 8 -> ok; noproc -> ok; Other -> Other end
     end || _ <- lists:seq(1, N)],
    {lists:usort(R), quiet(20)}.

%% Once 'DOWN' has come the process is gone for everybody.
gone_after_down(W, N) ->
    R = [begin
         Name = list_to_atom("stress_gone_" ++ integer_to_list(W)),
         {P, Ref} = spawn_monitor(fun() -> register(Name, self()), spin(rand:uniform(300)) end),
         rest(4),
         _ = is_process_alive(P), _ = process_info(P, status),
         normal = stress:await_down(Ref),
         Listed = I rem 50 =:= 0 andalso lists:member(P, processes()), % seldom: it takes long where there could be many
         {is_process_alive(P), process_info(P), whereis(Name), Listed}
     end || I <- lists:seq(1, N)],
    lists:usort(R).

suspended(_, N) ->
    R = [begin
         P = spawn(fun Loop() -> receive stop -> ok after 0 -> Loop() end end),
         Ref = monitor(process, P),
         case catch erlang:suspend_process(P) of
             true ->
                 {status, suspended} = process_info(P, status),
                 P ! stop,
                 case rand:uniform(2) of
                     1 -> true = erlang:resume_process(P), normal = stress:await_down(Ref);
                     2 -> exit(P, kill), killed = stress:await_down(Ref)
                 end, ok
         end
     end || _ <- lists:seq(1, N)],
    %% What a suspender suspended runs again when the suspender ends.
    Q = spawn(fun() -> receive stop -> ok end end),
    {_, Suspender} = spawn_monitor(fun() -> erlang:suspend_process(Q) end),
    normal = stress:await_down(Suspender),
    QRef = monitor(process, Q),
    Q ! stop,
    {lists:usort(R), stress:await_down(QRef), quiet(10)}.

leaders(_, N) ->
    Me = self(),
    R = [begin
         P = short_lived(),
         case catch group_leader(Me, P) of true -> ok; {'EXIT', {badarg, _}} -> ok; X -> X end
     end || _ <- lists:seq(1, N)],
    lists:usort(R).

%% gen_server calls that time out while the answer is on its way: no late answers.
timeouts_of_calls(_, N) ->
    Server = spawn(fun Loop() -> receive {'$gen_call', From, W} -> spin(W), gen:reply(From, done), Loop(); stop -> ok end end),
    R = [try gen_server:call(Server, rand:uniform(20000), rand:uniform(2) - 1) of done -> ok
         catch exit:{timeout, _} -> ok end || _ <- lists:seq(1, N)],
    Ref = monitor(process, Server), Server ! stop,
    {lists:usort(R), stress:await_down(Ref), quiet(20)}.
