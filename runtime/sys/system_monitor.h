// erlang:system_monitor and system_profile: who is told of what.
#pragma once
#include "runtime/term/term.h"

#include <atomic>
#include <cstdint>

namespace joist::runtime {
struct SystemMonitor {
  std::atomic<Word> pid{Term::none().raw()};         // local pid, or none
  std::atomic<int64_t> long_gc{0}, long_schedule{0}; // ms, 0: not wanted
  std::atomic<uint64_t> large_heap{0};               // words, 0: not wanted
  std::atomic<bool> busy_port{false}, busy_dist_port{false};
};
extern SystemMonitor system_monitor;
struct SystemProfile {
  std::atomic<Word> receiver{Term::none().raw()}; // local pid or port, or none
  std::atomic<bool> runnable_procs{false}, runnable_ports{false}, scheduler{false}, exclusive{false};
};
extern SystemProfile system_profile;
} // namespace joist::runtime
