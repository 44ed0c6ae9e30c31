// What the drivers of driver_code.c do with the services around a port: time, descriptors, monitors, limits, threads,
// the system.

// --- timers: operations, each followed by its number
static void timers(D *d, Out *o, char *in, size_t n) {
  unsigned long left = 4711;
  for (size_t i = 0; i + 1 < n; i += 2) {
    unsigned char k = in[i + 1];
    switch (in[i]) {
    case 's': say(o, "s=%d ", driver_set_timer(d->port, k * 10ul)); break;
    case 'l': say(o, "l=%d ", driver_set_timer(d->port, 100000)); break;
    case 'c': say(o, "c=%d ", driver_cancel_timer(d->port)); break;
    case 'r': say(o, "r=%d ", driver_read_timer(d->port, &left)); say(o, "%s ", left == 0 ? "0" : left > 90000 && left <= 100000 ? "long" : "some"); break;
    }
  }
}

// --- descriptors
static void selects(D *d, Out *o, char *in, size_t n) {
  for (size_t i = 0; i < n; i++) {
    ErlDrvEvent r = (ErlDrvEvent)(long)d->fds[0], w = (ErlDrvEvent)(long)d->fds[1];
    int got = 0;
    switch (in[i]) {
    case 'o': got = pipe(d->fds); break;
    case 'r': got = driver_select(d->port, r, ERL_DRV_READ | ERL_DRV_USE, 1); break;
    case 'w': got = driver_select(d->port, w, ERL_DRV_WRITE | ERL_DRV_USE, 1); break;
    case 'W': got = write(d->fds[1], "piped", 5); break;
    case 'x': got = driver_select(d->port, r, ERL_DRV_READ, 0); break;
    case 'X': got = driver_select(d->port, r, ERL_DRV_READ, 1); break;
    case 'u': got = driver_select(d->port, r, ERL_DRV_USE, 0); d->fds[0] = -1; break;
    case 'n': got = driver_select(d->port, w, ERL_DRV_USE_NO_CALLBACK, 0); close(d->fds[1]); d->fds[1] = -1; break;
    case 'c': close(d->fds[1]); d->fds[1] = -1; break;
    case 'e': got = driver_select(d->port, (ErlDrvEvent)-1L, ERL_DRV_READ, 1); break;
    case 'E': got = driver_select(d->port, (ErlDrvEvent)-1L, ERL_DRV_READ, 0); break;
    case 'g': got = driver_select(d->port, (ErlDrvEvent)900L, ERL_DRV_READ | ERL_DRV_USE, 0); break; // never selected
    case '0': got = driver_select(d->port, r, 0, 1); break;
    case 'U': got = driver_select(d->port, r, ERL_DRV_USE, 1); break;
    }
    say(o, "%c=%d ", in[i], got);
  }
}

// --- monitors: an operation, a number of a monitor, and so on
static void monitors(D *d, Out *o, char *in, size_t n) {
  for (size_t i = 0; i + 1 < n; i += 2) {
    ErlDrvMonitor *m = &d->mons[in[i + 1] & 3];
    T who;
    say(o, "%c%d=", in[i], in[i + 1]);
    switch (in[i]) {
    case 'm': say(o, "%d ", driver_monitor_process(d->port, d->kept, m)); break;
    case 'c': say(o, "%d ", driver_monitor_process(d->port, driver_caller(d->port), m)); break;
    case 'p': say(o, "%d ", driver_monitor_process(d->port, d->id, m)); break; // no process
    case 'd': say(o, "%d ", driver_demonitor_process(d->port, m)); break;
    case 'g':
      who = driver_get_monitored_process(d->port, m);
      say(o, "%s ", who == driver_term_nil ? "nil" : who == d->kept ? "kept" : who == driver_caller(d->port) ? "caller" : "?");
      break;
    case '=': say(o, "%d ", driver_compare_monitors(m, &d->mons[0]) == 0); break;
    }
  }
}

// --- limits of the message queue: 4 bytes each, big-endian; 0 reads, all ones disable, one less is the maximum
static ErlDrvSizeT limit_of(char *in) {
  unsigned char *u = (unsigned char *)in;
  ErlDrvSizeT v = (ErlDrvSizeT)u[0] << 24 | u[1] << 16 | u[2] << 8 | u[3];
  return v == 0xffffffff ? ERL_DRV_BUSY_MSGQ_DISABLED : v == 0xfffffffe ? ERL_DRV_BUSY_MSGQ_LIM_MAX : v;
}
static void limits(D *d, Out *o, char *in, size_t n) {
  ErlDrvSizeT low = 0, high = 0;
  if (n == 8) {
    low = limit_of(in), high = limit_of(in + 4);
    erl_drv_busy_msgq_limits(d->port, &low, &high);
  } else if (n == 5) { // one of them only
    low = high = limit_of(in + 1);
    erl_drv_busy_msgq_limits(d->port, in[0] ? NULL : &low, in[0] ? &high : NULL);
    say(o, "%ld;", in[0] ? (long)high : (long)low);
    low = high = 0;
    erl_drv_busy_msgq_limits(d->port, &low, &high);
  } else {
    erl_drv_busy_msgq_limits(d->port, NULL, NULL);
    erl_drv_busy_msgq_limits(d->port, &low, &high);
  }
  say(o, "%ld,%ld", (long)low, (long)high);
}

