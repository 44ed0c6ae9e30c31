// Internal instructions read back from memory: for the disassembler and for compiling them.
#pragma once
#include "loader/isa.h"
#include "runtime/code/code.h"

namespace joist::loader {
struct Decoded {
  Op op = Op::Count;
  uint8_t operands = 0;
  OpKind kinds[kMaxOperandsPerInstr] = {};
  Layout layout;
  Word values[kMaxOperandsPerInstr] = {}; // zero-extended as stored; C sign-extended; N: 0
  Word words = 0;                         // length with lists
  // Where an operand lies, in bytes from the instruction's start.
  unsigned at(int operand) const { return layout.offset[operand]; }
};
// The instruction at pc, whose handler may have been replaced: `first_word` is what the loader wrote there.
// False: the word is no handler.
bool decode(const Instr *pc, Word first_word, Decoded *out);
inline bool decode(const Instr *pc, Decoded *out) { return decode(pc, *reinterpret_cast<const Word *>(pc), out); }
// Tells layouts of a module's code apart: they differ between runs where the numbers of atoms decide on the size of tables
// of selects and on who is where in them. To be computed before anything is patched.
uint64_t layout_digest(const ModuleCode *code);
} // namespace joist::loader
