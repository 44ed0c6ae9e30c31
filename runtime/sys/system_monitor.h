// erlang:system_monitor/2: who wants to hear of long collections, large heaps, long schedules and busy ports. Callers look
// at system_monitor_limits first, which costs a load; what is told goes through sys/system_messages.h.
#pragma once
#include "runtime/mem/heap.h"

#include <atomic>

namespace joist::runtime {
struct Process;
struct FuncInfo;
struct SystemMonitor {
  Term to = Term::none();                                              // local pid; none: off
  uint64_t long_gc_ms = 0, long_schedule_ms = 0, large_heap_words = 0; // 0: not wanted
  bool busy_port = false, busy_dist_port = false;
};
SystemMonitor system_monitor_set(const SystemMonitor &m); // the old one
SystemMonitor system_monitor_get();                       // off if the process is gone
void system_monitor_clear(Term pid);                      // if it still is that one

struct SystemMonitorLimits {
  std::atomic<uint64_t> long_gc_ms{0}, long_schedule_ms{0}, large_heap_words{0}; // 0: not wanted
  std::atomic<bool> busy_port{false}, busy_dist_port{false};
  uint64_t gc() const { return long_gc_ms.load(std::memory_order_relaxed); }
  uint64_t schedule() const { return long_schedule_ms.load(std::memory_order_relaxed); }
  uint64_t heap() const { return large_heap_words.load(std::memory_order_relaxed); }
};
extern SystemMonitorLimits system_monitor_limits;
extern std::atomic<uint32_t> gc_test_sleep_ms; // for tests: watched collections take that much longer

// After a collection of p that took so long; tells of what is over its limit.
void system_monitor_collected(Process *p, uint64_t ms);
// p executed so long without a pause, from a function to a function (null: unknown).
void system_monitor_long_schedule(Process *p, const FuncInfo *in, const FuncInfo *out, uint64_t ms);
// A port did so for `operation`: proc_sig, timeout, input, output.
void system_monitor_long_schedule(Term port, Term operation, uint64_t ms);
// p has to wait for a port: event busy_port or busy_dist_port. Looks itself whether it is wanted.
void system_monitor_busy(Process *p, Term event, Term port);
} // namespace joist::runtime
