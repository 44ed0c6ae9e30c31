// Native functions of suites/native_code.erl: every family of the NIF interface, results as terms.
#include <erl_nif.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef ERL_NIF_TERM T;
#define NIF(name) static T name(ErlNifEnv *env, int argc, const T argv[])
static T atom(ErlNifEnv *env, const char *s) { return enif_make_atom(env, s); }
static T num(ErlNifEnv *env, long v) { return enif_make_long(env, v); }

typedef struct { ErlNifPid to; int value; int fds[2]; } Object;
static ErlNifResourceType *object_type;

static void object_gone(ErlNifEnv *env, void *obj) {
  Object *o = obj;
  ErlNifEnv *m = enif_alloc_env();
  enif_send(env, &o->to, m, enif_make_tuple2(m, atom(m, "gone"), num(m, o->value)));
  enif_free_env(m);
}
static void object_down(ErlNifEnv *env, void *obj, ErlNifPid *pid, ErlNifMonitor *mon) {
  Object *o = obj;
  ErlNifEnv *m = enif_alloc_env();
  enif_send(env, &o->to, m, enif_make_tuple2(m, atom(m, "down"), num(m, o->value)));
  enif_free_env(m);
}
static void object_stop(ErlNifEnv *env, void *obj, ErlNifEvent fd, int direct) { close(fd); }
static void object_call(ErlNifEnv *env, void *obj, void *data) { *(int *)data = ((Object *)obj)->value; }

