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
} // namespace

size_t short_float_text(double d, char *out) {
  char *start = out;
  if (std::signbit(d)) *out++ = '-';
  char digits[24] = "0";
  int count = 1, exponent = 0; // of the first digit
  if (d != 0) {
    auto shortest = shortest::decimal_of(std::fabs(d));
    count = int(std::to_chars(digits, digits + sizeof digits, shortest.digits).ptr - digits);
    exponent = shortest.exponent + count - 1;
    while (digits[count - 1] == '0') count--;
  }
  int last = exponent - count + 1; // power of ten of the last digit
  // The shorter of the two notations, decimal if they are equally long; but integers that doubles no longer hold
  // exactly are always scientific.
  int lower = count == 1 ? -4 : -(count + 2);
  int upper = count == 1 || exponent >= 10 ? 2 : 1;
  bool decimal = last >= lower && last <= upper && std::fabs(d) < 0x1p53;
  auto put = [&](const char *from, int n) {
    memcpy(out, from, size_t(n));
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
    put(".0", 2);
  } else if (exponent >= 0) {
    put(digits, exponent + 1);
    *out++ = '.';
    put(digits + exponent + 1, count - exponent - 1);
  } else {
    put("0.", 2);
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
