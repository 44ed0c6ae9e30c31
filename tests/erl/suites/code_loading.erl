%% Loading, replacing, deleting and purging code; on_load; funs of old code; module information; refused files.
-module(code_loading).
-export([cases/0]).
-define(C(Name, Expr), {Name, fun() -> Expr end}).

cases() -> loading() ++ prepared() ++ old_code() ++ funs() ++ on_loads() ++ infos() ++ literals() ++ refused() ++ questions().

%% --- helpers
forms(Source) -> forms(erl_scan:string(Source), []).
forms({ok, Tokens, _}, _) -> split(Tokens, [], []).
split([], [], Fs) -> lists:reverse(Fs);
split([{dot, _} = D | T], Acc, Fs) ->
    {ok, F} = erl_parse:parse_form(lists:reverse([D | Acc])),
    split(T, [], [F | Fs]);
split([H | T], Acc, Fs) -> split(T, [H | Acc], Fs).

beam(Name, Body) -> beam(Name, Body, []).
beam(Name, Body, Options) ->
    difftest:kept({?MODULE, Name, Body, Options}, fun() ->
        Source = "-module(" ++ atom_to_list(Name) ++ ").\n" ++ Body,
        {ok, Name, Bin} = compile:forms(forms(Source), [deterministic | Options]),
        Bin
    end).
version(Name, V) -> beam(Name, "-export([v/0, loop/0, f/1]). v() -> " ++ V ++ ". f(X) -> fun() -> {X, " ++ V ++ "} end.\n"
                              "loop() -> receive {From, v} -> From ! v(), loop(); {From, new} -> From ! ok, " ++ atom_to_list(Name) ++ ":loop(); stop -> ok end.").
load(Name, Bin) -> {module, Name} = erlang:load_module(Name, Bin), ok.
gone(Name) -> _ = code:purge(Name), _ = code:delete(Name), _ = code:purge(Name), ok.
call(P, M) -> P ! {self(), M}, receive R -> R after 2000 -> timeout end.
flush() -> receive X -> [X | flush()] after 20 -> [] end.

loading() ->
    [?C(load, begin load(cl_a, version(cl_a, "1")), cl_a:v() end),
     ?C(replace, begin code:purge(cl_a), load(cl_a, version(cl_a, "2")), cl_a:v() end),
     ?C(not_purged, {erlang:load_module(cl_a, version(cl_a, "3")), erlang:load_module(cl_a, version(cl_a, "4")), cl_a:v()}),
     ?C(check_old, {erlang:check_old_code(cl_a), code:purge(cl_a), erlang:check_old_code(cl_a), code:purge(cl_a)}),
     ?C(module_loaded, {erlang:module_loaded(cl_a), erlang:module_loaded(cl_none), lists:member(cl_a, erlang:loaded())}),
     ?C(delete, {erlang:delete_module(cl_a), erlang:module_loaded(cl_a), catch cl_a:v(), erlang:delete_module(cl_none)}),
     ?C(delete_again, {erlang:delete_module(cl_a)}),
     ?C(purge_deleted, {erlang:check_old_code(cl_a), code:purge(cl_a), erlang:delete_module(cl_a), erlang:check_old_code(cl_a)}),
     ?C(through_code_server, begin {module, cl_b} = code:load_binary(cl_b, "cl_b.beam", version(cl_b, "b")), {cl_b:v(), code:is_loaded(cl_b), code:delete(cl_b), code:purge(cl_b)} end),
     ?C(compressed, begin load(cl_c, zlib:gzip(version(cl_c, "c"))), R = cl_c:v(), gone(cl_c), R end),
     ?C(other_name, erlang:load_module(cl_d, version(cl_e, "1"))),
     ?C(cross_call, begin load(cl_f, beam(cl_f, "-export([g/0]). g() -> cl_g:h().")), A = catch cl_f:g(), load(cl_g, beam(cl_g, "-export([h/0]). h() -> here.")), B = cl_f:g(), gone(cl_g), C = catch cl_f:g(), gone(cl_f), {A, B, C} end),
     ?C(many, begin Names = [list_to_atom("cl_m" ++ integer_to_list(I)) || I <- lists:seq(1, 60)],
                    [load(N, version(N, atom_to_list(N))) || N <- Names], R = [N:v() || N <- Names], [gone(N) || N <- Names], R =:= Names end),
     ?C(visible_to_others, begin
            Me = self(),
            P = spawn_link(fun() -> receive go -> Me ! catch cl_v:v() end end),
            Busy = spawn_link(fun Loop() -> receive stop -> ok after 0 -> case erlang:function_exported(cl_v, v, 0) of true -> Me ! {busy, cl_v:v()}; false -> Loop() end end end),
            load(cl_v, version(cl_v, "seen")), P ! go, R = receive seen -> seen after 2000 -> no end, Q = receive {busy, X} -> X after 2000 -> no end, Busy ! stop, gone(cl_v), {R, Q} end)].

