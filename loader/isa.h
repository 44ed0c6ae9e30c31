// The internal instruction set as data: opcodes, operand kinds, and how an instruction lies in memory.
//
// An instruction is a run of 8-byte words. Its first 4 bytes are the address of its handler (the executable is
// linked below 2 GB); operands follow, each aligned to its size, in the first hole that fits (see layout_of). A row
// of isa.def names operand *specifications*; one that allows several kinds (S: x register, y register or literal)
// makes the instruction exist in several variants, each with a handler and a layout of its own. Emitter, handlers and
// disassembler all compute layouts with the same constexpr function, so there is nothing to keep in step by hand.
#pragma once
#include "runtime/term/term.h"

#include <bit>
#include <cstddef>

namespace joist::loader {
using namespace joist::runtime;

// What one operand of a variant is in memory.
enum class OpKind : uint8_t {
  X,  // u16: byte offset of an x register from the Machine
  Y,  // u16: byte offset of a y register from the stack pointer
  L,  // u64: literal term
  C,  // i32: immediate term that sign-extends to its word
  V,  // u16: any source, told apart when executed: offset | 0 x, 1 y, 2 literal at offset from the instruction
  F,  // u32: address of code (label); 0 = none
  P,  // u32: address of an object in low memory (export, fun entry)
  U,  // u32 number
  H,  // u16 number
  W,  // u64 word that is no term
  Fr, // u16: byte offset of a float register from the Machine
  N,  // u64: native continuation entry; always the last word, directly before the return point
};

// What a row of isa.def allows.
enum class Spec : uint8_t { S, R, D, L, C, V, F, P, U, H, Live, W, Fr, N, X, Y };
constexpr int spec_radix(Spec s) { return s == Spec::S ? 3 : s == Spec::R || s == Spec::D ? 2 : 1; }
constexpr OpKind spec_kind(Spec s, int choice) {
  switch (s) {
  case Spec::S: return choice == 0 ? OpKind::X : choice == 1 ? OpKind::Y : OpKind::L;
  case Spec::R:
  case Spec::D: return choice == 0 ? OpKind::X : OpKind::Y;
  case Spec::L: return OpKind::L;
  case Spec::C: return OpKind::C;
  case Spec::V: return OpKind::V;
  case Spec::F: return OpKind::F;
  case Spec::P: return OpKind::P;
  case Spec::U: return OpKind::U;
  case Spec::H:
  case Spec::Live: return OpKind::H;
  case Spec::W: return OpKind::W;
  case Spec::Fr: return OpKind::Fr;
  case Spec::N: return OpKind::N;
  case Spec::X: return OpKind::X;
  case Spec::Y: return OpKind::Y;
  }
  return OpKind::W;
}
constexpr int kind_size(OpKind k) {
  switch (k) {
  case OpKind::X:
  case OpKind::Y:
  case OpKind::V:
  case OpKind::H:
  case OpKind::Fr: return 2;
  case OpKind::C:
  case OpKind::F:
  case OpKind::P:
  case OpKind::U: return 4;
  default: return 8;
  }
}

inline constexpr int kMaxOperandsPerInstr = 10;
struct Layout {
  uint8_t offset[kMaxOperandsPerInstr] = {}; // bytes from the start of the instruction
  uint8_t words = 1;                         // fixed part; lists follow
};
constexpr Layout layout_of(const OpKind *kinds, int n) {
  Layout l;
  bool used[96] = {true, true, true, true};
  int end = 4;
  for (int i = 0; i < n; i++) {
    if (kinds[i] == OpKind::N) continue;
    int size = kind_size(kinds[i]), at = 0;
    for (;; at += size) {
      bool free = true;
      for (int b = 0; b < size; b++) free = free && !used[at + b];
      if (free) break;
    }
    for (int b = 0; b < size; b++) used[at + b] = true;
    l.offset[i] = uint8_t(at);
    if (at + size > end) end = at + size;
  }
  l.words = uint8_t((end + 7) / 8);
  for (int i = 0; i < n; i++)
    if (kinds[i] == OpKind::N) l.offset[i] = uint8_t(l.words++ * 8);
  return l;
}

enum class Op : uint16_t {
#define JOIST_INSTR(family, name, ...) name,
#include "loader/isa.def"
#undef JOIST_INSTR
  Count
};
struct OpRow {
  const char *name;
  uint8_t operands;
  Spec specs[kMaxOperandsPerInstr];
};
extern const OpRow op_rows[size_t(Op::Count)];
// Handlers of all variants of an op: index is the mixed-radix number of the operand choices, first operand lowest.
// Set by vm/ before any code is loaded.
extern const void *const *op_variants[size_t(Op::Count)];
int op_variant_count(Op op);
// What the words for native code (N operands, FuncInfo::native) hold while there is none: stubs that interpret.
// Set by vm/ before any code is loaded.
extern void *interpret_entry_stub, *interpret_return_stub;

// --- encoding of operands that choose their kind at run time (OpKind::V)
inline constexpr unsigned kAnyX = 0, kAnyY = 1, kAnyLiteral = 2;

// --- segments of bs_create_bin, as they lie in code
enum class SegType : uint8_t {
  Append,
  PrivateAppend,
  BinaryAll,
  Binary,
  BinaryFixed,
  Float,
  FloatFixed,
  Integer,
  IntegerFixed,
  String,
  Utf8,
  Utf16,
  Utf32
};
struct BinSegment {
  SegType type;
  uint8_t flags;  // kBs* of term/binary.h
  uint16_t index; // 1-based, as the source says, for error_info
  uint32_t unit;
  uint16_t src, size; // OpKind::V operands; size for Binary, Float, Integer
  uint32_t pad;
  uint64_t fixed; // bits (…Fixed), or bytes of a String
  const uint8_t *string;
};
static_assert(sizeof(BinSegment) == 32);

struct SelectEntry {
  int32_t value;
  uint32_t target;
};
// The table of select_hash: the entries in the order of the source, then a byte for each hash, the number of an entry. Its
// size depends on the number of entries alone, so that code is laid out alike in every run, however atoms are numbered.
constexpr unsigned select_hash_shift(size_t entries) { // of the 32-bit product
  unsigned log = unsigned(std::bit_width(entries - 1));
  return 32 - (log + (entries <= 64 ? 3 : entries <= 128 ? 4 : 5)); // large enough that a multiplier is found soon
}
constexpr Word select_hash_entries(Word operand) { return operand >> 8; } // operand: entries << 8 | shift
constexpr Word select_hash_words(Word operand) {
  return select_hash_entries(operand) + (Word{1} << (32 - (operand & 31))) / 8;
}
struct SelectEntry64 {
  Word value;
  Word target;
};
} // namespace joist::loader
