#include "runtime/trace/call_stats.h"
#include "runtime/sys/time.h"
#include "runtime/trace/breakpoints.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace joist::runtime::trace {
namespace {
std::mutex all_lock;
auto &all() {
  static auto *table = new std::map<std::tuple<Word, Word, Word>, CallStats *>;
  return *table;
}
void add(Process *p, CallTime *t, int64_t calls, int64_t ns) {
  std::lock_guard g(t->lock);
  CallTime::Entry &e = t->by_process[p->id.raw()];
  e.calls += calls;
  e.ns += ns;
}
// The time of what has run until now.
void charge(Process *p, int64_t now) {
  ProcessTrace &t = process_trace(p);
  if (t.timed && t.timed_since) add(p, t.timed, 0, now - t.timed_since);
  t.timed_since = now;
}
} // namespace

CallStats *call_stats(const Mfa &f) {
  std::lock_guard g(all_lock);
  CallStats *&s = all()[{f.module.raw(), f.function.raw(), f.arity}];
  if (!s) s = new CallStats;
  return s;
}

void call_time_clear(CallStats *s) {
  std::lock_guard g(s->time.lock);
  s->time.by_process.clear();
}

std::vector<CallTimeRow> call_time_rows(CallStats *s) {
  std::lock_guard g(s->time.lock);
  std::vector<CallTimeRow> out;
  for (auto &[pid, e] : s->time.by_process)
    if (e.calls) out.push_back({Term(pid), e.calls, e.ns});
  std::sort(out.begin(), out.end(), [](auto &a, auto &b) { return a.pid.raw() < b.pid.raw(); });
  return out;
}

CallTime *call_time_enter(Process *p, CallStats *s) {
  ProcessTrace &t = process_trace(p);
  int64_t now = os_monotonic_time();
  charge(p, now);
  CallTime *before = t.timed;
  t.timed = &s->time;
  add(p, t.timed, 1, 0);
  return before;
}
void call_time_return(Process *p, CallTime *before) {
  if (!process_trace_of(p)) return;
  charge(p, os_monotonic_time());
  process_trace(p).timed = before;
}
void call_time_leave(Process *p) {
  charge(p, os_monotonic_time());
  process_trace(p).timed = nullptr;
}
void call_time_pause(Process *p) {
  charge(p, os_monotonic_time());
  process_trace(p).timed_since = 0;
}
void call_time_resume(Process *p) { process_trace(p).timed_since = os_monotonic_time(); }
} // namespace joist::runtime::trace
