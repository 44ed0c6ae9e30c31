%% Ports that are programs: every option of open_port, what goes in and out in every mode, what ends them, and os:cmd.
-module(programs).
-export([cases/0, log/2, init/1, handle_event/2, handle_call/2, terminate/2]).

-define(C(Name, Expr), {Name, fun() -> process_flag(trap_exit, true), Expr end}).

cases() ->
    opening() ++ modes() ++ packets() ++ lines() ++ endings() ++ commands() ++ controlling() ++ information() ++ surroundings() ++
        descriptors() ++ busy() ++ shell_commands() ++ bad_calls() ++ bad_data().

%% --- helpers
%% A handler of erl_signal_server that passes on what it is told.
init(To) -> {ok, To}.
handle_event(E, To) -> To ! {signalled, E}, {ok, To}.
handle_call(_, To) -> {ok, ok, To}.
terminate(_, _) -> ok.

-define(SH(Script, Opts), open_port({spawn_executable, "/bin/sh"}, [{args, ["-c", Script]} | Opts])).

%% What the port sends until it is closed or quiet, its name taken out; pieces of data joined, for where they are cut is chance.
all(P) -> all(P, 3000).
all(P, T) ->
    receive
        {P, {data, D}} -> [{data, D} | all(P, T)];
        {P, eof} -> [eof | all(P, 300)];
        {P, {exit_status, S}} -> [{exit_status, S} | all(P, 300)];
        {P, Other} -> [Other | all(P, 300)];
        {'EXIT', P, R} -> [{'EXIT', R}]
    after T -> [quiet]
    end.
joined([{data, A}, {data, B} | T]) when is_binary(A), is_binary(B) -> joined([{data, <<A/binary, B/binary>>} | T]);
joined([{data, A}, {data, B} | T]) when is_list(A), is_list(B) -> joined([{data, A ++ B} | T]);
joined([H | T]) -> [H | joined(T)];
joined([]) -> [].
%% Either may come first.
ends(L) -> {Data, Rest} = lists:partition(fun({data, _}) -> true; (_) -> false end, joined(L)), Data ++ lists:sort(Rest).

try_it(F) -> try F() catch C:R:S -> {C, R, [{M, Fn, A, proplists:get_value(error_info, I)} || {M, Fn, A, I} <- lists:sublist(S, 1), not is_list(A)]} end.
port(P) when is_port(P) -> catch port_close(P), port;
port(X) -> X.