prepared() ->
    P = fun(N) -> erlang:prepare_loading(N, version(N, "p")) end,
    [?C(several, begin R = erlang:finish_loading([P(cl_p1), P(cl_p2)]), S = {R, cl_p1:v(), cl_p2:v()}, gone(cl_p1), gone(cl_p2), S end),
     ?C(none, erlang:finish_loading([])),
     ?C(duplicated, erlang:finish_loading([P(cl_p1), P(cl_p2), P(cl_p1), P(cl_p1)])),
     ?C(twice, begin X = P(cl_p3), ok = erlang:finish_loading([X]), R = (catch erlang:finish_loading([X])), gone(cl_p3), element(1, R) end),
     ?C(not_purged, begin ok = erlang:finish_loading([P(cl_p1)]), ok = erlang:finish_loading([P(cl_p1)]), R = erlang:finish_loading([P(cl_p2), P(cl_p1)]), gone(cl_p1), {R, erlang:module_loaded(cl_p2)} end),
     ?C(is_ref, is_reference(P(cl_p1))),
     ?C(has_on_load, {erlang:has_prepared_code_on_load(P(cl_p1)), erlang:has_prepared_code_on_load(erlang:prepare_loading(cl_o, on_load_beam("ok")))}),
     ?C(on_load_and_other, element(1, element(2, catch erlang:finish_loading([P(cl_p1), erlang:prepare_loading(cl_o, on_load_beam("ok"))])))),
     ?C(bad1, erlang:finish_loading(x)), ?C(bad2, erlang:finish_loading([make_ref()])), ?C(bad3, erlang:finish_loading([P(cl_p1) | x])),
     ?C(bad4, erlang:prepare_loading("x", <<>>)), ?C(bad5, erlang:has_prepared_code_on_load(x)), ?C(bad6, erlang:has_prepared_code_on_load(make_ref())),
     ?C(bad7, erts_internal:prepare_loading(cl_x, x)),
     ?C(never_used, begin [P(cl_p9) || _ <- lists:seq(1, 20)], erlang:garbage_collect(), ok end)].

old_code() ->
    [?C(runs_on, begin load(cl_r, version(cl_r, "1")), P = spawn(cl_r, loop, []), A = call(P, v), load(cl_r, version(cl_r, "2")), B = call(P, v),
                       S = code:soft_purge(cl_r), C = call(P, new), D = call(P, v), S2 = code:soft_purge(cl_r), P ! stop, gone(cl_r), {A, B, S, C, D, S2} end),
     ?C(purge_kills, begin load(cl_k, version(cl_k, "1")), {P, M} = spawn_monitor(cl_k, loop, []), load(cl_k, version(cl_k, "2")), {erlang:check_process_code(P, cl_k), code:purge(cl_k), receive {'DOWN', M, _, _, R} -> R end, gone(cl_k)} end),
     ?C(check_process, begin load(cl_q, version(cl_q, "1")), P = spawn(cl_q, loop, []), A = erlang:check_process_code(P, cl_q), load(cl_q, version(cl_q, "2")), B = erlang:check_process_code(P, cl_q), C = erlang:check_process_code(self(), cl_q), P ! stop, gone(cl_q), {A, B, C} end),
     ?C(check_async, begin erlang:check_process_code(self(), cl_q, [{async, my_id}]), flush() end),
     ?C(on_stack, begin load(cl_s, beam(cl_s, "-export([go/1]). go(F) -> X = F(), {X, v}.")), Me = self(),
                        P = spawn(fun() -> Me ! {done, cl_s:go(fun() -> receive go -> went end end)} end), timer:sleep(20), gone_but_old(cl_s),
                        A = erlang:check_process_code(P, cl_s), P ! go, B = receive {done, R} -> R end, C = code:soft_purge(cl_s), {A, B, C} end),
     ?C(in_catch, begin load(cl_t, beam(cl_t, "-export([go/1]). go(F) -> try F() catch throw:X -> {caught, X} end.")), Me = self(),
                        P = spawn(fun() -> Me ! {done, cl_t:go(fun() -> receive go -> throw(ball) end end)} end), timer:sleep(20), gone_but_old(cl_t),
                        P ! go, B = receive {done, R} -> R end, {B, code:soft_purge(cl_t)} end),
     ?C(trace_of_purged, begin load(cl_u, beam(cl_u, "-export([go/0]). go() -> 1 + id(a). id(X) -> X.")), E = try cl_u:go() catch _:R:S -> {R, S} end, gone(cl_u), {badarith, [{cl_u, go, 0, _} | _]} = E, ok end),
     ?C(purge_not_allowed, catch erts_internal:purge_module(cl_u, prepare)),
     ?C(many_reloads, begin [begin load(cl_w, version(cl_w, integer_to_list(I))), I = cl_w:v(), code:purge(cl_w) end || I <- lists:seq(1, 25)], gone(cl_w) end)].
