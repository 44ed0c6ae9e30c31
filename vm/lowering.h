// Included by vm/interp.h instead of the interpreter's macros where handlers are compiled to bitcode (JOIST_LOWERING):
// the same text, with operands in a NativeState and control as an answer. Each row of isa.def gives two functions:
//   x_<op>: what is slow is a side exit             s_<op>: what is slow is done in place
#pragma once
#include "vm/sem/native_state.h"

namespace joist::vm {
#define JOIST_PARAMS NativeState &js, const Instr *pc, Machine *m, Word *&h, Word *&e, int64_t &reds
#define JOIST_ARGS js, pc, m, h, e, reds
#define JOIST_HANDLER __attribute__((always_inline)) inline int
#define COLD
#define TAIL                                                                                                           \
  if constexpr (I::side_exits) return kExit;                                                                           \
  else return
#define TAIL_ALWAYS return

struct Label {
  const Instr *at;
  int operand;
  operator const Instr *() const { return at; }
};
SEM int go_to(JOIST_PARAMS, Label l) { return kBranch + l.operand; }
SEM int go_to(JOIST_PARAMS, const Instr *to) {
  SAVE();
  js.resume = to;
  return kResume;
}
#define GET(n) Term(js.in[n])
#define PUT(n, t) js.out[n] = Term(t).raw()
#define NUM(n) uint32_t(js.num[n])
#define WORD(n) js.num[n]
#define CODE(n) (Label{reinterpret_cast<const Instr *>(js.num[n]), n})
#define PTR(T, n) reinterpret_cast<T *>(js.num[n])
#define FREG(n) js.fr[n]
#define XREG(n) (*reinterpret_cast<Term *>(&js.x[n]))
#define SIZE js.size

#define GO(target) return go_to(JOIST_ARGS, (target))
#define NEXT return kNext
#define NEXT_AFTER(extra) return kNext
#define RESUME(target)                                                                                                 \
  do {                                                                                                                 \
    js.resume = (target);                                                                                              \
    return kResume;                                                                                                    \
  } while (0)
// `to` is the label (operand 0) of a failed guard, or what RESUME takes.
#define FAIL_OR_RESUME(to)                                                                                             \
  do {                                                                                                                 \
    if (CODE(0).at && to == CODE(0).at) {                                                                              \
      LOAD();                                                                                                          \
      GO(CODE(0));                                                                                                     \
    }                                                                                                                  \
    RESUME(to);                                                                                                        \
  } while (0)
#define LEAVE(expr)                                                                                                    \
  do {                                                                                                                 \
    expr;                                                                                                              \
    return kLeft;                                                                                                      \
  } while (0)
// Charges one reduction; where the slice is over, goes to `slow`, or exits and leaves the charge to the interpreter.
#define CHARGE_OR(slow)                                                                                                \
  if constexpr (I::side_exits) {                                                                                       \
    if (UNLIKELY(reds <= 1)) return kExit;                                                                             \
    --reds;                                                                                                            \
  } else if (UNLIKELY(--reds <= 0)) return slow(JOIST_ARGS)

// Operands would be stale after a collection: the interpreter does it.
#define COLLECT_BEFORE_SLOW(live)                                                                                      \
  if (UNLIKELY(collect_before_slow_due(m))) return kExit

template <bool EXITS> struct Lowered {
  static constexpr bool side_exits = EXITS;
};
template <class OP, bool EXITS> SEM int lowered(NativeState &js) {
  return OP::template run<Lowered<EXITS>>(js, reinterpret_cast<const Instr *>(js.pc), js.m, js.h, js.e, js.reds);
}
#define JOIST_REGISTER(family)
#define JOIST_REGISTER_END
#define JOIST_ROW(name, ...)                                                                                           \
  extern "C" __attribute__((always_inline)) int x_##name(NativeState *js) { return lowered<Op_##name, true>(*js); }    \
  extern "C" __attribute__((always_inline)) int s_##name(NativeState *js) { return lowered<Op_##name, false>(*js); }
} // namespace joist::vm
