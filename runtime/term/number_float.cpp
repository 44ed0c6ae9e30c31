// Between integers and doubles.
#include "runtime/term/bignum.h"

#include <cmath>

namespace joist::runtime {
using bignum::View;

bool to_double(Term t, double *out) {
  if (t.is_small()) {
    *out = double(t.small_value());
    return true;
  }
  if (is_float(t)) {
    *out = float_value(t);
    return true;
  }
  if (!is_big(t)) return false;
  // Limb by limb, rounding at each step: the result, last bit included, is stock's.
  double d = 0;
  const Word *p = big_limbs(t);
  for (Word i = big_size(t); i-- > 0;) {
    d = d * 0x1p64 + double(p[i]);
    if (!std::isfinite(d)) return false;
  }
  *out = big_negative(t) ? -d : d;
  return true;
}

namespace {
// Limbs of the integral |d| >= 2^52.
constexpr Word kDoubleLimbs = 17;
Word magnitude_of(double d, Word *out) {
  uint64_t w = std::bit_cast<uint64_t>(d);
  Word mantissa = (w & 0xFFFFFFFFFFFFF) | Word{1} << 52;
  unsigned up = unsigned(w >> 52 & 0x7FF) - 1075;
  Word n = up / 64 + 2;
  std::fill_n(out, n, Word{0});
  out[up / 64] = mantissa << up % 64;
  if (up % 64) out[up / 64 + 1] = mantissa >> (64 - up % 64);
  while (out[n - 1] == 0) n--;
  return n;
}
} // namespace

Term float_to_integer(Heap &h, double d, Rounding r) {
  if (!std::isfinite(d)) return Term::none();
  switch (r) {
  case Rounding::Trunc: d = std::trunc(d); break;
  case Rounding::Round: d = std::round(d); break;
  case Rounding::Floor: d = std::floor(d); break;
  case Rounding::Ceil: d = std::ceil(d); break;
  }
  if (d > -0x1p62 && d < 0x1p62) return make_int(h, int64_t(d));
  Word p[kDoubleLimbs];
  return integer_from_limbs(h, p, magnitude_of(d, p), d < 0);
}

int compare_integer_float(Term t, double d) {
  if (std::isinf(d)) return d > 0 ? -1 : 1;
  if (t.is_small()) {
    int64_t v = t.small_value();
    if (d >= 0x1p61) return -1;
    if (d <= -0x1p61) return 1;
    int64_t whole = int64_t(d); // towards zero
    if (v != whole) return v < whole ? -1 : 1;
    double rest = d - double(whole);
    return rest > 0 ? -1 : rest < 0;
  }
  View v(t);
  int away = v.negative ? -1 : 1; // the result if the integer is farther from zero
  if (std::fabs(d) < 0x1p60 || (d < 0) != v.negative) return away;
  Word p[kDoubleLimbs];
  Word n = magnitude_of(d, p);
  return away * bignum::compare_magnitudes(v.p, v.n, p, n);
}

} // namespace joist::runtime
