#include "runtime/sys/system_monitor.h"

#include "runtime/atom/atom.h"
#include "runtime/code/code.h"
#include "runtime/proc/process.h"
#include "runtime/sys/system_messages.h"

namespace joist::runtime {
SystemMonitorLimits system_monitor_limits;
std::atomic<uint32_t> gc_test_sleep_ms{0};

namespace {
void put(const SystemMonitor &m) {
  auto &l = system_monitor_limits;
  l.long_gc_ms = m.long_gc_ms;
  l.long_schedule_ms = m.long_schedule_ms;
  l.large_heap_words = m.large_heap_words;
  l.busy_port = m.busy_port;
  l.busy_dist_port = m.busy_dist_port;
}
SystemReceiver<SystemMonitor> receiver(put);

template <class F> void tell(Term about, Term event, F info) {
  system_event(SystemEvent::Monitor, about,
               [&](Heap &h) { return make_tuple(h, atoms::monitor, about, event, info(h)); });
}

// What is said of a heap, in words.
Term heap_sizes(Heap &h, const Process *p, Term first) {
  Term l = Term::nil();
  auto item = [&](Term key, Word n) { l = make_cons(h, make_tuple(h, key, make_uint(h, n)), l); };
  item(atoms::heap_size, Word(p->heap.top - p->heap_start));
  item(atoms::old_heap_size, Word(p->old_top - p->old_start));
  item(atoms::stack_size, p->stack_words());
  item(atoms::mbuf_size, p->heap.fragment_words);
  item(atoms::heap_block_size, Word(p->heap_end - p->heap_start));
  item(atoms::old_heap_block_size, Word(p->old_end - p->old_start));
  return first.is_none() ? l : make_cons(h, first, l);
}
Term milliseconds(Heap &h, uint64_t ms) { return make_tuple(h, atoms::timeout, make_uint(h, ms)); }
} // namespace

SystemMonitor system_monitor_set(const SystemMonitor &m) { return receiver.set(m); }
SystemMonitor system_monitor_get() { return receiver.get(); }
void system_monitor_clear(Term pid) { receiver.clear(pid); }

void system_monitor_collected(Process *p, uint64_t ms) {
  uint64_t longest = system_monitor_limits.gc(), largest = system_monitor_limits.heap();
  if (longest && ms > longest)
    tell(p->id, atoms::long_gc, [&](Heap &h) { return heap_sizes(h, p, milliseconds(h, ms)); });
  if (largest && Word(p->heap_end - p->heap_start) + Word(p->old_end - p->old_start) >= largest)
    tell(p->id, atoms::large_heap, [&](Heap &h) { return heap_sizes(h, p, Term::none()); });
}

void system_monitor_long_schedule(Process *p, const FuncInfo *in, const FuncInfo *out, uint64_t ms) {
  tell(p->id, atoms::long_schedule, [&](Heap &h) {
    auto name = [&](const FuncInfo *f) {
      return f ? make_tuple(h, f->mfa.module, f->mfa.function, Term::small(int64_t(f->mfa.arity))) : atoms::undefined;
    };
    Term from = make_tuple(h, atoms::in, name(in)), to = make_tuple(h, atoms::out, name(out));
    return make_cons(h, milliseconds(h, ms), make_cons(h, from, make_cons(h, to, Term::nil())));
  });
}

void system_monitor_long_schedule(Term port, Term operation, uint64_t ms) {
  tell(port, atoms::long_schedule, [&](Heap &h) {
    Term op = make_tuple(h, atoms::port_op, operation);
    return make_cons(h, milliseconds(h, ms), make_cons(h, op, Term::nil()));
  });
}

void system_monitor_busy(Process *p, Term event, Term port) {
  auto &l = system_monitor_limits;
  if (!(event == atoms::busy_port ? l.busy_port : l.busy_dist_port).load(std::memory_order_relaxed)) return;
  tell(p->id, event, [&](Heap &) { return port; });
}
} // namespace joist::runtime
