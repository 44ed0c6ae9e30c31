// What a tier above (jit/tier) is told of code and of who executes it. Without a tier these are null.
#pragma once
#include "runtime/code/code.h"

#include <string>

namespace joist::runtime {
// A process is at the entry of a function after a number of reductions (sched/sampling.h): so functions are seen as often as
// they are executed. `stack` is the process' stack, whose top word is the return address. Answers after how many
// reductions (1..30000) there shall be another sample. On its scheduler; no locks. Set before schedulers start.
extern int32_t (*code_sampled)(const Instr *entry, const Word *stack);
// The generation is no longer found or executed by anybody; its memory goes by thread progress. Under CodeWriter.
extern void (*code_released)(const ModuleCode *code);

// What the tier has done so far (joist:jit_info/0).
struct TierReport {
  const char *mode = "";                         // hot: what is hot is compiled; force: all
  size_t modules = 0, functions = 0;             // that have native code
  size_t queued = 0;                             // modules with functions that wait for a compiler
  size_t compiled = 0, batches = 0;              // functions, and jobs of the compiler, in this run
  size_t recompiled = 0, failed = 0, cached = 0; // batches compiled again; functions given up; objects from the cache
  size_t code_bytes = 0, code_limit = 0;
  uint64_t compile_microseconds = 0, longest_microseconds = 0; // CPU time, of all batches and the longest
  unsigned threads = 0;
  std::string cache; // its directory; empty: none
};
extern void (*tier_report)(TierReport *);
} // namespace joist::runtime
