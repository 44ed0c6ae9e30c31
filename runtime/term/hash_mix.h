// Bob Jenkins' 1996 mixing function and the hash of byte blocks built on it: the material of phash2 and internal_hash.
// The constants are part of what Erlang programs see (phash2), so they can never change.
#pragma once
#include <cstdint>
#include <cstring>

namespace joist::runtime::hash_mix {
// n times the golden ratio, mod 2^32: one additive constant per kind of term.
inline constexpr uint32_t golden(uint32_t n) { return 0x9e3779b9u * n; }
namespace salt {
inline constexpr uint32_t Plain = golden(1), Nil = golden(2), Atom = golden(3), Bytes = golden(4), Pid = golden(5),
                          Port = golden(6), Ref = golden(7), RefRest = golden(8), Tuple = golden(9),
                          Negative = golden(10), Positive = golden(11), Float = golden(12), Binary = golden(13),
                          Export = golden(14), TailBits = golden(15), Map = golden(16), Head = golden(17),
                          Tail = golden(18), MapEnd = golden(19), Fun = golden(20), FunId = golden(21),
                          Depth = golden(22);
} // namespace salt

// Never a call: the words would go through memory, and each mixing waits for the one before.
[[gnu::always_inline]] inline constexpr void mix(uint32_t &a, uint32_t &b, uint32_t &c) {
  a -= b, a -= c, a ^= c >> 13;
  b -= c, b -= a, b ^= a << 8;
  c -= a, c -= b, c ^= b >> 13;
  a -= b, a -= c, a ^= c >> 12;
  b -= c, b -= a, b ^= a << 16;
  c -= a, c -= b, c ^= b >> 5;
  a -= b, a -= c, a ^= c >> 3;
  b -= c, b -= a, b ^= a << 10;
  c -= a, c -= b, c ^= b >> 15;
}
// Hash of two words on top of h.
[[gnu::always_inline]] inline constexpr uint32_t two(uint32_t h, uint32_t x, uint32_t y, uint32_t salt) {
  uint32_t a = salt + x, b = salt + y;
  mix(a, b, h);
  return h;
}
[[gnu::always_inline]] inline constexpr uint32_t one(uint32_t h, uint32_t x, uint32_t salt) {
  return two(h, x, 0, salt);
}
[[gnu::always_inline]] inline uint32_t one64(uint32_t h, uint64_t x, uint32_t salt) {
  return two(h, uint32_t(x), uint32_t(x >> 32), salt);
}

inline uint32_t load32(const uint8_t *p) {
  uint32_t v;
  memcpy(&v, p, 4);
  return v; // little endian machines only
}
// n < 4 bytes, the missing ones zero.
[[gnu::always_inline]] inline uint32_t load_few(const uint8_t *p, uint64_t n) {
  if (n == 0) return 0;
  return p[0] | uint32_t(p[n >> 1]) << (n >> 1) * 8 | uint32_t(p[n - 1]) << (n - 1) * 8;
}
[[gnu::always_inline]] inline uint32_t block(const uint8_t *p, uint64_t n, uint32_t initial) {
  uint32_t a = golden(1), b = a, c = initial;
  uint64_t left = n;
  for (; left >= 12; p += 12, left -= 12) {
    a += load32(p), b += load32(p + 4), c += load32(p + 8);
    mix(a, b, c);
  }
  uint32_t last = load_few(p + (left & ~uint64_t{3}), left & 3);
  if (left >= 8) a += load32(p), b += load32(p + 4), c += last << 8; // low byte of c is the length's
  else if (left >= 4) a += load32(p), b += last;
  else a += last;
  c += uint32_t(n);
  mix(a, b, c);
  return c;
}
} // namespace joist::runtime::hash_mix