%% --- what open_port takes and refuses
opening() ->
    Names = [{spawn, "true"}, {spawn, "no_such_program_at_all"}, {spawn, "/no/such/path"}, {spawn, ""}, {spawn, <<"true">>}, {spawn, 'true'}, {spawn, "/etc/passwd"}, {spawn, "/tmp"}, {spawn, "true with args"}, {spawn, "  true"}, {spawn, [256]}, {spawn, [1024]}, {spawn, "a\0b"}, {spawn, 1}, {spawn, {}},
             {spawn_executable, "/bin/true"}, {spawn_executable, "true"}, {spawn_executable, <<"/bin/true">>}, {spawn_executable, '/bin/true'}, {spawn_executable, "/etc/passwd"}, {spawn_executable, "/tmp"}, {spawn_executable, "/none"}, {spawn_executable, ""}, {spawn_executable, 1}, {spawn_executable, "/bin/true x"},
             {spawn_driver, "no_such_driver"}, {spawn_driver, "ram_file_drv"}, {spawn_driver, 1}, {spawn, "ram_file_drv"}, {fd, 100, 100}, {fd, -1, 0}, {fd, a, b}, {fd, 0}, {foo, "true"}, {spawn}],
    [?C({name, N}, [port(try_it(fun() -> open_port(Name, O) end)) || O <- [[stderr_to_stdout], [stderr_to_stdout, exit_status]]]) || {N, Name} <- lists:zip(lists:seq(1, length(Names)), Names)] ++
    [?C({option, N}, port(try_it(fun() -> open_port({spawn_executable, "/bin/true"}, O) end)))
     || {N, O} <- lists:zip(lists:seq(1, 64),
          [[], a, [a], [stream], [{packet, 1}], [{packet, 2}], [{packet, 4}], [{packet, 0}], [{packet, 3}], [{packet, a}], [{line, 10}], [{line, 0}], [{line, -1}], [{line, a}], [{line, 1 bsl 70}], [{packet, 1}, {line, 10}], [{packet, 1}, stream], [stream, {line, 5}], [binary], [list], [eof], [exit_status], [use_stdio], [nouse_stdio],
           [stderr_to_stdout], [nouse_stdio, stderr_to_stdout], [in], [out], [in, out], [hide], [{cd, "/"}], [{cd, 1}], [{cd, <<"/">>}], [{cd, "a\0b"}], [{env, []}], [{env, [{"A", "b"}]}], [{env, [{"A", false}]}], [{env, a}], [{env, [a]}], [{env, [{a, b}]}], [{env, [{"A", 1}]}], [{env, [{"A=B", "x"}]}], [{env, [{"", "x"}]}],
           [{env, [{"A\0", "x"}]}], [{env, [{[1024], [1025]}]}], [{env, [{"A", "b"} | c]}], [{args, []}], [{args, ["a", <<"b">>]}], [{args, [a]}], [{args, a}], [{args, [[1024]]}], [{args, ["a\0b"]}], [{args, ["a" | "b"]}], [{arg0, "me"}], [{arg0, a}], [{arg0, <<"me">>}], [{parallelism, true}], [{parallelism, 1}], [{busy_limits_port, {10, 20}}], [{busy_limits_port, {20, 10}}],
           [{busy_limits_port, disabled}], [{busy_limits_msgq, {1, 2}}], [{busy_limits_msgq, disabled}], [{busy_limits_port, a}]])] ++
    [?C({args_need_executable, N}, port(try_it(fun() -> open_port({spawn, "true"}, [O]) end))) || {N, O} <- [{1, {args, ["x"]}}, {2, {arg0, "x"}}]].

%% --- how data comes
modes() ->
    [?C({out, Mode, N}, ends(all(?SH(Script, [exit_status | Mode])))) || Mode <- [[], [binary], [stream], [in], [in, binary], [eof], [eof, binary]],
       {N, Script} <- [{1, "printf hello"}, {2, "true"}, {3, "printf 'a\\nb'; exit 7"}, {4, "head -c 200000 /dev/zero | tr '\\0' x"}, {5, "printf '\\000\\377\\200'"}]] ++
    [?C({echo, Mode, N}, begin P = ?SH("cat", Mode), R = try_it(fun() -> port_command(P, D) end), A = joined(all(P, 300)), port_close(P), {R, A} end)
     || Mode <- [[], [binary], [stream, binary], [use_stdio]], {N, D} <- lists:zip(lists:seq(1, 12), ["abc", <<"abc">>, ["a", [<<"b">>, $c]], "", <<>>, [300], a, <<1:11>>, ["a" | <<"b">>], [[[]]], 1, binary:copy(<<"x">>, 5000)])] ++
    [?C({one_way, N}, begin P = ?SH(S, O), R = [try_it(fun() -> port_command(P, "data\n") end), joined(all(P, 400))], catch port_close(P), R end) || {N, S, O} <- [{1, "cat", [in]}, {2, "cat >/dev/null", [out]}, {3, "read x; echo got $x", [in, out]}]].

