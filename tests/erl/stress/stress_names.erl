%% Registered names taken, used and given up by many at once.
-module(stress_names).
-export([checks/1]).
-import(stress, [sized/3, parallel/2, rest/1, spin/1]).

checks(Scale) ->
    N = sized(20000, Scale, 100),
    [{one_owner, fun() -> one_owner(N) end},
     {freed_by_exit, fun() -> freed_by_exit(sized(3000, Scale, 30)) end},
     {sends, fun() -> sends(N) end},
     {killed_owners, fun() -> killed_owners(sized(3000, Scale, 30)) end},
     {monitors_by_name, fun() -> monitors_by_name(sized(3000, Scale, 30)) end},
     {others, fun() -> others(sized(5000, Scale, 50)) end}].

%% Never two at once hold a name; whereis tells a process or nothing.
one_owner(N) ->
    Inside = stress:counter(), Wins = stress:counter(),
    R = parallel(8, fun(_) ->
        [case catch register(contested, self()) of
             true ->
                 1 = atomics:add_get(Inside, 1, 1),
                 Me = self(), Me = whereis(contested),
                 rest(5),
                 {registered_name, contested} = process_info(Me, registered_name),
                 0 = atomics:sub_get(Inside, 1, 1),
                 atomics:add(Wins, 1, 1),
                 true = unregister(contested);
             {'EXIT', {badarg, _}} ->
                 case whereis(contested) of undefined -> ok; P when is_pid(P) -> ok end
         end || _ <- lists:seq(1, N)], ok end),
    {lists:usort(R), atomics:get(Inside, 1), atomics:get(Wins, 1) > 0, whereis(contested)}.

%% A name is free once its owner's 'DOWN' has come.
freed_by_exit(N) ->
    lists:usort(parallel(8, fun(W) ->
        Name = list_to_atom("stress_freed_" ++ integer_to_list(W)),
        [begin
             {P, Ref} = spawn_monitor(fun() -> register(Name, self()), spin(rand:uniform(100)) end),
             normal = stress:await_down(Ref),
             undefined = whereis(Name),
             true = register(Name, self()),
             true = unregister(Name),
             false = is_process_alive(P)
         end || _ <- lists:seq(1, N)], ok end)).

%% Sends to a name reach whoever has it, or raise badarg.
sends(N) ->
    Got = stress:counter(),
    Holder = spawn_link(fun Loop() ->
        catch register(mailbox, self()),
        receive stop -> ok; {m, _} -> atomics:add(Got, 1, 1) after 0 -> ok end,
        catch unregister(mailbox), Loop() end),
    R = parallel(8, fun(_) ->
        lists:sum([case catch mailbox ! {m, I} of {m, I} -> 1; {'EXIT', {badarg, _}} -> 0 end || I <- lists:seq(1, N)]) end),
    stress:until(fun() -> atomics:get(Got, 1) =:= lists:sum(R) end),
    Ref = monitor(process, Holder), unlink(Holder), exit(Holder, kill),
    {stress:await_down(Ref), atomics:get(Got, 1) =:= lists:sum(R), whereis(mailbox)}.

%% Owners are killed by others while names are looked up; each name is taken again.
killed_owners(N) ->
    R = parallel(8, fun(W) ->
        Name = list_to_atom("stress_owner_" ++ integer_to_list(W rem 2)),
        [begin
             {P, Ref} = spawn_monitor(fun() -> catch register(Name, self()), receive stop -> ok end end),
             rest(5),
             case whereis(Name) of undefined -> ok; Q -> exit(Q, kill) end,
             exit(P, kill),
             killed = stress:await_down(Ref)
         end || _ <- lists:seq(1, N)], ok end),
    {lists:usort(R), whereis(stress_owner_0), whereis(stress_owner_1)}.

monitors_by_name(N) ->
    Node = node(),
    R = parallel(4, fun(W) ->
        Name = list_to_atom("stress_named_" ++ integer_to_list(W)),
        [begin
             {P, Ref} = spawn_monitor(fun() -> register(Name, self()), spin(rand:uniform(200)) end),
             rest(4),
             ByName = monitor(process, Name),
             receive {'DOWN', ByName, process, {Name, Node}, Why} -> true = Why =:= normal orelse Why =:= noproc end,
             normal = stress:await_down(Ref),
             false = is_process_alive(P)
         end || _ <- lists:seq(1, N)], ok end),
    {lists:usort(R), stress:quiet(20)}.

%% A process registers others that may be gone; lists of names hold atoms only.
others(N) ->
    R = parallel(8, fun(W) ->
        Name = list_to_atom("stress_other_" ++ integer_to_list(W)),
        [begin
             P = spawn(fun() -> spin(rand:uniform(100)) end),
             case catch register(Name, P) of true -> ok; {'EXIT', {badarg, _}} -> ok end,
             I rem 50 =:= 0 andalso (true = lists:all(fun is_atom/1, registered())),
             case catch unregister(Name) of true -> ok; {'EXIT', {badarg, _}} -> ok end
         end || I <- lists:seq(1, N)], ok end),
    lists:usort(R).