gone_but_old(M) -> true = erlang:delete_module(M), ok.

funs() ->
    [?C(of_current, begin load(cl_h, version(cl_h, "1")), F = cl_h:f(x), R = F(), gone(cl_h), R end),
     ?C(of_old, begin load(cl_h, version(cl_h, "1")), F = cl_h:f(x), load(cl_h, version(cl_h, "2")), R = {F(), (cl_h:f(y))()}, gone(cl_h), R end),
     ?C(of_purged, begin load(cl_h, version(cl_h, "1")), F = cl_h:f(x), load(cl_h, version(cl_h, "2")), code:purge(cl_h), R = (catch F()), gone(cl_h), element(1, element(2, R)) end),
     ?C(of_missing, begin load(cl_h, version(cl_h, "1")), F = cl_h:f(x), gone(cl_h), try F() catch C:{R, _} -> {C, R}; C:R -> {C, R} end end),
     ?C(same_again, begin load(cl_h, version(cl_h, "1")), F = cl_h:f(x), load(cl_h, version(cl_h, "1")), code:purge(cl_h), R = F(), gone(cl_h), R end),
     ?C(loaded_again, begin B = version(cl_h, "1"), load(cl_h, B), F = cl_h:f(x), gone(cl_h), load(cl_h, B), R = F(), gone(cl_h), R end),
     ?C(during_soft_purge, begin B = version(cl_h, "1"), load(cl_h, B), F = cl_h:f(x), P = spawn(cl_h, loop, []), wait_there(P), load(cl_h, version(cl_h, "2")),
          Me = self(), Q = spawn(fun() -> call_many(F, 2000), Me ! done end), S = [code:soft_purge(cl_h) || _ <- lists:seq(1, 50)], R = receive done -> done after 5000 -> {timeout, is_process_alive(Q)} end, P ! stop, gone(cl_h), {lists:usort(S), R} end),
     ?C(info, begin load(cl_h, version(cl_h, "1")), F = cl_h:f(x), R = [erlang:fun_info(F, I) || I <- [type, module, name, arity, env, index, new_index, uniq, new_uniq]], gone(cl_h), R end),
     ?C(info_gone, begin load(cl_h, version(cl_h, "1")), F = cl_h:f(x), gone(cl_h), [erlang:fun_info(F, I) || I <- [type, module, name, arity, env]] end),
     ?C(info_external, [erlang:fun_info(fun lists:map/2, I) || I <- [type, module, name, arity, env, pid, index, new_index, uniq, new_uniq, refc]]),
     ?C(info_all, [K || {K, _} <- erlang:fun_info(fun() -> ok end)]), ?C(info_all_external, erlang:fun_info(fun lists:map/2)),
     ?C(info_bad1, erlang:fun_info(x, arity)), ?C(info_bad2, erlang:fun_info(fun() -> ok end, x)),
     ?C(to_list, erlang:fun_to_list(fun lists:map/2)),
     ?C(make_fun, (erlang:make_fun(lists, reverse, 1))([1, 2])), ?C(make_fun_bad1, erlang:make_fun(lists, reverse, -1)), ?C(make_fun_bad2, erlang:make_fun(lists, reverse, 256)),
     ?C(make_fun_bad3, erlang:make_fun("x", y, 1)), ?C(make_fun_bad4, erlang:make_fun(lists, reverse, a)), ?C(make_fun_255, erlang:make_fun(lists, reverse, 255)), ?C(make_fun_big, erlang:make_fun(lists, reverse, 1 bsl 70)),
     ?C(equal, begin load(cl_h, version(cl_h, "1")), A = cl_h:f(x), B = cl_h:f(x), C = cl_h:f(y), R = {A =:= B, A =:= C, A < C}, gone(cl_h), R end),
     ?C(sent_and_stored, begin load(cl_h, version(cl_h, "1")), F = cl_h:f(x), G = binary_to_term(term_to_binary(F)), R = {F =:= G, G()}, gone(cl_h), R end)].
