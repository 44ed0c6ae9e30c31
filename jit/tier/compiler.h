// The compiler in its shared library, loaded on first need.
#pragma once
#include "jit/object.h"

namespace joist::jit {
// Null: there is none; *error says why. Any thread; the answer does not change.
const CompilerApi *compiler(std::string *error);
std::string compiler_path(); // of the library
} // namespace joist::jit
