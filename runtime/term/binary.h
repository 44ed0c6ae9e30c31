// Making and slicing binaries; bit-level copies; what the bit-syntax instructions need.
#pragma once
#include "runtime/mem/heap.h"
#include "runtime/mem/magic.h"
#include "runtime/term/bits.h"
#include "runtime/term/utf.h"
#include <cstring>
#include <string_view>
namespace joist::runtime {
// A new binary of n bytes, contents uninitialised; *bytes is where to write before anything else is allocated.
Term make_binary(Heap &h, Word n, uint8_t **bytes);
Term make_binary_from(Heap &h, const void *bytes, Word n);
inline Term make_binary_from(Heap &h, std::string_view s) { return make_binary_from(h, s.data(), s.size()); }
// A heap binary whose length is known when it is written: room for `most` bytes (64 at most) and eight more. The sixteen
// before it may be written to, until heap_binary_end is told how many it has.
inline uint8_t *heap_binary_begin(Heap &h, Word most) {
  return reinterpret_cast<uint8_t *>(h.alloc(2 + (most + 7) / 8 + 1) + 2);
}
inline Term heap_binary_end(Heap &h, uint8_t *bytes, Word n) {
  constexpr Word kNone = 0;
  memcpy(bytes + n, &kNone, sizeof(kNone)); // no uninitialised padding
  Word *b = reinterpret_cast<Word *>(bytes) - 2, words = (n + 7) / 8;
  b[0] = header(Kind::HeapBin, 1 + words);
  b[1] = n;
  h.trim(b + 2 + words);
  return Term::boxed(b);
}
Term make_refc_binary(Heap &h, BinData *data, uint8_t *bytes, Word n); // takes over one reference
// Bitstring of `bits` bits: bytes padded with zero bits at the end.
Term make_bitstring(Heap &h, Word bits, uint8_t **bytes);
// Part of a bitstring, `bit_position` counted from its start. Whole bytes up to 64 are copied to a heap binary as stock
// does; everything else is a sub-binary of the underlying HeapBin or RefcBin.
Term make_sub_binary(Heap &h, Term bitstring, Word bit_position, Word bits);
// Bytes of a binary as contiguous memory; if it is not byte aligned they are copied into `scratch`.
struct Bytes {
  const uint8_t *data = nullptr;
  Word size = 0;
  std::string_view view() const { return {reinterpret_cast<const char *>(data), size}; }
};
class ByteScratch;                                 // owns the copy, if any
Bytes bytes_of(Term binary, ByteScratch &scratch); // binary only (whole bytes)
class ByteScratch {
public:
  ~ByteScratch();
  uint8_t *reserve(Word n);

private:
  uint8_t *p_ = nullptr;
};

// --- iodata. Sizes may be huge; walks use no recursion.
enum class IoListError : uint8_t { Ok, Type, Overflow };
IoListError iolist_size(Term iolist, Word *bytes);
// Writes at most `cap` bytes; returns bytes written, or ~0 if the term is no iolist.
Word iolist_write(Term iolist, uint8_t *out, Word cap);

// --- matching (bs_* instructions). ctx is a MatchCtx.
Term match_start(Heap &h, Term bitstring); // freezes a writable binary
// Integer segment: n bits at the context's position. flags below. Advances on success; none if too few bits.
inline constexpr unsigned kBsAligned = 1, kBsLittle = 2, kBsSigned = 4, kBsExact = 8, kBsNative = 16; // as in BEAM code
Term match_integer(Heap &h, MatchCtxObj *ctx, Word bits, unsigned flags);
Term match_float(Heap &h, MatchCtxObj *ctx, Word bits, unsigned flags); // 16, 32, 64; none if not finite
Term match_binary(Heap &h, MatchCtxObj *ctx, Word bits);                // sub-binary
Term match_utf8(MatchCtxObj *ctx);                                      // small code point or none
Term match_utf16(MatchCtxObj *ctx, unsigned flags);
Term match_utf32(MatchCtxObj *ctx, unsigned flags);
bool match_string(MatchCtxObj *ctx, const uint8_t *bytes, Word bits); // compares, advances
void match_ctx_rebase(MatchCtxObj *ctx);                              // after `original` moved (collector)
// --- construction
bool put_integer(uint8_t *out, Word bit, Word bits, Term integer, unsigned flags); // false: not an integer
bool put_float(uint8_t *out, Word bit, Word bits, Term number,
               unsigned flags); // false: not a number, an integer beyond floats, or bits not 16, 32, 64
Word put_utf16(uint8_t *out, Word code_point, unsigned flags); // 2 or 4 bytes; code point must be valid
// Appends room for `bits` to bitstring `bin` (bs_append / bs_create_bin append): returns a writable bitstring whose
// first bits equal bin's, data shared in place where bin is the last writable reference; *bytes and *bit say where to write
// (the new bits hold garbage). bits == 0: bin itself. none: the size does not fit a word (system_limit).
Term append_writable(Heap &h, Term bin, Word bits, uint8_t **bytes, Word *bit);
Term init_writable(Heap &h, Word bytes); // bs_init_writable
void writable_freeze(Term bin);          // before it is sent or stored elsewhere ("emasculate")
} // namespace joist::runtime
