// lists:reverse/2 as others end with it: it is not seen in a trace.
#pragma once
#include "runtime/code/code.h"

namespace joist::bifs {
const runtime::Export *lists_reverse_more();
} // namespace joist::bifs
