%% Runs a program of cases against real peers and prints what they answer.
%%   service:main([Program, Dir]): Dir is empty and ours. A program exports needs/0, names of executables (or paths, with
%%   wildcards) that must be there, and cases/0, a list of {Name, Fun}; optionally prepare/0, called before.
-module(service).
-export([main/1, setting/2, sh/1, sh/2, free_port/0, wait_for/1, wait_for/2, certificates/0, with_program/3, is_root/0, sorted/1]).

main([Program, Dir]) ->
    M = list_to_atom(Program),
    ok = file:set_cwd(Dir),
    logger:set_primary_config(level, none),
    case [N || N <- M:needs(), not present(N)] of
        [] ->
            erlang:function_exported(M, prepare, 0) andalso M:prepare(),
            [run(Name, F) || {Name, F} <- M:cases()];
        Missing -> io:format("skipped: ~s missing (tools/setup installs it)~n", [lists:join(", ", Missing)])
    end,
    halt().

present("/" ++ _ = Path) -> filelib:wildcard(Path) =/= [];
present(Name) -> os:find_executable(Name, os:getenv("PATH") ++ ":/usr/sbin:/sbin") =/= false.

run(Name, F) ->
    {P, M} = spawn_monitor(fun() -> exit({answer, catch F()}) end),
    receive {'DOWN', M, process, P, {answer, R}} -> io:format("~p: ~p~n", [Name, unnumbered(R)]);
            {'DOWN', M, process, P, R} -> io:format("~p died: ~p~n", [Name, unnumbered(R)])
    after 1000 * setting("CASE_SECONDS", 40) -> exit(P, kill), io:format("~p: timeout~n", [Name]) end.

%% How many ports there were before depends on how soon others answered.
unnumbered(P) when is_port(P) -> port;
unnumbered([H | T]) -> [unnumbered(H) | unnumbered(T)];
unnumbered(T) when is_tuple(T) -> list_to_tuple(unnumbered(tuple_to_list(T)));
unnumbered(M) when is_map(M) -> maps:from_list(unnumbered(maps:to_list(M)));
unnumbered(X) -> X.

%% A number that a sanitizer's build is given another one for (tests/CMakeLists.txt).
setting(Name, Default) -> list_to_integer(os:getenv(Name, integer_to_list(Default))).

sh(Command) -> string:trim(os:cmd(Command)).
sh(Format, Args) -> sh(lists:flatten(io_lib:format(Format, Args))).

is_root() -> sh("id -u") =:= "0".
sorted(L) -> lists:sort(L).

free_port() -> {ok, L} = gen_tcp:listen(0, [{ip, {127, 0, 0, 1}}]), {ok, P} = inet:port(L), gen_tcp:close(L), P.

%% Until somebody listens there.
wait_for(Port) -> wait_for(Port, 200).
wait_for(_, 0) -> no_server;
wait_for(Port, N) ->
    case gen_tcp:connect({127, 0, 0, 1}, Port, []) of
        {ok, S} -> gen_tcp:close(S);
        _ -> timer:sleep(50), wait_for(Port, N - 1)
    end.

%% Starts a program that listens at Port, calls F and ends the program.
with_program(Command, Port, F) ->
    Server = open_port({spawn, "sh -c 'exec " ++ Command ++ "'"}, [stderr_to_stdout, exit_status]),
    {os_pid, Pid} = erlang:port_info(Server, os_pid),
    try
        case wait_for(Port) of
            ok -> F();
            no_server -> {no_server, output(Server, [])}
        end
    after
        os:cmd("kill " ++ integer_to_list(Pid)),
        receive {Server, {exit_status, _}} -> ok after 10000 -> os:cmd("kill -9 " ++ integer_to_list(Pid)) end
    end.
output(P, Acc) -> receive {P, {data, D}} -> output(P, [Acc, D]) after 0 -> lists:flatten(Acc) end.

%% A root, and certificates of a server and a client that it has signed; made by openssl. `other` has signed itself.
certificates() ->
    sh("openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=root -addext basicConstraints=critical,CA:TRUE -addext keyUsage=keyCertSign 2>/dev/null"),
    [sh("openssl req -newkey ~s -nodes -keyout ~s.key -out ~s.csr -subj /CN=localhost 2>/dev/null; "
        "printf 'subjectAltName=DNS:localhost\\nkeyUsage=digitalSignature,keyEncipherment\\n' > ext; "
        "openssl x509 -req -in ~s.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out ~s.pem -days 2 -extfile ext 2>/dev/null", [Key, N, N, N, N])
     || {N, Key} <- [{"server", "rsa:2048"}, {"client", "rsa:2048"}, {"ec", "ec -pkeyopt ec_paramgen_curve:P-256"}]],
    sh("openssl req -x509 -newkey rsa:2048 -nodes -keyout other.key -out other.pem -days 2 -subj /CN=other 2>/dev/null").
