// Shared by the ets:* BIFs.
#pragma once
#include "bifs/bifs.h"
#include "runtime/ets/table.h"

namespace joist::bifs {
namespace ets = joist::runtime::ets;
using ets::Access;
using ets::LockKind;
using ets::Status;
using ets::TableGuard;

// The table locked, or null with badarg raised (cause id, type or access).
inline TableGuard get_table(Process *p, Term id, Access access, LockKind kind) {
  Term cause;
  TableGuard g = ets::find_table(p, id, access, kind, &cause);
  if (!g) badarg(p, cause);
  return g;
}
inline bool has_key_element(const TableGuard &t, Term object) {
  return is_tuple(object) && tuple_arity(object) >= t->shape.keypos;
}
// Raises from a continuation as if ets:function(args..) had failed.
template <class... T> Term ets_fail_as(Process *p, Reason r, Term function, T... args) {
  p->freason = Freason{.reason = r, .has_args = true};
  p->fargs = make_list(p->heap, Term(args)...);
  p->current = &export_get_or_put(atoms::ets, function, sizeof...(T))->mfa();
  return Term::none();
}
// Frees detached objects in slices, then releases `table` (if it is not null) and answers `result`.
Term free_garbage(Process *p, std::unique_ptr<ets::Garbage> garbage, ets::Table *table, Term result);
} // namespace joist::bifs
