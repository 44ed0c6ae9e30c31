%% Debian's own crypto.so and asn1rt_nif.so, loaded unchanged: every algorithm that crypto:supports() lists gives stock's
%% answers. What is random by nature is only verified.
-module(crypto_library).
-compile([export_all, nowarn_export_all]).

data() -> [<<>>, <<"abc">>, binary:copy(<<"0123456789">>, 100), [<<"io">>, $l, ["ist"]]].
key(N) -> binary:part(binary:copy(list_to_binary(lists:seq(1, 255)), 3), 0, N).

cases() ->
    [{supports, fun() -> lists:sort(crypto:supports()) end}, {info, fun() -> [crypto:info_lib(), maps:remove(link_type, crypto:info())] end}] ++
    [{{hash, H, N}, fun() -> crypto:hash(H, D) end} || H <- crypto:supports(hashs), {N, D} <- lists:enumerate(data())] ++
    [{{hash_steps, H}, fun() -> crypto:hash_final(lists:foldl(fun(D, S) -> crypto:hash_update(S, D) end, crypto:hash_init(H), data())) end}
     || H <- crypto:supports(hashs)] ++
    [{{hash_info, H}, fun() -> crypto:hash_info(H) end} || H <- [nonsense | crypto:supports(hashs)]] ++
    [{{hmac, H}, fun() -> [crypto:mac(hmac, H, key(20), D) || D <- data()] end} || H <- crypto:supports(hashs)] ++
    [{{cmac, C}, fun() -> crypto:mac(cmac, C, key(maps:get(key_length, crypto:cipher_info(C))), <<"abc">>) end} || C <- ciphers()] ++
    [{poly1305, fun() -> crypto:mac(poly1305, key(32), <<"abc">>) end}] ++
    [{{cipher_info, C}, fun() -> crypto:cipher_info(C) end} || C <- [nonsense | ciphers()]] ++
    [{{cipher, C, N}, fun() -> cipher(C, D) end} || C <- ciphers(), {N, D} <- lists:enumerate([<<"x">>, key(64), key(200)])] ++
    [{{aead, C}, fun() -> aead(C) end} || C <- ciphers()] ++
    [{{ecdh, C}, fun() -> ecdh(C) end} || C <- crypto:supports(curves)] ++
    [{{ecdsa, C}, fun() -> signature(ecdsa, C) end} || C <- crypto:supports(curves)] ++
    [{{eddsa, C}, fun() -> {P, S} = crypto:generate_key(eddsa, C, key(size_of(C))),
                           {P, crypto:sign(eddsa, none, <<"abc">>, [S, C]),
                            crypto:verify(eddsa, none, <<"abc">>, crypto:sign(eddsa, none, <<"abc">>, [S, C]), [P, C])} end} || C <- [ed25519, ed448]] ++
    [{{rsa, H}, fun() -> rsa(H) end} || H <- crypto:supports(hashs)] ++
    [{dh, fun() -> dh() end}, {mod_pow, fun() -> crypto:mod_pow(1 bsl 300 + 7, 65537, 1 bsl 301 - 1) end},
     {exor, fun() -> crypto:exor(key(300), key(300)) end}, {equal, fun() -> {crypto:hash_equals(<<1, 2>>, <<1, 2>>), crypto:hash_equals(<<1, 2>>, <<1, 3>>)} end},
     {random, fun() -> {byte_size(crypto:strong_rand_bytes(1000)), crypto:rand_uniform(3, 4), crypto:strong_rand_bytes(5) =:= crypto:strong_rand_bytes(5)} end},
     {pbkdf2, fun() -> crypto:pbkdf2_hmac(sha256, <<"password">>, <<"salt">>, 1000, 40) end},
     {stream, fun streaming/0}, {asn1, fun asn1/0}] ++
    [{{bad, N}, F} || {N, F} <- lists:enumerate(
        [fun() -> crypto:hash(nonsense, <<>>) end, fun() -> crypto:hash(sha256, a) end, fun() -> crypto:mac(hmac, nonsense, <<>>, <<>>) end,
         fun() -> crypto:crypto_one_time(aes_128_cbc, <<1>>, <<0:128>>, <<0:128>>, true) end, fun() -> crypto:crypto_one_time(nonsense, <<1>>, <<>>, true) end,
         fun() -> crypto:crypto_one_time(aes_128_cbc, <<0:128>>, <<0:8>>, <<>>, true) end, fun() -> crypto:strong_rand_bytes(-1) end,
         fun() -> crypto:generate_key(ecdh, nonsense) end, fun() -> crypto:sign(rsa, sha256, <<>>, [1, 2]) end])].

