%% TLS, HTTP and SSH of stock OTP against openssl, curl and OpenSSH's client (see service.erl).
-module(basic).
-export([needs/0, prepare/0, cases/0]).
-import(service, [sh/2, free_port/0, wait_for/2]).

needs() -> ["openssl", "curl", "ssh"].
prepare() ->
    {ok, _} = application:ensure_all_started(ssl),
    service:certificates().
cases() -> tls_server() ++ tls_client() ++ http() ++ ssh().

server_opts(Name) -> [{certfile, Name ++ ".pem"}, {keyfile, Name ++ ".key"}, {cacertfile, "ca.pem"}, {ip, {127, 0, 0, 1}}, {reuseaddr, true}, {active, false}, binary].
%% A server that answers one connection.
serve(Opts, F) ->
    {ok, L} = ssl:listen(0, Opts),
    {ok, {_, Port}} = ssl:sockname(L),
    Me = self(),
    spawn(fun() ->
        {ok, T} = ssl:transport_accept(L, 10000),
        R = case ssl:handshake(T, 5000) of {ok, S} -> A = F(S), timer:sleep(100), ssl:close(S), A; E -> alert(E) end,
        Me ! {server, R} end),
    Port.
served() -> receive {server, R} -> R after 10000 -> none end.
alert({error, {tls_alert, {A, _}}}) -> {alert, A};
alert(X) -> X.
echo(S) ->
    {ok, D} = ssl:recv(S, 0, 5000),
    ok = ssl:send(S, ["got ", D]),
    {ok, I} = ssl:connection_information(S, [protocol, selected_cipher_suite, sni_hostname]),
    {D, I}.

openssl(Port, Opts) -> sh("(echo hello; sleep 0.5) | timeout 10 openssl s_client -connect localhost:~w -CAfile ca.pem -verify_return_error -quiet ~s 2>err; grep -o 'alert [a-z ]*' err | head -1", [Port, Opts]).

tls_server() ->
    [{{server, V, Cert, Extra}, fun() ->
        Port = serve(server_opts(Cert), fun echo/1),
        C = openssl(Port, "-" ++ V ++ Extra),
        {C, served()} end} || V <- ["tls1_2", "tls1_3"], Cert <- ["server", "ec"], Extra <- ["", " -servername localhost"]] ++
    [{{server_ciphers, Cipher}, fun() -> Port = serve(server_opts("server"), fun echo/1), C = openssl(Port, "-tls1_2 -cipher " ++ Cipher), {C, served()} end}
     || Cipher <- ["ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-CHACHA20-POLY1305", "DHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-SHA384", "AES128-SHA256"]] ++
    [{{server_suite_13, Suite}, fun() -> Port = serve(server_opts("server"), fun echo/1), C = openssl(Port, "-tls1_3 -ciphersuites " ++ Suite), {C, served()} end}
     || Suite <- ["TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_CCM_SHA256"]] ++
    [{{client_certificate, V, Who}, fun() ->
        Port = serve([{verify, verify_peer}, {fail_if_no_peer_cert, true} | server_opts("server")], fun(S) -> {ok, _} = ssl:peercert(S), echo(S) end),
        C = openssl(Port, "-" ++ V ++ case Who of none -> ""; _ -> " -cert " ++ Who ++ ".pem -key " ++ Who ++ ".key" end),
        {C, served()} end} || V <- ["tls1_2", "tls1_3"], Who <- ["client", "other", none]] ++
    [{{unknown_root, V}, fun() -> Port = serve(server_opts("other"), fun echo/1), {openssl(Port, "-" ++ V), served()} end} || V <- ["tls1_2", "tls1_3"]] ++
    [{large, fun() ->
        Big = binary:copy(<<"0123456789abcdef">>, 100000),
        Port = serve(server_opts("server"), fun(S) -> ssl:send(S, Big), ok end),
        {sh("sleep 2 | timeout 10 openssl s_client -connect localhost:~w -quiet 2>/dev/null | cksum", [Port]), served()} end}].

