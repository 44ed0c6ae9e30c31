// Floats as text, byte for byte as stock writes them.
#include "runtime/term/number.h"
#include "runtime/term/number_text.h"
#include "runtime/term/shortest.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>

namespace joist::runtime {
namespace {
// Stock formats into a buffer of this size and refuses what does not fit (the final zero included).
constexpr size_t kTextLimit = 256;
std::string limited(std::string s) { return s.size() < kTextLimit ? s : std::string(); }

std::string printf_double(const char *format, int decimals, double d) {
  char buffer[kTextLimit];
  int n = snprintf(buffer, sizeof buffer, format, decimals, d);
  return n > 0 && size_t(n) < sizeof buffer ? std::string(buffer, size_t(n)) : std::string();
}
// Zeroes at the end go, but one digit after the point stays.
void drop_zeroes(std::string &s) {
  while (s.back() == '0') s.pop_back();
  if (s.back() == '.') s += '0';
}
// The eight digits of v < 10^8, each in a byte of its own, the first one in the lowest: halves, quarters and eighths side
// by side in one word.
uint64_t eight_digits(uint64_t v) {
  uint64_t halves = v / 10000 | v % 10000 << 32;
  uint64_t hundreds = halves * 5243 >> 19 & 0x7f0000007f; // / 100
  uint64_t pairs = hundreds | (halves - hundreds * 100) << 16;
  uint64_t tens = pairs * 103 >> 10 & 0x000f000f000f000f; // / 10
  return tens | (pairs - tens * 10) << 8;
}
// Digits of a number without zeroes at either end.
struct Digits {
  char text[48]; // more than can be: pieces of a fixed size are copied from it
  int first = 0, end = 1;
  int before_end = 0;           // zeroes that were cut off
  explicit Digits(uint64_t v) { // 0 < v < 10^18
    constexpr uint64_t k8 = 100'000'000, kZeros = 0x3030303030303030;
    uint64_t high = v / k8, upper = eight_digits(high % k8), lower = eight_digits(v % k8), top = high / k8;
    text[0] = char('0' + top / 10);
    text[1] = char('0' + top % 10);
    uint64_t u = upper | kZeros, l = lower | kZeros;
    memcpy(text + 2, &u, 8);
    memcpy(text + 10, &l, 8);
    if (top) first = top < 10;
    else first = upper ? 2 + std::countr_zero(upper) / 8 : 10 + std::countr_zero(lower) / 8;
    if (lower) end = 18 - std::countl_zero(lower) / 8;
    else if (upper) end = 10 - std::countl_zero(upper) / 8;
    else end = top % 10 ? 2 : 1;
    before_end = 18 - end;
  }
  Digits() { text[0] = '0'; }
};
} // namespace

size_t short_float_text(double d, char *out) {
  char *start = out;
  if (std::signbit(d)) *out++ = '-';
  const auto shortest = d != 0 ? shortest::decimal_of(std::fabs(d)) : shortest::Decimal{0, 0};
  const Digits all = d != 0 ? Digits(shortest.digits) : Digits();
  const char *digits = all.text + all.first;
  int count = all.end - all.first;
  int exponent = shortest.exponent + all.before_end + count - 1; // of the first digit
  int last = exponent - count + 1;                               // power of ten of the last digit
  // The shorter of the two notations, decimal if they are equally long; but integers that doubles no longer hold
  // exactly are always scientific.
  int lower = count == 1 ? -4 : -(count + 2);
  int upper = count == 1 || exponent >= 10 ? 2 : 1;
  bool decimal = last >= lower && last <= upper && std::fabs(d) < 0x1p53;
  static_assert(kShortFloatText >= 24 + 24 + 4); // what is copied too much stays within
  auto put = [&](const char *from, int n) {
    memcpy(out, from, 24);
    out += n;
  };
  auto zeros = [&](int n) {
    memset(out, '0', size_t(n));
    out += n;
  };
  if (!decimal) {
    *out++ = digits[0];
    *out++ = '.';
    if (count > 1) put(digits + 1, count - 1);
    else *out++ = '0';
    *out++ = 'e';
    out = std::to_chars(out, out + 8, exponent).ptr;
  } else if (last >= 0) {
    put(digits, count);
    zeros(last);
    *out++ = '.';
    *out++ = '0';
  } else if (exponent >= 0) {
    put(digits, exponent + 1);
    *out++ = '.';
    put(digits + exponent + 1, count - exponent - 1);
  } else {
    *out++ = '0';
    *out++ = '.';
    zeros(-exponent - 1);
    put(digits, count);
  }
  return size_t(out - start);
}

std::string float_to_text_short(double d) {
  char text[kShortFloatText];
  return {text, short_float_text(d, text)};
}

std::string float_to_text_scientific(double d, int decimals) {
  char buffer[kTextLimit];
  if (decimals < 0 || size_t(decimals) >= kTextLimit) return printf_double("%.*e", decimals, d);
  auto r = std::to_chars(buffer, buffer + sizeof buffer, d, std::chars_format::scientific, decimals);
  return r.ec == std::errc() ? limited({buffer, r.ptr}) : std::string();
}

std::string float_to_text_decimals(double d, int decimals, bool compact) {
  static const double power[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8, 1e9,
                                 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};
  if (decimals < 0) return {};
  double a = std::fabs(d);
  if (a > 0x1p53 || decimals >= int(sizeof power / sizeof power[0])) {
    std::string s = printf_double("%.*f", decimals, d);
    if (compact && !s.empty()) drop_zeroes(s);
    return s;
  }
  // The fraction is scaled and rounded in floating point: not always the correctly rounded decimal, but stock's.
  uint64_t whole, fraction = 0;
  if (decimals) {
    double floor = std::floor(a), scaled = std::round((a - floor) * power[decimals]);
    whole = uint64_t(floor);
    if (scaled >= power[decimals]) whole++;
    else fraction = uint64_t(scaled);
  } else {
    whole = uint64_t(std::lround(a));
  }
  std::string s = std::signbit(d) ? "-" : "";
  s += std::to_string(whole);
  if (!decimals) return limited(s);
  std::string f = std::to_string(fraction);
  s += '.';
  s.append(size_t(decimals) - f.size(), '0');
  s += f;
  if (compact) drop_zeroes(s);
  return limited(s);
}

bool float_from_text(std::string_view text, double *out) {
  text = text.substr(0, text.find('\0'));
  auto digit = [&](size_t i) { return i < text.size() && text[i] >= '0' && text[i] <= '9'; };
  size_t i = 0;
  if (i < text.size() && (text[i] == '+' || text[i] == '-')) i++;
  if (!digit(i)) return false;
  while (digit(i)) i++;
  if (i >= text.size() || (text[i] != '.' && text[i] != ',')) return false;
  size_t point = i++;
  if (!digit(i)) return false;
  while (digit(i)) i++;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    i++;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) i++;
    if (!digit(i)) return false;
    while (digit(i)) i++;
  }
  if (i != text.size()) return false;
  std::string copy;
  std::string_view t = text;
  if (text[point] == ',') {
    copy = text;
    copy[point] = '.';
    t = copy;
  }
  if (t[0] == '+') t.remove_prefix(1);
  double d;
  auto r = std::from_chars(t.data(), t.data() + t.size(), d);
  if (r.ec == std::errc::result_out_of_range) d = strtod(std::string(t).c_str(), nullptr); // zero, or infinite
  else if (r.ec != std::errc()) return false;
  if (!std::isfinite(d)) return false;
  *out = d;
  return true;
}

} // namespace joist::runtime
