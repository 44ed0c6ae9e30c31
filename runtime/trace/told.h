// Pieces of what is told of processes, for trace messages and system_profile alike.
#pragma once
#include "runtime/mem/heap.h"

namespace joist::runtime {
struct Process;
namespace trace {
// The time as the flags want it (flag::Timestamps, trace.h).
Term timestamp(Heap &h, uint32_t flags);
// Where p is, as {M, F, Arity}; 0 if that is unknown. p does not execute, or the caller executes it.
Term location(const Process *p, Heap &h);
} // namespace trace
} // namespace joist::runtime
