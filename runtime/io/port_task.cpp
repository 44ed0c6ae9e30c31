// Executing ports: the queue of tasks, and what happens after each callback.
#include "runtime/dist/entry.h"
#include "runtime/io/port_core.h"
#include "runtime/sched/microstate.h"
#include "runtime/sched/progress.h"
#include "runtime/sched/scheduler.h"
#include "runtime/sys/system_monitor.h"
#include "runtime/sys/system_profile.h"
#include "runtime/sys/time.h"
#include "runtime/trace/ports.h"

namespace joist::runtime {
namespace {
constexpr int kTasksPerTurn = 20;
constexpr uint32_t kToldActive = 1u << 31; // of Port::flags: the profiler has been told; with queue_lock
void told(Port *p, bool active) {
  uint32_t was = active ? p->flags.fetch_or(kToldActive) : p->flags.fetch_and(~kToldActive);
  if (bool(was & kToldActive) != active) profile_port(p->id, active);
}

void port_run(void *arg);

// With queue_lock held.
bool wants_scheduling(Port *p) {
  if (!p->first || p->scheduled || p->executing) return false;
  p->scheduled = true;
  p->refs.fetch_add(1, std::memory_order_relaxed);
  return true;
}

PortTask *next_task(Port *p) {
  std::lock_guard g(p->queue_lock);
  PortTask *t = p->first;
  if (!t) return nullptr;
  p->first = t->next;
  if (!p->first) p->last = &p->first;
  return t;
}

// Is t to wait, since the port is busy, or is it behind one of its sender's that does?
bool must_wait(const Port &p, const PortTask &t) {
  if (p.gone()) return false;
  if (p.busy() && t.waits_while_busy()) return true;
  if (p.held.empty() || t.process.is_none()) return false;
  return std::any_of(p.held.begin(), p.held.end(), [&t](const PortTask *h) { return h->process == t.process; });
}

// Executes a task of the port's and deletes it. port_settle has to come next.
void run_task(Port &p, PortTask *t) {
  if (const size_t n = t->bytes()) {
    std::lock_guard g(p.queue_lock);
    p.queued -= n;
    if (p.queued < p.queue_low) p.flags.fetch_and(~portflag::FullQueue);
  }
  if (p.flags.load() & portflag::Dead) t->dropped(p);
  else t->run(p);
  delete t;
}

void port_run(void *arg) {
  auto *p = static_cast<Port *>(arg);
  {
    std::unique_lock g(p->queue_lock);
    p->scheduled = false;
    if (p->executing) { // port_begin_anyway came first; its port_end schedules again if need be
      g.unlock();
      port_unref(p);
      return;
    }
    p->executing = true;
  }
  if (trace::port_traced(*p, trace::flag::RunningPorts)) trace::port_scheduled(*p, trace::Sched::In, Term::small(0));
  port_run_tasks(p, kTasksPerTurn);
  if (trace::port_traced(*p, trace::flag::RunningPorts)) trace::port_scheduled(*p, trace::Sched::Out, Term::small(0));
  port_end(p);
  port_unref(p);
}
} // namespace

void port_run_tasks(Port *p, int max) {
  MicroScope accounted(Micro::Port);
  for (int i = 0; i < max; i++) {
    PortTask *t = next_task(p);
    if (!t) break;
    uint64_t limit = system_monitor_limits.schedule();
    int64_t started = limit ? os_monotonic_time() : 0;
    Term kind = limit ? t->kind() : Term::nil();
    if (must_wait(*p, *t)) {
      p->held.push_back(t);
      p->flags.fetch_or(portflag::Waited); // and then port_settle looks whether it is busy still
    } else {
      run_task(*p, t);
    }
    port_settle(*p);
    if (limit) [[unlikely]]
      if (uint64_t ms = uint64_t(os_monotonic_time() - started) / 1'000'000; ms > limit)
        system_monitor_long_schedule(p->id, kind, ms);
  }
}

bool port_begin_anyway(Port *p) {
  std::lock_guard g(p->queue_lock);
  if (p->executing) return false;
  p->executing = true;
  p->refs.fetch_add(1, std::memory_order_relaxed);
  return true;
}

bool port_begin(Port *p) {
  std::lock_guard g(p->queue_lock);
  if (p->executing || p->scheduled || p->first || !p->held.empty()) return false;
  p->executing = true;
  p->refs.fetch_add(1, std::memory_order_relaxed); // it may die while it executes
  if (profiled(profile::Ports)) [[unlikely]]
    told(p, true);
  return true;
}

void port_end(Port *p) {
  bool schedule;
  {
    std::lock_guard g(p->queue_lock);
    p->executing = false;
    schedule = wants_scheduling(p);
    if (!schedule && !p->scheduled && profiled(profile::Ports)) [[unlikely]]
      told(p, false);
  }
  if (schedule) schedule_work(port_run, p);
}

void port_enqueue(Port *p, PortTask *t) {
  bool schedule;
  {
    std::lock_guard g(p->queue_lock);
    t->next = nullptr;
    *p->last = t;
    p->last = &t->next;
    if (const size_t n = t->bytes(); (p->queued += n) > p->queue_high && n) p->flags.fetch_or(portflag::FullQueue);
    schedule = wants_scheduling(p);
    if (schedule && profiled(profile::Ports)) [[unlikely]]
      told(p, true);
  }
  if (schedule) schedule_work(port_run, p);
}

void port_queue_limits(Port &port, size_t low, size_t high) {
  std::lock_guard g(port.queue_lock);
  port.queue_low = low;
  port.queue_high = high;
  if (port.queued > high) port.flags.fetch_or(portflag::FullQueue);
  else if (port.queued < low) port.flags.fetch_and(~portflag::FullQueue); // between them it stays what it is
}

bool port_suspend(Process *p, Port *port, const Mfa *in) {
  {
    std::lock_guard g(port->data_lock);
    uint32_t flags = port->flags.load(std::memory_order_acquire);
    do {
      if (!(flags & (portflag::Busy | portflag::FullQueue)) || flags & portflag::Gone) return false;
    } while (!port->flags.compare_exchange_weak(flags, flags | portflag::Waited, std::memory_order_acq_rel));
    port->suspended.push_back(p->id);
  }
  system_monitor_busy(p, atoms::busy_port, port->id);
  p->current = in;
  process_suspend_by(p, port->id);
  p->use_up();
  return true;
}

namespace {
void resume_suspended(Port &port) {
  std::vector<Term> pids;
  {
    std::lock_guard g(port.data_lock);
    port.flags.fetch_and(~portflag::Waited);
    pids.swap(port.suspended);
  }
  for (Term pid : pids) resume_send(port.id, pid);
}
} // namespace

void port_settle(Port &port) {
  if (port.failed && !(port.flags.load() & portflag::Dead)) {
    port.failed = false;
    KeptTerm reason = std::move(port.fail_reason);
    if (port.flags.load() & portflag::Closing) {
      port_terminate(port);
    } else {
      port.queue.clear(); // nobody can write it any more
      port_exit(port, port.id, reason.get(), false, false);
    }
  }
  if ((port.flags.load() & (portflag::Closing | portflag::Dead)) == portflag::Closing && port.queue.size() == 0)
    port_terminate(port);
  if (port.dist && !port.busy() && !port.gone()) dist_port_ready(port);
  if (const uint32_t flags = port.flags.load(); flags & portflag::Waited) [[unlikely]]
    if (!(flags & (portflag::Busy | portflag::FullQueue)) || flags & portflag::Gone) resume_suspended(port);
  while (!port.held.empty() && !port.busy() && !port.gone()) {
    PortTask *t = port.held.front();
    port.held.pop_front();
    run_task(port, t);
  }
}
} // namespace joist::runtime
