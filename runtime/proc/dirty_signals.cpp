#include "runtime/proc/process.h"
#include "runtime/proc/signal_handle.h"
#include "runtime/sched/dirty.h"
#include "runtime/sched/scheduler.h"

namespace joist::runtime {
namespace {
// False: the call has returned, and p acts upon its signals itself.
bool look(Process *p) {
  uint32_t s = p->state.load(std::memory_order_acquire), next;
  do next = s & pstate::DirtyBack ? s & ~pstate::DirtySignals : s | pstate::DirtyLook;
  while (!p->state.compare_exchange_weak(s, next, std::memory_order_acq_rel, std::memory_order_acquire));
  return next & pstate::DirtyLook;
}

constexpr uint32_t kHeld = pstate::DirtySignals | pstate::DirtyLook;

// Leaves an exit of which only the memory is left. False: the dirty scheduler has left before.
bool leave_to_dirty(Process *p) {
  uint32_t s = p->state.load(std::memory_order_acquire);
  do {
    if (!(s & pstate::DirtyQueued)) return false;
  } while (!p->state.compare_exchange_weak(s, s & ~kHeld, std::memory_order_acq_rel, std::memory_order_acquire));
  p->state.notify_all();
  return true;
}

// Leaves, unless more signals have come than those that have to wait: false.
bool leave_if_done(Process *p, Word kept) {
  {
    std::lock_guard g(p->inbox.lock);
    if (p->inbox.length != kept) return false;
    p->state.fetch_and(~kHeld, std::memory_order_acq_rel);
  }
  p->state.notify_all();
  process_schedule(p); // if the dirty scheduler has left before
  return true;
}

void exit_beside(void *arg) {
  auto *p = static_cast<Process *>(arg);
  p->state.notify_all(); // it is exiting
  for (;;) switch (process_exit_continue(p)) {
    case RunResult::Exited: return;
    case RunResult::Waiting:
      if (leave_to_dirty(p)) return;
      break;
    default: schedule_work(exit_beside, p); return;
    }
}

void handle(void *arg) {
  auto *p = static_cast<Process *>(arg);
  Word kept;
  do {
    if (!look(p)) return;
    kept = signals_handle_dirty(p);
    if (p->exit_state) return exit_beside(p);
  } while (!leave_if_done(p, kept));
}
} // namespace

void dirty_signals_schedule(Process *p) {
  uint32_t s = p->state.load(std::memory_order_acquire);
  do {
    if (!(s & pstate::DirtyQueued) || !(s & pstate::Signals) ||
        (s & (pstate::DirtySignals | pstate::DirtyBack | pstate::Exiting)))
      return;
  } while (!p->state.compare_exchange_weak(s, s | pstate::DirtySignals, std::memory_order_acq_rel,
                                           std::memory_order_acquire));
  schedule_work(handle, p);
}

bool dirty_return(Process *p) {
  uint32_t s = p->state.load(std::memory_order_acquire);
  for (;;) {
    if (s & pstate::Exiting) return false;
    if (s & pstate::DirtyLook) {
      p->state.wait(s, std::memory_order_acquire);
      s = p->state.load(std::memory_order_acquire);
    } else if (p->state.compare_exchange_weak(s, s | pstate::DirtyBack, std::memory_order_acq_rel,
                                              std::memory_order_acquire)) {
      return true;
    }
  }
}
} // namespace joist::runtime
