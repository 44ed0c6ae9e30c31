%% Files: every function of file and prim_file, every way to open, every kind of handle, and what is refused.
-module(files).
-export([cases/0]).
-include_lib("kernel/include/file.hrl").

-define(C(Name, Expr), {Name, fun() -> in_dir(Name, fun() -> Expr end) end}).

cases() ->
    names() ++ bad_arguments() ++ opening() ++ handles() ++ operations() ++ positions() ++ owners() ++ information() ++ links() ++
        directories() ++ special() ++ lines() ++ encodings() ++ copying() ++ consulting() ++ delayed() ++ compressed() ++
        memory_files() ++ tables_on_disk() ++ logs_on_disk() ++ searching().

%% --- helpers
%% Every case has a directory of its own with a file, a directory, and links to what is there and what is not. The
%% directory has the same name on every VM; names are relative to where the suite runs.
in_dir(Name, F) ->
    D = filename:join("files.tmp", integer_to_list(erlang:phash2(Name))),
    put(dir, D),
    _ = file:del_dir_r(D),
    ok = filelib:ensure_dir(filename:join(D, "x")),
    ok = file:make_dir(at("dir")),
    ok = file:write_file(at("dir/inner"), "inner"),
    ok = file:write_file(at("file"), "hello\nworld\r\n\nlast"),
    ok = file:write_file(at("empty"), ""),
    ok = file:make_symlink("file", at("link")),
    ok = file:make_symlink("nothing", at("dangling")),
    ok = file:make_symlink("loop", at("loop")),
    try F() after [catch file:close(H) || H <- opened()], file:del_dir_r(D) end.

at(Name) -> filename:join(get(dir), Name).
opened() -> case get(opened) of undefined -> []; L -> L end.
open(Name, Modes) ->
    case file:open(at(Name), Modes) of
        {ok, H} = R -> put(opened, [H | opened()]), R;
        E -> E
    end.
open_ok(Name, Modes) -> {ok, H} = open(Name, Modes), H.

