#include "bifs/regex_compat.h"
#include "bifs/regex_errors.h"

#include <algorithm>
#include <cctype>
#include <cstring>

namespace joist::bifs::regex {
namespace {

enum class Part : uint8_t {
  Open,        // ( of a group
  Close,       // )
  ClassHyphen, // - in a class, after an escape or a named class that is a set
  LowEscape,   // \8 or \9 outside a class
  PlainEscape, // \ before a letter that means only itself
  TypeEscape,  // \w, \W, \s or \S outside a class
};
struct Item {
  Part part;
  size_t at;
};

bool starts(std::string_view s, size_t at, std::string_view what) {
  return s.substr(std::min(at, s.size()), what.size()) == what;
}
char char_at(std::string_view s, size_t at) { return at < s.size() ? s[at] : '\0'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

// End of the escape at s[i] == '\\'.
size_t escape_end(std::string_view s, size_t i) {
  char c = char_at(s, i + 1);
  size_t after = std::min(i + 2, s.size());
  if ((c == 'p' || c == 'P' || c == 'x' || c == 'o' || c == 'g' || c == 'k' || c == 'N') && char_at(s, after) == '{') {
    size_t end = s.find('}', after);
    return end == s.npos ? s.size() : end + 1;
  }
  if (c == 'c' || c == 'p' || c == 'P') return std::min(i + 3, s.size());
  return after;
}

class Scanner {
public:
  Scanner(std::string_view s, uint32_t flags) : s_(s), extended_(flags & Extended) {}
  std::vector<Item> items() {
    while (i_ < s_.size()) {
      char c = s_[i_];
      if (c == '\\') {
        escape();
      } else if (c == '[') {
        bracket();
      } else if (c == '#' && extended_) {
        while (i_ < s_.size() && s_[i_] != '\n') i_++;
      } else if (c == '(') {
        if (starts(s_, i_, "(?#")) {
          i_ = std::min(s_.find(')', i_), s_.size() - 1) + 1;
          continue;
        }
        if (starts(s_, i_, "(?")) options();
        items_.push_back({Part::Open, i_++});
      } else {
        if (c == ')') items_.push_back({Part::Close, i_});
        i_++;
      }
    }
    return std::move(items_);
  }

private:
  void options() { // (?x) and (?x: turn comments on; which group they end with matters little here
    size_t j = i_ + 2;
    bool on = true;
    for (; is_word(char_at(s_, j)) || char_at(s_, j) == '-'; j++) {
      if (s_[j] == '-') on = false;
      if (s_[j] == 'x') {
        char end = s_[std::min(s_.find_first_of(":)", j), s_.size() - 1)];
        if (end == ':' || end == ')') extended_ = on;
      }
    }
  }
  void escape() {
    if (starts(s_, i_, "\\Q")) {
      size_t end = s_.find("\\E", i_ + 2);
      i_ = end == s_.npos ? s_.size() : end + 2;
      return;
    }
    char c = char_at(s_, i_ + 1);
    if (c == '8' || c == '9') items_.push_back({Part::LowEscape, i_});
    if (c && strchr("FIJMOTYijmqy", c)) items_.push_back({Part::PlainEscape, i_});
    if (c && strchr("wWsS", c)) items_.push_back({Part::TypeEscape, i_});
    i_ = escape_end(s_, i_);
  }
  void bracket() {
    i_++;
    if (char_at(s_, i_) == '^') i_++;
    if (char_at(s_, i_) == ']') i_++;
    while (i_ < s_.size() && s_[i_] != ']') {
      bool set = false;
      if (s_[i_] == '\\') {
        if (starts(s_, i_, "\\Q")) {
          escape();
          continue;
        }
        char c = char_at(s_, i_ + 1);
        set = c && strchr("dDsSwWhHvVpP", c);
        if (c && strchr("ABCFGIJKMORTXYZgijkmqyz", c)) {
          items_.push_back({Part::PlainEscape, i_});
          i_ += 2;
          continue;
        }
        i_ = escape_end(s_, i_);
      } else if (starts(s_, i_, "[:") && s_.find(":]", i_ + 2) != s_.npos) {
        set = true;
        i_ = s_.find(":]", i_ + 2) + 2;
      } else {
        i_++;
      }
      if (set && char_at(s_, i_) == '-' && i_ + 1 < s_.size() && s_[i_ + 1] != ']')
        items_.push_back({Part::ClassHyphen, i_++});
    }
    i_ = std::min(i_ + 1, s_.size());
  }

  std::string_view s_;
  size_t i_ = 0;
  bool extended_;
  std::vector<Item> items_;
};

std::vector<Item> scan(std::string_view s, uint32_t flags) { return Scanner(s, flags).items(); }

// Index of the ) that closes the group opened at `open`, or the source's size.
size_t closing(std::string_view s, uint32_t flags, size_t open) {
  int depth = 0;
  for (Item i : scan(s, flags)) {
    if (i.at < open) continue;
    if (i.part == Part::Open) depth++;
    if (i.part == Part::Close && --depth == 0) return i.at;
  }
  return s.size();
}

size_t word_end(std::string_view s, size_t at) {
  while (is_word(char_at(s, at))) at++;
  return at;
}

// Index of the condition "(?(" that `at` lies in, or npos.
size_t condition_at(std::string_view s, size_t at) {
  size_t begin = s.rfind("(?(", at);
  if (begin == s.npos) return begin;
  size_t close = s.find(')', begin);
  return close == s.npos || close >= at ? begin : s.npos;
}

CompileError error(int code, size_t offset) { return {compile_error_text(code), offset}; }

} // namespace

std::optional<CompileError> newer_syntax(std::string_view s, uint32_t flags) {
  for (Item item : scan(s, flags)) {
    if (item.part != Part::Open) continue;
    size_t i = item.at;
    if (starts(s, i, "(?^") || starts(s, i, "(?*")) return error(111, i + 2);
    if (starts(s, i, "(?<*")) return CompileError{kAfterLess, i + 3};
    if (starts(s, i, "(?(VERSION")) return error(124, i + 10);
    if (starts(s, i, "(?")) { // options: n is newer
      size_t j = i + 2;
      while (std::string_view("imsxJUX-").find(char_at(s, j)) != std::string_view::npos && j < s.size()) j++;
      if (char_at(s, j) == 'n') return error(111, j);
    }
    if (starts(s, i, "(*")) {
      size_t end = i + 2;
      while (std::isalpha(uint8_t(char_at(s, end)))) end++;
      std::string_view verb = s.substr(i + 2, end - i - 2);
      if (!verb.empty() && std::islower(uint8_t(verb[0]))) {
        while (is_word(char_at(s, end))) end++;
        return error(160, char_at(s, end) == ':' && s.find('_', i) >= end ? s.find_first_of(")", i)
                                                                          : s.find_first_of("_:)", i));
      }
      if (char_at(s, end) == ':' && char_at(s, end + 1) != ')' &&
          (verb == "ACCEPT" || verb == "FAIL" || verb == "F" || verb == "COMMIT")) {
        size_t close = s.find(')', end);
        if (close != s.npos) return error(159, close);
      }
    }
  }
  return std::nullopt;
}

size_t Rewritten::original_offset(size_t offset) const {
  size_t r = offset;
  for (size_t at : inserted)
    if (at < offset) r--;
  for (size_t at : removed)
    if (at <= r) r++;
  return r;
}

bool start_bits_wrong(std::string_view s, uint32_t flags) {
  return (flags & Utf) && !(flags & Ucp) && s.find("\\w") != s.npos;
}

bool jit_is_right(std::string_view s) {
  for (const char *possessive : {")*+", ")++", ")?+", "}+"})
    if (s.find(possessive) != s.npos) return false;
  return true;
}

namespace {
struct Quantifier {
  uint64_t min, max; // max: kUnbounded
  size_t size;       // in bytes
};
constexpr uint64_t kUnbounded = ~uint64_t{0};
std::optional<Quantifier> quantifier(std::string_view s, size_t at) {
  if (char_at(s, at) == '+') return Quantifier{1, kUnbounded, 1};
  if (char_at(s, at) != '{') return {};
  size_t i = at + 1;
  auto number = [&](uint64_t *n) {
    size_t from = i;
    for (*n = 0; is_digit(char_at(s, i)) && i - from < 6; i++) *n = *n * 10 + uint64_t(s[i] - '0');
    return i > from;
  };
  Quantifier q{0, 0, 0};
  if (!number(&q.min)) return {};
  q.max = q.min;
  if (char_at(s, i) == ',') {
    i++;
    if (!number(&q.max)) q.max = kUnbounded;
  }
  if (char_at(s, i) != '}' || q.max < q.min || (q.max != kUnbounded && q.max > 65535)) return {};
  q.size = i + 1 - at;
  return q;
}

// With characters but not their properties (unicode without ucp), 8.44 looks at bytes where \w, \W, \s or \S must match a
// number of times: what is not ASCII is neither a letter nor a space there, though it may be one where the type stands
// alone, and in those repetitions that may be left out. So the two kinds of repetition are written apart. Answers where
// to go on in `s`; 0: nothing to do.
size_t write_type_apart(std::string_view s, size_t at, Rewritten *r) {
  std::optional<Quantifier> q = quantifier(s, at + 2);
  if (!q || q->min == 0 || (q->min == 1 && q->max != kUnbounded)) return 0;
  auto insert = [&](std::string_view text) {
    for (size_t i = 0; i < text.size(); i++) r->inserted.push_back(r->text.size() + i);
    r->text += text;
  };
  switch (s[at + 1]) {
  case 'w': insert("[0-9A-Za-z_]"); break;
  case 'W': insert("[^0-9A-Za-z_]"); break;
  case 's': insert("[\\t-\\r\\x20]"); break;
  default: insert("[^\\t-\\r\\x20]"); break;
  }
  size_t after = at + 2 + q->size;
  char how = char_at(s, after); // ? lazily, + possessively: says nothing of the fixed part
  if (q->min > 1) insert("{" + std::to_string(q->min) + "}");
  r->text += s.substr(at, 2);
  for (size_t i = at + 2; i < after; i++) r->removed.push_back(i);
  if (q->max == kUnbounded) insert("*");
  else insert("{0," + std::to_string(q->max - q->min) + "}");
  if (how == '?' || how == '+') {
    r->text += s[after++];
  } else { // before what it cannot match itself a repetition is possessive
    size_t next = s.find_first_not_of(')', after);
    char opposite = char(s[at + 1] ^ 0x20); // in the other case
    if (char_at(s, next) == '\\' && char_at(s, next + 1) == opposite) insert("+");
  }
  return after;
}
} // namespace

Rewritten rewrite(std::string_view s, uint32_t flags) {
  Rewritten r;
  std::vector<Item> items = scan(s, flags);
  size_t groups = size_t(std::count_if(items.begin(), items.end(), [&](Item i) {
    if (i.part != Part::Open) return false;
    char next = char_at(s, i.at + 1);
    if (next == '*') return false;
    if (next != '?') return true;
    char kind = char_at(s, i.at + 2), after = char_at(s, i.at + 3);
    return (kind == 'P' && after == '<') || kind == '\'' || (kind == '<' && after != '=' && after != '!');
  }));
  size_t at = 0;
  // (*UTF8) is (*UTF) now.
  while (starts(s, at, "(*")) {
    size_t end = s.find(')', at);
    if (end == s.npos) break;
    if (s.substr(at, end - at) == "(*UTF8") {
      r.removed.push_back(end - 1);
      r.text += "(*UTF)";
    } else {
      r.text += s.substr(at, end + 1 - at);
    }
    at = end + 1;
  }
  for (Item i : items) {
    if (i.at < at) continue;
    if (i.part == Part::TypeEscape) {
      if (!(flags & Utf) || (flags & Ucp) || starts(s, 0, "(*UCP)")) continue;
      r.text += s.substr(at, i.at - at);
      size_t next = write_type_apart(s, i.at, &r);
      at = next ? next : i.at;
    } else if (i.part == Part::ClassHyphen) {
      // The hyphen stands for itself; PCRE2 wants to be told.
      r.text += s.substr(at, i.at - at);
      r.inserted.push_back(r.text.size());
      r.text += "\\-";
      at = i.at + 1;
    } else if (i.part == Part::PlainEscape || (i.part == Part::LowEscape && groups < size_t(s[i.at + 1] - '0'))) {
      // Letters without a meaning stand for themselves, \8 and \9 for digits where there are not so many groups.
      r.text += s.substr(at, i.at - at);
      r.removed.push_back(i.at);
      r.text += s[i.at + 1];
      at = i.at + 2;
    } else if (i.part == Part::Open && starts(s, i.at, "(?")) {
      // (?xx) means no more than (?x).
      size_t j = i.at + 2;
      while (std::string_view("imsxJUX-").find(char_at(s, j)) != std::string_view::npos && j < s.size()) j++;
      size_t twice = s.substr(0, j).find("xx", i.at + 2);
      if (twice == s.npos) continue;
      r.text += s.substr(at, twice - at);
      for (at = twice; char_at(s, at + 1) == 'x'; at++) r.removed.push_back(at);
    }
  }
  r.text += s.substr(at);
  return r;
}

CompileError translate_error(std::string_view s, uint32_t flags, int code, size_t offset) {
  size_t n = s.size();
  auto ends_with = [&](auto head, auto tail) { // "(?" head tail* at the end of the source
    size_t at = s.rfind("(?");
    if (at == s.npos) return false;
    std::string_view rest = s.substr(at + 2);
    return head(rest) && std::all_of(rest.begin(), rest.end(), tail);
  };
  auto before = [](size_t x) { return x ? x - 1 : 0; };
  switch (code) {
  case 114:
    if (ends_with([](std::string_view) { return true; },
                  [](char c) { return std::string_view("imsxJU-").find(c) != std::string_view::npos; }))
      return error(111, offset);
    if (n >= 3 && s.substr(n - 3) == "(?P") return error(141, offset);
    if (n >= 3 && s.substr(n - 3) == "(?C") return error(139, offset);
    if (ends_with([](std::string_view r) { return is_digit(r.back()); },
                  [](char c) { return is_digit(c) || c == '+' || c == '-'; }))
      return error(158, offset);
    if (n >= 3 && s.substr(n - 3) == "(?(") return error(128, offset);
    break;
  case 115: {
    size_t condition = condition_at(s, offset);
    if (condition != s.npos) {
      size_t close = s.find(')', condition);
      close = close == s.npos ? n : close + 1;
      if (s.substr(condition, 5) == "(?(0)") return {"invalid condition (?(0)", close};
      return error(code, close);
    }
    // 8.44 checks numbers at the end of the pattern, and the length of a lookbehind at the end of that.
    for (size_t open = s.find("(?<"); open < offset; open = s.find("(?<", open + 1)) {
      size_t close = closing(s, flags, open);
      char kind = char_at(s, open + 3);
      if ((kind == '=' || kind == '!') && close >= offset - 1 && close < n) return error(125, close);
    }
    if (offset > 0 && s[offset - 1] == '\\' && is_digit(char_at(s, offset))) return error(code, n);
    size_t g = s.rfind("\\g", offset);
    if (g != s.npos && g + 2 <= offset) {
      size_t digits = g + 2 + (char_at(s, g + 2) == '{');
      if (is_digit(char_at(s, digits)) || char_at(s, digits) == '-') {
        size_t end = digits + (s[digits] == '-');
        bool zero = true;
        for (; is_digit(char_at(s, end)); end++) zero &= s[end] == '0';
        if (end >= offset - 1 || s[digits] == '-') {
          if (zero) return error(126, before(offset));
          return error(code, s[digits] == '-' ? end : n);
        }
      }
    }
    return error(code, word_end(s, offset));
  }
  case 124:
  case 142:
    if (condition_at(s, offset) != s.npos && s.find(')', condition_at(s, offset)) == s.npos) return error(124, offset);
    break;
  case 125:
  case 136: {
    size_t open = std::min(s.find("(?<", offset), n);
    size_t close = closing(s, flags, open);
    std::string_view body = s.substr(std::min(open, n), close - std::min(open, n));
    bool calls = body.find("(?&") != body.npos || body.find("(?R") != body.npos || body.find("(?P>") != body.npos;
    for (size_t i = 0; i + 2 < body.size(); i++)
      calls |= body[i] == '(' && body[i + 1] == '?' && (is_digit(body[i + 2]) || body[i + 2] == '+');
    return error(code, calls ? n : close);
  }
  case 127: return error(code, closing(s, flags, std::min(s.find("(?(", offset), n)));
  case 154: {
    size_t open = s.rfind("(?(", offset);
    return error(code, open == s.npos ? n : closing(s, flags, open));
  }
  case 128:
  case 129: return error(code, offset + 1);
  case 137:
  case 143:
  case 147:
  case 151:
  case 155: return error(code, s.ends_with("\\o") ? s.size() - 1 : before(offset));
  case 119: return error(186, before(offset)); // it runs out of stack before it counts to its limit
  case 165:
  case 169:
  case 171:
  case 150: return error(code, before(offset));
  case 178:
    if (s.rfind("\\o", offset) != s.npos && offset - s.rfind("\\o", offset) <= 3)
      return error(code, s.rfind("\\o", offset) + 1);
    break;
  case 160:
    if (offset == n && s.rfind("(*") != s.npos) {
      size_t j = s.rfind("(*") + 2;
      while (std::isalpha(uint8_t(char_at(s, j)))) j++;
      return error(code, j == n || s[j] == ':' ? n : j);
    }
    break;
  case 157:
    if (offset == n && n >= 2 && s.substr(n - 2) == "\\g") return error(126, before(offset));
    break;
  case 162:
    if (offset >= 3 && s.substr(offset - 3, 3) == "\\g{") return error(157, offset);
    if (offset >= 3 && s.substr(offset - 3, 3) == "(?<") return {kAfterLess, offset};
    if (offset == n && s.substr(n - 1) == "'" && n >= 3 && s.substr(n - 3, 2) == "(?") return error(142, offset);
    break;
  }
  return error(code, offset);
}

} // namespace joist::bifs::regex
