%% snmp, tftp, ftp, ssh's client against sshd, the resolver against a name server, os_mon (see service.erl).
-module(network).
-export([needs/0, prepare/0, cases/0]).
-import(service, [sh/1, sh/2, free_port/0]).
-define(LO, {127, 0, 0, 1}).

needs() -> ["snmpget", "snmpwalk", "snmpset", "/usr/bin/tftp", "vsftpd", "sshd", "ssh-keygen"].
prepare() ->
    os:putenv("SNMP_PERSISTENT_DIR", filename:absname(".")), % what net-snmp would keep elsewhere
    ok = application:ensure_started(ftp),
    ok = application:ensure_started(tftp).
cases() -> snmp() ++ tftp() ++ [{ftp, fun ftp/0}, {ssh_client, fun ssh_client/0}] ++ dns() ++ os_mon().

%% --- an agent of application snmp
snmp() ->
    [{snmp_agent, fun() ->
        Port = udp_port(),
        [ok = filelib:ensure_dir(D ++ "/x") || D <- ["agent/conf", "agent/db"]],
        Conf = fun(File, Terms) -> ok = file:write_file("agent/conf/" ++ File, [io_lib:format("~p.~n", [T]) || T <- Terms]) end,
        Conf("agent.conf", [{intAgentUDPPort, Port}, {intAgentIpAddress, [127, 0, 0, 1]}, {snmpEngineMaxMessageSize, 1400}, {snmpEngineID, "services"}]),
        Conf("context.conf", [""]),
        Conf("standard.conf", [{sysName, "a name"}, {sysDescr, "an agent"}, {sysContact, "somebody"}, {sysLocation, "here"}, {sysServices, 72}, {snmpEnableAuthenTraps, disabled}, {sysObjectID, [1, 2, 3]}]),
        Conf("community.conf", [{"public", "public", "initial", "", ""}, {"private", "private", "all", "", ""}]),
        Conf("vacm.conf", [{vacmSecurityToGroup, M, U, G} || {U, G} <- [{"initial", "initial"}, {"all", "all"}, {"joe", "all"}], M <- [v1, v2c, usm]] ++
             [{vacmAccess, "initial", "", any, noAuthNoPriv, exact, "restricted", "", ""}, {vacmAccess, "all", "", any, noAuthNoPriv, exact, "internet", "internet", "internet"},
              {vacmViewTreeFamily, "internet", [1, 3, 6, 1], included, null}, {vacmViewTreeFamily, "restricted", [1, 3, 6, 1, 2, 1, 1], included, null}]),
        Key = fun(Hash, P) -> snmp:passwd2localized_key(Hash, P, "services") end,
        Conf("usm.conf", [{"services", "joe", "joe", zeroDotZero, usmHMACSHAAuthProtocol, "", "", usmAesCfb128Protocol, "", "", "",
                           Key(sha, "password1"), lists:sublist(Key(sha, "password2"), 16)}]),
        [Conf(F, []) || F <- ["notify.conf", "target_addr.conf", "target_params.conf"]],
        application:load(snmp),
        application:set_env(snmp, agent, [{versions, [v1, v2, v3]}, {config, [{dir, "agent/conf"}, {force_load, true}]}, {db_dir, "agent/db"}, {agent_verbosity, silence}]),
        {ok, _} = application:ensure_all_started(snmp),
        A = lists:flatten(io_lib:format("-On -r 1 -t 3 127.0.0.1:~w", [Port])),
        V3 = fun(P1) -> "-v3 -u joe -l authPriv -a SHA -A " ++ P1 ++ " -x AES -X password2 " end,
        R = [sh("snmpget ~s~s ~s 2>&1 | sed -e s/:~w// -e /^Created/d", [V, A, Oid, Port]) || V <- ["-v1 -c public ", "-v2c -c public ", "-v2c -c nobody ", V3("password1"), V3("wrongpassword")], Oid <- [".1.3.6.1.2.1.1.5.0 .1.3.6.1.2.1.1.1.0"]]
            ++ [sh("snmpget -v2c -c public ~s .1.3.6.1.2.1.1.99.0 .1.3.6.1.2.1.11.1.0 2>&1 | sed /^Created/d", [A]),
                sh("snmpget -v1 -c public ~s .1.3.6.1.2.1.1.99.0 2>&1", [A]),
                sh("snmpgetnext -v2c -c public ~s .1.3.6.1.2.1.1.4 2>&1", [A]),
                sh("snmpwalk -v2c -c public ~s .1.3.6.1.2.1.1 2>&1 | grep -v -i timeticks", [A]),
                sh("snmpbulkwalk -v2c -c private ~s .1.3.6.1.6.3.16 2>&1 | cksum", [A]),
                sh("snmpset -v2c -c public ~s .1.3.6.1.2.1.1.6.0 s there 2>&1", [A]),
                sh("snmpset -v2c -c private ~s .1.3.6.1.2.1.1.6.0 s there 2>&1", [A]),
                sh("snmpset ~s~s .1.3.6.1.2.1.1.4.0 s me 2>&1", [V3("password1"), A]),
                sh("snmpget -v1 -c private ~s .1.3.6.1.2.1.1.6.0 .1.3.6.1.2.1.1.4.0 2>&1", [A])],
        application:stop(snmp),
        R end}].