%% It has begun, in the version that was current.
wait_there(P) -> case process_info(P, status) of {status, waiting} -> ok; _ -> erlang:yield(), wait_there(P) end.
call_many(_, 0) -> ok;
call_many(F, N) -> {x, 1} = F(), call_many(F, N - 1).

on_load_beam(Result) -> beam(cl_o, "-export([v/0, r/0]). -on_load(init/0). init() -> persistent_term:put(cl_o, self()), " ++ Result ++ ". v() -> v. r() -> ok.").
on_loads() ->
    [?C(ok, begin R = code:load_binary(cl_o, "cl_o.beam", on_load_beam("ok")), S = {R, cl_o:v(), erlang:module_loaded(cl_o)}, gone(cl_o), S end),
     ?C(plain_load, begin R = erlang:load_module(cl_o, on_load_beam("ok")), A = {R, erlang:module_loaded(cl_o), catch element(1, element(2, catch cl_o:v()))}, B = erlang:finish_after_on_load(cl_o, true), C = cl_o:v(), gone(cl_o), {A, B, C} end),
     ?C(fails, {code:load_binary(cl_o, "cl_o.beam", on_load_beam("no")), erlang:module_loaded(cl_o), erlang:check_old_code(cl_o)}),
     ?C(raises, {code:load_binary(cl_o, "cl_o.beam", on_load_beam("exit(oops)")), erlang:module_loaded(cl_o)}),
     ?C(keeps_current, begin load(cl_o, beam(cl_o, "-export([v/0]). v() -> before.")), R = code:load_binary(cl_o, "cl_o.beam", on_load_beam("no")), S = {R, cl_o:v(), erlang:check_old_code(cl_o)}, gone(cl_o), S end),
     ?C(keeps_current_and_old, begin load(cl_o, beam(cl_o, "-export([v/0]). v() -> older.")), load(cl_o, beam(cl_o, "-export([v/0]). v() -> before.")), R = (catch erlang:load_module(cl_o, on_load_beam("ok"))), S = {R, cl_o:v(), erlang:check_old_code(cl_o)}, gone(cl_o), S end),
     ?C(replaces, begin load(cl_o, beam(cl_o, "-export([v/0]). v() -> before.")), R = code:load_binary(cl_o, "cl_o.beam", on_load_beam("ok")), S = {R, cl_o:v()}, gone(cl_o), S end),
     ?C(calls_itself, begin R = code:load_binary(cl_o, "cl_o.beam", on_load_beam("v = v(), F = fun(X) -> X end, F(ok)")), S = {R, cl_o:v()}, gone(cl_o), S end),
     ?C(bad_finish, {catch element(1, element(2, catch erlang:finish_after_on_load(cl_none, true))), catch erlang:finish_after_on_load(cl_none, maybe)}),
     ?C(bad_call, element(1, element(2, catch erlang:call_on_load_function(cl_none))))].

