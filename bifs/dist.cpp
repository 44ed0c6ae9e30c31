// Nodes and the distribution interface of a node that is connected to no other.
#include "bifs/build.h"

#include "runtime/dist/node.h"
#include "runtime/proc/registry.h"
#include "runtime/term/map.h"
#include "runtime/term/number.h"
#include "runtime/term/ref.h"

#include <unordered_map>

namespace joist::bifs {
namespace {
bool alive() { return this_node()->name != atoms::nonode_nohost; }

// Connections that net_kernel is about to set up: node -> connection id.
struct Pending {
  std::mutex lock;
  std::unordered_map<uint32_t, uint64_t> ids;
  uint64_t next = 1;
} pending;

// nodes/1,2 classes: this (local), known, and those that need a connection.
bool node_class(Term t, bool *this_, bool *known) {
  if (t == named("this")) *this_ = true;
  else if (t == atoms::known) *known = true;
  else if (t != atoms::visible && t != atoms::hidden && t != named("connected")) return false;
  return true;
}

// Whether this node is in the wanted classes; false return: malformed.
bool node_classes(Term arg, bool *wanted) {
  bool this_ = false, known = false;
  if (arg.is_atom()) {
    if (!node_class(arg, &this_, &known)) return false;
  } else {
    for (; arg.is_cons(); arg = arg.tail())
      if (!node_class(arg.head(), &this_, &known)) return false;
    if (!arg.is_nil()) return false;
  }
  *wanted = this_ || known;
  return true;
}
} // namespace

Term erlang_node_0(Process *, const Term *) { return this_node()->name; }

Term erlang_node_1(Process *p, const Term *args) {
  Term t = args[0];
  if (t.is_local_pid() || t.is_local_port() || is_local_ref(t)) return this_node()->name;
  if (is_external_pid(t) || is_external_port(t) || is_external_ref(t)) return external_node(t)->name;
  return badarg(p);
}

Term erlang_nodes_0(Process *, const Term *) { return Term::nil(); }

Term erlang_nodes_1(Process *p, const Term *args) {
  bool wanted;
  if (!node_classes(args[0], &wanted)) return badarg(p);
  return wanted ? make_list(p->heap, this_node()->name) : Term::nil();
}

Term erlang_nodes_2(Process *p, const Term *args) {
  bool wanted;
  if (!node_classes(args[0], &wanted) || !is_map(args[1])) return badarg(p);
  bool type = false, id = false;
  MapIterator it(args[1]);
  for (Term k, v; it.next(&k, &v);) {
    if (v != atoms::true_ && v != atoms::false_) return badarg(p);
    if (k == atoms::node_type) type = v == atoms::true_;
    else if (k == atoms::connection_id) id = v == atoms::true_;
    else return badarg(p);
  }
  if (!wanted) return Term::nil();
  std::vector<Term> info;
  if (type) info.insert(info.end(), {atoms::node_type, named("this")});
  if (id) info.insert(info.end(), {atoms::connection_id, atoms::undefined});
  Term map = map_from_pairs(p->heap, info.data(), info.size() / 2);
  return make_list(p->heap, pair(p->heap, this_node()->name, map));
}

Term erlang_setnode_2(Process *p, const Term *args) {
  uint64_t creation;
  if (!args[0].is_atom() || !get_uint64(args[1], &creation) || creation > UINT32_MAX) return badarg(p);
  std::string_view name = atom::text(args[0]);
  size_t at = name.find('@');
  if (at == name.npos || at == 0 || at + 1 == name.size()) return badarg(p);
  Term net_kernel = registry_whereis(atoms::net_kernel);
  if (net_kernel.is_none() || alive()) return badarg(p);
  set_this_node(args[0], uint32_t(creation));
  return atoms::true_;
}

namespace {
Term monitor_node(Process *p, Term node, Term on, Term opts) {
  for (; opts.is_cons(); opts = opts.tail())
    if (opts.head() != named("allow_passive_connect")) return badarg(p, named("badopt"));
  if (!opts.is_nil()) return badarg(p, named("badopt"));
  if (!node.is_atom() || (on != atoms::true_ && on != atoms::false_)) return badarg(p);
  if (!alive() && node != this_node()->name) return raise(p, Reason::Notalive);
  if (node == this_node()->name) return atoms::true_;
  if (on == atoms::true_) message_send(p, p, pair(p->heap, atoms::nodedown, node)); // cannot be reached
  return atoms::true_;
}
} // namespace
Term erlang_monitor_node_2(Process *p, const Term *args) { return monitor_node(p, args[0], args[1], Term::nil()); }
Term erlang_monitor_node_3(Process *p, const Term *args) { return monitor_node(p, args[0], args[1], args[2]); }

// Distribution controllers: only a process that was made one may use these, and none is.
Term erlang_dist_ctrl_get_data_1(Process *p, const Term *) { return raise(p, Reason::Notsup); }
Term erlang_dist_ctrl_get_data_notification_1(Process *p, const Term *) { return raise(p, Reason::Notsup); }
Term erlang_dist_ctrl_get_opt_2(Process *p, const Term *) { return raise(p, Reason::Notsup); }
Term erlang_dist_ctrl_set_opt_3(Process *p, const Term *) { return raise(p, Reason::Notsup); }
Term erlang_dist_ctrl_input_handler_2(Process *p, const Term *) { return raise(p, Reason::Notsup); }
Term erlang_dist_ctrl_put_data_2(Process *p, const Term *) { return badarg(p); }
Term erlang_dist_get_stat_1(Process *p, const Term *) { return badarg(p); }

Term erts_internal_get_creation_0(Process *p, const Term *) {
  return alive() ? make_uint(p->heap, this_node()->creation) : atoms::undefined;
}

// {erts_dflags, Default, Mandatory, Addable, Rejectable, StrictOrder}: OTP 25's distribution flags.
Term erts_internal_get_dflags_0(Process *p, const Term *) {
  return make_tuple(p->heap, named("erts_dflags"), Term::small(55966662588), Term::small(17239956),
                    Term::small(55966662588), Term::small(8396866), Term::small(8192));
}

// Handle of a connection that net_kernel will now try to set up: {Id, Ref}.
Term erts_internal_new_connection_1(Process *p, const Term *args) {
  if (!args[0].is_atom() || args[0] == this_node()->name) return badarg(p);
  uint64_t id;
  {
    std::lock_guard g(pending.lock);
    uint64_t &slot = pending.ids[args[0].atom_index()];
    if (!slot) slot = pending.next++;
    id = slot;
  }
  return make_tuple(p->heap, make_uint(p->heap, id), make_ref(p->heap));
}

Term erts_internal_abort_pending_connection_2(Process *p, const Term *args) {
  if (!args[0].is_atom() || !is_tuple_of(args[1], 2)) return badarg(p);
  Term *e = tuple_elements(args[1]);
  uint64_t id;
  if (!get_uint64(e[0], &id) || !is_ref(e[1]) || args[0] == this_node()->name) return badarg(p);
  std::lock_guard g(pending.lock);
  auto it = pending.ids.find(args[0].atom_index());
  if (it == pending.ids.end()) return badarg(p);
  if (it->second != id) return atoms::false_;
  pending.ids.erase(it);
  return atoms::true_;
}

Term erts_internal_create_dist_channel_3(Process *, const Term *) { return atoms::badarg; }

// Spawns on other nodes fail with a reply to the caller, as when no connection can be set up.
Term erts_internal_dist_spawn_request_4(Process *p, const Term *args) {
  Term node = args[0], mfa = args[1], opts = args[2], kind = args[3];
  if (!node.is_atom() || !is_tuple_of(mfa, 3)) return badarg(p);
  if (kind != atoms::spawn_request && kind != atoms::spawn_opt) return badarg(p);
  Term tag = atoms::spawn_reply;
  bool reply = true, monitor = false;
  for (; opts.is_cons(); opts = opts.tail()) {
    Term o = opts.head();
    if (o == atoms::monitor) monitor = true;
    if (!is_tuple_of(o, 2)) continue;
    Term key = tuple_elements(o)[0], value = tuple_elements(o)[1];
    if (key == atoms::reply_tag) tag = value;
    else if (key == atoms::reply) reply = value == atoms::yes || value == named("error_only");
    else if (key == atoms::monitor) monitor = true;
  }
  if (!opts.is_nil()) return atoms::badarg;
  Term ref = make_ref(p->heap);
  if (reply || kind == atoms::spawn_opt)
    message_send(p, p, make_tuple(p->heap, tag, ref, atoms::error, atoms::noconnection));
  return kind == atoms::spawn_request ? ref : pair(p->heap, ref, bool_term(monitor));
}

Term net_kernel_dflag_unicode_io_1(Process *p, const Term *args) {
  if (!is_pid(args[0])) return badarg(p);
  return atoms::true_;
}
} // namespace joist::bifs
