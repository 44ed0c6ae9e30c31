%% re: patterns, options and ways to capture, on subjects of bytes and of characters; what is refused, and with which words.
-module(regex).
-export([cases/0]).

-define(C(Name, Expr), {Name, fun() -> Expr end}).

cases() ->
    running() ++ compiling() ++ options() ++ captures() ++ offsets() ++ global() ++ unicode_() ++ names() ++ replacing() ++ splitting() ++
        inspecting() ++ refused() ++ limits() ++ syntax().

try_it(F) -> try F() catch C:R:S -> {C, R, [{M, Fn, A, proplists:get_value(error_info, I)} || {M, Fn, A, I} <- lists:sublist(S, 1), not is_list(A)]} end.
numbered(L) -> lists:zip(lists:seq(1, length(L)), L).

patterns() ->
    ["", "a", "abc", "a*", "a+?", "(a)(b)?", "(a|b)*", "[a-c]+", "[^a]", "^abc$", "\\bfoo\\b", "(?i)ABC", "(?:x|y)z", "(?=b)", "(?<=a)b", "(?<!a)b", "a{2,3}", "a{2}?", "(\\w+)\\s+\\1", "\\d+", "\\D", "\\x41", "\\x{42}", "\\101", "[[:alpha:]]+", "[[:^digit:]]", ".", "\\N+", "\\R", "\\h\\v?",
     "(?P<x>a)(?P=x)", "(?<y>b)\\k<y>", "(?'z'c)\\g{z}", "(a)?(?(1)b|c)", "(?>a+)b", "a++b", "(?|(a)|(b))", "\\Aabc\\z", "abc\\Z", "\\Gabc", "x(?#comment)y", "(?x) a b # c", "(?s).+", "(?m)^b", "(?U)a+", "\\Qa.b\\E", "a\\Kb", "(a(?1)?b)", "(*COMMIT)a", "a(*SKIP)b", "(*F)|b", "(?<n>.)(?<m>.)", "[\\d\\-z]", "[]a]", "\\cA", "\\e\\f\\n\\r\\t\\a",
     "(?-i)a", "(?i:a)b", "\\p{L}", "(?C1)a", "(*ANYCRLF)a$", "(*UTF8)a", "(*LF)a", "\\X", "\\C", "(a*)*", "(a*)+", "(?:a?)*?b", "(.)(.)(.)(.)(.)(.)(.)(.)(.)(.)\\10"].
subjects() -> ["", "a", "abc", "aaa", "abab", "foo bar foo", "xyz ABC abc", "line1\nline2\r\nb", "1234 5678", "the the", "a.b", <<"bin abc">>, [<<"io">>, "abc", [$d]], "aaab", "zzzb\n", "\x01\x1b", "abcdefghijj"].

running() -> [?C({run, P, N}, [try_it(fun() -> re:run(S, Pattern) end) || S <- subjects()]) || {P, Pattern} <- numbered(patterns()), N <- [1]].

compiling() ->
    [?C({compiled, P}, case try_it(fun() -> re:compile(Pattern) end) of
                           {ok, {re_pattern, N, U, C, B} = M} -> {N, U, C, is_binary(B), [re:run(S, M, [{capture, all, binary}]) || S <- subjects()]};
                           E -> E
                       end) || {P, Pattern} <- numbered(patterns())].

options() ->
    Opts = [[anchored], [caseless], [dollar_endonly], [dotall], [extended], [firstline], [multiline], [no_auto_capture], [dupnames], [ungreedy], [{newline, cr}], [{newline, lf}], [{newline, crlf}], [{newline, anycrlf}], [{newline, any}], [bsr_anycrlf], [bsr_unicode], [no_start_optimize], [ucp], [never_utf], [notbol], [noteol], [notempty], [notempty_atstart],
            [report_errors], [{match_limit, 5}], [{match_limit_recursion, 1000}], [caseless, multiline, dotall], [unicode], [unicode, ucp, caseless]],
    [?C({option, O, P}, [try_it(fun() -> re:run(S, Pattern, Options) end) || S <- ["", "abc", "ABC\nabc\r\nend", "a\rb\r\nc\n", "line\nend\n", "  a b ", <<"äbc"/utf8>>]])
     || {O, Options} <- numbered(Opts), {P, Pattern} <- numbered(["a", "^a", "c$", "a.b", "b|", "^$", "(a)(?<n>b)", "a b", "\\w+", "a\\R", "^.*$", "$", "(?<n>a)|(?<n>b)", ".+?"])]
    ++ [?C({types, P, O}, [try_it(fun() -> re:run(S, Pattern, [unicode | Options]) end) || S <- Types])
     || Types <- [[<<"äöü"/utf8>>, <<"aäb"/utf8>>, <<"äab cö"/utf8>>, [160, 32, 160, 133, 8364, $x], [32, 160, 32], "ab cd", [228, $a, 228, $b, $c, $d, 1024, $e]]],
        {P, Pattern} <- numbered(["\\w+", "\\w+?b", "\\w++b", "\\w{2}", "\\w{1}", "\\w{2,}", "\\w{1,3}", "\\w{2,4}", "\\w{2,4}?", "(\\w+)\\W+(\\w+)", "\\W+", "\\W{2}", "\\s+", "\\S+", "\\s{2,3}", "[\\w]+", "\\w*", "^\\w+$", "\\d+", "\\D+", "\\w{,3}", "\\w{3", "(?:\\w+)+", "\\W{0,2}x", "(?x) \\w+ b"]), {O, Options} <- numbered([[], [ucp], [caseless], [extended]])].

