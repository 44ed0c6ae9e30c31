// Places one object of the compiler (jit/object.h) in low memory and resolves its symbols. For objects fresh from the
// compiler only: what a file says is not checked here.
#pragma once
#include "jit/object.h"

namespace joist::jit {
struct Placed {
  uint8_t *text = nullptr;         // executable; never freed
  const uint32_t *exits = nullptr; // counters
};
// original_word: as in CompileInput. False: *error says why.
bool place(const CompileInput &in, const CompiledObject &object, Placed *out, std::string *error);
} // namespace joist::jit