udp_port() -> {ok, S} = gen_udp:open(0, [{ip, ?LO}]), {ok, P} = inet:port(S), gen_udp:close(S), P.

%% --- tftp
tftp() ->
    [{tftp, fun() ->
        ok = filelib:ensure_dir("tftp/x"),
        Big = binary:copy(<<"0123456789abcdef">>, 20000),
        ok = file:write_file("tftp/big", Big),
        ok = file:write_file("tftp/exact", binary:part(Big, 0, 1024)),
        ok = file:write_file("tftp/empty", ""),
        {ok, Pid} = tftp:start([{port, 0}, {udp, [{ip, ?LO}]}, {callback, {"", tftp_file, [{root_dir, filename:absname("tftp")}]}}]),
        {ok, Info} = tftp:info(Pid),
        Port = proplists:get_value(port, Info),
        Get = [sh("cd /tmp; tftp -m binary 127.0.0.1 ~w -c get ~s ~s 2>&1; cksum <~s", [Port, F, filename:absname("got"), filename:absname("got")]) || F <- ["big", "exact", "empty", "none"]],
        Put = [sh("tftp -m binary 127.0.0.1 ~w -c put tftp/big up 2>&1", [Port]), file:read_file("tftp/up") =:= {ok, Big}],
        Options = [{host, "127.0.0.1"}, {port, Port}],
        Own = [case tftp:read_file(F, binary, O ++ Options) of {ok, B} -> byte_size(B); {error, E} -> {error, E} end
               || F <- ["big", "exact", "empty", "none"], O <- [[], [{"blksize", "1428"}], [{"blksize", "8"}, {"tsize", "0"}], [{use_tsize, true}]], not (F =:= "big" andalso O =:= [{"blksize", "8"}, {"tsize", "0"}])],
        Written = [tftp:write_file("own", <<"own bytes">>, Options), file:read_file("tftp/own")],
        exit(Pid, kill),
        {Get, Put, Own, Written} end}].

%% --- vsftpd as the peer of application ftp
ftp() ->
    case service:is_root() of
        false -> needs_root;
        true ->
            Port = free_port(),
            [ok = filelib:ensure_dir(D ++ "/x") || D <- ["ftp/up", "empty"]],
            Root = filename:absname("ftp"),
            sh("chmod 755 . ftp; chmod 777 ftp/up; mkdir -p /var/run/vsftpd/empty"),
            ok = file:write_file("ftp/file", binary:copy(<<"0123456789">>, 100000)),
            ok = file:write_file("ftp/text", "one\ntwo\n"),
            ok = file:write_file("vsftpd.conf",
                                 ["listen=YES\nlisten_address=127.0.0.1\nlisten_port=", integer_to_list(Port), "\nbackground=NO\nanonymous_enable=YES\nlocal_enable=NO\nwrite_enable=YES\n"
                                  "anon_root=", Root, "\nanon_upload_enable=YES\nanon_mkdir_write_enable=YES\nanon_other_write_enable=YES\nanon_umask=022\nno_anon_password=NO\n"
                                  "seccomp_sandbox=NO\nxferlog_enable=NO\n"]),
            service:with_program("vsftpd " ++ filename:absname("vsftpd.conf"), Port, fun() -> [ftp(Port, Mode) || Mode <- [passive, active]] end)
    end.