%% openssl s_server answers with its status page.
with_openssl_server(Opts, F) ->
    Port = free_port(),
    Server = open_port({spawn, lists:flatten(io_lib:format("openssl s_server -accept ~w -cert server.pem -key server.key -www -quiet ~s", [Port, Opts]))}, [stderr_to_stdout]),
    {os_pid, Pid} = erlang:port_info(Server, os_pid),
    wait_for(Port, 50),
    R = F(Port),
    os:cmd("kill " ++ integer_to_list(Pid)),
    R.
fetch(Port, Opts) ->
    case ssl:connect("localhost", Port, [{active, false}, binary | Opts], 5000) of
        {ok, S} ->
            ok = ssl:send(S, "GET / HTTP/1.0\r\n\r\n"),
            {ok, I} = ssl:connection_information(S, [protocol, selected_cipher_suite, session_resumption]),
            R = ssl:recv(S, 15, 5000),
            ssl:close(S),
            {R, I};
        E -> alert(E)
    end.

tls_client() ->
    Trust = [{verify, verify_peer}, {cacertfile, "ca.pem"}],
    [{{client, V}, fun() -> with_openssl_server("", fun(P) -> fetch(P, [{versions, [V]} | Trust]) end) end} || V <- ['tlsv1.2', 'tlsv1.3']] ++
    [{{client_resumes, V}, fun() -> with_openssl_server("", fun(P) ->
         O = [{versions, [V]}, {reuse_sessions, true} | Trust], fetch(P, O), timer:sleep(300), fetch(P, O) end) end} || V <- ['tlsv1.2']] ++
    [{{client_distrusts, V}, fun() -> with_openssl_server("", fun(P) -> fetch(P, [{versions, [V]}, {verify, verify_peer}, {cacertfile, "other.pem"}]) end) end} || V <- ['tlsv1.2', 'tlsv1.3']] ++
    [{client_wrong_name, fun() -> with_openssl_server("", fun(P) -> fetch(P, [{server_name_indication, "elsewhere"} | Trust]) end) end},
     {{client_certificate_sent, 'tlsv1.2'}, fun() -> with_openssl_server("-Verify 1 -CAfile ca.pem", fun(P) -> fetch(P, [{certfile, "client.pem"}, {keyfile, "client.key"}, {versions, ['tlsv1.2']} | Trust]) end) end},
     {no_common_version, fun() -> with_openssl_server("-tls1_3", fun(P) -> fetch(P, [{versions, ['tlsv1.2']} | Trust]) end) end}].

http() ->
    [{httpd, fun() ->
        {ok, _} = application:ensure_all_started(inets),
        ok = filelib:ensure_dir("root/x"),
        ok = file:write_file("root/index.html", "<p>hello</p>\n"),
        ok = file:write_file("root/big.bin", binary:copy(<<"0123456789">>, 300000)),
        {ok, H} = inets:start(httpd, [{port, 0}, {bind_address, {127, 0, 0, 1}}, {server_name, "localhost"}, {server_root, "."}, {document_root, "root"}, {directory_index, ["index.html"]}]),
        [{port, Port}] = httpd:info(H, [port]),
        U = fun(Path) -> lists:flatten(io_lib:format("http://127.0.0.1:~w/~s", [Port, Path])) end,
        R = [sh("curl -s ~s", [U("")]), sh("curl -s ~s | cksum", [U("big.bin")]), sh("curl -s -o /dev/null -w '%{http_code}' ~s", [U("none")]), sh("curl -sI ~s | grep -v -i -e date -e last-mod -e etag -e server", [U("index.html")]),
             sh("curl -s -r 5-14 ~s", [U("big.bin")]), sh("curl -s -X POST -d a=b -o /dev/null -w '%{http_code}' ~s", [U("index.html")])],
        C = [case httpc:request(get, {U(Path), []}, [{timeout, 5000}], [{body_format, binary}]) of {ok, {Status, _, Body}} -> {Status, erlang:crc32(Body)}; E -> E end || Path <- ["", "big.bin", "none"]],
        Async = begin {ok, Ref} = httpc:request(get, {U("big.bin"), []}, [], [{sync, false}, {stream, self}]), stream(Ref, 0) end,
        inets:stop(httpd, H),
        {R, C, Async} end}].
