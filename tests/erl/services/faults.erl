%% What goes wrong outside: peers that reset at any byte, half-open connections, full disks, no descriptors left, children
%% killed, slow readers; and crowds: connections, programs, timers, sockets. Nothing may be left over (see service.erl).
-module(faults).
-export([needs/0, prepare/0, cases/0]).
-import(service, [sh/1, sh/2]).
-define(LO, {127, 0, 0, 1}).

needs() -> ["prlimit", "python3"].
prepare() -> ok.

cases() ->
    [{{reset, B, O, How}, fun() -> resets(B, O, How) end} || B <- [inet, socket], {O, _} <- framings(), How <- [reset, close], not (B =:= socket andalso O =:= http)] ++
    [{{reset_active, O}, fun() -> resets_active(O) end} || {O, _} <- framings()] ++
    [{{reset_while_sending, B}, fun() -> reset_while_sending(B) end} || B <- [inet, socket]] ++
    [{{half_open, B, E}, fun() -> half_open(B, E) end} || B <- [inet, socket], E <- [true, false]] ++
    [{refused, fun() -> P = service:free_port(), [gen_tcp:connect(?LO, P, [{inet_backend, B}], 1000) || B <- [inet, socket]] end},
     {backlog_full, fun backlog_full/0},
     {full_device, fun full_device/0},
     {full_disk, fun full_disk/0},
     {no_descriptors, fun no_descriptors/0},
     {killed_children, fun killed_children/0},
     {slow_program, fun slow_program/0},
     {{slow_reader, inet}, fun() -> slow_reader(inet) end},
     {message_queue_limits, fun message_queue_limits/0},
     {broken_libraries, fun broken_libraries/0},
     {connections, fun connections/0},
     {udp_unreachable, fun udp_unreachable/0},
     {programs, fun programs/0},
     {idle, fun idle/0}].

framings() ->
    [{[{packet, 0}], <<"0123456789">>}, {[{packet, 2}], <<0, 5, "hello", 0, 3, "abc">>}, {[{packet, 4}], <<0, 0, 0, 4, "four", 0, 0, 0, 0>>}, {[{packet, line}], <<"one\ntwo\nthr">>},
     {http, <<"GET / HTTP/1.1\r\nHost: x\r\n\r\nb">>}, {[{packet, asn1}], <<48, 3, 1, 2, 3, 4>>}].
options(http) -> [{packet, http}];
options(O) -> O.
bytes(O) -> {_, B} = lists:keyfind(O, 1, framings()), B.
%% A peer that sends the first N bytes and goes.
peer(Bytes, N, How) ->
    {ok, L} = gen_tcp:listen(0, [{ip, ?LO}, binary, {active, false}]),
    {ok, P} = inet:port(L),
    Me = self(),
    Pid = spawn_link(fun() ->
        {ok, S} = gen_tcp:accept(L, 5000),
        ok = gen_tcp:send(S, binary:part(Bytes, 0, N)),
        receive go -> ok after 5000 -> ok end,
        How =:= reset andalso inet:setopts(S, [{linger, {true, 0}}]),
        gen_tcp:close(S), gen_tcp:close(L), Me ! {gone, self()} end),
    {Pid, P}.
gone(Pid) -> Pid ! go, receive {gone, Pid} -> timer:sleep(5) after 5000 -> no_end end.

resets(Backend, O, How) ->
    B = bytes(O),
    [begin
         {Peer, P} = peer(B, N, How),
         {ok, S} = gen_tcp:connect(?LO, P, [{inet_backend, Backend}, binary, {active, false} | options(O)]),
         First = [gen_tcp:recv(S, 0, 20)],
         gone(Peer),
         R = First ++ [gen_tcp:recv(S, 0, 500) || _ <- [1, 2, 3]] ++ [element(1, send_twice(S))],
         gen_tcp:close(S),
         {N, R}
     end || N <- lists:seq(0, byte_size(B), case byte_size(B) > 15 of true -> 4; _ -> 1 end)].
