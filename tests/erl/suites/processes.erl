%% Processes: links, monitors, exits, aliases, names, flags, timers, process_info, groups, spawn options.
-module(processes).
-export([cases/0, init_loop/0]).
-define(C(Name, Expr), {Name, fun() -> Expr end}).

cases() -> exits() ++ links() ++ monitors() ++ names() ++ infos() ++ timers() ++ aliases() ++ options() ++ suspends() ++ bad() ++ mass() ++ long_exits() ++ dirty() ++ orders() ++ own_messages() ++ received_binaries() ++ not_behind().

init_loop() -> receive {From, X} -> From ! {self(), X}, init_loop(); stop -> ok; {die, R} -> exit(R) end.
server() -> spawn(?MODULE, init_loop, []).
down(M) -> receive {'DOWN', M, T, _, R} -> {T, R} after 2000 -> none end.
% The time-out is in a register that a message, or another process, overwrites.
wait_only(T) -> receive after T -> ok end.
count_down(0) -> 0;
count_down(N) -> count_down(N - 1).
flush() -> receive X -> [X | flush()] after 50 -> [] end.
trap() -> process_flag(trap_exit, true).

exits() ->
    [?C({exit_reason, R}, begin {_, M} = spawn_monitor(fun() -> exit(R) end), down(M) end) || R <- [normal, kill, shutdown, {a, b}, "x"]]
    ++ [?C({exit_signal, R}, begin P = server(), M = monitor(process, P), exit(P, R), P ! stop, down(M) end) || R <- [normal, kill, shutdown, {a, 1}]]
    ++ [?C({exit_signal_trapping, R},
           begin Me = self(),
                 P = spawn(fun() -> trap(), Me ! ready, receive X -> Me ! {got, X} end end),
                 receive ready -> ok end, M = monitor(process, P), exit(P, R), {down(M), flush()} end) || R <- [normal, kill, shutdown]]
    ++ [?C(exit_self, exit(self(), foo)),
        ?C(exit_self_normal, begin exit(self(), normal), alive end),
        ?C(exit_self_normal_trap, begin trap(), exit(self(), normal), flush() end),
        ?C(exit_self_kill_trap, begin trap(), exit(self(), kill), flush() end),
        ?C(exit_dead, begin P = spawn(fun() -> ok end), timer:sleep(20), exit(P, foo) end),
        ?C(error_exit, begin {_, M} = spawn_monitor(fun() -> error(bad) end), {process, {R, [{_, _, _, _} | _]}} = down(M), R end),
        ?C(alive, begin P = server(), A = is_process_alive(P), exit(P, kill), {A, is_process_alive(P)} end),
        ?C(unlink_on_exit, begin P = spawn_link(fun() -> receive x -> ok end end), unlink(P), exit(P, kill), flush() end)].

%% Two processes link and unlink each other at once; when all has been told, both have the link or neither has it.
agree(Seed) ->
    Me = self(),
    [A, B] = Pair = [spawn(fun() -> linking(Me, Seed * 2 + I) end) || I <- [0, 1]],
    A ! {other, B}, B ! {other, A},
    Seen = [receive {P, Linked} -> Linked end || P <- Pair],
    [begin M = monitor(process, P), exit(P, kill), receive {'DOWN', M, _, _, _} -> ok end end || P <- Pair],
    case Seen of [X, X] -> agreed; _ -> {only_one_side, Seed} end.
linking(Me, Seed) ->
    process_flag(trap_exit, true),
    receive {other, Other} -> ok end,
    rand:seed(exsss, Seed),
    [case rand:uniform(3) of 1 -> link(Other); 2 -> unlink(Other); 3 -> erlang:yield() end || _ <- lists:seq(1, rand:uniform(12))],
    [begin Other ! {done, Round}, receive {done, Round} -> ok end end || Round <- [1, 2, 3]],
    {links, L} = process_info(self(), links),
    Me ! {self(), lists:member(Other, L)},
    receive stop -> ok end.

