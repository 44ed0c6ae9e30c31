%% Runs suites of cases and prints one line per case, the same on every VM that behaves the same. tests/erl/compare
%% runs this on Joist and on stock Erlang and compares the output line by line.
%%
%% A suite is a module that exports cases/0 -> [{Name, fun(() -> term())}]. What a case returns is printed; what it
%% raises is printed with class, reason and stack trace. Pids, ports and references are printed without their numbers.
-module(difftest).
-export([main/1, show/1, attempt/1, in_process/1]).

main(Suites) ->
    logger:set_primary_config(level, none),
    lists:foreach(fun(S) -> run_suite(list_to_atom(S)) end, Suites),
    erlang:halt(0, [{flush, true}]).

run_suite(Suite) ->
    Cases = Suite:cases(),
    lists:foreach(
      fun({Name, Fun}) ->
              Text = show(in_process(Fun)),
              io:put_chars([atom_to_list(Suite), $:, name(Name), " => ", Text, $\n])
      end, Cases),
    io:put_chars(["suite ", atom_to_list(Suite), " done, ", integer_to_list(length(Cases)), " cases\n"]).

name(N) when is_atom(N) -> atom_to_list(N);
name(N) -> flat(io_lib:format("~tw", [N])).

%% Each case has a fresh process: leftovers of one can not change another.
in_process(Fun) ->
    Self = self(),
    {Pid, Mon} = spawn_monitor(fun() -> Self ! {self(), attempt(Fun)} end),
    receive
        {Pid, Result} -> erlang:demonitor(Mon, [flush]), Result;
        {'DOWN', Mon, process, Pid, Reason} -> {process_died, Reason}
    after 60000 ->
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
