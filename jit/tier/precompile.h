// Filling the cache ahead of time.
#pragma once
#include "jit/object.h"

namespace joist::jit {
struct Precompiled {
  bool was_there = false; // nothing had to be done
  size_t functions = 0, code_bytes = 0;
  uint64_t microseconds = 0; // of CPU
};
// Compiles all functions of a generation that is not installed, and makes them the module's entry in the cache, which is
// open. Functions that stand for native ones (they call erlang:nif_error) are left out: load_nif replaces them. Any
// thread, several at once. False: *error.
bool precompile(const ModuleCode *code, Precompiled *done, std::string *error);
} // namespace joist::jit
