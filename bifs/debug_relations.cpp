#include "bifs/debug_relations.h"

#include "bifs/build.h"
#include "bifs/process_args.h"
#include "runtime/dist/entry.h"
#include "runtime/mem/copy.h"
#include "runtime/proc/relations.h"
#include "runtime/term/ref.h"

namespace joist::bifs {
namespace {
bool at(Term other, Term node) {
  return !other.is_none() && !other.is_local_pid() && !is_port(other) && node_of(other) == node;
}

struct MonitorRow {
  Term kind, direction, ref, other, extra;
};
Term row(Heap &h, const MonitorRow &m) {
  Term ref = m.ref.is_none() ? Term::nil() : copy(m.ref, h), other = m.other.is_none() ? Term::nil() : copy(m.other, h);
  return make_tuple(h, named<"erl_monitor">(), m.kind, m.direction, ref, other,
                    m.extra.is_none() ? Term::nil() : m.extra);
}
Term link_row(Heap &h, const Link &l, Term other) {
  Term kind = is_port(l.other.get())         ? atoms::port
              : l.other.get().is_local_pid() ? atoms::process
                                             : named<"dist_process">();
  Term state = l.unlinking ? named<"unlinking">() : named<"linked">();
  return make_tuple(h, named<"erl_link">(), kind, copy(other, h), state, make_uint(h, Word(&l)));
}

// --- of a process
Term links_of(Process *p, Heap &h, Term list) {
  for (Link *l : p->relations->links.all()) list = make_cons(h, link_row(h, *l, l->other.get()), list);
  return list;
}
Term node_monitors_of(Process *p, Heap &h, Term list) {
  if (!p->relations->remote) return list;
  for (const auto &tie : p->relations->remote->ties) {
    std::lock_guard g(tie.entry->lock);
    auto it = tie.entry->node_monitors.find(p->id.raw());
    if (it == tie.entry->node_monitors.end()) continue;
    Term count = Term::small(it->second), node = tie.entry->name;
    list = make_cons(h, row(h, {atoms::node, named<"origin">(), Term::none(), node, count}), list);
  }
  return list;
}
Term monitors_of(Process *p, Heap &h, Term list) {
  for (Monitor *m : p->relations->monitors.all()) {
    if (m->kind == MonitorKind::Alias) continue;
    Term kind = m->kind == MonitorKind::Process      ? atoms::process
                : m->kind == MonitorKind::Port       ? atoms::port
                : m->kind == MonitorKind::TimeOffset ? atoms::time_offset
                                                     : named<"dist_process">();
    Term target = m->target.get();
    if (kind == named<"dist_process">() && target.is_none()) target = m->name_node;
    list = make_cons(h, row(h, {kind, named<"origin">(), m->ref.get(), target, m->name}), list);
  }
  for (Target *t : p->relations->targets.all()) {
    Term watcher = t->watcher.get(), kind = watcher.is_local_pid() ? atoms::process : named<"dist_process">();
    list = make_cons(h, row(h, {kind, named<"target">(), t->ref.get(), watcher, t->name}), list);
  }
  return node_monitors_of(p, h, list);
}

// --- of a connection: the other side of what its processes have, told by each of them
Term links_at(Process *p, Term node, Heap &h, Term list) {
  for (Link *l : p->relations->links.all())
    if (at(l->other.get(), node)) list = make_cons(h, link_row(h, *l, p->id), list);
  return list;
}
Term monitors_at(Process *p, Term node, Heap &h, Term list) {
  for (Monitor *m : p->relations->monitors.all())
    if (m->kind == MonitorKind::DistProcess && !m->spawn_pending && at(m->target.get(), node))
      list = make_cons(h, row(h, {named<"dist_process">(), named<"target">(), m->ref.get(), p->id, m->name}), list);
  for (Target *t : p->relations->targets.all())
    if (at(t->watcher.get(), node))
      list = make_cons(h, row(h, {named<"dist_process">(), named<"origin">(), t->ref.get(), p->id, t->name}), list);
  return list;
}

// The answer {Ref, List} to the asking process, when all have told that were asked.
struct Question {
  Term asker, node; // node none: of a process itself
  bool links;
  KeptTerm ref;
  std::mutex lock;
  FragmentHeap heap;
  Term list = Term::nil();
  size_t missing = 0;
};
void answered(Question *q) { // with nobody else left who knows q
  Term message = make_tuple(q->heap, copy(q->ref.get(), q->heap), q->list);
  message_send_pid_built(q->asker, message, q->heap.take());
  delete q;
}
void tell(Process *p, Question *q) {
  {
    std::lock_guard g(q->lock);
    if (!p && q->node.is_none()) q->list = atoms::undefined;
    if (p && p->relations) {
      if (q->node.is_none()) q->list = q->links ? links_of(p, q->heap, q->list) : monitors_of(p, q->heap, q->list);
      else q->list = q->links ? links_at(p, q->node, q->heap, q->list) : monitors_at(p, q->node, q->heap, q->list);
    }
    if (--q->missing != 0) return;
  }
  answered(q);
}
void asked(Process *p, Signal *s) { tell(p, static_cast<Question *>(s->arg)); }
// Asked in the order of signals.
Term ask(Process *p, Question *q, const std::vector<Term> &pids) {
  static const Export *to = export_get_or_put(atoms::erts_internal, atoms::await_result, 1);
  Term ref = make_ref(p->heap);
  q->asker = p->id;
  q->ref = KeptTerm(ref);
  q->missing = pids.size();
  p->mailbox.save = p->mailbox.last;
  if (pids.empty()) answered(q);
  for (Term pid : pids) {
    Signal *s = signal_new(SignalKind::Rpc);
    s->arg = q;
    s->fn = asked;
    if (!signal_send_pid(pid, s)) tell(nullptr, q);
  }
  return trap_to(p, to, ref);
}

Term of_node(Process *p, Term node, bool links) {
  DistEntry *e = dist_find(node);
  if (!e) return atoms::undefined;
  auto *q = new Question;
  q->node = node;
  q->links = links;
  std::vector<Term> pids;
  {
    std::lock_guard g(e->lock);
    for (Word raw : e->tied) pids.push_back(Term(raw));
    if (!links)
      for (auto [raw, count] : e->node_monitors) {
        Term r = row(q->heap, {atoms::node, named<"target">(), Term::none(), Term(raw), Term::none()});
        q->list = make_cons(q->heap, r, q->list);
      }
  }
  return ask(p, q, pids);
}
Term relations(Process *p, Term of, bool links) {
  if (of.is_atom() && is_node_name(of)) return of_node(p, of, links);
  if (!of.is_local_pid()) return badarg(p);
  if (!process_lookup(of)) return atoms::undefined;
  auto *q = new Question;
  q->node = Term::none();
  q->links = links;
  return ask(p, q, {of});
}
} // namespace

Term debug_links(Process *p, Term of) { return relations(p, of, true); }
Term debug_monitors(Process *p, Term of) { return relations(p, of, false); }
} // namespace joist::bifs
