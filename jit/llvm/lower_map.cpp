// Maps of few keys, where the keys are known: reading and updating in straight lines.
#include "jit/llvm/lower.h"
#include "loader/put_map.h"
#include "vm/sem/native_state.h"

namespace joist::jit {
using namespace llvm;
using joist::runtime::Term;
using vm::NativeState;
namespace {
// Equal only to the same word: no pointer, no float (0.0 =:= -0.0).
bool by_word(const AnyOperand &key) {
  if (key.kind != OpKind::L) return false;
  Term t(key.value);
  return t.is_immediate() && !t.is_immediate_float();
}
} // namespace

bool Lowering::own_map(const Ins &i) {
  auto *no = block(fn_->offset_of(i.d.values[0]));
  Value *map = get(i, 1);
  auto check = [&](Value *c) {
    auto *go = new_block("has");
    b_.CreateCondBr(c, go, no);
    b_.SetInsertPoint(go);
  };
  check(call("j_is_map", {map}));
  auto find = [&](const AnyOperand &key) {
    return call(by_word(key) ? "j_map_find_word" : "j_map_find", {map, get(key)});
  };
  auto items = fn_->list(i, i.d.values[2]);
  if (i.d.op == Op::has_map_fields) {
    for (auto &key : items) check(b_.CreateIsNotNull(find(key)));
    return true;
  }
  for (size_t k = 0; k + 1 < items.size(); k += 2) {
    Value *found = find(items[k]);
    check(b_.CreateIsNotNull(found));
    set(items[k + 1].kind, items[k + 1].value, b_.CreateLoad(i64_, found));
  }
  return true;
}

// Goes to `slow` before anything has changed where the map is not as hoped for. False: not such a case, nothing emitted.
bool Lowering::own_put_map(const Ins &i, BasicBlock *slow) {
  constexpr size_t kMaxUpdates = 4;
  auto mode = PutMap(i.d.values[3]);
  auto items = fn_->list(i, i.d.values[4]);
  size_t n = items.size() / 2;
  auto checked = [&](Value *ok) {
    auto *go = new_block("fits");
    branch_likely(ok, go, slow);
    b_.SetInsertPoint(go);
  };
  auto offset = [&](Value *at, Value *words) { return b_.CreateInBoundsGEP(i64_, at, words); };
  if (mode == PutMap::Fresh) {
    checked(call("j_has_room", {s_, k64(4 + 2 * n)}));
    Value *keys = load(ptr_, offsetof(NativeState, h));
    call("j_word", {s_, k64(header(Kind::Tuple, n))});
    for (size_t k = 0; k < n; k++) call("j_word", {s_, get(items[2 * k])});
    Value *map = load(ptr_, offsetof(NativeState, h));
    call("j_word", {s_, k64(header(Kind::FlatMap, 2 + n))});
    call("j_word", {s_, k64(n)});
    call("j_word", {s_, call("j_boxed", {keys})});
    for (size_t k = 0; k < n; k++) call("j_word", {s_, get(items[2 * k + 1])});
    set(i, 2, call("j_boxed", {map}));
    return true;
  }
  if (n > kMaxUpdates) return false;
  for (size_t k = 0; k < n; k++)
    if (!by_word(items[2 * k])) return false;
  // All keys are there: a copy of the map with new values, or the same one where no value changes.
  Value *map = get(i, 1), *from = call("j_flat_map", {map}), *same = b_.getTrue();
  checked(b_.CreateIsNotNull(from));
  std::vector<Value *> at, values;
  for (size_t k = 0; k < n; k++) {
    at.push_back(call("j_flat_index", {from, get(items[2 * k])}));
    checked(b_.CreateICmpNE(at[k], k64(0)));
    values.push_back(get(items[2 * k + 1]));
    same = b_.CreateAnd(same, b_.CreateICmpEQ(b_.CreateLoad(i64_, offset(from, at[k])), values[k]));
  }
  auto *changed = new_block("changed"), *done = new_block("done");
  auto *before = b_.GetInsertBlock();
  b_.CreateCondBr(same, done, changed);
  b_.SetInsertPoint(changed);
  Value *to = call("j_flat_copy", {s_, from});
  checked(b_.CreateIsNotNull(to));
  for (size_t k = 0; k < n; k++) b_.CreateStore(values[k], offset(to, at[k]));
  Value *made = call("j_boxed", {to});
  auto *last = b_.GetInsertBlock();
  b_.CreateBr(done);
  b_.SetInsertPoint(done);
  auto *result = b_.CreatePHI(i64_, 2);
  result->addIncoming(map, before);
  result->addIncoming(made, last);
  set(i, 2, result);
  return true;
}
} // namespace joist::jit
