// ETS as the rest of the virtual machine sees it.
#pragma once
#include "runtime/term/term.h"

#include <cstddef>

namespace joist::runtime {
struct Process;

// Once, before processes run. `limit`: what system_info(ets_limit) tells; the number of tables is not restricted by it.
void ets_init(size_t limit);
size_t ets_limit();
size_t ets_table_count();

// For a process that is about to end (it no longer can be found as alive): hands its tables to their heirs or deletes them, and releases
// its fixations. Works for about *reductions (for a hundred at least), from which it takes what it used. True when nothing is
// left to do; else to be called again. A process that owns nothing costs one look-up. Schedulers only.
bool ets_process_exiting(Process *p, int64_t *reductions);

// For crash dumps and tests.
struct EtsTableSummary {
  Term id; // its name or, in a heap of the caller's of each, its reference
  Term name, owner;
  size_t objects, words;
  const char *type, *protection;
  bool fixed, compressed, write_concurrency, read_concurrency;
};
// f(summary, arg) for every table, newest last. It must be quick: nobody can make or delete tables meanwhile.
void ets_each_table(void (*f)(const EtsTableSummary &t, void *arg), void *arg);
} // namespace joist::runtime