NIF(types) {
  T t = argv[0];
  return enif_make_list(env, 12, num(env, enif_is_atom(env, t)), num(env, enif_is_binary(env, t)), num(env, enif_is_ref(env, t)),
                        num(env, enif_is_fun(env, t)), num(env, enif_is_pid(env, t)), num(env, enif_is_port(env, t)),
                        num(env, enif_is_list(env, t)), num(env, enif_is_empty_list(env, t)), num(env, enif_is_tuple(env, t)),
                        num(env, enif_is_number(env, t)), num(env, enif_is_map(env, t)), num(env, enif_term_type(env, t)));
}
NIF(numbers) {
  T t = argv[0], l = enif_make_list(env, 0);
  int i; unsigned u; long s; unsigned long w; double d;
  if (enif_get_int(env, t, &i)) l = enif_make_list_cell(env, enif_make_tuple2(env, atom(env, "int"), enif_make_int(env, i)), l);
  if (enif_get_uint(env, t, &u)) l = enif_make_list_cell(env, enif_make_tuple2(env, atom(env, "uint"), enif_make_uint(env, u)), l);
  if (enif_get_long(env, t, &s)) l = enif_make_list_cell(env, enif_make_tuple2(env, atom(env, "long"), enif_make_long(env, s)), l);
  if (enif_get_ulong(env, t, &w)) l = enif_make_list_cell(env, enif_make_tuple2(env, atom(env, "ulong"), enif_make_ulong(env, w)), l);
  if (enif_get_double(env, t, &d)) l = enif_make_list_cell(env, enif_make_tuple2(env, atom(env, "double"), enif_make_double(env, d)), l);
  return l;
}
NIF(strings) {
  char buf[8], name[300];
  unsigned n = 99;
  int s = enif_get_string(env, argv[0], buf, sizeof buf, ERL_NIF_LATIN1);
  int a = enif_get_atom(env, argv[0], name, sizeof name, ERL_NIF_LATIN1);
  int al = enif_get_atom_length(env, argv[0], &n, ERL_NIF_LATIN1);
  T found = atom(env, "none");
  enif_make_existing_atom(env, s > 0 ? buf : "", &found, ERL_NIF_LATIN1);
  return enif_make_tuple6(env, num(env, s), s ? enif_make_string(env, buf, ERL_NIF_LATIN1) : atom(env, "none"), num(env, a),
                          a ? enif_make_string(env, name, ERL_NIF_LATIN1) : atom(env, "none"), num(env, al * 1000 + n), found);
}
NIF(lists) {
  unsigned n = 0;
  T r = atom(env, "none"), h = r, t = r, items[] = {argv[0], argv[0], argv[0]};
  int len = enif_get_list_length(env, argv[0], &n), rev = enif_make_reverse_list(env, argv[0], &r);
  enif_get_list_cell(env, argv[0], &h, &t);
  return enif_make_tuple8(env, num(env, len), num(env, n), num(env, rev), r, h, t, enif_make_list_from_array(env, items, 3),
                          enif_make_tuple_from_array(env, items, 0));
}
NIF(tuples) {
  int n;
  const T *e;
  if (!enif_get_tuple(env, argv[0], &n, &e)) return enif_make_badarg(env);
  return enif_make_tuple2(env, enif_make_list_from_array(env, e, n), enif_make_tuple_from_array(env, e, n));
}
NIF(binaries) {
  ErlNifBinary b, c;
  if (!enif_inspect_iolist_as_binary(env, argv[0], &b)) return atom(env, "no");
  T whole = argv[0], sub = atom(env, "none"), fresh;
  enif_alloc_binary(b.size, &c);
  for (size_t i = 0; i < b.size; i++) c.data[i] = b.data[b.size - 1 - i];
  enif_realloc_binary(&c, b.size + 3);
  memcpy(c.data + b.size, "end", 3);
  memcpy(enif_make_new_binary(env, 4, &fresh), "abcd", 4);
  if (enif_is_binary(env, whole) && b.size > 2) sub = enif_make_sub_binary(env, whole, 1, b.size - 2);
  T reversed = enif_make_binary(env, &c);
  return enif_make_tuple5(env, num(env, b.size), reversed, sub, fresh, num(env, c.data[0]));
}
NIF(maps) {
  T map = argv[0], key, value, other, l = enif_make_list(env, 0), back = l;
  size_t n;
  ErlNifMapIterator it;
  if (!enif_get_map_size(env, map, &n)) return atom(env, "no");
  enif_map_iterator_create(env, map, &it, ERL_NIF_MAP_ITERATOR_FIRST);
  for (size_t i = 0; i < n && enif_map_iterator_get_pair(env, &it, &key, &value); i++) {
    l = enif_make_list_cell(env, enif_make_list2(env, key, value), l);
    enif_map_iterator_next(env, &it);
  }
  int tail = enif_map_iterator_is_tail(env, &it), head = enif_map_iterator_is_head(env, &it);
  enif_map_iterator_destroy(env, &it);
  enif_map_iterator_create(env, map, &it, ERL_NIF_MAP_ITERATOR_LAST);
  for (size_t i = 0; i < n && enif_map_iterator_get_pair(env, &it, &key, &value); i++) {
    back = enif_make_list_cell(env, key, back);
    enif_map_iterator_prev(env, &it);
  }
  enif_map_iterator_destroy(env, &it);
  T k = atom(env, "k"), ks[] = {k, num(env, 1)}, dup[] = {k, k}, put, removed, updated = map, made, got = k;
  enif_make_map_put(env, map, k, num(env, 7), &put);
  enif_get_map_value(env, put, k, &got);
  int up = enif_make_map_update(env, map, k, num(env, 8), &updated), rm = enif_make_map_remove(env, put, k, &removed);
  int fine = enif_make_map_from_arrays(env, ks, ks, 2, &made), bad = enif_make_map_from_arrays(env, dup, ks, 2, &other);
  return enif_make_list(env, 14, num(env, n), l, num(env, tail), num(env, head), back, put, got, num(env, up), updated,
                        num(env, rm), removed, num(env, fine), made, num(env, bad));
}
NIF(compared) {
  return enif_make_tuple4(env, num(env, enif_is_identical(argv[0], argv[1])),
                          num(env, enif_compare(argv[0], argv[1]) < 0 ? -1 : enif_compare(argv[0], argv[1]) > 0),
                          enif_make_uint64(env, enif_hash(ERL_NIF_PHASH2, argv[0], 0)),
                          num(env, enif_hash(ERL_NIF_INTERNAL_HASH, argv[0], 5) == enif_hash(ERL_NIF_INTERNAL_HASH, argv[0], 5)));
}
NIF(serialised) {
  ErlNifBinary b;
  T back;
  if (!enif_term_to_binary(env, argv[0], &b)) return enif_make_badarg(env);
  size_t used = enif_binary_to_term(env, b.data, b.size, &back, ERL_NIF_BIN2TERM_SAFE);
  size_t none = enif_binary_to_term(env, b.data, b.size - 1, &back, 0);
  return enif_make_tuple4(env, enif_make_binary(env, &b), num(env, used), num(env, none), enif_make_copy(env, argv[0]));
}
NIF(raising) {
  int how = 0;
  enif_get_int(env, argv[0], &how);
  if (how == 0) return enif_make_badarg(env);
  if (how == 1) return enif_raise_exception(env, enif_make_tuple2(env, atom(env, "oops"), argv[0]));
  if (how == 2) return enif_make_double(env, 1.0 / 0.0);
  if (how == 3) { enif_make_badarg(env); return argv[0]; }
  T reason;
  int before = enif_has_pending_exception(env, &reason);
  T x = enif_raise_exception(env, atom(env, "badarith"));
  if (how == 4 && !before && enif_has_pending_exception(env, &reason) && enif_is_exception(env, x)) return enif_raise_exception(env, reason);
  return x;
}
static T step(ErlNifEnv *env, int argc, const T argv[]) {
  int left;
  enif_get_int(env, argv[0], &left);
  T l = enif_make_list_cell(env, num(env, enif_thread_type()), argv[1]);
  if (left == 0) return l;
  if (left < 0) return enif_raise_exception(env, l);
  T next[] = {num(env, left == 7 ? -1 : left - 1), l};
  int kind = left % 3;
  return enif_schedule_nif(env, "step", kind == 0 ? 0 : kind == 1 ? ERL_NIF_DIRTY_JOB_CPU_BOUND : ERL_NIF_DIRTY_JOB_IO_BOUND, step, 2, next);
}
NIF(scheduled) {
  T args[] = {argv[0], enif_make_list(env, 0)};
  return enif_schedule_nif(env, "step", 0, step, 2, args);
}
NIF(dirty) { return enif_make_tuple2(env, num(env, enif_thread_type()), argv[0]); }
NIF(dirty_raise) { return enif_raise_exception(env, argv[0]); }
NIF(object) {
  Object *o = enif_alloc_resource(object_type, sizeof *o), *again = NULL;
  memset(o, 0, sizeof *o);
  enif_self(env, &o->to);
  enif_get_int(env, argv[0], &o->value);
  T t = enif_make_resource(env, o), same = enif_make_resource(env, o);
  T bin = enif_make_resource_binary(env, o, &o->value, sizeof o->value);
  int got = enif_get_resource(env, t, object_type, (void **)&again) && again == o, called = 0;
  int none = enif_get_resource(env, argv[0], object_type, (void **)&again);
  int called_result = enif_dynamic_resource_call(env, atom(env, "native_code"), atom(env, "object"), t, &called);
  T r = enif_make_list(env, 8, t, num(env, enif_is_identical(t, same)), bin, num(env, got), num(env, none), num(env, called_result),
                       num(env, called), num(env, enif_sizeof_resource(o) == sizeof *o));
  enif_release_resource(o);
  return r;
}
NIF(watch) {
  Object *o;
  ErlNifPid pid;
  ErlNifMonitor m, m2;
  if (!enif_get_resource(env, argv[0], object_type, (void **)&o) || !enif_get_local_pid(env, argv[1], &pid)) return enif_make_badarg(env);
  int a = enif_monitor_process(env, o, &pid, &m), b = enif_monitor_process(env, o, &pid, &m2), c = -9;
  if (b == 0) c = enif_demonitor_process(env, o, &m2);
  return enif_make_tuple5(env, num(env, a), num(env, b), num(env, c), num(env, b == 0 ? enif_demonitor_process(env, o, &m2) : -9),
                          num(env, a == 0 && b == 0 ? enif_compare_monitors(&m, &m2) != 0 : -9));
}
NIF(open_pipe) {
  Object *o;
  if (!enif_get_resource(env, argv[0], object_type, (void **)&o) || pipe(o->fds)) return enif_make_badarg(env);
  return atom(env, "ok");
}
NIF(pipe_select) { // what: 0 read, 1 write end, 2 cancel read, 3 stop read, 4 own message, 5 write a byte, 6 read it, 7 stop write
  Object *o;
  int what = 0;
  char byte = 'x';
  enif_get_resource(env, argv[0], object_type, (void **)&o);
  enif_get_int(env, argv[1], &what);
  switch (what) {
  case 0: return num(env, enif_select(env, o->fds[0], ERL_NIF_SELECT_READ, o, NULL, argv[2]));
  case 1: return num(env, enif_select(env, o->fds[1], ERL_NIF_SELECT_WRITE, o, NULL, argv[2]));
  case 2: return num(env, enif_select(env, o->fds[0], ERL_NIF_SELECT_READ | ERL_NIF_SELECT_CANCEL, o, NULL, argv[2]));
  case 4: return num(env, enif_select_read(env, o->fds[0], o, NULL, argv[2], NULL));
  case 5: return num(env, write(o->fds[1], &byte, 1));
  case 6: return num(env, read(o->fds[0], &byte, 1));
  case 8: return num(env, enif_select(env, -1, ERL_NIF_SELECT_READ, o, NULL, argv[2]) < 0);
  default: // direct or scheduled is up to the emulator
    return num(env, (enif_select(env, o->fds[what == 7], ERL_NIF_SELECT_STOP, o, NULL, argv[2]) & (ERL_NIF_SELECT_STOP_CALLED | ERL_NIF_SELECT_STOP_SCHEDULED)) != 0);
  }
}
struct Job { ErlNifPid to; ErlNifEnv *env; T msg; int result; ErlNifMutex *m; ErlNifCond *c; int done; };
static void *job(void *arg) {
  struct Job *j = arg;
  T own = enif_make_tuple2(j->env, num(j->env, enif_thread_type()), j->msg);
  int sent = enif_send(NULL, &j->to, j->env, own);
  enif_mutex_lock(j->m);
  j->done = 1;
  j->result = sent;
  enif_cond_signal(j->c);
  enif_mutex_unlock(j->m);
  return j;
}
NIF(threaded) {
  struct Job j = {.done = 0};
  ErlNifTid tid;
  void *back = NULL;
  int key, key_ok = enif_tsd_key_create("key", &key);
  ErlNifRWLock *rw = enif_rwlock_create("rw");
  enif_self(env, &j.to);
  j.env = enif_alloc_env();
  j.msg = enif_make_copy(j.env, argv[0]);
  j.m = enif_mutex_create("mutex");
  j.c = enif_cond_create("cond");
  enif_tsd_set(key, &j);
  int created = enif_thread_create("worker", &tid, job, &j, NULL);
  enif_mutex_lock(j.m);
  while (!j.done) enif_cond_wait(j.c, j.m);
  enif_mutex_unlock(j.m);
  int joined = enif_thread_join(tid, &back);
  enif_rwlock_rlock(rw);
  int second = enif_rwlock_tryrlock(rw), writer = enif_rwlock_tryrwlock(rw) == EBUSY;
  enif_rwlock_runlock(rw);
  enif_rwlock_runlock(rw);
  T r = enif_make_list(env, 9, num(env, key_ok), num(env, enif_tsd_get(key) == &j), num(env, created), num(env, joined),
                       num(env, back == &j), num(env, j.result), num(env, second), num(env, writer),
                       enif_make_string(env, enif_mutex_name(j.m), ERL_NIF_LATIN1));
  enif_tsd_key_destroy(key);
  enif_rwlock_destroy(rw);
  enif_mutex_destroy(j.m);
  enif_cond_destroy(j.c);
  enif_free_env(j.env);
  return r;
}
NIF(queues) {
  ErlNifIOVec *v = NULL;
  T tail, head = argv[0];
  if (!enif_inspect_iovec(env, 3, argv[0], &tail, &v)) return atom(env, "no");
  ErlNifIOQueue *q = enif_ioq_create(ERL_NIF_IOQ_NORMAL);
  ErlNifBinary b;
  size_t left = 0, head_size = 0;
  int n = 0;
  int enq = enif_ioq_enqv(q, v, 1);
  enif_alloc_binary(5, &b);
  memcpy(b.data, "12345", 5);
  int enq2 = enif_ioq_enq_binary(q, &b, 2), too_far = enif_ioq_enqv(q, v, v->size + 1);
  size_t size = enif_ioq_size(q);
  int deq = enif_ioq_deq(q, 2, &left), beyond = enif_ioq_deq(q, 1000000, NULL);
  int peek = enif_ioq_peek_head(env, q, &head_size, &head);
  SysIOVec *iov = enif_ioq_peek(q, &n);
  T r = enif_make_list(env, 14, num(env, v->iovcnt), num(env, v->size), tail, num(env, enq), num(env, enq2), num(env, too_far),
                       num(env, size), num(env, deq), num(env, left), num(env, beyond), num(env, peek), num(env, head_size), head,
                       num(env, n > 0 && iov[n - 1].iov_len == 3));
  enif_ioq_destroy(q);
  return r;
}
NIF(printed) {
  char text[400], small[5];
  int n = enif_snprintf(text, sizeof text, "%T|%5d|%-5s|%x|%c|%lu|%.2f|%%", argv[0], -12, "ab", 255, 'z', 123456789012UL, 1.5);
  int m = enif_snprintf(small, sizeof small, "%s", "abcdefgh");
  return enif_make_tuple4(env, num(env, n > 0), enif_make_string(env, text, ERL_NIF_LATIN1), num(env, m > 0), enif_make_string(env, small, ERL_NIF_LATIN1));
}
NIF(system_facts) {
  ErlNifSysInfo i;
  char path[4096];
  size_t size = sizeof path, tiny = 1;
  enif_system_info(&i, sizeof i);
  return enif_make_list(env, 12, num(env, i.driver_major_version), num(env, i.driver_minor_version), enif_make_string(env, i.erts_version, ERL_NIF_LATIN1),
                        enif_make_string(env, i.otp_release, ERL_NIF_LATIN1), num(env, i.nif_major_version), num(env, i.nif_minor_version),
                        num(env, i.dirty_scheduler_support), num(env, enif_getenv("HOME", path, &size)), num(env, enif_getenv("HOME", path, &tiny)),
                        num(env, enif_getenv("NO_SUCH_VARIABLE", path, &size) < 0), num(env, enif_convert_time_unit(-1500, ERL_NIF_MSEC, ERL_NIF_SEC)),
                        num(env, enif_monotonic_time(77) == ERL_NIF_TIME_ERROR));
}
NIF(alive) {
  ErlNifPid pid, found;
  ErlNifPort port;
  if (!enif_get_local_pid(env, argv[0], &pid)) return enif_make_badarg(env);
  int w = enif_whereis_pid(env, atom(env, "kernel_sup"), &found), np = enif_whereis_port(env, atom(env, "kernel_sup"), &port);
  int none = enif_whereis_pid(env, atom(env, "nobody_here"), &found);
  enif_set_pid_undefined(&found);
  return enif_make_list(env, 6, num(env, enif_is_process_alive(env, &pid)), num(env, enif_is_current_process_alive(env)), num(env, w),
                        num(env, np), num(env, none), num(env, enif_is_pid_undefined(&found)));
}
NIF(send_to) {
  ErlNifPid pid;
  ErlNifEnv *m = enif_alloc_env();
  if (!enif_get_local_pid(env, argv[0], &pid)) return enif_make_badarg(env);
  int a = enif_send(env, &pid, NULL, argv[1]);
  T msg = enif_make_tuple2(m, enif_make_copy(m, argv[1]), enif_make_ref(m));
  int b = enif_send(env, &pid, m, msg);
  enif_clear_env(m);
  int c = enif_send(env, &pid, m, enif_make_int(m, 5));
  enif_free_env(m);
  return enif_make_tuple3(env, num(env, a), num(env, b), num(env, c));
}
NIF(many) { return enif_make_list_from_array(env, argv, argc); }
NIF(identity) { return argv[0]; }
// Whether a child that leaves by exit() ends. Its status is not asked for: stock ignores SIGCHLD, which takes it.
NIF(forked) {
  int fds[2];
  if (pipe(fds)) return atom(env, "no_pipe");
  pid_t child = fork();
  if (child == 0) exit(0);
  close(fds[1]);
  struct pollfd end = {fds[0], POLLIN, 0};
  int ended = poll(&end, 1, 5000) == 1;
  if (!ended) kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  close(fds[0]);
  return atom(env, ended ? "ended" : "late");
}

