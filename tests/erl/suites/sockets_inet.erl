%% The inet drivers: gen_tcp, gen_udp and inet on their default backend.
-module(sockets_inet).
-export([cases/0]).

-define(C(Name, Expr), {Name, fun() -> Expr end}).
-define(LO, {127, 0, 0, 1}).

cases() ->
    options() ++ packets() ++ active() ++ passive() ++ lifecycle() ++ errors() ++ sending() ++ accepting() ++ datagrams() ++
        local() ++ host() ++ faults() ++ sctp().

%% --- SCTP, where the kernel has none
sctp() ->
    case filelib:is_dir("/proc/net/sctp") of
        true -> [];
        false ->
            [?C({sctp, 1}, gen_sctp:open()), ?C({sctp, 2}, gen_sctp:open(0, [{ip, ?LO}])), ?C({sctp, 3}, gen_sctp:open([{type, stream}])), ?C({sctp, 4}, gen_sctp:open(0, [inet6])),
             ?C({sctp, 5}, gen_sctp:open(x)), ?C({sctp, 6}, gen_sctp:open([bad])), ?C({sctp, 7}, socket:open(inet, stream, sctp)), ?C({sctp, 8}, socket:open(inet, seqpacket, sctp))] ++
            [?C({sctp, F, T}, prim_inet:open(sctp, F, T)) || F <- [inet, inet6], T <- [stream, seqpacket, dgram]]
    end.

%% --- helpers
listen(Opts) ->
    {ok, L} = gen_tcp:listen(0, [{ip, ?LO}, {active, false} | Opts]),
    {ok, P} = inet:port(L),
    {L, P}.

pair(ServerOpts, ClientOpts) ->
    {L, P} = listen(ServerOpts),
    {ok, C} = gen_tcp:connect(?LO, P, [{active, false} | ClientOpts], 5000),
    {ok, S} = gen_tcp:accept(L, 5000),
    gen_tcp:close(L),
    {S, C}.

%% Messages until it has been quiet for a while; sockets replaced by names.
gather(T) ->
    receive M -> [M | gather(T)] after T -> [] end.
named(Sockets, Term) -> named1(maps:from_list(Sockets), Term).
named1(M, T) when is_port(T) -> maps:get(T, M, port);
named1(M, T) when is_tuple(T) -> list_to_tuple(named1(M, tuple_to_list(T)));
named1(M, [H | T]) -> [named1(M, H) | named1(M, T)];
named1(_, T) -> T.

flush() -> gather(0).

%% --- options
options() ->
    Tcp = [reuseaddr, keepalive, dontroute, linger, broadcast, sndbuf, recbuf, priority, tos, tclass, ttl, recvtos, recvtclass,
           recvttl, nodelay, nopush, multicast_ttl, multicast_loop, ipv6_v6only, buffer, header, active, packet, mode, deliver,
           exit_on_close, high_watermark, low_watermark, high_msgq_watermark, low_msgq_watermark, send_timeout,
           send_timeout_close, delay_send, packet_size, read_packets, netns, show_econnreset, bind_to_device,
           pktoptions, line_delimiter, raw, nosuch],
    Values = [{reuseaddr, true}, {keepalive, true}, {dontroute, true}, {linger, {true, 3}}, {linger, {false, 0}},
              {broadcast, true}, {sndbuf, 32768}, {recbuf, 4096}, {recbuf, 70000}, {priority, 3}, {tos, 16}, {tclass, 4},
              {ttl, 33}, {ttl, 0}, {ttl, 300}, {recvtos, true}, {recvttl, true}, {recvtclass, true}, {nodelay, true},
              {nopush, true}, {multicast_ttl, 3}, {multicast_loop, false}, {ipv6_v6only, true}, {buffer, 0}, {buffer, 5000},
              {header, 3}, {packet, 4}, {packet, line}, {packet, http}, {packet, 3}, {mode, list}, {mode, binary},
              {deliver, port}, {exit_on_close, false}, {high_watermark, 10}, {high_watermark, -1}, {low_watermark, 100000},
              {low_watermark, 5}, {high_msgq_watermark, 3}, {high_msgq_watermark, 0}, {low_msgq_watermark, 99999},
              {send_timeout, 77}, {send_timeout, infinity}, {send_timeout_close, true}, {delay_send, true},
              {packet_size, 1000}, {read_packets, 7}, {read_packets, 0}, {show_econnreset, true}, {active, once}, {active, 5},
              {active, -5}, {active, 40000}, {active, maybe}, {bind_to_device, <<"nosuch0">>},
              {raw, 6, 1, <<1:32/native>>}, {raw, 6, 9999, <<1:32/native>>}, {raw, 0, 1, <<16:32/native>>},
              {line_delimiter, $x}, {nosuch, 1}, {tos, atom}, {netns, <<"/nosuch">>}, {add_membership, {{224, 0, 0, 9}, ?LO}},
              {add_membership, {{224, 0, 0, 9}, any}}, {drop_membership, {{224, 0, 0, 9}, ?LO}}, {multicast_if, ?LO}],
    [{{get_tcp, O}, fun() -> {L, _} = listen([]), inet:getopts(L, [O]) end} || O <- Tcp, not volatile(O)] ++
        [{{get_udp, O}, fun() -> {ok, U} = gen_udp:open(0, [{ip, ?LO}]), inet:getopts(U, [O]) end} || O <- Tcp, not volatile(O)] ++
        [{{get_local, O}, fun() -> {ok, U} = gen_udp:open(0, [{ifaddr, {local, <<0, "jst", (unique())/binary>>}}]),
                                   inet:getopts(U, [O]) end} || O <- Tcp, not volatile(O)] ++
        [{{get_connected, O}, fun() -> {S, C} = pair([], []), {inet:getopts(S, [O]), inet:getopts(C, [O])} end}
         || O <- Tcp, not volatile(O)] ++
        [{{set_tcp, V}, fun() -> {_, C} = pair([], []), set_get(C, V) end} || V <- Values] ++
        [{{set_listener, V}, fun() -> {L, _} = listen([]), set_get(L, V) end} || V <- Values] ++
        [{{set_udp, V}, fun() -> {ok, U} = gen_udp:open(0, [{ip, ?LO}]), set_get(U, V) end} || V <- Values] ++
        [?C(order, begin {L, _} = listen([]), inet:getopts(L, [mode, active, nodelay, packet, header]) end),
         ?C(several, begin {_, C} = pair([], []), ok = inet:setopts(C, [{nodelay, true}, {packet, 2}, list]),
                           inet:getopts(C, [nodelay, packet, mode]) end),
         ?C(last_wins, begin {_, C} = pair([], []), ok = inet:setopts(C, [{packet, 2}, {packet, 4}]), inet:getopts(C, [packet]) end),
         ?C(tos_and_priority, begin {_, C} = pair([], []), ok = inet:setopts(C, [{tos, 8}, {priority, 2}, {keepalive, true}]),
                                    inet:getopts(C, [tos, priority, keepalive]) end),
         ?C(inherited, begin {S, _} = pair([{packet, 2}, {header, 1}, {nodelay, true}, {send_timeout, 9}, {buffer, 77},
                                            {high_watermark, 33}, {exit_on_close, false}, list, {packet_size, 55},
                                            {show_econnreset, true}, {delay_send, true}, {high_msgq_watermark, 55555}], []),
                             inet:getopts(S, [packet, header, nodelay, send_timeout, buffer, high_watermark, low_watermark,
                                              exit_on_close, mode, packet_size, show_econnreset, delay_send,
                                              high_msgq_watermark, low_msgq_watermark, line_delimiter]) end),
         ?C(raw_get, begin {L, _} = listen([]), inet:getopts(L, [{raw, 1, 2, 4}, {raw, 6, 1, <<0:32>>}, {raw, 77, 77, 4}]) end),
         ?C(raw_get_bad, begin {L, _} = listen([]), inet:getopts(L, [{raw, 1, 2, 100000}]) end),
         ?C(tcp_info, begin {_, C} = pair([], []), {ok, [{raw, 6, 11, <<State, _/binary>>}]} = inet:getopts(C, [{raw, 6, 11, 104}]),
                            State end),
         ?C(closed, begin {_, C} = pair([], []), gen_tcp:close(C), {inet:getopts(C, [active]), inet:setopts(C, [{active, true}])} end),
         ?C(getstat, begin {S, C} = pair([], []), [ok = gen_tcp:send(C, lists:duplicate(N, $a)) || N <- [1, 10, 100]],
                           {ok, _} = gen_tcp:recv(S, 111, 1000), {ok, _} = {ok, C},
                           {inet:getstat(C), inet:getstat(S, [recv_oct, recv_cnt, recv_max, recv_avg, recv_dvi])} end),
         ?C(getstat_bad, begin {L, _} = listen([]), inet:getstat(L, [nosuch]) end)].

