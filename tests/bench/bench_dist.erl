%% Benchmark rows of what goes between two nodes of the same VM on this machine: messages, calls, processes started there,
%% transactions. The other node is started with the first row and ends with this one. Only what is between nodes is timed.
-module(bench_dist).
-export([rows/0, echo/0, count/2, nothing/0]).

rows() ->
    [{dist_round_trip, on_peer(fun(N) -> round_trips(N, hello, 4000) end)},
     {dist_round_trip_1mb, on_peer(fun(N) -> round_trips(N, binary:copy(<<"x">>, 1 bsl 20), 60) end)},
     {dist_round_trip_list, on_peer(fun(N) -> round_trips(N, lists:seq(1, 20000), 40) end)},
     {dist_messages, on_peer(fun(N) -> messages(N, {tick, 1, [a, b]}, 200000) end)},
     {dist_messages_1mb, on_peer(fun(N) -> messages(N, binary:copy(<<"x">>, 1 bsl 20), 100) end)},
     {dist_erpc, on_peer(fun(N) -> [N = erpc:call(N, erlang, node, []) || _ <- lists:seq(1, 3000)] end)},
     {dist_rpc, on_peer(fun(N) -> [N = rpc:call(N, erlang, node, []) || _ <- lists:seq(1, 3000)] end)},
     {dist_gen_call, on_peer(fun(N) -> [[_ | _] = gen_server:call({rex, N}, {call, lists, seq, [1, 3], self()}) || _ <- lists:seq(1, 2000)] end)},
     {dist_spawn, on_peer(fun(N) -> spawns(N, 3000) end)},
     {dist_spawn_many, on_peer(fun(N) -> spawns_at_once(N, 5000) end)},
     {dist_monitors, on_peer(fun(N) -> monitors(N, 3000) end)},
     {mnesia_transactions, on_mnesia(fun(_) -> [{atomic, ok} = mnesia:transaction(fun() -> write(I) end) || I <- lists:seq(1, 500)] end)},
     {mnesia_dirty, on_mnesia(fun(_) -> [ok = mnesia:dirty_write({bench_table, I, I}) || I <- lists:seq(1, 5000)] end)}].

on_peer(F) ->
    fun() ->
            N = peer(),
            T0 = erlang:monotonic_time(nanosecond),
            F(N),
            {time, erlang:monotonic_time(nanosecond) - T0}
    end.
on_mnesia(F) ->
    fun() ->
            N = peer(),
            case mnesia:system_info(is_running) of
                yes -> ok;
                no ->
                    [ok = rpc:call(X, mnesia, start, []) || X <- [node(), N]],
                    {ok, _} = mnesia:change_config(extra_db_nodes, [N]),
                    {atomic, ok} = mnesia:create_table(bench_table, [{ram_copies, [node(), N]}])
            end,
            (on_peer(F))()
    end.

%% The other node, which ends when this one does.
peer() ->
    case persistent_term:get(?MODULE, none) of
        none ->
            os:cmd("epmd -daemon"),
            {ok, _} = net_kernel:start(list_to_atom("bench" ++ os:getpid()), #{name_domain => shortnames}),
            Self = self(),
            spawn(fun() ->
                          {ok, _, N} = peer:start(#{name => "bench_peer" ++ os:getpid(), args => ["-pa", filename:dirname(code:which(?MODULE)), "-setcookie", atom_to_list(erlang:get_cookie())]}),
                          Self ! {peer, N},
                          receive never -> ok end
                  end),
            N = receive {peer, X} -> X end,
            pong = net_adm:ping(N),
            {module, _} = rpc:call(N, code, ensure_loaded, [?MODULE]),
            persistent_term:put(?MODULE, N),
            N;
        N -> N
    end.

round_trips(N, Data, Times) ->
    P = spawn_link(N, ?MODULE, echo, []),
    rounds(P, Data, Times),
    unlink(P),
    P ! stop.
rounds(_, _, 0) -> ok;
rounds(P, Data, N) ->
    P ! {self(), Data},
    receive {P, _} -> rounds(P, Data, N - 1) end.
echo() -> receive {From, Data} -> From ! {self(), Data}, echo(); stop -> ok end.

messages(N, M, Times) ->
    P = spawn_link(N, ?MODULE, count, [self(), Times]),
    send(P, M, Times),
    receive {P, counted} -> ok end.
send(_, _, 0) -> ok;
send(P, M, N) -> P ! M, send(P, M, N - 1).
count(To, 0) -> unlink(To), To ! {self(), counted};
count(To, N) -> receive _ -> count(To, N - 1) end.

nothing() -> ok.
spawns(_, 0) -> ok;
spawns(N, Times) ->
    {P, M} = spawn_monitor(N, ?MODULE, nothing, []),
    receive {'DOWN', M, process, P, normal} -> spawns(N, Times - 1) end.
spawns_at_once(N, Times) ->
    Requests = [erlang:spawn_request(N, ?MODULE, nothing, [], [{reply, yes}]) || _ <- lists:seq(1, Times)],
    [receive {spawn_reply, R, ok, _} -> ok end || R <- Requests].

monitors(N, Times) ->
    P = spawn(N, ?MODULE, echo, []),
    Ms = [monitor(process, P) || _ <- lists:seq(1, Times)],
    P ! stop,
    [receive {'DOWN', M, process, P, normal} -> ok end || M <- Ms].

write(I) -> mnesia:write({bench_table, I rem 100, I}).
