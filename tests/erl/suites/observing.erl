%% What the VM tells of itself: system monitor and profile, statistics and system information, saved calls, tracing of ports,
%% tracers other than processes, sequential tracing of what is no plain message.
-module(observing).
-export([cases/0]).
-export([bipp/0, bopp/1, bepp/0, f/1]).
-export([enabled/3, enabled_call/3, trace/5, trace_call/5, trace_garbage_collection/5]).
-nifs([enabled/3, enabled_call/3, trace/5, trace_call/5, trace_garbage_collection/5]).

%% As a tracer module: native/tracer_code.c.
enabled(_, _, _) -> erlang:nif_error(not_loaded).
enabled_call(_, _, _) -> erlang:nif_error(not_loaded).
trace(_, _, _, _, _) -> erlang:nif_error(not_loaded).
trace_call(_, _, _, _, _) -> erlang:nif_error(not_loaded).
trace_garbage_collection(_, _, _, _, _) -> erlang:nif_error(not_loaded).
build_tracer() ->
    Here = filename:dirname(proplists:get_value(source, module_info(compile))),
    Include = filename:join([code:root_dir(), "usr", "include"]),
    Cc = case os:find_executable("cc") of false -> "clang-19"; Found -> Found end,
    [] = os:cmd(Cc ++ " -w -shared -fPIC -I" ++ Include ++ " -o tracer_code.so " ++ filename:join([Here, "..", "native", "tracer_code.c"])).

cases() ->
    build_tracer(),
    settings() ++ events() ++ numbers() ++ saved() ++ ports() ++ tracers() ++ sequential().

%% --- harness
%% Pids, ports and references by their role; times by their kind.
plain(T, Names) ->
    case lists:keyfind(T, 1, Names) of
        {_, Name} -> Name;
        false -> plain1(T, Names)
    end.
plain1(T, Names) when is_list(T) -> [plain(X, Names) || X <- T];
plain1(T, Names) when is_tuple(T) -> list_to_tuple(plain(tuple_to_list(T), Names));
plain1(T, _) when is_pid(T) -> pid;
plain1(T, _) when is_port(T) -> port;
plain1(T, _) when is_reference(T) -> ref;
plain1(T, _) when is_function(T) -> function;
plain1(T, _) -> T.

collector() -> spawn(fun() -> collect([]) end).
collect(L) ->
    receive
        {take, From} -> From ! {taken, lists:reverse(L)}, collect([]);
        M -> collect([M | L])
    end.
taken(C) ->
    Ref = erlang:trace_delivered(all),
    receive {trace_delivered, all, Ref} -> ok end,
    C ! {take, self()},
    receive {taken, L} -> L after 5000 -> no_events end.

%% What arrives within a second and fits.
wait_for(F) -> receive M -> case F(M) of false -> wait_for(F); R -> R end after 1000 -> nothing end.

dead() ->
    {P, M} = spawn_monitor(fun() -> ok end),
    receive {'DOWN', M, _, _, _} -> P end.

shape(X) when is_integer(X) -> integer;
shape(X) when is_float(X) -> float;
shape(X) when is_binary(X) -> binary;
shape([]) -> [];
shape(L) when is_list(L) ->
    case io_lib:printable_unicode_list(L) of
        true -> string;
        false -> lists:usort([shape(E) || E <- L])
    end;
shape(T) when is_tuple(T) -> list_to_tuple([shape(E) || E <- tuple_to_list(T)]);
shape(M) when is_map(M) -> lists:sort([{K, shape(V)} || {K, V} <- maps:to_list(M)]);
shape(X) -> X.

%% --- settings
settings() ->
    Me = fun(F) -> fun() -> R = F(self()), erlang:system_monitor(undefined), erlang:system_profile(undefined, []), plain(R, [{self(), self}]) end end,
    [{monitor_unset, Me(fun(_) -> {erlang:system_monitor(), erlang:system_monitor(undefined)} end)},
     {monitor_options, Me(fun(S) -> [erlang:system_monitor(S, O) || O <- [[busy_port], [busy_dist_port, {long_gc, 3}], [{large_heap, 1}], [{large_heap, 99999}, {long_schedule, 0}],
                                                                       [busy_port, busy_port, {long_gc, 1}, {long_gc, 2}], []]] ++ [erlang:system_monitor()] end)},
     {monitor_tuple, Me(fun(S) -> [erlang:system_monitor({S, [busy_port]}), erlang:system_monitor(undefined, [busy_port]), erlang:system_monitor()] end)},
     {monitor_dies, Me(fun(_) ->
          {P, M} = spawn_monitor(fun() -> receive stop -> ok end end),
          erlang:system_monitor(P, [{large_heap, 1000000}]),
          P ! stop, receive {'DOWN', M, _, _, _} -> ok end,
          erlang:system_monitor() end)},
     {profile_options, Me(fun(S) -> [erlang:system_profile(S, O) || O <- [[exclusive], [exclusive, timestamp], [exclusive, monotonic_timestamp, strict_monotonic_timestamp], []]]
                                       ++ [erlang:system_profile()] end)},
     {profile_dies, Me(fun(_) ->
          {P, M} = spawn_monitor(fun() -> receive stop -> ok end end),
          erlang:system_profile(P, [exclusive]),
          P ! stop, receive {'DOWN', M, _, _, _} -> ok end,
          erlang:system_profile(P, []), erlang:system_profile() end)}]
    ++ [{{bad_monitor, N}, fun() -> erlang:system_monitor(S, O) end} ||
           {N, S, O} <- [{1, self, []}, {2, 17, [busy_port]}, {4, foo, [{long_gc, 1}]}]]
    ++ [{{bad_monitor_options, N}, fun() -> erlang:system_monitor(self(), O) end} ||
           {N, O} <- [{1, foo}, {2, [foo]}, {3, [{long_gc, -1}]}, {4, [{long_gc, a}]}, {5, [{large_heap, 1 bsl 70}]}, {6, [busy_port | x]}, {7, [{foo, 1}]}, {8, [{busy_port, 1}]}]]
    ++ [{bad_monitor_dead, fun() -> erlang:system_monitor(dead(), [busy_port]) end},
        {bad_profile_dead, fun() -> erlang:system_profile(dead(), [scheduler]) end},
        {bad_profile_option, fun() -> erlang:system_profile(self(), [foo]) end},
        {bad_profile_all, fun() -> erlang:system_profile(self(), [all]) end},
        {bad_profile_improper, fun() -> erlang:system_profile(self(), [scheduler | x]) end}].