packets() ->
    [?C({packet, W, N}, begin P = ?SH("cat", [{packet, W}, binary]), R = [try_it(fun() -> port_command(P, D) end) || D <- Ds], A = all(P, 300), port_close(P), {R, [{data, byte_size(B), erlang:md5(B)} || {data, B} <- A]} end)
     || W <- [1, 2, 4], {N, Ds} <- [{1, ["a", "bc", ""]}, {2, [binary:copy(<<"x">>, 255)]}, {3, [binary:copy(<<"x">>, 256)]}, {4, [binary:copy(<<"y">>, 65535), "z"]}, {5, [binary:copy(<<"y">>, 65536)]}, {6, [lists:duplicate(100, "ab"), <<1, 2, 3>>]}]] ++
    [?C({packet_raw, W, N}, all(?SH(S, [{packet, W}, exit_status]))) || W <- [1, 2, 4], {N, S} <- [{1, "printf '\\000\\000\\000\\002ab'"}, {2, "printf '\\002ab\\001'"}, {3, "printf '\\000\\002ab\\000'"}, {4, "printf '\\000'; sleep 0.1; printf '\\001'; sleep 0.1; printf 'x'"}, {5, "true"}]] ++
    [?C({packet_list, W}, begin P = ?SH("cat", [{packet, W}]), port_command(P, "text"), A = all(P, 300), port_close(P), A end) || W <- [1, 2, 4]] ++
    [?C({packet_huge, 4}, all(?SH("printf '\\177\\377\\377\\377ab'", [{packet, 4}, exit_status])))].

lines() ->
    [?C({line, N, B, S}, all(?SH(T, [{line, N}, exit_status | B]))) || N <- [1, 3, 5, 100], B <- [[], [binary]],
       {S, T} <- [{1, "printf 'one\\ntwo\\n'"}, {2, "printf 'no end'"}, {3, "printf '\\n\\n'"}, {4, "printf 'exact\\nfive5'"}, {5, "printf 'cr\\r\\nlf'"}, {6, "true"}, {7, "printf ab; sleep 0.1; printf 'c\\nd'; sleep 0.1; echo e"}]] ++
    [?C({line_eof, B}, ends(all(?SH("printf 'last line'", [{line, 50}, eof | B])))) || B <- [[], [binary]]].

%% --- how a port ends
endings() ->
    [?C({exit_status, N}, ends(all(?SH(S, [exit_status])))) || {N, S} <- [{1, "exit 0"}, {2, "exit 1"}, {3, "exit 255"}, {4, "kill -9 $$"}, {5, "kill -15 $$"}, {6, "kill -1 $$"}, {7, "exec 1>&-; sleep 0.3; exit 4"}, {8, "exec 0<&- 1>&-; sleep 0.3; exit 5"}, {9, "sleep 0.5 & exit 3"}]] ++
    [?C({exit_and_eof, N}, ends(all(?SH(S, [exit_status, eof])))) || {N, S} <- [{1, "exit 2"}, {2, "printf x; exit 3"}, {3, "exec 1>&-; sleep 0.2; exit 4"}]] ++
    [?C({no_option, N}, ends(all(?SH(S, O)))) || {N, S, O} <- [{1, "exit 0", []}, {2, "exit 3", []}, {3, "kill -9 $$", []}, {4, "printf x", []}, {5, "exec 1>&-; sleep 0.2", []}, {6, "exec 1>&-; sleep 0.2", [eof]}, {7, "exit 1", [out]}]] ++
    [?C(close, begin P = ?SH("cat", []), [port_close(P), all(P, 200), try_it(fun() -> port_close(P) end), try_it(fun() -> port_command(P, "x") end), erlang:port_info(P)] end),
     ?C(close_message, begin P = ?SH("cat", []), P ! {self(), close}, all(P, 500) end),
     ?C(close_by_other, begin P = ?SH("cat", []), S = self(), spawn(fun() -> S ! {r, try_it(fun() -> port_close(P) end)} end), R = receive {r, X} -> X end, [R, all(P, 200)] end),
     ?C(owner_dies, begin S = self(), {O, M} = spawn_monitor(fun() -> S ! {p, ?SH("cat", [])} end), P = receive {p, X} -> X end, receive {'DOWN', M, process, O, R} -> R end, timer:sleep(100), [R, erlang:port_info(P)] end),
     ?C(killed_owner, begin S = self(), O = spawn(fun() -> S ! {p, ?SH("cat", [])}, receive a -> ok end end), P = receive {p, X} -> X end, exit(O, kill), timer:sleep(100), erlang:port_info(P) end),
     ?C(exit_signal, [begin P = ?SH("cat", []), R = exit(P, Reason), [R, all(P, 300)] end || Reason <- [normal, kill, foo]]),
     ?C(unlinked, begin P = ?SH("cat", []), unlink(P), exit(P, foo), [all(P, 200), erlang:port_info(P)] end),
     ?C(linked_process, begin P = ?SH("cat", []), {L, M} = spawn_monitor(fun() -> link(P), receive a -> ok end end), timer:sleep(50), {links, Ls} = erlang:port_info(P, links), exit(L, foo), R = receive {'DOWN', M, process, L, Why} -> Why end, [length(Ls), R, all(P, 200)] end),
     ?C(monitored, begin P = ?SH("cat", []), M = erlang:monitor(port, P), unlink(P), port_close(P), receive {'DOWN', M, T, P, R} -> {T, R} after 1000 -> none end end),
     ?C(monitor_dead, begin P = ?SH("cat", []), port_close(P), M = erlang:monitor(port, P), receive {'DOWN', M, T, P, R} -> {T, R} after 1000 -> none end end),
     ?C(demonitor, begin P = ?SH("cat", []), M = erlang:monitor(port, P), [demonitor(M, [info]), port_close(P), receive {'DOWN', _, _, _, _} -> down after 100 -> quiet end] end),
     ?C(monitor_name, begin P = ?SH("cat", []), register(programs_name, P), M = erlang:monitor(port, programs_name), port_close(P), receive {'DOWN', M, T, O, R} -> {T, setelement(2, O, node), R} after 1000 -> none end end),
     ?C(write_to_closed_stdin, begin P = ?SH("exec 0<&-; sleep 0.4; echo done", [exit_status]), timer:sleep(150), R = port_command(P, "x"), [R, ends(all(P))] end),
     ?C(large_to_dead, begin P = ?SH("exit 0", [exit_status]), timer:sleep(200), try_it(fun() -> port_command(P, binary:copy(<<"x">>, 100000)) end) end)].

