#include "runtime/dist/control.h"

#include "runtime/dist/etf.h"
#include "runtime/dist/node.h"
#include "runtime/mem/copy.h"
#include "runtime/proc/bif.h"
#include "runtime/proc/process.h"
#include "runtime/proc/registry.h"
#include "runtime/proc/remote.h"
#include "runtime/sys/seq_trace.h"
#include "runtime/term/compare.h"
#include "runtime/term/ref.h"
#include "runtime/trace/trace.h"

namespace joist::runtime {
bool (*dist_spawn_hook)(DistSpawn *s) = nullptr;

Term dist_payload(const DistMessage &m, Heap &h) {
  if (!m.decoded.is_none()) {
    h.adopt(m.decoded_heap->take());
    return m.decoded;
  }
  EtfDecoder d(h, m.payload, m.payload_size, false);
  d.network = true;
  d.atom_cache = m.atoms->data();
  d.atom_cache_size = m.atoms->size();
  int64_t budget = INT64_MAX;
  if (d.run(&budget) != EtfDecoder::Result::Done || d.used() != m.payload_size) return Term::none();
  return d.value();
}

namespace {
bool here(Term t) { return external_node(t)->name == this_node()->name; } // of an earlier incarnation
bool from_there(const DistMessage &m, Term pid) {
  return is_external_pid(pid) && external_node(pid)->name == m.entry->name;
}

// --- messages
DistResult deliver(const DistMessage &m, Process *to, Term token, Term alias = Term::none()) {
  FragmentHeap h(m.decoded.is_none() ? std::min<Word>(m.payload_size / 2 + 8, 1024) : 0);
  Term message = dist_payload(m, h);
  if (message.is_none()) return DistResult::BadPayload;
  Signal *s = signal_new(alias.is_none() ? SignalKind::Message : SignalKind::AliasMessage, message);
  if (!token.is_nil()) s->token = copy(token, h);
  if (trace::receive_pattern.load(std::memory_order_relaxed)) // see mailbox_append
    s->token = make_tuple(h, m.entry->name, s->token);
  Term ref = alias.is_none() ? alias : copy(alias, h);
  s->fragments = h.take();
  if (!alias.is_none()) s->ref = ref;
  signal_send(to, s);
  return DistResult::Ok;
}

DistResult send(const DistMessage &m, Term to, Term token) {
  if (to.is_local_pid()) {
    Process *p = process_lookup(to);
    return p ? deliver(m, p, token) : DistResult::Ok;
  }
  return is_external_pid(to) && here(to) ? DistResult::Ok : DistResult::Invalid;
}

DistResult send_named(const DistMessage &m, Term from, Term to, Term token) {
  if (!is_pid(from) || !to.is_atom()) return DistResult::Invalid;
  Process *p = registry_process(to);
  return p ? deliver(m, p, token) : DistResult::Ok;
}

DistResult send_alias(const DistMessage &m, Term alias, Term token) {
  if (!is_ref(alias)) return DistResult::Invalid;
  Term pid = is_local_ref(alias) ? pid_of_ref(alias) : Term::none();
  Process *p = pid.is_none() ? nullptr : process_lookup(pid);
  return p ? deliver(m, p, token, alias) : DistResult::Ok;
}

// --- links
DistResult link(const DistMessage &m, Term from, Term to) {
  if (!from_there(m, from)) return DistResult::Invalid;
  if (to.is_local_pid()) {
    if (link_send(from, to, m.connection)) return DistResult::Ok;
  } else if (!is_external_pid(to) || !here(to)) {
    return DistResult::Invalid;
  }
  remote_hooks.link_exit(to, from, atoms::noproc, m.connection, Term::nil(), nullptr);
  return DistResult::Ok;
}

DistResult unlink(const DistMessage &m, uint64_t id, Term from, Term to) {
  if (!from_there(m, from)) return DistResult::Invalid;
  if (!to.is_local_pid()) return is_external_pid(to) && here(to) ? DistResult::Ok : DistResult::Invalid;
  if (!unlink_send(from, to, id) && id) remote_hooks.unlink_ack(to, from, id);
  return DistResult::Ok;
}

DistResult unlink_ack(const DistMessage &m, uint64_t id, Term from, Term to) {
  if (!from_there(m, from)) return DistResult::Invalid;
  if (!to.is_local_pid()) return is_external_pid(to) && here(to) ? DistResult::Ok : DistResult::Invalid;
  unlink_ack_send(from, to, id);
  return DistResult::Ok;
}

// A reason: in the control message, or (reason none) the payload.
bool reason_in(const DistMessage &m, Term reason, FragmentHeap &h, Term *out) {
  *out = reason.is_none() ? dist_payload(m, h) : reason;
  return !out->is_none();
}

DistResult exit_linked(const DistMessage &m, Term from, Term to, Term given, Term token) {
  if (!from_there(m, from) || !to.is_local_pid()) return DistResult::Invalid;
  FragmentHeap h;
  Term reason;
  if (!process_lookup_any(to)) return DistResult::Ok;
  if (!reason_in(m, given, h, &reason)) return DistResult::BadPayload;
  seq_trace::link_exit_send(from, to, reason, token);
  return DistResult::Ok;
}

DistResult exit2(const DistMessage &m, Term from, Term to, Term given) {
  if (!from_there(m, from)) return DistResult::Invalid;
  if (!to.is_local_pid()) return is_external_pid(to) && here(to) ? DistResult::Ok : DistResult::Invalid;
  if (!process_lookup(to)) return DistResult::Ok;
  FragmentHeap h;
  Term reason;
  if (!reason_in(m, given, h, &reason)) return DistResult::BadPayload;
  Signal *s = signal_new(SignalKind::Exit);
  s->term = signal_own(s, reason);
  s->from = signal_own(s, from);
  signal_send_pid(to, s);
  return DistResult::Ok;
}

// --- monitors
DistResult monitor(const DistMessage &m, Term watcher, Term watched, Term ref) {
  if (!from_there(m, watcher) || !is_ref(ref)) return DistResult::Invalid;
  Term pid = watched, name = Term::none();
  if (watched.is_atom()) name = watched, pid = registry_whereis(watched);
  else if (!watched.is_local_pid() && !(is_external_pid(watched) && here(watched))) return DistResult::Invalid;
  if (!pid.is_none() && pid.is_local_pid()) {
    if (!name.is_none()) {
      std::lock_guard g(m.entry->lock);
      if (m.entry->connection == m.connection) m.entry->name_monitors.push_back({KeptTerm(ref), pid});
    }
    if (monitor_send(watcher, pid, ref, name, m.connection)) return DistResult::Ok;
  }
  remote_hooks.down(watched, watcher, ref, atoms::noproc, m.connection, nullptr);
  return DistResult::Ok;
}

DistResult demonitor(const DistMessage &m, Term watcher, Term watched, Term ref) {
  if (!from_there(m, watcher) || !is_ref(ref)) return DistResult::Invalid;
  Term pid = watched;
  if (watched.is_atom()) {
    pid = Term::none();
    std::lock_guard g(m.entry->lock);
    auto &v = m.entry->name_monitors;
    for (size_t i = 0; i < v.size(); i++) {
      if (!eq(v[i].ref.get(), ref)) continue;
      pid = v[i].pid;
      std::swap(v[i], v.back());
      v.pop_back();
      break;
    }
  } else if (!watched.is_local_pid()) {
    return is_external_pid(watched) && here(watched) ? DistResult::Ok : DistResult::Invalid;
  }
  if (!pid.is_none()) demonitor_send(watcher, pid, ref);
  return DistResult::Ok;
}

DistResult monitor_exit(const DistMessage &m, Term watched, Term watcher, Term ref, Term given) {
  if (!is_ref(ref) || (!is_external_pid(watched) && !watched.is_atom())) return DistResult::Invalid;
  if (!watcher.is_local_pid()) return is_external_pid(watcher) && here(watcher) ? DistResult::Ok : DistResult::Invalid;
  if (!process_lookup(watcher) || !is_local_ref(ref)) return DistResult::Ok;
  FragmentHeap h;
  Term reason;
  if (!reason_in(m, given, h, &reason)) return DistResult::BadPayload;
  down_send(watched, watcher, ref, reason);
  return DistResult::Ok;
}

DistResult group_leader(Term leader, Term to) {
  if (!is_pid(leader) || !is_pid(to)) return DistResult::Invalid;
  if (!to.is_local_pid()) return DistResult::Ok;
  Signal *s = signal_new(SignalKind::GroupLeader);
  s->term = signal_own(s, leader);
  s->from = to;
  signal_send_pid(to, s);
  return DistResult::Ok;
}
} // namespace

DistResult dist_control(const DistMessage &m) {
  if (!is_tuple(m.control) || tuple_arity(m.control) < 1) return DistResult::Invalid;
  const Term *e = tuple_elements(m.control) - 1; // e[1] is the operation, as the documentation counts
  Word arity = tuple_arity(m.control);
  if (!e[1].is_small()) return DistResult::Invalid;
  uint64_t id;
  const Term none = Term::none(), nil = Term::nil();
  auto is = [&](Word n) { return arity == n; };
  switch (DistOp(e[1].small_value())) {
  case DistOp::Link: return is(3) ? link(m, e[2], e[3]) : DistResult::Invalid;
  case DistOp::SendSender:
  case DistOp::Send: return is(3) ? send(m, e[3], nil) : DistResult::Invalid;
  case DistOp::SendSenderTT:
  case DistOp::SendTT: return is(4) ? send(m, e[3], e[4]) : DistResult::Invalid;
  case DistOp::RegSend: return is(4) ? send_named(m, e[2], e[4], nil) : DistResult::Invalid;
  case DistOp::RegSendTT: return is(5) ? send_named(m, e[2], e[4], e[5]) : DistResult::Invalid;
  case DistOp::AliasSend: return is(3) ? send_alias(m, e[3], nil) : DistResult::Invalid;
  case DistOp::AliasSendTT: return is(4) ? send_alias(m, e[3], e[4]) : DistResult::Invalid;
  case DistOp::Unlink: return is(3) ? unlink(m, 0, e[2], e[3]) : DistResult::Invalid;
  case DistOp::UnlinkId: return is(4) && get_uint64(e[2], &id) && id ? unlink(m, id, e[3], e[4]) : DistResult::Invalid;
  case DistOp::UnlinkIdAck: return is(4) && get_uint64(e[2], &id) ? unlink_ack(m, id, e[3], e[4]) : DistResult::Invalid;
  case DistOp::Exit: return is(4) ? exit_linked(m, e[2], e[3], e[4], nil) : DistResult::Invalid;
  case DistOp::ExitTT: return is(5) ? exit_linked(m, e[2], e[3], e[5], e[4]) : DistResult::Invalid;
  case DistOp::PayloadExit: return is(3) ? exit_linked(m, e[2], e[3], none, nil) : DistResult::Invalid;
  case DistOp::PayloadExitTT: return is(4) ? exit_linked(m, e[2], e[3], none, e[4]) : DistResult::Invalid;
  case DistOp::Exit2: return is(4) ? exit2(m, e[2], e[3], e[4]) : DistResult::Invalid;
  case DistOp::Exit2TT: return is(5) ? exit2(m, e[2], e[3], e[5]) : DistResult::Invalid;
  case DistOp::PayloadExit2: return is(3) ? exit2(m, e[2], e[3], none) : DistResult::Invalid;
  case DistOp::PayloadExit2TT: return is(4) ? exit2(m, e[2], e[3], none) : DistResult::Invalid;
  case DistOp::GroupLeader: return is(3) ? group_leader(e[2], e[3]) : DistResult::Invalid;
  case DistOp::MonitorP: return is(4) ? monitor(m, e[2], e[3], e[4]) : DistResult::Invalid;
  case DistOp::DemonitorP: return is(4) ? demonitor(m, e[2], e[3], e[4]) : DistResult::Invalid;
  case DistOp::MonitorPExit: return is(5) ? monitor_exit(m, e[2], e[3], e[4], e[5]) : DistResult::Invalid;
  case DistOp::PayloadMonitorPExit: return is(4) ? monitor_exit(m, e[2], e[3], e[4], none) : DistResult::Invalid;
  case DistOp::SpawnRequest: return is(6) ? dist_spawn_requested(m, e, nil) : DistResult::Invalid;
  case DistOp::SpawnRequestTT: return is(7) ? dist_spawn_requested(m, e, e[7]) : DistResult::Invalid;
  case DistOp::SpawnReply: return is(5) ? dist_spawn_replied(m, e, nil) : DistResult::Invalid;
  case DistOp::SpawnReplyTT: return is(6) ? dist_spawn_replied(m, e, e[6]) : DistResult::Invalid;
  }
  return DistResult::Invalid;
}
} // namespace joist::runtime