// --- threads
typedef struct {
  ErlDrvTid self, parent;
  ErlDrvMutex *m;
  ErlDrvCond *c;
  ErlDrvTSDKey key;
  int said, same;
  void *own;
  char name[40];
  D *d;
} Thread;
static void *thread_main(void *x) {
  Thread *t = x;
  t->self = erl_drv_thread_self();
  t->same = erl_drv_equal_tids(t->self, t->parent);
  t->own = erl_drv_tsd_get(t->key);
  erl_drv_tsd_set(t->key, t);
  if (erl_drv_tsd_get(t->key) != t) t->same += 10;
  erl_drv_mutex_lock(t->m);
  t->said = 1;
  erl_drv_cond_broadcast(t->c);
  erl_drv_mutex_unlock(t->m);
  return t;
}
static void *thread_leaves(void *x) {
  erl_drv_thread_exit(x);
  return NULL;
}
static void *thread_sends(void *x) {
  Thread *t = x;
  T spec[] = {ERL_DRV_ATOM, driver_mk_atom("from_thread"), ERL_DRV_STRING, (T)"words", 5, ERL_DRV_TUPLE, 2};
  t->same = erl_drv_send_term(t->d->id, t->d->kept, spec, 7) * 10 + erl_drv_output_term(t->d->id, spec, 7);
  return NULL;
}
static void threads(D *d, Out *o) {
  Thread t = {.parent = erl_drv_thread_self(), .m = erl_drv_mutex_create("thread"), .c = erl_drv_cond_create("cond"), .d = d};
  ErlDrvTid tid;
  void *result = NULL;
  ErlDrvThreadOpts *opts = erl_drv_thread_opts_create("opts");
  say(o, "opts %d ", opts->suggested_stack_size);
  opts->suggested_stack_size = 16;
  say(o, "key %d ", erl_drv_tsd_key_create("tsd", &t.key));
  say(o, "%d ", erl_drv_tsd_get(t.key) == NULL);
  erl_drv_tsd_set(t.key, d);
  say(o, "%d ", erl_drv_tsd_get(t.key) == d);
  erl_drv_mutex_lock(t.m);
  say(o, "create %d ", erl_drv_thread_create("a thread", &tid, thread_main, &t, opts));
  while (!t.said) erl_drv_cond_wait(t.c, t.m);
  erl_drv_mutex_unlock(t.m);
  say(o, "name %s ", erl_drv_thread_name(tid));
  say(o, "join %d ", erl_drv_thread_join(tid, &result));
  say(o, "%d same %d own %d mine %d ", result == &t, t.same, t.own == NULL, erl_drv_tsd_get(t.key) == d);
  erl_drv_tsd_set(t.key, NULL);
  erl_drv_tsd_key_destroy(t.key);
  say(o, "create %d ", erl_drv_thread_create(NULL, &tid, thread_leaves, d, NULL));
  say(o, "name %s own %s ", erl_drv_thread_name(tid), erl_drv_thread_name(erl_drv_thread_self()));
  ErlDrvMutex *m = erl_drv_mutex_create(NULL);
  ErlDrvCond *c = erl_drv_cond_create(NULL);
  ErlDrvRWLock *l = erl_drv_rwlock_create(NULL);
  say(o, "%s %s %s ", erl_drv_mutex_name(m), erl_drv_cond_name(c), erl_drv_rwlock_name(l));
  erl_drv_mutex_destroy(m);
  erl_drv_cond_destroy(c);
  erl_drv_rwlock_destroy(l);
  say(o, "join %d ", erl_drv_thread_join(tid, &result));
  say(o, "%d ", result == d);
  say(o, "create %d ", erl_drv_thread_create("sends", &tid, thread_sends, &t, NULL));
  say(o, "join %d ", erl_drv_thread_join(tid, NULL));
  say(o, "sent %d", t.same);
  erl_drv_thread_opts_destroy(opts);
  erl_drv_cond_destroy(t.c);
  erl_drv_mutex_destroy(t.m);
}
static void locks(Out *o) {
  ErlDrvMutex *m = erl_drv_mutex_create("a mutex"), *anonymous = erl_drv_mutex_create(NULL);
  ErlDrvCond *c = erl_drv_cond_create("a cond");
  ErlDrvRWLock *l = erl_drv_rwlock_create("a lock");
  say(o, "%s %d %s %s ", erl_drv_mutex_name(m), erl_drv_mutex_name(anonymous) == NULL, erl_drv_cond_name(c), erl_drv_rwlock_name(l));
  say(o, "%d ", erl_drv_mutex_trylock(m));
  say(o, "%d ", erl_drv_mutex_trylock(m) == EBUSY);
  erl_drv_mutex_unlock(m);
  say(o, "%d ", erl_drv_rwlock_tryrlock(l));
  say(o, "%d ", erl_drv_rwlock_tryrlock(l));
  say(o, "%d ", erl_drv_rwlock_tryrwlock(l) == EBUSY);
  erl_drv_rwlock_runlock(l);
  erl_drv_rwlock_runlock(l);
  say(o, "%d ", erl_drv_rwlock_tryrwlock(l));
  say(o, "%d ", erl_drv_rwlock_tryrlock(l) == EBUSY);
  erl_drv_rwlock_rwunlock(l);
  erl_drv_rwlock_rwlock(l);
  erl_drv_rwlock_rwunlock(l);
  erl_drv_rwlock_rlock(l);
  erl_drv_rwlock_runlock(l);
  erl_drv_cond_signal(c);
  erl_drv_rwlock_destroy(l);
  erl_drv_cond_destroy(c);
  erl_drv_mutex_destroy(m);
  erl_drv_mutex_destroy(anonymous);
}
// The queue from a thread of the driver's own.
static void *thread_enqueues(void *x) {
  D *d = x;
  driver_pdl_lock(d->pdl);
  driver_enq(d->port, "queued", 6);
  driver_pdl_unlock(d->pdl);
  return NULL;
}
static void data_lock(D *d, Out *o) {
  ErlDrvTid tid;
  d->pdl = driver_pdl_create(d->port);
  say(o, "%d again %d ", d->pdl != NULL, driver_pdl_create(d->port) != NULL);
  say(o, "%ld ", (long)driver_pdl_get_refc(d->pdl));
  say(o, "%ld ", (long)driver_pdl_inc_refc(d->pdl));
  say(o, "%ld ", (long)driver_pdl_dec_refc(d->pdl));
  erl_drv_thread_create("enqueues", &tid, thread_enqueues, d, NULL);
  erl_drv_thread_join(tid, NULL);
  driver_pdl_lock(d->pdl);
  say(o, "%ld ", (long)driver_sizeq(d->port));
  say(o, "%ld ", (long)driver_deq(d->port, 6));
  driver_pdl_unlock(d->pdl);
  say(o, "%ld", (long)driver_pdl_get_refc(d->pdl));
}

