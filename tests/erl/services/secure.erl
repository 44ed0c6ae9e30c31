%% TLS beyond a handshake: sessions resumed, keys negotiated anew, certificates of all kinds refused or accepted, on both
%% sides against openssl (see service.erl).
-module(secure).
-export([needs/0, prepare/0, cases/0]).
-import(service, [sh/2]).

needs() -> ["openssl", "curl"].
prepare() ->
    {ok, _} = application:ensure_all_started(ssl),
    service:certificates(),
    certificate("expired", "-not_before 20200101000000Z -not_after 20200201000000Z", "subjectAltName=DNS:localhost"),
    certificate("future", "-not_before 20400101000000Z -not_after 20410101000000Z", "subjectAltName=DNS:localhost"),
    certificate("elsewhere", "", "subjectAltName=DNS:elsewhere.test"),
    certificate("wildcard", "", "subjectAltName=DNS:*.example.test"),
    certificate("address", "", "subjectAltName=IP:127.0.0.1"),
    certificate("clientonly", "", "subjectAltName=DNS:localhost\nextendedKeyUsage=clientAuth"),
    certificate("critical", "", "subjectAltName=DNS:localhost\n1.2.3.4.5=critical,ASN1:NULL"),
    certificate("sha1", "-md sha1", "subjectAltName=DNS:localhost"),
    sh("openssl req -newkey rsa:2048 -nodes -keyout mid.key -out mid.csr -subj /CN=mid 2>/dev/null; printf 'basicConstraints=critical,CA:TRUE\\n' >ext; "
       "openssl x509 -req -in mid.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out mid.pem 2>/dev/null; "
       "openssl req -newkey rsa:2048 -nodes -keyout leaf.key -out leaf.csr -subj /CN=localhost 2>/dev/null; printf 'subjectAltName=DNS:localhost\\n' >ext; "
       "openssl x509 -req -in leaf.csr -CA mid.pem -CAkey mid.key -CAcreateserial -days 2 -extfile ext -out leaf.pem 2>/dev/null; cat leaf.pem mid.pem >chain.pem; cp leaf.key chain.key; "
       "openssl req -newkey rsa:2048 -nodes -keyout fake.key -out fake.csr -subj /CN=localhost 2>/dev/null; "
       "openssl x509 -req -in fake.csr -CA server.pem -CAkey server.key -CAcreateserial -days 2 -extfile ext -out fakeleaf.pem 2>/dev/null; cat fakeleaf.pem server.pem >fake.pem", []).
%% Signed by the root, valid when and for what is said.
certificate(Name, Options, Extensions) ->
    ok = file:write_file("ext", ["keyUsage=digitalSignature,keyEncipherment\n", Extensions, "\n"]),
    ok = file:write_file("ca.conf", "[ca]\ndefault_ca=d\n[d]\ndatabase=index\nserial=serial\nnew_certs_dir=.\npolicy=p\ndefault_days=2\ndefault_md=sha256\nrand_serial=yes\nunique_subject=no\n[p]\ncommonName=supplied\n"),
    sh("touch index; openssl req -newkey rsa:2048 -nodes -keyout ~s.key -out ~s.csr -subj /CN=localhost 2>/dev/null; "
       "openssl ca -batch -config ca.conf -cert ca.pem -keyfile ca.key ~s ~s -in ~s.csr -out ~s.pem -notext -extfile ext 2>/dev/null",
       [Name, Name, dates(Options), "", Name, Name]).
dates(Options) -> string:replace(string:replace(Options, "-not_before", "-startdate"), "-not_after", "-enddate").

