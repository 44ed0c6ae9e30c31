// erlang:send_after/3,4, start_timer/3,4, cancel_timer/1,2, read_timer/1,2.
#include "bifs/bifs.h"

#include "runtime/sched/erlang_timer.h"
#include "runtime/sys/time.h"

namespace joist::bifs {
namespace {
constexpr int64_t kMillisecond = 1'000'000;

// {abs, Bool}: the last one counts.
bool start_options(Term opts, bool *absolute) {
  for (; opts.is_cons(); opts = opts.tail()) {
    Term o = opts.head();
    if (!is_tuple_of(o, 2) || tuple_elements(o)[0] != atom::intern("abs")) return false;
    Term v = tuple_elements(o)[1];
    if (v != atoms::true_ && v != atoms::false_) return false;
    *absolute = v == atoms::true_;
  }
  return opts.is_nil();
}

Term start(Process *p, const Term *args, Term opts, bool start_timer) {
  bool absolute = false;
  if (!start_options(opts, &absolute)) return badarg(p, atoms::badopt);
  int64_t ms;
  if (!is_integer(args[0])) return badarg(p, atoms::time);
  constexpr int64_t first = kMonotonicStart / kMillisecond, last = kMonotonicEnd / kMillisecond;
  int64_t expires;
  if (!get_int64(args[0], &ms)) return badarg(p, atoms::time);
  if (absolute) {
    if (ms < first || ms > last) return badarg(p, atoms::time);
    expires = ms * kMillisecond;
  } else {
    int64_t now = monotonic_time();
    if (ms < 0 || ms > last - now / kMillisecond) return badarg(p, atoms::time);
    expires = now + ms * kMillisecond;
  }
  if (!args[1].is_local_pid() && !args[1].is_atom()) return badarg(p);
  return erlang_timer_start(p->heap, args[1], args[2], expires, start_timer);
}

Term left_term(Heap &h, int64_t left) { return left < 0 ? atoms::false_ : make_int(h, left); }

// {async, Bool}, and for cancel_timer {info, Bool}.
bool query_options(Term opts, bool *async, bool *info) {
  for (; opts.is_cons(); opts = opts.tail()) {
    Term o = opts.head();
    if (!is_tuple_of(o, 2)) return false;
    Term key = tuple_elements(o)[0], v = tuple_elements(o)[1];
    if (v != atoms::true_ && v != atoms::false_) return false;
    if (key == atoms::async) *async = v == atoms::true_;
    else if (info && key == atoms::info) *info = v == atoms::true_;
    else return false;
  }
  return opts.is_nil();
}

Term query(Process *p, Term ref, Term opts, bool cancel) {
  if (!is_ref(ref)) return badarg(p);
  bool async = false, info = true;
  if (!query_options(opts, &async, cancel ? &info : nullptr)) return badarg(p);
  int64_t left = is_external_ref(ref) ? -1 : cancel ? erlang_timer_cancel(ref) : erlang_timer_read(ref);
  if (!info) return atoms::ok;
  Term result = left_term(p->heap, left);
  if (!async) return result;
  message_send(p, p, make_tuple(p->heap, cancel ? atoms::cancel_timer : atoms::read_timer, ref, result));
  return atoms::ok;
}
} // namespace

Term erlang_send_after_3(Process *p, const Term *args) { return start(p, args, Term::nil(), false); }
Term erlang_send_after_4(Process *p, const Term *args) { return start(p, args, args[3], false); }
Term erlang_start_timer_3(Process *p, const Term *args) { return start(p, args, Term::nil(), true); }
Term erlang_start_timer_4(Process *p, const Term *args) { return start(p, args, args[3], true); }
Term erlang_cancel_timer_1(Process *p, const Term *args) { return query(p, args[0], Term::nil(), true); }
Term erlang_cancel_timer_2(Process *p, const Term *args) { return query(p, args[0], args[1], true); }
Term erlang_read_timer_1(Process *p, const Term *args) { return query(p, args[0], Term::nil(), false); }
Term erlang_read_timer_2(Process *p, const Term *args) { return query(p, args[0], args[1], false); }
} // namespace joist::bifs
