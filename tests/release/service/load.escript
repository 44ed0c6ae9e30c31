#!/usr/bin/env escript
%% load.escript PORT SECONDS: clients that ask for /count, with connections that are kept and with new ones. Every answer
%% must be complete and of status 200, and no number may come twice. Status 1 if a request failed.
main([Port, Seconds]) ->
    End = erlang:monotonic_time(millisecond) + 1000 * list_to_integer(Seconds),
    Me = self(),
    P = list_to_integer(Port),
    [spawn_link(fun() -> Me ! {done, client(P, End, Kind, none, [])} end) || _ <- [1, 2, 3, 4], Kind <- [keep, new]],
    Numbers = lists:append([receive {done, L} -> L end || _ <- lists:seq(1, 8)]),
    Failed = [N || N <- Numbers, not is_integer(N)],
    Twice = length(Numbers) - length(lists:usort(Numbers)),
    io:format("~w requests read whole, ~w failed, ~w numbers twice~n", [length(Numbers), length(Failed), Twice]),
    [io:format("  ~p~n", [F]) || F <- lists:sublist(Failed, 5)],
    halt(case {Failed, Twice, Numbers} of {[], 0, [_ | _]} -> 0; _ -> 1 end).

client(Port, End, Kind, Socket, Got) ->
    case erlang:monotonic_time(millisecond) < End of
        false -> Got;
        true ->
            {N, S} = ask(Port, Kind, Socket),
            client(Port, End, Kind, S, [N | Got])
    end.

ask(Port, Kind, none) ->
    case gen_tcp:connect({127, 0, 0, 1}, Port, [binary, {active, false}, {packet, http_bin}], 20000) of
        {ok, S} -> ask(Port, Kind, S);
        Error -> {{connect, Error}, none}
    end;
ask(_Port, Kind, S) ->
    ok = inet:setopts(S, [{packet, http_bin}]),
    gen_tcp:send(S, ["GET /count HTTP/1.1\r\nhost: x\r\n", case Kind of keep -> ""; new -> "connection: close\r\n" end, "\r\n"]),
    case head(S, none, none) of
        {200, Length} ->
            ok = inet:setopts(S, [{packet, raw}]),
            {ok, Body} = gen_tcp:recv(S, Length, 20000),
            case Kind of
                keep -> {binary_to_integer(Body), S};
                new -> gen_tcp:close(S), {binary_to_integer(Body), none}
            end;
        Other -> gen_tcp:close(S), {{answer, Other}, none}
    end.

head(S, Status, Length) ->
    case gen_tcp:recv(S, 0, 20000) of
        {ok, {http_response, _, Code, _}} -> head(S, Code, Length);
        {ok, {http_header, _, 'Content-Length', _, L}} -> head(S, Status, binary_to_integer(L));
        {ok, {http_header, _, _, _, _}} -> head(S, Status, Length);
        {ok, http_eoh} -> {Status, Length};
        Error -> Error
    end.
