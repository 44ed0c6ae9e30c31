%% Benchmark rows of what leaves the VM: programs, files, native functions, HTTP servers and TLS. A row answers
%% {time, Nanoseconds} where not the whole of the function is what counts.
-module(bench_io).
-export([rows/0]).
-define(LO, {127, 0, 0, 1}).

rows() ->
    [{port_echo, fun() -> port_echo(4000, 16) end},
     {port_echo_large, fun() -> port_echo(300, 60000) end},
     {port_lines, fun() -> port_lines(200000) end},
     {port_spawn, fun() -> port_spawn(150) end},
     {os_cmd, fun() -> [os:cmd("true") || _ <- lists:seq(1, 60)] end},
     {file_write, fun() -> in_file(fun(F) -> file_write(F, 1000, 65536) end) end},
     {file_write_small, fun() -> in_file(fun(F) -> file_write(F, 20000, 40) end) end},
     {file_read, fun() -> in_file(fun(F) -> timed(fun() -> file_read(F, 65536) end) end, 40000000) end},
     {file_pread, fun() -> in_file(fun(F) -> timed(fun() -> file_pread(F, 30000) end) end, 4000000) end},
     {file_whole, fun() -> in_file(fun(F) -> timed(fun() -> [{ok, _} = file:read_file(F) || _ <- lists:seq(1, 2000)] end) end, 10000) end},
     {file_lines, fun() -> in_file(fun(F) -> timed(fun() -> file_lines(F) end) end, 400000) end},
     {file_info, fun() -> [{ok, _} = file:read_file_info("/usr/bin/env") || _ <- lists:seq(1, 5000)] end},
     {file_device, fun() -> in_file(fun(F) -> file_device(F, 5000) end) end},
     {nif_same, fun() -> nif(), nif_same(1000000) end},
     {nif_sum, fun() -> nif(), nif_sum(1000000, 0) end},
     {nif_bytes, fun() -> nif(), nif_bytes(300000, <<"abcdefgh">>) end},
     {crypto_hash, fun() -> B = binary:copy(<<"x">>, 64), [crypto:hash(sha256, B) || _ <- lists:seq(1, 50000)] end},
     {http_httpd, fun() -> wrk(httpd(), "/index.html") end},
     {http_yaws, fun() -> wrk(yaws(), "/index.html") end},
     {http_yaws_dynamic, fun() -> wrk(yaws(), "/page.yaws") end},
     {tls_handshakes, fun() -> tls_handshakes(40, ['tlsv1.3']) end},
     {tls_handshakes_1_2, fun() -> tls_handshakes(40, ['tlsv1.2']) end},
     {tls_bulk, fun() -> tls_bulk(40) end}].

timed(F) ->
    T0 = erlang:monotonic_time(nanosecond),
    F(),
    {time, erlang:monotonic_time(nanosecond) - T0}.

port_echo(N, Size) ->
    P = open_port({spawn_executable, "/bin/cat"}, [{packet, 4}, binary, use_stdio]),
    Data = binary:copy(<<"x">>, Size),
    R = timed(fun() -> port_rounds(P, Data, N) end),
    port_close(P),
    R.
port_rounds(_, _, 0) -> ok;
port_rounds(P, Data, N) ->
    true = port_command(P, Data),
    receive {P, {data, _}} -> port_rounds(P, Data, N - 1) end.

port_lines(N) ->
    P = open_port({spawn, "seq " ++ integer_to_list(N)}, [{line, 100}, binary, exit_status]),
    lines(P).
lines(P) -> receive {P, {data, {eol, _}}} -> lines(P); {P, {exit_status, 0}} -> ok end.

port_spawn(0) -> ok;
port_spawn(N) ->
    P = open_port({spawn_executable, "/bin/true"}, [exit_status]),
    receive {P, {exit_status, 0}} -> port_spawn(N - 1) end.