ftp(Port, Mode) ->
    {ok, P} = ftp:open("127.0.0.1", [{port, Port}, {mode, Mode}]),
    %% The end of a transfer is told on one connection and its bytes come on another: where the end comes first, the client
    %% answers ok now and the bytes to the next request. What is fetched has a session of its own, and a few tries.
    T = fun(Result) -> timer:sleep(100), Result end,
    Get = fun(Type, F) -> tries(fun(N) -> case fetched(Port, Mode, Type, F) of ok when N > 0 -> again; A -> A end end, 10) end,
    R = [ftp:pwd(P), ftp:user(P, "anonymous", "joe@example.org"), ftp:pwd(P), ftp:type(P, binary)] ++
        [case Get(binary, fun(Q) -> ftp:recv_bin(Q, "file") end) of {ok, B} -> {byte_size(B), erlang:crc32(B)}; E -> E end, T(ftp:recv_bin(P, "none")),
         ftp:cd(P, "up"), T(ftp:send_bin(P, <<"bytes">>, "sent")), ftp:rename(P, "sent", "moved"), Get(binary, fun(Q) -> ftp:recv_bin(Q, "up/moved") end),
         T(ftp:append_bin(P, <<" more">>, "moved")), Get(binary, fun(Q) -> ftp:recv_bin(Q, "up/moved") end), ftp:mkdir(P, "dir"), Get(binary, fun(Q) -> ftp:nlist(Q, "up") end), ftp:delete(P, "moved"), ftp:rmdir(P, "dir"), Get(binary, fun(Q) -> ftp:nlist(Q, "up") end),
         ftp:cd(P, ".."), Get(binary, fun(Q) -> ok = ftp:recv_chunk_start(Q, "file"), case chunks(Q, 0) of N when is_integer(N) -> {chunks, N}; _ -> ok end end),
         Get(binary, fun(Q) -> case [ftp:send_chunk_start(Q, "up/pieces"), ftp:send_chunk(Q, <<"a">>), ftp:send_chunk(Q, <<"b">>), T(ftp:send_chunk_end(Q))] of
                                   [ok, ok, ok, ok] = Sent -> Sent; _ -> ok end end),
         Get(binary, fun(Q) -> ftp:recv_bin(Q, "up/pieces") end), ftp:delete(P, "up/pieces"),
         ftp:type(P, ascii), Get(ascii, fun(Q) -> ftp:recv_bin(Q, "text") end), ftp:quote(P, "NOOP"), ftp:cd(P, "nowhere")],
    ftp:close(P),
    R.
fetched(Port, Mode, Type, F) ->
    {ok, P} = ftp:open("127.0.0.1", [{port, Port}, {mode, Mode}]),
    ok = ftp:user(P, "anonymous", "joe@example.org"),
    ok = ftp:type(P, Type),
    R = F(P),
    ftp:close(P),
    R.
tries(F, N) -> case F(N) of again -> tries(F, N - 1); R -> R end.
chunks(P, N) -> case ftp:recv_chunk(P) of ok -> N; {ok, B} -> chunks(P, N + byte_size(B)); E -> E end.

