%% EUnit: every kind of test and fixture, with tests that fail, are cancelled and are skipped.
-module(sample_tests).
-include_lib("eunit/include/eunit.hrl").

plain_test() -> ok.
match_test() -> ?assertMatch({ok, _}, {ok, 1}).
not_match_test() -> ?assertMatch({ok, X} when X > 1, {ok, 1}).
equal_test() -> ?assertEqual([3, 2, 1], sample:reverse([1, 2, 3])).
not_equal_test() -> ?assertEqual(#{a => 1, b => [x, "text", <<"bin">>]}, #{a => 2, b => [x, "text", <<"bin">>]}).
not_not_equal_test() -> ?assertNotEqual(1, sample:add(0, 1)).
assert_test() -> ?assert(sample:add(1, 1) =:= 3).
assert_not_bool_test() -> ?assert(sample:add(1, 1)).
exception_test() -> ?assertError({failure, _}, sample:fails(error)).
wrong_exception_test() -> ?assertExit(failure, sample:fails(throw)).
no_exception_test() -> ?assertThrow(_, sample:add(1, 2)).
error_test() -> sample:fails(error).
exit_test() -> sample:fails(exit).
throw_test() -> sample:fails(throw).
badmatch_test() -> sample:fails(badmatch).
arith_test() -> sample:fails(arith).
undef_test() -> sample:no_such(1).
clause_test() -> sample:fails(nothing).
badarg_test() -> binary_to_atom(foo).
badarg_in_list_test() -> lists:nth(3, [1]).
ets_badarg_test() -> ets:lookup(no_such_table, key).
output_test() -> io:format("seen only when it fails~n").
output_fails_test() -> io:format("printed ~p~n", [before]), error(failed).
cmd_test() -> ?cmd("echo hello").
cmd_fails_test() -> ?assertCmd("exit 3").
cmd_output_test() -> ?assertCmdOutput("hello\n", "echo hello").
tree_test_() -> [fun() -> ok end, {"titled", fun() -> ok end}, {"titled wrong", fun() -> ?assert(false) end}, ?_assertEqual(1, 2), ?_test(ok)].
generated_test_() -> [{lists:concat(["number ", N]), ?_assert(N rem 2 =:= 0)} || N <- lists:seq(1, 4)].
fixture_test_() ->
    {setup, fun() -> spawn(fun sample:server/0) end, fun(P) -> P ! stop end,
     fun(P) -> [?_test(begin R = make_ref(), P ! {self(), R, hi}, receive {R, M} -> ?assertEqual(hi, M) end end), ?_assert(is_process_alive(P))] end}.
setup_fails_test_() -> {setup, fun() -> error(no_setup) end, fun(_) -> ok end, [?_assert(true)]}.
cleanup_fails_test_() -> {setup, fun() -> 1 end, fun(_) -> error(no_cleanup) end, [?_assert(true)]}.
foreach_test_() -> {foreach, fun() -> put(k, 1), 1 end, fun(_) -> erase(k) end, [fun(X) -> ?_assertEqual(1, X) end, fun(X) -> ?_assertEqual(2, X) end]}.
foreachx_test_() -> {foreachx, fun(X) -> X * 2 end, fun(_, _) -> ok end, [{1, fun(X, Y) -> ?_assertEqual({1, 2}, {X, Y}) end}]}.
generator_fails_test_() -> error(generator).
bad_test_() -> {no_such_descriptor, 1}.
timeout_test_() -> {timeout, 1, ?_test(sample:slow(3000))}.
in_order_test_() -> {inorder, [?_test(put(x, 1)), ?_test(ok)]}.
in_parallel_test_() -> {inparallel, [?_test(ok), ?_test(ok), ?_test(ok)]}.
spawn_test_() -> {spawn, [?_test(ok), ?_assertEqual(a, b)]}.
with_test_() -> {with, 5, [fun(X) -> ?assertEqual(5, X) end]}.
killed_test_() -> {spawn, ?_test(exit(self(), kill))}.
