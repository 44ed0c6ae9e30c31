#include "runtime/io/file_name.h"
#include "runtime/atom/atom.h"
#include "runtime/sys/flags.h"
#include "runtime/term/binary.h"

#include <cstdlib>

namespace joist::runtime {
bool untranslatable_names_fail = false;

namespace {
bool locale_is_utf8() {
  for (const char *name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char *v = getenv(name);
    if (!v || !*v) continue;
    std::string s;
    for (; *v; v++)
      if (*v != '-') s.push_back(char(*v | 32));
    return s.find("utf8") != std::string::npos;
  }
  return false;
}

// Length of the sequence at p (1..4), or 0 if it is invalid.
size_t utf8_sequence(const uint8_t *p, size_t left, uint32_t *code) {
  uint8_t c = p[0];
  if (c < 0x80) return *code = c, 1;
  size_t n = c < 0xC2 ? 0 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : c < 0xF5 ? 4 : 0;
  if (n == 0 || left < n) return 0;
  uint32_t v = c & (0x7Fu >> n);
  for (size_t i = 1; i < n; i++) {
    if ((p[i] & 0xC0) != 0x80) return 0;
    v = v << 6 | (p[i] & 0x3F);
  }
  if ((n == 3 && (v < 0x800 || (v >= 0xD800 && v < 0xE000))) || (n == 4 && (v < 0x10000 || v > 0x10FFFF))) return 0;
  *code = v;
  return n;
}

bool append_char(Term c, bool utf8, std::string *out) {
  if (!c.is_small()) return false;
  int64_t v = c.small_value();
  if (v <= 0) return false;
  if (!utf8) {
    if (v > 255) return false;
    out->push_back(char(v));
    return true;
  }
  uint8_t bytes[4];
  if (v > 0x10FFFF || (v >= 0xD800 && v < 0xE000)) return false;
  Word n = put_utf8(bytes, Word(v));
  out->append(reinterpret_cast<char *>(bytes), n);
  return n != 0;
}
} // namespace

bool file_names_utf8() {
  static const bool from_locale = locale_is_utf8();
  switch (vm_flags.native_name_encoding) {
  case 'u': return true;
  case 'l': return false;
  default: return from_locale;
  }
}

bool file_name_to_native(Term name, std::string *out, bool atoms_too) {
  bool utf8 = file_names_utf8();
  out->clear();
  if (name.is_atom()) {
    if (!atoms_too) return false;
    std::string_view text = atom::text(name);
    if (utf8) {
      out->assign(text);
    } else {
      uint32_t c;
      for (size_t i = 0; i < text.size();) {
        i += utf8_sequence(reinterpret_cast<const uint8_t *>(text.data()) + i, text.size() - i, &c);
        if (c > 255) return false;
        out->push_back(char(c));
      }
    }
    return out->find('\0') == std::string::npos;
  }
  if (is_bitstring(name)) {
    if (!is_binary(name)) return false;
    ByteScratch scratch;
    out->assign(bytes_of(name, scratch).view());
    return out->find('\0') == std::string::npos;
  }
  if (!name.is_list()) return false;
  std::vector<Term> rest;
  Term t = name;
  for (;;) {
    while (t.is_cons()) {
      Term head = t.head();
      if (head.is_list()) {
        rest.push_back(t.tail());
        t = head;
        continue;
      }
      if (!append_char(head, utf8, out)) return false;
      t = t.tail();
    }
    if (!t.is_nil()) return false;
    if (rest.empty()) return true;
    t = rest.back();
    rest.pop_back();
  }
}

bool valid_utf8(std::string_view bytes) {
  uint32_t c;
  for (size_t i = 0; i < bytes.size();) {
    size_t n = utf8_sequence(reinterpret_cast<const uint8_t *>(bytes.data()) + i, bytes.size() - i, &c);
    if (n == 0) return false;
    i += n;
  }
  return true;
}

Term utf8_to_list(Heap &h, std::string_view bytes) {
  std::vector<uint32_t> codes;
  codes.reserve(bytes.size());
  for (size_t i = 0; i < bytes.size();) {
    uint32_t c = 0;
    size_t n = utf8_sequence(reinterpret_cast<const uint8_t *>(bytes.data()) + i, bytes.size() - i, &c);
    if (n == 0) break;
    codes.push_back(c);
    i += n;
  }
  Term list = Term::nil();
  for (size_t i = codes.size(); i-- > 0;) list = make_cons(h, Term::small(codes[i]), list);
  return list;
}

Term file_name_from_native(Heap &h, std::string_view bytes) {
  if (file_names_utf8() && valid_utf8(bytes)) return utf8_to_list(h, bytes);
  return make_string(h, bytes.data(), bytes.size());
}
} // namespace joist::runtime
