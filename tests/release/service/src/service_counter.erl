%% Counts requests. Version 1 holds {state, 1, N}, version 2 {state, 2, N, TimeOfUpgrade}.
-module(service_counter).
-behaviour(gen_server).

-export([start_link/0, next/0, init/1, handle_call/3, handle_cast/2, code_change/3]).
-define(VSN, "1").
-vsn(?VSN).

start_link() -> gen_server:start_link({local, ?MODULE}, ?MODULE, [], []).
next() -> gen_server:call(?MODULE, next, 20000).
init([]) -> {ok, {state, 1, 0}}.
handle_call(next, _, {state, 1, N}) when ?VSN =:= "1" -> {reply, N + 1, {state, 1, N + 1}};
handle_call(next, _, {state, 2, N, T}) when ?VSN =:= "2" -> {reply, N + 1, {state, 2, N + 1, T}}.
handle_cast(_, State) -> {noreply, State}.
code_change({down, _}, {state, 2, N, _}, _) -> {ok, {state, 1, N}};
code_change(_, {state, 1, N}, _) -> {ok, {state, 2, N, erlang:system_time(second)}}.
