%% Linked-in drivers of our own (native/driver_code.c), compiled here against stock's headers: the same files are loaded by
%% both. Every family of the driver interface, and what erl_ddll refuses.
-module(driver_code).
-compile([export_all, nowarn_export_all]).

%% --- the libraries: {Name, what the source is compiled with}
libraries() ->
    [{"driver_code", ""}, {"driver_code_vectors", "-DVECTORS"}, {"driver_code_driver_lock", "-DFLAGS=0"},
     {"driver_code_soft", "'-DFLAGS=ERL_DRV_FLAG_USE_PORT_LOCKING|ERL_DRV_FLAG_SOFT_BUSY'"},
     {"driver_code_no_limits", "'-DFLAGS=ERL_DRV_FLAG_USE_PORT_LOCKING|ERL_DRV_FLAG_NO_BUSY_MSGQ'"},
     {"driver_code_ack", "-DACK '-DFLAGS=ERL_DRV_FLAG_USE_PORT_LOCKING|ERL_DRV_FLAG_USE_INIT_ACK'"},
     {"driver_code_bare", "-DBARE"}, {"driver_code_permanent", ""}] ++
    [{"driver_code_bad" ++ integer_to_list(N), "-DBAD=" ++ integer_to_list(N)} || N <- lists:seq(1, 10)].

build() ->
    Source = filename:join([filename:dirname(proplists:get_value(source, module_info(compile))), "..", "native"]),
    Include = filename:join([code:root_dir(), "usr", "include"]),
    Cc = case os:find_executable("cc") of false -> "clang-19"; Found -> Found end,
    Command = fun({Name, Options}) ->
                      [Cc, " -w -shared -fPIC -I", Include, " ", Options, " -DNAME=", Name, " -o ", Name, ".so ",
                       filename:join(Source, "driver_code.c"), " && "]
              end,
    Changed = lists:max([filelib:last_modified(F) || F <- filelib:wildcard(filename:join(Source, "driver_code*"))]),
    case [L || {Name, _} = L <- libraries(), filelib:last_modified(Name ++ ".so") =< Changed] of
        [] -> [];
        Old -> os:cmd(lists:flatten([[Command(L) || L <- Old], "true"]))
    end.

