#include "runtime/term/bits.h"

#include <cstring>

namespace joist::runtime {
namespace {

uint64_t load_be64(const uint8_t *p) {
  uint64_t v;
  memcpy(&v, p, 8);
  return __builtin_bswap64(v);
}
void store_be64(uint8_t *p, uint64_t v) {
  v = __builtin_bswap64(v);
  memcpy(p, &v, 8);
}
uint64_t low_mask(unsigned n) { return n >= 64 ? ~uint64_t{0} : (uint64_t{1} << n) - 1; }

// Up to 8 bits within one or two bytes.
void write_few(uint8_t *p, unsigned bit, unsigned n, uint8_t value) {
  if (n == 0) return;
  unsigned room = 8 - bit;
  if (n <= room) {
    unsigned shift = room - n;
    uint8_t mask = uint8_t(low_mask(n) << shift);
    *p = uint8_t((*p & ~mask) | (uint8_t(value << shift) & mask));
    return;
  }
  write_few(p, bit, room, uint8_t(value >> (n - room)));
  write_few(p + 1, 0, n - room, value);
}

} // namespace

uint64_t read_bits(const uint8_t *p, Word bit, unsigned n) {
  if (n == 0) return 0;
  p += bit >> 3;
  unsigned off = bit & 7, end = off + n, bytes = (end + 7) / 8;
  if (bytes == 9) {
    uint64_t high = load_be64(p) << off;
    return (high | p[8] >> (8 - off)) >> (64 - n);
  }
  uint64_t v = 0;
  if (bytes == 8) {
    v = load_be64(p);
  } else {
    for (unsigned i = 0; i < bytes; i++) v = v << 8 | p[i];
  }
  return v >> (bytes * 8 - end) & low_mask(n);
}

void write_bits(uint8_t *p, Word bit, unsigned n, uint64_t value) {
  p += bit >> 3;
  unsigned off = bit & 7;
  if (off) {
    unsigned first = n < 8 - off ? n : 8 - off;
    write_few(p, off, first, uint8_t(value >> (n - first)));
    n -= first;
    p++;
  }
  while (n >= 8) {
    n -= 8;
    *p++ = uint8_t(value >> n);
  }
  write_few(p, 0, n, uint8_t(value));
}

void copy_bits(const uint8_t *src, Word src_bit, uint8_t *dst, Word dst_bit, Word bits) {
  if (bits == 0) return;
  src += src_bit >> 3;
  dst += dst_bit >> 3;
  unsigned s = src_bit & 7, d = dst_bit & 7;
  if (d) { // bring the destination to a byte boundary
    unsigned first = bits < 8 - d ? unsigned(bits) : 8 - d;
    write_few(dst, d, first, uint8_t(read_bits(src, s, first)));
    bits -= first;
    s += first;
    src += s >> 3;
    s &= 7;
    dst++;
  }
  Word bytes = bits >> 3;
  if (s == 0) {
    memcpy(dst, src, bytes);
    src += bytes;
    dst += bytes;
  } else {
    // Each destination byte needs the source byte after it, too, so nine bytes are there for every eight.
    for (; bytes >= 8; bytes -= 8, src += 8, dst += 8) store_be64(dst, load_be64(src) << s | src[8] >> (8 - s));
    for (; bytes; bytes--, src++, dst++) *dst = uint8_t(src[0] << s | src[1] >> (8 - s));
  }
  unsigned rest = bits & 7;
  if (rest) write_few(dst, 0, rest, uint8_t(read_bits(src, s, rest)));
}

int compare_bits(const BitView &a, const BitView &b) {
  Word n = a.bits < b.bits ? a.bits : b.bits, at = 0;
  if (a.aligned() && b.aligned()) {
    int c = memcmp(a.bytes, b.bytes, n / 8);
    if (c) return c < 0 ? -1 : 1;
    at = n & ~Word{7};
  }
  while (at < n) {
    unsigned k = n - at < 64 ? unsigned(n - at) : 64;
    uint64_t x = read_bits(a.bytes, a.bit_offset + at, k), y = read_bits(b.bytes, b.bit_offset + at, k);
    if (x != y) return x < y ? -1 : 1;
    at += k;
  }
  return a.bits < b.bits ? -1 : a.bits > b.bits;
}

bool equal_bits(const BitView &a, const BitView &b) { return a.bits == b.bits && compare_bits(a, b) == 0; }

double half_to_double(uint16_t half) {
  uint64_t sign = uint64_t(half >> 15) << 63, exponent = half >> 10 & 31, fraction = half & 1023;
  if (exponent == 0) { // zero and subnormals
    double d = double(fraction) * 0x1p-24;
    return sign ? -d : d;
  }
  uint64_t e = exponent == 31 ? 0x7FF : exponent + 1023 - 15;
  return std::bit_cast<double>(sign | e << 52 | fraction << 42);
}

uint16_t double_to_half(double d) {
  uint64_t w = std::bit_cast<uint64_t>(d), fraction = w & ((uint64_t{1} << 52) - 1);
  uint16_t sign = uint16_t(w >> 48 & 0x8000);
  int e = int(w >> 52 & 0x7FF);
  if (e == 0x7FF) return uint16_t(sign | 0x7C00 | (fraction ? 0x200 : 0));
  e -= 1023;
  if (e < -25) return sign;
  if (e > 15) return sign | 0x7C00;
  uint64_t m = fraction | uint64_t{1} << 52; // value = m * 2^(e-52)
  int drop = e >= -14 ? 42 : 42 + (-14 - e); // bits below the last kept one
  uint64_t kept = m >> drop, rest = m & ((uint64_t{1} << drop) - 1), half = uint64_t{1} << (drop - 1);
  if (rest > half || (rest == half && (kept & 1))) kept++;
  // `kept` includes the hidden bit of normal numbers; a carry moves on into the exponent as it must.
  uint64_t biased = e >= -14 ? uint64_t(e + 15 - 1) << 10 : 0;
  return uint16_t(sign | (biased + kept));
}

} // namespace joist::runtime
