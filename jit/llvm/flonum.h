// Immediate floats across operations. A double is encoded as xor(fshl(bitcast d, 4), 7) and decoded by the inverse;
// LLVM cancels encode/decode pairs within a block only. This pass does it anywhere, and through phis, so that floats stay
// unboxed from operation to operation and around loops.
#pragma once
#include "llvm/IR/PassManager.h"

namespace joist::jit {
struct FlonumPass : llvm::PassInfoMixin<FlonumPass> {
  llvm::PreservedAnalyses run(llvm::Function &f, llvm::FunctionAnalysisManager &);
};
} // namespace joist::jit