static ErlNifFunc funcs[] = {
    {"types", 1, types}, {"numbers", 1, numbers}, {"strings", 1, strings}, {"lists", 1, lists}, {"tuples", 1, tuples},
    {"binaries", 1, binaries}, {"maps", 1, maps}, {"compared", 2, compared}, {"serialised", 1, serialised}, {"raise", 1, raising},
    {"scheduled", 1, scheduled}, {"dirty_cpu", 1, dirty, ERL_NIF_DIRTY_JOB_CPU_BOUND}, {"dirty_io", 1, dirty, ERL_NIF_DIRTY_JOB_IO_BOUND},
    {"dirty_raise", 1, dirty_raise, ERL_NIF_DIRTY_JOB_IO_BOUND}, {"object", 1, object}, {"watch", 2, watch}, {"open_pipe", 1, open_pipe},
    {"pipe_select", 3, pipe_select}, {"threaded", 1, threaded}, {"queues", 1, queues}, {"printed", 1, printed},
    {"system_facts", 0, system_facts}, {"alive", 1, alive}, {"send_to", 2, send_to}, {"many", 9, many}, {"identity", 1, identity},
    {"forked", 0, forked},
#ifdef UNDECLARED
    {"source", 0, system_facts},
#endif
};

static int load(ErlNifEnv *env, void **priv, T info) {
  ErlNifResourceTypeInit init = {object_gone, object_stop, object_down, 4, object_call};
  int status = 0;
  object_type = enif_init_resource_type(env, "object", &init, ERL_NIF_RT_CREATE | ERL_NIF_RT_TAKEOVER, NULL);
  enif_get_int(env, info, &status);
  return object_type ? status : 99;
}
static int upgrade(ErlNifEnv *env, void **priv, void **old, T info) { return load(env, priv, info); }
ERL_NIF_INIT(native_code, funcs, load, NULL, upgrade, NULL)
