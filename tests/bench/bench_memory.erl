%% What idle processes take: starts so many and prints how many bytes are resident then.
-module(bench_memory).
-export([main/1, idle/0]).

main([N]) ->
    start(list_to_integer(N)),
    erlang:garbage_collect(),
    timer:sleep(500),
    {ok, B} = file:read_file("/proc/self/statm"),
    [_, Pages | _] = binary:split(B, <<" ">>, [global]),
    io:format("resident ~b~n", [binary_to_integer(Pages) * 4096]),
    halt().

start(0) -> ok;
start(N) -> spawn(?MODULE, idle, []), start(N - 1).

idle() -> receive stop -> ok end.