links() ->
    [?C(link_dies, begin trap(), P = spawn_link(fun() -> exit(oops) end), receive {'EXIT', P, R} -> R end end),
     ?C(link_normal, begin trap(), P = spawn_link(fun() -> ok end), receive {'EXIT', P, R} -> R end end),
     ?C(link_killed, begin trap(), P = spawn_link(fun() -> timer:sleep(5000) end), exit(P, kill), receive {'EXIT', P, R} -> R end end),
     ?C(link_no_proc, begin trap(), P = spawn(fun() -> ok end), timer:sleep(20), link(P), flush() end),
     ?C(link_no_proc_no_trap, begin P = spawn(fun() -> ok end), timer:sleep(20), link(P) end),
     ?C(link_self, begin link(self()), ok end),
     ?C(link_twice, begin trap(), P = server(), link(P), link(P), P ! {die, x}, flush() end),
     ?C(unlink, begin trap(), P = server(), link(P), unlink(P), P ! {die, x}, flush() end),
     ?C(dies_with_link, begin {P, M} = spawn_monitor(fun() -> spawn_link(fun() -> exit(inner) end), receive x -> ok end end), _ = P, down(M) end),
     ?C(chain, begin {_, M} = spawn_monitor(fun() -> chain(20) end), down(M) end),
     ?C(both_sides_agree, lists:usort([agree(Seed) || Seed <- lists:seq(1, 3000)])),
     ?C(links_info, begin P = server(), link(P), {links, L} = process_info(self(), links), lists:member(P, L) end),
     ?C(parent_exit, begin Me = self(), P = spawn(fun() -> C = spawn_link(fun() -> trap(), Me ! {c, self()}, receive X -> Me ! X end end), receive {go, R} -> _ = C, exit(R) end end),
                           receive {c, C} -> ok end, P ! {go, gone}, receive {'EXIT', _, R} -> {R, is_pid(C)} end end)].

chain(0) -> exit(end_of_chain);
chain(N) -> spawn_link(fun() -> chain(N - 1) end), receive x -> ok end.

monitors() ->
    [?C(down, begin {_, M} = spawn_monitor(fun() -> exit(a) end), down(M) end),
     ?C(noproc, begin P = spawn(fun() -> ok end), timer:sleep(20), down(monitor(process, P)) end),
     ?C(name_noproc, begin M = monitor(process, no_such_name), receive {'DOWN', M, process, Who, R} -> {Who, R} end end),
     ?C(name, begin P = server(), register(tmp_name, P), M = monitor(process, tmp_name), exit(P, kill), receive {'DOWN', M, process, Who, R} -> {Who, R} end end),
     ?C(demonitor, begin P = server(), M = monitor(process, P), demonitor(M), exit(P, kill), flush() end),
     ?C(demonitor_flush, begin {_, M} = spawn_monitor(fun() -> ok end), timer:sleep(20), {demonitor(M, [flush]), flush()} end),
     ?C(demonitor_info, begin P = server(), M = monitor(process, P), {demonitor(M, [info]), demonitor(M, [info])} end),
     ?C(demonitor_flush_info, begin {_, M} = spawn_monitor(fun() -> ok end), timer:sleep(20), {demonitor(M, [flush, info]), flush()} end),
     ?C(twice, begin P = server(), A = monitor(process, P), B = monitor(process, P), P ! stop, {down(A), down(B), A =:= B} end),
     ?C(tag, begin {P, M} = spawn_monitor(fun() -> receive x -> ok end end), M2 = monitor(process, P, [{tag, {my, tag}}]), P ! x, down(M), receive {{my, tag}, M2, process, P, R} -> R end end),
     ?C(spawn_opt_tag, begin {P, M} = spawn_opt(fun() -> ok end, [{monitor, [{tag, t}]}]), receive {t, M, process, P, R} -> R end end),
     ?C(monitors_info, begin P = server(), monitor(process, P), {monitors, [{process, Q}]} = process_info(self(), monitors), Q =:= P end),
     ?C(monitored_by, begin P = server(), monitor(process, P), {monitored_by, L} = process_info(P, monitored_by), L =:= [self()] end),
     ?C(time_offset, begin R = monitor(time_offset, clock_service), is_reference(R) end),
     ?C(self, begin M = monitor(process, self()), demonitor(M) end)].