%% --- Erlang's client and OpenSSH's daemon
ssh_client() ->
    {ok, _} = application:ensure_all_started(ssh),
    Port = free_port(),
    [ok = filelib:ensure_dir(D ++ "/x") || D <- ["ssh", "files"]],
    [sh("ssh-keygen -q -t ~s -N '' -f ssh/~s", [T, F]) || {T, F} <- [{"ed25519", "host"}, {"ed25519", "id_ed25519"}, {"rsa -b 2048", "id_rsa"}, {"ecdsa", "id_ecdsa"}]],
    sh("cat ssh/id_*.pub > ssh/authorized; chmod 600 ssh/*; mkdir -p /run/sshd"),
    User = sh("id -un"),
    Dir = filename:absname("ssh"),
    ok = file:write_file("ssh/config", ["Port ", integer_to_list(Port), "\nListenAddress 127.0.0.1\nHostKey ", Dir, "/host\nAuthorizedKeysFile ", Dir, "/authorized\nStrictModes no\nUsePAM no\nPermitRootLogin yes\n"
                                        "MaxStartups 100\nPasswordAuthentication no\nPidFile none\nSubsystem sftp internal-sftp\nAcceptEnv MINE\n"]),
    Server = lists:flatten(io_lib:format("~s -D -e -f ~s/config", [os:find_executable("sshd", "/usr/sbin"), Dir])),
    service:with_program(Server, Port, fun() ->
        Options = [{user, User}, {user_dir, "ssh"}, {silently_accept_hosts, true}, {user_interaction, false}, {save_accepted_host, false}],
        Try = fun(More, T) -> case ssh:connect(?LO, Port, More ++ Options, 5000) of
                                  {error, closed} when T > 0 -> timer:sleep(300), again; % the daemon is busy with those before
                                  R -> R
                              end end,
        Connect = fun(More) -> tries(fun(T) -> Try(More, T) end, 5) end,
        Denied = begin ok = filelib:ensure_dir("nokeys/x"), element(1, ssh:connect(?LO, Port, [{user_dir, "nokeys"} | lists:keydelete(user_dir, 1, Options)], 5000)) end,
        Algorithms = [begin R = case Connect(O) of {ok, C} -> X = exec(C, "echo hello"), ssh:close(C), X; E -> element(1, E) end, {O, R} end
                      || O <- [[{preferred_algorithms, [{kex, [K]}]}] || K <- ['curve25519-sha256', 'ecdh-sha2-nistp256', 'diffie-hellman-group14-sha256', 'diffie-hellman-group16-sha512']]
                              ++ [[{preferred_algorithms, [{cipher, [K]}]}] || K <- ['aes128-ctr', 'aes256-gcm@openssh.com', 'chacha20-poly1305@openssh.com']]
                              ++ [[{preferred_algorithms, [{mac, [K]}, {cipher, ['aes256-ctr']}]}] || K <- ['hmac-sha2-256', 'hmac-sha2-512-etm@openssh.com']]
                              ++ [[{pref_public_key_algs, [K]}] || K <- ['ssh-ed25519', 'rsa-sha2-512', 'ecdsa-sha2-nistp256']]
                              ++ [[{preferred_algorithms, [{cipher, ['3des-cbc']}]}]]],
        {ok, First} = Connect([]), % not always there after a signal has ended a command
        Exec = [exec(First, X) || X <- ["echo out; echo err >&2; exit 3", "cat /dev/zero | head -c 1000000 | cksum", "kill -TERM $$"]],
        ssh:close(First),
        {ok, C} = Connect([]),
        {ok, Ch} = ssh_connection:session_channel(C, 5000),
        Env = ssh_connection:setenv(C, Ch, "MINE", "value", 5000),
        success = ssh_connection:exec(C, Ch, "read a; echo $MINE $a", 5000),
        ok = ssh_connection:send(C, Ch, "typed\n"),
        Typed = collect(C, Ch, []),
        {ok, F} = ssh_sftp:start_channel(C),
        Data = binary:copy(<<"sftp data ">>, 60000),
        Files = filename:absname("files"),
        P = fun(N) -> Files ++ "/" ++ N end,
        Sftp = [ssh_sftp:write_file(F, P("a"), Data), ssh_sftp:read_file(F, P("a")) =:= {ok, Data}, ssh_sftp:rename(F, P("a"), P("b")), ssh_sftp:make_symlink(F, P("l"), P("b")),
                ssh_sftp:read_link(F, P("l")) =:= {ok, P("b")}, ssh_sftp:make_dir(F, P("d")), begin {ok, L} = ssh_sftp:list_dir(F, Files), lists:sort(L) end,
                ssh_sftp:read_file(F, P("none")), ssh_sftp:del_dir(F, P("d")), [ssh_sftp:delete(F, P(X)) || X <- ["b", "l"]], element(1, ssh_sftp:read_file_info(F, Files))],
        {ok, Listen} = gen_tcp:listen(0, [{ip, ?LO}, {active, false}, binary]),
        {ok, Target} = inet:port(Listen),
        Forward = case ssh:tcpip_tunnel_to_server(C, ?LO, 0, ?LO, Target) of
                      {ok, Local} ->
                          {ok, T} = gen_tcp:connect(?LO, Local, [{active, false}, binary]),
                          {ok, S} = gen_tcp:accept(Listen, 5000),
                          ok = gen_tcp:send(T, "through"),
                          {ok, Got} = gen_tcp:recv(S, 7, 5000),
                          ok = gen_tcp:send(S, "back"),
                          {Got, gen_tcp:recv(T, 4, 5000)};
                      E -> E
                  end,
        ssh:close(C),
        {Denied, Algorithms, Exec, Env, Typed, Sftp, Forward}
    end).
