// The end of a process. In steps, each of which may yield:
//   1. what belongs to it elsewhere goes: timers, ETS tables, its name;
//   2. it becomes unfindable and its inbox is closed: from here on there is no such process. Signals that were still in
//      the inbox are answered accordingly;
//   3. links and monitors are told;
//   4. its memory is freed.
// So whoever hears of its end (3) finds neither its name, nor its tables, nor itself.
#include "runtime/atom/atom.h"
#include "runtime/ets/ets.h"
#include "runtime/io/port.h"
#include "runtime/mem/alloc.h"
#include "runtime/mem/copy.h"
#include "runtime/mem/gc.h"
#include "runtime/nif/watch.h"
#include "runtime/proc/dictionary.h"
#include "runtime/proc/monitor.h"
#include "runtime/proc/registry.h"
#include "runtime/proc/relations.h"
#include "runtime/proc/remote.h"
#include "runtime/proc/signal_handle.h"
#include "runtime/proc/table.h"
#include "runtime/sched/dirty.h"
#include "runtime/sched/erlang_timer.h"
#include "runtime/sched/machine.h"
#include "runtime/sched/scheduler.h"
#include "runtime/sys/seq_trace.h"
#include "runtime/sys/system_profile.h"
#include "runtime/term/print.h"
#include "runtime/trace/trace.h"

#include <utility>

