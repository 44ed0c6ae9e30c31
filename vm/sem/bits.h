// Bit syntax matching: the byte-aligned cases. Everything else: runtime/term/binary.h.
#pragma once
#include "vm/sem/sem.h"

namespace joist::vm::sem {
SEM MatchCtxObj *match_ctx(Term t) { return reinterpret_cast<MatchCtxObj *>(const_cast<Word *>(box(t))); }
SEM bool bits_left(const MatchCtxObj *c, Word bits) { return c->end - c->position >= bits; }
// Unsigned big-endian integer of BITS (8, 16, 32) at a byte boundary; room was checked.
template <unsigned BITS> SEM bool get_aligned(MatchCtxObj *c, Term &r) {
  if (!LIKELY((c->position & 7) == 0)) return false;
  const uint8_t *at = c->base + (c->position >> 3);
  uint64_t v;
  if constexpr (BITS == 8) v = *at;
  else if constexpr (BITS == 16) v = __builtin_bswap16(*reinterpret_cast<const uint16_t *>(at));
  else v = __builtin_bswap32(*reinterpret_cast<const uint32_t *>(at));
  c->position += BITS;
  r = Term::small(int64_t(v));
  return true;
}
// Up to 7 bytes, little endian, at a byte boundary, where eight bytes can be read without leaving the data.
SEM bool get_little(MatchCtxObj *c, Word bits, Term &r) {
  Word first = c->position >> 3;
  if (!LIKELY((c->position & 7) == 0 && first + 8 <= ((c->end + 7) >> 3))) return false;
  uint64_t v = *reinterpret_cast<const uint64_t *>(c->base + first);
  r = Term::small(int64_t(v & ((uint64_t{1} << bits) - 1)));
  c->position += bits;
  return true;
}
// Is the rest a multiple of unit? Units are nearly always powers of two.
SEM bool rest_fits(const MatchCtxObj *c, Word unit) {
  Word left = c->end - c->position;
  if (LIKELY((unit & (unit - 1)) == 0)) return (left & (unit - 1)) == 0;
  return left % unit == 0;
}
// Up to 56 bits anywhere, where eight bytes can be read without leaving the data.
SEM bool get_small_bits(MatchCtxObj *c, Word bits, bool is_signed, Term &r) {
  Word first = c->position >> 3;
  if (!LIKELY(bits <= 56 && bits != 0 && first + 8 <= ((c->end + 7) >> 3))) return false;
  uint64_t v = __builtin_bswap64(*reinterpret_cast<const uint64_t *>(c->base + first)) << (c->position & 7);
  r = Term::small(is_signed ? int64_t(v) >> (64 - bits) : int64_t(v >> (64 - bits)));
  c->position += bits;
  return true;
}
} // namespace joist::vm::sem
