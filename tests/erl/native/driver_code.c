// Linked-in drivers of suites/driver_code.erl: every family of the driver interface, results as texts of terms. Compiled
// several times, with other values of
//   NAME     of the driver
//   FLAGS    of its entry
//   VECTORS  output comes to outputv
//   BARE     no callbacks at all
//   ACK      open_port is answered by erl_drv_init_ack
//   BAD      something that is refused when it is loaded: see DRIVER_INIT
#include <erl_driver.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)
#ifndef FLAGS
#define FLAGS ERL_DRV_FLAG_USE_PORT_LOCKING
#endif
#ifndef NAME
#define NAME driver_code
#endif
typedef ErlDrvTermData T;

typedef struct {
  ErlDrvPort port;
  T id, told, kept; // itself, who is told of callbacks, a process to come back to
  int fds[2], gated, mode;
  unsigned parts; // of what is flushed
  ErlDrvMonitor mons[4];
  ErlDrvPDL pdl;
  ErlDrvBinary *bin;
} D;

// What a command answers.
typedef struct {
  char text[4096];
  int n;
} Out;
static void say(Out *o, const char *format, ...) {
  va_list l;
  va_start(l, format);
  o->n += vsnprintf(o->text + o->n, sizeof o->text - o->n, format, l);
  va_end(l);
}
// What has been called, of all ports.
static Out history;
static ErlDrvMutex *history_lock;
static void note(const char *what, long n) {
  erl_drv_mutex_lock(history_lock);
  if (history.n < 3900) say(&history, "%s(%ld) ", what, n);
  erl_drv_mutex_unlock(history_lock);
}
static volatile int gate_waiting;
static long told_last;

// {What, N, Bytes} to who wants to know.
static void tell(D *d, char *what, long n, char *bytes, size_t size) {
  T spec[] = {ERL_DRV_ATOM, driver_mk_atom(what), ERL_DRV_INT, n, ERL_DRV_BUF2BINARY, (T)bytes, size, ERL_DRV_TUPLE, 3};
  note(what, n);
  if (d->told) told_last = erl_drv_send_term(d->id, d->told, spec, sizeof spec / sizeof *spec);
}

static D *new_data(ErlDrvPort port) {
  D *d = driver_alloc(sizeof *d);
  memset(d, 0, sizeof *d);
  d->port = port;
  d->fds[0] = d->fds[1] = -1;
  return d;
}

