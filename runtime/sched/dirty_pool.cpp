#include "runtime/sched/dirty_pool.h"
#include "runtime/mem/alloc.h"
#include "runtime/sched/dirty.h"
#include "runtime/sched/microstate.h"
#include "runtime/sched/progress.h"
#include "runtime/sched/stats.h"
#include "runtime/sys/time.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <pthread.h>

namespace joist::runtime {
namespace {
struct DirtyThread;
// One per kind: a common queue and its threads, which are started as they are needed.
struct Pool {
  Pool(const char *n, uint32_t bit) : name(n), state_bit(bit) {}
  const char *name;
  uint32_t state_bit;
  unsigned limit = 0, online = 0;
  size_t stack = 0;
  std::mutex lock;
  std::condition_variable signal;
  Process *first = nullptr, *last = nullptr;
  unsigned queued = 0, idle = 0, started = 0, busy = 0;
  DirtyThread *threads = nullptr;
};
struct DirtyThread {
  Pool *pool;
  DirtyThread *next;
  unsigned index;
  Machine machine;
  std::atomic<uint64_t> reductions{0}, calls{0};
  std::atomic<int64_t> busy_ns{0}, busy_since{0};
};
Pool cpu("dcpu", pstate::DirtyCpu), io("dio", pstate::DirtyIo);
thread_local const Pool *dirty_thread = nullptr;

// False: p has ended.
bool execute(DirtyThread &t, Process *p) {
  if (p->state.load(std::memory_order_acquire) & pstate::Exiting) return true; // killed while it waited
  MicroScope accounted(Micro::Emulator);
  t.busy_since.store(os_monotonic_time(), std::memory_order_relaxed);
  p->state.fetch_or(pstate::DirtyRunning | t.pool->state_bit, std::memory_order_acq_rel);
  t.machine.p = p;
  p->machine = &t.machine;
  p->slice = kFullSlice;
  p->reductions = p->slice_reductions();
  RunResult r = exec_hooks.run(&t.machine, p);
  t.machine.p = nullptr;
  t.calls.store(t.calls.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  int64_t took = os_monotonic_time() - t.busy_since.load(std::memory_order_relaxed);
  t.busy_ns.store(t.busy_ns.load(std::memory_order_relaxed) + took, std::memory_order_relaxed);
  t.busy_since.store(0, std::memory_order_relaxed);
  if (r == RunResult::Exited) return false;
  p->total_reductions += uint64_t(p->reductions_used());
  p->machine = nullptr;
  return true;
}

void run(DirtyThread &t, Process *p) {
  if (!execute(t, p)) return;
  progress::OnlineScope scope; // p may be run, end and be freed as soon as it is back
  process_back_from_dirty(p);
}

void *loop(void *arg) {
  auto &t = *static_cast<DirtyThread *>(arg);
  Pool &pool = *t.pool;
  char name[16];
  snprintf(name, sizeof name, "%s_%u", pool.name, t.index + 1);
  pthread_setname_np(pthread_self(), name);
  dirty_thread = &pool;
  progress::register_thread();
  progress::offline();
  microstate::start(&pool == &cpu ? MicroThread::DirtyCpu : MicroThread::DirtyIo, t.index + 1, Micro::Sleep);
  std::unique_lock l(pool.lock);
  for (;;) {
    while (!pool.first || pool.busy >= pool.online) {
      pool.idle++;
      pool.signal.wait(l);
      pool.idle--;
    }
    Process *p = pool.first;
    pool.first = p->queue_next;
    if (!pool.first) pool.last = nullptr;
    pool.queued--;
    pool.busy++;
    l.unlock();
    run(t, p);
    l.lock();
    pool.busy--;
  }
}

// Called with the lock.
void start_thread(Pool &pool) {
  auto *t = new DirtyThread{.pool = &pool, .next = pool.threads, .index = pool.started, .machine = {}};
  pthread_attr_t attr;
  pthread_attr_init(&attr);
  pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attr, pool.stack);
  pthread_t thread;
  if (pthread_create(&thread, &attr, loop, t) == 0) {
    pool.threads = t;
    pool.started++;
  } else {
    delete t;
    if (pool.started == 0) vm_crash("Failed to create dirty scheduler thread");
  }
  pthread_attr_destroy(&attr);
}

std::vector<SchedulerStats> stats_of(Pool &pool, int64_t now) {
  std::vector<SchedulerStats> out;
  std::lock_guard g(pool.lock);
  for (unsigned i = 0; i < pool.limit; i++) out.push_back({.number = i + 1});
  if (!out.empty()) out[0].run_queue = pool.queued;
  for (DirtyThread *t = pool.threads; t; t = t->next) {
    SchedulerStats &s = out[t->index % pool.limit];
    int64_t since = t->busy_since.load(std::memory_order_relaxed);
    s.running |= since != 0;
    s.context_switches += t->calls.load(std::memory_order_relaxed);
    s.active_ns +=
        uint64_t(t->busy_ns.load(std::memory_order_relaxed) + (since ? std::max<int64_t>(now - since, 0) : 0));
  }
  return out;
}
} // namespace

void dirty_init(unsigned cpus, unsigned cpus_online, unsigned ios, size_t stack_kb) {
  cpu.limit = cpus, cpu.online = cpus_online;
  io.limit = io.online = std::max(ios, 1u);
  for (unsigned i = 1; i <= cpu.limit; i++) microstate::declare(MicroThread::DirtyCpu, i);
  for (unsigned i = 1; i <= io.limit; i++) microstate::declare(MicroThread::DirtyIo, i);
  cpu.stack = io.stack = std::max<size_t>(stack_kb, 1024) * 1024;
}

namespace {
void enqueue(Pool &pool, Process *p) {
  std::lock_guard g(pool.lock);
  p->queue_next = nullptr;
  (pool.last ? pool.last->queue_next : pool.first) = p;
  pool.last = p;
  pool.queued++;
  if (pool.idle >= pool.queued || pool.started >= pool.limit) pool.signal.notify_one();
  else start_thread(pool);
}
} // namespace
// Not one call with the right pool: compilers then read both, one of them without its lock.
void dirty_enqueue(Process *p) {
  if (p->dirty && p->dirty->kind == NifKind::DirtyIo) enqueue(io, p);
  else enqueue(cpu, p);
}

bool dirty_run_here(Process *p) {
  static thread_local DirtyThread *here = nullptr;
  static unsigned index = 0;
  if (!here) { // shown among the dirty schedulers
    std::lock_guard g(io.lock);
    here = new DirtyThread{.pool = &io, .next = io.threads, .index = index++, .machine = {}};
    io.threads = here;
  }
  dirty_thread = &io;
  bool stays = execute(*here, p);
  dirty_thread = nullptr;
  return stays;
}

bool on_dirty_scheduler() { return dirty_thread; }
SchedulerType dirty_scheduler_type() {
  return !dirty_thread          ? SchedulerType::Normal
         : dirty_thread == &cpu ? SchedulerType::DirtyCpu
                                : SchedulerType::DirtyIo;
}
std::vector<SchedulerStats> dirty_stats(SchedulerType type, int64_t now) {
  return stats_of(type == SchedulerType::DirtyCpu ? cpu : io, now);
}
unsigned dirty_cpu_schedulers() { return cpu.limit; }
unsigned dirty_cpu_schedulers_online() { return cpu.online; }
void dirty_cpu_schedulers_set_online(unsigned n) {
  std::lock_guard g(cpu.lock);
  cpu.online = std::clamp(n, 1u, cpu.limit);
  cpu.signal.notify_all();
}
unsigned dirty_io_schedulers() { return io.limit; }
} // namespace joist::runtime
