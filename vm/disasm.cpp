#include "vm/disasm.h"
#include "loader/decode.h"
#include "runtime/sched/machine.h"
#include "runtime/term/print.h"

#include <cstdio>

namespace joist::vm {
using namespace joist::loader;
namespace {
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
  case OpKind::V:
    return (w & 3) == kAnyX   ? "x" + std::to_string(w / 8)
           : (w & 3) == kAnyY ? "y" + std::to_string(w / 8)
                              : "literal@" + std::to_string(w & ~Word{7});
  case OpKind::F: return "->" + hex(w);
  case OpKind::P:
  case OpKind::W: return hex(w);
  default: return std::to_string(w);
  }
}
} // namespace

std::string disassemble(const Instr *pc, size_t *words) {
  Decoded d;
  if (!decode(pc, &d)) {
    *words = 0;
    return "data " + hex(*reinterpret_cast<const Word *>(pc));
  }
  std::string text = op_rows[size_t(d.op)].name;
  for (int k = 0; k < d.operands; k++) {
    if (d.kinds[k] == OpKind::N) continue;
    text += " " + operand_text(d.kinds[k], d.values[k]);
  }
  *words = d.words;
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
