// Spawning on other nodes: the request. Its answer is handled in runtime/dist/spawn.cpp.
#include "bifs/build.h"

#include "runtime/dist/entry.h"
#include "runtime/dist/node.h"
#include "runtime/proc/monitor.h"
#include "runtime/sys/seq_trace.h"
#include "runtime/term/ref.h"

namespace joist::bifs {
namespace {
struct Request {
  Term tag = atoms::spawn_reply;
  MonitorOptions monitor_options;
  PendingSpawn spawn;
  std::vector<Term> rest; // options that the other node looks at
  bool bad = false;       // an option of the request itself
};

// What the options say to this node. `request`: of spawn_request, which knows some more. False: badarg.
bool parse(Term list, bool request, Request *r) {
  for (; list.is_cons(); list = list.tail()) {
    Term o = list.head();
    if (o == atoms::link) r->spawn.link = true;
    if (o == atoms::monitor) r->spawn.monitor = true;
    if (!is_tuple_of(o, 2)) {
      r->rest.push_back(o);
      continue;
    }
    Term key = tuple_elements(o)[0], v = tuple_elements(o)[1];
    if (key == atoms::reply_tag || key == atoms::reply) {
      if (!request) return false;
      if (key == atoms::reply_tag) {
        r->tag = v;
      } else if (v == atoms::yes || v == atoms::no || v == atoms::error_only || v == atoms::success_only) {
        r->spawn.reply_ok = v == atoms::yes || v == atoms::success_only;
        r->spawn.reply_error = v == atoms::yes || v == atoms::error_only;
      } else {
        r->bad = true;
      }
    } else if (key == atoms::monitor) {
      if (!monitor_options(v, &r->monitor_options)) {
        if (!request) return false;
        r->bad = true;
      }
      r->spawn.monitor = true;
      r->rest.push_back(atoms::monitor);
    } else {
      r->rest.push_back(o);
    }
  }
  return list.is_nil();
}

Term fail(Process *p, const Request &r, Term ref, Term result, Term error) {
  if (r.spawn.reply_error) message_send(p, p, make_tuple(p->heap, r.tag, ref, atoms::error, error));
  return result;
}
} // namespace

// args: Node, {M, F, Args}, Options, spawn_request | spawn_opt. The reference of the request ({Ref, Monitored} for
// spawn_opt), or badarg.
Term erts_internal_dist_spawn_request_4(Process *p, const Term *args) {
  Term node = args[0], mfa = args[1];
  bool request = args[3] == atoms::spawn_request;
  if (!node.is_atom() || node == this_node()->name || !is_tuple_of(mfa, 3)) return atoms::badarg;
  const Term *f = tuple_elements(mfa);
  int64_t arity = list_length(f[2]);
  if (!f[0].is_atom() || !f[1].is_atom() || arity < 0) return atoms::badarg;
  Request r;
  if (!parse(args[2], request, &r)) return atoms::badarg;
  bool alias = r.monitor_options.alias != AliasKind::None;
  Term ref = alias ? make_pid_ref(p->heap, p->id) : make_ref(p->heap);
  Term result = request ? ref : pair(p->heap, ref, bool_term(r.spawn.monitor));
  if (r.bad) return fail(p, r, ref, result, atoms::badopt);
  DistTarget t;
  if (dist_prepare(p, node, true, false, &t) != DistReady::Yes || !dist_tie(p, t.entry, t.connection))
    return fail(p, r, ref, result, atoms::noconnection);
  if (!t.pending && !(t.flags & dflag::Spawn)) return fail(p, r, ref, result, atoms::notsup);

  Monitor m;
  m.ref = KeptRef(ref);
  m.kind = MonitorKind::DistProcess;
  m.alias = r.monitor_options.alias;
  m.target = KeptTerm(node);
  if (!r.monitor_options.tag.is_none()) m.tag = KeptTerm(r.monitor_options.tag);
  m.connection = t.connection;
  r.spawn.reply_tag = KeptTerm(r.tag);
  m.spawn_pending = std::make_unique<PendingSpawn>(std::move(r.spawn));
  relations_of(p).monitor_add(std::move(m));

  Term mfn = make_tuple(p->heap, f[0], f[1], Term::small(arity));
  Term options = list_of(p->heap, r.rest);
  Term token = Term::nil();
  if (seq_trace::active(p)) {
    // Shown as two messages: the request, and the arguments, which become the new process' first message.
    Term request = make_tuple(p->heap, atoms::spawn_request, ref, p->id, p->group_leader, mfn, options);
    seq_trace::sending(p, node, request);
    token = seq_trace::sending(p, node, f[2]);
  }
  Term control = token.is_nil() ? make_tuple(p->heap, Term::small(int(DistOp::SpawnRequest)), ref, p->id,
                                             p->group_leader, mfn, options)
                                : make_tuple(p->heap, Term::small(int(DistOp::SpawnRequestTT)), ref, p->id,
                                             p->group_leader, mfn, options, token);
  return dist_send_from(p, t, control, f[2], result, true, DistWait::Spawn);
}
} // namespace joist::bifs
