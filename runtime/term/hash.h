// Hash functions of terms. The first three are visible to Erlang and must give stock's numbers.
#pragma once
#include "runtime/term/boxed.h"
namespace joist::runtime {
uint32_t phash(Term t, uint32_t range);          // erlang:phash/2 (range already applied: 1..range)
uint32_t phash2(Term t);                         // full 32-bit value before the range of erlang:phash2
uint32_t internal_hash(Term t);                  // equal terms (=:=) hash equal; for maps, ETS (=:= keys)
uint32_t internal_hash_numeric(Term t);          // == keys hash equal (ordered use)
} // namespace joist::runtime
