%% Two VMs, one association: each prints what it sees. `pairings` runs every pairing of VMs and compares the two texts. The
%% double's state is shared by both (SCTP_DOUBLE).
-module(sctp_pair).
-export([server/1, client/1]).
-include_lib("kernel/include/inet_sctp.hrl").
-define(LO, {127,0,0,1}).

server([File]) ->
    {ok, S} = gen_sctp:open(0, [{ip, ?LO}, {sctp_events, #sctp_event_subscribe{adaptation_layer_event = true}}]),
    ok = gen_sctp:listen(S, true),
    {ok, Port} = inet:port(S),
    ok = file:write_file(File ++ ".new", integer_to_list(Port)),
    ok = file:rename(File ++ ".new", File),
    Id = came_up(S),
    tell([adaptation, recv(S)]),
    tell([heard, recv(S)]),
    tell([sent, gen_sctp:send(S, Id, 1, "from the server")]),
    tell([larger, recv(S)]),
    inet:setopts(S, [{active, 2}]),
    tell([sent, gen_sctp:send(S, Id, 1, "active now")]),
    tell([got(S) || _ <- [1, 2, 3]]),
    inet:setopts(S, [{active, false}]),
    {ok, P} = gen_sctp:peeloff(S, Id),
    tell([sent, gen_sctp:send(P, 0, 0, "peeled off")]),
    tell([own, recv(P), recv(P), recv(P)]),
    gen_sctp:close(P),
    Second = came_up(S),
    tell([abort, gen_sctp:abort(S, #sctp_assoc_change{assoc_id = Second}), recv(S)]),
    halt().

client([File]) ->
    Port = port(File, 500),
    {ok, S} = gen_sctp:open(0, [{ip, ?LO}, {sctp_adaptation_layer, #sctp_setadaptation{adaptation_ind = 99}}]),
    {ok, #sctp_assoc_change{assoc_id = Id} = C} = gen_sctp:connect(S, ?LO, Port, []),
    tell([up, shape(C)]),
    tell([sent, gen_sctp:send(S, Id, 2, "from the client")]),
    tell([heard, recv(S)]),
    tell([sent, gen_sctp:send(S, Id, 3, binary:copy(<<"larger">>, 9000))]),
    tell([heard, recv(S)]),
    tell([gen_sctp:send(S, Id, 0, [N]) || N <- [1, 2]]),
    tell([heard, recv(S)]),
    tell([sent, gen_sctp:send(S, Id, 0, "to the peeled off one")]),
    tell([eof, gen_sctp:eof(S, C), recv(S)]),
    {ok, #sctp_assoc_change{} = D} = gen_sctp:connect(S, ?LO, Port, []),
    tell([up, shape(D)]),
    tell([lost, recv(S)]),
    halt().

port(_, 0) -> halt(3);
port(File, N) ->
    case file:read_file(File) of
        {ok, Text} -> binary_to_integer(Text);
        _ -> timer:sleep(20), port(File, N - 1)
    end.
came_up(S) ->
    {ok, {_, _, _, #sctp_assoc_change{state = comm_up, assoc_id = Id} = C}} = gen_sctp:recv(S, 10000),
    tell([up, shape(C)]),
    Id.
recv(S) -> shape(gen_sctp:recv(S, 10000)).
got(S) -> receive M when element(2, M) =:= S -> shape(setelement(2, M, socket)) after 10000 -> none end.

%% Numbers of ports and associations are the run's own.
shape(#sctp_assoc_change{} = C) -> C#sctp_assoc_change{assoc_id = id};
shape(#sctp_sndrcvinfo{} = I) -> I#sctp_sndrcvinfo{assoc_id = id};
shape({sctp_shutdown_event, _}) -> {sctp_shutdown_event, id};
shape({sctp_adaptation_event, V, _}) -> {sctp_adaptation_event, V, id};
shape({IP, P, Anc, D}) when is_integer(P), is_list(Anc) -> {IP, port, shape(Anc), shape(D)};
shape({sctp, S, IP, P, D}) when is_integer(P) -> {sctp, S, IP, port, shape(D)};
shape(T) when is_tuple(T) -> list_to_tuple([shape(E) || E <- tuple_to_list(T)]);
shape([H | T]) -> [shape(H) | shape(T)];
shape(B) when is_binary(B), byte_size(B) > 100 -> {bytes, byte_size(B), erlang:phash2(B)};
shape(T) -> T.
tell(T) -> io:format("~tp~n", [T]).
