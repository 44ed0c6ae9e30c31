// Match specifications on tables: planning, and what is done with each object.
#include "bifs/ets_select.h"
#include "runtime/term/compare.h"

namespace joist::bifs {

bool SelectPlan::make(Process *p, const TableGuard &t, Term spec, SelectKind kind) {
  std::vector<ets::MatchClause> clauses;
  if (ets::match_clauses(spec, true, &clauses) != ets::CompileResult::Ok) return badarg(p), false;
  Word keypos = t->shape.keypos;
  for (const ets::MatchClause &c : clauses) {
    if (kind == SelectKind::Replace && !ets::keeps_key(keypos, c.head, c.body)) return badarg(p), false;
    Term key;
    ets::KeyBound b = ets::key_bound(c.head, keypos, t->ordered() != nullptr, &key);
    bound = std::min(bound, b);
    if (b == ets::KeyBound::Impossible) continue;
    impossible = false;
    if (b == ets::KeyBound::Bound) keys.push_back(key);
    else only_keys = false;
    if (b == ets::KeyBound::Unbound) continue;
    if (least.is_none() || ets::can_match_beyond(key, least, -1)) least = key;
    if (most.is_none() || ets::can_match_beyond(key, most, 1)) most = key;
  }
  // Several keys: a range.
  if (bound == ets::KeyBound::Bound && !eq_numeric(least, most)) bound = ets::KeyBound::Partial;
  program = magic_new<ets::MatchProgram>();
  switch (ets::match_compile(clauses, ets::kTableUse, &program->value)) {
  case ets::CompileResult::Ok: return true;
  case ets::CompileResult::SystemLimit: return system_limit(p), false;
  case ets::CompileResult::Badarg: break;
  }
  return badarg(p), false;
}

bool must_fix(Process *p, const TableGuard &t) {
  if (!t->hash()) return false;
  bool only_writer =
      t->protection == ets::Protection::Private || (t->protection == ets::Protection::Protected && t->owner == p->id);
  return !only_writer;
}

SelectVisit::Action SelectVisit::visit(const ets::Object &o, Term *replacement) {
  ets::MatchRun run;
  run.self = p;
  ets::ObjectView view(o, keypos);
  if (!o.compressed) run.object = &o;
  switch (kind) {
  case SelectKind::List: {
    run.result = &p->heap;
    run.copy = true;
    Term r = match_run(m, view.tuple(), run);
    if (r.is_none()) return Action::Pass;
    list = make_cons(p->heap, r, list);
    return Action::Count;
  }
  case SelectKind::Count: return match_run(m, view.tuple(), run) == atoms::true_ ? Action::Count : Action::Pass;
  case SelectKind::Delete: return match_run(m, view.tuple(), run) == atoms::true_ ? Action::Delete : Action::Pass;
  case SelectKind::Replace: {
    // Copied, as a decoded view goes away before the replacement is stored.
    run.result = &replacements;
    run.copy = o.compressed;
    Term r = match_run(m, view.tuple(), run);
    if (r.is_none()) return Action::Pass;
    *replacement = r;
    return Action::Replace;
  }
  }
  return Action::Pass;
}

namespace {
template <class Store> struct Visitor final : Store::Visitor {
  explicit Visitor(SelectVisit &visit) : v(visit) {}
  SelectVisit &v;
  typename Store::Visitor::Action visit(const ets::Object &o) override {
    return typename Store::Visitor::Action(v.visit(o, &this->replacement));
  }
};
} // namespace

bool select_hash(TableGuard &t, ets::HashStore::Traversal &traversal, SelectVisit &v) {
  ets::LocalFix fix(t);
  traversal.own_fixations = fix.count();
  traversal.change = v.kind == SelectKind::Delete || v.kind == SelectKind::Replace;
  Visitor<ets::HashStore> visitor(v);
  return t->hash()->traverse(traversal, visitor);
}

void select_ordered(TableGuard &t, ets::OrderedStore::Traversal &traversal, SelectVisit &v) {
  traversal.change = v.kind == SelectKind::Delete || v.kind == SelectKind::Replace;
  Visitor<ets::OrderedStore> visitor(v);
  t->ordered()->traverse(traversal, visitor);
}

} // namespace joist::bifs
