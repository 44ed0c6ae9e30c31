%% A mix of I/O, some of it slow: FIFOs that nobody writes to for a while, files that are synced, sockets with slow readers,
%% programs, look-ups, timers. Prints done.
-module(io_mix).
-export([main/0]).

main() ->
    Dir = string:trim(os:cmd("mktemp -d")),
    Me = self(),
    Fifos = [filename:join(Dir, "f" ++ integer_to_list(I)) || I <- lists:seq(1, 3)],
    os:cmd(lists:flatten(["mkfifo", [[" ", X] || X <- Fifos]])),
    Late = [spawn_link(fun() -> {ok, F} = file:open(X, [raw, read, binary]), R = file:read(F, 5), Me ! {self(), R} end) || X <- Fifos],
    Jobs = [spawn_link(fun() -> J(), Me ! {self(), done} end) || J <- [fun() -> files(Dir) end, fun sockets/0, fun slow_reader/0, fun programs/0, fun lookups/0, fun timers/0]],
    [receive {P, done} -> ok end || P <- Jobs],
    [begin {ok, W} = file:open(X, [read, write, raw]), ok = file:write(W, "hello"), file:close(W) end || X <- Fifos],
    [receive {P, {ok, <<"hello">>}} -> ok end || P <- Late],
    file:del_dir_r(Dir),
    io:format("done~n"),
    halt().
files(Dir) ->
    N = filename:join(Dir, "file"),
    B = binary:copy(<<"x">>, 100000),
    [begin ok = file:write_file(N, B), {ok, B} = file:read_file(N), {ok, _} = file:read_file_info(N), {ok, _} = file:list_dir(Dir) end || _ <- lists:seq(1, 30)],
    {ok, F} = file:open(N, [write, raw]), [begin ok = file:write(F, B), ok = file:sync(F) end || _ <- lists:seq(1, 5)], file:close(F).
pair() ->
    {ok, L} = gen_tcp:listen(0, [binary, {active, false}, {ip, {127,0,0,1}}]), {ok, P} = inet:port(L),
    {ok, C} = gen_tcp:connect({127,0,0,1}, P, [binary, {active, false}]), {ok, S} = gen_tcp:accept(L), gen_tcp:close(L), {C, S}.
sockets() -> {C, S} = pair(), [begin ok = gen_tcp:send(C, <<"ping">>), {ok, <<"ping">>} = gen_tcp:recv(S, 4) end || _ <- lists:seq(1, 300)].
slow_reader() ->
    {C, S} = pair(), B = binary:copy(<<"y">>, 1000000),
    Me = self(),
    spawn_link(fun() -> [ok = gen_tcp:send(C, B) || _ <- lists:seq(1, 10)], Me ! sent end),
    [begin timer:sleep(10), {ok, _} = gen_tcp:recv(S, 500000) end || _ <- lists:seq(1, 20)], receive sent -> ok end.
programs() -> [begin "x\n" = os:cmd("sleep 0.03; echo x") end || _ <- lists:seq(1, 10)].
lookups() -> [inet:gethostbyname("localhost") || _ <- lists:seq(1, 10)].
timers() -> [timer:sleep(7) || _ <- lists:seq(1, 40)].
