// What calls do when they are not simple: applying, failing BIFs, funs without code, native functions. All with the
// process' state saved; all answer where to go on, null if the process has left.
#pragma once
#include "vm/interp.h"

namespace joist::vm {
// A BIF called at pc answered none: continues a trap as a call that returns to `return_to` (null: a tail call, the
// frame is gone already), or raises.
const Instr *bif_failed(Machine *m, const Instr *pc, const Export *bif, const Instr *return_to);
const Instr *send_failed(Machine *m, const Instr *pc, const Instr *return_to);
extern Bif send_bif; // erlang:'!'/2
// Collection where a BIF's results have piled up; x0 lives. False: killed.
bool collect_after_bif(Machine *m);
// Goes to the entry of `x` with its arguments in x: yields there if the slice is over.
const Instr *enter_export(Machine *m, const Export *x);
// The same for what the BIF `from` has trapped to (p->trap_entry). Until that is over, the process is seen in it; or, since
// a continuation has no name of its own, in the function that is continued.
const Instr *enter_trapped(Machine *m, const Mfa *from);
// x0.. are arguments, fun is none of that arity, or has no code. dealloc < 0: a call that returns to return_to;
// otherwise a tail call that gives up so many bytes of frame.
// A call that fails has pushed its return address already (as on stock, where its caller then shows twice).
const Instr *call_fun_slow(Machine *m, const Instr *pc, Term fun, unsigned arity, const Instr *return_to, int dealloc);
// apply of x[arity]:x[arity+1] to x[0..arity); apply of x0:x1 to the list x2; apply of fun x0 to the list x1.
const Instr *apply_fixed(Machine *m, const Instr *pc, unsigned arity, const Instr *return_to, int dealloc);
const Instr *apply_list(Machine *m, const Instr *pc, const Instr *return_to, int dealloc);
const Instr *apply_fun(Machine *m, const Instr *pc, const Instr *return_to, int dealloc);
// error_handler:undefined_function(M, F, Args) for x[0..arity).
const Instr *call_error_handler(Machine *m, const Mfa *mfa);
const Instr *hibernate(Machine *m, const Instr *pc);
} // namespace joist::vm
