// Declarations of all built-in functions (bif_table.def); a file per topic defines them. The calling convention and the
// rules are in runtime/proc/bif.h.
#pragma once
#include "runtime/proc/bif.h"

namespace joist::bifs {
using namespace joist::runtime;
// Weak: a function that no file defines yet has a null address, and calling it from Erlang raises undef.
#define JOIST_BIF(module, function, arity, symbol) Term symbol(Process *p, const Term *args) __attribute__((weak));
#include "bifs/bif_table.def"
#undef JOIST_BIF
void register_all(); // makes the table known to the runtime (bifs_register)
} // namespace joist::bifs
