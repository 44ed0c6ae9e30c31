// What native libraries ask of the system: clocks, unique numbers, environment, threads' kinds, other libraries.
#include "runtime/nif/env.h"
#include "runtime/sched/scheduler.h"
#include "runtime/sched/stats.h"
#include "runtime/sys/env.h"
#include "runtime/sys/flags.h"
#include "runtime/sys/time.h"
#include "runtime/term/ref.h"

#include <ctime>
#include <dlfcn.h>

namespace joist::runtime {
namespace {
constexpr int64_t kTimeError = INT64_MIN;
// Nanoseconds of a unit (ErlNifTimeUnit: seconds, then thousandths each), 0: there is none such.
int64_t unit_ns(int unit) {
  constexpr int64_t ns[] = {1'000'000'000, 1'000'000, 1000, 1};
  return unit >= 0 && unit <= 3 ? ns[unit] : 0;
}
int64_t floor_div(int64_t v, int64_t by) { return v / by - (v % by < 0); }
Term timestamp(Heap &h, uint64_t microseconds) {
  return make_tuple(h, Term::small(int64_t(microseconds / 1'000'000'000'000)),
                    Term::small(int64_t(microseconds / 1'000'000 % 1'000'000)),
                    Term::small(int64_t(microseconds % 1'000'000)));
}
const char *dl_error() {
  const char *e = dlerror();
  return e ? e : "";
}
} // namespace

// Only for threads of schedulers, as stock.
JOIST_ABI int64_t enif_monotonic_time(int unit) {
  int64_t ns = unit_ns(unit);
  if (!ns || (!this_scheduler() && !on_dirty_scheduler())) return kTimeError;
  return floor_div(monotonic_time(), ns);
}
JOIST_ABI int64_t enif_time_offset(int unit) {
  int64_t ns = unit_ns(unit);
  if (!ns || (!this_scheduler() && !on_dirty_scheduler())) return kTimeError;
  return floor_div(time_offset(), ns);
}
JOIST_ABI int64_t enif_convert_time_unit(int64_t value, int from, int to) {
  int64_t a = unit_ns(from), b = unit_ns(to);
  if (!a || !b) return kTimeError;
  if (a >= b) return int64_t(uint64_t(value) * uint64_t(a / b)); // what is too large wraps, as on stock
  return floor_div(value, b / a);
}
JOIST_ABI int64_t erl_drv_monotonic_time(int) __attribute__((alias("enif_monotonic_time")));
JOIST_ABI int64_t erl_drv_time_offset(int) __attribute__((alias("enif_time_offset")));
JOIST_ABI int64_t erl_drv_convert_time_unit(int64_t, int, int) __attribute__((alias("enif_convert_time_unit")));

JOIST_ABI Term enif_now_time(NifEnv *env) { return timestamp(*env->heap, now_microseconds()); }
JOIST_ABI Term enif_cpu_time(NifEnv *env) {
  timespec t;
  if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) != 0) return nif_badarg(env);
  return timestamp(*env->heap, uint64_t(t.tv_sec) * 1'000'000 + uint64_t(t.tv_nsec) / 1000);
}

JOIST_ABI Term enif_make_unique_integer(NifEnv *env, int properties) {
  constexpr int kPositive = 1, kMonotonic = 2;
  int64_t v = properties & kMonotonic ? unique_integer_monotonic() : int64_t(unique_integer_raw()) + kUniqueMin;
  return properties & kPositive ? make_uint(*env->heap, uint64_t(v - kUniqueMin) + 1) : make_int(*env->heap, v);
}

// 0: value and size set; > 0: too small, *size is what it takes; < 0: no such variable.
JOIST_ABI int enif_getenv(const char *key, char *value, size_t *size) {
  auto v = env_get(key);
  if (!v) return -1;
  if (v->size() >= *size) {
    *size = v->size() + 1;
    return 1;
  }
  memcpy(value, v->c_str(), v->size() + 1);
  *size = v->size();
  return 0;
}
JOIST_ABI int erl_drv_getenv(const char *, char *, size_t *) __attribute__((alias("enif_getenv")));
JOIST_ABI int erl_drv_putenv(const char *key, char *value) {
  if (!*key || strchr(key, '=')) return -1;
  env_put(key, value);
  return 0;
}

JOIST_ABI int enif_thread_type() {
  if (this_scheduler()) return 1;
  switch (dirty_scheduler_type()) {
  case SchedulerType::DirtyCpu: return 2;
  case SchedulerType::DirtyIo: return 3;
  default: return 0;
  }
}

JOIST_ABI void enif_system_info(NifSysInfo *out, size_t size) {
  static const std::string erts = vm_flags.erts_version, release = vm_flags.otp_release;
  NifSysInfo info{};
  info.driver_major = kDriverMajor;
  info.driver_minor = kDriverMinor;
  info.erts_version = erts.c_str();
  info.otp_release = release.c_str();
  info.threads = info.smp = 1;
  info.async_threads = int(vm_flags.async_threads);
  info.schedulers = int(schedulers_count());
  info.nif_major = kNifMajor;
  info.nif_minor = kNifMinor;
  info.dirty = 1;
  memcpy(out, &info, std::min(size, sizeof info)); // older libraries know a shorter one
}
JOIST_ABI void driver_system_info(NifSysInfo *, size_t) __attribute__((alias("enif_system_info")));

// --- libraries that libraries load. A library with a nif_init of its own has it called (crypto's callbacks).
JOIST_ABI void *enif_dlopen(const char *path, void (*failed)(void *, const char *), void *arg) {
  void *handle = dlopen((std::string(path) + ".so").c_str(), RTLD_NOW);
  if (!handle) {
    if (failed) failed(arg, dl_error());
    return nullptr;
  }
  void *init = dlsym(handle, "nif_init");
  if (!init) init = dlsym(handle, "_nif_init");
  if (init) reinterpret_cast<void *(*)()>(init)();
  return handle;
}
JOIST_ABI void *enif_dlsym(void *handle, const char *symbol, void (*failed)(void *, const char *), void *arg) {
  void *at = dlsym(handle, symbol);
  if (!at && failed) failed(arg, dl_error());
  return at;
}
} // namespace joist::runtime
