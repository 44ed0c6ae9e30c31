%% What the nodes of tests/dist/namespaces do: serve/0 carries out a line of standard input after the other,
%% {Function, Arguments}, and prints what this module's function answers.
-module(namespace_cases).
-export([serve/0, mesh/1, call_takes/3, calls/2, large/2, tables/1, join/1, watch/0, found_down/3, sees/1, seen/0, mnesia_sees/1, start_writing/0,
         stop_writing/0, rejoin/1, all_there/1, values/1]).

serve() ->
    case io:read("") of
        {ok, {F, Args}} ->
            io:format("answer ~0p~n", [try apply(?MODULE, F, Args) catch C:R -> {C, R} end]),
            serve();
        _ -> halt(0, [{flush, false}])
    end.

until(F, Ms) -> until(F, now_ms() + Ms, 0).
until(F, End, _) ->
    case F() of
        true -> true;
        _ -> case now_ms() > End of true -> false; false -> timer:sleep(100), until(F, End, 0) end
    end.
now_ms() -> erlang:monotonic_time(millisecond).

mesh(Nodes) -> until(fun() -> [net_adm:ping(N) || N <- Nodes], timer:sleep(100), lists:sort(nodes()) =:= lists:sort(Nodes -- [node()]) end,
                      500 * list_to_integer(os:getenv("CASE_SECONDS", "30"))).

call_takes(N, Least, Most) ->
    T0 = now_ms(),
    N = erpc:call(N, erlang, node, []),
    T = now_ms() - T0,
    if T < Least; T > Most -> {took, T}; true -> within end.
calls(N, Times) -> lists:usort([erpc:call(N, erlang, abs, [-I]) =:= I || I <- lists:seq(1, Times)]).
large(N, Size) -> erpc:call(N, erlang, byte_size, [binary:copy(<<"x">>, Size)]).

tables(Nodes) ->
    [ok = rpc:call(N, ?MODULE, join, [hd(Nodes)]) || N <- Nodes],
    {mnesia:create_table(acknowledged, [{ram_copies, Nodes}, {majority, true}]), until(fun() -> lists:all(fun(N) -> rpc:call(N, mnesia, wait_for_tables, [[acknowledged], 5000]) =:= ok end, Nodes) end, 5000)}.
join(First) ->
    [application:set_env(mnesia, extra_db_nodes, [First]) || First =/= node()],
    application:set_env(mnesia, dir, "mnesia_" ++ atom_to_list(node())),
    mnesia:start().

%% Notes the time of every node that goes down, from the call on.
watch() ->
    [begin exit(P, kill), until(fun() -> whereis(watcher) =:= undefined end, 1000) end || P <- [whereis(watcher)], is_pid(P)],
    Self = self(),
    spawn(fun() -> register(watcher, self()), net_kernel:monitor_nodes(true), Self ! watching, watching(now_ms(), []) end),
    receive watching -> ok end.
watching(T0, Down) ->
    receive
        {nodedown, N} -> watching(T0, [{N, now_ms() - T0} | Down]);
        {get, From} -> From ! {down, Down}, watching(T0, Down);
        _ -> watching(T0, Down)
    end.
%% Whether each of these was found to be down between that many milliseconds after watch/0.
found_down(Nodes, Least, Most) ->
    watcher ! {get, self()},
    Down = receive {down, D} -> D end,
    case [X || N <- Nodes, X <- [lists:keyfind(N, 1, Down)], not (is_tuple(X) andalso element(2, X) >= Least andalso element(2, X) =< Most)] of
        [] -> in_time;
        Others -> Others
    end.
sees(Nodes) -> lists:sort(nodes()) =:= lists:sort(Nodes -- [node()]).
mnesia_sees(Nodes) -> lists:sort(mnesia:system_info(running_db_nodes)) =:= lists:sort(Nodes).
seen() -> nodes().

%% A process that writes a key after the other and keeps those that it was told are written.
start_writing() ->
    spawn(fun() -> register(writer, self()), writing(1, [], #{}) end),
    started.
writing(K, Done, Refused) ->
    receive {stop, From} -> From ! {written, Done, Refused}, persistent_term:put(acknowledged, Done)
    after 5 ->
            Key = {node(), K},
            case mnesia:transaction(fun() -> mnesia:write({acknowledged, Key, K}) end) of
                {atomic, ok} -> writing(K + 1, [Key | Done], Refused);
                {aborted, Why} -> writing(K + 1, Done, Refused#{Why => true})
            end
    end.
%% Whether it has written, and whether it was told that it is with the few.
stop_writing() ->
    writer ! {stop, self()},
    receive {written, Done, Refused} -> {written, length(Done) > 10, few, maps:is_key({no_majority, acknowledged}, Refused)} after 10000 -> stuck end.

%% The node that was alone takes the state of the others.
rejoin(From) ->
    mnesia:stop(),
    {mnesia_start(From, 20), mnesia:wait_for_tables([acknowledged], 10000)}.
mnesia_start(From, Tries) ->
    application:set_env(mnesia, extra_db_nodes, [From]),
    ok = mnesia:start(),
    case until(fun() -> lists:member(From, mnesia:system_info(running_db_nodes)) end, 2000) of
        true -> ok;
        false when Tries > 0 -> mnesia:stop(), mnesia_start(From, Tries - 1);
        false -> alone
    end.
values(Keys) -> lists:all(fun(K) -> mnesia:dirty_read(acknowledged, K) =:= [{acknowledged, K, element(2, K)}] end, Keys).
all_there(N) -> rpc:call(N, ?MODULE, values, [persistent_term:get(acknowledged)]).
