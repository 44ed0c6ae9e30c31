#include "bifs/process_args.h"
#include "runtime/dist/control.h"

namespace joist::bifs {
namespace {
const BifRow kRows[] = {
#define JOIST_BIF(module, function, arity, symbol) {atoms::module, atoms::function, arity, symbol},
#include "bifs/bif_table.def"
#undef JOIST_BIF
};
} // namespace

void register_all() {
  dist_spawn_hook = spawn_for_node;
  bifs_register(kRows, sizeof(kRows) / sizeof(kRows[0]));
}
} // namespace joist::bifs
