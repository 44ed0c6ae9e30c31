// erlang:system_monitor/2: who wants to hear of long collections, large heaps, long schedules and busy ports.
#pragma once
#include "runtime/mem/heap.h"

namespace joist::runtime {
struct Process;
struct SystemMonitor {
  Term pid = Term::none();                                             // none: off
  uint64_t long_gc_ms = 0, long_schedule_ms = 0, large_heap_words = 0; // 0: not wanted
  bool busy_port = false, busy_dist_port = false;
};
SystemMonitor system_monitor_set(const SystemMonitor &m); // the old one
SystemMonitor system_monitor_get();
bool system_monitor_on(); // cheap
// Sends {monitor, p, Event, Info} to the monitoring process (not about itself).
void system_monitor_report(Process *p, Term event, Term info);
} // namespace joist::runtime
