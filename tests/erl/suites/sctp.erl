%% gen_sctp and the driver under it, on a test double of the kernel's SCTP (../sctp/sctp_double.h), which both VMs are started
%% with: ../sctp/compare. Numbers of ports and associations are named in what is printed.
-module(sctp).
-compile([export_all, nowarn_export_all]).
-include_lib("kernel/include/inet_sctp.hrl").
-define(LO, {127,0,0,1}).
-define(C(Name, Expr), {Name, fun() -> Expr end}).

cases() ->
    options() ++ association_options() ++ notifications() ++ messages() ++ buffers() ++ active() ++ streams() ++ peeloffs() ++
        addresses() ++ six() ++ owners() ++ errors() ++ requests().

%% --- what cases are made of
%% B listens, A is connected to it; both have heard so.
pair(Fun) -> pair([], Fun).
pair(Opts, Fun) -> pair(Opts, Opts, Fun).
pair(OptsA, OptsB, Fun) ->
    {ok, B} = gen_sctp:open(0, [{ip, ?LO} | OptsB]),
    ok = gen_sctp:listen(B, true),
    {ok, A} = gen_sctp:open(0, [{ip, ?LO} | OptsA]),
    X = connect(A, B),
    Result = Fun(X),
    All = messages_of([A, B]), % of two sockets in no order
    Left = [M || M <- All, element(2, M) =:= A] ++ [M || M <- All, element(2, M) =/= A],
    gen_sctp:close(A),
    gen_sctp:close(B),
    named({Result, Left}, X).

