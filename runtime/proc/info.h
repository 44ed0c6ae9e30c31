// What process_info tells.
#pragma once
#include "runtime/proc/process.h"

namespace joist::runtime {
// Value of an item, built in h: {Item, Value}; for registered_name of a process without one [] (in a list of items:
// {registered_name, []}). none: there is no such item. self: p asks about itself from within a BIF.
Term process_info_item(Process *p, Term item, Heap &h, bool in_list, bool self);
bool process_info_is_item(Term atom);
Term process_info_item_names(Heap &h); // all of them, a list
// Items of process_info/1, in order.
extern const Term process_info_1_items[];
extern const unsigned process_info_1_count;
// What was asked for, whole: `items` is an atom, a list of atoms, or none for process_info/1. All are valid.
Term process_info_build(Process *p, Term items, Heap &h, bool self);
// Answers a ProcessInfo signal (which the caller frees).
void process_info_answer(Process *p, Signal *s);
// Status as seen from outside; any thread.
Term process_status(uint32_t state);
// Bytes of memory p uses; main only.
Word process_memory(const Process *p);
// Current call chain, newest first, at most `max`: list of {M, F, A, Location}. skip_current: without what p->pc says.
Term process_stacktrace(const Process *p, Heap &h, unsigned max, bool skip_current);
// #{error_logger => , kill => , size => }
Term max_heap_map(Heap &h, Word words, bool kill, bool log);
Term priority_atom(Priority p);
} // namespace joist::runtime
