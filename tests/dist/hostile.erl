%% What an unfriendly neighbour does to a node's distribution port. tests/dist/hostile runs it.
%% run(Name, Cookie, Kind): a line per attack: how the connection ended, whether the node lives, what it logged.
%% Kind `common`: attacks that stock survives too; `own`: those that would end it.
-module(hostile).
-export([run/1]).

run([Name, Cookie, Log, Kind]) ->
    [_, Host] = string:split(atom_to_list(node()), "@"),
    logger:set_primary_config(level, none),
    Node = list_to_atom(Name ++ "@" ++ Host),
    Port = port_of(Name, 100),
    connect(Node, 30),
    put(host, Host), put(name, Name), put(cookie, Cookie),
    rpc:call(Node, erlang, memory, [total]),
    [attack(What, F, Port, Node, Log) || {What, F} <- case Kind of "common" -> before() ++ common(); "own" -> own() end],
    [attack(What, F, list_to_integer(os:getenv("ERL_EPMD_PORT")), Node, Log) || Kind =:= "own", {What, F} <- port_mapper()],
    [io:format("peak within bounds: ~p~n", [peak(Node) < list_to_integer(os:getenv("PEAK_KB", "1000000"))]) || Kind =:= "own"],
    rpc:cast(Node, erlang, halt, [0]),
    timer:sleep(100),
    halt().

%% KB of memory that the node had at most.
peak(Node) ->
    {ok, B} = rpc:call(Node, file, read_file, ["/proc/self/status"]),
    {match, [KB]} = re:run(B, "VmHWM:\\s*([0-9]+)", [{capture, all_but_first, list}]),
    list_to_integer(KB).

port_of(_, 0) -> halt(1);
port_of(Name, N) ->
    case erl_epmd:port_please(Name, {127, 0, 0, 1}) of
        {port, Port, _} -> Port;
        _ -> timer:sleep(100), port_of(Name, N - 1)
    end.

%% A node under a sanitizer on a busy machine may need more than the second that it gives a handshake.
connect(Node, N) ->
    case net_adm:ping(Node) of
        pong -> ok;
        pang when N > 0 -> timer:sleep(200), connect(Node, N - 1)
    end.

attack(What, F, Port, Node, Log) ->
    {ok, Seen} = file:read_file(Log),
    {ok, S} = gen_tcp:connect({127, 0, 0, 1}, Port, [binary, {active, false}, {packet, 0}]),
    How = try F(S) catch throw:T -> T end,
    gen_tcp:close(S),
    timer:sleep(200),
    Alive = rpc:call(Node, erlang, node, []) =:= Node,
    {ok, All} = file:read_file(Log),
    Lines = string:split(binary:part(All, byte_size(Seen), byte_size(All) - byte_size(Seen)), "\n", all),
    io:format("~s: ~p, ~s, ~0p~n", [What, How, case Alive of true -> lives; _ -> gone end, [plain(L, Node) || L <- Lines, L =/= <<>>, binary:match(L, <<" REPORT===">>) =:= nomatch]]),
    ok.

%% Log lines without what changes from run to run.
plain(L, Node) ->
    lists:foldl(fun({Re, With}, T) -> re:replace(T, Re, With, [global, {return, list}]) end, L,
                [{atom_to_list(Node), "NODE"}, {"hostile[0-9]*@[a-z0-9A-Z]*", "CLIENT"}, {"#Port<[0-9.]*>", "PORT"}, {"<[0-9]+\\.[0-9]+\\.[0-9]+>", "PID"}, {"<<[0-9,.]*>>|^>>$", "BYTES"}, {"channel [0-9]+", "channel N"}, {"{{127.*", "ADDRESS"}]).

send(S, Bytes) -> _ = gen_tcp:send(S, Bytes), ok.
%% Waits for the other side to close.
closed(S) -> closed(S, 8000).
closed(S, Ms) -> case gen_tcp:recv(S, 0, Ms) of {ok, _} -> closed(S, Ms); {error, timeout} -> open; {error, _} -> closed end.
packet2(B) -> <<(byte_size(B)):16, B/binary>>.
packet4(B) -> <<(byte_size(B)):32, B/binary>>.
recv2(S) ->
    case gen_tcp:recv(S, 2, 5000) of
        {ok, <<N:16>>} -> {ok, B} = gen_tcp:recv(S, N, 5000), B;
        {error, R} -> throw({refused, R})
    end.

