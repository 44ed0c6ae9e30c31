%% Nodes as such: names, visibility, monitoring, ticks, groups of processes, large reasons, what is said of errors. Further
%% nodes are started with the same VM as this one. tests/dist/pairings compares what is printed.
-module(node_cases).
-export([run/1, echo/1, tracer/1, traced/1, stuffed/2, leader/1, parted/3, resolve/3, log/2]).

run([Peer]) ->
    logger:set_primary_config(level, none),
    N = list_to_atom(Peer ++ "@" ++ host()),
    connect(N, 100),
    {_, Code, File} = code:get_object_code(?MODULE),
    {module, _} = rpc:call(N, code, load_binary, [?MODULE, File, Code]),
    rpc:call(N, logger, set_primary_config, [level, none]),
    [one(Name, F, N) || {Name, F} <- cases()],
    rpc:cast(N, erlang, halt, [0]),
    timer:sleep(100),
    halt().

host() -> tl(string:find(atom_to_list(node()), "@")).
%% Each case in a process of its own.
one(Name, F, N) ->
    Self = self(),
    {Pid, Mon} = spawn_monitor(fun() -> Self ! {result, self(), try F(N) catch C:R -> {C, R} end} end),
    Result = receive {result, Pid, R} -> R; {'DOWN', Mon, _, _, Reason} -> {died, Reason}
             after 1000 * patience() -> timeout end,
    demonitor(Mon, [flush]),
    show(Name, rename(rename(Result, N, peer), node(), me)).
patience() -> list_to_integer(os:getenv("CASE_SECONDS", "40")).
show(What, Answer) -> io:format("~p: ~0p~n", [What, Answer]).
connect(_, 0) -> halt(1);
connect(N, Tries) -> case net_adm:ping(N) of pong -> ok; _ -> timer:sleep(100), connect(N, Tries - 1) end.
echo(To) -> receive {From, X} -> From ! {self(), X}, echo(To) end.
next() -> receive X -> X after 10000 -> none end.
next(Ms) -> receive X -> X after Ms -> none end.
eventually(F) -> eventually(F, 100).
eventually(F, 0) -> F();
eventually(F, Tries) -> case F() of true -> true; _ -> timer:sleep(50), eventually(F, Tries - 1) end.

%% A further node, controlled over its standard input and output.
other(Name, Args) ->
    Flags = case Name of
                undefined -> ["-sname", "undefined"];
                _ -> ["-sname", Name]
            end,
    {ok, P, _} = peer:start(#{connection => standard_io, wait_boot => 750 * patience(),
                              args => Flags ++ ["-setcookie", atom_to_list(erlang:get_cookie()), "-kernel", "logger_level", "emergency", "-pa", filename:dirname(code:which(?MODULE)) | Args]}),
    {P, peer:call(P, erlang, node, [])}.
%% Answers of F with such a node, which is called `other` in them.
with(Args, F) -> with(peer:random_name(), Args, F).
with(Name, Args, F) ->
    {P, O} = other(Name, Args),
    R = F(P, O),
    catch peer:stop(P),
    rename(R, O, other).
rename(O, O, As) -> As;
rename(T, O, As) when is_tuple(T) -> list_to_tuple(rename(tuple_to_list(T), O, As));
rename([H | T], O, As) -> [rename(H, O, As) | rename(T, O, As)];
rename(M, O, As) when is_map(M) -> maps:from_list(rename(maps:to_list(M), O, As));
rename(X, _, _) -> X.

