#include "runtime/term/number.h"
#include "runtime/term/bignum.h"

#include <cmath>

namespace joist::runtime {
using bignum::limbs;
using bignum::View;

namespace bignum {

Term finish(Heap &h, Word *box, Word n, bool negative) {
  Word *p = box + 1;
  while (n > 0 && p[n - 1] == 0) n--;
  if (n <= 1) {
    Word v = n ? p[0] : 0;
    if (v <= Word(kMaxSmall) || (negative && v == Word(kMaxSmall) + 1)) {
      h.trim(box);
      return Term::small(negative ? -int64_t(v) : int64_t(v));
    }
  }
  if (n > kMaxLimbs) {
    h.trim(box);
    return kTooBig;
  }
  *box = header(negative ? Kind::NegBig : Kind::PosBig, n);
  h.trim(p + n);
  return Term::boxed(box);
}

namespace {

Term add(Heap &h, const View &a, const View &b, bool negate_b) {
  bool b_negative = b.negative != negate_b;
  Word n = (a.n > b.n ? a.n : b.n) + 1;
  Word *box = begin(h, n);
  mp_limb_t *r = limbs(box + 1);
  const View &x = a.n >= b.n ? a : b, &y = a.n >= b.n ? b : a;
  if (a.negative == b_negative) {
    if (y.n == 0) {
      mpn_copyi(r, limbs(x.p), mp_size_t(x.n));
      r[x.n] = 0;
    } else {
      r[x.n] = mpn_add(r, limbs(x.p), mp_size_t(x.n), limbs(y.p), mp_size_t(y.n));
    }
    return finish(h, box, n, a.negative);
  }
  int c = compare_magnitudes(a.p, a.n, b.p, b.n);
  const View &big = c >= 0 ? a : b, &small = c >= 0 ? b : a;
  if (small.n == 0) mpn_copyi(r, limbs(big.p), mp_size_t(big.n));
  else mpn_sub(r, limbs(big.p), mp_size_t(big.n), limbs(small.p), mp_size_t(small.n));
  return finish(h, box, big.n, c >= 0 ? a.negative : b_negative);
}

Term multiply(Heap &h, const View &a, const View &b) {
  if (a.n == 0 || b.n == 0) return Term::small(0);
  if (a.n + b.n - 1 > kMaxLimbs) return kTooBig;
  Word *box = begin(h, a.n + b.n);
  mp_limb_t *r = limbs(box + 1);
  const View &x = a.n >= b.n ? a : b, &y = a.n >= b.n ? b : a;
  if (x.p == y.p && x.n == y.n) mpn_sqr(r, limbs(x.p), mp_size_t(x.n));
  else mpn_mul(r, limbs(x.p), mp_size_t(x.n), limbs(y.p), mp_size_t(y.n));
  return finish(h, box, a.n + b.n, a.negative != b.negative);
}

// Rounds towards zero; the remainder has the dividend's sign. b != 0.
Term divide(Heap &h, Term dividend, const View &a, const View &b, bool want_remainder) {
  if (compare_magnitudes(a.p, a.n, b.p, b.n) < 0) return want_remainder ? dividend : Term::small(0);
  Word qn = a.n - b.n + 1;
  if (want_remainder) {
    Word *box = begin(h, b.n);
    Scratch q(qn);
    mpn_tdiv_qr(limbs(q), limbs(box + 1), 0, limbs(a.p), mp_size_t(a.n), limbs(b.p), mp_size_t(b.n));
    return finish(h, box, b.n, a.negative);
  }
  Word *box = begin(h, qn);
  Scratch r(b.n);
  mpn_tdiv_qr(limbs(box + 1), limbs(r), 0, limbs(a.p), mp_size_t(a.n), limbs(b.p), mp_size_t(b.n));
  return finish(h, box, qn, a.negative != b.negative);
}

// a plus or minus one, by magnitude.
Term step_magnitude(Heap &h, const View &a, bool up, bool negative) {
  Word *box = begin(h, a.n + 1);
  mp_limb_t *r = limbs(box + 1);
  if (up) {
    r[a.n] = mpn_add_1(r, limbs(a.p), mp_size_t(a.n), 1);
  } else {
    mpn_sub_1(r, limbs(a.p), mp_size_t(a.n), 1);
    r[a.n] = 0;
  }
  return finish(h, box, a.n + 1, negative);
}

Term integers(Heap &h, ArithOp op, Term a, Term b) {
  switch (op) {
  case ArithOp::Add:
    if (Term::both_small(a, b)) return make_int(h, a.small_value() + b.small_value());
    return add(h, View(a), View(b), false);
  case ArithOp::Sub:
    if (Term::both_small(a, b)) return make_int(h, a.small_value() - b.small_value());
    return add(h, View(a), View(b), true);
  case ArithOp::Mul: {
    int64_t r;
    if (Term::both_small(a, b) && !__builtin_mul_overflow(a.small_value(), b.small_value(), &r)) return make_int(h, r);
    return multiply(h, View(a), View(b));
  }
  case ArithOp::IntDiv:
  case ArithOp::Rem: {
    bool rem = op == ArithOp::Rem;
    if (b == Term::small(0)) return Term::none();
    if (Term::both_small(a, b))
      return make_int(h, rem ? a.small_value() % b.small_value() : a.small_value() / b.small_value());
    return divide(h, a, View(a), View(b), rem);
  }
  case ArithOp::Bsl: return shift(h, a, b, true);
  case ArithOp::Bsr: return shift(h, a, b, false);
  default: return bitwise(h, op, a, b);
  }
}

} // namespace
} // namespace bignum

Term arith(Heap &h, ArithOp op, Term a, Term b) {
  if (op != ArithOp::Div && is_integer(a) && is_integer(b)) return bignum::integers(h, op, a, b);
  if (op > ArithOp::Div) return Term::none();
  double x, y;
  if (!to_double(a, &x) || !to_double(b, &y)) return Term::none();
  double r = op == ArithOp::Add ? x + y : op == ArithOp::Sub ? x - y : op == ArithOp::Mul ? x * y : x / y;
  return std::isfinite(r) ? make_float(h, r) : Term::none();
}

Term arith_neg(Heap &h, Term a) {
  if (a.is_small()) return make_int(h, -a.small_value());
  if (is_big(a)) return integer_from_limbs(h, big_limbs(a), big_size(a), !big_negative(a));
  if (is_float(a)) return make_float(h, -float_value(a));
  return Term::none();
}

Term arith_bnot(Heap &h, Term a) {
  if (a.is_small()) return Term::small(~a.small_value());
  if (!is_big(a)) return Term::none();
  View v(a);
  return bignum::step_magnitude(h, v, !v.negative, !v.negative);
}

Term arith_abs(Heap &h, Term a) {
  if (a.is_small()) return a.small_value() >= 0 ? a : make_int(h, -a.small_value());
  if (is_big(a)) return big_negative(a) ? integer_from_limbs(h, big_limbs(a), big_size(a), false) : a;
  if (is_float(a)) return float_value(a) < 0 ? make_float(h, -float_value(a)) : a; // -0.0 stays, as on stock
  return Term::none();
}

Term integer_from_limbs(Heap &h, const Word *p, Word n, bool negative) {
  while (n > 0 && p[n - 1] == 0) n--;
  if (n > bignum::kMaxLimbs) return kTooBig;
  Word *box = bignum::begin(h, n);
  std::copy_n(p, n, box + 1);
  return bignum::finish(h, box, n, negative);
}

int compare_integers(Term a, Term b) {
  if (Term::both_small(a, b)) return a.small_value() < b.small_value() ? -1 : a.small_value() > b.small_value();
  View x(a), y(b);
  if (x.negative != y.negative) return x.negative ? -1 : 1;
  int c = bignum::compare_magnitudes(x.p, x.n, y.p, y.n);
  return x.negative ? -c : c;
}

bool bits_used(Term t, Word *bits) {
  if (!is_integer(t)) return false;
  View v(t);
  *bits = v.n ? v.n * 64 - Word(std::countl_zero(v.p[v.n - 1])) : 0;
  return true;
}

} // namespace joist::runtime
