%% Every pure built-in function with good and bad arguments: all combinations from a pool of values, the pool chosen by
%% arity so that the number stays in the thousands. Results and exceptions (stack traces with error_info) are compared.
-module(bif_sweep).
-export([cases/0]).

cases() ->
    lists:append([cases_of(M, F, A) || {M, F, A} <- functions()]).

cases_of(M, F, A) ->
    Pool = pool(A),
    Chunks = chunks(arguments(Pool, A), 40),
    [{{M, F, A, N}, fun() -> [one(M, F, Args) || Args <- Chunk] end}
     || {N, Chunk} <- lists:zip(lists:seq(1, length(Chunks)), Chunks)].

one(M, F, Args) ->
    try {Args, apply(M, F, Args)}
    catch C:R:Stack -> {Args, C, R, lists:sublist(Stack, 1)}
    end.

arguments(_, 0) -> [[]];
arguments(Pool, N) -> [[V | Rest] || V <- Pool, Rest <- arguments(Pool, N - 1)].

chunks([], _) -> [];
chunks(L, N) when length(L) =< N -> [L];
chunks(L, N) -> {A, B} = lists:split(N, L), [A | chunks(B, N)].

pool(N) when N =< 1 ->
    [0, 1, -1, 7, 255, 256, 1114111, 1 bsl 28, (1 bsl 59) - 1, 1 bsl 59, -(1 bsl 59) - 1, 1 bsl 60, -(1 bsl 60),
     -(1 bsl 60) - 1, (1 bsl 63), 1 bsl 64, -(1 bsl 64), 1 bsl 200, 0.0, 1.0, -1.5, 2.5, 3.5, 0.1, 1.0e10, 1.0e22, 1.0e100,
     1.0e-100, 123456789.125, 5.0e-324, 1.7976931348623157e308, a, '', true, false, undefined, [], [1], [1, 2, 3], "hello",
     [a, b | c], [[1, 2], [3]], [256], [$a, <<"bc">>, [$d]], {}, {a}, {a, b, c}, {1, 2}, <<>>, <<1>>, <<"hello world">>, <<1:3>>,
     <<"abc", 5:4>>, binary:copy(<<"0123456789">>, 10), "12", "-12", "12.5", "1.0e5", "x", <<"12">>, <<"12.5">>, <<"1e5">>,
     #{}, #{a => 1}, #{1 => 2, b => c}, maps:from_list([{I, I * I} || I <- lists:seq(1, 40)]),
     fun lists:map/2, [{a, 1}, {b, 2}], [{a, 1}, b], [true, false], 'Hello World', 'åäö', [1.0, 2]];
