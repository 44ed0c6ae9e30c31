// Hand-over of a process to a dirty scheduler and back.
//
//  * The interpreter reaches a dirty native function: it saves the arguments as the process' registers, sets
//    p->dirty and leaves with RunResult::Dirty. The scheduler queues the process for the kind p->dirty->kind tells.
//  * A dirty scheduler thread has its own Machine, whose `scheduler` is null. It calls exec_hooks.run(machine, p) as
//    a normal scheduler does; run() sees p->dirty, executes the native function, stores its result (or exception, or
//    trap) as the saved registers and pc, clears p->dirty and answers Yielded: the process belongs back in a normal
//    run queue.
//
// A function that enif_schedule_nif asked for is a DirtyCall too, of any kind: p->pc is then the instruction that makes
// it, and behind its arguments in the registers stands the tuple of those that its first predecessor was called with.
#pragma once
#include "runtime/nif/static_nif.h"

namespace joist::runtime {
struct ScheduledNif;
struct DirtyCall {
  const StaticNif *nif;
  NifKind kind;
  const Mfa *mfa;                    // for stack traces: what Erlang called
  ScheduledNif *scheduled = nullptr; // owned
  ~DirtyCall();
};
} // namespace joist::runtime