in_file(F) -> in_file(F, 0).
in_file(F, Size) ->
    Name = "/tmp/bench_io." ++ os:getpid(),
    Line = <<"a line of text in a file, forty bytes.\n">>,
    ok = file:write_file(Name, binary:copy(Line, Size div byte_size(Line))),
    R = F(Name),
    file:delete(Name),
    R.
file_write(Name, N, Size) ->
    {ok, F} = file:open(Name, [write, raw, binary]),
    B = binary:copy(<<"x">>, Size),
    [ok = file:write(F, B) || _ <- lists:seq(1, N)],
    file:close(F).
file_read(Name, Size) ->
    {ok, F} = file:open(Name, [read, raw, binary]),
    read_all(F, Size),
    file:close(F).
read_all(F, Size) -> case file:read(F, Size) of {ok, _} -> read_all(F, Size); eof -> ok end.
file_pread(Name, N) ->
    {ok, F} = file:open(Name, [read, raw, binary]),
    [{ok, _} = file:pread(F, I * 7919 rem 3900000, 100) || I <- lists:seq(1, N)],
    file:close(F).
file_lines(Name) ->
    {ok, F} = file:open(Name, [read, raw, binary, {read_ahead, 65536}]),
    line_all(F),
    file:close(F).
line_all(F) -> case file:read_line(F) of {ok, _} -> line_all(F); eof -> ok end.
%% Through a process of the file server, as files are opened by default.
file_device(Name, N) ->
    {ok, F} = file:open(Name, [read, write, binary]),
    [ok = io:format(F, "~w ~s~n", [I, "text"]) || I <- lists:seq(1, N)],
    {ok, 0} = file:position(F, 0),
    device_lines(F),
    file:close(F).
device_lines(F) -> case io:get_line(F, "") of eof -> ok; _ -> device_lines(F) end.

nif() -> ok = bench_nif:load(os:getenv("BENCH_SOURCE", "tests/bench")).
nif_same(0) -> ok;
nif_same(N) -> N = bench_nif:same(N), nif_same(N - 1).
nif_sum(0, A) -> A;
nif_sum(N, A) -> nif_sum(N - 1, bench_nif:sum(N, A)).
nif_bytes(0, B) -> B;
nif_bytes(N, B) -> {8, B1} = bench_nif:bytes(B), nif_bytes(N - 1, B1).

%% What a thousand requests take when 32 clients of wrk ask as fast as they are answered.
wrk(Port, Path) ->
    Out = os:cmd(lists:flatten(io_lib:format("wrk -t1 -c32 -d2s http://127.0.0.1:~w~s", [Port, Path]))),
    {match, [Text]} = re:run(Out, "Requests/sec: *([0-9.]+)", [{capture, all_but_first, list}]),
    nomatch = re:run(Out, "Non-2xx|Socket errors"),
    {time, round(1.0e12 / list_to_float(Text))}.
once(Key, F) ->
    case persistent_term:get({?MODULE, Key}, none) of
        none -> V = F(), persistent_term:put({?MODULE, Key}, V), V;
        V -> V
    end.
%% Servers belong to a process that stays.
kept(F) ->
    Self = self(),
    {_, Ref} = spawn_monitor(fun() -> Self ! {kept, F()}, receive stop -> ok end end),
    receive {kept, V} -> erlang:demonitor(Ref), V; {'DOWN', Ref, _, _, R} -> exit(R) end.
root() ->
    once(root, fun() ->
        Dir = "/tmp/bench_io.root." ++ os:getpid(),
        ok = filelib:ensure_dir(Dir ++ "/x"),
        ok = file:write_file(Dir ++ "/index.html", binary:copy(<<"<p>hello, world</p>\n">>, 50)),
        ok = file:write_file(Dir ++ "/page.yaws", "<erl>\nout(A) -> [{ehtml, {p, [], io_lib:format(\"~p\", [lists:seq(1, 20)])}}].\n</erl>\n"),
        %% Gone when the VM is.
        open_port({spawn, "sh -c 'cat; rm -rf " ++ Dir ++ "'"}, []),
        Dir
    end).
