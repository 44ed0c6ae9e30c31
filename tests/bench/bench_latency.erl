%% Latency under load: how late a timer fires and how long a gen_server call takes while every scheduler is busy, and
%% while another process keeps collecting a large heap. Prints nanoseconds at p50, p99 and p99.9.
-module(bench_latency).
-export([main/0, main/1]).

main() -> main([]).
main(_) ->
    Busy = [spawn(fun() -> spin(0) end) || _ <- lists:seq(1, 2 * erlang:system_info(schedulers))],
    report("timer_busy", timers(400, [])),
    report("call_busy", calls(2000)),
    [exit(P, kill) || P <- Busy],
    Gc = spawn(fun() -> big_heap() end),
    timer:sleep(500),
    report("timer_gc", timers(300, [])),
    report("call_gc", calls(2000)),
    exit(Gc, kill),
    erlang:halt(0).

spin(N) -> spin(N + 1).

%% About 1 GB of live lists, collected over and over.
big_heap() ->
    L = [lists:seq(1, 1000) || _ <- lists:seq(1, 30000)],
    churn(L).
churn(L) -> erlang:garbage_collect(), churn(L).

timers(0, A) -> A;
timers(N, A) ->
    T0 = erlang:monotonic_time(nanosecond),
    erlang:send_after(5, self(), tick),
    receive tick -> ok end,
    timers(N - 1, [erlang:monotonic_time(nanosecond) - T0 - 5000000 | A]).

calls(N) ->
    {ok, P} = gen_server:start(bench_server, 0, []),
    R = [begin T0 = erlang:monotonic_time(nanosecond), gen_server:call(P, get), erlang:monotonic_time(nanosecond) - T0 end
         || _ <- lists:seq(1, N)],
    gen_server:stop(P),
    R.

report(Name, Samples) ->
    S = list_to_tuple(lists:sort(Samples)),
    [io:format("row ~s_~s ~b~n", [Name, L, element(max(1, min(tuple_size(S), round(tuple_size(S) * Q))), S)])
     || {L, Q} <- [{"p50", 0.5}, {"p99", 0.99}, {"p99.9", 0.999}]].
