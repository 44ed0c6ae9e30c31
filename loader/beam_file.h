// A .beam file taken apart: what the chunks say, with the code as generic instructions (genop numbers). The parser
// trusts nothing: every index, size and tag is checked, and a malformed file gives a one-line reason.
//
//   bytes --beam_parse--> BeamFile --beam_validate--> (checked) --emit_code (emit.h)--> ModuleCode
#pragma once
#include "runtime/code/code.h"

#include <memory>
#include <string>
#include <vector>

namespace joist::loader {
using namespace joist::runtime;

enum class OperandKind : uint8_t {
  Unsigned, // literal number that is not a term: size, live count, arity, index
  Integer,  // term: small (or bignum in `term`, kept in the literal area)
  Atom,     // term; the atom index 0 of the file is Nil
  Nil,
  X,
  Y, // register number in `value`; type index (into BeamFile::types) in `type`, or kNoType
  FloatReg,
  Label, // label number, 0 = none ("fail" in a body)
  Character,
  Literal,   // term from the literal table
  List,      // extended list: `value` items follow in BeamFile::extended at `index`
  AllocList, // words in `value` (plain words), floats `index` >> 32, funs low half
};
inline constexpr uint16_t kNoType = 0xffff;

struct Operand {
  OperandKind kind = OperandKind::Unsigned;
  uint16_t type = kNoType;
  uint32_t index = 0;
  uint64_t value = 0;
  Term term = Term::none(); // Integer, Atom, Nil, Character, Literal
};

inline constexpr int kMaxOperands = 8;
struct GenericOp {
  uint16_t op; // generic opcode, facts: 1 label .. 185
  uint8_t arity;
  uint32_t first; // operands are BeamFile::operands[first .. first+arity)
};

struct LambdaInfo {
  Term function;
  uint32_t arity, label, index, free_count, old_uniq;
  FunEntry *entry;
};
struct ExportInfo {
  Term function;
  uint32_t arity, label;
};
struct ImportInfo {
  Mfa mfa;
};
struct LineInfo {
  uint32_t file, line;
};
// From the Type chunk (OTP 25): set of possible types of a register; integer range where known.
struct TypeInfo {
  uint16_t bits;
  bool has_min = false, has_max = false;
  int64_t min = 0, max = 0;
};

struct BeamFile {
  Term module = Term::none();
  uint32_t max_opcode = 0, label_count = 0, function_count = 0;
  std::vector<Term> atoms; // 1-based as in the file; [0] unused
  std::vector<GenericOp> ops;
  std::vector<Operand> operands;
  std::vector<Operand> extended; // items of extended lists
  std::vector<Term> literals;    // in `area`
  std::vector<ImportInfo> imports;
  std::vector<ExportInfo> exports;
  std::vector<LambdaInfo> lambdas;
  std::vector<LineInfo> lines;  // index = operand of `line`
  std::vector<Term> line_files; // [0] is "<module>.erl"
  std::vector<TypeInfo> types;
  std::vector<uint8_t> strings;                                // StrT
  Term attributes = Term::none(), compile_info = Term::none(); // raw chunk bytes as binaries in `area`
  uint8_t md5[16] = {};
  bool has_on_load = false;
  LiteralArea *area = nullptr; // owned by the ModuleCode after emit_code

  const Operand &arg(const GenericOp &op, unsigned i) const { return operands[op.first + i]; }
  BeamFile() = default;
  BeamFile(const BeamFile &) = delete;
  ~BeamFile();
};

// Parses a whole file, gzip-compressed ones too. False: *error is one line for the log ("corrupt literal table", ...).
bool beam_parse(const uint8_t *data, size_t size, BeamFile *out, std::string *error);
// Checks what the code needs to be safe to execute: labels defined and in range, registers, arities, live counts,
// stack frames balanced on every path, Y registers inside the frame, imports, literals, lambda indices, switch tables.
// Instructions that cannot be reached are replaced by if_end, so that what is emitted has all been checked.
bool beam_validate(BeamFile &, std::string *error);
} // namespace joist::loader
