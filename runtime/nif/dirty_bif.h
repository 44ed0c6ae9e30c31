// Built-in functions that run on a dirty scheduler.
#pragma once
#include "runtime/code/code.h"
#include "runtime/nif/static_nif.h"

namespace joist::runtime {
// Something to trap to that runs nif (of a dirty kind) where it belongs; in stack traces it is m:f/nif->arity. Made once
// per caller: never freed. Any scheduler thread.
const Export *dirty_bif(Term m, Term f, const StaticNif *nif);
} // namespace joist::runtime
