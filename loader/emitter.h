// The emitter's state, shared by its families (emit.cpp: driver, calls; emit_data.cpp: data, tests, selects;
// emit_bif.cpp: arithmetic and built-in functions; emit_bits.cpp: binaries, maps).
#pragma once
#include "loader/assembler.h"
#include "loader/beam_file.h"
#include "loader/genop.h"

namespace joist::loader {
class Emitter {
public:
  Emitter(BeamFile &file, ModuleCode *code, std::string *error) : f_(file), code_(code), error_(error) {}
  bool run(std::vector<const Instr *> *labels);

private:
  // A family's function emits the op at i_ (and moves i_ over further ops it has taken in); NotMine: another's.
  enum class Done : uint8_t { Ok, NotMine, Failed };
  Done control(const GenericOp &op);
  Done data(const GenericOp &op);
  Done test(const GenericOp &op);
  Done bif(const GenericOp &op);
  Done bits(const GenericOp &op);
  Done build(const GenericOp &op);
  Done map(const GenericOp &op);

  // --- operands
  const Operand &arg(const GenericOp &op, unsigned i) const { return f_.arg(op, i); }
  const Operand &item(const Operand &list, size_t i) const { return f_.extended[list.index + i]; }
  Word num(const GenericOp &op, unsigned i) const { return arg(op, i).value; }
  Arg src(const Operand &o) const;
  Arg src(const GenericOp &op, unsigned i) const { return src(arg(op, i)); }
  Arg dst(const GenericOp &op, unsigned i) const { return src(arg(op, i)); }
  // A source that must be a register: a literal goes to the scratch register first.
  Arg reg(const Operand &o, unsigned scratch = 0);
  Arg reg(const GenericOp &op, unsigned i, unsigned scratch = 0) { return reg(arg(op, i), scratch); }
  Arg lab(const GenericOp &op, unsigned i) const { return Arg::label(arg(op, i).value); }
  std::vector<Arg> sources(const Operand &list) const;
  // The op k places on, if it is `code`; labels and lines are not skipped.
  const GenericOp *next_is(size_t k, unsigned code) const {
    return i_ + k < f_.ops.size() && f_.ops[i_ + k].op == code ? &f_.ops[i_ + k] : nullptr;
  }
  Done fail(const char *why);
  size_t ins(Op op, std::initializer_list<Arg> args) { return a_.ins(op, args); }

  // --- pieces
  void function_head(const GenericOp &op);
  void function_end();
  void line(Word index);
  bool forgotten_line(); // the instruction at hand, a line, is not noted
  void set_line(uint32_t location);
  void tuple(const Arg &to, const std::vector<Arg> &elements);
  void call_export(unsigned opcode, const Mfa &mfa, Word dealloc_bytes, unsigned arity);
  void compare(Op general, Op rc, Op cr, const GenericOp &op);
  void equal_exact(bool want, const Arg &label, Arg a, Arg b);
  void select(const Arg &value, const Arg &fail, const std::vector<std::pair<Term, Word>> &cases);
  void heap_need(Word words, Word live);
  bool allocate_and_move(const GenericOp &op);
  Done one_bif(const Mfa &mfa, const Arg &fail, Word live, const std::vector<Arg> &in, const Arg &out);
  Done create_bin(const GenericOp &op);
  Done match_commands(const GenericOp &op);
  void get_integer(const Arg &fail, const Arg &ctx, Word bits, Word flags, const Arg &to);
  void put_map(bool exact, const Arg &fail, Arg map, const Arg &to, Word live, const Operand &list);
  bool body_is_bif(const Mfa &mfa);
  const uint8_t *string_at(Word offset) const { return f_.strings.data() + offset; }
  // Operand W of the instruction at `at` is the address of string `offset`: known when the code is placed.
  void string_operand(size_t byte_offset, Word offset) { string_fixes_.push_back({byte_offset, offset}); }
  size_t operand_at(Op op, std::initializer_list<Arg> args, unsigned operand) const;

  BeamFile &f_;
  ModuleCode *code_;
  std::string *error_;
  Assembler a_;
  size_t i_ = 0;
  std::vector<uint32_t> label_offset_; // words
  std::vector<uint32_t> function_offset_;
  std::vector<size_t> declared_nifs_; // indices of function_offset_
  bool entry_labelled_ = false; // a label stands at entry_
  size_t entry_ = 0;            // word offset of the current function's first instruction; 0 none
  struct StringFix {
    size_t at;
    Word offset;
  };
  std::vector<StringFix> string_fixes_;
};

// Field flags as the interpreter takes them: native turned into this machine's byte order.
inline Word field_flags(Word flags) { return (flags & 16 ? flags | 2 : flags) & 6; }
// Registers that no compiled code uses.
inline constexpr Word kScratchX = 1022;
} // namespace joist::loader
