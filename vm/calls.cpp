#include "vm/calls.h"
#include "runtime/code/install.h"
#include "runtime/proc/signal.h"
#include "vm/call_trace.h"
#include "vm/vm.h"

namespace joist::vm {
namespace {
const Instr *entry_of(Machine *m, const Export *x) { return export_entry(x); }

// Yields at a function's entry where the slice is over.
const Instr *enter(Machine *m, const Instr *entry) {
  Process *p = m->p;
  if (--p->reductions > 0) return entry;
  const Mfa &function = FuncInfo::of(entry)->mfa;
  if (!function.module.is_none()) p->current = &function; // what process_info tells where the code is no module's
  leave(m, entry, unsigned(FuncInfo::of(entry)->mfa.arity), RunResult::Yielded);
  if (m->result == uint8_t(RunResult::Yielded)) p->at_entry = true;
  return nullptr;
}
// Makes the frame right for a call (push) or a tail call (drop).
void set_frame(Process *p, const Instr *return_to, int dealloc) {
  if (dealloc < 0) *--p->stack_top = return_word(return_to);
  else p->stack_top += dealloc / 8;
  p->sync_limit();
}
Term list_from(Process *p, const Term *items, unsigned n) {
  Term l = Term::nil();
  while (n-- > 0) l = make_cons(p->heap, items[n], l);
  return l;
}
// Spreads a proper list over registers. False: freason set.
bool spread(Machine *m, Term list, unsigned *arity) {
  unsigned n = 0;
  Term l = list;
  for (; l.is_cons(); l = l.tail()) {
    if (n >= kMaxX - 2) return raise(m->p, Reason::SystemLimit), false;
    m->x[n++] = l.head();
  }
  if (!l.is_nil()) return raise(m->p, Reason::Badarg), false;
  *arity = n;
  return true;
}
const Mfa *apply_mfa() {
  static const Mfa *mfa = &export_get_or_put(atoms::erlang, atoms::apply, 3)->mfa();
  return mfa;
}
bool raises_by_trade(const Export *x) {
  const Mfa &f = x->mfa();
  return f.module == atoms::erlang && ((f.function == atoms::error && f.arity <= 3) ||
                                       (f.arity == 1 && (f.function == atoms::exit || f.function == atoms::throw_)));
}
// Frame in place, arguments in registers.
const Instr *apply_export(Machine *m, const Instr *pc, Term mod, Term fun, unsigned arity, const Instr *return_to,
                          int dealloc) {
  Export *x = export_get_or_put(mod, fun, arity);
  // A tail call of a function whose only purpose is to raise: its caller belongs on top of the trace.
  if (dealloc >= 0 && x->bif && raises_by_trade(x)) {
    if (!x->is_bif_traced()) {
      x->bif(m->p, m->x);
      return raise_at(m, pc, &x->mfa(), m->x);
    }
    return_to = reinterpret_cast<const Instr *>(reinterpret_cast<const Word *>(pc) +
                                                1); // as if called in front of others: it will not return there
    dealloc = -1;
  }
  set_frame(m->p, return_to, dealloc);
  return enter(m, entry_of(m, x));
}
const Instr *bad_apply(Machine *m, const Instr *pc, Term mod, Term fun, Term args) {
  Term a[] = {mod, fun, args};
  return raise_at(m, pc, apply_mfa(), a);
}
} // namespace

Bif send_bif = nullptr;

const Instr *enter_export(Machine *m, const Export *x) { return enter(m, entry_of(m, x)); }

const Instr *enter_trapped(Machine *m, const Mfa *from) {
  const Export *to = m->p->trap_entry;
  if (!to->mfa().module.is_none()) m->p->current = &to->mfa();
  else if (!from->module.is_none()) m->p->current = from;
  return enter_export(m, to);
}

bool collect_after_bif(Machine *m) {
  if (!gc_stress && !gc_wanted(m->p)) return true;
  return collect(m, 0, 1);
}

const Instr *bif_failed(Machine *m, const Instr *pc, const Export *bif, const Instr *return_to) {
  Process *p = m->p;
  p->sync_limit();
  if (p->freason.reason != Reason::Trap) return raise_at(m, pc, &bif->mfa(), m->x);
  const Export *to = p->trap_entry;
  if (return_to) {
    if (p->stack_top - p->heap.top < int64_t(kStackMargin) && !collect(m, kStackMargin, unsigned(to->mfa().arity))) {
      leave_killed(m);
      return nullptr;
    }
    *--p->stack_top = return_word(return_to);
    p->sync_limit();
  }
  return enter_trapped(m, &bif->mfa());
}

const Instr *send_failed(Machine *m, const Instr *pc, const Instr *return_to) {
  static const Export *x = export_get_or_put(atoms::erlang, atoms::send, 2); // the name that stack traces show
  return bif_failed(m, pc, x, return_to);
}

const Instr *call_error_handler(Machine *m, const Mfa *mfa) {
  Process *p = m->p;
  Export *x = export_get_or_put(p->error_handler, atoms::undefined_function, 3);
  if (!export_has_code(x)) {
    undef(p);
    return raise_at(m, rt::trace::return_point(p), mfa, m->x, true);
  }
  Term args = list_from(p, m->x, unsigned(mfa->arity));
  m->x[0] = mfa->module;
  m->x[1] = mfa->function;
  m->x[2] = args;
  return enter(m, entry_of(m, x));
}

const Instr *call_fun_slow(Machine *m, const Instr *pc, Term fun, unsigned arity, const Instr *return_to, int dealloc) {
  Process *p = m->p;
  auto fail = [&] {
    if (return_to) set_frame(p, return_to, dealloc);
    return raise_at(m, pc);
  };
  if (!is_fun(fun)) {
    raise_with(p, Reason::Badfun, fun);
    return fail();
  }
  Term args = list_from(p, m->x, arity);
  unsigned wants = unsigned(is_local_fun(fun) ? fun_entry(fun)->arity : fun_export(fun)->mfa().arity);
  if (wants != arity) {
    raise_with(p, Reason::Badarity, make_tuple(p->heap, fun, args));
    return fail();
  }
  if (is_export_fun(fun)) {
    set_frame(p, return_to, dealloc);
    return enter(m, entry_of(m, fun_export(fun)));
  }
  FunEntry *fe = fun_entry(fun);
  uint64_t ended = purges_ended();
  const Instr *entry = fe->entry.load(std::memory_order_acquire);
  bool pending = purge_pending(fe->module);
  while (entry == code_hooks.lambda_not_loaded && !pending && ended != purges_ended()) {
    ended = purges_ended();
    entry = fe->entry.load(std::memory_order_acquire);
    pending = purge_pending(fe->module);
  }
  if (entry != code_hooks.lambda_not_loaded) { // the code came meanwhile, or this is apply of a good fun
    for (Word i = 0, n = fun_free_count(fun); i < n; i++) m->x[arity + i] = fun_free(fun)[i];
    set_frame(p, return_to, dealloc);
    return enter(m, entry);
  }
  if (pending) { // not known yet whether the code goes: try again until it is
    m->x[0] = fe->module;
    m->x[1] = fun;
    m->x[2] = args;
    set_frame(p, return_to, dealloc);
    p->use_up();
    static const Export *retry = export_get_or_put(atoms::erts_code_purger, atoms::pending_purge_lambda, 3);
    return enter(m, entry_of(m, retry));
  }
  Module *module = module_find(fe->module);
  if (module && module->current) { // loaded, but another version: the error handler could not help
    raise_with(p, Reason::Badfun, fun);
    return fail();
  }
  Export *x = export_get_or_put(p->error_handler, atoms::undefined_lambda, 3);
  if (!export_has_code(x)) {
    undef(p);
    return fail();
  }
  m->x[0] = fe->module;
  m->x[1] = fun;
  m->x[2] = args;
  set_frame(p, return_to, dealloc);
  return enter(m, entry_of(m, x));
}

const Instr *apply_list(Machine *m, const Instr *pc, const Instr *return_to, int dealloc) {
  Process *p = m->p;
  Term mod = m->x[0], fun = m->x[1], args = m->x[2];
  for (;;) {
    if (!fun.is_atom() || !mod.is_atom()) {
      badarg(p);
      return bad_apply(m, pc, mod, fun, args);
    }
    if (mod != atoms::erlang || fun != atoms::apply) break;
    // apply of apply/3
    if (!args.is_cons() || !args.tail().is_cons() || !args.tail().tail().is_cons() ||
        !args.tail().tail().tail().is_nil())
      break;
    mod = args.head();
    fun = args.tail().head();
    args = args.tail().tail().head();
  }
  unsigned arity = 0;
  if (!spread(m, args, &arity)) return bad_apply(m, pc, mod, fun, args);
  return apply_export(m, pc, mod, fun, arity, return_to, dealloc);
}

const Instr *apply_fixed(Machine *m, const Instr *pc, unsigned arity, const Instr *return_to, int dealloc) {
  Process *p = m->p;
  Term mod = m->x[arity], fun = m->x[arity + 1];
  if (!fun.is_atom() || !mod.is_atom()) {
    badarg(p);
    return bad_apply(m, pc, mod, fun, list_from(p, m->x, arity));
  }
  if (mod == atoms::erlang && fun == atoms::apply && arity == 3) return apply_list(m, pc, return_to, dealloc);
  return apply_export(m, pc, mod, fun, arity, return_to, dealloc);
}

const Instr *apply_fun(Machine *m, const Instr *pc, const Instr *return_to, int dealloc) {
  Term fun = m->x[0], args = m->x[1];
  unsigned arity = 0;
  if (!spread(m, args, &arity)) {
    static const Mfa *self = &export_get_or_put(atoms::erlang, atoms::apply, 2)->mfa();
    Term a[] = {fun, args};
    return raise_at(m, pc, self, a);
  }
  return call_fun_slow(m, pc, fun, arity, return_to, dealloc);
}

const Instr *hibernate(Machine *m, const Instr *pc) {
  Process *p = m->p;
  static const Mfa *self = &export_get_or_put(atoms::erlang, atoms::hibernate, 3)->mfa();
  Term l = m->x[2];
  unsigned n = 0;
  for (; l.is_cons() && n < kMaxX - 2; l = l.tail()) n++;
  if (!m->x[0].is_atom() || !m->x[1].is_atom() || (!l.is_nil() && !l.is_cons())) {
    badarg(p);
    return raise_at(m, pc, self, m->x);
  }
  if (l.is_cons()) {
    system_limit(p);
    return raise_at(m, pc, self, m->x);
  }
  p->stack_top = p->heap_end;
  *--p->stack_top = return_word(exec_hooks.normal_exit);
  p->catches = 0;
  p->sync_limit();
  if (p->saved_x_capacity > 32) p->live_x = 0;
  p->bump(signals_fetch(p));
  if (p->must_exit()) {
    leave_killed(m);
    return nullptr;
  }
  p->current = self;
  bool wait = p->mailbox.length == 0;
  if (wait) gc_hibernate(p, m->x, 3);
  leave(m, fixed.hibernated, 3, wait ? RunResult::Waiting : RunResult::Yielded);
  return nullptr;
}
} // namespace joist::vm