infos() ->
    Bin = beam(cl_i, "-export([c/0, a/1, b/2]). -vsn(7). -author(me). -author([you]). a(X) -> X. b(X, Y) -> fun() -> {X, Y} end. c() -> d(). d() -> ok."),
    In = fun(F) -> load(cl_i, Bin), R = F(), gone(cl_i), R end,
    [?C({info, K}, In(fun() -> cl_i:module_info(K) end)) || K <- [module, exports, attributes, compile, md5, functions, native, nifs]]
    ++ [?C(all, In(fun() -> cl_i:module_info() end)), ?C(bad, element(1, element(2, catch In(fun() -> cl_i:module_info(x) end)))),
        ?C(addresses, length(In(fun() -> erlang:get_module_info(cl_i, native_addresses) end))),
        ?C(not_there, element(1, element(2, catch erlang:get_module_info(cl_none)))), ?C(not_there2, element(1, element(2, catch erlang:get_module_info(cl_none, md5)))),
        ?C(md5, {erlang:md5(<<>>), erts_internal:beamfile_module_md5(Bin), element(2, beam_lib:md5(Bin))}),
        ?C(md5_bad, {erts_internal:beamfile_module_md5(<<"x">>), catch element(1, element(2, catch erts_internal:beamfile_module_md5(x)))}),
        ?C(chunk, [byte_size(erts_internal:beamfile_chunk(Bin, C)) || C <- ["AtU8", "Code", "ExpT"]]), ?C(chunk_none, {erts_internal:beamfile_chunk(Bin, "Xxxx"), erts_internal:beamfile_chunk(<<1, 2, 3>>, "Code")}),
        ?C(chunk_bad1, erts_internal:beamfile_chunk(Bin, "Cod")), ?C(chunk_bad2, erts_internal:beamfile_chunk(x, "Code")), ?C(chunk_bad3, erts_internal:beamfile_chunk(Bin, code)),
        ?C(get_chunk, byte_size(code:get_chunk(Bin, "AtU8"))), ?C(module_md5, code:module_md5(Bin)),
        ?C(stdlib_md5, [M:module_info(md5) || M <- [lists, maps, gen_server, erl_eval, code_server, file, beam_asm]]),
        ?C(stdlib_exports, [lists:sort(M:module_info(exports)) || M <- [lists, maps, ets, queue]]), ?C(stdlib_functions, [lists:sort(M:module_info(functions)) || M <- [lists, proplists]]),
        ?C(stdlib_attributes, [M:module_info(attributes) || M <- [lists, gen_server, supervisor]]),
        ?C(preloaded, erlang:pre_loaded()), ?C(preloaded_info, [{M, M:module_info(md5), M:module_info(attributes), length(M:module_info(exports))} || M <- [init, erlang, prim_file]])].

