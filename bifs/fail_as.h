// Failing from a continuation: what a BIF finds wrong after it has yielded must look as if the BIF itself had failed.
#pragma once
#include "bifs/bifs.h"
namespace joist::bifs {
// Raises `r` (Badarg, SystemLimit) with module:function(args..) on top of the stack trace.
template <class... T> Term fail_in(Process *p, Reason r, Term module, Term function, T... args) {
  p->freason = Freason{.reason = r, .has_args = true};
  p->fargs = make_list(p->heap, Term(args)...);
  p->current = &export_get_or_put(module, function, sizeof...(T))->mfa();
  return Term::none();
}
// Of module erlang.
template <class... T> Term fail_as(Process *p, Reason r, Term function, T... args) {
  return fail_in(p, r, atoms::erlang, function, args...);
}
} // namespace joist::bifs
