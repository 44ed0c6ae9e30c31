%% A gen_server counter: calls and casts.
-module(bench_server).
-behaviour(gen_server).
-export([run/1, init/1, handle_call/3, handle_cast/2]).

run(N) ->
    {ok, P} = gen_server:start_link(?MODULE, 0, []),
    calls(P, N),
    gen_server:stop(P).

calls(_, 0) -> ok;
calls(P, N) -> gen_server:cast(P, inc), _ = gen_server:call(P, get), calls(P, N - 1).

init(N) -> {ok, N}.
handle_call(get, _, N) -> {reply, N, N}.
handle_cast(inc, N) -> {noreply, N + 1}.
