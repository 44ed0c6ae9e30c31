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
  if (!n && p->tracer.is_nil()) return 0;
  ProcessTrace &t = process_trace(p);
  size_t old = t.save_limit;
  t.saved_calls.clear();
  t.save_next = 0;
  t.save_limit = n;
  if (n) p->trace_flags |= flag::SaveCalls;
  else p->trace_flags &= ~flag::SaveCalls;
  if (!old != !n) user(n ? 1 : -1);
  return old;
}

void saved_calls_freed(ProcessTrace &t) {
  if (!t.save_limit) return;
  t.save_limit = 0;
  user(-1);
}

void save_call(Process *p, const Mfa &f) {
  ProcessTrace *t = process_trace_of(p);
  if (!t || !t->save_limit) return;
  if (t->saved_calls.size() < t->save_limit) t->saved_calls.push_back(f);
  else t->saved_calls[t->save_next] = f;
  t->save_next = (t->save_next + 1) % t->save_limit;
}

void save_event(Process *p, Term what) { save_call(p, Mfa{Term::none(), what, 0}); }

Term saved_calls(const Process *p, Heap &h) {
  const ProcessTrace *t = process_trace_of(p);
  if (!t || !t->save_limit) return atoms::false_;
  Term l = Term::nil();
  size_t n = t->saved_calls.size();
  for (size_t i = n; i-- > 0;) {
    const Mfa &f = t->saved_calls[n < t->save_limit ? i : (t->save_next + i) % n];
    Term item = f.function;
    if (!f.module.is_none()) item = make_tuple(h, f.module, f.function, Term::small(int64_t(f.arity)));
    l = make_cons(h, item, l);
  }
  return l;
}
} // namespace joist::runtime::trace
