// Where interpreted and compiled code meet.
//
// Native code is entered with a handler's registers and x0..x5; what it does not need is not set. A return address on
// the Erlang stack always is the interpreter's (the instruction after the call, tagged as a header); the word before
// that instruction holds the native code that continues there, FuncInfo::native the code of a function. Where there is
// none these words hold the stubs below, so that compiled code jumps through them without asking.
//
// Protocol of publishing (any thread may be running the function): the word (FuncInfo::native, or the one before a
// return point) first, then the handler of the instruction, both with release; the other way round to take code out of
// use. Compiled code itself is freed when every scheduler has passed a quiescent point after that.
#pragma once
#include "vm/interp.h"

namespace joist::vm {
#define JOIST_NATIVE_PARAMS JOIST_PARAMS, Word x0, Word x1, Word x2, Word x3, Word x4, Word x5
#define JOIST_NATIVE_ARGS JOIST_ARGS, x0, x1, x2, x3, x4, x5
inline constexpr int kNativeX = 6; // x registers in machine registers
using NativeCode = JOIST_PN void (*)(JOIST_NATIVE_PARAMS);

// As handlers (their addresses are below 2 GB): the function at pc, or what continues at pc, has native code.
JOIST_PN void native_enter(JOIST_NATIVE_PARAMS);
JOIST_PN void native_continue(JOIST_NATIVE_PARAMS);
// As native code: goes on in the interpreter at pc, a function's entry or a return point.
JOIST_PN void native_interpret_entry(JOIST_NATIVE_PARAMS);
JOIST_PN void native_interpret_return(JOIST_NATIVE_PARAMS);
// Goes on at pc, which a C++ function answered; null: the process has left (Machine::result says why). State is saved.
extern "C" JOIST_PN void joist_native_resume(JOIST_NATIVE_PARAMS);
} // namespace joist::vm