// --- callbacks
static ErlDrvData start(ErlDrvPort port, char *command) {
  char *how = strchr(command, ' ');
  how = how ? how + 1 : "";
  note("start", strlen(command));
  if (!strcmp(how, "general")) return ERL_DRV_ERROR_GENERAL;
  if (!strcmp(how, "badarg")) return ERL_DRV_ERROR_BADARG;
  if (!strcmp(how, "errno")) return errno = EACCES, ERL_DRV_ERROR_ERRNO;
  if (!strcmp(how, "errno 0")) return errno = 0, ERL_DRV_ERROR_ERRNO;
  D *d = new_data(port);
  d->id = driver_mk_port(port);
  if (!strcmp(how, "output")) driver_output(port, "at once", 7);
  if (!strcmp(how, "null")) return driver_free(d), NULL;
  if (!strcmp(how, "limits")) {
    ErlDrvSizeT low = 5, high = 10;
    erl_drv_busy_msgq_limits(port, &low, &high);
  }
#ifdef ACK
  d->mode = !strcmp(how, "later errno") ? 2 : !strcmp(how, "later badarg") ? 3 : !strcmp(how, "later failure") ? 4 : 1;
  driver_set_timer(port, 20);
#endif
  return (ErlDrvData)d;
}
static void stop(ErlDrvData data) {
  D *d = (D *)data;
  if (!d) return note("stop_null", 0);
  if (d->told) tell(d, "stop_told", 0, "", 0), note("told", told_last);
  note("stop", 0);
  if (d->fds[0] >= 0) driver_select(d->port, (ErlDrvEvent)(long)d->fds[0], ERL_DRV_READ | ERL_DRV_WRITE | ERL_DRV_USE, 0);
  if (d->fds[1] >= 0) driver_select(d->port, (ErlDrvEvent)(long)d->fds[1], ERL_DRV_READ | ERL_DRV_WRITE | ERL_DRV_USE, 0);
  if (d->bin) driver_free_binary(d->bin);
  driver_free(d);
}
static void written(D *d, char *bytes, size_t n) {
  if (d->gated) { // once
    d->gated = 0;
    gate_waiting++;
    usleep(600000);
    gate_waiting--;
  }
  tell(d, "output", n, bytes, n < 100 ? n : 100);
}
static void output(ErlDrvData data, char *bytes, ErlDrvSizeT n) { written((D *)data, bytes, n); }
static void outputv(ErlDrvData data, ErlIOVec *v) {
  D *d = (D *)data;
  Out o = {.n = 0};
  char bytes[200];
  say(&o, "%d %d:", v->vsize > (v->size > 0), (int)v->size); // an empty one comes first
  for (int i = 0; i < v->vsize; i++) say(&o, "%s%s", i == 0 && v->iov[i].iov_len ? "!" : "", v->iov[i].iov_len && !v->binv[i] ? "*" : "");
  ErlDrvSizeT some = driver_vec_to_buf(v, bytes, 150);
  say(&o, " vec_to_buf %d ", (int)some);
  switch (d->mode) {
  case 1: say(&o, "enqv %d", driver_enqv(d->port, v, 0)); break;
  case 2: say(&o, "enqv %d", driver_enqv(d->port, v, 3)); break;
  case 3: say(&o, "pushqv %d", driver_pushqv(d->port, v, 0)); break;
  case 4: say(&o, "pushqv %d", driver_pushqv(d->port, v, 3)); break;
  case 5: say(&o, "outputv %d", driver_outputv(d->port, "hd", 2, v, 0)); break;
  case 6: say(&o, "outputv %d", driver_outputv(d->port, NULL, 0, v, 3)); break;
  case 7: say(&o, "beyond %d %d", driver_enqv(d->port, v, v->size + 1), driver_pushqv(d->port, v, v->size + 1)); break;
  }
  tell(d, o.text, v->size, bytes, some);
}
static void ready_input(ErlDrvData data, ErlDrvEvent event) {
  char bytes[100];
  int n = read((int)(long)event, bytes, sizeof bytes);
  tell((D *)data, "ready_input", n, bytes, n > 0 ? n : 0);
}
static void ready_output(ErlDrvData data, ErlDrvEvent event) {
  D *d = (D *)data;
  driver_select(d->port, event, ERL_DRV_WRITE, 0);
  tell(d, "ready_output", 0, "", 0);
}
static void stop_select(ErlDrvEvent event, void *reserved) {
  note("stop_select", 0);
  close((int)(long)event);
}
static void timeout(ErlDrvData data) {
  D *d = (D *)data;
#ifdef ACK
  int mode = d->mode;
  d->mode = 0;
  if (mode == 1) erl_drv_init_ack(d->port, data);
  else if (mode == 2) errno = EACCES, erl_drv_init_ack(d->port, ERL_DRV_ERROR_ERRNO);
  else if (mode == 3) erl_drv_init_ack(d->port, ERL_DRV_ERROR_BADARG);
  else if (mode == 4) driver_failure_atom(d->port, "failed_first");
  if (mode) return;
#endif
  if (d->parts) { // flushing: some at a time
    ErlDrvSizeT size = driver_sizeq(d->port), some = size < 5 ? size : 5;
    note("deq", driver_deq(d->port, some));
    if (size > some) driver_set_timer(d->port, 5);
    return;
  }
  tell(d, "timeout", 0, "", 0);
  if (d->mode == 20) set_busy_port(d->port, 0);
}
static void flush(ErlDrvData data) {
  D *d = (D *)data;
  note("flush", driver_sizeq(d->port));
  d->parts = 1;
  driver_set_timer(d->port, 5);
}
static void process_exit(ErlDrvData data, ErlDrvMonitor *monitor) {
  D *d = (D *)data;
  int which = -1;
  for (int i = 0; i < 4; i++)
    if (driver_compare_monitors(monitor, &d->mons[i]) == 0) which = i;
  tell(d, "process_exit", which, "", 0);
  note("monitored", driver_get_monitored_process(d->port, monitor) == driver_term_nil);
}
static void finish(void) {
  FILE *f = fopen("finished", "a");
  fprintf(f, "%s.", TEXT(NAME));
  fclose(f);
  erl_drv_mutex_destroy(history_lock);
}

