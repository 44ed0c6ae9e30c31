// Memory that is not taken from mem_alloc, but belongs into erlang:memory/1.
#pragma once
#include "runtime/mem/alloc.h"

namespace joist::runtime {
void mem_account(MemKind k, int64_t bytes); // negative: given back
} // namespace joist::runtime
