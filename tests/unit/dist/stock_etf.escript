#!/usr/bin/env escript
%% Writes stock_etf.inc: encodings by stock, {Options, Bytes} each decoded and encoded again by etf_test.cpp.
main([]) ->
    {ok, F} = file:open("stock_etf.inc", [write]),
    io:format(F, "// Written by stock_etf.escript: {minor version, compression level (-1 default), deterministic, bytes}.~n", []),
    [put_row(F, Minor, Level, Det, T)
     || T <- terms(), {Minor, Level, Det} <- [{1,0,false},{2,0,false},{0,0,false},{1,-1,false},{2,9,true}]],
    file:close(F).

put_row(F, Minor, Level, Det, T) ->
    Opts = [{minor_version, Minor}] ++ [compressed || Level =:= -1] ++ [{compressed, Level} || Level > 0]
        ++ [deterministic || Det],
    B = term_to_binary(T, Opts),
    Size = erlang:external_size(T, [{minor_version, min(Minor, 1)}]),
    io:format(F, "{~p, ~p, ~p, ~p, \"~s\"},~n", [Minor, Level, Det, Size, binary:encode_hex(B)]).

terms() ->
    [[], a, '', 'hello world', list_to_atom(lists:duplicate(255, $x)), list_to_atom([228,246,252]), list_to_atom([960,8364]),
     list_to_atom(lists:duplicate(255, 960)), 0, 1, 255, 256, -1, -256, 16#7fffffff, 16#80000000, -16#80000000, -16#80000001,
     1 bsl 59, 1 bsl 60, (1 bsl 60)-1, -(1 bsl 60), -(1 bsl 60)-1, 1 bsl 63, 1 bsl 64, -(1 bsl 64), 1 bsl 2032, 1 bsl 2039, 1 bsl 2040,
     -(1 bsl 5000), 1.5, 0.0, -0.0, 1.0e300, 1.0e-300, -123.456, 5.0e-324, "abc", [0], [255], [256], [1,2|3], [a|b], [[],[[]],[[[]]]],
     lists:seq(1, 300), {}, {a}, list_to_tuple(lists:seq(1,255)),
     list_to_tuple(lists:seq(1,256)), <<>>, <<1,2,3>>, <<0:64/unit:8>>, <<5:3>>, <<1,2,3,1:1>>, binary:copy(<<"abc">>, 1000),
     #{}, #{a => 1}, #{1 => a, 1.0 => b, c => #{d => e}}, maps:from_list([{I, I*I} || I <- lists:seq(1, 32)]),
     maps:from_list([{I, {I}} || I <- lists:seq(1, 33)]), maps:from_list([{integer_to_list(I), I} || I <- lists:seq(1, 100)]),
     maps:from_list([{{I,I}, [I]} || I <- lists:seq(1, 300)]), fun lists:map/2, fun erlang:self/0,
     binary_to_term(<<131,88,100,0,3,"a@b",0,0,0,9,0,0,0,1,0,0,0,5>>), binary_to_term(<<131,90,0,3,100,0,3,"a@b",0,0,0,5,0,0,0,1,0,0,0,2,0,0,0,3>>),
     binary_to_term(<<131,90,0,5,100,0,3,"a@b",0,0,0,5,0,0,0,1,0,0,0,2,0,0,0,3,0,0,0,4,0,0,0,5>>),
     binary_to_term(<<131,89,100,0,3,"a@b",0,0,0,5,0,0,0,1>>), binary_to_term(<<131,120,100,0,3,"a@b",1,0,0,0,0,0,0,5,0,0,0,1>>),
     binary_to_term(<<131,88,100,0,13,"nonode@nohost",0,0,0,9,0,0,0,1,0,0,0,0>>),
     binary_to_term(<<131,89,100,0,13,"nonode@nohost",0,0,0,9,0,0,0,0>>),
     binary_to_term(<<131,90,0,3,100,0,13,"nonode@nohost",0,0,0,0,0,0,0,5,0,0,0,7,0,0,0,9>>),
     nest_list(300), nest_tuple(300)].

nest_list(0) -> []; nest_list(N) -> [nest_list(N-1)].
nest_tuple(0) -> x; nest_tuple(N) -> {nest_tuple(N-1), N}.
