#include "runtime/sys/seq_trace.h"

#include "runtime/atom/atom.h"
#include "runtime/sys/settings.h"
#include "runtime/sys/time.h"
#include "runtime/term/ref.h"

namespace joist::runtime::seq_trace {
namespace {
Term timestamp(Heap &h, int64_t flags) {
  if (flags & kTimestamp) {
    uint64_t us = now_microseconds();
    return make_tuple(h, Term::small(int64_t(us / 1'000'000'000'000)), Term::small(int64_t(us / 1'000'000 % 1'000'000)),
                      Term::small(int64_t(us % 1'000'000)));
  }
  if (flags & kStrictMonotonic) return make_tuple(h, make_int(h, monotonic_time()), make_int(h, unique_integer_monotonic()));
  if (flags & kMonotonic) return make_int(h, monotonic_time());
  return Term::none();
}
} // namespace

void next_serial(Process *p) {
  Term *f = fields(p->seq_token);
  int64_t serial = f[2].small_value();
  p->seq_token = make_tuple(p->heap, f[0], f[1], Term::small(serial + 1), p->id, Term::small(serial));
}

void received(Process *p, Term token) {
  if (!is_tuple_of(token, 5)) {
    p->seq_token = Term::nil();
    return;
  }
  p->seq_token = token;
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
