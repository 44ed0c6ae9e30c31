%% PostgreSQL through application odbc and through p1_pgsql, MariaDB through p1_mysql (see service.erl).
-module(databases).
-export([needs/0, prepare/0, cases/0]).
-import(service, [sh/1, sh/2]).

needs() -> ["/usr/lib/postgresql/*/bin/postgres", "/usr/lib/erlang/lib/odbc-*/priv/bin/odbcserver", "/usr/lib/x86_64-linux-gnu/odbc/psqlodbca.so",
            "/usr/lib/erlang/lib/p1_pgsql-*/ebin/pgsql.beam", "/usr/lib/erlang/lib/p1_mysql-*/ebin/p1_mysql.beam", "mariadbd", "/usr/share/mysql/mysql_system_tables.sql"].

prepare() -> ok.

cases() -> [{postgresql, fun postgresql/0}, {mariadb, fun mariadb/0}].

%% Neither server runs as root.
as(User, Command) ->
    case service:is_root() of
        true -> lists:flatten(io_lib:format("setpriv --reuid=~s --regid=~s --clear-groups ~s", [User, User, Command]));
        false -> Command
    end.
%% A directory that belongs to User.
directory(User) ->
    Dir = sh("mktemp -d"),
    service:is_root() andalso sh("chown ~s ~s", [User, Dir]),
    Dir.

postgresql() ->
    Bin = filename:dirname(lists:last(lists:sort(filelib:wildcard("/usr/lib/postgresql/*/bin/postgres")))),
    Dir = directory("postgres"),
    Port = service:free_port(),
    ok = file:write_file("password", "secret"),
    sh("cp password ~s/; chmod 644 ~s/password", [Dir, Dir]),
    sh(as("postgres", Bin ++ "/initdb -D " ++ Dir ++ "/data -U joe -A md5 --pwfile=" ++ Dir ++ "/password --locale=C.UTF-8 -N")),
    Command = as("postgres", lists:flatten(io_lib:format("~s/postgres -D ~s/data -p ~w -k ~s -c listen_addresses=127.0.0.1 -c fsync=off", [Bin, Dir, Port, Dir]))),
    R = service:with_program(Command, Port, fun() -> sh("for i in 1 2 3 4 5 6 7 8 9; do ~s/pg_isready -q -h 127.0.0.1 -p ~w && break; sleep 0.5; done", [Bin, Port]), {native(Port), odbc(Port)} end),
    sh("rm -rf ~s", [Dir]),
    R.

native(Port) ->
    Options = fun(Password) -> [{host, "127.0.0.1"}, {port, Port}, {user, "joe"}, {password, Password}, {database, "postgres"}] end,
    process_flag(trap_exit, true),
    Denied = case catch pgsql:connect(Options("wrong")) of {ok, _} -> let_in; E -> element(1, E) end,
    {ok, C} = pgsql:connect(Options("secret")),
    Q = fun(S) -> pgsql:squery(C, S) end,
    Answers = [Q("create table t (i int primary key, s text, b bytea, f float8, d date)"),
               Q("insert into t select g, 'row ' || g, decode(lpad(to_hex(g), 8, '0'), 'hex'), g / 8.0, date '2020-01-01' + g from generate_series(1, 1000) g"),
               Q("select count(*), sum(i), max(s) from t"),
               Q("select * from t where i in (1, 500) order by i"),
               Q("select nothing from nowhere"),
               Q("begin"), Q("delete from t where i > 10"), Q("select count(*) from t"), Q("rollback"), Q("select count(*) from t"),
               Q("select repeat('0123456789', 20000)"),
               pgsql:prepare(C, "by_key", "select s from t where i = $1"), pgsql:execute(C, "by_key", ["7"]), pgsql:unprepare(C, "by_key"),
               pgsql:pquery(C, "select $1::int + 1", ["41"])],
    Many = erlang:phash2(Q("select i, s from t order by i")),
    T = pgsql:terminate(C),
    {Denied, Answers, Many, T}.

