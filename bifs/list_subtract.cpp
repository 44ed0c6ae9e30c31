// erlang:'--'/2: removes from the left list, for each element of the right one, the first element that is =:= to it.
//
// If one list is short it is scanned for each element of the other; else the right list is sorted into a multiset.
// Work for more than one slice goes on in continuations. Between slices terms move, so that what is kept in C++ is
// positions in a tuple of the right list's elements, never terms.
#include "bifs/bifs.h"
#include "bifs/list.h"
#include "runtime/mem/magic.h"
#include "runtime/term/compare.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace joist::bifs {
namespace {

constexpr int64_t kFew = 16; // up to here a linear scan is faster than sorting
constexpr int64_t kStepsPerReduction = 16;

int64_t budget(Process *p) { return kStepsPerReduction * (p->reductions > 0 ? p->reductions : 1); }
int64_t elements(Term l, Term *out) {
  int64_t n = 0;
  for (; l.is_cons(); l = l.tail()) out[n++] = l.head();
  return n;
}
Term to_list(Heap &h, const Term *t, int64_t n) {
  Term l = Term::nil();
  while (n-- > 0) l = make_cons(h, t[n], l);
  return l;
}

// What one slice adds to the result: new cells, in order, that may still be changed.
class Piece {
public:
  explicit Piece(Heap &h) : heap_(h) {}
  void add(Term t) {
    Word *c = heap_.alloc(2);
    c[0] = t.raw();
    c[1] = Term::nil().raw();
    if (last_) last_[1] = Term::cons(c).raw();
    else first_ = c;
    last_ = c;
  }
  Term before(Term tail) {
    if (!last_) return tail;
    last_[1] = tail.raw();
    return Term::cons(first_);
  }
  // Turns the cells round, in place, onto what earlier slices left.
  Term reversed_onto(Term earlier) {
    for (Word *c = first_; c;) {
      Term next = Term(c[1]);
      c[1] = earlier.raw();
      earlier = Term::cons(c);
      c = next.is_cons() ? next.cell() : nullptr;
    }
    return earlier;
  }

private:
  Heap &heap_;
  Word *first_ = nullptr, *last_ = nullptr;
};
Term complete(Process *p, Term earlier, Piece &piece, Term rest) { // the rest of the left list is shared
  Term list = piece.before(rest);
  return earlier.is_nil() ? list : trap_to(p, lists_reverse_more(), earlier, list);
}

// Few elements on the left: strikes out of them what occurs on the right. Arguments: left, right.
Term strike(Process *p, const Term *args) {
  Term left[kFew], right = args[1];
  int64_t n = elements(args[0], left), max = budget(p), steps = 0;
  for (; right.is_cons() && n > 0; right = right.tail()) {
    if (steps > max) {
      static const Export *again = bif_continuation("subtract_strike", 2, strike);
      return yield_to(p, again, to_list(p->heap, left, n), right);
    }
    for (int64_t i = 0; i < n; i++) {
      if (!eq(right.head(), left[i])) continue;
      std::copy(left + i + 1, left + n, left + i);
      n--;
      break;
    }
    steps += n + 1;
  }
  p->bump(steps / kStepsPerReduction);
  return to_list(p->heap, left, n);
}

// Few elements on the right. Arguments: rest of left, right, result so far in reverse order.
Term few_on_the_right(Process *p, const Term *args) {
  Term left = args[0], right[kFew], earlier = args[2];
  Piece result(p->heap);
  int64_t n = elements(args[1], right), max = budget(p), steps = 0;
  for (; left.is_cons() && n > 0; left = left.tail()) {
    if (steps > max) {
      static const Export *again = bif_continuation("subtract_few", 3, few_on_the_right);
      return yield_to(p, again, left, to_list(p->heap, right, n), result.reversed_onto(earlier));
    }
    int64_t i = n - 1;
    while (i >= 0 && !eq(left.head(), right[i])) i--;
    if (i < 0) result.add(left.head());
    else right[i] = right[--n];
    steps += n + 1;
  }
  p->bump(steps / kStepsPerReduction);
  return complete(p, earlier, result, left);
}

// Positions of a tuple's elements in order, equal ones counted together; sorted in steps.
class Multiset {
public:
  explicit Multiset(Word n) : order_(n), merged_(n), left_(n) { std::iota(order_.begin(), order_.end(), 0u); }
  // Goes on sorting; true when done.
  bool build(const Term *t, int64_t *steps) {
    size_t n = order_.size();
    for (; width_ < n; width_ *= 2, from_ = at_ = a_ = 0, b_ = width_) {
      // Merges the runs of `width_` two by two.
      for (; from_ < n; from_ += 2 * width_, a_ = from_, b_ = from_ + width_) {
        size_t middle = std::min(from_ + width_, n), end = std::min(from_ + 2 * width_, n);
        for (; at_ < end; at_++) {
          if (--*steps < 0) return false;
          bool first = a_ < middle && (b_ >= end || compare_exact(t[order_[a_]], t[order_[b_]]) <= 0);
          merged_[at_] = order_[first ? a_++ : b_++];
        }
      }
      order_.swap(merged_);
    }
    if (count_.empty()) {
      merged_.clear();
      count_.reserve(n);
    }
    for (; counted_ < n; counted_++) {
      if (--*steps < 0) return false;
      if (!merged_.empty() && compare_exact(t[merged_.back()], t[order_[counted_]]) == 0) {
        count_.back()++;
      } else {
        merged_.push_back(order_[counted_]);
        count_.push_back(1);
      }
    }
    return true;
  }
  // Takes one element equal to x out, if there is one.
  bool take(const Term *t, Term x) {
    auto i = std::lower_bound(merged_.begin(), merged_.end(), x,
                              [t](uint32_t e, Term k) { return compare_exact(t[e], k) < 0; });
    if (i == merged_.end() || compare_exact(t[*i], x) != 0) return false;
    uint32_t &n = count_[size_t(i - merged_.begin())];
    if (n == 0) return false;
    n--, left_--;
    return true;
  }
  bool empty() const { return left_ == 0; }

private:
  std::vector<uint32_t> order_, merged_, count_; // once sorted, merged_ holds a position for each distinct element
  Word left_;
  size_t width_ = 1, from_ = 0, at_ = 0, a_ = 0, b_ = 1, counted_ = 0;
};

// Arguments: the multiset, the right list as a tuple, rest of left, result so far in reverse order.
Term by_multiset(Process *p, const Term *args) {
  Term state = args[0], tuple = args[1], left = args[2], earlier = args[3];
  Multiset *set = magic_value<Multiset>(state);
  const Term *right = tuple_elements(tuple);
  Piece result(p->heap);
  int64_t max = budget(p), steps = max;
  bool built = set->build(right, &steps);
  for (; !built || (left.is_cons() && !set->empty()); left = left.tail()) {
    if (!built || (steps -= 2) < 0) {
      static const Export *again = bif_continuation("subtract_multiset", 4, by_multiset);
      return yield_to(p, again, state, tuple, left, result.reversed_onto(earlier));
    }
    if (!set->take(right, left.head())) result.add(left.head());
  }
  p->bump((max - steps) / kStepsPerReduction);
  return complete(p, earlier, result, left);
}

Term subtract(Process *p, const Term *args) {
  int64_t n_left = list_length(args[0]), n_right = list_length(args[1]);
  if (n_left < 0 || n_right < 0) return badarg(p);
  p->bump((n_left + n_right) / 1000);
  if (n_left <= kFew) return strike(p, args);
  if (n_right <= kFew) {
    Term a[] = {args[0], args[1], Term::nil()};
    return few_on_the_right(p, a);
  }
  Word *tuple = p->heap.alloc(1 + Word(n_right));
  tuple[0] = header(Kind::Tuple, Word(n_right));
  elements(args[1], reinterpret_cast<Term *>(tuple + 1));
  BinData *set = magic_new<Multiset>(Word(n_right));
  Term a[] = {make_magic_ref(p->heap, set), Term::boxed(tuple), args[0], Term::nil()};
  bin_unref(set); // the reference keeps it
  return by_multiset(p, a);
}

} // namespace

Term erlang_op_subtract_2(Process *p, const Term *args) { return subtract(p, args); }
Term erlang_subtract_2(Process *p, const Term *args) { return subtract(p, args); }

} // namespace joist::bifs
