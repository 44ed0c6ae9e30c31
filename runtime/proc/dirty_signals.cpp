#include "runtime/proc/process.h"
#include "runtime/proc/signal_handle.h"
#include "runtime/sched/dirty.h"
#include "runtime/sched/scheduler.h"

namespace joist::runtime {
namespace {
// Leaves an exit of which only the memory is left. False: the dirty scheduler has left before.
bool leave_to_dirty(Process *p) {
  uint32_t s = p->state.load(std::memory_order_acquire);
  do {
    if (!(s & pstate::DirtyQueued)) return false;
  } while (!p->state.compare_exchange_weak(s, s & ~pstate::DirtySignals, std::memory_order_acq_rel,
                                           std::memory_order_acquire));
  return true;
}

// Leaves, unless more signals have come than those that have to wait: false.
bool leave_if_done(Process *p, Word kept) {
  {
    std::lock_guard g(p->inbox.lock);
    if (p->inbox.length != kept) return false;
    p->state.fetch_and(~pstate::DirtySignals, std::memory_order_acq_rel);
  }
  process_schedule(p); // if the dirty scheduler has left before
  return true;
}

void handle(void *arg) {
  auto *p = static_cast<Process *>(arg);
  for (;;) {
    Word kept = p->exit_state ? 0 : signals_handle_dirty(p);
    if (!p->exit_state) {
      if (leave_if_done(p, kept)) return;
      continue;
    }
    switch (process_exit_continue(p)) {
    case RunResult::Exited: return;
    case RunResult::Waiting:
      if (leave_to_dirty(p)) return;
      break;
    default: schedule_work(handle, p); return;
    }
  }
}
} // namespace

void dirty_signals_schedule(Process *p) {
  uint32_t s = p->state.load(std::memory_order_acquire);
  do {
    if (!(s & pstate::DirtyQueued) || !(s & pstate::Signals) || (s & (pstate::DirtySignals | pstate::Exiting))) return;
  } while (!p->state.compare_exchange_weak(s, s | pstate::DirtySignals, std::memory_order_acq_rel,
                                           std::memory_order_acquire));
  schedule_work(handle, p);
}
} // namespace joist::runtime
