%% At the limits: very deep recursion, very deep and very large terms, and sizes no machine has.
%% JOIST_DEEP_FRAMES: how many frames deep recursions go (10,000,000, which is 160 MB; 130,000,000 is 2 GB of stack).
-module(limits).
-export([cases/0, sum/1, forever/1]).

-define(C(Name, Expr), {Name, fun() -> Expr end}).

cases() -> deep_recursion() ++ deep_terms() ++ large() ++ beyond() ++ external() ++ arguments().

%% --- recursion
frames() ->
    case os:getenv("JOIST_DEEP_FRAMES") of
        false -> 10000000;
        N -> list_to_integer(N)
    end.

%% What Fun gives in a process of its own, which has not grown yet.
alone(Fun) -> alone(Fun, []).
alone(Fun, Options) ->
    {Pid, Ref} = spawn_opt(fun() -> exit({result, Fun()}) end, [monitor | Options]),
    receive {'DOWN', Ref, process, Pid, Reason} -> Reason end.

sum(0) -> 0;
sum(N) -> 1 + sum(N - 1).

build(0) -> [];
build(N) -> [N | build(N - 1)].

%% Does something at the bottom.
down(0, Fun) -> Fun();
down(N, Fun) -> element(1, {down(N - 1, Fun), N}).

caught(0) -> throw(bottom);
caught(N) -> try caught(N - 1) catch never -> never after ok end.

catching(0) -> 0;
catching(N) -> 1 + (catch catching(N - 1)).

there(0) -> 0;
there(N) -> 1 + back(N - 1).
back(0) -> 0;
back(N) -> {There} = {there(N - 1)}, 1 + There.

forever(N) -> 1 + ?MODULE:forever(N + 1).

