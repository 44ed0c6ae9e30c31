// Accounting for erlang:memory/1 beside mem_alloc's own.
#pragma once
#include "runtime/mem/alloc.h"

namespace joist::runtime {
// Memory from elsewhere. Negative: given back.
void mem_account(MemKind k, int64_t bytes);
// Memory whose owner knows its size when it frees it: counted as asked for, without asking the allocator.
void *mem_alloc_sized(MemKind k, size_t bytes);
void mem_free_sized(MemKind k, void *p, size_t bytes);
} // namespace joist::runtime
