// Monitors and aliases.
#include "bifs/process_args.h"
#include "runtime/io/port.h"
#include "runtime/proc/monitor.h"
#include "runtime/proc/registry.h"
#include "runtime/proc/remote.h"
#include "runtime/proc/time_offset_watch.h"
#include "runtime/term/ref.h"

namespace joist::bifs {
namespace {
struct Making {
  Process *p;
  Term ref;
  MonitorOptions options;
};

Monitor *add(Making &k, MonitorKind kind, Term target, Term name, Term node) {
  Monitor m;
  m.ref = KeptRef(k.ref);
  m.kind = kind;
  m.alias = k.options.alias;
  if (!target.is_none()) m.target = KeptTerm(target);
  m.name = name;
  if (!name.is_none()) m.name_node = node;
  if (!k.options.tag.is_none()) m.tag = KeptTerm(k.options.tag);
  return relations_of(k.p).monitor_add(std::move(m));
}

// The watched object does not exist: the answer comes as a signal, as it would from there.
void down_now(Making &k, Term watched, Term reason) {
  down_send(watched.is_none() ? k.p->id : watched, k.p->id, k.ref, reason);
}

void local_process(Making &k, Term pid, Term name) {
  if (pid == k.p->id) return;
  add(k, MonitorKind::Process, pid, name, this_node()->name);
  if (!pid.is_local_pid() || !monitor_send(k.p->id, pid, k.ref, name)) down_now(k, pid, atoms::noproc);
}

void remote_process(Making &k, Term target, Term name) {
  Monitor *m = add(k, MonitorKind::DistProcess, target, name, target);
  if (!remote_hooks.monitor(k.p, *m)) down_now(k, target, atoms::noconnection);
}

void local_port(Making &k, Term port, Term name) {
  add(k, MonitorKind::Port, port, name, this_node()->name);
  if (port.is_local_port()) port_monitor(k.p, port, k.ref);
  else down_now(k, port, atoms::noproc);
}

bool name_and_node(Term t) {
  return is_tuple_of(t, 2) && tuple_elements(t)[0].is_atom() && tuple_elements(t)[1].is_atom();
}

bool monitor_process(Making &k, Term target) {
  if (target.is_local_pid()) {
    local_process(k, target, Term::none());
  } else if (target.is_atom()) {
    local_process(k, registry_whereis(target), target);
  } else if (is_external_pid(target)) {
    if (of_this_node(target)) {
      add(k, MonitorKind::DistProcess, target, Term::none(), Term::none());
      down_now(k, target, atoms::noproc);
    } else {
      remote_process(k, target, Term::none());
    }
  } else if (name_and_node(target)) {
    Term name = tuple_elements(target)[0], node = tuple_elements(target)[1];
    bool alive = this_node()->name != atoms::nonode_nohost;
    if (node != atoms::nonode_nohost && !alive) return false;
    if (node == this_node()->name) local_process(k, registry_whereis(name), name);
    else remote_process(k, node, name);
  } else {
    return false;
  }
  return true;
}

bool monitor_port(Making &k, Term target) {
  if (target.is_local_port()) {
    local_port(k, target, Term::none());
  } else if (target.is_atom()) {
    local_port(k, registry_whereis(target), target);
  } else if (is_external_port(target)) {
    if (!of_this_node(target)) return false;
    add(k, MonitorKind::DistPort, target, Term::none(), Term::none());
    down_now(k, target, atoms::noproc);
  } else if (name_and_node(target) && tuple_elements(target)[1] == this_node()->name) {
    local_port(k, registry_whereis(tuple_elements(target)[0]), tuple_elements(target)[0]);
  } else {
    return false;
  }
  return true;
}

Term monitor(Process *p, Term type, Term target, const MonitorOptions &o) {
  p->bump(2);
  Making k{p, o.alias != AliasKind::None ? make_pid_ref(p->heap, p->id) : make_ref(p->heap), o};
  if (type == atoms::process) return monitor_process(k, target) ? k.ref : badarg(p);
  if (type == atoms::port) return monitor_port(k, target) ? k.ref : badarg(p);
  if (type == atoms::time_offset) {
    if (target != atoms::clock_service) return badarg(p);
    add(k, MonitorKind::TimeOffset, target, Term::none(), Term::none());
    time_offset_watch(p);
    return k.ref;
  }
  return badarg(p, atoms::badtype);
}

enum class Demonitored : uint8_t { Yes, NotThere, Badarg };
Demonitored demonitor(Process *p, Term ref, bool *multi) {
  *multi = false;
  p->bump(2);
  if (!is_local_ref(ref)) {
    if (is_external_ref(ref) && of_this_node(ref)) return Demonitored::NotThere;
    return Demonitored::Badarg;
  }
  Monitor *m = p->relations ? p->relations->monitor(ref) : nullptr;
  if (!m || m->kind == MonitorKind::Alias || m->spawn_pending) return Demonitored::NotThere;
  *multi = m->kind == MonitorKind::TimeOffset;
  Term node = m->kind == MonitorKind::DistProcess ? node_of(m->target.get()) : Term::none();
  if (m->alias == AliasKind::Explicit) {
    Monitor copy;
    copy.ref = m->ref;
    copy.kind = m->kind;
    copy.target = KeptTerm(m->target.get());
    copy.name = m->name;
    copy.name_node = m->name_node;
    copy.connection = m->connection;
    monitor_finished(p, m);
    monitor_cancel(p, copy);
  } else {
    auto gone = p->relations->monitor_remove(m);
    monitor_cancel(p, *gone);
  }
  if (!node.is_none()) remote_hooks.wait(p, node);
  return Demonitored::Yes;
}
} // namespace

Term erlang_monitor_2(Process *p, const Term *args) { return monitor(p, args[0], args[1], {}); }

Term erlang_monitor_3(Process *p, const Term *args) {
  MonitorOptions o;
  if (!monitor_options(args[2], &o)) return badarg(p, atoms::badopt);
  return monitor(p, args[0], args[1], o);
}

Term erlang_demonitor_1(Process *p, const Term *args) {
  bool multi;
  return demonitor(p, args[0], &multi) == Demonitored::Badarg ? badarg(p) : atoms::true_;
}

Term erlang_demonitor_2(Process *p, const Term *args) {
  bool flush = false, info = false;
  Term l = args[1];
  for (; l.is_cons(); l = l.tail()) {
    if (l.head() == atoms::flush) flush = true;
    else if (l.head() == atoms::info) info = true;
    else return badarg(p);
  }
  if (!l.is_nil()) return badarg(p);
  bool multi;
  Demonitored d = demonitor(p, args[0], &multi);
  if (d == Demonitored::Badarg) return badarg(p);
  Term result = d == Demonitored::NotThere && info ? atoms::false_ : atoms::true_;
  if (!flush || (d == Demonitored::Yes && !multi)) return result;
  static const Export *to = export_get_or_put(atoms::erts_internal, atoms::flush_monitor_messages, 3);
  return trap_to(p, to, args[0], bool_term(multi), result);
}

Term erlang_alias_1(Process *p, const Term *args) {
  AliasKind kind = AliasKind::Explicit;
  Term l = args[0];
  for (; l.is_cons(); l = l.tail()) {
    if (l.head() == atoms::explicit_unalias) kind = AliasKind::Explicit;
    else if (l.head() == atoms::reply) kind = AliasKind::ReplyDemonitor;
    else return badarg(p);
  }
  if (!l.is_nil()) return badarg(p);
  Term ref = make_pid_ref(p->heap, p->id);
  Monitor m;
  m.ref = KeptRef(ref);
  m.kind = MonitorKind::Alias;
  m.alias = kind;
  relations_of(p).monitor_add(std::move(m));
  return ref;
}

Term erlang_unalias_1(Process *p, const Term *args) {
  if (!is_ref(args[0])) return badarg(p);
  if (!is_local_ref(args[0]) || pid_of_ref(args[0]) != p->id || !p->relations) return atoms::false_;
  Monitor *m = p->relations->monitor(args[0]);
  if (!m || m->alias == AliasKind::None) return atoms::false_;
  m->alias = AliasKind::None;
  if (m->kind == MonitorKind::Alias) p->relations->monitor_remove(m);
  return atoms::true_;
}
} // namespace joist::bifs