odbc(Port) ->
    {ok, _} = application:ensure_all_started(odbc),
    String = fun(Password) -> lists:flatten(io_lib:format("Driver=/usr/lib/x86_64-linux-gnu/odbc/psqlodbca.so;Server=127.0.0.1;Port=~w;Database=postgres;UID=joe;PWD=~s;", [Port, Password])) end,
    Denied = element(1, odbc:connect(String("wrong"), [])),
    {ok, C} = odbc:connect(String("secret"), [{auto_commit, off}]),
    Q = fun(S) -> odbc:sql_query(C, S) end,
    R = [Q("select i, s, f, d from t where i < 4 order by i"), Q("select 1/0"), odbc:commit(C, rollback),
         odbc:describe_table(C, "t"),
         odbc:param_query(C, "insert into t (i, s) values (?, ?)", [{sql_integer, [2001, 2002]}, {{sql_varchar, 20}, ["a", "b"]}]),
         Q("select i, s from t where i > 2000 order by i"), odbc:commit(C, rollback),
         Q("select i, s from t where i > 2000"),
         odbc:select_count(C, "select i from t order by i"), odbc:first(C), odbc:next(C), odbc:last(C), odbc:prev(C), odbc:select(C, {absolute, 500}, 3),
         odbc:commit(C, commit)],
    Many = erlang:phash2(Q("select i, s from t order by i")),
    Parallel = [spawn_monitor(fun() -> {ok, D} = odbc:connect(String("secret"), []), X = odbc:sql_query(D, "select " ++ integer_to_list(N) ++ " from pg_sleep(0.1)"), odbc:disconnect(D), exit(X) end)
                || N <- lists:seq(1, 5)],
    P = [receive {'DOWN', M, _, _, X} -> X end || {_, M} <- Parallel],
    %% The port program dies under its connection.
    [os:cmd("kill -9 " ++ integer_to_list(Pid)) || Port1 <- erlang:ports(), {os_pid, Pid} <- [erlang:port_info(Port1, os_pid)],
                                                   {name, Name} <- [erlang:port_info(Port1, name)], string:find(Name, "odbcserver") =/= nomatch],
    Killed = case catch Q("select 1") of {'EXIT', _} -> exit; {error, E} -> {error, E}; O -> O end,
    application:stop(odbc),
    {Denied, R, Many, P, Killed}.

mariadb() ->
    Dir = directory("nobody"),
    Port = service:free_port(),
    User = case service:is_root() of true -> "--user=nobody"; false -> "" end,
    sh("mkdir ~s/data; chmod 777 ~s/data; cd /usr/share/mysql; (echo 'create database mysql;'; echo 'use mysql;'; cat mysql_system_tables.sql mysql_system_tables_data.sql) | "
       "mariadbd --no-defaults ~s --datadir=~s/data --bootstrap 2>&1", [Dir, Dir, User, Dir]),
    ok = file:write_file("init.sql", "create database d;\ncreate user 'joe'@'127.0.0.1' identified by 'secret';\ngrant all on d.* to 'joe'@'127.0.0.1';\n"),
    sh("cp init.sql ~s; chmod 644 ~s/init.sql", [Dir, Dir]),
    Command = lists:flatten(io_lib:format("mariadbd --no-defaults ~s --datadir=~s/data --port=~w --socket=~s/socket --bind-address=127.0.0.1 --init-file=~s/init.sql --pid-file=~s/pid",
                                          [User, Dir, Port, Dir, Dir, Dir])),
    R = service:with_program(Command, Port, fun() -> mysql(Port) end),
    sh("rm -rf ~s", [Dir]),
    R.

mysql(Port) ->
    process_flag(trap_exit, true),
    Log = fun(_, _, _) -> ok end,
    timer:sleep(500),
    Start = fun(Password) -> p1_mysql_conn:start("127.0.0.1", Port, "joe", Password, "d", 5000, Log) end,
    Denied = element(1, Start("wrong")),
    {ok, C} = Start("secret"),
    Q = fun(S) -> p1_mysql_conn:fetch(C, list_to_binary(S), self(), 10000) end,
    R = [Q("create table t (i int primary key, s varchar(30), f double)"),
         Q("insert into t select seq, concat('row ', seq), seq / 8 from seq_1_to_1000"),
         Q("select * from t where i < 4 order by i"), Q("select count(*), sum(i) from t"), Q("select * from nowhere"),
         Q("select repeat('0123456789', 20000)")],
    Many = erlang:phash2(Q("select i, s from t order by i")),
    p1_mysql_conn:stop(C),
    {Denied, R, Many}.
