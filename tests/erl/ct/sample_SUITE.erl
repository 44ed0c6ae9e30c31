%% Common Test: groups, configuration, fixtures, failing, skipped and hanging cases.
-module(sample_SUITE).
-compile([export_all, nowarn_export_all]).
-include_lib("common_test/include/ct.hrl").
-include_lib("stdlib/include/assert.hrl").

suite() -> [{timetrap, {seconds, 20}}, {require, wanted}].

all() ->
    [passes, fails_match, fails_error, fails_exit, fails_throw, fails_ct, fails_ct_reason, fails_assert, fails_undef, fails_badarg,
     skips, init_fails, init_skips, end_fails, times_out, linked_dies, comments, config, no_such_case, prints, saves, uses_saved,
     {group, ordered}, {group, par}, {group, repeated}, {group, broken}, {group, properties}].

groups() ->
    [{ordered, [sequence], [passes, fails_match, passes_after]},
     {par, [parallel], [quick_1, quick_2, quick_fails]},
     {repeated, [{repeat, 2}], [passes]},
     {broken, [], [passes]},
     {properties, [shuffle], [{nested, [], [passes, {group, deeper}]}]},
     {deeper, [], [passes]}].

init_per_suite(Config) -> [{from_suite, 1} | Config].
end_per_suite(_) -> ok.
init_per_group(broken, _) -> error(broken_group);
init_per_group(G, Config) -> [{group, G} | Config].
end_per_group(_, _) -> ok.
init_per_testcase(init_fails, _) -> error(no_init);
init_per_testcase(init_skips, _) -> {skip, "not today"};
init_per_testcase(_, Config) -> Config.
end_per_testcase(end_fails, _) -> error(no_end);
end_per_testcase(_, _) -> ok.

passes(_) -> ok.
passes_after(_) -> ok.
fails_match(_) -> {ok, _} = sample:reverse([1, 2]).
fails_error(_) -> sample:fails(error).
fails_exit(_) -> sample:fails(exit).
fails_throw(_) -> sample:fails(throw).
fails_ct(_) -> ct:fail("with ~p arguments", [2]).
fails_ct_reason(_) -> ct:fail({reason, [1, 2.5, "text"]}).
fails_assert(_) -> ?assertEqual(#{a => 1}, #{a => sample:wrong(1)}).
fails_undef(_) -> sample:nothing_here(1, 2).
fails_badarg(_) -> element(3, list_to_tuple([1, 2])).
skips(_) -> {skip, {because, "of it"}}.
init_fails(_) -> ok.
init_skips(_) -> ok.
end_fails(_) -> ok.
times_out() -> [{timetrap, 500}].
times_out(_) -> timer:sleep(60000).
linked_dies(_) -> spawn_link(fun() -> exit(linked_reason) end), timer:sleep(5000).
comments(_) -> {comment, "a comment"}.
config(Config) -> 1 = ?config(from_suite, Config), {value, 17} = {value, ct:get_config(wanted)}, undefined = ct:get_config(unwanted).
prints(_) -> ct:pal("a line ~p", [1]), ct:log("logged ~s", ["text"]), ct:print("printed"), io:format("io ~w~n", [x]).
saves(Config) -> {save_config, [{saved, length(Config) > 0}]}.
uses_saved(Config) -> {saves, [{saved, true}]} = ?config(saved_config, Config).
quick_1(_) -> timer:sleep(20).
quick_2(_) -> timer:sleep(10).
quick_fails(_) -> 1 = sample:add(1, 1).
