%% What tracing tells: processes, messages, calls, returns, exceptions, patterns, sequential tracing. Pids are replaced by
%% their role, so that what is told of whom is compared too.
-module(tracing).
-export([cases/0]).
-export([f/1, g/1, loop/0, rec/2, thrower/1, catcher/1, tail/1, bifs/1, twice/1, gone/0]).

cases() ->
    [{Name, Fun} || {Name, Fun} <- events() ++ calls() ++ infos() ++ sequential()].

%% --- traced code
f(X) -> g(X) + 1.
g(X) -> X * 2.
rec(0, Acc) -> Acc;
rec(N, Acc) -> rec(N - 1, [N | Acc]).
thrower(X) -> throw({thrown, X}).
catcher(X) -> try ?MODULE:thrower(X) catch throw:{thrown, Y} -> {caught, Y} end.
tail(X) -> ?MODULE:f(X).
bifs(L) -> {length(L), lists:reverse(L, []), erlang:phash2(a, 10), catch atom_to_list(1)}.
twice(F) -> {F(1), F(2)}.
gone() -> ?MODULE:no_such_function(1).
loop() ->
    receive
        {run, From, F} -> R = (catch F()), From ! {done, R}, loop();
        stop -> ok
    end.

%% --- harness
%% Traces a fresh process with Flags while it runs F; its messages are told to a collector of its own.
traced(Flags, F) -> traced(Flags, F, fun() -> ok end).
traced(Flags, F, Setup) ->
    Self = self(),
    P = spawn(fun loop/0),
    C = spawn(fun() -> collect([]) end),
    try
        P ! {run, Self, fun() -> ok end},
        receive {done, ok} -> ok end,
        waiting(P),
        Setup(),
        1 = erlang:trace(P, true, [{tracer, C} | Flags]),
        P ! {run, Self, F},
        R = receive {done, X} -> X after 5000 -> no_answer end,
        Ref = erlang:trace_delivered(P),
        receive {trace_delivered, P, Ref} -> ok after 5000 -> exit(not_delivered) end,
        catch erlang:trace(P, false, [all]),
        {R, named(taken(C), [{Self, self}, {P, tracee}, {C, tracer}])}
    after
        erlang:trace_pattern({'_', '_', '_'}, false, [local, meta, call_count, call_time]),
        erlang:trace_pattern({'_', '_', '_'}, false, []),
        P ! stop
    end.

waiting(P) ->
    case process_info(P, status) of
        {status, waiting} -> ok;
        _ -> erlang:yield(), waiting(P)
    end.

collect(L) ->
    receive
        {take, From} -> From ! {taken, lists:reverse(L)};
        M -> collect([M | L])
    end.
taken(C) ->
    C ! {take, self()},
    receive {taken, L} -> L after 5000 -> no_trace end.

named(T, Names) when is_pid(T) -> proplists:get_value(T, Names, other);
named(T, Names) when is_list(T) -> [named(X, Names) || X <- T];
named(T, Names) when is_tuple(T) -> list_to_tuple(named(tuple_to_list(T), Names));
named(T, _) when is_function(T) -> function;
named(T, _) when is_reference(T) -> ref;
named(T, _) -> T.

local(MFA) -> local(MFA, true).
local(MFA, MS) -> fun() -> erlang:trace_pattern(MFA, MS, [local]) end.
global(MFA) -> global(MFA, true).
global(MFA, MS) -> fun() -> erlang:trace_pattern(MFA, MS, [global]) end.
m(F, A) -> {?MODULE, F, A}.
every() -> {?MODULE, '_', '_'}.

times(L) -> [case M of
                 {trace_ts, P, T, D, Ts} -> {trace_ts, P, T, D, kind(Ts)};
                 {trace_ts, P, T, D, V, Ts} -> {trace_ts, P, T, D, V, kind(Ts)};
                 _ -> M
             end || M <- L].
kind({A, B, C}) when is_integer(A), is_integer(B), is_integer(C) -> now;
kind({A, B}) when is_integer(A), is_integer(B) -> strict;
kind(A) when is_integer(A) -> monotonic.

