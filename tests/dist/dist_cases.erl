%% What a node sees of another one. tests/dist/pairings runs this for every pairing of Joist and stock, and compares what
%% it prints.
-module(dist_cases).
-export([run/1]).

run([Peer]) ->
    logger:set_primary_config(level, none),
    [_, Host] = string:split(atom_to_list(node()), "@"),
    Node = list_to_atom(Peer ++ "@" ++ Host),
    connect(Node, 100),
    lists:foreach(fun({Name, F}) -> one(Name, F, Node) end, cases()),
    halt().

connect(_, 0) -> halt(1);
connect(Node, N) ->
    case net_adm:ping(Node) of
        pong -> ok;
        pang -> timer:sleep(200), connect(Node, N - 1)
    end.

%% Each case in a process of its own.
one(Name, F, Node) ->
    Self = self(),
    {Pid, Mon} = spawn_monitor(fun() -> Self ! {result, self(), catch F(Node)} end),
    Result = receive
                 {result, Pid, R} -> R;
                 {'DOWN', Mon, _, _, Reason} -> {died, Reason}
             after 1000 * list_to_integer(os:getenv("CASE_SECONDS", "30")) -> timeout
             end,
    erlang:demonitor(Mon, [flush]),
    io:format("~p: ~0p~n", [Name, Result]).