captures() ->
    Types = [index, list, binary],
    Whats = [all, all_but_first, all_names, first, none, [], [0], [1], [2, 1], [5], [x], ["y"], [<<"x">>], ['none'], [0, x, 9, "zz"], [-1]],
    [?C({capture, P, W, T}, [try_it(fun() -> re:run(S, Pattern, [{capture, What, T}]) end) || S <- ["abc", "xab", ""]])
     || {P, Pattern} <- numbered(["(a)(b)?(z)?", "(?<x>a)|(?<y>b)", "b*", "(?<y>.)(?<x>.)"]), {W, What} <- numbered(Whats), T <- Types] ++
    [?C({capture_short, W}, try_it(fun() -> re:run("abc", "(b)(c)", [{capture, What}]) end)) || {W, What} <- numbered([all, first, none, [1], a, 1, {a}, [a | b]])] ++
    [?C({capture_type, T}, try_it(fun() -> re:run("abc", "b", [{capture, all, Type}]) end)) || {T, Type} <- numbered([index, list, binary, foo, 1])].

offsets() ->
    [?C({offset, O, P}, [try_it(fun() -> re:run(S, Pattern, [{offset, O}]) end) || S <- ["abcabcab", <<"äabcabc"/utf8>>]]) || O <- [0, 1, 3, 6, 8, -1, a], {P, Pattern} <- numbered(["abc", "^abc", "\\Gabc", "(?<=c)a", "$", "\\b"])] ++
    [?C({offset_unicode, O}, try_it(fun() -> re:run(<<"äöabc"/utf8>>, ".", [unicode, {offset, O}, {capture, all, list}]) end)) || O <- lists:seq(0, 7)].

global() ->
    [?C({global, P, T, X}, [try_it(fun() -> re:run(S, Pattern, [global, {capture, all, T} | Extra]) end) || S <- ["", "abc", "aXbXc", "aaa", "\r\n\r\n", <<"äbä"/utf8>>]])
     || {P, Pattern} <- numbered(["", "a", "a*", "X", "(.)", "\\b", "(?=b)", "$", "^", "(a)|(b)", "a*?", "\\R?"]), T <- [index, binary], {X, Extra} <- numbered([[], [unicode], [multiline, {newline, anycrlf}], [notempty], [{notempty}]])].