// --- asynchronous jobs
typedef struct {
  D *d;
  int n, ms;
  ErlDrvTid where;
} Job;
static void job_run(void *x) {
  Job *j = x;
  usleep(j->ms * 1000);
  note("job", j->n);
}
static void job_free(void *x) {
  note("job_free", ((Job *)x)->n);
  driver_free(x);
}
static void ready_async(ErlDrvData data, ErlDrvThreadData job) {
  tell((D *)data, "ready_async", ((Job *)job)->n, "", 0);
  driver_free(job);
}
static void async(D *d, Out *o, char *in, size_t n) { // key (0: none), then N, ms of each job
  unsigned key = in[0];
  for (size_t i = 1; i + 1 < n; i += 2) {
    Job *j = driver_alloc(sizeof *j);
    *j = (Job){d, in[i], in[i + 1]};
    say(o, "%d ", driver_async(d->port, key ? &key : NULL, job_run, j, job_free) >= 0);
  }
}

// --- terms
#define SPEC(...) do { T made[] = {__VA_ARGS__}; count = sizeof made / sizeof *made; memcpy(spec, made, sizeof made); } while (0)
#define ATOM(x) ERL_DRV_ATOM, driver_mk_atom(x)
static void terms(D *d, Out *o, int which, int way) {
  T spec[4000];
  int count = 0;
  ErlDrvSInt64 small = -5, least = -0x7fffffffffffffffLL - 1;
  ErlDrvUInt64 most = ~0ULL;
  double number = 1.5, zero = -0.0, none = NAN, endless = INFINITY;
  static const unsigned char external[] = {131, 104, 2, 97, 1, 109, 0, 0, 0, 2, 'a', 'b'}, broken[] = {131, 104, 2, 97};
  ErlDrvBinary *bin = driver_alloc_binary(300);
  memset(bin->orig_bytes, 'x', 300);
  char *text = "a text";
  switch (which) {
  case 0: SPEC(ERL_DRV_NIL); break;
  case 1: SPEC(ATOM("an atom")); break;
  case 2: SPEC(ERL_DRV_INT, 1, ERL_DRV_INT, -1, ERL_DRV_INT, least, ERL_DRV_INT, (T)1 << 59, ERL_DRV_UINT, most, ERL_DRV_UINT, 0, ERL_DRV_TUPLE, 6); break;
  case 3: SPEC(ERL_DRV_INT64, (T)&small, ERL_DRV_INT64, (T)&least, ERL_DRV_UINT64, (T)&most, ERL_DRV_NIL, ERL_DRV_LIST, 4); break;
  case 4: SPEC(ERL_DRV_PORT, d->id); break;
  case 5: SPEC(ERL_DRV_PID, driver_connected(d->port)); break;
  case 6: SPEC(ERL_DRV_BINARY, (T)bin, 300, 0, ERL_DRV_BINARY, (T)bin, 10, 290, ERL_DRV_BINARY, (T)bin, 70, 5, ERL_DRV_TUPLE, 3); break;
  case 7: SPEC(ERL_DRV_BINARY, (T)bin, 300, 1); break;
  case 8: SPEC(ERL_DRV_BINARY, 0, 0, 0); break;
  case 9: SPEC(ERL_DRV_BINARY, (T)bin, 0, 300); break;
  case 10: SPEC(ERL_DRV_STRING, (T)text, 6, ERL_DRV_STRING, (T)text, 0, ERL_DRV_TUPLE, 2); break;
  case 11: SPEC(ERL_DRV_NIL, ERL_DRV_STRING_CONS, (T)text, 6, ERL_DRV_STRING_CONS, (T)"\377,", 2); break;
  case 12: SPEC(ATOM("tail"), ERL_DRV_STRING_CONS, (T)text, 2); break;
  case 13: SPEC(ERL_DRV_STRING_CONS, (T)text, 2); break;
  case 14: SPEC(ERL_DRV_TUPLE, 0); break;
  case 15: SPEC(ERL_DRV_INT, 1, ERL_DRV_TUPLE, 2); break;
  case 16: SPEC(ERL_DRV_INT, 1, ERL_DRV_INT, 2, ERL_DRV_LIST, 2); break;
  case 17: SPEC(ERL_DRV_INT, 1, ERL_DRV_LIST, 0); break;
  case 18: SPEC(ERL_DRV_NIL, ERL_DRV_LIST, 1); break;
  case 19: SPEC(ERL_DRV_NIL, ERL_DRV_LIST, 2); break;
  case 20: SPEC(ERL_DRV_FLOAT, (T)&number, ERL_DRV_FLOAT, (T)&zero, ERL_DRV_TUPLE, 2); break;
  case 21: SPEC(ERL_DRV_FLOAT, (T)&none); break;
  case 22: SPEC(ERL_DRV_FLOAT, (T)&endless); break;
  case 23: SPEC(ERL_DRV_EXT2TERM, (T)external, sizeof external); break;
  case 24: SPEC(ERL_DRV_EXT2TERM, (T)broken, sizeof broken); break;
  case 25: SPEC(ERL_DRV_EXT2TERM, (T)external, sizeof external - 1); break;
  case 26: SPEC(ERL_DRV_EXT2TERM, 0, 0); break;
  case 27: SPEC(ERL_DRV_BUF2BINARY, (T)text, 6, ERL_DRV_BUF2BINARY, (T)bin->orig_bytes, 200, ERL_DRV_TUPLE, 2); break;
  case 28: SPEC(ERL_DRV_BUF2BINARY, 0, 0); break;
  case 29: SPEC(ERL_DRV_BUF2BINARY, 0, 5); break;
  case 30: SPEC(ATOM("b"), ERL_DRV_INT, 1, ATOM("a"), ERL_DRV_INT, 2, ERL_DRV_MAP, 2); break;
  case 31: SPEC(ATOM("a"), ERL_DRV_INT, 1, ATOM("a"), ERL_DRV_INT, 2, ERL_DRV_MAP, 2); break;
  case 32: SPEC(ERL_DRV_MAP, 0); break;
  case 33: SPEC(ATOM("a"), ERL_DRV_MAP, 1); break;
  case 34: for (int i = 0; i < 100; i++) spec[count++] = ERL_DRV_INT, spec[count++] = i, spec[count++] = ERL_DRV_NIL; spec[count++] = ERL_DRV_MAP; spec[count++] = 100; break;
  case 35: for (int i = 0; i < 80; i++) spec[count++] = ERL_DRV_INT, spec[count++] = i % 40, spec[count++] = ERL_DRV_NIL; spec[count++] = ERL_DRV_MAP; spec[count++] = 80; break;
  case 36: SPEC(ERL_DRV_NIL, ERL_DRV_NIL); break;
  case 37: count = 0; break;
  case 38: SPEC(99); break;
  case 39: SPEC(0); break;
  case 40: SPEC(ERL_DRV_NIL, ERL_DRV_INT); break;
  case 41: SPEC(ERL_DRV_ATOM, d->id); break;
  case 42: SPEC(ERL_DRV_PORT, driver_mk_atom("x")); break;
  case 43: SPEC(ERL_DRV_PID, driver_mk_atom("x")); break;
  case 44: SPEC(ERL_DRV_PID, d->id); break;
  case 45: SPEC(ERL_DRV_STRING, 0, 0); break;
  case 46: SPEC(ERL_DRV_NIL, ERL_DRV_STRING_CONS, 0, 0); break;
  case 47: for (int i = 0; i < 1500; i++) spec[count++] = ERL_DRV_INT, spec[count++] = i; spec[count++] = ERL_DRV_NIL; spec[count++] = ERL_DRV_LIST; spec[count++] = 1501; break;
  case 48: SPEC(ERL_DRV_INT, 1, ERL_DRV_STRING, (T)"ab", 2, ERL_DRV_NIL, ERL_DRV_LIST, 3, ATOM("\345"), ERL_DRV_TUPLE, 2, ATOM(""), ERL_DRV_TUPLE, 2); break;
  case 49: SPEC(ERL_DRV_PID, driver_term_nil); break;
  }
  long before = driver_binary_get_refc(bin);
  if (way == 0) say(o, "%d", erl_drv_output_term(d->id, spec, count));
  if (way == 1) say(o, "%d", erl_drv_send_term(d->id, d->kept, spec, count));
  if (way == 2) say(o, "%d", driver_output_term(d->port, spec, count));
  if (way == 3) say(o, "%d", driver_send_term(d->port, d->kept, spec, count));
  if (way == 4) say(o, "%d", erl_drv_output_term(d->kept, spec, count)); // no port
  if (way == 5) say(o, "%d", erl_drv_send_term(d->id, d->id, spec, count)); // no process
  say(o, " %ld %ld", before, (long)driver_binary_get_refc(bin));
  driver_free_binary(bin);
}

