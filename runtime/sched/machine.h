// The register file of a scheduler thread: X and float registers and the current process. Compiled code and
// interpreter handlers carry a Machine* in a machine register; offsets that they use stand in runtime/layout.h.
#pragma once
#include "runtime/proc/process.h"

namespace joist::runtime {
struct Scheduler;

struct Machine {
  Term x[kMaxX];
  double f[16];
  Process *p = nullptr;           // current process
  Scheduler *scheduler = nullptr; // null on dirty scheduler threads
  uint8_t result = 0;             // RunResult of the run that just ended (vm/)
  bool matching = false; // between loop_rec and remove_message: terms in registers may lie in a signal's fragments
  void *vm = nullptr;    // private to vm/
};
static_assert(offsetof(Machine, x) == 0);

// Why the execution of a process on a scheduler ended.
enum class RunResult : uint8_t {
  Yielded, // still active: back to the run queue
  Waiting, // in a receive, or suspended: becomes inactive unless new signals are there
  Dirty,   // continues on a dirty scheduler (p->dirty says what)
  Exited,  // process_exit has finished with it; p must not be touched
};

// Set once by vm/ before schedulers start.
struct ExecHooks {
  // Runs p from p->pc with its saved registers until it leaves; saves registers into p before returning.
  RunResult (*run)(Machine *m, Process *p) = nullptr;
  // Where a process spawned as apply(M, F, Args) starts: x0..x2 = M, F, Args (args a list).
  const Instr *apply_entry = nullptr;
  // Where the first frame of every process returns to: normal exit.
  const Instr *normal_exit = nullptr;
  // Continues an exit that yielded.
  const Instr *continue_exit = nullptr;
};
extern ExecHooks exec_hooks;
} // namespace joist::runtime
