// Atoms to and from text.
#include "bifs/bifs.h"
#include "runtime/term/binary.h"
#include "runtime/term/utf.h"

namespace joist::bifs {
namespace {

enum class TextError : uint8_t { None, Bad, TooLong };

// Characters of a list as UTF-8. A list longer than an atom may be is TooLong whatever follows.
TextError list_text(Term l, std::string *out) {
  size_t n = 0;
  for (; l.is_cons(); l = l.tail(), n++) {
    if (n == atom::kMaxChars) return TextError::TooLong;
    Term c = l.head();
    if (!c.is_small() || !valid_code_point(uint64_t(c.small_value()))) return TextError::Bad;
    uint8_t bytes[4];
    Word used = put_utf8(bytes, Word(c.small_value()));
    out->append(reinterpret_cast<char *>(bytes), used);
  }
  return l.is_nil() ? TextError::None : TextError::Bad;
}

TextError check_utf8(Bytes b) {
  if (b.size > 4 * atom::kMaxChars) return TextError::TooLong;
  size_t n = 0;
  for (Word i = 0; i < b.size; n++) {
    if (n == atom::kMaxChars) return TextError::TooLong;
    uint32_t c;
    int used = utf8_decode(b.data + i, b.size - i, &c);
    if (used <= 0) return TextError::Bad;
    i += Word(used);
  }
  return TextError::None;
}

Term fail(Process *p, TextError e) { return e == TextError::TooLong ? system_limit(p) : badarg(p); }

Term from_binary(Process *p, const Term *args, bool existing) {
  if (!is_binary(args[0])) return badarg(p);
  ByteScratch scratch;
  Bytes b = bytes_of(args[0], scratch);
  Term a;
  if (args[1] == atoms::latin1) {
    if (!existing && b.size > atom::kMaxChars) return system_limit(p);
    a = existing ? atom::find_latin1(b.view()) : atom::intern_latin1(b.view());
  } else if (args[1] == atoms::utf8 || args[1] == atoms::unicode) {
    a = atom::find(b.view());
    if (a.is_none() && !existing) {
      TextError e = check_utf8(b);
      if (e != TextError::None) return fail(p, e);
      a = atom::intern(b.view());
    }
  } else {
    return badarg(p);
  }
  if (!a.is_none()) return a;
  return existing ? badarg(p) : system_limit(p); // the table is full
}

} // namespace

Term erlang_atom_to_list_1(Process *p, const Term *args) {
  if (!args[0].is_atom()) return badarg(p);
  std::string_view s = atom::text(args[0]);
  return make_string_utf8(p->heap, s.data(), s.size());
}

Term erlang_atom_to_binary_2(Process *p, const Term *args) {
  if (!args[0].is_atom()) return badarg(p);
  std::string_view s = atom::text(args[0]);
  if (args[1] == atoms::utf8 || args[1] == atoms::unicode) return make_binary_from(p->heap, s);
  if (args[1] != atoms::latin1) return badarg(p);
  std::string latin1;
  for (size_t i = 0; i < s.size(); i++) {
    uint8_t c = uint8_t(s[i]);
    if (c > 0xC3) return badarg(p);
    latin1 += c < 0x80 ? char(c) : char(c << 6 | (uint8_t(s[++i]) & 0x3F));
  }
  return make_binary_from(p->heap, latin1);
}

Term erlang_list_to_atom_1(Process *p, const Term *args) {
  std::string s;
  if (TextError e = list_text(args[0], &s); e != TextError::None) return fail(p, e);
  Term a = atom::intern(s);
  return a.is_none() ? system_limit(p) : a;
}

Term erlang_list_to_existing_atom_1(Process *p, const Term *args) {
  std::string s;
  if (list_text(args[0], &s) != TextError::None) return badarg(p);
  Term a = atom::find(s);
  return a.is_none() ? badarg(p) : a;
}

Term erlang_binary_to_atom_2(Process *p, const Term *args) { return from_binary(p, args, false); }
Term erlang_binary_to_existing_atom_2(Process *p, const Term *args) { return from_binary(p, args, true); }

} // namespace joist::bifs
