#include "runtime/nif/dirty_bif.h"

#include "runtime/code/registry.h"
#include "runtime/mem/alloc.h"
#include "runtime/trace/breakpoints.h"

#include <new>

namespace joist::runtime {
const Export *dirty_bif(Term m, Term f, const StaticNif *nif) {
  struct Body {
    FuncInfo info;
    Word code[2];
  };
  CodeWriter writer;
  auto *b = new (low_alloc(sizeof(Body))) Body{};
  b->info.op = trace::breakpoint_code.func_info;
  b->info.native = trace::breakpoint_code.native;
  b->info.mfa = {m, f, nif->arity};
  code_hooks.install_native_body(&b->info, nif);
  Export *x = export_of_entry(nullptr, m, b->info.entry());
  x->info.mfa = b->info.mfa;
  return x;
}
} // namespace joist::runtime
