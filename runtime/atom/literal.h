// Atoms that are named at one or two places only, with no entry in names.def: named<"select">() interns its text the first
// time it is asked and costs a load after that.
#pragma once
#include "runtime/atom/atom.h"

#include <algorithm>

namespace joist::runtime {
inline Term named(std::string_view text) { return atom::intern(text); } // looked up each time: not for hot paths

template <size_t N> struct AtomLiteral {
  char text[N];
  constexpr AtomLiteral(const char (&s)[N]) { std::copy_n(s, N, text); }
};
template <AtomLiteral name> Term named() {
  static const Term t = atom::intern(name.text);
  return t;
}
} // namespace joist::runtime
