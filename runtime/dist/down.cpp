// How a connection goes down, and what it takes along.
#include "runtime/dist/entry.h"
#include "runtime/dist/node.h"
#include "runtime/io/port_core.h"
#include "runtime/mem/copy.h"
#include "runtime/proc/monitor.h"
#include "runtime/proc/process.h"
#include "runtime/proc/signal_handle.h"
#include "runtime/sched/scheduler.h"

#include <utility>

namespace joist::runtime {
namespace {
std::atomic<Word> net_kernel{Term::nil().raw()};
// This node and its connections: it loses its name when this becomes 0 after net_kernel has ended.
std::atomic<int> nodes_up{0};
std::mutex ending_lock;
KeptTerm ending_reason;

void node_gone() {
  if (nodes_up.fetch_sub(1) != 1) return;
  Term name = this_node()->name;
  set_this_node(atoms::nonode_nohost, 0);
  std::lock_guard g(ending_lock);
  dist_tell_nodes(atoms::nodedown, name, kNoConnection, true, ending_reason.get());
  ending_reason = KeptTerm();
}

bool at_node(Term t, Term node) {
  if (t.is_atom()) return t == node;
  return (is_external_pid(t) || is_external_ref(t) || is_external_port(t)) && external_node(t)->name == node;
}

void act(Process *p, Signal *s) {
  if (Signal *message = signal_handle(p, s)) mailbox_append(p, message);
}

void break_link(Process *p, const Link &l) {
  Signal *s = signal_new(SignalKind::ExitLinked);
  s->from = signal_own(s, l.other.get());
  s->term = atoms::noconnection;
  act(p, s);
}

void break_monitor(Process *p, Monitor *m) {
  if (m->spawn_pending) {
    auto gone = p->relations->monitor_remove(m);
    if (!gone->spawn_pending->reply_error) return;
    message_send(
        nullptr, p,
        make_tuple(p->heap, gone->spawn_pending->reply_tag.get(), gone->ref.get(), atoms::error, atoms::noconnection));
    return;
  }
  Signal *s = signal_new(SignalKind::Down);
  s->ref = signal_own(s, m->ref.get());
  s->term = atoms::noconnection;
  act(p, s);
}

// In the process: `term` is the node's name, `extra` the connection.
void broken_in(Process *p, Signal *self) {
  if (!p || !p->relations) return;
  Relations &r = *p->relations;
  Term node = self->term;
  auto connection = uint32_t(self->extra);
  if (r.remote)
    std::erase_if(r.remote->ties, [&](auto &t) { return t.entry->name == node && t.connection == connection; });
  for (Link *l : r.links.all())
    if (!p->must_exit() && l->connection == connection && at_node(l->other.get(), node)) break_link(p, *l);
  for (Monitor *m : r.monitors.all())
    if (!p->must_exit() && m->connection == connection && (m->kind == MonitorKind::DistProcess || m->spawn_pending) &&
        at_node(m->target.get(), node))
      break_monitor(p, m);
  for (Target *t : r.targets.all())
    if (t->connection == connection && at_node(t->watcher.get(), node))
      r.targets.remove(relation_hash(t->ref.get()), t);
}

// What a connection leaves behind, to be dealt with without the lock.
struct Remains {
  std::deque<DistPacket> queue;
  std::vector<DistEntry::Waiting> pending;
  std::vector<Term> waiting;
  std::unordered_set<Word> tied;
  std::unordered_map<Word, uint32_t> node_monitors;
  std::vector<DistEntry::NameMonitor> names;
  std::vector<DistEntry::OrphanSpawn> orphans;
  Port *port = nullptr;
  uint32_t connection = 0;
};

// With the lock held: makes e Idle.
Remains take_down(DistEntry *e) {
  Remains r;
  r.queue.swap(e->queue);
  r.pending.swap(e->pending);
  r.waiting.swap(e->waiting);
  r.tied.swap(e->tied);
  r.node_monitors.swap(e->node_monitors);
  r.names.swap(e->name_monitors);
  r.orphans.swap(e->orphans);
  r.port = std::exchange(e->port, nullptr);
  r.connection = e->connection;
  e->queued = 0;
  e->busy = e->output_scheduled = e->data_wanted = e->get_size = false;
  e->state = DistState::Idle;
  e->controller = Term::none();
  e->input_handler = Term::nil().raw();
  e->out_cache.reset();
  return r;
}

void tell(DistEntry *e, Remains &r) {
  for (Word raw : r.tied) {
    Signal *s = signal_new(SignalKind::Rpc);
    s->term = e->name;
    s->extra = r.connection;
    s->fn = broken_in;
    signal_send_pid(Term(raw), s);
  }
  for (auto [raw, count] : r.node_monitors) {
    FragmentHeap h;
    Term message = make_tuple(h, atoms::nodedown, e->name);
    for (uint32_t i = 0; i < count; i++) message_send_pid(Term(raw), message);
  }
  dist_resume(r.waiting, e);
  if (r.port) port_unref(r.port);
}
} // namespace

void dist_abort_pending(DistEntry *e, uint32_t connection, bool *was_connected) {
  Remains r;
  {
    std::lock_guard g(e->lock);
    bool same = e->connection == connection;
    if (was_connected) *was_connected = same && e->connected();
    if (!same || e->state != DistState::Pending) return;
    r = take_down(e);
  }
  tell(e, r);
}

void dist_down(DistEntry *e, Term controller, Term reason) {
  Remains r;
  bool visible;
  std::unique_lock order(e->order);
  {
    std::scoped_lock g(e->in_lock, e->lock);
    if (e->controller != controller || (!e->connected() && e->state != DistState::Exiting)) return;
    visible = e->flags & dflag::Published;
    r = take_down(e);
    dist_receive_reset(e);
  }
  if (controller.is_local_pid() && is_tuple_of(reason, 2) && tuple_elements(reason)[0] == atoms::shutdown)
    reason = tuple_elements(reason)[1];
  dist_listed(e, false);
  tell(e, r);
  dist_tell_nodes(atoms::nodedown, e->name, r.connection, visible,
                  reason == atoms::normal ? atoms::connection_closed : reason);
  order.unlock();
  node_gone();
}

void dist_kill(DistEntry *e, uint32_t connection) {
  Term controller;
  {
    std::lock_guard g(e->lock);
    if (!e->connected() || e->connection != connection) return;
    e->state = DistState::Exiting;
    controller = e->controller;
  }
  if (controller.is_local_pid()) exit_signal_send(nullptr, controller, atoms::kill);
  else port_exit_signal(controller, controller, atoms::kill, false);
}

void dist_count_up() { nodes_up.fetch_add(1); }
void dist_set_net_kernel(Term pid) { net_kernel = pid.raw(); }
bool dist_net_kernel_is(Term pid) { return net_kernel.load(std::memory_order_relaxed) == pid.raw(); }

void dist_net_kernel_gone(Term reason) {
  net_kernel = Term::nil().raw();
  Term told = reason == atoms::no_network ? reason : atoms::net_kernel_terminated;
  {
    std::lock_guard g(ending_lock);
    ending_reason = KeptTerm(told);
  }
  for (auto &l : dist_list(true, true, true)) {
    if (l.controller.is_none()) {
      DistEntry *e = dist_find(l.name);
      if (!e) continue; // known from pids and the like only: no connection was ever tried
      uint32_t connection;
      {
        std::lock_guard g(e->lock);
        connection = e->connection;
      }
      dist_abort_pending(e, connection, nullptr);
    } else if (l.controller.is_local_pid()) {
      exit_signal_send(nullptr, l.controller, atoms::kill);
    } else {
      port_exit_signal(l.controller, l.controller, told, false);
    }
  }
  node_gone();
}
} // namespace joist::runtime
