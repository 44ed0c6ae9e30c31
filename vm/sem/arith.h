// Generic arithmetic: small integers with overflow checks, immediate floats. Everything else (bignums, boxed floats,
// mixed operands, errors) is the slow path: runtime/term/number.h.
#pragma once
#include "runtime/term/number.h"
#include "vm/sem/sem.h"

namespace joist::vm::sem {
template <ArithOp OP> SEM bool small_arith(Term a, Term b, Term &r) {
  int64_t v = 0;
  bool fail = false;
  auto x = int64_t(a.raw()), y = int64_t(b.raw());
  if constexpr (OP == ArithOp::Add) fail = __builtin_add_overflow(x, y, &v);
  else if constexpr (OP == ArithOp::Sub) fail = __builtin_sub_overflow(x, y, &v);
  else if constexpr (OP == ArithOp::Mul) fail = __builtin_mul_overflow(x, y >> kTagBits, &v);
  else if constexpr (OP == ArithOp::Band) v = x & y;
  else if constexpr (OP == ArithOp::Bor) v = x | y;
  else if constexpr (OP == ArithOp::Bxor) v = x ^ y;
  r = Term(Word(v));
  return LIKELY(!fail);
}
template <ArithOp OP> SEM bool float_arith(Term a, Term b, Term &r) {
  double x = a.immediate_float(), y = b.immediate_float(), z;
  if constexpr (OP == ArithOp::Add) z = x + y;
  else if constexpr (OP == ArithOp::Sub) z = x - y;
  else if constexpr (OP == ArithOp::Mul) z = x * y;
  else z = x / y; // division by zero gives an infinity or NaN: not immediate, so the slow path raises badarith
  r = Term::encode_float(z);
  return LIKELY(r.is_immediate_float());
}
// + - *
template <ArithOp OP> SEM bool arith(Term a, Term b, Term &r) {
  if (USUALLY(Term::both_small(a, b))) return small_arith<OP>(a, b, r);
  if (LIKELY(both_floats(a, b))) return float_arith<OP>(a, b, r);
  return false;
}
// band bor bxor
template <ArithOp OP> SEM bool bitwise(Term a, Term b, Term &r) {
  if (LIKELY(Term::both_small(a, b))) return small_arith<OP>(a, b, r);
  return false;
}
// '/'
SEM bool float_divide(Term a, Term b, Term &r) {
  if (LIKELY(both_floats(a, b))) return float_arith<ArithOp::Div>(a, b, r);
  if (LIKELY(Term::both_small(a, b) && b.raw() != 0)) {
    r = Term::encode_float(double(a.small_value()) / double(b.small_value()));
    // Integers beyond 53 bits are rounded as the slow path would: it converts each operand to a double as well.
    return LIKELY(r.is_immediate_float());
  }
  return false;
}
SEM bool int_div(Term a, Term b, Term &r) {
  if (!LIKELY(Term::both_small(a, b) && b.raw() != 0)) return false;
  int64_t q = int64_t(a.raw()) / int64_t(b.raw()); // the tags cancel
  r = Term(Word(q) << kTagBits);
  return LIKELY(Term::fits_small(q)); // kMinSmall div -1
}
SEM bool rem(Term a, Term b, Term &r) {
  if (!LIKELY(Term::both_small(a, b) && b.raw() != 0)) return false;
  if (!LIKELY(b.raw() != Term::small(-1).raw())) {
    r = Term::small(0);
    return true;
  }
  r = Term(Word(int64_t(a.raw()) % int64_t(b.raw())));
  return true;
}
SEM bool bsl(Term a, Term b, Term &r) {
  Word n = b.raw() >> kTagBits; // huge if negative
  if (!LIKELY(Term::both_small(a, b) && n < 60)) return false;
  int64_t v = int64_t(Word(a.raw()) << n);
  r = Term(Word(v));
  return LIKELY((v >> n) == int64_t(a.raw()));
}
SEM bool bsr(Term a, Term b, Term &r) {
  Word n = b.raw() >> kTagBits;
  if (!LIKELY(Term::both_small(a, b) && n < 61)) return false;
  r = Term(Word(int64_t(a.raw()) >> n) & ~kTagMask);
  return true;
}
SEM bool negate(Term a, Term &r) {
  if (LIKELY(a.is_small())) return small_arith<ArithOp::Sub>(Term::small(0), a, r);
  return false;
}
SEM bool absolute(Term a, Term &r) {
  if (USUALLY(a.is_small())) {
    int64_t v = int64_t(a.raw());
    r = Term(v < 0 ? -Word(v) : Word(v));
    return LIKELY(v != int64_t(Term::small(kMinSmall).raw()));
  }
  double d = a.immediate_float();
  r = Term::encode_float(d < 0 ? -d : d); // -0.0 stays
  return LIKELY(a.is_immediate_float());
}
SEM bool bnot(Term a, Term &r) {
  r = Term(~a.raw() & ~kTagMask);
  return LIKELY(a.is_small());
}

// --- float registers
SEM bool to_float(Term t, double &r) { // fconv
  if (USUALLY(t.is_small())) {
    r = double(t.small_value());
    return true;
  }
  r = t.immediate_float();
  return LIKELY(t.is_immediate_float());
}
SEM double float_of(Term t) { // t is known to be a float
  if (LIKELY(t.is_immediate_float())) return t.immediate_float();
  return std::bit_cast<double>(box(t)[1]);
}
template <ArithOp OP> SEM bool freg_arith(double a, double b, double &r) {
  if constexpr (OP == ArithOp::Add) r = a + b;
  else if constexpr (OP == ArithOp::Sub) r = a - b;
  else if constexpr (OP == ArithOp::Mul) r = a * b;
  else r = a / b;
  return LIKELY(__builtin_isfinite(r));
}
} // namespace joist::vm::sem
