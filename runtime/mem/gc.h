// Per-process generational copying collector.
//
// A young generation (the heap block, which also holds the stack at its high end) and an old one. A minor
// collection copies what is live above the high-water mark within a fresh young block, and promotes what survived
// one collection already (below the mark) to the old generation; when that is full, or after fullsweep_after minors,
// a major collection copies all live data into one fresh block. Fragments are always evacuated.
// Roots: x registers [0, live), stack, dictionary, process fields that hold terms (Process::each_root).
// Signals still in the queue own their fragments and are not touched.
#pragma once
#include "runtime/term/term.h"

namespace joist::runtime {
struct Process;
struct LiteralArea;

// Collects so that at least `need` words are free between heap top and stack. x[0..live) are updated.
// p->heap.top and p->stack_top must be current; afterwards both may differ. Returns reductions to charge.
// If max_heap_size with kill is exceeded, sets the process' kill flag: the caller checks Process::must_exit().
int gc_collect(Process *p, Word need, Term *x, unsigned live);
int gc_major(Process *p, Word need, Term *x, unsigned live);
// Should a collection be made now that a BIF has returned? (fragments are large, or virtual binary heap is over its limit)
bool gc_wanted(const Process *p);
// Shrinks heap to minimum around x[0..live), no stack (erlang:hibernate/3).
void gc_hibernate(Process *p, Term *x, unsigned live);
// Copies every reference into `area` out of it (before the area is freed). x as above.
void gc_leave_literals(Process *p, const LiteralArea &area, Term *x, unsigned live);
// True if the process refers to [start,end) anywhere in roots, heap or fragments.
bool gc_refers_to(const Process *p, const Word *start, const Word *end, const Term *x, unsigned live);
// First block for a new process: at least min_heap words; sizes follow stock's table (233, 377, 610, ...).
void gc_init_heap(Process *p, Word min_heap);
void gc_free_heap(Process *p); // everything the process owns: blocks, fragments, off-heap
Word gc_next_size(Word words); // smallest table size >= words
// Called when a process goes over its max_heap_size, before it is killed: logs it. Set by sys/.
extern void (*gc_max_heap_reached)(Process *p, Word words);
// Debug and +gc_stress.
extern bool gc_stress;                                          // collect (major, moving) at every opportunity
void gc_verify(const Process *p, const Term *x, unsigned live); // aborts with a description where the heap is malformed
} // namespace joist::runtime
