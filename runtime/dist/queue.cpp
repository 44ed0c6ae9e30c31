// What is on its way to a node: queueing, and making senders wait.
#include "runtime/dist/control.h"
#include "runtime/dist/encoder.h"
#include "runtime/dist/entry.h"
#include "runtime/dist/slice.h"
#include "runtime/io/port_core.h"
#include "runtime/mem/copy.h"
#include "runtime/proc/process.h"
#include "runtime/sched/scheduler.h"
#include "runtime/sys/settings.h"
#include "runtime/sys/system_monitor.h"

namespace joist::runtime {
namespace {
// A process that links or monitors, or has stopped to, goes on to send or to wait.
bool precedes_others(Term control) {
  switch (DistOp(tuple_elements(control)[0].small_value())) {
  case DistOp::Link:
  case DistOp::Unlink:
  case DistOp::UnlinkId:
  case DistOp::UnlinkIdAck:
  case DistOp::MonitorP:
  case DistOp::DemonitorP: return true;
  default: return false;
  }
}

Word busy_limit() { return Word(system_settings.dist_busy_limit.load(std::memory_order_relaxed)); }
} // namespace

bool dist_queue(const DistTarget &t, DistEncoder &m, bool *wait, bool patient) {
  DistEntry *e = t.entry;
  *wait = false;
  {
    std::lock_guard g(e->lock);
    if (!e->connected() || e->connection != t.connection) return false;
    e->queued += m.finish(e);
    if (e->queued >= busy_limit()) e->busy = true;
    *wait = e->busy;
  }
  dist_kick(e, patient);
  return true;
}

bool dist_send(const DistTarget &target, Process *p, Term control, Term payload, DistWait in) {
  DistTarget t = target;
  DistEntry *e = t.entry;
  if (t.pending) {
    bool wait;
    {
      DistEntry::Waiting w{KeptTerm(control), payload.is_none() ? KeptTerm() : KeptTerm(payload)};
      std::lock_guard g(e->lock);
      if (e->connection != t.connection) return false;
      if (e->state == DistState::Pending) {
        e->queued += 64 + 8 * (payload.is_none() ? 0 : size_of(payload));
        e->pending.push_back(std::move(w));
        if (e->queued >= busy_limit()) e->busy = true;
        t.pending = true;
      } else {
        t.pending = false;
        t.flags = e->flags;
      }
      wait = e->busy;
    }
    if (t.pending) {
      if (wait && p) dist_wait(p, e, in);
      return true;
    }
  }
  if (dist_monitors_unknown(t.flags, control)) return true;
  auto m = DistEncoder::get();
  int64_t budget = INT64_MAX;
  m->start(t.flags, control, payload, nullptr);
  m->run(&budget);
  bool wait, sent = dist_queue(t, *m, &wait, payload.is_none() && precedes_others(control));
  DistEncoder::put(std::move(m));
  if (p) p->bump((INT64_MAX - budget) / 32);
  if (wait && p) dist_wait(p, e, in);
  return sent;
}

void dist_wait(Process *p, DistEntry *e, DistWait in) {
  Term controller;
  {
    std::lock_guard g(e->lock);
    if (!e->busy) return;
    e->waiting.push_back(p->id);
    controller = e->controller;
  }
  if (!controller.is_none()) system_monitor_busy(p, atoms::busy_dist_port, controller);
  process_suspend_by(p, e->name);
  relations_of(p).suspended_by.push_back(Term::small(int(in))); // goes with it
  p->use_up();
}

void dist_unwait(DistEntry *e, std::vector<Term> *resumed) {
  if (!e->busy || e->queued >= busy_limit() / 2) return;
  e->busy = false;
  resumed->swap(e->waiting);
}

void dist_resume(const std::vector<Term> &pids, DistEntry *e) {
  for (Term pid : pids) resume_send(e->name, pid);
}

void dist_kick(DistEntry *e, bool patient) {
  Port *port = nullptr;
  Term tell = Term::none();
  {
    std::lock_guard g(e->lock);
    if (!e->connected() || e->queue.empty()) return;
    if (e->port) {
      if (e->output_scheduled || dist_slice.hold(e, patient)) return;
      e->output_scheduled = true;
      port = e->port;
      port_ref(port);
    } else if (e->data_wanted) {
      e->data_wanted = false;
      tell = e->controller;
    }
  }
  if (port) {
    if (port_begin(port)) {
      dist_port_output(*port);
      port_settle(*port);
      port_end(port);
      port_unref(port); // port_begin's
    } else {
      dist_port_schedule(port);
    }
    port_unref(port);
  } else if (!tell.is_none()) {
    message_send_pid(tell, atoms::dist_data);
  }
}
} // namespace joist::runtime
