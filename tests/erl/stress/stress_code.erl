%% Code replaced, deleted and purged while processes execute it and hold its funs and literals.
-module(stress_code).
-export([checks/1]).
-import(stress, [sized/3, parallel/2, rest/1]).

checks(Scale) ->
    [{replaced, fun() -> replaced(sized(400, Scale, 10)) end},
     {purged_under_users, fun() -> purged_under_users(sized(300, Scale, 10)) end},
     {soft_purged, fun() -> soft_purged(sized(300, Scale, 10)) end},
     {funs_of_old_code, fun() -> funs_of_old_code(sized(200, Scale, 10)) end},
     {literals_of_old_code, fun() -> literals_of_old_code(sized(200, Scale, 10)) end},
     {deleted, fun() -> deleted(sized(200, Scale, 10)) end},
     {several_modules, fun() -> several_modules(sized(100, Scale, 5)) end},
     {checked, fun() -> checked(sized(300, Scale, 10)) end},
     {loaded_by_many, fun() -> loaded_by_many(sized(100, Scale, 5)) end}].

%% Version V of a module: everything it tells must be of one version.
beam(Name, V) ->
    Text = "-module(" ++ atom_to_list(Name) ++ ").\n-export([v/0, all/0, f/0, wait/0, spin/1, big/0]).\n"
        "v() -> " ++ V ++ ".\n"
        "all() -> {" ++ V ++ ", local(), {" ++ V ++ ", [\"" ++ V ++ "\", {" ++ V ++ ", 1.5}]}}.\n"
        "local() -> " ++ V ++ ".\n"
        "f() -> fun(X) -> {X, " ++ V ++ ", [" ++ V ++ ", \"lit\"]} end.\n"
        "wait() -> receive stop -> " ++ V ++ " end.\n"
        "spin(0) -> " ++ V ++ "; spin(N) -> spin(N - 1).\n"
        "big() -> {" ++ V ++ ", " ++ io_lib:format("~w", [lists:seq(1, 300)]) ++ ", <<\"" ++ lists:duplicate(100, $x) ++ "\">>}.\n",
    {ok, Tokens, _} = erl_scan:string(lists:flatten(Text)),
    {ok, Name, Bin} = compile:forms(forms(Tokens, []), [deterministic]),
    Bin.
forms([], []) -> [];
forms([{dot, _} = D | T], Acc) -> {ok, F} = erl_parse:parse_form(lists:reverse([D | Acc])), [F | forms(T, [])];
forms([H | T], Acc) -> forms(T, [H | Acc]).

versions(Name) -> list_to_tuple([beam(Name, V) || V <- ["1", "2", "3"]]).
load(Name, Beam) -> {module, Name} = erlang:load_module(Name, Beam).
reload(Name, Versions, I) -> code:purge(Name), load(Name, element(1 + I rem 3, Versions)).
unload(Name) -> code:purge(Name), erlang:delete_module(Name), code:purge(Name).

consistent({V, V, {V, [S, {V, 1.5}]}}) -> S =:= integer_to_list(V).

callers(N, F) -> [spawn_monitor(fun() -> forever(F) end) || _ <- lists:seq(1, N)].
forever(F) -> true = F(), forever(F).
%% All of them still run: none failed, none was killed.
stop(Callers) -> lists:usort([begin exit(P, stopped), stress:await_down(R) end || {P, R} <- Callers]).

%% Callers by name see one version or the other, never a mixture, and are never killed: none of them stays in old code.
replaced(N) ->
    M = stress_code_a, Vs = versions(M),
    load(M, element(1, Vs)),
    Cs = callers(6, fun() -> consistent(M:all()) end),
    [begin reload(M, Vs, I), rest(4) end || I <- lists:seq(1, N)],
    R = stop_surviving(Cs),
    unload(M),
    R.
%% A caller may be within the old version at the moment of a purge, which kills it; anything else is wrong.
stop_surviving(Cs) -> [W || W <- stop(Cs), W =/= stopped, W =/= killed].

%% purge kills those that execute old code.
purged_under_users(N) ->
    M = stress_code_b, Vs = versions(M),
    load(M, element(1, Vs)),
    R = [begin
         Ws = [spawn_monitor(fun() -> M:wait() end) || _ <- lists:seq(1, 20)],
         stress:until(fun() -> lists:all(fun({P, _}) -> process_info(P, current_function) =:= {current_function, {M, wait, 0}} end, Ws) end),
         code:purge(M),
         load(M, element(1 + I rem 3, Vs)),
         true = erlang:check_old_code(M),
         true = code:purge(M),
         lists:usort([stress:await_down(Ref) || {_, Ref} <- Ws])
     end || I <- lists:seq(1, N)],
    unload(M),
    lists:usort(R).

%% soft_purge fails while somebody executes old code and kills nobody.
soft_purged(N) ->
    M = stress_code_c, Vs = versions(M),
    load(M, element(1, Vs)),
    R = [begin
         {P, Ref} = spawn_monitor(fun() -> exit(M:wait()) end),
         stress:until(fun() -> process_info(P, current_function) =:= {current_function, {M, wait, 0}} end),
         V = M:v(),
         load(M, element(1 + I rem 3, Vs)),
         false = code:soft_purge(M),
         P ! stop,
         V = stress:await_down(Ref),
         code:soft_purge(M)
     end || I <- lists:seq(1, N)],
    unload(M),
    lists:usort(R).

