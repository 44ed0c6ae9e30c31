// apply, error, exit/1, throw, raise: BIFs whose purpose is to move control.
#include "bifs/bifs.h"
#include "runtime/sys/settings.h"

namespace joist::bifs {

// The instruction behind apply lives in the export's trampoline (vm/): a tail call of it.
Term erlang_apply_2(Process *p, const Term *args) {
  static const Export *self = export_get_or_put(atoms::erlang, atoms::apply, 2);
  return trap(p, self, args, 2);
}
Term erlang_apply_3(Process *p, const Term *args) {
  static const Export *self = export_get_or_put(atoms::erlang, atoms::apply, 3);
  return trap(p, self, args, 3);
}
Term erlang_hibernate_3(Process *p, const Term *args) {
  static const Export *self = export_get_or_put(atoms::erlang, atoms::hibernate, 3);
  return trap(p, self, args, 3);
}
Term erlang_yield_0(Process *p, const Term *) {
  p->leave_reductions(0);
  return atoms::true_;
}

Term erlang_error_1(Process *p, const Term *args) { return raise_value(p, ExcClass::Error, args[0]); }

namespace {
// Arguments for the top of the trace: a list, or `none` for no arguments.
Term raise_error(Process *p, Term reason, Term arguments) {
  p->freason = Freason{.reason = Reason::Value, .cls = ExcClass::Error, .has_args = arguments.is_list()};
  p->fvalue = reason;
  p->fargs = arguments.is_list() ? arguments : Term::none();
  p->current = nullptr;
  return Term::none();
}
} // namespace

Term erlang_error_2(Process *p, const Term *args) { return raise_error(p, args[0], args[1]); }

// Options that are not [{error_info, Map}...] are as none at all.
Term erlang_error_3(Process *p, const Term *args) {
  Term info = Term::none();
  Term l = args[2];
  for (; l.is_cons(); l = l.tail()) {
    Term o = l.head();
    if (!is_tuple_of(o, 2) || tuple_elements(o)[0] != atoms::error_info || !is_map(tuple_elements(o)[1])) break;
    info = tuple_elements(o)[1];
  }
  raise_error(p, args[0], args[1]);
  if (l.is_nil() && !info.is_none()) {
    p->freason.user_info = true;
    p->fcause = info;
  }
  return Term::none();
}

Term erlang_exit_1(Process *p, const Term *args) { return raise_value(p, ExcClass::Exit, args[0]); }
Term erlang_throw_1(Process *p, const Term *args) { return raise_value(p, ExcClass::Throw, args[0]); }
Term erlang_nif_error_1(Process *p, const Term *args) { return raise_value(p, ExcClass::Error, args[0]); }
Term erlang_nif_error_2(Process *p, const Term *args) { return raise_error(p, args[0], args[1]); }

// erlang:raise/3 answers badarg (it does not raise it) where class or stack trace are not well-formed.
Term erlang_raise_3(Process *p, const Term *args) {
  ExcClass cls;
  if (args[0] == atoms::error) cls = ExcClass::Error;
  else if (args[0] == atoms::exit) cls = ExcClass::Exit;
  else if (args[0] == atoms::throw_) cls = ExcClass::Throw;
  else return atoms::badarg;
  int64_t depth = 0, limit = std::max<int64_t>(1, system_settings.backtrace_depth.load(std::memory_order_relaxed));
  bool copy = false;
  Term l = args[2];
  for (; l.is_cons(); l = l.tail(), depth++) {
    Term item = l.head();
    if (!is_tuple(item)) return atoms::badarg;
    Term *e = tuple_elements(item), location = Term::nil();
    switch (tuple_arity(item)) {
    case 2:
      if (!is_fun(e[0])) return atoms::badarg;
      copy = true;
      break;
    case 3:
      if (is_fun(e[0])) location = e[2];
      else if (e[0].is_atom() && e[1].is_atom()) copy = true;
      else return atoms::badarg;
      break;
    case 4:
      if (!e[0].is_atom() || !e[1].is_atom()) return atoms::badarg;
      location = e[3];
      break;
    default: return atoms::badarg;
    }
    if (!location.is_list()) return atoms::badarg;
  }
  if (!l.is_nil()) return atoms::badarg;
  Term trace = args[2];
  if (copy || depth > limit) {
    std::vector<Term> items;
    for (l = args[2]; l.is_cons() && int64_t(items.size()) < limit; l = l.tail()) {
      Term item = l.head(), *e = tuple_elements(item);
      if (tuple_arity(item) == 2) item = make_tuple(p->heap, e[0], e[1], Term::nil());
      else if (tuple_arity(item) == 3 && e[0].is_atom()) item = make_tuple(p->heap, e[0], e[1], e[2], Term::nil());
      items.push_back(item);
    }
    trace = Term::nil();
    for (size_t i = items.size(); i-- > 0;) trace = make_cons(p->heap, items[i], trace);
  }
  p->freason = Freason{.reason = Reason::Value, .cls = cls, .save_trace = false};
  p->fvalue = args[1];
  p->ftrace = trace;
  return Term::none();
}
} // namespace joist::bifs