cases() ->
    [] = build(),
    [{{refused, N}, fun() -> short(erl_ddll:load(".", Name)) end} ||
        {N, Name} <- lists:enumerate(["driver_code_bad" ++ integer_to_list(N) || N <- lists:seq(1, 10)] ++ ["no_such", "another"])] ++
    [{{start, H}, fun() -> with("driver_code", fun() -> {opened("driver_code " ++ H), history("driver_code")} end) end} ||
        H <- ["", "output", "null", "general", "badarg", "errno", "errno 0", "limits"]] ++
    [{{acknowledged, H}, fun() -> with("driver_code_ack", fun() -> opened("driver_code_ack " ++ H) end) end} ||
        H <- ["later", "later errno", "later badarg", "later failure"]] ++
    [{{output, N}, fun() -> port("driver_code", O, fun(P) -> outputs(P, D) end) end} ||
        {N, {O, D}} <- lists:enumerate([{O, D} || O <- [[], [binary]], D <- [[], <<"abc">>, "list", [<<"a">>, $b, ["c" | <<"d">>]], lists:duplicate(1000, $x)]])] ++
    [{{outputv, M, N}, fun() -> port("driver_code_vectors", [binary], fun(P) -> vectors(P, M, D) end) end} ||
        M <- lists:seq(0, 7), {N, D} <- lists:enumerate(datas())] ++
    [{{control, N}, fun() -> port("driver_code", [], fun(P) -> controls(P, A) end) end} || {N, A} <- lists:enumerate(control_arguments())] ++
    [{{call, N}, fun() -> port("driver_code", [], fun(P) -> calls(P, A) end) end} || {N, A} <- lists:enumerate(call_arguments())] ++
    [{{delivered, N}, fun() -> port("driver_code", O, fun(P) -> R = [run(P, C, D) || {C, D} <- delivers()], {R, flushed()} end) end} ||
        {N, O} <- lists:enumerate([[], [binary], [{line, 5}], [{line, 5}, binary], [stream, binary]])] ++
    [{{flags, N}, fun() -> port("driver_code", O, fun(P) -> run(P, 2) end) end} ||
        {N, O} <- lists:enumerate([[], [binary], [{line, 5}], [{line, 5}, binary]])] ++
    [{{terms, W, N}, fun() -> port("driver_code", [], fun(P) -> run(P, 8), {run(P, 70, [N, W]), flushed(0)} end) end} ||
        W <- [0, 1], N <- lists:seq(0, 49)] ++
    [{{terms, W, N}, fun() -> port("driver_code", [], fun(P) -> run(P, 8), {run(P, 70, [N, W]), flushed(0)} end) end} ||
        W <- [2, 3, 4, 5], N <- [0, 6, 15]] ++
    [{terms_to_dead, fun() -> port("driver_code", [], fun(P) -> kept_dead(P), {run(P, 70, [0, 1]), run(P, 70, [15, 1])} end) end},
     {binaries, fun() -> port("driver_code", [binary], fun(P) -> {run(P, 14), flushed()} end) end}] ++
    [{{queue, N}, fun() -> port("driver_code", [], fun(P) -> {run(P, 20, S), erlang:port_info(P, queue_size), run(P, 20, [$d, 200])} end) end} ||
        {N, S} <- lists:enumerate(queue_scripts())] ++
    [{flush_closed, fun() -> flush_closed(fun(P) -> port_close(P) end) end},
     {flush_closed_by_message, fun() -> flush_closed(fun(P) -> P ! {self(), close}, receive {P, closed} -> closed after 3000 -> none end end) end},
     {flush_exit, fun() -> flush_closed(fun(P) -> unlink(P), exit(P, gone) end) end},
     {flush_killed, fun() -> flush_closed(fun(P) -> unlink(P), exit(P, kill) end) end},
     {flush_failed, fun() -> flush_closed(fun(P) -> process_flag(trap_exit, true), run(P, 81), flushed() end) end}] ++
    [{{timer, N}, fun() -> port("driver_code", [], fun(P) -> run(P, 7), {run(P, 30, S), flushed(W)} end) end} ||
        {N, S, W} <- [{1, "rs\1r", 300}, {2, "s\0", 300}, {3, "lrcr", 50}, {4, "cr", 50}, {5, "ls\1", 300}, {6, "s\1lr", 100}, {7, "s\1c\1", 100}, {8, "s\1s\2", 300}]] ++
    [{{select, N}, fun() -> port("driver_code", [], fun(P) -> selects(P, S) end) end} || {N, S} <- lists:enumerate(select_scripts())] ++
    [{{async, N}, fun() -> port("driver_code", [], fun(P) -> run(P, 7), {run(P, 50, S), flushed(500)} end) end} ||
        {N, S} <- lists:enumerate([[0, 1, 10], [1, 1, 30, 2, 1, 3, 1], [7, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0]])] ++
    [{async_closed, fun async_closed/0}, {async_key, fun() -> port("driver_code", [], fun(P) -> run(P, 51) end) end},
     {monitor, fun monitors/0}, {monitor_dead, fun monitor_dead/0}, {monitor_many, fun monitor_many/0}, {monitor_closed, fun monitor_closed/0}] ++
    % Not driver_failure twice: stock itself may crash.
    [{{failure, N}, fun() -> failure(C, D, O) end} ||
        {N, {C, D, O}} <- lists:enumerate([{C, D, O} || {C, D} <- [{80, [0]}, {80, [5]}, {80, [255]}, {81, []}, {82, [13]}, {82, [0]}, {83, []}, {84, [0]}, {84, [32]}, {86, []}],
                                                        O <- [[], [eof]]])] ++
    [{busy, fun busy/0}, {busy_timer, fun busy_timer/0}, {busy_soft, fun busy_soft/0}, {busy_closed, fun busy_closed/0}, {busy_control, fun busy_control/0}] ++
    [{{limits, N}, fun() -> port("driver_code", O, fun(P) -> [run(P, 91, D) || D <- Ds] end) end} || {N, {O, Ds}} <- lists:enumerate(limit_scripts())] ++
    [{limits_none, fun() -> port("driver_code_no_limits", [], fun(P) -> [run(P, 91, D) || D <- [<<>>, <<5:32, 10:32>>, <<>>]] end) end}] ++
    [{{full, D, N}, fun() -> full(D, O) end} || D <- ["driver_code", "driver_code_soft", "driver_code_no_limits"],
        {N, O} <- lists:enumerate([[{busy_limits_msgq, {10, 20}}], [{busy_limits_msgq, disabled}], []])] ++
    [{full_suspends, fun full_suspends/0}, {full_bang, fun full_bang/0}, {full_closed, fun full_closed/0}, {full_disabled, fun full_disabled/0}] ++
    [{{services, C}, fun() -> port("driver_code", [], fun(P) -> run(P, 8), [run(P, C), flushed(20)] end) end} || C <- [9, 100, 101, 102, 103, 105, 107, 111]] ++
    [{environment, fun() -> os:putenv("DRIVER_CODE_GIVEN", "here"), port("driver_code", [], fun(P) -> {run(P, 104), os:getenv("DRIVER_CODE")} end) end},
     {os_pid, fun() -> port("driver_code", [], fun(P) -> {erlang:port_info(P, os_pid), run(P, 109), erlang:port_info(P, os_pid)} end) end},
     {created, fun created/0}, {created_dead, fun() -> port("driver_code", [], fun(P) -> kept_dead(P), run(P, 106, [1]) end) end},
     {entries, fun entries/0}, {bare, fun bare/0}, {locking, fun locking/0}, {facts, fun port_facts/0},
     {caller, fun callers/0}, {connect, fun connects/0}] ++
    ddll_cases().