send_twice(S) -> gen_tcp:send(S, "x"), timer:sleep(5), case gen_tcp:send(S, "y") of ok -> {ok}; E -> E end.
resets_active(O) ->
    B = bytes(O),
    [begin
         {Peer, P} = peer(B, N, How),
         {ok, S} = gen_tcp:connect(?LO, P, [binary, {active, true}, {show_econnreset, Show} | options(O)]),
         timer:sleep(10),
         gone(Peer),
         timer:sleep(10),
         {N, How, Show, [setelement(2, M, s) || M <- messages()], inet:getopts(S, [active])}
     end || N <- [0, 1, 3, byte_size(B)], How <- [reset, close], Show <- [true, false]].
messages() -> receive M -> [M | messages()] after 30 -> [] end.

reset_while_sending(Backend) ->
    {Peer, P} = peer(<<>>, 0, reset),
    {ok, S} = gen_tcp:connect(?LO, P, [{inet_backend, Backend}, binary, {active, false}, {sndbuf, 20000}]),
    spawn(fun() -> timer:sleep(100), gone(Peer) end),
    R = send_until(S, binary:copy(<<"x">>, 100000), 1000),
    {R, gen_tcp:send(S, "x"), gen_tcp:recv(S, 0, 100), gen_tcp:close(S)}.
send_until(_, _, 0) -> never;
send_until(S, B, N) -> case gen_tcp:send(S, B) of ok -> send_until(S, B, N - 1); E -> E end.

half_open(Backend, ExitOnClose) ->
    {ok, L} = gen_tcp:listen(0, [{ip, ?LO}, binary, {active, false}]),
    {ok, P} = inet:port(L),
    {ok, C} = gen_tcp:connect(?LO, P, [{inet_backend, Backend}, binary, {active, false}, {exit_on_close, ExitOnClose}]),
    {ok, S} = gen_tcp:accept(L),
    ok = gen_tcp:shutdown(S, write),
    R1 = gen_tcp:recv(C, 0, 500),
    R2 = gen_tcp:send(C, "still"),
    R3 = gen_tcp:recv(S, 0, 200),
    R4 = gen_tcp:shutdown(C, write),
    R5 = [gen_tcp:recv(S, 0, 200), gen_tcp:send(S, "no"), gen_tcp:send(C, "no")],
    [gen_tcp:close(X) || X <- [C, S, L]],
    {R1, R2, R3, R4, R5}.

backlog_full() ->
    {ok, L} = gen_tcp:listen(0, [{ip, ?LO}, {backlog, 1}, {active, false}]),
    {ok, P} = inet:port(L),
    R = [case gen_tcp:connect(?LO, P, [], 300) of {ok, _} -> ok; E -> E end || _ <- lists:seq(1, 5)],
    gen_tcp:close(L),
    R.

full_device() ->
    {ok, F} = file:open("/dev/full", [write, raw]),
    {ok, D} = file:open("/dev/full", [write, raw, delayed_write]),
    {ok, I} = file:open("/dev/full", [write]),
    R = [file:write(F, "x"), file:pwrite(F, 0, "x"), file:write(D, "x"), file:close(D), file:write(I, "x"), file:close(I), catch io:format(I, "x", []), file:write_file("/dev/full", "x"), file:copy("/etc/passwd", "/dev/full")],
    file:close(F),
    R.

