// ets:select, match, match_object in all their forms.
//
// Continuations that Erlang sees, shaped as stock's (ets:repair_continuation/2 and others look into them):
//   hash tables   {Tid, Slot, ChunkSize, Program, Rest, RestSize}             Slot -1: only Rest is left
//   ordered_set   {Tid, LastKey, EndKey, ChunkSize, Program, Acc, Reverse, Got}
// A slice that used up its budget goes on through the same tuples with one more element: whether the table is fixed.
#include "bifs/ets_select.h"

namespace joist::bifs {
namespace {

const Export *more();

struct HashState {
  Term tid; // as given; a table id as soon as a continuation is made
  int64_t slot, chunk;
  Term program; // magic reference, none while there was no need for one
  Term list;    // newest first
  int64_t got;
  bool fixed;
};

Term program_ref(Process *p, Term ref, ets::MatchProgramRef *program) {
  return ref.is_none() ? make_magic_ref(p->heap, program) : ref;
}
Term table_ref(Process *p, const TableGuard &t, Term tid) { return tid.is_atom() ? t->id(p->heap) : tid; }

// What select/3 and its continuations answer: {List, Continuation}, or the end.
Term hash_chunk(Process *p, const TableGuard &t, const HashState &s, ets::MatchProgramRef *program, bool first) {
  Heap &h = p->heap;
  Term rest = Term::nil(), list = s.list;
  int64_t rest_size = std::max<int64_t>(s.got - s.chunk, 0);
  if (rest_size > 0) {
    // The newest are kept for the next call: as they are the first time, turned around later (stock's order).
    std::vector<Term> kept;
    for (int64_t i = 0; i < rest_size; i++, list = list.tail()) kept.push_back(list.head());
    if (first) std::reverse(kept.begin(), kept.end());
    for (Term x : kept) rest = make_cons(h, x, rest);
  }
  if (rest_size > 0 || s.slot >= 0) {
    Term continuation = make_tuple(h, table_ref(p, t, s.tid), make_int(h, s.slot), make_int(h, s.chunk),
                                   program_ref(p, s.program, program), rest, make_int(h, rest_size));
    return make_tuple(h, list, continuation);
  }
  return list.is_nil() ? atoms::end_of_table : make_tuple(h, list, atoms::end_of_table);
}

// Runs a slice from s.slot. `first`: nothing has been answered to the caller yet from an earlier chunk.
Term hash_slice(Process *p, TableGuard &t, HashState &s, ets::MatchProgramRef *program, bool first,
                const SelectPlan *plan) {
  ets::HashStore::Traversal tr;
  tr.slot = s.slot;
  tr.limit = s.chunk;
  tr.got = s.got;
  tr.budget = kSelectBudget;
  if (plan && plan->only_keys) {
    tr.only_keys = true;
    tr.keys = plan->keys;
  }
  bool needed = tr.only_keys || (s.slot >= 0 && !(s.chunk && s.got >= s.chunk));
  if (needed) {
    SelectVisit v{p, program->value, SelectKind::List, t->shape.keypos, s.list, {}};
    bool exists = select_hash(t, tr, v);
    s.list = v.list;
    s.slot = tr.slot;
    s.got = tr.got;
    p->bump(kSelectBudget - tr.budget);
    if (!exists) {
      if (s.fixed) ets::unfix_table(p, t);
      return badarg(p);
    }
    if (s.slot >= 0 && !(s.chunk && s.got >= s.chunk)) { // out of budget
      if (!s.fixed && must_fix(p, t)) {
        ets::fix_table(p, t.get());
        s.fixed = true;
      }
      Heap &h = p->heap;
      Term state = make_tuple(h, table_ref(p, t, s.tid), make_int(h, s.slot), make_int(h, s.chunk),
                              program_ref(p, s.program, program), s.list, make_int(h, s.got), bool_term(s.fixed));
      return yield_to(p, more(), state);
    }
  }
  Term result = s.chunk ? hash_chunk(p, t, s, program, first) : s.list;
  if (s.fixed) ets::unfix_table(p, t);
  return result;
}

struct OrderedState {
  Term tid, last_key;
  Term end; // [] for none
  int64_t chunk;
  Term program;
  Term list; // newest first
  bool reverse;
  int64_t got;
};

Term reversed(Process *p, Term list) {
  Term r = Term::nil();
  int64_t n = 0;
  for (; list.is_cons(); list = list.tail(), n++) r = make_cons(p->heap, list.head(), r);
  p->bump(n / 10);
  return r;
}

Term ordered_slice(Process *p, TableGuard &t, OrderedState &s, ets::MatchProgramRef *program,
                   ets::OrderedStore::Traversal &tr) {
  // A list is built from its end: all at once goes backwards, chunks go forwards and are turned around.
  tr.backwards = s.reverse == (s.chunk != 0);
  tr.end = s.end.is_nil() ? Term::none() : s.end;
  tr.limit = s.chunk;
  tr.got = s.got;
  tr.budget = kSelectBudget;
  SelectVisit v{p, program->value, SelectKind::List, t->shape.keypos, s.list, {}};
  select_ordered(t, tr, v);
  p->bump(kSelectBudget - tr.budget);
  s.list = v.list;
  s.got = tr.got;
  bool chunk_full = s.chunk && s.got >= s.chunk;
  if (tr.ended) {
    if (!s.chunk) return s.list;
    return s.list.is_nil() ? atoms::end_of_table : make_tuple(p->heap, reversed(p, s.list), atoms::end_of_table);
  }
  Heap &h = p->heap;
  auto continuation = [&](Term list, int64_t got) {
    return make_tuple(h, table_ref(p, t, s.tid), ets::term_copy(tr.last_key.term(), h), s.end, make_int(h, s.chunk),
                      program_ref(p, s.program, program), list, Term::small(s.reverse), make_int(h, got));
  };
  if (chunk_full) return make_tuple(h, reversed(p, s.list), continuation(Term::nil(), 0));
  return yield_to(p, more(), continuation(s.list, s.got));
}

Term select(Process *p, TableGuard &t, Term tid, Term spec, int64_t chunk, bool reverse) {
  SelectPlan plan;
  if (!plan.make(p, t, spec, SelectKind::List)) return Term::none();
  if (t->hash()) {
    if (plan.impossible) return chunk ? atoms::end_of_table : Term::nil();
    HashState s{tid, 0, chunk, Term::none(), Term::nil(), 0, false};
    return hash_slice(p, t, s, plan.program, true, &plan);
  }
  if (plan.bound == ets::KeyBound::Impossible) return chunk ? atoms::end_of_table : Term::nil();
  OrderedState s{tid, Term::none(), Term::nil(), chunk, Term::none(), Term::nil(), reverse, 0};
  ets::OrderedStore::Traversal tr;
  bool backwards = reverse == (chunk != 0);
  if (plan.bound == ets::KeyBound::Bound) {
    tr.exactly = true;
    tr.start = plan.least;
  } else if (plan.bound == ets::KeyBound::Partial) {
    tr.start = backwards ? plan.most : plan.least;
    tr.start_partial = true;
    s.end = backwards ? plan.least : plan.most;
  }
  return ordered_slice(p, t, s, plan.program, tr);
}

bool hash_state(Term c, HashState *s) {
  if (!is_tuple_of(c, 6) && !is_tuple_of(c, 7)) return false;
  Term *e = tuple_elements(c);
  if (!e[1].is_small() || !e[2].is_small() || !e[4].is_list() || !e[5].is_small()) return false;
  *s = {e[0], e[1].small_value(), e[2].small_value(), e[3], e[4], e[5].small_value(), false};
  if (s->chunk < 0 || s->got < 0 || s->slot < -1) return false;
  if (is_tuple_of(c, 7)) return true;
  // From a caller: the list must be as long as it says, for it is cut by that number.
  int64_t n = 0;
  for (Term l = s->list; l.is_cons() && n <= s->got; l = l.tail()) n++;
  return n == s->got;
}

bool ordered_state(Term c, OrderedState *s) {
  if (!is_tuple_of(c, 8)) return false;
  Term *e = tuple_elements(c);
  if (!e[3].is_small() || !e[5].is_list() || !e[6].is_small() || !e[7].is_small()) return false;
  *s = {e[0], e[1], e[2], e[3].small_value(), e[4], e[5], e[6].small_value() != 0, e[7].small_value()};
  return s->chunk >= 0 && s->got >= 0;
}

// Goes on from a continuation. `fixed`: by an earlier slice of this call.
Term continue_select(Process *p, TableGuard &t, Term c, bool fixed) {
  if (t->hash()) {
    HashState s;
    if (!hash_state(c, &s)) return badarg(p);
    if (!magic_value<ets::MatchProgram>(s.program)) return badarg(p);
    s.fixed = fixed;
    return hash_slice(p, t, s, static_cast<ets::MatchProgramRef *>(magic_data(s.program)), false, nullptr);
  }
  OrderedState s;
  if (!ordered_state(c, &s) || !magic_value<ets::MatchProgram>(s.program)) return badarg(p);
  ets::OrderedStore::Traversal tr;
  tr.start = s.last_key;
  return ordered_slice(p, t, s, static_cast<ets::MatchProgramRef *>(magic_data(s.program)), tr);
}

Term select_more(Process *p, const Term *args) {
  Term c = args[0], *e = tuple_elements(c);
  Term cause;
  TableGuard t = ets::find_table(p, e[0], Access::Read, LockKind::Shared, &cause);
  if (!t) return ets_fail_as(p, Reason::Badarg, atoms::select, c);
  return continue_select(p, t, c, is_tuple_of(c, 7) && e[6] == atoms::true_);
}
const Export *more() {
  static const Export *k = bif_continuation("ets_select", 1, select_more);
  return k;
}

Term select_1(Process *p, Term c) {
  if (c == atoms::end_of_table) return c;
  if (!is_tuple(c) || tuple_arity(c) < 1) return badarg(p);
  TableGuard t = get_table(p, tuple_elements(c)[0], Access::Read, LockKind::Shared);
  if (!t) return Term::none();
  if (t->hash() && !is_tuple_of(c, 6)) return badarg(p);
  return continue_select(p, t, c, false);
}

Term select_2(Process *p, const Term *args, bool reverse) {
  TableGuard t = get_table(p, args[0], Access::Read, LockKind::Shared);
  return t ? select(p, t, args[0], args[1], 0, reverse) : Term::none();
}

Term select_3(Process *p, const Term *args, bool reverse) {
  TableGuard t = get_table(p, args[0], Access::Read, LockKind::Shared);
  if (!t) return Term::none();
  if (!args[2].is_small() || args[2].small_value() <= 0) return badarg(p);
  return select(p, t, args[0], args[1], args[2].small_value(), reverse);
}

// [{Pattern, [], [What]}]
Term pattern_spec(Process *p, Term pattern, Term what) {
  Heap &h = p->heap;
  return make_list(h, make_tuple(h, pattern, Term::nil(), make_list(h, what)));
}
Term match_2(Process *p, const Term *args, Term what) {
  Term a[] = {args[0], pattern_spec(p, args[1], what)};
  return select_2(p, a, false);
}
Term match_3(Process *p, const Term *args, Term what) {
  Term a[] = {args[0], pattern_spec(p, args[1], what), args[2]};
  return select_3(p, a, false);
}

} // namespace

Term ets_select_1(Process *p, const Term *args) { return select_1(p, args[0]); }
Term ets_select_2(Process *p, const Term *args) { return select_2(p, args, false); }
Term ets_select_3(Process *p, const Term *args) { return select_3(p, args, false); }
Term ets_select_reverse_1(Process *p, const Term *args) { return select_1(p, args[0]); }
Term ets_select_reverse_2(Process *p, const Term *args) { return select_2(p, args, true); }
Term ets_select_reverse_3(Process *p, const Term *args) { return select_3(p, args, true); }
Term ets_match_1(Process *p, const Term *args) { return select_1(p, args[0]); }
Term ets_match_2(Process *p, const Term *args) { return match_2(p, args, atoms::dollar_dollar); }
Term ets_match_3(Process *p, const Term *args) { return match_3(p, args, atoms::dollar_dollar); }
Term ets_match_object_1(Process *p, const Term *args) { return select_1(p, args[0]); }
Term ets_match_object_2(Process *p, const Term *args) { return match_2(p, args, atoms::dollar_underscore); }
Term ets_match_object_3(Process *p, const Term *args) { return match_3(p, args, atoms::dollar_underscore); }

} // namespace joist::bifs
