// State of a compilation of a match specification. Private to match_compile.cpp and match_expression.cpp.
#pragma once
#include "runtime/atom/atom.h"
#include "runtime/ets/match_program.h"

namespace joist::runtime::ets {

inline bool is_proper_list_end(Term l) {
  while (l.is_cons()) l = l.tail();
  return l.is_nil();
}

struct MatchCompiler {
  MatchProgram &program;
  const MatchUse use;
  MatchLint *const lint;
  struct Variable {
    int64_t number;
    bool bound;
  };
  std::vector<Variable> variables{};
  bool whole_arguments = false; // trace: the head is a variable or '_'
  bool in_guard = false;
  bool failed = false; // lint has errors
  bool too_deep = false;
  uint32_t depth = 0, used = 0; // nesting of expressions; terms on the stack at this point of the program

  // Notes a message and goes on (true), or gives up at the first error (false) when nobody wants to hear more.
  bool error(std::string text);
  void emit(MatchOp op, uint32_t n = 0, Term t = Term::nil()) { program.code.emplace_back(op, n, t); }
  void pushes(uint32_t n = 1) { program.stack_depth = std::max(program.stack_depth, used += n); }
  void pops(uint32_t n = 1) { used -= n; }
  Term keep(Term t); // copied to the program's constants
  uint32_t variable_index(int64_t number);

  bool clause(const MatchClause &c);
  bool head(Term t);
  void head_leaf(Term t);

  // --- match_expression.cpp. All answer false to give up.
  bool expressions(Term list);
  // Emits code that pushes t's value; or nothing, and *constant is set.
  bool expression(Term t, bool *constant);
  bool pushed(Term t); // expression(), constants pushed too
  void push_constant(Term t);
  Term constant_value(Term t);                          // {{}} and {const,_} resolved; t is known to be constant
  bool elements(const Term *t, Word n, bool *constant); // last first
  bool list(Term t, bool *constant);
  bool map(Term t, bool *constant);
  bool function(Term t, bool *constant);
  bool variable(int64_t number);
  void all_bindings();
  bool trace_form(Term t, bool *handled);
  bool logic(Term t, MatchOp op);
  bool short_cut(Term t, bool is_and);
  void back_out(size_t code_size, uint32_t used_before);
};

} // namespace joist::runtime::ets
