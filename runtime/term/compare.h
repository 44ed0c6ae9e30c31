// Erlang term order and equality (Reference Manual, "Term Comparisons").
#pragma once
#include "runtime/term/boxed.h"
namespace joist::runtime {
// Exact equality (=:=). 0.0 =:= -0.0 is true as in OTP 25.
bool eq_slow(Term a, Term b);
inline bool eq(Term a, Term b) {
  if (a == b) return true;
  if (a.is_small() || b.is_small() || (a.raw() & b.raw() & 7) == Word(Tag::Imm)) return false;
  return eq_slow(a, b);
}
// Standard order, <0, 0, >0; 1 == 1.0.
int compare_slow(Term a, Term b);
inline int compare(Term a, Term b) {
  if (Term::both_small(a, b)) return a.small_value() < b.small_value() ? -1 : a.small_value() > b.small_value();
  return compare_slow(a, b);
}
inline bool eq_numeric(Term a, Term b) { return a == b || compare(a, b) == 0; } // ==
// Order of map keys: like compare, but integers sort before floats and 1 /= 1.0 (exact); total over =:= classes.
int compare_exact(Term a, Term b);
} // namespace joist::runtime