// --- binaries and the queue: a script of operations, each followed by its number
static void binaries(D *d, Out *o) {
  ErlDrvBinary *b = driver_alloc_binary(10);
  memcpy(b->orig_bytes, "0123456789", 10);
  say(o, "%ld %ld ", (long)b->orig_size, (long)driver_binary_get_refc(b));
  say(o, "%ld ", (long)driver_binary_inc_refc(b));
  say(o, "%ld ", (long)driver_binary_dec_refc(b));
  b = driver_realloc_binary(b, 200);
  say(o, "%ld %.10s %ld ", (long)b->orig_size, b->orig_bytes, (long)driver_binary_get_refc(b));
  memset(b->orig_bytes, 'y', 200);
  say(o, "out %d ", driver_output_binary(d->port, "h", 1, b, 0, 200));
  say(o, "%ld ", (long)driver_binary_get_refc(b));
  say(o, "out %d ", driver_output_binary(d->port, NULL, 0, b, 190, 10));
  say(o, "%ld ", (long)driver_binary_get_refc(b));
  say(o, "%d ", driver_enq_bin(d->port, b, 10, 100));
  say(o, "%ld ", (long)driver_binary_get_refc(b));
  say(o, "%d ", driver_pushq_bin(d->port, b, 10, 20));
  say(o, "%ld ", (long)driver_binary_get_refc(b));
  say(o, "%ld ", (long)driver_deq(d->port, 120));
  say(o, "%ld ", (long)driver_binary_get_refc(b));
  driver_free_binary(b);
  b = driver_alloc_binary(0);
  say(o, "%ld ", (long)b->orig_size);
  b = driver_realloc_binary(b, 5);
  say(o, "%ld", (long)b->orig_size);
  driver_free_binary(b);
  void *m = driver_realloc(driver_alloc(10), 100000);
  say(o, " %d", m != NULL);
  driver_free(m);
}
static void queue(D *d, Out *o, char *in, size_t n) {
  static char letters[] = "abcdefghijklmnopqrstuvwxyz";
  for (size_t i = 0; i + 1 < n; i += 2) {
    ErlDrvSizeT k = (unsigned char)in[i + 1];
    ErlIOVec v;
    SysIOVec *iov = NULL;
    int count = 0;
    ErlDrvBinary *bin = driver_alloc_binary(26);
    memcpy(bin->orig_bytes, letters, 26);
    SysIOVec of[3] = {{letters, 3}, {bin->orig_bytes + 3, 5}, {letters + 20, 6}};
    ErlDrvBinary *bins[3] = {NULL, bin, NULL}, *all[3] = {bin, bin, bin};
    ErlIOVec given = {3, 14, of, bins};
    say(o, "%c%d=", in[i], (int)k);
    switch (in[i]) {
    case 'e': say(o, "%d", driver_enq(d->port, letters, k)); break;
    case 'p': say(o, "%d", driver_pushq(d->port, letters, k)); break;
    case 'b': say(o, "%d", driver_enq_bin(d->port, bin, 26 - k, k)); break;
    case 'B': say(o, "%d", driver_pushq_bin(d->port, bin, 26 - k, k)); break;
    case 'v': say(o, "%d", driver_enqv(d->port, &given, k)); break;
    case 'V': // stock takes binaries only
      for (int j = 0; j < 3; j++) of[j].iov_base = bin->orig_bytes + 4 * j;
      given.binv = all;
      say(o, "%d", driver_pushqv(d->port, &given, k)); break;
    case 'd': say(o, "%ld", (long)driver_deq(d->port, k)); break;
    case 's': say(o, "%ld", (long)driver_sizeq(d->port)); break;
    case 'q':
      iov = driver_peekq(d->port, &count);
      say(o, "%d%s[", count, iov ? "" : "*");
      break;
    case 'R': // without the pieces
    case 'Q':
      say(o, "%ld/", (long)driver_peekqv(d->port, &v));
      iov = v.iov, count = v.vsize;
      if (in[i] == 'R') say(o, "%ld[", (long)v.size);
      else say(o, "%d/%ld[", count, (long)v.size);
      for (int j = 0; j < count; j++) say(o, "%s", v.binv[j] ? "" : "*");
      break;
    }
    for (int j = 0; iov && j < count; j++) say(o, "%s%.*s", j && in[i] != 'R' ? "|" : "", (int)iov[j].iov_len, (char *)iov[j].iov_base);
    say(o, "%s ", strchr("qQR", in[i]) ? "]" : "");
    driver_free_binary(bin);
  }
}

