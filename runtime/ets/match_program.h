// Match specifications (ERTS user's guide, "Match Specifications in Erlang"): a compiler to a small stack machine, and that machine.
//
// A program is a list of clauses, tried in order. A clause first matches the head against the object: a cursor walks over the elements of
// the containers it has entered. Then guards are computed on a stack of terms; each must give true. Then the body is computed; failing
// functions give 'EXIT' there.
#pragma once
#include "runtime/mem/magic.h"

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace joist::runtime {
struct Process;
}
namespace joist::runtime::ets {

struct Object;

// What a program is for.
struct MatchUse {
  bool trace = false;      // head is matched against a list of arguments, body may contain trace actions. Else: table
  bool call_trace = false; // caller functions make sense
  bool allow_trace_ops = false;
  bool only_pretend = false; // match_spec_test: actions have no effect
};
inline constexpr MatchUse kTableUse{};
inline constexpr MatchUse kCallTraceUse{true, true, true, false};

struct MatchClause {
  Term head, guards, body;
};

enum class MatchOp : uint8_t {
  // --- head. "Here" is the term under the cursor; all but the Enter ops move on to the next one.
  Arguments,    // n: that many arguments; cursor on the first (trace)
  ArgumentList, // n: variable n is the list of all arguments (trace)
  EnterTuple,   // n: here is a tuple of n > 0 elements; on to its first, Leave comes back behind it
  TailTuple,    // n: as EnterTuple for the last term of a container: nothing to come back to
  EmptyTuple,
  EnterCons, // here is a cons cell; on to head, then tail
  TailCons,
  EnterMap, // n: here is a map of at least n keys
  MapKey,   // term: on to the value of that key of the map entered last
  LeaveMap,
  Leave,
  Skip,
  Bind,    // n: variable n
  Same,    // n: equals variable n
  EqWord,  // term: is this very word
  EqFloat, // term: same bits as this boxed float
  EqTerm,  // term: =:=
  // --- guards and body: on a stack
  Push,               // term
  PushVariable,       // n
  PushVariableResult, // n: in the body; copied to the result once
  PushObject,         // '$_'
  PushArguments,      // '$_' (trace)
  MakeCons,           // tail is on top, head below
  MakeTuple,          // n: first element is on top
  MakeMap,            // n pairs: keys, the first on top, then values likewise
  Call,               // n: argument count; function: first argument is on top
  And,
  Or, // n operands
  AndAlso,
  OrElse, // n: jump target if decided
  Jump,   // n
  Test,   // guard: top must be true
  Drop,
  Return, // top is the result
  StartBody,
  Succeed,
  // --- trace actions
  Self,
  SetReturnTrace,
  SetExceptionTrace,
  IsSeqTrace,
  SetSeqToken,
  GetSeqToken,
  Display,
  ProcessDump,
  EnableTrace,
  EnableTrace2,
  DisableTrace,
  DisableTrace2,
  Trace2,
  Trace3,
  Caller,
  CallerLine,
  Silent,
};

using MatchFunction = Term (*)(Heap &h, Process *p, const Term *args); // none: fails
struct MatchInstr {
  MatchOp op;
  uint32_t n = 0;
  union {
    Word term;
    MatchFunction function;
  };
  explicit MatchInstr(MatchOp o, uint32_t n_ = 0, Term t = Term::nil()) : op(o), n(n_), term(t.raw()) {}
};

class MatchProgram {
public:
  std::vector<MatchInstr> code;
  std::vector<uint32_t> clauses; // where each starts
  uint32_t variables = 0;
  uint32_t cursor_depth = 0, stack_depth = 0;
  FragmentHeap constants;
  bool only_pretend = false;
  // The specification as it was written, for erlang:trace_info/2; nil unless kept.
  Term source = Term::nil();
};
using MatchProgramRef = Magic<MatchProgram>;

enum class CompileResult : uint8_t { Ok, Badarg, SystemLimit };
// Messages for match_spec_test/3, in order of appearance.
using MatchLint = std::vector<std::string>;

// Clauses of a specification [{Head, Guards, Body}, ...]. Badarg if it is not a non-empty proper list of such tuples (empty_ok: or []).
CompileResult match_clauses(Term spec, bool empty_ok, std::vector<MatchClause> *out);
// Compiles. With `lint` all errors are collected (then the result is Badarg if there are any).
CompileResult match_compile(const std::vector<MatchClause> &clauses, MatchUse use, MatchProgram *out,
                            MatchLint *lint = nullptr);
// As above from a specification, with the messages about its shape.
CompileResult match_compile_spec(Term spec, MatchUse use, MatchProgram *out, MatchLint *lint = nullptr);
// As magic data with one reference; null on error.
MatchProgramRef *match_compile_ref(Term spec, MatchUse use, CompileResult *result);

// What running a program needs and gives.
struct MatchRun {
  Process *self = nullptr;
  const Object *object = nullptr; // if the term is this (plain) object: copied faster
  Heap *result = nullptr;         // where the body is built
  bool copy = false;              // the result must not refer to the matched term: parts are copied to `result`
  bool ignore_silent = false;
  // out, trace:
  bool return_trace = false, exception_trace = false;
};
// Table: matches `object`. The value of the body, or none() if no clause matches. Without run.result only immediate results are
// meaningful (others refer to memory that is gone).
Term match_run(const MatchProgram &m, Term object, MatchRun &run);
// Trace: matches arguments. True unless a body says {message, _}.
Term match_run_arguments(const MatchProgram &m, const Term *args, unsigned n, MatchRun &run);

// Functions that guards and bodies may call.
enum MatchContext : uint8_t { kTableGuard = 1, kTableBody = 2, kTraceGuard = 4, kTraceBody = 8, kEverywhere = 15 };
struct MatchFunctionRow {
  Term name;
  uint8_t arity, contexts;
  MatchFunction function;
  MatchFunction pretended; // under only_pretend; null: the same
};
const MatchFunctionRow *match_function(Term name, Word arity);

extern std::atomic<uint32_t> trace_control_word;

// What trace actions do; the tracing part sets these at start. Null: the action has no effect and answers as documented at
// match_run's cases.
struct MatchTraceHooks {
  Term (*set_seq_token)(Process *p, Term what, Term value, Heap &h) = nullptr;
  Term (*process_dump)(Process *p, Heap &h) = nullptr;                          // binary
  bool (*change_flags)(Process *p, Term pid, Term flag, bool on) = nullptr;     // false: no such flag or process
  Term (*trace)(Process *p, Term pid, Term off_flags, Term on_flags) = nullptr; // true, false or 'EXIT'
  Term (*caller)(Process *p, Heap &h, bool with_line) = nullptr;
  void (*silent)(Process *p, bool on) = nullptr;
};
extern MatchTraceHooks match_trace_hooks;

} // namespace joist::runtime::ets
