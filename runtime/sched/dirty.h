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
//  * Where the process is (pc, stack, p->dirty) is the same from the hand-over until the function has returned, and may be
//    read by whoever acts upon signals; p->current is the dirty thread's: p->dirty->mfa tells the function. What comes
//    after the return changes all that, and may collect. So the two exclude one another: a work item sets DirtyLook
//    before it touches the process, unless there is DirtyBack: then it leaves the signals to the process. The dirty
//    thread sets DirtyBack when the function has returned (dirty_return), and waits for DirtyLook to go first.
//  * An exit signal that kills makes it end at once, as far as others can see; the steps run under DirtySignals. Only its
//    memory is kept until the call has returned; what it answers is nobody's then, and the dirty thread leaves the process as it is.
//  * While DirtySignals is set nobody else queues the process. Whoever of the two, dirty thread and work item, is the
//    last to leave, queues it again.
#pragma once
#include "runtime/nif/static_nif.h"

namespace joist::runtime {
namespace pstate {
// Of Process::state, places as those of sched/scheduler.h are.
inline constexpr uint32_t DirtySignals = 1 << 19, DirtyLook = 1 << 20, DirtyBack = 1 << 21;
} // namespace pstate
struct ScheduledNif;
struct DirtyCall {
  const StaticNif *nif;
  NifKind kind;
  const Mfa *mfa;                    // for stack traces: what Erlang called
  ScheduledNif *scheduled = nullptr; // owned
  DirtyCall *next = nullptr;         // owned: what the function scheduled while a dirty thread executed it
  ~DirtyCall();
};
// Has the signals handled that are there for p, if it is with the dirty schedulers. Any thread.
void dirty_signals_schedule(Process *p);
// p's function has returned, on the calling thread that executes it: from here on nobody acts upon p's signals until
// process_back_from_dirty. Waits for who does so now. False: p has been killed meanwhile, and is to be left as it is.
bool dirty_return(Process *p);
} // namespace joist::runtime
