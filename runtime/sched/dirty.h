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
//
// Signals meanwhile (proc/dirty_signals.cpp)
//  * A signal that is no message, to a process with DirtyQueued, sets DirtySignals and gets a work item onto a scheduler.
//    Who holds DirtySignals owns the process' inbox, mailbox and relations, besides the dirty thread, which uses the heap,
//    the registers and the exception. What needs the latter (collections, system tasks, suspension) waits until the call returns.
//  * An exit signal that kills makes it end at once, as far as others can see; the steps run under DirtySignals. Only its
//    memory is kept until the call has returned.
//  * While DirtySignals is set nobody else queues the process. Whoever of the two, dirty thread and work item, is the
//    last to leave, queues it again.
#pragma once
#include "runtime/nif/static_nif.h"

namespace joist::runtime {
namespace pstate {
inline constexpr uint32_t DirtySignals = 1 << 19; // of Process::state, a place as those of sched/scheduler.h are
}
struct ScheduledNif;
struct DirtyCall {
  const StaticNif *nif;
  NifKind kind;
  const Mfa *mfa;                    // for stack traces: what Erlang called
  ScheduledNif *scheduled = nullptr; // owned
  ~DirtyCall();
};
// Has the signals handled that are there for p, if it is with the dirty schedulers. Any thread.
void dirty_signals_schedule(Process *p);
} // namespace joist::runtime
