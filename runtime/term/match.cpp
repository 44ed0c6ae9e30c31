// Integer, float and utf segments of the bit syntax: matching and construction (Reference Manual, "Bit Syntax").
// A segment of n bits that is not whole bytes and little-endian has its whole bytes first, least significant byte
// first, and the n mod 8 most significant bits of the value last.
#include "runtime/term/bignum.h"
#include "runtime/term/binary.h"
#include "runtime/term/number.h"

#include <cmath>

namespace joist::runtime {
namespace {

bool is_little(unsigned flags) { return flags & (kBsLittle | kBsNative); } // native is little: x86-64

// Both directions between a value and its little-endian segment read most significant bit first; n <= 64.
uint64_t swap_in(uint64_t segment, unsigned n) {
  unsigned whole = n / 8, rest = n % 8;
  uint64_t v = 0;
  for (unsigned i = 0; i < whole; i++) v |= (segment >> (n - 8 * (i + 1)) & 0xFF) << 8 * i;
  return rest ? v | (segment & ((1u << rest) - 1)) << 8 * whole : v;
}
uint64_t swap_out(uint64_t value, unsigned n) {
  unsigned whole = n / 8, rest = n % 8;
  uint64_t s = 0;
  for (unsigned i = 0; i < whole; i++) s = s << 8 | (value >> 8 * i & 0xFF);
  return rest ? s << rest | (value >> 8 * whole & ((1u << rest) - 1)) : s;
}

// Memory for a segment on its way; on the stack where small.
struct SegmentBuffer {
  uint8_t small[256];
  ByteScratch large;
  uint8_t *of(Word n) { return n <= sizeof small ? small : large.reserve(n); }
};

// Is that more than any integer has, leading bytes that only tell the sign apart?
bool beyond_integers(const uint8_t *bytes, Word n, bool little, bool is_signed) {
  constexpr Word kMost = bignum::kMaxLimbs * sizeof(Word);
  if (n <= kMost) return false;
  auto from_top = [&](Word i) { return bytes[little ? n - 1 - i : i]; };
  const uint8_t fill = is_signed && from_top(0) >> 7 ? 0xff : 0;
  for (Word i = 0; i < n - kMost; i++)
    if (from_top(i) != fill) return true;
  return false;
}
} // namespace

Term match_integer(Heap &h, MatchCtxObj *ctx, Word bits, unsigned flags) {
  if (bits > ctx->end - ctx->position) return Term::none();
  Word at = ctx->position;
  ctx->position += bits;
  if (bits == 0) return Term::small(0);
  bool little = is_little(flags), is_signed = flags & kBsSigned;
  if (bits <= 64) {
    uint64_t v = read_bits(ctx->base, at, unsigned(bits));
    if (little) v = swap_in(v, unsigned(bits));
    if (!is_signed) return make_uint(h, v);
    unsigned up = 64 - unsigned(bits);
    return make_int(h, int64_t(v << up) >> up);
  }
  Word n = (bits + 7) / 8;
  unsigned rest = bits & 7;
  auto made = [&](const uint8_t *bytes) {
    if (!beyond_integers(bytes, n, little, is_signed)) return integer_from_bytes(h, bytes, n, !little, is_signed);
    ctx->position = at;
    return Term::none();
  };
  if (rest == 0 && (at & 7) == 0) return made(ctx->base + at / 8);
  SegmentBuffer memory;
  uint8_t *buffer = memory.of(n);
  uint8_t *top; // byte with the most significant bits
  if (little) {
    top = buffer + n - 1;
    *top = 0;
    copy_bits(ctx->base, at, buffer, 0, bits);
    if (rest) *top >>= 8 - rest;
  } else {
    top = buffer;
    *top = 0;
    copy_bits(ctx->base, at, buffer, n * 8 - bits, bits);
  }
  if (rest && is_signed && *top >> (rest - 1) & 1) *top |= uint8_t(0xFF << rest);
  return made(buffer);
}

bool put_integer(uint8_t *out, Word bit, Word bits, Term integer, unsigned flags) {
  if (!is_integer(integer)) return false;
  if (bits == 0) return true;
  bool little = is_little(flags);
  if (integer.is_small()) {
    int64_t v = integer.small_value();
    if (bits <= 64) {
      uint64_t u = uint64_t(v);
      write_bits(out, bit, unsigned(bits), little ? swap_out(u, unsigned(bits)) : u);
      return true;
    }
  }
  Word n = (bits + 7) / 8;
  unsigned rest = bits & 7;
  if (rest == 0 && (bit & 7) == 0) {
    integer_to_bytes(integer, out + bit / 8, n, !little);
    return true;
  }
  SegmentBuffer memory;
  uint8_t *buffer = memory.of(n);
  integer_to_bytes(integer, buffer, n, !little);
  if (little) {
    if (rest) buffer[n - 1] = uint8_t(buffer[n - 1] << (8 - rest));
    copy_bits(buffer, 0, out, bit, bits);
  } else {
    copy_bits(buffer, n * 8 - bits, out, bit, bits);
  }
  return true;
}

Term match_float(Heap &h, MatchCtxObj *ctx, Word bits, unsigned flags) {
  if (bits == 0) return make_float(h, 0.0); // as stock
  if (bits > ctx->end - ctx->position) return Term::none();
  if (bits != 16 && bits != 32 && bits != 64) return Term::none();
  uint64_t v = read_bits(ctx->base, ctx->position, unsigned(bits));
  if (is_little(flags)) v = swap_in(v, unsigned(bits));
  double d = bits == 64   ? std::bit_cast<double>(v)
             : bits == 32 ? double(std::bit_cast<float>(uint32_t(v)))
                          : half_to_double(uint16_t(v));
  if (!std::isfinite(d)) return Term::none();
  ctx->position += bits;
  return make_float(h, d);
}

bool put_float(uint8_t *out, Word bit, Word bits, Term number, unsigned flags) {
  double d;
  if (!to_double(number, &d)) return false;
  uint64_t v;
  switch (bits) {
  case 64: v = std::bit_cast<uint64_t>(d); break;
  case 32: v = std::bit_cast<uint32_t>(float(d)); break; // too large becomes infinity, as stock
  case 16: v = double_to_half(d); break;
  default: return false;
  }
  write_bits(out, bit, unsigned(bits), is_little(flags) ? swap_out(v, unsigned(bits)) : v);
  return true;
}

Term match_utf8(MatchCtxObj *ctx) {
  Word left = (ctx->end - ctx->position) / 8, n = std::min<Word>(left, 4);
  uint8_t bytes[4];
  const uint8_t *p = ctx->base + ctx->position / 8;
  if (ctx->position & 7) {
    copy_bits(ctx->base, ctx->position, bytes, 0, n * 8);
    p = bytes;
  }
  uint32_t c;
  int used = utf8_decode(p, n, &c);
  if (used <= 0) return Term::none();
  ctx->position += 8 * unsigned(used);
  return Term::small(c);
}

Term match_utf16(MatchCtxObj *ctx, unsigned flags) {
  Word left = ctx->end - ctx->position;
  if (left < 16) return Term::none();
  auto unit = [&](Word skip) {
    uint64_t v = read_bits(ctx->base, ctx->position + skip, 16);
    return uint32_t(is_little(flags) ? swap_in(v, 16) : v);
  };
  uint32_t w = unit(0);
  if (w < 0xD800 || w > 0xDFFF) {
    ctx->position += 16;
    return Term::small(w);
  }
  if (w > 0xDBFF || left < 32) return Term::none();
  uint32_t w2 = unit(16);
  if (w2 < 0xDC00 || w2 > 0xDFFF) return Term::none();
  ctx->position += 32;
  return Term::small(0x10000 + ((w & 0x3FF) << 10 | (w2 & 0x3FF)));
}

Term match_utf32(MatchCtxObj *ctx, unsigned flags) {
  if (ctx->end - ctx->position < 32) return Term::none();
  uint64_t v = read_bits(ctx->base, ctx->position, 32);
  if (is_little(flags)) v = swap_in(v, 32);
  if (!valid_code_point(v)) return Term::none();
  ctx->position += 32;
  return Term::small(int64_t(v));
}

Word put_utf16(uint8_t *out, Word c, unsigned flags) {
  auto unit = [&](uint8_t *to, uint32_t w) {
    bool little = is_little(flags);
    to[little ? 0 : 1] = uint8_t(w);
    to[little ? 1 : 0] = uint8_t(w >> 8);
  };
  if (c < 0x10000) {
    unit(out, uint32_t(c));
    return 2;
  }
  c -= 0x10000;
  unit(out, uint32_t(0xD800 | c >> 10));
  unit(out + 2, uint32_t(0xDC00 | (c & 0x3FF)));
  return 4;
}

bool match_string(MatchCtxObj *ctx, const uint8_t *bytes, Word bits) {
  if (bits > ctx->end - ctx->position) return false;
  BitView have{ctx->base + ctx->position / 8, ctx->position & 7, bits}, want{bytes, 0, bits};
  if (!equal_bits(have, want)) return false;
  ctx->position += bits;
  return true;
}

} // namespace joist::runtime
