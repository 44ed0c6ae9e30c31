// Integers as infinite two's complement: bitwise operators, shifts, bytes.
#include "runtime/term/bignum.h"

namespace joist::runtime {
using bignum::limbs;
using bignum::View;

namespace {
// n limbs of two's complement; n > v.n, so that the top one is all sign.
void to_twos(const View &v, Word *out, Word n) {
  std::copy_n(v.p, v.n, out);
  std::fill(out + v.n, out + n, Word{0});
  if (v.negative) mpn_neg(limbs(out), limbs(out), mp_size_t(n));
}
} // namespace

namespace bignum {

Term bitwise(Heap &h, ArithOp op, Term a, Term b) {
  if (Term::both_small(a, b)) {
    int64_t x = a.small_value(), y = b.small_value();
    return Term::small(op == ArithOp::Band ? x & y : op == ArithOp::Bor ? x | y : x ^ y);
  }
  View x(a), y(b);
  Word n = (x.n > y.n ? x.n : y.n) + 1;
  Word *box = begin(h, n), *r = box + 1;
  Scratch t(n);
  to_twos(x, r, n);
  to_twos(y, t, n);
  switch (op) {
  case ArithOp::Band:
    for (Word i = 0; i < n; i++) r[i] &= t[i];
    break;
  case ArithOp::Bor:
    for (Word i = 0; i < n; i++) r[i] |= t[i];
    break;
  default:
    for (Word i = 0; i < n; i++) r[i] ^= t[i];
  }
  bool negative = r[n - 1] >> 63;
  if (negative) mpn_neg(limbs(r), limbs(r), mp_size_t(n));
  return finish(h, box, n, negative);
}

namespace {
Term shift_left(Heap &h, Term a, Word by) {
  View v(a);
  Word whole = by / 64, bits = by % 64;
  if (v.n + whole > kMaxLimbs + 1) return kTooBig;
  Word n = v.n + whole + 1;
  Word *box = begin(h, n), *r = box + 1;
  std::fill_n(r, whole, Word{0});
  if (bits) {
    r[n - 1] = mpn_lshift(limbs(r + whole), limbs(v.p), mp_size_t(v.n), unsigned(bits));
  } else {
    std::copy_n(v.p, v.n, r + whole);
    r[n - 1] = 0;
  }
  return finish(h, box, n, v.negative);
}

// Rounds towards minus infinity.
Term shift_right(Heap &h, Term a, Word by) {
  View v(a);
  Word whole = by / 64, bits = by % 64;
  if (whole >= v.n) return Term::small(v.negative ? -1 : 0);
  Word n = v.n - whole;
  bool lost = false;
  if (v.negative) {
    for (Word i = 0; i < whole && !lost; i++) lost = v.p[i] != 0;
    if (bits) lost |= (v.p[whole] & ((Word{1} << bits) - 1)) != 0;
  }
  Word *box = begin(h, n + 1), *r = box + 1;
  if (bits) mpn_rshift(limbs(r), limbs(v.p + whole), mp_size_t(n), unsigned(bits));
  else std::copy_n(v.p + whole, n, r);
  r[n] = lost ? mpn_add_1(limbs(r), limbs(r), mp_size_t(n), 1) : 0;
  return finish(h, box, n + 1, v.negative);
}
} // namespace

Term shift(Heap &h, Term a, Term by, bool left) {
  if (a == Term::small(0)) return a;
  bool by_negative = by.is_small() ? by.small_value() < 0 : big_negative(by);
  if (by_negative) left = !left;
  // A count that is a bignum is as good as infinite.
  Word n = by.is_small() ? Word(by_negative ? -by.small_value() : by.small_value()) : ~Word{0} >> 1;
  if (n == 0) return a;
  if (a.is_small()) {
    int64_t v = a.small_value();
    if (!left) return Term::small(n > 62 ? (v < 0 ? -1 : 0) : v >> n);
    if (n < 60 && v >= kMinSmall >> n && v <= kMaxSmall >> n) return Term::small(v << n);
  }
  return left ? shift_left(h, a, n) : shift_right(h, a, n);
}

} // namespace bignum

Term integer_from_bytes(Heap &h, const uint8_t *bytes, Word n, bool big_endian, bool is_signed) {
  if (n == 0) return Term::small(0);
  bool negative = is_signed && (big_endian ? bytes[0] : bytes[n - 1]) >> 7;
  if (n <= 8) {
    Word v = negative ? ~Word{0} : 0;
    for (Word i = 0; i < n; i++) v = v << 8 | bytes[big_endian ? i : n - 1 - i];
    return negative ? make_int(h, int64_t(v)) : make_uint(h, v);
  }
  Word count = (n + 7) / 8;
  Word *box = bignum::begin(h, count), *r = box + 1;
  r[count - 1] = negative ? ~Word{0} : 0; // the top limb may be filled in part only
  auto *out = reinterpret_cast<uint8_t *>(r);
  if (big_endian)
    for (Word i = 0; i < n; i++) out[i] = bytes[n - 1 - i];
  else memcpy(out, bytes, n);
  if (negative) mpn_neg(limbs(r), limbs(r), mp_size_t(count));
  return bignum::finish(h, box, count, negative);
}

void integer_to_bytes(Term integer, uint8_t *out, Word n, bool big_endian) {
  View v(integer);
  // Magnitude bytes, complemented and incremented on the way if negative.
  auto *p = reinterpret_cast<const uint8_t *>(v.p);
  Word have = v.n * 8;
  unsigned carry = v.negative;
  for (Word i = 0; i < n; i++) {
    unsigned b = i < have ? p[i] : 0;
    if (v.negative) {
      b = (~b & 0xFF) + carry;
      carry = b >> 8;
    }
    out[big_endian ? n - 1 - i : i] = uint8_t(b);
  }
}

} // namespace joist::runtime
