%% What failing code raises: reason and stack trace of every kind of failure, in calls and tail calls.
-module(failures).
-compile([export_all, nowarn_export_all]).

cases() ->
    [{N, fun() -> c(F) end} || {N, F} <- lists:enumerate(failing())] ++
    [{{dies, N}, fun() -> dies(MFA) end} || {N, MFA} <- lists:enumerate(
        [{failures, die, [1]}, {failures, nofun, [1]}, {erlang, hd, [[]]}, {erlang, apply, [fun() -> exit(bye) end, []]},
         {erlang, apply, [fun() -> throw(x) end, []]}, {failures, hib, []}])] ++
    [{N + 200, fun() -> c(F) end} || {N, F} <- lists:enumerate(
        [fun() -> ba(foo, [1]) end, fun() -> ba(fun(_, _) -> 1 end, [1]) end, fun() -> ba(fun(_, _) -> 1 end, [1|2]) end,
         fun() -> bodyfun(fun(_, _) -> 1 end) end, fun() -> bodyapply(1, bar, [1|2]) end, fun() -> bodyapply(a, bar, [1|2]) end,
         fun() -> tailapply(erlang, apply, [fun(X) -> hd(X) end, [[]]]) end])] ++
    [{hibernate, fun hibernates/0}].

c(F) -> try F() of V -> {v, V} catch C:R:S -> {C, R, lists:takewhile(fun(E) -> element(2, E) =/= c end, S)} end.
dies({M, F, A}) -> {P, R} = spawn_monitor(M, F, A), receive {'DOWN', R, _, P, X} -> X end.
hibernates() ->
    Me = self(),
    H = spawn(fun() -> erlang:hibernate(?MODULE, hib, [Me]) end),
    timer:sleep(20),
    H ! hej,
    receive {hib, Y} -> Y end.
ba(F, A) -> [apply(F, A)].

