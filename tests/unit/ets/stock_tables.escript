#!/usr/bin/env escript
%% What stock Erlang answers to long random sequences of table operations, and to random match specifications.
%% Usage: stock_tables.escript tables|specs OUTFILE      (an external term, a list of tuples)
%%   {table, Id, Options}
%%   {op, Id, Function, ArgumentsAfterTheTable, Outcome}
%%   {chunks, Id, Function, Spec, Size, Outcome}        all chunks, from the first to the end
%%   {walk, Id, First, Next, Outcome}                   keys
%%   {spec, Term, Spec, trace | table, Outcome}
%% Outcome: {ok, Value} | {error, Reason, Cause}
-mode(compile).

main([What, File]) ->
    rand:seed(exsss, {4, 5, 6}),
    ok = file:write_file(File, term_to_binary(rows(list_to_atom(What)))).

rows(tables) ->
    Types = [set, bag, duplicate_bag, ordered_set],
    Extra = [[], [public, {write_concurrency, true}], [public, {write_concurrency, auto}], [compressed], [{keypos, 2}],
             [public, {read_concurrency, true}]],
    Tables = [[Y | E] || Y <- Types, E <- Extra],
    lists:append([table(Id, O) || {Id, O} <- lists:zip(lists:seq(1, length(Tables)), Tables)]);
rows(specs) ->
    [begin S = spec(), O = object(), {spec, O, S, table, outcome(erlang, match_spec_test, [O, S, table])} end
     || _ <- lists:seq(1, 15000)] ++
    [begin S = trace_spec(), O = [small(3), small(3)], {spec, O, S, trace, outcome(erlang, match_spec_test, [O, S, trace])} end
     || _ <- lists:seq(1, 5000)].

%% Many objects first, so that buckets split; then operations; then a table that shrinks.
table(Id, Options) ->
    T = ets:new(t, Options),
    Head = [{table, Id, Options}],
    Fill = [op(T, Id, insert, [{K, K, I}]) || I <- lists:seq(1, 400), K <- [I * 7]],
    Ops = [random_op(T, Id) || _ <- lists:seq(1, 1500)],
    Big = [op(T, Id, insert, [[{I, I, x} || I <- lists:seq(1, 9000)]]), op(T, Id, match_object, ['_']),
           op(T, Id, select_count, [[{{'$1', '_', x}, [{'>', '$1', 100}], [true]}]]),
           chunks(T, Id, select, [{{'$1', '$2', '$3'}, [], ['$1']}], 700)],
    Shrink = [op(T, Id, internal_select_delete, [[{{'$1', '$2', '_'}, [{'>', '$1', 50}], [true]}]]), op(T, Id, match_object, ['_']),
              walk(T, Id)],
    More = [random_op(T, Id) || _ <- lists:seq(1, 200)],
    Head ++ Fill ++ Ops ++ Big ++ Shrink ++ More.

