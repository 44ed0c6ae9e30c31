%% What a node says on the wire: a made-up node, which is only a socket, answers the handshake as the protocol's description
%% has it, and prints every control message that the node sends it, with its size. tests/dist/wire runs it.
%% run([Kind]): `plain`: without the atom cache and fragments; `all`: with every flag (then first bytes and sizes are printed).
-module(wire).
-export([run/1, main/2, dies/1]).
-define(CREATION, 77).

run([Kind]) ->
    logger:set_primary_config(level, none),
    [_, Host] = string:split(atom_to_list(node()), "@"),
    Name = "wire" ++ os:getpid(),
    put(peer, list_to_atom(Name ++ "@" ++ Host)),
    {ok, L} = gen_tcp:listen(0, [binary, {active, false}, {ip, {127, 0, 0, 1}}]),
    {ok, Port} = inet:port(L),
    Alive = announce(Name, Port),
    Self = self(), Peer = get(peer), Cookie = atom_to_list(erlang:get_cookie()),
    spawn_link(fun() -> put(peer, Peer), accept(L, list_to_atom(Kind), Cookie, Self) end),
    true = net_kernel:connect_node(Peer),
    S = receive {connected, X} -> X end,
    [begin io:format("~s:~n", [What]), _ = F(), frames(S, list_to_atom(Kind), N) end
     || {N, What, F} <- said() ++ [{N, A, fun() -> gen_tcp:send(S, control(C)) end} || {N, A, C} <- heard()]],
    gen_tcp:close(Alive),
    halt().

%% The port mapper keeps a name as long as this connection stays.
announce(Name, Port) ->
    {ok, S} = gen_tcp:connect({127, 0, 0, 1}, list_to_integer(os:getenv("ERL_EPMD_PORT", "4369")), [binary, {active, false}, {packet, 0}]),
    Ask = <<120, Port:16, 77, 0, 6:16, 5:16, (length(Name)):16, (list_to_binary(Name))/binary, 0:16>>,
    ok = gen_tcp:send(S, <<(byte_size(Ask)):16, Ask/binary>>),
    {ok, <<_, 0, _/binary>>} = gen_tcp:recv(S, 0, 5000),
    S.

%% DFLAG_DIST_HDR_ATOM_CACHE and DFLAG_FRAGMENTS are what `plain` does without.
flags(Kind) ->
    {erts_dflags, D, _, _, _, _} = erts_internal:get_dflags(),
    case Kind of plain -> D band bnot 16#802000; all -> D end.

accept(L, Kind, Cookie, To) ->
    {ok, S} = gen_tcp:accept(L),
    <<$N, Flags:64, _:32, N:16, _:N/binary>> = recv2(S),
    io:format("handshake: flags ~.16B~n", [Flags]),
    ok = gen_tcp:send(S, packet2(<<"sok">>)),
    Me = atom_to_binary(get(peer)),
    ok = gen_tcp:send(S, packet2(<<$N, (flags(Kind)):64, 4711:32, ?CREATION:32, (byte_size(Me)):16, Me/binary>>)),
    <<$r, Challenge:32, Digest:16/binary>> = recv2(S),
    io:format("handshake: digest ~p~n", [Digest =:= erlang:md5(Cookie ++ "4711")]),
    ok = gen_tcp:send(S, packet2(<<$a, (erlang:md5(Cookie ++ integer_to_list(Challenge)))/binary>>)),
    ok = gen_tcp:controlling_process(S, To),
    To ! {connected, S},
    receive after infinity -> ok end.
packet2(B) -> <<(byte_size(B)):16, B/binary>>.
recv2(S) -> {ok, <<N:16>>} = gen_tcp:recv(S, 2, 5000), {ok, B} = gen_tcp:recv(S, N, 5000), B.

%% The next so many messages, and what else comes for a while. Ticks are left out.
frames(S, Kind, N) ->
    case gen_tcp:recv(S, 4, if N > 0 -> 5000; true -> 100 end) of
        {ok, <<0:32>>} -> frames(S, Kind, N);
        {ok, <<Size:32>>} -> {ok, B} = gen_tcp:recv(S, Size, 5000), frame(Kind, B), frames(S, Kind, N - 1);
        {error, timeout} -> N > 0 andalso io:format("  nothing~n")
    end.
frame(plain, <<112, B/binary>>) ->
    {Control, Used} = binary_to_term(B, [used]),
    Message = case binary:part(B, Used, byte_size(B) - Used) of <<>> -> none; M -> binary_to_term(M) end,
    io:format("  ~w ~0p ~0p~n", [Used, plain(Control), plain(Message)]);
