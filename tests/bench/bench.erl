%% Benchmark rows: CPU-bound programs in plain Erlang. `bench:main([Row...])` prints `row NAME NANOSECONDS` per row: the
%% least time of several runs, each long enough to be timed, and `first NAME NANOSECONDS`: the time of the first of them. tools/bench runs it on Joist and on stock side by side.
-module(bench).
-export([main/0, main/1, rows/0]).

main() -> main([]).

main(Names) ->
    Wanted = case Names of [] -> [N || {N, _} <- rows()]; _ -> [list_to_atom(N) || N <- Names] end,
    [measure(N, F) || {N, F} <- rows(), lists:member(N, Wanted)],
    erlang:halt(0).

measure(Name, Fun) ->
    Self = self(),
    {Pid, Ref} = spawn_opt(fun() -> Self ! {self(), best(Fun)} end, [monitor, {min_heap_size, 1000}]),
    receive
        {Pid, {First, Ns}} -> erlang:demonitor(Ref, [flush]), io:format("row ~s ~b~nfirst ~s ~b~n", [Name, Ns, Name, First]);
        {'DOWN', Ref, _, _, Reason} -> io:format("failed ~s ~0p~n", [Name, Reason])
    end.

best(Fun) ->
    First = timed(Fun),
    warm_up(Fun, erlang:monotonic_time(second) + 40, compiled()),
    {First, lists:min([First, timed(Fun), timed(Fun)])}.

%% Where hot code is compiled while it runs: until the program has been executed
%% without any of it being compiled meanwhile, or waiting for it.
warm_up(_, _, none) -> ok;
warm_up(Fun, Until, Before) ->
    _ = timed(Fun),
    case compiled() of
        {_, _, 0} = Before -> ok;
        _ -> erlang:monotonic_time(second) >= Until orelse warm_up(Fun, Until, compiled())
    end.
compiled() ->
    try joist:jit_info() of
        #{mode := off} -> none;
        #{compiled := N, cached := C, queue := Q} -> {N, C, Q}
    catch error:undef -> none
    end.

timed(Fun) ->
    T0 = erlang:monotonic_time(nanosecond),
    case Fun() of
        {time, Own} -> Own; % it has timed what counts
        _ -> erlang:monotonic_time(nanosecond) - T0
    end.

