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
// Tells layouts of a module's code apart. They are the same in all runs of a build, but for tables of selects where no
// hash was found.
// first_word: that of an instruction as the loader wrote it, where it may be patched already.
uint64_t layout_digest(const ModuleCode *code, Word (*first_word)(void *context, const Instr *at) = nullptr,
                       void *context = nullptr);
// The instructions from `at` to `end` have been copied from code `delta` bytes below: makes what refers to addresses
// in that code (labels and tables of selects) refer to the copy. Handlers must be as the loader wrote them.
void relocate(Word *at, const Word *end, int64_t delta);
} // namespace joist::loader
