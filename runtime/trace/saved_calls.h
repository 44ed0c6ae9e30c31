// The last calls of a process (process_flag(save_calls, N)): calls to other modules and of built-in functions, sends,
// receives and time-outs.
//
// While any process has this on, every export has a breakpoint of kind Save (breakpoints.h), which looks at the process'
// trace flag SaveCalls. Processes without it pay for that with slower calls of other modules, as long as it lasts.
#pragma once
#include "runtime/trace/trace.h"

namespace joist::runtime::trace {
namespace flag {
inline constexpr uint32_t SaveCalls = 1u << 30; // of Process::trace_flags
}
// p keeps its last n calls from now on, 0: none; what was kept is forgotten. The number before. By p's executing thread,
// or while all schedulers stand still.
size_t saved_calls_set(Process *p, size_t n);
void saved_calls_freed(ProcessTrace &t); // its process ends
void save_call(Process *p, const Mfa &f);
void save_event(Process *p, Term what); // send, receive, timeout
void timed_out(Process *p);             // a receive: for tracing, too
// Oldest first, as {M, F, A} or the name of the event; false: not on.
Term saved_calls(const Process *p, Heap &h);
} // namespace joist::runtime::trace