names() ->
    [?C(register, begin true = register(nm1, self()), {whereis(nm1) =:= self(), lists:member(nm1, registered()), process_info(self(), registered_name)} end),
     ?C(register_twice, begin register(nm2, self()), register(nm3, self()) end),
     ?C(register_taken, begin P = server(), register(nm4, P), R = (catch register(nm4, self())), exit(P, kill), R end),
     ?C(register_dead, begin P = spawn(fun() -> ok end), timer:sleep(20), register(nm5, P) end),
     ?C(register_undefined, register(undefined, self())),
     ?C(unregister_none, unregister(not_registered)),
     ?C(unregister, begin register(nm6, self()), unregister(nm6), whereis(nm6) end),
     ?C(send_name, begin register(nm7, self()), nm7 ! hello, flush() end),
     ?C(send_no_name, no_such ! hello),
     ?C(send_tuple, begin register(nm8, self()), {nm8, node()} ! hello, flush() end),
     ?C(name_gone, begin P = spawn(fun() -> register(nm9, self()) end), M = monitor(process, P), down(M), whereis(nm9) end),
     ?C(send3, [erlang:send(self(), x, O) || O <- [[], [nosuspend], [noconnect]]]),
     ?C(send3_bad, erlang:send(self(), x, [bad]))].

infos() ->
    Items = [current_function, dictionary, error_handler, group_leader, initial_call, links, message_queue_len, messages, monitored_by,
             monitors, priority, registered_name, status, suspending, trap_exit, catchlevel, message_queue_data, fullsweep_after_x,
             min_heap_size, min_bin_vheap_size, parent],
    [?C({self, I}, process_info(self(), I)) || I <- Items]
    ++ [?C({other, I}, begin P = server(), P ! a, timer:sleep(10), process_info(P, I) end) || I <- Items]
    ++ [?C(list, process_info(self(), [trap_exit, status, registered_name, dictionary])),
        ?C(dead, begin P = spawn(fun() -> ok end), timer:sleep(20), {process_info(P), process_info(P, links)} end),
        ?C(keys, [K || {K, _} <- process_info(self())]),
        ?C(dictionary, begin put(a, 1), put(b, 2), put(c, 3), {lists:sort(get()), lists:sort(get_keys()), get_keys(2), erase(a), get(a), lists:sort(erase()), get()} end),
        ?C(memory_kinds, [is_integer(element(2, process_info(self(), K))) || K <- [memory, heap_size, total_heap_size, stack_size, reductions]]),
        ?C(gc_info, lists:sort([K || {K, _} <- element(2, process_info(self(), garbage_collection))])),
        ?C(stacktrace, [{M, F, A} || {M, F, A, _} <- element(2, process_info(self(), current_stacktrace)), M =:= ?MODULE]),
        ?C(waiting, begin P = server(), timer:sleep(10), {process_info(P, status), process_info(P, current_function)} end),
        ?C(messages_order, begin [self() ! I || I <- [1, 2, 3]], process_info(self(), messages) end),
        ?C(group_leader, begin GL = group_leader(), P = server(), {group_leader, G} = process_info(P, group_leader), G =:= GL end),
        ?C(set_group_leader, begin P = server(), group_leader(self(), P), {group_leader, G} = process_info(P, group_leader), G =:= self() end)].

