// Maps of up to 32 keys; used by the map*.cpp only.
#pragma once
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
// From n <= 32 pairs with unsorted keys, later duplicates win.
Term from_pairs(Heap &h, const Term *pairs, Word n, bool *duplicates);
} // namespace joist::runtime::flat
