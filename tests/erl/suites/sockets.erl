%% Module socket (prim_socket) on loopback: every operation, option, ioctl and kind of waiting, and gen_tcp/gen_udp on it.
-module(sockets).
-export([cases/0]).
-define(C(Name, Expr), {Name, fun() -> Expr end}).

cases() -> options() ++ streams() ++ waiting() ++ datagrams() ++ unix() ++ files() ++ ends() ++ interfaces() ++ errors() ++ backends().

loop() -> #{family => inet, addr => loopback, port => 0}.
listener() -> listener([]).
listener(Opts) ->
    {ok, L} = socket:open(inet, stream, tcp),
    [ok = socket:setopt(L, O, V) || {O, V} <- Opts],
    ok = socket:bind(L, loop()),
    ok = socket:listen(L),
    {ok, A} = socket:sockname(L),
    {L, A}.
pair() -> pair([]).
pair(Opts) ->
    {L, A} = listener(Opts),
    {ok, C} = socket:open(inet, stream, tcp),
    ok = socket:connect(C, A),
    {ok, S} = socket:accept(L),
    ok = socket:close(L),
    {C, S}.
udp() -> {ok, S} = socket:open(inet, dgram, udp), ok = socket:bind(S, loop()), {ok, A} = socket:sockname(S), {S, A}.
%% What is random in answers: ports and references.
hide(M) when is_map(M) -> maps:map(fun(port, P) when is_integer(P), P > 1023 -> port; (_, V) -> hide(V) end, M);
hide(T) when is_tuple(T) -> list_to_tuple(hide(tuple_to_list(T)));
hide([H | T]) -> [hide(H) | hide(T)];
hide(R) when is_reference(R) -> ref;
hide(P) when is_pid(P) -> pid;
hide(X) -> X.
messages(Time) -> receive X -> [hide(X) | messages(Time)] after Time -> [] end.
in_process(F) -> {P, M} = spawn_monitor(fun() -> exit({answer, F()}) end), receive {'DOWN', M, _, P, R} -> R after 5000 -> timeout end.

options() ->
    [?C({Kind, get, Level, Opt}, begin S = open(Kind), R = hide(socket:getopt(S, {Level, Opt})), socket:close(S), size_free(Opt, R) end)
     || Kind <- [tcp, udp, tcp6], {{Level, Opt}, _} <- lists:sort(socket:supports(options)), lists:member(Level, [socket, ip, ipv6, tcp, udp, sctp])]
    ++ [?C({set, Kind, Level, Opt, V}, begin S = open(Kind), R = socket:setopt(S, {Level, Opt}, V), G = socket:getopt(S, {Level, Opt}), socket:close(S), {R, G} end)
        || {Kind, Level, Opt, V} <- settings()]
    ++ [?C({native, X}, begin S = open(tcp), R = X(S), socket:close(S), R end)
        || X <- [fun(S) -> socket:setopt_native(S, {socket, keepalive}, <<1:32/native>>) end,
                 fun(S) -> socket:setopt_native(S, {socket, keepalive}, true) end,
                 fun(S) -> socket:setopt_native(S, {socket, keepalive}, 1) end,
                 fun(S) -> socket:setopt_native(S, {socket, keepalive}, foo) end,
                 fun(S) -> socket:getopt_native(S, {socket, 9}, integer) end,
                 fun(S) -> socket:getopt_native(S, {socket, keepalive}, boolean) end,
                 fun(S) -> socket:getopt_native(S, {1, 9}, 4) end,
                 fun(S) -> socket:getopt_native(S, {1, 9}, <<0:64>>) end,
                 fun(S) -> socket:getopt_native(S, {1, 9}, wrong) end,
                 fun(S) -> socket:getopt_native(S, {tcp, 1}, integer) end,
                 fun(S) -> socket:getopt(S, {otp, rcvbuf}) end,
                 fun(S) -> {socket:setopt(S, {otp, rcvbuf}, {4, 100}), socket:getopt(S, {otp, rcvbuf})} end,
                 fun(S) -> {socket:setopt(S, {otp, rcvbuf}, default), socket:getopt(S, {otp, rcvbuf})} end,
                 fun(S) -> {socket:setopt(S, {otp, meta}, {a, "b", <<"c">>}), socket:getopt(S, {otp, meta})} end,
                 fun(S) -> [socket:getopt(S, {otp, O}) || O <- [debug, iow, rcvctrlbuf, sndctrlbuf, use_registry, domain, nope]] end,
                 fun(S) -> [socket:setopt(S, {otp, O}, V) || O <- [iow, rcvctrlbuf, sndctrlbuf, rcvbuf, fd, domain], V <- [true, 0, 77, {0, 1}, bad]] end,
                 fun(S) -> {ok, Me} = socket:getopt(S, {otp, controlling_process}), Me =:= self() end]].
