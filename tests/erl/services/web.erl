%% Debian's yaws serves files and dynamic pages to curl and wrk (see service.erl).
-module(web).
-export([needs/0, prepare/0, cases/0, out/1]).
-import(service, [sh/2, free_port/0]).

needs() -> ["curl", "wrk", "/usr/lib/yaws-*/ebin/yaws.beam"].

prepare() ->
    [code:add_patha(D) || D <- filelib:wildcard("/usr/lib/yaws-*/ebin")],
    {ok, _} = application:ensure_all_started(ssl),
    service:certificates(),
    ok = filelib:ensure_dir("root/sub/x"),
    ok = file:write_file("root/index.html", "<p>hello</p>\n"),
    ok = file:write_file("root/sub/index.html", "<p>below</p>\n"),
    ok = file:write_file("root/big.bin", binary:copy(<<"0123456789">>, 300000)),
    Pages = [{"query", "out(A) -> {html, io_lib:format(\"~p\", [lists:sort(yaws_api:parse_query(A))])}."},
             {"form", "out(A) -> {html, io_lib:format(\"~p\", [lists:sort(yaws_api:parse_post(A))])}."},
             {"ehtml", "out(_) -> {ehtml, [{h1, [{class, \"x\"}], \"T\"}, {p, [], [integer_to_list(X) || X <- lists:seq(1, 20)]}]}."},
             {"headers", "out(A) -> [{status, 201}, {header, {\"x-method\", atom_to_list((A#arg.req)#http_request.method)}}, {html, \"made\"}]."},
             {"crash", "out(_) -> exit(on_purpose)."},
             {"cookie", "out(A) -> H = A#arg.headers, C = yaws_api:find_cookie_val(\"a\", H#headers.cookie), [yaws_api:setcookie(\"b\", \"2\"), {html, C}]."},
             {"stream", "out(_) -> S = self(), spawn(fun() -> [yaws_api:stream_chunk_deliver_blocking(S, integer_to_list(I * I) ++ \"\\n\") || I <- lists:seq(1, 500)], "
                        "yaws_api:stream_chunk_end(S) end), {streamcontent, \"text/plain\", <<\"start\\n\">>}."},
             {"redirect", "out(_) -> {redirect_local, \"/index.html\"}."}],
    [ok = file:write_file("root/" ++ N ++ ".yaws", ["<html><erl>\n", Code, "\n</erl></html>\n"]) || {N, Code} <- Pages],
    Port = free_port(),
    SslPort = free_port(),
    Root = filename:absname("root"),
    ok = yaws:start_embedded(Root, [[{port, Port}, {listen, {127, 0, 0, 1}}, {servername, "localhost"}, {docroot, Root}, {appmods, [{"/app", ?MODULE}]},
                                     {flags, [{access_log, false}, {deflate, true}]}],
                                    [{port, SslPort}, {listen, {127, 0, 0, 1}}, {servername, "localhost"}, {docroot, Root}, {flags, [{access_log, false}]},
                                     {ssl, [{keyfile, "server.key"}, {certfile, "server.pem"}]}]],
                             [{logdir, filename:absname(".")}, {flags, [{copy_errlog, false}]}], "services"),
    persistent_term:put(?MODULE, {Port, SslPort}),
    service:wait_for(Port),
    service:wait_for(SslPort).

out(_) -> {html, "from a module"}.

curl(Path) -> curl("", Path).
curl(Options, Path) ->
    {Port, _} = persistent_term:get(?MODULE),
    sh("curl -s -m 10 ~s 'http://127.0.0.1:~w/~s'", [Options, Port, Path]).
code(Path) -> curl("-o /dev/null -w '%{http_code} %{size_download} %{content_type}'", Path).

cases() ->
    [{static, fun() -> [code(P) || P <- ["", "index.html", "big.bin", "none", "sub/", "sub", "%69ndex.html", "../passwd", "index.html?x=1"]] end},
     {static_bytes, fun() -> [sh("curl -s 'http://127.0.0.1:~w/big.bin' ~s | cksum", [element(1, persistent_term:get(?MODULE)), O]) || O <- ["", "-r 5-14", "-r 100000-", "-r -7"]] end},
     {head, fun() -> curl("-I -w '%{http_code} %{num_headers}' -o /dev/null", "index.html") end},
     {not_modified, fun() -> curl("-o /dev/null -w '%{http_code}' -z '2099-01-01'", "index.html") end},
     {kept_alive, fun() -> curl("-w '%{num_connects} ' -o /dev/null -o /dev/null -o /dev/null", "[1-3].html") end},
     {dynamic_query, fun() -> curl("query.yaws?b=2&a=x%20y") end},
     {dynamic_form, fun() -> curl("-d a=1 -d b=zwei", "form.yaws") end},
     {dynamic_upload, fun() -> curl("-F f=@root/index.html -o /dev/null -w '%{http_code}'", "form.yaws") end},
     {dynamic_ehtml, fun() -> curl("ehtml.yaws") end},
     {dynamic_method, fun() -> {Port, _} = persistent_term:get(?MODULE), [sh("curl -s -i -X ~s http://127.0.0.1:~w/headers.yaws | grep -i -e method -e ^HTTP", [M, Port]) || M <- ["GET", "PUT", "DELETE"]] end},
     {dynamic_crash, fun() -> curl("-o /dev/null -w '%{http_code}'", "crash.yaws") end},
     {dynamic_cookie, fun() -> curl("-b a=one", "cookie.yaws") end},
     {dynamic_stream, fun() -> {Port, _} = persistent_term:get(?MODULE), sh("curl -s http://127.0.0.1:~w/stream.yaws | cksum", [Port]) end},
     {redirect, fun() -> [curl("-L", "redirect.yaws"), curl("-o /dev/null -w '%{http_code}'", "redirect.yaws")] end},
     {appmod, fun() -> curl("app/any/thing") end},
     {deflate, fun() -> [curl("--compressed", "index.html"), curl("--compressed", "ehtml.yaws")] end},
     {tls, fun() -> {_, Port} = persistent_term:get(?MODULE),
                    [sh("curl -s -m 10 --cacert ca.pem --~s https://localhost:~w/index.html", [V, Port]) || V <- ["tls-max 1.2", "tlsv1.3"]] end},
     {load, fun() -> {Port, _} = persistent_term:get(?MODULE), [load(Port, P) || P <- ["index.html", "ehtml.yaws", "big.bin", "none"]] end},
     {load_of_closed_connections, fun() -> {Port, _} = persistent_term:get(?MODULE), sh("wrk -t1 -c8 -d1s -H 'Connection: close' http://127.0.0.1:~w/index.html | grep -c -e Socket -e Non-2xx", [Port]) end}].
%% What went wrong under load; thousands of requests were answered.
load(Port, Path) ->
    Out = sh("wrk -t1 -c16 -d1s http://127.0.0.1:~w/~s", [Port, Path]),
    {match, [N]} = re:run(Out, "([0-9]+) requests in", [{capture, all_but_first, list}]),
    {Path, re:run(Out, "Socket errors", [{capture, first, list}]), re:run(Out, "Non-2xx", [{capture, first, list}]), list_to_integer(N) > service:setting("REQUESTS", 50)}.
