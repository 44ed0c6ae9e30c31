%% Ends the VM with a crash dump that has something of everything in it.
-module(dump_maker).
-export([main/0]).

main() ->
    Me = self(),
    P = spawn(fun() ->
            put(key, {value, [1, 2, 3], <<"binary">>, #{a => 1}}),
            put({k2}, 1.5),
            register(dumped, self()),
            X = {local, lists:seq(1, 10), 1 bsl 100, fun lists:map/2, "text", 1.0e200, maps:from_list([{I, I} || I <- lists:seq(1, 40)])},
            Me ! up,
            receive stop -> Me ! X end end),
    receive up -> ok end,
    P ! {message, "hello", [a | b]},
    P ! second,
    link(P),
    monitor(process, P),
    erlang:send_after(100000, P, {timer, msg}),
    erlang:start_timer(200000, self(), foo),
    ets:new(dump_table, [named_table, public]),
    stress_settle(P),
    erlang:halt("a slogan").

%% Until it waits again.
stress_settle(P) ->
    case process_info(P, [status, message_queue_len]) of
        [{status, waiting}, {message_queue_len, 2}] -> ok;
        _ -> erlang:yield(), stress_settle(P)
    end.
