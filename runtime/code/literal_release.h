// Freeing literal areas: of purged modules and erased persistent terms.
//
// Protocol (erts_literal_area_collector.erl is its conductor), one area at a time
//  1. literal_release_next takes an area from the queue and publishes it as literal_area_leaving: from then on every copy
//     of a term, e.g. for a message, copies what lies in that area instead of sharing it.
//  2. When all threads have made progress, nobody is left who began a copy before. Now every process is asked to copy
//     what it refers to out of the area: heap, stack, mailbox (literal_area_leave).
//  3. When all have answered, only processes that were exiting already may still read the area. When these are gone
//     too, it is freed by thread progress.
// Where a step has to wait, the collector is suspended: a scheduler may be in a native function for long, and so may a
// process that was killed within one.
// Terms kept elsewhere (ETS, timers, monitors' tags, persistent terms) never share literals.
#pragma once
#include "runtime/mem/literal.h"

namespace joist::runtime {
struct Process;
extern Term literal_collector;               // the pid of that process; set at start
void literal_area_retire(LiteralArea *area); // null allowed; tells the collector
// Step 3 for the last area. False: not yet possible; p, the collector, which executes, is suspended for some milliseconds.
bool literal_release_finish(Process *p);
// Step 1. False: there is no next area. Else p, the collector, which executes, is suspended until all threads have made
// progress.
bool literal_release_next(Process *p);
// Step 2 for one process, with its registers saved. May collect.
void literal_area_leave(Process *p);
} // namespace joist::runtime
