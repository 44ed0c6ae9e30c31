#!/usr/bin/env escript
%% Writes stock_calls.inc: calls of built-in functions and what stock answers, {"M:F/A", Args, Result} with Args (a list)
%% and Result ({ok, Value} | {error, Reason}) in external term format.
main([]) ->
    {ok, F} = file:open("stock_calls.inc", [write]),
    io:format(F, "// Written by stock_calls.escript.~n", []),
    [row(F, M, Fn, A) || {M, Fn, A} <- packets() ++ calendar() ++ external() ++ misc()],
    file:close(F).

row(F, M, Fn, Args) ->
    Result = try {ok, apply(M, Fn, Args)} catch error:R -> {error, R} end,
    io:format(F, "{\"~s:~s/~p\", \"~s\", \"~s\"},~n",
              [M, Fn, length(Args), hex(Args), hex(Result)]).
hex(T) -> binary:encode_hex(term_to_binary(T)).

packets() ->
    Http = [<<"GET / HTTP/1.1\r\nHost: x\r\n\r\n">>, <<"GET /a?b=c HTTP/1.0\n">>, <<"OPTIONS * HTTP/1.1\r\n">>,
            <<"PATCH http://h.org:80/p HTTP/1.1\r\n">>, <<"GET https://h.org HTTP/1.1\r\n">>, <<"GET ftp:rest HTTP/1.1\r\n">>,
            <<"GET word HTTP/1.1\r\n">>, <<"GET /old\r\n">>, <<"GET\r\n">>, <<"GET / HTTP/1\r\n">>, <<"GET / XTTP/1.1\r\n">>,
            <<"HTTP/1.1 200 OK\r\n">>, <<"HTTP/1.1 404\r\n">>, <<"HTTP/1.1 200\tVery  OK \r\n">>, <<"HTTP/x 1\r\n">>, <<"HTTP/1.1x200 OK\r\n">>,
            <<"\r\n">>, <<"\n">>, <<"x">>, <<>>, <<"GET / HTTP/1.1">>, <<"GET http://h.org:0x/ HTTP/1.1\r\n">>,
            <<"GET http:///p HTTP/1.1\r\n">>, <<"get / http/1.1\r\n">>, <<"G(T / HTTP/1.1\r\n">>, <<"GET a HTTP/1.1\r\n">>, <<"GET x HTTP/11.22\r\n">>],
    Headers = [<<"Host: x\r\n\r\n">>, <<"host:x\r\nA">>, <<"CONTENT-type:  text/html \r\nx">>, <<"X-My-Header: 1\r\nx">>,
               <<"content-md5: q\r\nx">>, <<"A: b\r\n c\r\n\td\r\nE: f\r\n">>, <<"A: b\r\n">>, <<"\r\nx">>, <<"\r\n">>, <<"Bad\r\nx">>, <<": v\r\nx">>,
               <<"Bad Name: v\r\nx">>, <<"Empty:\r\nx">>, <<(binary:copy(<<"aB-">>, 30))/binary, ": long\r\nx">>, <<"set-cookie2: a=b\nx">>,
               <<(binary:copy(<<"a">>, 50))/binary, ": l\r\nx">>, <<"n\303\204: v\r\nx">>],
    [{erlang, decode_packet, [T, B, O]} || T <- [http, http_bin], B <- Http, O <- [[]]] ++
    [{erlang, decode_packet, [T, B, O]} || T <- [httph, httph_bin], B <- Headers, O <- [[]]] ++
    [{erlang, decode_packet, [http, <<"GET /aaaaaaaaaaaaaaaaa HTTP/1.1\r\n">>, O]} || O <- [[{packet_size, 10}], [{line_length, 10}], [{packet_size, 100}]]] ++
    [{erlang, decode_packet, [T, B, O]} ||
        {T, Bs} <- [{raw, [<<>>, <<"abc">>]}, {0, [<<"abc">>]}, {1, [<<>>, <<3,"ab">>, <<3,"abcd">>]}, {2, [<<0>>, <<0,3,"ab">>, <<0,3,"abcd">>]},
                    {4, [<<0,0,0>>, <<0,0,0,3,"ab">>, <<0,0,0,3,"abcd">>, <<255,255,255,255,1>>]},
                    {sunrm, [<<16#80,0,0,2,"ab">>, <<0,0,0,1>>]},
                    {asn1, [<<48>>, <<48,3,1,2,3,4>>, <<48,16#81,3,1,2,3,4>>, <<48,16#82,0,3,1,2,3,4>>, <<16#3f,16#81,1,2,9,9>>, <<48,16#85,1,1,1,1,1,1>>, <<48,16#84,0,0,0,1,7>>, <<48,16#80>>]},
                    {cdr, [<<"GIOP",1,2,0,0,0,0,0,2,"abc">>, <<"GIOP",1,2,1,0,2,0,0,0,"abc">>, <<"GIOQ",1,2,1,0,2,0,0,0>>, <<"GIOP">>]},
                    {fcgi, [<<1,1,0,1,0,3,2,0,"abcppX">>, <<2,1,0,1,0,3,2,0>>, <<1,1>>]},
                    {line, [<<"abc">>, <<"abc\ndef">>, <<"\n">>, <<>>]},
                    {tpkt, [<<3,0,0,7,"abcd">>, <<3,0,0,2>>, <<4,0,0,7>>, <<3>>]},
                    {ssl_tls, [<<22,3,1,0,2,"abc">>, <<16#80,46,1,3,1,0:400>>, <<22,3>>, <<22,3,1,0,9,"a">>]}],
        B <- Bs, O <- [[], [{packet_size, 2}], [{line_length, 2}]], not (T =:= tpkt andalso B =:= <<3,0,0,2>>)] ++
    [{erlang, decode_packet, A} || A <- [[foo, <<>>, []], [line, foo, []], [line, <<"a;b">>, [{line_delimiter, $;}]], [raw, <<1:1>>, []],
        [line, <<"a">>, [{line_delimiter, 256}]], [raw, <<"a">>, [{line_delimiter, 1}]], [line, <<"a">>, [foo]], [line, <<"a">>, foo], [1, <<1,2,3,4:3>>, []]]].

calendar() ->
    Dates = [{{2023,2,28},{23,59,59}}, {{2024,2,29},{0,0,0}}, {{2023,2,29},{0,0,0}}, {{1900,1,1},{0,0,0}}, {{1600,1,1},{0,0,0}},
             {{1599,12,31},{0,0,0}}, {{1902,1,1},{0,0,0}}, {{2023,13,1},{0,0,0}}, {{2023,1,1},{24,0,0}}, {{2023,1,1},{0,60,0}},
             {{99999,12,31},{1,2,3}}, {2023,1}, foo, {{2023,1,0},{0,0,0}}, {{a,1,1},{0,0,0}}],
    [{erlang, universaltime_to_posixtime, [D]} || D <- Dates] ++
    [{erlang, posixtime_to_universaltime, [S]} || S <- [0, -1, 1 bsl 40, -(1 bsl 36), 1 bsl 70, foo, 1.0]].

external() ->
    [{erlang, binary_to_term, A} || A <- [[<<131,97,1>>], [<<131,97,1,2,3>>], [<<131>>], [<<>>], [foo], [<<131,97,1>>, [used]], [<<131,97,1,9>>, [used, safe]],
        [<<131,97,1>>, [foo]], [<<131,97,1>>, foo], [<<131,108,0,0,0,0,97,1>>], [<<131,107,0,0>>], [<<131,110,3,1,1,0,0>>], [<<131,111,0,0,0,9,0,0,0,0,0,0,0,0,0,0>>],
        [<<131,99,"1.50000000000000000000e+00",0,0,0,0,0>>], [<<131,99,"foo",0:224>>], [<<131,77,0,0,0,1,3,32>>], [<<131,77,0,0,0,1,0,32>>], [<<131,77,0,0,0,0,0>>],
        [<<131,116,0,0,0,2,97,1,97,2,97,1,97,3>>], [<<131,77,0,0,0,2,8,1,2>>], [<<131,77,0,0,0,2,9,1,2>>],
        [<<131,80,0,0,0,54,120,156,203,102,48,78,36,29,0,0,23,176,19,242>>, [used]], [<<131,80,0,0,0,55,120,156,203,102,48,78,36,29,0,0,23,176,19,242>>]]] ++
    [{erlang, term_to_binary, A} || A <- [[a, [foo]], [a, foo], [1.5, [{minor_version, 0}]], [a, [{minor_version, 3}]], [a, [{compressed, 10}]],
        [lists:duplicate(500, $a), [compressed]], [lists:duplicate(500, $a), [{compressed, 1}]], [a, [compressed, {minor_version, 2}]]]] ++
    [{erlang, external_size, A} || A <- [[a], [1.5, [{minor_version, 0}]], [a, [{minor_version, 2}]], [a, [compressed]], [[1,2|3]]]] ++
    [{erlang, term_to_iovec, A} || A <- [[a], [{binary:copy(<<1>>, 100), b, binary:copy(<<2>>, 70), <<3>>}], [a, [iovec]], [binary:copy(<<1>>, 200), [compressed]]]].

misc() ->
    [{erlang, monotonic_time, [U]} || U <- [foo, 0, -1]] ++ [{os, getenv, [N]} || N <- ["", "JOIST_SURELY_UNSET", "A=B", [0], foo, <<"A">>, [1 bsl 30], ["a" | "b"], ["a" | b]]] ++
    [{erlang, unique_integer, [O]} || O <- [foo, [foo], [positive | foo]]].