%% --- processes
events() ->
    Seq = lists:seq(1, 40000), Pairs = [{I, I} || I <- Seq],
    [{send, fun() -> traced([send], fun() -> self() ! a, self() ! {b, [c]}, ok end) end},
     {send_to_nobody, fun() ->
          {P, M} = spawn_monitor(fun() -> ok end),
          receive {'DOWN', M, _, _, _} -> ok end,
          traced([send], fun() -> P ! a, catch (no_such_name ! b), ok end) end},
     {receives, fun() -> traced(['receive'], fun() -> self() ! x, receive x -> ok end, receive y -> ok after 1 -> late end end) end},
     {procs, fun() ->
          traced([procs], fun() ->
              {P, M} = spawn_monitor(?MODULE, f, [1]),
              receive {'DOWN', M, process, P, R} -> R end end) end},
     %% Where a process is while a built-in function of it goes on later. The functions it is in at other times depend on luck.
     {running_long_functions, fun() -> % longer ones: suite details, where not every allocation collects
          [begin
               {_, Events} = traced([running], fun() -> apply(M, F, A), ok end),
               {M, F, length([out || {trace, _, out, {M1, F1, _}} <- Events, M1 =:= M, F1 =:= F]) > 2}
           end || {M, F, A} <- [{maps, from_list, [Pairs]}, {maps, from_keys, [Seq, ok]}]] end},
     {procs_link, fun() ->
          traced([procs], fun() ->
              process_flag(trap_exit, true),
              P = spawn(fun() -> receive after infinity -> ok end end),
              link(P), unlink(P), link(P), exit(P, bye),
              receive {'EXIT', P, R} -> R end end) end},
     {procs_register, fun() -> traced([procs], fun() -> register(tracing_name, self()), unregister(tracing_name) end) end},
     {procs_exit, fun() -> traced([procs], fun() -> spawn_link(fun() -> exit(oops) end), receive after infinity -> ok end end) end},
     {exit_told, fun() -> told_exit() end},
     {set_on_spawn, fun() ->
          traced([call, set_on_spawn], fun() ->
              {P, M} = spawn_monitor(?MODULE, f, [1]),
              receive {'DOWN', M, process, P, R} -> R end end, local(m(f, 1))) end},
     {set_on_first_spawn, fun() ->
          traced([call, set_on_first_spawn], fun() ->
              [begin {P, M} = spawn_monitor(?MODULE, f, [N]), receive {'DOWN', M, process, P, _} -> ok end end
               || N <- [1, 2, 3]] end, local(m(f, 1))) end},
     {timestamps, fun() ->
          [begin {R, L} = traced([send, T], fun() -> self() ! a, ok end), {R, [kind(element(tuple_size(E), E)) || E <- L]} end
           || T <- [timestamp, monotonic_timestamp, strict_monotonic_timestamp]] end},
     {send_pattern, fun() ->
          try traced([send], fun() -> self() ! {a, 1}, self() ! {b, 2}, ok end,
                     fun() -> erlang:trace_pattern(send, [{['_', {a, '$1'}], [], [{message, {{got, '$1'}}}]}], []) end)
          after erlang:trace_pattern(send, true, []) end end},
     {receive_pattern, fun() ->
          try traced(['receive'], fun() -> self() ! {a, 1}, self() ! {b, 2}, receive {b, _} -> ok end end,
                     fun() -> erlang:trace_pattern('receive', [{['$1', '$2', {a, '_'}], [], [{message, {{'$1', '$2'}}}]}], []) end)
          after erlang:trace_pattern('receive', true, []) end end},
     {collections, fun() ->
          {R, L} = traced([garbage_collection], fun() -> garbage_collect(), ok end),
          {R, lists:usort([{element(3, E), [K || {K, _} <- element(4, E)]} || E <- L])} end}].

told_exit() ->
    P = spawn(fun loop/0),
    erlang:trace(P, true, [procs]),
    P ! {run, self(), fun() -> exit(self(), finished), receive after infinity -> ok end end},
    receive {trace, P, exit, R} -> R after 2000 -> none end.