%% Without what differs from run to run.
info({ok, #file_info{} = I}) ->
    {ok, I#file_info{atime = kind(I#file_info.atime), mtime = kind(I#file_info.mtime), ctime = kind(I#file_info.ctime),
                     inode = is_integer(I#file_info.inode), major_device = is_integer(I#file_info.major_device)}};
info(R) -> R.
kind({{_, _, _}, {_, _, _}}) -> datetime;
kind(N) when is_integer(N) -> seconds;
kind(T) -> T.

handle({ok, #file_descriptor{module = M}}) -> {ok, M};
handle({ok, P}) when is_pid(P) -> {ok, pid};
handle(R) -> R.

try_it(F) -> try F() catch C:R:S -> {C, R, [{M, Fn, A} || {M, Fn, A, _} <- lists:sublist(S, 1), not is_list(A)]} end.

messages() -> receive M -> [M | messages()] after 50 -> [] end.

%% --- names
odd_names() ->
    [{empty, ""}, {empty_binary, <<>>}, {zero, "a\0b"}, {zero_binary, <<"a", 0>>}, {atom, some_atom}, {nested, ["a", $b, ['c', [<<"d">>]]]},
     {number, 17}, {wide, [1024, 1025]}, {wide_binary, <<"Ā"/utf8>>}, {too_wide, [16#110000]}, {surrogate, [16#d800]}, {negative, [-1]}, {raw, <<255, 254>>},
     {tuple, {a}}, {improper, [$a | $b]}, {dot, "."}, {dotdot, ".."}, {slash, "/"}, {long, lists:duplicate(300, $x)},
     {very_long, lists:duplicate(5000, $x)}, {below_absent, "files.tmp/none/a"}].
names() ->
    [?C({name, F, A, K}, by_name(F, A, N)) || {F, A} <- [{read_file, 1}, {read_file_info, 1}, {read_link_info, 1}, {read_link, 1}, {read_link_all, 1},
                                                     {list_dir, 1}, {list_dir_all, 1}, {altname, 1}], {K, N} <- odd_names()] ++
    %% These change something: only names that can be neither made nor removed.
    [?C({change, F, K}, changing(F, N)) || F <- [delete, del_dir, make_dir, write_file, rename_from, rename_to, make_link, make_symlink, open, open_raw, set_cwd, write_file_info],
                                           {K, N} <- odd_names(), not lists:member(K, [atom, nested, wide, wide_binary, raw, dot, dotdot, slash])] ++
    [?C({unusual, F, K}, unusual(F, N)) || F <- [file, prim_file], {K, N} <- [{wide, [1024, 1025, $x]}, {raw, <<255, 254, "x">>}, {space, " a b "}, {newline, "a\nb"}, {quote, "'\"\\"}, {long255, lists:duplicate(255, $y)}]].

by_name(F, 1, N) ->
    case lists:member(N, [".", "..", "/"]) of
        true when F =:= list_dir; F =:= list_dir_all -> element(1, file:F(N));
        true when F =:= read_file_info; F =:= read_link_info -> element(1, file:F(N));
        _ -> {info(try_it(fun() -> file:F(N) end)), info(try_it(fun() -> prim_file:F(N) end))}
    end.
changing(rename_from, N) -> {try_it(fun() -> file:rename(N, at("new")) end), try_it(fun() -> prim_file:rename(N, at("new")) end)};
changing(rename_to, N) -> {try_it(fun() -> file:rename(at("file"), N) end), try_it(fun() -> prim_file:rename(at("file"), N) end)};
changing(make_link, N) -> {try_it(fun() -> file:make_link(at("file"), N) end), try_it(fun() -> file:make_link(N, at("l")) end), try_it(fun() -> prim_file:make_link(at("file"), N) end)};
changing(make_symlink, N) -> {try_it(fun() -> file:make_symlink(at("file"), N) end), try_it(fun() -> prim_file:make_symlink(at("file"), N) end), try_it(fun() -> file:make_symlink(N, at("s")) end)};
changing(write_file, N) -> {try_it(fun() -> file:write_file(N, "x") end), try_it(fun() -> prim_file:write_file(N, "x") end)};
changing(open, N) -> [handle(try_it(fun() -> file:open(N, M) end)) || M <- [[read], [write], [read, write], [append], [exclusive]]];
changing(open_raw, N) -> [handle(try_it(fun() -> file:open(N, [raw | M]) end)) || M <- [[read], [write], [read, write], [append], [exclusive], [directory]]];
changing(write_file_info, N) -> {try_it(fun() -> file:write_file_info(N, #file_info{mode = 8#600}) end), try_it(fun() -> prim_file:write_file_info(N, #file_info{mode = 8#600}) end)};
changing(F, N) -> {try_it(fun() -> file:F(N) end), try_it(fun() -> prim_file:F(N) end)}.
unusual(M, N) ->
    Path = case N of <<_/binary>> -> filename:join(list_to_binary(get(dir)), N); _ -> at(N) end,
    {M:write_file(Path, "content"), M:read_file(Path), info(M:read_file_info(Path)), sorted(M:list_dir(get(dir))), sorted(M:list_dir_all(get(dir))), M:rename(Path, at("plain")), M:make_symlink(Path, at("sym")), M:read_link(at("sym")), M:read_link_all(at("sym"))}.
sorted({ok, L}) -> {ok, lists:sort(L)};
sorted(R) -> R.

bad_arguments() ->
    Bad = [a, 1, -1, 1.5, file, {a, b}, <<>>, [], #{}],
    [?C({bad, M, F, A, N}, [try_it(fun() -> apply(M, F, lists:duplicate(A - 1, path(B)) ++ [path(B2)]) end) || B2 <- [B, 0]])
     || {M, F, A} <- [{file, close, 1}, {file, read, 2}, {file, pread, 2}, {file, pread, 3}, {file, pwrite, 2}, {file, pwrite, 3}, {file, write, 2}, {file, position, 2}, {file, truncate, 1}, {file, sync, 1},
                      {file, datasync, 1}, {file, read_line, 1}, {file, advise, 4}, {file, allocate, 3}, {file, open, 2}, {file, copy, 2}, {file, copy, 3}, {file, sendfile, 2}, {file, write_file, 2}, {file, write_file, 3}, {file, write_file_info, 2},
                      {file, write_file_info, 3}, {file, change_mode, 2}, {file, change_owner, 2}, {file, change_owner, 3}, {file, change_group, 2}, {file, change_time, 2}, {file, change_time, 3},
                      {file, del_dir_r, 1}, {file, get_cwd, 1}, {file, format_error, 1}, {file, consult, 1}, {file, script, 1}, {file, path_open, 3}, {file, pid2name, 1}, {file, ipread_s32bu_p32bu, 3}],
        {N, B} <- lists:zip(lists:seq(1, length(Bad)), Bad)] ++
    [?C({bad_handle, F, N}, try_it(fun() -> apply(prim_file, F, [H | Rest]) end))
     || {F, Rest} <- [{close, []}, {read, [1]}, {write, ["x"]}, {pread, [0, 1]}, {pread, [[{0, 1}]]}, {pwrite, [0, "x"]}, {pwrite, [[{0, "x"}]]}, {position, [0]}, {truncate, []}, {sync, []}, {datasync, []}, {read_line, []},
                      {advise, [0, 0, normal]}, {allocate, [0, 1]}, {get_handle, []}, {read_handle_info, []}],
        {N, H} <- [{atom, a}, {empty, #file_descriptor{module = prim_file, data = #{}}}, {wrong, #file_descriptor{module = prim_file, data = #{handle => a, r_ahead_size => 0, r_buffer => b}}}, {other, #file_descriptor{module = prim_file, data = #{handle => make_ref(), r_ahead_size => 0, r_buffer => b}}}]].

path(file) -> at("file");
path(B) -> B.

%% --- open
opening() ->
    Modes = [[], [read], [write], [append], [exclusive], [read, write], [read, append], [write, append], [write, exclusive], [read, exclusive], [read, write, exclusive], [append, exclusive], [sync], [write, sync],
             [directory], [read, directory], [write, directory], [binary], [read, binary], [raw, binary, read, write]],
    [?C({open, N, Raw, M}, opened_as(N, Raw ++ M)) || N <- ["file", "new", "dir", "link", "dangling", "loop", "file/x", "new/x"], Raw <- [[], [raw]], M <- Modes] ++
    [?C({open_option, N}, handle(try_it(fun() -> open("file", O) end)))
     || {N, O} <- lists:zip(lists:seq(1, 40),
          [[foo], [read, foo], [{encoding, utf8}], [{encoding, latin1}], [{encoding, unicode}], [{encoding, {utf16, big}}], [{encoding, {utf32, little}}], [{encoding, foo}], [raw, {encoding, utf8}], [{read_ahead, 10}], [{read_ahead, -1}], [{read_ahead, a}], [raw, {read_ahead, 0}],
           [raw, read_ahead], [raw, {read_ahead, 1 bsl 40}], [delayed_write], [raw, write, delayed_write], [raw, write, {delayed_write, 10, 10}], [raw, write, {delayed_write, -1, 10}], [raw, write, {delayed_write, a, b}], [raw, write, {delayed_write, 10}], [compressed], [raw, compressed], [raw, compressed, read, write], [raw, compressed, append], [compressed_one],
           [raw, compressed_one], [raw, compressed_one, write], [ram], [ram, binary], [ram, read, write], [ram, raw], [{a, b}], a, [read | write], [read, read, read], [raw, raw], [write, {delayed_write, 0, 0}, {delayed_write, 1, 1}], [{file_handle_cache, 1}], []])].
opened_as(N, M) ->
    case open(N, M) of
        {ok, H} = R -> {handle(R), handle_does(H), file:close(H), file:read_file(at("file")), file:read_file(at(N))};
        E -> E
    end.
handle_does(H) -> [file:read(H, 5), file:write(H, "AB"), file:position(H, cur), file:position(H, bof), file:read(H, 100)].

%% --- handles: what a handle for reading, writing, both, appending, a closed one, and one of a directory answers
kinds() -> [{read, [read]}, {write, [write]}, {both, [read, write]}, {append, [append]}, {read_append, [read, append]}, {binary, [read, write, binary]}].
requests() ->
    [{read, [3]}, {read, [0]}, {read, [-1]}, {read, [1 bsl 70]}, {read_line, []}, {write, ["xyz"]}, {write, [[]]}, {write, [<<1:3>>]}, {write, [[300]]}, {write, [["a", <<"b">> | <<"c">>]]}, {write, [a]}, {pread, [2, 4]}, {pread, [2, 0]}, {pread, [100, 4]}, {pread, [-1, 4]},
     {pread, [2, -4]}, {pread, [1 bsl 64, 4]}, {pread, [{bof, 2}, 4]}, {pread, [{eof, -2}, 4]}, {pread, [{cur, 1}, 1]}, {pread, [eof, 1]}, {pread, [[{0, 2}, {3, 2}, {100, 1}]]}, {pread, [[]]}, {pread, [[a]]}, {pread, [[{0, 2}, {-1, 2}]]}, {pread, [[{0, 2} | a]]}, {pwrite, [1, "PW"]}, {pwrite, [30, "PW"]},
     {pwrite, [-1, "PW"]}, {pwrite, [1, a]}, {pwrite, [1, ""]}, {pwrite, [1 bsl 64, "x"]}, {pwrite, [[{0, "1"}, {2, "2"}, {40, "3"}]]}, {pwrite, [[]]}, {pwrite, [[{0, a}]]}, {pwrite, [[{0, "ok"}, {-1, "x"}, {1, "y"}]]}, {pwrite, [[a]]}, {pwrite, [{bof, 1}, "x"]}, {pwrite, [{eof, 1}, "x"]}, {truncate, []}, {sync, []}, {datasync, []},
     {advise, [0, 0, normal]}, {advise, [0, 10, sequential]}, {advise, [0, 10, random]}, {advise, [0, 10, no_reuse]}, {advise, [0, 10, will_need]}, {advise, [0, 10, dont_need]}, {advise, [0, 10, foo]}, {advise, [-1, 10, normal]}, {advise, [1 bsl 64, 10, normal]}, {advise, [0, -1, normal]},
     {allocate, [0, 100]}, {allocate, [10, 0]}, {allocate, [-1, 10]}, {allocate, [0, 1 bsl 63]}, {ipread_s32bu_p32bu, [0, 100]}].
handles() ->
    [?C({does, Raw, K, F, N}, does(Raw ++ M, F, A)) || Raw <- [[raw], []], {K, M} <- kinds(), {N, {F, A}} <- lists:zip(lists:seq(1, length(requests())), requests())] ++
    [?C({closed, Raw, F, N}, begin H = open_ok("file", [read, write | Raw]), ok = file:close(H), try_it(fun() -> apply(file, F, [H | A]) end) end) || Raw <- [[raw], []], {N, {F, A}} <- lists:zip(lists:seq(1, length(requests())), requests())] ++
    [?C({directory, F, N}, begin H = open_ok("dir", [raw, read, directory]), try_it(fun() -> apply(file, F, [H | A]) end) end) || {N, {F, A}} <- lists:zip(lists:seq(1, length(requests())), requests())] ++
    [?C({closed_twice, Raw}, begin H = open_ok("file", Raw), [file:close(H), file:close(H)] end) || Raw <- [[raw], []]].
does(Modes, F, A) ->
    H = open_ok("file", Modes),
    {ok, _} = file:position(H, 2),
    R = try_it(fun() -> apply(file, F, [H | A]) end),
    {R, file:position(H, cur), file:close(H), file:read_file(at("file"))}.

%% --- sequences
operations() ->
    [?C({sequence, N, Raw}, [try_it(fun() -> S(open_ok("file", [read, write | Raw])) end), file:read_file(at("file"))])
     || Raw <- [[], [raw], [binary], [raw, binary], [raw, read_ahead], [raw, {read_ahead, 4}], [raw, binary, {read_ahead, 7}], [raw, delayed_write], [raw, read_ahead, delayed_write], [raw, binary, {delayed_write, 5, 10000}]],
        {N, S} <- [{1, fun(H) -> [file:read(H, 2), file:write(H, "XX"), file:read(H, 3), file:position(H, bof), file:read(H, 100), file:read(H, 1)] end},
                   {2, fun(H) -> [file:read_line(H), file:read_line(H), file:read_line(H), file:read_line(H), file:read_line(H)] end},
                   {3, fun(H) -> [file:read_line(H), file:read(H, 2), file:read_line(H), file:position(H, cur), file:write(H, "!"), file:position(H, cur)] end},
                   {4, fun(H) -> [file:position(H, 5), file:truncate(H), file:position(H, eof), file:write(H, "new end"), file:pread(H, 0, 100)] end},
                   {5, fun(H) -> [file:pread(H, 3, 3), file:read(H, 3), file:pwrite(H, 0, "PP"), file:read(H, 3), file:pread(H, [{0, 4}, {5, 5}, {50, 1}, {0, 0}])] end},
                   {6, fun(H) -> [file:write(H, [[$a, "bc"], <<"de">>, [], [[[<<>>]]]]), file:write(H, ""), file:sync(H), file:position(H, {cur, -3}), file:read(H, 5)] end},
                   {7, fun(H) -> [file:position(H, 100), file:read(H, 1), file:write(H, "far"), file:position(H, {eof, -5}), file:read(H, 5)] end},
                   {8, fun(H) -> [file:read(H, 1), file:position(H, cur), file:read(H, 1), file:position(H, {cur, 3}), file:read(H, 1), file:position(H, {bof, 1}), file:read(H, 1), file:position(H, {eof, -1}), file:read(H, 1)] end},
                   {9, fun(H) -> [file:allocate(H, 0, 50), file:position(H, eof), file:advise(H, 0, 50, sequential), file:datasync(H)] end},
                   {10, fun(H) -> [file:write(H, lists:duplicate(100000, $z)), file:position(H, 50000), file:read(H, 3), file:truncate(H), file:position(H, eof)] end}]].

positions() ->
    [?C({position, Raw, N}, begin H = open_ok("file", [read, write | Raw]), [try_it(fun() -> file:position(H, P) end), file:position(H, cur)] end)
     || Raw <- [[], [raw]], {N, P} <- lists:zip(lists:seq(1, 22), [0, 5, 100, -1, bof, cur, eof, {bof, 3}, {bof, -1}, {cur, 0}, {cur, 3}, {cur, -3}, {eof, 0}, {eof, -3}, {eof, 3}, {eof, -100}, 1 bsl 63, {bof, 1 bsl 64}, foo, {foo, 1}, {bof, a}, 1.0])].

%% --- whose a handle is
owners() ->
    [?C({other_process, F}, begin H = open_ok("file", [raw, read, write]), elsewhere(fun() -> apply(file, F, [H | A]) end) end)
     || {F, A} <- [{read, [1]}, {write, ["x"]}, {pread, [0, 1]}, {pwrite, [0, "x"]}, {position, [0]}, {truncate, []}, {sync, []}, {close, []}, {read_line, []}, {advise, [0, 1, normal]}]] ++
    [?C({other_process_server, F}, begin H = open_ok("file", [read, write]), elsewhere(fun() -> apply(file, F, [H | A]) end) end) || {F, A} <- [{read, [1]}, {write, ["x"]}, {close, []}]] ++
    [?C(owner_dies, begin N = at("file"), S = self(), {P, M} = spawn_monitor(fun() -> {ok, H} = file:open(N, [read]), S ! {h, H} end), H = receive {h, X} -> X end, receive {'DOWN', M, process, P, _} -> ok end, timer:sleep(50), [is_process_alive(H), file:read(H, 1)] end),
     ?C(owner_dies_raw, begin N = at("file"), S = self(), {P, M} = spawn_monitor(fun() -> {ok, H} = file:open(N, [read, raw]), S ! {h, H} end), H = receive {h, X} -> X end, receive {'DOWN', M, process, P, _} -> ok end, try_it(fun() -> file:read(H, 1) end) end),
     ?C(file_server_gone, begin H = open_ok("file", [read]), unlink(H), exit(H, kill), timer:sleep(50), [file:read(H, 1), file:close(H)] end),
     ?C(pid2name, begin H = open_ok("file", [read]), {file:pid2name(H) =:= {ok, at("file")}, file:pid2name(self())} end)].
elsewhere(F) ->
    S = self(),
    {P, M} = spawn_monitor(fun() -> S ! {self(), try_it(F)} end),
    receive {P, R} -> erlang:demonitor(M, [flush]), R; {'DOWN', M, process, P, R} -> {died, R} end.

%% --- information
information() ->
    [?C({info, F, N, O}, info(try_it(fun() -> file:F(at(N), O) end))) || F <- [read_file_info, read_link_info], N <- ["file", "dir", "link", "dangling", "loop", "absent", "file/x"], O <- [[], [raw], [{time, local}], [{time, universal}], [{time, posix}], [raw, {time, posix}], [{time, foo}], [foo]]] ++
    [?C({info_of, N}, info(file:read_file_info(N))) || N <- ["/dev/null", "/proc/version", "/dev/zero"]] ++
    [?C({info_of_handle, Raw}, info(try_it(fun() -> file:read_file_info(open_ok("file", Raw)) end))) || Raw <- [[raw, read], [read], [raw, write]]] ++
    [?C({write_info, N}, [try_it(fun() -> file:write_file_info(at("file"), I, O) end), mode_times("file")])
     || {N, {I, O}} <- lists:zip(lists:seq(1, 16),
          [{#file_info{mode = 8#640}, []}, {#file_info{mode = 8#4755}, []}, {#file_info{mode = 0}, []}, {#file_info{mode = -1}, []}, {#file_info{mode = a}, []}, {#file_info{mtime = {{2001, 2, 3}, {4, 5, 6}}}, [{time, universal}]}, {#file_info{mtime = 86400}, [{time, posix}]},
           {#file_info{atime = 1000, mtime = 2000, ctime = 3000}, [{time, posix}]}, {#file_info{mtime = {{2001, 2, 31}, {4, 5, 6}}}, []}, {#file_info{mtime = a}, []}, {#file_info{uid = 12, gid = 13}, []}, {#file_info{uid = -1}, []}, {#file_info{mtime = -5}, [{time, posix}]},
           {#file_info{mtime = 1 bsl 62}, [{time, posix}]}, {#file_info{}, []}, {#file_info{mtime = {{1900, 1, 1}, {0, 0, 0}}}, [{time, universal}]}])] ++
    [?C({change, F, N}, [try_it(fun() -> apply(file, F, [at("file") | A]) end), mode_times("file")])
     || {N, {F, A}} <- lists:zip(lists:seq(1, 12), [{change_mode, [8#600]}, {change_mode, [8#7777]}, {change_mode, [a]}, {change_owner, [1]}, {change_owner, [1, 2]}, {change_owner, [a]}, {change_group, [5]}, {change_group, [-1]}, {change_time, [{{2020, 1, 2}, {3, 4, 6}}]},
                             {change_time, [{{2020, 1, 2}, {3, 4, 6}}, {{2021, 1, 2}, {3, 4, 6}}]}, {change_time, [a]}, {change_time, [{{2020, 13, 2}, {3, 4, 6}}]}])].
mode_times(N) ->
    {ok, I} = file:read_file_info(at(N), [{time, universal}]),
    {I#file_info.mode, I#file_info.uid, I#file_info.gid, case I#file_info.mtime of {{Y, _, _}, _} = T when Y < 2025 -> T; _ -> now end}.

links() ->
    [?C({link, N}, try_it(F)) || {N, F} <-
      [{1, fun() -> [file:read_link(at(L)) || L <- ["link", "dangling", "loop", "file", "dir", "absent"]] end},
       {2, fun() -> [file:make_symlink("target", at("s")), file:make_symlink("target", at("s")), file:read_link(at("s"))] end},
       {3, fun() -> [file:make_link(at("file"), at("hard")), file:make_link(at("file"), at("hard")), file:make_link(at("dir"), at("hd")), file:make_link(at("absent"), at("ha")), info(file:read_file_info(at("hard")))] end},
       {4, fun() -> [file:delete(at("link")), file:read_file(at("file")), file:delete(at("dangling")), file:delete(at("dangling"))] end},
       {5, fun() -> [file:write_file(at("link"), "through"), file:read_file(at("file")), file:write_file(at("dangling"), "made"), file:read_file(at("nothing"))] end},
       {6, fun() -> [file:rename(at("link"), at("link2")), file:read_link(at("link2"))] end},
       {7, fun() -> file:make_symlink(<<255, 254>>, at("s")), [file:read_link(at("s")), file:read_link_all(at("s"))] end},
       {8, fun() -> file:make_symlink([1024], at("s")), [file:read_link(at("s")), file:read_link_all(at("s"))] end}]].

directories() ->
    [?C({dir, N}, try_it(F)) || {N, F} <-
      [{1, fun() -> [file:make_dir(at("d")), file:make_dir(at("d")), file:make_dir(at("file")), file:make_dir(at("a/b")), file:make_dir(at("file/b"))] end},
       {2, fun() -> [file:del_dir(at("dir")), file:del_dir(at("file")), file:del_dir(at("absent")), file:del_dir(at("link")), file:delete(at("dir"))] end},
       {3, fun() -> [file:del_dir_r(at("dir")), file:del_dir_r(at("file")), file:del_dir_r(at("absent")), file:del_dir_r(at("link"))] end},
       {4, fun() -> [sorted(file:list_dir(at(N))) || N <- [".", "dir", "file", "absent", "link", ""]] end},
       {5, fun() -> file:write_file(filename:join(list_to_binary(get(dir)), <<255, 1>>), ""), [sorted(file:list_dir(get(dir))), sorted(file:list_dir_all(get(dir))), sorted(prim_file:list_dir(get(dir)))] end},
       {6, fun() -> [file:rename(at("dir"), at("dir2")), file:rename(at("file"), at("dir2")), file:rename(at("dir2"), at("file")), file:rename(at("dir2"), at("dir2/x")), file:rename(at("absent"), at("y")), file:rename(at("file"), at("file")), file:rename(at("file"), at("empty"))] end},
       {7, fun() -> file:make_dir(at("target")), [file:rename(at("dir"), at("target")), file:rename(at("file"), at("target/file")), sorted(file:list_dir(at("target")))] end},
       {8, fun() -> {ok, Old} = file:get_cwd(), R = [file:set_cwd(at("dir")), file:read_file("inner"), file:get_cwd() =:= {ok, filename:join(Old, at("dir"))}], [file:set_cwd(Old) | R] end},
       {9, fun() -> [file:set_cwd(at("file")), file:set_cwd(at("absent")), file:set_cwd(""), file:set_cwd([0]), file:get_cwd("C:"), file:get_cwd("/"), file:get_cwd(1)] end},
       {10, fun() -> [file:delete(at("file"), O) || O <- [[raw], [raw, foo]]] end},
       {11, fun() -> [filelib:ensure_dir(at("p/q/r")), filelib:ensure_path(at("p/q/s")), filelib:is_dir(at("p/q/s")), filelib:ensure_dir(at("file/x/y"))] end}]].

%% --- devices and limits of the system
special() ->
    [?C({special, N}, try_it(F)) || {N, F} <-
      [{1, fun() -> {ok, H} = file:open("/dev/full", [write, raw]), [file:write(H, "x"), file:pwrite(H, 0, "x"), file:sync(H), file:close(H)] end},
       {2, fun() -> {ok, H} = file:open("/dev/full", [write]), [file:write(H, "x"), file:close(H)] end},
       {3, fun() -> {ok, H} = file:open("/dev/zero", [read, raw, binary]), [file:read(H, 3), file:pread(H, 5, 2), file:position(H, cur), file:close(H)] end},
       {4, fun() -> {ok, H} = file:open("/dev/null", [read, write, raw]), [file:read(H, 3), file:write(H, "abc"), file:position(H, eof), file:truncate(H), file:close(H)] end},
       {5, fun() -> [file:write_file("/dev/full", "x"), file:write_file("/dev/null", "x"), file:read_file("/dev/null")] end},
       {6, fun() -> {ok, B} = file:read_file("/proc/self/status"), byte_size(B) > 100 end},
       {7, fun() -> [file:read_file(at("dir")), file:write_file(at("dir"), "x"), file:write_file("/proc/version", "x"), file:make_dir("/proc/x"), file:delete("/proc/version"), file:rename(at("file"), "/proc/x")] end},
       {8, fun() -> os:cmd("mkfifo " ++ at("fifo")), info(file:read_file_info(at("fifo"))) end},
       {9, fun() -> Path = at("fifo"), os:cmd("mkfifo " ++ Path), S = self(), P = spawn(fun() -> S ! {self(), prim_file:read_file(Path)} end), ok = prim_file:write_file(Path, "through the pipe"), receive {P, R} -> R after 5000 -> timeout end end},
       {10, fun() -> Path = at("fifo"), os:cmd("mkfifo " ++ Path), {ok, H} = file:open(Path, [read, write, raw]), [file:write(H, "ab"), file:read(H, 2), file:position(H, 0), file:pread(H, 0, 1), file:truncate(H), file:sync(H), file:close(H)] end},
       {11, fun() -> Big = binary:copy(<<"0123456789abcdef">>, 200000), [file:write_file(at("big"), Big), file:read_file(at("big")) =:= {ok, Big}, filelib:file_size(at("big"))] end},
       {12, fun() -> [file:write_file(at("w"), [<<I:8>> || I <- lists:seq(1, 5000)]), element(2, file:read_file(at("w"))) =:= << <<I:8>> || I <- lists:seq(1, 5000)>>] end},
       {13, fun() -> [file:write_file(at("w"), D, M) || {D, M} <- [{"a", [append]}, {"b", [append]}, {"c", []}, {"d", [exclusive]}, {a, []}, {[a], []}, {<<1:3>>, []}, {[1024], []}, {"e", [foo]}, {"f", [read]}, {"g", [raw]}, {"h", [compressed]}]] ++ [file:read_file(at("w"))] end},
       {14, fun() -> {ok, H} = file:open(at("sparse"), [write, raw]), [file:pwrite(H, 1 bsl 33, "x"), file:position(H, eof), file:close(H), filelib:file_size(at("sparse"))] end}]] ++
    [?C({format_error, N}, lists:flatten(file:format_error(E))) || {N, E} <- lists:zip(lists:seq(1, 14), [enoent, eacces, eisdir, enotdir, badarg, system_limit, terminated, {3, file, undefined_script}, {3, erl_parse, ["syntax error before: ", "foo"]}, foo, {a, b}, enospc, eexist, not_owner])].

%% --- the io protocol on files
lines() ->
    [?C({io, O, N}, begin H = open_ok("file", [read, write | O]), try_it(fun() -> F(H) end) end) || O <- [[], [binary], [{encoding, utf8}], [binary, {encoding, utf8}]], {N, F} <-
      [{1, fun(H) -> [io:get_line(H, ""), io:get_line(H, ignored), io:get_line(H, ""), io:get_line(H, ""), io:get_line(H, "")] end},
       {2, fun(H) -> [io:get_chars(H, "", 3), io:get_chars(H, "", 0), io:get_chars(H, "", 100), io:get_chars(H, "", 1)] end},
       {3, fun(H) -> [io:put_chars(H, "put"), io:nl(H), io:format(H, "~p ~ts~n", [{a, b}, [228, 246]]), file:position(H, bof), io:get_chars(H, "", 100)] end},
       {4, fun(H) -> [io:fread(H, "", "~s"), io:fread(H, "", "~c"), io:fread(H, "", "~d"), io:get_line(H, "")] end},
       {5, fun(H) -> [io:getopts(H), io:setopts(H, [binary]), io:get_line(H, ""), io:setopts(H, [list, {encoding, latin1}]), io:get_line(H, ""), io:setopts(H, [foo]), io:getopts(H)] end},
       {6, fun(H) -> file:write_file(at("file"), "{a, \"b\"}. foo(1) -> ok.\n bad bad. 'last'"), [io:read(H, ""), io:parse_erl_form(H, ""), io:read(H, ""), io:read(H, ""), io:read(H, "")] end},
       {7, fun(H) -> [io:request(H, R) || R <- [getopts, foo, {put_chars, latin1, "x"}, {put_chars, unicode, [1024]}, {get_chars, unicode, "", 2}, {get_chars, "", 2}, {get_until, unicode, "", erl_scan, tokens, [1]}, {requests, [{put_chars, unicode, "a"}, foo]}, {put_chars, unicode, io_lib, format, ["~p", [x]]}, {get_geometry, columns}, {get_password, unicode}]] end},
       {8, fun(H) -> [io:columns(H), io:rows(H), io:get_password(H)] end},
       {9, fun(H) -> file:write_file(at("file"), binary:copy(<<"line of text\n">>, 3000)), [length_of(io:get_line(H, "")) || _ <- lists:seq(1, 3)] ++ [length_of(io:get_chars(H, "", 20000)), file:position(H, cur)] end},
       {10, fun(H) -> H ! {io_request, self(), tag, {get_line, unicode, ""}}, H ! {io_request, self(), tag2, foo}, H ! {file_request, self(), tag3, foo}, H ! whatever, messages() end},
       {11, fun(H) -> [io:scan_erl_exprs(H, ""), io:scan_erl_form(H, "")] end},
       {12, fun(H) -> [file:read(H, 3), io:get_chars(H, "", 2), file:position(H, cur), file:read_line(H), io:get_line(H, ""), file:write(H, "w"), io:put_chars(H, "p"), file:position(H, bof), file:read(H, 100)] end}]].
length_of(B) when is_binary(B) -> byte_size(B);
length_of(L) when is_list(L) -> length(L);
length_of(X) -> X.

encodings() ->
    Text = [$a, 228, 8364, 128512, $\n, $b],
    [?C({encoding, E, B}, begin H = open_ok("e", [write, {encoding, E}]), W = try_it(fun() -> io:put_chars(H, Text) end), file:close(H), R = open_ok("e", [read, {encoding, E} | B]), [W, file:read_file(at("e")), io:get_chars(R, "", 2), io:get_line(R, ""), io:get_chars(R, "", 10), io:get_chars(R, "", 1)] end)
     || E <- [latin1, utf8, unicode, utf16, {utf16, little}, {utf16, big}, utf32, {utf32, little}, {utf32, big}], B <- [[], [binary]]] ++
    [?C({broken, E, N}, begin ok = file:write_file(at("b"), D), R = open_ok("b", [read, {encoding, E}]), [io:get_chars(R, "", 1), io:get_chars(R, "", 10), io:get_line(R, ""), file:read(R, 3), file:position(R, cur)] end)
     || E <- [utf8, {utf16, big}, {utf32, little}], {N, D} <- lists:zip(lists:seq(1, 6), [<<255, "abc">>, <<"ab", 195>>, <<"a", 237, 160, 128, "b">>, <<"a">>, <<0, 216, 0, 0, 1>>, <<"ok", 244, 144, 128, 128>>])] ++
    [?C({file_write_encoded, E}, begin H = open_ok("e", [read, write, {encoding, E}]), [file:write(H, "a" ++ [228]), file:write(H, <<195, 164>>), try_it(fun() -> file:write(H, [8364]) end), file:position(H, bof), file:read(H, 10), file:read_file(at("e"))] end) || E <- [utf8, latin1, {utf16, little}]] ++
    [?C({bom, N}, begin ok = file:write_file(at("b"), D), R = open_ok("b", [read, raw, binary]), {ok, B} = file:read(R, 4), unicode:bom_to_encoding(B) end) || {N, D} <- [{1, <<239, 187, 191, "a">>}, {2, <<254, 255, 0, 65>>}, {3, <<255, 254, 65, 0>>}, {4, <<"abcd">>}, {5, <<255, 254, 0, 0>>}]].

%% --- copy, sendfile
copying() ->
    [?C({copy, N}, [try_it(F), [file:read_file(at(X)) || X <- ["file", "to"]]]) || {N, F} <-
      [{1, fun() -> file:copy(at("file"), at("to")) end}, {2, fun() -> file:copy(at("file"), at("to"), 7) end}, {3, fun() -> file:copy(at("file"), at("to"), 0) end}, {4, fun() -> file:copy(at("file"), at("to"), infinity) end}, {5, fun() -> file:copy(at("file"), at("to"), -1) end},
       {6, fun() -> file:copy(at("absent"), at("to")) end}, {7, fun() -> file:copy(at("file"), at("absent/to")) end}, {8, fun() -> file:copy(at("dir"), at("to")) end}, {9, fun() -> file:copy({at("file"), [read]}, {at("to"), [append]}) end},
       {10, fun() -> A = open_ok("file", [read, raw]), B = open_ok("to", [write]), file:read(A, 3), file:copy(A, B, 5) end}, {11, fun() -> A = open_ok("file", [read]), B = open_ok("to", [write, raw]), file:copy(A, B) end}, {12, fun() -> file:copy({at("file"), [foo]}, at("to")) end},
       {13, fun() -> {ok, L} = gen_tcp:listen(0, [{ip, {127, 0, 0, 1}}, {active, false}]), {ok, P} = inet:port(L), {ok, C} = gen_tcp:connect({127, 0, 0, 1}, P, [{active, false}]), {ok, S} = gen_tcp:accept(L), R = [file:sendfile(at("file"), C), file:sendfile(open_ok("file", [raw, read]), C, 2, 5, []), file:sendfile(at("absent"), C), try_it(fun() -> file:sendfile(open_ok("file", [read]), C, 0, 0, []) end)], gen_tcp:close(C), [R, gen_tcp:recv(S, 0)] end}]].

consulting() ->
    [?C({consult, N}, begin ok = file:write_file(at("c"), T), [trimmed(file:consult(at("c"))), trimmed(file:script(at("c"))), trimmed(file:script(at("c"), [{'X', 5}])), trimmed(file:eval(at("c"))), trimmed(file:path_consult([at("dir"), get(dir)], "c"), 1), trimmed(file:path_script([get(dir)], "c"), 1), trimmed(file:path_eval([get(dir)], "c"))] end)
     || {N, T} <- lists:zip(lists:seq(1, 12), ["{a,1}. [b]. \"str\".", "", "a", "{a,", "a. b c.", "X = 1, Y = X + 1, Y.", "X.", "error(boom).", "%% coding: latin1\n\"" ++ [228] ++ "\".", "%% coding: utf-8\n\"ä\"."  , "1/0.", "'unterminated."])] ++
    [?C({consult_bad, F}, try_it(fun() -> file:F(at("absent")) end)) || F <- [consult, script, eval]] ++
    [?C({path_open, N}, begin R = file:path_open(P, F, [read]), case R of {ok, H, Full} -> [file:read(H, 3), Full =:= at(F)]; _ -> R end end) || {N, P, F} <- [{1, ["files.tmp/absent", "."], "absent"}, {2, [], "file"}, {3, [a], "file"}, {4, ["/"], "files.tmp"}]].
trimmed(R) -> R.
trimmed({ok, T, _}, 1) -> {ok, T};
trimmed(R, 1) -> R.

%% --- delayed writes and what they answer late
delayed() ->
    [?C({delayed, N}, try_it(F)) || {N, F} <-
      [{1, fun() -> H = open_ok("d", [raw, write, {delayed_write, 1000, 60000}]), [file:write(H, "abc"), file:read_file(at("d")), file:close(H), file:read_file(at("d"))] end},
       {2, fun() -> H = open_ok("d", [raw, write, {delayed_write, 4, 60000}]), [file:write(H, "ab"), file:read_file(at("d")), file:write(H, "cdef"), file:read_file(at("d")), file:sync(H), file:read_file(at("d"))] end},
       {3, fun() -> H = open_ok("d", [raw, write, {delayed_write, 1000, 20}]), [file:write(H, "abc"), timer:sleep(200), file:read_file(at("d"))] end},
       {4, fun() -> {ok, H} = file:open("/dev/full", [raw, write, {delayed_write, 1000, 60000}]), [file:write(H, "abc"), file:write(H, "def"), file:close(H), file:close(H)] end},
       {5, fun() -> {ok, H} = file:open("/dev/full", [raw, write, {delayed_write, 4, 60000}]), [file:write(H, "abcdef"), file:write(H, "x"), file:write(H, "y"), file:close(H)] end},
       {6, fun() -> H = open_ok("d", [raw, read, write, {delayed_write, 1000, 60000}]), [file:write(H, "abc"), file:position(H, 1), file:read(H, 5), file:pwrite(H, 0, "Z"), file:pread(H, 0, 5)] end},
       {7, fun() -> H = open_ok("d", [raw, write, delayed_write]), [elsewhere(fun() -> file:write(H, "x") end), elsewhere(fun() -> file:close(H) end)] end}]].

compressed() ->
    [?C({compressed, N}, try_it(F)) || {N, F} <-
      [{1, fun() -> H = open_ok("z", [raw, write, compressed]), R = [file:write(H, lists:duplicate(1000, $a)), file:position(H, cur), file:close(H)], {ok, B} = file:read_file(at("z")), [R, byte_size(B) < 100, zlib:gunzip(B) =:= binary:copy(<<"a">>, 1000)] end},
       {2, fun() -> file:write_file(at("z"), zlib:gzip("hello\nworld\n")), H = open_ok("z", [raw, read, compressed]), [file:read(H, 3), file:read_line(H), file:position(H, 2), file:read(H, 3), file:position(H, {cur, 2}), file:read(H, 20), file:read(H, 1), file:position(H, eof), file:write(H, "x"), file:close(H)] end},
       {3, fun() -> H = open_ok("file", [raw, read, compressed]), [file:read(H, 5), file:position(H, bof), file:read_line(H), file:close(H)] end},
       {4, fun() -> file:write_file(at("z"), "\x1f\x8b broken"), H = open_ok("z", [raw, read, compressed]), [file:read(H, 5), file:close(H)] end},
       {5, fun() -> H = open_ok("z", [raw, write, compressed]), [file:pwrite(H, 0, "x"), file:pread(H, 0, 1), file:truncate(H), file:sync(H), file:position(H, 5), file:write(H, "y"), file:position(H, 2), file:close(H)] end},
       {6, fun() -> file:write_file(at("z"), [zlib:gzip("one"), zlib:gzip("two")]), H = open_ok("z", [raw, read, compressed]), H1 = open_ok("z", [raw, read, compressed_one]), [file:read(H, 10), file:read(H, 10), file:read(H1, 10), file:read(H1, 10)] end},
       {7, fun() -> H = open_ok("z", [write, compressed]), [io:put_chars(H, "through io"), file:close(H), begin R = open_ok("z", [read, compressed]), io:get_line(R, "") end] end},
       {8, fun() -> {ok, B} = file:read_file(at("file")), file:write_file(at("z"), zlib:gzip(B)), H = open_ok("z", [raw, read, compressed, binary, {read_ahead, 3}]), [file:read_line(H), file:read_line(H), file:read(H, 2), file:read_line(H), file:read_line(H)] end}]].

memory_files() ->
    [?C({ram, N}, try_it(F)) || {N, F} <-
      [{1, fun() -> {ok, H} = file:open("abc def", [ram, read]), [file:read(H, 3), file:read(H, 10), file:read(H, 1), file:write(H, "x"), file:close(H)] end},
       {2, fun() -> {ok, H} = file:open(<<"abc">>, [ram, read, write, binary]), [file:write(H, "xy"), file:position(H, bof), file:read(H, 9), file:pwrite(H, 6, "far"), file:pread(H, 0, 20), file:pread(H, [{0, 2}, {100, 1}]), file:truncate(H), file:position(H, eof), ram_file:get_file(H), ram_file:get_size(H)] end},
       {3, fun() -> {ok, H} = file:open("abcabcabcabcabc", [ram, read, write]), [ram_file:compress(H), is_integer(element(2, ram_file:get_size(H))), ram_file:uncompress(H), ram_file:get_file(H), ram_file:uuencode(H), ram_file:get_file(H), ram_file:uudecode(H), ram_file:get_file(H)] end},
       {4, fun() -> {ok, H} = file:open("abc", [ram, read, write]), [file:position(H, P) || P <- [5, -1, eof, {cur, -2}, {eof, 3}, foo]] ++ [file:sync(H), file:datasync(H), file:advise(H, 0, 1, normal), file:allocate(H, 0, 10), ram_file:set_file(H, "new"), ram_file:get_file(H), ram_file:get_file_close(H)] end},
       {5, fun() -> [try_it(fun() -> handle(file:open(C, [ram | M])) end) || {C, M} <- [{a, []}, {"a", [write]}, {"a", [append]}, {"a", [foo]}, {[1024], []}]] end}]].

tables_on_disk() ->
    [?C({dets, Type, N}, begin {ok, T} = dets:open_file(make_ref(), [{file, at("t.dets")}, {type, Type}]), R = try_it(fun() -> F(T) end), dets:close(T), {ok, U} = dets:open_file(make_ref(), [{file, at("t.dets")}, {type, Type}, {access, read}]), L = lists:sort(dets:traverse(U, fun(X) -> {continue, X} end)), dets:close(U), {R, L} end)
     || Type <- [set, bag, duplicate_bag], {N, F} <-
      [{1, fun(T) -> [dets:insert(T, [{I rem 5, I} || I <- lists:seq(1, 20)]), dets:insert(T, {1, 1}), lists:sort(dets:lookup(T, 1)), dets:member(T, 7), dets:delete(T, 2), dets:delete_object(T, {3, 3}), dets:info(T, size)] end},
       {2, fun(T) -> [dets:insert_new(T, {k, v}), dets:insert_new(T, {k, w}), dets:match(T, {k, '$1'}), dets:select(T, [{{'$1', '$2'}, [], ['$2']}]), dets:match_delete(T, {k, v}), try_it(fun() -> dets:insert(T, a) end), try_it(fun() -> dets:update_counter(T, k, 1) end)] end},
       {3, fun(T) -> dets:insert(T, [{I, lists:duplicate(I, x)} || I <- lists:seq(1, 300)]), [length(dets:match_object(T, '_')), dets:sync(T), dets:foldl(fun({I, _}, A) -> I + A end, 0, T), dets:delete_all_objects(T), dets:info(T, size)] end}]] ++
    [?C({dets_bad, N}, begin ok = file:write_file(at("t.dets"), D), case dets:open_file(x, [{file, at("t.dets")}]) of {ok, _} -> dets:close(x), opened; {error, {R, _}} -> R; {error, R} -> R end end) || {N, D} <- [{1, "not a table"}, {2, ""}, {3, binary:copy(<<0>>, 10000)}]].

logs_on_disk() ->
    [?C({disk_log, Format, Type, N}, begin {ok, L} = opened_log(disk_log:open([{name, make_ref()}, {file, at("log")}, {format, Format}, {type, Type} | [{size, {1000, 3}} || Type =:= wrap]])), R = try_it(fun() -> F(L) end), disk_log:close(L), {R, sorted(file:list_dir(get(dir)))} end)
     || Format <- [internal, external], Type <- [halt, wrap], {N, F} <-
      [{1, fun(L) -> [disk_log:log(L, {a, term}), disk_log:log_terms(L, [b, c]), disk_log:blog(L, <<"bytes">>), disk_log:sync(L), chunks(L, start)] end},
       {2, fun(L) -> [disk_log:blog(L, binary:copy(<<"x">>, 300)) || _ <- lists:seq(1, 12)] ++ [disk_log:inc_wrap_file(L), disk_log:truncate(L), disk_log:balog(L, "async"), disk_log:sync(L)] end},
       {3, fun(L) -> [disk_log:block(L), disk_log:alog(L, x), disk_log:unblock(L), disk_log:change_size(L, 5000), disk_log:reopen(L, at("old")), proplists:get_value(status, disk_log:info(L))] end}]].
opened_log({ok, L}) -> {ok, L};
opened_log({repaired, L, _, _}) -> {ok, L};
opened_log(R) -> R.
chunks(L, C) -> case disk_log:chunk(L, C) of {D, Terms} when D =/= error -> [Terms | chunks(L, D)]; R -> [R] end.

searching() ->
    [?C({filelib, N}, try_it(F)) || {N, F} <-
      [{1, fun() -> [lists:sort(filelib:wildcard(W, get(dir))) || W <- ["*", "*/*", "**", "**/*", "{file,dir}", "f?le", "[a-f]*", "[!f]*", "dir/in*", "absent/*", "\\*", "l*", "{"]] end},
       {2, fun() -> [[filelib:G(at(N)) || G <- [is_file, is_dir, is_regular, file_size]] || N <- ["file", "dir", "link", "dangling", "absent", "loop"]] end},
       {3, fun() -> lists:sort([filename:basename(F) || F <- filelib:fold_files(get(dir), ".*", true, fun(F, A) -> [F | A] end, [])]) end},
       {4, fun() -> [filelib:safe_relative_path(P, get(dir)) || P <- ["a/b", "../x", "dir/../file", "link", "dir/../../x", "/abs"]] end},
       {5, fun() -> [filelib:find_file("inner", at("dir")), filelib:find_file("none", at("dir"))] =:= [{ok, at("dir/inner")}, {error, not_found}] end}]].
