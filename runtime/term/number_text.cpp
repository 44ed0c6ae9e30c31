// Integers as text. GMP converts in less than quadratic time.
#include "runtime/term/number_text.h"
#include "runtime/term/bignum.h"

#include <charconv>

namespace joist::runtime {
using bignum::limbs;
using bignum::View;

size_t small_to_text(int64_t v, int base, char *out) {
  char *end =
      base == 10 ? std::to_chars(out, out + kSmallText, v).ptr : std::to_chars(out, out + kSmallText, v, base).ptr;
  if (base > 10)
    for (char *p = out; p < end; p++)
      if (*p >= 'a') *p -= 'a' - 'A';
  return size_t(end - out);
}

std::string integer_to_text(Term integer, int base) {
  if (integer.is_small()) {
    char buffer[kSmallText];
    return {buffer, small_to_text(integer.small_value(), base, buffer)};
  }
  View v(integer);
  bignum::Scratch copy(v.n + 1); // mpn_get_str destroys its operand
  std::copy_n(v.p, v.n, static_cast<Word *>(copy));
  size_t bits = v.n * 64 - size_t(std::countl_zero(v.p[v.n - 1]));
  // Digits are at most bits / floor(log2 base) + 1; one more for GMP, one for the sign.
  std::string text(bits / size_t(std::bit_width(unsigned(base)) - 1) + 3, '\0');
  auto *digits = reinterpret_cast<unsigned char *>(text.data()) + 1;
  size_t n = mpn_get_str(digits, base, limbs(copy), mp_size_t(v.n));
  size_t zeros = 0;
  while (zeros + 1 < n && digits[zeros] == 0) zeros++;
  for (size_t i = zeros; i < n; i++) digits[i] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[digits[i]];
  size_t start = 1 + zeros;
  if (v.negative) text[--start] = '-';
  text.resize(1 + n);
  text.erase(0, start);
  return text;
}

namespace {
int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'Z') return c - 'A' + 10;
  if (c >= 'a' && c <= 'z') return c - 'a' + 10;
  return 36;
}
} // namespace

Term integer_from_text(Heap &h, std::string_view s, int base) {
  bool negative = false;
  if (!s.empty() && (s[0] == '-' || s[0] == '+')) {
    negative = s[0] == '-';
    s.remove_prefix(1);
  }
  if (s.empty()) return Term::none();
  while (s.size() > 1 && s[0] == '0') s.remove_prefix(1);
  if (s.size() <= 11) { // 36^11 fits
    int64_t v = 0;
    for (char c : s) {
      int d = digit_value(c);
      if (d >= base) return Term::none();
      v = v * base + d;
    }
    return make_int(h, negative ? -v : v);
  }
  std::unique_ptr<unsigned char[]> digits(new unsigned char[s.size()]);
  for (size_t i = 0; i < s.size(); i++) {
    int d = digit_value(s[i]);
    if (d >= base) return Term::none();
    digits[i] = uint8_t(d);
  }
  // The smallest number with so many digits is already over the limit.
  constexpr size_t limit_bits = bignum::kMaxLimbs * 64;
  if ((s.size() - 1) * size_t(std::bit_width(unsigned(base)) - 1) > limit_bits) return kTooBig;
  Word n = (s.size() * size_t(std::bit_width(unsigned(base - 1)))) / 64 + 2;
  Word *box = bignum::begin(h, n);
  mp_size_t used = mpn_set_str(limbs(box + 1), digits.get(), s.size(), base);
  return bignum::finish(h, box, Word(used), negative);
}

} // namespace joist::runtime
