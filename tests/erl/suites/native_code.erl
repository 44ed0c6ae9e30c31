%% Native functions in a library of our own (native/native_code.c), compiled here against stock's headers: the same file is
%% loaded by both. What load_nif refuses, and every family of the interface.
-module(native_code).
-compile([export_all, nowarn_export_all]).
-nifs([types/1, numbers/1, strings/1, lists/1, tuples/1, binaries/1, maps/1, compared/2, serialised/1, raise/1, scheduled/1, dirty_cpu/1,
       dirty_io/1, dirty_raise/1, object/1, watch/2, open_pipe/1, pipe_select/3, threaded/1, queues/1, printed/1, system_facts/0, alive/1,
       send_to/2, many/9, identity/1, forked/0]).

types(_) -> unloaded(). numbers(_) -> unloaded(). strings(_) -> unloaded(). lists(_) -> unloaded(). tuples(_) -> unloaded().
binaries(_) -> unloaded(). maps(_) -> unloaded(). compared(_, _) -> unloaded(). serialised(_) -> unloaded(). raise(_) -> unloaded().
scheduled(_) -> unloaded(). dirty_cpu(_) -> unloaded(). dirty_io(_) -> unloaded(). dirty_raise(_) -> unloaded(). object(_) -> unloaded().
watch(_, _) -> unloaded(). open_pipe(_) -> unloaded(). pipe_select(_, _, _) -> unloaded(). threaded(_) -> unloaded().
queues(_) -> unloaded(). printed(_) -> unloaded(). system_facts() -> unloaded(). alive(_) -> unloaded(). send_to(_, _) -> unloaded().
many(_, _, _, _, _, _, _, _, _) -> unloaded(). identity(_) -> unloaded(). forked() -> unloaded().
unloaded() -> erlang:nif_error(not_loaded).

source() -> filename:join([filename:dirname(proplists:get_value(source, module_info(compile))), "..", "native"]).
build() ->
    Include = filename:join([code:root_dir(), "usr", "include"]),
    Cc = case os:find_executable("cc") of false -> "clang-19"; Found -> Found end,
    [[] = os:cmd(Cc ++ " -w -shared -fPIC -I" ++ Include ++ Defined ++ " -o " ++ Name ++ " " ++ filename:join(source(), "native_code.c"))
     || {Name, Defined} <- [{"native_code.so", ""}, {"undeclared.so", " -DUNDECLARED"}]],
    [] = os:cmd(Cc ++ " -w -shared -fPIC -o no_init.so -x c /dev/null").

%% Stock itself crashes when maps/1 gets the large map.
terms() ->
    [0, -1, 7, 1 bsl 31, -(1 bsl 31), (1 bsl 31) - 1, 1 bsl 32, (1 bsl 60) - 1, 1 bsl 60, (1 bsl 63) - 1, 1 bsl 63, -(1 bsl 63), 1 bsl 64, 1 bsl 200,
     0.0, -0.0, 1.5, 1.0e300, 1.0e-300, abc, 'with space', 'åäö', 'ж', '', [], [1], "string", "longer than eight", "räk", [256], [a|b], [1, 2, 3], {}, {1},
     {a, {b, c}}, <<>>, <<"bytes">>, <<1:3>>, binary:copy(<<"long">>, 40), #{}, #{a => 1}, maps:from_list([{X, X * X} || X <- lists:seq(1, 100)]),
     fun lists:map/2, fun(X) -> X end, [<<"io">>, $l, ["ist"]], [[[]]]].