cases() -> [
 {nodes, fun(N) -> nodes()==[N] end},
 {rpc, fun(N) -> rpc:call(N,erlang,system_info,[otp_release]) end},
 {erpc, fun(N) -> erpc:call(N,lists,seq,[1,5]) end},
 {erpc_err, fun(N) -> element(1,element(2,catch erpc:call(N,erlang,error,[foo]))) end},
 {big, fun(N) -> B=binary:copy(<<"xy">>,4000000), erpc:call(N,erlang,md5,[B])==erlang:md5(B) end},
 {bigback, fun(N) -> erpc:call(N,binary,copy,[<<"ab">>,5000000])==binary:copy(<<"ab">>,5000000) end},
 {big64, fun(N) -> byte_size(erpc:call(N,binary,copy,[binary:copy(<<"ab">>,32000000)])) end},
 {biglist, fun(N) -> L=lists:seq(1,300000), erpc:call(N,lists,sum,[L]) end},
 {bigmap, fun(N) -> M=maps:from_list([{X,{X,a,<<X:32>>}}||X<-lists:seq(1,50000)]), erpc:call(N,maps,size,[M]) end},
 {echo, fun(N) -> T={1,2.5,foo,'\x{400}',"str",<<1,2,3>>,<<1:3>>,self(),make_ref(),#{a=>1},fun erlang:abs/1,1 bsl 100,[a|b]}, erpc:call(N,erlang,hd,[[T]])=:=T end},
 {spawn_link_normal, fun(N) -> process_flag(trap_exit,true), P=spawn_link(N,erlang,exit,[boom]), receive {'EXIT',P,R} -> R end end},
 {spawn_monitor, fun(N) -> {P,M}=erlang:spawn_monitor(N,erlang,exit,[bye]), receive {'DOWN',M,process,P,R} -> R end end},
 {spawn_request, fun(N) -> R=erlang:spawn_request(N,erlang,node,[],[{reply_tag,tg},monitor]), receive {tg,R,ok,P} -> receive {'DOWN',R,process,P,W} -> {node(P)==N,W} end end end},
 {spawn_badopt, fun(N) -> R=erlang:spawn_request(N,erlang,node,[],[{priority,zz}]), receive {spawn_reply,R,A,B} -> {A,B} end end},
 {spawn_undef, fun(N) -> process_flag(trap_exit,true), P=spawn_link(N,no_such,f,[]), receive {'EXIT',P,R} -> R end end},
 {gl, fun(N) -> erpc:call(N,erlang,group_leader,[])==group_leader() end},
 {mon_noproc, fun(N) -> M=monitor(process,{nosuch,N}), receive {'DOWN',M,T,{A,_},R} -> {T,A,R} end end},
 {mon_name, fun(N) -> P=spawn(N,timer,sleep,[100000]), rpc:call(N,erlang,register,[zzz,P]), M=monitor(process,{zzz,N}), exit(P,kill), receive {'DOWN',M,T,{A,_},R} -> {T,A,R} end end},
 {demon, fun(N) -> P=spawn(N,timer,sleep,[100000]), M=monitor(process,P), demonitor(M), exit(P,kill), receive X -> X after 200 -> none end end},
 {link_noproc, fun(N) -> process_flag(trap_exit,true), P=spawn(N,erlang,node,[]), timer:sleep(100), link(P), receive {'EXIT',P,R} -> R end end},
 {unlink, fun(N) -> process_flag(trap_exit,true), P=spawn_link(N,timer,sleep,[100000]), unlink(P), exit(P,kill), receive X -> X after 200 -> none end end},
 {pinfo_links, fun(N) -> P=spawn_link(N,timer,sleep,[1000]), {links,L}=process_info(self(),links), lists:member(P,L) end},
 {exit2, fun(N) -> P=spawn(N,timer,sleep,[100000]), M=monitor(process,P), exit(P,{my,reason,"x"}), receive {'DOWN',M,_,_,R} -> R end end},
 {remote_link_in, fun(N) -> process_flag(trap_exit,true), S=self(), P=spawn(N,erlang,apply,[erlang,link,[S]]), receive {'EXIT',P,R} -> R end end},
 {alias, fun(N) -> A=alias(), spawn(N,erlang,send,[A,hello]), receive X -> X after 2000 -> none end end},
 {unalias, fun(N) -> A=alias(), unalias(A), spawn(N,erlang,send,[A,hello]), receive X -> X after 200 -> none end end},
 {regsend, fun(N) -> register(me,self()), S=node(), spawn(N,erlang,send,[{me,S},hi]), receive X -> X after 2000 -> none end end},
 {nosus, fun(N) -> erlang:send({nosuch,N},x,[nosuspend]) end},
 {noconn, fun(_) -> erlang:send({nosuch,'none@nowhere'},x,[noconnect]) end},
 {call_back, fun(N) -> {_,M}=spawn_monitor(N,erlang,apply,[fun erpc:call/4,[node(),timer,sleep,[0]]]), receive {'DOWN',M,_,_,R} -> R end end},
 {many, fun(N) -> K=[erpc:call(N,erlang,abs,[-I])||I<-lists:seq(1,2000)], lists:sum(K) end},
 {multi, fun(N) -> R=[erpc:send_request(N,lists,sum,[lists:seq(1,I)])||I<-lists:seq(1,500)], lists:sum([erpc:receive_response(X)||X<-R]) end},
 {global, fun(N) -> yes=global:register_name(gg,self()), erpc:call(N,global,whereis_name,[gg])==self() end},
 {busy, fun(N) -> P=spawn(N,timer,sleep,[3000]), B=binary:copy(<<0>>,100000), [P ! B || _ <- lists:seq(1,300)], ok end},
 {nodemon, fun(N) ->
     net_kernel:monitor_nodes(true,[nodedown_reason]), monitor_node(N,true), process_flag(trap_exit,true),
     P=spawn_link(N,timer,sleep,[10000]), M=monitor(process,P),
     erlang:disconnect_node(N), lists:sort([receive {'EXIT',P,R} -> {exit,R}; {'DOWN',M,process,P,R} -> {down,R};
                        {nodedown,N} -> nodedown; {nodedown,N,I} -> {nodedown,I} after 5000 -> none end || _ <- lists:seq(1,4)]) end},
 {reconnect, fun(N) -> net_kernel:monitor_nodes(false), net_adm:ping(N) end},
 {after_rpc, fun(N) -> rpc:call(N,erlang,abs,[-3]) end},
 {halt_peer, fun(N) -> monitor_node(N,true), M=monitor(process,{kernel_sup,N}), spawn(N,erlang,halt,[0]), receive {nodedown,_} -> receive {'DOWN',M,_,_,R} -> R end after 5000 -> none end end}
].
