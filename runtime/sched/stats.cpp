#include "runtime/sched/stats.h"
#include "runtime/sched/run_queue.h"
#include "runtime/sys/time.h"

namespace joist::runtime {
std::vector<SchedulerStats> dirty_stats(SchedulerType type, int64_t now); // dirty_pool.cpp; now: os_monotonic_time()

namespace {
std::atomic<bool> wall_time{false};
std::mutex wall_time_lock;
int64_t enabled_at = 0;             // guarded by wall_time_lock, as are the next two
std::vector<int64_t> idle_then;     // idle time of each normal scheduler when it was enabled
std::vector<uint64_t> busy_then[2]; // busy time of dirty ones

int64_t idle_time(const Scheduler &s, int64_t now) {
  int64_t since = s.idle_since.load(std::memory_order_relaxed);
  return s.idle_ns.load(std::memory_order_relaxed) + (since ? std::max<int64_t>(now - since, 0) : 0);
}
} // namespace

std::vector<SchedulerStats> scheduler_stats(SchedulerType type) {
  std::lock_guard g(wall_time_lock);
  int64_t now = os_monotonic_time();
  bool timing = wall_time.load(std::memory_order_relaxed);
  uint64_t total = timing ? uint64_t(now - enabled_at) : 0;
  if (type != SchedulerType::Normal) {
    auto out = dirty_stats(type, now);
    auto &then = busy_then[type == SchedulerType::DirtyIo];
    unsigned before = schedulers_count() + (type == SchedulerType::DirtyIo ? dirty_cpu_schedulers() : 0);
    for (size_t i = 0; i < out.size(); i++) {
      out[i].number += before;
      out[i].total_ns = total;
      out[i].active_ns = timing ? std::min(total, out[i].active_ns - (i < then.size() ? then[i] : 0)) : 0;
    }
    return out;
  }
  std::vector<SchedulerStats> out;
  for (unsigned i = 0; i < schedulers_count(); i++) {
    const Scheduler &s = *scheduler_at(i);
    SchedulerStats e{.number = i + 1};
    e.run_queue = s.queue.length();
    e.running = s.executing.load(std::memory_order_relaxed);
    e.reductions = s.reductions.load(std::memory_order_relaxed);
    e.context_switches = s.context_switches.load(std::memory_order_relaxed);
    if (timing) {
      e.total_ns = total;
      int64_t idle = idle_time(s, now) - (i < idle_then.size() ? idle_then[i] : 0);
      e.active_ns = idle < 0 ? total : uint64_t(idle) > total ? 0 : total - uint64_t(idle);
    }
    out.push_back(e);
  }
  return out;
}

uint64_t total_reductions() {
  uint64_t n = 0;
  for (unsigned i = 0; i < schedulers_count(); i++) n += scheduler_at(i)->reductions.load(std::memory_order_relaxed);
  return n;
}
uint64_t total_context_switches() {
  uint64_t n = 0;
  for (unsigned i = 0; i < schedulers_count(); i++)
    n += scheduler_at(i)->context_switches.load(std::memory_order_relaxed);
  return n;
}

bool scheduler_wall_time_enabled() { return wall_time.load(std::memory_order_relaxed); }
bool scheduler_wall_time_enable(bool on) {
  std::lock_guard g(wall_time_lock);
  bool old = wall_time.exchange(on);
  if (on && !old) {
    enabled_at = os_monotonic_time();
    idle_then.clear();
    for (unsigned i = 0; i < schedulers_count(); i++) idle_then.push_back(idle_time(*scheduler_at(i), enabled_at));
    for (auto type : {SchedulerType::DirtyCpu, SchedulerType::DirtyIo}) {
      auto &then = busy_then[type == SchedulerType::DirtyIo];
      then.clear();
      for (auto &s : dirty_stats(type, enabled_at)) then.push_back(s.active_ns);
    }
  }
  return old;
}
} // namespace joist::runtime
