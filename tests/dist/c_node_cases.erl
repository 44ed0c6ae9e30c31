%% The Erlang side of tests/dist/c_nodes.
-module(c_node_cases).
-export([main/0, sees_c/1]).

main() ->
    logger:set_primary_config(level, none),
    register(c_echo, self()),
    loop().

loop() ->
    receive
        {link, Pid} ->
            %% It is told of a link and of its end; then it goes away, and accepts a connection in its turn.
            spawn(fun() -> link(Pid), exit(bye) end),
            monitor_node(node(Pid), true),
            receive {nodedown, N} -> again(N, 50) end;
        {Pid, Data} -> Pid ! Data, loop()
    end.
again(_, 0) -> halt(1);
again(N, Tries) ->
    case net_kernel:hidden_connect_node(N) of
        true -> {anyone, N} ! {hello, [1, 2.5, "text", <<"binary">>, #{key => value}]}, timer:sleep(1000), halt();
        _ -> timer:sleep(100), again(N, Tries - 1)
    end.

sees_c(Type) -> [hd(string:split(atom_to_list(N), "_")) || N <- nodes(Type)].
