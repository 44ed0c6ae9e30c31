#include "jit/llvm/lower.h"
#include "jit/slow_ops.h"
#include "runtime/atom/atom.h"
#include "runtime/term/print.h"
#include "vm/sem/native_state.h"

#include "llvm/IR/MDBuilder.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/ErrorHandling.h"

namespace joist::jit {
using namespace llvm;
using joist::runtime::Term;
using vm::kStateX;
using vm::NativeState;
namespace {
constexpr int kPassed = 6; // x registers in machine registers between native functions
constexpr uint32_t kStateMask = (1u << kStateX) - 1;
} // namespace

Lowering::Lowering(const CompileInput &in, llvm::Module &module, CompiledObject *out)
    : in_(in), m_(module), c_(module.getContext()), out_(out), b_(c_) {
  i64_ = Type::getInt64Ty(c_);
  i32_ = Type::getInt32Ty(c_);
  ptr_ = PointerType::get(c_, 0);
  double_ = Type::getDoubleTy(c_);
  opaque_ = StructType::create(c_, "unknown");
  std::vector<Type *> params{ptr_, ptr_, ptr_, ptr_, i64_};
  params.insert(params.end(), kPassed, i64_);
  native_type_ = FunctionType::get(Type::getVoidTy(c_), params, false);
  likely_ = MDBuilder(c_).createBranchWeights(1 << 20, 1);
  counters_ = new GlobalVariable(m_, i32_, false, GlobalValue::ExternalLinkage, nullptr, "exit_counters_");
  counters_->setDSOLocal(true);
}

bool Lowering::read(std::string *error) {
  functions_.reserve(in_.functions.size());
  for (const FuncInfo *f : in_.functions) {
    Function fn;
    if (!fn.read(in_, f)) {
      *error = "not an instruction in " + to_text(f->mfa.function);
      return false;
    }
    functions_.push_back(std::move(fn));
  }
  for (auto &fn : functions_) by_entry_[fn.entry()] = &fn;
  return true;
}

void Lowering::build() {
  for (auto &fn : functions_) {
    fn_ = &fn;
    joins_.clear();
    std::map<uint32_t, int> from;
    for (auto &[at, i] : fn.all()) {
      for (uint32_t t : i.targets) joins_[t] = true;
    }
    for (uint32_t start : fn.starts()) {
      build_start(start);
      if (fn.is_direct(start)) build_direct(start);
    }
  }
  auto *type = ArrayType::get(i32_, std::max<size_t>(out_->exits.size(), 1));
  auto *all = new GlobalVariable(m_, type, false, GlobalValue::ExternalLinkage, ConstantAggregateZero::get(type),
                                 "exit_counters");
  all->setDSOLocal(true);
  counters_->replaceAllUsesWith(all);
  counters_->eraseFromParent();
}

// --- IR
Value *Lowering::call(const std::string &name, ArrayRef<Value *> args) {
  auto *f = m_.getFunction(name);
  if (!f) report_fatal_error(Twine("joist: no semantics for ") + name);
  if (f->isMaterializable()) cantFail(f->materialize());
  return b_.CreateCall(f, args);
}
Value *Lowering::field(size_t offset) { return b_.CreateConstInBoundsGEP1_64(Type::getInt8Ty(c_), s_, offset); }
BasicBlock *Lowering::new_block(const Twine &name) { return BasicBlock::Create(c_, name, f_); }
void Lowering::or_exit(const Ins &i, Value *c) {
  auto *go = new_block("ok");
  branch_likely(c, go, exit(i));
  b_.SetInsertPoint(go);
}

// --- operands
Value *Lowering::symbol(char kind, uint32_t offset) {
  std::string name = kind + std::to_string(offset);
  auto *g = m_.getGlobalVariable(name);
  if (!g) {
    // Two of them may be the same atom, so LLVM must not know that different variables have different addresses: it
    // does not where the type has no size.
    Type *type = kind == 'c' ? Type::getInt8Ty(c_) : static_cast<Type *>(opaque_);
    g = new GlobalVariable(m_, type, false, GlobalValue::ExternalLinkage, nullptr, name);
    g->setDSOLocal(true);
    if (kind == 'c') g->setAlignment(Align(8));
  }
  return g;
}
Value *Lowering::code_address(uint32_t offset) { return symbol('c', offset); }

// A term that lies in the code at `where`, as u64 or (C operands) as i32. What is the same in every run of this VM is a
// constant.
Value *Lowering::term(Word raw, uint32_t where, bool in_word) {
  Term t(raw);
  if (t.is_small() || t.is_nil() || t.is_immediate_float() || t.is_none() ||
      (t.is_atom() && t.atom_index() < uint32_t(AtomId::predefined_count)))
    return k64(raw);
  if (t.is_atom() && raw < (Word{1} << 31)) return b_.CreatePtrToInt(symbol(in_word ? 'w' : 'i', where), i64_);
  return word_at(where);
}
// A word of the code that differs from run to run, and does not change.
Value *Lowering::word_at(uint32_t where) {
  auto *l = b_.CreateLoad(i64_, code_address(where));
  l->setMetadata(LLVMContext::MD_invariant_load, MDNode::get(c_, {}));
  return l;
}
Value *Lowering::get(const AnyOperand &a) {
  switch (a.kind) {
  case OpKind::X:
    if (a.value / 8 < kStateX) return load(i64_, offsetof(NativeState, x) + a.value);
    return call("j_get_x", {s_, k32(uint32_t(a.value))});
  case OpKind::Y: return call("j_get_y", {s_, k32(uint32_t(a.value))});
  default: return term(a.value, a.where, true);
  }
}
Value *Lowering::get(const Ins &i, int k) {
  Word v = i.d.values[k];
  switch (i.d.kinds[k]) {
  case OpKind::X:
  case OpKind::Y: return get(AnyOperand{i.d.kinds[k], v, 0});
  case OpKind::L: return term(v, i.at + i.d.at(k), true);
  case OpKind::C: return term(v, i.at + i.d.at(k), false);
  default: return get(fn_->any(i, uint16_t(v)));
  }
}
void Lowering::set(OpKind kind, Word offset, Value *v) {
  if (kind == OpKind::Y) call("j_set_y", {s_, k32(uint32_t(offset)), v});
  else if (offset / 8 < kStateX) store(v, offsetof(NativeState, x) + offset);
  else call("j_set_x", {s_, k32(uint32_t(offset)), v});
}
void Lowering::set(const Ins &i, int k, Value *v) { set(i.d.kinds[k], i.d.values[k], v); }

void Lowering::flush(Registers r, int from) {
  for (int i = from; i < kStateX; i++)
    if (r.x >> i & 1) call("j_set_x", {s_, k32(uint32_t(i * 8)), load(i64_, offsetof(NativeState, x) + i * 8)});
  for (int i = 0; i < 16; i++)
    if (r.f >> i & 1) call("j_set_f", {s_, k32(uint32_t(i)), load(double_, offsetof(NativeState, f) + i * 8)});
}
void Lowering::reload(Registers r) {
  for (int i = 0; i < kStateX; i++)
    if (r.x >> i & 1) store(call("j_get_x", {s_, k32(uint32_t(i * 8))}), offsetof(NativeState, x) + i * 8);
  for (int i = 0; i < 16; i++)
    if (r.f >> i & 1) store(call("j_get_f", {s_, k32(uint32_t(i))}), offsetof(NativeState, f) + i * 8);
}

// --- leaving an LLVM function. Registers that carry nothing are poison: no move is made for them.
void Lowering::tail(Value *callee, Value *pc, uint32_t live_x) {
  flush({live_x & kStateMask, 0}, kPassed);
  std::vector<Value *> a{pc, load(ptr_, offsetof(NativeState, m)), load(ptr_, offsetof(NativeState, h)),
                         load(ptr_, offsetof(NativeState, e)), load(i64_, offsetof(NativeState, reds))};
  for (int i = 0; i < kPassed; i++)
    a.push_back(live_x >> i & 1 ? load(i64_, offsetof(NativeState, x) + i * 8) : PoisonValue::get(i64_));
  auto *c = b_.CreateCall(native_type_, callee, a);
  c->setCallingConv(CallingConv::PreserveNone);
  c->setTailCallKind(CallInst::TCK_MustTail);
  b_.CreateRetVoid();
}
// Goes on at another start of the same function.
void Lowering::tail_start(uint32_t at) {
  const Ins &i = fn_->at(at);
  // A return point takes only x0 from its caller.
  flush({fn_->is_return_point(at) ? i.live.x & kStateMask & ~1u : 0, i.live.f});
  tail(native_function(at), PoisonValue::get(ptr_), i.live.x);
}
// The interpreter runs instruction i and what follows, until native code is entered again.
BasicBlock *Lowering::exit(const Ins &i) {
  auto &bb = exits_[i.at];
  if (bb) return bb;
  IRBuilderBase::InsertPointGuard guard(b_);
  b_.SetInsertPoint(bb = new_block("exit"));
  flush(i.live);
  auto *counter = b_.CreateConstInBoundsGEP1_64(i32_, counters_, out_->exits.size());
  b_.CreateStore(b_.CreateAdd(b_.CreateLoad(i32_, counter), k32(1)), counter);
  out_->exits.push_back(i.at);
  std::string name = "h" + std::to_string(i.at);
  auto *h = m_.getFunction(name);
  if (!h) {
    h = llvm::Function::Create(native_type_, GlobalValue::ExternalLinkage, name, m_);
    h->setCallingConv(CallingConv::PreserveNone);
    h->setDSOLocal(true);
  }
  tail(h, code_address(i.at), 0);
  return bb;
}

llvm::Function *Lowering::native_function(uint32_t at) {
  bool is_entry = by_entry_.contains(at) || fn_->is_return_point(at);
  std::string name = (is_entry ? "e" : "b") + std::to_string(at);
  auto *f = m_.getFunction(name);
  if (!f) {
    f = llvm::Function::Create(native_type_, is_entry ? GlobalValue::ExternalLinkage : GlobalValue::InternalLinkage,
                               name, m_);
    f->setCallingConv(CallingConv::PreserveNone);
    f->setDoesNotThrow();
    f->addFnAttr("frame-pointer", "none");
    f->setDSOLocal(true);
  }
  return f;
}

BasicBlock *Lowering::block(uint32_t at) {
  auto &bb = blocks_[at];
  if (!bb) {
    bb = new_block("i" + Twine(at));
    work_.push_back(at);
  }
  return bb;
}

std::string Lowering::name_of(uint32_t at) const {
  const Mfa &mfa = fn_->info()->mfa;
  std::string text = to_text(mfa.module) + ":" + to_text(mfa.function) + "/" + std::to_string(mfa.arity);
  return at == fn_->entry() ? text : text + "+" + std::to_string(at - fn_->entry());
}

// Enters the start from the interpreter: takes its registers from memory.
void Lowering::build_direct(uint32_t start) {
  f_ = llvm::Function::Create(native_type_, GlobalValue::ExternalLinkage, "d" + std::to_string(start), m_);
  f_->setCallingConv(CallingConv::PreserveNone);
  f_->setDoesNotThrow();
  f_->addFnAttr("frame-pointer", "none");
  f_->setDSOLocal(true);
  entries[f_->getName().str()] = {start, name_of(start)};
  b_.SetInsertPoint(new_block("entry"));
  begin_state();
  Registers live = fn_->at(start).live;
  reload({live.x & kStateMask, live.f});
  tail_start(start);
}

void Lowering::begin_state() {
  auto *state = b_.CreateAlloca(ArrayType::get(i64_, sizeof(NativeState) / 8));
  state->setAlignment(Align(8));
  s_ = state;
  auto *arg = f_->arg_begin() + 1;
  for (size_t offset :
       {offsetof(NativeState, m), offsetof(NativeState, h), offsetof(NativeState, e), offsetof(NativeState, reds)})
    store(&*arg++, offset);
}

void Lowering::build_start(uint32_t start) {
  start_ = start;
  f_ = native_function(start);
  blocks_.clear();
  exits_.clear();
  work_.clear();
  if (fn_->entry() == start || fn_->is_return_point(start)) { entries[f_->getName().str()] = {start, name_of(start)}; }
  const Ins &first = fn_->at(start);
  b_.SetInsertPoint(new_block("entry"));
  begin_state();
  auto *arg = f_->arg_begin() + 5;
  // A return point may also be where an exception is caught: then there is more than x0, in memory.
  uint32_t live = first.live.x, passed = fn_->is_return_point(start) ? 1 : (1u << kPassed) - 1;
  for (int i = 0; i < kPassed; i++, arg++)
    if (live & passed & 1u << i) store(&*arg, offsetof(NativeState, x) + i * 8);
  reload({live & kStateMask & ~passed, first.live.f});
  // The start's own block is the head of a loop where something leads back to it.
  loop_ = block(start);
  b_.CreateBr(loop_);
  while (!work_.empty()) {
    uint32_t at = work_.back();
    work_.pop_back();
    b_.SetInsertPoint(blocks_[at]);
    if (at != start && fn_->is_start(at)) {
      tail_start(at);
      continue;
    }
    for (;;) {
      const Ins &i = fn_->at(at);
      if (!build(i)) break;
      at = i.next();
      if (joins_.contains(at) || fn_->is_start(at) || blocks_.contains(at)) {
        b_.CreateBr(block(at));
        break;
      }
    }
  }
}

// --- instructions
bool Lowering::build(const Ins &i) {
  if (i.how == How::Interpret) {
    out_->interpreted++;
    b_.CreateBr(exit(i));
    return false;
  }
  if (i.how == How::Own) return own(i);
  return handler(i);
}

void Lowering::prepare_operands(const Ins &i) {
  store(b_.CreatePtrToInt(code_address(i.at), i64_), offsetof(NativeState, pc));
  store(k64(i.d.layout.words * 8), offsetof(NativeState, size));
  const OpRow &row = op_rows[size_t(i.d.op)];
  for (int k = 0; k < i.d.operands; k++) {
    size_t in = offsetof(NativeState, in) + size_t(k) * 8, num = offsetof(NativeState, num) + size_t(k) * 8;
    switch (row.specs[k]) {
    case Spec::S:
    case Spec::R:
    case Spec::L:
    case Spec::C:
    case Spec::V:
    case Spec::X: store(get(i, k), in); break;
    case Spec::U:
    case Spec::H:
    case Spec::Live: store(k64(i.d.values[k]), num); break;
    case Spec::F:
      store(i.d.values[k] ? b_.CreatePtrToInt(code_address(fn_->offset_of(i.d.values[k])), i64_) : k64(0), num);
      break;
    case Spec::P: store(b_.CreatePtrToInt(symbol('p', i.at + i.d.at(k)), i64_), num); break;
    case Spec::W: store(word_at(i.at + i.d.at(k)), num); break;
    case Spec::Fr:
      store(load(double_, offsetof(NativeState, f) + (i.d.values[k] - offsetof(runtime::Machine, f))),
            offsetof(NativeState, fr) + size_t(k) * 8);
      break;
    case Spec::D:
    case Spec::Y:
    case Spec::N: break;
    }
  }
}
void Lowering::store_results(const Ins &i) {
  const OpRow &row = op_rows[size_t(i.d.op)];
  for (int k = 0; k < i.d.operands; k++)
    if (row.specs[k] == Spec::D || row.specs[k] == Spec::Y)
      set(i, k, load(i64_, offsetof(NativeState, out) + size_t(k) * 8));
  int last = i.d.operands - 1;
  if (i.d.op != Op::fstore && last >= 0 && row.specs[last] == Spec::Fr)
    store(load(double_, offsetof(NativeState, fr) + size_t(last) * 8),
          offsetof(NativeState, f) + (i.d.values[last] - offsetof(runtime::Machine, f)));
}

void Lowering::outcomes(const Ins &i, Value *answer, bool may_exit, bool may_leave, BasicBlock *next,
                        BasicBlock *exit_to, bool again) {
  auto *never = new_block("never");
  auto *sw = b_.CreateSwitch(answer, never, 4);
  std::vector<uint32_t> weights{1};
  auto add = [&](int value, BasicBlock *to, uint32_t weight) {
    sw->addCase(ConstantInt::getSigned(cast<IntegerType>(i32_), value), to);
    weights.push_back(weight);
  };
  add(vm::kNext, next, 1 << 20);
  IRBuilderBase::InsertPointGuard guard(b_);
  b_.SetInsertPoint(never);
  b_.CreateUnreachable();
  if (may_exit) add(vm::kExit, exit_to, 1);
  if (i.d.op != Op::catch_)
    for (int k = 0; k < i.d.operands; k++) {
      if (i.d.kinds[k] != OpKind::F || !i.d.values[k]) continue;
      uint32_t to = fn_->offset_of(i.d.values[k]);
      if (!again) {
        add(vm::kBranch + k, block(to), 1 << 19);
        continue;
      }
      auto *bb = new_block("label");
      add(vm::kBranch + k, bb, 1 << 10);
      b_.SetInsertPoint(bb);
      reload(fn_->at(to).live);
      b_.CreateBr(block(to));
    }
  if (may_leave) {
    auto *resume = new_block("resume");
    add(vm::kResume, resume, 1);
    b_.SetInsertPoint(resume);
    auto *f = m_.getFunction("joist_native_resume");
    if (!f) {
      f = llvm::Function::Create(native_type_, GlobalValue::ExternalLinkage, "joist_native_resume", m_);
      f->setCallingConv(CallingConv::PreserveNone);
      f->setDSOLocal(true);
    }
    tail(f, load(ptr_, offsetof(NativeState, resume)), 0);
    auto *left = new_block("left");
    add(vm::kLeft, left, 1);
    b_.SetInsertPoint(left);
    b_.CreateRetVoid();
  }
  sw->setMetadata(LLVMContext::MD_prof, MDBuilder(c_).createBranchWeights(weights));
}

bool Lowering::handler(const Ins &i) {
  std::string name = op_rows[size_t(i.d.op)].name;
  if (i.d.op == Op::call_bif_only || i.d.op == Op::call_bif_last) name = "call_bif"; // what follows is the return
  bool calls = i.d.op == Op::send || name == "call_bif";
  prepare_operands(i);
  auto *next = new_block("next");
  Registers after;
  if (i.flow == Flow::Next) after = fn_->at(i.next()).live;
  bool slow_too =
      i.how == How::Fast && slow_in_place(i.d.op) && std::binary_search(in_.slow.begin(), in_.slow.end(), i.at);
  switch (slow_too ? How::Both : i.how) {
  case How::Fast: outcomes(i, call("x_" + name, {s_}), true, false, next, exit(i), false); break;
  case How::Whole: outcomes(i, call("s_" + name, {s_}), false, true, next, nullptr, false); break;
  case How::Memory: {
    if (i.d.op == Op::bs_create_bin || i.d.op == Op::put_map || name == "call_bif") {
      auto *slow = new_block("slow");
      if (i.d.op == Op::put_map         ? own_put_map(i, slow)
          : i.d.op == Op::bs_create_bin ? own_bits(i, slow)
                                        : own_bif(i, slow))
        b_.CreateBr(next);
      else b_.CreateBr(slow);
      b_.SetInsertPoint(slow);
    }
    flush(i.live);
    Value *answer = call("s_" + name, {s_});
    auto *done = new_block("done");
    const bool collects = i.d.op == Op::put_map; // the interpreter does that
    outcomes(i, answer, collects, true, done, collects ? exit(i) : nullptr, true);
    b_.SetInsertPoint(done);
    if (calls) reload({1, 0});
    else reload(after);
    store_results(i);
    b_.CreateBr(next);
    b_.SetInsertPoint(next);
    return true;
  }
  default: { // Both
    auto *slow = new_block("slow"), *done = new_block("done"), *join = new_block("join");
    outcomes(i, call("x_" + name, {s_}), true, false, next, slow, false);
    b_.SetInsertPoint(slow);
    flush(i.live);
    outcomes(i, call("s_" + name, {s_}), slow_too, true, done, slow_too ? exit(i) : nullptr, true);
    b_.SetInsertPoint(done);
    reload(after);
    store_results(i);
    b_.CreateBr(join);
    b_.SetInsertPoint(next);
    store_results(i);
    b_.CreateBr(join);
    b_.SetInsertPoint(join);
    return true;
  }
  }
  b_.SetInsertPoint(next);
  if (i.flow == Flow::End) { // only its labels
    b_.CreateUnreachable();
    return false;
  }
  store_results(i);
  return true;
}
} // namespace joist::jit
