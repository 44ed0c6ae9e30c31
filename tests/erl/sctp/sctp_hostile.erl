%% What Erlang code, a peer and a kernel could do to the SCTP driver: requests, notifications and ancillary data of random
%% bytes, in all states of a socket. Nothing is compared: the VM has to live, keep no descriptor, and serve afterwards.
-module(sctp_hostile).
-export([go/1]).
-include_lib("kernel/include/inet_sctp.hrl").
-define(LO, {127,0,0,1}).
-define(MAGIC, 16#03f1a300).

go([Rounds]) ->
    logger:set_primary_config(level, none),
    serve(),
    Before = descriptors(),
    Seed = erlang:unique_integer([positive]) * 1000003 + erlang:system_time(),
    rand:seed(exsss, Seed),
    Run = fun() -> [attack(N) || N <- lists:seq(1, list_to_integer(Rounds))] end,
    {Pid, Mon} = spawn_monitor(fun() -> rand:seed(exsss, Seed), Run() end),
    receive {'DOWN', Mon, process, Pid, Why} -> Why =:= normal orelse failed({seed, Seed, Why}) end,
    serve(),
    timer:sleep(200),
    After = descriptors(),
    After - Before < 5 orelse failed({descriptors, Before, After}),
    io:format("alive~n"),
    halt(0).
failed(Why) -> io:format("~tp~n", [Why]), halt(1).
descriptors() -> {ok, L} = file:list_dir("/proc/self/fd"), length(L).

serve() ->
    {A, B, I} = pair([]),
    ok = gen_sctp:send(A, I, 0, "served"),
    {ok, {_, _, _, <<"served">>}} = gen_sctp:recv(B, 1000),
    gen_sctp:close(A), gen_sctp:close(B).
pair(Opts) ->
    {ok, B} = gen_sctp:open(0, [{ip, ?LO} | Opts]), ok = gen_sctp:listen(B, true), {ok, P} = inet:port(B),
    {ok, A} = gen_sctp:open(0, [{ip, ?LO}]), {ok, #sctp_assoc_change{assoc_id = I}} = gen_sctp:connect(A, ?LO, P, []),
    Opts =:= [] andalso gen_sctp:recv(B, 100),
    {A, B, I}.

attack(_) ->
    {A, B, I} = pair(case rand:uniform(3) of 1 -> [{active, true}]; 2 -> [list, {active, once}]; 3 -> [] end),
    Closed = open_port({spawn_driver, "sctp_inet"}, [binary]),
    {ok, Stream} = gen_sctp:open([{type, stream}]),
    [begin
         S = lists:nth(rand:uniform(4), [A, B, Closed, Stream]),
         case rand:uniform(6) of
             1 -> inject(A, I, [$n | note()]);
             2 -> inject(A, I, [$d | random(rand:uniform(60))]);
             3 -> inject(A, I, [$p | random(rand:uniform(3000))]);
             4 -> ask(S, 7, options(rand:uniform(4)));
             5 -> ask(S, 8, random(rand:uniform(40)));
             6 -> ask(S, request(), random(rand:uniform(40) - 1))
         end,
         rand:uniform(4) =:= 1 andalso (catch prim_inet:send(S, random(rand:uniform(50)), [])),
         drain()
     end || _ <- lists:seq(1, 60)],
    ask(B, 7, <<22, 0:32>>),
    catch ask(B, 60, <<0:64>>),
    [catch port_close(P) || P <- [A, B, Closed, Stream]],
    drain().

inject(S, I, What) -> catch prim_inet:sendmsg(S, #sctp_sndrcvinfo{assoc_id = I}, [1, "double:" | What]).
%% A notification of a known kind, cut or not.
note() ->
    Full = <<(16#8000 + rand:uniform(9)):16/native, (rand:uniform(3) - 1):16/native, (random(rand:uniform(200)))/binary>>,
    case rand:uniform(2) of 1 -> Full; 2 -> binary:part(Full, 0, rand:uniform(byte_size(Full))) end.
%% Other interfaces and descriptors are not the driver's to lose.
request() -> case rand:uniform(70) of N when N =:= 13; N =:= 23; N =:= 28 -> 60; N -> N end.
options(N) -> iolist_to_binary([[case rand:uniform(2) of 1 -> 99 + rand:uniform(17); 2 -> rand:uniform(50) end, random(rand:uniform(30))] || _ <- lists:seq(1, N)]).
random(N) -> case rand:uniform(3) of 1 -> <<0:(N * 8)>>; 2 -> rand:bytes(N); 3 -> << <<(rand:uniform(4) - 1)>> || _ <- lists:seq(1, N) >> end.
ask(S, Request, Data) ->
    try erlang:port_control(S, ?MAGIC + Request, Data) of
        [2] -> receive {inet_reply, S, {ok, P}} when is_port(P) -> port_close(P); {inet_reply, S, _} -> ok after 1000 -> failed({no_reply, Request, Data}) end;
        _ -> ok
    catch error:badarg -> ok
    end.
drain() -> receive {inet_async, _, _, {ok, P}} when is_port(P) -> catch port_close(P), drain(); _ -> drain() after 0 -> ok end.