full_disk() ->
    Dir = filename:absname("small"),
    ok = filelib:ensure_dir(Dir ++ "/x"),
    case service:is_root() andalso sh("mount -t tmpfs -o size=256k,nr_inodes=40 none ~s && echo ok", [Dir]) of
        "ok" ->
            try
                Big = binary:copy(<<"x">>, 100000),
                F = fun(N) -> Dir ++ "/" ++ N end,
                R1 = [file:write_file(F(integer_to_list(I)), Big) || I <- lists:seq(1, 5)],
                Sizes = [filelib:file_size(F(integer_to_list(I))) || I <- lists:seq(1, 5)],
                [file:delete(F(integer_to_list(I))) || I <- [2, 3, 4, 5]],
                {ok, A} = file:open(F("a"), [raw, write]),
                R2 = [file:write(A, binary:copy(<<"y">>, 70000)) || _ <- lists:seq(1, 4)] ++ [file:position(A, cur), file:sync(A), file:allocate(A, 0, 1000000), file:close(A)],
                file:delete(F("a")),
                {ok, D} = file:open(F("d"), [raw, write, {delayed_write, 1000, 10}]),
                R3 = [file:write(D, binary:copy(<<"z">>, 900)) || _ <- lists:seq(1, 300)],
                R4 = {length([x || {error, enospc} <- R3]) > 0, file:close(D)},
                file:delete(F("d")),
                {ok, T} = dets:open_file(t, [{file, F("dets")}]),
                R5 = [catch dets:insert(T, [{I, Big}]) || I <- [1, 2, 3]] ++ [catch dets:sync(T), catch dets:close(T)],
                file:delete(F("dets")),
                {ok, Log} = disk_log:open([{name, l}, {file, F("log")}]),
                R6 = [disk_log:log(Log, Big) || _ <- [1, 2, 3, 4]] ++ [disk_log:close(Log)],
                file:delete(F("log")),
                R7 = [file:make_dir(F("dir" ++ integer_to_list(I))) || I <- lists:seq(1, 45)],
                R8 = [file:make_symlink("x", F("link")), file:write_file(F("new"), ""), file:rename(F("1"), F("renamed"))],
                %% A program's output goes there.
                R9 = sh("cd ~s; rmdir dir*; head -c 300000 /dev/zero >program 2>&1; echo $?", [Dir]),
                {R1, Sizes, R2, R4, R5, R6, R7, R8, R9}
            after sh("umount ~s", [Dir]) end;
        _ -> needs_root
    end.

fds() -> {ok, L} = file:list_dir("/proc/self/fd"), length(L).
limit(N) -> sh("prlimit --pid ~s --nofile=~w:", [os:getpid(), N]).
no_descriptors() ->
    {ok, L} = gen_tcp:listen(0, [{ip, ?LO}, {active, false}]),
    {ok, P} = inet:port(L),
    {ok, Waiting} = gen_tcp:connect(?LO, P, []),
    code:ensure_loaded(socket), code:ensure_loaded(prim_socket), code:ensure_loaded(gen_tcp_socket), code:ensure_loaded(gen_udp),
    socket:info(),
    Old = sh("prlimit --pid ~s --nofile --noheadings --output=SOFT", [os:getpid()]),
    Before = fds(),
    limit(Before + 12),
    {R, Files} = lists:mapfoldl(fun(Probe, Open) -> without_room(Probe, Open, 3) end, [], [
         fun() -> file:open("/etc/passwd", [read, raw]) end, fun() -> file:open("/etc/passwd", [read]) end, fun() -> file:read_file("/etc/passwd") end, fun() -> file:list_dir("/etc") end,
         fun() -> file:write_file("new", "x") end, fun() -> file:copy("/etc/passwd", "copy") end,
         fun() -> gen_tcp:listen(0, []) end, fun() -> gen_tcp:connect(?LO, P, [], 500) end, fun() -> gen_udp:open(0) end, fun() -> gen_tcp:accept(L, 200) end,
         fun() -> socket:open(inet, stream) end, fun() -> gen_tcp:listen(0, [{inet_backend, socket}]) end,
         fun() -> catch open_port({spawn, "true"}, []) end, fun() -> catch open_port({spawn_executable, "/bin/true"}, []) end,
         fun() -> case catch os:cmd("true") of {'EXIT', _} -> {no_program}; _ -> {ok} end end, fun() -> {prim_file:read_file_info("/etc/passwd") =/= error} end, fun() -> {file:make_dir("made")} end, fun() -> {zlib:gunzip(zlib:gzip("x"))} end]),
    [file:close(F) || F <- Files],
    %% There is room again.
    Accepted = case gen_tcp:accept(L, 1000) of {ok, S} -> gen_tcp:close(S), ok; E -> E end,
    After = [element(1, file:open("/etc/passwd", [read])), os:cmd("echo again"), element(1, gen_tcp:connect(?LO, P, []))],
    limit(list_to_integer(Old)),
    [gen_tcp:close(X) || X <- [L, Waiting]],
    {R, Accepted, After}.