httpd() ->
    once(httpd, fun() -> kept(fun() ->
        {ok, _} = application:ensure_all_started(inets),
        {ok, H} = inets:start(httpd, [{port, 0}, {bind_address, ?LO}, {server_name, "localhost"}, {server_root, root()}, {document_root, root()},
                                      {directory_index, ["index.html"]}, {socket_type, {ip_comm, [{nodelay, true}]}}, {max_clients, 1000}, {max_keep_alive_request, 1000000000}, {modules, [mod_alias, mod_dir, mod_get]}]),
        [{port, P}] = httpd:info(H, [port]),
        P
    end) end).
yaws() ->
    once(yaws, fun() -> kept(fun() ->
        [code:add_patha(D) || D <- filelib:wildcard("/usr/lib/yaws-*/ebin")],
        {ok, L} = gen_tcp:listen(0, [{ip, ?LO}]),
        {ok, P} = inet:port(L),
        gen_tcp:close(L),
        logger:set_primary_config(level, none),
        ok = yaws:start_embedded(root(), [{port, P}, {listen, ?LO}, {servername, "localhost"}], [{logdir, root()}, {flags, [{auth_log, false}, {copy_errlog, false}]}], "bench"),
        %% The page is compiled once, not by all clients at once.
        [_ | _] = os:cmd("curl -s http://127.0.0.1:" ++ integer_to_list(P) ++ "/page.yaws"),
        P
    end) end).

tls() ->
    once(tls, fun() ->
        {ok, _} = application:ensure_all_started(ssl),
        Key = [{digest, sha256}, {key, {rsa, 2048, 65537}}],
        Chain = #{root => Key, intermediates => [], peer => Key},
        public_key:pkix_test_data(#{server_chain => Chain, client_chain => Chain})
    end).
tls_listen(Versions, F) ->
    #{server_config := Server} = tls(),
    Self = self(),
    Pid = spawn_link(fun() ->
                             {ok, L} = ssl:listen(0, [{versions, Versions}, {active, false}, {nodelay, true}, binary, {ip, ?LO} | Server]),
                             {ok, {_, Port}} = ssl:sockname(L),
                             Self ! {port, Port},
                             F(L)
                     end),
    receive {port, P} -> {Pid, P} end.
tls_connect(Port, Versions) ->
    #{client_config := Client} = tls(),
    {ok, C} = ssl:connect(?LO, Port, [{versions, Versions}, {active, false}, {nodelay, true}, binary, {verify, verify_none} | proplists:delete(verify, Client)] ++ [{reuse_sessions, false} || Versions =:= ['tlsv1.2']]),
    C.
tls_accept(L) ->
    {ok, T} = ssl:transport_accept(L),
    {ok, S} = ssl:handshake(T),
    S.
tls_handshakes(N, Versions) ->
    tls(),
    {Server, Port} = tls_listen(Versions, fun Loop(L) -> S = tls_accept(L), {ok, _} = ssl:recv(S, 1), ssl:close(S), Loop(L) end),
    R = timed(fun() -> [begin C = tls_connect(Port, Versions), ok = ssl:send(C, "x"), {error, closed} = ssl:recv(C, 0), ssl:close(C) end || _ <- lists:seq(1, N)] end),
    unlink(Server),
    exit(Server, kill),
    R.
tls_bulk(Megabytes) ->
    Data = binary:copy(<<"x">>, 1000000),
    {_, Port} = tls_listen(['tlsv1.3'], fun(L) ->
                                                S = tls_accept(L),
                                                [ok = ssl:send(S, Data) || _ <- lists:seq(1, Megabytes)],
                                                {ok, _} = ssl:recv(S, 1),
                                                ssl:close(S)
                                        end),
    C = tls_connect(Port, ['tlsv1.3']),
    R = timed(fun() -> tls_drain(C, Megabytes * 1000000) end),
    ok = ssl:send(C, "x"),
    ssl:close(C),
    R.
tls_drain(_, N) when N =< 0 -> ok;
tls_drain(C, N) -> {ok, D} = ssl:recv(C, 0), tls_drain(C, N - byte_size(D)).
