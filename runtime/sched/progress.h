// Thread progress: when may memory that other threads could still be reading be freed?
//
// Protocol (epoch-based reclamation)
//  * Every thread that reads shared structures without a lock registers. It is either *online* (may hold pointers)
//    or *offline* (holds none; e.g. blocked in a system call or asleep).
//  * An online thread calls quiescent() regularly, at points where it holds no such pointer: schedulers between
//    two processes. Between two quiescent points pointers it read stay valid.
//  * later(f, arg): f runs on some registered thread after every thread that was online at the call has passed a
//    quiescent point or gone offline. Writers unlink first, then call later().
//  * Threads that are not schedulers (poll thread, dirty schedulers, compilers) are offline by default and use
//    OnlineScope around look-ups.
#pragma once

namespace joist::runtime::progress {
void register_thread(); // online afterwards
void unregister_thread();
void quiescent(); // cheap; also runs due callbacks now and then
void offline();
void online();
void later(void (*f)(void *), void *arg); // any registered thread
bool is_registered();
struct OnlineScope { // nests
  OnlineScope();
  ~OnlineScope();
};
} // namespace joist::runtime::progress
