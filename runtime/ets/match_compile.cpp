// Match specifications: heads, clauses, programs. Guards and bodies are compiled in match_expression.cpp.
#include "runtime/ets/match_compiler.h"

#include "runtime/ets/key_pattern.h"
#include "runtime/mem/copy.h"
#include "runtime/term/map.h"
#include "runtime/term/print.h"

namespace joist::runtime::ets {

bool MatchCompiler::error(std::string text) {
  if (!lint) return false;
  constexpr size_t kLongest = 99; // as stock cuts them
  if (text.size() > kLongest) text.resize(kLongest);
  lint->push_back(std::move(text));
  failed = true;
  return true;
}

Term MatchCompiler::keep(Term t) { return t.is_pointer() ? copy(t, program.constants, false) : t; }

uint32_t MatchCompiler::variable_index(int64_t number) {
  for (Variable &v : variables)
    if (v.number == number) return uint32_t(&v - variables.data());
  variables.push_back({number, false});
  program.variables = std::max(program.variables, uint32_t(variables.size()));
  return uint32_t(variables.size() - 1);
}

// Emits the instructions that match one term which is no container.
void MatchCompiler::head_leaf(Term t) {
  int64_t number = pattern_variable(t);
  if (number >= 0) {
    uint32_t v = variable_index(number);
    emit(variables[v].bound ? MatchOp::Same : MatchOp::Bind, v);
    variables[v].bound = true;
  } else if (t == atoms::underscore) {
    emit(MatchOp::Skip);
  } else if (t.is_boxed() && kind_of(t) == Kind::Float) {
    emit(MatchOp::EqFloat, 0, keep(t));
  } else if (t.is_pointer()) {
    emit(MatchOp::EqTerm, 0, keep(t));
  } else {
    emit(MatchOp::EqWord, 0, t);
  }
}

bool MatchCompiler::head(Term root) {
  // Down to here parts without variables are found and compared as a whole: the elements of the object and of its key. Further
  // down each part would be searched again for each level above it.
  constexpr uint8_t kDeep = 3;
  // What is still to be emitted, last first.
  enum class Step : uint8_t { Match, Leave, Key, LeaveMap };
  struct Work {
    Step step;
    Term term;
    bool last;
    uint8_t level = kDeep;
  };
  std::vector<Work> todo{{Step::Match, root, true, 0}};
  uint32_t depth = 0;
  auto deeper = [&] { program.cursor_depth = std::max(program.cursor_depth, ++depth); };
  while (!todo.empty()) {
    auto [step, t, last, level] = todo.back();
    todo.pop_back();
    const uint8_t below = std::min<uint8_t>(level + 1, kDeep);
    if (step == Step::Leave) {
      emit(MatchOp::Leave);
      depth--;
    } else if (step == Step::LeaveMap) {
      emit(MatchOp::LeaveMap);
      depth--;
    } else if (step == Step::Key) {
      emit(MatchOp::MapKey, 0, keep(t));
    } else if (level > 0 && level < kDeep && (is_tuple(t) || t.is_cons()) && matches_itself_only(t)) {
      emit(MatchOp::EqTerm, 0, keep(t));
    } else if (is_tuple(t)) {
      Word n = tuple_arity(t);
      if (n == 0) {
        emit(MatchOp::EmptyTuple);
        continue;
      }
      emit(last ? MatchOp::TailTuple : MatchOp::EnterTuple, uint32_t(n));
      if (!last) {
        deeper();
        todo.push_back({Step::Leave, t, false});
      }
      for (Word i = n; i-- > 0;) todo.push_back({Step::Match, tuple_elements(t)[i], i == n - 1, below});
    } else if (t.is_cons()) {
      emit(last ? MatchOp::TailCons : MatchOp::EnterCons);
      if (!last) {
        deeper();
        todo.push_back({Step::Leave, t, false});
      }
      todo.push_back({Step::Match, t.tail(), true});
      todo.push_back({Step::Match, t.head(), false});
    } else if (is_map(t)) {
      emit(MatchOp::EnterMap, uint32_t(map_size(t)));
      deeper();
      todo.push_back({Step::LeaveMap, t, false});
      size_t first = todo.size();
      MapIterator it(t);
      Term key, value;
      while (it.next(&key, &value)) {
        if (pattern_variable(key) >= 0) {
          error("Variable found in map key.");
          return false;
        }
        if (key == atoms::underscore) {
          error("Underscore found in map key.");
          return false;
        }
        todo.push_back({Step::Match, value, true});
        todo.push_back({Step::Key, key, false});
      }
      // In the map's order: pairs of (Match, Key) were pushed front to back.
      for (size_t i = first, j = todo.size(); i + 2 < j; i += 2) {
        j -= 2;
        std::swap(todo[i], todo[j]);
        std::swap(todo[i + 1], todo[j + 1]);
      }
    } else {
      head_leaf(t);
    }
  }
  return true;
}

bool MatchCompiler::clause(const MatchClause &c) {
  variables.clear();
  program.clauses.push_back(uint32_t(program.code.size()));
  whole_arguments = false;
  if (use.trace) {
    int64_t number = pattern_variable(c.head);
    if (number >= 0 || c.head == atoms::underscore) {
      whole_arguments = true;
      if (number >= 0) {
        uint32_t v = variable_index(number);
        variables[v].bound = true;
        emit(MatchOp::ArgumentList, v);
      }
    } else if (c.head.is_list() || is_tuple(c.head)) {
      // A tuple is taken like a list. Each argument is matched like an element of an entered container.
      std::vector<Term> arguments;
      for (Term l = c.head; l.is_cons(); l = l.tail()) arguments.push_back(l.head());
      if (is_tuple(c.head)) arguments.assign(tuple_elements(c.head), tuple_elements(c.head) + tuple_arity(c.head));
      emit(MatchOp::Arguments, uint32_t(arguments.size()));
      std::vector<Word> tuple{header(Kind::Tuple, arguments.size())};
      for (Term a : arguments) tuple.push_back(a.raw());
      size_t at = program.code.size();
      if (!arguments.empty()) {
        if (!head(Term::boxed(tuple.data()))) return false;
        program.code.erase(program.code.begin() + ptrdiff_t(at)); // TailTuple: Arguments did that
      }
    } else {
      error("Match head is invalid in this context.");
      return false;
    }
  } else if (!head(c.head)) {
    return false;
  }
  in_guard = true;
  if (!expressions(c.guards)) return false;
  in_guard = false;
  if (!use.trace && !c.body.is_cons()) {
    error("Body clause does not return anything.");
    return false;
  }
  if (!expressions(c.body)) return false;
  if (failed) return false; // linting went on after errors
  emit(MatchOp::Succeed);
  return true;
}

CompileResult match_clauses(Term spec, bool empty_ok, std::vector<MatchClause> *out) {
  if (!spec.is_cons() && !(empty_ok && spec.is_nil())) return CompileResult::Badarg;
  for (; spec.is_cons(); spec = spec.tail()) {
    if (!is_tuple_of(spec.head(), 3)) return CompileResult::Badarg;
    Term *e = tuple_elements(spec.head());
    out->push_back({e[0], e[1], e[2]});
  }
  return spec.is_nil() ? CompileResult::Ok : CompileResult::Badarg;
}

CompileResult match_compile(const std::vector<MatchClause> &clauses, MatchUse use, MatchProgram *out, MatchLint *lint) {
  MatchCompiler c{*out, use, lint};
  out->only_pretend = use.only_pretend;
  for (const MatchClause &x : clauses)
    if (!c.clause(x)) return c.too_deep ? CompileResult::SystemLimit : CompileResult::Badarg;
  return CompileResult::Ok;
}

CompileResult match_compile_spec(Term spec, MatchUse use, MatchProgram *out, MatchLint *lint) {
  auto complain = [&](std::string text) {
    MatchProgram unused;
    MatchCompiler{unused, use, lint}.error(std::move(text));
    return CompileResult::Badarg;
  };
  if (!spec.is_cons()) return complain("Match programs are not in a list.");
  if (!is_proper_list_end(spec)) return complain("Match programs are not in a proper list.");
  std::vector<MatchClause> clauses;
  for (Term l = spec; l.is_cons(); l = l.tail()) {
    if (!is_tuple_of(l.head(), 3)) return complain("Match program part is not a tuple of arity 3.");
    Term *e = tuple_elements(l.head());
    if (use.trace && e[0].is_cons() && !is_proper_list_end(e[0]))
      return complain("Match expression part " + to_text(e[0]) + " is not a proper list.");
    clauses.push_back({e[0], e[1], e[2]});
  }
  return match_compile(clauses, use, out, lint);
}

MatchProgramRef *match_compile_ref(Term spec, MatchUse use, CompileResult *result) {
  auto *m = magic_new<MatchProgram>();
  *result = match_compile_spec(spec, use, &m->value);
  if (*result == CompileResult::Ok) return m;
  bin_unref(m);
  return nullptr;
}

} // namespace joist::runtime::ets
