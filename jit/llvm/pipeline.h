// What follows the IR: optimisation, machine code, the object file.
#pragma once
#include "jit/llvm/lower.h"

#include <memory>

namespace llvm {
class TargetMachine;
}
namespace joist::jit {
// One per thread; made for the CPU the VM runs on.
llvm::TargetMachine &target_machine();
const std::string &target_text();
// The semantics as a lazily read module of `context`.
std::unique_ptr<llvm::Module> semantics_module(llvm::LLVMContext &context);
// Throws away what was not used and makes everything fit for this CPU; before optimise().
void tidy(llvm::Module &m);
void optimise(llvm::Module &m);
llvm::SmallVector<char, 0> object_code(llvm::Module &m);
void dump(const char *prefix, const char *extension, llvm::Module &m);
void dump(const char *prefix, const char *extension, llvm::ArrayRef<char> bytes);
// Reads entries, sizes and the place of the counters out of the object.
bool describe(const std::map<std::string, Lowering::Entry> &entries, CompiledObject *out, std::string *error);
} // namespace joist::jit
