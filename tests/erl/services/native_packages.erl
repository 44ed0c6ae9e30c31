%% Debian's packages with native functions, drivers and port programs: jiffy, p1_xml, p1_tls, p1_sqlite3, bitcask, p1_eimp,
%% p1_stringprep, p1_zlib (see service.erl).
-module(native_packages).
-export([needs/0, prepare/0, cases/0]).

needs() -> ["/usr/lib/erlang/lib/" ++ P || P <- ["jiffy-*/priv/jiffy.so", "p1_xml-*/priv/lib/fxml.so", "p1_tls-*/priv/lib/fast_tls.so", "p1_sqlite3-*/priv/sqlite3_drv.so",
                                                 "bitcask-*/priv/bitcask.so", "p1_eimp-*/priv/bin/eimp", "p1_stringprep-*/priv/lib/stringprep.so"]] ++ ["openssl"].
prepare() -> service:certificates().

cases() -> json() ++ xml() ++ [{tls, fun tls/0}, {sqlite, fun sqlite/0}, {bitcask, fun bitcask/0}, {images, fun images/0}, {stringprep, fun stringprep/0}].

json() ->
    Texts = [<<"null">>, <<"[1,2.5,-3e10,\"x\",true,false,null]">>, <<"{\"a\":{\"b\":[{}]},\"a\":2}">>, <<"[1,">>, <<"\"\\u00e9\\ud83d\\ude00\\n\"">>, <<"[123456789012345678901234567890]">>,
             <<"{\"a\":tru}">>, <<255, 254>>, <<"">>, <<" [ ] ">>, <<"1 2">>],
    Terms = [null, true, 1, 1.5, -0.0, 1 bsl 70, <<"text\n\t\"">>, [], [1, [2, []]], {[]}, {[{a, 1}, {<<"b">>, [null]}]}, #{a => 1, <<"b">> => #{}}, foo, "list", {a}, self(), <<255>>],
    [{json_decode, fun() -> [{T, O, catch jiffy:decode(T, O)} || T <- Texts, O <- [[], [return_maps], [use_nil, dedupe_keys], [return_trailer], [copy_strings]]] end},
     {json_encode, fun() -> [case catch iolist_to_binary(jiffy:encode(T, O)) of {'EXIT', {R, _}} -> {'EXIT', show(R)}; R -> R end || T <- Terms, O <- [[], [pretty], [uescape], [force_utf8]]] end},
     {json_large, fun() ->
          L = [#{<<"id">> => I, <<"name">> => integer_to_binary(I), <<"values">> => lists:seq(1, 20), <<"f">> => I / 3} || I <- lists:seq(1, 5000)],
          B = iolist_to_binary(jiffy:encode(L)),
          {erlang:phash2(B), jiffy:decode(B, [return_maps]) =:= L} end}].
show({invalid_ejson, P}) when is_pid(P) -> {invalid_ejson, pid};
show({invalid_object_member, _} = X) -> X;
show(X) -> setelement(tuple_size(X), X, x).

xml() ->
    Texts = [<<"<a/>">>, <<"<a b='c' d=\"e\">text<f>&lt;&#233;</f></a>">>, <<"<a><b></a>">>, <<"<a xmlns='urn:x'><y:b xmlns:y='urn:y' y:c='1'/></a>">>, <<"<a><![CDATA[<raw>]]></a>">>, <<"">>, <<"x">>, <<"<a>", 255, "</a>">>],
    [{xml_element, fun() -> [fxml_stream:parse_element(T) || T <- Texts] end},
     {xml_print, fun() -> [fxml:element_to_binary(E) || E <- [{xmlel, <<"a">>, [{<<"b">>, <<"<'\"&>">>}], [{xmlcdata, <<"x<y&z">>}, {xmlel, <<"c">>, [], []}]}]] end},
     {xml_crypt, fun() -> [fxml:crypt(B) || B <- [<<"a<b>&'\"">>, <<>>, <<"plain">>]] end},
     {xml_stream, fun() ->
          S0 = fxml_stream:new(self(), 10000),
          Parts = [<<"<stream to='x'><me">>, <<"ssage>he">>, <<"llo</message><iq ">>, <<"type='get'><q/></iq>">>, <<"</stream>">>],
          S = lists:foldl(fun(P, A) -> fxml_stream:parse(A, P) end, S0, Parts),
          fxml_stream:close(S),
          received([]) end},
     {xml_stream_too_big, fun() -> S = fxml_stream:parse(fxml_stream:new(self(), 50), <<"<s>", (binary:copy(<<"x">>, 200))/binary>>), fxml_stream:close(S), received([]) end},
     {xml_many, fun() ->
          B = iolist_to_binary(["<r>", [["<i n='", integer_to_list(I), "'>v</i>"] || I <- lists:seq(1, 20000)], "</r>"]),
          {xmlel, _, _, Children} = E = fxml_stream:parse_element(B),
          {length(Children), erlang:phash2(fxml:element_to_binary(E))} end}].
received(Acc) -> receive M -> received([M | Acc]) after 100 -> lists:reverse(Acc) end.

tls() ->
    {ok, _} = application:ensure_all_started(fast_tls),
    [B, K] = [element(2, file:read_file(F)) || F <- ["server.pem", "server.key"]],
    ok = file:write_file("both.pem", [B, K]),
    {ok, L} = gen_tcp:listen(0, [{ip, {127, 0, 0, 1}}, binary, {active, false}]),
    {ok, Port} = inet:port(L),
    Me = self(),
    Server = fun(Rounds) ->
        spawn_link(fun() ->
            {ok, S} = gen_tcp:accept(L, 5000),
            {ok, T} = fast_tls:tcp_to_tls(S, [{certfile, "both.pem"}]),
            R = [begin {ok, D} = fast_tls:recv(T, 0, 5000), ok = fast_tls:send(T, [<<"got ">>, D]), byte_size(D) end || _ <- lists:seq(1, Rounds)],
            timer:sleep(300),
            fast_tls:close(T),
            Me ! {server, R} end) end,
    Server(1),
    Openssl = service:sh("(echo hello; sleep 0.5) | timeout 10 openssl s_client -connect 127.0.0.1:~w -quiet 2>/dev/null", [Port]),
    R1 = receive {server, X1} -> X1 after 5000 -> none end,
    Server(3),
    {ok, S} = gen_tcp:connect({127, 0, 0, 1}, Port, [binary, {active, false}]),
    {ok, T} = fast_tls:tcp_to_tls(S, [connect]),
    Own = [begin ok = fast_tls:send(T, D), {ok, <<"got ", D/binary>>} = fast_tls:recv(T, 4 + byte_size(D), 5000), byte_size(D) end || D <- [<<"a">>, binary:copy(<<"b">>, 1000), <<"c">>]],
    {ok, Peer} = fast_tls:get_peer_certificate(T),
    Verified = fast_tls:get_verify_result(T),
    R2 = receive {server, X2} -> X2 after 5000 -> none end,
    fast_tls:close(T),
    {Openssl, R1, Own, element(1, Peer), Verified, R2}.

sqlite() ->
    {ok, _} = sqlite3:open(db, [{file, "test.db"}]),
    Q = fun(S) -> sqlite3:sql_exec(db, S) end,
    R = [sqlite3:create_table(db, t, [{id, integer, [primary_key]}, {s, text}, {f, float}, {b, blob}]), sqlite3:list_tables(db), sqlite3:table_info(db, t),
         sqlite3:write(db, t, [{s, "one"}, {f, 1.5}, {b, {blob, <<1, 2, 0, 3>>}}]), sqlite3:write_many(db, t, [[{s, integer_to_list(I)}] || I <- lists:seq(1, 200)]),
         sqlite3:read(db, t, {s, "one"}), Q("select count(*), sum(id), avg(f) from t"), Q("select nonsense"), Q("syntax error here"), sqlite3:sql_exec(db, "select ?1 + ?2", [{1, 40}, {2, 2}]),
         Q("begin"), Q("delete from t where id > 3"), Q("select id from t"), Q("rollback"), Q("select count(*) from t"),
         sqlite3:update(db, t, {id, 2}, [{s, "changed"}]), sqlite3:delete(db, t, {id, 3}), sqlite3:read_all(db, t, [id, s]),
         Q("select hex(randomblob(3)) is not null"), Q("select 9223372036854775807, -9223372036854775808, null, x'00ff'")],
    {ok, P} = sqlite3:prepare(db, "select id from t where id > ? limit 2"),
    Prepared = [sqlite3:columns(db, P), sqlite3:bind(db, P, [50]), sqlite3:next(db, P), sqlite3:next(db, P), sqlite3:next(db, P), sqlite3:reset(db, P), sqlite3:next(db, P), sqlite3:finalize(db, P)],
    C = sqlite3:close(db),
    {R, Prepared, C, service:sh("head -c 15 test.db")}.

bitcask() ->
    {ok, _} = application:ensure_all_started(bitcask),
    B = bitcask:open("cask", [read_write, {max_file_size, 20000}]),
    [ok = bitcask:put(B, <<I:32>>, binary:copy(<<I>>, 100)) || I <- lists:seq(1, 2000)],
    [ok = bitcask:delete(B, <<I:32>>) || I <- lists:seq(1, 2000, 3)],
    [ok = bitcask:put(B, <<I:32>>, <<"again">>) || I <- lists:seq(2, 2000, 3)],
    Get = fun(Cask) -> [bitcask:get(Cask, <<I:32>>) || I <- [1, 2, 3, 2000, 9999]] end,
    Sum = fun(Cask) -> bitcask:fold(Cask, fun(K, V, A) -> (A + erlang:phash2({K, V})) band 16#ffffffff end, 0) end,
    R1 = {Get(B), length(bitcask:list_keys(B)), Sum(B), bitcask:is_empty_estimate(B)},
    bitcask:close(B),
    Merge = bitcask:merge("cask"),
    C = bitcask:open("cask"),
    R2 = {Get(C), length(bitcask:list_keys(C)), Sum(C), catch bitcask:put(C, <<"k">>, <<"v">>)},
    bitcask:close(C),
    {R1, Merge, element(1, R2), element(2, R2), element(3, R2), element(1, element(4, R2))}.

images() ->
    {ok, _} = application:ensure_all_started(eimp),
    Png = png(32, 16),
    Formats = lists:sort(eimp:supported_formats()),
    Converted = [case eimp:convert(Png, F) of {ok, I} -> {F, eimp:get_type(I), element(1, eimp:identify(I)), sizes(eimp:identify(I))}; E -> {F, E} end || F <- [png, jpeg, webp]],
    R = {Formats, eimp:get_type(Png), sizes(eimp:identify(Png)), Converted, eimp:convert(<<"nothing">>, png), eimp:identify(binary:part(Png, 0, 40)), eimp:convert(Png, jpeg, [{scale, {8, 4}}]) =/= error},
    application:stop(eimp),
    R.
sizes({ok, L}) -> lists:sort(L);
sizes(E) -> E.
png(W, H) ->
    Chunk = fun(Type, D) -> [<<(byte_size(D)):32>>, Type, D, <<(erlang:crc32([Type, D])):32>>] end,
    Raw = << <<0, << <<X, Y, 128>> || X <- lists:seq(1, W) >>/binary>> || Y <- lists:seq(1, H) >>,
    iolist_to_binary([<<137, "PNG\r\n", 26, 10>>, Chunk(<<"IHDR">>, <<W:32, H:32, 8, 2, 0, 0, 0>>), Chunk(<<"IDAT">>, zlib:compress(Raw)), Chunk(<<"IEND">>, <<>>)]).

stringprep() ->
    {ok, _} = application:ensure_all_started(stringprep),
    [[F(T) || T <- [<<"User">>, <<"STRASSE ß"/utf8>>, <<"é́"/utf8>>, <<255>>, <<>>, <<"a b">>, <<16#2460/utf8>>]]
     || F <- [fun stringprep:tolower/1, fun stringprep:nameprep/1, fun stringprep:nodeprep/1, fun stringprep:resourceprep/1]].