%% --- helpers
with(Driver, Fun) ->
    ok = erl_ddll:load(".", Driver),
    try Fun() after unload(Driver) end.
unload(Driver) ->
    case erl_ddll:try_unload(Driver, [{monitor, pending}, kill_ports]) of
        {ok, unloaded} -> ok;
        {ok, _, Ref} -> receive {'DOWN', Ref, driver, _, _} -> ok after 5000 -> stays end;
        Other -> Other
    end.
port(Driver, Options, Fun) ->
    with(Driver, fun() ->
                         P = open_port({spawn_driver, Driver}, Options),
                         try Fun(P) after catch port_close(P) end
                 end).
run(P, Command) -> run(P, Command, []).
run(P, Command, Data) -> port_control(P, Command, Data).
flushed() -> flushed(30).
flushed(Time) -> receive M -> [M | flushed(min(Time, 30))] after Time -> [] end.
short({error, {open_error, _} = E}) -> {error, open_error, is_list(erl_ddll:format_error(E))};
short(X) -> X.
attempt(F) -> try F() catch C:E -> {C, E} end.
%% What its driver's ports have done, asked by one of them.
history(Driver) ->
    P = open_port({spawn_driver, Driver}, []),
    try run(P, 6) after port_close(P) end.
opened(Command) ->
    process_flag(trap_exit, true),
    R = attempt(fun() -> P = open_port({spawn_driver, Command}, []), {P, erlang:port_info(P, name), attempt(fun() -> port_close(P) end)} end),
    {R, flushed()}.
dead() -> {P, R} = spawn_monitor(fun() -> ok end), receive {'DOWN', R, process, P, _} -> P end.
kept_dead(P) -> {X, R} = spawn_monitor(fun() -> run(P, 8) end), receive {'DOWN', R, process, X, _} -> ok end.
wait(F) -> wait(F, 300).
wait(_, 0) -> timed_out;
wait(F, N) -> case F() of true -> true; _ -> receive after 10 -> wait(F, N - 1) end end.

%% --- output, control, call
datas() ->
    Big = binary:copy(<<"0123456789">>, 20),
    [[], <<"abc">>, "list", [<<"a">>, "b"], Big, [Big, "between", Big], ["before", Big | <<"tail">>], [binary:part(Big, 5, 100), Big], lists:duplicate(300, $y)].
outputs(P, Data) ->
    run(P, 7),
    [port_command(P, Data), (P ! {self(), {command, Data}}) =:= {self(), {command, Data}}, attempt(fun() -> port_command(P, a) end) | flushed()].
vectors(P, Mode, Data) ->
    run(P, 7), run(P, 21, [Mode]),
    %% Into how many pieces large data goes is the VM's affair.
    Sent = [case M of {P, {data, L}} -> {data, iolist_to_binary(L)}; _ -> M end || _ <- [port_command(P, Data)], M <- flushed(10)],
    [erlang:port_info(P, queue_size), Sent, run(P, 20, [$R, 0, $d, 200, $d, 200, $d, 200])].
control_arguments() ->
    [{B, C, D} || B <- [0, 1], {C, D} <- [{0, ""}, {0, "short"}, {0, lists:duplicate(64, $a)}, {3, ""}, {4, ""}, {5, ""}, {99, ""}, {1 bsl 32, ""}, {-1, ""}, {a, ""}, {0, a}]] ++
    [{0, 0, lists:duplicate(65, $a)}, {0, 0, binary:copy(<<"b">>, 3000)}, {1, 15, <<"binary">>}, {1, 15, binary:copy(<<"b">>, 300)}, {1, 15, ""}].
