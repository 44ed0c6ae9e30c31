#include "runtime/trace/saved_calls.h"

#include "runtime/atom/atom.h"
#include "runtime/trace/breakpoints.h"

namespace joist::runtime::trace {
namespace {
std::atomic<int64_t> users{0};
void user(int change) {
  int64_t before = users.fetch_add(change);
  if (before + change == 0 || (before == 0 && change > 0)) breakpoints_save(users);
}
} // namespace

size_t saved_calls_set(Process *p, size_t n) {
  if (!n && !process_trace_of(p)) return 0;
  ProcessTrace &t = process_trace(p);
  size_t old = t.save_limit;
  t.saved_calls.clear();
  t.save_next = 0;
  t.save_limit = n;
  if (n) p->trace_flags.fetch_or(flag::SaveCalls, std::memory_order_relaxed);
  else p->trace_flags.fetch_and(~flag::SaveCalls, std::memory_order_relaxed);
  if (!old != !n) user(n ? 1 : -1);
  return old;
}

void saved_calls_freed(ProcessTrace &t) {
  if (!t.save_limit) return;
  t.save_limit = 0;
  user(-1);
}

namespace {
void save(Process *p, const Export *x) {
  ProcessTrace *t = process_trace_of(p);
  if (!t || !t->save_limit) return;
  if (t->saved_calls.size() < t->save_limit) t->saved_calls.push_back(x);
  else t->saved_calls[t->save_next] = x;
  t->save_next = (t->save_next + 1) % t->save_limit;
}
// What stands for an event among calls: an export that nobody can name.
const Export *event(Term what) {
  static const Export *const events[] = {export_of_entry(nullptr, atoms::send, nullptr),
                                         export_of_entry(nullptr, atoms::receive, nullptr),
                                         export_of_entry(nullptr, atoms::timeout, nullptr)};
  for (const Export *e : events)
    if (e->mfa().module == what) return e;
  return nullptr;
}
} // namespace

void save_call(Process *p, const Mfa &f) {
  if (const Export *x = export_find(f.module, f.function, f.arity)) save(p, x);
}
void save_event(Process *p, Term what) { save(p, event(what)); }

void timed_out(Process *p) {
  if (traced(p, flag::SaveCalls)) save_event(p, atoms::timeout);
  if (traced(p, flag::Receive)) received(p, atoms::timeout, atoms::clock_service);
}

Term saved_calls(const Process *p, Heap &h) {
  const ProcessTrace *t = process_trace_of(p);
  if (!t || !t->save_limit) return atoms::false_;
  Term l = Term::nil();
  size_t n = t->saved_calls.size();
  for (size_t i = n; i-- > 0;) {
    const Export *x = t->saved_calls[n < t->save_limit ? i : (t->save_next + i) % n];
    const Mfa &f = x->mfa();
    Term item = x == event(f.module) ? f.module : make_tuple(h, f.module, f.function, Term::small(int64_t(f.arity)));
    l = make_cons(h, item, l);
  }
  return l;
}
} // namespace joist::runtime::trace