volatile(O) -> lists:member(O, [sndbuf, recbuf]).
unique() -> integer_to_binary(erlang:unique_integer([positive])).

set_get(S, V) ->
    flush(),
    R = inet:setopts(S, [V]),
    G = case V of
            {raw, P, O, B} -> inet:getopts(S, [{raw, P, O, byte_size(B)}]);
            {O, _} when O =:= add_membership; O =:= drop_membership; O =:= netns; O =:= line_delimiter -> none;
            {multicast_if, _} -> none;
            {recbuf, _} -> inet:getopts(S, [recbuf, buffer]);
            {O, _} -> inet:getopts(S, [O])
        end,
    {R, G, named([], gather(0))}.

%% --- packets: what is sent in pieces arrives as packets
packets() ->
    Modes = [0, 1, 2, 4, raw, asn1, cdr, sunrm, fcgi, tpkt, line, http, httph, http_bin, httph_bin],
    [{{send, M, Mode}, fun() -> send_case(M, Mode) end} || M <- Modes, Mode <- [binary, list]] ++
        [{{receive_passive, M, Mode, Pieces}, fun() -> receive_passive(M, Mode, Pieces) end}
         || M <- Modes, Mode <- [binary, list], Pieces <- [whole, bytes, three]] ++
        [{{receive_active, M, A, Pieces}, fun() -> receive_active(M, A, Pieces) end}
         || M <- Modes, A <- [true, once, 3], Pieces <- [whole, three]] ++
        [{{header, H, M}, fun() -> {S, C} = pair([binary, {header, H}, {packet, M}], [{packet, M}]),
                                   ok = gen_tcp:send(C, "abc"), gen_tcp:recv(S, 0, 2000) end} || H <- [0, 1, 2, 3, 4], M <- [0, 2]] ++
        [{{packet_size, M, N}, fun() -> {S, C} = pair([{packet, M}, {packet_size, 10}], []),
                                        ok = gen_tcp:send(C, sample(M, N)), R = gen_tcp:recv(S, 0, 2000),
                                        {R, gen_tcp:recv(S, 0, 100)} end} || M <- [1, 2, 4, line, asn1, tpkt], N <- [9, 10, 11]] ++
        [{{packet_size_active, M}, fun() -> {S, C} = pair([{packet, M}, {packet_size, 10}], []), inet:setopts(S, [{active, true}]),
                                            process_flag(trap_exit, true), ok = gen_tcp:send(C, sample(M, 11)),
                                            named([{S, s}, {C, c}], gather(100)) end} || M <- [1, 2, 4, line]] ++
        [?C(long_line, begin {S, C} = pair([{packet, line}, {buffer, 8}], []), ok = gen_tcp:send(C, "0123456789abcdef\nxy\n"),
                             [gen_tcp:recv(S, 0, 500) || _ <- [1, 2, 3, 4]] end),
         ?C(line_delimiter, begin {S, C} = pair([{packet, line}], []), ok = inet:setopts(S, [{line_delimiter, $;}]),
                                  ok = gen_tcp:send(C, "ab;c\nd;"), [gen_tcp:recv(S, 0, 500) || _ <- [1, 2]] end),
         ?C(big_packet, begin {S, C} = pair([{packet, 4}, binary], [{packet, 4}]), B = binary:copy(<<"0123456789">>, 30000),
                              spawn_link(fun() -> gen_tcp:send(C, B), gen_tcp:send(C, "end"), timer:sleep(1000) end),
                              {ok, X} = gen_tcp:recv(S, 0, 5000), {X =:= B, gen_tcp:recv(S, 0, 1000)} end),
         ?C(change_mode, begin {S, C} = pair([{packet, line}, binary], []), ok = gen_tcp:send(C, "line\n", []),
                               ok = gen_tcp:send(C, <<0, 2, "ab", "raw">>), A = gen_tcp:recv(S, 0, 500),
                               ok = inet:setopts(S, [{packet, 2}]), B = gen_tcp:recv(S, 0, 500),
                               ok = inet:setopts(S, [{packet, raw}]), {A, B, gen_tcp:recv(S, 0, 500)} end),
         ?C(bad_cdr, begin {S, C} = pair([{packet, cdr}], []), ok = gen_tcp:send(C, "NOTGIOPxxxxxxxx"), gen_tcp:recv(S, 0, 500) end),
         ?C(bad_tpkt, begin {S, C} = pair([{packet, tpkt}], []), ok = gen_tcp:send(C, <<4, 0, 0, 8, 1, 2, 3, 4>>), gen_tcp:recv(S, 0, 500) end),
         ?C(recv_length_with_packet, begin {S, _} = pair([{packet, 2}], []), gen_tcp:recv(S, 3, 100) end),
         ?C(unrecv, begin {S, C} = pair([binary], []), ok = gen_tcp:send(C, "tail"), {ok, <<"tail">>} = gen_tcp:recv(S, 4, 500),
                          ok = gen_tcp:unrecv(S, <<"tail">>), ok = gen_tcp:unrecv(S, "head "), gen_tcp:recv(S, 9, 500) end),
         ?C(deliver_port, begin {S, C} = pair([binary, {deliver, port}], []), inet:setopts(S, [{active, once}]),
                                ok = gen_tcp:send(C, "data"), named([{S, s}], gather(100)) end),
         ?C(deliver_port_list, begin {S, C} = pair([list, {deliver, port}, {header, 2}], []), inet:setopts(S, [{active, true}]),
                                     ok = gen_tcp:send(C, "data"), named([{S, s}], gather(100)) end)].

