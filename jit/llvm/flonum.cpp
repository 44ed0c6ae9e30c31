#include "jit/llvm/flonum.h"

#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/PatternMatch.h"

#include <map>

namespace joist::jit {
using namespace llvm;
namespace {
bool is_rotate(Value *v, Value *&source, uint64_t &by) {
  auto *call = dyn_cast<IntrinsicInst>(v);
  if (!call || call->getIntrinsicID() != Intrinsic::fshl || call->getArgOperand(0) != call->getArgOperand(1))
    return false;
  auto *c = dyn_cast<ConstantInt>(call->getArgOperand(2));
  if (!c) return false;
  source = call->getArgOperand(0);
  by = c->getZExtValue();
  return true;
}
bool is_xor(Value *v, Value *&source, ConstantInt *&c) {
  return PatternMatch::match(v, PatternMatch::m_Xor(PatternMatch::m_Value(source), PatternMatch::m_ConstantInt(c)));
}
// If `v` is undone by the unary operation `op`: what remains.
Value *cancel(Instruction *op, Value *v) {
  Value *a, *w;
  uint64_t m, n;
  ConstantInt *c, *d;
  if (auto *cast = dyn_cast<BitCastInst>(op)) {
    auto *inner = dyn_cast<BitCastInst>(v);
    return inner && inner->getOperand(0)->getType() == cast->getType() ? inner->getOperand(0) : nullptr;
  }
  if (is_rotate(op, a, m)) return is_rotate(v, w, n) && (m + n) % 64 == 0 ? w : nullptr;
  if (is_xor(op, a, c)) return is_xor(v, w, d) && c == d ? w : nullptr;
  return nullptr;
}
// op(phi(.., inverse(w), ..)) becomes phi(.., w, ..); values that do not cancel get the (cheap, harmless) operation in
// their predecessor.
bool through_phi(Instruction *op) {
  Value *a;
  uint64_t m;
  ConstantInt *c;
  if (!(isa<BitCastInst>(op) || is_rotate(op, a, m) || is_xor(op, a, c))) return false;
  auto *p = dyn_cast<PHINode>(op->getOperand(0));
  if (!p) return false;
  unsigned good = 0, bad = 0;
  for (Value *v : p->incoming_values()) {
    if (cancel(op, v)) good++;
    else if (!isa<Constant>(v) && v != p) bad++;
  }
  if (!good || bad > 1) return false;
  auto *unboxed = PHINode::Create(op->getType(), p->getNumIncomingValues(), "unboxed", p->getIterator());
  std::map<BasicBlock *, Value *> done; // a predecessor may occur several times
  for (unsigned i = 0; i < p->getNumIncomingValues(); i++) {
    Value *v = p->getIncomingValue(i);
    auto *bb = p->getIncomingBlock(i);
    Value *&w = done[bb];
    if (!w) {
      if (v == p) w = unboxed;
      else if (!(w = cancel(op, v))) {
        auto *copy = op->clone();
        for (auto &u : copy->operands())
          if (u == p) u = v;
        copy->insertBefore(bb->getTerminator()->getIterator());
        w = copy;
      }
    }
    unboxed->addIncoming(w, bb);
  }
  op->replaceAllUsesWith(unboxed);
  op->eraseFromParent();
  return true;
}
} // namespace

PreservedAnalyses FlonumPass::run(llvm::Function &f, FunctionAnalysisManager &) {
  bool any = false;
  for (bool changed = true; changed;) {
    changed = false;
    for (auto &bb : f) {
      bool restart = false;
      for (auto &i : make_early_inc_range(bb)) {
        if (i.getNumOperands() == 0 || i.use_empty()) continue;
        if (Value *w = cancel(&i, i.getOperand(0))) {
          i.replaceAllUsesWith(w);
          changed = true;
          continue;
        }
        if (through_phi(&i)) {
          changed = restart = true;
          break;
        }
      }
      if (restart) break;
    }
    any |= changed;
  }
  return any ? PreservedAnalyses::none() : PreservedAnalyses::all();
}
} // namespace joist::jit
