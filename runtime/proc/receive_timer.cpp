#include "runtime/atom/atom.h"
#include "runtime/proc/receive.h"
#include "runtime/sched/scheduler.h"
#include "runtime/sched/timer.h"
#include "runtime/sys/time.h"

#include <utility>

namespace joist::runtime {
namespace {
// Shared by the process and, while it is armed or firing, by the timer wheel; whoever lets go last frees it. It holds
// the process' struct, so that it may fire while the process ends.
struct TimeoutTimer : Timer {
  Process *process;
  std::atomic<int> holders{2};
  std::atomic<bool> fired{false};
};

// Stands for a time-out of `infinity`: never in a wheel, shared by all.
Timer endless;

void let_go(TimeoutTimer *t) {
  if (t->holders.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  process_unref(t->process);
  delete t;
}

void fire(Timer *timer) {
  auto *t = static_cast<TimeoutTimer *>(timer);
  t->fired.store(true, std::memory_order_release);
  process_set_state(t->process, pstate::Timeout);
  let_go(t);
}
} // namespace

bool receive_timer_start(Process *p, Term timeout) {
  if (timeout == atoms::infinity) {
    p->receive_timer = &endless;
    return true;
  }
  if (!timeout.is_small() || timeout.small_value() < 0 || timeout.small_value() > 0xffffffff) return false;
  auto *t = new TimeoutTimer;
  t->process = p;
  process_ref(p);
  p->receive_timer = t;
  timer_start(t, monotonic_time() + timeout.small_value() * 1'000'000, fire);
  return true;
}

ReceiveTimer receive_timer_state(const Process *p) {
  if (!p->receive_timer) return ReceiveTimer::None;
  if (p->receive_timer == &endless) return ReceiveTimer::Armed;
  auto *t = static_cast<const TimeoutTimer *>(p->receive_timer);
  return t->fired.load(std::memory_order_acquire) ? ReceiveTimer::Fired : ReceiveTimer::Armed;
}

void receive_timer_cancel(Process *p) {
  Timer *timer = std::exchange(p->receive_timer, nullptr);
  if (!timer || timer == &endless) return;
  auto *t = static_cast<TimeoutTimer *>(timer);
  if (timer_cancel(t)) let_go(t); // for the wheel, which will not
  let_go(t);
}
} // namespace joist::runtime
