#include "runtime/sys/seq_trace.h"

#include "runtime/atom/atom.h"
#include "runtime/mem/copy.h"
#include "runtime/proc/bif.h"
#include "runtime/sched/scheduler.h"
#include "runtime/term/ref.h"
#include "runtime/trace/trace.h"

namespace joist::runtime::seq_trace {
using trace::TracerRef;

namespace {
std::atomic<bool> has_tracer{false};
std::mutex tracer_lock;
TracerRef current;
} // namespace

void next_serial(Process *p) {
  Term *f = fields(p->seq_token);
  ProcessTrace &t = process_trace(p);
  t.seq_clock++;
  p->seq_token = make_tuple(p->heap, f[0], f[1], Term::small(t.seq_clock), p->id, Term::small(t.seq_last));
}

Term sending(Process *p, Term to, Term message) {
  if (!active(p)) return p->seq_token;
  next_serial(p);
  output(p, p->seq_token, Event::Send, to, message);
  return p->seq_token;
}

Term spawned(Process *parent, Process *child, Term mfargs, Term options, Term ref, Term tag, bool replies) {
  if (!active(parent)) {
    child->seq_token = copy(parent->seq_token, child->heap);
    return Term::nil();
  }
  FragmentHeap h;
  const Term *e = tuple_elements(mfargs);
  Term mfa = make_tuple(h, e[0], e[1], Term::small(list_length(e[2])));
  Term request = make_tuple(h, atoms::spawn_request, ref, parent->id, parent->group_leader, mfa, options, tag, e[2]);
  received(child, copy(sending(parent, child->id, request), child->heap), request);
  Term reply = make_tuple(h, tag, ref, atoms::ok, child->id);
  Term token = sending(child, parent->id, reply);
  if (replies) return token;
  received(parent, copy(token, parent->heap), reply);
  return Term::nil();
}

bool link_exit_send(Term from, Term to, Term reason, Term token) {
  Signal *s = signal_new(SignalKind::ExitLinked);
  s->from = signal_own(s, from);
  s->term = signal_own(s, reason);
  if (!token.is_nil()) s->token = signal_own(s, token);
  return signal_send_pid(to, s);
}

Term exiting(Process *p, Term to, Term reason) {
  if (!active(p)) return Term::nil();
  if (Process *other = to.is_local_pid() ? process_lookup(to) : nullptr; other && other->sensitive()) {
    next_serial(p);
    return p->seq_token;
  }
  return sending(p, to, make_tuple(p->heap, atoms::EXIT, p->id, reason));
}

void received(Process *p, Term token, Term message) {
  if (token == atoms::undefined) return;
  p->seq_token = token;
  if (!active(p)) return;
  ProcessTrace &t = process_trace(p);
  t.seq_last = fields(token)[2].small_value();
  t.seq_clock = std::max(t.seq_clock, t.seq_last);
  output(p, token, Event::Receive, p->id, message);
}

namespace {
int64_t token_flag(Term name) {
  if (name == atoms::send) return kSend;
  if (name == atoms::receive) return kReceive;
  if (name == atoms::print) return kPrint;
  if (name == atoms::timestamp) return kTimestamp;
  if (name == atoms::strict_monotonic_timestamp) return kStrictMonotonic;
  if (name == atoms::monotonic_timestamp) return kMonotonic;
  return 0;
}
// A token to change: tokens are never changed in place, since messages may share them.
Term *fresh_token(Process *p) {
  Heap &h = p->heap;
  if (active(p)) {
    Term *f = fields(p->seq_token);
    p->seq_token = make_tuple(h, f[0], f[1], f[2], f[3], f[4]);
  } else {
    ProcessTrace &t = process_trace(p);
    p->seq_token = make_tuple(h, Term::small(0), Term::small(0), Term::small(0), p->id, Term::small(t.seq_last));
  }
  return fields(p->seq_token);
}
} // namespace

Term set_item(Process *p, Term key, Term value) {
  if (!key.is_atom()) return Term::none();
  if (int64_t flag = token_flag(key)) {
    if (value != atoms::true_ && value != atoms::false_) return Term::none();
    Term *f = fresh_token(p);
    int64_t old = f[0].small_value(), now = value == atoms::true_ ? old | flag : old & ~flag;
    constexpr int64_t stamps = kTimestamp | kStrictMonotonic | kMonotonic;
    if (value == atoms::true_ && (flag & stamps)) now = (old & ~stamps) | flag; // one kind of timestamp at most
    f[0] = Term::small(now);
    return bool_term(old & flag);
  }
  if (key == atoms::label) {
    Term *f = fresh_token(p), old = f[1];
    f[1] = value;
    return old;
  }
  if (key == atoms::serial) {
    if (!is_tuple_of(value, 2) || !tuple_elements(value)[0].is_small() || !tuple_elements(value)[1].is_small())
      return Term::none();
    Term *f = fresh_token(p), old = make_tuple(p->heap, f[4], f[2]);
    f[4] = tuple_elements(value)[0];
    f[2] = tuple_elements(value)[1];
    ProcessTrace &t = process_trace(p);
    t.seq_last = f[4].small_value(), t.seq_clock = f[2].small_value();
    return old;
  }
  if (key == atoms::sequential_trace_token && value.is_nil()) {
    Term old = p->seq_token;
    p->seq_token = Term::nil();
    return old;
  }
  return Term::none();
}

void output(Process *p, Term token, Event e, Term to, Term message) {
  Term *f = fields(token);
  int64_t flags = f[0].small_value(), wanted = e == Event::Send ? kSend : e == Event::Receive ? kReceive : kPrint;
  if (!(flags & wanted) || p->sensitive()) return;
  TracerRef t = tracer();
  if (!t || t->to == p->id) return;
  if (t->to.is_none() && tracer_enabled(*t, atoms::seq_trace, p->id, p) != trace::Verdict::Trace) return;
  Heap &h = p->heap;
  Term type = e == Event::Send ? atoms::send : e == Event::Receive ? atoms::receive : atoms::print;
  Term info = make_tuple(h, type, make_tuple(h, f[4], f[2]), f[3], to.is_none() ? Term::nil() : to, message);
  uint32_t stamps = flags & kTimestamp         ? trace::flag::NowTs
                    : flags & kStrictMonotonic ? trace::flag::StrictTs
                    : flags & kMonotonic       ? trace::flag::MonotonicTs
                                               : 0;
  tracer_tell(*t, {atoms::seq_trace, f[1], info, Term::none(), atoms::true_, stamps}, p);
}

void reset() {
  auto clear = [](Signal *s) {
    for (; s; s = s->next)
      if (is_tuple_of(s->token, 5)) s->token = Term::nil();
  };
  schedulers_block();
  for (Term pid : process_pids()) {
    Process *p = process_lookup(pid);
    if (!p) continue;
    p->seq_token = Term::nil();
    if (ProcessTrace *t = process_trace_of(p)) t->seq_clock = t->seq_last = 0;
    clear(p->mailbox.first);
    std::lock_guard g(p->inbox.lock);
    clear(p->inbox.first);
  }
  schedulers_unblock();
}

trace::TracerRef tracer() {
  if (!has_tracer.load(std::memory_order_relaxed)) return nullptr;
  std::lock_guard g(tracer_lock);
  if (current && tracer_enabled(*current, atoms::trace_status, atoms::undefined, nullptr) == trace::Verdict::Remove) {
    current.reset();
    has_tracer = false;
  }
  return current;
}

trace::TracerRef set_tracer(trace::TracerRef t) {
  trace::TracerRef old = tracer();
  std::lock_guard g(tracer_lock);
  current = std::move(t);
  has_tracer = current != nullptr;
  return old;
}
} // namespace joist::runtime::seq_trace
