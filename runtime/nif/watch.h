// Watching processes from C++: "tell me when this process is gone". Used by what is no process itself and so has no
// Erlang monitor: open files, native resources, drivers.
//
// Protocol
//  * process_watch registers a Watch for a live process; process_unwatch takes it back.
//  * When a process has become unfindable (pstate::Gone is set), its exit calls process_watchers_fire(pid) once,
//    on its own thread. For nearly all processes that is one relaxed load.
//  * For each Watch exactly one of these happens: process_unwatch answers true, or `gone` is called.
#pragma once
#include "runtime/mem/heap.h"

namespace joist::runtime {
struct Watch {
  void (*gone)(Watch *) = nullptr;          // called without locks held, on the thread on which the process ends
  Term (*shown)(Watch *, Heap &) = nullptr; // what process_info(P, monitored_by) shows for it; null or none: nothing
  // private to watch.cpp
  Watch *next = nullptr, **prev = nullptr;
  Term pid = Term::none();
};
// Starts watching. False if there is no such process (`gone` will not be called). The caller must be online
// (sched/progress.h) or a scheduler.
bool process_watch(Term local_pid, Watch *w);
// True if w was still registered: `gone` will never be called. False: it was or is being called.
bool process_unwatch(Watch *w);
// What watches of the process show, as a list built in h.
Term process_watchers_shown(Term local_pid, Heap &h);
// For the exit of processes; see above.
void process_watchers_fire(Term local_pid);
} // namespace joist::runtime
