// What the trace actions of match specifications do.
#include "runtime/atom/atom.h"
#include "runtime/proc/backtrace.h"
#include "runtime/proc/bif.h"
#include "runtime/proc/registry.h"
#include "runtime/sched/scheduler.h"
#include "runtime/sys/seq_trace.h"
#include "runtime/term/binary.h"
#include "runtime/trace/breakpoints.h"
#include "runtime/trace/flags.h"

namespace joist::runtime::trace {
namespace {
// Runs f(other) where the flags of another process may be changed. False: no such process.
template <class F> bool with_process(Process *p, Term pid, F f) {
  if (pid.is_atom()) pid = registry_whereis(pid); // a name will do
  if (pid == p->id) return f(p), true;
  if (!pid.is_local_pid()) return false;
  schedulers_block();
  Process *other = process_lookup(pid);
  if (other) f(other);
  schedulers_unblock();
  return other != nullptr;
}

bool change_flags(Process *p, Term pid, Term name, bool on) {
  uint32_t bit = flag_of(name);
  if (!bit) return false;
  TracerRef tracer = tracer_of(p);
  return with_process(p, pid, [&](Process *other) { change(other, on, bit, on ? tracer : nullptr); });
}

// trace/2,3: first off, then on; a tracer in the list is used, else p's own.
Term trace_action(Process *p, Term pid, Term off, Term on) {
  FlagList disable, enable;
  if (!flags_parse(off, &disable) || !flags_parse(on, &enable)) return atoms::EXIT;
  TracerRef tracer = enable.tracer ? enable.tracer : disable.tracer ? disable.tracer : tracer_of(p);
  bool changed = false;
  bool there = with_process(p, pid, [&](Process *other) {
    uint32_t before = flags_of(other);
    uint32_t flags = (before & ~disable.mask) | enable.mask;
    changed = flags != before || (tracer && !tracer_same(tracer.get(), tracer_of(other).get()));
    set(other, flags, tracer);
  });
  return there ? bool_term(changed) : atoms::EXIT;
}

Term caller(Process *p, Heap &h, bool with_line) {
  const Instr *at = return_point(p);
  CodeLocation l = at ? code_lookup(at, true) : CodeLocation{};
  if (!l.function) return atoms::undefined;
  const Mfa &f = l.function->mfa;
  if (!with_line) return make_tuple(h, f.module, f.function, Term::small(int64_t(f.arity)));
  Term item = backtrace_item(h, f, l); // {M, F, A, Location}
  const Term *e = tuple_elements(item);
  if (e[3].is_nil()) return make_tuple(h, e[0], e[1], e[2], atoms::undefined);
  Term file = tuple_elements(e[3].head())[1], line = tuple_elements(e[3].tail().head())[1];
  return make_tuple(h, e[0], e[1], e[2], make_tuple(h, file, line));
}

Term process_dump(Process *p, Heap &h) { return make_binary_from(h, backtrace_text(p)); }
void silent(Process *p, bool on) {
  if (on) p->trace_flags.fetch_or(flag::Silent, std::memory_order_relaxed);
  else p->trace_flags.fetch_and(~flag::Silent, std::memory_order_relaxed);
}
Term set_seq_token(Process *p, Term what, Term value, Heap &h) {
  (void)h;
  Term r = seq_trace::set_item(p, what, value);
  return r.is_none() ? atoms::EXIT : r;
}
} // namespace

void init() {
  auto &hooks = ets::match_trace_hooks;
  hooks.change_flags = change_flags;
  hooks.trace = trace_action;
  hooks.caller = caller;
  hooks.process_dump = process_dump;
  hooks.silent = silent;
  hooks.set_seq_token = set_seq_token;
}
} // namespace joist::runtime::trace
