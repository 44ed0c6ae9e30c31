// Sequential tracing tokens; dynamic trace tags.
#include "bifs/build.h"

#include "runtime/sys/seq_trace.h"
#include "runtime/term/compare.h"

namespace joist::bifs {
namespace {
int64_t token_flag(Term name) {
  if (name == atoms::send) return seq_trace::kSend;
  if (name == atoms::receive) return seq_trace::kReceive;
  if (name == atoms::print) return seq_trace::kPrint;
  if (name == atoms::timestamp) return seq_trace::kTimestamp;
  if (name == atoms::strict_monotonic_timestamp) return seq_trace::kStrictMonotonic;
  if (name == atoms::monotonic_timestamp) return seq_trace::kMonotonic;
  return 0;
}
} // namespace

Term erlang_seq_trace_2(Process *p, const Term *args) {
  Term old = seq_trace::set_item(p, args[0], args[1]);
  return old.is_none() ? badarg(p) : old;
}

Term erlang_seq_trace_info_1(Process *p, const Term *args) {
  Term key = args[0];
  if (!key.is_atom()) return badarg(p);
  int64_t flag = token_flag(key);
  if (!seq_trace::active(p)) {
    if (flag || key == atoms::spawn) return pair(p->heap, key, atoms::false_);
    return key == atoms::label || key == atoms::serial ? Term::nil() : badarg(p);
  }
  Term *f = seq_trace::fields(p->seq_token);
  if (flag) return pair(p->heap, key, bool_term(f[0].small_value() & flag));
  if (key == atoms::label) return pair(p->heap, key, f[1]);
  if (key == atoms::serial) return pair(p->heap, key, pair(p->heap, f[4], f[2]));
  return badarg(p);
}

namespace {
Term print(Process *p, Term message) {
  seq_trace::next_serial(p);
  seq_trace::output(p, p->seq_token, seq_trace::Event::Print, Term::none(), message);
  return atoms::true_;
}
} // namespace
Term erlang_seq_trace_print_1(Process *p, const Term *args) {
  return seq_trace::active(p) ? print(p, args[0]) : atoms::false_;
}
Term erlang_seq_trace_print_2(Process *p, const Term *args) {
  if (!seq_trace::active(p) || !eq(args[0], seq_trace::fields(p->seq_token)[1])) return atoms::false_;
  return print(p, args[1]);
}

// --- dynamic trace (DTrace, SystemTap) tags, in a VM that was built without it
Term erlang_dt_put_tag_1(Process *, const Term *) { return atoms::undefined; }
Term erlang_dt_get_tag_0(Process *, const Term *) { return atoms::undefined; }
Term erlang_dt_get_tag_data_0(Process *, const Term *) { return atoms::undefined; }
Term erlang_dt_prepend_vm_tag_data_1(Process *, const Term *args) { return args[0]; }
Term erlang_dt_append_vm_tag_data_1(Process *, const Term *args) { return args[0]; }
Term erlang_dt_spread_tag_1(Process *p, const Term *args) {
  return args[0] == atoms::true_ || args[0] == atoms::false_ ? atoms::true_ : badarg(p);
}
Term erlang_dt_restore_tag_1(Process *, const Term *) { return atoms::true_; }
} // namespace joist::bifs