%% --- events
events() ->
    [{large_heap, fun() ->
          erlang:system_monitor(self(), [{large_heap, 300000}]),
          P = spawn(fun() -> large() end),
          R = wait_for(fun({monitor, Q, large_heap, L}) when Q =:= P -> {[K || {K, _} <- L], [K || {K, V} <- L, not is_integer(V)]}; (_) -> false end),
          erlang:system_monitor(undefined), R end},
     {long_gc, fun() ->
          erts_debug:set_internal_state(available_internal_state, true),
          erts_debug:set_internal_state(test_long_gc_sleep, 3),
          erlang:system_monitor(self(), [{long_gc, 1}]),
          P = spawn(fun() -> erlang:garbage_collect(), receive after infinity -> ok end end),
          R = wait_for(fun({monitor, Q, long_gc, L}) when Q =:= P -> {[K || {K, _} <- L], proplists:get_value(timeout, L) >= 3}; (_) -> false end),
          erts_debug:set_internal_state(test_long_gc_sleep, 0),
          erts_debug:set_internal_state(available_internal_state, false),
          erlang:system_monitor(undefined), exit(P, kill), R end},
     {long_schedule, fun() ->
          erts_debug:set_internal_state(available_internal_state, true),
          erlang:system_monitor(self(), [{long_schedule, 20}]),
          P = spawn(fun() -> receive go -> ok end, erts_debug:set_internal_state(block, 100), receive after 1 -> ok end end),
          receive after 5 -> ok end,
          P ! go,
          R = wait_for(fun({monitor, Q, long_schedule, [{timeout, T}, {in, I}, {out, O}]}) when Q =:= P -> {T >= 20, shape(I) =/= integer, shape(O) =/= integer}; (_) -> false end),
          erts_debug:set_internal_state(available_internal_state, false),
          erlang:system_monitor(undefined), R end},
     {waits_for_port, fun() ->
          %% each sender finds the port busy: with what it waits, and that it goes when it is killed, or the port
          Data = <<0:2400000>>,
          Wait = fun(Send) ->
              Self = self(),
              P = spawn(fun() -> Port = open_port({spawn, "sleep 20"}, [binary]), Self ! {port, Port}, [Send(Port, Data) || _ <- lists:seq(1, 20)], Self ! sent end),
              Port = receive {port, X} -> X end,
              S = until_suspended(P, 200),
              F = process_info(P, current_function),
              process_flag(trap_exit, true), link(Port), exit(P, kill),
              Gone = receive {'EXIT', Port, R} -> R after 3000 -> still end,
              {S, F, Gone, is_process_alive(P), receive sent -> sent after 0 -> waiting end}
          end,
          [Wait(fun port_command/2), Wait(fun(Port, D) -> Port ! {self(), {command, D}} end),
           Wait(fun(Port, D) -> erlang:send(Port, {self(), {command, D}}, []) end)] end},
     {goes_on_without_port, fun() ->
          Data = <<0:2400000>>, Self = self(),
          P = spawn(fun() -> process_flag(trap_exit, true), Port = open_port({spawn, "sleep 20"}, [binary]), Self ! {port, Port},
                             Self ! {sent, catch [port_command(Port, Data) || _ <- lists:seq(1, 20)]} end),
          Port = receive {port, X} -> X end,
          S = until_suspended(P, 200), exit(Port, kill),
          {S, receive {sent, {'EXIT', {R, _}}} -> R; {sent, R} -> R after 3000 -> stuck end} end},
     {dirty_purge, fun() ->
          %% a process in a dirty call is found in old code, and killed, at once
          Forms = [{attribute, 1, module, obs_dirty}, {attribute, 1, export, [{f, 1}]},
                   {function, 1, f, 1, [{clause, 1, [{var, 1, 'F'}], [], [{call, 1, {var, 1, 'F'}, []}, {atom, 1, done}]}]}],
          {ok, obs_dirty, Bin} = compile:forms(Forms, []),
          {module, obs_dirty} = erlang:load_module(obs_dirty, Bin),
          {P, M} = spawn_monitor(fun() -> obs_dirty:f(fun() -> erts_debug:dirty_io(wait, 1500) end) end),
          {P2, M2} = spawn_monitor(fun() -> erts_debug:dirty_io(wait, 400), exit(back) end),
          receive after 100 -> ok end,
          I = process_info(P, [current_function, status]),
          true = erlang:delete_module(obs_dirty),
          C = {erlang:check_process_code(P, obs_dirty), erlang:check_process_code(P2, obs_dirty), code:soft_purge(obs_dirty)},
          T0 = erlang:monotonic_time(millisecond), Pu = code:purge(obs_dirty),
          R = receive {'DOWN', M, _, P, X} -> X after 3000 -> alive end, T1 = erlang:monotonic_time(millisecond),
          {I, C, Pu, R, T1 - T0 < 900, receive {'DOWN', M2, _, P2, Y} -> Y after 3000 -> alive end} end},
     {ports_are_those_there, fun() ->
          P = open_port({spawn, "sleep 5"}, []), A = lists:member(P, erlang:ports()), port_close(P), {A, lists:member(P, erlang:ports())} end},
     {busy_port, fun() ->
          erlang:system_monitor(self(), [busy_port]),
          Self = self(),
          P = spawn(fun() -> Port = open_port({spawn, "sleep 20"}, [binary]), Self ! {port, Port}, [port_command(Port, <<0:800000>>) || _ <- lists:seq(1, 20)] end),
          Port = receive {port, X} -> X end,
          R = wait_for(fun({monitor, Q, busy_port, B}) -> {Q =:= P, B =:= Port}; (_) -> false end),
          erlang:system_monitor(undefined), exit(P, kill), R end},
     {not_told_of_itself, fun() ->
          erlang:system_monitor(self(), [{large_heap, 300000}]),
          large(),
          R = receive {monitor, P, _, _} when P =:= self() -> told after 50 -> not_told end,
          erlang:system_monitor(undefined), R end},
     {profile_processes, fun() ->
          C = collector(),
          P = spawn(fun F() -> receive stop -> ok; _ -> F() end end),
          receive after 10 -> ok end,
          erlang:system_profile(C, [runnable_procs]),
          P ! x, receive after 50 -> ok end,
          L = taken(C),
          erlang:system_profile(undefined, []),
          P ! stop,
          {[{A, is_tuple(W), size(T)} || {profile, Q, A, W, T} <- L, Q =:= P], [told || {profile, Q, _, _, _} <- L, Q =:= C]} end},
     {profile_ports, fun() ->
          C = collector(),
          erlang:system_profile(C, [runnable_ports, monotonic_timestamp]),
          Port = open_port({spawn, "true"}, []),
          receive after 50 -> ok end,
          L = [A || {profile, Q, A, 0, T} <- taken(C), Q =:= Port, is_integer(T)],
          erlang:system_profile(undefined, []),
          {lists:usort(L), alternates(L)} end},
     {profile_schedulers, fun() ->
          C = collector(),
          erlang:system_profile(C, [scheduler, strict_monotonic_timestamp]),
          [receive after 2 -> ok end || _ <- lists:seq(1, 20)],
          L = [{I, A} || {profile, scheduler, I, A, N, {_, _}} <- taken(C), is_integer(N)],
          erlang:system_profile(undefined, []),
          {lists:usort([A || {_, A} <- L]), [T || I <- lists:usort([I || {I, _} <- L]), I =:= 1, T <- [alternates([A || {J, A} <- L, J =:= I])], T =/= true]} end}].

