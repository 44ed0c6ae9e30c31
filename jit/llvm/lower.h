// From decoded functions to LLVM IR: calls of the semantics (jit/llvm/semantics.cpp, bitcode) with constant operands, and
// control flow around them.
//
// Every start of a function (its entry, return points, shared blocks) becomes one LLVM function. The machine state lies in
// one NativeState per LLVM function, which SROA dissolves.
#pragma once
#include "jit/llvm/analysis.h"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wunused-parameter"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"
#pragma clang diagnostic pop

namespace joist::jit {
class Lowering {
public:
  Lowering(const CompileInput &in, llvm::Module &module, CompiledObject *out);
  bool read(std::string *error); // decodes all functions
  void build();                  // all of them, and the exit counters
  // Native entries by symbol name: their code offsets and names for people.
  struct Entry {
    uint32_t code;
    std::string name;
  };
  std::map<std::string, Entry> entries;

private:
  // --- lower.cpp
  llvm::Function *native_function(uint32_t at);
  void build_start(uint32_t start);
  void build_direct(uint32_t start);
  void begin_state();
  std::string name_of(uint32_t at) const;
  bool build(const Ins &i); // false: the block has ended
  bool handler(const Ins &i);
  void outcomes(const Ins &i, llvm::Value *answer, bool may_exit, bool may_leave, llvm::BasicBlock *next,
                llvm::BasicBlock *exit, bool reload);
  void prepare_operands(const Ins &i);
  void store_results(const Ins &i);
  void tail(llvm::Value *callee, llvm::Value *pc, uint32_t live_x);
  void tail_start(uint32_t at);
  llvm::BasicBlock *exit(const Ins &i);
  llvm::BasicBlock *block(uint32_t at);
  void flush(Registers r, int from = 0);
  void reload(Registers r);
  // --- operands
  llvm::Value *get(const Ins &i, int operand);
  llvm::Value *get(const AnyOperand &a);
  void set(const Ins &i, int operand, llvm::Value *v);
  void set(OpKind kind, Word offset, llvm::Value *v);
  llvm::Value *term(Word raw, uint32_t where, bool wide);
  llvm::Value *code_address(uint32_t offset);
  llvm::Value *symbol(char kind, uint32_t offset);
  llvm::Value *word_at(uint32_t where);
  // --- IR
  llvm::Value *k64(Word v) { return llvm::ConstantInt::get(i64_, v); }
  llvm::Value *k32(uint32_t v) { return llvm::ConstantInt::get(i32_, v); }
  llvm::Value *call(const std::string &name, llvm::ArrayRef<llvm::Value *> args);
  llvm::Value *field(size_t offset);
  llvm::Value *load(llvm::Type *t, size_t offset) { return b_.CreateLoad(t, field(offset)); }
  void store(llvm::Value *v, size_t offset) { b_.CreateStore(v, field(offset)); }
  llvm::BasicBlock *new_block(const llvm::Twine &name);
  void branch_likely(llvm::Value *c, llvm::BasicBlock *yes, llvm::BasicBlock *no) {
    b_.CreateCondBr(c, yes, no, likely_);
  }
  // Goes on where c holds, else exits at i.
  void or_exit(const Ins &i, llvm::Value *c);
  // --- lower_own.cpp: what is put together here
  bool own(const Ins &i);
  bool own_call(const Ins &i, int target, int move, int drop, bool push);
  bool own_export_call(const Ins &i, int drop, bool push);
  bool own_fun_call(const Ins &i, int drop, bool push);
  bool own_return(const Ins &i, int move, int drop);
  bool own_select(const Ins &i);
  bool own_map(const Ins &i);                             // lower_map.cpp
  bool own_bits(const Ins &i, llvm::BasicBlock *slow);    // lower_bits.cpp
  bool own_bif(const Ins &i, llvm::BasicBlock *slow);     // lower_own.cpp
  bool own_put_map(const Ins &i, llvm::BasicBlock *slow); // lower_map.cpp
  void own_tuple(const Ins &i, llvm::ArrayRef<llvm::Value *> words, int destination);

  const CompileInput &in_;
  llvm::Module &m_;
  llvm::LLVMContext &c_;
  CompiledObject *out_;
  llvm::IRBuilder<> b_;
  llvm::Type *i64_, *i32_, *ptr_, *double_;
  llvm::FunctionType *native_type_;
  llvm::StructType *opaque_;
  llvm::MDNode *likely_;
  llvm::GlobalVariable *counters_;
  std::vector<Function> functions_;
  std::map<uint32_t, const Function *> by_entry_;
  // --- of the start that is being built
  const Function *fn_ = nullptr;
  uint32_t start_ = 0;
  llvm::Function *f_ = nullptr;
  llvm::Value *s_ = nullptr;
  llvm::BasicBlock *loop_ = nullptr;
  std::map<uint32_t, llvm::BasicBlock *> blocks_, exits_;
  std::vector<uint32_t> work_;
  std::map<uint32_t, bool> joins_;
};
} // namespace joist::jit
