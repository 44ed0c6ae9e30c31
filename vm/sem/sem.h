// Ground rules of vm/sem: the ONE definition of what instructions compute, for every tier.
//
//  1. Functions take VALUES (operands already fetched) and, where they touch heap or stack, a state S with members
//     h (heap top, Word*), e (stack pointer, Word*). They never index registers: fetching and storing belong to the
//     client (interpreter: memory; compiler: SSA values).
//  2. Only the fast path is here. A function that cannot finish answers false and must have changed nothing but its
//     result parameter, which is never an operand's home. What slow means is the client's decision: a cold tail call
//     in the interpreter, a side exit in compiled code.
//  3. The result is written before the last check (`if (ok) r = t` would become a select that hides the value).
//  4. No loops, no memcpy, no arrays indexed by operands, no calls.
#pragma once
#include "runtime/mem/heap.h"
#include "runtime/proc/process.h"

#define SEM static inline __attribute__((always_inline))
#define LIKELY(c) __builtin_expect(!!(c), 1)
#define UNLIKELY(c) __builtin_expect(!!(c), 0)
// "Usually": both outcomes are hot (small or float).
#define USUALLY(c) __builtin_expect_with_probability(!!(c), 1, 0.6)

namespace joist::vm {
using namespace joist::runtime;
namespace sem {
inline constexpr Word kImmTag = Word(Tag::Imm);
SEM bool both_floats(Term a, Term b) { return a.is_immediate_float() && b.is_immediate_float(); }
// Pointer to the header word of a boxed term.
SEM const Word *box(Term t) { return reinterpret_cast<const Word *>(t.raw() - Word(Tag::Boxed)); }
SEM const Word *cell(Term t) { return reinterpret_cast<const Word *>(t.raw() - Word(Tag::Cons)); }
SEM bool is_boxed_kind(Term t, Kind k) { return t.is_boxed() && header_kind(*box(t)) == k; }
} // namespace sem
} // namespace joist::vm
