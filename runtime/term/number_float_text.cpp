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
// Digits of a number without zeroes at either end, in registers: what is stored in pieces and loaded again at once, by other
// pieces, waits for the stores.
class Digits {
public:
  int first = kAll - 1, end = kAll; // of kAll digits
  int before_end = 0;               // zeroes that were cut off
  Digits() = default;               // of zero
  explicit Digits(uint64_t v) {     // 0 < v < 10^18
    constexpr uint64_t k8 = 100'000'000;
    uint64_t high = v / k8, u = eight_digits(high % k8), l = eight_digits(v % k8), top = high / k8;
    top_ |= uint16_t(top / 10 | top % 10 << 8);
    upper_ |= u;
    lower_ |= l;
    if (top) first = top < 10;
    else first = u ? 2 + std::countr_zero(u) / 8 : 10 + std::countr_zero(l) / 8;
    if (l) end = kAll - std::countl_zero(l) / 8;
    else if (u) end = 10 - std::countl_zero(u) / 8;
    else end = top % 10 ? 2 : 1;
    before_end = kAll - end;
  }
  int count() const { return end - first; }
  // The first digit comes to `at`, the others behind it; as many bytes before it as `first` says and kAll from it on may be
  // written to.
  void put(char *at) const {
    at -= first;
    memcpy(at, &top_, 2);
    memcpy(at + 2, &upper_, 8);
    memcpy(at + 10, &lower_, 8);
  }
  // The first eight, the first one in the lowest byte; zero bytes where there are less.
  uint64_t leading() const {
    if (first < 2) return top_ >> 8 * first | upper_ << 8 * (2 - first);
    return uint64_t((static_cast<unsigned __int128>(lower_) << 64 | upper_) >> 8 * (first - 2));
  }
  char leading_one() const { return char(leading()); }
  static constexpr int kAll = 18;

private:
  static constexpr uint64_t kZeroes = 0x3030303030303030;
  uint16_t top_ = uint16_t(kZeroes); // two digits, then eight and eight
  uint64_t upper_ = kZeroes, lower_ = kZeroes;
};
} // namespace

size_t short_float_text(double d, char *start) {
  char *const out = start + std::signbit(d), *end;
  const auto shortest = d != 0 ? shortest::decimal_of(std::fabs(d)) : shortest::Decimal{0, 0};
  const Digits digits = d != 0 ? Digits(shortest.digits) : Digits();
  const int count = digits.count();
  const int exponent = shortest.exponent + digits.before_end + count - 1; // of the first digit
  const int last = exponent - count + 1;                                  // power of ten of the last digit
  // The shorter of the two notations, decimal if they are equally long; but integers that doubles no longer hold
  // exactly are always scientific.
  const int lower = count == 1 ? -4 : -(count + 2);
  const int upper = count == 1 || exponent >= 10 ? 2 : 1;
  const bool decimal = last >= lower && last <= upper && std::fabs(d) < 0x1p53;
  // With what is stored too much; where a single digit is the last one of all, it is stored alone or not at the beginning.
  static_assert(kBeforeFloatText >= Digits::kAll - 2 && kShortFloatText >= 1 + 5 + Digits::kAll + 8);
  // The digits are put where most of them belong; what stands before them is written over them.
  if (!decimal) {
    digits.put(out + 1);
    out[0] = out[1];
    out[1] = '.';
    end = out + 1 + count;
    if (count == 1) *end++ = '0';
    *end++ = 'e';
    end = std::to_chars(end, end + 8, exponent).ptr;
  } else if (last >= 0) {
    if (count == 1) *out = digits.leading_one();
    else digits.put(out);
    memset(out + count, '0', size_t(last));
    end = out + count + last;
    *end++ = '.';
    *end++ = '0';
  } else if (exponent >= 0) {
    const int whole = exponent + 1;
    digits.put(out + 1);
    if (whole < 8) {
      const uint64_t text = digits.leading(), mask = (uint64_t{1} << 8 * whole) - 1;
      const uint64_t pointed = (text & mask) | uint64_t{'.'} << 8 * whole | (text & ~mask) << 8;
      memcpy(out, &pointed, 8);
    } else {
      memmove(out, out + 1, size_t(whole));
      out[whole] = '.';
    }
    end = out + 1 + count;
  } else {
    const int zeroes = -exponent - 1;
    digits.put(out + 2 + zeroes);
    out[0] = '0';
    out[1] = '.';
    for (int i = 0; i < zeroes; i++) out[2 + i] = '0';
    end = out + 2 + zeroes + count;
  }
  if (out != start) *start = '-';
  return size_t(end - start);
}

std::string float_to_text_short(double d) {
  char room[kBeforeFloatText + kShortFloatText];
  return {room + kBeforeFloatText, short_float_text(d, room + kBeforeFloatText)};
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
