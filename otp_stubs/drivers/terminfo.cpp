// Reads compiled terminal descriptions: term(5), "legacy" and "extended number" storage formats.
#include "otp_stubs/drivers/tty_line.h"

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace joist::stubs {
namespace {
// Indices of capabilities in the order of term.h.
constexpr size_t kXenl = 4;                                                             // booleans
constexpr size_t kColumns = 0;                                                          // numbers
constexpr size_t kCursorDown = 11, kCursorLeft = 14, kCursorRight = 17, kCursorUp = 19; // strings

class Description {
public:
  bool read(const std::string &file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) return false;
    data_.assign(std::istreambuf_iterator<char>(in), {});
    int magic = u16(0);
    number_size_ = magic == 0432 ? 2 : magic == 01036 ? 4 : 0;
    if (data_.size() < 12 || number_size_ == 0) return false;
    booleans_ = u16(4);
    numbers_ = u16(6);
    strings_ = u16(8);
    boolean_at_ = 12 + size_t(u16(2));
    number_at_ = boolean_at_ + size_t(booleans_);
    number_at_ += number_at_ & 1;
    string_at_ = number_at_ + size_t(numbers_) * number_size_;
    table_at_ = string_at_ + size_t(strings_) * 2;
    return table_at_ <= data_.size();
  }
  bool boolean(size_t i) const { return int(i) < booleans_ && data_[boolean_at_ + i] == 1; }
  int number(size_t i) const {
    if (int(i) >= numbers_) return -1;
    size_t at = number_at_ + i * number_size_;
    return number_size_ == 2 ? int16_t(u16(at)) : int32_t(u16(at) | u16(at + 2) << 16);
  }
  // Without padding marks ($<5>): no terminal of today needs the time.
  std::string string(size_t i) const {
    if (int(i) >= strings_) return {};
    int offset = int16_t(u16(string_at_ + 2 * i));
    if (offset < 0) return {};
    std::string s;
    for (size_t p = table_at_ + size_t(offset); p < data_.size() && data_[p]; p++) {
      if (data_[p] == '$' && p + 1 < data_.size() && data_[p + 1] == '<') {
        while (p < data_.size() && data_[p] && data_[p] != '>') p++;
        continue;
      }
      s += data_[p];
    }
    return s;
  }

private:
  int u16(size_t at) const { return at + 1 < data_.size() ? uint8_t(data_[at]) | uint8_t(data_[at + 1]) << 8 : 0; }
  std::string data_;
  size_t number_size_ = 0, boolean_at_ = 0, number_at_ = 0, string_at_ = 0, table_at_ = 0;
  int booleans_ = 0, numbers_ = 0, strings_ = 0;
};

std::vector<std::string> directories() {
  std::vector<std::string> v;
  if (const char *d = getenv("TERMINFO")) v.push_back(d);
  if (const char *h = getenv("HOME")) v.push_back(std::string(h) + "/.terminfo");
  for (auto *d :
       {"/etc/terminfo", "/lib/terminfo", "/usr/share/terminfo", "/usr/lib/terminfo", "/usr/local/share/terminfo"})
    v.push_back(d);
  return v;
}
} // namespace

bool TerminalCaps::load(const char *term) {
  if (!term || !*term || std::string_view(term).find('/') != std::string_view::npos) return false;
  char hex[8];
  snprintf(hex, sizeof(hex), "%02x", uint8_t(term[0]));
  Description d;
  bool found = false;
  for (auto &dir : directories()) {
    found = d.read(dir + "/" + term[0] + "/" + term) || d.read(dir + "/" + hex + "/" + term);
    if (found) break;
  }
  if (!found) return false;
  up = d.string(kCursorUp);
  right = d.string(kCursorRight);
  down = d.string(kCursorDown);
  left = d.string(kCursorLeft);
  if (down.empty()) down = "\n";
  if (left.empty()) left = "\b";
  wraps_late = d.boolean(kXenl);
  if (int n = d.number(kColumns); n > 0) columns = n;
  return !up.empty() && !right.empty();
}
} // namespace joist::stubs
