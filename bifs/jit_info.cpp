// joist:jit_info/0, also erlang:system_info(joist_jit): what the tier that compiles hot functions has done so far.
//
// A map: mode (off, hot, force), threads, functions and modules that have native code, code_size and code_limit (bytes),
// queue (modules that wait for a compiler), and of this run: compiled (functions), batches, recompiled, failed,
// compile_time and longest_compile_time (microseconds of CPU), cached (objects from the cache), cache (its directory, or
// false). Numbers may be a moment old.
#include "bifs/bifs.h"
#include "runtime/atom/atom.h"
#include "runtime/code/hot.h"
#include "runtime/term/binary.h"
#include "runtime/term/map.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace joist::bifs {
namespace {
constexpr const char *kKeys[] = {
    "mode",     "threads", "functions",  "modules", "code_size",    "code_limit",           "queue",
    "compiled", "batches", "recompiled", "failed",  "compile_time", "longest_compile_time", "cached",
    "cache"};
constexpr size_t kCount = std::size(kKeys);
const std::array<Term, kCount> &keys() {
  static const auto interned = [] {
    std::array<Term, kCount> a;
    std::transform(std::begin(kKeys), std::end(kKeys), a.begin(), [](const char *key) { return atom::intern(key); });
    return a;
  }();
  return interned;
}
} // namespace

Term joist_jit_info_0(Process *p, const Term *) {
  TierReport r;
  r.mode = "off";
  if (tier_report) tier_report(&r);
  auto number = [&](uint64_t n) { return make_int(p->heap, int64_t(n)); };
  // In the order of the keys.
  const Term values[] = {atom::intern(r.mode),
                         number(r.threads),
                         number(r.functions),
                         number(r.modules),
                         number(r.code_bytes),
                         number(r.code_limit),
                         number(r.queued),
                         number(r.compiled),
                         number(r.batches),
                         number(r.recompiled),
                         number(r.failed),
                         number(r.compile_microseconds),
                         number(r.longest_microseconds),
                         number(r.cached),
                         r.cache.empty() ? atoms::false_ : make_binary_from(p->heap, r.cache)};
  static_assert(std::size(values) == kCount);
  Term pairs[2 * kCount];
  for (size_t i = 0; i < kCount; i++) pairs[2 * i] = keys()[i], pairs[2 * i + 1] = values[i];
  return map_from_pairs(p->heap, pairs, kCount);
}
} // namespace joist::bifs
