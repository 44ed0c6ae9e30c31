#include "vm/slow.h"
#include "runtime/dist/node.h"
#include "runtime/term/map.h"

namespace joist::vm {
bool collect_before_slow(Machine *m, unsigned live) { return !collect_before_slow_due(m) || collect(m, 0, live); }
bool collect_before_slow_due(const Machine *m) { return collection_due(m->p) && (gc_stress || gc_wanted(m->p)); }

namespace {
const Instr *fail_or_raise(Machine *m, const Instr *pc, const Instr *fail, const Mfa *mfa, const Term *args) {
  if (fail) return fail;
  return raise_at(m, pc, mfa, args);
}
const Mfa *mfa_of(Term function, Word arity) { return &export_get_or_put(atoms::erlang, function, arity)->mfa(); }

Term operator_name(ArithOp op) {
  switch (op) {
  case ArithOp::Add: return atoms::op_plus;
  case ArithOp::Sub: return atoms::op_minus;
  case ArithOp::Mul: return atoms::op_times;
  case ArithOp::Div: return atoms::op_div;
  case ArithOp::IntDiv: return atoms::div;
  case ArithOp::Rem: return atoms::rem;
  case ArithOp::Band: return atoms::band;
  case ArithOp::Bor: return atoms::bor;
  case ArithOp::Bxor: return atoms::bxor;
  case ArithOp::Bsl: return atoms::bsl;
  case ArithOp::Bsr: return atoms::bsr;
  }
  return atoms::undefined;
}
} // namespace

const Instr *slow_arith(Machine *m, const Instr *pc, const Instr *fail, ArithOp op, Term a, Term b, Term *r,
                        bool named) {
  Process *p = m->p;
  Term t = arith(p->heap, op, a, b);
  if (!t.is_none() && t != kTooBig) [[likely]] {
    *r = t;
    return pc;
  }
  raise(p, t == kTooBig ? Reason::SystemLimit : Reason::Badarith);
  Term args[] = {a, b};
  return fail_or_raise(m, pc, fail, fail || !named ? nullptr : mfa_of(operator_name(op), 2), args);
}

const Instr *slow_unary(Machine *m, const Instr *pc, const Instr *fail, UnaryOp op, Term a, Term *r) {
  Process *p = m->p;
  if (op == UnaryOp::Abs) return slow_guard(m, pc, fail, atoms::abs, 1, &a, r); // badarg, not badarith
  Term t = op == UnaryOp::Neg ? arith_neg(p->heap, a) : arith_bnot(p->heap, a);
  if (!t.is_none() && t != kTooBig) [[likely]] {
    *r = t;
    return pc;
  }
  raise(p, t == kTooBig ? Reason::SystemLimit : Reason::Badarith);
  return fail_or_raise(m, pc, fail, fail ? nullptr : mfa_of(op == UnaryOp::Neg ? atoms::op_minus : atoms::bnot, 1), &a);
}

const Instr *slow_bif(Machine *m, const Instr *pc, const Instr *fail, const Mfa *mfa, Bif fn, const Term *args,
                      Term *r) {
  Process *p = m->p;
  Term t = fn ? fn(p, args) : undef(p);
  if (!t.is_none()) [[likely]] {
    *r = t;
    return pc;
  }
  if (p->freason.reason == Reason::Trap) { // none of the functions used this way may trap
    p->freason = Freason{.reason = Reason::Notsup};
  }
  return fail_or_raise(m, pc, fail, mfa, args);
}

const Instr *slow_guard(Machine *m, const Instr *pc, const Instr *fail, Term function, unsigned arity, const Term *args,
                        Term *r) {
  const Export *x = export_get_or_put(atoms::erlang, function, arity);
  return slow_bif(m, pc, fail, &x->mfa(), x->bif, args, r);
}

Term put_map_operands(Machine *m, const Instr *pc, Term map, const uint16_t *v, Word n, bool exact) {
  Process *p = m->p;
  if (!is_map(map)) return raise_with(p, Reason::Badmap, map), Term::none();
  Term small[64];
  Term *pairs = n <= 64 ? small : new Term[n];
  for (Word i = 0; i < n; i++) pairs[i] = *any_slot(pc, m, p->stack_top, v[i]);
  Term bad = Term::none();
  Term r = map_put_many(p->heap, map, pairs, n / 2, exact, &bad);
  if (pairs != small) delete[] pairs;
  if (r.is_none()) raise_with(p, Reason::Badkey, bad);
  return r;
}

Term this_node_name() { return node_name(this_node()); }
} // namespace joist::vm