%% What the VM itself has open for a moment (a program that is being reaped, compiled code on its way to the disk) may be
%% closed after all the rest has been taken: what finds room takes that too and is asked again, a few times at most.
without_room(Probe, Open, Again) ->
    Full = fill(Open),
    case Probe() of
        Found when Again > 0, (is_port(Found) orelse element(1, Found) =:= ok) -> without_room(Probe, Full, Again - 1);
        Answer -> {Answer, Full}
    end.
fill(Acc) -> case file:open("/etc/passwd", [read, raw]) of {ok, F} -> fill([F | Acc]); {error, emfile} -> Acc end.

killed_children() ->
    Kill = fun(Signal, Options) ->
        P = open_port({spawn_executable, "/bin/sleep"}, [{args, ["100"]}, exit_status | Options]),
        {os_pid, Pid} = erlang:port_info(P, os_pid),
        sh("kill -~s ~w", [Signal, Pid]),
        M = receive {P, X} -> X after 3000 -> none end,
        {Signal, M, catch port_close(P), filelib:is_dir("/proc/" ++ integer_to_list(Pid))}
    end,
    process_flag(trap_exit, true),
    Writes = begin
        P = open_port({spawn_executable, "/bin/sleep"}, [{args, ["100"]}, binary]),
        {os_pid, Pid} = erlang:port_info(P, os_pid),
        sh("kill -9 ~w", [Pid]),
        timer:sleep(50),
        [receive {'EXIT', P, R} -> R after 1000 -> none end, catch port_command(P, "x")]
    end,
    {[Kill(S, []) || S <- ["KILL", "TERM", "SEGV", "HUP"]], Writes}.

%% A program that does not read: its port is busy.
slow_program() ->
    P = open_port({spawn_executable, "/bin/sleep"}, [{args, ["100"]}, binary]),
    {os_pid, Pid} = erlang:port_info(P, os_pid),
    Big = binary:copy(<<"x">>, 1000000),
    R1 = port_command(P, Big, [nosuspend]),
    R2 = [port_command(P, "y", [nosuspend]), catch port_command(P, "y", [nosuspend, force]), erlang:send(P, {self(), {command, "z"}}, [nosuspend])],
    Sender = spawn(fun() -> port_command(P, "blocked"), exit(went_on) end),
    Ref = monitor(process, Sender),
    R3 = receive {'DOWN', Ref, _, _, X} -> X after 100 -> still_there end,
    {queue_size, Q} = erlang:port_info(P, queue_size),
    sh("kill ~w", [Pid]),
    R4 = receive {'DOWN', Ref, _, _, Y} -> case Y of {badarg, _} -> badarg; _ -> Y end after 1000 -> still_there end,
    {R1, R2, R3, Q > 900000, R4}.

slow_reader(Backend) ->
    {ok, L} = gen_tcp:listen(0, [{ip, ?LO}, binary, {active, false}, {recbuf, 4096}]),
    {ok, P} = inet:port(L),
    {ok, C} = gen_tcp:connect(?LO, P, [{inet_backend, Backend}, binary, {active, false}, {sndbuf, 4096}, {high_watermark, 10000}, {low_watermark, 5000}, {send_timeout, 200}]),
    {ok, S} = gen_tcp:accept(L),
    Data = binary:copy(<<"0123456789">>, 100000),
    R1 = [gen_tcp:send(C, Data), gen_tcp:send(C, Data)],
    R2 = case C of _ when is_port(C) -> [port_command(C, "x", [nosuspend])]; _ -> [] end,
    {ok, [{send_pend, Pending}]} = inet:getstat(C, [send_pend]),
    Read = read_all(S, 0, 2000000),
    gen_tcp:close(C), gen_tcp:close(S), gen_tcp:close(L),
    {R1, R2, Pending > 10000, Read}.
read_all(S, N, Max) when N < Max -> case gen_tcp:recv(S, 0, 500) of {ok, B} -> read_all(S, N + byte_size(B), Max); E -> {N, E} end;
read_all(_, N, _) -> N.

