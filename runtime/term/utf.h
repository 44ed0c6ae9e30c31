// UTF-8 one character at a time, by the rules of the Reference Manual: shortest form only, no surrogates, at most 10FFFF.
#pragma once
#include "runtime/term/term.h"
namespace joist::runtime {
inline constexpr int kUtfInvalid = -1, kUtfIncomplete = 0;
inline bool valid_code_point(uint64_t c) { return c < 0xD800 || (c > 0xDFFF && c <= 0x10FFFF); }
// Decodes the character at p (n bytes are there): its length, or kUtfInvalid, or kUtfIncomplete if the bytes up to the
// end are a proper beginning of a character.
int utf8_decode(const uint8_t *p, Word n, uint32_t *code_point);
// 1..4, or 0 if it is no character.
Word utf8_length(Word code_point);
// Writes utf8_length bytes (code point must be valid) and tells how many.
Word put_utf8(uint8_t *out, Word code_point);
} // namespace joist::runtime
