// A first look at two terms that are different words.
#pragma once
#include "runtime/term/boxed.h"

namespace joist::runtime {
// Different words that cannot be equal: a small integer or another immediate that is no float with anything, pointers of
// different kinds. Others need a look.
[[gnu::always_inline]] inline bool surely_differ(Term a, Term b) {
  if (a.is_small() || b.is_small()) return true;
  Word x = a.raw() & kTagMask, y = b.raw() & kTagMask;
  return x == Word(Tag::Imm) || y == Word(Tag::Imm) || ((a.is_pointer() || b.is_pointer()) && x != y);
}
// The same, looking at the first difference of two tuples, too.
inline bool soon_differ(Term a, Term b) {
  if (surely_differ(a, b)) return true;
  if (!is_tuple(a) || !is_tuple(b)) return false;
  const Word *x = a.box(), *y = b.box();
  if (*x != *y) return true;
  const Word n = header_size(*x);
  Word k = 1;
  while (k <= n && x[k] == y[k]) k++;
  return k <= n && surely_differ(Term(x[k]), Term(y[k]));
}
} // namespace joist::runtime
