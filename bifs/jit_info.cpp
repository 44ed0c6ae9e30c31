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

namespace joist::bifs {
Term joist_jit_info_0(Process *p, const Term *) {
  TierReport r;
  r.mode = "off";
  if (tier_report) tier_report(&r);
  std::vector<Term> pairs;
  auto put = [&](const char *key, Term value) {
    pairs.push_back(atom::intern(key));
    pairs.push_back(value);
  };
  auto number = [&](const char *key, uint64_t n) { put(key, make_int(p->heap, int64_t(n))); };
  put("mode", atom::intern(r.mode));
  number("threads", r.threads);
  number("functions", r.functions);
  number("modules", r.modules);
  number("code_size", r.code_bytes);
  number("code_limit", r.code_limit);
  number("queue", r.queued);
  number("compiled", r.compiled);
  number("batches", r.batches);
  number("recompiled", r.recompiled);
  number("failed", r.failed);
  number("compile_time", r.compile_microseconds);
  number("longest_compile_time", r.longest_microseconds);
  number("cached", r.cached);
  put("cache", r.cache.empty() ? atoms::false_ : make_binary_from(p->heap, r.cache));
  return map_from_pairs(p->heap, pairs.data(), pairs.size() / 2);
}
} // namespace joist::bifs
