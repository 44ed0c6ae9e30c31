#include "runtime/proc/signal_handle.h"
#include "runtime/atom/atom.h"
#include "runtime/dist/node.h"
#include "runtime/io/port.h"
#include "runtime/mem/copy.h"
#include "runtime/proc/info.h"
#include "runtime/proc/monitor.h"
#include "runtime/proc/relations.h"
#include "runtime/proc/remote.h"
#include "runtime/sched/dirty.h"
#include "runtime/trace/trace.h"

namespace joist::runtime {
RemoteHooks remote_hooks;

bool signal_needs_saved_state(SignalKind k) {
  switch (k) {
  case SignalKind::ProcessInfo:
  case SignalKind::Suspend:
  case SignalKind::SuspendDone:
  case SignalKind::Rpc: return true;
  default: return false;
  }
}

void reply_send(Term to, Term ref, Term value) {
  FragmentHeap h(16);
  Term message = make_tuple(h, copy(ref, h), copy(value, h));
  message_send_pid_built(to, message, h.take());
}

void process_kill(Process *p, Term reason) {
  p->fvalue = reason;
  p->freason = Freason{.reason = Reason::ExitNow};
  p->state.fetch_or(pstate::Exiting | pstate::Active, std::memory_order_acq_rel);
}

namespace {
// Makes s a message; its term may refer to s' fragments and to those of h.
Signal *as_message(Signal *s, Term message, FragmentHeap &h) {
  if (Fragment *f = h.take()) {
    Fragment *end = f;
    while (end->next) end = end->next;
    end->next = s->fragments;
    s->fragments = f;
  }
  s->kind = SignalKind::Message;
  if (s->token.is_nil()) s->token = atoms::undefined; // exit signals may carry one
  s->term = message;
  return s;
}

// The exit signal s ends p, with a reason that its fragments may hold.
void killed(Process *p, Signal *s, Term reason) {
  if (p->state.load(std::memory_order_relaxed) & pstate::DirtySignals) {
    process_exit_begin(p, reason, s->fragments);
  } else {
    p->heap.adopt(s->fragments);
    process_kill(p, reason);
  }
  s->fragments = nullptr;
  signal_free(s);
}

Signal *exit_signal(Process *p, Signal *s) {
  Term reason = s->term;
  if (s->kind == SignalKind::ExitLinked) {
    Link *l = p->relations ? p->relations->link(s->from) : nullptr;
    bool broken = l && !l->unlinking;
    if (l) p->relations->link_remove(l);
    const bool survives = p->trap_exit() || (reason == atoms::normal && !s->extra);
    if (broken && survives && trace::traced(p, trace::flag::Procs)) [[unlikely]]
      trace::got_unlinked(p, s->from);
    if (!broken) {
      signal_free(s);
      return nullptr;
    }
  } else if (reason == atoms::kill) {
    killed(p, s, atoms::killed);
    return nullptr;
  }
  if (p->trap_exit()) {
    FragmentHeap h(4);
    return as_message(s, make_tuple(h, atoms::EXIT, s->from, reason), h);
  }
  if (reason == atoms::normal && !s->extra) {
    signal_free(s);
    return nullptr;
  }
  killed(p, s, reason);
  return nullptr;
}

Signal *down(Process *p, Signal *s) {
  if (!p->relations) return signal_free(s), nullptr;
  Relations &r = *p->relations;
  if (s->ref.is_none()) { // a process that p suspended is gone
    std::erase_if(r.suspending, [s](const Suspension &x) { return x.pid == s->from; });
    return signal_free(s), nullptr;
  }
  Monitor *m = r.monitor(s->ref);
  if (!m || m->kind == MonitorKind::Alias) return signal_free(s), nullptr;
  FragmentHeap h(16);
  Term type = m->kind == MonitorKind::Port || m->kind == MonitorKind::DistPort ? atoms::port : atoms::process;
  Term item = m->name.is_none() ? copy(m->target.get().is_none() ? s->from : m->target.get(), h)
                                : make_tuple(h, m->name, m->name_node);
  Term tag = m->tag.get().is_none() ? atoms::DOWN : copy(m->tag.get(), h);
  Term message = make_tuple(h, tag, s->ref, type, item, s->term);
  monitor_finished(p, m);
  return as_message(s, message, h);
}

Signal *alias_message(Process *p, Signal *s) {
  Monitor *m = p->relations ? p->relations->monitor(s->ref) : nullptr;
  if (!m || m->alias == AliasKind::None) return signal_free(s), nullptr;
  if (m->alias == AliasKind::ReplyDemonitor) {
    auto gone = p->relations->monitor_remove(m);
    monitor_cancel(p, *gone);
  }
  s->kind = SignalKind::Message;
  return s;
}

Signal *link(Process *p, Signal *s) {
  Link *l = relations_of(p).link_add(s->from);
  // While an answer to an Unlink of ours is awaited, the partner has not seen that Unlink when it sent this: it takes its
  // side of this link down, too. An answer that an earlier connection owed does not come.
  if (l->unlinking && (!is_external_pid(s->from) || l->connection == uint32_t(s->extra)))
    return signal_free(s), nullptr;
  l->unlinking = 0;
  if (!is_external_pid(s->from)) return signal_free(s), nullptr;
  l->connection = uint32_t(s->extra);
  if (remote_hooks.tie(p, s->from, l->connection)) return signal_free(s), nullptr;
  s->kind = SignalKind::ExitLinked;
  s->term = atoms::noconnection;
  s->extra = 0;
  return exit_signal(p, s);
}

void monitored(Process *p, Signal *s) {
  if (is_external_pid(s->from) && !remote_hooks.tie(p, s->from, uint32_t(s->extra))) return;
  relations_of(p).target_add(s->from, s->ref, s->term, uint32_t(s->extra));
}

void unlink(Process *p, Signal *s) {
  if (p->relations)
    if (Link *l = p->relations->link(s->from); l && !l->unlinking) {
      p->relations->link_remove(l);
      if (trace::traced(p, trace::flag::Procs)) [[unlikely]]
        trace::got_unlinked(p, s->from);
    }
  if (s->from.is_local_pid()) unlink_ack_send(p->id, s->from, s->extra);
  else if (is_external_pid(s->from) && s->extra) remote_hooks.unlink_ack(p->id, s->from, s->extra);
}

void resume(Process *p, Term by) {
  if (!p->relations) return;
  auto &v = p->relations->suspended_by;
  std::erase(v, by);
  if (by.is_atom()) std::erase_if(v, [](Term t) { return t.is_small(); }); // what it waited in for that node
  if (v.empty()) p->state.fetch_and(~pstate::Suspended, std::memory_order_acq_rel);
}
} // namespace

Signal *signal_handle(Process *p, Signal *s) {
  switch (s->kind) {
  case SignalKind::Message: return s;
  case SignalKind::AliasMessage: return alias_message(p, s);
  case SignalKind::Exit:
  case SignalKind::ExitLinked: return exit_signal(p, s);
  case SignalKind::Down: return down(p, s);
  case SignalKind::Link:
    if ((trace::flags_of(p) & trace::flag::All) || s->arg) [[unlikely]]
      trace::got_linked(p, s->from, s);
    return link(p, s);
  case SignalKind::Unlink: unlink(p, s); break;
  case SignalKind::UnlinkAck:
    if (p->relations)
      if (Link *l = p->relations->link(s->from); l && l->unlinking == s->extra) p->relations->link_remove(l);
    break;
  case SignalKind::Monitor: monitored(p, s); break;
  case SignalKind::Demonitor:
    if (p->relations) p->relations->target_remove(s->from, s->ref);
    break;
  case SignalKind::GroupLeader:
    p->group_leader = copy(s->term, p->heap);
    if (!s->ref.is_none()) reply_send(s->from, s->ref, atoms::true_);
    break;
  case SignalKind::IsAlive: reply_send(s->from, s->ref, atoms::true_); break;
  case SignalKind::ProcessInfo: process_info_answer(p, s); break;
  case SignalKind::Suspend: process_suspend_by(p, s->from); break;
  case SignalKind::Resume: resume(p, s->from); break;
  case SignalKind::SuspendDone: {
    bool suspended = p->state.load(std::memory_order_relaxed) & pstate::Suspended;
    reply_send(s->from, s->ref, s->extra ? s->term : suspended ? atoms::suspended : atoms::not_suspended);
    break;
  }
  case SignalKind::Rpc: s->fn(p, s); break;
  case SignalKind::Count: break;
  }
  signal_free(s);
  return nullptr;
}

void signal_answer_dead(Process *p, Signal *s) {
  switch (s->kind) {
  case SignalKind::Link:
    if (s->arg) trace::link_signal_drop(s);
    if (s->from.is_local_pid()) link_exit_send(p->id, s->from, atoms::noproc);
    else if (s->from.is_local_port()) port_exit_signal(p->id, s->from, atoms::noproc, true);
    else remote_hooks.link_exit(p->id, s->from, atoms::noproc, uint32_t(s->extra), Term::nil(), nullptr);
    break;
  case SignalKind::Unlink: unlink(p, s); break;
  case SignalKind::Monitor:
    if (s->from.is_local_pid()) down_send(p->id, s->from, s->ref, atoms::noproc);
    else
      remote_hooks.down(s->term.is_none() ? p->id : s->term, s->from, s->ref, atoms::noproc, uint32_t(s->extra),
                        nullptr);
    break;
  case SignalKind::Demonitor:
    if (p->relations) p->relations->target_remove(s->from, s->ref);
    break;
  case SignalKind::GroupLeader:
    if (!s->ref.is_none()) reply_send(s->from, s->ref, atoms::badarg);
    break;
  case SignalKind::IsAlive: reply_send(s->from, s->ref, atoms::false_); break;
  case SignalKind::ProcessInfo: reply_send(s->from, s->ref, atoms::undefined); break;
  case SignalKind::Suspend: {
    Signal *gone = signal_new(SignalKind::Down);
    gone->from = p->id;
    signal_send_pid(s->from, gone);
    break;
  }
  case SignalKind::SuspendDone: reply_send(s->from, s->ref, s->extra ? atoms::badarg : atoms::exited); break;
  case SignalKind::Rpc: s->fn(nullptr, s); break;
  default: break;
  }
  signal_free(s);
}
} // namespace joist::runtime
