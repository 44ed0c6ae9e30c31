// How a failing BIF or instruction tells what it raised. A BIF sets these in the Process through the helpers of
// bif.h and returns Term::none(); the interpreter builds the exception (class, reason, stack trace) from them.
#pragma once
#include "runtime/term/term.h"

namespace joist::runtime {

enum class ExcClass : uint8_t { Error, Exit, Throw };

// Reasons with a fixed shape; the ones in the second group take Process::fvalue as argument.
enum class Reason : uint8_t {
  None,
  Badarg,
  Badarith,
  FunctionClause,
  IfClause,
  SystemLimit,
  Undef,
  Noproc,
  Notalive,
  Notsup,
  Badarity_,
  TimeoutValue,
  // reason is {badmatch,V} and so on
  Badmatch,
  CaseClause,
  TryClause,
  Badfun,
  Badarity,
  Badmap,
  Badkey,
  Badrecord,
  // reason is fvalue itself (error/1, exit/1, throw/1, erlang:raise/3)
  Value,
  // Not an exception: continue at Process::trap_entry with arguments in x (see bif.h, trap()).
  Trap,
  // Process must stop running now (was set exiting); its exit reason is in fvalue.
  ExitNow,
};

struct Freason {
  Reason reason = Reason::None;
  ExcClass cls = ExcClass::Error;
  bool save_trace = true;     // false: ftrace holds the trace to use as it is (erlang:raise/3)
  bool has_args : 1 = false;  // error/2: fargs holds the argument list for the top of the trace
  bool ext_info : 1 = false;  // BIF gave a cause: error_info map gets `cause => fcause`
  bool user_info : 1 = false; // error/3: fcause holds the error_info map
};

} // namespace joist::runtime
