// os:getenv/1, putenv/2, unsetenv/1, env/0, getpid/0. Names and values are strings (deep lists of characters) in the
// encoding of file names; bytes that are no UTF-8 come back as Latin-1.
#include "bifs/build.h"

#include "runtime/sys/env.h"
#include "runtime/sys/flags.h"
#include "runtime/term/utf.h"

#include <unistd.h>

namespace joist::bifs {
namespace {
bool latin1() { return vm_flags.native_name_encoding == 'l'; }

// Characters of a deep list as bytes. False: something else in it, or NUL.
bool native(Term t, std::string *out) {
  std::vector<Term> rest;
  for (;;) {
    if (t.is_cons()) {
      rest.push_back(t.tail());
      t = t.head();
      continue;
    }
    if (t.is_small()) {
      int64_t c = t.small_value();
      if (c <= 0 || (latin1() ? c > 255 : !valid_code_point(Word(c)))) return false;
      uint8_t bytes[4];
      Word n = 1;
      if (latin1()) bytes[0] = uint8_t(c);
      else n = put_utf8(bytes, Word(c));
      out->append(reinterpret_cast<char *>(bytes), n);
      if (rest.empty()) return false; // an integer is no list
    } else if (!t.is_nil()) {
      return false;
    }
    if (rest.empty()) return true;
    t = rest.back();
    rest.pop_back();
    if (!t.is_list()) return false; // improper
  }
}

bool name(Term t, std::string *out) { return t.is_list() && native(t, out) && out->find('=') == out->npos; }

Term from_native(Heap &h, std::string_view s) {
  bool utf8 = !latin1();
  for (size_t i = 0; utf8 && i < s.size();) {
    uint32_t c;
    int n = utf8_decode(reinterpret_cast<const uint8_t *>(s.data()) + i, s.size() - i, &c);
    if (n <= 0) utf8 = false;
    else i += size_t(n);
  }
  return utf8 ? make_string_utf8(h, s.data(), s.size()) : make_string(h, s.data(), s.size());
}
} // namespace

Term os_getenv_1(Process *p, const Term *args) {
  std::string n;
  if (!name(args[0], &n)) return badarg(p);
  auto value = env_get(n);
  return value ? from_native(p->heap, *value) : atoms::false_;
}

Term os_putenv_2(Process *p, const Term *args) {
  std::string n, value;
  if (!name(args[0], &n) || !args[1].is_list() || !native(args[1], &value)) return badarg(p);
  if (!n.empty()) env_put(n, value);
  return atoms::true_;
}

Term os_unsetenv_1(Process *p, const Term *args) {
  std::string n;
  if (!name(args[0], &n)) return badarg(p);
  env_unset(n);
  return atoms::true_;
}

Term os_env_0(Process *p, const Term *) {
  Term list = Term::nil();
  auto all = env_all();
  for (size_t i = all.size(); i-- > 0;) {
    size_t eq = all[i].find('=', 1);
    Term value = from_native(p->heap, std::string_view(all[i]).substr(eq + 1));
    Term key = from_native(p->heap, std::string_view(all[i]).substr(0, eq));
    list = make_cons(p->heap, pair(p->heap, key, value), list);
  }
  return list;
}

Term os_getpid_0(Process *p, const Term *) { return text_list(p->heap, std::to_string(getpid())); }
} // namespace joist::bifs