namespace joist::runtime {
namespace {
enum class Step : uint8_t { Timers, Ets, Unfindable, Signals, Links, Monitors, Targets, Free };

struct ExitState {
  Term reason; // on the process' heap, which is not collected any more, or in the fragments
  Fragment *fragments = nullptr;
  Step step = Step::Timers;
  Signal *left = nullptr;     // what was in the inbox
  RemoteWork *rest = nullptr; // of the last link or watcher told
  int64_t reductions = 0;     // what this turn may still cost
};

void close_inbox(Process *p, ExitState &x) {
  std::lock_guard g(p->inbox.lock);
  Inbox &in = p->inbox;
  in.closed = true;
  x.left = in.first;
  in.first = nullptr;
  in.last = &in.first;
  in.length = 0;
}

void unfindable(Process *p, ExitState &x) {
  Term name = registry_process_exit(p);
  if (!name.is_none() && trace::traced(p, trace::flag::Procs)) [[unlikely]]
    trace::registered(p, name, false);
  p->state.fetch_or(pstate::Gone, std::memory_order_acq_rel);
  close_inbox(p, x);
  process_ref(p); // the table's reference goes with it; p stays until the end of the exit
  process_table_remove(p);
  process_watchers_fire(p->id);
  if (remote_hooks.process_exit) remote_hooks.process_exit(p, x.reason);
}

void tell_link(Process *p, const Link &l, Term reason, RemoteWork **rest) {
  Term other = l.other.get();
  if (other.is_local_pid()) {
    if (!l.unlinking) seq_trace::link_exit_send(p->id, other, reason, seq_trace::exiting(p, other, reason));
  } else if (other.is_local_port()) {
    if (!l.unlinking) port_exit_signal(p->id, other, reason, true);
  } else if (!l.unlinking && remote_hooks.link_exit) {
    remote_hooks.link_exit(p->id, other, reason, l.connection, seq_trace::exiting(p, other, reason), rest);
  }
}

void tell_watcher(Process *p, const Target &t, Term reason, RemoteWork **rest) {
  Term watcher = t.watcher.get();
  if (watcher.is_local_pid()) down_send(p->id, watcher, t.ref.get(), reason);
  else if (remote_hooks.down)
    remote_hooks.down(t.name.is_none() ? p->id : t.name, watcher, t.ref.get(), reason, t.connection, rest);
}

void tell_suspension(Process *p) {
  for (auto &s : p->relations->suspending) resume_send(p->id, s.pid);
  for (Term by : p->relations->suspended_by) {
    Signal *gone = signal_new(SignalKind::Down);
    gone->from = p->id;
    signal_send_pid(by, gone);
  }
}

void free_messages(Process *p) {
  Signal *s = p->mailbox.first;
  while (s) {
    Signal *next = s->next;
    signal_free(s);
    s = next;
  }
  receive_markers_free(p);
  p->mailbox = {};
}

// Goes on with the large reason on its way to another node. True: the slice is used up.
bool remote_work(ExitState &x) {
  if (!x.rest) return false;
  if (!x.rest->run(&x.reductions)) return true;
  delete std::exchange(x.rest, nullptr);
  return false;
}

// Charges for a signal whose size is that of the reason. True: the slice is used up.
bool charge(ExitState &x) {
  x.reductions -= 8;
  return x.reductions <= 0;
}

[[noreturn]] void system_process_ended(Process *p, Term reason) {
  vm_crash(("System process " + pid_to_text(p->id) + " terminated: " + to_text(reason)).c_str());
}

// Exited: all that others are to be told has been told, and nobody else is at work for p.
RunResult continue_exit(Process *p, ExitState &x) {
  Relations *r = p->relations;
  switch (x.step) {
  case Step::Timers:
    erlang_timers_process_exit(p->id);
    x.step = Step::Ets;
    [[fallthrough]];
  case Step::Ets:
    if (!ets_process_exiting(p, &x.reductions)) return RunResult::Yielded;
    x.step = Step::Unfindable;
    [[fallthrough]];
  case Step::Unfindable:
    if (p->state.load(std::memory_order_relaxed) & pstate::System) system_process_ended(p, x.reason);
    unfindable(p, x);
    x.step = Step::Signals;
    [[fallthrough]];
  case Step::Signals:
    while (Signal *s = x.left) {
      x.left = s->next;
      s->next = nullptr;
      signal_answer_dead(p, s);
      if (charge(x)) return RunResult::Yielded;
    }
    r = p->relations; // signals may have changed it
    if (r) tell_suspension(p);
    x.step = Step::Links;
    [[fallthrough]];
  case Step::Links:
    if (remote_work(x)) return RunResult::Yielded;
    while (r && r->links.size()) {
      auto l = r->links.take_any();
      if (l) tell_link(p, *l, x.reason, &x.rest);
      if (x.rest) return RunResult::Yielded;
      if (charge(x)) return RunResult::Yielded;
    }
    x.step = Step::Monitors;
    [[fallthrough]];
  case Step::Monitors:
    while (r && r->monitors.size()) {
      auto m = r->monitors.take_any();
      if (m && m->spawn_pending) remote_hooks.spawn_abandoned(p, *m, x.reason);
      else if (m) monitor_cancel(p, *m);
      if (charge(x)) return RunResult::Yielded;
    }
    x.step = Step::Targets;
    [[fallthrough]];
  case Step::Targets:
    if (remote_work(x)) return RunResult::Yielded;
    while (r && r->targets.size()) {
      auto t = r->targets.take_any();
      if (t) tell_watcher(p, *t, x.reason, &x.rest);
      if (x.rest) return RunResult::Yielded;
      if (charge(x)) return RunResult::Yielded;
    }
    x.step = Step::Free;
    [[fallthrough]];
  case Step::Free: // a dirty thread still has it (sched/dirty.h)
    if (p->state.load(std::memory_order_acquire) & pstate::DirtyQueued) return RunResult::Waiting;
    break;
  }
  return RunResult::Exited;
}

RunResult finish_exit(Process *p, ExitState &x) {
  if (x.fragments) fragment_free(x.fragments);
  delete &x;
  p->exit_state = nullptr;
  if (trace::traced(p, trace::flag::Exiting)) [[unlikely]]
    trace::scheduled_out_exited(p);
  trace::process_free(p);
  free_messages(p);
  relations_free(p);
  dictionary_free(p);
  delete p->dirty;
  p->dirty = nullptr;
  if (p->saved_x_capacity > kSavedX) mem_free(MemKind::ProcessStruct, p->saved_x_many);
  p->saved_x_capacity = kSavedX;
  gc_free_heap(p);
  p->machine = nullptr;
  if (profiled(profile::Processes)) [[unlikely]]
    profile_process(p, false);
  process_unref(p);
  return RunResult::Exited;
}
} // namespace

RunResult process_exit(Process *p, Term reason) {
  if (!p->exit_state) process_exit_begin(p, reason, nullptr);
  return process_exit_continue(p);
}

void process_exit_begin(Process *p, Term reason, Fragment *fragments) {
  p->state.fetch_or(pstate::Exiting | pstate::Active, std::memory_order_acq_rel);
  p->exit_state = new ExitState{.reason = reason, .fragments = fragments};
  receive_timer_cancel(p);
  if (p->tracing.load(std::memory_order_relaxed)) [[unlikely]]
    trace::exited(p, reason);
}

RunResult process_exit_continue(Process *p) {
  auto &x = *static_cast<ExitState *>(p->exit_state);
  // A dirty thread may be at work for the process and count in its reductions: they are charged only when there is none.
  const bool alone = !(p->state.load(std::memory_order_acquire) & pstate::DirtyQueued);
  const int64_t before = x.reductions = alone ? p->reductions : kReductions;
  RunResult r = continue_exit(p, x);
  if (alone) p->bump(before - x.reductions);
  return r == RunResult::Exited ? finish_exit(p, x) : r;
}

void exit_signal_send(Process *from, Term to, Term reason) {
  Signal *s = signal_new(SignalKind::Exit);
  s->term = signal_own(s, reason);
  if (from) s->from = from->id;
  if (from && from->id == to) s->extra = 1;
  signal_send_pid(to, s);
}
} // namespace joist::runtime
