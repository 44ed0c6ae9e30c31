// Links and exit signals.
#include "bifs/process_args.h"
#include "runtime/io/port.h"
#include "runtime/proc/relations.h"
#include "runtime/proc/remote.h"
#include "runtime/trace/trace.h"

namespace joist::bifs {
namespace {
// link/1 of something that does not exist.
Term no_such_process(Process *p, Term other) {
  if (!p->trap_exit()) return raise(p, Reason::Noproc);
  message_send(p, p, make_tuple(p->heap, atoms::EXIT, other, atoms::noproc));
  return atoms::true_;
}

// p's side of a new link. False: it is there already.
bool link_side(Process *p, Term other) {
  Relations &r = relations_of(p);
  if (Link *l = r.link(other)) {
    if (!l->unlinking) return false;
    l->unlinking = 0;
    return true;
  }
  r.link_add(other);
  return true;
}

void link_undo(Process *p, Term other) {
  if (Link *l = p->relations->link(other)) p->relations->link_remove(l);
}
} // namespace

Term erlang_link_1(Process *p, const Term *args) {
  Term other = args[0];
  p->bump(2);
  if (trace::traced(p, trace::flag::Procs)) [[unlikely]]
    trace::linked(p, other);
  if (other.is_local_pid()) {
    if (other == p->id) return atoms::true_;
    if (!process_lookup(other)) return no_such_process(p, other);
    if (!link_side(p, other)) return atoms::true_;
    constexpr uint32_t inherited = trace::flag::SetOnLink | trace::flag::SetOnFirstLink;
    if (trace::flags_of(p) & inherited ? trace::link_send_traced(p, other) : link_send(p->id, other))
      return atoms::true_;
    link_undo(p, other);
    return no_such_process(p, other);
  }
  if (other.is_local_port()) {
    if (!port_alive(other)) return no_such_process(p, other);
    if (link_side(p, other)) port_link(p, other);
    return atoms::true_;
  }
  if (is_external_port(other) && of_this_node(other)) return no_such_process(p, other);
  if (is_external_pid(other)) {
    if (of_this_node(other)) return no_such_process(p, other);
    Relations &r = relations_of(p);
    Link *l = r.link(other);
    if (l && !l->unlinking && !remote_hooks.link_stale(*l)) return atoms::true_;
    if (!l) l = r.link_add(other);
    l->unlinking = 0;
    if (!remote_hooks.link(p, *l)) link_exit_send(other, p->id, atoms::noconnection);
    return atoms::true_;
  }
  return badarg(p);
}

Term erlang_unlink_1(Process *p, const Term *args) {
  Term other = args[0];
  p->bump(2);
  if (is_external_port(other) ? !of_this_node(other) : !is_pid(other) && !other.is_local_port()) return badarg(p);
  if (trace::traced(p, trace::flag::Procs)) [[unlikely]]
    trace::unlinked(p, other);
  if (is_external_port(other) || !p->relations) return atoms::true_;
  Link *l = p->relations->link(other);
  if (!l || l->unlinking) return atoms::true_;
  uint64_t id = p->relations->next_unlink_id++;
  l->unlinking = id;
  if (other.is_local_pid()) {
    if (!unlink_send(p->id, other, id)) p->relations->link_remove(l);
  } else if (other.is_local_port()) {
    if (port_alive(other)) port_unlink(p, other, id);
    else p->relations->link_remove(l);
  } else if (!remote_hooks.unlink(p, *l)) {
    p->relations->link_remove(l);
  }
  return atoms::true_;
}

namespace {
Term exit_to(Process *p, Term to, Term reason, bool exit2) {
  p->bump(2);
  if (to.is_local_pid()) {
    bool suicide = exit2 && to == p->id && (reason == atoms::kill || !p->trap_exit());
    Signal *s = signal_new(SignalKind::Exit);
    s->term = signal_own(s, reason);
    s->from = p->id;
    s->extra = suicide;
    signal_send_pid(to, s);
    return suicide ? await_exit(p) : atoms::true_;
  }
  if (to.is_local_port()) {
    port_exit_signal(p->id, to, reason, false);
    return atoms::true_;
  }
  if (is_external_pid(to)) { return of_this_node(to) ? atoms::true_ : remote_hooks.exit(p, to, reason, atoms::true_); }
  if (is_external_port(to) && of_this_node(to)) return atoms::true_;
  return badarg(p);
}
} // namespace

Term erlang_exit_2(Process *p, const Term *args) { return exit_to(p, args[0], args[1], true); }
Term erlang_exit_signal_2(Process *p, const Term *args) { return exit_to(p, args[0], args[1], false); }
} // namespace joist::bifs
