%% Timers by the million, cancelled by anybody while they fire.
-module(stress_timers).
-export([checks/1]).
-import(stress, [sized/3, parallel/2, quiet/1]).

checks(Scale) ->
    N = sized(125000, Scale, 200),
    [{fired, fun() -> fired(N) end},
     {cancelled, fun() -> cancelled(N) end},
     {either_way, fun() -> either_way(N) end},
     {cancelled_by_others, fun() -> cancelled_by_others(sized(20000, Scale, 100)) end},
     {asynchronously, fun() -> asynchronously(sized(20000, Scale, 100)) end},
     {to_the_dead, fun() -> to_the_dead(sized(20000, Scale, 100)) end},
     {to_names, fun() -> to_names(sized(5000, Scale, 50)) end},
     {receive_timeouts, fun() -> receive_timeouts(sized(2000, Scale, 20)) end},
     {order, fun() -> order(sized(2000, Scale, 50)) end},
     {absolute, fun() -> absolute(sized(2000, Scale, 50)) end},
     {left_behind, fun() -> left_behind(sized(20000, Scale, 100)) end},
     {during_a_collection, fun() -> during_a_collection(sized(6000000, Scale, 1000)) end}].

each(F) -> lists:usort(parallel(8, fun(_) -> F() end)).

%% Eight times N at once.
fired(N) ->
    each(fun() ->
        Refs = [erlang:start_timer(rand:uniform(500), self(), I) || I <- lists:seq(1, N)],
        L = [receive {timeout, R, I} -> {I, R} end || _ <- Refs],
        {lists:sort(L) =:= lists:zip(lists:seq(1, N), Refs), lists:usort([erlang:read_timer(R) || R <- Refs]), quiet(0)} end).

cancelled(N) ->
    each(fun() ->
        Refs = [erlang:send_after(10000000 + rand:uniform(1000000), self(), late) || _ <- lists:seq(1, N)],
        Lefts = [erlang:cancel_timer(R) || {_, R} <- lists:sort([{rand:uniform(), R} || R <- Refs])],
        {lists:all(fun is_integer/1, Lefts), lists:usort([erlang:cancel_timer(R) || R <- Refs]), quiet(0)} end).

%% What cancel_timer answers tells whether there is a message.
either_way(N) ->
    each(fun() ->
        Refs = [erlang:send_after(rand:uniform(20) - 1, self(), {t, I}) || I <- lists:seq(1, N)],
        Odd = [I || {R, I} <- lists:zip(Refs, lists:seq(1, N)),
                    case erlang:cancel_timer(R) of
                        false -> receive {t, I} -> false after 5000 -> true end; % on its way at least
                        Left -> not is_integer(Left) orelse receive {t, I} -> true after 0 -> false end
                    end],
        {Odd, quiet(30)} end).

cancelled_by_others(N) ->
    each(fun() ->
        Me = self(),
        Refs = [erlang:start_timer(rand:uniform(30), Me, t) || _ <- lists:seq(1, N)],
        {_, M1} = spawn_monitor(fun() -> exit([R || R <- Refs, erlang:cancel_timer(R) =/= false]) end),
        {_, M2} = spawn_monitor(fun() -> exit([R || R <- lists:reverse(Refs), erlang:cancel_timer(R) =/= false]) end),
        C1 = stress:await_down(M1), C2 = stress:await_down(M2),
        Fired = got(30),
        {lists:sort(C1 ++ C2 ++ Fired) =:= lists:sort(Refs)} end).
got(Ms) -> receive {timeout, R, t} -> [R | got(Ms)] after Ms -> [] end.

