// Match specifications: guards and bodies.
#include "runtime/ets/key_pattern.h"
#include "runtime/ets/match_compiler.h"
#include "runtime/mem/copy.h"
#include "runtime/term/map.h"
#include "runtime/term/print.h"

namespace joist::runtime::ets {
namespace {
constexpr uint32_t kMaxNesting = 1500; // bounds the C++ stack
} // namespace

bool MatchCompiler::expressions(Term l) {
  if (l.is_nil()) return true;
  if (!l.is_cons()) return error("Match expression is not a list.");
  if (!in_guard) emit(MatchOp::StartBody);
  for (; l.is_cons(); l = l.tail()) {
    if (!pushed(l.head())) return false;
    emit(in_guard ? MatchOp::Test : MatchOp::Drop);
    pops();
  }
  if (!l.is_nil() && !error("Match expression is not a proper list.")) return false;
  if (!in_guard && !use.trace) program.code.back().op = MatchOp::Return;
  return true;
}

bool MatchCompiler::pushed(Term t) {
  bool constant;
  if (!expression(t, &constant)) return false;
  if (constant) push_constant(t);
  return true;
}

void MatchCompiler::push_constant(Term t) {
  emit(MatchOp::Push, 0, constant_value(t));
  pushes();
}

void MatchCompiler::back_out(size_t code_size, uint32_t used_before) {
  program.code.erase(program.code.begin() + ptrdiff_t(code_size), program.code.end());
  used = used_before;
}

// Nesting has been checked by expression().
Term MatchCompiler::constant_value(Term t) {
  Heap &h = program.constants;
  if (t.is_cons()) {
    std::vector<Term> items;
    for (; t.is_cons(); t = t.tail()) items.push_back(constant_value(t.head()));
    Term l = constant_value(t);
    while (!items.empty()) {
      l = make_cons(h, items.back(), l);
      items.pop_back();
    }
    return l;
  }
  if (is_tuple(t)) {
    Term *e = tuple_elements(t);
    if (tuple_arity(t) == 2 && e[0] == atoms::const_) return keep(e[1]);
    if (tuple_arity(t) == 1 && is_tuple(e[0])) {
      Word n = tuple_arity(e[0]);
      Word *b = h.alloc(n + 1);
      b[0] = header(Kind::Tuple, n);
      for (Word i = 1; i <= n; i++) b[i] = Term::nil().raw();
      for (Word i = 1; i <= n; i++) b[i] = constant_value(tuple_elements(e[0])[i - 1]).raw();
      return Term::boxed(b);
    }
    return keep(t); // only after an error that lint went past
  }
  if (is_map(t)) {
    std::vector<Term> pairs;
    MapIterator it(t);
    Term key, value;
    while (it.next(&key, &value)) {
      pairs.push_back(constant_value(key));
      pairs.push_back(constant_value(value));
    }
    return map_from_pairs(h, pairs.data(), pairs.size() / 2);
  }
  return keep(t);
}

bool MatchCompiler::expression(Term t, bool *constant) {
  *constant = false;
  if (depth >= kMaxNesting) {
    too_deep = true;
    return error("Excessive nesting; system limit reached near: " + to_text(t));
  }
  struct Nested {
    uint32_t &d;
    explicit Nested(uint32_t &x) : d(x) { d++; }
    ~Nested() { d--; }
  } nested(depth);
  if (t.is_cons()) return list(t, constant);
  if (t.is_boxed() && is_map(t)) return map(t, constant);
  if (is_tuple(t)) {
    Term *e = tuple_elements(t);
    Word n = tuple_arity(t);
    if (n == 1 && is_tuple(e[0])) {
      Word size = tuple_arity(e[0]);
      if (!elements(tuple_elements(e[0]), size, constant)) return false;
      if (*constant) return true;
      emit(MatchOp::MakeTuple, uint32_t(size));
      pops(uint32_t(size) - 1);
      return true;
    }
    if (n >= 1 && e[0].is_atom() && pattern_variable(e[0]) < 0) return function(t, constant);
    return error(to_text(t) + " is neither a function call, nor a tuple (tuples are written {{ ... }}).");
  }
  int64_t number = pattern_variable(t);
  if (number >= 0) return variable(number);
  if (t == atoms::dollar_underscore) {
    emit(use.trace ? MatchOp::PushArguments : MatchOp::PushObject);
    pushes();
  } else if (t == atoms::dollar_dollar) {
    all_bindings();
  } else {
    *constant = true;
  }
  return true;
}

// Pushes all, the last one first. If all are constant nothing is emitted.
bool MatchCompiler::elements(const Term *t, Word n, bool *constant) {
  size_t start = program.code.size();
  uint32_t before = used;
  bool all = true;
  for (Word i = n; i-- > 0;) {
    bool c;
    if (!expression(t[i], &c)) return false;
    all = all && c;
    if (c) push_constant(t[i]);
  }
  *constant = all;
  if (all) back_out(start, before);
  return true;
}

bool MatchCompiler::list(Term t, bool *constant) {
  size_t start = program.code.size(), keep_code = start;
  uint32_t keep_used = used;
  uint32_t count = 0, kept = 0; // elements pushed; up to the last one that is not constant
  Term rest = t, kept_rest = t;
  for (; rest.is_cons(); count++) {
    bool c;
    if (!expression(rest.head(), &c)) return false;
    if (c) push_constant(rest.head());
    rest = rest.tail();
    if (!c) {
      kept = count + 1;
      kept_rest = rest;
      keep_code = program.code.size();
      keep_used = used;
    }
  }
  bool tail_constant;
  if (!expression(rest, &tail_constant)) return false;
  if (tail_constant) {
    // The constant end of the list is one constant.
    back_out(keep_code, keep_used);
    if (kept == 0) {
      *constant = true;
      return true;
    }
    push_constant(kept_rest);
    count = kept;
  }
  *constant = false;
  for (uint32_t i = 0; i < count; i++) emit(MatchOp::MakeCons);
  pops(count);
  return true;
}

bool MatchCompiler::map(Term t, bool *constant) {
  size_t start = program.code.size();
  uint32_t before = used;
  std::vector<Term> keys, values;
  MapIterator it(t);
  Term key, value;
  while (it.next(&key, &value)) {
    keys.push_back(key);
    values.push_back(value);
  }
  bool constant_values = true, constant_keys = true;
  auto push = [&](const std::vector<Term> &items, bool *all_constant) {
    for (size_t i = items.size(); i-- > 0;) {
      bool c;
      if (!expression(items[i], &c)) return false;
      *all_constant = *all_constant && c;
      if (c) push_constant(items[i]);
    }
    return true;
  };
  if (!push(values, &constant_values) || !push(keys, &constant_keys)) return false;
  // Stock looks at such keys twice, and says twice what is wrong with them.
  if (lint && constant_values && !constant_keys && keys.size() <= kFlatMapMax && !push(keys, &constant_keys))
    return false;
  bool all = constant_values && constant_keys;
  *constant = all;
  if (all) {
    back_out(start, before);
    return true;
  }
  emit(MatchOp::MakeMap, uint32_t(keys.size()));
  pops(uint32_t(2 * keys.size()) - 1);
  return true;
}

bool MatchCompiler::variable(int64_t number) {
  for (Variable &v : variables)
    if (v.number == number && v.bound) {
      emit(in_guard ? MatchOp::PushVariable : MatchOp::PushVariableResult, uint32_t(&v - variables.data()));
      pushes();
      return true;
    }
  return error("Variable $" + std::to_string(number) + " is unbound.");
}

// A list of what all variables are bound to, by their numbers.
void MatchCompiler::all_bindings() {
  std::vector<int64_t> numbers;
  for (Variable &v : variables)
    if (v.bound) numbers.push_back(v.number);
  std::sort(numbers.begin(), numbers.end());
  for (int64_t n : numbers) variable(n);
  emit(MatchOp::Push, 0, Term::nil());
  pushes();
  for (size_t i = 0; i < numbers.size(); i++) emit(MatchOp::MakeCons);
  pops(uint32_t(numbers.size()));
}

// {and, A, B, ...}: operands are computed last first.
bool MatchCompiler::logic(Term t, MatchOp op) {
  Word n = tuple_arity(t);
  if (n < 2)
    return error(std::string("Special form '") + (op == MatchOp::And ? "and" : "or") +
                 "' called without arguments in " + to_text(t) + ".");
  for (Word i = n; i-- > 1;)
    if (!pushed(tuple_elements(t)[i])) return false;
  emit(op, uint32_t(n - 1));
  pops(uint32_t(n - 2));
  return true;
}

bool MatchCompiler::short_cut(Term t, bool is_and) {
  Word n = tuple_arity(t);
  if (n < 2)
    return error(std::string("Special form '") + (is_and ? "andalso" : "orelse") + "' called without arguments in " +
                 to_text(t) + ".");
  std::vector<size_t> jumps;
  for (Word i = 1; i < n; i++) {
    if (!pushed(tuple_elements(t)[i])) return false;
    if (i == n - 1) break; // its value is the result, whatever it is
    jumps.push_back(program.code.size());
    emit(is_and ? MatchOp::AndAlso : MatchOp::OrElse);
    pops();
  }
  for (size_t j : jumps) program.code[j].n = uint32_t(program.code.size());
  return true;
}

bool MatchCompiler::function(Term t, bool *constant) {
  Term *e = tuple_elements(t);
  Word n = tuple_arity(t) - 1;
  Term name = e[0];
  if (name == atoms::const_) {
    if (n != 1) return error("Special form 'const' called with more than one argument in " + to_text(t) + ".");
    *constant = true;
    return true;
  }
  if (name == atoms::and_) return logic(t, MatchOp::And);
  if (name == atoms::or_) return logic(t, MatchOp::Or);
  if (name == atoms::andalso || name == atoms::andthen) return short_cut(t, true);
  if (name == atoms::orelse) return short_cut(t, false);
  if (name == atoms::self) {
    if (n != 0) return error("Special form 'self' called with arguments in " + to_text(t) + ".");
    emit(MatchOp::Self);
    pushes();
    return true;
  }
  bool handled = false;
  if (!trace_form(t, &handled)) return false;
  if (handled) return true;
  const MatchFunctionRow *f = match_function(name, n);
  std::string title = "Function " + atom_quoted(name) + "/" + std::to_string(n);
  if (!f) return error(title + " does_not_exist.");
  uint8_t here = use.trace ? (in_guard ? kTraceGuard : kTraceBody) : (in_guard ? kTableGuard : kTableBody);
  if (!(f->contexts & here)) return error(title + " cannot be called in this context.");
  for (Word i = n; i > 0; i--)
    if (!pushed(e[i])) return false;
  emit(MatchOp::Call, uint32_t(n));
  program.code.back().function = use.only_pretend && f->pretended ? f->pretended : f->function;
  pops(uint32_t(n));
  pushes();
  return true;
}

// Actions of trace specifications.
bool MatchCompiler::trace_form(Term t, bool *handled) {
  Term *e = tuple_elements(t);
  Word n = tuple_arity(t) - 1;
  Term name = e[0];
  enum : uint8_t { kAnyTrace, kTraceOps, kCallTrace };
  struct Form {
    Term name;
    const char *text; // as messages about the context call it
    uint8_t least, most, need;
    bool in_guards;
    MatchOp ops[3]; // by number of arguments, from `least`
  };
  static const Form forms[] = {
      {atoms::message, "message", 1, 1, kAnyTrace, false, {MatchOp::Return}},
      {atoms::return_trace, "return_trace", 0, 0, kAnyTrace, false, {MatchOp::SetReturnTrace}},
      {atoms::exception_trace, "exception_trace", 0, 0, kAnyTrace, false, {MatchOp::SetExceptionTrace}},
      {atoms::display, "display", 1, 1, kAnyTrace, false, {MatchOp::Display}},
      {atoms::is_seq_trace, "is_seq_trace", 0, 0, kTraceOps, true, {MatchOp::IsSeqTrace}},
      {atoms::set_seq_token, "set_seq_trace", 2, 2, kTraceOps, false, {MatchOp::SetSeqToken}},
      {atoms::get_seq_token, "get_seq_token", 0, 0, kTraceOps, false, {MatchOp::GetSeqToken}},
      {atoms::process_dump, "process_dump", 0, 0, kTraceOps, false, {MatchOp::ProcessDump}},
      {atoms::enable_trace, "enable_trace", 1, 2, kTraceOps, false, {MatchOp::EnableTrace, MatchOp::EnableTrace2}},
      {atoms::disable_trace, "disable_trace", 1, 2, kTraceOps, false, {MatchOp::DisableTrace, MatchOp::DisableTrace2}},
      {atoms::trace, "trace", 2, 3, kTraceOps, false, {MatchOp::Trace2, MatchOp::Trace3}},
      {atoms::caller, "caller", 0, 0, kCallTrace, false, {MatchOp::Caller}},
      {atoms::caller_line, "caller_line", 0, 0, kCallTrace, false, {MatchOp::CallerLine}},
      {atoms::silent, "silent", 1, 1, kTraceOps, false, {MatchOp::Silent}},
  };
  const Form *f = std::find_if(std::begin(forms), std::end(forms), [&](const Form &x) { return x.name == name; });
  if (f == std::end(forms)) return true;
  *handled = true;
  std::string special = std::string("Special form '") + f->text + "' ";
  if (!use.trace) return error(special + "used in wrong dialect.");
  if ((f->need != kAnyTrace && !use.allow_trace_ops) || (f->need == kCallTrace && !use.call_trace))
    return error(special + "not allow for this trace event.");
  if (in_guard && !f->in_guards) return error(special + "called in guard context.");
  if (n < f->least || n > f->most)
    return error("Special form '" + atom_quoted(name) + "' called with " +
                 (f->most == 0 ? "arguments" : "wrong number of arguments") + " in " + to_text(t) + ".");
  for (Word i = n; i > 0; i--)
    if (!pushed(e[i])) return false;
  emit(f->ops[n - f->least]);
  pops(uint32_t(n));
  if (f->ops[0] == MatchOp::Return || f->ops[0] == MatchOp::Silent) emit(MatchOp::Push, 0, atoms::true_);
  pushes();
  return true;
}

} // namespace joist::runtime::ets
