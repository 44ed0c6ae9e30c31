// Bits in memory: positions count from the most significant bit of the first byte.
#pragma once
#include "runtime/term/boxed.h"
namespace joist::runtime {
// n <= 64 bits at a position, as an unsigned number, most significant first. Touches only the bytes they lie in.
uint64_t read_bits(const uint8_t *p, Word bit, unsigned n);
// The low n <= 64 bits of `value` to a position; neighbouring bits stay.
void write_bits(uint8_t *p, Word bit, unsigned n, uint64_t value);
// dst/src areas must not overlap; bits around the destination stay.
void copy_bits(const uint8_t *src, Word src_bit, uint8_t *dst, Word dst_bit, Word bits);
int compare_bits(const BitView &a, const BitView &b); // lexicographic, then length
bool equal_bits(const BitView &a, const BitView &b);
double half_to_double(uint16_t half);
uint16_t double_to_half(double d); // rounds to nearest even; too large becomes infinity
} // namespace joist::runtime