%% --- calls
calls() ->
    [{local_calls, fun() -> traced([call], fun() -> ?MODULE:f(3) end, local(every())) end},
     {global_calls, fun() -> traced([call], fun() -> {?MODULE:f(3), f(4)} end, global(every())) end},
     {arity, fun() -> traced([call, arity], fun() -> ?MODULE:f(3) end, local(m(f, 1))) end},
     {recursion, fun() -> traced([call], fun() -> rec(3, []) end, local(m(rec, 2))) end},
     {return_trace, fun() -> traced([call], fun() -> ?MODULE:f(3) end, local(every(), [{'_', [], [{return_trace}]}])) end},
     {return_trace_recursion, fun() -> traced([call], fun() -> rec(3, []) end, local(m(rec, 2), [{'_', [], [{return_trace}]}])) end},
     {return_trace_global, fun() -> traced([call], fun() -> tail(3) end, global(m(f, 1), [{'_', [], [{return_trace}]}])) end},
     {exception_trace, fun() -> traced([call], fun() -> catcher(3) end, local(every(), [{'_', [], [{exception_trace}]}])) end},
     {exception_uncaught, fun() -> traced([call], fun() -> ?MODULE:gone() end, local(every(), [{'_', [], [{exception_trace}]}])) end},
     {return_to, fun() -> traced([call, return_to], fun() -> ?MODULE:f(3) end, local(every())) end},
     {return_to_catch, fun() -> traced([call, return_to], fun() -> catcher(3) end, local(every())) end},
     {match_head, fun() -> traced([call], fun() -> [?MODULE:g(N) || N <- [1, 2, 3, 4]] end, local(m(g, 1), [{['$1'], [{'>', '$1', 2}], []}])) end},
     {message, fun() -> traced([call], fun() -> ?MODULE:g(3) end, local(m(g, 1), [{['$1'], [], [{message, {{hello, '$1'}}}]}])) end},
     {message_false, fun() -> traced([call], fun() -> ?MODULE:g(3) end, local(m(g, 1), [{'_', [], [{message, false}, {return_trace}]}])) end},
     {caller, fun() -> traced([call], fun() -> ?MODULE:f(3) end, local(m(g, 1), [{'_', [], [{message, {caller}}]}])) end},
     {self_and_more, fun() -> traced([call], fun() -> ?MODULE:g(3) end, local(m(g, 1), [{'_', [], [{message, [{self}, {is_seq_trace}, {get_seq_token}, '$_', '$$']}]}])) end},
     {silent, fun() -> traced([call, silent], fun() -> f(1), g(2), f(3) end,
          fun() -> erlang:trace_pattern(m(f, 1), true, [local]),
                   erlang:trace_pattern(m(g, 1), [{'_', [], [{silent, false}]}], [local]) end) end},
     {disable_trace, fun() -> traced([call], fun() -> f(1), g(2), f(3) end,
          fun() -> erlang:trace_pattern(m(f, 1), true, [local]),
                   erlang:trace_pattern(m(g, 1), [{'_', [], [{disable_trace, call}]}], [local]) end) end},
     {trace_action, fun() -> traced([call], fun() -> f(1), self() ! x, ok end,
          local(m(f, 1), [{'_', [], [{trace, [call], [send]}]}])) end},
     {bifs, fun() -> traced([call], fun() -> bifs([1, 2]) end,
          fun() -> [erlang:trace_pattern(F, [{'_', [], [{exception_trace}]}], [local])
                    || F <- [{lists, reverse, 2}, {erlang, phash2, 2}, {erlang, atom_to_list, 1}]] end) end},
     {bifs_global, fun() -> traced([call], fun() -> bifs([1, 2]) end,
          fun() -> [erlang:trace_pattern(F, [{'_', [], [{return_trace}, {message, {caller}}]}], [global])
                    || F <- [{lists, reverse, 2}, {erlang, phash2, 2}, {erlang, atom_to_list, 1}]] end) end},
     {apply_and_funs, fun() -> traced([call], fun() -> {apply(?MODULE, g, [1]), twice(fun ?MODULE:g/1)} end, global(m(g, 1))) end},
     {stacktrace_below, fun() -> traced([call, return_to], fun() -> try f(a) catch C:R:S -> {C, R, [{M, F, A} || {M, F, A, _} <- S]} end end,
          local(every(), [{'_', [], [{return_trace}]}])) end},
     {meta, fun() ->
          C = spawn(fun() -> collect([]) end),
          P = spawn(fun loop/0),
          1 = erlang:trace_pattern(m(g, 1), [{'_', [], [{return_trace}]}], [{meta, C}]),
          P ! {run, self(), fun() -> f(5) end},
          R = receive {done, X} -> X end,
          erlang:trace_pattern(m(g, 1), false, [meta]),
          {R, times(named(taken(C), [{P, tracee}]))} end},
     {call_count, fun() ->
          1 = erlang:trace_pattern(m(rec, 2), true, [call_count]),
          rec(9, []),
          A = erlang:trace_info(m(rec, 2), call_count),
          erlang:trace_pattern(m(rec, 2), pause, [call_count]),
          rec(9, []),
          B = erlang:trace_info(m(rec, 2), call_count),
          erlang:trace_pattern(m(rec, 2), restart, [call_count]),
          rec(4, []),
          D = erlang:trace_info(m(rec, 2), call_count),
          erlang:trace_pattern(m(rec, 2), false, [call_count]),
          {A, B, D, erlang:trace_info(m(rec, 2), call_count)} end},
     {call_time, fun() ->
          1 = erlang:trace_pattern(m(rec, 2), true, [call_time]),
          C = spawn(fun() -> collect([]) end),
          P = spawn(fun loop/0),
          erlang:trace(P, true, [call, {tracer, C}]),
          P ! {run, self(), fun() -> rec(9, []), ok end},
          receive {done, ok} -> ok end,
          {call_time, L} = erlang:trace_info(m(rec, 2), call_time),
          erlang:trace_pattern(m(rec, 2), false, [call_time]),
          [{Q =:= P, N, is_integer(S), is_integer(U)} || {Q, N, S, U} <- L] end}].