%% --- messages to ports
commands() ->
    [?C({message, N}, begin P = ?SH("cat", [binary]), P ! M(P), R = joined(all(P, 300)), catch port_close(P), R end)
     || {N, M} <- lists:zip(lists:seq(1, 13), [fun(_) -> {self(), {command, "abc"}} end, fun(_) -> {self(), {command, [<<"a">>, "b"]}} end, fun(_) -> {self(), {command, a}} end, fun(_) -> {self(), {command, [300]}} end, fun(_) -> {spawn(fun() -> ok end), {command, "x"}} end,
         fun(_) -> {self(), {connect, self()}} end, fun(_) -> {self(), {connect, a}} end, fun(_) -> {self(), foo} end, fun(_) -> foo end, fun(_) -> {a, close} end, fun(_) -> {self(), {foo, a}} end, fun(_) -> {self(), close, x} end, fun(_) -> {self(), {command, ""}} end])] ++
    [?C({command_options, N}, begin P = ?SH("cat", [binary]), R = try_it(fun() -> port_command(P, "x", O) end), A = all(P, 200), port_close(P), {R, A} end) || {N, O} <- [{1, []}, {2, [force]}, {3, [nosuspend]}, {4, [force, nosuspend]}, {5, [foo]}, {6, a}, {7, [force | nosuspend]}]] ++
    [?C(registered, begin P = ?SH("cat", [binary]), register(programs_port, P), programs_port ! {self(), {command, "by name"}}, R = [joined(all(P, 300)), port_command(programs_port, "x"), joined(all(P, 300)), erlang:port_info(P, registered_name), whereis(programs_port) =:= P], port_close(programs_port), [whereis(programs_port) | R] end),
     ?C(no_such_name, [try_it(fun() -> port_command(no_such_port, "x") end), try_it(fun() -> port_close(no_such_port) end), try_it(fun() -> no_such_port ! x end)]),
     ?C(order, begin P = ?SH("cat", [binary, {packet, 2}]), [port_command(P, integer_to_list(I)) || I <- lists:seq(1, 200)], R = [D || {data, D} <- all(P, 500)], port_close(P), R =:= [integer_to_binary(I) || I <- lists:seq(1, 200)] end),
     ?C(from_others, begin P = ?SH("cat", [binary]), S = self(), spawn(fun() -> S ! {r, port_command(P, "other")} end), R = receive {r, X} -> X end, A = all(P, 300), port_close(P), {R, A} end),
     ?C(call, begin P = ?SH("cat", []), R = [try_it(fun() -> erlang:port_call(P, 1, a) end), try_it(fun() -> port_control(P, 1, "a") end)], port_close(P), R end)].

