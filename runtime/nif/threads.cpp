// Threads, locks and thread specific data for native libraries. Drivers know them as erl_drv_*, NIFs as enif_*.
// POSIX threads with names; functions that answer int answer 0 or an errno.
#include "runtime/nif/abi.h"
#include "runtime/nif/env.h"

#include <cerrno>
#include <pthread.h>

namespace joist::runtime {
namespace {
struct NativeMutex {
  pthread_mutex_t m;
  std::string name;
};
struct NativeCond {
  pthread_cond_t c;
  std::string name;
};
struct NativeRwLock {
  pthread_rwlock_t l;
  std::string name;
};
struct NativeThread {
  pthread_t id{};
  std::string name;
  void *(*fn)(void *) = nullptr;
  void *arg = nullptr;
};
thread_local NativeThread *current_thread = nullptr;

constexpr const char *kNoName = "unknown";
std::string named(const char *name) { return name ? name : kNoName; }
char *text(std::string &s) { return s.data(); }

[[noreturn]] void misuse(const char *what, int error) {
  fprintf(stderr, "Fatal error calling %s: %s\n", what, strerror(error));
  abort();
}
void check(int error, const char *what) {
  if (error) misuse(what, error);
}

// Keys are never used twice, so what another thread left under a destroyed one is not seen again.
std::mutex keys_lock;
std::vector<std::string> keys;
thread_local std::vector<void *> values;

void *run_thread(void *arg) {
  auto *t = static_cast<NativeThread *>(arg);
  current_thread = t;
  if (t->name != kNoName) pthread_setname_np(pthread_self(), t->name.substr(0, 15).c_str());
  nif_foreign_thread();
  return t->fn(t->arg);
}
} // namespace

#define JOIST_ALSO_FOR_DRIVERS(result, name, params)                                                                   \
  JOIST_ABI result erl_drv_##name params __attribute__((alias("enif_" #name)));

// --- mutexes
JOIST_ABI NativeMutex *enif_mutex_create(char *name) {
  auto *m = new NativeMutex{{}, named(name)};
  pthread_mutex_init(&m->m, nullptr);
  return m;
}
JOIST_ABI void enif_mutex_destroy(NativeMutex *m) {
  if (!m) misuse("mutex_destroy", EINVAL);
  check(pthread_mutex_destroy(&m->m), "mutex_destroy");
  delete m;
}
JOIST_ABI int enif_mutex_trylock(NativeMutex *m) {
  if (!m) misuse("mutex_trylock", EINVAL);
  return pthread_mutex_trylock(&m->m) ? EBUSY : 0;
}
JOIST_ABI void enif_mutex_lock(NativeMutex *m) {
  if (!m) misuse("mutex_lock", EINVAL);
  check(pthread_mutex_lock(&m->m), "mutex_lock");
}
JOIST_ABI void enif_mutex_unlock(NativeMutex *m) {
  if (!m) misuse("mutex_unlock", EINVAL);
  check(pthread_mutex_unlock(&m->m), "mutex_unlock");
}
JOIST_ABI char *enif_mutex_name(NativeMutex *m) { return m ? text(m->name) : nullptr; }

// --- condition variables
JOIST_ABI NativeCond *enif_cond_create(char *name) {
  auto *c = new NativeCond{{}, named(name)};
  pthread_cond_init(&c->c, nullptr);
  return c;
}
JOIST_ABI void enif_cond_destroy(NativeCond *c) {
  if (!c) misuse("cond_destroy", EINVAL);
  check(pthread_cond_destroy(&c->c), "cond_destroy");
  delete c;
}
JOIST_ABI void enif_cond_signal(NativeCond *c) {
  if (!c) misuse("cond_signal", EINVAL);
  pthread_cond_signal(&c->c);
}
JOIST_ABI void enif_cond_broadcast(NativeCond *c) {
  if (!c) misuse("cond_broadcast", EINVAL);
  pthread_cond_broadcast(&c->c);
}
JOIST_ABI void enif_cond_wait(NativeCond *c, NativeMutex *m) {
  if (!c || !m) misuse("cond_wait", EINVAL);
  pthread_cond_wait(&c->c, &m->m);
}
JOIST_ABI char *enif_cond_name(NativeCond *c) { return c ? text(c->name) : nullptr; }

// --- read-write locks
JOIST_ABI NativeRwLock *enif_rwlock_create(char *name) {
  auto *l = new NativeRwLock{{}, named(name)};
  pthread_rwlock_init(&l->l, nullptr);
  return l;
}
JOIST_ABI void enif_rwlock_destroy(NativeRwLock *l) {
  if (!l) misuse("rwlock_destroy", EINVAL);
  check(pthread_rwlock_destroy(&l->l), "rwlock_destroy");
  delete l;
}
JOIST_ABI int enif_rwlock_tryrlock(NativeRwLock *l) {
  if (!l) misuse("rwlock_tryrlock", EINVAL);
  return pthread_rwlock_tryrdlock(&l->l) ? EBUSY : 0;
}
JOIST_ABI void enif_rwlock_rlock(NativeRwLock *l) {
  if (!l) misuse("rwlock_rlock", EINVAL);
  check(pthread_rwlock_rdlock(&l->l), "rwlock_rlock");
}
JOIST_ABI void enif_rwlock_runlock(NativeRwLock *l) {
  if (!l) misuse("rwlock_runlock", EINVAL);
  check(pthread_rwlock_unlock(&l->l), "rwlock_runlock");
}
JOIST_ABI int enif_rwlock_tryrwlock(NativeRwLock *l) {
  if (!l) misuse("rwlock_tryrwlock", EINVAL);
  return pthread_rwlock_trywrlock(&l->l) ? EBUSY : 0;
}
JOIST_ABI void enif_rwlock_rwlock(NativeRwLock *l) {
  if (!l) misuse("rwlock_rwlock", EINVAL);
  check(pthread_rwlock_wrlock(&l->l), "rwlock_rwlock");
}
JOIST_ABI void enif_rwlock_rwunlock(NativeRwLock *l) {
  if (!l) misuse("rwlock_rwunlock", EINVAL);
  check(pthread_rwlock_unlock(&l->l), "rwlock_rwunlock");
}
JOIST_ABI char *enif_rwlock_name(NativeRwLock *l) { return l ? text(l->name) : nullptr; }

// --- thread specific data
JOIST_ABI int enif_tsd_key_create(char *name, int *key) {
  if (!key) misuse("tsd_key_create", EINVAL);
  std::lock_guard g(keys_lock);
  keys.push_back(named(name));
  *key = int(keys.size() - 1);
  return 0;
}
JOIST_ABI void enif_tsd_key_destroy(int key) {
  std::lock_guard g(keys_lock);
  if (key < 0 || size_t(key) >= keys.size()) misuse("tsd_key_destroy", EINVAL);
}
JOIST_ABI void enif_tsd_set(int key, void *data) {
  {
    std::lock_guard g(keys_lock);
    if (key < 0 || size_t(key) >= keys.size()) misuse("tsd_set", EINVAL);
  }
  if (values.size() <= size_t(key)) values.resize(size_t(key) + 1);
  values[size_t(key)] = data;
}
JOIST_ABI void *enif_tsd_get(int key) {
  return key >= 0 && size_t(key) < values.size() ? values[size_t(key)] : nullptr;
}

// --- threads
JOIST_ABI ThreadOpts *enif_thread_opts_create(char *) { return new ThreadOpts{-1}; }
JOIST_ABI void enif_thread_opts_destroy(ThreadOpts *opts) {
  if (!opts) misuse("thread_opts_destroy", EINVAL);
  delete opts;
}
JOIST_ABI int enif_thread_create(char *name, NativeThread **tid, void *(*fn)(void *), void *arg, ThreadOpts *opts) {
  if (!tid || !fn) return EINVAL;
  auto *t = new NativeThread{.name = named(name), .fn = fn, .arg = arg};
  pthread_attr_t attr;
  pthread_attr_init(&attr);
  if (opts && opts->stack_kilowords >= 0)
    pthread_attr_setstacksize(&attr, std::max<size_t>(size_t(opts->stack_kilowords) * 1024 * sizeof(Word), 64 << 10));
  *tid = t; // before the thread can ask for it
  int error = pthread_create(&t->id, &attr, run_thread, t);
  pthread_attr_destroy(&attr);
  if (error) delete t;
  return error;
}
JOIST_ABI NativeThread *enif_thread_self() {
  if (!current_thread) current_thread = new NativeThread{.id = pthread_self(), .name = kNoName};
  return current_thread;
}
JOIST_ABI int enif_equal_tids(NativeThread *a, NativeThread *b) { return a == b; }
JOIST_ABI void enif_thread_exit(void *result) {
  if (!current_thread || !current_thread->fn) misuse("thread_exit", EPERM); // none that was created so
  pthread_exit(result);
}
JOIST_ABI int enif_thread_join(NativeThread *t, void **result) {
  if (!t || !t->fn) return EINVAL;
  if (int error = pthread_join(t->id, result)) return error;
  delete t;
  return 0;
}
JOIST_ABI char *enif_thread_name(NativeThread *t) { return t ? text(t->name) : nullptr; }

JOIST_ALSO_FOR_DRIVERS(NativeMutex *, mutex_create, (char *))
JOIST_ALSO_FOR_DRIVERS(void, mutex_destroy, (NativeMutex *))
JOIST_ALSO_FOR_DRIVERS(int, mutex_trylock, (NativeMutex *))
JOIST_ALSO_FOR_DRIVERS(void, mutex_lock, (NativeMutex *))
JOIST_ALSO_FOR_DRIVERS(void, mutex_unlock, (NativeMutex *))
JOIST_ALSO_FOR_DRIVERS(char *, mutex_name, (NativeMutex *))
JOIST_ALSO_FOR_DRIVERS(NativeCond *, cond_create, (char *))
JOIST_ALSO_FOR_DRIVERS(void, cond_destroy, (NativeCond *))
JOIST_ALSO_FOR_DRIVERS(void, cond_signal, (NativeCond *))
JOIST_ALSO_FOR_DRIVERS(void, cond_broadcast, (NativeCond *))
JOIST_ALSO_FOR_DRIVERS(void, cond_wait, (NativeCond *, NativeMutex *))
JOIST_ALSO_FOR_DRIVERS(char *, cond_name, (NativeCond *))
JOIST_ALSO_FOR_DRIVERS(NativeRwLock *, rwlock_create, (char *))
JOIST_ALSO_FOR_DRIVERS(void, rwlock_destroy, (NativeRwLock *))
JOIST_ALSO_FOR_DRIVERS(int, rwlock_tryrlock, (NativeRwLock *))
JOIST_ALSO_FOR_DRIVERS(void, rwlock_rlock, (NativeRwLock *))
JOIST_ALSO_FOR_DRIVERS(void, rwlock_runlock, (NativeRwLock *))
JOIST_ALSO_FOR_DRIVERS(int, rwlock_tryrwlock, (NativeRwLock *))
JOIST_ALSO_FOR_DRIVERS(void, rwlock_rwlock, (NativeRwLock *))
JOIST_ALSO_FOR_DRIVERS(void, rwlock_rwunlock, (NativeRwLock *))
JOIST_ALSO_FOR_DRIVERS(char *, rwlock_name, (NativeRwLock *))
JOIST_ALSO_FOR_DRIVERS(int, tsd_key_create, (char *, int *))
JOIST_ALSO_FOR_DRIVERS(void, tsd_key_destroy, (int))
JOIST_ALSO_FOR_DRIVERS(void, tsd_set, (int, void *))
JOIST_ALSO_FOR_DRIVERS(void *, tsd_get, (int))
JOIST_ALSO_FOR_DRIVERS(ThreadOpts *, thread_opts_create, (char *))
JOIST_ALSO_FOR_DRIVERS(void, thread_opts_destroy, (ThreadOpts *))
JOIST_ALSO_FOR_DRIVERS(int, thread_create, (char *, NativeThread **, void *(*)(void *), void *, ThreadOpts *))
JOIST_ALSO_FOR_DRIVERS(NativeThread *, thread_self, ())
JOIST_ALSO_FOR_DRIVERS(int, equal_tids, (NativeThread *, NativeThread *))
JOIST_ALSO_FOR_DRIVERS(void, thread_exit, (void *))
JOIST_ALSO_FOR_DRIVERS(int, thread_join, (NativeThread *, void **))
JOIST_ALSO_FOR_DRIVERS(char *, thread_name, (NativeThread *))
} // namespace joist::runtime