unicode_() ->
    Subjects = [<<"äöü"/utf8>>, [228, 246], [8364, $a], <<"ÄÖ €"/utf8>>, <<"\x{1F600}x"/utf8>>, [<<"ä"/utf8>>, 246], <<255, 254>>, <<"a", 195>>, [16#d800], [16#110000], "plain"],
    [?C({unicode, P, O}, [try_it(fun() -> re:run(S, Pattern, Options) end) || S <- Subjects])
     || {P, Pattern} <- numbered([".", "\\w+", [228], <<"ä"/utf8>>, "\\x{e4}", "\\x{20ac}", "\\p{Lu}", "\\P{L}", "\\p{Han}", "\\p{Xan}", "[\\x{e0}-\\x{ff}]+", "(?i)\\x{e4}", "\\X", "\\s", "[[:alpha:]]", "^.{2}$", "\\bÄ"]),
        {O, Options} <- numbered([[], [unicode], [unicode, ucp], [unicode, caseless], [unicode, {capture, all, list}], [unicode, {capture, all, binary}], [unicode, global, {capture, first, list}]])].

names() ->
    [?C({name, N}, try_it(fun() -> re:run("ab", P, [{capture, all_names, list} | O]) end)) || {N, {P, O}} <- numbered([{"(?<b>b)|(?<a>a)", []}, {"(?<a>a)(?<a>b)", []}, {"(?<a>a)(?<a>b)", [dupnames]}, {"(?J)(?<a>z)?(?<a>b)", []}, {"(?<long_name_of_32_characters_x_y_z>a)", []}, {"(?<123>a)", []}, {"(?<a-b>a)", []}, {"(?P>x)(?<x>a)", []}, {"(?&x)(?<x>.)", []}, {"(?<x>a)(?(<x>)b|c)", []}, {"ab", []}])].

replacing() ->
    [?C({replace, P, R, O}, [try_it(fun() -> re:replace(S, Pattern, Rep, Options) end) || S <- ["abcabc", <<"xyz">>, ""]])
     || {P, Pattern} <- numbered(["b", "(a)(b)", "x*", "(?<n>c)"]), {R, Rep} <- numbered(["", "X", "[&]", "\\1", "\\g1", "\\g{2}", "\\&", "\\\\", "\\9", <<"bin&">>, ["io", <<"list">>]]), {O, Options} <- numbered([[], [global], [{return, list}], [{return, binary}, global], [{return, iodata}, unicode]])] ++
    [?C({replace_bad, N}, try_it(fun() -> apply(re, replace, A) end)) || {N, A} <- numbered([["abc", "b", a], ["abc", "(", "x"], ["abc", "b", "x", [foo]], ["abc", "b", "x", [{capture, all}]], [a, "b", "c"], ["abc", "b", "x", [{return, foo}]], [[1024], "b", "x"], [[1024], "b", "x", [unicode, {return, list}]], ["abc", "b", [1024], [unicode]], ["abc", "b", "\\g{x}"], ["abc", "b", "\\g{1"], ["abc", "b", fun(_, _) -> "x" end]])].

splitting() ->
    [?C({split, P, O}, [try_it(fun() -> re:split(S, Pattern, Options) end) || S <- ["a,b,,c", "", ",", "abc", <<"ä,ö"/utf8>>]])
     || {P, Pattern} <- numbered([",", "(,)", "", ",*", "x", "(,)|(b)", "$"]), {O, Options} <- numbered([[], [trim], [group], [{parts, 2}], [{parts, 0}], [{parts, infinity}], [{return, list}], [{return, binary}, group, trim], [unicode, {return, list}], [{parts, -1}], [{return, iodata}], [foo], [{parts, 3}, trim]])].

inspecting() ->
    [?C({inspect, N}, try_it(fun() -> {ok, M} = re:compile(P), re:inspect(M, I) end)) || {N, {P, I}} <- numbered([{"(?<a>x)(?<B>y)", namelist}, {"x", namelist}, {"x", foo}])] ++
    [?C({inspect_bad, N}, try_it(fun() -> re:inspect(M, namelist) end)) || {N, M} <- numbered([a, "x", {re_pattern, 0, 0, 0, <<>>}, {re_pattern, 0, 0, 0, <<"garbage of some length that is no pattern">>}])] ++
    [?C(version, is_binary(re:version())), ?C(fake, [try_it(fun() -> re:run("abc", M) end) || M <- [{re_pattern, 0, 0, 0, <<>>}, {re_pattern, 1, 0, 0, <<1, 2, 3>>}, {re_pattern, a, 0, 0, <<>>}, {re_pattern, 0, 0, 0}, {re_pattern, 1, 1, 0, binary:copy(<<1>>, 200)}]])].

refused() ->
    [?C({compile_error, N}, compiled(try_it(fun() -> re:compile(P, O) end))) || {N, {P, O}} <- numbered([{P, []} || P <- ["(", ")", "[", "[a", "[z-a]", "*", "+a", "a**", "a{2,1}", "a{99999}", "\\", "\\c", "(?", "(?<", "(?<a", "(?<a>", "(?P<a", "(?P=x)", "\\k<x>", "\\g{9}", "\\1", "(?(1)a|b|c)", "(?(9)a)", "(?<=a*)b", "(?z)", "[[:foo:]]", "[[.a.]]", "\\x{110000}", "\\x{zz}", "\\p{Foo}", "\\p", "(*FOO)", "(?C256)", "(?#", "\\N{x}", "\\U", "\\L", "(?R", "(?1)", "(?&x)", "(?P>x)", "((((", "a)b", "\\Q", "[\\d-z]", "[a-\\d]", "(?<n>a)(?<n>b)", "(?'a)", "x{,3}", "]", "}", "(?i", "(?-", "[\\b]", "\\8", "(?<=ab|c)d", "(?<=(a|bc))d", "\\o{101}", "\\o{9}", "\\o", "\\ca", "\\cä", "(?(DEFINE)a)(b)", "(?(DEFINE)a|b)", "(?(?a)b)", "(?(R)a|b)", "(*MARK:x)a", "(*MARK:)a"]]
         ++ [{P, [unicode]} || P <- [<<255>>, [1024], [16#d800], [16#110000], "\\x{d800}", "\\x{110000}", "\\C", "[\\x{100}-\\x{50}]", "\\p{Greek}", "\\p{Any}", "\\p{L&}", "\\p{^Lu}", "\\pL", "\\PL"]] ++ [{[1024], []}, {[256], []}, {a, []}, {"a", [foo]}, {"a", a}, {"a", [{newline, foo}]}, {"a", [{newline, cr} | x]}, {1, []}, {<<1:3>>, []}, {"a", [global]}, {"a", [notbol]}, {["a" | b], []}])] ++
    [?C({run_bad, N}, try_it(fun() -> apply(re, run, A) end)) || {N, A} <- numbered([[a, "b"], ["a", b], ["a", "(", []], ["a", "b", foo], ["a", "b", [foo]], ["a", "b", [{offset, a}]], ["a", "b", [{capture}]], [[256], "a"], [[256], "a", [unicode]], [<<1:3>>, "a"], ["a" | ["b", [{match_limit, -1}]]], ["a", "b", [{match_limit, a}]], ["a", "b", [unicode | x]], ["a", "(", [report_errors]], [["a" | b], "a"], ["a", {re_pattern}, []], ["abc", "a", [extended, unicode, {capture, all, list}, global, {newline, any}]]])] ++
    [?C({compiled_options, N}, try_it(fun() -> {ok, M} = re:compile("a", C), re:run("xaA", M, O) end)) || {N, {C, O}} <- numbered([{[], [caseless]}, {[caseless], []}, {[], [unicode]}, {[unicode], []}, {[unicode], [unicode]}, {[anchored], []}, {[], [anchored]}, {[], [{newline, cr}]}, {[], [notbol]}, {[], [dotall]}, {[multiline], [multiline]}])].

compiled({ok, P}) -> {ok, setelement(5, P, code)};
compiled(R) -> R.

limits() ->
    [?C({limit, N}, try_it(F)) || {N, F} <-
      numbered([fun() -> re:run(lists:duplicate(25, $a) ++ "b", "(a+)+$", [{match_limit, 1000}]) end, fun() -> re:run(lists:duplicate(25, $a) ++ "b", "(a+)+$", [{match_limit, 1000}, report_errors]) end, fun() -> re:run(lists:duplicate(200, $a), "(a|b)*c", [{match_limit_recursion, 10}, report_errors]) end,
                fun() -> re:run(lists:duplicate(100000, $a), "^(a)*$", [{capture, first, index}]) end, fun() -> re:run(lists:duplicate(200000, $a) ++ "b", "a*b", [{capture, first}]) end, fun() -> length(element(2, re:run(lists:duplicate(20000, $a), "a", [global]))) end,
                fun() -> re:run(binary:copy(<<"ab">>, 50000), "(?:ab)+$", [{capture, first}]) end, fun() -> {ok, M} = re:compile(string:copies("(a)", 200)), element(2, M) end, fun() -> [case re:compile(string:copies("(", N) ++ string:copies(")", N)) of {ok, _} -> ok; E -> E end || N <- [300, 800, 2000]] end, fun() -> element(1, re:compile(string:copies("a", 70000))) end,
                fun() -> re:run("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "(a*)*b", [report_errors, {match_limit, 100000}]) end])].

syntax() ->
    [?C({syntax, N}, [try_it(fun() -> re:run(S, P, [{capture, all, list} | O]) end) || O <- [[], [unicode]]]) || {N, {S, P}} <- numbered([{"ab12", "(?<l>[a-z]+)(?<d>\\d+)"}, {"((a))", "\\((?:[^()]++|(?R))*\\)"}, {"aXbXc", "X(?=c)"}, {"foobar", "(?<=foo)bar"}, {"2020-01-02", "(\\d{4})-(\\d\\d)-(\\d\\d)"}, {"a\tb", "\\t"}, {"a\\b", "\\\\"}, {"$5.00", "\\$(\\d+)\\.(\\d+)"}, {"key = value", "^\\s*(\\w+)\\s*=\\s*(.*)$"}, {"<b>x</b><b>y</b>", "<b>.*?</b>"}, {"<b>x</b><b>y</b>", "<b>.*</b>"},
        {"abcd", "(?:(a)|b)(?:(b)|c)?(d)?"}, {"aaa", "(?:(a)|(b))+"}, {"xay", "x(?:(a)|(b))y"}, {"ABC", "(?i)b"}, {"a1b2", "(?:[a-z]\\d)+"}, {"tel 555-1234", "\\b\\d{3}-\\d{4}\\b"}, {"aabb", "^(a(?1)?b)$"}, {"racecar", "^((.)(?1)\\2|.)$"}, {"abcabc", "(abc)\\g{-1}"}, {"\n", "."}, {"\n", "(?s)."}, {"a\nb", "a$"}, {"a\nb", "(?m)a$"}, {"a b", "a\\ b"}, {"a b", "(?x)a\\ b"}, {"a#b", "(?x)a\\#b"}])].
