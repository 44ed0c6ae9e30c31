// Native functions as bodies of Erlang functions: static ones and those of loaded libraries, on the scheduler or on
// dirty ones. All with the process' state saved; all answer where to go on, null if the process has left.
#pragma once
#include "runtime/nif/static_nif.h"
#include "vm/interp.h"

namespace joist::vm {
// The body of a function is native code: calls it and returns from the function. pc for stack traces is the caller.
const Instr *native_body(Machine *m, const Mfa *mfa, Bif fn);
const Instr *library_body(Machine *m, const Mfa *mfa, const StaticNif *nif);
// Dirty native function: hands the process over. native_dirty_run does the work on the dirty scheduler.
const Instr *native_dirty(Machine *m, const Instr *pc, const Mfa *mfa, const StaticNif *nif);
RunResult native_dirty_run(Machine *m, Process *p);
// p->dirty was scheduled by another native function (enif_schedule_nif): calls it, here or on a dirty scheduler.
const Instr *native_scheduled(Machine *m);
} // namespace joist::vm
