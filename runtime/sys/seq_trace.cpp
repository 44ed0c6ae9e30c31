#include "runtime/sys/seq_trace.h"

#include "runtime/atom/atom.h"
#include "runtime/sys/settings.h"
#include "runtime/sys/time.h"
#include "runtime/term/ref.h"
#include "runtime/trace/trace.h"

namespace joist::runtime::seq_trace {
namespace {
Term timestamp(Heap &h, int64_t flags) {
  if (flags & kTimestamp) {
    uint64_t us = now_microseconds();
    return make_tuple(h, Term::small(int64_t(us / 1'000'000'000'000)), Term::small(int64_t(us / 1'000'000 % 1'000'000)),
                      Term::small(int64_t(us % 1'000'000)));
  }
  if (flags & kStrictMonotonic)
    return make_tuple(h, make_int(h, monotonic_time()), make_int(h, unique_integer_monotonic()));
  if (flags & kMonotonic) return make_int(h, monotonic_time());
  return Term::none();
}
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
    p->seq_token =
        make_tuple(h, Term::small(0), Term::small(0), Term::small(t.seq_clock), p->id, Term::small(t.seq_last));
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
  if (!(flags & wanted)) return;
  Term tracer(system_settings.sequential_tracer.load(std::memory_order_acquire));
  if (!tracer.is_local_pid() || tracer == p->id) return;
  Heap &h = p->heap;
  Term type = e == Event::Send ? atoms::send : e == Event::Receive ? atoms::receive : atoms::print;
  Term info = make_tuple(h, type, make_tuple(h, f[4], f[2]), f[3], to.is_none() ? Term::nil() : to, message);
  Term ts = timestamp(h, flags);
  Term m = ts.is_none() ? make_tuple(h, atoms::seq_trace, f[1], info) : make_tuple(h, atoms::seq_trace, f[1], info, ts);
  message_send_pid(tracer, m);
}
} // namespace joist::runtime::seq_trace
