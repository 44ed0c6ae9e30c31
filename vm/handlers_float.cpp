// Float registers. Arithmetic on them raises badarith where the result is not finite.
#include "vm/sem/arith.h"
#include "vm/sem/data.h"
#include "vm/slow.h"

namespace joist::vm {
namespace {
struct Op_fload {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    FREG(1) = sem::float_of(GET(0));
    NEXT;
  }
};
// Two words of heap were reserved by the compiler's test_heap for the boxed form.
struct Op_fstore {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    Term r = Term::encode_float(FREG(0));
    if (UNLIKELY(!r.is_immediate_float())) {
      h[0] = header(Kind::Float, 1);
      h[1] = std::bit_cast<Word>(FREG(0));
      r = Term::boxed(h);
      h += 2;
    }
    PUT(1, r);
    NEXT;
  }
};
struct Op_fconv {
  template <class I> COLD static JOIST_HANDLER slow(JOIST_PARAMS) {
    double d;
    if (!to_double(GET(0), &d)) {
      raise(m->p, Reason::Badarith);
      TAIL h_raise(JOIST_ARGS);
    }
    FREG(1) = d;
    NEXT;
  }
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    double d;
    if (!sem::to_float(GET(0), d)) TAIL slow<I>(JOIST_ARGS);
    FREG(1) = d;
    NEXT;
  }
};
COLD JOIST_HANDLER h_badarith(JOIST_PARAMS) {
  raise(m->p, Reason::Badarith);
  TAIL_ALWAYS h_raise(JOIST_ARGS);
}
template <ArithOp OP> struct FloatOp {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    double r;
    if (!sem::freg_arith<OP>(FREG(0), FREG(1), r)) TAIL h_badarith(JOIST_ARGS);
    FREG(2) = r;
    NEXT;
  }
};
using Op_fadd = FloatOp<ArithOp::Add>;
using Op_fsub = FloatOp<ArithOp::Sub>;
using Op_fmul = FloatOp<ArithOp::Mul>;
using Op_fdiv = FloatOp<ArithOp::Div>;
struct Op_fnegate {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    FREG(1) = -FREG(0);
    NEXT;
  }
};
struct Op_fmove {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    FREG(1) = FREG(0);
    NEXT;
  }
};
} // namespace

JOIST_REGISTER(float)
#define JOIST_IF_float JOIST_ROW
#include "vm/families.h"
JOIST_REGISTER_END
} // namespace joist::vm