pool(2) ->
    [0, 1, 2, -1, 3, 36, 1 bsl 60, 1 bsl 70, -(1 bsl 70), 0.0, 1.5, -2.0, a, true, false, [], [1, 2, 3], [a, b | c], "12", "zz", {},
     {a, b}, <<>>, <<"abc">>, <<1:3>>, #{}, #{a => 1}, [{a, 1}], latin1, utf8, [short], [{decimals, 2}]];
pool(3) ->
    [0, 1, 2, -1, 1 bsl 64, 1.5, a, b, [], [1, 2], [{a, 1}, {b, 2}], {a, b}, <<"abc">>, <<1:3>>, #{a => 1}];
pool(_) -> [0, 1, a, [], <<"abc">>, {a}].

functions() ->
    [{erlang, F, A} || {F, A} <-
      [{'+', 1}, {'-', 1}, {'+', 2}, {'-', 2}, {'*', 2}, {'/', 2}, {'div', 2}, {'rem', 2}, {'band', 2}, {'bor', 2}, {'bxor', 2},
       {'bnot', 1}, {'not', 1}, {'and', 2}, {'or', 2}, {'xor', 2}, {'<', 2}, {'>', 2}, {'=<', 2}, {'>=', 2}, {'==', 2},
       {'/=', 2}, {'=:=', 2}, {'=/=', 2}, {'++', 2}, {'--', 2}, {abs, 1}, {float, 1}, {trunc, 1}, {round, 1}, {floor, 1},
       {ceil, 1}, {atom_to_binary, 1}, {atom_to_binary, 2}, {atom_to_list, 1}, {append_element, 2}, {binary_part, 2},
       {binary_part, 3}, {binary_to_atom, 2}, {binary_to_existing_atom, 2}, {binary_to_float, 1}, {binary_to_integer, 1},
       {binary_to_integer, 2}, {binary_to_list, 1}, {binary_to_list, 3}, {binary_to_term, 1}, {bit_size, 1},
       {bitstring_to_list, 1}, {byte_size, 1}, {crc32, 1}, {crc32, 2}, {adler32, 1}, {adler32, 2}, {delete_element, 2},
       {element, 2}, {external_size, 1}, {float_to_binary, 1}, {float_to_binary, 2}, {float_to_list, 1}, {float_to_list, 2},
       {fun_to_list, 1}, {hd, 1}, {tl, 1}, {insert_element, 3}, {integer_to_binary, 1}, {integer_to_binary, 2},
       {integer_to_list, 1}, {integer_to_list, 2}, {iolist_size, 1}, {iolist_to_binary, 1}, {is_atom, 1}, {is_binary, 1},
       {is_bitstring, 1}, {is_boolean, 1}, {is_float, 1}, {is_function, 1}, {is_function, 2}, {is_integer, 1}, {is_list, 1},
       {is_map, 1}, {is_map_key, 2}, {is_number, 1}, {is_pid, 1}, {is_port, 1}, {is_record, 2}, {is_record, 3},
       {is_reference, 1}, {is_tuple, 1}, {length, 1}, {list_to_atom, 1}, {list_to_binary, 1}, {list_to_bitstring, 1},
       {list_to_existing_atom, 1}, {list_to_float, 1}, {list_to_integer, 1}, {list_to_integer, 2}, {list_to_tuple, 1},
       {list_to_pid, 1}, {list_to_ref, 1}, {list_to_port, 1}, {make_tuple, 2}, {make_tuple, 3}, {map_get, 2}, {map_size, 1},
       {md5, 1}, {phash, 2}, {phash2, 1}, {phash2, 2}, {setelement, 3}, {size, 1}, {split_binary, 2}, {term_to_binary, 1},
       {term_to_binary, 2}, {tuple_size, 1}, {tuple_to_list, 1}, {min, 2}, {max, 2}, {convert_time_unit, 3},
       {universaltime_to_localtime, 1}, {decode_packet, 3}, {monitor, 2}, {link, 1},
       {unlink, 1}, {demonitor, 1}, {register, 2}, {whereis, 1}, {process_flag, 2}, {process_info, 2}, {get, 1}, {erase, 1},
       {send_after, 3}, {cancel_timer, 1}, {read_timer, 1}, {exit, 2}, {group_leader, 2}, {spawn_opt, 2},
       {fun_info, 2}, {system_info, 1}, {system_flag, 2}, {is_process_alive, 1}, {module_loaded, 1}, {is_builtin, 3},
       {function_exported, 3}, {monotonic_time, 1} , {time_offset, 1}, {unique_integer, 1}, {localtime_to_universaltime, 2}],
      excluded(F, A) =:= false]
    ++ [{lists, F, A} || {F, A} <- [{reverse, 2}, {member, 2}, {keyfind, 3}, {keymember, 3}, {keysearch, 3}]]
    ++ [{maps, F, A} || {F, A} <- [{find, 2}, {get, 2}, {is_key, 2}, {keys, 1}, {values, 1}, {from_list, 1}, {from_keys, 2},
                                   {merge, 2}, {put, 3}, {remove, 2}, {take, 2}, {update, 3}, {to_list, 1}]]
    ++ [{math, F, 1} || F <- [sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, asinh, acosh, atanh, exp, log, log2, log10,
                              sqrt, erf, erfc, floor, ceil]]
    ++ [{math, F, 2} || F <- [pow, atan2, fmod]]
    ++ [{binary, F, A} || {F, A} <- [{at, 2}, {copy, 1}, {decode_unsigned, 1}, {decode_unsigned, 2}, {encode_unsigned, 1},
                                     {encode_unsigned, 2}, {first, 1}, {last, 1}, {list_to_bin, 1},
                                     {longest_common_prefix, 1}, {longest_common_suffix, 1}, {match, 2}, {matches, 2},
                                     {part, 2}, {part, 3}, {split, 2}, {bin_to_list, 1}]]
    ++ [{unicode, F, A} || {F, A} <- [{characters_to_binary, 1}, {characters_to_binary, 2}, {characters_to_list, 1},
                                      {characters_to_list, 2}, {bin_is_7bit, 1}]]
    ++ [{string, F, 1} || F <- [to_integer, to_float]]
    ++ [{re, F, A} || {F, A} <- [{run, 2}]]
    ++ [{ets, F, A} || {F, A} <- [{lookup, 2}, {insert, 2}, {new, 2}, {info, 1}, {delete, 1}, {whereis, 1}, {match_spec_compile, 1}]]
    ++ [{persistent_term, get, 1}, {persistent_term, get, 2}, {os, getenv, 1}, {atomics, get, 2}].

%% These answer differently from run to run.
excluded(F, A) ->
    lists:member({F, A}, [{monotonic_time, 1}, {time_offset, 1}, {unique_integer, 1}, {system_info, 1}, {process_info, 2}]).
