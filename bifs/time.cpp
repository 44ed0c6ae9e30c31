// Clocks and calendar: monotonic_time, system_time, time_offset, timestamp, now; date, time and their conversions;
// unique integers and references.
#include "bifs/bifs.h"

#include "runtime/sys/time.h"
#include "runtime/term/number.h"
#include "runtime/term/ref.h"

#include <ctime>

namespace joist::bifs {
namespace {
constexpr int64_t kNative = 1'000'000'000;

Term from_int128(Heap &h, __int128 v) {
  if (v >= INT64_MIN && v <= INT64_MAX) return make_int(h, int64_t(v));
  unsigned __int128 m = v < 0 ? -static_cast<unsigned __int128>(v) : static_cast<unsigned __int128>(v);
  Word limbs[2] = {Word(m), Word(m >> 64)};
  return integer_from_limbs(h, limbs, limbs[1] ? 2 : 1, v < 0);
}

// A time in nanoseconds in the unit asked for (rounded down), or badarg.
Term in_unit(Process *p, int64_t ns, Term unit) {
  int64_t parts = 0;
  if (unit == atoms::second || unit == atoms::seconds) parts = 1;
  else if (unit == atoms::millisecond || unit == atoms::milli_seconds) parts = 1000;
  else if (unit == atoms::microsecond || unit == atoms::micro_seconds) parts = 1'000'000;
  else if (unit == atoms::nanosecond || unit == atoms::nano_seconds || unit == atoms::native ||
           unit == atoms::perf_counter)
    parts = kNative;
  else if (unit.is_small()) parts = unit.small_value();
  else if (is_big(unit) && !big_negative(unit)) {
    Term n = arith(p->heap, ArithOp::Mul, make_int(p->heap, ns), unit);
    if (ns < 0) n = arith(p->heap, ArithOp::Sub, n, Term::small(kNative - 1)); // div truncates
    return arith(p->heap, ArithOp::IntDiv, n, Term::small(kNative));
  }
  if (parts <= 0) return badarg(p);
  if (parts == kNative) return make_int(p->heap, ns);
  __int128 n = __int128(ns) * parts, q = n / kNative;
  if (n % kNative < 0) q--;
  return from_int128(p->heap, q);
}

Term date_term(Heap &h, const CivilTime &c) {
  return make_tuple(h, Term::small(c.year), Term::small(c.month), Term::small(c.day));
}
Term time_term(Heap &h, const CivilTime &c) {
  return make_tuple(h, Term::small(c.hour), Term::small(c.minute), Term::small(c.second));
}
Term date_time(Heap &h, const CivilTime &c) { return make_tuple(h, date_term(h, c), time_term(h, c)); }
CivilTime local_now() { return local_of_seconds(system_time() / kNative); }

// {MegaSecs, Secs, MicroSecs}
Term timestamp(Heap &h, uint64_t us) {
  return make_tuple(h, Term::small(int64_t(us / 1'000'000'000'000)), Term::small(int64_t(us / 1'000'000 % 1'000'000)),
                    Term::small(int64_t(us % 1'000'000)));
}

bool small_triple(Term t, int64_t *a, int64_t *b, int64_t *c) {
  if (!is_tuple_of(t, 3)) return false;
  Term *e = tuple_elements(t);
  if (!e[0].is_small() || !e[1].is_small() || !e[2].is_small()) return false;
  *a = e[0].small_value(), *b = e[1].small_value(), *c = e[2].small_value();
  return true;
}

// {{Y,M,D},{H,M,S}}: a date that exists, from first_year on.
bool read_date_time(Term t, int64_t first_year, CivilTime *c) {
  if (!is_tuple_of(t, 2)) return false;
  if (!small_triple(tuple_elements(t)[0], &c->year, &c->month, &c->day) ||
      !small_triple(tuple_elements(t)[1], &c->hour, &c->minute, &c->second))
    return false;
  if (c->year < first_year || c->year >= INT32_MAX || c->month < 1 || c->month > 12) return false;
  static const int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = c->year % 4 == 0 && (c->year % 100 != 0 || c->year % 400 == 0);
  int64_t days = kDays[c->month - 1] + (c->month == 2 && leap);
  return c->day >= 1 && c->day <= days && c->hour >= 0 && c->hour <= 23 && c->minute >= 0 && c->minute <= 59 &&
         c->second >= 0 && c->second <= 59;
}
constexpr int64_t kFirstLocalYear = 1902, kFirstPosixYear = 1600;

// mktime, in a function that suppressions can name (runtime/sys/sanitizer.cpp).
[[gnu::noinline]] time_t c_library_mktime(tm *t) { return mktime(t); }
} // namespace

Term erlang_monotonic_time_0(Process *p, const Term *) { return make_int(p->heap, monotonic_time()); }
Term erlang_monotonic_time_1(Process *p, const Term *args) { return in_unit(p, monotonic_time(), args[0]); }
Term erlang_system_time_0(Process *p, const Term *) { return make_int(p->heap, system_time()); }
Term erlang_system_time_1(Process *p, const Term *args) { return in_unit(p, system_time(), args[0]); }
Term erlang_time_offset_0(Process *p, const Term *) { return make_int(p->heap, time_offset()); }
Term erlang_time_offset_1(Process *p, const Term *args) { return in_unit(p, time_offset(), args[0]); }
Term erlang_timestamp_0(Process *p, const Term *) { return timestamp(p->heap, uint64_t(system_time()) / 1000); }
Term erlang_now_0(Process *p, const Term *) { return timestamp(p->heap, now_microseconds()); }
Term os_system_time_0(Process *p, const Term *) { return make_int(p->heap, os_system_time()); }
Term os_system_time_1(Process *p, const Term *args) { return in_unit(p, os_system_time(), args[0]); }
Term os_timestamp_0(Process *p, const Term *) { return timestamp(p->heap, uint64_t(os_system_time()) / 1000); }
Term os_perf_counter_0(Process *p, const Term *) { return make_int(p->heap, os_monotonic_time()); }
Term erts_internal_time_unit_0(Process *, const Term *) { return Term::small(kNative); }
Term erts_internal_perf_counter_unit_0(Process *, const Term *) { return Term::small(kNative); }

Term erlang_date_0(Process *p, const Term *) { return date_term(p->heap, local_now()); }
Term erlang_time_0(Process *p, const Term *) { return time_term(p->heap, local_now()); }
Term erlang_localtime_0(Process *p, const Term *) { return date_time(p->heap, local_now()); }
Term erlang_universaltime_0(Process *p, const Term *) {
  return date_time(p->heap, civil_of_seconds(system_time() / kNative));
}

Term erlang_universaltime_to_localtime_1(Process *p, const Term *args) {
  CivilTime c;
  if (!read_date_time(args[0], kFirstLocalYear, &c)) return badarg(p);
  return date_time(p->heap, local_of_seconds(seconds_of_civil(c)));
}

Term erlang_localtime_to_universaltime_2(Process *p, const Term *args) {
  int dst;
  if (args[1] == atoms::true_) dst = 1;
  else if (args[1] == atoms::false_) dst = 0;
  else if (args[1] == atoms::undefined) dst = -1;
  else return badarg(p);
  CivilTime c;
  if (!read_date_time(args[0], kFirstLocalYear, &c)) return badarg(p);
  // A zone without daylight saving time takes a wrong hint for no hint.
  for (;; dst = 0) {
    tm t{};
    t.tm_year = int(c.year - 1900), t.tm_mon = int(c.month - 1), t.tm_mday = int(c.day);
    t.tm_hour = int(c.hour), t.tm_min = int(c.minute), t.tm_sec = int(c.second);
    t.tm_isdst = dst;
    t.tm_wday = -1; // stays so only if mktime fails: -1 is also a valid time
    time_t s = c_library_mktime(&t);
    if (t.tm_wday == -1) {
      if (dst == 1) continue;
      return badarg(p);
    }
    return date_time(p->heap, civil_of_seconds(s));
  }
}

Term erlang_universaltime_to_posixtime_1(Process *p, const Term *args) {
  CivilTime c;
  if (!read_date_time(args[0], kFirstPosixYear, &c)) return badarg(p);
  return make_int(p->heap, seconds_of_civil(c));
}

Term erlang_posixtime_to_universaltime_1(Process *p, const Term *args) {
  int64_t s;
  if (!get_int64(args[0], &s)) return badarg(p);
  return date_time(p->heap, civil_of_seconds(s));
}

// --- unique values
Term erlang_make_ref_0(Process *p, const Term *) { return make_ref(p->heap); }

Term erlang_unique_integer_0(Process *p, const Term *) {
  return make_int(p->heap, int64_t(unique_integer_raw()) + kUniqueMin);
}

Term erlang_unique_integer_1(Process *p, const Term *args) {
  bool positive = false, monotonic = false;
  Term opts = args[0];
  for (; opts.is_cons(); opts = opts.tail()) {
    if (opts.head() == atoms::positive) positive = true;
    else if (opts.head() == atoms::monotonic) monotonic = true;
    else return badarg(p);
  }
  if (!opts.is_nil()) return badarg(p);
  int64_t v = monotonic ? unique_integer_monotonic() : int64_t(unique_integer_raw()) + kUniqueMin;
  return positive ? make_uint(p->heap, uint64_t(v - kUniqueMin) + 1) : make_int(p->heap, v);
}
} // namespace joist::bifs