%% --- trace_info, bad arguments
infos() ->
    [{flags, fun() ->
          P = spawn(fun loop/0),
          C = spawn(fun() -> collect([]) end),
          erlang:trace(P, true, [call, send, procs, set_on_spawn, monotonic_timestamp, {tracer, C}]),
          {flags, F} = erlang:trace_info(P, flags),
          {tracer, T} = erlang:trace_info(P, tracer),
          B = (catch erlang:trace(P, true, [call, {tracer, self()}])),
          erlang:trace(P, false, [call, procs]),
          {flags, F2} = erlang:trace_info(P, flags),
          erlang:trace(P, false, [all]),
          {F, T =:= C, element(1, B), F2, erlang:trace_info(P, flags), erlang:trace_info(P, tracer)} end},
     {dead_tracer, fun() ->
          P = spawn(fun loop/0),
          {C, M} = spawn_monitor(fun() -> receive stop -> ok end end),
          erlang:trace(P, true, [call, {tracer, C}]),
          C ! stop,
          receive {'DOWN', M, _, _, _} -> ok end,
          {erlang:trace_info(P, flags), erlang:trace_info(P, tracer)} end},
     {function_info, fun() ->
          Ms = [{['$1'], [{'>', '$1', 1}], [{message, '$1'}]}],
          Infos = fun() -> [erlang:trace_info(m(g, 1), K) || K <- [traced, match_spec, meta, meta_match_spec, call_count, call_time, all]] end,
          A = Infos(),
          erlang:trace_pattern(m(g, 1), Ms, [local]),
          B = Infos(),
          erlang:trace_pattern(m(g, 1), true, [call_count]),
          C = Infos(),
          erlang:trace_pattern(m(g, 1), Ms, [global]),
          D = Infos(),
          erlang:trace_pattern(m(g, 1), false, [global]),
          {A, B, C, D, Infos(), erlang:trace_info({no_such, f, 1}, traced)} end},
     {counts, fun() ->
          L = [erlang:trace_pattern(every(), true, [local]), erlang:trace_pattern({?MODULE, f, '_'}, true, [local]),
               erlang:trace_pattern(every(), true, [global]), erlang:trace_pattern(m(nothing, 1), true, [local]),
               erlang:trace_pattern({lists, reverse, 2}, true, [local]), erlang:trace_pattern({lists, reverse, 2}, false, [local])],
          erlang:trace_pattern(every(), false, [local]), erlang:trace_pattern(every(), false, []),
          L end},
     {exiting_in_slices, fun() ->
          Ended = fun(Objects, How) ->
              Me = self(),
              P = spawn(fun() ->
                            T = ets:new(much_to_free, []), (fun Fill(0) -> ok; Fill(I) -> ets:insert(T, {I}), Fill(I - 1) end)(Objects), Me ! {filled, self()},
                            receive stop -> How =:= exit andalso exit(bye) end
                        end),
              receive {filled, P} -> ok end,
              erlang:trace(P, true, [exiting]),
              case How of {signal, Reason} -> exit(P, Reason); _ -> P ! stop end,
              Events = (fun Loop() -> receive {trace, P, out_exited, W} -> [{out_exited, W}]; {trace, P, E, W} -> [{E, W} | Loop()] after 5000 -> [late] end end)(),
              {lists:sublist(Events, 5), lists:last(Events), length(Events) rem 2, length(Events) > 5} end,
          [{N, How, Ended(N, How)} || N <- [0, 100000], How <- [return, exit, {signal, kill}, {signal, bang}]] end},
     {breakpoints_end_with_a_failed_load, fun() ->
          M = traced_until_load,
          Loaded = fun(OnLoad, Body) ->
              {ok, _, Code} = compile:forms([{attribute, 1, module, M}, {attribute, 2, export, [{a, 0}]}] ++ [{attribute, 3, on_load, {start, 0}} || OnLoad] ++
                  [{function, 4, a, 0, [{clause, 4, [], [], [{call, 4, {atom, 4, b}, []}]}]}, {function, 5, b, 0, [{clause, 5, [], [], [{atom, 5, Body}]}]}] ++
                  [{function, 6, start, 0, [{clause, 6, [], [], [{atom, 6, no}]}]} || OnLoad], []),
              R = code:load_binary(M, "", Code),
              {R, [{all, false} =/= erlang:trace_info({M, F, 0}, all) || F <- [a, b]], M:a()} end,
          [begin
               A = Loaded(false, first), N = erlang:trace_pattern({M, '_', '_'}, true, Flags),
               B = [{all, false} =/= erlang:trace_info({M, F, 0}, all) || F <- [a, b]],
               C = Loaded(true, second), D = Loaded(false, third),
               code:purge(M), code:delete(M), code:purge(M),
               {Flags, A, N, B, C, D} end || Flags <- [[], [local], [call_count], [meta]]] end},
     {on_load, fun() ->
          A = erlang:trace_info(on_load, all),
          erlang:trace_pattern(on_load, [{'_', [], [{return_trace}]}], [local]),
          B = erlang:trace_info(on_load, all),
          erlang:trace_pattern(on_load, false, [local]),
          {A, B, erlang:trace_info(on_load, traced)} end},
     {bad_arguments, fun() ->
          [case catch apply(erlang, F, A) of {'EXIT', {R, _}} -> R; Other -> Other end
           || {F, A} <- [{trace, [self(), true, [nonsense]]}, {trace, [self(), maybe, [call]]}, {trace, [nonsense, true, [call]]},
                         {trace_pattern, [{a, b}, true, []]}, {trace_pattern, [{a, '_', 1}, true, []]},
                         {trace_pattern, [{lists, '_', '_'}, [{x}], []]}, {trace_pattern, [{lists, '_', '_'}, true, [global, local]]},
                         {trace_pattern, [{lists, map, 2}, [{'_', [], []}], [call_count]]}, {trace_info, [{lists, map, 2}, nonsense]},
                         {trace_info, [self(), nonsense]}, {trace_delivered, [x]}]] end},
     {new_processes, fun() ->
          C = spawn(fun() -> collect([]) end),
          erlang:trace(new_processes, true, [procs, {tracer, C}]),
          I = erlang:trace_info(new_processes, flags),
          {P, M} = spawn_monitor(fun() -> ok end),
          receive {'DOWN', M, _, _, _} -> ok end,
          erlang:trace(new_processes, false, [all]),
          {I, erlang:trace_info(new_processes, flags), [T || {trace, Q, T, _} <- taken(C), Q =:= P]} end}].

