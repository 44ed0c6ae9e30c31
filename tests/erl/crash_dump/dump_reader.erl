%% Opens a crash dump with OTP's crashdump_viewer and prints what does not depend on addresses and numbers.
-module(dump_reader).
-export([main/1]).
-include_lib("observer/src/crashdump_viewer.hrl").

main([File]) ->
    {ok, _} = crashdump_viewer:start_link(),
    crashdump_viewer:read_file(File),
    {ok, General, _} = crashdump_viewer:general_info(),
    io:format("slogan ~p~n", [General#general_info.slogan]),
    {ok, Processes, _} = crashdump_viewer:processes(),
    [Pid] = [P#proc.pid || P <- Processes, P#proc.name =:= "dumped"],
    {ok, P, _} = crashdump_viewer:proc_details(pid_to_list(Pid)),
    io:format("messages ~p~ndictionary ~p~nlinks ~p~nmonitored by ~p~nstack ~p~nstate ~p~n",
              [P#proc.msg_q, lists:sort(P#proc.dict), length(P#proc.links), length(P#proc.mon_by),
               [{Y, T} || {[$y | _] = Y, T} <- [{as_list(N), T} || {N, T} <- P#proc.stack_dump], plain(T)], P#proc.state]),
    {ok, Timers, _} = crashdump_viewer:timers(all),
    io:format("timers ~p~n", [lists:sort([hd(string:lexemes(T#timer.msg, ",")) || T <- Timers])]),
    {ok, Tables, _} = crashdump_viewer:ets_tables(all),
    io:format("table ~p~n", [[T#ets_table.name || T <- Tables, T#ets_table.name =:= "dump_table"]]),
    {ok, Ports, _} = crashdump_viewer:ports(),
    io:format("ports ~p~n", [lists:sort([{P#port.slot, P#port.controls, P#port.state} || P <- Ports])]),
    [T] = [X || X <- Tables, X#ets_table.name =:= "dump_table"],
    io:format("table ~p ~p ~p~n", [T#ets_table.data_type, T#ets_table.size, maps:with([compressed, fixed, protection, read_c, write_c], T#ets_table.details)]),
    {ok, Funs, _} = crashdump_viewer:funs(),
    io:format("funs ~p~n", [lists:sort([{F#fu.uniq, F#fu.index} || F <- Funs, F#fu.module =:= "dump_maker"])]),
    {ok, Modules, _} = crashdump_viewer:loaded_modules(),
    io:format("module ~p~n", [[M#loaded_mod.mod || M <- Modules, M#loaded_mod.mod =:= {<<"dump_maker">>, nq}]]),
    {ok, Constant, _} = crashdump_viewer:persistent_terms(),
    io:format("persistent ~p~n", [length(Constant) > 0]),
    {ok, Areas, _} = crashdump_viewer:allocated_areas(),
    {ok, Hashes, _} = crashdump_viewer:hash_tables(),
    {ok, Indices, _} = crashdump_viewer:index_tables(),
    {ok, Schedulers, _} = crashdump_viewer:schedulers(),
    io:format("memory ~p hash tables ~p index tables ~p schedulers ~p~n", [Areas =/= [], Hashes =/= [], Indices =/= [], length(Schedulers)]),
    io:format("nodes ~p~n", [crashdump_viewer:dist_info()]),
    {ok, Atoms, _} = crashdump_viewer:atoms(),
    io:format("atoms ~p~n", [General#general_info.num_atoms =:= integer_to_list(length(Atoms))]),
    halt().

as_list(A) when is_atom(A) -> atom_to_list(A);
as_list(L) -> L.
%% Stock shows pids and large binaries as references into the dump.
plain(T) -> is_tuple(T).
