#include "runtime/sys/system_messages.h"
#include "runtime/dist/etf.h"
#include "runtime/io/port.h"
#include "runtime/proc/process.h"
#include "runtime/sched/progress.h"
#include "runtime/sys/system_monitor.h"
#include "runtime/sys/system_profile.h"

#include <condition_variable>
#include <deque>
#include <pthread.h>
#include <thread>

namespace joist::runtime {
namespace {
struct Event {
  SystemEvent kind;
  Term to; // none: as the kind says
  Term about, message;
  Fragment *fragments;
};
struct Queue {
  std::mutex lock;
  std::condition_variable filled;
  std::deque<Event> events;
  bool started = false;
};
Queue &queue() { // never destroyed: its thread outlives main
  static auto *q = new Queue;
  return *q;
}

void deliver(Event &e) {
  progress::OnlineScope online;
  if (!e.to.is_none()) return message_send_pid_built(e.to, e.message, e.fragments);
  Term to = e.kind == SystemEvent::Monitor ? system_monitor_get().to : system_profile_get().to;
  Process *p = to.is_local_pid() && to != e.about ? process_lookup(to) : nullptr;
  if (p) return message_send_built(p, e.message, e.fragments);
  if (to.is_local_port() && to != e.about && port_alive(to)) {
    std::vector<uint8_t> bytes = etf_encode(e.message);
    port_output_async(e.about, to, bytes.data(), bytes.size());
  } else if (!to.is_none() && to != e.about) { // gone
    if (e.kind == SystemEvent::Monitor) system_monitor_clear(to);
    else system_profile_clear(to);
  }
  if (e.fragments) fragment_free(e.fragments);
}

void run() {
  pthread_setname_np(pthread_self(), "system_events");
  progress::register_thread();
  progress::offline();
  Queue &q = queue();
  std::unique_lock l(q.lock);
  for (;;) {
    q.filled.wait(l, [&] { return !q.events.empty(); });
    Event e = q.events.front();
    q.events.pop_front();
    l.unlock();
    deliver(e);
    l.lock();
  }
}
} // namespace

bool system_receiver_alive(Term to) {
  progress::OnlineScope online;
  return to.is_local_pid() ? process_lookup(to) != nullptr : port_alive(to);
}

void system_event(SystemEvent kind, Term about, Term (*build)(Heap &, void *), void *arg) {
  Queue &q = queue();
  FragmentHeap h;
  std::lock_guard g(q.lock);
  Term message = build(h, arg);
  q.events.push_back({kind, Term::none(), about, message, h.take()});
  if (!q.started) {
    q.started = true;
    std::thread(run).detach();
  }
  q.filled.notify_one();
}

void system_message(Term pid, Term message, Fragment *fragments) {
  Queue &q = queue();
  std::unique_lock g(q.lock);
  if (!q.started) {
    g.unlock();
    return message_send_pid_built(pid, message, fragments);
  }
  q.events.push_back({SystemEvent::Monitor, pid, Term::none(), message, fragments});
  q.filled.notify_one();
}
} // namespace joist::runtime
