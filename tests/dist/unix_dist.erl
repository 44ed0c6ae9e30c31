%% Distribution over Unix-domain sockets, as an example of a carrier that is none of OTP's: -proto_dist unix. Nodes are
%% found as sockets NAME in the directory $SOCKETS. See "How to implement an Alternative Carrier" of ERTS' guide.
-module(unix_dist).
-export([listen/2, listen/1, address/0, accept/1, accept_connection/5, setup/5, close/1, select/1]).
-include_lib("kernel/include/dist_util.hrl").
-include_lib("kernel/include/net_address.hrl").

listen(Name) -> listen(Name, "localhost").
listen(Name, _Host) ->
    Path = path(atom_to_list(Name)),
    case gen_tcp:listen(0, [{ifaddr, {local, Path}}, {active, false}, {packet, 2}]) of
        {ok, S} -> {ok, {S, address(Path), rand:uniform(1 bsl 31)}};
        Error -> Error
    end.
path(Name) -> filename:join(os:getenv("SOCKETS"), Name).
path_of(Node) -> path(hd(string:split(atom_to_list(Node), "@"))).
address() -> address("").
address(Path) -> #net_address{address = Path, host = "localhost", protocol = unix, family = local}.
select(_) -> true.
close(S) -> gen_tcp:close(S).

accept(Listen) ->
    Kernel = self(),
    spawn_opt(fun() -> accepting(Kernel, Listen) end, [link, {priority, max}]).
accepting(Kernel, Listen) ->
    {ok, S} = gen_tcp:accept(Listen),
    Kernel ! {accept, self(), S, local, unix},
    receive
        {Kernel, controller, Pid} ->
            ok = gen_tcp:controlling_process(S, Pid),
            Pid ! {self(), controller},
            accepting(Kernel, Listen);
        {Kernel, unsupported_protocol} -> exit(unsupported_protocol)
    end.

accept_connection(Acceptor, S, MyNode, Allowed, SetupTime) ->
    Kernel = self(),
    spawn_opt(fun() ->
                      receive {Acceptor, controller} -> ok end,
                      Data = data(Kernel, S, MyNode, dist_util:start_timer(SetupTime)),
                      dist_util:handshake_other_started(Data#hs_data{allowed = Allowed})
              end, [link, {priority, max}]).

setup(Node, Type, MyNode, _LongOrShortNames, SetupTime) ->
    Kernel = self(),
    spawn_opt(fun() ->
                      Timer = dist_util:start_timer(SetupTime),
                      case gen_tcp:connect({local, path_of(Node)}, 0, [{active, false}, {packet, 2}]) of
                          {ok, S} ->
                              dist_util:reset_timer(Timer),
                              Data = data(Kernel, S, MyNode, Timer),
                              dist_util:handshake_we_started(Data#hs_data{other_node = Node, request_type = Type, other_version = 6});
                          _ -> ?shutdown(Node)
                      end
              end, [link, {priority, max}]).

data(Kernel, S, MyNode, Timer) ->
    #hs_data{kernel_pid = Kernel, socket = S, this_node = MyNode, timer = Timer, this_flags = 0,
             f_send = fun gen_tcp:send/2, f_recv = fun gen_tcp:recv/3,
             f_setopts_pre_nodeup = fun(X) -> inet:setopts(X, [{active, false}, {packet, 4}]) end,
             f_setopts_post_nodeup = fun(X) -> inet:setopts(X, [{active, true}, {deliver, port}, {packet, 4}, binary]) end,
             f_getll = fun inet:getll/1,
             f_address = fun(_, Node) -> address(path_of(Node)) end,
             mf_tick = fun(X) -> inet_tcp:send(X, [], [force]) end,
             mf_getstat = fun getstat/1,
             mf_setopts = fun inet:setopts/2, mf_getopts = fun inet:getopts/2}.
getstat(S) ->
    {ok, Stat} = inet:getstat(S, [recv_cnt, send_cnt, send_pend]),
    [R, W, P] = [proplists:get_value(K, Stat) || K <- [recv_cnt, send_cnt, send_pend]],
    {ok, R, W, P}.