controlling() ->
    [?C(connect, begin P = ?SH("cat", [binary]), S = self(), O = spawn(fun() -> receive {P, {data, D}} -> S ! {there, D} end, receive stop -> ok end end), R = port_connect(P, O), port_command(P, "moved"), A = receive {there, D} -> D after 1000 -> none end, {connected, C} = erlang:port_info(P, connected), unlink(P), O ! stop, [R, A, C =:= O, all(P, 200)] end),
     ?C(connect_message, begin P = ?SH("cat", [binary]), S = self(), O = spawn(fun() -> receive stop -> S ! stopped end end), P ! {self(), {connect, O}}, R = all(P, 200), P ! {self(), {command, "x"}}, B = all(P, 200), O ! stop, {R, B} end),
     ?C(connect_dead, begin P = ?SH("cat", []), D = spawn(fun() -> ok end), timer:sleep(20), R = try_it(fun() -> port_connect(P, D) end), catch port_close(P), R end),
     ?C(connect_bad, begin P = ?SH("cat", []), R = [try_it(fun() -> port_connect(P, X) end) || X <- [a, P, 1]], port_close(P), [R, try_it(fun() -> port_connect(P, self()) end)] end)].

information() ->
    [?C({info, I}, begin P = ?SH("cat", [binary]), port_command(P, "12345"), _ = all(P, 300), R = try_it(fun() -> erlang:port_info(P, I) end), port_close(P), [shown(P, R), try_it(fun() -> erlang:port_info(P, I) end)] end)
     || I <- [registered_name, id, connected, links, name, input, output, os_pid, monitors, monitored_by, parallelism, queue_size, memory, locking, foo, 1]] ++
    [?C(info_all, begin P = open_port({spawn, "cat"}, []), R = [K || {K, _} <- erlang:port_info(P)], N = erlang:port_info(P, name), port_close(P), [N | R] end),
     ?C(os_pid, begin P = ?SH("echo $$; read x", []), {os_pid, Pid} = erlang:port_info(P, os_pid), [{data, D}] = lists:sublist(all(P, 300), 1), port_close(P), string:trim(D) =:= integer_to_list(Pid) end),
     ?C(ports, begin P = ?SH("cat", []), A = lists:member(P, erlang:ports()), port_close(P), [A, lists:member(P, erlang:ports())] end),
     ?C(text, begin P = ?SH("cat", []), S = erlang:port_to_list(P), R = [is_list(S), list_to_port(S) =:= P], port_close(P), R end),
     ?C(names, [begin P = open_port(N, []), R = erlang:port_info(P, name), port_close(P), R end || N <- [{spawn, "cat -u"}, {spawn_executable, "/bin/cat"}, {spawn, "ram_file_drv"}]])].
shown(_, {memory, M}) -> {memory, M > 0};
shown(_, {id, M}) -> {id, is_integer(M)};
shown(_, {os_pid, M}) -> {os_pid, is_integer(M)};
shown(_, R) -> R.

