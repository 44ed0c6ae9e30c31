// erlang:system_profile/2: who wants to hear when processes, ports and schedulers become active and inactive. Callers look
// at system_profile_flags first, which costs a load; what is told goes through sys/system_messages.h.
#pragma once
#include "runtime/mem/heap.h"

#include <atomic>

namespace joist::runtime {
struct Process;
namespace profile {
inline constexpr uint32_t Exclusive = 1, Scheduler = 2, Processes = 4, Ports = 8; // in stock's order
}
struct SystemProfile {
  Term to = Term::none(); // local pid or port; none: off
  uint32_t flags = 0;
  uint32_t timestamps = 0; // trace::flag::Timestamps
};
SystemProfile system_profile_set(const SystemProfile &p); // the old one
SystemProfile system_profile_get();
void system_profile_clear(Term to); // if it still is that one

extern std::atomic<uint32_t> system_profile_flags;
inline bool profiled(uint32_t flags) { return (system_profile_flags.load(std::memory_order_relaxed) & flags) == flags; }
void profile_process(Process *p, bool active);
void profile_port(Term port, bool active);
void profile_scheduler(unsigned number, bool active); // from 1
} // namespace joist::runtime
