/* A tracer module (erl_tracer(3)) for the suite `observing`. Its state is {Pid, What}: What is a tag that is wanted, `all`, or
 * `remove`. Pid is told {Function, Tag, Tracee, Message, Options}. Calls and garbage collections have functions of their own. */
#include <erl_nif.h>
#include <string.h>

static int is(ErlNifEnv *env, ERL_NIF_TERM t, const char *name) {
  char text[64];
  return enif_get_atom(env, t, text, sizeof text, ERL_NIF_LATIN1) && strcmp(text, name) == 0;
}

static ERL_NIF_TERM enabled(ErlNifEnv *env, int argc, const ERL_NIF_TERM argv[]) {
  const ERL_NIF_TERM *state;
  int n;
  if (!enif_get_tuple(env, argv[1], &n, &state) || n != 2) return enif_make_badarg(env);
  if (is(env, argv[0], "trace_status")) return enif_make_atom(env, is(env, state[1], "remove") ? "remove" : "trace");
  return enif_make_atom(env, is(env, state[1], "all") || enif_is_identical(state[1], argv[0]) ? "trace" : "discard");
}

static ERL_NIF_TERM tell(ErlNifEnv *env, const char *function, const ERL_NIF_TERM argv[]) {
  const ERL_NIF_TERM *state;
  ErlNifPid to;
  int n;
  if (enif_get_tuple(env, argv[1], &n, &state) && n == 2 && enif_get_local_pid(env, state[0], &to))
    enif_send(env, &to, NULL,
              enif_make_tuple5(env, enif_make_atom(env, function), argv[0], argv[2], argv[3], argv[4]));
  return enif_make_atom(env, "ok");
}

static ERL_NIF_TERM trace(ErlNifEnv *env, int argc, const ERL_NIF_TERM argv[]) { return tell(env, "trace", argv); }
static ERL_NIF_TERM trace_call(ErlNifEnv *env, int argc, const ERL_NIF_TERM argv[]) {
  return tell(env, "trace_call", argv);
}
static ERL_NIF_TERM trace_gc(ErlNifEnv *env, int argc, const ERL_NIF_TERM argv[]) { return tell(env, "trace_gc", argv); }

static ErlNifFunc functions[] = {{"enabled", 3, enabled},
                                 {"enabled_call", 3, enabled},
                                 {"trace", 5, trace},
                                 {"trace_call", 5, trace_call},
                                 {"trace_garbage_collection", 5, trace_gc}};
ERL_NIF_INIT(observing, functions, NULL, NULL, NULL, NULL)
