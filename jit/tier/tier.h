// Tiering: which functions are compiled, when, and how native code takes the place of interpreted code.
//
// Protocol
//  * Hot functions are found by sampling: a process that has used up its reductions is at the entry of some function
//    (code_sampled). A function seen kSamples times, as the callee or as the caller, is queued. Nothing is counted by the
//    interpreter itself, so cold code costs nothing, and an idle VM does nothing.
//  * Compiler threads take the queued functions of one generation of a module at a time, and compile them together. They
//    are online (sched/progress.h) from looking the generation up to publishing, so its memory stays.
//  * Publishing, under `lock`: first the native entries (FuncInfo::native, the words before return points), then the handlers
//    in the code words; so whoever sees the handler sees the entry. The replaced handlers are kept. A process that loops
//    in a function enters the native code with its next call of it.
//  * A native body (load_nif) or a breakpoint (tracing) for a function takes the whole generation back to the interpreter, for
//    good: compiled callers jump to their callees directly.
//  * A released generation's native code is freed by thread progress.
//  * Objects are kept on disk (jit/tier/cache.h): a module that has some there gets them while it is loaded.
//  * libjoist_jit.so is loaded when the first function is hot. Without it everything stays interpreted.
#pragma once
#include <string>

namespace joist::jit {
enum class TierMode { Off, Hot, Force }; // Force: every module whole, when it is loaded (for tests)
struct TierSettings {
  TierMode mode = TierMode::Off;
  std::string forced; // mode Force: only these modules, separated by commas; empty: all
  unsigned threads = 1;
  bool perf_map = false;                  // /tmp/perf-PID.map
  std::string cache;                      // directory of the cache, "false": none; empty: the default one
  size_t cache_limit = size_t{256} << 20; // bytes
  std::string library;                    // of the compiler; empty: libjoist_jit.so beside the executable
};
extern TierSettings tier_settings;

// Before any code is loaded. Mode Force without a compiler: false, and *error says why.
bool tier_start(std::string *error);

struct TierStatistics {
  size_t functions, modules, code_bytes, failed, queued, cached;
  uint64_t compile_microseconds;
};
TierStatistics tier_statistics();
} // namespace joist::jit
