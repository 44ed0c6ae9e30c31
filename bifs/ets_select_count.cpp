// ets:select_count, select_delete, select_replace: traversals that answer how many objects they met.
#include "bifs/ets_select.h"

namespace joist::bifs {
namespace {

// Between slices: {Tid, Position, EndKey, Program, Count, Kind, Fixed}. Position: next slot, or the last key. The position in a
// tree without a last key does not occur.
const Export *more();

struct State {
  Term tid;
  SelectKind kind;
  Term program = Term::none();
  Term position = Term::none(), end = Term::nil();
  int64_t count = 0;
  bool fixed = false;
};

Term name_of(SelectKind k) {
  return k == SelectKind::Count    ? atoms::select_count
         : k == SelectKind::Delete ? atoms::internal_select_delete
                                   : atoms::select_replace;
}

Term suspend(Process *p, TableGuard &t, State &s, ets::MatchProgramRef *program) {
  if (!s.fixed && must_fix(p, t)) {
    ets::fix_table(p, t.get());
    s.fixed = true;
  }
  Heap &h = p->heap;
  Term state = make_tuple(h, s.tid.is_atom() ? t->id(h) : s.tid, s.position, s.end,
                          s.program.is_none() ? make_magic_ref(h, program) : s.program, make_int(h, s.count),
                          Term::small(int64_t(s.kind)), bool_term(s.fixed));
  return yield_to(p, more(), state);
}

Term finish(Process *p, TableGuard &t, const State &s) {
  Term count = make_int(p->heap, s.count);
  if (s.fixed) ets::unfix_table(p, t);
  return count;
}

Term hash_slice(Process *p, TableGuard &t, State &s, ets::MatchProgramRef *program, const SelectPlan *plan) {
  ets::HashStore::Traversal tr;
  tr.slot = s.position.is_none() ? 0 : s.position.small_value();
  tr.got = s.count;
  tr.budget = kSelectBudget;
  if (plan && plan->only_keys) {
    tr.only_keys = true;
    tr.keys = plan->keys;
  }
  SelectVisit v{p, program->value, s.kind, t->shape.keypos, Term::nil(), {}};
  bool exists = select_hash(t, tr, v);
  s.count = tr.got;
  p->bump(kSelectBudget - tr.budget);
  if (!exists || tr.slot < 0) return finish(p, t, s);
  s.position = Term::small(tr.slot);
  return suspend(p, t, s, program);
}

// Trees are gone through from the last key to the first.
Term ordered_slice(Process *p, TableGuard &t, State &s, ets::MatchProgramRef *program,
                   ets::OrderedStore::Traversal &tr) {
  tr.backwards = true;
  tr.end = s.end.is_nil() ? Term::none() : s.end;
  tr.got = s.count;
  tr.budget = kSelectBudget;
  SelectVisit v{p, program->value, s.kind, t->shape.keypos, Term::nil(), {}};
  select_ordered(t, tr, v);
  s.count = tr.got;
  p->bump(kSelectBudget - tr.budget);
  if (tr.ended) return finish(p, t, s);
  s.position = ets::term_copy(tr.last_key.term(), p->heap);
  return suspend(p, t, s, program);
}

Term start(Process *p, const Term *args, Access access, LockKind lock, SelectKind kind) {
  TableGuard t = get_table(p, args[0], access, lock);
  if (!t) return Term::none();
  if (kind == SelectKind::Replace && t->shape.type == ets::TableType::Bag) return badarg(p, atoms::table_type);
  SelectPlan plan;
  if (!plan.make(p, t, args[1], kind)) return Term::none();
  State s{.tid = args[0], .kind = kind};
  if (t->hash()) return plan.impossible ? Term::small(0) : hash_slice(p, t, s, plan.program, &plan);
  if (plan.bound == ets::KeyBound::Impossible) return Term::small(0);
  ets::OrderedStore::Traversal tr;
  if (plan.bound == ets::KeyBound::Bound) {
    tr.exactly = true;
    tr.start = plan.least;
  } else if (plan.bound == ets::KeyBound::Partial) {
    tr.start = plan.most;
    tr.start_partial = true;
    s.end = plan.least;
  }
  return ordered_slice(p, t, s, plan.program, tr);
}

Term count_more(Process *p, const Term *args) {
  Term c = args[0], *e = tuple_elements(c);
  State s{.tid = e[0],
          .kind = SelectKind(e[5].small_value()),
          .program = e[3],
          .position = e[1],
          .end = e[2],
          .count = e[4].small_value(),
          .fixed = e[6] == atoms::true_};
  Term cause;
  bool change = s.kind != SelectKind::Count;
  TableGuard t = ets::find_table(p, s.tid, change ? Access::Write : Access::Read,
                                 change ? LockKind::Change : LockKind::Shared, &cause);
  if (!t) return ets_fail_as(p, Reason::Badarg, name_of(s.kind), s.tid, Term::nil());
  auto *program = static_cast<ets::MatchProgramRef *>(magic_data(s.program));
  if (t->hash()) return hash_slice(p, t, s, program, nullptr);
  ets::OrderedStore::Traversal tr;
  tr.start = s.position;
  return ordered_slice(p, t, s, program, tr);
}
const Export *more() {
  static const Export *k = bif_continuation("ets_select_count", 1, count_more);
  return k;
}

} // namespace

Term ets_select_count_2(Process *p, const Term *args) {
  return start(p, args, Access::Read, LockKind::Shared, SelectKind::Count);
}
Term ets_internal_select_delete_2(Process *p, const Term *args) {
  return start(p, args, Access::Write, LockKind::Change, SelectKind::Delete);
}
Term ets_select_replace_2(Process *p, const Term *args) {
  return start(p, args, Access::Write, LockKind::Change, SelectKind::Replace);
}

} // namespace joist::bifs
