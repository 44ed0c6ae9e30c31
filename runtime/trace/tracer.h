// Who is told: a process, a port, or a tracer module (erl_tracer(3)). A Tracer never changes; whoever holds a TracerRef
// may use it on any thread.
#pragma once
#include "runtime/atom/atom.h"
#include "runtime/proc/relations.h"

#include <memory>

namespace joist::runtime::trace {

struct Tracer {
  Term to = Term::none();     // local pid or port; none: a module
  Term module = Term::none(); // {tracer, Module, State}
  KeptTerm state;
};
using TracerRef = std::shared_ptr<const Tracer>;

// The tracer that an option asks for: a pid, a port, {Tag, Pid}, {Tag, []}, {Tag, Port}, {Tag, Module, State}. *none:
// {Tag, []} was given. False: not a tracer that exists.
bool tracer_from_term(Term tag, Term t, TracerRef *out);
TracerRef tracer_of_process(Term pid);
// As erlang:trace_info/2 shows it: pid, port or {Module, State}; [] for null.
Term tracer_to_term(const Tracer *t, Heap &h);
bool tracer_same(const Tracer *a, const Tracer *b);
// As a term that may lie on a process' stack ([] for null), and back.
Term tracer_pack(const Tracer *t, Heap &h);
TracerRef tracer_unpack(Term packed);

enum class Verdict : uint8_t { Trace, Discard, Remove };
// Asks the tracer whether it wants an event about `tracee`; tag trace_status: whether it still is there.
Verdict tracer_enabled(const Tracer &t, Term tag, Term tracee, Process *self);

// What is told. Terms may lie anywhere; they are copied.
struct Message {
  Term tag;    // call, send, ...; seq_trace
  Term tracee; // the label for seq_trace
  Term data;
  Term extra = Term::none();
  Term ms_result = atoms::true_; // result of a match specification that asked for a message; true: nothing
  uint32_t flags = 0;            // timestamp and scheduler_id are taken from here (trace.h)
};
void tracer_tell(const Tracer &t, const Message &m, Process *self);

// Calls a function of a tracer module that is native code: none if there is no such function. Set by nif/.
extern Term (*native_call)(Process *self, Term module, Term function, const Term *args, unsigned arity);
} // namespace joist::runtime::trace
