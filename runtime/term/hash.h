// Hash functions of terms. phash and phash2 are visible to Erlang programs, which store them: they give stock's numbers.
//
// internal_hash is for tables inside this VM (maps, ETS, dictionaries): 32 bits, all of them usable; terms that are =:=
// hash equal; every bit that makes two terms different takes part, so that with another `start` two terms that collided
// part with high probability. Where stock's internal hash does not depend on addresses or atom numbers the result is
// the same as stock's, and with it the iteration order of maps over 32 keys. It is not stable between runs (atom
// numbers, nodes) and must not leave the VM. Time linear in the term; no collection, no recursion.
#pragma once
#include "runtime/term/boxed.h"
namespace joist::runtime {
// erlang:phash/2 is 1 + phash_raw rem Range.
uint32_t phash_raw(Term t);
// Full 32-bit value before the range of erlang:phash2. *steps grows by the work done (a unit: a term, or 12 bytes).
uint32_t phash2(Term t, Word *steps = nullptr);
uint32_t internal_hash(Term t);                 // start = 0
uint32_t internal_hash(Term t, uint32_t start); // another hash for each start
// Hash of a map key for HAMT levels [8*depth, 8*depth+8): depth 0 is internal_hash(key), deeper groups salt it as stock
// does. The slot on level L is bits 4*(L mod 8)..+3 of map_hash(key, L div 8).
uint32_t map_hash(Term key, unsigned depth);
} // namespace joist::runtime
