#include "loader/assembler.h"
#include "runtime/sched/machine.h"

#include <cassert>
#include <cstring>

namespace joist::loader {
Arg Arg::fr(Word n) { return {OpKind::Fr, offsetof(Machine, f) + n * 8}; }

namespace {
// Which choice of a specification the operand is.
int choice(Spec s, const Arg &a) {
  switch (s) {
  case Spec::S: return a.kind == OpKind::X ? 0 : a.kind == OpKind::Y ? 1 : 2;
  case Spec::R:
  case Spec::D: assert(a.is_reg()); return a.kind == OpKind::X ? 0 : 1;
  default: return 0;
  }
}
} // namespace

size_t Assembler::ins(Op op, const Arg *args, size_t n) {
  const OpRow &row = op_rows[size_t(op)];
  assert(row.operands == n);
  OpKind kinds[kMaxOperandsPerInstr];
  size_t variant = 0, scale = 1;
  for (size_t i = 0; i < n; i++) {
    int c = choice(row.specs[i], args[i]);
    kinds[i] = spec_kind(row.specs[i], c);
    variant += size_t(c) * scale;
    scale *= size_t(spec_radix(row.specs[i]));
  }
  Layout l = layout_of(kinds, int(n));
  size_t at = words_.size();
  words_.resize(at + l.words, 0);
  poke(at * 8, uint32_t(reinterpret_cast<Word>(op_variants[size_t(op)][variant])));
  for (size_t i = 0; i < n; i++) {
    const Arg &a = args[i];
    size_t to = at * 8 + l.offset[i];
    switch (kinds[i]) {
    case OpKind::V:
      assert(a.is_reg());
      poke(to, uint16_t(a.value | (a.kind == OpKind::Y ? kAnyY : kAnyX)));
      break;
    case OpKind::X:
    case OpKind::Y:
    case OpKind::Fr:
    case OpKind::H:
      assert(a.value <= 0xffff);
      poke(to, uint16_t(a.value));
      break;
    case OpKind::F:
      if (a.is_label) target32(to, a.value);
      else poke(to, uint32_t(a.value));
      break;
    case OpKind::C:
    case OpKind::P:
    case OpKind::U: poke(to, uint32_t(a.value)); break;
    case OpKind::L:
    case OpKind::W: poke(to, a.value); break;
    case OpKind::N: poke(to, interpret_return_stub); break;
    }
  }
  return at;
}

uint16_t Assembler::any(const Arg &a, std::vector<Word> &literals, size_t base) {
  if (a.kind == OpKind::X) return uint16_t(a.value | kAnyX);
  if (a.kind == OpKind::Y) return uint16_t(a.value | kAnyY);
  literals.push_back(a.value);
  return uint16_t((base + literals.size() - 1) * 8 | kAnyLiteral);
}

bool Assembler::any_list(size_t at, const std::vector<Arg> &items) {
  size_t fixed = words_.size() - at, list = (items.size() + 1 + 3) / 4;
  size_t literal_count = 0;
  for (auto &a : items) literal_count += a.is_lit();
  if ((fixed + list + literal_count) * 8 > 0xffff) return false;
  std::vector<Word> literals;
  std::vector<uint16_t> v;
  for (auto &a : items) v.push_back(any(a, literals, fixed + list));
  v.push_back(uint16_t(literals.size()));
  size_t to = words_.size() * 8;
  words_.resize(words_.size() + list, 0);
  for (size_t i = 0; i < v.size(); i++) poke(to + i * 2, v[i]);
  words_.insert(words_.end(), literals.begin(), literals.end());
  return true;
}

void Assembler::resolve(Word base, const std::vector<uint32_t> &label_offsets) {
  for (auto &f : fixes_) poke(f.at, uint32_t(f.label ? base + Word(label_offsets[f.label]) * 8 : 0));
}
} // namespace joist::loader