failing() ->
    [fun() -> tailfun(foo) end, fun() -> tailfun(fun(_,_) -> 1 end) end, fun() -> bodyfun(foo) end, fun() -> bodyfun(fun failures:nope/1) end,
   fun() -> tailfun(fun failures:nope/1) end, fun() -> tailext() end, fun() -> tailapply(foo,bar,[1]) end, fun() -> tailapply(1,bar,[1]) end,
   fun() -> tailapply(foo,bar,[1|2]) end, fun() -> tailapply(erlang,error,[1]) end, fun() -> tailapply(erlang,exit,[1]) end, fun() -> tailapply(erlang,throw,[1]) end,
   fun() -> tailapply(erlang,hd,[[]]) end, fun() -> bodyapply(erlang,hd,[[]]) end, fun() -> tailapply(erlang,apply,[erlang,hd,[[]]]) end,
   fun() -> bodyapply(erlang,error,[a]) end, fun() -> fixed(erlang,hd,[]) end, fun() -> fixed(1,hd,[]) end, fun() -> fixedtail(erlang,hd,[]) end, fun() -> fixedtail(erlang,error,x) end,
   fun() -> apply2(fun(X) -> X end, [1,2]) end, fun() -> apply2(foo, [1,2]) end, fun() -> apply2(fun erlang:hd/1, [[]]) end, fun() -> apply2(fun(X) -> X end, [1|2]) end,
   fun() -> clause(a,b) end, fun() -> cse(1) end, fun() -> iff(1) end, fun() -> bs(a,1) end, fun() -> bs(1,a) end, fun() -> bs(1,-1) end, fun() -> bsb(<<1>>,2) end, fun() -> bsu(a) end, fun() -> bsf(a) end, fun() -> bsf2(3) end,fun() -> bsa(a) end, fun() -> bsa(<<1:3>>) end, fun() -> bsall(<<1:3>>) end, fun() -> bsw(1 bsl 70) end,
   fun() -> m(#{},1) end, fun() -> m(x,1) end, fun() -> mg(x) end, fun() -> mg(#{}) end, fun() -> rec(1) end, fun() -> arith(a,b) end, fun() -> 1 bsl arith2(a) end, fun() -> neg(a) end, fun() -> neg2(a) end, fun() -> el(5,{1}) end, fun() -> el(a,{1}) end, fun() -> len([a|b]) end,fun() -> sz(a) end,
   fun() -> erlang:raise(error,foo,[]) end, fun() -> erlang:raise(foo,bar,[]) end, fun() -> erlang:raise(error,foo,[{a,b,1,[]}]) end, fun() -> erlang:raise(throw,foo,[{a,b,[1]}]) end,
   fun() -> try error(a) catch error:a -> error(b) end end, fun() -> try error(a) catch X:Y:Z -> erlang:raise(X,Y,Z) end end, fun() -> try error(a) after ok end end,
   fun() -> try exit(a) after self() end end, fun() -> (catch error(a)) end, fun() -> (catch throw(a)) end, fun() -> (catch exit(a)) end, fun() -> case catch hd(id([])) of {'EXIT',{R,[S|_]}} -> {R,S} end end,
   fun() -> tr(1) end, fun() -> receive after foo -> 1 end end, fun() -> receive after -1 -> 1 end end, fun() -> deep(20) end, fun() -> erlang:hibernate(1,2,3) end,
   fun() -> id(a) ! b, 1 end, fun() -> f(id(a), 2.0) end, fun() -> f(1.0e300, 1.0e300) end, fun() -> fdv(1.0) end, fun() -> lists:foldl(fun(A,B) -> A+B end, 0, [1,a]) end, fun() -> lists:map(fun(A) -> hd(A) end, [[1],[]]) end, fun() -> maps:map(fun(_,V) -> V+1 end, #{a => b}) end, fun() -> lists:keyfind(1,a,[]) end, fun() -> binary:at(<<>>,1) end, fun() -> atom_to_list(1) end, fun() -> list_to_integer("x") end, fun() -> erlang:nif_error(x) end, fun() -> erlang:nif_error(x,[1]) end, fun() -> error(x,[1,2]) end, fun() -> error(x, none) end, fun() -> error(x,[1],[{error_info,#{}}]) end, fun() -> sel(1.0) end, fun() -> sel(0.0) end, fun() -> sel(-0.0) end, fun() -> sel(foo) end, fun() -> sel(1 bsl 70) end,
   fun() -> setelement(3,id({1}),a) end, fun() -> band2(a) end, fun() -> not2(a) end, fun() -> and2(a) end, fun() -> (id(a))() end, fun() -> failures:nofun(1) end, fun() -> nomod:f(1,2) end, fun() -> M = id(nomod), M:f(1) end
   ].

hib(Me) -> receive X -> Me ! {hib,X} end.
die(X) -> a = id(X).
id(X) -> X.
tailfun(F) -> F(1).
bodyfun(F) -> [F(1)].
tailext() -> failures:nope(1,2).
tailapply(M,F,A) -> apply(M,F,A).
bodyapply(M,F,A) -> [apply(M,F,A)].
fixed(M,F,A) -> [M:F(A)].
fixedtail(M,F,A) -> M:F(A).
apply2(F,A) -> apply(F,A).
clause(a,a) -> 1.
cse(X) -> case X of 2 -> 1 end.
iff(X) -> if X > 2 -> 1 end.
bs(A,S) -> <<A:S>>.
bsb(B,S) -> <<B:S/binary>>.
bsu(A) -> <<A/utf8>>.
bsf(A) -> <<A/float>>.
bsf2(S) -> <<1.0:S/float>>.
bsa(A) -> <<A/binary,1>>.
bsall(A) -> <<1,A/binary>>.
bsw(S) -> <<1:S>>.
m(M,X) -> M#{a := X}.
mg(M) -> map_get(a,M).
-record(r,{a}).
rec(R) -> R#r.a.
arith(A,B) -> A*B.
arith2(A) -> A.
neg(A) -> -A.
neg2(A) -> bnot A.
el(N,T) -> element(N,T).
len(L) -> length(L).
sz(X) -> [tuple_size(X)].
tr(X) -> try X of 2 -> ok catch _:_ -> no end.
deep(0) -> error(deep); deep(N) -> [deep(N-1)].
f(A,B) -> A*B/2.0+1.0.
fdv(A) -> A / (A - A).
sel(1.0) -> a; sel(0.0) -> b; sel(foo) -> c; sel(1180591620717411303424) -> big; sel(_) -> d.
band2(A) -> A band 7.
not2(A) -> not A.
and2(A) -> A and true.
