// Tiering: which functions are compiled, when, and how native code takes the place of interpreted code.
//
// Protocol
//  * Hot functions are found by sampling (sched/sampling.h): every couple of thousand reductions of a scheduler, the function
//    that is entered and its caller are noted, rarely where both are compiled already. A function that was seen for
//    kHotReductions is queued, or for kWarmReductions where none waits. Nothing is counted by instructions, and an idle VM
//    does nothing.
//  * Every loop is a call, a return or a receive, and native code is entered at all of these (jit/object.h): so a process
//    that loops goes on in native code as soon as it is published.
//  * Compiler threads take the queued functions of one generation of a module at a time, and compile them together, from
//    a copy of the code (Unit::snapshot): nobody waits for a compiler, neither thread progress nor a halt.
//  * Publishing, under `lock`: first the native entries (FuncInfo::native, the words before return points), then the handlers
//    in the code words; so whoever sees the handler sees the entry. The replaced handlers are kept.
//  * A native body (load_nif) or a breakpoint (tracing) for a function takes the objects that contain it back to the
//    interpreter; when the breakpoint is gone they are reachable again (Unit::bar).
//  * Where a side exit is taken too often, its function is compiled again with the slow path in place.
//  * A released generation's native code is freed by thread progress.
//  * Objects are kept on disk (jit/tier/cache.h). A module that was seen a few times is looked up there: so what a short run
//    never executes is not read. A thread of its own does so, at the schedulers' priority: on a compiler thread that would
//    wait behind what is being compiled, for hundreds of milliseconds. Until then nothing of the module is compiled.
//  * libjoist_jit.so is loaded when the first function is hot that is not in the cache. Without it everything else stays
//    interpreted.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

namespace joist::jit {
enum class TierMode { Off, Hot, Force }; // Force: every module whole, when it is loaded (for tests)
#if __has_feature(thread_sanitizer)      // it does not see what compiled code does, and takes publishing for a race
inline constexpr TierMode kDefaultTierMode = TierMode::Off;
#else
inline constexpr TierMode kDefaultTierMode = TierMode::Hot;
#endif
struct TierSettings {
  TierMode mode = kDefaultTierMode;
  bool asked_for = false; // by a flag: what stands against it is an error then, else the tier is off
  std::string forced;     // mode Force: only these modules, separated by commas, * at the end for any; empty: all
  unsigned threads = 1;
  std::string cache;                      // directory of the cache, "false": none; empty: the default one
  size_t cache_limit = size_t{256} << 20; // bytes
  size_t code_limit = size_t{128} << 20;  // bytes of native code in memory; beyond it nothing more is compiled
  std::string library;                    // of the compiler; empty: libjoist_jit.so beside the executable
};
extern TierSettings tier_settings;

// Before any code is loaded. False: what was asked for is not possible, *error says why: mode Force without a compiler, a
// cache that cannot be used, no executable memory.
bool tier_start(std::string *error);
} // namespace joist::jit
