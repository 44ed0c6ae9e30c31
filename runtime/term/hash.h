// Hash functions of terms. The first three are visible to Erlang and must give stock's numbers.
#pragma once
#include "runtime/term/boxed.h"
namespace joist::runtime {
uint32_t phash(Term t, uint32_t range);          // erlang:phash/2 (range already applied: 1..range)
uint32_t phash2(Term t);                         // full 32-bit value before the range of erlang:phash2
uint32_t internal_hash(Term t);                  // equal terms (=:=) hash equal; for maps, ETS (=:= keys)
// Hash of a map key for HAMT levels [8*depth, 8*depth+8): depth 0 is internal_hash(key), deeper groups salt it as stock
// does (salt 0 for depth 0, else the mix of (depth, 1, HCONST_22) started from 0). Implemented with internal_hash.
uint32_t map_hash(Term key, unsigned depth);
uint32_t internal_hash_numeric(Term t);          // == keys hash equal (ordered use)
} // namespace joist::runtime