cases() -> [
 {known, fun(N) -> [lists:member(X, nodes(known)) || X <- [N, node(), 'never@seen']] end},
 {known_from_pid, fun(_) -> binary_to_term(<<131,88,119,11,"only@in.pid",1:32,0:32,77:32>>), lists:member('only@in.pid', nodes(known)) end},
 {nodes_2, fun(N) -> [{X, maps:map(fun(connection_id, V) when is_integer(V) -> id; (_, V) -> V end, I)} || {X, I} <- nodes([visible], #{node_type => true, connection_id => true}), X =:= N] end},
 {nodes_2_this, fun(_) -> [I || {_, I} <- nodes(this, #{node_type => true, connection_id => true})] end},
 {nodes_2_bad, fun(_) -> [catch_class(fun() -> nodes(A, B) end) || {A, B} <- [{x, #{}}, {this, []}, {this, #{x => true}}, {this, #{node_type => 1}}, {[this | x], #{}}]] end},
 {hidden, fun(_) -> with(["-hidden"], fun(P, O) ->
     Ping = net_adm:ping(O),
     {Ping, nodes(hidden) =:= [O], lists:member(O, nodes()), lists:member(O, nodes(connected)), peer:call(P, erlang, nodes, []), peer:call(P, erlang, nodes, [hidden]) =:= [node()],
      [T || {X, #{node_type := T}} <- nodes([hidden, visible], #{node_type => true}), X =:= O]} end) end},
 {dynamic_name, fun(_) -> with(undefined, [], fun(P, O) ->
     Before = {O, peer:call(P, erlang, is_alive, []), peer:call(P, net_kernel, get_state, [])},
     Up = peer:call(P, net_kernel, connect_node, [node()]),
     Name = peer:call(P, erlang, node, []),
     Rpc = rpc:call(Name, erlang, node, []) =:= Name, % first: this side of the connection may come up after the other one
     Seen = [lists:member(Name, nodes(C)) || C <- [visible, hidden, known]],
     {Before, Up, Name =/= nonode@nohost, Seen, Rpc, maps:without([name], peer:call(P, net_kernel, get_state, [])), length(hd(string:split(atom_to_list(Name), "@"))) > 3} end) end},
 {not_listening, fun(_) -> with(["-dist_listen", "false"], fun(P, O) ->
     In = net_adm:ping(O), Out = peer:call(P, net_adm, ping, [node()]),
     {In, Out, [lists:member(O, nodes(C)) || C <- [visible, hidden]], net_adm:ping(O)} end) end},
 {monitor_nodes, fun(_) ->
     net_kernel:monitor_nodes(true, #{node_type => all, nodedown_reason => true, connection_id => true}),
     net_kernel:monitor_nodes(true, [{node_type, hidden}, nodedown_reason]),
     net_kernel:monitor_nodes(true),
     R = with(["-hidden"], fun(P, O) ->
         net_adm:ping(O), A = [next(), next(), next(100)],
         erlang:disconnect_node(O), B = [next(), next(), next(100)],
         net_adm:ping(O), C = [next(), next()], peer:stop(P), {A, B, C, [next(), next(), next(100)]} end),
     [net_kernel:monitor_nodes(false, O) || O <- [[{node_type, hidden}, nodedown_reason], #{node_type => all, nodedown_reason => true, connection_id => true}, []]],
     hide_ids(R) end},
 {monitor_nodes_visible, fun(_) ->
     net_kernel:monitor_nodes(true, [nodedown_reason]), net_kernel:monitor_nodes(true, [{node_type, visible}]),
     with([], fun(P, O) -> net_adm:ping(O), A = [next(), next()], peer:call(P, erlang, disconnect_node, [node()]), {A, lists:sort([next(), next(), next(50)])} end) end},
 {monitor_nodes_bad, fun(_) -> [net_kernel:monitor_nodes(true, O) || O <- [x, [x], [{node_type, y}], #{x => 1}, #{node_type => 1}]] end},
 {monitor_node_options, fun(N) -> [catch_class(fun() -> erlang:monitor_node(N, A, B) end) || {A, B} <- [{true, [x]}, {x, []}, {true, [allow_passive_connect]}, {false, []}, {true, y}]] end},
 {monitor_node_twice, fun(_) -> with([], fun(P, O) ->
     net_adm:ping(O), [erlang:monitor_node(O, true) || _ <- [1, 2, 3]], erlang:monitor_node(O, false), peer:stop(P), [next(), next(), next(100)] end) end},
 {monitor_node_unknown, fun(_) -> erlang:monitor_node('no@where', true), next() end},
 {killed_node, fun(_) -> with([], fun(_, O) ->
     net_adm:ping(O), net_kernel:monitor_nodes(true, [nodedown_reason]), Os = rpc:call(O, os, getpid, []),
     M = monitor(process, {init, O}), os:cmd("kill -9 " ++ Os), [rename(X, M, ref) || X <- lists:sort([next(), next()])] end) end},
 {tick, fun(N) -> with(["-kernel", "net_ticktime", "4"], fun(_, O) ->
     ticktime(N, 4), net_adm:ping(O),
     net_kernel:monitor_nodes(true, [nodedown_reason]), Os = rpc:call(O, os, getpid, []),
     T0 = erlang:monotonic_time(millisecond), os:cmd("kill -STOP " ++ Os), R = next(), T = erlang:monotonic_time(millisecond) - T0, os:cmd("kill -KILL " ++ Os),
     {R, T > 2500, T < 6500, lists:member(N, nodes())} end) end},
 {idle_survives_ticks, fun(N) -> with(["-kernel", "net_ticktime", "4"], fun(_, O) ->
     net_adm:ping(O), [erlang:monitor_node(X, true) || X <- [N, O]], R = next(7000), {R, lists:member(O, nodes())} end) end},
 {ticktime, fun(N) -> [net_kernel:get_net_ticktime(), net_kernel:set_net_ticktime(4, 0), ticktime(N, 60)] end},
 {cookie, fun(_) -> with([], fun(P, O) ->
     peer:call(P, erlang, set_cookie, [another]), A = net_adm:ping(O), erlang:set_cookie(O, another),
     B = eventually(fun() -> peer:call(P, net_adm, ping, [node()]) =:= pong end), % what was refused may not be over there, then the first one is, too
     C = net_adm:ping(O), {A, B, C, erlang:get_cookie(O)} end) end},
 {allow, fun(_) -> with([], fun(P, O) -> peer:call(P, net_kernel, allow, [['else@where']]), {net_adm:ping(O), net_kernel:connect_node(O), peer:call(P, net_kernel, connect_node, [node()])} end) end},
 {disconnect, fun(N) -> R = [erlang:disconnect_node(N), erlang:disconnect_node('no@where'), eventually(fun() -> not lists:member(N, nodes()) end)], connect(N, 20), R end},
 {setnode_twice, fun(_) -> [catch_class(fun() -> erlang:setnode(x@y, 1) end), net_kernel:start(x, #{}) =/= ok] end},
 %% errors
 {erpc_errors, fun(N) -> [catch_class(F) || F <- [
     fun() -> erpc:call('no@where', erlang, node, []) end, fun() -> erpc:call(N, erlang, exit, [why]) end, fun() -> erpc:call(N, erlang, throw, [ball]) end,
     fun() -> erpc:call(N, no_such, f, [1]) end, fun() -> erpc:call(N, timer, sleep, [1000], 10) end, fun() -> erpc:call(N, erlang, element, [3, {}]) end,
     fun() -> erpc:call(N, erlang, halt, a) end, fun() -> erpc:call(x, fun() -> ok end) end, fun() -> process_info(rpc:call(N, erlang, self, [])) end,
     fun() -> erpc:multicall([N, node(), 'no@where'], erlang, abs, [-1]) end, fun() -> is_process_alive(rpc:call(N, erlang, whereis, [init])) end]] end},
 {rpc_errors, fun(N) -> [rpc:call('no@where', erlang, node, []), rpc:call(N, timer, sleep, [1000], 10), element(1, rpc:call(N, no_such, f, [])), rpc:multicall([N, 'no@where'], erlang, abs, [-2]),
     rpc:block_call(N, erlang, abs, [-3]), rpc:eval_everywhere([N], erlang, abs, [-1]), rpc:parallel_eval([{erlang, abs, [-I]} || I <- [1, 2, 3]]), rpc:pmap({erlang, abs}, [], [-1, -2])] end},
 {blocked_node, fun(_) -> with([], fun(_, O) ->
    net_adm:ping(O),
    erpc:call(O, erts_debug, set_internal_state, [available_internal_state, true]),
    erpc:cast(O, erts_debug, set_internal_state, [block, 1500]),
    timer:sleep(200),
    {catch_class(fun() -> erpc:call(O, erlang, abs, [1], 300) end), erpc:call(O, erlang, abs, [-2])} end) end},
 {down_during_call, fun(_) -> with([], fun(_, O) -> net_adm:ping(O), catch_class(fun() -> erpc:call(O, fun() -> erlang:halt(0, [{flush, false}]) end) end) end) end},
 %% signals
 {large_reasons, fun(N) ->
     process_flag(trap_exit, true), Big = lists:seq(1, 200000), B = binary:copy(<<"x">>, 1000000), T = {Big, B, #{k => Big}},
     P1 = spawn(N, ?MODULE, echo, [x]), M1 = monitor(process, P1), exit(P1, T), A = receive {'DOWN', M1, _, _, R1} -> R1 =:= T after 5000 -> none end,
     P2 = spawn_link(N, erlang, exit, [T]), C = receive {'EXIT', P2, R2} -> R2 =:= T after 5000 -> none end,
     P3 = spawn_link(N, ?MODULE, stuffed, [self(), T]), D = receive {P3, X} -> X =:= T after 5000 -> none end, P3 ! go, E = receive {'EXIT', P3, {_, R3}} -> R3 =:= T after 5000 -> none end,
     {A, C, D, E} end},
 {many_linked, fun(N) -> process_flag(trap_exit, true), Ps = [spawn_link(N, ?MODULE, echo, [x]) || _ <- lists:seq(1, 200)], [exit(P, {bye, lists:seq(1, 1000)}) || P <- Ps],
     length([ok || P <- Ps, receive {'EXIT', P, {bye, L}} -> length(L) =:= 1000 after 5000 -> false end]) end},
 {order, fun(N) -> P = spawn(N, ?MODULE, echo, [x]), S = self(), [P ! {S, case I rem 50 of 0 -> {I, lists:duplicate(60000, I)}; 25 -> {I, binary:copy(<<I:32>>, 30000)}; _ -> {I} end} || I <- lists:seq(1, 500)],
     Got = [receive {P, X} -> element(1, X) after 5000 -> none end || _ <- lists:seq(1, 500)], Got =:= lists:seq(1, 500) end},
 {spawn_gone_at_once, fun(N) -> lists:usort([begin R = erlang:spawn_request(N, erlang, exit, [now], [monitor, link]), process_flag(trap_exit, true),
     A = receive {spawn_reply, R, ok, P} -> P end, receive {'DOWN', R, process, A, W} -> receive {'EXIT', A, V} -> {W, V} after 5000 -> no_exit end after 5000 -> no_down end end || _ <- lists:seq(1, 100)]) end},
 {spawn_options, fun(N) -> [receive {spawn_reply, R, A, B} when is_pid(B) -> {A, pid}; {spawn_reply, R, A, B} -> {A, B} after 2000 -> none end ||
     O <- [[], [{priority, high}], [{min_heap_size, 1000}], [{max_heap_size, 5000000}], [{fullsweep_after, 3}], [{message_queue_data, off_heap}], [{bad, 1}], [{priority, what}], [link], [monitor], [{monitor, []}]],
     R <- [erlang:spawn_request(N, erlang, node, [], O)]] end},
 {spawn_noconnection, fun(_) -> R = erlang:spawn_request('no@where', erlang, node, [], [{reply_tag, {my, tag}}]), M = (catch spawn_monitor('no@where', erlang, node, [])), [receive {{my, tag}, R, A, B} -> {A, B} end,
     receive {'DOWN', _, process, P, W} -> {P =:= element(1, M), W} after 1000 -> none end] end},
 {spawn_abandon, fun(N) -> R = erlang:spawn_request(N, erlang, node, [], [{reply, yes}]), A = spawn_request_abandon(R), {A =:= true orelse A =:= false, receive {spawn_reply, R, _, _} -> answered after 200 -> none end =:= none orelse A =:= false} end},
 {spawn_arguments, fun(N) -> catch_class(fun() -> erlang:spawn_request(N, erlang, node, x, []) end) end},
 {alias_reply, fun(N) -> A = monitor(process, {no_such_name, N}, [{alias, reply_demonitor}]), receive {'DOWN', A, process, _, W} -> W after 2000 -> none end end},
 {alias_call, fun(N) -> P = spawn(N, ?MODULE, echo, [x]), A = monitor(process, P, [{alias, explicit_unalias}, {tag, {tagged, 1}}]), P ! {A, hello}, X = receive {P, hello} -> ok after 2000 -> none end, exit(P, kill),
     {X, receive {{tagged, 1}, A, process, P, W} -> W after 2000 -> none end, unalias(A), unalias(A)} end},
 {unlink_relink, fun(N) -> process_flag(trap_exit, true), P = spawn_link(N, ?MODULE, echo, [x]), [begin unlink(P), link(P) end || _ <- lists:seq(1, 100)], exit(P, end_), receive {'EXIT', P, R} -> R after 2000 -> none end end},
 {link_no_node, fun(_) -> process_flag(trap_exit, true), P = binary_to_term(<<131,88,119,8,"no@where",1:32,0:32,77:32>>), link(P), [element(3, next()), (catch exit(P, x)), P ! x, monitor(process, P) =/= x, element(5, next())] end},
 {group_leader, fun(N) -> L = spawn(?MODULE, leader, [self()]), S = self(), P = spawn(N, fun() -> group_leader(L, self()), io:put_chars("over there"), S ! done, receive x -> ok end end),
     A = receive {io, C} -> C after 2000 -> none end, receive done -> ok after 2000 -> none end, {A, rpc:call(N, erlang, process_info, [P, group_leader]) =:= {group_leader, L}, group_leader(group_leader(), P), eventually(fun() -> rpc:call(N, erlang, process_info, [P, group_leader]) =:= {group_leader, group_leader()} end)} end},
 {send_options, fun(N) -> P = spawn(N, ?MODULE, echo, [x]), [erlang:send(P, {self(), 1}, O) || O <- [[], [noconnect], [nosuspend], [noconnect, nosuspend]]] ++
     [erlang:send({x, 'no@where'}, y, [noconnect]), erlang:send_nosuspend(P, x), erlang:send_nosuspend({x, 'no@where'}, y, [noconnect]), catch_class(fun() -> erlang:send(P, x, [y]) end)] end},
 {busy, fun(N) ->
     %% Its scheduler does nothing for a while: what is sent waits.
     Old = erlang:system_monitor(self(), [busy_dist_port]), B = binary:copy(<<0>>, 2000000),
     Limit = erlang:system_info(dist_buf_busy_limit),
     P = spawn(N, timer, sleep, [10000]), Os = rpc:call(N, os, getpid, []), os:cmd("kill -STOP " ++ Os),
     Sender = spawn(fun() -> [P ! B || _ <- lists:seq(1, 60)], receive x -> ok end end),
     Told = receive {monitor, Sender, busy_dist_port, Via} -> is_port(Via) orelse is_pid(Via) after 5000 -> none end,
     timer:sleep(100), Status = process_info(Sender, status),
     No = erlang:send(P, B, [nosuspend]), No2 = erlang:send_nosuspend(P, x),
     os:cmd("kill -CONT " ++ Os),
     After = eventually(fun() -> {status, waiting} =:= process_info(Sender, status) end),
     exit(P, kill), erlang:system_monitor(Old), {Limit, Told, Status, No, No2, After, erlang:send_nosuspend(P, x)} end},
 {seq_trace, fun(N) ->
     S = self(), Here = spawn(?MODULE, tracer, [S]), There = spawn(N, ?MODULE, tracer, [S]),
     seq_trace:set_system_tracer(Here), rpc:call(N, seq_trace, set_system_tracer, [There]),
     P = spawn(N, ?MODULE, traced, [S]), register(seq_traced, self()),
     seq_trace:set_token(label, {my, label}), [seq_trace:set_token(F, true) || F <- [send, 'receive', print]],
     P ! {S, one}, A = receive {P, X} -> X end, seq_trace:print(here), T = seq_trace:get_token(), seq_trace:set_token([]),
     timer:sleep(200), seq_trace:set_system_tracer(false), rpc:call(N, seq_trace, set_system_tracer, [false]),
     Events = flush(), unregister(seq_traced),
     Short = fun Short(Y) when is_pid(Y), Y =:= S -> self; Short(Y) when is_pid(Y) -> node(Y) =:= N; Short(Y) when is_tuple(Y) -> list_to_tuple(Short(tuple_to_list(Y))); Short([H | R]) -> [Short(H) | Short(R)]; Short(Y) -> Y end,
     {A, Short(T), [{here, Short(E)} || {Q, E} <- Events, Q =:= Here], [{there, Short(E)} || {Q, E} <- Events, Q =:= There]} end},
 %% what is built on it
 {pg, fun(N) -> {ok, _} = pg:start(my_scope), {ok, P0} = rpc:call(N, pg, start, [my_scope]), P = spawn(N, ?MODULE, echo, [x]), ok = rpc:call(N, pg, join, [my_scope, g, P]), ok = pg:join(my_scope, g, self()),
     A = eventually(fun() -> lists:sort(pg:get_members(my_scope, g)) =:= lists:sort([P, self()]) end), L = pg:get_local_members(my_scope, g) =:= [self()], exit(P, kill), B = eventually(fun() -> pg:get_members(my_scope, g) =:= [self()] end),
     {A, L, B, is_pid(P0)} end},
 {global, fun(N) -> P = spawn(N, ?MODULE, echo, [x]), R = [global:register_name(n1, P), global:register_name(n1, self()), eventually(fun() -> rpc:call(N, global, whereis_name, [n1]) =:= P end), global:send(n1, {self(), q}) =:= P, receive {P, q} -> ok after 2000 -> none end],
     exit(P, kill), R ++ [eventually(fun() -> global:whereis_name(n1) =:= undefined end), global:trans({r, self()}, fun() -> rpc:call(N, global, set_lock, [{r, x}, [N, node()], 0]) end), global:set_lock({r, self()}), global:del_lock({r, self()})] end},
 {dets_and_logs, fun(N) -> F = filename:join(os:getenv("CASES_DIR"), "t"), R = rpc:call(N, dets, open_file, [t, [{file, F}]]), eventually(fun() -> rpc:call(N, dets, info, [t]) =:= undefined end), rpc:call(N, dets, insert, [t, [{I, I} || I <- lists:seq(1, 100)]]),
     C = rpc:call(N, dets, close, [t]), {ok, t} = dets:open_file(t, [{file, F}]), L = dets:lookup(t, 50), dets:close(t),
     {ok, log} = disk_log:open([{name, log}, {file, F ++ ".log"}]), ok = disk_log:log(log, {from, here}), rpc:call(N, erlang, group_leader, []), disk_log:close(log), {R, C, L, rpc:call(N, filelib, file_size, [F ++ ".log"]) > 20} end},
 %% Both sides of a split take a name; when they meet again, one of the two has it.
 {global_conflict, fun(N) -> [conflict(N, W) || W <- [own, random_exit, random_notify, notify_all]] end},
 {global_while_parted, fun(N) ->
     P = spawn(N, ?MODULE, echo, [x]), yes = global:register_name(parted, P), yes = global:register_name(stays, self()), Before = lists:sort(global:registered_names()),
     M = monitor(process, P), erlang:disconnect_node(N), D = receive {'DOWN', M, _, _, Why} -> Why after 5000 -> none end,
     Away = {eventually(fun() -> global:whereis_name(parted) =:= undefined end), global:whereis_name(stays) =:= self(), global:registered_names()},
     net_adm:ping(N), Back = eventually(fun() -> global:whereis_name(parted) =:= P end), Seen = rpc:call(N, global, whereis_name, [stays]) =:= self(),
     exit(P, kill), global:unregister_name(stays), {Before, D, Away, Back, Seen, eventually(fun() -> rpc:call(N, global, registered_names, []) =:= [] end)} end},
 {global_locks, fun(N) ->
     Nodes = [node(), N], Self = self(), Id = {locked, Self},
     A = global:set_lock(Id, Nodes), B = global:set_lock(Id, Nodes),
     Other = rpc:call(N, global, set_lock, [{locked, other}, Nodes, 1]),
     W = spawn(N, fun() -> R = global:trans({locked, self()}, fun() -> in_it end, Nodes), Self ! {self(), R} end),
     C = receive {W, _} -> too_soon after 300 -> waits end,
     D = global:del_lock(Id, Nodes), E = receive {W, R} -> R after 10000 -> none end, % once set twice, once is enough
     %% A holder that ends gives the lock back.
     {H, Mon} = spawn_monitor(N, fun() -> true = global:set_lock({locked, self()}, Nodes) end), receive {'DOWN', Mon, _, H, _} -> ok end,
     {A, B, Other, C, D, E, eventually(fun() -> global:set_lock(Id, Nodes, 0) end), global:del_lock(Id, Nodes)} end},
 {pg_parted, fun(N) ->
     {ok, _} = pg:start(parted), {ok, _} = rpc:call(N, pg, start, [parted]),
     P = spawn(N, ?MODULE, echo, [x]), ok = rpc:call(N, pg, join, [parted, g, [P, P]]), ok = pg:join(parted, g, self()),
     A = eventually(fun() -> length(pg:get_members(parted, g)) =:= 3 end),
     {Ref, Groups} = pg:monitor_scope(parted), {Ref2, _} = pg:monitor(parted, g),
     erlang:disconnect_node(N), Gone = [next(), next()], Left = pg:get_members(parted, g) =:= [self()],
     net_adm:ping(N), Back = [next(), next()], Both = length(pg:get_members(parted, g)),
     ok = rpc:call(N, pg, leave, [parted, g, P]), Leave = [next(), next()], exit(P, kill), Killed = [next(), next()],
     pg:demonitor(parted, Ref), pg:demonitor(parted, Ref2),
     As = [{Ref, scope}, {Ref2, group}, {P, p}, {self(), self}],
     {A, lists:foldl(fun({X, Y}, T) -> rename(T, X, Y) end, [Groups, lists:sort(Gone), Left, lists:sort(Back), Both, lists:sort(Leave), lists:sort(Killed), pg:which_groups(parted)], As)} end},
 {continuations, fun(N) ->
     %% Of a table elsewhere: they come here and go back.
     F = filename:join(os:getenv("CASES_DIR"), "cont"), Owner = owner(N, [{dets, open_file, [cont, [{file, F}]]}, {ets, new, [cont, [named_table, ordered_set, public]]}]), rpc:call(N, dets, insert, [cont, [{I, I rem 7} || I <- lists:seq(1, 500)]]),
     All = fun All(Fun, {L, C}, Acc) -> All(Fun, rpc:call(N, dets, Fun, [C]), L ++ Acc); All(_, End, Acc) -> {length(Acc), End} end,
     D = [All(match_object, rpc:call(N, dets, match_object, [cont, {'_', 3}, 10]), []), All(select, rpc:call(N, dets, select, [cont, [{{'$1', '$2'}, [{'>', '$2', 4}], ['$1']}], 20]), []), All(match, rpc:call(N, dets, match, [cont, {'$1', 0}, 5]), [])],
     Held = rpc:call(N, dets, safe_fixtable, [cont, true]), Traversed = rpc:call(N, dets, traverse, [cont, fun({400, X}) -> {done, X}; (_) -> continue end]),
     Info = [rpc:call(N, dets, info, [cont, I]) || I <- [size, keypos, type, safe_fixed]], C = rpc:call(N, dets, close, [cont]),
     rpc:call(N, ets, insert, [cont, [{I} || I <- lists:seq(1, 50)]]),
     {L1, K} = rpc:call(N, ets, select, [cont, [{{'$1'}, [{'>', '$1', 5}], ['$1']}], 7]), Ms = [{{'$1'}, [{'>', '$1', 5}], ['$1']}],
     More = case rpc:call(N, erlang, apply, [fun() -> ets:select(ets:repair_continuation(K, Ms)) end, []]) of {L2, _} -> L2; Other -> Other end,
     Raw = case rpc:call(N, ets, select, [K]) of {badrpc, {'EXIT', {W, _}}} -> W; {L3, _} -> L3 end, exit(Owner, kill),
     {D, Held, Traversed, Info, C, L1, More, Raw} end},
 {logs, fun(N) ->
     F = filename:join(os:getenv("CASES_DIR"), "wrapped"), Args = [{name, wrapped}, {file, F}, {type, wrap}, {size, {2000, 3}}, {head, {the, head}}, {notify, true}],
     Owner = owner(N, [{disk_log, open, [Args]}]), Io = [rpc:call(N, disk_log, log, [wrapped, {I, lists:duplicate(10, I)}]) || I <- lists:seq(1, 100)],
     {K, L} = rpc:call(N, disk_log, chunk, [wrapped, start]), Here = case disk_log:chunk(wrapped, K) of {_, H} -> length(H); Z -> Z end, L2 = case rpc:call(N, disk_log, chunk, [wrapped, K]) of {_, X} -> length(X); Y -> Y end,
     I = [lists:keyfind(Q, 1, rpc:call(N, disk_log, info, [wrapped])) || Q <- [type, size, no_written_items, no_overflows, no_current_bytes, current_file, mode, status]],
     R = {lists:usort(Io), hd(L), length(L), Here, L2, I, rpc:call(N, disk_log, block, [wrapped]), rpc:call(N, disk_log, log, [wrapped, x]), rpc:call(N, disk_log, truncate, [wrapped]), rpc:call(N, disk_log, close, [wrapped]), rpc:call(N, disk_log, close, [wrapped])}, exit(Owner, kill), R end},
 {failover, fun failover/1},
 %% Whoever comes while a connection is being set up waits for that one.
 {connect_by_many, fun(N) ->
     S = self(), Ways = [fun() -> net_kernel:connect_node(N) end, fun() -> net_adm:ping(N) =:= pong end, fun() -> monitor_node(N, true), net_kernel:connect_node(N) end],
     lists:usort([begin
         erlang:disconnect_node(N),
         Ps = [spawn(fun() -> S ! {self(), F()} end) || F <- Ways, _ <- [1, 2, 3, 4]],
         [receive {P, X} -> X after 5000 -> none end || P <- Ps] end || _ <- lists:seq(1, 10)]) end},
 {old_incarnation, fun(_) ->
     [Pid, Port, Ref] = [older(T) || T <- [self(), hd(erlang:ports()), alias()]],
     [logged(fun() -> try F() catch _:W -> W end end) ||
         F <- [fun() -> Pid ! {a, "b", [1.5 | <<1:3>>]} end, fun() -> Port ! x end, fun() -> Ref ! x end, fun() -> erlang:send(Pid, x, [noconnect]) end, fun() -> erlang:send_nosuspend(Port, x) end,
               fun() -> gen_server:call(Pid, q, 500) end, fun() -> exit(Pid, kill) end, fun() -> is_process_alive(Pid) end, fun() -> process_info(Pid) end, fun() -> group_leader(Pid, self()) end,
               fun() -> port_command(Port, "x") end, fun() -> erlang:port_info(Port) end, fun() -> erlang:port_info(Port, name) end, fun() -> erlang:port_info(Port, x) end, fun() -> erlang:port_info(older(Port), links) end, fun() -> port_connect(Port, self()) end, fun() -> port_close(Port) end, fun() -> register(older, Port) end, fun() -> link(Port) end, fun() -> unlink(Port) end, fun() -> {_, T} = monitor(port, Port), T end, fun() -> erlang:port_get_data(Port) end, fun() -> port_control(Port, 1, "") end, fun() -> {erlang:suspend_process(Pid)} end, fun() -> erlang:check_process_code(Pid, lists) end, fun() -> garbage_collect(Pid) end, fun() -> demonitor(Ref) end, fun() -> unalias(Ref) end, fun() -> erlang:trace(Pid, true, [send]) end, fun() -> erlang:trace(Port, true, [send]) end, fun() -> register(older, Pid) end, fun() -> {node(Pid) =:= node(), Pid =:= self(), Pid == self(), Pid > self()} end, fun() -> erlang:send_after(1, Pid, x) end, fun() -> unlink(Pid) end]] end},
 %% Both sides connect at once. The pause: the attempt that lost may come in only now, and must not be taken for a new one.
 %% Hidden: global would end connections by itself in between.
 {connect_across, fun(_) -> with(["-hidden"], fun(_, O) ->
     S = self(), Me = node(), net_adm:ping(O),
     lists:usort([begin
         P = spawn(O, fun() -> monitor_node(Me, true), S ! {self(), ready}, receive {nodedown, Me} -> R = net_kernel:connect_node(Me), S ! {self(), R} end end),
         receive {P, ready} -> ok end, erlang:disconnect_node(O),
         Here = net_kernel:connect_node(O), There = receive {P, X} -> X after 5000 -> none end,
         timer:sleep(50), {Here, There, lists:member(O, nodes(hidden))} end || _ <- lists:seq(1, 10)]) end) end},
 %% Last: connections that come and go like this can leave global out of step for good, on stock too. What global and rpc of the
 %% other node send here when a connection is gone already connects back; such an attempt, having lost against the next
 %% connection, may come in here after that one's end, and a ping that goes along with it is lost, on stock as well. So the
 %% other node connects to none of itself.
 {connect_at_once, fun(N) ->
     ok = rpc:call(N, application, set_env, [kernel, dist_auto_connect, never]),
     R = [begin P = net_adm:ping(N), erlang:disconnect_node(N), P end || _ <- lists:seq(1, 100)], connect(N, 20), lists:usort(R) end}
].

ticktime(N, T) -> [begin rpc:call(X, net_kernel, set_net_ticktime, [T, 0]), eventually(fun() -> rpc:call(X, net_kernel, get_net_ticktime, []) =:= T end) end || X <- [node(), N]].
%% The same identifier of an incarnation of this node that was another one.
older(T) ->
    B = term_to_binary(T), Creation = erlang:system_info(creation), [{At, 4}] = binary:matches(B, <<Creation:32>>),
    <<Before:At/binary, _:32, After/binary>> = B,
    binary_to_term(<<Before/binary, (Creation + 1):32, After/binary>>).
%% What this answers, and the errors that are logged of it.
log(#{level := Level, msg := {Format, [Text]}, meta := #{pid := P, gl := L}}, #{config := To}) -> To ! {logged, {Level, Format, Text, P =:= To, L =:= group_leader()}};
log(_, _) -> ok.
logged(F) ->
    #{level := Level} = logger:get_primary_config(),
    logger:set_handler_config(default, level, none),
    ok = logger:add_handler(?MODULE, ?MODULE, #{config => self()}),
    ok = logger:set_primary_config(level, error),
    R = F(),
    All = (fun Next() -> receive {logged, L} -> [hide_numbers(L) | Next()] after 100 -> [] end end)(),
    ok = logger:remove_handler(?MODULE),
    ok = logger:set_primary_config(level, Level),
    {hide_numbers(R), All}.
hide_numbers(T) -> re:replace(io_lib:format("~0p", [T]), "<[0-9.]*>|#Ref<[^>]*>|#Port<[^>]*>|\\([0-9]*\\)|#Fun<[^>]*>|\\[alias\\|[^]]*\\]", "N", [global, {return, list}]).
catch_class(F) -> try F() catch C:R -> {C, R} end.
hide_ids(M) when is_map(M) -> maps:map(fun(connection_id, V) when is_integer(V) -> id; (_, V) -> V end, M);
hide_ids(T) when is_tuple(T) -> list_to_tuple(hide_ids(tuple_to_list(T)));
hide_ids([H | T]) -> [hide_ids(H) | hide_ids(T)];
hide_ids(X) -> X.
flush() -> receive X -> [X | flush()] after 0 -> [] end.
stuffed(To, T) -> put(large, T), To ! {self(), T}, receive go -> exit({why, get(large)}) end.
tracer(To) -> receive {seq_trace, _, _} = E -> To ! {self(), E}, tracer(To); {seq_trace, _, _, _} = E -> To ! {self(), E}, tracer(To) end.
traced(S) -> receive {S, one} -> seq_trace:print(there), S ! {self(), two}, receive x -> ok end end.
leader(To) -> receive {io_request, From, As, {put_chars, _, C}} -> To ! {io, C}, From ! {io_reply, As, ok}, leader(To); {io_request, From, As, {put_chars, unicode, _, _}} -> From ! {io_reply, As, ok}, leader(To) end.

%% A process there that has called these functions, and lives.
owner(N, Calls) ->
    S = self(),
    P = spawn(N, fun() -> [apply(M, F, A) || {M, F, A} <- Calls], S ! {self(), ready}, receive stop -> ok end end),
    receive {P, ready} -> P after 5000 -> none end.
%% This node and N part, both register a name with this way to settle it, and meet again.
conflict(N, Way) ->
    Name = {taken, Way}, S = self(),
    Here = spawn(?MODULE, parted, [S, Name, {N, Way}]),
    There = spawn(N, ?MODULE, parted, [S, Name, {node(), Way}]),
    [receive {P, ready} -> ok end || P <- [Here, There]],
    erlang:disconnect_node(N),
    Taken = receive {Here, T} -> T end,
    timer:sleep(300), % nothing can tell that the other one has taken it, too, without connecting
    Mine = global:whereis_name(Name) =:= Here,
    connect(N, 50),
    Settled = eventually(fun() -> W = global:whereis_name(Name), W =:= rpc:call(N, global, whereis_name, [Name]) andalso (W =/= undefined orelse Way =:= notify_all) end),
    W = global:whereis_name(Name),
    Winner = case {W, Way} of {Here, own} -> here; {There, own} -> there; {undefined, _} -> nobody; _ -> one_of_them end,
    timer:sleep(100),
    Living = fun() -> length([P || P <- [Here, There], rpc:call(node(P), erlang, is_process_alive, [P])]) end,
    [eventually(fun() -> Living() < 2 end) || Way =:= random_exit],
    Alive = Living(),
    Told = length([P || P <- [Here, There], {messages, L} <- [rpc:call(node(P), erlang, process_info, [P, messages])], {global_name_conflict, Nm, Other} <- L, Nm =:= Name, is_pid(Other)]),
    [exit(P, kill) || P <- [Here, There]],
    eventually(fun() -> global:whereis_name(Name) =:= undefined end),
    {Way, Taken, Mine, Settled, Winner, Alive, Told}.
parted(S, Name, {Other, Way}) ->
    monitor_node(Other, true),
    S ! {self(), ready},
    receive {nodedown, Other} -> ok end,
    Taken = global:register_name(Name, self(), way(Way)),
    [S ! {self(), Taken} || node(S) =:= node()],
    receive stop -> ok end.
way(own) -> fun ?MODULE:resolve/3;
way(random_exit) -> fun global:random_exit_name/3;
way(random_notify) -> fun global:random_notify_name/3;
way(notify_all) -> fun global:notify_all_name/3.
resolve(_, P1, P2) -> case node(P1) < node(P2) of true -> P1; false -> P2 end.

%% A distributed application: it moves to the second node when the first is killed, and back when that returns.
failover(_) ->
    Dir = os:getenv("CASES_DIR"),
    App = {application, wandering, [{description, ""}, {vsn, "1"}, {modules, []}, {registered, []}, {applications, [kernel, stdlib]}, {mod, {wanderer, []}}]},
    ok = file:write_file(filename:join(Dir, "wandering.app"), io_lib:format("~p.~n", [App])),
    Source = "-module(wanderer). -export([start/2, stop/1, init/1]). start(T, _) -> register(wanderer_started, spawn(timer, sleep, [infinity])), persistent_term:put(started, T), supervisor:start_link(wanderer, []). stop(_) -> ok. init(_) -> {ok, {{one_for_one, 1, 1}, []}}. ",
    ok = file:write_file(filename:join(Dir, "wanderer.erl"), Source),
    {ok, wanderer} = compile:file(filename:join(Dir, "wanderer.erl"), [{outdir, Dir}]),
    Tag = os:getpid(),
    Names = [list_to_atom("fo" ++ I ++ "_" ++ Tag ++ "@" ++ host()) || I <- ["a", "b"]],
    [A, B] = Names,
    Args = fun(Me) -> ["-pa", Dir, "-kernel", "distributed", io_lib:format("[{wandering,500,[~p,~p]}]", [A, B]), "-kernel", "sync_nodes_optional", io_lib:format("[~p]", [hd(Names -- [Me])]),
                       "-kernel", "sync_nodes_timeout", integer_to_list(200 * list_to_integer(os:getenv("CASE_SECONDS", "40"))), "-kernel", "dist_auto_connect", "once"] end,
    Start = fun(Me) -> {P, _} = other(hd(string:split(atom_to_list(Me), "@")), [lists:flatten(X) || X <- Args(Me)]), P end,
    Self = self(),
    [spawn_link(fun() -> P = Start(Me), Self ! {started, Me, P}, receive stop -> peer:stop(P) end end) || Me <- Names],
    [receive {started, Me, _} -> ok end || Me <- Names],
    [Pa, Pb] = [begin connect(Me, 10), Me end || Me <- Names],
    Run = fun(Me) -> lists:keymember(wandering, 1, rpc:call(Me, application, which_applications, [])) end,
    St = fun(Me) -> rpc:call(Me, persistent_term, get, [started, none]) end,
    Load = [rpc:call(Me, application, load, [wandering]) || Me <- Names],
    [rpc:cast(Me, application, start, [wandering, permanent]) || Me <- Names],
    First = {eventually(fun() -> Run(Pa) end), Run(Pb), St(Pa)},
    rpc:cast(Pa, erlang, halt, [1, [{flush, false}]]),
    Second = {eventually(fun() -> Run(Pb) end), St(Pb)},
    P3 = Start(A), connect(A, 10),
    rpc:call(A, application, load, [wandering]), rpc:call(A, application, start, [wandering, permanent]),
    Third = {eventually(fun() -> Run(A) end), eventually(fun() -> not Run(B) end), case St(A) of {takeover, _} -> takeover; X -> X end},
    peer:stop(P3), rpc:cast(B, erlang, halt, [0]),
    {Load, First, Second, Third}.