timers() ->
    [?C(send_after, begin erlang:send_after(5, self(), x), receive x -> got after 1000 -> late end end),
     ?C(endless_wait, begin P = spawn(fun() -> wait_only(infinity) end), [begin timer:sleep(1), P ! lists:seq(1, N), count_down(N) end || N <- lists:seq(1, 40)], timer:sleep(20), {process_info(P, status), exit(P, kill)} end),
     ?C(start_timer, begin R = erlang:start_timer(5, self(), x), receive {timeout, R, x} -> got after 1000 -> late end end),
     ?C(cancel, begin R = erlang:send_after(100000, self(), x), T = erlang:cancel_timer(R), {T > 90000, erlang:cancel_timer(R)} end),
     ?C(cancel_async, begin R = erlang:send_after(100000, self(), x), ok = erlang:cancel_timer(R, [{async, true}]), receive {cancel_timer, R, T} -> T > 90000 end end),
     ?C(cancel_noinfo, begin R = erlang:send_after(100000, self(), x), erlang:cancel_timer(R, [{info, false}]) end),
     ?C(cancel_async_noinfo, begin R = erlang:send_after(100000, self(), x), {erlang:cancel_timer(R, [{async, true}, {info, false}]), flush()} end),
     ?C(read, begin R = erlang:send_after(100000, self(), x), T = erlang:read_timer(R), {T > 90000, erlang:read_timer(make_ref())} end),
     ?C(read_async, begin R = erlang:send_after(100000, self(), x), ok = erlang:read_timer(R, [{async, true}]), receive {read_timer, R, T} -> T > 90000 end end),
     ?C(abs, begin T = erlang:monotonic_time(millisecond) + 10, erlang:send_after(T, self(), x, [{abs, true}]), receive x -> erlang:monotonic_time(millisecond) >= T end end),
     ?C(to_name, begin register(tn1, self()), erlang:send_after(5, tn1, x), receive x -> got after 1000 -> late end end),
     ?C(to_dead_name, begin erlang:send_after(1, nobody_there, x), timer:sleep(10), ok end),
     ?C(order, begin [erlang:send_after(T, self(), T) || T <- [30, 10, 20, 5]], [receive X -> X end || _ <- lists:seq(1, 4)] end),
     ?C(zero, begin erlang:send_after(0, self(), x), receive x -> ok end end),
     ?C(many, begin [erlang:send_after(I rem 20, self(), x) || I <- lists:seq(1, 2000)], length([receive x -> 1 end || _ <- lists:seq(1, 2000)]) end),
     ?C(bad_time, erlang:send_after(-1, self(), x)),
     ?C(bad_time2, erlang:send_after(1 bsl 64, self(), x)),
     ?C(bad_dest, erlang:send_after(1, "x", x)),
     ?C(bad_opt, erlang:send_after(1, self(), x, [foo])),
     ?C(sleep, begin T = erlang:monotonic_time(millisecond), timer:sleep(30), erlang:monotonic_time(millisecond) - T >= 30 end)].

aliases() ->
    [?C(alias, begin A = alias(), A ! x, flush() end),
     ?C(unalias, begin A = alias(), {unalias(A), unalias(A), A ! x, flush()} =:= {true, false, x, []} end),
     ?C(reply, begin A = alias([reply]), A ! x, A ! y, flush() end),
     ?C(explicit, begin A = alias([explicit_unalias]), A ! x, A ! y, flush() end),
     ?C(monitor_alias, begin P = server(), M = monitor(process, P, [{alias, reply_demonitor}]), M ! hi, M ! again, {flush(), demonitor(M, [info])} end),
     ?C(monitor_alias_down, begin P = server(), M = monitor(process, P, [{alias, demonitor}]), exit(P, kill), {down(M), begin M ! x, flush() end} end),
     ?C(other_sends, begin A = alias(), spawn(fun() -> A ! from_other end), receive X -> X after 1000 -> none end end),
     ?C(bad_opt, alias([foo])),
     ?C(unalias_bad, unalias(foo))].

