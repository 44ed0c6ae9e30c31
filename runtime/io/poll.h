// Readiness of descriptors. A thread of its own runs a libuv loop; it reports readiness and reads or writes nothing.
// Schedulers that run out of work look themselves before they sleep, which saves two switches of threads.
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
// Reports what is ready now, without waiting; not while another thread does. True: something was.
bool poll_check();
// Runs fn(arg) on the poll thread, soon. Any thread.
void poll_run(void (*fn)(void *), void *arg);
} // namespace joist::runtime