rows() ->
    [{fib, fun() -> fib(27) end},
     {tak, fun() -> tak(18, 12, 6) end},
     {ackermann, fun() -> ack(2, 1500) end},
     {nrev, fun() -> repeat(60, fun() -> nrev(lists:seq(1, 500)) end) end},
     {qsort, fun() -> L = random_list(20000, 42), repeat(5, fun() -> qsort(L) end) end},
     {lists_sort, fun() -> L = random_list(100000, 7), lists:sort(L) end},
     {lists_map_fold, fun() -> L = lists:seq(1, 100000), repeat(10, fun() -> lists:foldl(fun(X, A) -> X + A end, 0, lists:map(fun(X) -> X * 2 end, L)) end) end},
     {comprehension, fun() -> repeat(30, fun() -> length([X * Y || X <- lists:seq(1, 200), Y <- lists:seq(1, 200), X rem 3 =:= Y rem 5]) end) end},
     {queens, fun() -> length(queens(8)) end},
     {sieve, fun() -> length(sieve(lists:seq(2, 8000))) end},
     {mandelbrot, fun() -> mandelbrot(120) end},
     {nbody, fun() -> nbody(30000) end},
     {float_sum, fun() -> float_sum(2000000, 0.0) end},
     {bignum_fact, fun() -> fact(2500) end},
     {bignum_pow, fun() -> repeat(20, fun() -> pow(3, 20000) rem 1000000007 end) end},
     {int_to_text, fun() -> int_texts(100000) end},
     {float_to_text, fun() -> float_texts(40000) end},
     {binary_match, fun() -> B = binary:copy(<<1, 2, 3, 4, 5, 6, 7, 8>>, 50000), repeat(5, fun() -> sum_bytes(B, 0) end) end},
     {binary_fields, fun() -> B = << <<I:16, (I * 3):32/little, (I rem 256):8>> || I <- lists:seq(1, 40000) >>, repeat(5, fun() -> sum_fields(B, 0) end) end},
     {binary_append, fun() -> repeat(5, fun() -> append(200000, <<>>) end) end},
     {binary_comprehension, fun() -> B = binary:copy(<<"hello world ">>, 20000), repeat(4, fun() -> << <<(C bxor 32)>> || <<C>> <= B >> end) end},
     {binary_split, fun() -> B = binary:copy(<<"alpha,beta,gamma,delta\n">>, 8000), repeat(3, fun() -> [binary:split(L, <<",">>, [global]) || L <- binary:split(B, <<"\n">>, [global])] end) end},
     {map_small, fun() -> map_small(200000, #{a => 1, b => 2, c => 3, d => 4}) end},
     {map_large, fun() -> M = lists:foldl(fun(I, A) -> A#{I => I} end, #{}, lists:seq(1, 50000)), lists:foldl(fun(I, S) -> S + maps:get(I, M) end, 0, lists:seq(1, 50000)) end},
     {map_fold, fun() -> M = maps:from_list([{{k, I}, I} || I <- lists:seq(1, 20000)]), repeat(10, fun() -> maps:fold(fun(_, V, A) -> V + A end, 0, M) end) end},
     {tuple_update, fun() -> tuple_update(500000, {1, 2, 3, 4, 5, 6, 7, 8}) end},
     {records, fun() -> dict_words(60000) end},
     {exceptions, fun() -> exceptions(200000, 0) end},
     {closures, fun() -> closures(500000, fun(X) -> X end) end},
     {select, fun() -> select_loop(1500000, 0) end},
     {string_ops, fun() -> repeat(300, fun() -> string:join(string:tokens("the quick brown fox jumps over the lazy dog", " "), "-") end) end},
     {string_unicode, fun() -> S = unicode:characters_to_binary(lists:duplicate(400, "Grüße aus Köln, ")), repeat(3, fun() -> string:length(string:uppercase(S)) end) end},
     {unicode_conv, fun() -> L = lists:duplicate(60000, 16#e5), repeat(10, fun() -> unicode:characters_to_list(unicode:characters_to_binary(L)) end) end},
     {io_format, fun() -> repeat(8000, fun() -> io_lib:format("~p ~s ~w ~10.3f~n", [{a, [1, 2, 3]}, "abc", foo, 3.14]) end) end},
     {regex, fun() -> {ok, Re} = re:compile("([a-z]+)@([a-z]+)\\.com"), S = binary:copy(<<"some text joe@example.com more ">>, 200), repeat(60, fun() -> re:run(S, Re, [global, {capture, all, index}]) end) end},
     {messages, fun() -> ping_pong(100000) end},
     {message_ring, fun() -> ring(200, 300) end},
     {message_large, fun() -> large_messages(3000, lists:seq(1, 200)) end},
     {selective_receive, fun() -> selective(1500) end},
     {spawn, fun() -> spawn_many(60000) end},
     {gen_server, fun() -> bench_server:run(50000) end},
     {ets_set, fun() -> ets_insert_lookup(set, 60000) end},
     {ets_ordered, fun() -> ets_insert_lookup(ordered_set, 40000) end},
     {ets_select, fun() -> ets_select(20000) end},
     {ets_counter, fun() -> T = ets:new(t, []), ets:insert(T, {c, 0}), repeat(300000, fun() -> ets:update_counter(T, c, 1) end), ets:delete(T) end},
     {timers, fun() -> timers(30000) end},
     {dictionary, fun() -> repeat(400000, fun() -> put(k, get(k)) end) end},
     {term_to_binary, fun() -> T = [{I, "text", <<"bin">>, #{a => I}, 1.5} || I <- lists:seq(1, 4000)], repeat(10, fun() -> term_to_binary(T) end) end},
     {binary_to_term, fun() -> B = term_to_binary([{I, "text", <<"bin">>, #{a => I}, 1.5} || I <- lists:seq(1, 4000)]), repeat(10, fun() -> binary_to_term(B) end) end},
     {json, fun() -> bench_json:run(60) end},
     {md5, fun() -> B = binary:copy(<<"x">>, 1000), repeat(20000, fun() -> erlang:md5(B) end) end},
     {phash2, fun() -> T = {a, [1, 2, 3], <<"abc">>, "text"}, repeat(300000, fun() -> erlang:phash2(T) end) end},
     {gb_trees, fun() -> T = lists:foldl(fun(I, A) -> gb_trees:enter(I * 7919 rem 20011, I, A) end, gb_trees:empty(), lists:seq(1, 20000)), gb_trees:size(T) end},
     {queue, fun() -> queue_ops(300000, queue:new()) end},
     {gc_churn, fun() -> gc_churn(200, lists:seq(1, 20000)) end},
     {tcp_echo_1, fun() -> bench_net:echo(1, 16, 5000) end},
     {tcp_echo_1_large, fun() -> bench_net:echo(1, 65536, 1000) end},
     {tcp_echo_100, fun() -> bench_net:echo(100, 16, 50) end},
     {tcp_echo_100_large, fun() -> bench_net:echo(100, 65536, 5) end},
     {tcp_echo_1000, fun() -> bench_net:echo(1000, 16, 5) end},
     {tcp_bulk, fun() -> bench_net:bulk(200) end},
     {udp_echo, fun() -> bench_net:udp(5000) end},
     {compile, fun() -> compile_module() end}] ++ bench_io:rows() ++ bench_dist:rows().

repeat(0, _) -> ok;
repeat(N, F) -> F(), repeat(N - 1, F).

random_list(N, Seed) -> random_list(N, Seed, []).
random_list(0, _, L) -> L;
random_list(N, S, L) -> S1 = (S * 1103515245 + 12345) band 16#7fffffff, random_list(N - 1, S1, [S1 | L]).

fib(0) -> 0;
fib(1) -> 1;
fib(N) -> fib(N - 1) + fib(N - 2).

tak(X, Y, Z) when Y < X -> tak(tak(X - 1, Y, Z), tak(Y - 1, Z, X), tak(Z - 1, X, Y));
tak(_, _, Z) -> Z.

ack(0, N) -> N + 1;
ack(M, 0) -> ack(M - 1, 1);
ack(M, N) -> ack(M - 1, ack(M, N - 1)).

nrev([]) -> [];
nrev([H | T]) -> app(nrev(T), [H]).
app([], L) -> L;
app([H | T], L) -> [H | app(T, L)].

qsort([]) -> [];
qsort([P | T]) -> qsort([X || X <- T, X < P]) ++ [P] ++ qsort([X || X <- T, X >= P]).

queens(0) -> [[]];
queens(N) -> place(N, 8).
place(0, _) -> [[]];
place(K, N) -> [[Q | Qs] || Qs <- place(K - 1, N), Q <- lists:seq(1, N), safe(Q, 1, Qs)].
safe(_, _, []) -> true;
safe(Q, D, [H | T]) -> Q =/= H andalso abs(Q - H) =/= D andalso safe(Q, D + 1, T).

sieve([]) -> [];
sieve([P | T]) -> [P | sieve([X || X <- T, X rem P =/= 0])].

mandelbrot(N) -> mandel_rows(0, N, 0).
mandel_rows(Y, N, A) when Y =:= N -> A;
mandel_rows(Y, N, A) -> mandel_rows(Y + 1, N, mandel_cols(0, Y, N, A)).
mandel_cols(X, _, N, A) when X =:= N -> A;
mandel_cols(X, Y, N, A) -> mandel_cols(X + 1, Y, N, A + mandel(3.0 * X / N - 2.0, 2.0 * Y / N - 1.0, 0.0, 0.0, 50)).
mandel(_, _, _, _, 0) -> 0;
mandel(Cr, Ci, Zr, Zi, I) ->
    R2 = Zr * Zr, I2 = Zi * Zi,
    if R2 + I2 > 4.0 -> I;
       true -> mandel(Cr, Ci, R2 - I2 + Cr, 2.0 * Zr * Zi + Ci, I - 1)
    end.

nbody(N) -> nbody(N, {0.0, 0.0, 0.3, 0.1}, {1.0, 0.5, -0.1, 0.2}).
nbody(0, A, _) -> A;
nbody(N, {X1, Y1, U1, V1}, {X2, Y2, U2, V2}) ->
    Dx = X1 - X2, Dy = Y1 - Y2, D2 = Dx * Dx + Dy * Dy + 0.01, Mag = 0.001 / (D2 * math:sqrt(D2)),
    U1b = U1 - Dx * Mag, V1b = V1 - Dy * Mag, U2b = U2 + Dx * Mag, V2b = V2 + Dy * Mag,
    nbody(N - 1, {X1 + 0.001 * U1b, Y1 + 0.001 * V1b, U1b, V1b}, {X2 + 0.001 * U2b, Y2 + 0.001 * V2b, U2b, V2b}).

float_sum(0, A) -> A;
float_sum(N, A) -> float_sum(N - 1, A + N * 0.5).

fact(0) -> 1;
fact(N) -> N * fact(N - 1).
pow(_, 0) -> 1;
pow(B, N) when N rem 2 =:= 0 -> H = pow(B, N div 2), H * H;
pow(B, N) -> B * pow(B, N - 1).
int_texts(0) -> ok;
int_texts(N) -> N = list_to_integer(integer_to_list(N)), int_texts(N - 1).
float_texts(0) -> ok;
float_texts(N) -> float_to_binary(N / 7, [short]), float_texts(N - 1).

sum_bytes(<<B, R/binary>>, A) -> sum_bytes(R, A + B);
sum_bytes(<<>>, A) -> A.
sum_fields(<<A:16, B:32/little, C:8, R/binary>>, S) -> sum_fields(R, S + A + B + C);
sum_fields(<<>>, S) -> S.
append(0, B) -> byte_size(B);
append(N, B) -> append(N - 1, <<B/binary, N:8>>).

map_small(0, M) -> M;
map_small(N, #{a := A} = M) -> map_small(N - 1, M#{a := A + 1, b => N}).

tuple_update(0, T) -> T;
tuple_update(N, T) -> tuple_update(N - 1, setelement(N rem 8 + 1, T, N)).

-record(r, {a = 1, b = 2, c = 3, d}).
dict_words(0) -> ok;
dict_words(N) -> R = #r{a = N}, R2 = R#r{b = R#r.a + 1, d = x}, R2#r.b, dict_words(N - 1).

exceptions(0, A) -> A;
exceptions(N, A) -> exceptions(N - 1, try thrower(N) catch throw:X -> A + X; error:_ -> A end).
thrower(N) when N rem 2 =:= 0 -> throw(N);
thrower(N) -> error({bad, N}).

closures(0, F) -> F(1);
closures(N, F) -> X = F(N), closures(N - 1, fun(Y) -> X + Y - N end).

select_loop(0, A) -> A;
select_loop(N, A) -> select_loop(N - 1, A + sel(N band 15)).
sel(0) -> 3; sel(1) -> 1; sel(2) -> 4; sel(3) -> 1; sel(4) -> 5; sel(5) -> 9; sel(6) -> 2; sel(7) -> 6; sel(8) -> 5;
sel(9) -> 3; sel(10) -> 5; sel(_) -> 0.

ping_pong(N) ->
    P = spawn_link(fun echo/0),
    ping(P, N), P ! stop.
ping(_, 0) -> ok;
ping(P, N) -> P ! {self(), N}, receive {P, N} -> ping(P, N - 1) end.
echo() -> receive {From, N} -> From ! {self(), N}, echo(); stop -> ok end.

ring(N, Rounds) ->
    Self = self(),
    First = lists:foldl(fun(_, Next) -> spawn_link(fun() -> forward(Next) end) end, Self, lists:seq(1, N)),
    ring_rounds(First, Rounds), First ! stop, receive stop -> ok end.
ring_rounds(_, 0) -> ok;
ring_rounds(First, R) -> First ! {token, R}, receive {token, R} -> ring_rounds(First, R - 1) end.
forward(Next) -> receive stop -> Next ! stop; M -> Next ! M, forward(Next) end.

large_messages(N, Data) ->
    P = spawn_link(fun echo/0),
    repeat(N, fun() -> P ! {self(), Data}, receive {P, _} -> ok end end), P ! stop.

selective(N) ->
    Self = self(),
    [Self ! {noise, I} || I <- lists:seq(1, N)],
    P = spawn_link(fun echo/0),
    repeat(N, fun() -> R = make_ref(), P ! {Self, R}, receive {P, R} -> ok end end),
    P ! stop,
    [receive {noise, I} -> ok end || I <- lists:seq(1, N)].

spawn_many(0) -> ok;
spawn_many(N) -> {P, M} = spawn_monitor(fun() -> ok end), receive {'DOWN', M, process, P, _} -> spawn_many(N - 1) end.

ets_insert_lookup(Type, N) ->
    T = ets:new(t, [Type]),
    [ets:insert(T, {I * 7919 rem 100003, I}) || I <- lists:seq(1, N)],
    [ets:lookup(T, I) || I <- lists:seq(1, N)],
    ets:delete(T).
ets_select(N) ->
    T = ets:new(t, [set]),
    ets:insert(T, [{I, I rem 10, x} || I <- lists:seq(1, N)]),
    repeat(10, fun() -> length(ets:select(T, [{{'$1', '$2', '_'}, [{'>', '$2', 6}], ['$1']}])) end),
    ets:delete(T).

timers(N) -> Rs = [erlang:send_after(100000 + I, self(), x) || I <- lists:seq(1, N)], [erlang:cancel_timer(R) || R <- Rs].

queue_ops(0, Q) -> queue:len(Q);
queue_ops(N, Q) when N rem 3 =:= 0 -> {_, Q1} = queue:out(Q), queue_ops(N - 1, Q1);
queue_ops(N, Q) -> queue_ops(N - 1, queue:in(N, Q)).

gc_churn(0, L) -> length(L);
gc_churn(N, L) -> gc_churn(N - 1, [X + 1 || X <- L]).

compile_module() ->
    File = filename:join([code:lib_dir(stdlib), "src", "lists.erl"]),
    {ok, lists, _} = compile:file(File, [binary, return_errors]).
