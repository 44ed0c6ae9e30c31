// Spawn requests between nodes: both sides of the answer, and the asked side of the request (the asking side is a BIF).
#include "runtime/dist/control.h"
#include "runtime/dist/node.h"
#include "runtime/mem/copy.h"
#include "runtime/proc/process.h"
#include "runtime/proc/remote.h"
#include "runtime/proc/signal_handle.h"
#include "runtime/sys/seq_trace.h"
#include "runtime/term/compare.h"

namespace joist::runtime {
namespace {
Term op(DistOp o) { return Term::small(int(o)); }

void reply(const DistMessage &m, Term ref, Term to, int flags, Term result, Term token) {
  DistTarget t;
  if (!dist_prepare_answer(m.entry, m.connection, &t)) return;
  FragmentHeap h(16);
  Term control = token.is_nil() ? make_tuple(h, op(DistOp::SpawnReply), ref, to, Term::small(flags), result)
                                : make_tuple(h, op(DistOp::SpawnReplyTT), ref, to, Term::small(flags), result, token);
  dist_send(t, nullptr, control);
}

// The new process cannot execute yet: its relations, its first message (the arguments), then the answer.
void prepare_child(Process *child, DistSpawn *s) {
  const DistMessage &m = *s->message;
  bool tied = true;
  if (s->link || s->monitor) tied = dist_tie(child, m.entry, m.connection);
  if (s->link && tied) relations_of(child).link_add(s->from)->connection = m.connection;
  if (s->monitor && tied) relations_of(child).target_add(s->from, s->ref, Term::none(), m.connection);
  Term token = Term::nil();
  if (is_tuple_of(s->token, 5) && seq_trace::fields(s->token)[0].is_small() &&
      seq_trace::fields(s->token)[2].is_small()) {
    // The request bears the serial before that of the arguments.
    const Term *t = seq_trace::fields(s->token);
    Heap &h = child->heap;
    Term request = make_tuple(h, atoms::spawn_request, s->ref, s->from, s->leader, s->mfa, s->options);
    Term asked = make_tuple(h, t[0], t[1], Term::small(t[2].small_value() - 1), t[3], t[4]);
    seq_trace::received(child, copy(asked, h), request);
    Term answer = make_tuple(h, atoms::spawn_reply, s->ref, atoms::ok, child->id);
    token = seq_trace::sending(child, s->from, answer);
    Term with_arguments = copy(s->token, *s->heap);
    message_send_built(child, s->arguments, s->heap->take(), with_arguments);
  } else {
    message_send_built(child, s->arguments, s->heap->take());
  }
  int flags = (s->link ? kSpawnFlagLink : 0) | (s->monitor ? kSpawnFlagMonitor : 0);
  reply(m, s->ref, s->from, flags, child->id, token);
  if (s->link && !tied) link_exit_send(s->from, child->id, atoms::noconnection);
}

// In the requester: `from` result, `ref` the request's, `extra` flags of the reply.
void replied(Process *p, Signal *s) {
  if (!p) return;
  Monitor *m = p->relations ? p->relations->monitor(s->ref) : nullptr;
  auto *e = static_cast<DistEntry *>(s->arg);
  auto connection = uint32_t(s->extra >> 32);
  int flags = int(s->extra & 0xff);
  if (!m || !m->spawn_pending) { // abandoned: no relations are wanted
    if (flags & kSpawnFlagMonitor) {
      Monitor gone;
      gone.ref = KeptRef(s->ref);
      gone.kind = MonitorKind::DistProcess;
      gone.target = KeptTerm(s->from);
      gone.connection = connection;
      remote_hooks.demonitor(p, gone);
    }
    if (flags & kSpawnFlagLink) {
      Link l{KeptTerm(s->from), relations_of(p).next_unlink_id++, connection};
      remote_hooks.unlink(p, l);
    }
    return;
  }
  std::unique_ptr<PendingSpawn> spawn = std::move(m->spawn_pending);
  bool ok = !s->from.is_atom();
  if (ok && flags & kSpawnFlagLink && dist_tie(p, e, connection)) {
    Link *l = relations_of(p).link_add(s->from);
    l->unlinking = 0;
    l->connection = connection;
  }
  if (ok ? spawn->reply_ok : spawn->reply_error) {
    FragmentHeap h(16);
    Term token = copy(s->token, h); // nil, or of sequential tracing
    Term answer = make_tuple(h, copy(spawn->reply_tag.get(), h), copy(s->ref, h), ok ? atoms::ok : atoms::error,
                             copy(s->from, h));
    message_send_built(p, answer, h.take(), token);
  }
  if (ok && flags & kSpawnFlagMonitor) {
    m->kind = MonitorKind::DistProcess;
    m->target = KeptTerm(s->from);
    m->connection = connection;
  } else {
    p->relations->monitor_remove(m);
  }
}
} // namespace

DistResult dist_spawn_requested(const DistMessage &m, const Term *e, Term token) {
  Term ref = e[2], from = e[3], leader = e[4], mfa = e[5];
  if (!is_external_ref(ref) || !is_external_pid(from) || !is_pid(leader) || !is_tuple_of(mfa, 3))
    return DistResult::Invalid;
  const Term *f = tuple_elements(mfa);
  if (!f[0].is_atom() || !f[1].is_atom() || !f[2].is_small() || f[2].small_value() < 0) return DistResult::Invalid;
  FragmentHeap h;
  DistSpawn s;
  s.mfa = mfa, s.options = e[6], s.leader = leader, s.from = from, s.ref = ref;
  s.arguments = dist_payload(m, h);
  if (s.arguments.is_none()) return DistResult::BadPayload;
  s.prepare = prepare_child;
  s.message = &m;
  s.heap = &h;
  s.token = token;
  if (!dist_spawn_hook(&s)) return DistResult::Invalid;
  if (!s.error.is_none()) reply(m, ref, from, 0, s.error, token);
  return DistResult::Ok;
}

bool dist_monitors_unknown(uint64_t flags, Term control) {
  if (!(~flags & (dflag::DistMonitor | dflag::DistMonitorName))) return false;
  const Term what = tuple_elements(control)[0];
  return what == op(DistOp::MonitorP) || what == op(DistOp::DemonitorP) || what == op(DistOp::MonitorPExit);
}

bool dist_spawn_refused(DistEntry *e, uint32_t connection, Term control) {
  const Term *c = tuple_elements(control);
  if (c[0] != op(DistOp::SpawnRequest) && c[0] != op(DistOp::SpawnRequestTT)) return false;
  Signal *s = signal_new(SignalKind::Rpc);
  s->from = atoms::notsup;
  s->ref = signal_own(s, c[1]);
  s->extra = uint64_t(connection) << 32;
  s->arg = e;
  s->fn = replied;
  signal_send_pid(c[2], s);
  return true;
}

DistResult dist_spawn_replied(const DistMessage &m, const Term *e, Term token) {
  Term ref = e[2], to = e[3], flags = e[4], result = e[5];
  auto earlier = [](Term t) { return external_node(t)->name == this_node()->name; };
  if (!to.is_local_pid()) return is_external_pid(to) && earlier(to) ? DistResult::Ok : DistResult::Invalid;
  if (!is_local_ref(ref)) return is_external_ref(ref) && earlier(ref) ? DistResult::Ok : DistResult::Invalid;
  if (!flags.is_small() || flags.small_value() < 0 || flags.small_value() >= (1 << 27)) return DistResult::Invalid;
  if (!is_external_pid(result) && !result.is_atom()) return DistResult::Invalid;
  Signal *s = signal_new(SignalKind::Rpc);
  s->from = signal_own(s, result);
  s->ref = signal_own(s, ref);
  s->extra = uint64_t(m.connection) << 32 | (result.is_atom() ? 0 : uint64_t(flags.small_value() & 3));
  s->arg = m.entry;
  s->fn = replied;
  if (is_tuple_of(token, 5)) s->token = signal_own(s, token);
  if (signal_send_pid(to, s) || result.is_atom() || !(flags.small_value() & kSpawnFlagLink)) return DistResult::Ok;
  // The requester has ended: its end is what the linked process hears of.
  KeptTerm reason(atoms::noproc);
  {
    std::lock_guard g(m.entry->lock);
    auto &v = m.entry->orphans;
    for (size_t i = 0; i < v.size(); i++)
      if (eq(v[i].ref.get(), ref)) {
        reason = std::move(v[i].reason);
        v.erase(v.begin() + long(i));
        break;
      }
  }
  remote_hooks.link_exit(to, result, reason.get(), m.connection, Term::nil(), nullptr);
  return DistResult::Ok;
}

void dist_spawn_abandoned(Process *, const Monitor &m, Term reason) {
  if (!m.spawn_pending->link) return;
  DistEntry *e = dist_find(m.target.get());
  if (!e) return;
  DistEntry::OrphanSpawn o{KeptTerm(m.ref.get()), KeptTerm(reason)};
  std::lock_guard g(e->lock);
  if (e->connection == m.connection) e->orphans.push_back(std::move(o));
}
} // namespace joist::runtime
