// A function's instructions as the compiler sees them: decoded, with control flow and live registers.
#pragma once
#include "jit/object.h"
#include "loader/decode.h"

#include <map>

namespace joist::jit {
using namespace joist::loader;

// How an instruction passes control, besides its labels (F operands).
enum class Flow : uint8_t {
  Next, // to the instruction behind it
  Call, // the instruction behind it is a return point
  End,  // nowhere, or only to its labels
};
// How it is compiled.
enum class How : uint8_t {
  Interpret, // a side exit
  Own,       // put together by the compiler (moves, calls, selects ...)
  Fast,      // the handler; what is slow exits
  Whole,     // the handler with its slow path
  Both,      // the handler; where it would exit, once more with its slow path, x registers in memory
  Memory,    // the handler with its slow path, x registers in memory: it may collect
};

struct Registers { // x0..x31 and float registers as bits
  uint32_t x = 0, f = 0;
  bool operator==(const Registers &) const = default;
};

struct Ins {
  uint32_t at = 0; // OFF
  Decoded d;
  Flow flow = Flow::Next;
  How how = How::Interpret;
  std::vector<uint32_t> targets; // of labels and selects
  Registers live;                // before it
  uint32_t next() const { return at + uint32_t(d.words * 8); }
};

// A source of an instruction's list, or any operand V.
struct AnyOperand {
  OpKind kind;    // X, Y or L
  Word value;     // byte offset of the register, or the literal
  uint32_t where; // L: OFF of the word that holds it
};

class Function {
public:
  // Decodes what can be reached from its entry. False: something that is no instruction.
  bool read(const CompileInput &in, const FuncInfo *f);
  const Ins &at(uint32_t offset) const { return ins_.find(offset)->second; }
  const std::map<uint32_t, Ins> &all() const { return ins_; }
  const FuncInfo *info() const { return f_; }
  uint32_t entry() const { return entry_; }
  unsigned arity() const { return unsigned(f_->mfa.arity); }
  // Where LLVM functions begin: the entry, return points, and blocks that several of these lead to.
  const std::vector<uint32_t> &starts() const { return starts_; }
  bool is_return_point(uint32_t at) const { return return_points_.contains(at); }
  // Where the interpreter or the scheduler goes on by itself: handlers of exceptions, heads of receives.
  bool is_direct(uint32_t at) const { return direct_.contains(at); }
  bool is_start(uint32_t at) const { return start_set_.contains(at); }

  const Word *word(uint32_t offset) const { return base_ + offset / 8; }
  const uint8_t *bytes(uint32_t offset) const { return reinterpret_cast<const uint8_t *>(base_) + offset; }
  uint32_t offset_of(Word address) const { return uint32_t(address - Word(base_)); }
  AnyOperand any(const Ins &i, uint16_t v) const;
  std::vector<AnyOperand> list(const Ins &i, Word n) const; // of V, behind the instruction's fixed part

private:
  void classify(Ins &i);
  void liveness();
  void find_starts();
  Registers uses(const Ins &i) const;
  Registers defines(const Ins &i) const;
  std::vector<uint32_t> native_successors(const Ins &i) const;

  const FuncInfo *f_ = nullptr;
  const Word *base_ = nullptr;
  uint32_t entry_ = 0;
  std::map<uint32_t, Ins> ins_;
  std::vector<uint32_t> starts_;
  std::map<uint32_t, bool> return_points_, direct_, start_set_;
};
} // namespace joist::jit