exec(C, Command) ->
    {ok, Ch} = ssh_connection:session_channel(C, 5000),
    success = ssh_connection:exec(C, Ch, Command, 5000),
    collect(C, Ch, []).
%% What came on each stream, and how it ended.
collect(C, Ch, Acc) ->
    receive
        {ssh_cm, C, {closed, Ch}} -> lists:sort(Acc);
        {ssh_cm, C, {data, Ch, Kind, B}} -> collect(C, Ch, case lists:keytake({data, Kind}, 1, Acc) of {value, {_, A}, Rest} -> [{{data, Kind}, <<A/binary, B/binary>>} | Rest]; false -> [{{data, Kind}, B} | Acc] end);
        {ssh_cm, C, {eof, Ch}} -> collect(C, Ch, Acc);
        {ssh_cm, C, Other} -> collect(C, Ch, [setelement(2, Other, channel) | Acc])
    after 10000 -> {timeout, Acc} end.

%% --- the resolver against a name server of our own, over UDP and TCP
%% A port number that is free for both.
both_ports(Tries) ->
    {ok, U} = gen_udp:open(0, [{ip, ?LO}, binary, {active, true}]),
    {ok, Port} = inet:port(U),
    case gen_tcp:listen(Port, [{ip, ?LO}, binary, {packet, 2}, {active, false}, {reuseaddr, true}]) of
        {ok, L} -> {U, L, Port};
        {error, eaddrinuse} when Tries > 0 -> gen_udp:close(U), both_ports(Tries - 1)
    end.
dns() ->
    [{dns, fun() ->
        {U, L, Port} = both_ports(20),
        Server = spawn_link(fun() -> receive go -> name_server(U) end end),
        ok = gen_udp:controlling_process(U, Server),
        Server ! go,
        Tcp = spawn_link(fun Accept() -> {ok, S} = gen_tcp:accept(L), {ok, Q} = gen_tcp:recv(S, 0), ok = gen_tcp:send(S, answer(Q, tcp)), gen_tcp:close(S), Accept() end),
        Options = [{nameservers, [{?LO, Port}]}, {timeout, 2000}, {retry, 2}],
        Ask = fun(Name, Type) -> case inet_res:resolve(Name, in, Type, Options, 3000) of
                                     {ok, M} -> [{inet_dns:rr(A, type), inet_dns:rr(A, ttl), inet_dns:rr(A, data)} || A <- inet_dns:msg(M, anlist)];
                                     {error, {E, _}} -> {error, E};
                                     E -> E
                                 end end,
        R = [{N, T, Ask(N, T)} || {N, T} <- [{"a.test", a}, {"a.test", aaaa}, {"many.test", a}, {"mail.test", mx}, {"text.test", txt}, {"srv.test", srv}, {"alias.test", cname}, {"none.test", a},
                                             {"refused.test", a}, {"broken.test", a}, {"large.test", txt}, {"zone.test", soa}, {"naptr.test", naptr}, {"flaky.test", a}, {{127, 0, 0, 9}, ptr}]],
        Silent = inet_res:resolve("silent.test", in, a, [{nameservers, [{?LO, Port}]}, {timeout, 100}, {retry, 2}], 1000),
        Other = inet_res:resolve("a.test", in, a, [{nameservers, [{?LO, udp_port()}, {?LO, Port}]}, {timeout, 300}, {retry, 2}], 3000),
        Edns = element(1, inet_res:resolve("a.test", in, a, [{edns, 0}, {udp_payload_size, 4096} | Options], 3000)),
        Lookup = [lists:sort(inet_res:lookup(N, in, T, Options)) || {N, T} <- [{"many.test", a}, {"text.test", txt}, {"none.test", a}]],
        unlink(Tcp), exit(Tcp, kill), unlink(Server), exit(Server, kill),
        {R, Silent, element(1, Other), Edns, Lookup} end}].
name_server(U) ->
    receive
        {udp, U, Ip, Port, Query} ->
            case answer(Query, udp) of
                silent -> ok;
                A -> ok = gen_udp:send(U, Ip, Port, A)
            end,
            name_server(U)
    end.
