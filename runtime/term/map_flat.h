// Maps of up to 32 keys; used by the map*.cpp only.
#pragma once
#include "runtime/atom/atom.h"
#include "runtime/term/compare.h"
#include "runtime/term/map.h"
namespace joist::runtime::flat {
inline constexpr Word kAbsent = ~Word{0};
// Position of a key in the sorted array, or kAbsent.
Word index_of(const Term *keys, Word n, Term key);
// Map with the given key tuple; values uninitialised.
Term with_keys(Heap &h, Term key_tuple, Word n, Term **values);
// Map with a new key tuple; both arrays uninitialised (the tuple lies behind the map).
Term fresh(Heap &h, Word n, Term **keys, Term **values);
// Order of keys, compare_exact's.
inline int order_of_keys(Term a, Term b) {
  return a.is_atom() && b.is_atom() ? atom::compare(a, b) : compare_exact(a, b);
}
// Pairs in the order of their keys, in the caller's memory.
struct Sorted {
  Term keys[kFlatMapMax], values[kFlatMapMax];
  Word count = 0;
  bool put(Term key, Term value); // true: the key was there. Otherwise there must be room
  Term map(Heap &h) const;        // with a key tuple of its own
};
// From n <= 32 pairs with unsorted keys, later duplicates win.
Term from_pairs(Heap &h, const Term *pairs, Word n, bool *duplicates);
} // namespace joist::runtime::flat
