// The machine state as compiled code sees it while it is being compiled: one local variable of every native function,
// which LLVM dissolves into registers. Handlers instantiated for lowering (vm/lowering.h) find operands here and leave
// results here. Only accessed with constant indices; its address never leaves the function.
#pragma once
#include "loader/isa.h"
#include "runtime/code/code.h"
#include "runtime/sched/machine.h"

namespace joist::vm {
using namespace joist::runtime;
inline constexpr int kStateX =
    16; // x registers that live in machine registers within a function; others in the Machine

struct NativeState {
  Machine *m;
  Word *h, *e;
  int64_t reds;
  Word x[kStateX];
  double f[16];
  // --- of the instruction at hand
  Word in[loader::kMaxOperandsPerInstr];  // values of source operands
  Word out[loader::kMaxOperandsPerInstr]; // results, by operand
  Word num[loader::kMaxOperandsPerInstr]; // numbers, labels, addresses
  double fr[4];                           // float register operands, sources and results
  Word pc, size;                          // address, length in bytes without lists
  const Instr *resume;                    // where to go on (Outcome::Resume)
};

// What a lowered handler answers.
enum Outcome : int {
  kExit = -3,   // not done here, nothing changed: the interpreter runs this instruction
  kResume = -2, // the process' state is saved: go on at NativeState::resume (null: it has left)
  kLeft = -1,   // the process has left
  kNext = 0,    // done; go on behind the instruction
  kBranch = 1,  // + operand number of the label to go to
};
} // namespace joist::vm
