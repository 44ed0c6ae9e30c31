%% Programs that race: every scheduler at work on the same things, things killed and replaced while in use. A program is a
%% module with checks(Scale) -> [{Name, fun() -> Verdict}]; Scale is in percent of its full size. What may happen in any
%% order is counted and must add up, so that verdicts are the same on every run and on every VM.
%%   erl -run stress main PROGRAM [SCALE]       runs the checks and prints their verdicts
%% After each check everything it made must be gone: processes, ports, tables, timers' and names' traces.
-module(stress).
-export([main/1, sized/3, parallel/2, parallel/3, gather/1, await_down/1, flush/0, quiet/1, rest/1, spin/1, until/1, counter/0]).

main([Program]) -> main([Program, "100"]);
main([Program, Scale]) ->
    logger:set_primary_config(level, none),
    lists:foreach(fun({Name, Fun}) -> io:format("~s:~0p => ~0p~n", [Program, Name, checked(Fun)]) end,
                  (list_to_atom(Program)):checks(list_to_integer(Scale))),
    io:format("~s done~n", [Program]),
    erlang:halt(0, [{flush, true}]).

checked(Fun) ->
    Before = population(),
    {Pid, Ref} = spawn_monitor(fun() -> exit({verdict, Fun()}) end),
    receive
        {'DOWN', Ref, _, _, {verdict, V}} -> {V, left(Before, 500)};
        {'DOWN', Ref, _, _, Reason} -> {died, Reason}
    after 600000 ->
            Where = process_info(Pid, [current_stacktrace, message_queue_len]),
            exit(Pid, kill),
            {timed_out, Where}
    end.

population() -> {erlang:system_info(process_count), erlang:system_info(port_count), erlang:system_info(ets_count), length(registered())}.

left(Before, 0) -> {left_over, Before, population()};
left(Before, N) ->
    %% Less is clean, too: what was there before may have ended meanwhile.
    case lists:all(fun({B, Now}) -> Now =< B end, lists:zip(tuple_to_list(Before), tuple_to_list(population()))) of
        true -> clean;
        false -> timer:sleep(10), left(Before, N - 1)
    end.

%% Base times Scale percent, at least Least.
sized(Base, Scale, Least) -> max(Least, Base * Scale div 100).

%% F(I) in N processes at once; what they return, in order.
parallel(N, F) -> parallel(N, F, []).
parallel(N, F, Options) ->
    gather([spawn_opt(fun() -> rand:seed(exsss, {I, N, 7}), exit({result, F(I)}) end, [monitor | Options]) || I <- lists:seq(1, N)]).
gather(Workers) ->
    [receive
         {'DOWN', Ref, _, _, {result, R}} -> R;
         {'DOWN', Ref, _, _, Reason} -> exit({worker, Reason})
     end || {_, Ref} <- Workers].

await_down(Ref) -> receive {'DOWN', Ref, _, _, Reason} -> Reason end.
flush() -> receive _ -> 1 + flush() after 0 -> 0 end.
%% How many messages come within some time in which nothing should.
quiet(Ms) -> receive _ -> 1 + quiet(Ms) after Ms -> 0 end.
%% A pause of a random kind.
rest(N) ->
    case rand:uniform(N) of
        1 -> timer:sleep(0);
        2 -> erlang:yield();
        3 -> spin(rand:uniform(300));
        _ -> ok
    end.
spin(0) -> ok;
spin(N) -> spin(N - 1).

%% Waits until F() is true.
until(F) -> case F() of true -> true; false -> timer:sleep(1), until(F) end.

counter() -> atomics:new(1, [{signed, true}]).
