// Compiles modules while they are loaded, on the thread that loads them (+JPforce): for tests of compiled code and for
// measuring. Nothing is sampled, queued or kept; native code stays when its module goes.
#pragma once
#include <string>

namespace joist::jit {
// modules: names separated by commas, or "true" for all; empty or "false": does nothing. False: the compiler is not there
// (*error). Before anything is loaded.
bool eager_init(const std::string &modules, std::string *error);
} // namespace joist::jit
