%% Ports opened, used and closed by racing processes.
-module(stress_ports).
-export([checks/1]).
-import(stress, [sized/3, parallel/2, rest/1]).

checks(Scale) ->
    N = sized(100, Scale, 3),
    [{echo, fun() -> echo(N) end},
     {closed_while_used, fun() -> closed_while_used(N) end},
     {owners_killed, fun() -> owners_killed(N) end},
     {exit_statuses, fun() -> exit_statuses(N) end},
     {many_at_once, fun() -> many_at_once(sized(200, Scale, 5)) end},
     {connected, fun() -> connected(N) end},
     {killed_by_signal, fun() -> killed_by_signal(N) end},
     {monitored, fun() -> monitored(N) end},
     {much_output, fun() -> much_output(sized(50, Scale, 2)) end}].

%% Pipes close under them at any moment: what they say about it is not of interest.
cat(Options) -> open_port({spawn_executable, "/bin/sh"}, [binary, {args, ["-c", "exec cat 2>/dev/null"]} | Options]).

echo(N) ->
    lists:usort(parallel(8, fun(W) ->
        [begin
             P = cat([{packet, 4}]),
             L = [begin B = binary:copy(<<W, I>>, K * 50), true = port_command(P, B), receive {P, {data, B}} -> ok end end || K <- lists:seq(1, 5)],
             true = port_close(P),
             {length(L), stress:flush()}
         end || I <- lists:seq(1, N)] end)).

%% Users of a port that another closes get badarg or an answer; its owner gets no more than one exit.
closed_while_used(N) ->
    lists:usort(parallel(4, fun(_) ->
        process_flag(trap_exit, true),
        [begin
             P = cat([]),
             Users = [spawn_monitor(fun() -> use(P) end) || _ <- [1, 2]],
             rest(4),
             true = port_close(P),
             Whys = lists:usort([stress:await_down(R) || {_, R} <- Users]),
             stress:until(fun() -> erlang:port_info(P) =:= undefined end), % the users' last commands may still run
             Exits = [Why || Why <- exits(P)],
             {Whys, Exits}
         end || _ <- lists:seq(1, N)] end)).
use(P) -> try port_command(P, "some bytes") of true -> use(P) catch error:badarg -> exit(closed) end.
exits(P) -> receive {'EXIT', P, Why} -> [Why | exits(P)]; {P, {data, _}} -> exits(P) after 0 -> [] end.

owners_killed(N) ->
    lists:usort(parallel(4, fun(_) ->
        Me = self(),
        [begin
             {O, R} = spawn_monitor(fun() -> Me ! {port, cat([])}, receive stop -> ok end end),
             P = receive {port, X} -> X end,
             M = monitor(port, P),
             exit(O, kill),
             {stress:await_down(R), stress:await_down(M), erlang:port_info(P)}
         end || _ <- lists:seq(1, N)] end)).

exit_statuses(N) ->
    lists:usort(parallel(8, fun(W) ->
        [begin
             P = open_port({spawn, "sh -c 'exit " ++ integer_to_list(W) ++ "'"}, [exit_status]),
             receive {P, {exit_status, W}} -> ok end
         end || _ <- lists:seq(1, N)] end)).

many_at_once(N) ->
    Ports = [cat([]) || _ <- lists:seq(1, N)],
    [P ! {self(), {command, "x"}} || P <- Ports],
    Got = [receive {P, {data, <<"x">>}} -> ok end || P <- Ports],
    [P ! {self(), close} || P <- Ports],
    Closed = [receive {P, closed} -> ok end || P <- Ports],
    {length(Got), length(Closed)} =:= {N, N}.

%% A port handed around; data goes to whom it is connected to.
connected(N) ->
    lists:usort(parallel(4, fun(_) ->
        Me = self(),
        [begin
             P = cat([]),
             O = spawn_link(fun() -> receive {P, {data, D}} -> Me ! {forwarded, D} end, receive stop -> ok end end),
             true = erlang:port_connect(P, O),
             true = unlink(P),
             true = port_command(P, "data"),
             D = receive {forwarded, X} -> X end,
             O ! stop,
             D
         end || _ <- lists:seq(1, N)] end)).

killed_by_signal(N) ->
    lists:usort(parallel(4, fun(_) ->
        process_flag(trap_exit, true),
        [begin
             P = cat([]),
             exit(P, Why),
             receive {'EXIT', P, Got} -> Got end
         end || _ <- lists:seq(1, N), Why <- [kill, {a, reason}]] end)).

monitored(N) ->
    lists:usort(parallel(4, fun(_) ->
        [begin
             P = cat([]),
             Watchers = [spawn_monitor(fun() -> R = monitor(port, P), rest(4), exit({result, stress:await_down(R)}) end) || _ <- [1, 2, 3]],
             rest(4),
             port_close(P),
             lists:usort([case W of normal -> over; noproc -> over; Else -> Else end || W <- stress:gather(Watchers)])
         end || _ <- lists:seq(1, N)] end)).

much_output(N) ->
    lists:usort(parallel(4, fun(_) ->
        [begin
             P = open_port({spawn, "sh -c 'yes 0123456789 2>/dev/null | head -n 20000'"}, [binary, stream, exit_status]),
             {Bytes, Status} = drain(P, 0),
             {Bytes, Status}
         end || _ <- lists:seq(1, N)] end)).
drain(P, Sum) -> receive {P, {data, D}} -> drain(P, Sum + byte_size(D)); {P, {exit_status, S}} -> {Sum, S} end.