ciphers() -> crypto:supports(ciphers).
size_of(ed25519) -> 32;
size_of(ed448) -> 57.
cipher(C, D) ->
    #{key_length := K, iv_length := I, block_size := B} = crypto:cipher_info(C),
    Padded = case byte_size(D) rem B of 0 -> D; R -> <<D/binary, 0:((B - R) * 8)>> end,
    E = crypto:crypto_one_time(C, key(K), key(I), Padded, true),
    {E, crypto:crypto_one_time(C, key(K), key(I), E, false) =:= Padded}.
aead(C) ->
    #{key_length := K, iv_length := I} = crypto:cipher_info(C),
    {E, T} = crypto:crypto_one_time_aead(C, key(K), key(max(I, 12)), <<"text">>, <<"aad">>, true),
    {E, T, crypto:crypto_one_time_aead(C, key(K), key(max(I, 12)), E, <<"aad">>, T, false),
     crypto:crypto_one_time_aead(C, key(K), key(max(I, 12)), E, <<"bad">>, T, false)}.
private(C) -> case lists:member(C, [x25519, x448]) of true -> key(case C of x25519 -> 32; x448 -> 56 end); false -> <<17:64>> end.
ecdh(C) ->
    {P, S} = crypto:generate_key(ecdh, C, private(C)),
    {P2, S2} = crypto:generate_key(ecdh, C),
    {P, S, crypto:compute_key(ecdh, P, S, C), crypto:compute_key(ecdh, P, S2, C) =:= crypto:compute_key(ecdh, P2, S, C)}.
signature(A, C) ->
    {P, S} = crypto:generate_key(ecdh, C),
    Sig = crypto:sign(A, sha256, <<"abc">>, [S, C]),
    {crypto:verify(A, sha256, <<"abc">>, Sig, [P, C]), crypto:verify(A, sha256, <<"abd">>, Sig, [P, C])}.
rsa(H) ->
    {Pub, Priv} = crypto:generate_key(rsa, {1024, 65537}),
    Sig = crypto:sign(rsa, H, <<"abc">>, Priv),
    Enc = crypto:public_encrypt(rsa, <<"secret">>, Pub, rsa_pkcs1_oaep_padding),
    {crypto:verify(rsa, H, <<"abc">>, Sig, Pub), crypto:verify(rsa, H, <<"abd">>, Sig, Pub), crypto:private_decrypt(rsa, Enc, Priv, rsa_pkcs1_oaep_padding)}.
dh() ->
    P = 16#FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF,
    {Pub, Priv} = crypto:generate_key(dh, [P, 2]),
    {Pub2, Priv2} = crypto:generate_key(dh, [P, 2]),
    {Pub =/= Pub2, crypto:compute_key(dh, Pub2, Priv, [P, 2]) =:= crypto:compute_key(dh, Pub, Priv2, [P, 2])}.
streaming() ->
    S = crypto:crypto_init(aes_128_ctr, key(16), key(16), true),
    A = [crypto:crypto_update(S, D) || D <- data()],
    {A, crypto:crypto_final(S), is_reference(S)}.
asn1() ->
    {ok, Der} = file:read_file(filename:join(code:lib_dir(public_key), "ebin/public_key.beam")),
    {catch asn1rt_nif:decode_ber_tlv(<<48, 6, 2, 1, 5, 2, 1, 7>>), catch asn1rt_nif:decode_ber_tlv(binary:part(Der, 0, 50)),
     catch asn1rt_nif:encode_ber_tlv({16, [{2, <<5>>}, {2, <<7>>}]}), catch public_key:der_encode('RSAPublicKey', {'RSAPublicKey', 1 bsl 1000 + 1, 65537})}.