%% Data that waits for the port to be run counts too.
message_queue_limits() ->
    {ok, L} = gen_tcp:listen(0, [{ip, ?LO}, binary, {active, false}]),
    {ok, P} = inet:port(L),
    {ok, C} = gen_tcp:connect(?LO, P, [binary, {active, false}, {high_msgq_watermark, 2000}, {low_msgq_watermark, 1000}]),
    {ok, S} = gen_tcp:accept(L),
    Got = inet:getopts(C, [high_msgq_watermark, low_msgq_watermark]),
    Data = binary:copy(<<"x">>, 1000),
    Workers = [spawn_monitor(fun() -> [ok = gen_tcp:send(C, Data) || _ <- lists:seq(1, 50)] end) || _ <- lists:seq(1, 40)],
    Read = read_all(S, 0, 40 * 50 * 1000),
    Ends = lists:usort([receive {'DOWN', M, _, _, R} -> R after 5000 -> none end || {_, M} <- Workers]),
    Limits = [try P1 = open_port({spawn, "cat"}, [{busy_limits_msgq, X}]), port_close(P1) catch _:E -> E end || X <- [{10, 20}, disabled, {20, 10}, {-1, 5}, x]],
    {Got, Read, Ends, Limits}.

broken_libraries() ->
    Try = fun(Name, Bytes) -> ok = file:write_file(Name ++ ".so", Bytes), {erlang:load_nif(filename:absname(Name), 0), erl_ddll:load_driver(".", Name)} end,

    R = [{element(1, element(1, X)), element(1, element(2, X))} || X <- [Try("text", "not a library"), Try("empty", ""), Try("header", [<<127, "ELF", 2, 1, 1, 0>>, binary:copy(<<0>>, 100)])]],
    {R, [element(1, erlang:load_nif(X, 0)) || X <- ["/none/such", "", "/etc/passwd"]], [element(1, erl_ddll:load_driver("/none", "such"))]}.

%% 100,000 in rounds of 100.
connections() ->
    {ok, L} = gen_tcp:listen(0, [{ip, ?LO}, binary, {active, false}, {backlog, 200}, {reuseaddr, true}]),
    {ok, P} = inet:port(L),
    round_of(L, P, 20),
    Before = resources(),
    Memory = resident(),
    [round_of(L, P, I) || I <- lists:seq(1, service:setting("ROUNDS", 1000))],
    erlang:garbage_collect(),
    After = settled(Before, 20),
    gen_tcp:close(L),
    {After, resident() - Memory < 1000 * service:setting("PEAK_KB", 20000)}.
round_of(L, P, I) ->
    Cs = [begin {ok, C} = gen_tcp:connect(?LO, P, [binary, {active, false}, {linger, {true, 0}}]), C end || _ <- lists:seq(1, 100)],
    Ss = [begin {ok, S} = gen_tcp:accept(L), S end || _ <- Cs],
    %% Ended by one side, the other, or their owner.
    case I rem 3 of
        0 -> [gen_tcp:close(C) || C <- Cs], [gen_tcp:close(S) || S <- Ss];
        1 -> [gen_tcp:send(S, "x") || S <- Ss], [gen_tcp:close(C) || C <- Cs], [gen_tcp:close(S) || S <- Ss];
        2 -> {Pid, M} = spawn_monitor(fun() -> receive go -> ok end end), [ok = gen_tcp:controlling_process(X, Pid) || X <- Cs ++ Ss], Pid ! go, receive {'DOWN', M, _, _, _} -> ok end,
             wait_closed(Cs ++ Ss)
    end.
wait_closed(L) -> [W || W <- L, erlang:port_info(W) =/= undefined] =:= [] orelse begin timer:sleep(1), wait_closed(L) end.
resident() -> {ok, B} = file:read_file("/proc/self/statm"), list_to_integer(binary_to_list(lists:nth(2, binary:split(B, <<" ">>, [global])))) * 4096.

udp_unreachable() ->
    {ok, U} = gen_udp:open(0, [{ip, ?LO}, {active, false}]),
    ok = gen_udp:connect(U, ?LO, service:free_port()),
    R = [gen_udp:send(U, "x"), gen_udp:recv(U, 0, 200), gen_udp:send(U, "x"), gen_udp:recv(U, 0, 200)],
    gen_udp:close(U),
    R.

