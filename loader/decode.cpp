#include "loader/decode.h"

#include "runtime/atom/atom.h"

#include <cstring>
#include <unordered_map>

namespace joist::loader {
namespace {
struct Variant {
  Op op;
  OpKind kinds[kMaxOperandsPerInstr];
  Layout layout;
};

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
// Words that follow the fixed part.
Word extra_words(const Instr *pc, const Decoded &d) {
  Word base = d.layout.words * 8;
  auto sources = [&](Word n) { return (n + 4) / 4 + peek<uint16_t>(pc, base + n * 2); };
  switch (d.op) {
  case Op::put_tuple: return sources(d.values[1]);
  case Op::make_fun:
  case Op::has_map_fields:
  case Op::get_map_elements: return sources(d.values[2]);
  case Op::put_map: return sources(d.values[4]);
  case Op::update_record: return d.values[3] + d.values[4];
  case Op::select_dense: return (d.values[3] + 1) / 2;
  case Op::select_hash: return select_hash_words(d.values[3]);
  case Op::select_linear:
  case Op::select_arity: return d.values[2];
  case Op::select_linear64: return d.values[2] * 2;
  case Op::bif3: return 3;
  case Op::bs_create_bin: return d.values[5];
  default: return 0;
  }
}
} // namespace

bool decode(const Instr *pc, Word first_word, Decoded *out) {
  auto it = variants().find(uint32_t(first_word));
  if (it == variants().end()) return false;
  const Variant &v = it->second;
  out->op = v.op;
  out->operands = op_rows[size_t(v.op)].operands;
  out->layout = v.layout;
  for (int k = 0; k < out->operands; k++) {
    out->kinds[k] = v.kinds[k];
    unsigned at = v.layout.offset[k];
    Word bits = first_word >> (at * 8 & 63); // operands in the first word: that one may be patched in memory
    bool first = at < 8;
    switch (v.kinds[k]) {
    case OpKind::N: out->values[k] = 0; break;
    case OpKind::C: out->values[k] = Word(int64_t(first ? int32_t(bits) : peek<int32_t>(pc, at))); break;
    default:
      switch (kind_size(v.kinds[k])) {
      case 2: out->values[k] = first ? uint16_t(bits) : peek<uint16_t>(pc, at); break;
      case 4: out->values[k] = first ? uint32_t(bits) : peek<uint32_t>(pc, at); break;
      default: out->values[k] = peek<Word>(pc, at); break;
      }
    }
  }
  out->words = v.layout.words + extra_words(pc, *out);
  return true;
}

namespace {
// A term as far as it is the same in every run: atoms that the VM does not name are numbered, and literals placed, anew.
uint64_t constant_part(Word raw) {
  Term t(raw);
  if (t.is_atom()) return t.atom_index() < uint32_t(AtomId::predefined_count) ? raw : 1;
  return t.is_pointer() ? 2 : raw;
}

// Which way each entry of a select's table leads, and for which constant.
template <class Mix> void mix_select(const ModuleCode *code, const Word *at, const Decoded &d, Mix mix) {
  const Word *list = at + d.layout.words;
  auto way = [&](Word target) { mix(target ? target - Word(code->start) : 0); };
  auto entries = [&](Word n) {
    for (Word k = 0; k < n; k++) {
      auto &e = reinterpret_cast<const SelectEntry *>(list)[k];
      way(e.target);
      mix(d.op == Op::select_arity ? uint32_t(e.value) : constant_part(Word(int64_t(e.value))));
    }
  };
  switch (d.op) {
  case Op::select_dense:
    for (Word k = 0; k < d.values[3]; k++) way(reinterpret_cast<const uint32_t *>(list)[k]);
    break;
  case Op::select_hash: entries(select_hash_entries(d.values[3])); break;
  case Op::select_linear:
  case Op::select_arity: entries(d.values[2]); break;
  case Op::select_linear64:
    for (Word k = 0; k < d.values[2]; k++) {
      auto &e = reinterpret_cast<const SelectEntry64 *>(list)[k];
      way(e.target);
      mix(constant_part(e.value));
    }
    break;
  default: break;
  }
}
} // namespace

uint64_t layout_digest(const ModuleCode *code, Word (*first_word)(void *, const Instr *), void *context) {
  uint64_t h = 0xcbf29ce484222325;
  auto mix = [&](uint64_t v) { h = (h ^ v) * 0x100000001b3; };
  for (size_t i = 0; i < code->functions.size(); i++) {
    auto *at = reinterpret_cast<const Word *>(code->functions[i]->entry());
    auto *end = i + 1 < code->functions.size() ? reinterpret_cast<const Word *>(code->functions[i + 1]) : code->end;
    mix(uint64_t(at - code->start));
    Decoded d;
    while (at < end) {
      auto *pc = reinterpret_cast<const Instr *>(at);
      if (!decode(pc, first_word ? first_word(context, pc) : *at, &d) || d.op == Op::int_code_end) break;
      mix(uint64_t(d.op) << 32 | d.words);
      for (int k = 0; k < d.operands; k++) {
        mix(uint64_t(d.kinds[k]));
        if (d.kinds[k] == OpKind::F) mix(d.values[k] ? d.values[k] - Word(code->start) : 0);
        else if (d.kinds[k] == OpKind::C || d.kinds[k] == OpKind::L) mix(constant_part(d.values[k]));
      }
      mix_select(code, at, d, mix);
      at += d.words;
    }
  }
  return h;
}

void relocate(Word *at, const Word *end, int64_t delta) {
  auto move32 = [delta](void *where) {
    uint32_t v;
    memcpy(&v, where, sizeof v);
    if (!v) return;
    v = uint32_t(int64_t{v} + delta);
    memcpy(where, &v, sizeof v);
  };
  Decoded d;
  for (; at < end && decode(reinterpret_cast<const Instr *>(at), &d) && d.op != Op::int_code_end; at += d.words) {
    char *bytes = reinterpret_cast<char *>(at), *list = bytes + d.layout.words * 8;
    for (int k = 0; k < d.operands; k++)
      if (d.kinds[k] == OpKind::F) move32(bytes + d.at(k));
    auto entries = [&](Word n) {
      for (Word k = 0; k < n; k++) move32(list + k * sizeof(SelectEntry) + offsetof(SelectEntry, target));
    };
    switch (d.op) {
    case Op::select_dense:
      for (Word k = 0; k < d.values[3]; k++) move32(list + k * 4);
      break;
    case Op::select_hash: entries(select_hash_entries(d.values[3])); break;
    case Op::select_linear:
    case Op::select_arity: entries(d.values[2]); break;
    case Op::select_linear64:
      for (Word k = 0; k < d.values[2]; k++)
        move32(list + k * sizeof(SelectEntry64) + offsetof(SelectEntry64, target)); // its upper half is zero
      break;
    default: break;
    }
  }
}
} // namespace joist::loader
