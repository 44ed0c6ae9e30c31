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
} // namespace joist::runtime
