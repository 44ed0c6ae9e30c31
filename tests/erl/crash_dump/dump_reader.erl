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
    halt().

as_list(A) when is_atom(A) -> atom_to_list(A);
as_list(L) -> L.
%% Stock shows pids and large binaries as references into the dump.
plain(T) -> is_tuple(T).
