// Timers: one wheel per scheduler, each under its own mutex; start and cancel O(1). Times are native monotonic
// nanoseconds (sys/time.h); a timer fires at the first millisecond tick at or after its time, never before it.
//
// Protocol: a Timer belongs to whoever embeds it. From timer_start until it fires or is cancelled the wheel links it.
// When it is due the wheel unlinks it, sets status Firing and calls fire(), from then on without touching it: fire may
// re-arm or free it. An owner that timer_cancel answered false to must agree with its own fire() on who frees the timer.
#pragma once
#include "runtime/term/term.h"

#include <atomic>

namespace joist::runtime {
struct Timer {
  Timer *next = nullptr, **prev = nullptr; // wheel slot list
  int64_t expires = 0;                     // monotonic ns
  void (*fire)(Timer *) = nullptr;         // runs on a scheduler thread without the wheel's lock
  uint32_t wheel = 0;
  std::atomic<uint8_t> status{0}; // 0 idle, 1 armed, 2 firing (or fired, if fire() left it so)
};
// Arms t on the calling scheduler's wheel (wheel 0 from elsewhere). Wheel n belongs to the scheduler numbered n + 1.
void timer_start(Timer *t, int64_t expires_ns, void (*fire)(Timer *));
// True if it was still armed: then `fire` will not run. False: it has run, runs now or was never armed. Any thread.
bool timer_cancel(Timer *t);
// For schedulers: runs what is due on a wheel, as a rule their own, unless another thread is at it; returns the next expiry, or INT64_MAX.
int64_t timers_run(uint32_t wheel, int64_t now);
int64_t timers_next(uint32_t wheel);
// Set by the schedulers: a timer was armed on that wheel by another thread and is the next one to expire there.
extern void (*timer_wake)(uint32_t wheel);
} // namespace joist::runtime
