// Deep copies of terms and their sizes. Off-heap data (RefcBin bytes, magic data) is shared by reference count.
// Recursion uses an explicit stack: depth is bounded by memory only.
#pragma once
#include "runtime/mem/heap.h"

namespace joist::runtime {
// Words that a flat copy of t takes (sharing expanded). Literals count 0 when `skip_literals` (message copies share them).
Word size_of(Term t, bool skip_literals = true);
// Copy into h. Size must not be known before; uses h.alloc per object group. Literals are shared if skip_literals.
Term copy(Term t, Heap &h, bool skip_literals = true);
// Copy of t in which nothing refers to `area` any more; other literals stay shared.
struct LiteralArea;
Term copy_out_of(Term t, Heap &h, const LiteralArea &area);
// As copy() into a fresh message heap of exactly the right size. Immediate t: *out stays null.
// What is kept for long copies literals too: their module may be purged meanwhile.
Term copy_to_fragment(Term t, Fragment **out, bool skip_literals = true);
// erts_debug:size_shared/1, flat_size/1, copy_shared.
Word size_shared(Term t); // without literals
Term copy_shared(Term t, Heap &h);
} // namespace joist::runtime