// --- the system
static void facts(Out *o) {
  ErlDrvSysInfo all;
  memset(&all, 1, sizeof all);
  driver_system_info(&all, sizeof all);
  say(o, "%d.%d %s %s %d %d %d %d nif %d.%d dirty %d", all.driver_major_version, all.driver_minor_version,
      all.erts_version, all.otp_release, all.thread_support, all.smp_support, all.async_threads, all.scheduler_threads > 0,
      all.nif_major_version, all.nif_minor_version, all.dirty_scheduler_support);
}
static void times(Out *o) {
  ErlDrvTime a = erl_drv_monotonic_time(ERL_DRV_NSEC), b = erl_drv_monotonic_time(ERL_DRV_USEC), c = erl_drv_monotonic_time(ERL_DRV_MSEC),
             s = erl_drv_monotonic_time(ERL_DRV_SEC), offset = erl_drv_time_offset(ERL_DRV_SEC);
  say(o, "%d %d %d ", b >= a / 1000 - 1 && b < a / 1000 + 10000000, c >= b / 1000 - 1 && c < b / 1000 + 10000, s >= c / 1000 - 1 && s < c / 1000 + 10);
  say(o, "%d %d ", offset + s > 1600000000, erl_drv_monotonic_time((ErlDrvTimeUnit)77) == ERL_DRV_TIME_ERROR);
  say(o, "%d %d ", erl_drv_time_offset((ErlDrvTimeUnit)77) == ERL_DRV_TIME_ERROR, erl_drv_time_offset(ERL_DRV_NSEC) / 1000000000 >= offset - 1);
  static const ErlDrvTime values[] = {0, 1, -1, 999, 1000, 1001, -999, -1000, -1001, 1500000, -1500000, 123456789012};
  for (unsigned i = 0; i < sizeof values / sizeof *values; i++)
    for (int from = 0; from < 4; from++)
      for (int to = 0; to < 4; to++) {
        if ((int)i * from * to > 60) continue;
        say(o, "%lld ", (long long)erl_drv_convert_time_unit(values[i], (ErlDrvTimeUnit)from, (ErlDrvTimeUnit)to));
      }
  say(o, "%d", erl_drv_convert_time_unit(1, (ErlDrvTimeUnit)9, ERL_DRV_SEC) == ERL_DRV_TIME_ERROR);
}
static void environment(Out *o) {
  char value[20] = "?????";
  size_t size = sizeof value;
  say(o, "get %d ", erl_drv_getenv("DRIVER_CODE_HAS_NOT", value, &size));
  say(o, "put %d ", erl_drv_putenv("DRIVER_CODE", "a value"));
  size = sizeof value;
  say(o, "get %d ", erl_drv_getenv("DRIVER_CODE", value, &size));
  say(o, "%d %s ", (int)size, value);
  size = 7;
  say(o, "get %d ", erl_drv_getenv("DRIVER_CODE", value, &size));
  size = 8;
  say(o, "get %d ", erl_drv_getenv("DRIVER_CODE", value, &size));
  say(o, "%d ", (int)size);
  size = sizeof value;
  say(o, "get %d ", erl_drv_getenv("DRIVER_CODE_GIVEN", value, &size));
  say(o, "%d %s", (int)size, value);
}