limit(Words, Kill) -> {max_heap_size, #{size => Words, kill => Kill, error_logger => false}}.

deep_recursion() ->
    N = frames(),
    [?C(plain, alone(fun() -> sum(N) end) =:= {result, N}),
     ?C(list, alone(fun() -> L = build(N div 4), {length(L) =:= N div 4, lists:sum(L) =:= (N div 4) * (N div 4 + 1) div 2} end)),
     ?C(mutual, alone(fun() -> there(N div 2) end) =:= {result, N div 2}),
     ?C(foldr, alone(fun() -> lists:foldr(fun(X, A) -> X + A end, 0, lists:seq(1, N div 10)) =:= (N div 10) * (N div 10 + 1) div 2 end)),
     ?C(collect_at_bottom, alone(fun() -> down(N div 10, fun erlang:garbage_collect/0) end)),
     ?C(error_at_bottom, alone(fun() -> try down(N div 4, fun() -> error(bottom) end) catch C:R:S -> {C, R, length(S)} end end)),
     ?C(uncaught, element(1, alone(fun() -> down(N div 10, fun() -> exit(bottom) end) end))),
     ?C(stack_at_bottom, alone(fun() -> down(N div 10, fun() -> {current_stacktrace, S} = process_info(self(), current_stacktrace), length(S) end) end)),
     ?C(handlers, alone(fun() -> try caught(N div 40) catch C:R -> {C, R} end end)),
     ?C(catches, alone(fun() -> catching(N div 10) end) =:= {result, N div 10}),
     ?C(killed_by_heap, alone(fun() -> forever(0) end, [limit(20000000, true)])),
     ?C(not_killed_by_heap, alone(fun() -> sum(1000000) end, [limit(1000, false)])),
     ?C(killed, begin
                    {Pid, Ref} = spawn_opt(fun() -> forever(0) end, [monitor, limit(100000000, true)]),
                    timer:sleep(20),
                    exit(Pid, kill),
                    receive {'DOWN', Ref, process, Pid, Reason} -> Reason end
                end),
     ?C(looked_at, begin
                       Self = self(),
                       {Pid, Ref} = spawn_monitor(fun() -> down(N div 20, fun() -> Self ! deep, receive go -> ok end end) end),
                       receive deep -> ok end,
                       {stack_size, Words} = process_info(Pid, stack_size),
                       true = erlang:garbage_collect(Pid),
                       {status, Status} = process_info(Pid, status),
                       Pid ! go,
                       receive {'DOWN', Ref, process, Pid, Reason} -> {Words > N div 10, Status, Reason} end
                   end),
     ?C(hibernates, begin
                        Self = self(),
                        {Pid, Ref} = spawn_monitor(fun() -> down(N div 20, fun() -> Self ! deep, erlang:hibernate(erlang, exit, [woken]) end) end),
                        receive deep -> ok end,
                        Pid ! go,
                        receive {'DOWN', Ref, process, Pid, Reason} -> Reason end
                    end)].

%% --- deep terms: what walks a term must not do so on the C stack
deep(list) -> nest(fun(T) -> [T] end);
deep(improper) -> nest(fun(T) -> [T | x] end);
deep(tuple) -> nest(fun(T) -> {T} end);
deep(map) -> nest(fun(T) -> #{k => T} end);
deep(key) -> nest(300000, fun(T) -> #{T => v} end);
deep(closure) -> nest(fun(T) -> fun() -> T end end);
deep(mixed) -> nest(fun(T) -> {[a, #{b => [T | c]}]} end).

nest(F) -> nest(500000, F).
nest(N, F) -> lists:foldl(fun(_, T) -> F(T) end, [], lists:seq(1, N)).

deep_terms() ->
    lists:append(
      [[?C({same, K}, deep(K) =:= deep(K)),
        ?C({order, K}, begin A = deep(K), B = deep(K), {A < B, A == B, A >= B, {A, 1} < {B, 2}, lists:max([A, B]) =:= A} end),
        ?C({send, K}, begin T = deep(K), self() ! T, receive M -> M =:= T end end),
        ?C({spawned, K}, begin T = deep(K), alone(fun() -> T =:= deep(K) end) end),
        ?C({collect, K}, begin T = deep(K), garbage_collect(), garbage_collect(), T =:= deep(K) end),
        ?C({ets, K}, begin T = deep(K), E = ets:new(t, []), true = ets:insert(E, {1, T}), [{1, U}] = ets:lookup(E, 1), U =:= T end),
        ?C({ets_compressed, K}, begin T = deep(K), E = ets:new(t, [compressed]), true = ets:insert(E, {1, T}), [{1, U}] = ets:lookup(E, 1), U =:= T end),
        ?C({persistent, K}, begin T = deep(K), persistent_term:put(?MODULE, T), R = persistent_term:get(?MODULE) =:= T, persistent_term:erase(?MODULE), R end),
        ?C({exit, K}, begin T = deep(K), {_, R} = spawn_monitor(fun() -> exit(T) end), receive {'DOWN', R, _, _, U} -> U =:= T end end),
        ?C({dictionary, K}, begin T = deep(K), put(T, 1), erase(T) end)]
       || K <- [list, improper, tuple, map, closure, mixed]]) ++
        lists:append(
          [[?C({external, K}, begin T = deep(K), B = term_to_binary(T), {byte_size(B), erlang:external_size(T), binary_to_term(B) =:= T} end),
            ?C({compressed, K}, begin T = deep(K), binary_to_term(term_to_binary(T, [compressed])) =:= T end),
            ?C({size, K}, erts_debug:flat_size(deep(K))),
            ?C({hash, K}, begin T = deep(K), {erlang:phash2(T), erlang:phash(T, 1 bsl 32)} end),
            ?C({md5, K}, erlang:md5(term_to_binary(deep(K)))),
            ?C({match, K}, begin T = deep(K), Spec = ets:match_spec_compile([{{T}, [], ['$_']}]), length(ets:match_spec_run([{T}, {x}], Spec)) end)]
           || K <- [list, improper, tuple, map, mixed]]) ++
        [?C({iolist_size, K}, iolist_size(iolist(K))) || K <- [left, right]] ++
        [?C({iolist_to_binary, K}, byte_size(iolist_to_binary(iolist(K)))) || K <- [left, right]] ++
        [?C({iovec, K}, iolist_size(erlang:iolist_to_iovec(iolist(K)))) || K <- [left, right]] ++
        [?C({crc32, K}, erlang:crc32(iolist(K))) || K <- [left, right]] ++
        [?C({adler32, K}, erlang:adler32(iolist(K))) || K <- [left, right]] ++
        [?C({improper, F}, try F([iolist(left) | $x]) catch C:R -> {C, R =:= badarg} end)
         || F <- [fun iolist_size/1, fun iolist_to_binary/1, fun list_to_bitstring/1, fun erlang:iolist_to_iovec/1, fun erlang:crc32/1]] ++
        [?C({characters, K}, byte_size(unicode:characters_to_binary(iolist(K)))) || K <- [left, right]] ++
        [?C(deep_keys, begin T = deep(key), {T =:= deep(key), erts_debug:flat_size(T)} end)].

iolist(left) -> lists:foldl(fun(_, L) -> [L, $x] end, [], lists:seq(1, 1000000));
iolist(right) -> lists:foldl(fun(_, L) -> [<<"xy">>, L] end, [], lists:seq(1, 1000000)).

%% --- large, and no larger
large() ->
    [?C(tuple, tuple_size(erlang:make_tuple(16777215, a))),
     ?C(tuple_beyond, erlang:make_tuple(16777216, a)),
     ?C(tuple_of_list, tuple_size(list_to_tuple(lists:duplicate(16777215, a)))),
     ?C(tuple_of_long_list, try tuple_size(list_to_tuple(lists:duplicate(16777216, a))) catch C:R -> {C, R} end),
     ?C(tuple_appended, try tuple_size(erlang:append_element(erlang:make_tuple(16777215, a), b)) catch C:R -> {C, R} end),
     ?C(tuple_inserted, try tuple_size(erlang:insert_element(5, erlang:make_tuple(16777215, a), b)) catch C:R -> {C, R} end),
     ?C(tuple_of_external, try tuple_size(binary_to_term(<<131, 105, 16777216:32, (binary:copy(<<106>>, 16777216))/binary>>)) catch C:R -> {C, R} end),
     ?C(binary, byte_size(<<0:(id(1 bsl 28))/unit:8>>)),
     ?C(appended, byte_size(lists:foldl(fun(_, B) -> <<B/binary, B/binary>> end, <<1>>, lists:seq(1, 26)))),
     ?C(copied, byte_size(binary:copy(<<1, 2>>, 1 bsl 26))),
     ?C(integer, [byte_size(binary:encode_unsigned(1 bsl id(N))) || N <- [1000000, 16777215, 30000000]]),
     ?C(product, byte_size(binary:encode_unsigned((1 bsl id(3000000)) * (1 bsl id(3000000))))),
     ?C(power, byte_size(binary:encode_unsigned(lists:foldl(fun(_, A) -> A * id(1 bsl 200) end, 1, lists:seq(1, 2000))))),
     ?C(digits, byte_size(binary:encode_unsigned(list_to_integer(lists:duplicate(100000, $9))))),
     ?C(map, map_size(maps:from_list([{I, I} || I <- lists:seq(1, 1000000)]))),
     ?C(arguments, apply(fun(_, _, X) -> X end, lists:seq(1, 3))),
     ?C(atom, length(atom_to_list(list_to_atom(lists:duplicate(255, $a))))),
     ?C(atom_wide, length(atom_to_list(list_to_atom(lists:duplicate(255, 16#20AC))))),
     ?C(message_queue, begin [self() ! I || I <- lists:seq(1, 300000)], process_info(self(), message_queue_len) end),
     ?C(links, begin
                   Pids = [spawn_link(fun() -> receive stop -> ok end end) || _ <- lists:seq(1, 20000)],
                   {links, L} = process_info(self(), links),
                   [P ! stop || P <- Pids],
                   length(L)
               end)].

id(X) -> X.

%% --- sizes that there are not
beyond() ->
    [?C({bsl_, N}, 1 bsl id(N)) || N <- [33554432, 67108863, 4294967295, 1 bsl 40, 1 bsl 62, 1 bsl 64]] ++
        [?C({bsr_, N}, -1 bsr id(-N)) || N <- [1 bsl 32, 1 bsl 40, 1 bsl 62, 1 bsl 64]] ++
        [?C({bsr_away, N}, {-1 bsr id(N), 1 bsr id(N), (1 bsl 100) bsr id(N)}) || N <- [1 bsl 32, 1 bsl 62, 1 bsl 64]] ++
        [?C({bits, N}, <<0:(id(N))>>) || N <- [1 bsl 64, 1 bsl 66, -1, -(1 bsl 64)]] ++
        [?C({bytes, N}, <<0:(id(N))/unit:8>>) || N <- [1 bsl 61, 1 bsl 64, -1]] ++
        [?C({tail, N}, <<1, 2, 3:(id(N))/unit:256>>) || N <- [1 bsl 58, 1 bsl 64]] ++
        [?C(match_size, [case <<1, 2, 3>> of <<_:N, R/bits>> -> R; _ -> no end || N <- [id(1 bsl 62), id(1 bsl 64), id(-1)]]),
         ?C(match_unit, [case <<1, 2, 3>> of <<_:N/binary-unit:256, R/bits>> -> R; _ -> no end || N <- [id(1 bsl 58), id(1 bsl 62), id(1 bsl 64)]]),
         ?C(copy, binary:copy(<<1, 2>>, id(1 bsl 64))),
         ?C(part, binary:part(<<1, 2, 3>>, id(1 bsl 64), 1)),
         ?C(part_back, binary:part(<<1, 2, 3>>, 3, id(-(1 bsl 62)))),
         ?C(float, float(id(1 bsl 1024))),
         ?C(quotient, id(1 bsl 2000) / id(1 bsl 1999)),
         ?C(overflow, id(1.0e308) * id(10.0)),
         ?C(atom, list_to_atom(lists:duplicate(256, $a))),
         ?C(atom_existing, list_to_existing_atom(lists:duplicate(256, $a))),
         ?C(atom_binary, binary_to_atom(binary:copy(<<"a">>, 256))),
         ?C(atom_bytes, try binary_to_atom(binary:copy(<<"a">>, 70000)) catch C:R -> {C, R} end),
         ?C(atomics, atomics:new(id(1 bsl 64), [])),
         ?C(atomics_memory, atomics:new(id(1 bsl 61), [])),
         ?C(counters, counters:new(id(1 bsl 64), [])),
         ?C(timer, erlang:send_after(id(1 bsl 64), self(), a)),
         ?C(timeout, receive after id(1 bsl 32) -> ok end),
         ?C(phash2, erlang:phash2(a, id(1 bsl 33))),
         ?C(phash, erlang:phash(a, id(1 bsl 33))),
         ?C(min_heap, spawn_opt(fun() -> ok end, [{min_heap_size, id(1 bsl 64)}])),
         ?C(max_heap, spawn_opt(fun() -> ok end, [{max_heap_size, id(1 bsl 64)}]))].

%% --- external terms that promise more than they hold
external() ->
    [?C({external, Tag}, binary_to_term(<<131, Tag, 16#FFFFFFFF:32, 97, 1>>)) || Tag <- [105, 108, 109, 116, 77, 80, 111, 104, 112]] ++
        [?C({external_used, Tag}, binary_to_term(<<131, Tag, 16#7FFFFFFF:32, 97, 1>>, [used])) || Tag <- [105, 108, 109, 116, 77, 80, 111]] ++
        [?C(external_integer, binary_to_term(<<131, 110, 255>>)),
         ?C(external_tuples, try binary_to_term(<<131, (binary:copy(<<105, 16#FFFFFF:32>>, 1000))/binary>>) catch C:R -> {C, R} end),
         ?C(external_lists, try binary_to_term(<<131, (binary:copy(<<108, 1:32>>, 1000000))/binary>>) catch C:R -> {C, R} end)].

%% --- arguments
arguments() ->
    [?C({apply, N}, try apply(erlang, no_such, lists:duplicate(N, a)) catch C:R -> {C, R} end) || N <- [255, 256, 100000]] ++
        [?C({apply_fun, N}, try apply(fun(X) -> X end, lists:duplicate(N, a)) catch C:{badarity, {_, A}} -> {C, length(A)}; C:R -> {C, R} end) || N <- [255, 256, 100000]] ++
        [?C({spawn, N}, try spawn(erlang, no_such, lists:duplicate(N, a)) catch C:R -> {C, R} end) || N <- [256, 100000]] ++
        [?C(make_fun, erlang:make_fun(a, b, 255)), ?C(make_fun_beyond, erlang:make_fun(a, b, id(256)))].
