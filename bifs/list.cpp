// Lists: length, reversing, appending, searching. Those that take long continue later with what is left to do as
// their arguments.
#include "bifs/list.h"
#include "bifs/bifs.h"
#include "bifs/fail_as.h"
#include "runtime/term/compare.h"

namespace joist::bifs {
namespace {

// Goes on with what lists:`function` has left. It has no name there: one call is seen in a trace however many slices it
// takes, and what is wrong with the rest is said of the function, called with the rest.
template <class... T> Term go_on(Process *p, Bif fn, Term function, T... rest) {
  Term args[] = {rest...}, r = fn(p, args);
  return r.is_none() && p->freason.reason == Reason::Badarg
             ? fail_in(p, Reason::Badarg, atoms::lists, function, rest...)
             : r;
}
const Export *member_more() {
  static const Export *k = bif_continuation("member", 2, [](Process *p, const Term *args) {
    return go_on(p, lists_member_2, atoms::member, args[0], args[1]);
  });
  return k;
}

// Cells that may be visited in this slice.
int64_t budget(Process *p, int64_t per_reduction) { return per_reduction * (p->reductions > 0 ? p->reductions : 1); }

// Terms that equal `key` (=:= or ==) only if they are the same word.
bool compares_as_word(Term key) { return key.is_atom() || key.is_nil() || key.is_local_pid() || key.is_local_port(); }

// Moves up to `max` cells of *list in reverse order before *tail. Tells how many.
int64_t reverse_some(Process *p, Term *list, Term *tail, int64_t max) {
  int64_t n = 0;
  for (Term l = *list; n < max && l.is_cons(); l = l.tail()) n++;
  if (n == 0) return 0;
  Word *cells = p->heap.alloc(2 * Word(n));
  Term l = *list, t = *tail;
  for (int64_t i = 0; i < n; i++, cells += 2) {
    cells[0] = l.head().raw();
    cells[1] = t.raw();
    t = Term::cons(cells);
    l = l.tail();
  }
  *list = l;
  *tail = t;
  return n;
}

// --- lhs ++ rhs. A list that is short enough for this slice is measured and copied at once. A longer one is reversed
// piece by piece, and then reversed back onto rhs.
constexpr int64_t kAppendPerReduction = 60, kReversePerReduction = 40;

// Arguments: rest of lhs, what is reversed of it, rhs; lhs and the function called, for the error.
Term append_long(Process *p, const Term *args) {
  static const Export *again = bif_continuation("append_long", 5, append_long);
  Term rest = args[0], reversed = args[1], rhs = args[2], lhs = args[3], function = args[4];
  reverse_some(p, &rest, &reversed, budget(p, kAppendPerReduction));
  if (rest.is_cons()) return yield_to(p, again, rest, reversed, rhs, lhs, function);
  if (!rest.is_nil()) return fail_as(p, Reason::Badarg, function, lhs, rhs);
  return yield_to(p, lists_reverse_more(), reversed, rhs);
}

Term append(Process *p, const Term *args, Term function) {
  Term lhs = args[0], rhs = args[1];
  if (lhs.is_nil()) return rhs; // whatever it is
  if (!lhs.is_cons()) return badarg(p);
  int64_t max = budget(p, kAppendPerReduction), n = 0;
  Term l = lhs;
  for (; n < max && l.is_cons(); l = l.tail()) n++;
  p->bump(n / kAppendPerReduction);
  if (l.is_cons()) {
    static const Export *long_way = bif_continuation("append_long", 5, append_long);
    return yield_to(p, long_way, lhs, Term::nil(), rhs, lhs, function);
  }
  if (!l.is_nil()) return badarg(p);
  if (rhs.is_nil()) return lhs;
  Word *cells = p->heap.alloc(2 * Word(n));
  Word *c = cells;
  for (l = lhs; l.is_cons(); l = l.tail(), c += 2) {
    c[0] = l.head().raw();
    c[1] = Term::cons(c + 2).raw();
  }
  c[-1] = rhs.raw();
  return Term::cons(cells);
}

// --- keyfind and its kin
constexpr int64_t kKeyfindPerReduction = 10;

enum class KeySearch : uint8_t { Found, Absent, BadList, Later, BadPosition };
// The first tuple whose element `position` == key. Later: *list is what remains.
KeySearch search_key(Process *p, Term key, Term position, Term *list, Term *tuple) {
  if (!position.is_small() || position.small_value() < 1) return KeySearch::BadPosition;
  Word i = Word(position.small_value());
  bool word = compares_as_word(key);
  int64_t max = budget(p, kKeyfindPerReduction), left = max;
  Term l = *list;
  for (; l.is_cons(); l = l.tail()) {
    if (--left < 0) {
      *list = l;
      return KeySearch::Later;
    }
    Term t = l.head();
    if (!is_tuple(t) || tuple_arity(t) < i) continue;
    Term e = tuple_elements(t)[i - 1];
    if (e == key || (!word && eq_numeric(e, key))) {
      p->bump((max - left) / kKeyfindPerReduction);
      *tuple = t;
      return KeySearch::Found;
    }
  }
  p->bump((max - left) / kKeyfindPerReduction);
  return l.is_nil() ? KeySearch::Absent : KeySearch::BadList;
}

} // namespace

Term erlang_hd_1(Process *p, const Term *args) { return args[0].is_cons() ? args[0].head() : badarg(p); }
Term erlang_tl_1(Process *p, const Term *args) { return args[0].is_cons() ? args[0].tail() : badarg(p); }

Term erlang_length_1(Process *p, const Term *args) {
  int64_t n = list_length(args[0]);
  if (n < 0) return badarg(p);
  p->bump(n / 1000);
  return Term::small(n);
}

Term erlang_op_append_2(Process *p, const Term *args) { return append(p, args, atoms::op_append); }
Term erlang_append_2(Process *p, const Term *args) { return append(p, args, atoms::append); }

const Export *lists_reverse_more() {
  static const Export *k = bif_continuation("reverse", 2, [](Process *p, const Term *args) {
    return go_on(p, lists_reverse_2, atoms::reverse, args[0], args[1]);
  });
  return k;
}

Term lists_reverse_2(Process *p, const Term *args) {
  Term list = args[0], tail = args[1];
  int64_t max = budget(p, kReversePerReduction);
  if (list.is_nil()) return tail;
  if (!list.is_cons()) return badarg(p);
  int64_t n = reverse_some(p, &list, &tail, max);
  if (list.is_cons()) return yield_to(p, lists_reverse_more(), list, tail);
  if (!list.is_nil()) return badarg(p);
  p->bump(n / kReversePerReduction);
  return tail;
}

Term lists_member_2(Process *p, const Term *args) {
  Term key = args[0], l = args[1];
  constexpr int64_t per_reduction = 16;
  int64_t max = budget(p, per_reduction), left = max;
  bool word = compares_as_word(key) || key.is_small();
  for (; l.is_cons(); l = l.tail()) {
    if (--left < 0) return yield_to(p, member_more(), key, l);
    Term e = l.head();
    if (e == key || (!word && eq(e, key))) {
      p->bump((max - left) / per_reduction);
      return atoms::true_;
    }
  }
  p->bump((max - left) / per_reduction);
  return l.is_nil() ? atoms::false_ : badarg(p);
}

Term lists_keyfind_3(Process *p, const Term *args) {
  Term list = args[2], tuple;
  switch (search_key(p, args[0], args[1], &list, &tuple)) {
  case KeySearch::Found: return tuple;
  case KeySearch::Absent: return atoms::false_;
  case KeySearch::Later: {
    static const Export *again = bif_continuation("keyfind", 3, [](Process *q, const Term *a) {
      return go_on(q, lists_keyfind_3, atoms::keyfind, a[0], a[1], a[2]);
    });
    return yield_to(p, again, args[0], args[1], list);
  }
  default: return badarg(p);
  }
}

Term lists_keymember_3(Process *p, const Term *args) {
  Term list = args[2], tuple;
  switch (search_key(p, args[0], args[1], &list, &tuple)) {
  case KeySearch::Found: return atoms::true_;
  case KeySearch::Absent: return atoms::false_;
  case KeySearch::Later: {
    static const Export *again = bif_continuation("keymember", 3, [](Process *q, const Term *a) {
      return go_on(q, lists_keymember_3, atoms::keymember, a[0], a[1], a[2]);
    });
    return yield_to(p, again, args[0], args[1], list);
  }
  default: return badarg(p);
  }
}

Term lists_keysearch_3(Process *p, const Term *args) {
  Term list = args[2], tuple;
  switch (search_key(p, args[0], args[1], &list, &tuple)) {
  case KeySearch::Found: return make_tuple(p->heap, atoms::value, tuple);
  case KeySearch::Absent: return atoms::false_;
  case KeySearch::Later: {
    static const Export *again = bif_continuation("keysearch", 3, [](Process *q, const Term *a) {
      return go_on(q, lists_keysearch_3, atoms::keysearch, a[0], a[1], a[2]);
    });
    return yield_to(p, again, args[0], args[1], list);
  }
  default: return badarg(p);
  }
}

} // namespace joist::bifs
