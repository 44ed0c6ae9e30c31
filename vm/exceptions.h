// Exceptions: from what a failing instruction or BIF noted in the Process to class, value and stack trace.
//
// The raw trace that travels with an exception is an improper list [Args, Info | Data]. Data looks like a bignum to
// the collector and holds class, the function on top and the return addresses (see exceptions.cpp); Args is the
// argument list of the function on top, or 0; Info the error_info map, or 0. Where the trace was given as a finished
// list (erlang:raise/3) Args is that list. build_stacktrace turns it into what Erlang sees.
#pragma once
#include "vm/interp.h"

namespace joist::vm {
Term build_stacktrace(Process *p, Term raw_trace);
// What old-style `catch` evaluates to.
Term catch_value(Process *p, Term cls, Term value, Term raw_trace);
// Instruction raise: the same exception again. Sets freason and friends.
void reraise(Process *p, Term raw_trace, Term value);
// raw_raise: class, value, trace. False if class is none.
bool raise_raw(Process *p, Term cls, Term value, Term raw_trace);
} // namespace joist::vm
