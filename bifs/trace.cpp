// Tracing: sequential tracing tokens; what tracing BIFs answer while nothing is traced; dynamic trace tags.
#include "bifs/build.h"

#include "runtime/io/port.h"
#include "runtime/sys/seq_trace.h"
#include "runtime/term/compare.h"
#include "runtime/term/ref.h"

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

// A token to change: tokens are never changed in place, since messages may share them.
Term *fresh_token(Process *p) {
  Heap &h = p->heap;
  if (seq_trace::active(p)) {
    Term *f = seq_trace::fields(p->seq_token);
    p->seq_token = make_tuple(h, f[0], f[1], f[2], f[3], f[4]);
  } else {
    Term zero = Term::small(0);
    p->seq_token = make_tuple(h, zero, zero, zero, p->id, zero);
  }
  return seq_trace::fields(p->seq_token);
}
} // namespace

Term erlang_seq_trace_2(Process *p, const Term *args) {
  Term key = args[0], value = args[1];
  if (!key.is_atom()) return badarg(p);
  if (int64_t flag = token_flag(key); flag && (value == atoms::true_ || value == atoms::false_)) {
    Term *f = fresh_token(p);
    int64_t old = f[0].small_value();
    f[0] = Term::small(value == atoms::true_ ? old | flag : old & ~flag);
    return bool_term(old & flag);
  }
  if (key == atoms::label) {
    Term *f = fresh_token(p), old = f[1];
    f[1] = value;
    return old;
  }
  if (key == atoms::serial) {
    if (!is_tuple_of(value, 2) || !tuple_elements(value)[0].is_small() || !tuple_elements(value)[1].is_small()) return badarg(p);
    Term *f = fresh_token(p), old = pair(p->heap, f[4], f[2]);
    f[4] = tuple_elements(value)[0];
    f[2] = tuple_elements(value)[1];
    return old;
  }
  if (key == atoms::sequential_trace_token && value.is_nil()) {
    Term old = p->seq_token;
    p->seq_token = Term::nil();
    return old;
  }
  return badarg(p);
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

// --- process and call tracing
namespace {
bool trace_flag(Term t) {
  static const char *const kFlags[] = {
      "all", "send", "receive", "procs", "ports", "call", "arity", "return_to", "silent", "running", "exiting",
      "running_procs", "running_ports", "garbage_collection", "timestamp", "cpu_timestamp", "monotonic_timestamp",
      "strict_monotonic_timestamp", "set_on_spawn", "set_on_first_spawn", "set_on_link", "set_on_first_link"};
  if (is_tuple_of(t, 2) || is_tuple_of(t, 3)) return tuple_elements(t)[0] == atoms::tracer;
  if (!t.is_atom()) return false;
  for (const char *f : kFlags)
    if (atom::text(t) == f) return true;
  return false;
}
} // namespace

// trace(Pids, How, Flags): the number of processes and ports concerned. Processes cannot be traced: switching on
// answers notsup; switching off always succeeds.
Term erts_internal_trace_3(Process *p, const Term *args) {
  Term flags = args[2];
  for (; flags.is_cons(); flags = flags.tail())
    if (!trace_flag(flags.head())) return badarg(p);
  if (!flags.is_nil() || (args[1] != atoms::true_ && args[1] != atoms::false_)) return badarg(p);
  Term who = args[0];
  int64_t n;
  if (who.is_local_pid()) {
    if (!process_lookup(who)) return badarg(p);
    n = 1;
  } else if (who.is_local_port()) {
    if (!port_alive(who)) return badarg(p);
    n = 1;
  } else if (!who.is_atom()) {
    return badarg(p);
  } else {
    std::string_view name = atom::text(who);
    if (name == "all") n = int64_t(process_count() + port_count());
    else if (name == "processes" || name == "existing_processes") n = int64_t(process_count());
    else if (name == "ports" || name == "existing_ports") n = int64_t(port_count());
    else if (name == "existing") n = int64_t(process_count() + port_count());
    else if (name == "new" || name == "new_processes" || name == "new_ports") n = 0;
    else return badarg(p);
  }
  return args[1] == atoms::true_ ? raise(p, Reason::Notsup) : Term::small(n);
}

Term erts_internal_trace_pattern_3(Process *p, const Term *args) {
  Term what = args[0], spec = args[1];
  bool event = what == atoms::send || what == atoms::receive;
  if (!event && what != atoms::on_load && !is_tuple_of(what, 3)) return badarg(p);
  if (is_tuple_of(what, 3)) {
    Term *e = tuple_elements(what);
    if (!e[0].is_atom() || !e[1].is_atom() || !(e[2].is_small() || e[2] == atoms::underscore)) return badarg(p);
  }
  if (event && spec == atoms::true_) return Term::small(1);
  if (spec == atoms::false_) return Term::small(0);
  return raise(p, Reason::Notsup);
}

Term erlang_trace_info_2(Process *p, const Term *args) {
  Term what = args[0], key = args[1];
  Heap &h = p->heap;
  if (!key.is_atom()) return badarg(p);
  if (what.is_local_pid() || what.is_local_port() || what == atoms::new_ || what == atoms::new_processes ||
      what == atoms::new_ports) {
    bool there = what.is_atom() || (what.is_local_pid() ? process_lookup_any(what) != nullptr : port_alive(what));
    if (!there) return atoms::undefined;
    return key == atoms::flags || key == atoms::tracer ? pair(h, key, Term::nil()) : badarg(p);
  }
  if (what == atoms::on_load) return pair(h, key, atoms::false_);
  if (what == atoms::send || what == atoms::receive)
    return key == atoms::match_spec ? pair(h, key, atoms::true_) : badarg(p);
  if (is_tuple_of(what, 3)) {
    Term *e = tuple_elements(what);
    if (!e[0].is_atom() || !e[1].is_atom() || !e[2].is_small() || e[2].small_value() < 0) return badarg(p);
    const Export *x = export_find(e[0], e[1], Word(e[2].small_value()));
    return pair(h, key, x && export_has_code(x) ? atoms::false_ : atoms::undefined);
  }
  return badarg(p);
}

Term erlang_trace_delivered_1(Process *p, const Term *args) {
  if (args[0] != atoms::all && !args[0].is_local_pid()) return badarg(p);
  Term ref = make_ref(p->heap);
  message_send(p, p, make_tuple(p->heap, atoms::trace_delivered, args[0], ref));
  return ref;
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