flags() -> {erts_dflags, D, _, _, _, _} = erts_internal:get_dflags(), D.
client() -> iolist_to_binary(["hostile", integer_to_list(erlang:unique_integer([positive])), "@", get(host)]).
name(Flags, Name) -> packet2(<<$N, Flags:64, 77:32, (byte_size(Name)):16, Name/binary>>).
%% A handshake; the socket is then a connection.
shake(S) -> shake(S, get(cookie)).
shake(S, Cookie) ->
    send(S, name(flags(), client())),
    case recv2(S) of <<"sok", _/binary>> -> ok; Status -> throw({refused, Status}) end,
    <<$N, _:64, Challenge:32, _/binary>> = recv2(S),
    send(S, packet2(<<$r, 1:32, (digest(Challenge, Cookie))/binary>>)),
    case recv2(S) of <<$a, _:16/binary>> -> ok end.
digest(Challenge, Cookie) -> erlang:md5(Cookie ++ integer_to_list(Challenge)).

before() -> [
 {"garbage", fun(S) -> send(S, packet2(crypto_like(100))), closed(S) end},
 {"nothing", fun(S) -> closed(S) end},
 {"empty_packets", fun(S) -> send(S, binary:copy(<<0, 0>>, 1000)), closed(S) end},
 {"announced_and_missing", fun(S) -> send(S, <<16#ffff:16, "Nabc">>), closed(S) end},
 {"half_handshake", fun(S) -> send(S, name(flags(), client())), _ = recv2(S), closed(S) end},
 {"half_handshake_and_gone", fun(S) -> send(S, name(flags(), client())), _ = recv2(S), _ = recv2(S), gen_tcp:close(S), gone end},
 {"wrong_cookie", fun(S) -> shake(S, "wrong"), closed(S) end},
 {"no_flags", fun(S) -> send(S, name(0, client())), recv2(S) end},
 {"bad_name", fun(S) -> send(S, name(flags(), <<"no_host">>)), closed(S) end},
 {"long_name", fun(S) -> send(S, name(flags(), <<(binary:copy(<<"x">>, 5000))/binary, "@h">>)), closed(S) end},
 {"name_size_lies", fun(S) -> send(S, packet2(<<$N, (flags()):64, 1:32, 60000:16, "a@b">>)), closed(S) end},
 {"challenge_garbage", fun(S) -> send(S, name(flags(), client())), _ = recv2(S), _ = recv2(S), send(S, packet2(crypto_like(60))), closed(S) end},
 {"http", fun(S) -> send(S, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"), closed(S) end}].

crypto_like(N) -> iolist_to_binary([<<(erlang:phash2(I, 256))>> || I <- lists:seq(1, N)]).
header(Body) -> packet4(<<131, 68, 0, Body/binary>>).
control(T) -> <<131, B/binary>> = term_to_binary(T), B.

%% After a good handshake.
common() -> [{W, fun(S) -> shake(S), F(S), closed(S) end} || {W, F} <- [
 {"bytes", fun(S) -> send(S, packet4(crypto_like(100))) end},
 {"pass_through", fun(S) -> send(S, packet4(<<112, 131, 97, 1>>)) end},
 {"header_cut", fun(S) -> send(S, packet4(<<131, 68, 5, 1, 2>>)) end},
 {"unknown_cached_atom", fun(S) -> send(S, packet4(<<131, 68, 1, 0, 17, 104, 1, 82, 0>>)) end},
 {"no_control", fun(S) -> send(S, header(<<>>)) end},
 {"control_no_tuple", fun(S) -> send(S, header(control(hello))) end},
 {"control_cut", fun(S) -> send(S, header(<<104, 3, 97>>)) end},
 {"unknown_operation", fun(S) -> send(S, header(control({99, a, b}))) end},
 {"wrong_arity", fun(S) -> send(S, header(control({1, a}))) end},
 {"link_from_elsewhere", fun(S) -> send(S, header(control({1, self(), self()}))) end},
 {"exit_from_no_pid", fun(S) -> send(S, header(control({3, a, b, c}))) end}]].

%% What stock would not survive, does not bound, or says nothing or something else of.
own() -> [{W, fun(S) -> shake(S), F(S), closed(S, 20000) end} || {W, F} <- [
 {"short_header", fun(S) -> send(S, packet4(<<131>>)) end},
 {"continued_first", fun(S) -> send(S, packet4(<<131, 70, 1:64, 3:64, 1, 2, 3>>)) end},
 {"fragment_zero", fun(S) -> send(S, packet4(<<131, 69, 1:64, 0:64, 0, 1, 2, 3>>)) end},
 {"atoms", fun(S) -> [send(S, header(<<(control({6, self(), '', nobody}))/binary, (list([<<119, 8, (I * 1000 + J):64>> || J <- lists:seq(0, 999)]))/binary>>)) || I <- lists:seq(16#41414, 16#41414 + 30)],
                      atoms(S, 0) end},
 {"header_atoms", fun(S) -> header_atoms(S, 0) end},
 {"fragments", fun(S) -> fragments(S, 0) end},
 {"announced_bytes", fun(S) -> send(S, <<16#fffffff0:32, 131, 68, 0>>), gen_tcp:shutdown(S, write) end},
 {"lists_of_lies", fun(S) -> [send(S, header(<<(control({6, self(), '', init}))/binary, T:8, 16#ffffffff:32, 0>>)) || T <- [105, 108, 109, 111, 116, 112]] end},
 {"deep", fun(S) -> send(S, header(<<(control({6, self(), '', init}))/binary, (binary:copy(<<104, 1>>, 10000000))/binary, 106>>)) , send(S, packet4(<<0>>)) end}]].
%% On the port mapper, which must go on to name the node.
port_mapper() -> [{"port_mapper_" ++ W, fun(S) -> F(S), closed(S, 1000), element(1, erl_epmd:port_please(get(name), {127, 0, 0, 1})) end} || {W, F} <- [
 {"garbage", fun(S) -> send(S, packet2(crypto_like(500))) end},
 {"oversized", fun(S) -> send(S, <<16#ffff:16, (crypto_like(70000))/binary>>) end},
 {"truncated", fun(S) -> send(S, <<16#00, 100, 120, 1>>) end}]].
list(Ts) -> iolist_to_binary([<<108, (length(Ts)):32>>, Ts, 106]).

%% Until the node closes: new atoms in terms, which go to a registered process.
atoms(_, 3000) -> ok;
atoms(S, N) ->
    Body = list([<<119, 10, (list_to_binary(io_lib:format("~10..0b", [N * 1000 + J])))/binary>> || J <- lists:seq(0, 999)]),
    case gen_tcp:send(S, header(<<(control({29, make_there(S), there(S), there(S), {erlang, abs, 1}, []}))/binary, Body/binary>>)) of
        ok -> atoms(S, N + 1);
        _ -> ok
    end.
%% A reference and a pid of a node of that kind of name.
there(_) -> binary_to_term(<<131, 88, 119, 3, "x@y", 1:32, 0:32, 77:32>>).
make_there(_) -> binary_to_term(<<131, 90, 3:16, 119, 3, "x@y", 77:32, 1:32, 2:32, 3:32>>).
header_atoms(_, 20000) -> ok;
header_atoms(S, N) ->
    Count = 200,
    Flags = binary:copy(<<16#88>>, Count div 2),
    Refs = iolist_to_binary([<<I, 9, (N * Count + I):72>> || I <- lists:seq(0, Count - 1)]),
    case gen_tcp:send(S, packet4(<<131, 68, Count, Flags/binary, 0, Refs/binary, (control({6, there(S), '', nobody}))/binary, 106>>)) of
        ok -> header_atoms(S, N + 1);
        _ -> ok
    end.
%% First fragments of messages that never end.
fragments(_, 200000) -> ok;
fragments(S, N) ->
    Body = binary:copy(<<0>>, 2000),
    case gen_tcp:send(S, packet4(<<131, 69, N:64, 100:64, 0, Body/binary>>)) of
        ok -> fragments(S, N + 1);
        _ -> ok
    end.
