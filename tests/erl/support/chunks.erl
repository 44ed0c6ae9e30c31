%% Compares the chunks that decide what a module is and does, of pairs of .beam files.
-module(chunks).
-export([main/1]).

%% main([DirA, DirB]): prints a line for every .beam of either directory that is not alike in the other, then a summary line.
%% The exit status is 0 if all are alike.
main([A, B]) ->
    Names = lists:usort(beams(A) ++ beams(B)),
    Different = [N || N <- Names, different(N, filename:join(A, N), filename:join(B, N))],
    io:format("~w modules, ~w different~n", [length(Names), length(Different)]),
    erlang:halt(case {Names, Different} of {[_ | _], []} -> 0; _ -> 1 end).

beams(Dir) -> [filename:basename(F) || F <- filelib:wildcard(filename:join(Dir, "*.beam"))].

different(Name, A, B) ->
    case {chunks(A), chunks(B)} of
        {Same, Same} when is_list(Same) -> false;
        {Ca, Cb} when is_list(Ca), is_list(Cb) ->
            Wrong = [Id || {Id, Bytes} <- Ca, lists:keyfind(Id, 1, Cb) =/= {Id, Bytes}],
            io:format("~ts: chunks ~p differ~n", [Name, Wrong]),
            true;
        {Ca, Cb} ->
            io:format("~ts: ~ts ~ts~n", [Name, say(A, Ca), say(B, Cb)]),
            true
    end.

say(_, Chunks) when is_list(Chunks) -> "";
say(File, Error) -> io_lib:format("~ts: ~0tp", [File, Error]).

chunks(File) ->
    Ids = ["Code", "AtU8", "LitT", "ImpT", "ExpT", "FunT", "LocT", "StrT", "Line", "Type"],
    case beam_lib:chunks(File, Ids, [allow_missing_chunks]) of
        {ok, {_, Chunks}} -> Chunks;
        {error, beam_lib, Reason} -> {error, Reason}
    end.
