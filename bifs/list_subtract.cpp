// erlang:'--'/2: removes from the left list, for each element of the right one, the first element that is =:= to it.
#include "bifs/bifs.h"
#include "runtime/term/compare.h"

#include <algorithm>
#include <vector>

namespace joist::bifs {
namespace {

constexpr int64_t kFew = 16; // up to here a linear scan is faster than sorting

// Builds the result in order. The list stays open at its end until finish.
class Result {
public:
  explicit Result(Heap &h) : heap_(h) {}
  void add(Term t) {
    Word *c = heap_.alloc(2);
    c[0] = t.raw();
    if (last_) last_[1] = Term::cons(c).raw();
    else first_ = Term::cons(c);
    last_ = c;
  }
  Term finish(Term tail) {
    if (!last_) return tail;
    last_[1] = tail.raw();
    return first_;
  }

private:
  Heap &heap_;
  Term first_;
  Word *last_ = nullptr;
};

// Few elements on the left: strike out of them what occurs on the right.
Term strike(Process *p, Term lhs, Term rhs) {
  Term left[kFew];
  int64_t n = 0;
  for (Term l = lhs; l.is_cons(); l = l.tail()) left[n++] = l.head();
  for (Term r = rhs; r.is_cons() && n > 0; r = r.tail()) {
    for (int64_t i = 0; i < n; i++) {
      if (!eq(r.head(), left[i])) continue;
      std::copy(left + i + 1, left + n, left + i);
      n--;
      break;
    }
  }
  Term result = Term::nil();
  while (n-- > 0) result = make_cons(p->heap, left[n], result);
  return result;
}

Term few_on_the_right(Process *p, Term lhs, Term rhs) {
  Term right[kFew];
  int64_t n = 0;
  for (Term r = rhs; r.is_cons(); r = r.tail()) right[n++] = r.head();
  Result result(p->heap);
  Term l = lhs;
  for (; l.is_cons() && n > 0; l = l.tail()) {
    int64_t i = n - 1;
    while (i >= 0 && !eq(l.head(), right[i])) i--;
    if (i < 0) result.add(l.head());
    else right[i] = right[--n];
  }
  return result.finish(l); // the rest is shared
}

// Many on both sides: a sorted multiset of the right list.
Term by_multiset(Process *p, Term lhs, Term rhs, int64_t n) {
  struct Entry {
    Term key;
    int64_t count;
  };
  std::vector<Term> sorted;
  sorted.reserve(size_t(n));
  for (Term r = rhs; r.is_cons(); r = r.tail()) sorted.push_back(r.head());
  std::sort(sorted.begin(), sorted.end(), [](Term a, Term b) { return compare_exact(a, b) < 0; });
  std::vector<Entry> set;
  for (Term t : sorted) {
    if (!set.empty() && compare_exact(set.back().key, t) == 0) set.back().count++;
    else set.push_back({t, 1});
  }
  Result result(p->heap);
  Term l = lhs;
  for (; l.is_cons() && n > 0; l = l.tail()) {
    Term t = l.head();
    auto at = std::lower_bound(set.begin(), set.end(), t, [](const Entry &e, Term k) { return compare_exact(e.key, k) < 0; });
    if (at == set.end() || at->count == 0 || compare_exact(at->key, t) != 0) {
      result.add(t);
    } else {
      at->count--;
      n--;
    }
  }
  return result.finish(l);
}

Term subtract(Process *p, const Term *args) {
  int64_t left = list_length(args[0]), right = list_length(args[1]);
  if (left < 0 || right < 0) return badarg(p);
  p->bump((left + right) / 16);
  if (left <= kFew) return strike(p, args[0], args[1]);
  if (right <= kFew) return few_on_the_right(p, args[0], args[1]);
  return by_multiset(p, args[0], args[1], right);
}

} // namespace

Term erlang_op_subtract_2(Process *p, const Term *args) { return subtract(p, args); }
Term erlang_subtract_2(Process *p, const Term *args) { return subtract(p, args); }

} // namespace joist::bifs