#include "driver_code_services.h"

// --- commands
static void command(D *d, unsigned c, char *in, size_t n, Out *o) {
  switch (c) {
  case 1: set_port_control_flags(d->port, in[0]); break;
  case 2: say(o, "%d", get_port_flags(d->port)); break;
  case 6:
    erl_drv_mutex_lock(history_lock);
    *o = history;
    history.n = 0;
    erl_drv_mutex_unlock(history_lock);
    break;
  case 7: d->told = driver_caller(d->port); break;
  case 8: d->kept = driver_caller(d->port); break;
  case 9: say(o, "%d %d", driver_caller(d->port) == driver_connected(d->port), driver_mk_port(d->port) == d->id); break;
  case 10: say(o, "%d", driver_output(d->port, in, n)); break;
  case 11: say(o, "%d", driver_output2(d->port, in + 1, in[0], in + 1 + in[0], n - 1 - in[0])); break;
  case 12: say(o, "%d", driver_output2(d->port, in, n, NULL, 0)); break;
  case 13: say(o, "%d", driver_output(d->port, NULL, 0)); break;
  case 14: binaries(d, o); break;
  case 20: queue(d, o, in, n); break;
  case 21: d->mode = in[0]; break;
  case 30: timers(d, o, in, n); break;
  case 40: selects(d, o, in, n); break;
  case 50: async(d, o, in, n); break;
  case 51: say(o, "%d", driver_async_port_key(d->port) == driver_async_port_key(d->port)); break;
  case 60: monitors(d, o, in, n); break;
  case 70: terms(d, o, in[0], in[1]); break;
  case 80: say(o, "%d", driver_failure(d->port, in[0])); break;
  case 81: say(o, "%d", driver_failure_atom(d->port, "failed_so")); break;
  case 82: say(o, "%d", driver_failure_posix(d->port, in[0])); break;
  case 83: say(o, "%d", driver_failure_eof(d->port)); break;
  case 84: say(o, "%d", driver_exit(d->port, in[0])); break;
  case 86: say(o, "%d %d", driver_failure_atom(d->port, "then_output"), driver_output(d->port, "late", 4)); break;
  case 90: set_busy_port(d->port, in[0]); break;
  case 91: limits(d, o, in, n); break;
  case 92: d->gated = in[0]; break;
  case 94: say(o, "%d", gate_waiting); break;
  case 95: d->mode = 20, set_busy_port(d->port, 1), driver_set_timer(d->port, in[0]); break;
  case 100: threads(d, o); break;
  case 101: locks(o); break;
  case 102: facts(o); break;
  case 103: times(o); break;
  case 104: environment(o); break;
  case 105: data_lock(d, o); break;
  case 106: created(d, o, in[0]); break;
  case 107: libraries(o); break;
  case 108: entries(o, in[0]); break;
  case 109: erl_drv_set_os_pid(d->port, 4711); break;
  case 110: say(o, "%d", driver_lock_driver(d->port)); break;
  case 111: small_facts(d, o); break;
  default: say(o, "unknown");
  }
}
static ErlDrvSSizeT control(ErlDrvData data, unsigned c, char *in, ErlDrvSizeT n, char **reply, ErlDrvSizeT room) {
  D *d = (D *)data;
  Out o = {.n = 0};
  char *from = o.text;
  ErlDrvSizeT size;
  if (c == 3) return -1;
  if (c == 5) return *reply = NULL, 0;
  if (c == 15) { // a binary, of which it says that it has n bytes
    ErlDrvBinary *b = driver_alloc_binary(n);
    memcpy(b->orig_bytes, in, n);
    *reply = (char *)b;
    return 1;
  }
  if (c == 0) from = in, size = n;
  else command(d, c, in, n, &o), size = o.n;
  if (size > room) *reply = driver_alloc(size);
  memcpy(*reply, from, size);
  return size;
}
static ErlDrvSSizeT call(ErlDrvData data, unsigned c, char *in, ErlDrvSizeT n, char **reply, ErlDrvSizeT room, unsigned *flags) {
  static char kept[5] = {131, 100, 0, 1, 'k'};
  note("call", n);
  switch (c) {
  case 1: // the same term
    if (n > room) *reply = driver_alloc(n);
    memcpy(*reply, in, n);
    return n;
  case 2: return 0;
  case 3: return -1;
  case 4: return memcpy(*reply, "garbage", 7), 7;
  case 5: return *reply = kept, *flags = DRIVER_CALL_KEEP_BUFFER, 5;
  case 6: return memcpy(*reply, kept, 5), (*reply)[5] = 1, 6; // more than a term
  default: // {N, Room at least 64}
    memcpy(*reply, "\203h\2a\0a\0", 7);
    (*reply)[4] = n;
    (*reply)[6] = room >= 64;
    return 7;
  }
}