%% --- sequential tracing
sequential() ->
    [{seq_messages, fun() ->
          Tracer = spawn(fun() -> collect([]) end),
          Old = seq_trace:set_system_tracer(Tracer),
          Self = self(),
          P = spawn(fun() -> receive {ping, F} -> F ! {pong, seq_trace:get_token()} end end),
          seq_trace:set_token(label, 17),
          seq_trace:set_token(send, true), seq_trace:set_token('receive', true), seq_trace:set_token(print, true),
          seq_trace:print(17, hello), seq_trace:print(18, not_this),
          P ! {ping, self()},
          Token = receive {pong, T} -> T end,
          seq_trace:print(17, back),
          Mine = seq_trace:get_token(),
          seq_trace:set_token([]),
          seq_trace:set_system_tracer(Old),
          Names = [{Self, self}, {P, partner}],
          {named(Token, Names), named(Mine, Names), named(taken(Tracer), Names)} end},
     {seq_cleared, fun() ->
          seq_trace:set_token(label, 1), seq_trace:set_token(send, true),
          S = self(),
          spawn(fun() -> seq_trace:set_token([]), S ! plain end),
          receive plain -> ok end,
          R = seq_trace:get_token(),
          seq_trace:set_token([]),
          R end},
     {seq_timestamps, fun() ->
          [begin
               Tracer = spawn(fun() -> collect([]) end),
               Old = seq_trace:set_system_tracer(Tracer),
               seq_trace:set_token(label, 3), seq_trace:set_token(print, true), seq_trace:set_token(T, true),
               F = seq_trace:get_token(T),
               seq_trace:print(x),
               seq_trace:set_token([]),
               seq_trace:set_system_tracer(Old),
               [M] = taken(Tracer),
               {F, tuple_size(M), kind(element(tuple_size(M), M))}
           end || T <- [timestamp, monotonic_timestamp, strict_monotonic_timestamp]] end}].