%% --- directory, environment, arguments
surroundings() ->
    [?C({cd, N}, joined(all(?SH("pwd", [{cd, D}, exit_status])))) || {N, D} <- [{1, "/"}, {2, "/usr/"}, {3, <<"/usr/bin">>}, {4, "/usr/../etc"}]] ++
    [?C({cd_absent, N}, ends(all(?SH("pwd", [{cd, D}, exit_status, stderr_to_stdout])))) || {N, D} <- [{1, "/none"}, {2, none}]] ++
    [?C({env, N}, begin os:putenv("PROGRAMS_HAS", "yes"), R = ends(all(?SH("echo \"$PROGRAMS_HAS|${PROGRAMS_NEW-unset}|$HOME\"", [{env, [{"HOME", "/h"} | E]}, exit_status]))), os:unsetenv("PROGRAMS_HAS"), R end)
     || {N, E} <- [{1, []}, {2, [{"PROGRAMS_NEW", "new"}]}, {3, [{"PROGRAMS_HAS", false}]}, {4, [{"PROGRAMS_NEW", ""}]}, {5, [{"PROGRAMS_NEW", "a b\"c'$x"}]}, {6, [{"PROGRAMS_NEW", "1"}, {"PROGRAMS_NEW", "2"}]}, {7, [{"PROGRAMS_NEW", [228, 1024]}]}, {8, [{"PROGRAMS_HAS", []}]}]] ++
    [?C({args, N}, ends(all(open_port({spawn_executable, "/usr/bin/printf"}, [{args, ["[%s]" | A]}, exit_status, binary])))) || {N, A} <- [{1, []}, {2, ["a", "b c"]}, {3, [""]}, {4, ["$HOME", "'q'", "\"", "\\", "*", "a\nb"]}, {5, [<<"bin">>, [228, 1024]]}, {6, [<<255, 254>>]}, {7, [lists:duplicate(3000, $z)]}]] ++
    [?C({spawn_words, N}, ends(all(open_port({spawn, C}, [exit_status, binary])))) || {N, C} <- [{1, "printf %s. a b  c"}, {2, "printf '%s.' 'a b' c"}, {3, "printf %s $HOMELESS_NOTHING"}, {4, "printf a;printf b"}, {5, "printf \"a b\""}, {6, "exit 3"}, {7, "printf x >/dev/null"}, {8, "printf [ä]"}, {9, <<"printf é"/utf8>>}]] ++
    [?C({arg0, N}, ends(all(open_port({spawn_executable, "/bin/sh"}, [{arg0, A}, {args, ["-c", "echo $0; cat /proc/$$/cmdline | tr '\\0' ' '"]}, exit_status])))) || {N, A} <- [{1, "other name"}, {2, <<"bin">>}]] ++
    [?C({stderr, N}, ends(all(?SH("echo out; echo err >&2", [exit_status | O])))) || {N, O} <- [{1, [stderr_to_stdout]}]] ++
    [?C(signals, ends(all(?SH("trap", [exit_status])))), ?C(signal_mask, ends(all(?SH("grep SigBlk /proc/self/status", [exit_status])))), ?C(descriptors_inherited, ends(all(?SH("ls /proc/self/fd | wc -l", [exit_status])))), ?C(process_group, ends(all(?SH("test $(ps -o pgid= -p $$) = $$ && echo own || echo shared", [exit_status]))))].

%% --- nouse_stdio and descriptors
descriptors() ->
    [?C(nouse_stdio, begin P = ?SH("cat <&3 >&4", [nouse_stdio, binary]), port_command(P, "on 3 and 4"), R = all(P, 300), port_close(P), R end),
     ?C(nouse_stdio_in, ends(all(?SH("echo four >&4", [nouse_stdio, in, exit_status])))),
     ?C(nouse_stdio_packet, begin P = ?SH("cat <&3 >&4", [nouse_stdio, {packet, 2}]), port_command(P, "p"), R = all(P, 300), port_close(P), R end)].