%% Two thousand programs in rounds; some end, some are ended, some are left to their owner's end.
programs() ->
    Before = resources(),
    [begin
         {_, M} = spawn_monitor(fun() ->
             Ps = [open_port({spawn_executable, "/bin/cat"}, [exit_status]) || _ <- lists:seq(1, 50)],
             Ts = [open_port({spawn_executable, "/bin/true"}, [exit_status]) || _ <- lists:seq(1, 50)],
             [receive {T, {exit_status, 0}} -> ok end || T <- Ts],
             [port_close(P) || P <- lists:sublist(Ps, 25)] end),
         receive {'DOWN', M, _, _, normal} -> ok end
     end || _ <- lists:seq(1, 20)],
    settled(Before, 20).
%% Descriptors, ports, programs; when they have come to rest, for descriptors may be closed a little after their port.
resources() -> timer:sleep(200), C = children(), timer:sleep(200), {fds(), length(erlang:ports()), C}.
settled(Before, N) ->
    case resources() of
        Before -> alike;
        After when N =:= 0 -> {Before, After};
        _ -> settled(Before, N - 1)
    end.
%% Programs below this VM (but for the helper that starts them), zombies too.
children() ->
    list_to_integer(sh("ps -e -o pid=,ppid=,args= | awk -v vm=~s '{ parent[$1] = $2; what[$1] = $0 } END { for (p in parent) "
                       "if ((parent[p] == vm || parent[parent[p]] == vm) && what[p] ~~ /bin\\/(cat|true)|defunct/) n++; print n + 0 }'", [os:getpid()])).

%% A million timers and ten thousand sockets cost nothing while nothing happens, and delay nobody.
idle() ->
    {ok, L} = gen_tcp:listen(0, [{ip, ?LO}, binary, {active, false}, {backlog, 500}]),
    {ok, P} = inet:port(L),
    Pairs = [begin {ok, C} = gen_tcp:connect(?LO, P, [binary, {active, true}]), {ok, S} = gen_tcp:accept(L), inet:setopts(S, [{active, true}]), {C, S} end || _ <- lists:seq(1, 5000)],
    [erlang:send_after(1000000 + I, self(), x) || I <- lists:seq(1, 1000000)],
    Readers = [spawn(fun() -> catch gen_tcp:accept(L) end) || _ <- lists:seq(1, 50)],
    erlang:garbage_collect(),
    timer:sleep(500),
    nothing_to_compile(60),
    T0 = cpu(),
    timer:sleep(2000),
    Idle = cpu() - T0,
    %% One pair of them talks, and a process ticks.
    {C, S} = lists:nth(2500, Pairs),
    Start = erlang:monotonic_time(millisecond),
    [begin ok = gen_tcp:send(C, "ping"), receive {tcp, S, _} -> ok end, ok = gen_tcp:send(S, "pong"), receive {tcp, C, _} -> ok end end || _ <- lists:seq(1, 1000)],
    Took = erlang:monotonic_time(millisecond) - Start,
    [exit(R, kill) || R <- Readers],
    [begin gen_tcp:close(A), gen_tcp:close(B) end || {A, B} <- Pairs],
    {length(Pairs), small(Idle, service:setting("IDLE_CPU", 20)), small(Took, 75 * service:setting("CASE_SECONDS", 40))}.
%% What was hot until now may still be compiled, on a busy machine for long.
nothing_to_compile(0) -> ok;
nothing_to_compile(N) ->
    case catch joist:jit_info() of
        #{queue := Q} when Q > 0 -> timer:sleep(500), nothing_to_compile(N - 1);
        _ -> timer:sleep(500)
    end.
small(X, Max) when X < Max -> small;
small(X, _) -> X.
%% Hundredths of seconds that this VM has used.
cpu() ->
    {ok, B} = file:read_file("/proc/self/stat"),
    [_, Rest] = binary:split(B, <<") ">>),
    F = binary:split(Rest, <<" ">>, [global]),
    binary_to_integer(lists:nth(12, F)) + binary_to_integer(lists:nth(13, F)).
