%% Runs suites of cases and prints one line per case, the same on every VM that behaves the same. tests/erl/compare
%% runs this on Joist and on stock Erlang and compares the output line by line.
%%
%% A suite is a module that exports cases/0 -> [{Name, fun(() -> term())}]. What a case returns is printed; what it
%% raises is printed with class, reason and stack trace. Pids, ports and references are printed without their numbers.
%%
%% main/1 does all of that. Where every allocation collects (+gc_stress) that would take hours, for building a suite's
%% list of cases and turning large results into text are quadratic then. So the same is there in three stages, each in a
%% VM of its own, of which only the middle one need be under stress:
%%   prepare/1  SUITE.cases: every case as an external term
%%   execute/1  SUITE.results: runs every case in a process whose heap holds nothing but that case
%%   report/1   prints what main/1 would
%% What is costly to make and not what a case is about (compiled modules) is made by the run on stock, and only read there.
-module(difftest).
-export([main/1, prepare/1, execute/1, report/1, show/1, attempt/1, in_process/1, kept/2]).

main(Suites) ->
    logger:set_primary_config(level, none),
    lists:foreach(fun(S) -> run_suite(list_to_atom(S)) end, Suites),
    erlang:halt(0, [{flush, true}]).

run_suite(Suite) ->
    Cases = Suite:cases(),
    lists:foreach(fun({Name, Fun}) -> print(Suite, Name, in_process(Fun)) end, Cases),
    done(Suite, length(Cases)).

print(Suite, Name, Result) ->
    io:put_chars([atom_to_list(Suite), $:, name(Name), " => ", show(Result), $\n]).
done(Suite, N) ->
    io:put_chars(["suite ", atom_to_list(Suite), " done, ", integer_to_list(N), " cases\n"]).

%% --- stages
prepare(Suites) ->
    lists:foreach(
      fun(S) ->
              Suite = list_to_atom(S),
              ok = file:write_file(S ++ ".cases", [frame(term_to_binary(C)) || C <- Suite:cases()])
      end, Suites),
    erlang:halt(0, [{flush, true}]).

execute(Suites) ->
    logger:set_primary_config(level, none),
    application:set_env(difftest, only_executes, true),
    lists:foreach(
      fun(S) ->
              {module, _} = code:ensure_loaded(list_to_atom(S)),
              {ok, Cases} = file:read_file(S ++ ".cases"),
              {ok, Results} = file:open(S ++ ".results", [write, raw, delayed_write]),
              execute_frames(Cases, Results),
              ok = file:close(Results)
      end, Suites),
    erlang:halt(0, [{flush, true}]).

execute_frames(<<>>, _) -> ok;
execute_frames(<<Size:32, Case:Size/binary, Rest/binary>>, Results) ->
    ok = file:write(Results, frame(execute_case(Case))),
    execute_frames(Rest, Results).

%% The case's own process decodes it and encodes its result: this one sees binaries only.
execute_case(Case) ->
    Decode = fun() -> binary_to_term(Case) end,
    case in_process(Decode, fun term_to_binary/1) of
        Result when is_binary(Result) -> Result;
        Failed -> {Name, _} = Decode(), term_to_binary({Name, Failed})
    end.

report(Suites) ->
    lists:foreach(
      fun(S) ->
              {ok, Results} = file:read_file(S ++ ".results"),
              done(list_to_atom(S), report_frames(list_to_atom(S), Results, 0))
      end, Suites),
    erlang:halt(0, [{flush, true}]).

report_frames(_, <<>>, N) -> N;
report_frames(Suite, <<Size:32, Result:Size/binary, Rest/binary>>, N) ->
    {Name, Term} = binary_to_term(Result),
    print(Suite, Name, Term),
    report_frames(Suite, Rest, N + 1).

frame(Bin) -> [<<(byte_size(Bin)):32>>, Bin].

%% The binary that Make() gives; Key says all that it depends on. Where cases only are executed: as a run of main/1 in
%% this folder has made it before.
kept(Key, Make) ->
    File = "kept." ++ integer_to_list(erlang:phash2(Key, 1 bsl 32)),
    case application:get_env(difftest, only_executes) of
        {ok, true} -> {ok, Bin} = file:read_file(File), Bin;
        undefined -> Bin = Make(), ok = file:write_file(File, Bin), Bin
    end.

name(N) when is_atom(N) -> atom_to_list(N);
name(N) -> flat(io_lib:format("~tw", [N])).

in_process(Fun) ->
    case in_process(fun() -> {case_of_its_own, Fun} end, fun(R) -> R end) of
        {case_of_its_own, Result} -> Result;
        Failed -> Failed
    end.

%% Each case has a fresh process: leftovers of one can not change another. Fetch, called there, gives {Name, Fun}; what
%% Pack makes of {Name, Result} is answered. One function for all ways to run: it shows in stack traces.
in_process(Fetch, Pack) ->
    Self = self(),
    {Pid, Mon} = spawn_monitor(fun() -> {Name, Fun} = Fetch(), Result = attempt(Fun), Self ! {self(), Pack({Name, Result})} end),
    receive
        {Pid, Result} -> erlang:demonitor(Mon, [flush]), Result;
        {'DOWN', Mon, process, Pid, Reason} -> {process_died, Reason}
    after 2000 * list_to_integer(os:getenv("CASE_SECONDS", "30")) ->
            exit(Pid, kill),
            timed_out
    end.

attempt(Fun) ->
    try {ok, Fun()}
    catch Class:Reason:Stack -> {Class, Reason, trim(Stack)}
    end.

%% Frames of this module and below are the same for all cases.
trim([{?MODULE, _, _, _} | _]) -> [];
trim([F | T]) -> [F | trim(T)];
trim([]) -> [].

show(Term) -> flat(anonymous(flat(io_lib:format("~0tp", [plain(Term)])))).

%% External funs and the like print alike; binaries are printed whole.
plain(T) -> T.

flat(S) -> unicode:characters_to_list(S).

anonymous("<0." ++ T) -> "<pid>" ++ anonymous(skip(T, $>));
anonymous("#Ref<" ++ T) -> "<ref>" ++ anonymous(skip(T, $>));
anonymous("#Port<" ++ T) -> "<port>" ++ anonymous(skip(T, $>));
anonymous([C | T]) -> [C | anonymous(T)];
anonymous([]) -> [].

skip([C | T], C) -> T;
skip([_ | T], C) -> skip(T, C);
skip([], _) -> [].
