// What a built-in function looks like, and what it may use.
//
//   Term erlang_tuple_size_1(Process *p, const Term *args);
//
//  * args[0..arity) are the arguments. They live in machine registers: read them before calling trap().
//  * A result is any Term reachable from p (build with p->heap); Term::none() means "raised" or "trapped".
//  * A BIF never collects garbage and is never moved under: raw Terms and pointers stay good for its whole run.
//  * It must not run long: charge p->bump(n) for work that grows with the input (stock: about one reduction per
//    10 list elements or 1 kB copied) and trap() to continue when p->reductions runs out.
//  * It may only block (read files, ...) if it is declared dirty (runtime/nif/static_nif.h).
#pragma once
#include "runtime/atom/atom.h"
#include "runtime/code/code.h"
#include "runtime/proc/process.h"

namespace joist::runtime {

// --- raising. All return Term::none().
inline Term raise(Process *p, Reason r) {
  p->freason = Freason{.reason = r};
  return Term::none();
}
inline Term badarg(Process *p) { return raise(p, Reason::Badarg); }
// badarg whose error_info carries `cause => cause` (an atom that erl_erts_errors and friends understand).
inline Term badarg(Process *p, Term cause) {
  p->freason = Freason{.reason = Reason::Badarg, .ext_info = true};
  p->fcause = cause;
  return Term::none();
}
inline Term badarith(Process *p) { return raise(p, Reason::Badarith); }
inline Term system_limit(Process *p) { return raise(p, Reason::SystemLimit); }
inline Term undef(Process *p) { return raise(p, Reason::Undef); }
inline Term notsup(Process *p) { return raise(p, Reason::Notsup); }
// {tag, value}, tag as Reason says: Badmap, Badkey, Badfun ...
inline Term raise_with(Process *p, Reason r, Term value) {
  p->freason = Freason{.reason = r};
  p->fvalue = value;
  return Term::none();
}
inline Term raise_value(Process *p, ExcClass c, Term value) {
  p->freason = Freason{.reason = Reason::Value, .cls = c};
  p->fvalue = value;
  return Term::none();
}

// --- trapping: the BIF ends here and `e` is called with these arguments in its place (a tail call).
// Used to continue after yielding, to call Erlang code, or to apply a fun. Arguments are copied into p->machine->x.
Term trap(Process *p, const Export *e, const Term *args, unsigned n);
template <class... T> Term trap_to(Process *p, const Export *e, T... args) {
  Term a[sizeof...(T) + 1] = {args...};
  return trap(p, e, a, sizeof...(T));
}
// Trap to an internal C++ continuation: an Export that is not reachable by name, made once at start.
//   static const Export *k = bif_continuation("lists_reverse_k", 2, lists_reverse_k);
// A continuation that must keep C++ state passes a magic reference (mem/magic.h).
const Export *bif_continuation(const char *debug_name, unsigned arity, Bif fn);
// Give up the rest of the slice, then call e(args): what a yielding BIF returns.
template <class... T> Term yield_to(Process *p, const Export *e, T... args) {
  p->use_up();
  return trap_to(p, e, args...);
}

// --- argument helpers (proper: list ends in [])
int64_t list_length(Term list);       // -1 if improper
bool get_int64(Term t, int64_t *out); // integers that fit
bool get_uint64(Term t, uint64_t *out);
bool is_proper_list(Term t);

// One row per BIF, from bifs/bif_table.def; fn null where it is missing (then it raises undef).
struct BifRow {
  Term module, function;
  uint8_t arity;
  Bif fn;
};
extern const BifRow *bif_rows; // set at start from the table in bifs/
extern size_t bif_count;
void bifs_register(const BifRow *rows, size_t n); // creates the exports
bool is_bif(Term m, Term f, Word arity);

} // namespace joist::runtime
