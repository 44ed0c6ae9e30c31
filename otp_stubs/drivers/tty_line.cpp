#include "otp_stubs/drivers/tty_line.h"

#include <algorithm>
#include <cctype>
#include <wchar.h>

namespace joist::stubs {
namespace {
// Takes the next character off the text; an invalid byte counts as itself.
uint32_t next_char(std::string_view &s) {
  auto b = [&](size_t i) { return i < s.size() ? uint8_t(s[i]) : 0u; };
  uint32_t c = b(0), v = 0;
  size_t n = c < 0x80 ? 1 : c < 0xC2 ? 0 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : c < 0xF5 ? 4 : 0;
  if (n > 1) {
    v = c & (0x7Fu >> n);
    for (size_t i = 1; i < n; i++) {
      if ((b(i) & 0xC0) != 0x80) n = 0;
      v = v << 6 | (b(i) & 0x3F);
    }
    if ((n == 3 && (v < 0x800 || (v >= 0xD800 && v < 0xE000))) || (n == 4 && (v < 0x10000 || v > 0x10FFFF))) n = 0;
  }
  if (n <= 1) v = c;
  s.remove_prefix(std::max<size_t>(n, 1));
  return v;
}

void put_utf8_char(std::string *out, uint32_t c) {
  if (c < 0x80) {
    out->push_back(char(c));
  } else if (c < 0x800) {
    out->push_back(char(0xC0 | c >> 6));
    out->push_back(char(0x80 | (c & 63)));
  } else if (c < 0x10000) {
    out->push_back(char(0xE0 | c >> 12));
    out->push_back(char(0x80 | (c >> 6 & 63)));
    out->push_back(char(0x80 | (c & 63)));
  } else {
    out->push_back(char(0xF0 | c >> 18));
    out->push_back(char(0x80 | (c >> 12 & 63)));
    out->push_back(char(0x80 | (c >> 6 & 63)));
    out->push_back(char(0x80 | (c & 63)));
  }
}

// \ooo up to 0777, \x{H..} above.
std::string escape_text(uint32_t c) {
  char buffer[16];
  snprintf(buffer, sizeof(buffer), c <= 0777 ? "\\%03o" : "\\x{%X}", c);
  return buffer;
}
} // namespace

void TerminalLine::put_cell(Cell c) {
  if (at_ < line_.size()) line_[at_] = c;
  else line_.push_back(c);
  at_++;
}

// Puts text into the cells at the cursor, overwriting; lines that end in it are shown here. Returns how many cells
// before the cursor are still to be shown.
size_t TerminalLine::write_into_line(std::string_view text) {
  size_t start = at_;
  while (!text.empty()) {
    uint32_t c = next_char(text);
    if ((utf8 && c >= 128) || (c <= 255 && isprint(int(c)))) {
      put_cell(c);
    } else if (c >= 128) {
      put_cell(c | kEscaped);
      for (size_t n = escape_text(c).size() - 1; n > 0; n--) put_cell(kEscaped);
    } else if (c == '\t') {
      do {
        put_cell(kControl | c);
        c = 0;
      } while (at_ % 8);
    } else if (c == '\033') {
      put_cell(kControl | c);
    } else if (c == '\n' || c == '\r') {
      show(start, at_, true);
      out += '\r';
      if (c == '\n') out += '\n';
      line_.erase(line_.begin(), line_.begin() + long(at_));
      at_ = start = 0;
    } else {
      put_cell(kControl | c);
      put_cell(kControl);
    }
  }
  return at_ - start;
}

void TerminalLine::show_char(Cell c) {
  if (utf8) put_utf8_char(&out, c);
  else out += char(c);
}

void TerminalLine::show(size_t from, size_t to, bool newline_follows) {
  std::string last = " "; // bytes of what was shown last
  for (size_t i = from; i < to;) {
    Cell c = line_[i];
    size_t before = out.size();
    if (!(c & kTags)) {
      show_char(c);
      i++;
    } else if (c == (kControl | '\t')) {
      do {
        out += ' ';
        i++;
      } while (i < to && line_[i] == kControl);
      before = out.size() - 1;
    } else if (c == (kControl | 033)) {
      out += '\033';
      i++;
    } else if (c & kControl) {
      out += '^';
      out += char((c & 0x7F) == 0x7F ? '?' : (c & 0x7F) | 0x40);
      before = out.size() - 1;
      i += 2;
    } else {
      std::string text = escape_text(c & ~kTags);
      out += text;
      before = out.size() - 1;
      i += text.size();
    }
    last = out.substr(before);
  }
  // The terminal still shows the cursor in the full line: make it go to the next one.
  if (newline_follows || !caps_.wraps_late || to == 0 || column(to) % caps_.columns != 0) return;
  out += to >= line_.size() ? std::string(" ") : last;
  out += caps_.left;
}

void TerminalLine::move_cursor(int from, int to) {
  int columns = caps_.columns;
  int right = to % columns - from % columns, down = to / columns - from / columns;
  for (int i = 0; i < down; i++) out += caps_.down;
  for (int i = 0; i < -down; i++) out += caps_.up;
  for (int i = 0; i < right; i++) out += caps_.right;
  for (int i = 0; i < -right; i++) out += caps_.left;
}

// Column of a cell, counted from the start of the line over all rows. Colour sequences take none.
int TerminalLine::column(size_t position) const {
  int col = 0;
  if (position > line_.size()) {
    col += int(position - line_.size());
    position = line_.size();
  }
  for (size_t i = 0; i < position;) {
    if (line_[i] == (kControl | 033)) {
      size_t j = i + 1;
      if (j < line_.size() && line_[j] == '[') {
        j++;
        while (j < line_.size() && (line_[j] == ';' || (line_[j] >= '0' && line_[j] <= '9'))) j++;
      }
      i = j + 1;
      continue;
    }
    int w = line_[i] & kTags ? 1 : wcwidth(wchar_t(line_[i]));
    if (w > 0) col += w;
    i++;
  }
  return col;
}

// The position n characters from the cursor, within the line.
size_t TerminalLine::step(int n) const {
  auto filler = [&](size_t i) { return (line_[i] & kTags) && !(line_[i] & ~kTags); };
  size_t p = at_, end = line_.size();
  for (; n > 0 && p < end; n--) {
    p++;
    while (p < end && filler(p)) p++;
  }
  for (; n < 0 && p > 0; n++) {
    p--;
    while (p > 0 && filler(p)) p--;
  }
  return p;
}

void TerminalLine::put(std::string_view text) {
  size_t n = write_into_line(text);
  if (n > 0) show(at_ - n, at_, false);
}

void TerminalLine::insert(std::string_view text) {
  std::vector<Cell> tail(line_.begin() + long(at_), line_.end());
  line_.resize(at_);
  size_t n = write_into_line(text);
  line_.insert(line_.end(), tail.begin(), tail.end());
  show(at_ - n, line_.size(), false);
  move_cursor(column(line_.size()), column(at_));
}

void TerminalLine::move(int n) {
  size_t to = step(n);
  move_cursor(column(at_), column(to));
  at_ = to;
}

void TerminalLine::erase(int n) {
  size_t to = step(n);
  if (to == at_) return;
  int blanks = column(std::max(to, at_)) - column(std::min(to, at_));
  if (to < at_) {
    move_cursor(column(at_), column(to));
    line_.erase(line_.begin() + long(to), line_.begin() + long(at_));
    at_ = to;
  } else {
    line_.erase(line_.begin() + long(at_), line_.begin() + long(to));
  }
  show(at_, line_.size(), false);
  out.append(size_t(blanks), ' ');
  int end = column(line_.size()) + blanks;
  if (caps_.wraps_late && end % caps_.columns == 0) {
    out += ' ';
    out += caps_.left;
  }
  move_cursor(end, column(at_));
}
} // namespace joist::stubs
