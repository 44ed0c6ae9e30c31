%% What is answered.
-module(service_http).
-export([answer/1]).
-define(VSN, "1").

answer(<<"/hello">>) -> "hello from " ?VSN;
answer(<<"/count">>) -> io_lib:format("~w", [service_counter:next()]);
answer(<<"/state">>) -> io_lib:format("~w", [sys:get_state(service_counter)]);
answer(<<"/install/", V/binary>>) -> io_lib:format("~0p", [release_handler:install_release(binary_to_list(V))]);
answer(<<"/permanent/", V/binary>>) -> io_lib:format("~0p", [release_handler:make_permanent(binary_to_list(V))]);
answer(<<"/linger">>) ->
    register(lingers, self()),
    linger();
answer(<<"/release">>) -> lingers ! leave, "ok";
answer(<<"/stop">>) -> spawn(fun() -> timer:sleep(200), init:stop() end), "ok".

linger() -> receive leave -> "lingered in " ?VSN end.
