// Hand-over of a process to a dirty scheduler and back.
//
//  * The interpreter reaches a dirty native function: it saves the arguments as the process' registers, sets
//    p->dirty and leaves with RunResult::Dirty. The scheduler queues the process for the kind p->dirty->kind tells.
//  * A dirty scheduler thread has its own Machine, whose `scheduler` is null. It calls exec_hooks.run(machine, p) as
//    a normal scheduler does; run() sees p->dirty, executes the native function, stores its result (or exception, or
//    trap) as the saved registers and pc, clears p->dirty and answers Yielded: the process belongs back in a normal
//    run queue.
#pragma once
#include "runtime/nif/static_nif.h"

namespace joist::runtime {
struct DirtyCall {
  const StaticNif *nif;
  NifKind kind;            // DirtyCpu or DirtyIo
  const Mfa *mfa;          // for stack traces
  const Instr *return_pc;  // the instruction after the native body
};
} // namespace joist::runtime