stream(Ref, N) -> receive {http, {Ref, stream_start, _}} -> stream(Ref, N); {http, {Ref, stream, B}} -> stream(Ref, N + byte_size(B)); {http, {Ref, stream_end, _}} -> N; {http, {Ref, X}} -> X after 5000 -> {timeout, N} end.

%% OpenSSH's client and sftp into a daemon of application ssh; and its own client.
ssh() ->
    [{ssh, fun() ->
        {ok, _} = application:ensure_all_started(ssh),
        [ok = filelib:ensure_dir(D ++ "/x") || D <- ["system", "user", "files"]],
        sh("ssh-keygen -q -t rsa -b 2048 -N '' -f system/ssh_host_rsa_key; ssh-keygen -q -t ed25519 -N '' -f system/ssh_host_ed25519_key; ssh-keygen -q -t ed25519 -N '' -f user/id_ed25519; cp user/id_ed25519.pub user/authorized_keys", []),
        {ok, D} = ssh:daemon({127, 0, 0, 1}, 0, [{system_dir, "system"}, {user_dir, "user"}, {user_passwords, [{"joe", "secret"}]},
                                                {subsystems, [ssh_sftpd:subsystem_spec([{root, filename:absname("files")}])]}]),
        {ok, Info} = ssh:daemon_info(D),
        Port = proplists:get_value(port, Info),
        Options = "-F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o BatchMode=yes -i user/id_ed25519 -o IdentitiesOnly=yes",
        ok = file:write_file("up.bin", binary:copy(<<"sftp data ">>, 50000)),
        ok = file:write_file("batch", "put up.bin there.bin\nrename there.bin moved.bin\nmkdir sub\nls -1\nget moved.bin down.bin\nrm moved.bin\nrmdir sub\nls -1\n"),
        Sh = [sh("timeout 20 ssh ~s -p ~w joe@127.0.0.1 ~s 2>&1", [Options, Port, C]) || C <- ["'lists:seq(1, 5).'", "'1/0.' | head -3", "-o Ciphers=aes256-ctr -o MACs=hmac-sha2-512 'foo.'", "-o Ciphers=chacha20-poly1305@openssh.com -o KexAlgorithms=curve25519-sha256 'bar.'"]],
        Denied = sh("timeout 20 ssh -F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o BatchMode=yes -i system/ssh_host_ed25519_key -o IdentitiesOnly=yes -p ~w joe@127.0.0.1 'x.' 2>&1", [Port]),
        Sftp = sh("timeout 20 sftp -q ~s -P ~w -b batch joe@127.0.0.1 2>&1 | grep -v '^sftp>'; cmp up.bin down.bin && echo same", [Options, Port]),
        {ok, C} = ssh:connect({127, 0, 0, 1}, Port, [{user, "joe"}, {password, "secret"}, {user_dir, "system"}, {silently_accept_hosts, true}, {user_interaction, false}, {auth_methods, "password"}], 5000),
        {ok, Ch} = ssh_connection:session_channel(C, 5000),
        success = ssh_connection:exec(C, Ch, "lists:reverse([1,2,3]).", 5000),
        Own = channel(C, Ch, <<>>),
        {ok, F} = ssh_sftp:start_channel(C),
        W = ssh_sftp:write_file(F, "own.txt", <<"own client">>),
        R = ssh_sftp:read_file(F, "own.txt"),
        L = ssh_sftp:list_dir(F, "."),
        Wrong = ssh:connect({127, 0, 0, 1}, Port, [{user, "joe"}, {password, "wrong"}, {user_dir, "system"}, {silently_accept_hosts, true}, {user_interaction, false}, {auth_methods, "password"}], 5000),
        ssh:close(C), ssh:stop_daemon(D),
        {Sh, Denied, Sftp, Own, W, R, lists:sort(element(2, L)), element(1, Wrong)} end}].
channel(C, Ch, Acc) ->
    receive {ssh_cm, C, {data, Ch, 0, B}} -> channel(C, Ch, <<Acc/binary, B/binary>>);
            {ssh_cm, C, {closed, Ch}} -> Acc;
            {ssh_cm, C, _} -> channel(C, Ch, Acc)
    after 5000 -> {timeout, Acc} end.