cases() ->
    [{{server_resumes, '1.2', Tickets}, fun() -> resumed_by_openssl(['tlsv1.2'], Tickets) end} || Tickets <- ["", "-no_ticket"]] ++
    [{{server_resumes, '1.3', Mode}, fun() -> resumed_by_openssl_13(Mode) end} || Mode <- [disabled, stateless, stateful]] ++
    [{{own_resumption, '1.3', S, C}, fun() -> own_13(S, C) end} || S <- [disabled, stateless, stateful], C <- [disabled, auto, manual]] ++
    [{{own_resumption, '1.2', R}, fun() -> own_12(R) end} || R <- [true, save]] ++
    [{{client_resumes, '1.3', M}, fun() -> client_13(M) end} || M <- [auto, manual]] ++
    [{own_renegotiation, fun own_renegotiation/0},
     {openssl_client_renegotiates, fun openssl_client_renegotiates/0},
     {openssl_server_renegotiates, fun openssl_server_renegotiates/0},
     {client_renegotiation_refused, fun renegotiation_refused/0},
     {key_update, fun key_update/0}] ++
    [{{refused, V, Name}, fun() -> refused(V, Name, [{server_name_indication, "localhost"}]) end}
     || V <- ['tlsv1.2', 'tlsv1.3'], Name <- ["server", "expired", "future", "elsewhere", "clientonly", "critical", "sha1", "other", "chain", "leaf", "fake"]] ++
    [{{refused_name, Name, Sni}, fun() -> refused('tlsv1.3', Name, [{server_name_indication, Sni}]) end}
     || {Name, Sni} <- [{"wildcard", "a.example.test"}, {"wildcard", "a.b.example.test"}, {"address", "127.0.0.1"}, {"elsewhere", "elsewhere.test"}]] ++
    [{wildcard_accepted, fun() -> refused('tlsv1.3', "wildcard", [{server_name_indication, "a.example.test"}, {customize_hostname_check, [{match_fun, public_key:pkix_verify_hostname_match_fun(https)}]}]) end}] ++
    [{{refused_by_curl, Name}, fun() -> by_curl(Name) end} || Name <- ["server", "expired", "elsewhere", "other", "chain", "leaf"]] ++
    [{{client_certificate, V, Name}, fun() -> client_certificate(V, Name) end} || V <- ['tlsv1.2', 'tlsv1.3'], Name <- ["client", "expired", "other", "clientonly", none]] ++
    [{{alpn, S, C}, fun() -> alpn(S, C) end} || {S, C} <- [{["h2", "http/1.1"], ["http/1.1", "h2"]}, {["a"], ["b"]}, {["a"], none}]] ++
    [{sni, fun sni/0}, {psk, fun psk/0}, {upgrade, fun upgrade/0}, {half_closed, fun half_closed/0}, {garbage, fun garbage/0}, {record_too_large, fun record_too_large/0}].

trust() -> [{cacertfile, "ca.pem"}, {verify, verify_peer}, {server_name_indication, "localhost"}].
own(Name) -> [{certfile, Name ++ ".pem"}, {keyfile, Name ++ ".key"}].
%% A server of N connections; what F makes of each, or the alert, is sent here.
serve(N, Opts, F) ->
    Me = self(),
    spawn_link(fun() ->
        {ok, L} = ssl:listen(0, [{ip, {127, 0, 0, 1}}, {active, false}, binary | Opts]),
        {ok, {_, Port}} = ssl:sockname(L),
        Me ! {port, Port},
        [begin
             {ok, T} = ssl:transport_accept(L, 15000),
             Me ! {server, case ssl:handshake(T, 5000) of {ok, S} -> R = (catch F(S)), ssl:close(S), R; E -> alert(E) end}
         end || _ <- lists:seq(1, N)],
        receive never -> ok after 500 -> ok end
    end),
    receive {port, P} -> P end.
served() -> receive {server, R} -> R after 15000 -> none end.
alert({error, {tls_alert, {A, _}}}) -> {alert, A};
alert(X) -> X.
resumption(S) -> {ok, [{session_resumption, R}]} = ssl:connection_information(S, [session_resumption]), R.
echo(S) -> {ok, D} = ssl:recv(S, 0, 5000), ok = ssl:send(S, ["got ", D]), resumption(S).
connect(Port, Opts) -> ssl:connect({127, 0, 0, 1}, Port, [{active, false}, binary | Opts], 5000).
talk(S) -> ok = ssl:send(S, "hello"), {ok, D} = ssl:recv(S, 9, 5000), {D, resumption(S)}.

