// The built-in functions as the runtime knows them: exports that lead to native functions.
#include "runtime/proc/bif.h"

namespace joist::runtime {

const BifRow *bif_rows = nullptr;
size_t bif_count = 0;

void bifs_register(const BifRow *rows, size_t n) {
  bif_rows = rows;
  bif_count = n;
  for (size_t i = 0; i < n; i++) {
    if (!rows[i].fn) continue; // stays an undefined function
    Export *e = export_get_or_put(rows[i].module, rows[i].function, rows[i].arity);
    e->bif = rows[i].fn;
    e->bif_index = uint32_t(i);
    code_hooks.init_trampolines(e);
  }
}

bool is_bif(Term m, Term f, Word arity) {
  const Export *e = export_find(m, f, arity);
  return e && e->bif;
}

} // namespace joist::runtime