asynchronously(N) ->
    each(fun() ->
        Refs = [erlang:start_timer(rand:uniform(20), self(), t) || _ <- lists:seq(1, N)],
        [ok = erlang:cancel_timer(R, [{async, true}, {info, I rem 2 =:= 0}]) || {I, R} <- lists:zip(lists:seq(1, N), Refs)],
        {Answers, Fired} = answers(#{}, #{}),
        Asked = [R || {I, R} <- lists:zip(lists:seq(1, N), Refs), I rem 2 =:= 0],
        Odd = [R || R <- Asked, case Answers of
                                    #{R := false} -> not is_map_key(R, Fired);
                                    #{R := Left} -> not is_integer(Left) orelse is_map_key(R, Fired);
                                    #{} -> true
                                end],
        {Odd, map_size(Answers) =:= length(Asked), quiet(0)} end).
answers(A, F) ->
    receive
        {cancel_timer, R, Left} -> answers(A#{R => Left}, F);
        {timeout, R, t} -> answers(A, F#{R => fired})
    after 100 -> {A, F} end.

to_the_dead(N) ->
    each(fun() ->
        P = spawn(fun() -> receive after rand:uniform(10) -> ok end end),
        Refs = [erlang:send_after(rand:uniform(20), P, x) || _ <- lists:seq(1, N)],
        M = monitor(process, P), _ = stress:await_down(M),
        timer:sleep(30),
        {lists:usort([erlang:read_timer(R) || R <- Refs]), is_process_alive(P)} end).

to_names(N) ->
    Me = self(),
    register(stress_timed, Me),
    [erlang:send_after(rand:uniform(20), stress_timed, {t, I}) || I <- lists:seq(1, N)],
    L = [receive {t, I} -> I end || I <- lists:seq(1, N)],
    [erlang:send_after(5, stress_timed, late) || _ <- lists:seq(1, N)],
    unregister(stress_timed),
    {length(L) =:= N, quiet(30) =< N}.

%% Messages and time-outs of receives meet.
receive_timeouts(N) ->
    each(fun() ->
        Me = self(),
        P = spawn_link(fun() -> [begin Me ! {m, I}, receive after rand:uniform(3) - 1 -> ok end end || I <- lists:seq(1, N)] end),
        M = monitor(process, P),
        L = collect(N, []),
        _ = stress:await_down(M),
        {lists:reverse(L) =:= lists:seq(1, N), quiet(0)} end).
collect(0, L) -> L;
collect(N, L) -> receive {m, I} -> collect(N - 1, [I | L]) after rand:uniform(3) - 1 -> collect(N, L) end.

%% Of two timers to one process the earlier one comes first, when they are some way apart.
order(N) ->
    each(fun() ->
        [erlang:send_after(T * 100, self(), {at, T}) || T <- [3, 1, 2, 5, 4], _ <- lists:seq(1, N)],
        L = [receive {at, T} -> T end || _ <- lists:seq(1, 5 * N)],
        {L =:= lists:sort(L), length(L) =:= 5 * N} end).

absolute(N) ->
    each(fun() ->
        Base = erlang:monotonic_time(millisecond),
        Refs = [erlang:start_timer(Base + rand:uniform(100), self(), t, [{abs, true}]) || _ <- lists:seq(1, N)],
        Fired = [receive {timeout, R, t} -> R end || _ <- Refs],
        {lists:sort(Fired) =:= lists:sort(Refs), erlang:monotonic_time(millisecond) - Base >= 1} end).

%% Processes that end with timers running, their own receives among them.
left_behind(N) ->
    each(fun() ->
        Ms = [begin {P, M} = spawn_monitor(fun() -> erlang:send_after(5000000, self(), x), receive after rand:uniform(3) -> ok end end),
                    I rem 3 =:= 0 andalso exit(P, kill), M end || I <- lists:seq(1, N div 8)],
        lists:usort([case stress:await_down(M) of normal -> ended; killed -> ended; noproc -> ended end || M <- Ms]) end).

%% A timer that was started on a scheduler which is in a long collection when it is due; another scheduler is idle.
during_a_collection(N) ->
    Self = self(),
    Ms = fun() -> erlang:monotonic_time(millisecond) end,
    spawn_opt(fun() ->
        L = [{I, I} || I <- lists:seq(1, N)],
        T = Ms(),
        erlang:send_after(10, Self, {fired, T}),
        garbage_collect(),
        Self ! {collected, Ms() - T, length(L)} end, [{scheduler, 1}]),
    After = receive {fired, T} -> Ms() - T end,
    receive {collected, Took, N} -> After < max(Took div 2, 100) orelse erlang:system_info(schedulers_online) =:= 1 end.
