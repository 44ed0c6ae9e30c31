// Generic arithmetic. Fast paths are vm/sem/arith.h; the slow path calls runtime/term/number.h and, since its results
// may be large, first collects what earlier ones left in fragments.
#include "vm/sem/arith.h"
#include "vm/slow.h"

namespace joist::vm {
namespace {
// Binary: F, H, S, S, D. FN is the fast path.
template <ArithOp OP, bool (*FN)(Term, Term, Term &)> struct Binary {
  template <class I> COLD static JOIST_HANDLER slow(JOIST_PARAMS) {
    SAVE();
    COLLECT_BEFORE_SLOW(NUM(1));
    Term r;
    const Instr *to = slow_arith(m, pc, CODE(0), OP, GET(2), GET(3), &r);
    if (to != pc) FAIL_OR_RESUME(to);
    PUT(4, r);
    LOAD();
    NEXT;
  }
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    Term r;
    if (LIKELY(FN(GET(2), GET(3), r))) {
      PUT(4, r);
      NEXT;
    }
    TAIL slow<I>(JOIST_ARGS);
  }
};
// Unary: F, H, S, D.
template <UnaryOp OP, bool (*FN)(Term, Term &)> struct Unary {
  template <class I> COLD static JOIST_HANDLER slow(JOIST_PARAMS) {
    SAVE();
    COLLECT_BEFORE_SLOW(NUM(1));
    Term r;
    const Instr *to = slow_unary(m, pc, CODE(0), OP, GET(2), &r);
    if (to != pc) FAIL_OR_RESUME(to);
    PUT(3, r);
    LOAD();
    NEXT;
  }
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    Term r;
    if (LIKELY(FN(GET(2), r))) {
      PUT(3, r);
      NEXT;
    }
    TAIL slow<I>(JOIST_ARGS);
  }
};
// Register op small constant in bodies: H, R, C, D. As on stock, a badarith from adding or subtracting a constant does
// not name the operator in its stack trace.
template <ArithOp OP, bool NAMED, bool (*FN)(Term, Term, Term &)> struct Constant {
  template <class I> COLD static JOIST_HANDLER slow(JOIST_PARAMS) {
    SAVE();
    COLLECT_BEFORE_SLOW(NUM(0));
    Term r;
    const Instr *to = slow_arith(m, pc, nullptr, OP, GET(1), GET(2), &r, NAMED);
    if (to != pc) RESUME(to);
    PUT(3, r);
    LOAD();
    NEXT;
  }
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    Term r, a = GET(1);
    if (LIKELY(a.is_small() && FN(a, GET(2), r))) {
      PUT(3, r);
      NEXT;
    }
    TAIL slow<I>(JOIST_ARGS);
  }
};
using Op_add = Binary<ArithOp::Add, sem::arith<ArithOp::Add>>;
using Op_sub = Binary<ArithOp::Sub, sem::arith<ArithOp::Sub>>;
using Op_mul = Binary<ArithOp::Mul, sem::arith<ArithOp::Mul>>;
using Op_int_div = Binary<ArithOp::IntDiv, sem::int_div>;
using Op_rem = Binary<ArithOp::Rem, sem::rem>;
using Op_band = Binary<ArithOp::Band, sem::bitwise<ArithOp::Band>>;
using Op_bor = Binary<ArithOp::Bor, sem::bitwise<ArithOp::Bor>>;
using Op_bxor = Binary<ArithOp::Bxor, sem::bitwise<ArithOp::Bxor>>;
using Op_bsl = Binary<ArithOp::Bsl, sem::bsl>;
using Op_bsr = Binary<ArithOp::Bsr, sem::bsr>;
using Op_fdivide = Binary<ArithOp::Div, sem::float_divide>;
using Op_negate = Unary<UnaryOp::Neg, sem::negate>;
using Op_bnot = Unary<UnaryOp::Bnot, sem::bnot>;
using Op_abs = Unary<UnaryOp::Abs, sem::absolute>;
using Op_add_c = Constant<ArithOp::Add, false, sem::small_arith<ArithOp::Add>>;
using Op_sub_c = Constant<ArithOp::Sub, false, sem::small_arith<ArithOp::Sub>>;
using Op_add_l = Op_add_c;
using Op_sub_l = Op_sub_c;
using Op_band_c = Constant<ArithOp::Band, true, sem::small_arith<ArithOp::Band>>;
} // namespace

JOIST_REGISTER(arith)
#define JOIST_IF_arith JOIST_ROW
#include "vm/families.h"
JOIST_REGISTER_END
} // namespace joist::vm