%% --- slow readers
busy() ->
    [?C(busy_suspends, begin P = ?SH("sleep 0.5; cat >/dev/null", [binary]), T0 = erlang:monotonic_time(millisecond), [port_command(P, binary:copy(<<"x">>, 100000)) || _ <- lists:seq(1, 5)], T1 = erlang:monotonic_time(millisecond), port_close(P), T1 - T0 > 200 end),
     ?C(busy_nosuspend, begin P = ?SH("sleep 1; cat >/dev/null", [binary]), R = [port_command(P, binary:copy(<<"x">>, 100000), [nosuspend]) || _ <- lists:seq(1, 5)], port_close(P), R end),
     ?C(busy_force, begin P = ?SH("sleep 1", [binary]), R = try_it(fun() -> [port_command(P, binary:copy(<<"x">>, 100000), [force]) || _ <- lists:seq(1, 3)] end), port_close(P), R end),
     ?C(busy_send_nosuspend, begin P = ?SH("sleep 1; cat >/dev/null", [binary]), [port_command(P, binary:copy(<<"x">>, 100000), [nosuspend]) || _ <- lists:seq(1, 3)], R = erlang:send(P, {self(), {command, "x"}}, [nosuspend]), port_close(P), R end),
     ?C(queue_size, begin P = ?SH("sleep 1; cat >/dev/null", [binary]), port_command(P, binary:copy(<<"x">>, 300000), [nosuspend]), {queue_size, Q} = erlang:port_info(P, queue_size), port_close(P), Q > 200000 end),
     ?C(all_arrives, begin P = ?SH("wc -c", [binary, exit_status, {packet, 4}, out]), catch port_close(P), Q = ?SH("head -c 1000000 | wc -c", [binary, exit_status]), [port_command(Q, binary:copy(<<"x">>, 100000)) || _ <- lists:seq(1, 10)], ends(all(Q)) end),
     ?C(limits, [begin P = open_port({spawn_executable, "/bin/sleep"}, [{args, ["1"]}, binary, {busy_limits_port, L}]), R = [port_command(P, binary:copy(<<"x">>, 70000), [nosuspend]) || _ <- [1, 2, 3]], port_close(P), R end || L <- [{1000, 2000}, {1000000, 2000000}, disabled]])].

