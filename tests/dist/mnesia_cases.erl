%% mnesia on two nodes: a schema on disc, tables of every kind, transactions from both sides, a node that stops, comes back
%% and catches up, schema changes. run(Other) prints an answer a line; directories are made in $CASES_DIR.
-module(mnesia_cases).
-export([run/1]).

run([Other]) ->
    N = list_to_atom(Other ++ "@" ++ tl(string:find(atom_to_list(node()), "@"))),
    pong = ping(N, 50),
    {_, Code, File} = code:get_object_code(?MODULE),
    rpc:call(N, code, load_binary, [?MODULE, File, Code]),
    Dir = os:getenv("CASES_DIR"),
    ok = rpc:call(N, application, set_env, [mnesia, dir, filename:join(Dir, "b")]),
    application:set_env(mnesia, dir, filename:join(Dir, "a")),
    Both = [node(), N],
    show(schema, mnesia:create_schema(Both)),
    show(start, [rpc:call(X, mnesia, start, []) || X <- Both]),
    [show({create, T}, mnesia:create_table(T, [{Kind, Both}, {attributes, [k, v]} | More]))
     || {T, Kind, More} <- [{disc, disc_copies, []}, {ram, ram_copies, []}, {only, disc_only_copies, []}, {bag, ram_copies, [{type, bag}]},
                            {frag, ram_copies, [{frag_properties, [{n_fragments, 4}, {node_pool, Both}]}]}]],
    show(wait, mnesia:wait_for_tables([disc, ram, only, bag], 10000)),
    show(write, lists:usort([mnesia:transaction(fun() -> [mnesia:write({T, I, I * I}) || T <- [disc, ram, only]], ok end) || I <- lists:seq(1, 200)])),
    timer:sleep(200), % the last transaction's commit is on its way to the other node: nobody waits for it
    show(sizes, [rpc:call(N, mnesia, table_info, [T, size]) || T <- [disc, ram, only]]),
    show(read_there, rpc:call(N, mnesia, dirty_read, [disc, 77])),
    show(frag, [mnesia:activity(sync_transaction, fun() -> [mnesia:write({frag, I, x}) || I <- lists:seq(1, 100)], ok end, [], mnesia_frag),
                timer:sleep(200), % where replicas differ mnesia takes protocol asym_trans, in which nobody waits for the others to have written
                rpc:call(N, mnesia, activity, [async_dirty, fun mnesia:table_info/2, [frag, size], mnesia_frag])]),
    show(counter, [rpc:call(N, mnesia, dirty_update_counter, [ram, c, 1]) || _ <- Both ++ Both]),
    Locks = [rpc:async_call(X, mnesia, transaction, [fun mnesia:write/1, [{disc, shared, X}]]) || X <- Both],
    show(both_write, [rpc:yield(K) || K <- Locks]),
    show(abort, mnesia:transaction(fun() -> mnesia:write({disc, gone, 1}), mnesia:abort(no) end)),
    show(not_written, mnesia:dirty_read(disc, gone)),
    show(index, [mnesia:add_table_index(disc, v), length(rpc:call(N, mnesia, dirty_index_read, [disc, 49, v]))]),
    rpc:call(N, mnesia, stop, []),
    down(N, 50),
    timer:sleep(100),
    show(alone, mnesia:transaction(fun() -> mnesia:write({disc, new, 1}) end)),
    show(back, [rpc:call(N, mnesia, start, []), rpc:call(N, mnesia, wait_for_tables, [[disc, ram, only, bag], 10000])]),
    active([disc, ram, only, bag], 100),
    show(caught_up, rpc:call(N, mnesia, dirty_read, [disc, new])),
    show(transform, mnesia:transform_table(ram, fun({ram, K, V}) -> {ram, K, V, added} end, [k, v, w])),
    show(transformed, rpc:call(N, mnesia, dirty_read, [ram, 5])),
    show(del_copy, [mnesia:del_table_copy(ram, N), mnesia:table_info(ram, ram_copies) =:= [node()]]),
    show(backup, mnesia:backup(filename:join(Dir, "backup"))),
    show(delete, [mnesia:delete_table(T) || T <- [only, bag]]),
    show(killed, begin monitor_node(N, true), rpc:cast(N, erlang, halt, [0, [{flush, false}]]), receive {nodedown, N} -> nodes() after 10000 -> none end end),
    down(N, 50),
    show(after_kill, mnesia:transaction(fun() -> mnesia:write({disc, last, 2}), mnesia:read(disc, 200) end)),
    halt().

show(What, Answer) -> io:format("~p: ~p~n", [What, Answer]).
ping(_, 0) -> pang;
ping(N, Tries) -> case net_adm:ping(N) of pong -> pong; _ -> timer:sleep(200), ping(N, Tries - 1) end.
%% Until every table is written on both nodes again.
active(_, 0) -> never;
active(Tables, Tries) ->
    case [T || T <- Tables, length(mnesia:table_info(T, where_to_write)) < 2] of [] -> ok; _ -> timer:sleep(50), active(Tables, Tries - 1) end.
down(_, 0) -> ok;
down(N, Tries) -> case lists:member(N, mnesia:system_info(running_db_nodes)) of true -> timer:sleep(50), down(N, Tries - 1); false -> ok end.
