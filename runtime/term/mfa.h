// Names of functions.
#pragma once
#include "runtime/term/term.h"

namespace joist::runtime {
struct Mfa {
  Term module, function;
  Word arity;
};
} // namespace joist::runtime