cases() ->
    ok = element(1, {build(), ok}) =:= [] andalso ok,
    [{build, fun() -> ok end},
     {missing, fun() -> short(load("./no/such/file", 0)) end},
     {not_a_library, fun() -> ok = file:write_file("garbage.so", "x"), short(load("./garbage", 0)) end},
     {no_init, fun() -> short(load("./no_init", 0)) end},
     {not_a_path, fun() -> load({a}, 0) end},
     {applied, fun() -> apply(id(erlang), id(load_nif), ["./native_code", 0]) end},
     {before, fun() -> numbers(1) end},
     {undeclared, fun() -> load("./undeclared", 0) end},
     {refused, fun() -> load("./native_code", 17) end},
     {loaded, fun() -> load("./native_code", 0) end},
     {again, fun() -> load("./native_code", 0) end}] ++
    [{{F, N}, fun() -> ?MODULE:F(T) end} || {N, T} <- lists:enumerate(terms()),
        F <- [types, numbers, strings, lists, tuples, binaries, maps, serialised, dirty_cpu, dirty_raise],
        not (F =:= maps andalso is_map(T) andalso map_size(T) > 32)] ++
    [{{compared, N}, fun() -> compared(A, B) end} || {N, {A, B}} <- lists:enumerate([{A, B} || A <- [1, 1.0, a, {1, 2}, <<1>>], B <- [1, 1.0, b, {1, 3}, <<1:9>>]])] ++
    [{{raise, N}, fun() -> raise(N) end} || N <- lists:seq(0, 5)] ++
    [{{scheduled, N}, fun() -> scheduled(N) end} || N <- lists:seq(0, 9)] ++
    [{{printed, N}, fun() -> printed(T) end} || {N, T} <- lists:enumerate([1, a, 'A b', "text", <<"bin">>, {1, [2]}, 1.5, #{a => 1}, [1 | 2]])] ++
    [{{queues, N}, fun() -> queues(T) end} || {N, T} <- lists:enumerate([[], [<<"abcd">>], [<<"ab">>, <<"cd">>, <<"ef">>, <<"gh">>], [binary:copy(<<"z">>, 100), <<"q">>], a, [a]])] ++
    [{io, fun() -> dirty_io(x) end}, {many, fun() -> many(1, 2, 3, 4, 5, 6, 7, 8, 9) end}, {system, fun system_facts/0}, {forked, fun forked/0},
     {alive, fun() -> alive(self()) end}, {dead, fun() -> alive(dead()) end},
     {send, fun() -> {send_to(self(), {a, "b"}), flush()} end}, {send_dead, fun() -> send_to(dead(), x) end},
     {threaded, fun() -> {threaded({x, "y", <<0:800>>}), flush()} end},
     {object, fun() -> tl(object(5)) end},
     {released, fun() -> spawn_object(), collected() end},
     {kept, fun() -> [O | _] = object(6), A = self(), {P, R} = spawn_monitor(fun() -> A ! {o, O} end), receive {'DOWN', R, process, P, _} -> ok end,
                     receive {o, O2} -> O =:= O2 end end},
     {watch, fun watches/0}, {watch_dead, fun() -> watch(hd(object(1)), dead()) end}, {watch_bad, fun() -> watch(a, self()) end},
     {select, fun selects/0}].

load(Path, Info) -> R = erlang:load_nif(Path, Info), R.
%% The dynamic linker's own words may name the directory.
short({error, {Tag, Text}}) -> {Tag, lists:sublist(Text, 40)}.
id(X) -> X.
dead() -> {P, R} = spawn_monitor(fun() -> ok end), receive {'DOWN', R, process, P, _} -> P end.
flush() -> receive M -> [M | flush()] after 100 -> [] end.
spawn_object() -> object(8), ok.
collected() -> erlang:garbage_collect(), receive M -> M after 2000 -> none end.
watches() ->
    [O | _] = object(9),
    P = spawn(fun() -> receive stop -> ok end end),
    R = watch(O, P),
    P ! stop,
    {R, receive M -> M after 2000 -> none end, is_reference(O)}.
selects() ->
    [O | _] = object(3),
    ok = open_pipe(O),
    Ref = make_ref(),
    A = pipe_select(O, 0, Ref),
    none = receive X0 -> X0 after 50 -> none end,
    B = pipe_select(O, 5, x),
    C = receive {select, O, Ref, What} -> What after 2000 -> none end,
    D = pipe_select(O, 6, x),
    E = [pipe_select(O, 0, Ref), pipe_select(O, 2, Ref), pipe_select(O, 2, Ref), pipe_select(O, 8, Ref)],
    F = pipe_select(O, 1, Ref),
    G = receive {select, O, Ref, What2} -> What2 after 2000 -> none end,
    H = pipe_select(O, 4, {own, message, "text"}),
    I = pipe_select(O, 5, x),
    J = receive X1 -> X1 after 2000 -> none end,
    {A, B, C, D, E, F, G, H, I, J, pipe_select(O, 3, Ref), pipe_select(O, 7, Ref)}.