// A further port.
static void created(D *d, Out *o, int dead) {
  D *further = new_data(NULL);
  ErlDrvPort port = driver_create_port(d->port, dead ? d->kept : driver_caller(d->port), "further", (ErlDrvData)further);
  if (port == (ErlDrvPort)-1 || port == NULL) {
    say(o, "none");
    driver_free(further);
    return;
  }
  further->port = port;
  further->id = driver_mk_port(port);
  further->told = driver_caller(d->port);
  T spec[] = {ERL_DRV_ATOM, driver_mk_atom("created"), ERL_DRV_PORT, further->id, ERL_DRV_TUPLE, 2};
  say(o, "%d %d ", erl_drv_output_term(d->id, spec, 6), driver_output(port, "hello", 5));
  say(o, "%d", driver_connected(port) == driver_caller(d->port));
}
static void libraries(Out *o) {
  void *l = driver_dl_open("./driver_code_vectors");
  say(o, "%d ", l != NULL);
  say(o, "%d %d ", driver_dl_sym(l, "driver_init") != NULL, driver_dl_sym(l, "no_such_name") == NULL);
  say(o, "%d ", driver_dl_close(l));
  say(o, "%d ", driver_dl_open("./there/is/none") == NULL);
  say(o, "%d ", driver_dl_error() != NULL);
  say(o, "%s %s %s", erl_errno_id(EACCES), erl_errno_id(ENOENT), erl_errno_id(EPIPE));
}

static ErlDrvData entry_start(ErlDrvPort port, char *command) {
  driver_output(port, command, strlen(command));
  return (ErlDrvData)port;
}
static void entry_output(ErlDrvData data, char *bytes, ErlDrvSizeT n) { driver_output((ErlDrvPort)data, bytes, n); }
static ErlDrvEntry further_entry = {
    .start = entry_start,
    .output = entry_output,
    .driver_name = "driver_code_further",
    .extended_marker = ERL_DRV_EXTENDED_MARKER,
    .major_version = ERL_DRV_EXTENDED_MAJOR_VERSION,
    .minor_version = ERL_DRV_EXTENDED_MINOR_VERSION,
};
static void entries(Out *o, int on) {
  if (on) add_driver_entry(&further_entry);
  else say(o, "%d %d", remove_driver_entry(&further_entry), remove_driver_entry(&further_entry));
}
static void small_facts(D *d, Out *o) {
  ErlDrvNowData now;
  int more = erl_drv_consume_timeslice(d->port, 1), all = erl_drv_consume_timeslice(d->port, 100);
  say(o, "%d %d ", more == 0 || more == 1, all);
  say(o, "%d %d ", driver_get_now(&now), now.megasecs >= 1600 && now.secs < 1000000 && now.microsecs < 1000000);
  say(o, "%d %d %d ", null_func(), driver_mk_term_nil() == driver_term_nil, driver_mk_atom("same") == driver_mk_atom("same"));
  // No port at all.
  ErlDrvPort none = (ErlDrvPort)-1L;
  say(o, "%d %d %d ", driver_output(none, "x", 1), driver_set_timer(none, 1), driver_failure_atom(none, "x"));
  say(o, "%ld %ld %d ", (long)driver_sizeq(none), (long)driver_deq(none, 1), driver_enq(none, "x", 1));
  say(o, "%d %d", driver_select(none, (ErlDrvEvent)0, ERL_DRV_READ, 1), driver_cancel_timer(none));
}
