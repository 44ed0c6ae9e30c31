// Integers as infinite two's complement: bitwise operators, shifts, bytes.
#include "runtime/term/bignum.h"

namespace joist::runtime {
using bignum::limbs;
using bignum::View;

namespace {
// The limbs of a number's infinite two's complement, lowest first.
class Twos {
public:
  explicit Twos(const View &v) : v_(v), sign_(v.negative ? ~Word{0} : 0), carry_(v.negative) {}
  Word next() {
    Word limb = (i_ < v_.n ? v_.p[i_] : 0) ^ sign_;
    i_++;
    carry_ = __builtin_add_overflow(limb, carry_, &limb);
    return limb;
  }

private:
  const View &v_;
  Word sign_, carry_, i_ = 0;
};

template <class Combine> void each_limb(const View &x, const View &y, Word *r, Word n, Combine combine) {
  if (!x.negative && !y.negative) {
    const View &more = x.n > y.n ? x : y;
    const Word both = std::min({n, x.n, y.n});
    for (Word i = 0; i < both; i++) r[i] = combine(x.p[i], y.p[i]);
    for (Word i = both; i < n; i++) r[i] = combine(i < more.n ? more.p[i] : 0, Word{0});
    return;
  }
  Twos a(x), b(y);
  for (Word i = 0; i < n; i++) r[i] = combine(a.next(), b.next());
}
} // namespace

namespace bignum {

Term bitwise(Heap &h, ArithOp op, Term a, Term b) {
  if (Term::both_small(a, b)) {
    int64_t x = a.small_value(), y = b.small_value();
    return Term::small(op == ArithOp::Band ? x & y : op == ArithOp::Bor ? x | y : x ^ y);
  }
  View x(a), y(b);
  Word n = std::max(x.n, y.n) + 1; // the top one is all sign
  bool negative = x.negative != y.negative;
  if (op == ArithOp::Bor) negative = x.negative || y.negative;
  if (op == ArithOp::Band) { // one that is not negative has no ones beyond its limbs
    negative = x.negative && y.negative;
    if (!x.negative) n = x.n;
    if (!y.negative) n = std::min(n, y.n);
  }
  Word *box = begin(h, n), *r = box + 1;
  switch (op) {
  case ArithOp::Band: each_limb(x, y, r, n, [](Word p, Word q) { return p & q; }); break;
  case ArithOp::Bor: each_limb(x, y, r, n, [](Word p, Word q) { return p | q; }); break;
  default: each_limb(x, y, r, n, [](Word p, Word q) { return p ^ q; });
  }
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