resumed_by_openssl(Versions, Tickets) ->
    Port = serve(2, [{versions, Versions} | own("server")], fun echo/1),
    C = [sh("(echo x; sleep 0.4) | timeout 10 openssl s_client -connect 127.0.0.1:~w ~s ~s session 2>/dev/null | grep -e ^New -e ^Reused", [Port, Tickets, O]) || O <- ["-sess_out", "-sess_in"]],
    {C, [served() || _ <- C]}.
resumed_by_openssl_13(Mode) ->
    Port = serve(2, [{versions, ['tlsv1.3']}, {session_tickets, Mode} | own("server")], fun echo/1),
    C = [sh("(sleep 0.3; echo x; sleep 0.6) | timeout 10 openssl s_client -connect 127.0.0.1:~w -tls1_3 ~s session13 2>/dev/null | grep -e ^New -e ^Reused | sort -u", [Port, O]) || O <- ["-sess_out", "-sess_in"]],
    {C, [served() || _ <- C]}.
own_13(Server, Client) ->
    Port = serve(3, [{versions, ['tlsv1.3']}, {session_tickets, Server} | own("server")], fun echo/1),
    Go = fun(More) ->
        {ok, S} = connect(Port, [{versions, ['tlsv1.3']}, {session_tickets, Client} | More] ++ trust()),
        R = talk(S),
        Ticket = receive {ssl, session_ticket, T} -> [T] after 200 -> [] end,
        ssl:close(S),
        {R, Ticket}
    end,
    {R1, T1} = Go([]),
    {R2, T2} = Go([{use_ticket, T1} || Client =:= manual, T1 =/= []]),
    {R3, _} = Go([{use_ticket, T2} || Client =:= manual, T2 =/= []]),
    {R1, R2, R3, length(T1), [served() || _ <- [1, 2, 3]]}.
own_12(Reuse) ->
    Port = serve(3, [{versions, ['tlsv1.2']} | own("server")], fun echo/1),
    R = [begin {ok, S} = connect(Port, [{versions, ['tlsv1.2']}, {reuse_sessions, Reuse} | trust()]), X = talk(S), timer:sleep(300), ssl:close(S), X end || _ <- [1, 2, 3]],
    {R, [served() || _ <- R]}.
client_13(Mode) ->
    with_openssl("-tls1_3 -rev", "server", fun(Port) ->
        Go = fun(More) ->
            {ok, S} = connect(Port, [{versions, ['tlsv1.3']}, {session_tickets, Mode} | More] ++ trust()),
            ok = ssl:send(S, "hello\n"),
            {ok, D} = ssl:recv(S, 6, 5000),
            Ticket = receive {ssl, session_ticket, T} -> [T] after 300 -> [] end,
            R = {D, resumption(S)},
            ssl:close(S),
            {R, Ticket}
        end,
        {R1, T1} = Go([]),
        {R2, _} = Go([{use_ticket, T1} || Mode =:= manual]),
        {R1, R2} end).

with_openssl(Opts, Cert, F) ->
    Port = service:free_port(),
    service:with_program(lists:flatten(io_lib:format("openssl s_server -accept 127.0.0.1:~w -cert ~s.pem -key ~s.key -quiet ~s", [Port, Cert, Cert, Opts])), Port, fun() -> F(Port) end).

own_renegotiation() ->
    Port = serve(1, [{versions, ['tlsv1.2']} | own("server")], fun(S) -> {ok, A} = ssl:recv(S, 5), R = ssl:renegotiate(S), {ok, B} = ssl:recv(S, 5, 5000), {A, R, B} end),
    {ok, S} = connect(Port, [{versions, ['tlsv1.2']} | trust()]),
    ok = ssl:send(S, "first"),
    timer:sleep(300),
    R = ssl:renegotiate(S),
    ok = ssl:send(S, "later"),
    {R, served()}.
%% R is a command where openssl reads nothing else with it: so not before it has connected.
openssl_client_renegotiates() ->
    Port = serve(1, [{versions, ['tlsv1.2']} | own("server")], fun(S) -> {ok, A} = ssl:recv(S, 6, 5000), {ok, B} = ssl:recv(S, 6, 20000), {A, B} end),
    C = sh("(echo first; sleep ~w; echo R; sleep 1; echo later; sleep 1) | timeout 30 openssl s_client -connect 127.0.0.1:~w -tls1_2 2>&1 | grep -c RENEGOTIATING",
           [list_to_integer(os:getenv("CASE_SECONDS", "40")) div 20, Port]),
    {C, served()}.