connect(A, B) ->
    {ok, PA} = inet:port(A), {ok, PB} = inet:port(B),
    Active = inet:getopts(B, [active]),
    {ok, #sctp_assoc_change{assoc_id = IA} = CA} = gen_sctp:connect(A, ?LO, PB, []),
    IB = case Active of
             {ok, [{active, false}]} -> {ok, {_, _, _, #sctp_assoc_change{assoc_id = I}}} = gen_sctp:recv(B, 2000), I;
             _ -> receive {sctp, B, _, _, {_, #sctp_assoc_change{state = comm_up, assoc_id = I}}} -> I after 2000 -> none end
         end,
    #{a => A, b => B, pa => PA, pb => PB, ia => IA, ib => IB, ca => CA}.

named(T, X) -> rename(T, maps:from_list([{V, K} || {K, V} <- maps:to_list(X), is_integer(V)])).
rename(T, M) when is_integer(T) -> maps:get(T, M, T);
rename(T, M) when is_tuple(T) -> list_to_tuple([rename(E, M) || E <- tuple_to_list(T)]);
rename([H | T], M) -> [rename(H, M) | rename(T, M)];
rename(T, M) when is_map(T) -> maps:from_list(rename(maps:to_list(T), M));
rename(T, _) -> T.

%% What has come to this process from sockets; binaries of some size by size and digest.
messages_of(Sockets) ->
    Passive = Sockets =/= [] andalso lists:all(fun(S) -> lists:member(inet:getopts(S, [active]), [{ok, [{active, false}]}, {error, einval}]) end, Sockets),
    messages(case Passive of true -> 0; false -> 100 end).
messages(Time) -> receive M -> [short(M) | messages(Time)] after Time -> [] end.
short(B) when is_binary(B), byte_size(B) > 100 -> {bytes, byte_size(B), erlang:phash2(B)};
short(L) when is_list(L), length(L) > 100 -> {list, length(L), erlang:phash2(L)};
short(T) when is_tuple(T) -> list_to_tuple([short(E) || E <- tuple_to_list(T)]);
short([H | T]) -> [short(H) | short(T)];
short(T) -> T.

%% What the other side has sent is there already.
recv(S) -> short(gen_sctp:recv(S, 5)).
recvs(S) -> case recv(S) of {error, timeout} -> []; {error, _} = E -> [E]; R -> [R | recvs(S)] end.
received(Time) -> receive M -> short(M) after Time -> none end.
with(Opts, Fun) ->
    case gen_sctp:open(0, Opts) of
        {ok, S} ->
            {ok, P} = inet:port(S), R = Fun(S), gen_sctp:close(S), rename(R, #{P => port});
        E -> E
    end.

%% --- options of sockets: set, then read
options() ->
    Events = [#sctp_event_subscribe{}, #sctp_event_subscribe{data_io_event = false}, #sctp_event_subscribe{adaptation_layer_event = true, address_event = false},
              #sctp_event_subscribe{authentication_event = true}, #sctp_event_subscribe{association_event = false, shutdown_event = false, send_failure_event = false,
              peer_error_event = false, partial_delivery_event = false}, #sctp_event_subscribe{data_io_event = maybe_not}, x],
    Good =
        [{sctp_rtoinfo, V} || V <- [#sctp_rtoinfo{}, #sctp_rtoinfo{initial = 2000}, #sctp_rtoinfo{initial = 1, max = 2, min = 2}, #sctp_rtoinfo{max = 500},
                                    #sctp_rtoinfo{min = 16#ffffffff}, #sctp_rtoinfo{initial = 16#ffffffff}, #sctp_rtoinfo{initial = -1}, #sctp_rtoinfo{initial = 1 bsl 32},
                                    #sctp_rtoinfo{assoc_id = 77}, #sctp_rtoinfo{assoc_id = -1}, #sctp_rtoinfo{assoc_id = x}, {sctp_rtoinfo, 1}, x]] ++
        [{sctp_associnfo, V} || V <- [#sctp_assocparams{}, #sctp_assocparams{asocmaxrxt = 3}, #sctp_assocparams{cookie_life = 1000, peer_rwnd = 5, local_rwnd = 6},
                                      #sctp_assocparams{asocmaxrxt = 65536}, #sctp_assocparams{number_peer_destinations = 7}, #sctp_assocparams{assoc_id = 99}]] ++
        [{sctp_initmsg, V} || V <- [#sctp_initmsg{}, #sctp_initmsg{num_ostreams = 3}, #sctp_initmsg{max_instreams = 4, max_attempts = 5, max_init_timeo = 6},
                                    #sctp_initmsg{num_ostreams = 65535}, #sctp_initmsg{num_ostreams = 65536}, #sctp_initmsg{num_ostreams = -1}]] ++
        [{sctp_autoclose, V} || V <- [0, 1, 3600, 16#ffffffff, 16#80000000, -1, x]] ++
        [{O, V} || O <- [sctp_nodelay, sctp_disable_fragments, sctp_i_want_mapped_v4_addr, reuseaddr, dontroute, recvtos, recvttl, recvtclass, ipv6_v6only],
                   V <- [true, false, 1]] ++
        [{sctp_maxseg, V} || V <- [0, 512, 1400, 65515, 65516, 511, -1]] ++
        [{sctp_adaptation_layer, V} || V <- [#sctp_setadaptation{}, #sctp_setadaptation{adaptation_ind = 16#01020304}, #sctp_setadaptation{adaptation_ind = 16#ffffffff}, #sctp_setadaptation{adaptation_ind = x}]] ++
        [{sctp_peer_addr_params, V} ||
            V <- [#sctp_paddrparams{}, #sctp_paddrparams{hbinterval = 1000, pathmaxrxt = 3, pathmtu = 1500, sackdelay = 100},
                  #sctp_paddrparams{pathmtu = 100}, #sctp_paddrparams{sackdelay = 501}, #sctp_paddrparams{address = {?LO, 7}}, #sctp_paddrparams{address = {{0,0,0,0}, 0}},
                  #sctp_paddrparams{address = {any, 0}}, #sctp_paddrparams{address = {loopback, 1}}, #sctp_paddrparams{address = x}, #sctp_paddrparams{assoc_id = 50}] ++
                [#sctp_paddrparams{flags = F} || F <- [[], [hb_enable], [hb_disable], [hb_demand], [pmtud_enable], [pmtud_disable], [sackdelay_enable], [sackdelay_disable],
                                                       [hb_enable, hb_disable], [pmtud_enable, pmtud_disable], [sackdelay_disable, sackdelay_enable],
                                                       [hb_disable, pmtud_disable, sackdelay_disable], [nope]]]] ++
        [{sctp_default_send_param, V} ||
            V <- [#sctp_sndrcvinfo{}, #sctp_sndrcvinfo{stream = 3, ppid = 17, context = 5, timetolive = 9}, #sctp_sndrcvinfo{ppid = 16#ffffffff, context = 16#fffffffe, timetolive = 16#80000000},
                  #sctp_sndrcvinfo{flags = [unordered]}, #sctp_sndrcvinfo{flags = [unordered, addr_over, abort, eof]}, #sctp_sndrcvinfo{flags = [x]}, #sctp_sndrcvinfo{assoc_id = 1000},
                  #sctp_sndrcvinfo{stream = 65536}, #sctp_sndrcvinfo{ssn = 1}]] ++
        [{sctp_events, V} || V <- Events] ++
        [{sctp_delayed_ack_time, V} || V <- [#sctp_assoc_value{}, #sctp_assoc_value{assoc_value = 100}]] ++
        [{sctp_set_peer_primary_addr, V} || V <- [#sctp_setpeerprim{assoc_id = 3, addr = {?LO, 5}}, #sctp_setpeerprim{addr = {?LO, 5}}, #sctp_setpeerprim{assoc_id = 3}]] ++
        [{sctp_primary_addr, V} || V <- [#sctp_prim{assoc_id = 3333, addr = {?LO, 5}}, #sctp_prim{assoc_id = 3, addr = x}]] ++
        [{sctp_status, V} || V <- [#sctp_status{assoc_id = 3}]] ++
        [{linger, V} || V <- [{true, 0}, {true, 5}, {false, 7}, {1, 2}, x]] ++
        [{O, V} || O <- [sndbuf, recbuf], V <- [1, 4096, 100000, -1, x]] ++
        [{buffer, V} || V <- [1, 0, -5, 4096, 1 bsl 31]] ++
        [{mode, list}, {mode, binary}, {mode, x}, list, binary, {active, false}, {active, true}, {active, once}, {active, 5}, {active, -3}, {active, 32767}, {active, 32768}, {active, x},
         {tos, 16}, {tos, 300}, {ttl, 5}, {ttl, 0}, {tclass, 3}, {priority, 3}, {priority, 7}, {bind_to_device, <<"lo">>}, {bind_to_device, <<"no_such_device">>},
         {bind_to_device, <<"sixteen_letters_">>}, {bind_to_device, <<>>}, {header, 3}, {packet, 4}, {keepalive, true}, {broadcast, true}, {deliver, port}, {nodelay, true},
         {raw, 132, 3, <<1:32/native>>}, {high_watermark, 5}, {read_packets, 3}, {exit_on_close, false}, {netns, "/no/such"}],
    [?C({option, N}, with([{ip, ?LO}], fun(S) -> {O, inet:setopts(S, [O]), got(S, O), messages_of([S])} end)) || {N, O} <- lists:enumerate(Good)] ++
    [?C({option_at_open, N}, with([O], fun(S) -> {O, got(S, O)} end))
     || {N, O} <- lists:enumerate([{sctp_nodelay, true}, {sctp_autoclose, 5}, {sctp_initmsg, #sctp_initmsg{num_ostreams = 2}}, {sctp_events, #sctp_event_subscribe{address_event = false}},
                                   {recbuf, 200000}, {buffer, 10}, {sctp_rtoinfo, #sctp_rtoinfo{max = 500}}, {active, once}, list, {mode, list}, {nope, 1}, {linger, {true, 3}}, inet,
                                   {type, seqpacket}, {type, stream}, {type, dgram}, {ip, {1,2,3,4}}, {ip, x}, {port, 70000}, {ifaddr, ?LO}, {ifaddr, {8,8,8,8}}, {netns, "/no/such/place"}, {fd, 5}])] ++
    [?C(options_at_once, with([], fun(S) ->
         {inet:setopts(S, [{sctp_nodelay, true}, {sctp_maxseg, 1}, {sctp_autoclose, 9}]), inet:getopts(S, [sctp_nodelay, sctp_maxseg, sctp_autoclose]),
          inet:setopts(S, [{sctp_nodelay, false}, {active, true}, {sctp_autoclose, 9}]), inet:getopts(S, [sctp_nodelay, active, sctp_autoclose, mode, buffer])} end)),
     ?C(options_of_all, with([], fun(S) -> inet:getopts(S, [sctp_rtoinfo, sctp_associnfo, sctp_initmsg, sctp_autoclose, sctp_nodelay, sctp_disable_fragments, sctp_i_want_mapped_v4_addr,
         sctp_maxseg, sctp_adaptation_layer, sctp_peer_addr_params, sctp_default_send_param, sctp_events, linger, tos, tclass, ttl, recvtos, recvttl, recvtclass, priority,
         reuseaddr, dontroute, bind_to_device, ipv6_v6only, netns, buffer, active, mode]) end)),
     ?C(options_none, with([], fun(S) -> {inet:getopts(S, []), inet:setopts(S, []), inet:getopts(S, [nope]), inet:getopts(S, [debug]), inet:getopts(S, [keepalive]), inet:getopts(S, [packet]),
         inet:getopts(S, [sctp_nodelay, packet])} end)),
     ?C(options_closed, begin {ok, S} = gen_sctp:open(), gen_sctp:close(S), {inet:getopts(S, [sctp_nodelay]), inet:setopts(S, [{sctp_nodelay, true}])} end)].

got(S, O) when is_tuple(O), tuple_size(O) =:= 2 -> {inet:getopts(S, [element(1, O)]), case O of {recbuf, _} -> inet:getopts(S, [buffer]); {active, _} -> gen_sctp:recv(S, 0); _ -> ok end};
got(S, O) when is_atom(O) -> inet:getopts(S, [mode]);
got(_, _) -> ok.

%% --- options of associations
association_options() ->
    [?C({association_option, N}, pair(fun(X) -> Os = F(X), [inet:setopts(maps:get(a, X), Os), [inet:getopts(maps:get(a, X), [O]) || O <- Os], G(X)] end)) ||
        {N, {F, G}} <- lists:enumerate(
          [{fun(#{ia := I}) -> [{sctp_rtoinfo, #sctp_rtoinfo{assoc_id = I, initial = 1500}}] end, fun(#{a := A}) -> inet:getopts(A, [sctp_rtoinfo]) end},
           {fun(#{ia := I}) -> [{sctp_associnfo, #sctp_assocparams{assoc_id = I, asocmaxrxt = 4}}] end, fun(#{a := A, ia := I}) -> inet:getopts(A, [{sctp_associnfo, #sctp_assocparams{assoc_id = I}}]) end},
           {fun(#{ia := I, pb := P}) -> [{sctp_primary_addr, #sctp_prim{assoc_id = I, addr = {?LO, P}}}] end, fun(#{a := A, ia := I}) -> inet:getopts(A, [{sctp_primary_addr, #sctp_prim{assoc_id = I}}]) end},
           {fun(#{ia := I}) -> [{sctp_primary_addr, #sctp_prim{assoc_id = I, addr = {?LO, 1}}}] end, fun(_) -> ok end},
           {fun(#{ia := I, pb := P}) -> [{sctp_peer_addr_params, #sctp_paddrparams{assoc_id = I, address = {?LO, P}, hbinterval = 777, flags = [hb_demand, sackdelay_disable]}}] end,
            fun(#{a := A, ia := I, pb := P}) -> [inet:getopts(A, [{sctp_peer_addr_params, #sctp_paddrparams{assoc_id = I, address = Q}}]) || Q <- [{?LO, P}, {?LO, 1}, undefined, {loopback, P}]] end},
           {fun(#{ia := I}) -> [{sctp_default_send_param, #sctp_sndrcvinfo{assoc_id = I, stream = 2, flags = [unordered], ppid = 3, context = 4, timetolive = 5}}] end,
            fun(#{a := A, b := B, ia := I, ib := J}) -> {inet:getopts(A, [{sctp_default_send_param, #sctp_sndrcvinfo{assoc_id = I}}]), gen_sctp:send(A, I, 1, "with them"), recv(B),
                                                         inet:getopts(B, [{sctp_default_send_param, #sctp_sndrcvinfo{assoc_id = J}}])} end},
           {fun(#{ia := I}) -> [{sctp_set_peer_primary_addr, #sctp_setpeerprim{assoc_id = I, addr = {?LO, 3}}}] end, fun(_) -> ok end},
           {fun(_) -> [] end, fun(#{a := A, ia := I}) -> inet:getopts(A, [{sctp_status, #sctp_status{assoc_id = I}}]) end},
           {fun(_) -> [] end, fun(#{a := A}) -> [inet:getopts(A, [{sctp_status, #sctp_status{assoc_id = N}}]) || N <- [0, 1, 9999, -1, x]] ++ [inet:getopts(A, [sctp_status])] end},
           {fun(_) -> [] end, fun(#{a := A, ia := I, pb := P}) -> [inet:getopts(A, [{sctp_get_peer_addr_info, #sctp_paddrinfo{assoc_id = J, address = Q}}]) ||
                                                                      J <- [I, 9999, undefined], Q <- [{?LO, P}, {?LO, 1}, {{1,2,3,4}, P}, undefined, {loopback, P}, {any, 0}]] end},
           {fun(_) -> [] end, fun(#{a := A, ia := I, pb := P}) -> inet:getopts(A, [{sctp_get_peer_addr_info, #sctp_paddrinfo{assoc_id = I, address = {{0,0,0,0,0,16#ffff,16#7f00,1}, P}}}]) end}])] ++
    [?C({status, N}, pair(fun(#{a := A, b := B, ia := I, ib := J}) -> inject(A, I, [$s, N]), inet:getopts(B, [{sctp_status, #sctp_status{assoc_id = J}}]) end)) || N <- lists:seq(0, 12) ++ [200]] ++
    [?C(status_with_data, pair(fun(#{a := A, b := B, ia := I, ib := J}) ->
         {[gen_sctp:send(A, I, 0, binary:copy(<<"x">>, 2000)) || _ <- lists:seq(1, 5)], inet:getopts(A, [{sctp_status, #sctp_status{assoc_id = I}}]), length(recvs(B)), inet:getopts(B, [{sctp_status, #sctp_status{assoc_id = J}}])} end))].

%% What the double does on behalf of the kernel: see inject() there.
inject(S, I, What) -> gen_sctp:send(S, I, 0, [1, "double:" | What]).

%% --- notifications: every kind with every value, received passively and actively
notifications() ->
    N16 = fun(V) -> <<V:16/native>> end, N32 = fun(V) -> <<V:32/native>> end,
    Note = fun(Type, Flags, Body) -> B = iolist_to_binary(Body), [$n, N16(16#8000 + Type), N16(Flags), N32(8 + byte_size(B)), B] end,
    Four = fun({A, B, C, D}, P) -> [N16(2), <<P:16, A, B, C, D>>, <<0:960>>] end,
    Six = fun(P) -> [N16(10), <<P:16, 7:32, 1:128, 9:32>>, <<0:800>>] end,
    Info = fun(Flags) -> [N16(5), N16(6), N16(Flags), N16(0), <<7:32>>, N32(8), N32(9), N32(16#fffffff0), N32(11), N32(12)] end,
    Notes =
        [{assoc_change, S, Note(1, 0, [N16(S), N16(E), N16(3), N16(65535), N32(J)])} || {S, E} <- [{0, 0}, {1, 12}, {2, 65535}, {3, 0}, {4, 111}], J <- [17]] ++
        [{assoc_change_with_chunk, 1, Note(1, 0, [N16(1), N16(0), N16(3), N16(4), N32(16#fffffffe), "the chunk"])}] ++
        [{paddr_change, S, Note(2, 0, [Four({10,1,2,3}, 4000 + S), N32(S), N32(S * 3), N32(55)])} || S <- lists:seq(0, 5)] ++
        [{paddr_change_6, S, Note(2, 0, [Six(4000), N32(S), N32(-1), N32(-2)])} || S <- [0, 5]] ++
        [{paddr_change_none, 0, Note(2, 0, [<<0:1024>>, N32(1), N32(2), N32(3)])}, {paddr_change_odd, 0, Note(2, 0, [N16(77), <<0:1008>>, N32(1), N32(2), N32(3)])}] ++
        [{send_failed, S, Note(3, S, [N32(E), Info(F), N32(99), D])} || {S, E, F, D} <- [{0, 0, 0, <<>>}, {1, 12, 1, "lost data"}, {0, 16#ffffffff, 16#207, binary:copy(<<"long">>, 100)}]] ++
        [{remote_error, S, Note(4, 0, [<<S:16>>, N16(0), N32(88), C])} ||
            {S, C} <- [{1, <<9, 0, 4:16>>}, {2, <<9, 0, 8:16, 5:16, 4:16>>}, {3, <<9, 0, 20:16, 5:16, 8:16, 1:32, 65535:16, 8:16, 2:32>>}, {16#ffff, <<6, 0, 8:16, 12:16, 0:16>>}]] ++
        [{shutdown, 0, Note(5, 0, [N32(J)])} || J <- [1, 16#7fffffff]] ++
        [{partial_delivery, 0, Note(6, 0, [N32(0), N32(6), N32(1), N32(2)])}] ++
        [{adaptation, V, Note(7, 0, [<<V:32>>, N32(4)])} || V <- [0, 1, 16#fffffffe]],
    [?C({notification, passive, K, S, Mode}, pair([Mode], fun(#{a := A, b := B, ia := I}) -> {inject(A, I, Bytes) , recvs(B)} end)) || {K, S, Bytes} <- Notes, Mode <- [binary]] ++
    [?C({notification, list_mode, K, S}, pair([list], fun(#{a := A, b := B, ia := I}) -> {inject(A, I, Bytes) , recvs(B)} end)) || {K, S, Bytes} <- Notes, K =:= send_failed] ++
    [?C({notification, active, K, S}, pair([], [{active, true}], fun(#{a := A, ia := I}) -> inject(A, I, Bytes) end)) || {K, S, Bytes} <- Notes] ++
    [?C({notification, in_pieces, Size, K}, pair([], [{buffer, Size}], fun(#{a := A, b := B, ia := I}) -> inject(A, I, Bytes), {recvs(B), inet:getstat(B, [recv_cnt, recv_oct, recv_max])} end))
     || {K, 0, Bytes} <- Notes, Size <- [20, 40], K =:= send_failed orelse K =:= paddr_change] ++
    [?C({notification, unsubscribed, Event}, pair(fun(#{a := A, b := B, ia := I, ib := J, ca := C}) ->
         inet:setopts(A, [{sctp_events, Off}]), inet:setopts(B, [{sctp_events, Off}]), gen_sctp:send(B, J, 0, "unsubscribed"), {recvs(A), gen_sctp:send(A, I, 0, "too"), gen_sctp:eof(A, C), recvs(A), recvs(B)} end)) ||
        {Event, Off} <- [{association, #sctp_event_subscribe{association_event = false}}, {shutdown, #sctp_event_subscribe{shutdown_event = false}},
                         {all, #sctp_event_subscribe{data_io_event = false, association_event = false, shutdown_event = false, address_event = false, send_failure_event = false, peer_error_event = false, partial_delivery_event = false}}]] ++
    [?C({data_with, N}, pair([], Opts, fun(#{a := A, b := B, ia := I}) -> {inject(A, I, [$d, Info(F), "data"]), recvs(B)} end)) ||
        {N, {F, Opts}} <- lists:enumerate([{F, O} || F <- [0, 1, 2, 4, 16#200, 16#ffff], O <- [[], [list]]])] ++
    [?C(adaptation_told, pair([{sctp_adaptation_layer, #sctp_setadaptation{adaptation_ind = 4711}}], [{sctp_events, #sctp_event_subscribe{adaptation_layer_event = true}}],
                              fun(#{b := B}) -> recvs(B) end)),
     ?C(no_data_io_event, pair([], [{sctp_events, #sctp_event_subscribe{data_io_event = false}}], fun(#{a := A, b := B, ia := I}) -> {gen_sctp:send(A, I, 0, "bare"), recvs(B)} end))] ++
    [?C({error_of_receive, E, Opts}, pair([], Opts, fun(#{a := A, b := B, ia := I}) ->
         inject(A, I, [$e, E]), case Opts of [] -> {recv(B), recv(B)}; _ -> {received(100), inet:getopts(B, [active])} end end)) || E <- [5, 104, 110, 111, 107, 200], Opts <- [[], [{active, true}], [{active, once}], [{active, 2}]]] ++
    [?C({ip_data, N}, pair(Sender, Receiver, fun(#{a := A, b := B, ia := I}) -> {gen_sctp:send(A, I, 0, "x"), recvs(B)} end)) ||
        {N, {Sender, Receiver}} <- lists:enumerate([{[{tos, 16}], [{recvtos, true}]}, {[{ttl, 33}], [{recvttl, true}]}, {[{tos, 8}, {ttl, 9}], [{recvttl, true}, {recvtos, true}]},
                                                    {[], [{recvtos, true}, {sctp_events, #sctp_event_subscribe{data_io_event = false}}]}])].

%% --- sending
messages() ->
    Sends =
        [fun(A, I, C) -> gen_sctp:send(A, C, 0, D) end || D <- ["list", <<"binary">>, [<<"io">>, $l, ["ist"]], <<1>>, "", <<>>, [a]]] ++
        [fun(A, I, _) -> gen_sctp:send(A, I, S, "to a stream") end || S <- [0, 1, 9, 10, 65535, 65536, -1, x]] ++
        [fun(A, _, _) -> gen_sctp:send(A, J, 0, "to an association") end || J <- [0, 1, 2, 999, -1, 1 bsl 31, x]] ++
        [fun(A, I, _) -> gen_sctp:send(A, #sctp_sndrcvinfo{assoc_id = I, stream = 1, flags = F, ppid = 5, context = 6, timetolive = 7}, D) end ||
            F <- [[], [unordered], [addr_over], [eof], [abort], [unordered, eof], [abort, eof], [nope]], D <- ["some", ""]] ++
        [fun(A, _, _) -> gen_sctp:send(A, #sctp_sndrcvinfo{}, "x") end, fun(A, I, _) -> gen_sctp:send(A, #sctp_sndrcvinfo{assoc_id = I, ppid = 16#ffffffff, context = 16#ffffffff}, "x") end,
         fun(A, I, _) -> gen_sctp:send(A, #sctp_sndrcvinfo{assoc_id = I, ppid = -1}, "x") end, fun(A, I, _) -> gen_sctp:send(A, #sctp_sndrcvinfo{assoc_id = I, tsn = 1}, "x") end,
         fun(A, I, _) -> gen_sctp:send(A, x, "x") end, fun(A, _, C) -> gen_sctp:eof(A, C) end, fun(A, _, C) -> gen_sctp:abort(A, C) end,
         fun(A, _, C) -> {gen_sctp:eof(A, C), gen_sctp:eof(A, C), gen_sctp:send(A, C, 0, "late")} end, fun(A, _, C) -> {gen_sctp:abort(A, C), gen_sctp:abort(A, C)} end,
         fun(A, _, _) -> gen_sctp:eof(A, #sctp_assoc_change{assoc_id = 900}) end, fun(A, _, _) -> gen_sctp:abort(A, #sctp_assoc_change{assoc_id = 900}) end,
         fun(A, I, _) -> [gen_sctp:send(A, I, N rem 3, [$0 + N]) || N <- lists:seq(1, 9)] end,
         fun(A, I, _) -> gen_sctp:send(A, I, 0, [[X, <<X>>] || X <- lists:seq(1, 255)]) end,
         fun(A, I, _) -> gen_sctp:send(A, I, 0, lists:duplicate(300, binary:copy(<<"0123456789">>, 10))) end,
         fun(A, I, _) -> gen_sctp:send(A, I, 0, binary:copy(<<7>>, 131072)) end, fun(A, I, _) -> gen_sctp:send(A, I, 0, binary:copy(<<7>>, 131073)) end,
         fun(A, I, _) -> {inet:setopts(A, [{sctp_disable_fragments, true}, {sctp_maxseg, 1000}]), gen_sctp:send(A, I, 0, binary:copy(<<7>>, 1000)), gen_sctp:send(A, I, 0, binary:copy(<<7>>, 1001))} end,
         fun(A, _, _) -> catch prim_inet:send(A, "too short", []) end, fun(A, _, _) -> catch prim_inet:send(A, "", []) end],
    [?C({message, N}, pair(fun(#{a := A, b := B, ia := I, ca := C}) -> {catch F(A, I, C), recvs(B), recvs(A), inet:getstat(A, [send_cnt, send_oct, send_max, send_avg])} end)) || {N, F} <- lists:enumerate(Sends)] ++
    [?C(both_ways, pair(fun(#{a := A, b := B, ia := I, ib := J}) -> [{gen_sctp:send(A, I, 2, [N]), gen_sctp:send(B, J, 3, [N, N]), recv(A), recv(B)} || N <- lists:seq(1, 20)] end)),
     ?C(fill, pair([{sndbuf, 20000}], [{recbuf, 4096}], fun(#{a := A, b := B, ia := I}) ->
         D = binary:copy(<<"fill">>, 1000), {[gen_sctp:send(A, I, 0, D) || _ <- lists:seq(1, 20)], length(recvs(B)), gen_sctp:send(A, I, 0, D), recv(B)} end)),
     ?C(failed_after_abort, pair([{sndbuf, 20000}], [{recbuf, 4096}], fun(#{a := A, b := B, ia := I, ca := C}) ->
         [gen_sctp:send(A, #sctp_sndrcvinfo{assoc_id = I, stream = N rem 2, ppid = N, context = N}, binary:copy(<<N>>, 3000)) || N <- lists:seq(1, 6)], {gen_sctp:abort(A, C), recvs(A), recvs(B)} end)),
     ?C(failed_after_abort_active, pair([{sndbuf, 20000}, {active, true}], [{recbuf, 4096}], fun(#{a := A, b := B, ia := I, ca := C}) ->
         [gen_sctp:send(A, I, 1, binary:copy(<<N>>, 3000)) || N <- lists:seq(1, 6)], {gen_sctp:abort(A, C), recvs(B)} end)),
     ?C(aborted_by_linger, pair([{linger, {true, 0}}], [], fun(#{a := A, b := B}) -> gen_sctp:close(A), recvs(B) end)),
     ?C(aborted_by_unread, pair(fun(#{a := A, b := B, ib := J}) -> gen_sctp:send(B, J, 0, "never read"), gen_sctp:close(A), recvs(B) end)),
     ?C(closed, pair(fun(#{a := A, b := B}) -> gen_sctp:close(A), recvs(B) end)),
     ?C(closed_listener, pair(fun(#{a := A, b := B, ia := I}) -> gen_sctp:close(B), {recvs(A), gen_sctp:send(A, I, 0, "x")} end)),
     ?C(killed_owner, pair(fun(#{a := A, b := B}) ->
         P = spawn(fun() -> receive stop -> ok end end), gen_sctp:controlling_process(A, P), P ! stop, {gen_sctp:recv(B, 1000), recvs(B)} end))].

%% --- messages larger than the buffer
buffers() ->
    [?C({larger, Buffer, Size, Mode, T}, pair([], [{recbuf, 300}, Mode], fun(#{a := A, b := B, ia := I}) ->
         inet:setopts(B, [{buffer, Buffer}]),
         {gen_sctp:send(A, I, 0, binary:part(binary:copy(<<"0123456789abcdef">>, Size div 16 + 1), 0, Size)), [short(gen_sctp:recv(B, W)) || W <- [T, 20, 20]],
          inet:getstat(B, [recv_cnt, recv_oct, recv_max, recv_avg]), gen_sctp:send(A, I, 1, "next"), recv(B), recv(B)} end))
     || {Buffer, Size} <- [{1000, 999}, {1000, 1000}, {1000, 1001}, {1000, 4999}, {1000, 5000}, {1000, 5001}, {1000, 9500}, {1, 5}, {1, 7}, {30000, 100000}, {70000, 60000}],
        Mode <- [binary, list], T <- [200], not (Mode =:= list andalso Size > 5001)] ++
    [?C({larger_no_limit, Size}, pair([], [{buffer, 1000}], fun(#{a := A, b := B, ia := I}) ->
         inet:setopts(B, [{buffer, 1000}]), gen_sctp:send(A, I, 0, binary:copy(<<9>>, Size)), short(gen_sctp:recv(B)) end)) || Size <- [500, 4999, 5000]] ++
    [?C({larger_active, Opts, Size}, pair([], [{buffer, 1000}], fun(#{a := A, b := B, ia := I}) ->
         inet:setopts(B, [{buffer, 1000} | Opts]), gen_sctp:send(A, I, 0, binary:copy(<<9>>, Size)), gen_sctp:send(A, I, 0, "after"), [received(300), received(50), inet:getopts(B, [active])] end))
     || Opts <- [[{active, true}], [{active, once}], [{active, 1}], [{active, true}, list]], Size <- [1000, 4000, 5001, 40000]] ++
    [?C({pieces, Opts}, pair([], Opts, fun(#{a := A, b := B, ia := I}) ->
         [inject(A, I, [$p, "piece", $0 + N]) || N <- lists:seq(1, 3)], timer:sleep(30), gen_sctp:send(A, I, 0, " end"), gen_sctp:send(A, I, 0, "next"),
         case Opts of [] -> recvs(B); _ -> {received(200), received(200)} end end)) || Opts <- [[], [{active, true}], [list]]] ++
    [?C(buffer_follows, [with([{recbuf, R}], fun(S) -> {ok, [{buffer, N}]} = inet:getopts(S, [buffer]), N end) || R <- [100, 65536, 65537, 200000]])].

%% --- active modes
active() ->
    [?C({active, N, Mode}, pair([], [Mode], fun(#{a := A, b := B, ia := I}) ->
         inet:setopts(B, [{active, N}]), [gen_sctp:send(A, I, 0, [$a + K]) || K <- lists:seq(1, 12)], timer:sleep(30), {messages_of([B]), inet:getopts(B, [active]), gen_sctp:recv(B, 0)} end))
     || N <- [true, once, 1, 3, 20], Mode <- [binary, list]] ++
    [?C(active_toggled, pair(fun(#{a := A, b := B, ia := I}) ->
         [begin inet:setopts(B, [{active, M}]), gen_sctp:send(A, I, 0, atom_to_list(M)), R = received(40), inet:setopts(B, [{active, false}]), {M, R, gen_sctp:recv(B, 0)} end || M <- [true, once, false, once, true, false, true]] end)),
     ?C(active_counts, pair(fun(#{a := A, b := B, ia := I}) ->
         [begin R = inet:setopts(B, [{active, N}]), gen_sctp:send(A, I, 0, "m"), {N, R, received(30), received(0), inet:getopts(B, [active])} end || N <- [2, 3, -1, -10, 1, 32767, 1, -32768, 5]] end)),
     ?C(active_before_data, pair([], [{active, once}], fun(#{a := A, b := B, ia := I}) ->
         inet:setopts(B, [{active, once}]), {gen_sctp:send(A, I, 0, "one"), received(100), gen_sctp:send(A, I, 0, "two"), received(30), inet:setopts(B, [{active, once}]), received(100)} end)),
     ?C(active_events, pair([{active, true}], [{active, true}], fun(#{a := A, ca := C}) -> gen_sctp:eof(A, C) end)),
     ?C(active_abort, pair([{active, true}], [{active, true}], fun(#{a := A, ca := C}) -> gen_sctp:abort(A, C) end)),
     ?C(active_close, pair([{active, true}], [{active, true}], fun(#{a := A}) -> gen_sctp:close(A) end)),
     ?C(active_many, pair([], [{active, true}], fun(#{a := A, ia := I}) ->
         [ok = gen_sctp:send(A, I, K rem 10, <<K:32>>) || K <- lists:seq(1, 500)], timer:sleep(50), [D || {sctp, _, _, _, {_, D}} <- messages_of([])] =:= [<<K:32>> || K <- lists:seq(1, 500)] end)),
     ?C(recv_when_active, pair([], [{active, true}], fun(#{b := B}) -> {gen_sctp:recv(B), gen_sctp:recv(B, 10)} end)),
     ?C(recv_timeouts, pair(fun(#{b := B}) -> [catch gen_sctp:recv(B, T) || T <- [0, 1, 20, -1, x, 16#ffffffff + 1]] end)),
     ?C(recv_waits, pair(fun(#{a := A, b := B, ia := I}) ->
         Self = self(), spawn_link(fun() -> timer:sleep(30), Self ! {sent, gen_sctp:send(A, I, 0, "late")} end), {gen_sctp:recv(B, 1000), receive {sent, R} -> R end} end)),
     ?C(recv_twice, pair(fun(#{a := A, b := B, ia := I}) ->
         Self = self(), P = spawn_link(fun() -> Self ! {first, gen_sctp:recv(B, 1000)} end), timer:sleep(30),
         {gen_sctp:recv(B, 10), gen_sctp:send(A, I, 0, "for the first"), receive {first, R} -> is_pid(P), R end} end)),
     ?C(recv_closed, pair(fun(#{b := B}) -> Self = self(), spawn_link(fun() -> timer:sleep(30), Self ! {closed, gen_sctp:close(B)} end), {gen_sctp:recv(B), gen_sctp:recv(B, 1)} end)),
     ?C(recv_then_active, pair(fun(#{a := A, b := B, ia := I}) ->
         Self = self(), spawn_link(fun() -> Self ! {waiting, gen_sctp:recv(B, 150)} end), timer:sleep(20), inet:setopts(B, [{active, once}]), gen_sctp:send(A, I, 0, "to the owner"), received(50) end))].

%% --- one-to-one sockets
streams() ->
    Stream = fun(Opts, Fun) ->
                     {ok, B} = gen_sctp:open(0, [{ip, ?LO}]), ok = gen_sctp:listen(B, true),
                     {ok, A} = gen_sctp:open([{type, stream}, {ip, ?LO} | Opts]),
                     X = connect(A, B), R = Fun(X), M = messages_of([A]), gen_sctp:close(A), gen_sctp:close(B), named({R, M}, X)
             end,
    [?C({stream, N}, Stream([], F)) || {N, F} <- lists:enumerate(
        [fun(#{a := A, b := B, ia := I, ib := J}) -> {gen_sctp:send(A, I, 0, "there"), recv(B), gen_sctp:send(B, J, 0, "and back"), recv(A)} end,
         fun(#{a := A, ia := I}) -> [gen_sctp:send(A, J, 0, "whatever association") || J <- [I, 0, 77]] end,
         fun(#{a := A, ca := C}) -> {gen_sctp:eof(A, C), gen_sctp:abort(A, C)} end,
         fun(#{a := A, b := B, ib := J}) -> {gen_sctp:eof(B, #sctp_assoc_change{assoc_id = J}), recv(A), recv(A), gen_sctp:recv(A, 100), gen_sctp:recv(A), recvs(B)} end,
         fun(#{a := A, b := B, ib := J}) -> {gen_sctp:abort(B, #sctp_assoc_change{assoc_id = J}), recv(A), recv(A), recv(A), recvs(B)} end,
         fun(#{a := A}) -> {inet:peername(A), inet:sockname(A), inet:peernames(A), inet:socknames(A), inet:peernames(A, 5)} end,
         fun(#{a := A, pb := P}) -> {gen_sctp:connect(A, ?LO, P, []), gen_sctp:connect_init(A, ?LO, P, [])} end,
         fun(#{a := A, ia := I}) -> gen_sctp:peeloff(A, I) end,
         fun(#{a := A}) -> {gen_sctp:listen(A, true), gen_sctp:listen(A, 0)} end,
         fun(#{a := A}) -> [inet:getopts(A, [O]) || O <- [sctp_autoclose, sctp_nodelay, {sctp_status, #sctp_status{assoc_id = 0}}, active, sctp_rtoinfo]] ++ [inet:setopts(A, [{sctp_autoclose, 5}])] end,
         fun(#{a := A, b := B}) -> gen_sctp:close(A), recvs(B) end,
         fun(#{a := A}) -> prim_inet:gettype(A) end])] ++
    [?C({stream_active, N}, Stream([{active, true}], F)) || {N, F} <- lists:enumerate(
        [fun(#{b := B, ib := J}) -> {gen_sctp:send(B, J, 0, "to it"), gen_sctp:eof(B, #sctp_assoc_change{assoc_id = J})} end,
         fun(#{b := B, ib := J}) -> {gen_sctp:abort(B, #sctp_assoc_change{assoc_id = J}), recvs(B)} end])] ++
    [?C(stream_unconnected, with([{type, stream}], fun(S) -> {recv(S), gen_sctp:send(S, 0, 0, "x"), inet:peername(S), gen_sctp:listen(S, true), recv(S), gen_sctp:send(S, 0, 0, "x")} end)),
     ?C(stream_refused, with([{type, stream}], fun(S) -> {gen_sctp:connect(S, ?LO, 39999, []), recv(S), recv(S)} end)),
     ?C(stream_unanswered, with([{type, stream}], fun(S) -> {gen_sctp:connect_init(S, {192,0,2,1}, 9, []), recv(S), gen_sctp:connect(S, {192,0,2,1}, 9, [], 50)} end))].

%% --- an association with a socket of its own
peeloffs() ->
    [?C({peeled_off, N, Opts}, pair([], Opts, fun(#{b := B, ib := J} = X) -> {ok, P} = gen_sctp:peeloff(B, J), R = F(X#{p => P}), gen_sctp:close(P), R end)) || Opts <- [[], [{active, true}, list]], {N, F} <- lists:enumerate(
        [fun(#{p := P}) -> {inet:getopts(P, [active, mode, buffer, sctp_nodelay, linger]), prim_inet:gettype(P), inet:peername(P), inet:sockname(P), erlang:port_info(P, name), prim_inet:getstatus(P)} end,
         fun(#{p := P, a := A, ia := I}) -> {gen_sctp:send(A, I, 0, "to the new one"), recvs(P)} end,
         fun(#{p := P, a := A, ib := J}) -> {gen_sctp:send(P, J, 0, "from the new one"), recv(A)} end,
         fun(#{p := P, a := A, ib := J}) -> {[gen_sctp:send(P, K, 0, "any association") || K <- [0, J + 5]], recvs(A)} end,
         fun(#{p := P, b := B, ib := J}) -> {gen_sctp:send(B, J, 0, "not mine any more"), gen_sctp:peeloff(B, J), gen_sctp:peeloff(P, J)} end,
         fun(#{p := P, a := A, ca := C}) -> {gen_sctp:eof(A, C), recvs(P), recvs(A)} end,
         fun(#{p := P, a := A, ca := C}) -> {gen_sctp:abort(A, C), recvs(P), recvs(A)} end,
         fun(#{p := P, a := A, ib := J}) -> {gen_sctp:eof(P, #sctp_assoc_change{assoc_id = J}), recvs(P), recvs(A), gen_sctp:send(P, J, 0, "x")} end,
         fun(#{p := P, a := A, ib := J}) -> {gen_sctp:abort(P, #sctp_assoc_change{assoc_id = J}), recvs(P), recvs(A)} end,
         fun(#{p := P, a := A}) -> gen_sctp:close(P), recvs(A) end,
         fun(#{p := P, a := A, ia := I}) -> inet:setopts(P, [{active, once}]), {gen_sctp:send(A, I, 0, "one"), gen_sctp:send(A, I, 0, "two"), received(50), received(20)} end,
         fun(#{p := P}) -> {gen_sctp:listen(P, true), gen_sctp:connect_init(P, ?LO, 1, []), erlang:port_info(P, connected) =:= {connected, self()}, inet:setopts(P, [{sctp_nodelay, true}]), inet:getopts(P, [sctp_nodelay])} end,
         fun(#{p := P, b := B, a := A, ia := I}) -> gen_sctp:close(B), {gen_sctp:send(A, I, 0, "still there"), recvs(P)} end])] ++
    [?C(peeled_off_with_data, pair(fun(#{a := A, b := B, ia := I, ib := J}) -> [gen_sctp:send(A, I, 0, [$0 + N]) || N <- [1, 2, 3]], R = recv(B), {ok, P} = gen_sctp:peeloff(B, J), Rs = {R, recvs(P), recvs(B)}, gen_sctp:close(P), Rs end)),
     ?C(peeled_off_bad, pair(fun(#{b := B}) -> [catch gen_sctp:peeloff(B, I) || I <- [0, 5555, -1, x, #sctp_assoc_change{assoc_id = 5555}]] end)),
     ?C(peeled_off_by_other, pair(fun(#{b := B, ib := J}) ->
         Self = self(), spawn(fun() -> {ok, P} = gen_sctp:peeloff(B, J), Self ! {made, erlang:port_info(P, connected) =:= {connected, self()}, element(2, erlang:port_info(P, links)) =:= [self()]} end), received(1000) end)),
     ?C(peeled_off_all, many(20, fun(_, B, All) -> Ps = [begin {ok, P} = gen_sctp:peeloff(B, J), P end || {_, J} <- All], R = [gen_sctp:send(P, 0, 0, [N]) || {N, P} <- lists:enumerate(Ps)], [gen_sctp:close(P) || P <- Ps], R end))].

%% One socket and N associations from as many others.
many(N, Fun) ->
    {ok, B} = gen_sctp:open(0, [{ip, ?LO}]), ok = gen_sctp:listen(B, true), {ok, PB} = inet:port(B),
    As = [begin {ok, A} = gen_sctp:open(0, [{ip, ?LO}]), {ok, #sctp_assoc_change{assoc_id = I}} = gen_sctp:connect(A, ?LO, PB, []),
                {ok, {_, _, _, #sctp_assoc_change{assoc_id = J}}} = gen_sctp:recv(B, 1000), {A, I, J} end || _ <- lists:seq(1, N)],
    R = Fun([{A, I} || {A, I, _} <- As], B, [{A, J} || {A, _, J} <- As]),
    M = [messages_of([]) | [short(recvs(A)) || {A, _, _} <- As]],
    [gen_sctp:close(A) || {A, _, _} <- As],
    gen_sctp:close(B),
    rename({R, M}, maps:from_list([{PB, port}] ++ [{J, {far, K}} || {K, {_, _, J}} <- lists:enumerate(As)] ++ [{I, {near, K}} || {K, {_, I, _}} <- lists:enumerate(As)])).

%% --- addresses
addresses() ->
    [?C(names, pair(fun(#{a := A, b := B, ia := I, ib := J}) ->
         [inet:sockname(A), inet:peername(A), inet:socknames(A), inet:socknames(A, I), inet:peernames(A, I), inet:peernames(B, J), inet:peernames(B, #sctp_assoc_change{assoc_id = J}),
          inet:socknames(B, #sctp_assoc_change{assoc_id = J}), inet:peernames(A), inet:peernames(A, 888), inet:socknames(A, 888), catch inet:peernames(A, x)] end)),
     ?C(names_of_any, with([], fun(S) -> {inet:sockname(S), inet:socknames(S), inet:peernames(S), inet:peername(S)} end)),
     ?C(fake_names, with([{ip, ?LO}], fun(S) -> {inet:setsockname(S, {{1,2,3,4}, 5}), inet:sockname(S), inet:setpeername(S, {{5,6,7,8}, 9}), inet:peername(S), inet:setsockname(S, undefined), inet:sockname(S)} end)),
     ?C(several, with([{ip, ?LO}, {ip, {127,0,0,2}}, {ip, {127,0,0,3}}], fun(S) -> {inet:socknames(S), inet:sockname(S)} end)),
     ?C(several_bad, [with([{ip, ?LO}, {ip, Q}], fun(S) -> inet:socknames(S) end) || Q <- [?LO, {8,8,8,8}, {0,0,0,0}, x, any, loopback]]),
     ?C(multihomed, begin
         {ok, B} = gen_sctp:open([{ip, ?LO}, {ip, {127,0,0,2}}]), gen_sctp:listen(B, true), {ok, PB} = inet:port(B), {ok, A} = gen_sctp:open([{ip, {127,0,0,5}}, {ip, {127,0,0,6}}]), {ok, PA} = inet:port(A),
         {ok, #sctp_assoc_change{assoc_id = I} = C} = gen_sctp:connect(A, {127,0,0,2}, PB, []),
         R = {C, inet:peernames(A, I), recv(B), inet:socknames(A, I), gen_sctp:send(A, I, 0, "x"), recv(B), inet:setopts(A, [{sctp_primary_addr, #sctp_prim{assoc_id = I, addr = {?LO, PB}}}]),
              inet:getopts(A, [{sctp_primary_addr, #sctp_prim{assoc_id = I}}, {sctp_status, #sctp_status{assoc_id = I}}])},
         gen_sctp:close(A), gen_sctp:close(B), rename(R, #{PA => pa, PB => pb, I => ia, I + 1 => ib}) end),
     ?C({bindx, 1}, with([{ip, ?LO}], fun(S) -> {ok, P} = inet:port(S), [{Op, Q, prim_inet:bind(S, Op, [Q]), inet:socknames(S)} ||
         {Op, Q} <- [{add, {{127,0,0,2}, P}}, {add, {{127,0,0,2}, P}}, {add, {{127,0,0,3}, 0}}, {add, {{127,0,0,4}, 9}}, {add, {{8,8,8,8}, 0}}, {remove, {{127,0,0,2}, P}}, {remove, {{127,0,0,9}, P}},
                     {remove, {{127,0,0,3}, 0}}, {remove, {?LO, P}}, {add, {loopback, 0}}, {add, {any, 0}}, {add, x}]] end)),
     ?C({bindx, 2}, with([{ip, ?LO}], fun(S) -> {prim_inet:bind(S, add, [{{127,0,0,2}, 0}, {{127,0,0,3}, 0}, {{8,8,8,8}, 0}, {{127,0,0,4}, 0}]), inet:socknames(S), prim_inet:bind(S, add, []), prim_inet:bind(S, remove, [{{127,0,0,2}, 0}, {{127,0,0,3}, 0}, {?LO, 0}])} end)),
     ?C(bind_again, with([{ip, ?LO}], fun(S) -> {prim_inet:bind(S, ?LO, 0), prim_inet:bind(S, {127,0,0,2}, 0)} end)),
     ?C(bind_used, with([{ip, ?LO}], fun(S) -> {ok, P} = inet:port(S), [gen_sctp:open([{ip, Q}, {port, P} | O]) || Q <- [?LO, {0,0,0,0}], O <- [[], [{reuseaddr, true}]]] end)),
     ?C(listen_states, with([{ip, ?LO}], fun(S) -> [{L, catch gen_sctp:listen(S, L), prim_inet:getstatus(S)} || L <- [true, false, 5, 0, 65535, -1, x]] ++ [prim_inet:bind(S, {127,0,0,2}, 0), prim_inet:bind(S, add, [{{127,0,0,2}, 0}]), prim_inet:getstatus(S)] end)),
     ?C(connect_refused, with([], fun(S) -> {gen_sctp:connect(S, ?LO, 39999, []), recv(S)} end)),
     ?C(connect_unanswered, with([], fun(S) -> {gen_sctp:connect(S, {192,0,2,1}, 39999, [], 50), gen_sctp:connect(S, {192,0,2,1}, 39999, [], 50), recv(S)} end)),
     ?C(connect_arguments, with([], fun(S) -> [catch gen_sctp:connect(S, Q, P, [], 20) || {Q, P} <- [{?LO, 0}, {x, 5}, {?LO, -1}, {?LO, 70000}, {"nowhere.invalid", 5}, {{0,0,0,0,0,0,0,1}, 5}, {loopback, 39999}, {any, 39999}]] end)),
     ?C(connect_with_options, pair(fun(#{a := A, b := B, pb := P}) -> {gen_sctp:connect(A, ?LO, P, []), with([], fun(S) -> {element(1, gen_sctp:connect(S, ?LO, P, [{sctp_nodelay, true}, {active, once}])), inet:getopts(S, [sctp_nodelay, active])} end), recv(B) =/= none} end)),
     ?C(connect_init, pair(fun(#{pb := P, b := B}) -> with([{active, true}], fun(S) -> R = gen_sctp:connect_init(S, ?LO, P, []), {R, shape(received(200)), shape(recv(B))} end) end)),
     ?C(connect_timer, with([], fun(S) -> {prim_inet:connect(S, {192,0,2,1}, 9, 40), timer:sleep(60), gen_sctp:recv(S, 30)} end)),
     ?C(connect_map, pair(fun(#{pb := P}) -> with([], fun(S) -> shape(gen_sctp:connect(S, #{family => inet, addr => ?LO, port => P}, [])) end) end)),
     ?C(connectx, pair(fun(#{pb := P, b := B}) -> with([], fun(S) -> {shape(gen_sctp:connectx_init(S, [{127,0,0,9}, ?LO], P, [])), shape(recv(S)), shape(recv(B))} end) end)),
     ?C(connectx_bad, with([], fun(S) -> [catch shape(gen_sctp:connectx_init(S, Qs, P, [])) || {Qs, P} <- [{[], 5}, {[?LO], 0}, {[?LO], 39999}, {[x], 5}, {[?LO | x], 5}, {[{0,0,0,0,0,0,0,1}], 5}, {lists:duplicate(256, ?LO), 5}]] end)),
     ?C(connectx_maps, pair(fun(#{pb := P}) -> with([], fun(S) -> shape(gen_sctp:connectx_init(S, [#{family => inet, addr => ?LO, port => P}, #{family => inet, addr => {127,0,0,2}, port => P}], [])) end) end)),
     ?C(associations, many(30, fun(As, B, Js) ->
         Sent = [gen_sctp:send(A, I, 0, [N]) || {N, {A, I}} <- lists:enumerate(As)], Got = recvs(B),
         {Sent, length(Got), lists:sort([{Id, D} || {ok, {_, _, [#sctp_sndrcvinfo{assoc_id = Id}], D}} <- Got]), [gen_sctp:send(B, J, 1, <<N>>) || {N, {_, J}} <- lists:enumerate(Js)]} end)),
     ?C(streams_negotiated, [pair([{sctp_initmsg, #sctp_initmsg{num_ostreams = O, max_instreams = M}}], [{sctp_initmsg, #sctp_initmsg{num_ostreams = 7, max_instreams = 4}}],
                                  fun(#{a := A, ia := I, ca := C}) -> {C, [gen_sctp:send(A, I, S, "x") || S <- [1, 2, 3, 4, 5]]} end) || {O, M} <- [{2, 3}, {9, 9}, {4, 1}]])].

%% Without numbers of associations and ports.
shape(#sctp_assoc_change{} = C) -> C#sctp_assoc_change{assoc_id = id};
shape({sctp, S, IP, P, {Anc, D}}) when is_integer(P) -> {sctp, S, IP, port, {Anc, shape(D)}};
shape({ok, I}) when is_integer(I) -> {ok, id};
shape({ok, {IP, P, Anc, D}}) when is_integer(P) -> {ok, {IP, port, Anc, shape(D)}};
shape({ok, C}) -> {ok, shape(C)};
shape(T) -> T.

%% --- IPv6
six() ->
    L = {0,0,0,0,0,0,0,1}, M = {0,0,0,0,0,16#ffff,16#7f00,1},
    Six = fun(OptsA, OptsB, To, Fun) ->
                  {ok, B} = gen_sctp:open(OptsB), ok = gen_sctp:listen(B, true), {ok, A} = gen_sctp:open(OptsA), {ok, PB} = inet:port(B), {ok, PA} = inet:port(A),
                  R = case gen_sctp:connect(A, To, PB, [], 300) of
                          {ok, #sctp_assoc_change{assoc_id = I} = C} -> {C, recv(B), Fun(A, B, I, PB)};
                          E -> E
                      end,
                  gen_sctp:close(A), gen_sctp:close(B), rename(R, #{PA => pa, PB => pb} )
          end,
    Talk = fun(A, B, I, _) -> {ok, Ps} = inet:peernames(A, I), Sent = gen_sctp:send(A, I, 0, "over six"), {ok, {IP, _, _, D}} = recv(B), {Sent, IP, D, [Q || {Q, _} <- Ps]} end,
    [?C({six, N}, strip(Six(A, B, To, Talk))) || {N, {A, B, To}} <- lists:enumerate(
        [{[inet6], [inet6], L}, {[inet6], [inet6, {ip, L}], L}, {[inet6, {ip, L}], [inet6, {ip, L}], L}, {[inet6], [inet], M}, {[inet6], [inet6], M}, {[inet], [inet6], ?LO}, {[inet6], [inet6, {ipv6_v6only, true}], M},
         {[inet], [inet], L}, {[inet6, {sctp_i_want_mapped_v4_addr, false}], [inet6], M}])] ++
    [?C({six_active, N}, strip(Six(A, [inet6], To, fun(S, B, I, _) -> inet:setopts(B, [{active, true}]), gen_sctp:send(S, I, 0, "x"), {sctp, _, IP, _, {_, D}} = received(200), {IP, D} end))) || {N, {A, To}} <- lists:enumerate([{[inet6], L}, {[inet], ?LO}])] ++
    [?C({six_options, O}, with([inet6, {ip, L}], fun(S) -> {inet:setopts(S, [O]), inet:getopts(S, [element(1, O)])} end)) || O <- [{ipv6_v6only, true}, {tclass, 8}, {recvtclass, true}, {sctp_i_want_mapped_v4_addr, false}, {tos, 8}, {sctp_peer_addr_params, #sctp_paddrparams{address = {any, 0}, hbinterval = 5}}, {sctp_peer_addr_params, #sctp_paddrparams{address = {L, 5}}}]] ++
    [?C(six_names, with([inet6, {ip, L}], fun(S) -> {inet:sockname(S), inet:socknames(S), prim_inet:gettype(S)} end)),
     ?C(six_tclass, begin {ok, B} = gen_sctp:open([inet6, {ip, L}, {recvtclass, true}]), gen_sctp:listen(B, true), {ok, P} = inet:port(B), {ok, A} = gen_sctp:open([inet6, {tclass, 12}]),
                          {ok, #sctp_assoc_change{assoc_id = I}} = gen_sctp:connect(A, L, P, []), recv(B), gen_sctp:send(A, I, 0, "x"), {ok, {_, _, [T | _], D}} = recv(B), gen_sctp:close(A), gen_sctp:close(B), {T, D} end)].

%% Identifiers of associations and other people's ports.
strip(T) when is_tuple(T), tuple_size(T) > 0, element(1, T) =:= sctp_assoc_change -> shape(T);
strip(T) when is_tuple(T), tuple_size(T) > 0, element(1, T) =:= sctp_sndrcvinfo -> T#sctp_sndrcvinfo{assoc_id = id};
strip(T) when is_tuple(T) -> list_to_tuple([strip(E) || E <- tuple_to_list(T)]);
strip([H | T]) -> [strip(H) | strip(T)];
strip(T) -> T.

%% --- owners, descriptors, statistics
owners() ->
    [?C(controlling_process, pair([], [{active, true}], fun(#{a := A, b := B, ia := I}) ->
         Self = self(), P = spawn_link(fun() -> Self ! {other, received(1000)} end), {gen_sctp:controlling_process(B, P), gen_sctp:send(A, I, 0, "for the other"), received(1000)} end)),
     ?C(controlling_process_takes_messages, pair([], [{active, true}], fun(#{a := A, b := B, ia := I}) ->
         [gen_sctp:send(A, I, 0, [N]) || N <- [1, 2, 3]], timer:sleep(30), Self = self(), P = spawn_link(fun() -> receive go -> Self ! {other, messages_of([])} end end),
         R = gen_sctp:controlling_process(B, P), P ! go, {R, received(1000)} end)),
     ?C(controlling_process_bad, pair(fun(#{b := B}) -> Self = self(), spawn(fun() -> Self ! gen_sctp:controlling_process(B, self()) end), {received(500), catch gen_sctp:controlling_process(B, x), gen_sctp:controlling_process(B, self())} end)),
     ?C(send_from_other, pair(fun(#{a := A, b := B, ia := I}) -> Self = self(), spawn(fun() -> Self ! gen_sctp:send(A, I, 0, "from another") end), {received(500), recv(B)} end)),
     ?C(recv_from_other, pair(fun(#{a := A, b := B, ia := I}) -> Self = self(), gen_sctp:send(A, I, 0, "to another"), spawn(fun() -> Self ! gen_sctp:recv(B, 500) end), received(600) end)),
     ?C(options_from_other, pair(fun(#{a := A}) -> Self = self(), spawn(fun() -> Self ! {inet:getopts(A, [sctp_nodelay]), inet:setopts(A, [{sctp_nodelay, true}])} end), {received(500), inet:getopts(A, [sctp_nodelay])} end)),
     ?C(statistics, pair(fun(#{a := A, b := B, ia := I}) -> [gen_sctp:send(A, I, 0, binary:copy(<<1>>, N)) || N <- [1, 10, 100, 1000]], recvs(B), {inet:getstat(A), inet:getstat(B), inet:getstat(A, [send_oct, recv_cnt, x])} end)),
     ?C(descriptor, with([{ip, ?LO}], fun(S) -> {ok, Fd} = inet:getfd(S), {ok, T} = prim_inet:fdopen(sctp, inet, seqpacket, Fd), R = {prim_inet:sockname(T), prim_inet:listen(T, true), prim_inet:getopts(T, [sctp_nodelay]), prim_inet:getstatus(T)}, prim_inet:close(T), {R, inet:sockname(S)} end)),
     ?C(descriptor_bad, [catch prim_inet:fdopen(sctp, inet, seqpacket, F) || F <- [-1, 999999, 0]]),
     ?C(descriptor_stream, pair(fun(#{b := B, ib := J, a := A}) -> {ok, P} = gen_sctp:peeloff(B, J), {ok, Fd} = inet:getfd(P), {ok, T} = prim_inet:fdopen(sctp, inet, stream, Fd),
         R = {prim_inet:getstatus(T), prim_inet:sendmsg(T, #sctp_sndrcvinfo{}, "by its descriptor"), recv(A), prim_inet:peername(T)}, prim_inet:close(T), gen_sctp:close(P), R end)),
     ?C(port_information, with([{ip, ?LO}], fun(S) -> [erlang:port_info(S, K) || K <- [name, input, output, queue_size, os_pid]] ++ [erlang:port_info(S, connected) =:= {connected, self()}] end)),
     ?C(information, with([{ip, ?LO}], fun(S) -> maps:with([type, protocol, domain, states, options], inet:info(S)) end)),
     ?C(exit_of_port, begin process_flag(trap_exit, true), {ok, S} = gen_sctp:open(), exit(S, kill), R = received(100), {R, gen_sctp:recv(S, 5), gen_sctp:close(S)} end),
     ?C(closed_socket, begin {ok, S} = gen_sctp:open(), ok = gen_sctp:close(S), [catch F(S) || F <- [fun gen_sctp:close/1, fun gen_sctp:recv/1, fun(T) -> gen_sctp:listen(T, true) end, fun(T) -> gen_sctp:send(T, 1, 0, "x") end,
         fun(T) -> gen_sctp:connect(T, ?LO, 5, []) end, fun(T) -> gen_sctp:peeloff(T, 3) end, fun inet:sockname/1, fun inet:peernames/1, fun(T) -> gen_sctp:eof(T, #sctp_assoc_change{assoc_id = 1}) end]] end)].

errors() ->
    [?C({argument, N}, catch F()) || {N, F} <- lists:enumerate(
        [fun() -> gen_sctp:open(x) end, fun() -> gen_sctp:open(x, []) end, fun() -> gen_sctp:open([x]) end, fun() -> gen_sctp:close(x) end, fun() -> gen_sctp:listen(x, true) end,
         fun() -> gen_sctp:recv(x) end, fun() -> gen_sctp:send(x, 1, 2, 3) end, fun() -> gen_sctp:eof(x, y) end, fun() -> gen_sctp:abort(x, y) end, fun() -> gen_sctp:connect(x, y, z, w) end,
         fun() -> gen_sctp:peeloff(x, y) end, fun() -> gen_sctp:controlling_process(x, y) end, fun() -> gen_sctp:error_string(1) end,
         fun() -> [gen_sctp:error_string(E) || E <- lists:seq(-1, 12)] end])] ++
    [?C({opened, F, T}, case prim_inet:open(sctp, F, T) of {ok, S} -> R = prim_inet:gettype(S), prim_inet:close(S), R; E -> E end) || F <- [inet, inet6, local], T <- [stream, seqpacket, dgram]] ++
    [?C(descriptors_kept, begin N = descriptors(), [pair(fun(#{b := B, ib := J}) -> {ok, P} = gen_sctp:peeloff(B, J), gen_sctp:close(P) end) || _ <- lists:seq(1, 20)], timer:sleep(50), descriptors() - N < 3 end)].
descriptors() -> {ok, L} = file:list_dir("/proc/self/fd"), length(L).

%% --- requests as nobody makes them: of any length, in any state. What stock reads beyond the end of is left out.
requests() ->
    Magic = 16#03f1a300,
    Ask = fun(S, R, D) -> try erlang:port_control(S, Magic + R, D) of [2] -> {follows, received(200)}; [0 | E] -> {error, E}; [1 | B] when R =:= 14 -> {ok, length(B)}; [1 | B] -> {ok, B} catch error:E -> E end end,
    Raw = fun(Fun) -> S = open_port({spawn_driver, "sctp_inet"}, [binary]), R = Fun(S), catch port_close(S), R end,
    [?C({request_closed, R}, Raw(fun(S) -> [Ask(S, R, D) || D <- [<<>>, <<1>>, <<0:32>>, <<0:64>>]] end)) || R <- [1, 2, 4, 5, 6, 10, 12, 13, 14, 15, 16, 21, 22, 25, 26, 27, 28, 29, 30, 31, 42, 43, 60, 61, 63, 64, 99]] ++
    [?C({request_open, R}, with([], fun(S) -> [Ask(S, R, D) || D <- [<<>>, <<1>>, <<0:16>>, <<0:32>>, <<0:40>>]] end)) || R <- [1, 10, 15, 16, 26, 28, 29, 30, 42, 60, 63, 64]] ++
    [?C({request_open, what, N}, Raw(fun(S) -> {Ask(S, 1, D), Ask(S, 16, <<>>), Ask(S, 1, D)} end)) || {N, D} <- lists:enumerate([<<1, 1>>, <<1, 3>>, <<2, 3>>, <<1, 2>>, <<1, 4>>, <<9, 3>>, <<1, 3, 1>>, <<5, 3>>, <<0, 0>>])] ++
    [?C({request_fd, N}, Raw(fun(S) -> {Ask(S, 13, D), Ask(S, 16, <<>>)} end)) || {N, D} <- lists:enumerate([<<1, 3, -1:32>>, <<1, 3, 99999:32>>, <<1, 9, 0:32>>, <<7, 3, 0:32>>, <<1, 3, 0:24>>, <<1, 3, 0:32, 1:32>>, <<1, 3, 0:32, 1:24>>])] ++
    [?C({request_set, O, N}, with([], fun(S) -> Ask(S, 7, <<O, 0:(8 * N)>>) end)) || O <- [20, 24, 100, 101, 102, 103, 104, 108, 109, 110, 111, 112, 113, 114, 115, 116, 3, 42, 0, 99, 200, 255], N <- [0, 1, 3]] ++
    [?C({request_set_short, O}, with([], fun(S) -> [Ask(S, 7, <<O, 0:(8 * N)>>) || N <- Ns] end)) || {O, Ns} <- [{100, [4, 8, 15]}, {101, [4, 19]}, {102, [4, 7]}, {3, [4, 7]}, {112, [4, 19]}, {113, [4, 8]}, {42, []}, {115, [4, 100]}, {116, [4, 20]}]] ++
    [?C({request_get, N}, with([], fun(S) -> Ask(S, 8, D) end)) || {N, D} <- lists:enumerate([<<>>, <<100>>, <<100, 0, 0, 0>>, <<101, 1>>, <<108, 0, 0>>, <<109>>, <<111, 0, 0, 0>>, <<112, 0>>, <<115, 0, 0, 0>>, <<116, 0, 0, 0>>, <<111, 0:32, 9, 1>>,
                                                                                              <<116, 0:32, 200>>, <<0, 200>>, <<255>>, <<99>>, <<103, 103, 103>>, <<102, 113, 110>>, binary:copy(<<20>>, 1000), binary:copy(<<20>>, 2000)])] ++
    [?C({request_connect, N}, with([], fun(S) -> Ask(S, 3, D) end)) || {N, D} <- lists:enumerate([<<>>, <<0:32>>, <<0:32, 1>>, <<0:32, 9, 0>>, <<0:32, 7, 0, 0>>, <<0:32, 7, 1, 9, 0>>, <<-1:32, 1, 0:16, 127, 0, 0>>])] ++
    [?C({request_listen, N}, with([], fun(S) -> Ask(S, 27, D) end)) || {N, D} <- lists:enumerate([<<>>, <<1>>, <<0, 5, 0>>, <<255, 255>>])] ++
    [?C({request_bindx, N}, with([], fun(S) -> Ask(S, 62, D) end)) || {N, D} <- lists:enumerate([<<1>>, <<1, 9>>, <<1, 1, 0>>, <<0, 1, 0, 0, 127, 0, 0>>])] ++
    [?C({request_receive, N}, with([], fun(S) -> {Ask(S, 60, D), received(30)} end)) || {N, D} <- lists:enumerate([<<>>, <<0:32>>, <<0:96>>])].
