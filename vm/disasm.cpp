#include "vm/disasm.h"
#include "loader/isa.h"
#include "runtime/sched/machine.h"
#include "runtime/term/print.h"

#include <cstdio>
#include <unordered_map>

namespace joist::vm {
using namespace joist::loader;
namespace {
struct Variant { Op op; OpKind kinds[kMaxOperandsPerInstr]; Layout layout; };

// Variants that compile to the same code share a handler: the first one found names it.
const std::unordered_map<uint32_t, Variant> &variants() {
  static const auto all = [] {
    std::unordered_map<uint32_t, Variant> m;
    for (size_t i = 0; i < size_t(Op::Count); i++) {
      const OpRow &row = op_rows[i];
      for (int v = 0; op_variants[i] && v < op_variant_count(Op(i)); v++) {
        Variant x{Op(i), {}, {}};
        int rest = v;
        for (int k = 0; k < row.operands; k++) {
          x.kinds[k] = spec_kind(row.specs[k], rest % spec_radix(row.specs[k]));
          rest /= spec_radix(row.specs[k]);
        }
        x.layout = layout_of(x.kinds, row.operands);
        m.emplace(uint32_t(reinterpret_cast<Word>(op_variants[i][v])), x);
      }
    }
    return m;
  }();
  return all;
}

template <class T> T peek(const Instr *pc, Word at) {
  T v;
  memcpy(&v, reinterpret_cast<const char *>(pc) + at, sizeof v);
  return v;
}
Word operand(const Instr *pc, const Variant &v, int k) {
  switch (kind_size(v.kinds[k])) {
  case 2: return peek<uint16_t>(pc, v.layout.offset[k]);
  case 4: return peek<uint32_t>(pc, v.layout.offset[k]);
  default: return peek<Word>(pc, v.layout.offset[k]);
  }
}
// Words that follow the fixed part.
Word extra_words(const Instr *pc, const Variant &v) {
  Word base = v.layout.words * 8;
  auto sources = [&](Word n) { return (n + 4) / 4 + peek<uint16_t>(pc, base + n * 2); };
  switch (v.op) {
  case Op::put_tuple: return sources(operand(pc, v, 1));
  case Op::make_fun: case Op::has_map_fields: case Op::get_map_elements: return sources(operand(pc, v, 2));
  case Op::put_map: return sources(operand(pc, v, 4));
  case Op::update_record: return operand(pc, v, 3) + operand(pc, v, 4);
  case Op::select_dense: return (operand(pc, v, 3) + 1) / 2;
  case Op::select_hash: return Word{1} << (32 - operand(pc, v, 3));
  case Op::select_linear: case Op::select_arity: return operand(pc, v, 2);
  case Op::select_linear64: return operand(pc, v, 2) * 2;
  case Op::bif3: return 3;
  case Op::bs_create_bin: return operand(pc, v, 5);
  default: return 0;
  }
}
std::string hex(Word w) {
  char b[24];
  snprintf(b, sizeof b, "0x%llx", static_cast<unsigned long long>(w));
  return b;
}
std::string operand_text(OpKind k, Word w) {
  switch (k) {
  case OpKind::X: return "x" + std::to_string(w / 8);
  case OpKind::Y: return "y" + std::to_string(w / 8);
  case OpKind::Fr: return "f" + std::to_string((w - offsetof(Machine, f)) / 8);
  case OpKind::L: return to_text(Term(w));
  case OpKind::C: return to_text(Term(Word(int64_t(int32_t(w)))));
  case OpKind::V: return (w & 3) == kAnyX ? "x" + std::to_string(w / 8) : (w & 3) == kAnyY ? "y" + std::to_string(w / 8) : "literal@" + std::to_string(w & ~Word{7});
  case OpKind::F: return "->" + hex(w);
  case OpKind::P: case OpKind::W: return hex(w);
  default: return std::to_string(w);
  }
}
} // namespace

std::string disassemble(const Instr *pc, size_t *words) {
  auto it = variants().find(peek<uint32_t>(pc, 0));
  if (it == variants().end()) {
    *words = 0;
    return "data " + hex(peek<Word>(pc, 0));
  }
  const Variant &v = it->second;
  std::string text = op_rows[size_t(v.op)].name;
  for (int k = 0; k < op_rows[size_t(v.op)].operands; k++) {
    if (v.kinds[k] == OpKind::N) continue;
    text += " " + operand_text(v.kinds[k], operand(pc, v, k));
  }
  *words = v.layout.words + extra_words(pc, v);
  return text;
}

std::string disassemble_function(const FuncInfo *f, const Instr *end) {
  std::string out = to_text(f->mfa.module) + ":" + to_text(f->mfa.function) + "/" + std::to_string(f->mfa.arity) + "\n";
  auto *at = reinterpret_cast<const Word *>(f->entry());
  while (at < reinterpret_cast<const Word *>(end)) {
    size_t n;
    auto *pc = reinterpret_cast<const Instr *>(at);
    out += "  " + hex(Word(at)) + "  " + disassemble(pc, &n) + "\n";
    if (!n) break;
    at += n;
  }
  return out;
}
} // namespace joist::vm
