// Breakpoints: what makes a function tell of its calls (erlang:trace_pattern/3).
//
// Protocol
//  * FuncInfo::breakpoint points at an immutable Breakpoint, or is null. It is replaced as a whole, by whoever holds
//    CodeWriter; the one before is freed when all threads have made progress.
//  * Local tracing, counting and timing patch the handler of the function's first instruction with the breakpoint
//    instruction, whose handler does the tracing and continues at Breakpoint::original with the same operands. So there
//    is nothing to put back for one step, threads that execute the function meanwhile see either handler, and a
//    function without a breakpoint costs nothing. The loader sees to it that no jump within a function leads to its first
//    instruction, unless as a call.
//  * Global tracing leads the export's entries to a stub with a FuncInfo of its own, one per export, never freed. All
//    exports of one trace_pattern/3 change at once, by a new code index (code/registry.h).
//  * A built-in function has its breakpoint at its export's trampoline, and calls look at Export::bif_traced.
//  * No scheduler is stopped for any of this: functions of one pattern become traced one after the other.
#pragma once
#include "runtime/code/registry.h"
#include "runtime/ets/match_program.h"
#include "runtime/trace/trace.h"

namespace joist::runtime::trace {

namespace kind {
inline constexpr uint32_t Local = 1, Global = 2, Meta = 4, Count = 8, CountActive = 16, Time = 32, TimeActive = 64;
inline constexpr uint32_t Save = 128; // saved_calls.h
} // namespace kind

struct CallStats; // call_stats.h

struct Breakpoint {
  uint32_t kinds = 0;
  uint32_t original = 0;         // handler of the function's first instruction
  const Instr *target = nullptr; // of a stub: where the call goes
  ets::MatchProgramRef *program = nullptr, *meta_program = nullptr;
  TracerRef meta;
  mutable std::atomic<bool> meta_gone{false}; // the meta tracer is no longer there
  CallStats *stats = nullptr;                 // never freed
  Breakpoint() = default;
  Breakpoint(const Breakpoint &);
  ~Breakpoint();
};
inline const Breakpoint *breakpoint_of(const FuncInfo *f) {
  return static_cast<const Breakpoint *>(
      std::atomic_ref(const_cast<FuncInfo *>(f)->breakpoint).load(std::memory_order_acquire));
}

// What trace_pattern/3 asks for.
struct CallPattern {
  enum class Switch : uint8_t { Off, On, Restart, Pause };
  Switch on = Switch::Off;
  bool breakpoint = false, local = false, meta = false, call_count = false, call_time = false; // breakpoint: not global
  ets::MatchProgramRef *program = nullptr;                                                     // borrowed
  TracerRef meta_tracer;
  ets::MatchProgramRef *meta_program = nullptr;
};
struct FunctionSpec {
  Term module, function;
  Word arity;
  int specified;
}; // how many of the three are given

// Sets or removes breakpoints; the number of functions concerned.
int64_t pattern_apply(const FunctionSpec &f, const CallPattern &p);
// The pattern for code to come (`on_load`).
struct DefaultPattern {
  bool on = false;
  bool breakpoint = false, local = false, meta = false, call_count = false, call_time = false;
  ets::MatchProgramRef *program = nullptr, *meta_program = nullptr;
  TracerRef meta_tracer;
};
DefaultPattern default_pattern();
void default_pattern_change(const CallPattern &p);
// A generation is no longer current (its breakpoints go), another becomes so (it gets those of the default pattern).
// Either may be null. By the code writer, between staging_begin and staging_commit.
void code_staged(ModuleCode *before, ModuleCode *now);
// A generation that has an on_load function was installed: the current one has no breakpoints any more, as on stock, whether
// the function succeeds or not. In the same places.
void code_waits(ModuleCode *current);

// Breakpoints of kind Save at all exports if there are `users`, else none. The number is read once it is this caller's turn.
void breakpoints_save(const std::atomic<int64_t> &users);

// Breakpoints of a function for trace_info/2. False: there is no such function.
struct FunctionTrace {
  const Breakpoint *global = nullptr, *local = nullptr;
};
bool function_trace(Term m, Term f, Word arity, FunctionTrace *out);

// A native body is installed in a function by the code writer: also with a breakpoint that is where it continues.
void breakpoint_original_changed(FuncInfo *f, uint32_t handler);

// Set by vm/: the handlers, and what the words of a stub are.
struct BreakpointCode {
  uint32_t breakpoint = 0;      // handler of the breakpoint instruction
  Word stub = 0, func_info = 0; // instruction words
  void *native = nullptr;       // FuncInfo::native of a stub: it is interpreted
  // Return points of trace frames (vm/trace_frames.h), as they lie on stacks; in one block.
  const Instr *frames_begin = nullptr, *frames_end = nullptr;
};
extern BreakpointCode breakpoint_code;
// f gets its first breakpoint: from now on compiled code of f may not be entered, and the handler in its first word must be
// the loader's, which the breakpoint is about to replace. Set by jit/; called by the code writer.
extern void (*breakpoint_added)(FuncInfo *f);
extern void (*breakpoint_removed)(FuncInfo *f); // its last one is gone
inline bool is_trace_frame(const Instr *return_to) {
  return return_to >= breakpoint_code.frames_begin && return_to < breakpoint_code.frames_end;
}
// The return address on top of a stack that lies under any trace frames; null if there is none.
const Instr *return_point(const Process *p);

// --- what happens at a breakpoint (calls.cpp)
struct Outcome {
  bool return_trace = false, exception_trace = false, return_to = false;
};
// A call of mfa by p was traced. meta: null for tracing by p's flags.
Outcome call_event(Process *p, const Mfa &mfa, const Term *args, bool local, const ets::MatchProgramRef *program,
                   const Breakpoint *meta);
void return_event(Process *p, const Mfa &mfa, Term packed_tracer, Term value);
void exception_event(Process *p, const Mfa &mfa, Term packed_tracer, Term cls, Term value);
void return_to_event(Process *p, const Instr *to);
// --- time (call_stats.cpp)
CallTime *call_time_enter(Process *p, CallStats *s); // the one before
void call_time_return(Process *p, CallTime *before);
void call_time_leave(Process *p);
void call_time_pause(Process *p);
void call_time_resume(Process *p);
} // namespace joist::runtime::trace
