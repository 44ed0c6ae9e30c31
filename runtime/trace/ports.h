// What a traced port tells of itself (erlang:trace/3). Port::trace_flags and Port::tracer are changed by who has the right
// to execute the port, or by erlang:trace/3 while all schedulers stand still. All functions here are for who has the
// right; callers look at the flags first (port_traced), which costs a load.
#pragma once
#include "runtime/io/port_core.h"
#include "runtime/trace/trace.h"

namespace joist::runtime::trace {
inline bool port_traced(const Port &port, uint32_t flags) {
  return port.trace_flags.load(std::memory_order_relaxed) & flags;
}
void port_event(Port &port, Term tag, Term data, Term extra = Term::none()); // Ports: open, closed, getting_linked, ...
void port_scheduled(Port &port, Sched s, Term where);                        // RunningPorts
void port_sends(Port &port, Term to, Term message);                          // Send
void port_receives(Port &port, Term from, Term what);                        // Receive: {From, What}
void port_receives(Port &port, Term from, Term what, Term argument);         // {From, {What, Argument}}
// control and call: {From, {What, {Command, Data}}} and the answer {Port, {What, Data}}.
void port_asked(Port &port, Term from, Term what, uint32_t command, std::string_view data);
void port_answers(Port &port, Term to, Term what, std::string_view data);
// Output: {From, {command, Data}}.
void port_written(Port &port, Term from, const IoQueue &data);
// The port has got or lost that name. Any thread.
void port_registered(Term port, Term name, bool on);
// A message from the port, told if that is wanted; takes over what is in h.
void port_send(Port &port, Term to, Term message, FragmentHeap &h);
// A new port gets what new ports get.
void port_opened(Port &port);

void set(Port &port, uint32_t flags, TracerRef tracer);
// As change(Process *, ...), flags.h.
bool change(Port &port, bool on, uint32_t mask, const TracerRef &tracer);
// Is the tracer still there? Stops tracing if not.
bool tracer_alive(Port &port);
// The process waits while a port works for it: RunningProcs.
void virtually_scheduled(Process *p, Sched s);
} // namespace joist::runtime::trace
