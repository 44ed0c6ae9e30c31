// Internal to validation: the shape of a module's code (validate_shape.cpp) and the walk through one function
// (validate_flow.cpp).
#pragma once
#include "loader/beam_file.h"

namespace joist::loader {
struct FunctionShape {
  uint32_t begin, end;              // ops [begin, end): from its func_info label to before the next function's
  uint32_t body;                    // first op behind the entry label
  uint32_t func_label, entry_label; // jumping to the first raises function_clause
  uint32_t arity;
  Term name;
};
inline constexpr uint32_t kNoOp = ~0u;
inline constexpr uint16_t kNotEntry = 0xffff;
struct CodeShape {
  std::vector<FunctionShape> functions;
  std::vector<uint32_t> label_op;    // by label: index of its op, kNoOp if it is defined nowhere
  std::vector<uint16_t> label_arity; // by label: arity of the function whose entry it is, or kNotEntry
  std::vector<uint32_t> label_slot;  // by label: its number in order of position, counted within its function
};
// Functions, labels, and the tables that refer to them. False: *error.
bool read_shape(const BeamFile &file, CodeShape *out, std::string *error);

// erlang:error/1 and its like.
bool never_returns(const Mfa &m);

// May `name`/`arity` of module erlang be called by the bif instructions (guard functions and operators)?
bool is_guard_bif(Term name, Word arity);

// Are operands of kinds that the instruction can have? For instructions of which nothing else is asked.
bool operand_kinds_fit(const BeamFile &file, const GenericOp &op);
// Of fmove.
bool float_move_fits(const Operand &from, const Operand &to);

// Every way through a function, once more where ways meet with different states. False: *error. Replaces dead code.
class FlowChecker {
public:
  FlowChecker(BeamFile &file, const CodeShape &shape, std::string *error);
  ~FlowChecker();
  bool check(const FunctionShape &f);

private:
  struct Impl;
  Impl *impl_;
};
} // namespace joist::loader
