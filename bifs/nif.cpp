// erlang:load_nif/2.
#include "bifs/bifs.h"
#include "runtime/io/file_name.h"
#include "runtime/nif/library.h"

namespace joist::bifs {

// load_nif(Path, LoadInfo) -> ok | {error, {Tag, Text}}.
Term erlang_load_nif_2(Process *p, const Term *args) {
  std::string path;
  if (!file_name_to_native(args[0], &path)) return badarg(p);
  return nif_load(p, path, args[1], p->pc);
}

} // namespace joist::bifs
