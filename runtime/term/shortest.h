// The shortest decimal that reads back as a given double (R. Giulietti, "The Schubfach way to render doubles"): among
// the shortest the closest to it.
#pragma once
#include <bit>
#include <cstdint>
#include <gmp.h>

namespace joist::runtime::shortest {

struct Decimal {
  uint64_t digits; // may end in zeroes
  int exponent;    // of ten
};

// The upper 128 bits of 10^k, rounded up, for all k that occur.
class PowersOfTen {
public:
  static constexpr int kMin = -292, kMax = 324;
  struct Power {
    uint64_t high, low;
  };
  PowersOfTen() {
    constexpr mp_size_t kLimbs = 20;
    mp_limb_t p[kLimbs] = {1}; // 10^m
    mp_size_t n = 1;
    for (int m = 0; m <= kMax; m++) {
      int bits = int(n) * 64 - std::countl_zero(uint64_t(p[n - 1]));
      at_[m - kMin] = top(p, n);
      if (m && m <= -kMin) { // 2^(127 + bits) / 10^m has 128 bits
        mp_limb_t dividend[kLimbs + 2] = {}, quotient[kLimbs + 2] = {}, rest[kLimbs] = {};
        mp_size_t size = (127 + bits) / 64 + 1;
        dividend[size - 1] = mp_limb_t{1} << (127 + bits) % 64;
        mpn_tdiv_qr(quotient, rest, 0, dividend, size, p, n);
        at_[-m - kMin] = {quotient[1], quotient[0]};
        round_up(at_[-m - kMin]); // no power of ten but the first divides one of two
      }
      if (mp_limb_t carry = mpn_mul_1(p, p, n, 10)) p[n++] = carry;
    }
  }
  const Power &operator[](int k) const { return at_[k - kMin]; }

private:
  static void round_up(Power &g) {
    if (++g.low == 0) g.high++;
  }
  static Power top(const mp_limb_t *p, mp_size_t n) {
    mp_limb_t wide[24] = {}; // two limbs more, so that there always are 128 bits
    mpn_copyi(wide + 2, p, n);
    n += 2;
    if (int shift = std::countl_zero(uint64_t(wide[n - 1]))) mpn_lshift(wide, wide, n, unsigned(shift));
    Power g{wide[n - 1], wide[n - 2]};
    for (mp_size_t i = 0; i < n - 2; i++)
      if (wide[i]) {
        round_up(g);
        break;
      }
    return g;
  }
  Power at_[kMax - kMin + 1];
};

// Upper 64 bits of g * c / 2^64; the lowest one is set where what is cut off is not zero.
inline uint64_t round_to_odd(const PowersOfTen::Power &g, uint64_t c) {
  auto x = static_cast<unsigned __int128>(g.low) * c;
  auto y = static_cast<unsigned __int128>(g.high) * c + uint64_t(x >> 64);
  return uint64_t(y >> 64) | (uint64_t(y) > 1);
}

// d: positive and finite.
inline Decimal decimal_of(double d) {
  static const PowersOfTen powers;
  constexpr int kBias = 1075;
  auto bits = std::bit_cast<uint64_t>(d);
  uint64_t fraction = bits & ((uint64_t{1} << 52) - 1), c = fraction;
  int exponent = int(bits >> 52), q = 1 - kBias;
  if (exponent) {
    c |= uint64_t{1} << 52;
    q = exponent - kBias;
    if (q <= 0 && q > -53 && (c & ((uint64_t{1} << -q) - 1)) == 0) return {c >> -q, 0}; // an integer
  }
  bool open = c & 1;                           // the ends of the interval do not read back
  bool closer = fraction == 0 && exponent > 1; // the number below is half as far away
  int k = (q * 1262611 - (closer ? 524031 : 0)) >> 22;
  int h = q + ((-k * 1741647) >> 19) + 1;
  const auto &g = powers[-k];
  uint64_t lower = round_to_odd(g, (4 * c - 2 + closer) << h) + open;
  uint64_t v = round_to_odd(g, 4 * c << h);
  uint64_t upper = round_to_odd(g, (4 * c + 2) << h) - open;
  uint64_t s = v / 4;
  if (s >= 10) { // one digit less
    uint64_t t = s / 10;
    bool below = lower <= 40 * t, above = 40 * t + 40 <= upper;
    if (below != above) return {t + above, k + 1};
  }
  bool below = lower <= 4 * s, above = 4 * s + 4 <= upper;
  if (below != above) return {s + above, k};
  uint64_t middle = 4 * s + 2;
  return {s + (v > middle || (v == middle && (s & 1))), k};
}
} // namespace joist::runtime::shortest
