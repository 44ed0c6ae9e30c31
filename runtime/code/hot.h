// What a tier above (jit/tier) is told of code and of who executes it. Without a tier these are null.
#pragma once
#include "runtime/code/code.h"

namespace joist::runtime {
// A process gives up its scheduler at the entry of a function, its reductions used up: so functions are seen as often as
// they are executed. `stack` is the process' stack, whose top word is the return address. On its scheduler; no locks.
extern void (*code_sampled)(const Instr *entry, const Word *stack);
// The generation is no longer found or executed by anybody; its memory goes by thread progress. Under CodeWriter.
extern void (*code_released)(const ModuleCode *code);
} // namespace joist::runtime
