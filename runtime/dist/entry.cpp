// The table of nodes, and how a connection comes up.
#include "runtime/dist/entry.h"

#include "runtime/dist/control.h"
#include "runtime/dist/encoder.h"
#include "runtime/dist/node.h"
#include "runtime/io/port_core.h"
#include "runtime/mem/copy.h"
#include "runtime/mem/magic.h"
#include "runtime/proc/process.h"
#include "runtime/sys/settings.h"
#include "runtime/term/ref.h"

#include <memory>
#include <utility>

namespace joist::runtime {
namespace {
std::mutex table_lock;
std::unordered_map<uint32_t, DistEntry *> &table() { // by the name's atom number
  static auto *t = new std::unordered_map<uint32_t, DistEntry *>;
  return *t;
}
// Entries in order of becoming connected; the others in order of creation or of becoming unconnected. Under table_lock.
std::vector<DistEntry *> &up() {
  static auto *v = new std::vector<DistEntry *>;
  return *v;
}
std::vector<DistEntry *> &others() {
  static auto *v = new std::vector<DistEntry *>;
  return *v;
}

struct HandleOf {
  DistEntry *entry;
};
bool alive() { return this_node()->name != atoms::nonode_nohost; }
} // namespace

DistEntry::DistEntry(Term n) : name(n), handle(magic_new<HandleOf>(HandleOf{this})), input_handler(Term::nil().raw()) {
  ref_fresh_magic_numbers(handle_numbers);
}

DistEntry *dist_find(Term node) {
  std::lock_guard g(table_lock);
  auto it = table().find(node.atom_index());
  return it == table().end() ? nullptr : it->second;
}

DistEntry *dist_entry(Term node) {
  std::lock_guard g(table_lock);
  DistEntry *&e = table()[node.atom_index()];
  if (!e) others().push_back(e = new DistEntry(node));
  return e;
}

void dist_listed(DistEntry *e, bool connected) {
  std::lock_guard g(table_lock);
  std::erase(connected ? others() : up(), e);
  (connected ? up() : others()).push_back(e);
}

std::vector<DistListed> dist_list(bool visible, bool hidden, bool unconnected) {
  std::vector<DistEntry *> now, rest;
  {
    std::lock_guard g(table_lock);
    now = up();
    if (unconnected) rest = others();
  }
  std::vector<DistListed> out;
  auto known = [&](Term name) {
    if (name != this_node()->name) out.push_back({name, atoms::known, kNoConnection, Term::none()});
  };
  if (unconnected) { // and nodes that are only in pids and the like
    std::vector<Term> names = node_names();
    std::unordered_set<Word> listed;
    for (DistEntry *e : now) listed.insert(e->name.raw());
    for (DistEntry *e : rest) listed.insert(e->name.raw());
    for (Term name : names)
      if (listed.insert(name.raw()).second) known(name);
  }
  for (DistEntry *e : rest) known(e->name);
  for (bool want_visible : {false, true}) {
    if (!(want_visible ? visible : hidden)) continue;
    for (DistEntry *e : now) {
      std::lock_guard g(e->lock);
      bool is_visible = e->flags & dflag::Published;
      if (!e->connected() || is_visible != want_visible) continue;
      out.push_back({e->name, is_visible ? atoms::visible : atoms::hidden, e->connection, e->controller});
    }
  }
  return out;
}

bool is_node_name(Term name) {
  if (!name.is_atom()) return false;
  std::string_view text = atom::text(name);
  size_t at = text.find('@');
  return at != text.npos && at != 0 && at + 1 != text.size() && text.find('@', at + 1) == text.npos;
}

Term dist_handle(Heap &h, DistEntry *e, uint32_t connection) {
  return make_tuple(h, Term::small(connection), make_magic_ref(h, e->handle, e->handle_numbers));
}

DistEntry *dist_of_handle(Term t, uint32_t *connection) {
  if (!is_tuple_of(t, 2) || !tuple_elements(t)[0].is_small()) return nullptr;
  HandleOf *of = magic_value<HandleOf>(tuple_elements(t)[1]);
  if (!of) return nullptr;
  *connection = uint32_t(tuple_elements(t)[0].small_value());
  return of->entry;
}

// --- Pending
namespace {
// With the lock held.
void make_pending(DistEntry *e) {
  e->state = DistState::Pending;
  e->connection = (e->connection + 1) & 0xffffff;
  e->flags = 0;
}

bool ask_net_kernel(DistEntry *e, uint32_t connection) {
  Process *net_kernel = registry_process(atoms::net_kernel);
  if (!net_kernel) return false;
  FragmentHeap h;
  Term message = make_tuple(h, atoms::auto_connect, e->name, dist_handle(h, e, connection));
  message_send_built(net_kernel, message, h.take());
  return true;
}
} // namespace

uint32_t dist_pending(DistEntry *e) {
  std::lock_guard g(e->lock);
  if (e->state == DistState::Idle) make_pending(e);
  return e->connection;
}

DistReady dist_prepare(Process *p, Term node, bool connect, bool nosuspend, DistTarget *out) {
  if (!alive()) return DistReady::NotAlive;
  DistEntry *e = connect ? dist_entry(node) : dist_find(node);
  if (!e) return DistReady::NotConnected;
  bool ask = false;
  {
    std::lock_guard g(e->lock);
    if (e->state == DistState::Exiting) return DistReady::NotConnected;
    if (e->state == DistState::Idle) {
      if (!connect) return DistReady::NotConnected;
      make_pending(e);
      ask = true;
    }
    if (nosuspend && p && e->busy) return DistReady::Busy;
    *out = {e, e->connection, e->flags, e->state == DistState::Pending};
  }
  if (ask && !ask_net_kernel(e, out->connection)) {
    dist_abort_pending(e, out->connection, nullptr);
    return DistReady::NotAlive;
  }
  return DistReady::Yes;
}

bool dist_prepare_answer(DistEntry *e, uint32_t connection, DistTarget *out) {
  std::lock_guard g(e->lock);
  if (!e->connected() || e->connection != connection) return false;
  *out = {e, connection, e->flags, false};
  return true;
}

// --- Connected
bool dist_connected(DistEntry *e, Term controller, Port *port, uint64_t flags, uint32_t creation, Term setup_pid) {
  uint32_t connection;
  std::unique_lock order(e->order);
  {
    std::lock_guard g(e->lock);
    if (e->state != DistState::Pending || !e->controller.is_none()) return false;
    Process *net_kernel = registry_process(atoms::net_kernel);
    if (!net_kernel || !dist_net_kernel_is(net_kernel->id)) return false;
    FragmentHeap h;
    message_send_built(net_kernel, make_tuple(h, atoms::dist_ctrlr, controller, e->name, setup_pid), h.take());
    connection = e->connection;
    e->creation = creation;
    e->flags = flags;
    e->controller = controller;
    e->port = port;
    if (port) {
      port_ref(port);
      port->dist_connection = connection;
      port->dist = e;
    }
    e->out_cache = std::make_unique<OutCache>();
    e->in_cache = std::make_unique<InCache>();
    e->in = e->out = 0;
    e->state = DistState::Connected;
    // What waited; nobody else gets in between.
    e->queued = 0;
    for (auto &w : std::exchange(e->pending, {})) {
      if (!(flags & dflag::Spawn) && dist_spawn_refused(e, connection, w.control.get())) continue;
      if (dist_monitors_unknown(flags, w.control.get())) continue;
      auto m = DistEncoder::get();
      int64_t budget = INT64_MAX;
      m->start(flags, w.control.get(), w.payload.get(), nullptr);
      m->run(&budget);
      e->queued += m->finish(e);
      DistEncoder::put(std::move(m));
    }
  }
  dist_count_up();
  dist_listed(e, true);
  dist_tell_nodes(atoms::nodeup, e->name, connection, flags & dflag::Published, Term::nil());
  order.unlock(); // output may find the connection broken
  std::vector<Term> resumed;
  {
    std::lock_guard g(e->lock);
    dist_unwait(e, &resumed);
  }
  dist_resume(resumed, e);
  dist_kick(e);
  // The port may have ended before it knew of the connection.
  if (port && port->gone() && port->dist.exchange(nullptr)) dist_down(e, controller, atoms::connection_closed);
  return true;
}

// --- relations of processes
bool dist_tie(Process *p, DistEntry *e, uint32_t connection) {
  Relations &r = relations_of(p);
  if (!r.remote) r.remote = std::make_unique<RemoteTies>();
  for (auto &t : r.remote->ties)
    if (t.entry == e && t.connection == connection) return true;
  {
    std::lock_guard g(e->lock);
    if (e->connection != connection || (!e->connected() && e->state != DistState::Pending)) return false;
    e->tied.insert(p->id.raw());
  }
  for (auto &t : r.remote->ties)
    if (t.entry == e) return t.connection = connection, true;
  r.remote->ties.push_back({e, connection});
  return true;
}

void dist_untie_all(Process *p) {
  if (!p->relations || !p->relations->remote) return;
  for (auto &t : p->relations->remote->ties) {
    std::lock_guard g(t.entry->lock);
    if (t.entry->connection == t.connection)
      t.entry->tied.erase(p->id.raw()), t.entry->node_monitors.erase(p->id.raw());
  }
}
} // namespace joist::runtime