frame(_, <<First:2/binary, _/binary>> = B) -> io:format("  ~w ~w~n", [First, byte_size(B)]).
plain(P) when is_pid(P) -> case node(P) =:= node() of true -> pid_here; false -> pid_there end;
plain(R) when is_reference(R) -> case node(R) =:= node() of true -> ref_here; false -> ref_there end;
plain(T) when is_tuple(T) -> list_to_tuple(plain(tuple_to_list(T)));
plain([A | B]) -> [plain(A) | plain(B)];
plain(A) when A =:= node() -> here;
plain(A) when is_atom(A) -> case get(peer) of A -> there; _ -> A end;
plain(I) when is_integer(I), I > 1000 -> number;
plain(X) -> X.

%% --- of the made-up node
pid() -> binary_to_term(<<131, 88, (atom())/binary, 55:32, 0:32, ?CREATION:32>>).
ref() -> binary_to_term(<<131, 90, 3:16, (atom())/binary, ?CREATION:32, 1:32, 2:32, 3:32>>).
atom() -> N = atom_to_binary(get(peer)), <<119, (byte_size(N)), N/binary>>.
control(C) -> frame_of(term_to_binary(C), case element(1, C) of Send when Send =:= 2; Send =:= 6 -> term_to_binary(go); _ -> <<>> end).
frame_of(C, M) -> <<(1 + byte_size(C) + byte_size(M)):32, 112, C/binary, M/binary>>.

main(F, P) -> spawn(fun() -> put(peer, P), F() end), timer:sleep(50).
dies(R) -> receive _ -> exit(R) end.

said() ->
    P = get(peer),
    In = fun(F) -> fun() -> main(F, P) end end,
    [{1, "send", fun() -> pid() ! {hello, "there"} end},
     {1, "send to a name", fun() -> {someone, P} ! hello end},
     {1, "send with sender, traced", In(fun() -> seq_trace:set_token(label, 17), seq_trace:set_token(send, true), pid() ! traced end)},
     {1, "send to an alias", fun() -> ref() ! by_alias end},
     {2, "link and unlink", In(fun() -> process_flag(trap_exit, true), link(pid()), unlink(pid()), receive after infinity -> ok end end)},
     {2, "link and die", In(fun() -> link(pid()), exit(because) end)},
     {1, "exit", fun() -> exit(pid(), {go, away}) end},
     {1, "kill", fun() -> exit(pid(), kill) end},
     {2, "monitor and demonitor", fun() -> demonitor(monitor(process, pid()), [flush]) end},
     {2, "monitor a name", fun() -> demonitor(monitor(process, {someone, P})) end},
     {2, "monitor with an alias", fun() -> demonitor(monitor(process, pid(), [{alias, explicit_unalias}])) end},
     {1, "group leader", fun() -> catch group_leader(self(), pid()) end},
     {1, "spawn request", fun() -> spawn_request(P, lists, seq, [1, 3]) end},
     {1, "spawn request with options", fun() -> spawn_request(P, lists, seq, [1, 3], [{reply_tag, tag}, {priority, high}, monitor, {message_queue_data, off_heap}]) end},
     {1, "large", fun() -> pid() ! binary:copy(<<"x">>, 200) end},
     {1, "tuple, list, float, map, fun", fun() -> pid() ! [{a, 1.5}, #{k => v}, fun lists:map/2, <<1:3>>, 1 bsl 70] end}].

%% Control messages to the node, and what it answers.
heard() ->
    Alive = spawn(?MODULE, dies, [over]), Linked = spawn(?MODULE, dies, [{with, reason}]),
    register(monitored, spawn(?MODULE, dies, [named])),
    [{0, "monitor", {19, pid(), Alive, ref()}},
     {1, "and its end", {2, '', Alive}},
     {1, "monitor of the dead", {19, pid(), Alive, ref()}},
     {0, "monitor of a name", {19, pid(), monitored, ref()}},
     {1, "and its end", {6, pid(), '', monitored}},
     {1, "monitor of no name", {19, pid(), nobody_here, ref()}},
     {0, "link", {1, pid(), Linked}},
     {1, "unlink", {35, 5, pid(), Linked}},
     {0, "link again", {1, pid(), Linked}},
     {1, "and its end", {2, '', Linked}},
     {1, "link to the dead", {1, pid(), Linked}}].
