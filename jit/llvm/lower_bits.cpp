// bs_create_bin where its result is a few whole bytes, alone or behind a writable binary: straight-line code.
#include "jit/llvm/lower.h"
#include "runtime/term/binary.h"
#include "vm/sem/native_state.h"

namespace joist::jit {
using namespace llvm;
using vm::NativeState;

// Goes to `slow` before anything has changed where values are not as hoped for. False: not such a case, nothing emitted.
bool Lowering::own_bits(const Ins &i, BasicBlock *slow) {
  auto *segments = reinterpret_cast<const BinSegment *>(fn_->bytes(i.at + uint32_t(i.d.layout.words * 8)));
  Word n = i.d.values[4], first = 0, bytes = 0;
  bool append = segments[0].type == SegType::Append || segments[0].type == SegType::PrivateAppend;
  if (append) {
    first = 1;
    if (segments[0].unit != 1 && segments[0].unit != 8) return false;
  }
  for (Word k = first; k < n; k++) {
    const BinSegment &s = segments[k];
    if (s.type == SegType::String) bytes += s.fixed;
    else if (s.type == SegType::IntegerFixed && s.fixed % 8 == 0 && s.fixed <= 64) bytes += s.fixed / 8;
    else return false;
  }
  if (bytes > kHeapBinMax || (append && bytes == 0)) return false;
  auto checked = [&](Value *ok) {
    auto *go = new_block("fits");
    branch_likely(ok, go, slow);
    b_.SetInsertPoint(go);
  };
  std::vector<Value *> values(n, nullptr);
  Value *tags = k64(0);
  for (Word k = first; k < n; k++)
    if (segments[k].type == SegType::IntegerFixed) {
      values[k] = get(fn_->any(i, segments[k].src));
      tags = b_.CreateOr(tags, values[k]);
    }
  checked(call("j_is_small", {tags}));
  Value *words = k64(i.d.values[2]), *out;
  if (append) {
    Value *in_place = b_.getInt1(segments[0].type == SegType::PrivateAppend);
    out = call("j_append_bytes", {s_, get(fn_->any(i, segments[0].src)), k64(bytes), in_place, words});
  } else {
    out = call("j_heap_binary", {s_, k64(bytes), words});
  }
  checked(b_.CreateIsNotNull(out));
  Word at = 0;
  auto put = [&](Value *byte) { b_.CreateStore(byte, b_.CreateConstInBoundsGEP1_64(b_.getInt8Ty(), out, at++)); };
  for (Word k = first; k < n; k++) {
    const BinSegment &s = segments[k];
    if (s.type == SegType::String) {
      for (Word j = 0; j < s.fixed; j++) put(b_.getInt8(s.string[j]));
      continue;
    }
    Value *v = call("j_small_value", {values[k]});
    Word count = s.fixed / 8;
    for (Word j = 0; j < count; j++) {
      Word byte = s.flags & kBsLittle ? j : count - 1 - j;
      put(b_.CreateTrunc(b_.CreateLShr(v, byte * 8), b_.getInt8Ty()));
    }
  }
  set(i, 3, load(i64_, offsetof(NativeState, out)));
  return true;
}
} // namespace joist::jit
