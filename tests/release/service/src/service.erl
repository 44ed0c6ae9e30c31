%% The application, its supervisor, and the acceptors: what stays as it is in an upgrade.
-module(service).
-behaviour(application).
-behaviour(supervisor).
-export([start/2, stop/1, init/1, start_listener/0, listen/1, accept/1]).

start(_, _) -> supervisor:start_link({local, service_sup}, ?MODULE, []).
stop(_) -> ok.

init([]) ->
    {ok, {#{strategy => one_for_one},
          [#{id => service_counter, start => {service_counter, start_link, []}, modules => [service_counter]},
           #{id => listener, start => {?MODULE, start_listener, []}, modules => [service]}]}}.

start_listener() -> proc_lib:start_link(?MODULE, listen, [self()]).

listen(_Parent) ->
    {ok, Listen} = gen_tcp:listen(0, [binary, {active, false}, {packet, http_bin}, {reuseaddr, true}, {backlog, 128}, {ip, {127, 0, 0, 1}}]),
    {ok, Port} = inet:port(Listen),
    {ok, File} = application:get_env(service, port_file),
    ok = file:write_file(File, integer_to_list(Port)),
    [spawn_link(?MODULE, accept, [Listen]) || _ <- lists:seq(1, 4)],
    proc_lib:init_ack({ok, self()}),
    receive stop -> ok end.

accept(Listen) ->
    case gen_tcp:accept(Listen) of
        {ok, Socket} -> accepted(Listen, Socket);
        {error, closed} -> ok
    end.

accepted(Listen, Socket) ->
    Pid = spawn(fun() -> receive go -> ?MODULE:accept(Listen) end end),
    ok = gen_tcp:controlling_process(Socket, self()),
    Pid ! go,
    serve(Socket).

serve(Socket) ->
    case request(Socket, undefined, true) of
        {Path, Keep} ->
            Body = service_http:answer(Path),
            ok = gen_tcp:send(Socket, ["HTTP/1.1 200 OK\r\ncontent-length: ", integer_to_list(iolist_size(Body)), "\r\n\r\n", Body]),
            case Keep of
                true -> serve(Socket);
                false -> gen_tcp:close(Socket)
            end;
        closed -> gen_tcp:close(Socket)
    end.

request(Socket, Path, Keep) ->
    case gen_tcp:recv(Socket, 0) of
        {ok, {http_request, 'GET', {abs_path, P}, _}} -> request(Socket, P, Keep);
        {ok, {http_header, _, 'Connection', _, <<"close">>}} -> request(Socket, Path, false);
        {ok, {http_header, _, _, _, _}} -> request(Socket, Path, Keep);
        {ok, http_eoh} -> {Path, Keep};
        {error, _} -> closed
    end.
