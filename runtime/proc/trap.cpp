#include "runtime/mem/alloc.h"
#include "runtime/proc/bif.h"
#include "runtime/sched/machine.h"

#include <new>

namespace joist::runtime {
Term trap(Process *p, const Export *e, const Term *args, unsigned n) {
  // args may be the registers themselves, in another order.
  if (n) memmove(p->machine->x, args, n * sizeof(Term));
  p->freason = Freason{.reason = Reason::Trap};
  p->trap_entry = e;
  return Term::none();
}

const Export *bif_continuation(const char *debug_name, unsigned arity, Bif fn) {
  auto *e = new (low_alloc(sizeof(Export))) Export;
  // No module: such a function has no name of its own in stack traces.
  e->info.mfa = {Term::none(), atom::intern(debug_name), arity};
  e->bif = fn;
  code_hooks.init_trampolines(e);
  for (auto &entry : e->entry) entry.store(e->trampoline_entry(), std::memory_order_release);
  return e;
}
} // namespace joist::runtime
