// Nodes: names, lists, monitoring, and setting up connections. What a controller does with its connection is in
// dist_ctrl.cpp.
#include "bifs/build.h"

#include "runtime/dist/control.h"
#include "runtime/dist/node.h"
#include "runtime/io/port_core.h"
#include "runtime/mem/copy.h"
#include "runtime/proc/monitor.h"
#include "runtime/proc/registry.h"
#include "runtime/term/map.h"
#include "runtime/term/number.h"
#include "runtime/term/print.h"
#include "runtime/term/ref.h"

namespace joist::bifs {
namespace {
bool alive() { return this_node()->name != atoms::nonode_nohost; }

// nodes/1,2 classes.
struct Classes {
  bool visible = false, hidden = false, this_ = false, unconnected = false;
  bool add(Term t) {
    if (t == atoms::visible) visible = true;
    else if (t == atoms::hidden) hidden = true;
    else if (t == atoms::connected) visible = hidden = true;
    else if (t == atoms::this_) this_ = true;
    else if (t == atoms::known) visible = hidden = this_ = unconnected = true;
    else return false;
    return true;
  }
  bool parse(Term arg) {
    if (arg.is_atom()) return add(arg);
    for (; arg.is_cons(); arg = arg.tail())
      if (!add(arg.head())) return false;
    return arg.is_nil();
  }
  std::vector<DistListed> list() const {
    auto all = dist_list(visible, hidden, unconnected);
    if (this_) all.push_back({this_node()->name, atoms::this_, kNoConnection, Term::none()});
    return all;
  }
};
} // namespace

Term erlang_node_0(Process *, const Term *) { return this_node()->name; }

Term erlang_node_1(Process *p, const Term *args) {
  Term t = args[0];
  if (t.is_local_pid() || t.is_local_port() || is_local_ref(t)) return this_node()->name;
  if (is_external_pid(t) || is_external_port(t) || is_external_ref(t)) return external_node(t)->name;
  return badarg(p);
}

namespace {
Term names(Process *p, const Classes &c) {
  std::vector<Term> out;
  for (auto &l : c.list()) out.push_back(l.name);
  return list_of(p->heap, out);
}
} // namespace

Term erlang_nodes_0(Process *p, const Term *) {
  Classes c;
  c.visible = true;
  return names(p, c);
}

Term erlang_nodes_1(Process *p, const Term *args) {
  Classes c;
  return c.parse(args[0]) ? names(p, c) : badarg(p);
}

Term erlang_nodes_2(Process *p, const Term *args) {
  Classes c;
  if (!c.parse(args[0]) || !is_map(args[1])) return badarg(p);
  bool type = false, id = false;
  MapIterator it(args[1]);
  for (Term k, v; it.next(&k, &v);) {
    if (v != atoms::true_ && v != atoms::false_) return badarg(p);
    if (k == atoms::node_type) type = v == atoms::true_;
    else if (k == atoms::connection_id) id = v == atoms::true_;
    else return badarg(p);
  }
  std::vector<Term> out;
  for (auto &l : c.list()) {
    std::vector<Term> info;
    if (type) info.insert(info.end(), {atoms::node_type, l.type});
    Term connection = l.connection == kNoConnection ? atoms::undefined : Term::small(l.connection);
    if (id) info.insert(info.end(), {atoms::connection_id, connection});
    out.push_back(pair(p->heap, l.name, map_from_pairs(p->heap, info.data(), info.size() / 2)));
  }
  return list_of(p->heap, out);
}

Term erlang_setnode_2(Process *p, const Term *args) {
  uint64_t creation;
  if (!get_uint64(args[1], &creation) || creation > UINT32_MAX || !is_node_name(args[0])) return badarg(p);
  Term net_kernel = registry_whereis(atoms::net_kernel);
  if (args[0] == atoms::nonode_nohost || alive() || net_kernel.is_none()) return badarg(p);
  dist_set_net_kernel(net_kernel);
  set_this_node(args[0], uint32_t(creation));
  dist_count_up();
  dist_tell_nodes(atoms::nodeup, args[0], kNoConnection, true, Term::nil());
  return atoms::true_;
}

// --- monitor_node
namespace {
Term monitor_node(Process *p, Term node, Term on, Term opts) {
  static const Export *trap = export_get_or_put(atoms::erlang, atoms::dmonitor_node, 3);
  bool passive = false;
  Term l = opts;
  for (; l.is_cons(); l = l.tail()) {
    if (l.head() != atoms::allow_passive_connect) return badarg(p, atoms::badopt);
    passive = true;
  }
  if (!l.is_nil()) return badarg(p, atoms::badopt);
  if (!node.is_atom()) return badarg(p);
  if (node != atoms::nonode_nohost && !alive()) return raise(p, Reason::Notalive);
  if (on != atoms::true_ && on != atoms::false_) return badarg(p);
  if (node == this_node()->name) return atoms::true_;
  if (on == atoms::false_) {
    if (DistEntry *e = dist_find(node)) {
      std::lock_guard g(e->lock);
      auto it = e->node_monitors.find(p->id.raw());
      if (it != e->node_monitors.end() && --it->second == 0) e->node_monitors.erase(it);
    }
    return atoms::true_;
  }
  DistTarget t;
  if (dist_prepare(p, node, !passive, false, &t) != DistReady::Yes || (t.pending && passive))
    return trap_to(p, trap, node, on, opts);
  if (!dist_tie(p, t.entry, t.connection)) return trap_to(p, trap, node, on, Term::nil());
  {
    std::lock_guard g(t.entry->lock);
    if (t.entry->connection == t.connection && t.entry->state != DistState::Idle) {
      t.entry->node_monitors[p->id.raw()]++;
      return atoms::true_;
    }
  }
  message_send(p, p, pair(p->heap, atoms::nodedown, node));
  return atoms::true_;
}
} // namespace
Term erlang_monitor_node_2(Process *p, const Term *args) { return monitor_node(p, args[0], args[1], Term::nil()); }
Term erlang_monitor_node_3(Process *p, const Term *args) { return monitor_node(p, args[0], args[1], args[2]); }

// --- connections
Term erts_internal_get_creation_0(Process *p, const Term *) {
  return this_node()->creation ? make_uint(p->heap, this_node()->creation) : atoms::undefined;
}

// {erts_dflags, Default, Mandatory, Addable, Rejectable, StrictOrder}
Term erts_internal_get_dflags_0(Process *p, const Term *) {
  auto n = [](uint64_t flags) { return Term::small(int64_t(flags)); };
  return make_tuple(p->heap, atoms::erts_dflags, n(dflag::Default), n(dflag::Mandatory), n(dflag::Default),
                    n(dflag::Rejectable), n(dflag::StrictOrder));
}

// Handle of a connection that net_kernel will now try to set up.
Term erts_internal_new_connection_1(Process *p, const Term *args) {
  if (!is_node_name(args[0]) || args[0] == this_node()->name) return badarg(p);
  DistEntry *e = dist_entry(args[0]);
  return dist_handle(p->heap, e, dist_pending(e));
}

Term erts_internal_abort_pending_connection_2(Process *p, const Term *args) {
  uint32_t connection;
  if (!args[0].is_atom()) return badarg(p);
  DistEntry *e = dist_of_handle(args[1], &connection);
  if (!e || e->name != args[0] || e->name == this_node()->name) return badarg(p);
  bool connected;
  dist_abort_pending(e, connection, &connected);
  return bool_term(!connected);
}

namespace {
struct Setup { // of a connection by another process than its controller
  DistEntry *entry;
  uint64_t flags;
  uint32_t creation;
  Term from;
  KeptRef ref;
};

bool connect_process(Process *p, DistEntry *e, uint64_t flags, uint32_t creation, Term from) {
  Relations &r = relations_of(p);
  if (!r.remote) r.remote = std::make_unique<RemoteTies>();
  if (r.remote->controls) return false;
  r.remote->controls = e;
  if (dist_connected(e, p->id, nullptr, flags, creation, from)) return true;
  r.remote->controls = nullptr;
  return false;
}

void setup_in(Process *p, Signal *self) {
  std::unique_ptr<Setup> s(static_cast<Setup *>(self->arg));
  FragmentHeap h(32);
  Term answer = atoms::badarg;
  if (p && connect_process(p, s->entry, s->flags, s->creation, s->from)) {
    std::lock_guard g(s->entry->lock);
    answer = dist_handle(h, s->entry, s->entry->connection);
  }
  Term message = make_tuple(h, copy(s->ref.get(), h), answer);
  message_send_pid_built(s->from, message, h.take());
}

Term connection_up(Process *p, DistEntry *e) {
  std::lock_guard g(e->lock);
  return make_tuple(p->heap, atoms::ok, dist_handle(p->heap, e, e->connection));
}
} // namespace

// {ok, Handle}, {message, Ref} (the handle follows as {Ref, Handle | badarg}), or badarg.
Term erts_internal_create_dist_channel_3(Process *p, const Term *args) {
  Term controller = args[1];
  uint64_t flags, creation;
  Term net_kernel = registry_whereis(atoms::net_kernel);
  if (net_kernel.is_none() || !dist_net_kernel_is(net_kernel) || !is_node_name(args[0])) return atoms::badarg;
  if ((!controller.is_local_pid() && !controller.is_local_port()) || !is_tuple_of(args[2], 2)) return atoms::badarg;
  if (!get_uint64(tuple_elements(args[2])[0], &flags) || !get_uint64(tuple_elements(args[2])[1], &creation) ||
      creation > UINT32_MAX)
    return atoms::badarg;
  if (~flags & dflag::Mandatory) {
    dist_log(to_text(p->id) + " attempted to enable connection to node " + std::string(atom::text(args[0])) +
             " which does not support all mandatory capabilities.");
    return atoms::badarg;
  }
  DistEntry *e = dist_entry(args[0]);
  if (e->name == this_node()->name) return atoms::badarg;
  p->bump(5);
  if (controller == p->id)
    return connect_process(p, e, flags, uint32_t(creation), p->id) ? connection_up(p, e) : atoms::badarg;
  if (controller.is_local_pid()) {
    Term ref = make_ref(p->heap);
    auto *setup = new Setup{e, flags, uint32_t(creation), p->id, KeptRef(ref)};
    Signal *s = signal_new(SignalKind::Rpc);
    s->arg = setup;
    s->fn = setup_in;
    if (!signal_send_pid(controller, s)) return delete setup, atoms::badarg;
    return make_tuple(p->heap, atoms::message, ref);
  }
  Port *port = port_lookup(controller);
  if (!port || !port->driver->soft_busy || port->dist) return atoms::badarg;
  return dist_connected(e, controller, port, flags, uint32_t(creation), p->id) ? connection_up(p, e) : atoms::badarg;
}

Term net_kernel_dflag_unicode_io_1(Process *p, const Term *args) {
  if (!is_pid(args[0])) return badarg(p);
  if (args[0].is_local_pid()) return atoms::true_;
  Term node = external_node(args[0])->name;
  if (node == this_node()->name) return atoms::true_;
  DistEntry *e = dist_find(node);
  if (!e) return atoms::false_;
  std::lock_guard g(e->lock);
  return bool_term(e->flags & dflag::UnicodeIo);
}

// [{Node, Controller}] of system_info(dist_ctrl)
Term system_info_dist_ctrl(Process *p) {
  std::vector<Term> out;
  for (auto &l : dist_list(true, true, false)) out.push_back(pair(p->heap, l.name, l.controller));
  return list_of(p->heap, out);
}
} // namespace joist::bifs
