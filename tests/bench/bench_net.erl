%% Sockets on loopback: echoes over 1, 100 and 1,000 connections, small and large messages, datagrams, bulk transfer.
-module(bench_net).
-export([echo/3, udp/1, bulk/1]).
-define(LO, {127, 0, 0, 1}).

%% Connections are kept from run to run; what is timed is the round trips.
echo(Connections, Size, Rounds) ->
    Key = {?MODULE, Connections},
    Clients = case get(Key) of
                  undefined ->
                      P = start_server(),
                      New = [connect(P) || _ <- lists:seq(1, Connections)],
                      put(Key, New),
                      New;
                  Kept -> Kept
              end,
    Self = self(),
    Data = binary:copy(<<"x">>, Size),
    Ref = make_ref(),
    Pids = [spawn_link(fun() -> receive Ref -> ok end, rounds(C, Data, Size, Rounds), Self ! {Ref, done} end) || C <- Clients],
    [P ! Ref || P <- Pids],
    [receive {Ref, done} -> ok end || _ <- Pids],
    ok.

connect(Port) ->
    {ok, C} = gen_tcp:connect(?LO, Port, [binary, {active, false}, {nodelay, true}]),
    C.

rounds(_, _, _, 0) -> ok;
rounds(C, Data, Size, N) ->
    ok = gen_tcp:send(C, Data),
    {ok, _} = gen_tcp:recv(C, Size),
    rounds(C, Data, Size, N - 1).

start_server() ->
    Self = self(),
    spawn_link(fun() ->
                       {ok, L} = gen_tcp:listen(0, [binary, {active, false}, {ip, ?LO}, {nodelay, true}, {backlog, 1024}]),
                       {ok, P} = inet:port(L),
                       Self ! {port, P},
                       accept(L)
               end),
    receive {port, P} -> P end.

accept(L) ->
    {ok, S} = gen_tcp:accept(L),
    Pid = spawn(fun() -> receive go -> serve(S) end end),
    ok = gen_tcp:controlling_process(S, Pid),
    Pid ! go,
    accept(L).

serve(S) ->
    ok = inet:setopts(S, [{active, once}]),
    receive
        {tcp, S, Data} -> ok = gen_tcp:send(S, Data), serve(S);
        {tcp_closed, S} -> ok
    end.

udp(Rounds) ->
    {ok, A} = gen_udp:open(0, [{ip, ?LO}, binary, {active, false}]),
    {ok, B} = gen_udp:open(0, [{ip, ?LO}, binary, {active, true}]),
    {ok, P} = inet:port(B),
    Echo = spawn_link(fun Loop() -> receive {udp, B, Ip, From, D} -> ok = gen_udp:send(B, Ip, From, D), Loop(); stop -> ok end end),
    ok = gen_udp:controlling_process(B, Echo),
    datagrams(A, P, Rounds),
    Echo ! stop,
    gen_udp:close(A).
datagrams(_, _, 0) -> ok;
datagrams(A, P, N) ->
    ok = gen_udp:send(A, ?LO, P, <<"hello">>),
    {ok, _} = gen_udp:recv(A, 0),
    datagrams(A, P, N - 1).

bulk(Megabytes) ->
    {ok, L} = gen_tcp:listen(0, [binary, {active, false}, {ip, ?LO}]),
    {ok, P} = inet:port(L),
    Data = binary:copy(<<"x">>, 1000000),
    Sender = spawn_link(fun() ->
                                {ok, S} = gen_tcp:accept(L),
                                [ok = gen_tcp:send(S, Data) || _ <- lists:seq(1, Megabytes)],
                                receive stop -> ok end
                        end),
    {ok, C} = gen_tcp:connect(?LO, P, [binary, {active, true}, {recbuf, 262144}]),
    drain(C, Megabytes * 1000000),
    Sender ! stop,
    gen_tcp:close(C),
    gen_tcp:close(L).
drain(_, 0) -> ok;
drain(C, N) -> receive {tcp, C, D} -> drain(C, N - byte_size(D)) end.