random_op(T, Id) ->
    case rand:uniform(34) of
        1 -> op(T, Id, insert, [object()]);
        2 -> op(T, Id, insert, [object()]);
        3 -> op(T, Id, insert, [[object() || _ <- lists:seq(1, rand:uniform(4))]]);
        4 -> op(T, Id, insert_new, [object()]);
        5 -> op(T, Id, insert_new, [[object() || _ <- lists:seq(1, rand:uniform(3))]]);
        6 -> op(T, Id, lookup, [key()]);
        7 -> op(T, Id, lookup_element, [key(), rand:uniform(4)]);
        8 -> op(T, Id, member, [key()]);
        9 -> op(T, Id, delete, [key()]);
        10 -> op(T, Id, delete_object, [object()]);
        11 -> %% Taking from a bag, stock counts objects that are deleted already.
              case ets:info(T, fixed) andalso ets:info(T, type) =/= set of true -> op(T, Id, member, [key()]); false -> op(T, Id, take, [key()]) end;
        12 -> op(T, Id, update_counter, [key(), one([1, -3, {3, 2}, {3, 5, 7, 0}, {3, -5, -7, 0}, [{3, 1}, {3, 1}], {1, 1}, {9, 1}, [], a, [{3, 1 bsl 59}], {2, 1}])]);
        13 -> case ets:info(T, fixed) of
                  %% Stock leaves a deleted object behind when an update with a default is refused in a fixed table.
                  true -> op(T, Id, update_counter, [key(), one([{3, 2}, [{3, 1}, {3, 2}]]), one([{a, b, 0}, {1, 2, 3}])]);
                  false -> op(T, Id, update_counter, [key(), one([1, {3, 2}, [{3, 1}, {3, 2}], {9, 1}]), one([{a, b, 0}, {1, 2, 3}, {x, y}, y])])
              end;
        14 -> op(T, Id, update_element, [key(), one([{3, new}, {3, "long"}, [{3, a}, {3, b}], {1, z}, {2, z}, {9, z}, [], x])]);
        15 -> op(T, Id, select, [spec()]);
        16 -> op(T, Id, match, [pattern()]);
        17 -> op(T, Id, match_object, [pattern()]);
        18 -> op(T, Id, select_reverse, [spec()]);
        19 -> op(T, Id, select_count, [spec()]);
        20 -> op(T, Id, internal_select_delete, [one([[{{key(), '_', '_'}, [], [true]}], [{{'$1', '$2', '$3'}, [{'==', '$3', small(3)}], [true]}], spec()])]);
        21 -> op(T, Id, select_replace, [one([[{{'$1', '$2', '$3'}, [], [{{'$1', '$2', {{'$3'}}}}]}], [{{'$1', '$2', small(3)}, [], [{{'$1', '$2', 99}}]}],
                                               [{{'$1', '_', '_'}, [], ['$_']}], spec()])]);
        22 -> chunks(T, Id, select, spec(), rand:uniform(60));
        23 -> chunks(T, Id, select_reverse, spec(), rand:uniform(60));
        24 -> chunks(T, Id, match, pattern(), rand:uniform(100));
        25 -> chunks(T, Id, match_object, pattern(), rand:uniform(100));
        26 -> op(T, Id, next, [key()]);
        27 -> op(T, Id, prev, [key()]);
        28 -> op(T, Id, slot, [rand:uniform(300)]);
        29 -> op(T, Id, safe_fixtable, [one([true, false, false, x])]);
        30 -> walk(T, Id);
        31 -> op(T, Id, info, [one([size, type, keypos, protection, fixed, compressed, write_concurrency, read_concurrency, decentralized_counters, named_table, name, nonsense])]);
        32 -> op(T, Id, one([first, last]), []);
        33 -> op(T, Id, match_object, ['_']);
        34 -> case rand:uniform(12) of
                  %% With counters per part, stock's result is wrong after a deletion in a fixed table.
                  1 -> case ets:info(T, write_concurrency) of auto -> op(T, Id, internal_select_delete, [[{'_', [], [true]}]]); _ -> op(T, Id, internal_delete_all, [undefined]) end;
                  _ -> op(T, Id, select, [[]]) end
    end.

%% With a fresh slice: stock inserts a long list backwards when it has to yield.
op(T, Id, F, Args) -> erlang:yield(), {op, Id, F, Args, outcome(ets, F, [T | Args])}.
chunks(T, Id, F, Spec, N) ->
    {chunks, Id, F, Spec, N, try {ok, chunk_list(F, ets:F(T, Spec, N))} catch error:R:S -> {error, R, cause(S)} end}.
chunk_list(_, '$end_of_table') -> [];
chunk_list(F, {L, C}) -> [L | chunk_list(F, ets:F(C))].
walk(T, Id) ->
    {First, Next} = one([{first, next}, {last, prev}]),
    {walk, Id, First, Next, {ok, walk_list(T, Next, ets:First(T))}}.
walk_list(_, _, '$end_of_table') -> [];
walk_list(T, Next, K) -> [K | walk_list(T, Next, ets:Next(T, K))].

outcome(M, F, As) ->
    try {ok, apply(M, F, As)} catch error:R:S -> {error, R, cause(S)} end.
