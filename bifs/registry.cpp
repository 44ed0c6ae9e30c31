// register/2, unregister/1, whereis/1, registered/0.
#include "bifs/bifs.h"

#include "runtime/io/port.h"
#include "runtime/proc/registry.h"
#include "runtime/trace/ports.h"

namespace joist::bifs {
namespace {
void tell(Term who, Term name, bool on) {
  if (who.is_local_port()) return trace::port_registered(who, name, on);
  if (Process *to = process_lookup(who); to && trace::traced(to, trace::flag::Procs)) trace::registered(to, name, on);
}
} // namespace

Term erlang_register_2(Process *p, const Term *args) {
  Term name = args[0], who = args[1];
  if (!name.is_atom()) return badarg(p, atoms::none);
  if (!who.is_local_pid() && !who.is_local_port()) return badarg(p, atoms::none);
  switch (registry_register(name, who)) {
  case RegisterResult::Ok: tell(who, name, true); return atoms::true_;
  case RegisterResult::HasName: return badarg(p, atoms::registered_name);
  case RegisterResult::NoProcess: return badarg(p, atoms::notalive);
  default: return badarg(p, atoms::none); // no particular cause, as stock says it
  }
}

Term erlang_unregister_1(Process *p, const Term *args) {
  Term who = args[0].is_atom() ? registry_whereis(args[0]) : Term::none();
  if (!args[0].is_atom() || !registry_unregister(args[0])) return badarg(p);
  if (!who.is_none()) tell(who, args[0], false);
  return atoms::true_;
}

// A process that is exiting has no name any more, as seen by others.
Term erlang_whereis_1(Process *p, const Term *args) {
  if (!args[0].is_atom()) return badarg(p);
  Term who = registry_whereis(args[0]);
  if (who.is_none()) return atoms::undefined;
  if (who == p->id) return who;
  bool alive = who.is_local_pid() ? process_lookup(who) != nullptr : port_alive(who);
  return alive ? who : atoms::undefined;
}

Term erlang_registered_0(Process *p, const Term *) {
  Term list = Term::nil();
  auto names = registry_names();
  for (Term n : names) list = make_cons(p->heap, n, list);
  p->bump(int64_t(names.size() / 10));
  return list;
}
} // namespace joist::bifs
