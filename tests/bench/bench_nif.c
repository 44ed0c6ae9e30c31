// The cheapest native functions there can be: what is timed is the call.
#include <erl_nif.h>

static ERL_NIF_TERM same(ErlNifEnv *env, int argc, const ERL_NIF_TERM argv[]) {
  (void)env, (void)argc;
  return argv[0];
}
static ERL_NIF_TERM sum(ErlNifEnv *env, int argc, const ERL_NIF_TERM argv[]) {
  long a, b;
  (void)argc;
  if (!enif_get_long(env, argv[0], &a) || !enif_get_long(env, argv[1], &b))
    return enif_make_badarg(env);
  return enif_make_long(env, a + b);
}
static ERL_NIF_TERM bytes(ErlNifEnv *env, int argc, const ERL_NIF_TERM argv[]) {
  ErlNifBinary in;
  ERL_NIF_TERM out;
  (void)argc;
  if (!enif_inspect_binary(env, argv[0], &in))
    return enif_make_badarg(env);
  unsigned char *to = enif_make_new_binary(env, in.size, &out);
  for (size_t i = 0; i < in.size; ++i)
    to[i] = in.data[i] ^ 1;
  return enif_make_tuple2(env, enif_make_uint(env, in.size), out);
}
static ErlNifFunc functions[] = {{"same", 1, same, 0}, {"sum", 2, sum, 0}, {"bytes", 1, bytes, 0}};
ERL_NIF_INIT(bench_nif, functions, NULL, NULL, NULL, NULL)