controls(P, {Binary, Command, Data}) -> run(P, 1, [Binary]), attempt(fun() -> port_control(P, Command, Data) end).
call_arguments() ->
    [{1, T} || T <- [a, 1, {a, "b", [c]}, binary:copy(<<"d">>, 100), #{a => 1.5}, self() =:= x, lists:seq(1, 300)]] ++
    [{C, x} || C <- [2, 3, 4, 5, 6, 7, -1, a, 1 bsl 32]].
calls(P, {Command, Term}) -> attempt(fun() -> erlang:port_call(P, Command, Term) end).
delivers() ->
    [{10, "plain"}, {10, ""}, {13, ""}, {11, [2 | "hdtail"]}, {11, [0 | "tail"]}, {11, [3 | "hdr"]}, {12, "hd"}, {10, "a\nbcdefghij\r\nk"}].

%% --- the queue
queue_scripts() ->
    [[$s, 0, $q, 0, $Q, 0, $d, 0, $d, 1], [$e, 5, $s, 0, $q, 0, $Q, 0, $d, 2, $q, 0, $d, 3, $s, 0], [$p, 5, $q, 0, $p, 2, $s, 0], [$e, 0, $p, 0, $q, 0],
     [$e, 3, $p, 4, $e, 2, $s, 0, $d, 5, $s, 0], [$b, 5, $B, 6, $s, 0, $Q, 0, $b, 0, $B, 0],
     [$v, 0, $Q, 0], [$v, 4, $Q, 0], [$v, 14, $s, 0], [$V, 0, $Q, 0], [$V, 4, $Q, 0], [$V, 14, $s, 0],
     [$e, 1, $v, 3, $V, 8, $b, 2, $B, 3, $p, 1, $Q, 0, $d, 4, $Q, 0, $d, 7, $Q, 0, $d, 100, $s, 0], [$e, 10, $d, 11, $d, 10, $d, 0]].
flush_closed(End) ->
    with("driver_code", fun() ->
        Other = open_port({spawn_driver, "driver_code"}, []),
        P = open_port({spawn_driver, "driver_code"}, []),
        run(P, 7), run(P, 20, [$e, 12]),
        R = End(P),
        Alive = {lists:keydelete(id, 1, erlang:port_info(P)), lists:member(P, erlang:ports()), attempt(fun() -> port_command(P, "x") end)},
        wait(fun() -> not lists:member(P, erlang:ports()) end),
        receive after 50 -> ok end,
        [R, Alive, run(Other, 6), flushed(0), port_close(Other)] end).

%% --- descriptors
select_scripts() ->
    ["or", "orW", "orxWX", "or0W", "owW", "own", "oru", "orWuc", "orcu", "oXxW", "e", "E", "g", "oU", "oUru"].
selects(P, Script) ->
    run(P, 7),
    %% u, n: nothing of them is left after it
    Results = [begin R = run(P, 40, [S]), receive after 20 -> ok end, {R, flushed(0)} end || S <- lists:takewhile(fun(C) -> C =/= $c end, Script)],
    {Results, case lists:member($c, Script) of true -> ends(P); false -> ok end, run(P, 40, [$u]), lists:usort(string:lexemes(run(P, 6), " "))}.
%% At the end of the file it is ready all the time.
ends(P) -> R = run(P, 40, [$c]), M = receive {ready_input, N, _} -> N after 1000 -> none end, run(P, 40, [$x]), flushed(20), {R, M}.

%% --- asynchronous jobs, monitors
async_closed() ->
    with("driver_code", fun() ->
        Other = open_port({spawn_driver, "driver_code"}, []),
        P = open_port({spawn_driver, "driver_code"}, []),
        run(P, 7),
        R = run(P, 50, [1, 7, 100]),
        port_close(P),
        run(Other, 50, [1, 8, 0]), % behind it, on the same thread
        run(Other, 7),
        wait(fun() -> flushed(0) =/= [] end),
        receive after 150 -> ok end,
        [R, lists:sort(string:lexemes(run(Other, 6), " ")), flushed(0), port_close(Other)] end). % the second job may begin before the first one is freed
user(P) -> user(P, fun() -> run(P, 8) end).
user(_, F) -> S = self(), {X, R} = spawn_monitor(fun() -> F(), S ! {self(), ready}, receive stop -> ok end end), receive {X, ready} -> ok end, {X, R}.
stop({X, R}) -> X ! stop, receive {'DOWN', R, process, X, _} -> ok end.
monitors() ->
    port("driver_code", [], fun(P) ->
        run(P, 7),
        U = user(P),
        A = run(P, 60, [$m, 1, $g, 1, $m, 2, $=, 1, $=, 0, $d, 2, $g, 2, $d, 2, $p, 3]),
        stop(U),
        B = flushed(),
        {A, B, run(P, 60, [$g, 1, $d, 1, $m, 1, $c, 0, $g, 0, $d, 0]), run(P, 6)} end).
monitor_dead() -> port("driver_code", [], fun(P) -> kept_dead(P), run(P, 60, [$m, 0]) end).
monitor_many() ->
    port("driver_code", [], fun(P) ->
        run(P, 7),
        U = user(P),
        A = run(P, 60, [$m, 0, $m, 1, $m, 2]),
        stop(U),
        {A, lists:sort(flushed()), lists:sort(string:lexemes(run(P, 6), " "))} end).
monitor_closed() ->
    port("driver_code", [], fun(P) ->
        U = user(P),
        A = run(P, 60, [$m, 0]),
        port_close(P),
        stop(U),
        {A, history("driver_code")} end).

%% --- failures
failure(Command, Data, Options) ->
    with("driver_code", fun() ->
        process_flag(trap_exit, true),
        P = open_port({spawn_driver, "driver_code"}, Options),
        M = erlang:monitor(port, P),
        run(P, 7),
        R = attempt(fun() -> run(P, Command, Data) end),
        Messages = flushed(),
        Info = erlang:port_info(P, name),
        catch port_close(P),
        [R, [case X of {'DOWN', M, port, P, Why} -> {down, Why}; _ -> X end || X <- Messages], Info, history("driver_code")] end).

%% --- busy ports
status(X) -> element(2, process_info(X, status)).
command(P, Data, Options) -> S = self(), spawn(fun() -> R = attempt(fun() -> port_command(P, Data, Options) end), S ! {self(), R} end).
busy() ->
    port("driver_code", [], fun(P) ->
        run(P, 7), run(P, 90, [1]),
        A = {attempt(fun() -> port_command(P, "x", [nosuspend]) end), attempt(fun() -> port_command(P, "x", [force]) end),
             erlang:send(P, {self(), {command, "x"}}, [nosuspend]), erlang:send_nosuspend(P, {self(), {command, "x"}})},
        X = command(P, "waited", []),
        B = {wait(fun() -> status(X) =:= suspended end), flushed(0)},
        run(P, 90, [0]),
        {A, B, lists:sort(flushed()), attempt(fun() -> port_command(P, "y", [nosuspend]) end), flushed()} end).
busy_timer() ->
    port("driver_code", [], fun(P) ->
        run(P, 7), run(P, 95, [50]),
        A = port_command(P, "after the timeout"),
        {A, flushed()} end).
busy_soft() ->
    port("driver_code_soft", [], fun(P) ->
        run(P, 7), run(P, 90, [1]),
        {attempt(fun() -> port_command(P, "x", [nosuspend]) end), attempt(fun() -> port_command(P, "forced", [force]) end),
         attempt(fun() -> port_command(P, "both", [force, nosuspend]) end), attempt(fun() -> port_command(P, "x", [wrong]) end), flushed(), run(P, 90, [0]), flushed()} end).
busy_closed() ->
    port("driver_code", [], fun(P) ->
        run(P, 90, [1]),
        X = command(P, "never", []),
        wait(fun() -> status(X) =:= suspended end),
        port_close(P),
        flushed() end).
busy_control() ->
    port("driver_code", [], fun(P) -> run(P, 90, [1]), {run(P, 0, "goes through"), erlang:port_info(P, queue_size), erlang:port_call(P, 1, so_does_this), run(P, 90, [0])} end).

%% --- limits of the message queue
limit_scripts() ->
    Off = 16#ffffffff, Max = 16#fffffffe,
    [{O, [<<>> | Ds]} || {O, Ds} <-
        [{[], []}, {[{busy_limits_msgq, {10, 20}}], []}, {[{busy_limits_msgq, disabled}], [<<5:32, 10:32>>]}, {[{busy_limits_port, {10, 20}}], []},
         {[{busy_limits_msgq, {20, 10}}], []}] ++
        [{[], [D, <<>>, <<100:32, 200:32>>, <<>>]} ||
            D <- [<<5:32, 10:32>>, <<10:32, 5:32>>, <<5:32, 0:32>>, <<0:32, 10:32>>, <<0:32, 1000000:32>>, <<1000000:32, 0:32>>, <<Off:32, 0:32>>, <<0:32, Off:32>>, <<5:32, Off:32>>,
                  <<Off:32, 5:32>>, <<Max:32, Max:32>>, <<1:32, Max:32>>, <<Max:32, 0:32>>, <<Max:32, 1:32>>, <<7:32, 7:32>>,
                  <<0, 5:32>>, <<1, 5:32>>, <<0, 1000000:32>>, <<1, 1000000:32>>, <<0, Off:32>>, <<1, Off:32>>, <<0, 0:32>>, <<1, 0:32>>]]].

%% A port in whose output a process sits for a while. Needs two schedulers; one that has something to do for the port may
%% wait for it too, so nothing is waited for meanwhile.
gated(Driver, Options, Fun) ->
    with(Driver, fun() ->
        process_flag(trap_exit, true),
        Other = open_port({spawn_driver, Driver}, []),
        P = open_port({spawn_driver, Driver}, Options),
        run(P, 7), run(P, 92, [1]),
        S = self(),
        process_flag(scheduler, 1),
        X = spawn_opt(fun() -> S ! {first, port_command(P, "first")} end, [{scheduler, 2}]),
        true = spin(fun() -> run(Other, 94) =:= "1" end, erlang:monotonic_time(millisecond) + 5000),
        R = Fun(P),
        First = receive {first, F} -> F after 5000 -> none end,
        catch port_close(P), port_close(Other),
        {R, First, is_pid(X), lists:sort(flushed(100))}
    end).
spin(F, End) -> F() orelse (erlang:monotonic_time(millisecond) < End andalso begin erlang:yield(), spin(F, End) end).
send(P, N, Options) -> erlang:send(P, {self(), {command, lists:duplicate(N, $.)}}, Options).
full(Driver, Options) ->
    gated(Driver, Options, fun(P) ->
        case [send(P, 8, [nosuspend]), send(P, 8, [nosuspend]), send(P, 8, [nosuspend]), send(P, 1, [nosuspend])] of
            %% force passes a full queue too.
            [ok, ok, ok, nosuspend] = A -> {A, [attempt(fun() -> port_command(P, "n", O) end) || O <- [[nosuspend], [force, nosuspend]]]};
            A -> A
        end end).
full_suspends() ->
    [gated("driver_code_soft", [{busy_limits_msgq, {10, 20}}], fun(P) -> {send(P, 30, []), port_command(P, "waits", O)} end) || O <- [[], [force]]].
full_bang() ->
    gated("driver_code", [{busy_limits_msgq, {10, 20}}], fun(P) -> {send(P, 30, []), send(P, 5, [])} end).
full_closed() ->
    gated("driver_code", [{busy_limits_msgq, {10, 20}}], fun(P) -> {send(P, 30, []), P ! {self(), close}, attempt(fun() -> port_command(P, "waits") end)} end).
full_disabled() ->
    gated("driver_code", [{busy_limits_msgq, disabled}], fun(P) -> [send(P, 30000, [nosuspend]) || _ <- [1, 2, 3]] end).

%% --- further ports, entries, what all have
created() ->
    port("driver_code", [binary], fun(P) ->
        R = run(P, 106, [0]),
        [New] = [N || {P, {created, N}} <- [M || M <- [receive {_, {created, _}} = M -> M; {created, N} -> {P, {created, N}} after 1000 -> none end]]],
        Info = [erlang:port_info(New, I) || I <- [name, connected, links, os_pid]],
        Sent = [port_command(New, "to the new one") | flushed()],
        Closed = port_close(New),
        {R, Info, Sent, Closed, erlang:port_info(New), erl_ddll:info("driver_code", port_count)} end).
entries() ->
    Open = fun() -> attempt(fun() -> F = open_port({spawn_driver, "driver_code_further with words"}, []), port_command(F, "x"), M = flushed(), port_close(F), M end) end,
    port("driver_code", [], fun(P) ->
        {Open(), run(P, 108, [1]), Open(), erl_ddll:info("driver_code_further", linked_in_driver), erl_ddll:try_unload("driver_code_further", []), run(P, 108, [0]), Open()} end).
bare() ->
    port("driver_code_bare", [], fun(P) ->
        {attempt(fun() -> port_control(P, 1, "") end), attempt(fun() -> erlang:port_call(P, 1, a) end), port_command(P, "ignored"), erlang:port_info(P, name), port_close(P)} end).
locking() -> [port(D, [], fun(P) -> erlang:port_info(P, locking) end) || D <- ["driver_code", "driver_code_driver_lock"]].
port_facts() ->
    port("driver_code", [{parallelism, true}], fun(P) ->
        run(P, 7), port_command(P, "12345"), run(P, 10, "abc"), run(P, 20, [$e, 7]), flushed(),
        [erlang:port_info(P, I) || I <- [name, input, output, queue_size, parallelism, os_pid, links, monitors, monitored_by, registered_name, locking]] end).
callers() ->
    port("driver_code", [], fun(P) ->
        S = self(),
        spawn(fun() -> S ! {other, run(P, 9)} end),
        [run(P, 9), receive {other, X} -> X end] end).
connects() ->
    port("driver_code", [], fun(P) ->
        U = {X, _} = user(P),
        R = port_connect(P, X),
        A = run(P, 9),
        run(P, 70, [0, 0]),
        wait(fun() -> process_info(X, messages) =:= {messages, [[]]} end),
        M = process_info(X, messages),
        unlink(P), port_close(P),
        stop(U),
        {R, A, M, flushed()} end).

%% --- erl_ddll
ddll_cases() ->
    D = "driver_code_vectors",
    Info = fun() -> try erl_ddll:info(D) catch _:E -> E end end,
    Clean = fun(F) -> fun() -> process_flag(trap_exit, true), file:delete("finished"), try [F(), file:read_file("finished")] after unload(D) end end end,
    Load = fun(O) -> erl_ddll:try_load(".", D, O) end,
    Unload = fun(O) -> erl_ddll:try_unload(D, O) end,
    [{load_unload, Clean(fun() -> [Load([]), Info(), Load([]), Info(), Unload([]), Info(), Unload([]), wait(fun() -> Info() =:= badarg end), Unload([]), Info()] end)},
     {load_atom, Clean(fun() -> [erl_ddll:load(".", driver_code_vectors), erl_ddll:unload(driver_code_vectors), erl_ddll:load_driver(".", D), erl_ddll:unload_driver(D)] end)},
     {load_options, Clean(fun() -> [attempt(fun() -> short(erl_ddll:try_load(P, N, O)) end) ||
         {P, N, O} <- [{".", D, [x]}, {".", D, x}, {".", 1, []}, {1, D, []}, {".", "", []}, {".", D, [{monitor, x}]}, {".", D, [{reload, x}]}, {".", D, [{driver_options, x}]},
                       {".", D, [{driver_options, [kill_ports]}, {monitor, pending}]}, {".", D, []}, {".", D, [{driver_options, [kill_ports]}]}, {"./.", D, [{driver_options, [kill_ports]}]}]] end)},
     {unload_options, Clean(fun() -> Load([]), [attempt(fun() -> erl_ddll:try_unload(N, O) end) || {N, O} <- [{D, x}, {D, [x]}, {1, []}, {D, [{monitor, x}]}, {"none", []}, {"efile", []}, {"tcp_inet", []}]] end)},
     {names_of_files, fun() -> [attempt(fun() -> try erl_ddll:try_load(P, N, []) of {error, {open_error, _} = E} -> erl_ddll:format_error(E); R -> R catch _:E -> E end end) ||
         P <- ['.', '', ".", "", "/", <<".">>, [["."], "/x"], ["/nonexistent", [$/]], '/nonexistent'], N <- ['', "", none, "none", <<"none">>, ["no", <<"ne">>], [256], [none]]] end},
     {loaded_as_binary, Clean(fun() -> N = [<<"driver_code_">>, "vectors"], [erl_ddll:try_load(<<".">>, N, []), Info(), erl_ddll:info(N, processes) =:= erl_ddll:info(D, processes), erl_ddll:try_unload(N, [])] end)},
     {linked_in, fun() -> [attempt(fun() -> erl_ddll:try_load(".", "tcp_inet", []) end) | [attempt(fun() -> erl_ddll:info("tcp_inet", I) end) || I <- [processes, driver_options, port_count, linked_in_driver, permanent, awaiting_load, awaiting_unload, x]]] end},
     {info_items, Clean(fun() -> Load([]), [attempt(fun() -> erl_ddll:info(D, I) end) || I <- [processes, driver_options, port_count, linked_in_driver, permanent, awaiting_load, awaiting_unload, x]] ++
                                  [attempt(fun() -> erl_ddll:info("none", processes) end), lists:keymember(D, 1, erl_ddll:info()), element(1, erl_ddll:loaded_drivers())] end)},
     {unload_pending, Clean(fun() -> Load([]), P = open_port({spawn_driver, D}, []), {ok, pending_driver, R} = Unload([{monitor, pending_driver}]),
                             A = [Info(), attempt(fun() -> open_port({spawn_driver, D}, []) end), Load([]), flushed(), port_close(P), Info()],
                             A ++ [is_reference(R), flushed()] end)},
     {unload_pending_done, Clean(fun() -> Load([]), P = open_port({spawn_driver, D}, []), {ok, pending_driver, R} = Unload([{monitor, pending_driver}]),
                             A = [flushed(), erl_ddll:info(D, awaiting_unload), port_close(P)],
                             A ++ [is_reference(R), flushed(200), Info()] end)},
     {unload_kill, Clean(fun() -> process_flag(trap_exit, true), Load([]), P = open_port({spawn_driver, D}, []), {ok, W, _} = Unload([kill_ports, {monitor, pending}]), [W, flushed(200), erlang:port_info(P)] end)},
     {unload_process, Clean(fun() -> Load([]), U = user(x, fun() -> Load([]) end), {ok, W, _} = Unload([{monitor, pending}]), A = [W, flushed(), Unload([]), Unload([{monitor, pending_driver}])], stop(U), [A, flushed(200), Info()] end)},
     {user_dies, Clean(fun() -> stop(user(x, fun() -> Load([]) end)), wait(fun() -> Info() =:= badarg end) end)},
     {user_dies_kill, Clean(fun() -> process_flag(trap_exit, true), U = user(x, fun() -> Load([{driver_options, [kill_ports]}]) end), open_port({spawn_driver, D}, []), stop(U), [flushed(200), wait(fun() -> Info() =:= badarg end)] end)},
     {not_mine, Clean(fun() -> U = user(x, fun() -> Load([]) end), R = [Unload([]), Load([{reload, pending}, {monitor, pending}]), Load([{reload, pending_driver}])], stop(U), wait(fun() -> Info() =:= badarg end), R end)},
     {reload, Clean(fun() -> Load([]), R = Load([{reload, pending_driver}, {monitor, pending_driver}]), {R, flushed(200), Info()} end)},
     {reload_port, Clean(fun() -> Load([]), P = open_port({spawn_driver, D}, []), {ok, W, _} = Load([{reload, pending_driver}, {monitor, pending_driver}]),
                          A = [W, Info(), attempt(fun() -> open_port({spawn_driver, D}, []) end), Load([{reload, pending}]), flushed(), port_close(P)], {A, flushed(200), Info()} end)},
     {reload_cancelled, Clean(fun() -> Load([]), P = open_port({spawn_driver, D}, []), {ok, W, _} = Load([{reload, pending_driver}, {monitor, pending_driver}]),
                          A = [W, Unload([]), flushed(), port_close(P)], {A, flushed(200), Info()} end)},
     {reload_kill, Clean(fun() -> process_flag(trap_exit, true), O = [{driver_options, [kill_ports]}], Load(O), open_port({spawn_driver, D}, []),
                          {ok, W, _} = Load([{reload, pending_driver}, {monitor, pending_driver} | O]), {W, flushed(200), Info()} end)},
     {reload_others, Clean(fun() -> Load([]), U = user(x, fun() -> Load([]) end), A = [Load([{reload, pending_driver}]), element(2, Load([{reload, pending}, {monitor, pending}])), flushed(200), Info()], stop(U), {A, flushed(200), Info()} end)},
     {reload_functions, Clean(fun() -> [erl_ddll:reload(".", D), Load([]), erl_ddll:reload(".", D), erl_ddll:reload_driver(".", D), Info()] end)},
     {reload_not_loaded, fun() -> Load([{reload, pending_driver}]) end},
     {watch_absent, fun() -> R = [is_reference(erl_ddll:monitor(driver, {D, W})) || W <- [loaded, unloaded, unloaded_only]], {R, flushed()} end},
     {watch_linked_in, fun() -> R = [is_reference(erl_ddll:monitor(driver, {"tcp_inet", W})) || W <- [loaded, unloaded]], {R, flushed()} end},
     {watch_bad, fun() -> [attempt(fun() -> erl_ddll:monitor(A, B) end) || {A, B} <- [{x, {D, loaded}}, {driver, x}, {driver, {D, x}}, {driver, {1, loaded}}]] ++
                             [attempt(fun() -> erl_ddll:demonitor(X) end) || X <- [x, make_ref()]] end},
     {watch, Clean(fun() -> Load([]), [erl_ddll:monitor(driver, {D, W}) || W <- [loaded, unloaded, unloaded_only]], A = flushed(), Unload([]), [A, lists:sort(flushed(200))] end)},
     {watch_cancel, Clean(fun() -> Load([]), P = open_port({spawn_driver, D}, []), [erl_ddll:monitor(driver, {D, W}) || W <- [unloaded, unloaded_only]], Unload([]), A = flushed(), Load([]), [A, flushed(), port_close(P)] end)},
     {unwatch, Clean(fun() -> Load([]), R = erl_ddll:monitor(driver, {D, unloaded}), A = erl_ddll:demonitor(R), [A, erl_ddll:demonitor(R), Unload([]), flushed(200)] end)},
     {format_error, fun() -> [attempt(fun() -> erl_ddll:format_error(E) end) || E <- [no_error, no_driver_init, driver_init_failed, bad_driver_name, driver_name_to_long, driver_incorrect_version,
         no_ddll_available, unspecified_error, symbol_not_found, linked_in_driver, inconsistent, permanent, not_loaded, not_loaded_by_this_process, pending_process, pending_reload, x, {open_error, x}, {open_error, -11111}, 7]] end},
     {permanent, fun() -> ok = erl_ddll:load(".", "driver_code_permanent"), P = open_port({spawn_driver, "driver_code_permanent"}, []),
                          M = erl_ddll:monitor(driver, {"driver_code_permanent", unloaded}), R = [run(P, 110), run(P, 110), flushed(), is_reference(M)],
                          R ++ [erl_ddll:try_unload("driver_code_permanent", []), erl_ddll:try_load(".", "driver_code_permanent", []), erl_ddll:info("driver_code_permanent"),
                                is_reference(erl_ddll:monitor(driver, {"driver_code_permanent", unloaded})), flushed(), port_close(P)] end},
     {opened_without, fun() -> [attempt(fun() -> open_port({spawn_driver, N}, []) end) || N <- [D, "none", "", D ++ " x", <<"none">>]] end}].
