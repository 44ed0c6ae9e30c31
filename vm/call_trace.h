// Calls that are traced, and the frames that tracing pushes on the Erlang stack: directly under a function's own frame,
// a return address into one of the instructions below, and what it needs:
//   trace_return, trace_exception   module, function, arity, tracer (true: the process' own; else packed, see trace/tracer.h)
//   trace_return_to                 nothing
//   trace_return_time               the CallTime before, as a small integer of its address / 8, or 0
// A function returns into them as into its caller; exceptions look at them (exceptions.cpp) and drop them.
#pragma once
#include "runtime/trace/breakpoints.h"
#include "vm/interp.h"

namespace joist::vm {
// A function with a breakpoint is entered at pc, state saved. Where to go on in handlers; null: the process has left.
Handler breakpoint_hit(Machine *m, const Instr *pc);
// The handler of the instruction at pc, even if a breakpoint stands there.
Handler handler_past_breakpoint(const Instr *pc);
// A stub of global tracing.
const Instr *stub_hit(Machine *m, const Instr *pc);
// Before an exception unwinds the stack to `until` (null: all of it).
void trace_unwinding(Process *p, const Word *until, Term cls, Term value);
// Instructions without operands: what stands instead of a function's first one, what a stub consists of, and what frames
// return to.
JOIST_PN void h_breakpoint(JOIST_PARAMS);
JOIST_PN void h_trace_stub(JOIST_PARAMS);
JOIST_PN void h_trace_return(JOIST_PARAMS); // trace_exception too
JOIST_PN void h_trace_return_to(JOIST_PARAMS);
JOIST_PN void h_trace_return_time(JOIST_PARAMS);
inline bool is_trace_return(Word w) {
  return (w & kTagMask) == Word(Tag::Header) &&
         rt::trace::is_trace_frame(reinterpret_cast<const Instr *>(w - Word(Tag::Header)));
}
} // namespace joist::vm
