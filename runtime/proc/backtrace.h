// Call chains of processes, for process_info and crash dumps.
#pragma once
#include "runtime/code/code.h"
#include "runtime/proc/process.h"

#include <string>

namespace joist::runtime {
// p has not executed yet: it is at its initial call.
bool process_not_started(const Process *p);
// p->pc is where the native code that p executes returns to (and on top of the stack too).
bool process_pc_is_return(const Process *p);
// {M, F, Arity, [{file, F}, {line, L}]} ; the location is [] where it is not known.
Term backtrace_item(Heap &h, const Mfa &mfa, const CodeLocation &l);
// As process_info(P, backtrace) shows it: program counter, and the stack with its return addresses, catches and terms.
std::string backtrace_text(const Process *p);
} // namespace joist::runtime
