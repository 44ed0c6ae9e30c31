// The dirty scheduler threads (what they do: dirty.h).
#pragma once
#include "runtime/sched/scheduler.h"

namespace joist::runtime {
void dirty_init(unsigned cpu, unsigned cpu_online, unsigned io, size_t stack_kb);
// p has DirtyQueued and is not running any more.
void dirty_enqueue(Process *p);
// Does p's call on the calling scheduler thread, which has lent its part (sched/loan.h). p has DirtyQueued and is not running
// any more; p goes back by process_back_from_dirty, unless false: it has ended.
bool dirty_run_here(Process *p);
// Scheduler side: p is through, its state goes back to normal.
void process_back_from_dirty(Process *p);
} // namespace joist::runtime