openssl_server_renegotiates() ->
    Port = service:free_port(),
    P = open_port({spawn, lists:flatten(io_lib:format("sh -c '(sleep 1.5; echo first; sleep 0.5; echo r; sleep 0.5; echo later; sleep 3) | exec timeout 10 openssl s_server -accept 127.0.0.1:~w -cert server.pem -key server.key -tls1_2 >/dev/null 2>&1'", [Port]))}, []),
    service:wait_for(Port),
    {ok, S} = connect(Port, [{versions, ['tlsv1.2']} | trust()]),
    R = [ssl:recv(S, 6, 8000), ssl:recv(S, 6, 8000)],
    ssl:close(S),
    port_close(P),
    R.
renegotiation_refused() ->
    Port = serve(1, [{versions, ['tlsv1.2']}, {client_renegotiation, false} | own("server")], fun(S) -> {ok, A} = ssl:recv(S, 5), {A, ssl:recv(S, 5, 2000)} end),
    {ok, S} = connect(Port, [{versions, ['tlsv1.2']} | trust()]),
    ok = ssl:send(S, "first"),
    {alert(ssl:renegotiate(S)), served()}.
key_update() ->
    Port = serve(1, [{versions, ['tlsv1.3']}, {key_update_at, 20000} | own("server")], fun(S) -> {ok, D} = ssl:recv(S, 300000, 5000), ok = ssl:send(S, D), erlang:crc32(D) end),
    {ok, S} = connect(Port, [{versions, ['tlsv1.3']}, {key_update_at, 30000} | trust()]),
    Data = binary:copy(<<"0123456789">>, 30000),
    ok = ssl:send(S, Data),
    {ok, D} = ssl:recv(S, 300000, 5000),
    ok = ssl:update_keys(S, read_write),
    {D =:= Data, served()}.

%% Our client, and a server of ours with a certificate of some kind.
refused(V, Name, Opts) ->
    Port = serve(1, [{versions, [V]} | own(Name)], fun(S) -> alert(ssl:recv(S, 0, 1000)) end),
    R = case connect(Port, [{versions, [V]} | Opts] ++ lists:keydelete(server_name_indication, 1, trust())) of {ok, S} -> ssl:close(S), connected; E -> alert(E) end,
    {R, served()}.
by_curl(Name) ->
    Port = serve(1, own(Name), fun(S) -> {ok, _} = ssl:recv(S, 0, 2000), ok = ssl:send(S, "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok") end),
    {sh("curl -s -m 5 --resolve localhost:~w:127.0.0.1 --cacert ca.pem https://localhost:~w/; echo \" $?\"", [Port, Port]), served()}.
client_certificate(V, Name) ->
    Port = serve(1, [{versions, [V]}, {verify, verify_peer}, {fail_if_no_peer_cert, true}, {cacertfile, "ca.pem"} | own("server")], fun(S) -> {ok, _} = ssl:peercert(S), echo(S) end),
    Own = case Name of none -> []; _ -> own(Name) end,
    R = case connect(Port, [{versions, [V]} | Own] ++ trust()) of
            {ok, S} -> case ssl:send(S, "hello") of ok -> alert(ssl:recv(S, 9, 3000)); E -> alert(E) end;
            E -> alert(E)
        end,
    {case {V, Name, R} of
         {'tlsv1.3', "client" ++ _, _} -> R;
         %% The client has long sent its own: whether the alert is read before the end of the connection, or the connection
         %% is gone when it is used, depends on time.
         {'tlsv1.3', _, {error, E1}} when E1 =:= closed; E1 =:= einval -> refused;
         {'tlsv1.3', _, {alert, _}} -> refused;
         _ -> R
     end, served()}.
