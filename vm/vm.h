// What the outside needs of the interpreter.
#pragma once
#include "runtime/sched/machine.h"

namespace joist::vm {
using namespace joist::runtime;
// Sets exec_hooks and code_hooks and the table of instructions. Once, before BIFs are registered or code is loaded.
void init();

// Code words of the VM's own.
struct FixedCode {
  const Instr *hibernated = nullptr;    // resumes a hibernating process
  const Instr *dirty_failed = nullptr;  // raises what a dirty native function left
  const Instr *nif_scheduled = nullptr; // calls what enif_schedule_nif asked for
  const Instr *return_ = nullptr;
  // Return points of frames that tracing pushes (call_trace.h), one after the other in memory.
  const Instr *trace_return = nullptr, *trace_exception = nullptr, *trace_return_to = nullptr,
              *trace_return_time = nullptr;
};
extern FixedCode fixed;
} // namespace joist::vm
