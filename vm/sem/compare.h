// Comparisons. The truth value comes in `r`; false as result means "not decided here" (slow: term/compare.h).
#pragma once
#include "vm/sem/sem.h"

namespace joist::vm::sem {
SEM bool is_lt(Term a, Term b, bool &r) {
  if (USUALLY(Term::both_small(a, b))) {
    r = int64_t(a.raw()) < int64_t(b.raw());
    return true;
  }
  if (LIKELY(both_floats(a, b))) {
    r = a.immediate_float() < b.immediate_float();
    return true;
  }
  return false;
}
SEM bool is_imm_tag(Term t) { return (t.raw() & kTagMask) == kImmTag; }
// =:=. Different words are different values unless both are pointers, or both floats (0.0 =:= -0.0).
SEM bool is_eq_exact(Term a, Term b, bool &r) {
  r = a == b;
  return LIKELY(a == b || a.is_small() || b.is_small() || is_imm_tag(a) || is_imm_tag(b));
}
// ==. As above, but numbers of different kinds may be equal.
SEM bool is_eq(Term a, Term b, bool &r) {
  r = a == b;
  return LIKELY(a == b || Term::both_small(a, b) || is_imm_tag(a) || is_imm_tag(b));
}
} // namespace joist::vm::sem