%% --- os:cmd and what surrounds it
shell_commands() ->
    [?C({cmd, N}, try_it(fun() -> os:cmd(C) end)) || {N, C} <- lists:zip(lists:seq(1, 17), ["echo hello", "echo err >&2", "exit 3", "true", "printf 'a\\nb'", "no_such_command_here 2>&1 | wc -l", "cat", "echo $0", "printf '\\303\\244'", "printf '\\344'", 'echo atom', ["echo ", 'nested'], "echo a; echo b", "kill -9 $$", "yes 2>/dev/null | head -c 50000 | wc -c", "sleep 0.2 &", "(sleep 0.1; echo late) &"])] ++
    [?C({cmd_limit, N}, try_it(fun() -> os:cmd("yes 0123456789", #{max_size => M}) end)) || {N, M} <- [{1, 0}, {2, 5}, {3, 100}, {4, -1}]] ++
    [?C({cmd_bad, N}, try_it(fun() -> os:cmd(C) end)) || {N, C} <- [{1, [0]}, {2, "a\0b"}, {3, {a}}, {4, 1}, {5, [1024, 0]}]] ++
    [?C(many, lists:usort([os:cmd("echo x") || _ <- lists:seq(1, 20)])),
     ?C(at_once, begin S = self(), Ps = [spawn(fun() -> S ! {self(), os:cmd("echo " ++ integer_to_list(I))} end) || I <- lists:seq(1, 30)], [receive {P, R} -> R after 10000 -> late end || P <- Ps] end),
     ?C(find_executable, [os:find_executable("sh"), os:find_executable("no_such_thing"), os:find_executable("/bin/sh"), os:find_executable("sh", "/none:/bin"), os:find_executable("passwd", "/etc")]),
     ?C(environment, [os:putenv("PROGRAMS_A", "1"), os:getenv("PROGRAMS_A"), os:cmd("echo $PROGRAMS_A"), os:unsetenv("PROGRAMS_A"), os:getenv("PROGRAMS_A"), os:getenv("PROGRAMS_A", "default"), lists:member("PROGRAMS_A=1", os:getenv())]),
     ?C(environment_bad, [try_it(fun() -> os:F(A, B) end) || {F, A, B} <- [{putenv, "A=B", "c"}, {putenv, "", "c"}, {putenv, "a", 1}, {putenv, "a\0", "c"}, {putenv, a, "b"}, {putenv, [256], [257]}, {getenv, "PROGRAMS_NONE", default}]]),
     %% Children end while their signal is ignored, or handled: told is only what came from elsewhere.
     ?C(children_and_sigchld, [begin os:set_signal(sigchld, O), R = all(?SH("exit 7", [exit_status])), os:set_signal(sigchld, default), R end || O <- [ignore, handle, default]]),
     ?C(sigchld, begin gen_event:add_handler(erl_signal_server, ?MODULE, self()), os:set_signal(sigchld, handle), os:cmd("true"), os:cmd("kill -CHLD " ++ os:getpid()),
                       R = [receive {signalled, X} -> X after T -> none end || T <- [2000, 300]],
                       os:set_signal(sigchld, default), gen_event:delete_handler(erl_signal_server, ?MODULE, x), R end),
     ?C(os_signal, [try_it(fun() -> os:set_signal(S, O) end) || {S, O} <- [{sigusr2, ignore}, {sigusr2, default}, {sigusr2, handle}, {sigusr2, default}, {sigkill, ignore}, {foo, ignore}, {sigterm, foo}]])].

bad_calls() ->
    [?C({bad, F, N}, try_it(fun() -> apply(erlang, F, A) end)) || {N, {F, A}} <- lists:zip(lists:seq(1, 17), [{open_port, [{spawn, "true"}, [{packet, 1} | a]]}, {port_command, [a, "x"]}, {port_command, [1, "x"]}, {port_command, [self(), "x"]}, {port_close, [a]}, {port_close, [1]}, {port_close, [self()]}, {port_control, [a, 1, ""]}, {port_control, [1, 1, ""]}, {port_call, [a, 1, x]},
        {port_connect, [a, self()]}, {port_info, [a]}, {port_info, [1]}, {port_info, [a, b]}, {port_info, [self(), id]}, {port_to_list, [a]}, {list_to_port, ["#Port<0.x>"]}])] ++
    [?C({list_to_port, N}, try_it(fun() -> is_port(list_to_port(T)) end)) || {N, T} <- [{1, "#Port<0.4>"}, {2, "#Port<0.4"}, {3, "x"}, {4, a}, {5, "#Port<1.4>"}, {6, "#Port<0.99999999999>"}]].

%% --- data that is none: refused, or the owner's end, and logged
log(#{level := L, msg := M, meta := #{pid := Pid} = Meta}, #{config := To}) -> To ! {logged, L, M, Pid, lists:sort(maps:keys(Meta))}, ok;
log(_, _) -> ok.
bad_data() ->
    [?C({bad_data, Name, D}, with_log(fun() -> P = open_port(Name, [binary]), [try_it(fun() -> port_command(P, D, O) end) || O <- [[], [nosuspend]]] ++ [ended(fun() -> P ! {self(), {command, D}} end)] end))
     || Name <- [{spawn_executable, "/bin/cat"}, {spawn, "/bin/cat  -"}, {spawn_driver, "ram_file_drv"}], D <- [x, 1, [256], [-1], [a | b], ["x", {}], <<"ab", 5:3>>, [<<"x">> | <<"ab", 5:3>>]]] ++
    [?C({bad_data_of, Who}, with_log(fun() -> P = open_port({spawn_executable, "/bin/cat"}, []), Send(P), R = receive {'EXIT', P, W} -> W after 300 -> none end, catch port_close(P), R end))
     || {Who, Send} <- [{another, fun(P) -> S = self(), {_, M} = spawn_monitor(fun() -> P ! {S, {command, x}} end), receive {'DOWN', M, _, _, W} -> W end end},
                        {no_owner, fun(P) -> P ! {list_to_pid("<0.0.0>"), {command, x}} end},
                        {nobody, fun(P) -> catch port_close(P), P ! {self(), {command, x}} end}]].
ended(F) -> F(), receive {'EXIT', _, R} -> R after 1000 -> lives end.
with_log(F) ->
    #{level := Level} = logger:get_primary_config(),
    logger:set_handler_config(default, level, none),
    ok = logger:add_handler(?MODULE, ?MODULE, #{config => self()}),
    ok = logger:set_primary_config(level, error),
    R = F(),
    Self = self(),
    Logged = fun Next() -> receive {logged, L, M, Pid, Keys} -> [{L, M, Pid =:= Self, Keys} | Next()] after 200 -> [] end end,
    All = Logged(),
    ok = logger:remove_handler(?MODULE),
    ok = logger:set_primary_config(level, Level),
    logger:set_handler_config(default, level, all),
    {R, All}.