send_case(M, Mode) ->
    {S, C} = pair([binary, {packet, raw}], [{packet, M}, Mode]),
    ok = gen_tcp:send(C, "hello"),
    ok = gen_tcp:send(C, [<<"wor">>, $l, ["d"]]),
    ok = gen_tcp:send(C, []),
    gen_tcp:shutdown(C, write),
    all(S, <<>>).
all(S, Acc) ->
    case gen_tcp:recv(S, 0, 2000) of {ok, B} -> all(S, <<Acc/binary, B/binary>>); E -> {Acc, E} end.

sample(1, N) -> <<N, (binary:copy(<<"x">>, N))/binary>>;
sample(2, N) -> <<N:16, (binary:copy(<<"x">>, N))/binary>>;
sample(4, N) -> <<N:32, (binary:copy(<<"x">>, N))/binary>>;
sample(line, N) -> [binary:copy(<<"x">>, N - 1), $\n];
sample(asn1, N) -> <<4, N, (binary:copy(<<"x">>, N))/binary>>;
sample(tpkt, N) -> <<3, 0, (N + 4):16, (binary:copy(<<"x">>, N))/binary>>.

stream(M) when M =:= 1; M =:= 2; M =:= 4; M =:= asn1; M =:= tpkt -> [sample(M, N) || N <- [3, 0, 100]];
stream(line) -> "first line\nsecond\r\n\nlast\n";
stream(M) when M =:= 0; M =:= raw -> "anything at all";
stream(cdr) -> [<<"GIOP", 1, 0, 0, 0, 5:32, "hello">>, <<"GIOP", 1, 0, 1, 0, 2:32/little, "xy">>];
stream(sunrm) -> [<<16#80000003:32, "abc">>, <<2:32, "de">>];
stream(fcgi) -> [<<1, 2, 0, 1, 3:16, 2, 0, "abc", 0, 0>>, <<1, 2, 0, 1, 0:16, 0, 0>>];
stream(M) when M =:= http; M =:= http_bin ->
    ["GET /index.html HTTP/1.1\r\nHost: example.org\r\nX-Own: yes\r\nContent-length: 3\r\n\r\n",
     "OPTIONS * HTTP/1.0\r\n\r\n", "HTTP/1.1 404 Not Found\r\nServer:x\r\n\r\n", "BREW http://a.b:8080/pot HTTP/1.1\r\n\r\n", "nonsense\r\n"];
stream(M) when M =:= httph; M =:= httph_bin -> "Host: a\r\nAccept: b\r\n c\r\n\r\n".

pieces(whole, B) -> [B];
pieces(bytes, B) -> [<<X>> || <<X>> <= B];
pieces(three, B) -> N = byte_size(B) div 3, <<X:N/binary, Y:N/binary, Z/binary>> = B, [X, Y, Z].

sender(C, M, Pieces) ->
    spawn_link(fun() ->
                       [begin gen_tcp:send(C, P), if Pieces =:= three -> timer:sleep(4); true -> ok end end
                        || P <- pieces(Pieces, iolist_to_binary(stream(M)))],
                       timer:sleep(5),
                       gen_tcp:shutdown(C, write),
                       timer:sleep(3000)
               end).

receive_passive(M, Mode, Pieces) ->
    {S, C} = pair([Mode, {packet, M}], [{nodelay, true}]),
    sender(C, M, Pieces),
    R = recv_all(S),
    join(M, Mode, R).
recv_all(S) ->
    case gen_tcp:recv(S, 0, 2000) of {ok, X} -> [X | recv_all(S)]; E -> [E] end.
%% Raw data come as the network likes.
join(M, binary, R) when M =:= 0; M =:= raw -> iolist_to_binary(lists:droplast(R));
join(M, list, R) when M =:= 0; M =:= raw -> lists:append(lists:droplast(R));
join(_, _, R) -> R.

receive_active(M, A, Pieces) ->
    process_flag(trap_exit, true),
    {S, C} = pair([binary, {packet, M}], [{nodelay, true}]),
    Pid = sender(C, M, Pieces),
    ok = inet:setopts(S, [{active, A}]),
    R = active_loop(S, A),
    exit(Pid, kill),
    case M =:= 0 orelse M =:= raw of
        true -> iolist_to_binary([B || {tcp, _, B} <- R]);
        false -> named([{S, s}, {C, c}], R)
    end.
active_loop(S, A) ->
    receive
        {tcp_closed, S} = X -> [X | case A of true -> gather(20); _ -> [] end];
        {tcp_passive, S} = X -> inet:setopts(S, [{active, A}]), [X | active_loop(S, A)];
        {'EXIT', P, _} when P =/= S -> active_loop(S, A);
        X -> case A of once -> inet:setopts(S, [{active, once}]); _ -> ok end, [X | active_loop(S, A)]
    after 2000 -> [silence]
    end.

%% --- active modes
active() ->
    [?C(passive_to_true, begin {S, C} = pair([], []), ok = gen_tcp:send(C, "a"), timer:sleep(20), ok = inet:setopts(S, [{active, true}]),
                               named([{S, s}], gather(50)) end),
     ?C(once_buffered, begin {S, C} = pair([{packet, 1}], []), ok = gen_tcp:send(C, <<1, "a", 1, "b">>), timer:sleep(20),
                             ok = inet:setopts(S, [{active, once}]), A = gather(50), ok = inet:setopts(S, [{active, once}]),
                             named([{S, s}], {A, gather(50)}) end),
     ?C(count, begin {S, C} = pair([{packet, 1}], []), ok = inet:setopts(S, [{active, 2}]),
                     ok = gen_tcp:send(C, <<1, "a", 1, "b", 1, "c">>), A = gather(50), G = inet:getopts(S, [active]),
                     ok = inet:setopts(S, [{active, 2}]), named([{S, s}], {A, G, gather(50), inet:getopts(S, [active])}) end),
     ?C(count_add, begin {S, _} = pair([], []), ok = inet:setopts(S, [{active, 3}]), ok = inet:setopts(S, [{active, 4}]),
                         A = inet:getopts(S, [active]), ok = inet:setopts(S, [{active, -7}]),
                         named([{S, s}], {A, inet:getopts(S, [active]), gather(20)}) end),
     ?C(count_overflow, begin {S, _} = pair([], []), ok = inet:setopts(S, [{active, 32767}]), inet:setopts(S, [{active, 1}]) end),
     ?C(recv_while_active, begin {S, _} = pair([], []), ok = inet:setopts(S, [{active, true}]), gen_tcp:recv(S, 0, 100) end),
     ?C(two_receivers, begin {S, C} = pair([], []), Self = self(),
                             spawn_link(fun() -> Self ! {first, gen_tcp:recv(S, 0, 300)} end), timer:sleep(50),
                             R = gen_tcp:recv(S, 0, 100), ok = gen_tcp:send(C, "x"), {R, gather(200)} end),
     ?C(set_active_while_receiving, begin {S, C} = pair([], []), Self = self(),
                                          spawn_link(fun() -> Self ! {first, gen_tcp:recv(S, 0, 300)} end), timer:sleep(50),
                                          R = inet:setopts(S, [{active, false}]), ok = gen_tcp:send(C, "x"), {R, gather(400)} end),
     ?C(controlling_process, begin {S, C} = pair([], []), Self = self(),
                                   P = spawn_link(fun() -> receive go -> ok end, inet:setopts(S, [{active, true}]),
                                                           Self ! {got, gather(100)} end),
                                   ok = gen_tcp:controlling_process(S, P), P ! go, ok = gen_tcp:send(C, "to you"),
                                   named([{S, s}], gather(300)) end),
     ?C(controlling_not_owner, begin {S, _} = pair([], []), Self = self(),
                                     spawn_link(fun() -> Self ! gen_tcp:controlling_process(S, self()) end), gather(50) end),
     ?C(owner_dies, begin {L, P} = listen([]), Self = self(),
                          spawn(fun() -> {ok, S} = gen_tcp:accept(L), Self ! {socket, S}, receive stop -> ok after 50 -> ok end end),
                          {ok, C} = gen_tcp:connect(?LO, P, [{active, false}]), gen_tcp:recv(C, 0, 1000) end)].

passive() ->
    [?C(exact, begin {S, C} = pair([binary], []), ok = gen_tcp:send(C, "0123456789"),
                     [gen_tcp:recv(S, N, 500) || N <- [3, 1, 6]] end),
     ?C(in_pieces, begin {S, C} = pair([binary], []), spawn_link(fun() -> [begin gen_tcp:send(C, "ab"), timer:sleep(10) end || _ <- "12345"],
                                                                         timer:sleep(1000) end),
                         gen_tcp:recv(S, 10, 1000) end),
     ?C(timeout_keeps, begin {S, C} = pair([binary], []), ok = gen_tcp:send(C, "abc"), A = gen_tcp:recv(S, 5, 50),
                             ok = gen_tcp:send(C, "de"), {A, gen_tcp:recv(S, 5, 500)} end),
     ?C(timeout_zero, begin {S, C} = pair([binary], []), A = gen_tcp:recv(S, 0, 0), ok = gen_tcp:send(C, "x"), timer:sleep(30),
                            {A, gen_tcp:recv(S, 0, 0)} end),
     ?C(too_long, begin {S, _} = pair([binary], []), gen_tcp:recv(S, 16#4000001, 10) end),
     ?C(negative, begin {S, _} = pair([binary], []), gen_tcp:recv(S, -1, 10) end),
     ?C(rest_at_close, begin {S, C} = pair([binary], []), ok = gen_tcp:send(C, "abc"), gen_tcp:close(C), timer:sleep(20),
                             [gen_tcp:recv(S, N, 200) || N <- [2, 0, 0]] end),
     ?C(short_at_close, begin {S, C} = pair([binary], []), ok = gen_tcp:send(C, "abc"), gen_tcp:close(C), timer:sleep(20),
                              [gen_tcp:recv(S, 5, 200), gen_tcp:recv(S, 0, 200)] end),
     ?C(not_exiting, begin {S, C} = pair([binary, {exit_on_close, false}], []), gen_tcp:close(C), timer:sleep(20),
                           [gen_tcp:recv(S, 0, 200), gen_tcp:send(S, "x"), gen_tcp:recv(S, 0, 200)] end)].

%% --- closing
lifecycle() ->
    [?C(peer_closes_active, begin process_flag(trap_exit, true), {S, C} = pair([{active, true}], []), gen_tcp:close(C),
                                  named([{S, s}], gather(100)) end),
     ?C(peer_closes_active_2, begin process_flag(trap_exit, true), {S, C} = pair([], []), ok = inet:setopts(S, [{active, true}]),
                                    gen_tcp:close(C), named([{S, s}], {gather(100), gen_tcp:send(S, "x"), inet:getopts(S, [active])}) end),
     ?C(peer_closes_passive, begin {S, C} = pair([], []), gen_tcp:close(C), timer:sleep(20),
                                   [gen_tcp:recv(S, 0, 200), gen_tcp:send(S, "x"), gen_tcp:recv(S, 0, 100), inet:peername(S)] end),
     ?C(closed_then_active, begin process_flag(trap_exit, true), {S, C} = pair([], []), gen_tcp:close(C), timer:sleep(20),
                                  A = gen_tcp:recv(S, 0, 100), B = inet:setopts(S, [{active, once}]), named([{S, s}], {A, B, gather(50)}) end),
     ?C(close_twice, begin {S, _} = pair([], []), {gen_tcp:close(S), gen_tcp:close(S), gen_tcp:send(S, "x"), gen_tcp:recv(S, 0),
                                                   inet:port(S), inet:sockname(S)} end),
     ?C(half_close, begin {S, C} = pair([], []), ok = gen_tcp:shutdown(C, write), A = gen_tcp:recv(S, 0, 500),
                          {A, gen_tcp:send(C, "x"), gen_tcp:recv(C, 0, 200)} end),
     ?C(half_close_server_goes_on, begin {S, C} = pair([{exit_on_close, false}], []), ok = gen_tcp:send(C, "q"),
                                         ok = gen_tcp:shutdown(C, write), A = gen_tcp:recv(S, 1, 500), B = gen_tcp:recv(S, 0, 500),
                                         D = gen_tcp:send(S, "answer"), {A, B, D, gen_tcp:recv(C, 6, 500)} end),
     ?C(shutdown_read, begin {_, C} = pair([], []), {gen_tcp:shutdown(C, read), gen_tcp:recv(C, 0, 100)} end),
     ?C(shutdown_both, begin {S, C} = pair([], []), {gen_tcp:shutdown(C, read_write), gen_tcp:recv(S, 0, 100), gen_tcp:send(C, "x")} end),
     ?C(shutdown_listener, begin {L, _} = listen([]), gen_tcp:shutdown(L, write) end),
     ?C(status, begin {S, C} = pair([], []), {L, _} = listen([]),
                      [prim_inet:getstatus(X) || X <- [S, C, L]] end),
     ?C(types, begin {S, _} = pair([], []), {ok, U} = gen_udp:open(0), {prim_inet:gettype(S), prim_inet:gettype(U)} end),
     ?C(names, begin {S, C} = pair([], []), {ok, {A, P}} = inet:sockname(S), {ok, {B, Q}} = inet:peername(C), {A, B, P =:= Q,
               inet:peernames(C) =:= {ok, [{B, Q}]}, inet:socknames(S) =:= {ok, [{A, P}]}} end),
     ?C(fake_names, begin {S, _} = pair([], []), ok = inet:setpeername(S, {{1, 2, 3, 4}, 5}), ok = inet:setsockname(S, {{6, 7, 8, 9}, 10}),
                          A = {inet:peername(S), inet:sockname(S)}, inet:setpeername(S, undefined), {A, inet:peername(S) =/= element(1, A)} end),
     ?C(fd, begin {S, _} = pair([], []), {ok, Fd} = inet:getfd(S), is_integer(Fd) end),
     ?C(adopted, begin {S, C} = pair([], []), {ok, Fd} = inet:getfd(S), {ok, N} = gen_tcp:fdopen(Fd, [binary, {active, false}]),
                       ok = gen_tcp:send(C, "x"), A = gen_tcp:recv(N, 0, 500), gen_tcp:close(N), ok = gen_tcp:send(C, "y"),
                       {A, gen_tcp:recv(S, 0, 500)} end),
     ?C(port_info, begin {S, _} = pair([], []), [erlang:port_info(S, I) || I <- [name, queue_size, links]] =/= [] end),
     ?C(port_name, begin {S, C} = pair([], []), {erlang:port_info(S, name), erlang:port_info(C, name)} end),
     ?C(linger_zero_resets, begin {S, C} = pair([{show_econnreset, true}], []), ok = inet:setopts(C, [{linger, {true, 0}}]),
                                  gen_tcp:close(C), timer:sleep(20), gen_tcp:recv(S, 0, 500) end),
     ?C(linger_zero_hidden, begin {S, C} = pair([], []), ok = inet:setopts(C, [{linger, {true, 0}}]),
                                  gen_tcp:close(C), timer:sleep(20), gen_tcp:recv(S, 0, 500) end),
     ?C(reset_active, begin process_flag(trap_exit, true), {S, C} = pair([{show_econnreset, true}], []), ok = inet:setopts(S, [{active, true}]),
                            ok = inet:setopts(C, [{linger, {true, 0}}]), gen_tcp:close(C), named([{S, s}], gather(100)) end),
     ?C(reset_active_hidden, begin process_flag(trap_exit, true), {S, C} = pair([], []), ok = inet:setopts(S, [{active, true}]),
                                   ok = inet:setopts(C, [{linger, {true, 0}}]), gen_tcp:close(C), named([{S, s}], gather(100)) end),
     ?C(reset_send, begin {S, C} = pair([{show_econnreset, true}], []), ok = inet:setopts(C, [{linger, {true, 0}}]),
                          gen_tcp:close(C), timer:sleep(20), [gen_tcp:send(S, "x"), gen_tcp:send(S, "x"), gen_tcp:recv(S, 0, 100)] end),
     ?C(close_flushes, begin {S, C} = pair([binary, {recbuf, 4096}], [{sndbuf, 4096}, {high_watermark, 10000000}]),
                             B = binary:copy(<<"z">>, 3000000), Self = self(),
                             spawn_link(fun() -> Self ! {r, all(S, <<>>)} end), gen_tcp:controlling_process(S, self()),
                             ok = gen_tcp:send(C, B), ok = gen_tcp:close(C),
                             receive {r, {X, E}} -> {byte_size(X), E} after 10000 -> lost end end)].

errors() ->
    [?C(refused, gen_tcp:connect(?LO, 1, [], 1000)),
     ?C(connect_twice, begin {L, P} = listen([]), {ok, C} = gen_tcp:connect(?LO, P, []), R = prim_inet:connect(C, ?LO, P), gen_tcp:close(L), R end),
     ?C(listen_used, begin {_, P} = listen([]), gen_tcp:listen(P, [{ip, ?LO}]) end),
     ?C(listen_bad_address, gen_tcp:listen(0, [{ip, {1, 2, 3, 4}}])),
     ?C(listen_bad_option, catch gen_tcp:listen(0, [{nosuch, 1}])),
     ?C(connect_bad_address, catch gen_tcp:connect({1, 2, 3}, 1, [])),
     ?C(recv_on_listener, begin {L, _} = listen([]), {gen_tcp:recv(L, 0, 10), gen_tcp:send(L, "x"), inet:peername(L)} end),
     ?C(accept_on_connected, begin {S, _} = pair([], []), gen_tcp:accept(S, 10) end),
     ?C(send_improper, begin {S, _} = pair([], []), {gen_tcp:send(S, [a]), gen_tcp:send(S, [256]), gen_tcp:send(S, foo)} end),
     ?C(exotic_control, begin {S, _} = pair([], []), {catch erlang:port_control(S, 1, []), catch erlang:port_control(S, 16#03f1a300 + 99, []),
                              catch erlang:port_control(S, 16#03f1a300 + 1, [1]), catch erlang:port_control(S, 16#03f1a300 + 42, [1, 2]),
                              catch erlang:port_control(S, 16#03f1a300 + 27, []), catch erlang:port_control(S, 16#03f1a300 + 7, [1, 2]),
                              catch erlang:port_control(S, 16#03f1a300 + 8, [200]), catch erlang:port_control(S, 16#03f1a300 + 11, [77])} end),
     ?C(unknown_protocol, begin {ok, U} = gen_udp:open(0), {gen_udp:recv(U, 0, 10), catch erlang:port_control(U, 16#03f1a300 + 27, [0, 5])} end),
     ?C(system_messages, begin {S, _} = pair([], []), S ! {self(), {command, "x"}}, A = gather(50), S ! {self(), close}, named([{S, s}], {A, gather(50)}) end),
     ?C(connect_message, begin {S, _} = pair([], []), S ! {self(), {connect, self()}}, named([{S, s}], gather(50)) end)].

%% --- sending
sending() ->
    [?C(slow_reader, begin {S, C} = pair([binary], [{high_watermark, 1000}, {sndbuf, 4096}]), Self = self(),
                           spawn_link(fun() -> [ok = gen_tcp:send(C, binary:copy(<<N>>, 50000)) || N <- lists:seq(1, 40)],
                                               Self ! sent, timer:sleep(3000) end),
                           A = receive sent -> sent after 100 -> blocked end, {ok, B} = gen_tcp:recv(S, 2000000, 5000),
                           {A, byte_size(B), receive sent -> sent after 1000 -> blocked end} end),
     ?C(send_timeout, begin {_S, C} = pair([binary, {recbuf, 4096}], [{send_timeout, 50}, {sndbuf, 4096}]), fill(C, 10000) end),
     ?C(send_timeout_close, begin {_S, C} = pair([binary, {recbuf, 4096}], [{send_timeout, 50}, {send_timeout_close, true}, {sndbuf, 4096}]),
                                  R = fill(C, 10000), {R, gen_tcp:send(C, "x"), gen_tcp:recv(C, 0, 10)} end),
     ?C(send_timeout_zero, begin {_S, C} = pair([binary, {recbuf, 4096}], [{send_timeout, 0}, {sndbuf, 4096}]), fill(C, 10000) end),
     ?C(nosuspend, begin {_S, C} = pair([binary, {recbuf, 4096}], [{sndbuf, 4096}]),
                         spawn_link(fun() -> fill(C, 10000) end), timer:sleep(200), catch erlang:port_command(C, "x", [nosuspend]) end),
     ?C(peer_closes_blocked, begin {S, C} = pair([binary, {recbuf, 4096}], [{sndbuf, 4096}]), Self = self(),
                                   spawn_link(fun() -> Self ! {blocked, fill(C, 10000)} end), timer:sleep(100), gen_tcp:close(S), gather(300) end),
     ?C(close_blocked, begin {_S, C} = pair([binary, {recbuf, 4096}], [{sndbuf, 4096}, {linger, {true, 0}}]), Self = self(),
                             spawn_link(fun() -> Self ! {blocked, fill(C, 10000)} end), timer:sleep(100), gen_tcp:close(C),
                             [M || {blocked, _} = M <- gather(300)] end),
     ?C(delay_send, begin {S, C} = pair([binary], [{delay_send, true}]), [ok = gen_tcp:send(C, "ab") || _ <- [1, 2, 3]],
                          gen_tcp:recv(S, 6, 500) end),
     ?C(many_iovecs, begin {S, C} = pair([binary], []), L = [binary:copy(<<N>>, 600) || N <- lists:seq(1, 255)] ++ lists:duplicate(3000, <<"abcdefgh">>),
                           spawn_link(fun() -> ok = gen_tcp:send(C, L), timer:sleep(2000) end), N = iolist_size(L),
                           {ok, B} = gen_tcp:recv(S, N, 3000), B =:= iolist_to_binary(L) end),
     ?C(sub_binaries, begin {S, C} = pair([binary], []), B = binary:copy(<<"0123456789">>, 1000), <<_:7, X:8000/bitstring, _/bitstring>> = B,
                            ok = gen_tcp:send(C, [X, binary:part(B, 3, 5000)]), {ok, R} = gen_tcp:recv(S, 6000, 2000), erlang:md5(R) end),
     ?C(sendfile, begin {S, C} = pair([binary], []), Name = "sendfile." ++ os:getpid(), B = binary:copy(<<"file ">>, 100000),
                        ok = file:write_file(Name, B), R = file:sendfile(Name, C), {ok, X} = gen_tcp:recv(S, 500000, 3000),
                        {ok, F} = file:open(Name, [read, raw, binary]), P = file:sendfile(F, C, 5, 10, []), Y = gen_tcp:recv(S, 10, 500),
                        Q = file:sendfile(F, C, 499990, 100, []), file:close(F), file:delete(Name), {R, X =:= B, P, Y, Q} end),
     ?C(sendfile_closed, begin {S, C} = pair([], []), gen_tcp:close(S), Name = "sendfile2." ++ os:getpid(), ok = file:write_file(Name, binary:copy(<<"x">>, 4000000)),
                               R = file:sendfile(Name, C), file:delete(Name), case R of {error, _} -> error; {ok, _} -> ok end end),
     ?C(subscribe, begin {_S, C} = pair([binary, {recbuf, 4096}], [{sndbuf, 4096}, {high_watermark, 10000000}]), ok = gen_tcp:send(C, binary:copy(<<"q">>, 6000000)),
                         {ok, [{subs_empty_out_q, N}]} = prim_inet:subscribe(C, [subs_empty_out_q]), N > 0 end)].

fill(_, 0) -> never_blocked;
fill(C, N) -> case gen_tcp:send(C, binary:copy(<<"f">>, 100000)) of ok -> fill(C, N - 1); E -> E end.

accepting() ->
    [?C(timeout, begin {L, _} = listen([]), {gen_tcp:accept(L, 20), gen_tcp:accept(L, 0)} end),
     ?C(several_acceptors, begin {L, P} = listen([]), Self = self(),
                                 Ps = [spawn_link(fun() -> {ok, S} = gen_tcp:accept(L), Self ! {N, done}, timer:sleep(1000), S end) || N <- [1, 2, 3]],
                                 timer:sleep(50), Cs = [element(2, gen_tcp:connect(?LO, P, [])) || _ <- Ps], R = lists:sort(gather(200)), {length(Cs), R} end),
     ?C(acceptor_dies, begin {L, P} = listen([]), D = spawn(fun() -> gen_tcp:accept(L) end), timer:sleep(20), exit(D, kill), timer:sleep(20),
                             {ok, C} = gen_tcp:connect(?LO, P, [binary, {active, false}]), {ok, S} = gen_tcp:accept(L, 500), ok = gen_tcp:send(S, "hi"), gen_tcp:recv(C, 2, 500) end),
     ?C(listener_closes, begin {L, _} = listen([]), Self = self(), [spawn_link(fun() -> Self ! gen_tcp:accept(L, 1000) end) || _ <- [1, 2]],
                               timer:sleep(50), gen_tcp:close(L), gather(200) end),
     ?C(different_timeouts, begin {L, _} = listen([]), Self = self(), [spawn_link(fun() -> Self ! {T, gen_tcp:accept(L, T)} end) || T <- [150, 50, 100]], gather(300) end),
     ?C(async_accept, begin {L, P} = listen([]), {ok, R} = prim_inet:async_accept(L, -1), {ok, _} = gen_tcp:connect(?LO, P, []),
                            receive {inet_async, L, R, {ok, S}} -> is_port(S) after 500 -> no end end),
     ?C(accepting_status, begin {L, _} = listen([]), {ok, _} = prim_inet:async_accept(L, -1), prim_inet:getstatus(L) end),
     ?C(inet6, begin {ok, L} = gen_tcp:listen(0, [inet6, {ip, {0, 0, 0, 0, 0, 0, 0, 1}}, {active, false}]), {ok, P} = inet:port(L),
                     {ok, C} = gen_tcp:connect({0, 0, 0, 0, 0, 0, 0, 1}, P, [inet6, {active, false}]), {ok, S} = gen_tcp:accept(L, 500),
                     ok = gen_tcp:send(S, "six"), {ok, {A, _}} = inet:peername(S), {gen_tcp:recv(C, 3, 500), A, inet:getopts(C, [tclass, recvtclass, ttl])} end)].

datagrams() ->
    U = fun(O) -> {ok, S} = gen_udp:open(0, [{ip, ?LO} | O]), {ok, P} = inet:port(S), {S, P} end,
    [?C(modes, [begin {A, PA} = U([{active, false}, M]), {B, PB} = U([]), ok = gen_udp:send(B, ?LO, PA, "data"), {ok, {Ip, From, D}} = gen_udp:recv(A, 0, 500),
                      {Ip, From =:= PB, D} end || M <- [binary, list]]),
     ?C(header, [begin {A, PA} = U([{active, false}, binary, {header, H}]), ok = gen_udp:send(A, ?LO, PA, "data"), element(3, element(2, gen_udp:recv(A, 0, 500))) end || H <- [0, 2, 4, 5]]),
     ?C(active, [begin {A, PA} = U([{active, M}, binary]), [ok = gen_udp:send(A, ?LO, PA, [N]) || N <- "abc"],
                       [case X of {udp, _, Ip, P, D} -> {udp, Ip, P =:= PA, D}; O -> named([], O) end || X <- gather(50)] end || M <- [true, once, 2]]),
     ?C(big, begin {A, PA} = U([{active, false}, binary, {recbuf, 65536}]), B = binary:copy(<<"u">>, 60000), ok = gen_udp:send(A, ?LO, PA, B),
                   {ok, {_, _, X}} = gen_udp:recv(A, 0, 500), X =:= B end),
     ?C(truncated, begin {A, PA} = U([{active, false}, binary, {buffer, 10}]), ok = gen_udp:send(A, ?LO, PA, "0123456789abcdef"), element(3, element(2, gen_udp:recv(A, 0, 500))) end),
     ?C(too_big, begin {A, PA} = U([]), gen_udp:send(A, ?LO, PA, binary:copy(<<"u">>, 70000)) end),
     ?C(empty, begin {A, PA} = U([{active, false}, binary]), ok = gen_udp:send(A, ?LO, PA, ""), element(3, element(2, gen_udp:recv(A, 0, 500))) end),
     ?C(connected, begin {A, PA} = U([{active, false}]), {B, PB} = U([{active, false}]), ok = gen_udp:connect(A, ?LO, PB), ok = gen_udp:send(A, "x"),
                         {ok, {_, F, "x"}} = gen_udp:recv(B, 0, 500), ok = gen_udp:send(B, ?LO, PA, "y"), {ok, {_, G, D}} = gen_udp:recv(A, 0, 500), {F =:= PA, G =:= PB, D} end),
     ?C(connected_refused, begin {A, _} = U([{active, false}]), ok = gen_udp:connect(A, ?LO, 1), R = gen_udp:send(A, "x"), timer:sleep(20), {R, gen_udp:recv(A, 0, 100)} end),
     ?C(refused_active, begin {A, _} = U([{active, true}]), ok = gen_udp:connect(A, ?LO, 1), ok = gen_udp:send(A, "x"), named([{A, a}], gather(50)) end),
     ?C(not_connected, begin {A, _} = U([]), gen_udp:send(A, "x") end),
     ?C(timeouts, begin {A, _} = U([{active, false}]), {gen_udp:recv(A, 0, 0), gen_udp:recv(A, 0, 20)} end),
     ?C(recv_active, begin {A, _} = U([]), gen_udp:recv(A, 0, 10) end),
     ?C(two_receivers, begin {A, PA} = U([{active, false}]), Self = self(), spawn_link(fun() -> Self ! element(1, gen_udp:recv(A, 0, 300)) end), timer:sleep(30),
                             R = gen_udp:recv(A, 0, 30), ok = gen_udp:send(A, ?LO, PA, "x"), {R, gather(100)} end),
     ?C(ancillary, begin {A, PA} = U([{active, false}, {recvtos, true}, {recvttl, true}, binary]), ok = gen_udp:send(A, {?LO, PA}, [{tos, 8}, {ttl, 11}], "x"),
                         {ok, {_, _, Anc, D}} = gen_udp:recv(A, 0, 500), {lists:sort(Anc), D} end),
     ?C(ancillary_active, begin {A, PA} = U([{recvttl, true}]), ok = gen_udp:send(A, ?LO, PA, "x"), [case X of {udp, _, Ip, _, Anc, D} -> {Ip, Anc, D} end || X <- gather(50)] end),
     ?C(ancillary_bad, begin {A, PA} = U([]), {gen_udp:send(A, {?LO, PA}, [{sndbuf, 8}], "x"), gen_udp:send(A, {?LO, PA}, [{nosuch, 8}], "x")} end),
     ?C(inet6, begin Lo = {0, 0, 0, 0, 0, 0, 0, 1}, {ok, A} = gen_udp:open(0, [inet6, {ip, Lo}, {active, false}]), {ok, P} = inet:port(A), ok = gen_udp:send(A, Lo, P, "x"),
                     {ok, {Ip, _, D}} = gen_udp:recv(A, 0, 500), {Ip, D, inet:sockname(A) =:= {ok, {Lo, P}}} end),
     ?C(wrong_family, begin {A, _} = U([]), gen_udp:send(A, {0, 0, 0, 0, 0, 0, 0, 1}, 5, "x") end),
     ?C(multicast, begin {ok, A} = gen_udp:open(0, [{reuseaddr, true}, {ip, {224, 0, 0, 251}}, {multicast_loop, true}, {multicast_if, ?LO}, {add_membership, {{224, 0, 0, 251}, ?LO}}, {active, false}]),
                         {ok, P} = inet:port(A), R = gen_udp:send(A, {224, 0, 0, 251}, P, "all"), {R, gen_udp:recv(A, 0, 300) =/= {error, timeout}} end),
     ?C(many, begin {A, PA} = U([{active, true}, binary, {recbuf, 1000000}]), {B, _} = U([]), [ok = gen_udp:send(B, ?LO, PA, <<N:32>>) || N <- lists:seq(1, 200)],
                    [N || {udp, _, _, _, <<N:32>>} <- gather(100)] =:= lists:seq(1, 200) end),
     ?C(close_while_receiving, begin {A, _} = U([{active, false}]), Self = self(), spawn_link(fun() -> Self ! gen_udp:recv(A, 0, 1000) end), timer:sleep(30), gen_udp:close(A), gather(50) end)].

local() ->
    Path = fun() -> "sock." ++ os:getpid() ++ "." ++ binary_to_list(unique()) end,
    [?C(stream, begin F = Path(), {ok, L} = gen_tcp:listen(0, [{ifaddr, {local, F}}, {active, false}]), {ok, C} = gen_tcp:connect({local, F}, 0, [local, {active, false}]),
                      {ok, S} = gen_tcp:accept(L, 500), ok = gen_tcp:send(C, "x"), R = gen_tcp:recv(S, 1, 500), {ok, {local, N}} = inet:sockname(L), file:delete(F),
                      {R, N =:= list_to_binary(F), inet:peername(C) =:= {ok, {local, N}}, inet:sockname(C), inet:peername(S)} end),
     ?C(datagram, begin F = Path(), G = Path(), {ok, A} = gen_udp:open(0, [{ifaddr, {local, F}}, {active, false}]), {ok, B} = gen_udp:open(0, [{ifaddr, {local, G}}]),
                        ok = gen_udp:send(B, {local, F}, 0, "x"), {ok, {From, P, D}} = gen_udp:recv(A, 0, 500), file:delete(F), file:delete(G), {From =:= {local, list_to_binary(G)}, P, D} end),
     ?C(anonymous, begin F = Path(), {ok, A} = gen_udp:open(0, [{ifaddr, {local, F}}]), {ok, B} = gen_udp:open(0, [local]), ok = gen_udp:send(B, {local, F}, 0, "x"), R = gather(50), file:delete(F), named([{A, a}], R) end),
     ?C(abstract, begin N = <<0, "joist", (unique())/binary>>, {ok, L} = gen_tcp:listen(0, [{ifaddr, {local, N}}, {active, false}]), {ok, {local, M}} = inet:sockname(L),
                        {ok, C} = gen_tcp:connect({local, N}, 0, [local]), {M =:= N, is_port(C)} end),
     ?C(missing, gen_tcp:connect({local, "/nosuch/socket"}, 0, [local])),
     ?C(too_long, gen_tcp:listen(0, [{ifaddr, {local, lists:duplicate(200, $a)}}]))].

host() ->
    [?C(services, [inet:getservbyname(N, P) || {N, P} <- [{http, tcp}, {domain, udp}, {nosuch, tcp}, {"ssh", "tcp"}]]),
     ?C(service_names, [inet:getservbyport(N, P) || {N, P} <- [{80, tcp}, {53, udp}, {1, sctp}, {65000, tcp}]]),
     ?C(gethostname, inet:gethostname()),
     ?C(getifaddrs, inet:getifaddrs()),
     ?C(getiflist, inet:getiflist()),
     ?C(ifget, [inet:ifget("lo", [O]) || O <- [addr, broadaddr, dstaddr, mtu, netmask, flags, hwaddr]]),
     ?C(ifget_none, inet:ifget("nosuch", [addr, flags])),
     ?C(getaddr, [inet:getaddr(H, F) || H <- ["localhost", "127.0.0.1", "::1", "256.1.1.1"], F <- [inet, inet6]]),
     ?C(gethostbyname, inet:gethostbyname("localhost")),
     ?C(gethostbyaddr, inet:gethostbyaddr(?LO)),
     ?C(statistics, begin {In, Out} = statistics(io), is_tuple(In) andalso is_tuple(Out) end),
     ?C(sctp, catch gen_sctp:open())].

faults() ->
    [?C(opened_and_dropped, begin {L, P} = listen([]), Before = length(erlang:ports()), Fds = descriptors(),
                                  [begin {ok, C} = gen_tcp:connect(?LO, P, []), {ok, S} = gen_tcp:accept(L), gen_tcp:close(C), gen_tcp:close(S) end || _ <- lists:seq(1, 500)],
                                  {length(erlang:ports()) - Before, descriptors() - Fds} end),
     ?C(half_open, begin {L, P} = listen([]), Ps = [spawn(fun() -> {ok, _} = gen_tcp:connect(?LO, P, []), timer:sleep(50) end) || _ <- [1, 2, 3]],
                         timer:sleep(20), Ss = [element(2, gen_tcp:accept(L, 500)) || _ <- Ps], [gen_tcp:recv(S, 0, 500) || S <- Ss] end),
     {reset_at_any_byte, fun() -> [begin {S, C} = pair([binary, {packet, 4}], []), ok = inet:setopts(C, [{linger, {true, 0}}]),
                                         ok = gen_tcp:send(C, binary:part(<<10:32, "0123456789">>, 0, N)), timer:sleep(3), gen_tcp:close(C), timer:sleep(3), gen_tcp:recv(S, 0, 200) end
                                   || N <- lists:seq(0, 13)] end}].

descriptors() -> {ok, L} = file:list_dir("/proc/self/fd"), length(L).
