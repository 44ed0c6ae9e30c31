%% Random modules (random_module.erl) compiled to files, and run.
%%   make FROM TO   writes rm_SEED.beam into the current directory
%%   run FROM TO    prints a line per module: what all VMs must print alike
%%   show SEED      what a module's run/0 answers, in full
%%   text SEED      its text
-module(random_run).
-export([make/1, run/1, show/1, text/1]).

make([From, To]) ->
    logger:set_primary_config(level, none),
    Seeds = lists:seq(list_to_integer(From), list_to_integer(To)),
    Bad = [S || S <- Seeds, not make_one(S)],
    io:format("~w modules, ~w of them do not compile~n", [length(Seeds), length(Bad)]),
    Bad =:= [] orelse io:format("~w~n", [Bad]),
    halt(0).
make_one(Seed) ->
    {Text, Options} = random_module:source(Seed),
    {ok, Tokens, _} = erl_scan:string(Text),
    case compile:forms([form(F) || F <- split(Tokens, [], [])], [binary, return_errors, debug_info | Options]) of
        {ok, Module, Binary} ->
            %% Now and then the compiler makes what stock's own loader refuses.
            case code:load_binary(Module, "", Binary) of
                {module, _} -> ok = file:write_file(atom_to_list(Module) ++ ".beam", Binary);
                {error, _} -> ok
            end,
            code:purge(Module), code:delete(Module), code:purge(Module),
            true;
        {error, [{_, [{none, compile, {crash, _, _, _}}]}], _} -> true; % the compiler's own fault: there is no such module
        {error, Errors, _} -> io:format("~w: ~p~n", [Seed, Errors]), false
    end.
form(Tokens) ->
    case erl_parse:parse_form(Tokens) of
        {ok, F} -> F;
        {error, E} -> {error, E} % as the compiler expects it
    end.
split([], [], Forms) -> lists:reverse(Forms);
split([{dot, _} = D | T], Form, Forms) -> split(T, [], [lists:reverse([D | Form]) | Forms]);
split([X | T], Form, Forms) -> split(T, [X | Form], Forms).

run([From, To]) ->
    logger:set_primary_config(level, none),
    [io:put_chars([integer_to_list(S), " ", digest(result(S)), $\n]) || S <- lists:seq(list_to_integer(From), list_to_integer(To))],
    halt(0, [{flush, true}]).

%% In a process of its own, twice: the second time what is hot may be compiled.
result(Seed) ->
    M = list_to_atom(random_module:name(Seed)),
    {_, R} = spawn_monitor(fun() -> exit({answer, [M:run(), M:run()]}) end),
    Answer = receive {'DOWN', R, _, _, {answer, A}} -> A; {'DOWN', R, _, _, Other} -> {died, Other} after 60000 -> timeout end,
    code:purge(M), code:delete(M), code:purge(M),
    Answer.
digest(A) -> integer_to_list(erlang:phash2(A, 1 bsl 32)).

show([Seed]) ->
    logger:set_primary_config(level, none),
    io:format("~p~n", [result(list_to_integer(Seed))]),
    halt(0, [{flush, true}]).
text([Seed]) ->
    {Text, Options} = random_module:source(list_to_integer(Seed)),
    io:format("% ~w~n~ts~n", [Options, Text]),
    halt(0).
