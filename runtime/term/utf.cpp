#include "runtime/term/utf.h"

namespace joist::runtime {

int utf8_decode(const uint8_t *p, Word n, uint32_t *code_point) {
  if (n == 0) return kUtfIncomplete;
  uint32_t c = p[0];
  if (c < 0x80) {
    *code_point = c;
    return 1;
  }
  if (c < 0xC2 || c > 0xF4) return kUtfInvalid;
  int len = c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
  if (n >= 2) { // the second byte tells overlong forms, surrogates and too large values
    uint8_t lo = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80, hi = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;
    if (p[1] < lo || p[1] > hi) return kUtfInvalid;
  }
  c &= 0x7Fu >> len;
  for (int i = 1; i < len; i++) {
    if (Word(i) >= n) return kUtfIncomplete;
    if ((p[i] & 0xC0) != 0x80) return kUtfInvalid;
    c = c << 6 | (p[i] & 0x3F);
  }
  *code_point = c;
  return len;
}

Word utf8_length(Word c) {
  if (c < 0x80) return 1;
  if (c < 0x800) return 2;
  if (!valid_code_point(c)) return 0;
  return c < 0x10000 ? 3 : 4;
}

Word put_utf8(uint8_t *out, Word c) {
  if (c < 0x80) {
    out[0] = uint8_t(c);
    return 1;
  }
  if (c < 0x800) {
    out[0] = uint8_t(0xC0 | c >> 6);
    out[1] = uint8_t(0x80 | (c & 0x3F));
    return 2;
  }
  if (c < 0x10000) {
    out[0] = uint8_t(0xE0 | c >> 12);
    out[1] = uint8_t(0x80 | (c >> 6 & 0x3F));
    out[2] = uint8_t(0x80 | (c & 0x3F));
    return 3;
  }
  out[0] = uint8_t(0xF0 | c >> 18);
  out[1] = uint8_t(0x80 | (c >> 12 & 0x3F));
  out[2] = uint8_t(0x80 | (c >> 6 & 0x3F));
  out[3] = uint8_t(0x80 | (c & 0x3F));
  return 4;
}

} // namespace joist::runtime
