// System tasks: work that is done for a process while it does not execute, with its registers saved: collections that
// others ask for, checks whether it refers to old code or literals. They arrive as signals, so their order among other
// signals is kept, and are done by the scheduler before the process executes next.
#pragma once
#include "runtime/proc/process.h"

namespace joist::runtime {
struct SystemTask {
  // Does it, once. p is not executing: registers are p->saved_x()[0..live_x), pc and stack are saved; it may collect.
  // p null: the process is gone (on any thread). The task owns itself: frees `self` in the end.
  void (*run)(Process *p, SystemTask *self) = nullptr;
  // It needs the stack and pc only: it is done, by a scheduler, also while p is in a dirty native function.
  bool beside_dirty = false;
};
// Has `task` done in the context of the process, which executes with at least this priority until then: who waits for a
// task is not kept waiting by what has less priority. False if there is none (run is not called, the caller keeps task).
bool system_task_send(Term local_pid, SystemTask *task, Priority prio);

// Set by code/: does the process refer to old code of the module (stack, funs, literals)? May collect.
// x, live: its registers. For erts_internal:check_process_code and purging.
extern bool (*check_process_code_hook)(Process *p, Term module, Term *x, unsigned live);
} // namespace joist::runtime