alpn(Server, Client) ->
    Port = serve(1, [{alpn_preferred_protocols, [list_to_binary(P) || P <- Server]} | own("server")], fun(S) -> ssl:negotiated_protocol(S) end),
    R = case connect(Port, [{alpn_advertised_protocols, [list_to_binary(P) || P <- Client]} || Client =/= none] ++ trust()) of {ok, S} -> ssl:negotiated_protocol(S); E -> alert(E) end,
    {R, served()}.
sni() ->
    Port = serve(2, [{sni_hosts, [{"elsewhere.test", own("elsewhere")}]} | own("server")], fun(S) -> {ok, I} = ssl:connection_information(S, [sni_hostname]), I end),
    R = [case connect(Port, [{cacertfile, "ca.pem"}, {verify, verify_peer}, {server_name_indication, N}]) of {ok, S} -> ssl:close(S), ok; E -> alert(E) end || N <- ["elsewhere.test", "localhost"]],
    {R, [served() || _ <- R]}.
psk() ->
    Find = fun(psk, <<"joe">>, _) -> {ok, <<"0123456789abcdef">>}; (psk, _, _) -> error end,
    Ciphers = [#{key_exchange => psk, cipher => aes_128_gcm, mac => aead, prf => sha256}],
    Port = serve(2, [{versions, ['tlsv1.2']}, {ciphers, Ciphers}, {user_lookup_fun, {fun(A, B, C) -> Find(A, B, C) end, none}}], fun echo/1),
    C = [sh("(echo hello; sleep 0.4) | timeout 5 openssl s_client -connect 127.0.0.1:~w -tls1_2 -cipher PSK-AES128-GCM-SHA256 -psk_identity joe -psk ~s -quiet 2>/dev/null", [Port, K])
         || K <- ["30313233343536373839616263646566", "00"]],
    {C, [served() || _ <- C]}.
%% A plain connection becomes a secure one.
upgrade() ->
    {ok, L} = gen_tcp:listen(0, [{ip, {127, 0, 0, 1}}, {active, false}, binary]),
    {ok, Port} = inet:port(L),
    Me = self(),
    spawn_link(fun() ->
        {ok, S} = gen_tcp:accept(L), {ok, <<"STARTTLS">>} = gen_tcp:recv(S, 8), ok = gen_tcp:send(S, "ok"),
        {ok, T} = ssl:handshake(S, own("server"), 5000), Me ! {server, echo(T)}, timer:sleep(200) end),
    {ok, S} = gen_tcp:connect({127, 0, 0, 1}, Port, [{active, false}, binary]),
    ok = gen_tcp:send(S, "STARTTLS"),
    {ok, <<"ok">>} = gen_tcp:recv(S, 2),
    {ok, T} = ssl:connect(S, trust(), 5000),
    {talk(T), served()}.
half_closed() ->
    Port = serve(1, own("server"), fun(S) -> {ok, D} = ssl:recv(S, 5, 2000), E = ssl:recv(S, 0, 2000), {D, E, ssl:send(S, "more")} end),
    {ok, S} = connect(Port, trust()),
    ok = ssl:send(S, "hello"),
    R = ssl:shutdown(S, write),
    {R, served()}.
garbage() ->
    Port = serve(3, own("server"), fun(S) -> ssl:recv(S, 0, 1000) end),
    R = [begin {ok, S} = gen_tcp:connect({127, 0, 0, 1}, Port, [{active, false}, binary]), gen_tcp:send(S, B), A = gen_tcp:recv(S, 0, 3000), gen_tcp:close(S), A end
         || B <- [<<"GET / HTTP/1.0\r\n\r\n">>, <<22, 3, 1, 0, 5, 1, 0, 0, 1, 0>>, <<22, 3, 1, 255, 255, 0>>]],
    {R, [served() || _ <- R]}.
record_too_large() ->
    Port = serve(1, own("server"), fun(S) -> ssl:recv(S, 0, 1000) end),
    {ok, S} = gen_tcp:connect({127, 0, 0, 1}, Port, [{active, false}, binary]),
    gen_tcp:send(S, [<<22, 3, 1, 64, 1>>, binary:copy(<<0>>, 16385)]),
    R = gen_tcp:recv(S, 0, 3000),
    {R, served()}.