answer(Query, Way) ->
    {ok, M} = inet_dns:decode(Query),
    [Q] = inet_dns:msg(M, qdlist),
    Name = inet_dns:dns_query(Q, domain),
    Type = inet_dns:dns_query(Q, type),
    Header = inet_dns:make_header(inet_dns:msg(M, header), [{qr, true}, {ra, true}]),
    Reply = fun(H, Records) ->
        inet_dns:encode(inet_dns:make_msg([{header, inet_dns:make_header(Header, H)}, {qdlist, [Q]},
                                           {anlist, [inet_dns:make_rr([{domain, Name}, {type, T}, {class, in}, {ttl, 60}, {data, D}]) || {T, D} <- Records]}])) end,
    case {Name, Type} of
        {"silent.test", _} -> silent;
        {"none.test", _} -> Reply([{rcode, 3}], []);
        {"refused.test", _} -> Reply([{rcode, 5}], []);
        {"broken.test", _} -> <<(binary:part(Query, 0, 2))/binary, 16#81, 16#80, 0, 1, 0, 9, 0, 0, 0, 0, 255, 255>>;
        {"flaky.test", a} -> case put(flaky, yes) of yes -> Reply([], [{a, {10, 0, 0, 9}}]); _ -> silent end;
        {"a.test", a} -> Reply([], [{a, {10, 0, 0, 1}}]);
        {"a.test", aaaa} -> Reply([], [{aaaa, {0, 0, 0, 0, 0, 0, 0, 1}}]);
        {"many.test", a} -> Reply([], [{a, {10, 0, 0, I}} || I <- lists:seq(1, 20)]);
        {"mail.test", mx} -> Reply([], [{mx, {10, "first.test"}}, {mx, {20, "second.test"}}]);
        {"text.test", txt} -> Reply([], [{txt, ["one", "two"]}, {txt, [lists:duplicate(200, $x)]}]);
        {"srv.test", srv} -> Reply([], [{srv, {1, 2, 5060, "host.test"}}]);
        {"alias.test", cname} -> Reply([], [{cname, "a.test"}]);
        {"zone.test", soa} -> Reply([], [{soa, {"ns.test", "joe.test", 1, 2, 3, 4, 5}}]);
        {"naptr.test", naptr} -> Reply([], [{naptr, {1, 2, "s", "sip+d2u", "", "x.test"}}]);
        {"9.0.0.127.in-addr.arpa", ptr} -> Reply([], [{ptr, "nine.test"}]);
        {"large.test", txt} when Way =:= udp -> Reply([{tc, true}], []);
        {"large.test", txt} -> Reply([], [{txt, [lists:duplicate(250, $a + I)]} || I <- lists:seq(0, 15)]);
        _ -> Reply([], [])
    end.

%% --- what the machine does; figures differ, their kinds do not
os_mon() ->
    [{os_mon, fun() ->
        {ok, _} = application:ensure_all_started(os_mon),
        Kind = fun Kind(X) when is_integer(X) -> integer; Kind(X) when is_float(X) -> number; Kind(X) when is_atom(X) -> X; Kind({K, V}) when not is_pid(K) -> {K, Kind(V)};
                   Kind(T) when is_tuple(T) -> list_to_tuple([Kind(E) || E <- tuple_to_list(T)]); Kind(P) when is_pid(P) -> pid;
                   Kind([H | _] = L) when is_integer(H) -> case io_lib:printable_list(L) of true -> text; false -> list end; Kind(L) when is_list(L) -> [Kind(E) || E <- L] end,
        Util = fun(X) -> case X of {error, _} -> X; _ when X >= 0, X =< 100 -> percent end end,
        timer:sleep(300),
        R = [is_integer(cpu_sup:avg1()), is_integer(cpu_sup:avg5()), is_integer(cpu_sup:avg15()), cpu_sup:nprocs() > 0, Util(cpu_sup:util()), [{C, length(B), length(N)} || {C, B, N, _} <- [cpu_sup:util([detailed])]],
             length(cpu_sup:util([per_cpu])) =:= erlang:system_info(logical_processors),
             [K || {K, V} <- memsup:get_system_memory_data(), is_integer(V)], Kind(memsup:get_memory_data()), memsup:get_check_interval(), memsup:get_procmem_high_watermark(),
             disksup:get_almost_full_threshold(), disksup:get_check_interval(), [is_list(Id) andalso is_integer(S) andalso P >= 0 || {Id, S, P} <- lists:sublist(disksup:get_disk_data(), 1)]],
        application:stop(os_mon),
        timer:sleep(300), % its programs say good-bye, in any order: `run` drops these lines
        R end}].