cause([{_, _, _, Info} | _]) -> maps:get(cause, proplists:get_value(error_info, Info, #{}), none);
cause(_) -> none.

one(L) -> lists:nth(rand:uniform(length(L)), L).
small(N) -> rand:uniform(N).
%% No atoms inside compound keys: their place in stock's hash tables depends on its atom numbers.
key() ->
    case rand:uniform(9) of
        1 -> one([a, b, c, foo, bar, '', 'Hello world']);
        2 -> {small(6), small(6)};
        3 -> [small(5), small(5)];
        4 -> <<(small(50))>>;
        5 -> float(small(40));
        6 -> one([1 bsl 70, -(1 bsl 64), 1 bsl 59 + 1, -1, 0, [], {}]);
        _ -> small(600) * 7
    end.
object() -> {key(), one([key(), small(9), "text"]), one([small(3), small(3), small(100), a, "abc", 1 bsl 80, 1.5, <<1, 2, 3>>, #{a => 1, 2 => b}])}.

var() -> one(['$1', '$2', '$3', '_', '_']).
pattern() ->
    case rand:uniform(12) of
        1 -> '_'; 2 -> '$1'; 3 -> '$7'; 4 -> {key(), '$1', '$2'}; 5 -> {'$1', '$1', '_'}; 6 -> {{small(6), '$2'}, '_', '$3'};
        7 -> {{'$1', small(6)}, '_', '_'}; 8 -> {[small(5) | '_'], '$2', '_'}; 9 -> {'_', '_', one([1, 2, a, #{a => '$1'}, "abc", '_'])};
        10 -> one([a, {'$1'}, {'$1', '_'}, {}, [], 1]); _ -> {var(), var(), var()}
    end.
spec() ->
    case rand:uniform(25) of
        1 -> one([[], foo, [a], [{a, b}], [{'_', [], []}], [{'_', [], [x]} | y], [{'_', x, [y]}], [{'_', [], y}], [{'_', [a | b], [c]}]]);
        N -> [{pattern(), guards(), body()} || _ <- lists:seq(1, 1 + N div 18)]
    end.
guards() -> case rand:uniform(3) of 1 -> []; 2 -> [expr(2)]; 3 -> [expr(1), test()] end.
body() -> case rand:uniform(6) of 1 -> ['$_']; 2 -> ['$$']; 3 -> [true]; 4 -> [expr(3)]; 5 -> [expr(1), expr(2)]; 6 -> [{{var1(), var1()}}] end.
var1() -> one(['$1', '$2', '$3']).
test() -> one([{'==', var1(), small(9)}, {'<', var1(), small(2000)}, {is_integer, var1()}, {'is_tuple', var1()}, {'=/=', var1(), a}, true]).
expr(0) -> one(['$1', '$2', '$3', '$_', '$$', 1, 7, a, true, false, {const, {a, '$1'}}, [], "str", {{}}, #{}, 2.0, <<"bin">>, {const, 5}]);
expr(N) ->
    E = fun() -> expr(N - 1) end,
    case rand:uniform(20) of
        1 -> {one(['+', '-', '*', '/', 'div', 'rem', 'band', 'bor', 'bxor', 'bsl', 'bsr', '<', '>', '=<', '>=', '==', '=:=', '/=', '=/=']), E(), E()};
        2 -> {one(['not', 'bnot', '-', '+', abs, hd, tl, length, size, round, trunc, float, map_size, bit_size, byte_size, node]), E()};
        3 -> {one([is_atom, is_float, is_integer, is_list, is_number, is_pid, is_tuple, is_map, is_binary, is_function, is_port, is_reference]), E()};
        4 -> {element, one([1, 2, 3, 4, 0, a]), '$_'};
        5 -> list_to_tuple([one(['and', 'or', 'andalso', 'orelse', 'xor']) | [E() || _ <- lists:seq(1, rand:uniform(3))]]);
        6 -> {{E(), E()}};
        7 -> {{E()}};
        8 -> [E(), E() | one([[], E()])];
        9 -> [E()];
        10 -> #{one([k, 1, '$1']) => E(), z => E()};
        11 -> {is_record, E(), one([a, b]), one([2, 3])};
        12 -> {const, E()};
        13 -> {map_get, one([a, 2]), E()};
        14 -> {is_map_key, a, E()};
        15 -> {binary_part, E(), one([0, 1]), one([0, 1, -1])};
        16 -> one([{nonsense, E()}, {1, E()}, {hd}, {self, E()}, {const}, {E(), E()}, {node}, {message, E()}, {return_trace}, {get_tcw}, {'and'}, {'orelse'}, {floor, E()}]);
        17 -> {is_integer, E()};
        _ -> E()
    end.
trace_spec() ->
    Head = one(['_', '$1', ['$1', '$2'], ['$1', '_'], ['$1'], [small(3), '_'], ['_' | '_'], foo, {'$1', '$2'}, [], ["a" | b]]),
    [{Head, case rand:uniform(2) of 1 -> []; 2 -> [trace_expr(1)] end, [trace_expr(2) || _ <- lists:seq(1, rand:uniform(4) - 1)]}].
trace_expr(N) ->
    case rand:uniform(8) of
        1 -> {message, one([true, false, '$_', '$$', {const, {a, [b]}}])}; % stock itself answers a constructed map at random here
        2 -> one([{return_trace}, {exception_trace}, {return_trace, 1}]);
        3 -> one([{caller}, {caller, 1}, {is_seq_trace}, {get_seq_token}, {silent, true}, {silent}, {get_tcw}, {set_tcw, 1}]);
        4 -> {message, one([{caller}, {is_seq_trace}, {get_seq_token}, {get_tcw}, false, true, '$_', '$$'])};
        5 -> one([{enable_trace, nonsense}, {trace, [], []}, {set_seq_token, 1}, {enable_trace}, {trace, 1}]);
        _ -> expr(N)
    end.
