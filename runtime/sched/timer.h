// Timers: one wheel per scheduler, each under its own mutex; start and cancel O(1). Times are native monotonic
// nanoseconds (sys/time.h).
#pragma once
#include "runtime/term/term.h"

#include <atomic>

namespace joist::runtime {
struct Timer {
  Timer *next = nullptr, **prev = nullptr; // wheel slot list
  int64_t expires = 0;                     // monotonic ns
  void (*fire)(Timer *) = nullptr;         // runs on a scheduler thread without the wheel's lock
  uint32_t wheel = 0;
  std::atomic<uint8_t> status{0};          // 0 idle, 1 armed, 2 firing, 3 done
};
// Arms t on the calling scheduler's wheel (wheel 0 from elsewhere).
void timer_start(Timer *t, int64_t expires_ns, void (*fire)(Timer *));
// True if it was still armed: then `fire` will not run. False: it has run, runs now or will not.
bool timer_cancel(Timer *t);
// For schedulers: runs what is due on their wheel; returns the next expiry, or INT64_MAX.
int64_t timers_run(uint32_t wheel, int64_t now);
int64_t timers_next(uint32_t wheel);
} // namespace joist::runtime
