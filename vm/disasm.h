// Internal instructions as text, for tools and debugging.
#pragma once
#include "runtime/code/code.h"
#include <string>
namespace joist::vm {
using namespace joist::runtime;
// One instruction: "call  F:0x40001230". *words: its length with lists, 0 if pc is no instruction (text says so).
std::string disassemble(const Instr *pc, size_t *words);
// A function from its entry to the next function, a line per instruction.
std::string disassemble_function(const FuncInfo *f, const Instr *end);
} // namespace joist::vm