static int init(void) {
  history_lock = erl_drv_mutex_create("history");
#if BAD == 2
  erl_drv_mutex_destroy(history_lock);
  return -1;
#endif
  return 0;
}
static ErlDrvEntry entry = {
#ifndef BARE
    .init = init,
    .start = start,
    .stop = stop,
#ifdef VECTORS
    .outputv = outputv,
#else
    .output = output,
#endif
    .ready_input = ready_input,
    .ready_output = ready_output,
    .finish = finish,
    .control = control,
    .timeout = timeout,
    .ready_async = ready_async,
    .flush = flush,
    .call = call,
    .process_exit = process_exit,
    .stop_select = stop_select,
#endif
    .driver_name = TEXT(NAME),
    .extended_marker = ERL_DRV_EXTENDED_MARKER,
    .major_version = ERL_DRV_EXTENDED_MAJOR_VERSION,
    .minor_version = ERL_DRV_EXTENDED_MINOR_VERSION,
    .driver_flags = FLAGS,
};
#if BAD == 8
extern void nowhere_to_be_found(void);
#endif
#if BAD != 1
DRIVER_INIT(NAME) {
#if BAD == 3
  entry.major_version = 1;
#elif BAD == 4
  entry.major_version = 4;
#elif BAD == 5
  entry.minor_version = 99;
#elif BAD == 6
  entry.extended_marker = 0;
#elif BAD == 7
  return NULL;
#elif BAD == 8
  nowhere_to_be_found();
#elif BAD == 9
  entry.driver_name = "another";
#elif BAD == 10
  entry.minor_version = 0, entry.major_version = 2;
#endif
  return &entry;
}
#endif