options() ->
    [?C(priority, begin P = spawn_opt(fun() -> receive x -> ok end end, [{priority, high}]), process_info(P, priority) end),
     ?C(min_heap, begin P = spawn_opt(fun() -> receive x -> ok end end, [{min_heap_size, 1000}]), process_info(P, min_heap_size) end),
     ?C(fullsweep, begin P = spawn_opt(fun() -> receive x -> ok end end, [{fullsweep_after, 3}]), {_, L} = process_info(P, garbage_collection), lists:keyfind(fullsweep_after, 1, L) end),
     ?C(mqd, begin P = spawn_opt(fun() -> receive x -> ok end end, [{message_queue_data, off_heap}]), process_info(P, message_queue_data) end),
     ?C(link_monitor, begin trap(), {P, M} = spawn_opt(fun() -> exit(a) end, [link, monitor]), {down(M), receive {'EXIT', P, R} -> R end} end),
     ?C(bad, spawn_opt(fun() -> ok end, [foo])),
     ?C(bad_priority, spawn_opt(fun() -> ok end, [{priority, foo}])),
     ?C(improper, spawn_opt(fun() -> ok end, [link | x])),
     ?C(flag_trap, {process_flag(trap_exit, true), process_flag(trap_exit, false)}),
     ?C(flag_priority, {process_flag(priority, high), process_flag(priority, normal)}),
     ?C(flag_bad, process_flag(foo, bar)),
     ?C(flag_bad_value, process_flag(trap_exit, maybe_so)),
     ?C(max_heap, begin {_, M} = spawn_opt(fun() -> lists:seq(1, 1000000) end, [monitor, {max_heap_size, #{size => 10000, kill => true, error_logger => false}}]), down(M) end),
     ?C(max_heap_flag, process_flag(max_heap_size, 100000)),
     ?C(spawn_request, begin R = spawn_request(fun() -> ok end, [{reply_tag, t}]), receive {t, R, ok, P} -> is_pid(P) end end),
     ?C(spawn_request_no, begin R = spawn_request(fun() -> ok end, [{reply, no}]), {is_reference(R), flush()} end),
     ?C(spawn_request_bad, begin R = spawn_request(node(), fun() -> ok end, [bad_opt]), receive {spawn_reply, R, error, E} -> E after 100 -> none end end),
     ?C(spawn_improper, spawn(lists, map, [a | b])),
     ?C(spawn_badarg, spawn(lists, map, foo)),
     ?C(spawn_undef, begin {_, M} = spawn_monitor(no_mod, f, []), {process, {R, _}} = down(M), R end)].

suspends() ->
    [?C(suspend, begin P = server(), erlang:suspend_process(P), P ! {self(), 1}, R = receive {P, 1} -> early after 30 -> waiting end,
                       erlang:resume_process(P), {R, receive {P, 1} -> got after 1000 -> lost end} end),
     ?C(suspend_twice, begin P = server(), erlang:suspend_process(P), erlang:suspend_process(P), erlang:resume_process(P), S = process_info(P, status), erlang:resume_process(P), {S, process_info(P, status)} end),
     ?C(suspend_self, erlang:suspend_process(self())),
     ?C(resume_not, begin P = server(), erlang:resume_process(P) end),
     ?C(unless_suspending, begin P = server(), [erlang:suspend_process(P, [unless_suspending]) || _ <- [1, 2]] end),
     ?C(suspending_info, begin P = server(), erlang:suspend_process(P), {suspending, [{Q, A, O}]} = process_info(self(), suspending), {Q =:= P, A, O} end)].

bad() ->
    [?C(link_bad, link(foo)), ?C(unlink_bad, unlink(foo)), ?C(monitor_bad, monitor(foo, self())), ?C(monitor_bad2, monitor(process, 1)),
     ?C(demonitor_bad, demonitor(foo)), ?C(exit_bad, exit(foo, bar)), ?C(info_bad, process_info(foo)), ?C(info_bad_item, process_info(self(), foo)),
     ?C(info_bad_list, process_info(self(), [links, foo])), ?C(alive_bad, is_process_alive(x)), ?C(send_bad, 1 ! x), ?C(gl_bad, group_leader(x, y)),
     ?C(gc_bad, garbage_collect(x)), ?C(gc, garbage_collect()), ?C(gc_other, garbage_collect(server())), ?C(gc_async, begin R = garbage_collect(self(), [{async, r}]), {R, flush()} end),
     ?C(check_code, erlang:check_process_code(self(), lists)), ?C(yield, erlang:yield()), ?C(bump, erlang:bump_reductions(100)), ?C(bump_bad, erlang:bump_reductions(-1)),
     ?C(hibernate_bad, erlang:hibernate(a, b, c))].

mass() ->
    [?C(thousand, begin Me = self(), Ps = [spawn(fun() -> receive go -> Me ! I end end) || I <- lists:seq(1, 1000)], [P ! go || P <- Ps], lists:sum([receive I -> I end || _ <- Ps]) end),
     ?C(ring, begin Me = self(), F = lists:foldl(fun(_, N) -> spawn(fun() -> receive X -> N ! X + 1 end end) end, Me, lists:seq(1, 500)), F ! 0, receive X -> X end end),
     ?C(fan_in, begin Me = self(), [spawn(fun() -> [Me ! 1 || _ <- lists:seq(1, 100)] end) || _ <- lists:seq(1, 50)], lists:sum([receive 1 -> 1 end || _ <- lists:seq(1, 5000)]) end),
     ?C(order_per_sender, begin Me = self(), [spawn(fun() -> [Me ! {K, I} || I <- lists:seq(1, 200)] end) || K <- [a, b, c]],
                                L = [receive M -> M end || _ <- lists:seq(1, 600)], [[I || {K2, I} <- L, K2 =:= K] =:= lists:seq(1, 200) || K <- [a, b, c]] end),
     ?C(big_message, begin Me = self(), L = lists:seq(1, 20000), spawn(fun() -> Me ! L end), receive X -> length(X) end end),
     ?C(gen_server_like, begin P = server(), [begin P ! {self(), I}, receive {P, I} -> ok end end || I <- lists:seq(1, 1000)], P ! stop, done end),
     ?C(kill_linked_tree, begin {P, M} = spawn_monitor(fun() -> [spawn_link(fun() -> receive x -> ok end end) || _ <- lists:seq(1, 200)], receive x -> ok end end), exit(P, kill), down(M) end)].

%% An exit that has more to tell than fits in a slice goes on in the next.
long_exits() ->
    [?C(many_watchers, begin P = server(), Ms = [monitor(process, P) || _ <- lists:seq(1, 3000)], P ! stop, lists:usort([down(M) || M <- Ms]) end),
     ?C(many_watchers_in_inbox, begin P = server(), erlang:suspend_process(P), Ms = [monitor(process, P) || _ <- lists:seq(1, 3000)],
                                      exit(P, kill), erlang:resume_process(P), lists:usort([down(M) || M <- Ms]) end),
     ?C(many_links, begin trap(), P = server(), Qs = [server() || _ <- lists:seq(1, 1500)], Ms = [monitor(process, Q) || Q <- Qs],
                          Me = self(), L = spawn(fun() -> [link(Q) || Q <- Qs], Me ! linked, receive die -> exit(tree) end end),
                          receive linked -> ok end, M = monitor(process, L), L ! die, P ! stop, {down(M), lists:usort([down(X) || X <- Ms])} end),
     ?C(many_monitors, begin Qs = [server() || _ <- lists:seq(1, 1500)], Me = self(),
                             W = spawn(fun() -> [monitor(process, Q) || Q <- Qs], Me ! watching, receive die -> ok end end),
                             receive watching -> ok end, M = monitor(process, W), W ! die, D = down(M),
                             {D, lists:usort([process_info(Q, monitored_by) || Q <- Qs])} end),
     %% Ends wherever in its slice: with a few reductions left as well.
     ?C(end_of_slice, begin trap(), L = [begin {P, M} = spawn_opt(fun() -> burn(N) end, [link, monitor]), {P, M, monitor(process, P)} end || N <- lists:seq(3900, 4010)],
                            lists:usort([{receive {'EXIT', P, R} -> R after 2000 -> none end, down(A), down(B) =/= none} || {P, A, B} <- L]) end)].

burn(0) -> ok;
burn(N) -> burn(N - 1).

%% A process within a call that blocks on a dirty scheduler (opening a FIFO that nobody writes to) answers and dies at once.
dirty() ->
    [?C({many_dirty, N}, many_dirty(N)) || N <- [2, 8]] ++ [?C({dirty, Name}, in_dirty(F)) || {Name, F} <-
        [{info, fun(P) -> process_info(P, [status, current_function, message_queue_len, links, trap_exit, dictionary, priority]) end},
         {messages, fun(P) -> P ! a, P ! b, process_info(P, messages) end},
         {alive, fun(P) -> is_process_alive(P) end},
         {monitored, fun(P) -> monitor(process, P), Me = self(), {monitored_by, L} = process_info(P, monitored_by), [X =:= Me || X <- L] end},
         {linked, fun(P) -> trap(), link(P), exit(P, bye), receive {'EXIT', P, R} -> R after 1000 -> none end end},
         {unlinked, fun(P) -> link(P), unlink(P), process_info(P, links) end},
         {group_leader, fun(P) -> group_leader(self(), P), {group_leader, L} = process_info(P, group_leader), L =:= self() end},
         {exit_normal, fun(P) -> exit(P, normal), is_process_alive(P) end},
         {name, fun(P) -> register(in_dirty, P), M = monitor(process, P), exit(P, {a, "reason", <<"of some">>, #{size => 1 bsl 100}}), {down(M), whereis(in_dirty), is_process_alive(P), process_info(P)} end}
         | [{{killed, R}, fun(P) -> M = monitor(process, P), exit(P, R), {down(M), is_process_alive(P), lists:member(P, processes())} end} || R <- [kill, shutdown, {x, 1}]]]].

%% Native functions that block, more than there are schedulers: everybody else goes on, with files too.
many_dirty(N) ->
    Base = "dirty_many_" ++ os:getpid(),
    Names = [Base ++ integer_to_list(I) || I <- lists:seq(1, N)],
    os:cmd(lists:flatten(["mkfifo", [[" ", X] || X <- Names]])),
    Me = self(),
    Ps = [spawn_link(fun() -> {ok, F} = file:open(X, [raw, read, binary]), R = file:read(F, 5), file:close(F), Me ! {self(), R} end) || X <- Names],
    T = erlang:monotonic_time(millisecond),
    File = Base ++ ".txt",
    Sum = lists:sum([begin ok = file:write_file(File, integer_to_list(I)), {ok, B} = file:read_file(File), binary_to_integer(B) end || I <- lists:seq(1, 40)]),
    [timer:sleep(1) || _ <- lists:seq(1, 20)],
    Soon = erlang:monotonic_time(millisecond) - T < times(3000),
    [begin {ok, W} = file:open(X, [read, write, raw]), ok = file:write(W, "hello"), file:close(W) end || X <- Names],
    Rs = [receive {P, R} -> R after 5000 -> none end || P <- Ps],
    [file:delete(X) || X <- [File | Names]],
    {Sum, Soon, Rs}.

%% Milliseconds, or as many more as everything takes under a sanitizer.
times(Ms) -> Ms * list_to_integer(os:getenv("CASE_SECONDS", "30")) div 30.

in_dirty(F) ->
    Name = "dirty_" ++ os:getpid() ++ integer_to_list(erlang:unique_integer([positive])),
    os:cmd("mkfifo " ++ Name),
    P = spawn(fun() -> put(key, value), prim_file:open(Name, [read]) end),
    timer:sleep(50),
    T = erlang:monotonic_time(millisecond),
    R = F(P),
    Soon = erlang:monotonic_time(millisecond) - T < times(1500),
    {ok, W} = file:open(Name, [read, write, raw]),
    timer:sleep(20),
    file:close(W),
    file:delete(Name),
    {R, Soon, down(monitor(process, P)) =/= none}.

orders() ->
    [?C({order_of_monitors, L},
        begin Ps = [server() || _ <- lists:seq(1, 30)],
              in_one_slice([lists:nth(I, Ps) || I <- L]),
              {monitors, Ms} = process_info(self(), monitors),
              [length(lists:takewhile(fun(Q) -> Q =/= P end, Ps)) || {process, P} <- Ms] end)
     || L <- [[1], [1, 2], [1, 2, 3], [3, 2, 1], [5, 3, 9, 1, 12, 7, 7, 7, 5]]].
% The order is that of the references' numbers: monitors made on one scheduler, as on another they count from elsewhere,
% and not where the lowest part of the number begins anew.
in_one_slice(Ps) ->
    erlang:yield(),
    Ms = [monitor(process, P) || P <- Ps],
    case lists:sort(Ms) =:= Ms andalso lists:usort([lists:droplast(string:split(ref_to_list(M), ".", all)) || M <- Ms]) of
        [_] -> ok;
        _ -> [demonitor(M) || M <- Ms], in_one_slice(Ps)
    end.

% What a process has sent to itself is there, though behind what others ask of it, which it can only answer later.
own_messages() ->
    [?C({after_0_sees_own_message, What},
        begin Asked = self(),
              P = spawn_link(fun() -> ask(What, Asked) end),
              R = lists:usort([to_itself(N) || N <- lists:seq(1, 3000)]),
              unlink(P), exit(P, kill), R end)
     || What <- [info, purge]].
ask(info, P) -> process_info(P, [current_function, memory]), ask(info, P);
ask(purge, P) -> erlang:check_process_code(P, no_such_module, []), ask(purge, P).
to_itself(N) ->
    self() ! {own, N},
    receive {own, N} -> got after 0 -> none end.

% Who receives binaries and does nothing else frees them all the same.
received_binaries() ->
    [?C({received_binaries, Size},
        begin P = spawn_link(fun swallow/0),
              wait_until_waiting(P),
              Most = lists:max([begin P ! {data, binary:copy(<<I:32>>, Size div 4)}, wait_until_waiting(P), held(P) end
                                || I <- lists:seq(1, 40)]),
              Most < 2000000 end)
     || Size <- [100000, 250000]].
swallow() -> receive {data, B} when byte_size(B) > 0 -> swallow() end.
held(P) -> {binary, Bs} = process_info(P, binary), lists:sum([S || {_, S, _} <- Bs]).
wait_until_waiting(P) ->
    case process_info(P, [status, message_queue_len]) of
        [{status, waiting}, {message_queue_len, 0}] -> ok;
        _ -> erlang:yield(), wait_until_waiting(P)
    end.

% Who was sent a message does not wait for the end of a long collection of its sender's, where another scheduler idles.
not_behind() ->
    [?C({not_behind_collection, N},
        begin Waker = spawn_link(fun() -> receive {From, wake} -> From ! {woken, now_ms()} end end),
              Worker = spawn_link(fun() -> receive {go, From} -> collect_long(Waker, From) end end),
              wait_until_waiting(Waker),
              Worker ! {go, self()},
              {Started, Ended} = receive {times, S, E} -> {S, E} after 20000 -> none end,
              Woken = receive {woken, T} -> T after 20000 -> none end,
              erlang:system_info(schedulers_online) =:= 1 orelse (Woken - Started) * 2 =< Ended - Started end)
     || N <- lists:seq(1, 5)].
now_ms() -> erlang:monotonic_time(microsecond) / 1000.
collect_long(Waker, To) ->
    Large = binary_to_list(binary:copy(<<1>>, 5000000)), % no allocation of its own for each element
    Started = now_ms(),
    Waker ! {To, wake},
    [erlang:garbage_collect() || _ <- [1, 2, 3]],
    To ! {times, Started, now_ms()},
    hd(Large).
