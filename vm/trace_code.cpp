// Instructions of tracing. None of them is on a path of code that is not traced.
#include "runtime/trace/call_stats.h"
#include "vm/call_trace.h"
#include "vm/vm.h"

namespace joist::vm {
namespace tr = rt::trace;
namespace {
const Instr *pop_and_return(Process *p, Word words) {
  p->stack_top += words;
  const Instr *to = return_target(*p->stack_top++);
  p->sync_limit();
  return to;
}
// x0 is the value; the frame's words are on top of the stack.
const Instr *returned(Machine *m) {
  Process *p = m->p;
  const Word *f = p->stack_top;
  Mfa mfa{Term(f[0]), Term(f[1]), Word(Term(f[2]).small_value())};
  tr::return_event(p, mfa, Term(f[3]), m->x[0]);
  return pop_and_return(p, 4);
}
const Instr *returned_to(Machine *m) {
  Process *p = m->p;
  tr::return_to_event(p, tr::return_point(p));
  return pop_and_return(p, 0);
}
const Instr *returned_timed(Machine *m) {
  Process *p = m->p;
  tr::call_time_return(p, reinterpret_cast<tr::CallTime *>(Word(Term(*p->stack_top).small_value()) * 8));
  return pop_and_return(p, 1);
}
} // namespace

COLD JOIST_PN void h_breakpoint(JOIST_PARAMS) {
  SAVE();
  Handler to = breakpoint_hit(m, pc);
  if (!to) return;
  LOAD();
  TAIL to(JOIST_ARGS);
}
COLD JOIST_PN void h_trace_stub(JOIST_PARAMS) {
  SAVE();
  RESUME(stub_hit(m, pc));
}
COLD JOIST_PN void h_trace_return(JOIST_PARAMS) {
  SAVE();
  RESUME(returned(m));
}
COLD JOIST_PN void h_trace_return_to(JOIST_PARAMS) {
  SAVE();
  RESUME(returned_to(m));
}
COLD JOIST_PN void h_trace_return_time(JOIST_PARAMS) {
  SAVE();
  RESUME(returned_timed(m));
}
} // namespace joist::vm