numbered(L, I) ->
    N = erlang:system_info(schedulers) + erlang:system_info(dirty_cpu_schedulers) + case I of scheduler_wall_time -> 0; _ -> erlang:system_info(dirty_io_schedulers) end,
    [K || {K, _, _} <- lists:sort(L)] =:= lists:seq(1, N).
alternates([A, A | _]) -> {twice, A};
alternates([_ | T]) -> alternates(T);
alternates([]) -> true.

%% --- numbers
numbers() ->
    [{{system_info, I}, fun() -> shape(erlang:system_info(I)) end} || I <-
           [{cpu_topology, defined}, logical_processors, logical_processors_available, logical_processors_online, cpu_quota, fullsweep_after, garbage_collection,
            heap_type, max_heap_size, message_queue_data, min_heap_size, min_bin_vheap_size, procs, atom_count, atom_limit, ets_count, ets_limit, port_count,
            port_limit, process_count, process_limit, end_time, os_monotonic_time_source, os_system_time_source, start_time, time_correction, time_offset,
            time_warp_mode, tolerant_timeofday, dirty_cpu_schedulers, dirty_cpu_schedulers_online, dirty_io_schedulers, multi_scheduling,
            multi_scheduling_blockers, normal_multi_scheduling_blockers, otp_release, scheduler_bind_type, scheduler_id, schedulers, schedulers_online,
            smp_support, threads, thread_pool_size, async_dist, creation, delayed_node_table_gc, dist, dist_buf_busy_limit, dist_ctrl, build_type,
            c_compiler_used, check_io, compat_rel, debug_compiled, driver_version, dynamic_trace, dynamic_trace_probes, emu_type, info, kernel_poll, loaded,
            machine, modified_timing_level, nif_version, os_type, os_version, port_parallelism, system_architecture, system_logger, trace_control_word,
            version, wordsize, {wordsize, internal}, {wordsize, external}, emu_args, beam_jump_table, compile_info, ets_realloc_moves, elib_malloc,
            eager_check_io, lock_checking, lock_counting, outstanding_system_requests_limit, schedulers_state, taints, context_reductions, break_ignored,
            sequential_tracer, port_tasks, constant_pool_support, endian, decentralized_counter_groups_map, reader_groups_map, build_flags, lock_profiling,
            halt_flush_timeout, no_such_item, {foo, bar}, 17]]
    ++ [{{statistics, I}, fun() -> shape(erlang:statistics(I)) end} ||
           I <- [active_tasks, active_tasks_all, context_switches, exact_reductions, garbage_collection, io, microstate_accounting, reductions, run_queue,
                 run_queue_lengths, run_queue_lengths_all, runtime, total_active_tasks, total_active_tasks_all, total_run_queue_lengths,
                 total_run_queue_lengths_all, wall_clock, foo, 1]]
    ++ [{run_queues, fun() -> T = erlang:statistics(run_queues), {tuple_size(T) =:= erlang:system_info(schedulers) + 2, lists:usort([shape(X) || X <- tuple_to_list(T)])} end}]
    ++ [{wall_time, fun() ->
             erlang:system_flag(scheduler_wall_time, true),
             R = [{I, shape(erlang:statistics(I)), numbered(erlang:statistics(I), I)} || I <- [scheduler_wall_time, scheduler_wall_time_all]],
             N = erlang:system_info(schedulers), S = [length(erlang:statistics(I)) - N || I <- [run_queue_lengths, run_queue_lengths_all, active_tasks, active_tasks_all]],
             true = erlang:system_flag(scheduler_wall_time, false), {R, S, erlang:statistics(scheduler_wall_time)} end},
        {wall_time_sane, fun() ->
             erlang:system_flag(scheduler_wall_time, true),
             L1 = lists:sort(erlang:statistics(scheduler_wall_time_all)), busy(1000000), L2 = lists:sort(erlang:statistics(scheduler_wall_time_all)),
             erlang:system_flag(scheduler_wall_time, false),
             lists:all(fun({{I, A1, T1}, {I, A2, T2}}) -> A2 >= A1 andalso T2 > T1 andalso A2 - A1 =< T2 - T1 end, lists:zip(L1, L2)) end},
        {microstates, fun() ->
             [{T, length([x || #{type := Q} <- erlang:statistics(microstate_accounting), Q =:= T]) - N} ||
                 {T, N} <- [{async, 1}, {aux, 1}, {poll, 1}, {scheduler, erlang:system_info(schedulers)}, {dirty_cpu_scheduler, erlang:system_info(dirty_cpu_schedulers)},
                            {dirty_io_scheduler, erlang:system_info(dirty_io_schedulers)}]] end},
        {microstates_count, fun() ->
             erlang:system_flag(microstate_accounting, true), erlang:system_flag(microstate_accounting, reset),
             busy(1000000), churn(100), receive after 30 -> ok end,
             true = erlang:system_flag(microstate_accounting, false),
             L = [C || #{type := scheduler, counters := C} <- erlang:statistics(microstate_accounting)],
             Sum = fun(K) -> lists:sum([maps:get(K, C) || C <- L]) end,
             [Sum(K) > 0 || K <- [emulator, gc, sleep]] end},
        {io_bytes, fun() ->
             {{input, I0}, {output, O0}} = statistics(io),
             P = open_port({spawn, "cat 2>/dev/null"}, [binary]), port_command(P, binary:copy(<<1>>, 5000)), got(P, 5000), port_close(P),
             {{input, I1}, {output, O1}} = statistics(io), {I1 - I0 >= 5000, O1 - O0 >= 5000} end},
        {reductions_grow, fun() -> {A, _} = statistics(exact_reductions), busy(10000), {B, _} = statistics(exact_reductions), B - A > 5000 end},
        {collections_grow, fun() -> {A, W, 0} = statistics(garbage_collection), [erlang:garbage_collect() || _ <- lists:seq(1, 10)], {B, V, 0} = statistics(garbage_collection), {B - A >= 10, V >= W} end},
        {memory, fun() -> shape(erlang:memory()) end},
        {memory_sane, fun() ->
             M = erlang:memory(), G = fun(K) -> proplists:get_value(K, M) end,
             {G(total) =:= G(processes) + G(system), G(system) > G(atom) + G(binary) + G(code) + G(ets), G(processes) >= G(processes_used), G(atom) >= G(atom_used)} end},
        {order_of_binaries, fun() ->
             Sizes = fun() -> {binary, L} = process_info(self(), binary), [S || {_, S, _} <- L, S > 5000, S < 5010] end,
             Minor = fun() -> garbage_collect(self(), [{type, minor}]) end,
             Made = fun(From) -> [binary:copy(<<X>>, From + X) || X <- lists:seq(1, 3)] end,
             A = Made(5000), S1 = Sizes(), Minor(), S2 = Sizes(), B = Made(5003), Minor(), S3 = Sizes(), Minor(), S4 = Sizes(),
             C = Made(5006), garbage_collect(), S5 = Sizes(), garbage_collect(), {S1, S2, S3, S4, S5, Sizes(), iolist_size([A, B, C])} end},
        {memory_binary, fun() -> A = erlang:memory(binary), B = binary:copy(<<1>>, 1000000), C = erlang:memory(binary), {C - A > 900000, byte_size(B)} end},
        {memory_ets, fun() -> A = erlang:memory(ets), T = ets:new(x, []), ets:insert(T, [{I, I} || I <- lists:seq(1, 1000)]), C = erlang:memory(ets), ets:delete(T), C - A > 30000 end}]
    ++ [{{memory, I}, fun() -> shape(erlang:memory(I)) end} || I <- [total, processes, processes_used, system, atom, atom_used, binary, code, ets, maximum, low, foo, [total, ets], [foo], []]].

got(_, N) when N =< 0 -> ok;
got(P, N) -> receive {P, {data, D}} -> got(P, N - byte_size(D)) after 5000 -> exit(no_data) end.

%% A heap of more than 300,000 words, at once: growing there would take long where every allocation collects.
large() -> T = erlang:make_tuple(400000, x), erlang:garbage_collect(), tuple_size(T).
churn(0) -> ok;
churn(N) -> length(lists:seq(1, 500)), churn(N - 1).
until_suspended(_, 0) -> never;
until_suspended(P, N) -> case process_info(P, status) of {status, suspended} -> suspended; _ -> receive after 10 -> until_suspended(P, N - 1) end end.
busy(0) -> ok;
busy(N) -> busy(N - 1).

%% --- saved calls
saved() ->
    Mine = fun(L) -> [X || X <- L, is_atom(X) orelse element(1, X) =:= ?MODULE] end,
    [{saved_calls, fun() ->
          {last_calls, false} = process_info(self(), last_calls),
          Old = process_flag(self(), save_calls, 12),
          {last_calls, _} = process_info(self(), last_calls),
          ?MODULE:bipp(),
          {last_calls, L} = process_info(self(), last_calls),
          {Old, Mine(L), process_flag(save_calls, 0), process_info(self(), last_calls)} end},
     {saved_calls_ring, fun() ->
          process_flag(save_calls, 3), [?MODULE:f(I) || I <- lists:seq(1, 10)], ?MODULE:bepp(),
          {last_calls, L} = process_info(self(), last_calls), process_flag(save_calls, 0), {length(L), Mine(L)} end},
     {saved_calls_built_in, fun() ->
          process_flag(save_calls, 20), lists:reverse([1], []), erlang:phash2(a, 10), binary:copy(<<1>>, 2),
          {last_calls, L} = process_info(self(), last_calls), process_flag(save_calls, 0), [X || {M, _, _} = X <- L, lists:member(M, [lists, erlang, binary]), X =/= {erlang, process_flag, 2}] end},
     {saved_calls_traced, fun() ->
          C = collector(),
          process_flag(save_calls, 5), erlang:trace(self(), true, [call, {tracer, C}]), erlang:trace_pattern({?MODULE, bepp, 0}, true, [global]),
          ?MODULE:bepp(), I = erlang:trace_info({?MODULE, bepp, 0}, traced), erlang:trace_pattern({?MODULE, bepp, 0}, false, [global]), ?MODULE:bepp(),
          {last_calls, L} = process_info(self(), last_calls), process_flag(save_calls, 0), erlang:trace(self(), false, [call]),
          {Mine(L), I, erlang:trace_info({?MODULE, bepp, 0}, all), plain(taken(C), [{self(), self}])} end},
     {saved_calls_of_another, fun() ->
          P = spawn(fun() -> receive after infinity -> ok end end), erlang:yield(),
          R = {process_flag(P, save_calls, 10), process_info(P, last_calls) =/= {last_calls, false}, process_flag(P, save_calls, 0)}, exit(P, kill), R end},
     {saved_calls_loaded, fun() ->
          process_flag(save_calls, 10),
          {ok, M, B} = compile:forms([{attribute, 1, module, observing_loaded}, {attribute, 1, export, [{g, 0}]}, {function, 1, g, 0, [{clause, 1, [], [], [{atom, 1, ok}]}]}]),
          {module, M} = code:load_binary(M, "", B), M:g(), M:g(),
          {last_calls, L} = process_info(self(), last_calls), process_flag(save_calls, 0), code:delete(M), code:purge(M),
          [X || {N, _, _} = X <- L, N =:= M] end}]
    ++ [{{saved_calls_bad, N}, fun() -> process_flag(save_calls, V) end} || {N, V} <- [{1, -1}, {2, 10001}, {3, a}, {4, 1 bsl 70}]].

bipp() -> bopp(0), bapp(), ?MODULE:bopp(0), bopp(3), apply(?MODULE, bepp, []).
bapp() -> self() ! heffaklump.
bopp(T) -> receive X -> X after T -> ok end.
bepp() -> ok.
f(X) -> X + 1.

%% --- ports
%% Traces a port of `cat` from its beginning (or from Flags on) while F runs.
traced_port(Flags, F) -> traced_port(Flags, F, [binary]).
traced_port(Flags, F, Options) ->
    C = collector(),
    erlang:trace(new_ports, true, [{tracer, C} | Flags]),
    P = try open_port({spawn, "cat 2>/dev/null"}, Options) after erlang:trace(new_ports, false, Flags) end,
    R = F(P),
    catch port_close(P),
    L = taken(C),
    {plain(R, [{P, port}, {self(), self}]), plain([M || M <- L, element(2, M) =:= P, not opening(M)], [{P, port}, {self(), self}])}.
%% Children are started elsewhere, which shows in more tasks of the port.
opening({trace, _, in, _}) -> true;
opening({trace, _, out, _}) -> true;
opening({trace, _, send, {R, _}, _}) when is_reference(R) -> true;
opening(_) -> false.

ports() ->
    Echo = fun(P) -> true = port_command(P, "hej"), got(P, 3), ok end,
    Sync = fun() -> Ref = erlang:trace_delivered(all), receive {trace_delivered, all, Ref} -> ok end end,
    [{port_ports, fun() -> traced_port([ports], Echo) end},
     {port_send, fun() -> traced_port([send], Echo) end},
     {port_receive, fun() -> traced_port(['receive'], Echo) end},
     {port_bang, fun() -> traced_port(['receive', send], fun(P) -> P ! {self(), {command, <<"x">>}}, got(P, 1), P ! {self(), close}, receive {P, closed} -> closed end end) end},
     {port_connect, fun() -> traced_port(['receive', send, ports], fun(P) -> P ! {self(), {connect, self()}}, receive {P, connected} -> ok end, Q = spawn(fun() -> receive stop -> ok end end),
                                           port_connect(P, Q), unlink(P), port_close(P) end) end},
     {port_names, fun() -> traced_port([ports], fun(P) -> register(observing_port, P), unregister(observing_port), register(observing_port, P), Sync() end) end},
     {port_links, fun() -> traced_port([ports], fun(P) -> unlink(P), link(P), link(P), unlink(P), Sync() end) end},
     {port_exit_signal, fun() -> process_flag(trap_exit, true), traced_port([ports], fun(P) -> exit(P, bye), receive {'EXIT', P, R} -> R end end) end},
     {port_control, fun() -> traced_port(['receive', send], fun(P) -> catch port_control(P, 17, <<1, 2>>) end) end},
     {port_timestamps, fun() ->
          {R, L} = traced_port([send, timestamp], Echo),
          {R, [setelement(size(M), M, tuple_size(element(size(M), M))) || M <- L]} end},
     {port_info, fun() ->
          P = open_port({spawn, "cat 2>/dev/null"}, []), C = collector(),
          R = [erlang:trace_info(P, flags), erlang:trace(P, true, [send, 'receive', ports, {tracer, C}]), erlang:trace_info(P, flags), erlang:trace_info(P, tracer),
               erlang:trace(P, false, [send]), erlang:trace_info(P, flags), erlang:trace(P, false, [all]), erlang:trace_info(P, flags), erlang:trace_info(P, tracer)],
          port_close(P), plain(R ++ [erlang:trace_info(P, flags)], [{C, tracer}]) end},
     {port_tracer_dies, fun() ->
          P = open_port({spawn, "cat 2>/dev/null"}, []), {C, M} = spawn_monitor(fun() -> receive stop -> ok end end),
          erlang:trace(P, true, [send, {tracer, C}]), C ! stop, receive {'DOWN', M, _, _, _} -> ok end,
          R = {erlang:trace_info(P, flags), erlang:trace_info(P, tracer)}, port_close(P), R end},
     {port_taken, fun() ->
          P = open_port({spawn, "cat 2>/dev/null"}, []), C = collector(), D = collector(),
          erlang:trace(P, true, [send, {tracer, C}]), R = (catch erlang:trace(P, true, [send, {tracer, D}])), port_close(P), is_tuple(R) end},
     {port_running, fun() ->
          C = collector(), P = open_port({spawn, "cat 2>/dev/null"}, []), erlang:trace(P, true, [running_ports, {tracer, C}]),
          port_command(P, "x"), erlang:port_info(P, name), port_close(P),
          L = [{T, W} || {trace, Q, T, W} <- taken(C), Q =:= P, W =/= 0], {lists:usort([T || {T, _} <- L]), lists:member({in, command}, L), lists:member({in, close}, L)} end},
     {new_ports_info, fun() ->
          C = collector(), erlang:trace(new_ports, true, [send, ports, {tracer, C}]), R = {erlang:trace_info(new_ports, flags), erlang:trace_info(new_ports, tracer), erlang:trace_info(new_processes, flags)},
          erlang:trace(new_ports, false, [all]), plain({R, erlang:trace_info(new_ports, flags), erlang:trace_info(new_ports, tracer)}, [{C, tracer}]) end},
     {ports_counted, fun() ->
          C = collector(), N = length(erlang:ports()), A = erlang:trace(existing_ports, true, [ports, {tracer, C}]), B = erlang:trace(existing_ports, false, [ports]), {N =:= A, A =:= B} end},
     {process_of_port, fun() ->
          C = collector(), S = self(),
          P = spawn_link(fun() -> receive go -> ok end, Port = open_port({spawn, "cat 2>/dev/null"}, []), port_command(Port, "x"), S ! {port, Port}, receive stop -> ok end end),
          erlang:trace(P, true, [procs, {tracer, C}]), P ! go, Port = receive {port, X} -> X end,
          L = taken(C), unlink(P), P ! stop, plain(L, [{P, process}, {Port, port}]) end}].

%% --- tracers
tracers() ->
    [{module_erl_tracer, fun() ->
          C = collector(), R = erlang:trace(self(), true, [send, {tracer, erl_tracer, C}]), self() ! x, I = erlang:trace_info(self(), tracer), erlang:trace(self(), false, [send]),
          plain({R, I, taken(C)}, [{self(), self}, {C, tracer}]) end},
     {trace_file, fun() ->
          File = "observing.trace", S = self(),
          {ok, D} = dbg:tracer(port, dbg:trace_port(file, File)),
          {ok, _} = dbg:p(self(), [c, m]), {ok, _} = dbg:tp(?MODULE, f, 1, []),
          ?MODULE:f(1), self() ! {a, message}, receive {a, message} -> ok end,
          dbg:flush_trace_port(), dbg:stop_clear(), receive after 50 -> ok end,
          dbg:trace_client(file, File, {fun(end_of_trace, ok) -> S ! the_end; (M, ok) -> S ! {read, M}, ok end, ok}),
          L = (fun F() -> receive {read, M} -> [M | F()]; the_end -> [] after 2000 -> [no_end] end end)(), file:delete(File),
          {is_pid(D), [M || M <- plain(L, [{self(), self}]), element(3, M) =/= 'receive' orelse element(4, M) =:= {a, message}, not is_tuple(element(4, M)) orelse element(1, element(4, M)) =/= dbg,
                            lists:member(element(4, M), [{a, message}, {?MODULE, f, [1]}])]} end},
     {names_in_match_specs, fun() ->
          C = collector(), register(observing_named, self()),
          erlang:trace(self(), true, [call, {tracer, C}]),
          erlang:trace_pattern({?MODULE, f, 1}, [{'_', [], [{message, {{ {disable_trace, observing_named, call}, {disable_trace, no_such_name, call}}}}]}], [global]),
          ?MODULE:f(1), ?MODULE:f(2), I = erlang:trace_info(self(), flags), erlang:trace(self(), false, [all]), erlang:trace_pattern({?MODULE, f, 1}, false, [global]),
          plain({I, taken(C)}, [{self(), self}]) end},
     {control_word, fun() ->
          C = collector(), erlang:trace(self(), true, [call, {tracer, C}]), Old = erlang:system_flag(trace_control_word, 17),
          erlang:trace_pattern({?MODULE, f, 1}, [{'_', [{'=:=', {get_tcw}, 17}], [{message, {set_tcw, 18}}]}], [global]), ?MODULE:f(1), ?MODULE:f(2),
          I = erlang:system_info(trace_control_word), erlang:system_flag(trace_control_word, Old), erlang:trace(self(), false, [call]), erlang:trace_pattern({?MODULE, f, 1}, false, [global]),
          plain({I, taken(C)}, [{self(), self}]) end},
     {reverse_exception, fun() ->
          C = collector(), L = lists:seq(1, 20000) ++ x,
          erlang:trace(self(), true, [call, {tracer, C}]), erlang:trace_pattern({lists, reverse, 2}, [{'_', [], [{exception_trace}, {message, false}]}], [local]),
          catch lists:reverse(L, []), erlang:trace_pattern({lists, reverse, 2}, false, [local]), erlang:trace(self(), false, [call]), plain(taken(C), [{self(), self}]) end},
     {native_before, fun() -> erlang:trace(self(), true, [send, {tracer, ?MODULE, {self(), all}}]) end},
     {native_loaded, fun() -> erlang:load_nif("./tracer_code", 0) end},
     {native_removed, fun() -> erlang:trace(self(), true, [send, {tracer, ?MODULE, {self(), remove}}]) end},
     {native_send, fun() -> native([send], all, fun() -> self() ! x end) end},
     {native_receive, fun() -> native(['receive'], all, fun() -> self() ! x, receive x -> ok end end) end},
     {native_discard, fun() -> native([send], no_such_event, fun() -> self() ! x end) end},
     {native_call, fun() -> native([call], all, fun() -> ?MODULE:f(1) end) end},
     {native_arity, fun() -> native([call, arity], call, fun() -> ?MODULE:f(1) end) end},
     {native_return, fun() -> native([call], all, fun() -> ?MODULE:f(1) end, [{'_', [], [{return_trace}, {message, {{told, me}}}]}]) end},
     {native_procs, fun() -> native([procs], all, fun() -> register(observing_native, self()), {P, M} = spawn_monitor(?MODULE, f, [1]), receive {'DOWN', M, _, P, R} -> R end end) end},
     {native_options, fun() -> native([send, scheduler_id, strict_monotonic_timestamp], all, fun() -> self() ! x end) end},
     {native_collect, fun() -> lists:usort(native([garbage_collection], gc_major_start, fun() -> erlang:garbage_collect() end)) end}, % one, unless every allocation collects
     {native_info, fun() ->
          erlang:trace(self(), true, [send, {tracer, ?MODULE, {self(), none}}]), R = erlang:trace_info(self(), tracer), erlang:trace(self(), false, [send]), plain({R, erlang:trace_info(self(), tracer)}, [{self(), self}]) end},
     {native_port, fun() ->
          C = collector(), P = open_port({spawn, "cat 2>/dev/null"}, []), erlang:trace(P, true, ['receive', ports, {tracer, ?MODULE, {C, all}}]), port_command(P, "x"), port_close(P),
          plain([untimed(M) || M <- taken(C)], [{self(), self}, {P, port}]) end},
     {native_sequential, fun() ->
          C = collector(), seq_trace:set_system_tracer({?MODULE, {C, all}}), I = seq_trace:get_system_tracer(), seq_trace:set_token(label, 3), seq_trace:set_token(print, true), seq_trace:print(3, hello), seq_trace:set_token([]),
          L = taken(C), seq_trace:set_system_tracer(false), seq_trace:reset_trace(), plain({I, [{F, T, A, element(1, D), O} || {F, T, A, D, O} <- L]}, [{self(), self}, {C, tracer}]) end},
     {bad_module, fun() -> erlang:trace(self(), true, [send, {tracer, lists, []}]) end},
     {bad_module_unknown, fun() -> erlang:trace(self(), true, [send, {tracer, no_such_module, []}]) end}].

native(Flags, What, F) -> native(Flags, What, F, true).
native(Flags, What, F, MS) ->
    C = collector(), S = self(),
    P = spawn(fun() -> receive go -> F() end, S ! done, receive stop -> ok end end),
    erlang:trace_pattern({?MODULE, f, 1}, MS, [local]),
    1 = erlang:trace(P, true, [{tracer, ?MODULE, {C, What}} | Flags]),
    P ! go, receive done -> ok end,
    catch erlang:trace(P, false, [all]),
    erlang:trace_pattern({?MODULE, f, 1}, false, [local]),
    P ! stop,
    plain([untimed(M) || M <- taken(C), element(4, M) =/= done], [{P, process}, {S, self}, {C, tracer}]).
untimed({F, Tag, Who, What, Options}) ->
    {F, Tag, Who, case Tag of gc_major_start -> is_list(What); _ -> What end, lists:sort([{K, case K of scheduler_id -> is_integer(V); _ -> V end} || {K, V} <- maps:to_list(Options)])}.

%% --- sequential tracing
sequential() ->
    [{sequential_tracer, fun() ->
          R = [catch erlang:system_flag(sequential_tracer, X) || X <- [self(), false, {erl_tracer, self()}, false]],
          plain(R, [{self(), self}]) end},
     {sequential_alias, fun() -> seq(fun(_) -> A = alias(), A ! {a, b}, receive M -> M end end) end},
     {sequential_link, fun() -> seq(fun(S) ->
          process_flag(trap_exit, true), P = spawn_link(fun() -> receive go -> exit(gone) end end), P ! go,
          receive {'EXIT', P, R} -> S ! {also, P}, R end end) end},
     {sequential_exit, fun() -> seq(fun(S) ->
          P = spawn(fun() -> process_flag(trap_exit, true), S ! {also, self()}, receive {'EXIT', _, R} -> S ! {got, R} end end),
          receive after 20 -> ok end, exit(P, why), receive after 20 -> ok end end) end},
     {sequential_fresh, fun() ->
          seq_trace:set_token(serial, {3, 5}), seq_trace:set_token([]), seq_trace:set_token(label, 17), T = seq_trace:get_token(), seq_trace:reset_trace(), plain(T, [{self(), self}]) end}].

seq(F) ->
    C = collector(), S = self(),
    seq_trace:set_system_tracer(C),
    P = spawn(fun() -> seq_trace:set_token(label, 7), seq_trace:set_token(send, true), seq_trace:set_token('receive', true), R = F(S), seq_trace:set_token([]), S ! {done, R} end),
    R = receive {done, X} -> X after 5000 -> no_answer end,
    Also = receive {also, Q} -> Q after 0 -> none end,
    L = taken(C),
    seq_trace:set_system_tracer(false), seq_trace:reset_trace(),
    plain({R, [no_serial(M) || M <- L, not to_me(M, S)]}, [{P, process}, {S, self}, {Also, other}, {C, tracer}]).
no_serial({seq_trace, L, {K, _, A, B, M}}) -> {seq_trace, L, {K, A, B, M}}.
to_me({seq_trace, _, {_, _, _, To, _}}, S) -> To =:= S;
to_me(_, _) -> false.
