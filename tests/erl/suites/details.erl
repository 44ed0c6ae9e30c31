%% Details that OTP's own test suites ask for and no other suite here has.
-module(details).
-export([cases/0, log/2, say_heap/1, hold/1]).

-define(C(Name, Expr), {Name, fun() -> Expr end}).

cases() -> returning() ++ heap_limits() ++ tracing() ++ sensitivity() ++ loading() ++ scheduling() ++ files_as_ports() ++ terms() ++ clocks() ++ state().

caught(F) ->
    try F()
    catch C:R:S -> [{M, N, _, I} | _] = S, {C, R, M, N, proplists:get_value(error_info, I)}
    end.

%% --- References that stand for something of this node, and have been outside. What they stand for lives as long as there is
%% one of them, so each case keeps the first.
returning() ->
    Bin = fun(T) -> binary_to_term(term_to_binary(T)) end,
    Text = fun(T) -> list_to_ref(ref_to_list(T)) end,
    [{{returning, Name, How}, fun() -> F(Back) end} || {How, Back} <- [{external, Bin}, {text, Text}], {Name, F} <- [
        {table, fun(B) -> T = ets:new(t, []), ets:insert(T, {1}), U = B(T), {U =:= T, ets:lookup(U, 1), ets:delete(U), caught(fun() -> ets:lookup(T, 1) end), is_reference(B(T))} end},
        {atomics, fun(B) -> A = atomics:new(2, []), atomics:add(B(A), 1, 7), {atomics:get(A, 1), B(A) =:= A, erlang:phash2(B(A)) =:= erlang:phash2(A), B(A) < A, #{A => 1} =:= #{B(A) => 1}} end},
        {match_spec, fun(B) -> M = ets:match_spec_compile([{'$1', [{'>', '$1', 2}], ['$1']}]), N = B(M), {ets:is_compiled_ms(N), ets:match_spec_run([1, 2, 3, 4], N), is_reference(M)} end},
        {pattern, fun(B) -> {K, R} = P = binary:compile_pattern([<<"a">>, <<"b">>]), {binary:matches(<<"xaxb">>, {K, B(R)}), binary:matches(<<"a">>, P)} end},
        {deflate, fun(B) -> Z = zlib:open(), zlib:deflateInit(B(Z)), D = zlib:deflate(Z, <<"abc">>, finish), zlib:close(B(Z)), {iolist_to_binary(D), is_reference(Z)} end},
        {elsewhere, fun(B) -> A = atomics:new(1, []), S = self(), T = B(A), spawn(fun() -> atomics:put(T, 1, 9), S ! {self(), B(T)} end), receive {_, U} -> {atomics:get(U, 1), atomics:get(A, 1)} end end},
        {plain, fun(B) -> R = make_ref(), {B(R) =:= R, B(B(R)) =:= R, caught(fun() -> atomics:get(B(R), 1) end) =/= ok} end},
        {many, fun(B) -> L = [atomics:new(1, []) || _ <- lists:seq(1, 100)], [atomics:put(B(A), 1, I) || {I, A} <- lists:zip(lists:seq(1, 100), L)], lists:sum([atomics:get(A, 1) || A <- L]) end}
    ]] ++
    [{{returning, gone}, fun() ->
         S = self(), {P, M} = spawn_monitor(fun() -> S ! {bytes, [term_to_binary(X) || X <- [atomics:new(1, []), ets:match_spec_compile([{'_', [], [true]}])]]} end),
         Bs = receive {bytes, X} -> X end, receive {'DOWN', M, _, P, _} -> ok end,
         [A, N] = [binary_to_term(B) || B <- Bs],
         {is_reference(A), element(2, caught(fun() -> atomics:get(A, 1) end)), ets:is_compiled_ms(N), element(2, caught(fun() -> ets:match_spec_run([1], N) end))} end}].

%% --- max_heap_size
log(#{msg := {Format, Args}, meta := #{pid := Pid}}, #{config := To}) when is_list(Format) -> To ! {logged, Pid, Args};
log(_, _) -> ok.

%% What is logged of a process that takes more than it may, and how it ends.
limited(Limit) ->
    #{level := Level} = logger:get_primary_config(),
    logger:set_handler_config(default, level, none),
    ok = logger:add_handler(?MODULE, ?MODULE, #{config => self()}),
    ok = logger:set_primary_config(level, error),
    {Pid, Ref} = spawn_opt(fun() -> grow([], 200) end, [monitor, {max_heap_size, Limit}]),
    End = receive {'DOWN', Ref, process, Pid, R} -> R end,
    Logged = receive
                 {logged, Pid, [Pid, Max, Size, Kill, true, Queue, Info]} ->
                     {Max, Size > Max, Kill, Queue, [K || {K, _} <- Info]}
             after 500 -> nothing
             end,
    ok = logger:remove_handler(?MODULE),
    ok = logger:set_primary_config(level, Level),
    logger:set_handler_config(default, level, all),
    forget_logged(),
    {End, Logged}.
forget_logged() -> receive {logged, _, _} -> forget_logged() after 0 -> ok end.
grow(_, 0) -> ok;
grow(L, N) -> grow([lists:seq(1, 100) | L], N - 1).

heap_limits() ->
    [?C(killed, limited(2000)),
     ?C(killed_by_messages, [begin {P, M} = spawn_opt(fun() -> receive never -> ok end end, [monitor, {max_heap_size, 1500}, {message_queue_data, D}]),
                                    [P ! lists:seq(1, 100) || _ <- lists:seq(1, 50)], process_info(P, messages), garbage_collect(P),
                                    R = receive {'DOWN', M, _, _, W} -> W after 200 -> alive end, exit(P, kill), forget_logged(), R
                              end || D <- [on_heap, off_heap]]),
     ?C(killed_by_map, limited(#{size => 2000})),
     ?C(not_killed, limited(#{size => 2000, kill => false})),
     ?C(not_logged, limited(#{size => 2000, error_logger => false})),
     ?C(largest, [caught(fun() -> process_flag(max_heap_size, S), process_flag(max_heap_size, 0) end)
                  || S <- [(1 bsl 59) - 1, 1 bsl 59, #{size => 1 bsl 59}, 1 bsl 60, 1 bsl 64, 232, 233]]),
     ?C(largest_default, [caught(fun() -> erlang:system_flag(max_heap_size, S), erlang:system_flag(max_heap_size, 0) end)
                          || S <- [(1 bsl 59) - 1, 1 bsl 59, 1 bsl 64, 232]])].

%% --- what is told of a process that is sensitive
collector(L) -> receive {get, P} -> P ! {told, lists:reverse(L)}; M -> collector([nameless(M) | L]) end.
nameless(X) when is_pid(X); is_reference(X); is_port(X); is_function(X) -> x;
nameless(X) when is_tuple(X) -> list_to_tuple(nameless(tuple_to_list(X)));
nameless([H | T]) -> [nameless(H) | nameless(T)];
nameless(X) -> X.
collected(C) ->
    R = erlang:trace_delivered(all), receive {trace_delivered, _, R} -> ok end,
    C ! {get, self()}, receive {told, L} -> L end.
told(Flags, F) ->
    C = spawn(fun() -> collector([]) end),
    erlang:trace_pattern({?MODULE, hold, 1}, [{'_', [], [{return_trace}]}], [local]),
    {P, M} = spawn_monitor(fun() -> receive go -> F() end end),
    erlang:trace(P, true, Flags ++ [{tracer, C}]),
    P ! go,
    End = receive {'DOWN', M, _, _, R} -> R end,
    erlang:trace_pattern({?MODULE, hold, 1}, false, [local]),
    {End, collected(C)}.
sensitive(F) -> process_flag(sensitive, true), F().
sequence(Trap, Sensitive, Reason) ->
    C = spawn(fun() -> collector([]) end),
    Old = seq_trace:set_system_tracer(C),
    {_, M} = spawn_monitor(fun() ->
        process_flag(trap_exit, Trap),
        process_flag(sensitive, Sensitive),
        E = spawn_link(fun() -> receive {P, X} -> P ! {reply, X} end, receive after 20 -> exit(Reason) end end),
        [seq_trace:set_token(F, true) || F <- ['receive', send, print]],
        seq_trace:print(said),
        E ! {self(), hello},
        receive {reply, hello} -> ok end,
        receive after 60 -> ok end, seq_trace:set_token([]) end),
    receive {'DOWN', M, _, _, _} -> ok end,
    L = collected(C),
    seq_trace:set_system_tracer(Old),
    {Trap, Sensitive, Reason, [E || {seq_trace, 0, E} <- L]}.
sensitivity() ->
    [{{sensitive, N}, fun() -> told(Flags, F) end} || {N, Flags, F} <- [
        {everything, [call, send, 'receive', procs], fun() -> sensitive(fun() -> ?MODULE:hold(1), self() ! x, spawn_link(fun() -> ?MODULE:hold(2) end), receive x -> ok end end) end},
        {in_part, [call, send, procs], fun() -> ?MODULE:hold(0), sensitive(fun() -> ?MODULE:hold(1) end), process_flag(sensitive, false), ?MODULE:hold(2) end},
        {spawned, [call, set_on_spawn], fun() -> S = self(), sensitive(fun() -> spawn(fun() -> S ! process_flag(sensitive, false), ?MODULE:hold(5), S ! x end), receive X -> X end, receive x -> ok end end) end},
        {collection, [garbage_collection], fun() -> sensitive(fun() -> garbage_collect() end) end},
        {exits, [procs, call], fun() -> sensitive(fun() -> exit(bye) end) end},
        {caught, [call], fun() -> catch ?MODULE:hold(process_flag(sensitive, true) + 1), process_flag(sensitive, false), ?MODULE:hold(3) end}]] ++
    [{{sensitive_sequence, T, S, R}, fun() -> sequence(T, S, R) end} || T <- [true, false], S <- [true, false], R <- [normal, reason], {T, S, R} =/= {false, false, reason}] ++
    [{{unlinked_by_exit, Trap, R}, fun() -> told([procs], fun() -> process_flag(trap_exit, Trap), spawn_link(fun() -> exit(R) end), receive after 50 -> ok end end) end}
     || Trap <- [true, false], R <- [normal, reason]] ++
    [?C(sensitive_info, begin S = self(),
                              P = spawn(fun() -> put(a, b), process_flag(sensitive, true), S ! ok, receive never -> ok end end),
                              receive ok -> ok end, P ! hello,
                              R = [process_info(P, K) || K <- [messages, dictionary, backtrace, message_queue_len]],
                              exit(P, kill), R end),
     ?C(sensitive_calls, begin process_flag(save_calls, 10), process_flag(sensitive, true), lists:max([1, 2]), lists:keyfind(a, 1, []),
                               R = process_info(self(), last_calls), process_flag(sensitive, false), process_flag(save_calls, 0), R end)].

%% --- modules with damaged attributes
loading() ->
    [{{native_functions, M}, fun() -> M:module_info(), lists:sort(M:module_info(nifs)) end} || M <- [lists, erl_tracer, prim_buffer, zlib, crypto, ?MODULE]] ++
    [{{chunk, C, D}, fun() ->
         {ok, M, B} = compile:forms([{attribute, 1, module, details_chunk}], []),
         {ok, M, Chunks} = beam_lib:all_chunks(B),
         {ok, X} = beam_lib:build_module([{C, D} | lists:keydelete(C, 1, Chunks)]),
         R = erlang:load_module(M, X),
         I = case R of {module, M} -> element(2, lists:keyfind(Item, 1, M:module_info())); _ -> none end,
         erlang:delete_module(M), erlang:purge_module(M),
         {R, I} end}
     || {C, Item} <- [{"Attr", attributes}, {"CInf", compile}],
        D <- [<<"bad">>, <<>>, <<131>>, <<131, 97, 1>>, <<131, 97, 1, 2, 3>>, <<131, 108, 0, 0, 0, 3, 97, 1>>, term_to_binary(lists:seq(1, 300), [compressed])]].

%% --- tracing
%% Calls of a traced process with patterns of several kinds at once, as its tracers see them.
traced(Options, Functions, Fun) ->
    Self = self(),
    Pid = spawn(fun() -> receive go -> Fun(), Self ! finished end end),
    Spec = [{'_', [], [{return_trace}]}],
    [erlang:trace_pattern(F, Spec, Options) || F <- Functions],
    erlang:trace(Pid, true, [call, {tracer, Self}]),
    Pid ! go,
    receive finished -> ok end,
    R = erlang:trace_delivered(Pid),
    receive {trace_delivered, Pid, R} -> ok end,
    timer:sleep(50),
    [erlang:trace_pattern(F, false, [K]) || F <- Functions, K <- [local, meta]],
    lists:sort(events()).
events() ->
    receive
        {trace, _, call, {_, F, _}} -> [{trace, call, F} | events()];
        {trace, _, Kind, {_, F, _}, V} -> [{trace, Kind, F, V} | events()];
        {trace_ts, _, call, {_, F, _}, _} -> [{meta, call, F} | events()];
        {trace_ts, _, Kind, {_, F, _}, V, _} -> [{meta, Kind, F, V} | events()]
    after 50 -> []
    end.
allowed(What, Spec) -> try erlang:trace_pattern(What, Spec, []) catch error:R -> R after erlang:trace_pattern(What, true, []) end.

%% How often a process is scheduled out within such a function of a large map: more than twice.
walked(F) ->
    Map = maps:from_keys(lists:seq(1, 300000), ok),
    {P, M} = spawn_monitor(fun() -> receive go -> maps:F(Map) end end),
    1 = erlang:trace(P, true, [running]),
    P ! go,
    receive {'DOWN', M, process, P, normal} -> ok end,
    Ref = erlang:trace_delivered(P),
    receive {trace_delivered, P, Ref} -> ok end,
    outs(P, F, 0) > 2.
outs(P, F, N) -> receive {trace, P, out, {maps, F, 1}} -> outs(P, F, N + 1); {trace, P, _, _} -> outs(P, F, N) after 0 -> N end.

tracing() ->
    [?C({running_long_walks, F}, walked(F)) || F <- [keys, values]] ++
    %% One call is seen, however many slices it takes.
    [{{calls_that_go_on, N}, fun() -> L = lists:seq(1, 400000), length([E || {trace, call, _} = E <- traced([local], [{lists, reverse, 2}, {lists, member, 2}], fun() -> catch F(L) end)]) end}
      || {N, F} <- [{reverse, fun(L) -> lists:reverse(L, []) end}, {append, fun(L) -> L ++ [x] end}, {member, fun(L) -> lists:member(x, L) end},
                    {reverse_improper, fun(L) -> lists:reverse(L ++ x, []) end}]] ++
    [?C(local_and_meta, traced([local, {meta, self()}], [{erlang, phash2, 2}, {?MODULE, hold, 1}],
                               fun() -> ?MODULE:hold(erlang:phash2(1, 1)) end)),
     ?C(what_is_left_was_wrong, [try apply(lists, F, A) catch error:R:S -> [{M, N, As, I} | _] = S, {R, M, N, length(As), I} end
                                 || {F, A} <- [{reverse, [lists:seq(1, 400000) ++ x, []]}, {member, [x, lists:seq(1, 400000) ++ x]}, {keyfind, [x, 1, lists:seq(1, 400000) ++ x]}]]),
     ?C(what_messages_may_do, [{What, A, G, allowed(What, [{'_', G, A}])}
                               || What <- ['receive', send],
                                  {G, A} <- [{[], [{message, {process_dump}}]}, {[{is_seq_trace}], []}, {[], [{set_seq_token, label, 1}]}, {[], [{get_seq_token}]},
                                             {[], [{enable_trace, call}]}, {[], [{disable_trace, self(), call}]}, {[], [{trace, [call], []}]}, {[], [{caller}]},
                                             {[], [{silent, true}]}, {[], [{return_trace}]}, {[], [{message, x}]}]]),
     ?C(large_heap_after_collection, begin Self = self(), Old = erlang:system_monitor({self(), [{large_heap, 65535}]}),
                                           P = spawn_opt(fun() -> garbage_collect(), {heap_size, N} = process_info(self(), heap_size), Self ! {heap, N >= 131070} end,
                                                         [{min_heap_size, 131070}]),
                                           R = {receive {heap, X} -> X end, receive {monitor, P, W, _} -> W after 1000 -> none end},
                                           erlang:system_monitor(Old), R end)].

%% --- what is charged, and who has to wait for whom
yields(N) ->
    {reductions, A} = process_info(self(), reductions),
    [erlang:yield() || _ <- lists:seq(1, N)],
    {reductions, B} = process_info(self(), reductions),
    B - A < 100.

spin() -> spin().

%% Requests to a process that has no chance to execute by itself.
behind(Fun) ->
    Old = process_flag(priority, max),
    Self = self(),
    High = [spawn_opt(fun() -> Self ! {self(), up}, spin() end, [link, {priority, high}, {scheduler, S}])
            || S <- lists:seq(1, erlang:system_info(schedulers_online))],
    [receive {P, up} -> ok end || P <- High],
    Low = spawn_opt(fun spin/0, [link, {priority, low}]),
    Result = Fun(Low),
    [begin unlink(P), exit(P, kill) end || P <- [Low | High]],
    process_flag(priority, Old),
    Result.

asked(Options) ->
    Ref = spawn_request(fun() -> ok end, Options),
    receive {spawn_reply, Ref, ok, _} -> ok; {spawn_reply, Ref, error, R} -> {error, R} after 200 -> nothing end.

hold(X) -> X.
say_heap(To) -> receive go -> To ! {heap, element(2, process_info(self(), heap_size))} end.
costs(F) ->
    {reductions, A} = process_info(self(), reductions),
    F(),
    {reductions, B} = process_info(self(), reductions),
    B - A.

scheduling() ->
    [?C(yield_costs_little, yields(20)),
     ?C(check_code_of_low, behind(fun(P) -> erlang:check_process_code(P, no_such_module) end)),
     ?C(collect_low, behind(fun erlang:garbage_collect/1)),
     ?C(suspended_asynchronously, begin P = spawn(fun spin/0), R = [begin erlang:suspend_process(P, [asynchronous]), timer:sleep(100),
                                                                        {suspending, [{P, A, B}]} = process_info(self(), suspending), {A, B} end || _ <- [1, 2]],
                                       exit(P, kill), R end),
     ?C(copies_cost, begin B = binary:copy(<<0>>, 2000 * 1024), [costs(F) >= N || {N, F} <- [{1900, fun() -> <<0, B/binary>> end}, {900, fun() -> <<0, B:(1000 * 1024)/binary>> end}]] end),
     ?C(heap_after_hibernation, begin Self = self(),
                                      P = spawn_opt(fun() -> erlang:hibernate(?MODULE, say_heap, [Self]) end, [{min_heap_size, 15000}]),
                                      timer:sleep(100), {heap_size, N} = process_info(P, heap_size), P ! go,
                                      {N =< 20, receive {heap, M} -> M >= 15000 end} end),
     ?C(hibernating_by_apply, begin P = spawn(fun() -> catch apply(erlang, hold(hibernate), [?MODULE, never, []]) end),
                                    timer:sleep(100), F = process_info(P, current_function), exit(P, kill), F end),
     ?C(spawn_replies, [{O, asked(O)} || O <- [[{reply, nahh}], [{reply, no}, {reply, nahh}], [{reply, nahh}, {reply, no}],
                                               [{reply, nahh}, {reply, yes}], [{reply, error_only}, x], [x, {reply, no}],
                                               [{reply, no}, x], [{reply, success_only}, x], [{reply, success_only}], [{reply, error_only}]]]),
     ?C(save_calls_of_other, begin P = spawn(fun() -> receive never -> ok end end),
                                   R = [process_flag(P, save_calls, 5), process_flag(P, save_calls, 0),
                                        caught(fun() -> process_flag(P, save_calls, x) end),
                                        caught(fun() -> process_flag(x, save_calls, 0) end)],
                                   exit(P, kill),
                                   R ++ [caught(fun() -> process_flag(P, save_calls, 0) end)] end)].

%% --- open_port with a file's name
in_directory(Fun) ->
    Dir = string:trim(os:cmd("mktemp -d")),
    Result = Fun(filename:join(Dir, "file")),
    os:cmd("rm -rf " ++ Dir),
    Result.
read_all(Port) -> receive {Port, {data, D}} -> [D | read_all(Port)]; {Port, eof} -> [] after 2000 -> timeout end.

files_as_ports() ->
    [?C(write, in_directory(fun(F) -> P = open_port(F, [out]), true = port_command(P, <<"some ">>), true = port_command(P, "bytes"),
                                      true = port_close(P), file:read_file(F) end)),
     ?C(write_over, in_directory(fun(F) -> ok = file:write_file(F, "much longer"), P = open_port(F, [out, binary]),
                                           true = port_command(P, "short"), port_close(P), file:read_file(F) end)),
     ?C(read, in_directory(fun(F) -> ok = file:write_file(F, "contents"), P = open_port(F, [in, eof]), R = lists:append(read_all(P)),
                                     port_close(P), R end)),
     ?C(name_as_atom, in_directory(fun(F) -> P = open_port(list_to_atom(F), [out]), {name, N} = erlang:port_info(P, name),
                                             port_close(P), {N =:= F, filelib:is_file(F)} end)),
     ?C(no_file, in_directory(fun(F) -> caught(fun() -> open_port(F, [in]) end) end)),
     ?C(no_directory, caught(fun() -> open_port("/nonexistent/file", [out]) end)),
     ?C(no_name, [caught(fun() -> open_port(N, [in]) end) || N <- ["", '', 5, [a]]])].

%% --- terms
module(Text, Options) ->
    Forms = [begin {ok, T, _} = erl_scan:string(S ++ "."), {ok, F} = erl_parse:parse_form(T), F end || S <- string:split(Text, ".", all), S =/= ""],
    {ok, M, Beam} = compile:forms(Forms, Options),
    {module, M} = code:load_binary(M, "", Beam),
    M.

negative_sizes(Options) ->
    M = module("-module(details_sizes).-export([f/2]).f(a,X)-><<X:(-1)>>;f(b,X)-><<1,X:(-1)/binary>>;"
               "f(c,X)-><<X:(-8)/float>>;f(d,X)-><<X/binary,1:(-7)>>;f(e,X)->case X of <<_:(-1),R/bits>> -> R; _ -> no end", Options),
    [{K, X, try M:f(K, X) catch C:R -> {C, R} end} || K <- [a, b, c, d, e], X <- [1, <<"a">>]].

terms() ->
    [?C(badkey_is_the_first_in_order, [catch_key(fun(M) -> M#{b := 1, a := 2} end), catch_key(fun(M) -> M#{42.0 := 1, 42 := 2} end),
                                       catch_key(fun(M) -> M#{c => 1, "s" := 2, {t} := 3, <<"b">> := 4} end)]),
     ?C(badkey_of_a_large_map, catch_key_in(maps:from_list([{I, I} || I <- lists:seq(1, 100)]), fun(M) -> M#{5 := x, 42.0 := 1, b := 3, 101 := 2} end)),
     ?C(negative_sizes, negative_sizes([])),
     ?C(negative_sizes_without_optimisation, negative_sizes([no_copt, no_postopt, no_ssa_opt, no_bsm_opt])),
     ?C(beyond_integers, begin Ones = binary:copy(<<255>>, 4194296), Zeros = binary:copy(<<0>>, 4194304), N = 8 * 4194304,
                               [case B of <<X:N>> -> {integer, X > 0}; _ -> no end || B <- [Zeros, <<0:64, Ones/binary>>, <<1:64, Ones/binary>>]] ++
                               [case B of <<X:N/little>> -> {integer, X > 0}; _ -> no end || B <- [Zeros, <<Ones/binary, 0:64>>, <<Ones/binary, 1, 0:56>>]] end),
     ?C(literals_count_for_nothing, begin persistent_term:put(?MODULE, [1, {2, "three"}]), L = persistent_term:get(?MODULE),
                                          R = [erts_debug:size_shared(T) || T <- [L, [x | L], {L, L}, "literal"]],
                                          persistent_term:erase(?MODULE), R end),
     ?C(binary_to_term_options, [caught(fun() -> binary_to_term(B, O) end) || B <- [<<"bad">>, <<131, 97, 1>>], O <- [abc, [abc], [safe | x], []]])].
catch_key(Fun) -> catch_key_in(#{}, Fun).
catch_key_in(Map, Fun) -> try Fun(Map) catch error:R -> R end.

%% --- time
clocks() ->
    [?C(never_more_than_set, [lists:all(fun(_) -> T = Start(), L = Read(T), erlang:cancel_timer(T), L =< 1000 end, lists:seq(1, 2000))
                              || Start <- [fun() -> erlang:start_timer(1000, self(), x) end, fun() -> erlang:send_after(1000, self(), x) end],
                                 Read <- [fun erlang:read_timer/1, fun erlang:cancel_timer/1]]),
     ?C(offset_is_told, offset_told())].

%% In another VM: the offset is finalized, and who monitors it is told.
offset_told() ->
    {ok, Peer, _} = peer:start_link(#{connection => standard_io, wait_boot => 1000 * list_to_integer(os:getenv("CASE_SECONDS", "30")), args => ["+C", "single_time_warp", "-pa", filename:dirname(code:which(?MODULE))]}),
    Result = peer:call(Peer, erlang, apply, [fun offset_monitors/0, []]),
    peer:stop(Peer),
    Result.
offset_monitors() ->
    A = erlang:monitor(time_offset, clock_service),
    B = erlang:monitor(time_offset, clock_service),
    C = erlang:monitor(time_offset, clock_service, [{tag, other}]),
    erlang:demonitor(B),
    S = erlang:system_flag(time_offset, finalize),
    First = receive {'CHANGE', A, time_offset, clock_service, O} -> O =:= erlang:time_offset() after 2000 -> nothing end,
    Second = receive {other, C, time_offset, clock_service, _} -> told after 2000 -> nothing end,
    More = receive M -> M after 200 -> nothing end,
    {S, First, Second, More, erlang:system_flag(time_offset, finalize)}.

%% --- what the suites ask of the emulator itself
state() ->
    [?C(internal_state, begin erts_debug:set_internal_state(available_internal_state, true),
                              Dead = spawn(fun() -> ok end),
                              timer:sleep(100),
                              R = [erts_debug:get_internal_state({process_status, self()}),
                                   erts_debug:get_internal_state({process_status, Dead}),
                                   lists:member(links, erts_debug:get_internal_state(process_info_args)),
                                   erts_debug:get_internal_state({binary_info, <<"small">>}),
                                   element(1, erts_debug:get_internal_state({binary_info, binary:copy(<<"large">>, 100)})),
                                   erts_debug:get_internal_state({dist_ctrl, 'nobody@nowhere'}),
                                   erts_debug:get_internal_state({internal_hash, 17}),
                                   erts_debug:get_internal_state({check_time_config, true, no_time_warp}),
                                   caught(fun() -> erts_debug:get_internal_state(no_such_thing) end)],
                              erts_debug:set_internal_state(available_internal_state, false),
                              R end),
     %% net_kernel compares them.
     ?C(connection_handles, begin [A, B, C] = [erts_internal:new_connection(N) || N <- ['a@nowhere', 'a@nowhere', 'b@nowhere']],
                                  Text = ref_to_list(element(2, A)),
                                  true = erts_internal:abort_pending_connection('a@nowhere', A),
                                  D = erts_internal:new_connection('a@nowhere'),
                                  [erts_internal:abort_pending_connection(N, H) || {N, H} <- [{'a@nowhere', D}, {'b@nowhere', C}]],
                                  {A =:= B, A =:= C, element(2, A) =:= element(2, C), A =:= D, element(1, D) - element(1, A), element(2, A) =:= element(2, D), Text =:= ref_to_list(element(2, D))} end),
     ?C(links_and_monitors, begin erts_debug:set_internal_state(available_internal_state, true),
                                  P = spawn_link(fun() -> receive never -> ok end end), Ref = monitor(process, P),
                                  Links = [{erl_link, process, Q, linked, x} || {erl_link, process, Q, linked, _} <- erts_debug:get_internal_state({link_list, self()}), Q =:= P],
                                  Back = [T || {erl_link, T, Q, linked, _} <- erts_debug:get_internal_state({link_list, P}), Q =:= self()],
                                  Monitors = [{T, D, X} || {erl_monitor, T, D, R, Q, X} <- erts_debug:get_internal_state({monitor_list, self()}), R =:= Ref, Q =:= P],
                                  erts_debug:set_internal_state(available_internal_state, false),
                                  unlink(P), exit(P, kill),
                                  {length(Links), Back, Monitors} end)].
