#include "vm/native.h"

namespace joist::vm {
namespace {
NativeCode as_native(const void *code) { return reinterpret_cast<NativeCode>(const_cast<void *>(code)); }
// The handler ignores what it has no parameters for.
SEM NativeCode handler_as_native(const Instr *pc) { return reinterpret_cast<NativeCode>(reinterpret_cast<Word>(handler_at(pc))); }
SEM void *acquire(void *const *slot) { return __atomic_load_n(slot, __ATOMIC_ACQUIRE); }
} // namespace

JOIST_PN void native_enter(JOIST_NATIVE_PARAMS) {
  x0 = m->x[0].raw();
  x1 = m->x[1].raw();
  x2 = m->x[2].raw();
  x3 = m->x[3].raw();
  x4 = m->x[4].raw();
  x5 = m->x[5].raw();
  TAIL as_native(acquire(&FuncInfo::of(pc)->native))(JOIST_NATIVE_ARGS);
}
JOIST_PN void native_continue(JOIST_NATIVE_PARAMS) {
  x0 = m->x[0].raw();
  TAIL as_native(acquire(reinterpret_cast<void *const *>(pc) - 1))(JOIST_NATIVE_ARGS);
}
JOIST_PN void native_interpret_entry(JOIST_NATIVE_PARAMS) {
  m->x[0] = Term(x0);
  m->x[1] = Term(x1);
  m->x[2] = Term(x2);
  m->x[3] = Term(x3);
  m->x[4] = Term(x4);
  m->x[5] = Term(x5);
  TAIL handler_as_native(pc)(JOIST_NATIVE_ARGS);
}
JOIST_PN void native_interpret_return(JOIST_NATIVE_PARAMS) {
  m->x[0] = Term(x0);
  TAIL handler_as_native(pc)(JOIST_NATIVE_ARGS);
}
extern "C" JOIST_PN void joist_native_resume(JOIST_NATIVE_PARAMS) {
  if (!pc) return;
  LOAD();
  TAIL handler_as_native(pc)(JOIST_NATIVE_ARGS);
}
} // namespace joist::vm
