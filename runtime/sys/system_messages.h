// What the VM itself tells of itself: events of erlang:system_monitor/2 and system_profile/2.
//
// Protocol: events come from where no message may be sent (a process is being queued, a scheduler falls asleep), so they
// are only queued here, and sent by a thread of their own, started when first needed, in the order in which they came.
// Who gets one is looked up when it is sent; a receiver that is gone switches the events off. Nobody is told of itself.
#pragma once
#include "runtime/mem/heap.h"

#include <mutex>

namespace joist::runtime {
bool system_receiver_alive(Term to); // local pid or port; takes part in progress itself

// Who is told of one kind of event, and what of it. Settings: a value whose default is "off", with `to`, the receiver's pid
// or port (none: off). put(Settings): publishes it to those who look without the lock. Any thread.
template <class Settings> class SystemReceiver {
public:
  using Put = void (*)(const Settings &);
  explicit constexpr SystemReceiver(Put put) : put_(put) {}
  Settings set(const Settings &s) { // the old one
    std::lock_guard g(lock_);
    Settings old = living();
    put(s);
    return old;
  }
  Settings get() {
    std::lock_guard g(lock_);
    return living();
  }
  void clear(Term to) { // if it still is that one
    std::lock_guard g(lock_);
    if (current_.to == to) put({});
  }

private:
  void put(const Settings &s) { put_(current_ = s); }
  const Settings &living() { // off if the receiver is gone
    if (!current_.to.is_none() && !system_receiver_alive(current_.to)) put({});
    return current_;
  }
  std::mutex lock_;
  Settings current_;
  Put put_;
};

enum class SystemEvent : uint8_t { Monitor, Profile };
// `build` makes the message, under the queue's lock: messages are in the order of the times in them. about: a process or
// port, or none. Any thread.
void system_event(SystemEvent kind, Term about, Term (*build)(Heap &h, void *arg), void *arg);
template <class F> void system_event(SystemEvent kind, Term about, F build) {
  system_event(kind, about, [](Heap &h, void *arg) { return (*static_cast<F *>(arg))(h); }, &build);
}
// A message to a process behind all events until now; takes over the fragments.
void system_message(Term pid, Term message, Fragment *fragments);
} // namespace joist::runtime