literals() ->
    Big = "-export([l/0, b/0, m/0]). l() -> {a, [b, \"cde\"], #{k => v, 1 => 2}, 1.5e300, 123456789012345678901234567890}. b() -> <<\"" ++ lists:duplicate(200, $x) ++ "\">>. m() -> #{list => lists()}. lists() -> [one, two, three].",
    Expect = {a, [b, "cde"], #{k => v, 1 => 2}, 1.5e300, 123456789012345678901234567890},
    Setup = fun() -> load(cl_l, beam(cl_l, Big)) end,
    Settle = fun() -> gone(cl_l), settle() end,
    [?C(on_heap, begin Setup(), X = cl_l:l(), Y = {X, cl_l:b()}, Settle(), {X =:= Expect, byte_size(element(2, Y)), element(2, Y) =:= binary:copy(<<"x">>, 200)} end),
     ?C(in_mailbox, begin Setup(), Me = self(), Me ! {msg, cl_l:l(), [cl_l:m()]}, Settle(), receive {msg, A, B} -> {A =:= Expect, B} end end),
     ?C(in_dictionary, begin Setup(), put(key, cl_l:l()), put(cl_l:m(), value), Settle(), {get(key) =:= Expect, get(#{list => [one, two, three]})} end),
     ?C(in_ets, begin Setup(), T = ets:new(t, []), ets:insert(T, {k, cl_l:l(), cl_l:b()}), Settle(), [{k, A, B}] = ets:lookup(T, k), {A =:= Expect, byte_size(B)} end),
     ?C(in_timer, begin Setup(), erlang:send_after(100, self(), cl_l:l()), erlang:start_timer(100, self(), cl_l:m()), Settle(), A = receive Expect -> same after 2000 -> no end, B = receive {timeout, _, M} -> M after 2000 -> no end, {A, B} end),
     ?C(in_persistent_term, begin Setup(), persistent_term:put(cl_l, {cl_l:l(), cl_l:m()}), Settle(), {A, B} = persistent_term:get(cl_l), persistent_term:erase(cl_l), {A =:= Expect, B} end),
     ?C(in_other_process, begin Setup(), P = spawn(fun() -> X = cl_l:l(), receive {From, ask} -> From ! {X, erlang:garbage_collect()} end end), timer:sleep(20), Settle(), P ! {self(), ask}, receive {A, true} -> A =:= Expect end end),
     ?C(passed_around, begin Setup(), Ps = ring(20), hd(Ps) ! {tl(Ps) ++ [self()], cl_l:l()}, Settle(), receive {[], X} -> X =:= Expect after 3000 -> no end end),
     ?C(sub_binary, begin Setup(), <<_:10/binary, R/binary>> = cl_l:b(), Settle(), {byte_size(R), R =:= binary:copy(<<"x">>, 190)} end),
     ?C(in_fun, begin Setup(), X = cl_l:l(), F = fun() -> X end, Settle(), F() =:= Expect end),
     ?C(reason, begin Setup(), {_, M} = spawn_monitor(fun() -> exit(cl_l:l()) end), Settle(), receive {'DOWN', M, _, _, R} -> R =:= Expect end end),
     ?C(monitor_tag, begin Setup(), {P, _} = spawn_opt(fun() -> receive x -> ok end end, [{monitor, [{tag, cl_l:l()}]}]), Settle(), P ! x, receive {Expect, _, process, P, R} -> R after 2000 -> no end end),
     ?C(churn, begin [begin load(cl_y, beam(cl_y, "-export([x/0]). x() -> {" ++ integer_to_list(I) ++ ", \"text\"}.")), put(I, cl_y:x()), code:purge(cl_y) end || I <- lists:seq(1, 40)], settle(), R = [get(I) =:= {I, "text"} || I <- lists:seq(1, 40)], gone(cl_y), lists:usort(R) end)].
ring(N) -> [spawn_link(fun() -> receive {[Next | Rest], X} -> timer:sleep(2), Next ! {Rest, X} end end) || _ <- lists:seq(1, N)].
settle() -> timer:sleep(60), [garbage_collect(P) || P <- processes()], timer:sleep(20).

refused() ->
    Good = version(cl_z, "1"),
    Try = fun(B) -> erlang:load_module(cl_z, B) end,
    [?C(empty, Try(<<>>)), ?C(text, Try(<<"not a beam">>)), ?C(header_only, Try(<<"FOR1", 0, 0, 0, 4, "BEAM">>)),
     ?C(truncated, lists:usort([Try(binary:part(Good, 0, N)) || N <- lists:seq(0, byte_size(Good) - 5, 7)])),
     ?C(code_gone, Try(without(Good, <<"Code">>))), ?C(imports_gone, Try(without(Good, <<"ImpT">>))), ?C(exports_gone, Try(without(Good, <<"ExpT">>))), ?C(atoms_gone, Try(without(Good, <<"AtU8">>))),
     ?C(newer, Try(replace_max(Good, 250))), ?C(still_not_loaded, erlang:module_loaded(cl_z))].
without(Bin, Id) -> iolist_to_binary(binary:replace(Bin, Id, <<"Xxxx">>)).
replace_max(Bin, N) -> {Pos, _} = binary:match(Bin, <<"Code">>), <<A:(Pos + 16)/binary, _:32, B/binary>> = Bin, <<A/binary, N:32, B/binary>>.

questions() ->
    [?C(exported, [erlang:function_exported(M, F, A) || {M, F, A} <- [{lists, map, 2}, {lists, map, 3}, {lists, reverse, 2}, {erlang, self, 0}, {erlang, '+', 2}, {nomod, x, 0}, {lists, map, -1}, {lists, map, 300}, {erlang, apply, 3}, {erlang, nosuch, 1}, {lists, keyfind, 3}]]),
     ?C(exported_bad1, erlang:function_exported("x", y, 1)), ?C(exported_bad2, erlang:function_exported(x, y, z)), ?C(exported_big, erlang:function_exported(lists, map, 1 bsl 65)),
     ?C(builtin, [erlang:is_builtin(M, F, A) || {M, F, A} <- [{erlang, self, 0}, {erlang, apply, 3}, {lists, map, 2}, {lists, keyfind, 3}, {lists, reverse, 2}, {erlang, '+', 2}, {erlang, apply, 2}, {erlang, module_info, 0}, {erlang, self, 9}, {ets, new, 2}, {ets, match, 2}, {erlang, yield, 0}, {math, sin, 1}, {re, run, 3}, {erlang, spawn, 1}, {erlang, float_to_list, 2}]]),
     ?C(builtin_bad, erlang:is_builtin(x, y, z)), ?C(builtin_bad2, erlang:is_builtin(x, 1, 1)),
     ?C(check_old_bad, erlang:check_old_code(1)), ?C(delete_bad, erlang:delete_module("x")), ?C(loaded_bad, erlang:module_loaded(1)),
     ?C(check_process_bad1, erlang:check_process_code(x, lists)), ?C(check_process_bad2, erlang:check_process_code(self(), "x")),
     ?C(all_loaded, [M || M <- [lists, init, code_server, erlang], not lists:member(M, erlang:loaded())]),
     ?C(load_nif_missing, element(1, element(2, erlang:load_nif("/no/such/lib", 0)))), ?C(load_nif_bad, erlang:load_nif(x, 0))].
