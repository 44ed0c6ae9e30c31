// Names of operating system errors as Erlang knows them: ENOENT is `enoent`.
#pragma once
#include "runtime/mem/heap.h"
namespace joist::runtime {
const char *posix_name(int error); // "enoent"; "unknown" for what has no name
Term posix_atom(int error);
Term posix_error(Heap &h, int error); // {error, enoent}
} // namespace joist::runtime
