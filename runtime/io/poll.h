// Readiness of descriptors. A thread of its own runs a libuv loop; it reports readiness and reads or writes nothing.
// Schedulers that run out of work look themselves before they sleep, and one of them sleeps in the poller's set: what becomes
// ready then needs no other thread.
//
// Protocol
//  * Interest is one-shot: after `ready` has been called for a direction it must be armed again. poll_arm may be called
//    from any thread and costs a system call, no switch of threads.
//  * `ready` runs on the poll thread or in poll_check (or on the caller of poll_arm, for files that are always ready), with
//    the item's lock held: it must do no more than queue a task.
//  * After poll_remove has returned, `ready` is not running and will not be called.
#pragma once
#include <cstdint>

namespace joist::runtime {
class PollItem;
class PollClient {
public:
  virtual void ready(bool in, bool out) = 0;
  virtual void broken() {} // an error or hang-up, told whatever is armed; ready(true, true) follows

protected:
  ~PollClient() = default;
};
void poll_start(); // starts the thread; once
// The descriptor must stay open until poll_remove.
PollItem *poll_add(int fd, PollClient *client);
void poll_arm(PollItem *item, bool in, bool out); // replaces what was armed before
void poll_remove(PollItem *item);
// Instead of poll_arm, for a descriptor that has been armed before (else false): interest in input that stands. After each
// `ready` the owner calls poll_handled when it has acted upon it; what is told again until then is not passed on. in: it
// stands further.
bool poll_stand(PollItem *item);
void poll_handled(PollItem *item, bool in);
// Reports what is ready now, without waiting; not while another thread does. True: something was.
bool poll_check();
// For a scheduler with nothing to do. Between begin (false: another thread is at it) and the end of poll_sleep the
// poll thread does not look. poll_sleep waits for readiness and reports it, ns at most (< 0: no limit), or until
// poll_interrupt.
bool poll_sleep_begin();
void poll_sleep(int64_t ns);
void poll_interrupt();
// After poll_sleep nobody looks until the next one, or poll_check; poll_attend makes the poll thread look again, unless
// someone sleeps there. For who finds that the schedulers have something else to do.
void poll_attend();
uint32_t poll_sleeps(); // how many have ended, modulo 2^32
// Runs fn(arg) on the poll thread, soon. Any thread.
void poll_run(void (*fn)(void *), void *arg);
} // namespace joist::runtime