size_free(O, {ok, N}) when O =:= rcvbuf; O =:= sndbuf; O =:= congestion -> {ok, is_list(N) orelse N > 0};
size_free(_, R) -> R.
open(tcp) -> {ok, S} = socket:open(inet, stream, tcp), S;
open(tcp6) -> {ok, S} = socket:open(inet6, stream, tcp), S;
open(udp) -> {ok, S} = socket:open(inet, dgram, udp), S.
settings() ->
    [{tcp, socket, O, V} || O <- [keepalive, reuseaddr, reuseport, oobinline, debug, dontroute, timestamp, broadcast], V <- [true, false, 1, bad]] ++
    [{tcp, socket, linger, V} || V <- [#{onoff => true, linger => 5}, #{onoff => false, linger => 0}, abort, #{onoff => true, linger => -1}, #{}, 5]] ++
    [{tcp, socket, rcvlowat, V} || V <- [1, 100, x]] ++ [{tcp, socket, priority, 3}, {tcp, socket, type, stream}, {tcp, socket, acceptconn, true}] ++
    [{tcp, tcp, O, V} || O <- [nodelay, cork], V <- [true, false, 0]] ++ [{tcp, tcp, maxseg, 1000}, {tcp, tcp, congestion, "reno"}, {tcp, tcp, congestion, "no such"}, {tcp, tcp, congestion, reno}] ++
    [{udp, ip, tos, V} || V <- [lowdelay, throughput, reliability, mincost, 40, 0, 300, bad]] ++
    [{udp, ip, mtu_discover, V} || V <- [want, dont, do, probe, 0, bad]] ++
    [{udp, ip, O, V} || O <- [recvtos, recvttl, pktinfo, recverr, multicast_loop, multicast_all, hdrincl, freebind], V <- [true, false, 3]] ++
    [{udp, ip, ttl, V} || V <- [1, 64, 0, 256, x]] ++ [{udp, ip, multicast_ttl, 4}, {udp, ip, multicast_if, {127, 0, 0, 1}}, {udp, ip, multicast_if, x}] ++
    [{udp, ip, O, V} || O <- [add_membership, drop_membership],
                        V <- [#{multiaddr => {224, 1, 2, 3}, interface => {127, 0, 0, 1}}, #{multiaddr => {1, 2, 3, 4}, interface => any}, #{multiaddr => {224, 1, 2, 3}}, []]] ++
    [{udp, ip, add_source_membership, #{multiaddr => {232, 1, 2, 3}, interface => {127, 0, 0, 1}, sourceaddr => {127, 0, 0, 1}}},
     {tcp6, ipv6, v6only, true}, {tcp6, ipv6, unicast_hops, 5}, {tcp6, ipv6, unicast_hops, default}, {tcp6, ipv6, multicast_hops, 256},
     {tcp6, ipv6, mtu_discover, want}, {tcp6, ipv6, recvpktinfo, true}, {tcp6, ipv6, tclass, 16}, {tcp6, ipv6, addrform, inet},
     {tcp, nope, nope, 1}, {tcp, socket, nope, 1}, {tcp, otp, nope, 1}].

streams() ->
    [?C(send_recv, begin {C, S} = pair(), ok = socket:send(C, <<"hello">>), R = socket:recv(S, 5), [socket:close(X) || X <- [C, S]], R end),
     ?C(send_list, begin {C, S} = pair(), ok = socket:send(C, ["hel", [$l], <<"o">>]), R = socket:recv(S, 5), R end),
     ?C(recv_all, begin {C, S} = pair(), ok = socket:send(C, <<"hello">>), timer:sleep(30), socket:recv(S) end),
     ?C(recv_parts, begin {C, S} = pair(), spawn(fun() -> [begin timer:sleep(10), socket:send(C, <<N>>) end || N <- lists:seq(1, 8)] end), socket:recv(S, 8) end),
     ?C(recv_timeout, begin {_, S} = pair(), socket:recv(S, 4, 30) end),
     ?C(recv_part_timeout, begin {C, S} = pair(), socket:send(C, <<"ab">>), socket:recv(S, 4, 60) end),
     ?C(recv_zero_timeout, begin {C, S} = pair(), A = socket:recv(S, 0, 0), socket:send(C, <<"ab">>), timer:sleep(30), {A, socket:recv(S, 0, 0)} end),
     ?C(recv_peek, begin {C, S} = pair(), socket:send(C, <<"peek">>), {socket:recv(S, 4, [peek]), socket:recv(S, 4)} end),
     ?C(recv_flags, begin {_, S} = pair(), [catch socket:recv(S, 4, F) || F <- [[nope], [1.0], x]] end),
     ?C(buffers, begin {C, S} = pair(), ok = socket:setopt(S, {otp, rcvbuf}, {3, 10}), socket:send(C, binary:copy(<<"0123456789">>, 5)), timer:sleep(40), {socket:recv(S), socket:recv(S), catch socket:recv(S, 0, 10)} end),
     ?C(large, begin {C, S} = pair(), B = binary:copy(<<"0123456789abcdef">>, 200000), spawn(fun() -> ok = socket:send(C, B) end), {ok, R} = socket:recv(S, byte_size(B)), R =:= B end),
     ?C(sendmsg, begin {C, S} = pair(), R = socket:sendmsg(C, #{iov => [<<"a">>, <<>>, <<"bc">>]}), {R, socket:recv(S, 3)} end),
     ?C(sendmsg_many, begin {C, S} = pair(), R = socket:sendmsg(C, #{iov => [<<N:16>> || N <- lists:seq(1, 5000)]}), {ok, B} = socket:recv(S, 10000), {R, B =:= << <<N:16>> || N <- lists:seq(1, 5000) >>} end),
     ?C(sendmsg_bad, begin {C, _} = pair(), [catch socket:sendmsg(C, M) || M <- [#{iov => [a]}, #{iov => x}, #{iov => [<<1>> | <<2>>]}, #{}, x, #{iov => [<<"a">>], ctrl => [#{level => ip, type => tos}]}, #{iov => [], addr => #{family => nope}}]] end),
     ?C(recvmsg, begin {C, S} = pair(), socket:send(C, <<"msg">>), hide(socket:recvmsg(S)) end),
     ?C(names, begin {C, S} = pair(), {ok, CN} = socket:sockname(C), {ok, SP} = socket:peername(S), {CN =:= SP, hide(SP), hide(socket:peername(C))} end),
     ?C(names_unconnected, begin {ok, S} = socket:open(inet, stream), {hide(socket:sockname(S)), socket:peername(S)} end),
     ?C(shutdown, begin {C, S} = pair(), socket:send(C, <<"last">>), R = socket:shutdown(C, write), {R, socket:recv(S, 4), socket:recv(S, 1), socket:send(S, <<"x">>), socket:recv(C, 1)} end),
     ?C(shutdown_bad, begin {C, _} = pair(), [catch socket:shutdown(C, H) || H <- [read, read_write, nope]] end),
     ?C(closed_peer, begin {C, S} = pair(), socket:close(C), {socket:recv(S, 1), socket:recv(S, 0, 10)} end),
     ?C(reset, begin {C, S} = pair(), socket:setopt(C, {socket, linger}, abort), socket:close(C), timer:sleep(30), {socket:recv(S, 1), socket:send(S, <<"x">>)} end),
     ?C(info, begin {C, S} = pair(), socket:send(C, <<"abc">>), socket:recv(S, 3), I = socket:info(C), hide(maps:without([counters], I)) end),
     ?C(counters, begin {C, S} = pair(), socket:send(C, <<"abc">>), timer:sleep(20), {ok, _} = socket:recv(S, 3), maps:with([write_byte, write_pkg, write_pkg_max, read_byte, read_pkg, read_pkg_max, read_fails], maps:merge_with(fun(_, A, B) -> A + B end, maps:get(counters, socket:info(C)), maps:get(counters, socket:info(S)))) end)].

waiting() ->
    [?C(nowait_recv, begin {C, S} = pair(), R = socket:recv(S, 0, nowait), socket:send(C, <<"x">>), {hide(R), messages(100), socket:recv(S, 1)} end),
     ?C(nowait_ref, begin {C, S} = pair(), H = make_ref(), {select, {select_info, recv, H2}} = socket:recv(S, 0, [], H), socket:send(C, <<"x">>), receive {'$socket', S, select, H} -> H =:= H2 after 500 -> no end end),
     ?C(nowait_partial, begin {C, S} = pair(), socket:send(C, <<"ab">>), timer:sleep(20), hide(socket:recv(S, 4, nowait)) end),
     ?C(nowait_accept, begin {L, A} = listener(), R = socket:accept(L, nowait), {ok, C} = socket:open(inet, stream, tcp), ok = socket:connect(C, A), M = messages(100), {hide(R), M, element(1, socket:accept(L, 0))} end),
     ?C(nowait_connect, begin {_, A} = listener(), {ok, C} = socket:open(inet, stream, tcp), R = socket:connect(C, A, nowait), case R of ok -> ok; {select, _} -> messages(100), socket:connect(C) end end),
     ?C(connect_refused, begin {L, A} = listener(), socket:close(L), {ok, C} = socket:open(inet, stream, tcp), socket:connect(C, A) end),
     ?C(connect_twice, begin {_, A} = listener(), {ok, C} = socket:open(inet, stream, tcp), ok = socket:connect(C, A), socket:connect(C, A) end),
     ?C(connect_finalize_bad, begin {ok, C} = socket:open(inet, stream, tcp), catch socket:connect(C) end),
     ?C(nowait_send, begin {C, _} = pair(), B = binary:copy(<<0>>, 20000000), case socket:send(C, B, nowait) of {select, {{select_info, _, _}, Rest}} -> byte_size(Rest) < 20000000; {select, {select_info, _, _}, _} -> other; X -> X end end),
     ?C(cancel, begin {_, S} = pair(), {select, I} = socket:recv(S, 0, nowait), {socket:cancel(S, I), socket:cancel(S, I), messages(30)} end),
     ?C(cancel_sent, begin {C, S} = pair(), {select, I} = socket:recv(S, 0, nowait), socket:send(C, <<"x">>), timer:sleep(50), R = socket:cancel(S, I), {R, messages(30)} end),
     ?C(cancel_accept, begin {L, _} = listener(), {select, I} = socket:accept(L, nowait), {socket:cancel(L, I), messages(10)} end),
     ?C(cancel_bad, begin {_, S} = pair(), [catch socket:cancel(S, {select_info, Op, make_ref()}) || Op <- [recv, send, accept, connect, nope]] end),
     ?C(close_aborts, begin {_, S} = pair(), Me = self(), spawn(fun() -> Me ! {reader, socket:recv(S, 1)} end), timer:sleep(40), R = socket:close(S), {R, messages(100)} end),
     ?C(close_aborts_nowait, begin {_, S} = pair(), R = socket:recv(S, 1, nowait), socket:close(S), {hide(R), messages(60)} end),
     ?C(close_aborts_accept, begin {L, _} = listener(), Me = self(), [spawn(fun() -> Me ! {N, socket:accept(L)} end) || N <- [1, 2, 3]], timer:sleep(40), socket:close(L), lists:sort(messages(100)) end),
     ?C(acceptors, begin {L, A} = listener(), Me = self(), [spawn(fun() -> {ok, S} = socket:accept(L), Me ! {N, socket:recv(S, 1)} end) || N <- [1, 2, 3]], timer:sleep(40),
                         [begin {ok, C} = socket:open(inet, stream, tcp), ok = socket:connect(C, A), socket:send(C, <<"x">>) end || _ <- [1, 2, 3]], lists:sort(messages(200)) end),
     ?C(readers, begin {C, S} = pair(), Me = self(), [begin spawn(fun() -> Me ! {N, socket:recv(S, 1)} end), timer:sleep(20) end || N <- [1, 2, 3]], socket:send(C, <<"abc">>), messages(200) end),
     ?C(reader_dies, begin {C, S} = pair(), Me = self(), P = spawn(fun() -> socket:recv(S, 1) end), timer:sleep(20), spawn(fun() -> Me ! {two, socket:recv(S, 1)} end), timer:sleep(20), exit(P, kill), timer:sleep(20), socket:send(C, <<"abc">>), messages(100) end),
     ?C(info_waiting, begin {_, S} = pair(), spawn(fun() -> socket:recv(S, 1) end), timer:sleep(30), maps:with([num_readers, num_writers, num_acceptors, rstates], socket:info(S)) end),
     ?C(accept_while_reading, begin {L, _} = listener(), {select, _} = socket:accept(L, nowait), socket:recv(L, 0, nowait) end)].

datagrams() ->
    [?C(sendto, begin {S, A} = udp(), {C, _} = udp(), R = socket:sendto(C, <<"hi">>, A), {R, hide(socket:recvfrom(S))} end),
     ?C(sendto_bad, begin {C, _} = udp(), [catch socket:sendto(C, <<"hi">>, A) || A <- [#{family => inet, port => 70000}, #{family => inet, port => x}, #{family => inet, addr => {1, 2, 3}}, #{family => inet6, addr => any}, nope, #{}]] end),
     ?C(too_large, begin {C, A} = udp(), socket:sendto(C, binary:copy(<<0>>, 70000), A) end),
     ?C(empty, begin {S, A} = udp(), {C, _} = udp(), R = socket:sendto(C, <<>>, A), {R, hide(socket:recvfrom(S))} end),
     ?C(short_read, begin {S, A} = udp(), {C, _} = udp(), socket:sendto(C, <<"0123456789">>, A), socket:sendto(C, <<"next">>, A), {hide(socket:recvfrom(S, 4)), hide(socket:recvfrom(S, 4))} end),
     ?C(connected, begin {S, A} = udp(), {C, B} = udp(), ok = socket:connect(C, A), ok = socket:connect(S, B), ok = socket:send(C, <<"one">>), R = socket:recv(S), socket:send(S, <<"two">>), {R, hide(socket:recvfrom(C)), hide(socket:peername(C))} end),
     ?C(disconnect, begin {_, A} = udp(), {C, _} = udp(), ok = socket:connect(C, A), R = socket:connect(C, #{family => unspec, addr => <<0:112>>}), {R, socket:peername(C)} end),
     ?C(trunc, begin {S, A} = udp(), {C, _} = udp(), socket:sendto(C, <<"0123456789">>, A), hide(socket:recvmsg(S, 4, 0)) end),
     ?C(control, begin {S, A} = udp(), {C, _} = udp(), [ok = socket:setopt(S, {ip, O}, true) || O <- [recvtos, recvttl, pktinfo]], ok = socket:sendmsg(C, #{addr => A, iov => [<<"c">>]}),
                       {ok, #{ctrl := Ctrl} = M} = socket:recvmsg(S), {hide(maps:remove(ctrl, M)), lists:sort(Ctrl)} end),
     ?C(control_send, begin {S, A} = udp(), {C, _} = udp(), ok = socket:setopt(S, {ip, recvtos}, true), R = [socket:sendmsg(C, #{addr => A, iov => [<<"c">>], ctrl => [Ctrl]}) || Ctrl <- [#{level => ip, type => tos, value => mincost}, #{level => ip, type => tos, data => <<8:32/native>>}, #{level => ip, type => ttl, value => 9}, #{level => ip, type => tos, value => bad}]],
                            {R, [begin {ok, #{ctrl := X}} = socket:recvmsg(S), X end || _ <- [1, 2, 3]]} end),
     ?C(recvfrom_timeout, begin {S, _} = udp(), socket:recvfrom(S, 0, 20) end),
     ?C(refused, begin {S, A} = udp(), socket:close(S), {C, _} = udp(), ok = socket:connect(C, A), R = socket:send(C, <<"x">>), timer:sleep(20), {R, socket:recv(C, 0, 100)} end),
     ?C(recverr, begin {S, A} = udp(), socket:close(S), {C, _} = udp(), socket:setopt(C, {ip, recverr}, true), socket:connect(C, A), socket:send(C, <<"x">>), timer:sleep(20), element(1, socket:recv(C, 0, 100)) end),
     ?C(recverr_value, begin {S, A} = udp(), socket:close(S), {C, _} = udp(), socket:setopt(C, {ip, recverr}, true), socket:sendto(C, <<"x">>, A), timer:sleep(20),
                             {ok, #{ctrl := X, flags := F, iov := V}} = socket:recvmsg(C, [errqueue], 100), {X, F, V} end),
     ?C(recverr_value6, begin {ok, C} = socket:open(inet6, dgram), socket:setopt(C, {ipv6, recverr}, true), ok = socket:sendto(C, <<"x">>, #{family => inet6, addr => {0, 0, 0, 0, 0, 0, 0, 1}, port => 9}), timer:sleep(20),
                              case socket:recvmsg(C, [errqueue], 100) of {ok, #{ctrl := X, flags := F, iov := V}} -> {X, F, V}; E -> E end end)].

unix() ->
    Path = fun() -> filename:join("/tmp", "joist_sock_" ++ os:getpid() ++ integer_to_list(erlang:unique_integer([positive]))) end,
    [?C({local_protocol, Type}, begin {ok, S} = socket:open(local, Type), R = socket:getopt(S, {socket, protocol}), socket:close(S), R end) || Type <- [stream, dgram, seqpacket]] ++
    [?C(local_stream, begin P = Path(), {ok, L} = socket:open(local, stream), ok = socket:bind(L, #{family => local, path => P}), ok = socket:listen(L), {ok, C} = socket:open(local, stream), ok = socket:connect(C, #{family => local, path => P}), {ok, S} = socket:accept(L),
                      ok = socket:send(C, <<"loc">>), R = socket:recv(S, 3), {ok, #{path := N}} = socket:peername(C), file:delete(P), {R, list_to_binary(P) =:= N, socket:sockname(C)} end),
     ?C(local_dgram, begin P = Path(), {ok, S} = socket:open(local, dgram), ok = socket:bind(S, #{family => local, path => P}), {ok, C} = socket:open(local, dgram), R = socket:sendto(C, <<"d">>, #{family => local, path => P}), X = socket:recvfrom(S), file:delete(P), {R, X} end),
     ?C(abstract, begin N = iolist_to_binary([0, Path()]), {ok, S} = socket:open(local, stream), R = socket:bind(S, #{family => local, path => N}), {ok, #{path := M}} = socket:sockname(S), {R, M =:= N} end),
     ?C(local_bad, begin {ok, S} = socket:open(local, stream), [catch socket:bind(S, A) || A <- [#{family => local, path => "/no/such/dir/x"}, #{family => local, path => lists:duplicate(300, $x)}, #{family => local, path => lists:duplicate(200, $x)}, #{family => local}, #{family => inet}]] end)].

files() ->
    Name = fun(Bytes) -> F = filename:join("/tmp", "joist_sf_" ++ os:getpid()), ok = file:write_file(F, Bytes), F end,
    [?C({sendfile, Off, Count}, begin F = Name(lists:duplicate(1000, <<"0123456789">>)), {C, S} = pair(), {ok, Fd} = file:open(F, [read, raw, binary]), R = socket:sendfile(C, Fd, Off, Count), socket:close(C), B = rest(S, <<>>), file:close(Fd), file:delete(F), {R, byte_size(B), erlang:crc32(B)} end)
     || {Off, Count} <- [{0, 0}, {5, 0}, {5, 100}, {9990, 100}, {20000, 0}]] ++
    [?C(sendfile_large, begin F = Name(binary:copy(<<"0123456789abcdef">>, 300000)), {C, S} = pair(), {ok, Fd} = file:open(F, [read, raw, binary]), Me = self(), spawn(fun() -> R = socket:sendfile(C, Fd, 0, 0), socket:close(C), Me ! R end), B = rest(S, <<>>), file:delete(F), {byte_size(B), erlang:crc32(B), messages(200)} end),
     ?C(sendfile_bad, begin {C, _} = pair(), [catch socket:sendfile(C, X, 0, 0) || X <- [make_ref(), self(), x]] end)].
rest(S, Acc) -> case socket:recv(S, 0, 2000) of {ok, B} -> rest(S, <<Acc/binary, B/binary>>); _ -> Acc end.

ends() ->
    [?C(close_twice, begin {ok, S} = socket:open(inet, stream), {socket:close(S), catch socket:close(S)} end),
     ?C(closed, begin {ok, S} = socket:open(inet, stream), socket:close(S), [catch F(S) || F <- [fun(X) -> socket:send(X, <<"a">>) end, fun(X) -> socket:recv(X) end, fun(X) -> socket:sockname(X) end, fun(X) -> socket:listen(X) end,
                      fun(X) -> socket:bind(X, loop()) end, fun(X) -> socket:accept(X, 10) end, fun(X) -> socket:getopt(X, {socket, type}) end, fun(X) -> socket:setopt(X, {socket, keepalive}, true) end,
                      fun(X) -> socket:shutdown(X, read) end, fun(X) -> maps:get(rstates, socket:info(X)) end, fun(X) -> socket:getopt(X, {otp, fd}) end]] end),
     ?C(owner_dies, begin Me = self(), in_process(fun() -> {ok, S} = socket:open(inet, stream), Me ! S end), receive S -> timer:sleep(50), {socket:sockname(S), maps:get(rstates, socket:info(S))} after 500 -> no end end),
     ?C(owner_dies_peer, begin {L, A} = listener(), spawn(fun() -> {ok, C} = socket:open(inet, stream, tcp), ok = socket:connect(C, A) end), {ok, S} = socket:accept(L), socket:recv(S, 1, 1000) end),
     ?C(controlling_process, begin {C, _} = pair(), P = spawn(fun() -> receive stop -> ok end end), R = socket:setopt(C, {otp, controlling_process}, P), R2 = socket:setopt(C, {otp, controlling_process}, self()), P ! stop, timer:sleep(50), {R, R2, socket:sockname(C)} end),
     ?C(controlling_dead, begin {C, _} = pair(), P = spawn(fun() -> ok end), timer:sleep(10), socket:setopt(C, {otp, controlling_process}, P) end),
     ?C(dup, begin {C, S} = pair(), {ok, Fd} = socket:getopt(C, {otp, fd}), {ok, D} = socket:open(Fd, #{}), socket:send(D, <<"dup">>), R = socket:recv(S, 3), socket:close(D), socket:send(C, <<"still">>), {R, socket:recv(S, 5), maps:with([domain, type, protocol, wstates], socket:info(D))} end),
     ?C(fromfd_bad, [catch socket:open(N, O) || {N, O} <- [{-1, #{}}, {12345, #{}}, {12345, #{domain => inet, type => stream}}, {x, #{}}]]),
     ?C(which, begin {ok, S} = socket:open(inet, stream), W = length([X || X <- socket:which_sockets(), X =:= S]), N = socket:number_of(), socket:close(S), {W, N > 0} end),
     ?C(monitor, begin {ok, S} = socket:open(inet, stream), M = socket:monitor(S), socket:close(S), receive {'DOWN', M, socket, S, R} -> R after 500 -> none end end),
     ?C(linger_close, begin {C, S} = pair(), socket:setopt(C, {socket, linger}, #{onoff => true, linger => 1}), socket:send(C, <<"x">>), {socket:close(C), socket:recv(S, 1)} end)].

interfaces() ->
    Lo = fun(R) -> {ok, S} = socket:open(inet, dgram), X = socket:ioctl(S, R, "lo"), socket:close(S), X end,
    [?C({ioctl, R}, Lo(R)) || R <- [gifaddr, gifbrdaddr, gifdstaddr, gifflags, gifindex, gifmap, gifmtu, gifnetmask, giftxqlen, nope, gifconf]] ++
    [?C(gifconf, begin {ok, S} = socket:open(inet, dgram), {ok, L} = socket:ioctl(S, gifconf), [X || #{name := "lo"} = X <- L] end),
     ?C(gifname, begin {ok, S} = socket:open(inet, dgram), [catch socket:ioctl(S, gifname, I) || I <- [1, 99999, x]] end),
     ?C(unknown_name, begin {ok, S} = socket:open(inet, dgram), [catch socket:ioctl(S, gifmtu, N) || N <- ["nosuch0", x, lists:duplicate(40, $a)]] end),
     ?C(set_bad, begin {ok, S} = socket:open(inet, dgram), [catch socket:ioctl(S, R, "nosuch0", V) || {R, V} <- [{sifmtu, 10}, {sifmtu, x}, {sifflags, #{up => true}}, {sifflags, #{nope => true}}, {sifaddr, #{family => inet}}, {siftxqlen, 5}, {gifmtu, 1}]] end),
     ?C(supports, [{K, lists:sort(socket:supports(K))} || K <- [ioctl_requests, ioctl_flags, msg_flags]]),
     ?C(supports_all, lists:sort([case X of {K, L} when is_list(L) -> {K, lists:sort(L)}; _ -> X end || X <- socket:supports()])),
     ?C(is_supported, [socket:is_supported(K) || K <- [sctp, ipv6, local, netns, sendfile, nope]] ++ [socket:is_supported(options, {tcp, nodelay}), socket:is_supported(options, {tcp, nope}), socket:is_supported(protocols, tcp)])].

errors() ->
    [?C({open, A}, case catch apply(socket, open, A) of {ok, S} -> socket:close(S), opened; E -> E end)
     || A <- [[inet, stream, default], [inet, stream, udp], [inet, nope], [nope, stream], [inet, stream, nope], [inet, 77], [77, stream], [inet, dgram, tcp], [inet6, dgram], [local, seqpacket], [inet, stream, tcp, #{netns => "/no/such"}], [inet, stream, {raw, 6}], [inet, stream, 6]]] ++
    [?C({bind, N}, begin {ok, S} = socket:open(inet, stream), R = catch socket:bind(S, A), socket:close(S), R end)
     || {N, A} <- [{any, any}, {loop, loopback}, {broad, broadcast}, {foreign, #{family => inet, addr => {8, 8, 8, 8}}}, {six, #{family => inet6}}, {extra, #{family => inet, foo => 1}}, {low, #{family => inet, port => -1}}, {nofam, #{port => 0}}, {list, []}]] ++
    [?C(in_use, begin {_, A} = listener(), {ok, S} = socket:open(inet, stream), socket:bind(S, A) end),
     ?C(not_listening, begin {ok, S} = socket:open(inet, stream), socket:accept(S, 10) end),
     ?C(not_connected, begin {ok, S} = socket:open(inet, stream), {socket:send(S, <<"x">>), socket:recv(S, 1, 10)} end),
     ?C(listen_bad, begin {ok, S} = socket:open(inet, stream), [catch socket:listen(S, B) || B <- [x, 1 bsl 40, -1]] end),
     ?C(bad_socket, [catch F({'$socket', make_ref()}) || F <- [fun(S) -> socket:recv(S) end, fun(S) -> socket:send(S, <<>>) end, fun(S) -> socket:close(S) end, fun(S) -> socket:info(S) end]]),
     ?C(lengths, begin {_, S} = pair(), [catch socket:recv(S, N, 10) || N <- [-1, x, 1 bsl 70]] end)].

backends() ->
    B = {inet_backend, socket},
    [?C({gen_tcp, Mode, Packet}, begin {ok, L} = gen_tcp:listen(0, [B, {active, false}, {packet, Packet}, {ip, {127, 0, 0, 1}}, Mode]), {ok, P} = inet:port(L), {ok, C} = gen_tcp:connect({127, 0, 0, 1}, P, [B, {active, true}, {packet, Packet}, Mode]), {ok, S} = gen_tcp:accept(L),
          ok = gen_tcp:send(S, <<"line one\n">>), ok = gen_tcp:send(C, <<"answer\n">>), R = gen_tcp:recv(S, 0, 500), M = [setelement(2, X, socket) || X <- raw(100)], gen_tcp:close(C), {R, M, gen_tcp:recv(S, 0, 500)} end)
     || Mode <- [binary, list], Packet <- [0, 1, 2, 4, line]] ++
    [?C(gen_tcp_once, begin {ok, L} = gen_tcp:listen(0, [B, {active, once}, binary]), {ok, P} = inet:port(L), {ok, C} = gen_tcp:connect("localhost", P, [B, binary, {active, false}]), {ok, S} = gen_tcp:accept(L), gen_tcp:send(C, "a"), A = [setelement(2, X, s) || X <- raw(60)], gen_tcp:send(C, "b"), N = raw(40), inet:setopts(S, [{active, once}]), {A, N, [setelement(2, X, s) || X <- raw(60)], inet:getopts(S, [active])} end),
     ?C(gen_udp, begin {ok, S} = gen_udp:open(0, [B, binary, {active, true}]), {ok, P} = inet:port(S), {ok, C} = gen_udp:open(0, [B]), ok = gen_udp:send(C, {127, 0, 0, 1}, P, "dgram"), [element(5, X) || X <- raw(100)] end),
     ?C(gen_tcp_refused, gen_tcp:connect({127, 0, 0, 1}, 1, [B]))].
raw(T) -> receive X -> [X | raw(T)] after T -> [] end.
