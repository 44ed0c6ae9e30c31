// Sending.
#include "bifs/process_args.h"
#include "runtime/io/port.h"
#include "runtime/io/port_core.h"
#include "runtime/proc/error_log.h"
#include "runtime/proc/registry.h"
#include "runtime/proc/remote.h"
#include "runtime/sys/seq_trace.h"
#include "runtime/term/print.h"
#include "runtime/trace/saved_calls.h"

namespace joist::bifs {
namespace {
// Is msg output by the owner of a port that is busy?
Port *busy_with(Term port, Term msg) {
  Port *x = port_lookup(port);
  if (!x || !x->refuses() || !is_tuple_of(msg, 2) || tuple_elements(msg)[0].raw() != x->owner.load()) return nullptr;
  Term what = tuple_elements(msg)[1];
  return is_tuple_of(what, 2) && tuple_elements(what)[0] == atoms::command ? x : nullptr;
}
// A call of send/2 (also as an operator) or send/3.
struct Sending {
  Term to, msg;
  bool with_options = false, noconnect = false, nosuspend = false;
  Term result() const { return with_options ? atoms::ok : msg; }
};

// Having been suspended, p sends again: the port may be busy still, or another.
Term to_port(Process *p, const Sending &s, Term port) {
  static const Export *await = export_get_or_put(atoms::erts_internal, atoms::await_port_send_result, 3);
  static const Export *send_2 = export_get_or_put(atoms::erlang, atoms::send, 2);
  static const Export *send_3 = export_get_or_put(atoms::erlang, atoms::send, 3);
  Port *busy = s.nosuspend ? nullptr : busy_with(port, s.msg);
  if (busy && port_suspend(p, busy, s.with_options ? &send_3->mfa() : &send_2->mfa()))
    return s.with_options ? yield_to(p, send_3, s.to, s.msg, Term::nil()) : yield_to(p, send_2, s.to, s.msg);
  Term ref = Term::none();
  switch (port_send(p, port, s.msg, s.nosuspend, &ref)) {
  case PortSend::Taken: return s.result();
  case PortSend::Busy: return atoms::nosuspend;
  case PortSend::Wait: return trap_to(p, await, ref, atoms::nosuspend, s.result()); // it has become busy just now
  }
  return s.result();
}

Term remote(Process *p, const Sending &s) {
  Term result = s.result();
  if (remote_hooks.send(p, s.to, s.msg, s.noconnect, s.nosuspend, &result)) return result;
  return s.noconnect ? atoms::noconnect : result;
}

// To somebody in an earlier incarnation of this node, who is gone.
[[gnu::cold]] Term discarded(Process *p, const Sending &s) {
  std::string text = "Discarding message ";
  print_term(text, s.msg);
  text += " from ";
  print_term(text, p->id);
  text += " to ";
  print_term(text, s.to);
  text += " in an old incarnation (" + std::to_string(external_node(s.to)->creation) + ") of this node (" +
          std::to_string(this_node()->creation) + ")\n";
  FragmentHeap h;
  error_log(p, "~s~n", make_list(h, make_string(h, text.data(), text.size())));
  return s.result();
}

// To whom a name belongs. Looked up once by the caller: asked again, it may have gone to another.
Term to_owner(Process *p, const Sending &s, Term id) {
  if (id.is_local_port()) return to_port(p, s, id);
  if (Process *r = id.is_local_pid() ? process_lookup(id) : nullptr) message_send(p, r, s.msg);
  return s.result();
}

Term send(Process *p, const Sending &s) {
  const Term to = s.to, msg = s.msg;
  p->bump(4);
  if (trace::traced(p, trace::flag::SaveCalls)) trace::save_event(p, atoms::send);
  const bool traced = trace::traced(p, trace::flag::Send);
  if (to.is_local_pid()) {
    if (traced) trace::sent(p, to, msg);
    if (Process *r = process_lookup(to)) message_send(p, r, msg);
    return s.result();
  }
  if (to.is_atom()) {
    Term id = registry_whereis(to);
    if (traced) trace::sent(p, to, msg);
    return id.is_none() ? badarg(p) : to_owner(p, s, id);
  }
  if (is_local_ref(to)) {
    if (traced) trace::sent(p, to, msg);
    seq_trace::send_alias(p, to, msg);
    return s.result();
  }
  if (traced && (to.is_local_port() || is_external_pid(to) || is_external_ref(to))) trace::sent(p, to, msg);
  if (to.is_local_port()) return to_port(p, s, to);
  if (is_external_pid(to) || is_external_ref(to)) { return of_this_node(to) ? discarded(p, s) : remote(p, s); }
  if (is_external_port(to)) return of_this_node(to) ? discarded(p, s) : badarg(p);
  if (is_tuple_of(to, 2)) {
    Term name = tuple_elements(to)[0], node = tuple_elements(to)[1];
    if (!name.is_atom() || !node.is_atom()) return badarg(p);
    if (traced) trace::sent(p, to, msg);
    if (node != this_node()->name) return remote(p, s);
    return to_owner(p, s, registry_whereis(name));
  }
  return badarg(p);
}
} // namespace

Term erlang_op_send_2(Process *p, const Term *args) { return send(p, {args[0], args[1]}); }
Term erlang_send_2(Process *p, const Term *args) { return send(p, {args[0], args[1]}); }

Term erlang_send_3(Process *p, const Term *args) {
  Sending s{args[0], args[1], true};
  Term l = args[2];
  for (; l.is_cons(); l = l.tail()) {
    if (l.head() == atoms::noconnect) s.noconnect = true;
    else if (l.head() == atoms::nosuspend) s.nosuspend = true;
    else return badarg(p, atoms::badopt);
  }
  if (!l.is_nil()) return badarg(p, atoms::badopt);
  return send(p, s);
}
} // namespace joist::bifs