%% A fun keeps calling its version until that is purged; who only holds it is spared, and finds it bad at the next call.
funs_of_old_code(N) ->
    M = stress_code_d, Vs = versions(M),
    load(M, element(1, Vs)),
    R = [begin
         V = M:v(),
         Holders = [spawn_monitor(fun() -> F = M:f(), receive_and_call(F, V) end) || _ <- lists:seq(1, 8)],
         [begin P ! {call, self()}, receive {P, called} -> ok end end || {P, _} <- Holders],
         load(M, element(1 + I rem 3, Vs)),
         [begin P ! {call, self()}, receive {P, called} -> ok end end || {P, _} <- Holders],
         Purged = {code:soft_purge(M), code:purge(M)},
         [P ! {call, self()} || {P, _} <- Holders],
         {Purged, lists:usort([element(1, element(1, stress:await_down(Ref))) || {_, Ref} <- Holders])}
     end || I <- lists:seq(1, N)],
    unload(M),
    lists:usort(R).
receive_and_call(F, V) ->
    receive {call, From} -> {x, V, [V, "lit"]} = F(x), From ! {self(), called} end,
    receive_and_call(F, V).

%% Literals survive their module in heaps, tables, messages and dictionaries.
literals_of_old_code(N) ->
    M = stress_code_e, Vs = versions(M),
    load(M, element(1, Vs)),
    Tab = ets:new(literals, [public]),
    Keeper = spawn_link(fun() -> keeper([]) end),
    Me = self(),
    R = [begin
         Literal = {V, L, B} = M:big(),
         Keeper ! {big, Literal},
         put({literal, I rem 5}, Literal),
         ets:insert(Tab, {I rem 5, Literal}),
         load(M, element(1 + I rem 3, Vs)),
         true = code:soft_purge(M),
         Keeper ! {ask, Me},
         Kept = receive {kept, Ls} -> Ls end,
         lists:all(fun({_, L2, B2}) -> L2 =:= L andalso B2 =:= B end, Kept) andalso V =:= element(1, hd(Kept))
             andalso L =:= lists:seq(1, 300) andalso get({literal, I rem 5}) =:= Literal andalso ets:lookup_element(Tab, I rem 5, 2) =:= Literal
     end || I <- lists:seq(1, N)],
    unlink(Keeper), Ref = monitor(process, Keeper), exit(Keeper, kill), stress:await_down(Ref),
    ets:delete(Tab),
    unload(M),
    lists:usort(R).

keeper(L) -> receive {big, B} -> keeper(lists:sublist([B | L], 10)); {ask, P} -> P ! {kept, L}, keeper(L) end.

%% Callers of a module that comes and goes: its result or undef.
deleted(N) ->
    M = stress_code_f, Vs = versions(M),
    load(M, element(1, Vs)),
    Cs = callers(4, fun() ->
        try M:v() of V -> V >= 1 andalso V =< 3
        catch error:undef:Stack -> element(1, hd(Stack)) =:= M end end),
    [begin
         case I rem 2 of
             0 -> reload(M, Vs, I);
             1 -> code:purge(M), erlang:delete_module(M)
         end, rest(4)
     end || I <- lists:seq(1, N)],
    R = stop_surviving(Cs),
    unload(M),
    R.

%% Modules that are loaded together are seen together.
several_modules(N) ->
    Ms = [stress_code_g, stress_code_h, stress_code_i],
    Vs = [{M, versions(M)} || M <- Ms],
    Load = fun(I) ->
        [code:purge(M) || M <- Ms],
        {ok, Prepared} = code:prepare_loading([{M, atom_to_list(M) ++ ".beam", element(1 + I rem 3, V)} || {M, V} <- Vs]),
        ok = code:finish_loading(Prepared) end,
    Load(0),
    Cs = callers(4, fun() -> lists:all(fun(M) -> consistent(M:all()) end, Ms) end),
    [Load(I) || I <- lists:seq(1, N)],
    R = stop_surviving(Cs),
    [begin code:purge(M), code:delete(M), code:purge(M) end || M <- Ms],
    R.

%% check_process_code of processes that come and go, synchronously and not.
checked(N) ->
    M = stress_code_j, Vs = versions(M),
    load(M, element(1, Vs)),
    {In, InRef} = spawn_monitor(fun() -> M:wait() end),
    stress:until(fun() -> process_info(In, current_function) =:= {current_function, {M, wait, 0}} end),
    load(M, element(2, Vs)),
    R = parallel(4, fun(_) ->
        [begin
             P = spawn(fun() -> stress:spin(rand:uniform(1000)) end),
             false = erlang:check_process_code(P, M),
             true = erlang:check_process_code(In, M),
             Ref = make_ref(),
             async = erlang:check_process_code(In, M, [{async, Ref}]),
             receive {check_process_code, Ref, true} -> ok end
         end || _ <- lists:seq(1, N)], ok end),
    In ! stop,
    _ = stress:await_down(InRef),
    Soft = code:soft_purge(M),
    unload(M),
    {lists:usort(R), Soft}.

%% Loads of different modules by many at once.
loaded_by_many(N) ->
    R = parallel(6, fun(W) ->
        M = list_to_atom("stress_code_m" ++ integer_to_list(W)), Vs = versions(M),
        L = [begin {module, M} = code:load_binary(M, "m.beam", element(1 + I rem 3, Vs)), M:v() =:= 1 + I rem 3 end || I <- lists:seq(1, N)],
        code:purge(M), true = code:delete(M), code:purge(M),
        lists:usort(L) end),
    lists:usort(R).
