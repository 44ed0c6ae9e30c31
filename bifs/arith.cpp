// The operators as functions: erlang:'+'/2 and so on, for apply and match specifications; guards call them too.
#include "bifs/bifs.h"
#include "runtime/term/compare.h"
#include "runtime/term/number.h"

#include <cmath>

namespace joist::bifs {
namespace {
Term result(Process *p, Term r) {
  if (r.is_none()) return badarith(p);
  if (r == kTooBig) return system_limit(p);
  return r;
}
Term operate(Process *p, ArithOp op, const Term *args) { return result(p, arith(p->heap, op, args[0], args[1])); }

Term rounded(Process *p, Term t, Rounding r) {
  if (is_integer(t)) return t;
  if (!is_float(t)) return badarg(p);
  return float_to_integer(p->heap, float_value(t), r);
}
bool is_boolean(Term t) { return t == atoms::true_ || t == atoms::false_; }
} // namespace

Term erlang_op_plus_2(Process *p, const Term *args) { return operate(p, ArithOp::Add, args); }
Term erlang_op_minus_2(Process *p, const Term *args) { return operate(p, ArithOp::Sub, args); }
Term erlang_op_times_2(Process *p, const Term *args) { return operate(p, ArithOp::Mul, args); }
Term erlang_op_div_2(Process *p, const Term *args) { return operate(p, ArithOp::Div, args); }
Term erlang_div_2(Process *p, const Term *args) { return operate(p, ArithOp::IntDiv, args); }
Term erlang_rem_2(Process *p, const Term *args) { return operate(p, ArithOp::Rem, args); }
Term erlang_band_2(Process *p, const Term *args) { return operate(p, ArithOp::Band, args); }
Term erlang_bor_2(Process *p, const Term *args) { return operate(p, ArithOp::Bor, args); }
Term erlang_bxor_2(Process *p, const Term *args) { return operate(p, ArithOp::Bxor, args); }
Term erlang_bsl_2(Process *p, const Term *args) { return operate(p, ArithOp::Bsl, args); }
Term erlang_bsr_2(Process *p, const Term *args) { return operate(p, ArithOp::Bsr, args); }
Term erlang_op_plus_1(Process *p, const Term *args) { return is_number(args[0]) ? args[0] : badarith(p); }
Term erlang_op_minus_1(Process *p, const Term *args) { return result(p, arith_neg(p->heap, args[0])); }
Term erlang_bnot_1(Process *p, const Term *args) { return result(p, arith_bnot(p->heap, args[0])); }

Term erlang_abs_1(Process *p, const Term *args) {
  Term r = arith_abs(p->heap, args[0]);
  return r.is_none() ? badarg(p) : r;
}
Term erlang_float_1(Process *p, const Term *args) {
  if (is_float(args[0])) return args[0];
  double d;
  return to_double(args[0], &d) ? make_float(p->heap, d) : badarg(p);
}
Term erlang_trunc_1(Process *p, const Term *args) { return rounded(p, args[0], Rounding::Trunc); }
Term erlang_round_1(Process *p, const Term *args) { return rounded(p, args[0], Rounding::Round); }
Term erlang_floor_1(Process *p, const Term *args) { return rounded(p, args[0], Rounding::Floor); }
Term erlang_ceil_1(Process *p, const Term *args) { return rounded(p, args[0], Rounding::Ceil); }

Term erlang_op_eq_exact_2(Process *, const Term *args) { return bool_term(eq(args[0], args[1])); }
Term erlang_op_ne_exact_2(Process *, const Term *args) { return bool_term(!eq(args[0], args[1])); }
Term erlang_op_eq_2(Process *, const Term *args) { return bool_term(eq_numeric(args[0], args[1])); }
Term erlang_op_ne_2(Process *, const Term *args) { return bool_term(!eq_numeric(args[0], args[1])); }
Term erlang_op_lt_2(Process *, const Term *args) { return bool_term(compare(args[0], args[1]) < 0); }
Term erlang_op_le_2(Process *, const Term *args) { return bool_term(compare(args[0], args[1]) <= 0); }
Term erlang_op_gt_2(Process *, const Term *args) { return bool_term(compare(args[0], args[1]) > 0); }
Term erlang_op_ge_2(Process *, const Term *args) { return bool_term(compare(args[0], args[1]) >= 0); }

Term erlang_not_1(Process *p, const Term *args) {
  return is_boolean(args[0]) ? bool_term(args[0] == atoms::false_) : badarg(p);
}
Term erlang_and_2(Process *p, const Term *args) {
  if (!is_boolean(args[0]) || !is_boolean(args[1])) return badarg(p);
  return bool_term(args[0] == atoms::true_ && args[1] == atoms::true_);
}
Term erlang_or_2(Process *p, const Term *args) {
  if (!is_boolean(args[0]) || !is_boolean(args[1])) return badarg(p);
  return bool_term(args[0] == atoms::true_ || args[1] == atoms::true_);
}
Term erlang_xor_2(Process *p, const Term *args) {
  if (!is_boolean(args[0]) || !is_boolean(args[1])) return badarg(p);
  return bool_term(args[0] != args[1]);
}

Term erts_internal_cmp_term_2(Process *, const Term *args) {
  int c = compare_exact(args[0], args[1]);
  return Term::small(c < 0 ? -1 : c > 0);
}

} // namespace joist::bifs
