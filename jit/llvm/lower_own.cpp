// Instructions that are put together here: moves, calls and returns, selects, objects with any number of words.
#include "jit/llvm/lower.h"
#include "runtime/atom/atom.h"
#include "vm/sem/native_state.h"

namespace joist::jit {
using namespace llvm;
using joist::runtime::Term;
using vm::kStateX;
using vm::NativeState;

bool Lowering::own(const Ins &i) {
  auto &d = i.d;
  switch (d.op) {
  case Op::nop: return true;
  case Op::move: set(i, 1, get(i, 0)); return true;
  case Op::move2: {
    Value *a = get(i, 0), *b = get(i, 2);
    set(i, 1, a);
    set(i, 3, b);
    return true;
  }
  case Op::move3: {
    Value *a = get(i, 0), *b = get(i, 2), *c = get(i, 4);
    set(i, 1, a);
    set(i, 3, b);
    set(i, 5, c);
    return true;
  }
  case Op::move_x0_y_x0: {
    set(i, 0, get(AnyOperand{OpKind::X, 0, 0}));
    set(OpKind::X, 0, get(i, 1));
    return true;
  }
  case Op::swap: {
    Value *a = get(i, 0), *b = get(i, 1);
    set(i, 0, b);
    set(i, 1, a);
    return true;
  }
  case Op::init_y1:
  case Op::init_y2:
  case Op::init_y3:
    for (int k = 0; k < d.operands; k++) set(i, k, k64(Term::nil().raw()));
    return true;
  case Op::jump: b_.CreateBr(block(fn_->offset_of(d.values[0]))); return false;

  case Op::put_tuple: {
    std::vector<Value *> words{k64(header(Kind::Tuple, d.values[1]))};
    for (auto &a : fn_->list(i, d.values[1])) words.push_back(get(a));
    own_tuple(i, words, 0);
    return true;
  }
  case Op::make_fun: {
    std::vector<Value *> words{k64(header(Kind::Fun, 2 + d.values[2])),
                               b_.CreatePtrToInt(symbol('p', i.at + d.at(1)), i64_), call("j_self", {s_})};
    for (auto &a : fn_->list(i, d.values[2])) words.push_back(get(a));
    own_tuple(i, words, 0);
    return true;
  }
  case Op::update_record: {
    Value *from = get(i, 0);
    std::map<Word, Value *> changed;
    auto *updates = reinterpret_cast<const uint32_t *>(fn_->bytes(i.at + uint32_t(d.layout.words * 8)));
    for (Word k = 0; k < d.values[4]; k++) changed[updates[2 * k]] = get(fn_->any(i, uint16_t(updates[2 * k + 1])));
    std::vector<Value *> words;
    for (Word k = 0; k <= d.values[2]; k++)
      words.push_back(k == 0                ? k64(header(Kind::Tuple, d.values[2]))
                      : changed.contains(k) ? changed[k]
                                            : call("j_word_at", {from, k64(k)}));
    own_tuple(i, words, 1);
    return true;
  }
  case Op::has_map_fields:
  case Op::get_map_elements: return own_map(i);

  case Op::call: return own_call(i, 0, -1, -1, true);
  case Op::call_only: return own_call(i, 0, -1, -1, false);
  case Op::call_last: return own_call(i, 0, -1, 1, false);
  case Op::move_call: return own_call(i, 1, 0, -1, true);
  case Op::move_call_only: return own_call(i, 1, 0, -1, false);
  case Op::move_call_last: return own_call(i, 1, 0, 2, false);
  case Op::call_ext: return own_export_call(i, -1, true);
  case Op::call_ext_only: return own_export_call(i, -1, false);
  case Op::call_ext_last: return own_export_call(i, 1, false);
  case Op::call_fun: return own_fun_call(i, -1, true);
  case Op::call_fun_last: return own_fun_call(i, 2, false);
  case Op::return_: return own_return(i, -1, -1);
  case Op::deallocate_return: return own_return(i, -1, 0);
  case Op::move_return: return own_return(i, 0, -1);
  case Op::move_deallocate_return: return own_return(i, 0, 1);
  default: return own_select(i);
  }
}

void Lowering::own_tuple(const Ins &i, ArrayRef<Value *> words, int destination) {
  Value *at = load(ptr_, offsetof(NativeState, h));
  for (Value *w : words) call("j_word", {s_, w});
  set(i, destination, call("j_boxed", {at}));
}

// --- built-in functions whose usual case is a few instructions. Goes to `slow` before anything has changed where it is
// not that, or the function is traced. False: not such a function, nothing emitted.
bool Lowering::own_bif(const Ins &i, BasicBlock *slow) {
  const Mfa &f = reinterpret_cast<const Export *>(i.d.values[0])->mfa();
  if (f.module != atoms::erlang || f.function != atoms::setelement || f.arity != 3) return false;
  auto checked = [&](Value *ok) {
    auto *go = new_block("fits");
    branch_likely(ok, go, slow);
    b_.SetInsertPoint(go);
  };
  auto x = [&](Word n) { return get(AnyOperand{OpKind::X, n * 8, 0}); };
  checked(call("j_bif_callable", {s_, symbol('p', i.at + i.d.at(0))}));
  Value *r = call("j_setelement", {s_, x(0), x(1), x(2)});
  checked(b_.CreateICmpNE(r, k64(0)));
  call("j_charge", {s_});
  set(OpKind::X, 0, r);
  return true;
}

// --- calls. All that can exit comes first: the interpreter then runs the whole instruction.
bool Lowering::own_call(const Ins &i, int target, int move, int drop, bool push) {
  or_exit(i, call("j_charge", {s_}));
  if (move >= 0) set(OpKind::X, 0, get(i, move));
  if (drop >= 0) call("j_drop", {s_, k64(i.d.values[drop])});
  if (push) call("j_push", {s_, call("j_return_word", {code_address(i.next())})});
  uint32_t to = fn_->offset_of(i.d.values[target]);
  unsigned arity = unsigned(FuncInfo::of(reinterpret_cast<const Instr *>(i.d.values[target]))->mfa.arity);
  uint32_t live = arity >= 32 ? ~0u : (1u << arity) - 1;
  if (!push && to == fn_->entry() && start_ == to) {
    b_.CreateBr(loop_);
    return false;
  }
  if (by_entry_.contains(to)) tail(native_function(to), PoisonValue::get(ptr_), live);
  else {
    Value *pc = code_address(to);
    tail(call("j_native_entry", {pc}), pc, live);
  }
  return false;
}
bool Lowering::own_export_call(const Ins &i, int drop, bool push) {
  or_exit(i, call("j_charge", {s_}));
  if (drop >= 0) call("j_drop", {s_, k64(i.d.values[drop])});
  if (push) call("j_push", {s_, call("j_return_word", {code_address(i.next())})});
  unsigned arity = unsigned(reinterpret_cast<const Export *>(i.d.values[0])->mfa().arity);
  Value *pc = call("j_export_entry", {symbol('p', i.at + i.d.at(0))});
  tail(call("j_native_entry", {pc}), pc, arity >= 32 ? ~0u : (1u << arity) - 1);
  return false;
}
bool Lowering::own_fun_call(const Ins &i, int drop, bool push) {
  Word arity = i.d.values[0];
  uint32_t arguments = arity >= 32 ? ~0u : (1u << arity) - 1;
  Value *pc = call("j_fun_target", {s_, get(i, 1), k64(arity)}); // free variables are in memory now
  or_exit(i, b_.CreateIsNotNull(pc));
  or_exit(i, call("j_charge", {s_}));
  if (drop >= 0) call("j_drop", {s_, k64(i.d.values[drop])});
  if (push) call("j_push", {s_, call("j_return_word", {code_address(i.next())})});
  Registers free;
  for (Word k = arity; k < 6; k++) free.x |= 1u << k;
  reload(free);
  tail(call("j_native_entry", {pc}), pc, arguments | free.x);
  return false;
}
bool Lowering::own_return(const Ins &i, int move, int drop) {
  if (move >= 0) set(OpKind::X, 0, get(i, move));
  if (drop >= 0) call("j_drop", {s_, k64(i.d.values[drop])});
  Value *pc = call("j_return_target", {call("j_pop", {s_})});
  tail(call("j_native_return", {pc}), pc, 1);
  return false;
}

// --- selects: constants of this VM build in one switch; atoms that are numbered per run one by one.
bool Lowering::own_select(const Ins &i) {
  auto &d = i.d;
  uint32_t list = i.at + uint32_t(d.layout.words * 8);
  Value *v = get(i, 1);
  auto *no = block(fn_->offset_of(d.values[0]));
  struct Case {
    Value *value;
    uint32_t target;
  };
  std::vector<Case> cases;
  auto small_entries = [&](Word n) {
    for (Word k = 0; k < n; k++) {
      auto *e = reinterpret_cast<const SelectEntry *>(fn_->bytes(list)) + k;
      uint32_t to = fn_->offset_of(e->target);
      cases.push_back({term(Word(int64_t(e->value)), list + uint32_t(k * 8), false), to});
    }
  };
  switch (d.op) {
  case Op::select_dense: {
    auto *to = reinterpret_cast<const uint32_t *>(fn_->bytes(list));
    Value *first = get(i, 2);
    if (isa<ConstantInt>(first) && Term(d.values[2]).is_small()) {
      for (Word k = 0; k < d.values[3]; k++)
        cases.push_back({k64(d.values[2] + (k << kTagBits)), fn_->offset_of(to[k])});
    } else {
      v = b_.CreateIntrinsic(Intrinsic::fshr, {i64_}, {b_.CreateSub(v, first), b_.CreateSub(v, first), k64(kTagBits)});
      for (Word k = 0; k < d.values[3]; k++) cases.push_back({k64(k), fn_->offset_of(to[k])});
    }
    break;
  }
  case Op::select_hash: small_entries(select_hash_entries(d.values[3])); break;
  case Op::select_linear: small_entries(d.values[2]); break;
  case Op::select2:
    cases.push_back({get(i, 2), fn_->offset_of(d.values[4])});
    cases.push_back({get(i, 3), fn_->offset_of(d.values[5])});
    break;
  case Op::select_linear64:
    for (Word k = 0; k < d.values[2]; k++) {
      auto *e = reinterpret_cast<const SelectEntry64 *>(fn_->bytes(list)) + k;
      cases.push_back({term(e->value, list + uint32_t(k * 16), true), fn_->offset_of(e->target)});
    }
    break;
  default: { // select_arity
    auto *boxed = new_block("boxed");
    b_.CreateCondBr(call("j_is_boxed", {v}), boxed, no);
    b_.SetInsertPoint(boxed);
    v = call("j_word_at", {v, k64(0)});
    for (Word k = 0; k < d.values[2]; k++) {
      auto *e = reinterpret_cast<const SelectEntry *>(fn_->bytes(list)) + k;
      cases.push_back({k64(Word(uint32_t(e->value))), fn_->offset_of(e->target)});
    }
  }
  }
  std::map<Value *, bool> seen;
  size_t constants = 0;
  for (auto &c : cases) {
    if (isa<ConstantInt>(c.value)) {
      constants++;
      continue;
    }
    auto *other = new_block("other");
    b_.CreateCondBr(b_.CreateICmpEQ(v, c.value), block(c.target), other);
    b_.SetInsertPoint(other);
  }
  if (!constants) {
    b_.CreateBr(no);
    return false;
  }
  auto *sw = b_.CreateSwitch(v, no, unsigned(constants));
  for (auto &c : cases)
    if (auto *k = dyn_cast<ConstantInt>(c.value); k && !seen[k]) {
      seen[k] = true;
      sw->addCase(k, block(c.target));
    }
  return false;
}
} // namespace joist::jit
