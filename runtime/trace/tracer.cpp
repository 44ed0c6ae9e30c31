#include "runtime/trace/tracer.h"
#include "runtime/atom/atom.h"
#include "runtime/code/code.h"
#include "runtime/dist/etf.h"
#include "runtime/io/port.h"
#include "runtime/mem/copy.h"
#include "runtime/sched/machine.h"
#include "runtime/sched/progress.h"
#include "runtime/sched/scheduler.h"
#include "runtime/sys/time.h"
#include "runtime/term/compare.h"
#include "runtime/term/map.h"
#include "runtime/term/ref.h"
#include "runtime/trace/told.h"
#include "runtime/trace/trace.h"

#include <ctime>

namespace joist::runtime::trace {
std::atomic<bool> cpu_timestamps{false};
Term (*native_call)(Process *, Term, Term, const Term *, unsigned) = nullptr;

namespace {
bool there(Term to) {
  progress::OnlineScope online;
  return to.is_local_pid() ? process_lookup(to) != nullptr : port_alive(to);
}
TracerRef direct(Term to) {
  auto t = std::make_shared<Tracer>();
  t->to = to;
  return t;
}

Term clock_tuple(Heap &h, int64_t us) {
  return make_tuple(h, Term::small(us / 1'000'000'000'000), Term::small(us / 1'000'000 % 1'000'000),
                    Term::small(us % 1'000'000));
}
Term timestamp_kind(uint32_t flags) {
  if (flags & flag::NowTs)
    return cpu_timestamps.load(std::memory_order_relaxed) ? atoms::cpu_timestamp : atoms::timestamp;
  return flags & flag::StrictTs ? atoms::strict_monotonic : atoms::monotonic;
}
Term scheduler_id() {
  Scheduler *s = this_scheduler();
  return Term::small(s ? int64_t(scheduler_number(s)) : 0);
}

// What a process or a port gets.
Term message_term(const Message &m, FragmentHeap &h) {
  Term e[8];
  int n = 1;
  bool seq = m.tag == atoms::seq_trace;
  e[n++] = copy(m.tracee, h);
  if (!seq) e[n++] = m.tag;
  e[n++] = copy(m.data, h);
  if (!m.extra.is_none()) e[n++] = copy(m.extra, h);
  if (m.ms_result != atoms::true_) e[n++] = copy(m.ms_result, h);
  if (m.flags & flag::SchedulerId) e[n++] = scheduler_id();
  bool timed = m.flags & flag::Timestamps;
  if (timed) e[n++] = timestamp(h, m.flags);
  e[0] = seq ? atoms::seq_trace : timed ? atoms::trace_ts : atoms::trace;
  Word *box = h.alloc(Word(n) + 1);
  box[0] = header(Kind::Tuple, Word(n));
  for (int i = 0; i < n; i++) box[i + 1] = e[i].raw();
  return Term::boxed(box);
}

void tell_module(const Tracer &t, const Message &m, Process *self) {
  if (!native_call) return;
  FragmentHeap h;
  Term pairs[8];
  size_t n = 0;
  auto add = [&](Term key, Term value) { pairs[2 * n] = key, pairs[2 * n + 1] = value, n++; };
  if (!m.extra.is_none()) add(atoms::extra, m.extra);
  if (m.ms_result != atoms::true_) add(atoms::match_spec_result, m.ms_result);
  if (m.flags & flag::SchedulerId) add(atoms::scheduler_id, scheduler_id());
  if (m.flags & flag::Timestamps) add(atoms::timestamp, timestamp_kind(m.flags));
  Term args[] = {m.tag, t.state.get(), m.tracee, m.data, map_from_pairs(h, pairs, n)};
  native_call(self, t.module, atoms::trace, args, 5);
}
} // namespace

Term timestamp(Heap &h, uint32_t flags) {
  if (flags & flag::NowTs) {
    if (!cpu_timestamps.load(std::memory_order_relaxed)) return clock_tuple(h, int64_t(now_microseconds()));
    timespec ts;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return clock_tuple(h, int64_t(ts.tv_sec) * 1'000'000 + ts.tv_nsec / 1000);
  }
  Term now = make_int(h, monotonic_time());
  return flags & flag::StrictTs ? make_tuple(h, now, make_int(h, unique_integer_monotonic())) : now;
}

TracerRef tracer_of_process(Term pid) { return direct(pid); }

bool tracer_from_term(Term tag, Term t, TracerRef *out) {
  if (is_tuple_of(t, 2) && tuple_elements(t)[0] == tag) {
    t = tuple_elements(t)[1];
    if (t.is_nil()) {
      out->reset();
      return true;
    }
    if (is_tuple(t)) return false;
  }
  if (t.is_local_pid() || t.is_local_port()) {
    if (!there(t)) return false;
    *out = direct(t);
    return true;
  }
  Term module, state;
  if (is_tuple_of(t, 3) && tuple_elements(t)[0] == tag) module = tuple_elements(t)[1], state = tuple_elements(t)[2];
  else if (is_tuple_of(t, 2)) module = tuple_elements(t)[0], state = tuple_elements(t)[1];
  else return false;
  if (!module.is_atom()) return false;
  if (module == atoms::erl_tracer && (state.is_local_pid() || state.is_local_port())) {
    if (!there(state)) return false;
    *out = direct(state);
    return true;
  }
  Term probe[] = {atoms::trace_status, state, atoms::undefined};
  if (!native_call || native_call(nullptr, module, atoms::enabled, probe, 3).is_none()) return false;
  auto made = std::make_shared<Tracer>();
  made->module = module;
  made->state = KeptTerm(state);
  *out = made;
  return true;
}

Term tracer_to_term(const Tracer *t, Heap &h) {
  if (!t) return Term::nil();
  if (!t->to.is_none()) return t->to;
  return make_tuple(h, t->module, copy(t->state.get(), h));
}

bool tracer_same(const Tracer *a, const Tracer *b) {
  if (a == b) return true;
  if (!a || !b) return false;
  return a->to == b->to && a->module == b->module && eq(a->state.get(), b->state.get());
}

Term tracer_pack(const Tracer *t, Heap &h) {
  if (!t) return Term::nil();
  return t->to.is_none() ? make_cons(h, t->module, copy(t->state.get(), h)) : t->to;
}
TracerRef tracer_unpack(Term packed) {
  if (packed.is_nil()) return nullptr;
  if (!packed.is_cons()) return direct(packed);
  auto t = std::make_shared<Tracer>();
  t->module = packed.head();
  t->state = KeptTerm(packed.tail());
  return t;
}

Verdict tracer_enabled(const Tracer &t, Term tag, Term tracee, Process *self) {
  Verdict gone = tag == atoms::trace_status ? Verdict::Remove : Verdict::Discard;
  if (!t.to.is_none()) {
    if (t.to == tracee) return Verdict::Discard; // nobody traces itself
    return there(t.to) ? Verdict::Trace : gone;
  }
  Term args[] = {tag, t.state.get(), tracee};
  Term r = native_call ? native_call(self, t.module, atoms::enabled, args, 3) : Term::none();
  if (r == atoms::trace) return Verdict::Trace;
  return r == atoms::remove || r.is_none() ? gone : Verdict::Discard;
}

void tracer_tell(const Tracer &t, const Message &m, Process *self) {
  if (t.to.is_none()) return tell_module(t, m, self);
  FragmentHeap h;
  Term message = message_term(m, h);
  if (t.to.is_local_pid()) {
    progress::OnlineScope online;
    if (Process *to = process_lookup(t.to)) message_send_built(to, message, h.take());
  } else {
    std::vector<uint8_t> bytes = etf_encode(message);
    port_output_async(self ? self->id : m.tracee, t.to, bytes.data(), bytes.size());
  }
}
} // namespace joist::runtime::trace
