// Puts internal instructions together: chooses the variant for the operands at hand, lays them out (isa.h), collects
// references to labels, and places the result in low memory.
#pragma once
#include "loader/isa.h"

#include <cstring>
#include <initializer_list>
#include <vector>

namespace joist::loader {
// An operand of an internal instruction. `none` for N.
struct Arg {
  OpKind kind;
  Word value = 0;
  bool is_label = false; // F: value is a label number, else an address

  static Arg x(Word n) { return {OpKind::X, n * 8}; }
  static Arg y(Word n) { return {OpKind::Y, n * 8}; }
  static Arg lit(Term t) { return {OpKind::L, t.raw()}; }
  static Arg num(Word n) { return {OpKind::U, n}; } // U or H, as the row says
  static Arg label(Word n) { return {OpKind::F, n, true}; }
  static Arg ptr(const void *p) { return {OpKind::P, reinterpret_cast<Word>(p)}; }
  static Arg word(Word w) { return {OpKind::W, w}; }
  static Arg fr(Word n);
  static Arg native() { return {OpKind::N, 0}; }
  bool is_reg() const { return kind == OpKind::X || kind == OpKind::Y; }
  bool is_lit() const { return kind == OpKind::L; }
  Term term() const { return Term(value); }
};
inline bool operator==(const Arg &a, const Arg &b) { return a.kind == b.kind && a.value == b.value; }
// Does an immediate survive the 32-bit operand kind C?
inline bool fits_c(Term t) { return t.is_immediate() && int64_t(t.raw()) == int64_t(int32_t(t.raw())); }

class Assembler {
public:
  // Appends an instruction; answers its word offset. For a literal where the row says C, it must fit (fits_c).
  size_t ins(Op op, std::initializer_list<Arg> args) { return ins(op, args.begin(), args.size()); }
  size_t ins(Op op, const Arg *args, size_t n);
  // After ins(): n sources u16, then the number of literals as u16, padded, then the literals. False: too many.
  bool any_list(size_t at, const std::vector<Arg> &items);
  // Encodes one V operand of the instruction at `at`; a literal goes to literals (placed `base` words after `at`).
  uint16_t any(const Arg &a, std::vector<Word> &literals, size_t base);
  void word(Word w) { words_.push_back(w); }
  void target32(size_t byte_offset, Word label) { fixes_.push_back({byte_offset, label}); }
  size_t here() const { return words_.size(); }
  std::vector<Word> &words() { return words_; }
  uint8_t *bytes() { return reinterpret_cast<uint8_t *>(words_.data()); }
  template <class T> void poke(size_t byte_offset, T v) { memcpy(bytes() + byte_offset, &v, sizeof(T)); }
  // Resolves labels for the code's final address; label_offsets in words. `0` labels resolve to address 0.
  void resolve(Word base, const std::vector<uint32_t> &label_offsets);

private:
  struct Fix {
    size_t at;
    Word label;
  };
  std::vector<Word> words_;
  std::vector<Fix> fixes_;
};
} // namespace joist::loader
