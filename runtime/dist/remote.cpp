// What processes do to those of other nodes: the hooks of proc/remote.h.
#include "runtime/proc/remote.h"

#include "runtime/dist/encoder.h"
#include "runtime/dist/node.h"
#include "runtime/proc/bif.h"
#include "runtime/sys/seq_trace.h"
#include "runtime/term/compare.h"
#include "runtime/term/ref.h"

namespace joist::runtime {
Term dist_monitor_nodes(Process *p, Term on, Term options); // node_monitors.cpp
void dist_forget_nodes_monitor(Process *p);
void dist_spawn_abandoned(Process *p, const Monitor &m, Term reason); // spawn.cpp

namespace {
constexpr int64_t kUnitsPerReduction = 32, kTellAtOnce = 16 * 1024;
Term op(DistOp o) { return Term::small(int(o)); }
Term node_of(Term t) { return t.is_atom() ? t : external_node(t)->name; }

// --- sending
Term send_control(Process *p, Heap &h, Term to, uint64_t flags, Term token) {
  bool traced = !token.is_nil();
  const Term none = atoms::empty_name;
  if (is_external_ref(to))
    return traced ? make_tuple(h, op(DistOp::AliasSendTT), p->id, to, token)
                  : make_tuple(h, op(DistOp::AliasSend), p->id, to);
  if (is_external_pid(to)) {
    bool sender = flags & dflag::SendSender;
    Term from = sender ? p->id : none;
    if (traced) return make_tuple(h, op(sender ? DistOp::SendSenderTT : DistOp::SendTT), from, to, token);
    return make_tuple(h, op(sender ? DistOp::SendSender : DistOp::Send), from, to);
  }
  Term name = tuple_elements(to)[0];
  return traced ? make_tuple(h, op(DistOp::RegSendTT), p->id, none, name, token)
                : make_tuple(h, op(DistOp::RegSend), p->id, none, name);
}

bool send(Process *p, Term to, Term msg, bool noconnect, bool nosuspend, Term *result) {
  DistTarget t;
  Term node = is_tuple(to) ? tuple_elements(to)[1] : node_of(to);
  switch (dist_prepare(p, node, !noconnect, nosuspend, &t)) {
  case DistReady::NotAlive:
  case DistReady::NotConnected: return false;
  case DistReady::Busy: *result = atoms::nosuspend; return true;
  case DistReady::Yes: break;
  }
  Term token = Term::nil();
  if (seq_trace::active(p)) {
    seq_trace::next_serial(p);
    token = p->seq_token;
    seq_trace::output(p, token, seq_trace::Event::Send, to, msg);
  }
  if (!t.pending && is_external_ref(to) && !(t.flags & dflag::Alias))
    return true; // an alias that the node cannot have made
  Word control_words[6];
  Heap control_heap;
  control_heap.top = control_words, control_heap.limit = control_words + 6;
  Term control = send_control(p, control_heap, to, t.pending ? dflag::Default : t.flags, token);
  *result = dist_send_from(p, t, control, msg, *result, !nosuspend);
  return true;
}

Term exit(Process *p, Term to, Term reason, Term result) {
  DistTarget t;
  if (dist_prepare(p, node_of(to), true, false, &t) != DistReady::Yes) return result;
  FragmentHeap h(8);
  if (t.pending || t.flags & dflag::ExitPayload)
    return dist_send_from(p, t, make_tuple(h, op(DistOp::PayloadExit2), p->id, to), reason, result);
  dist_send(t, p, make_tuple(h, op(DistOp::Exit2), p->id, to, reason));
  return result;
}

// --- links
bool link(Process *p, Link &l) {
  DistTarget t;
  Term to = l.other.get();
  if (dist_prepare(p, node_of(to), true, false, &t) != DistReady::Yes) return false;
  l.connection = t.connection;
  if (!dist_tie(p, t.entry, t.connection)) return false;
  FragmentHeap h(8);
  return dist_send(t, p, make_tuple(h, op(DistOp::Link), p->id, to)), true;
}

bool link_stale(const Link &l) {
  DistEntry *e = dist_find(node_of(l.other.get()));
  if (!e) return true;
  std::lock_guard g(e->lock);
  return e->connection != l.connection || e->state == DistState::Idle;
}

bool unlink(Process *p, const Link &l) {
  DistTarget t;
  Term to = l.other.get();
  if (dist_prepare(p, node_of(to), false, false, &t) != DistReady::Yes || t.connection != l.connection) return false;
  FragmentHeap h(8);
  if (t.pending || t.flags & dflag::UnlinkId)
    return dist_send(t, p, make_tuple(h, op(DistOp::UnlinkId), make_uint(h, l.unlinking), p->id, to));
  dist_send(t, p, make_tuple(h, op(DistOp::Unlink), p->id, to));
  return false; // no answer will come
}

// What a process that ends tells, which may be much: where the reason is large, *rest is what is left of it.
struct Telling : RemoteWork {
  std::unique_ptr<DistEncoder> encoder;
  DistTarget target;
  bool run(int64_t *reductions) override {
    const int64_t start = std::max<int64_t>(*reductions, 1) * kUnitsPerReduction;
    int64_t budget = start;
    bool done = encoder->run(&budget), wait;
    *reductions -= (start - budget) / kUnitsPerReduction + 1;
    if (done) dist_queue(target, *encoder, &wait);
    return done;
  }
};
void tell(const DistTarget &t, Term control, Term payload, RemoteWork **rest) {
  if (!rest || t.pending) {
    dist_send(t, nullptr, control, payload);
    return;
  }
  auto m = DistEncoder::get();
  m->start(t.flags, control, payload, nullptr);
  int64_t budget = kTellAtOnce;
  if (m->run(&budget)) {
    bool wait;
    dist_queue(t, *m, &wait);
    DistEncoder::put(std::move(m));
    return;
  }
  auto *work = new Telling;
  work->encoder = std::move(m);
  work->target = t;
  *rest = work;
}

void link_exit(Term from, Term to, Term reason, uint32_t connection, Term token, RemoteWork **rest) {
  DistTarget t;
  if (dist_prepare(nullptr, node_of(to), false, false, &t) != DistReady::Yes || t.connection != connection) return;
  FragmentHeap h(8);
  const bool traced = !token.is_nil();
  if (t.pending || t.flags & dflag::ExitPayload)
    tell(t,
         traced ? make_tuple(h, op(DistOp::PayloadExitTT), from, to, token)
                : make_tuple(h, op(DistOp::PayloadExit), from, to),
         reason, rest);
  else if (traced) dist_send(t, nullptr, make_tuple(h, op(DistOp::ExitTT), from, to, token, reason));
  else dist_send(t, nullptr, make_tuple(h, op(DistOp::Exit), from, to, reason));
}

void unlink_ack(Term from, Term to, uint64_t id) {
  DistTarget t;
  if (dist_prepare(nullptr, node_of(to), false, false, &t) != DistReady::Yes || t.pending) return;
  FragmentHeap h(8);
  dist_send(t, nullptr, make_tuple(h, op(DistOp::UnlinkIdAck), make_uint(h, id), from, to));
}

// --- monitors
Term watched_of(const Monitor &m) { return m.name.is_none() ? m.target.get() : m.name; }

bool monitor(Process *p, Monitor &m) {
  DistTarget t;
  if (dist_prepare(p, node_of(m.target.get()), true, false, &t) != DistReady::Yes) return false;
  m.connection = t.connection;
  if (!dist_tie(p, t.entry, t.connection)) return false;
  FragmentHeap h(8);
  return dist_send(t, p, make_tuple(h, op(DistOp::MonitorP), p->id, watched_of(m), m.ref.get())), true;
}

bool demonitor(Process *p, const Monitor &m) {
  DistTarget t;
  if (dist_prepare(p, node_of(m.target.get()), false, false, &t) != DistReady::Yes || t.connection != m.connection)
    return false;
  FragmentHeap h(8);
  return dist_send(t, nullptr, make_tuple(h, op(DistOp::DemonitorP), p->id, watched_of(m), m.ref.get()));
}

void wait(Process *p, Term node) {
  if (DistEntry *e = dist_find(node)) dist_wait(p, e);
}

void down(Term watched, Term watcher, Term ref, Term reason, uint32_t connection, RemoteWork **rest) {
  DistTarget t;
  if (dist_prepare(nullptr, node_of(watcher), false, false, &t) != DistReady::Yes || t.connection != connection) return;
  if (watched.is_atom()) {
    std::lock_guard g(t.entry->lock);
    std::erase_if(t.entry->name_monitors, [&](auto &n) { return eq(n.ref.get(), ref); });
  }
  FragmentHeap h(8);
  if (t.pending || t.flags & dflag::ExitPayload)
    tell(t, make_tuple(h, op(DistOp::PayloadMonitorPExit), watched, watcher, ref), reason, rest);
  else dist_send(t, nullptr, make_tuple(h, op(DistOp::MonitorPExit), watched, watcher, ref, reason));
}

bool tie(Process *p, Term other, uint32_t connection) {
  DistEntry *e = dist_find(node_of(other));
  return e && dist_tie(p, e, connection);
}

bool group_leader(Process *p, Term leader, Term to) {
  DistTarget t;
  if (dist_prepare(p, node_of(to), true, false, &t) != DistReady::Yes) return false;
  FragmentHeap h(8);
  return dist_send(t, p, make_tuple(h, op(DistOp::GroupLeader), leader, to));
}

void process_exit(Process *p, Term reason) {
  if (dist_net_kernel_is(p->id)) dist_net_kernel_gone(reason);
  if (!p->relations || !p->relations->remote) return;
  RemoteTies &r = *p->relations->remote;
  if (r.controls) dist_down(r.controls, p->id, reason);
  if (r.monitors_nodes) dist_forget_nodes_monitor(p);
  dist_untie_all(p);
}
} // namespace

void dist_init() {
  remote_hooks = {.send = send,
                  .exit = exit,
                  .link = link,
                  .link_stale = link_stale,
                  .unlink = unlink,
                  .monitor = monitor,
                  .demonitor = demonitor,
                  .wait = wait,
                  .group_leader = group_leader,
                  .down = down,
                  .link_exit = link_exit,
                  .unlink_ack = unlink_ack,
                  .tie = tie,
                  .spawn_abandoned = dist_spawn_abandoned,
                  .monitor_nodes = dist_monitor_nodes,
                  .process_exit = process_exit};
}
} // namespace joist::runtime
