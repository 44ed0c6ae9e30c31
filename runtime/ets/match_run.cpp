// Match specifications: the machine.
#include "runtime/atom/atom.h"
#include "runtime/ets/match_program.h"
#include "runtime/ets/object.h"
#include "runtime/proc/process.h"
#include "runtime/term/compare.h"
#include "runtime/term/map.h"
#include "runtime/term/print.h"

#include <cstdio>

namespace joist::runtime::ets {

MatchTraceHooks match_trace_hooks;

namespace {

constexpr Term kFailed = atoms::EXIT; // value of a failing function in a body

// Room for one run; larger programs take it from the heap.
class Room {
public:
  Room(const MatchProgram &m)
      : words_(m.variables + m.cursor_depth + m.stack_depth + 2), large_(words_ > kSmall ? new Word[words_] : nullptr) {
  }
  Word *get() { return large_ ? large_.get() : small_; }

private:
  static constexpr size_t kSmall = 96;
  size_t words_;
  std::unique_ptr<Word[]> large_;
  Word small_[kSmall];
};

struct Machine {
  const MatchProgram &m;
  MatchRun &run;
  Term object;      // table
  const Term *args; // trace
  unsigned n_args;
  Term *variables;
  uint64_t copied = 0;          // variables (below 64) that are copied to the result already
  std::vector<bool> copied_far; // the others
  const Term **cursors;         // entered containers
  Term *stack;
  FragmentHeap scratch;

  Term list_of_arguments(Heap &h) {
    Term l = Term::nil();
    for (unsigned i = n_args; i-- > 0;) l = make_cons(h, args[i], l);
    return l;
  }
  // True the first time.
  bool note_copied(uint32_t v) {
    if (v < 64) {
      bool first = !(copied >> v & 1);
      copied |= uint64_t(1) << v;
      return first;
    }
    if (copied_far.size() <= v) copied_far.resize(v + 1);
    bool first = !copied_far[v];
    copied_far[v] = true;
    return first;
  }
  Term act(MatchOp op, Heap &h, const Term *top);
  Term clause(uint32_t at);
};

bool map_with(Term t, Word keys) { return t.is_boxed() && is_map(t) && map_size(t) >= keys; }
bool truth(Term t) { return t == atoms::true_ || t == atoms::false_; }

// Trace actions; top[-1] is the first argument.
Term Machine::act(MatchOp op, Heap &h, const Term *top) {
  Process *p = run.self;
  const MatchTraceHooks &hooks = match_trace_hooks;
  auto change = [&](Term pid, Term flag, bool on) {
    if (!hooks.change_flags) return kFailed;
    return hooks.change_flags(p, pid, flag, on) ? atoms::true_ : kFailed;
  };
  switch (op) {
  case MatchOp::Self: return p ? p->id : kFailed;
  case MatchOp::SetReturnTrace: run.return_trace = true; return atoms::true_;
  case MatchOp::SetExceptionTrace: run.exception_trace = true; return atoms::true_;
  case MatchOp::IsSeqTrace: return bool_term(p && p->seq_token.is_boxed());
  case MatchOp::GetSeqToken: return p && p->seq_token.is_boxed() ? term_copy(p->seq_token, h) : Term::nil();
  case MatchOp::SetSeqToken: {
    if (m.only_pretend || !hooks.set_seq_token) return Term::nil();
    Term r = hooks.set_seq_token(p, top[-1], top[-2], h);
    return r.is_none() ? kFailed : r;
  }
  case MatchOp::Display: {
    std::string text = to_text(top[-1]);
    std::printf("%s\n", text.c_str());
    return atoms::true_;
  }
  case MatchOp::ProcessDump: {
    if (hooks.process_dump) return hooks.process_dump(p, h);
    Word *b = h.alloc(2); // <<>>
    b[0] = header(Kind::HeapBin, 1);
    b[1] = 0;
    return Term::boxed(b);
  }
  case MatchOp::EnableTrace: return change(p->id, top[-1], true);
  case MatchOp::EnableTrace2: return change(top[-1], top[-2], true);
  case MatchOp::DisableTrace: return change(p->id, top[-1], false);
  case MatchOp::DisableTrace2: return change(top[-1], top[-2], false);
  case MatchOp::Trace2: return hooks.trace ? hooks.trace(p, p->id, top[-1], top[-2]) : atoms::false_;
  case MatchOp::Trace3: return hooks.trace ? hooks.trace(p, top[-1], top[-2], top[-3]) : atoms::false_;
  case MatchOp::Caller:
  case MatchOp::CallerLine:
    if (m.only_pretend || !hooks.caller) return atoms::undefined;
    return hooks.caller(p, h, op == MatchOp::CallerLine);
  default: return kFailed;
  }
}

// Runs one clause; none if it does not match.
Term Machine::clause(uint32_t at) {
  const MatchInstr *code = m.code.data(), *pc = code + at;
  const Term *here = &object;
  const Term **cursor = cursors;
  Term *top = stack; // next free
  Term result = atoms::true_;
  bool body = false;
  Heap *h = &scratch;
  copied = 0;
  copied_far.clear();
  for (;; pc++) {
    switch (pc->op) {
    case MatchOp::Arguments:
      if (n_args != pc->n) return Term::none();
      here = args;
      break;
    case MatchOp::ArgumentList: variables[pc->n] = list_of_arguments(scratch); break;
    case MatchOp::EnterTuple:
      if (!is_tuple_of(*here, pc->n)) return Term::none();
      *cursor++ = here + 1;
      here = tuple_elements(*here);
      break;
    case MatchOp::TailTuple:
      if (!is_tuple_of(*here, pc->n)) return Term::none();
      here = tuple_elements(*here);
      break;
    case MatchOp::EmptyTuple:
      if (!is_tuple_of(*here, 0)) return Term::none();
      here++;
      break;
    case MatchOp::EnterCons:
      if (!here->is_cons()) return Term::none();
      *cursor++ = here + 1;
      here = reinterpret_cast<const Term *>(here->cell());
      break;
    case MatchOp::TailCons:
      if (!here->is_cons()) return Term::none();
      here = reinterpret_cast<const Term *>(here->cell());
      break;
    case MatchOp::EnterMap:
      if (!map_with(*here, pc->n)) return Term::none();
      *cursor++ = here;
      break;
    case MatchOp::MapKey:
      here = map_find(*cursor[-1], Term(pc->term));
      if (!here) return Term::none();
      break;
    case MatchOp::LeaveMap: here = *--cursor + 1; break;
    case MatchOp::Leave: here = *--cursor; break;
    case MatchOp::Skip: here++; break;
    case MatchOp::Bind: variables[pc->n] = *here++; break;
    case MatchOp::Same:
      if (!eq(variables[pc->n], *here)) return Term::none();
      here++;
      break;
    case MatchOp::EqWord:
      if (here->raw() != pc->term) return Term::none();
      here++;
      break;
    case MatchOp::EqFloat:
      if (!is_boxed_float(*here) || here->box()[1] != Term(pc->term).box()[1]) return Term::none();
      here++;
      break;
    case MatchOp::EqTerm:
      if (!eq(*here, Term(pc->term))) return Term::none();
      here++;
      break;

    case MatchOp::Push: {
      Term t(pc->term);
      *top++ = body && run.copy && t.is_pointer() ? term_copy(t, *h) : t;
      break;
    }
    case MatchOp::PushVariable: *top++ = variables[pc->n]; break;
    case MatchOp::PushVariableResult:
      if (run.copy && variables[pc->n].is_pointer() && note_copied(pc->n))
        variables[pc->n] = term_copy(variables[pc->n], *h);
      *top++ = variables[pc->n];
      break;
    case MatchOp::PushObject:
      if (!body || !run.copy) *top++ = object;
      else if (run.object) *top++ = object_copy(*run.object, 0, *h);
      else *top++ = term_copy(object, *h);
      break;
    case MatchOp::PushArguments: {
      Term l = list_of_arguments(*h);
      *top++ = body && run.copy ? term_copy(l, *h) : l;
      break;
    }
    case MatchOp::MakeCons:
      top[-2] = make_cons(*h, top[-2], top[-1]);
      top--;
      break;
    case MatchOp::MakeTuple: {
      Word *b = h->alloc(Word(pc->n) + 1);
      b[0] = header(Kind::Tuple, pc->n);
      for (uint32_t i = 1; i <= pc->n; i++) b[i] = (*--top).raw();
      *top++ = Term::boxed(b);
      break;
    }
    case MatchOp::MakeMap: {
      std::vector<Term> pairs(2 * size_t(pc->n));
      for (uint32_t i = 0; i < pc->n; i++) {
        pairs[2 * i] = top[-1 - int64_t(i)];
        pairs[2 * i + 1] = top[-1 - int64_t(pc->n) - int64_t(i)];
      }
      top -= 2 * int64_t(pc->n);
      *top++ = map_from_pairs(*h, pairs.data(), pc->n);
      break;
    }
    case MatchOp::Call: {
      Term a[3];
      for (uint32_t i = 0; i < pc->n; i++) a[i] = *--top;
      Term r = pc->function(*h, run.self, a);
      if (r.is_none()) {
        if (!body) return r;
        r = kFailed;
      }
      *top++ = r;
      break;
    }
    case MatchOp::And:
    case MatchOp::Or: {
      // The operand that decides, or the first that is no boolean.
      Term decisive = bool_term(pc->op == MatchOp::Or), value = bool_term(pc->op == MatchOp::And);
      Term *base = top - pc->n;
      for (Term *t = top; t-- > base;) {
        if (*t == decisive) {
          value = decisive;
        } else if (!truth(*t)) {
          if (!body) return Term::none();
          value = kFailed;
          break;
        }
      }
      top = base;
      *top++ = value;
      break;
    }
    case MatchOp::AndAlso:
    case MatchOp::OrElse: {
      Term decisive = bool_term(pc->op == MatchOp::OrElse);
      Term t = *--top;
      if (!truth(t)) {
        if (!body) return Term::none();
        t = kFailed;
      } else if (t != decisive) {
        break; // the next operand
      }
      *top++ = t;
      pc = code + pc->n - 1;
      break;
    }
    case MatchOp::Jump: pc = code + pc->n - 1; break;
    case MatchOp::Test:
      if (*--top != atoms::true_) return Term::none();
      break;
    case MatchOp::Drop: top--; break;
    case MatchOp::Return: result = *--top; break;
    case MatchOp::StartBody:
      body = true;
      if (run.result) h = run.result;
      break;
    case MatchOp::Succeed: return result;

    case MatchOp::Silent: {
      Term t = *--top;
      if (!run.ignore_silent && match_trace_hooks.silent && truth(t))
        match_trace_hooks.silent(run.self, t == atoms::true_);
      break;
    }
    case MatchOp::SetSeqToken:
    case MatchOp::EnableTrace2:
    case MatchOp::DisableTrace2:
    case MatchOp::Trace2: {
      Term r = act(pc->op, *h, top);
      top -= 2;
      *top++ = r;
      break;
    }
    case MatchOp::Trace3: {
      Term r = act(pc->op, *h, top);
      top -= 3;
      *top++ = r;
      break;
    }
    case MatchOp::Display:
    case MatchOp::EnableTrace:
    case MatchOp::DisableTrace: top[-1] = act(pc->op, *h, top); break;
    default: *top++ = act(pc->op, *h, top); break;
    }
  }
}

Term run_clauses(Machine &machine) {
  const MatchProgram &m = machine.m;
  Room room(m);
  Word *w = room.get();
  machine.variables = reinterpret_cast<Term *>(w);
  machine.cursors = reinterpret_cast<const Term **>(w + m.variables);
  machine.stack = reinterpret_cast<Term *>(w + m.variables + m.cursor_depth);
  for (uint32_t at : m.clauses) {
    Term r = machine.clause(at);
    if (!r.is_none()) return r;
    machine.run.return_trace = machine.run.exception_trace = false;
  }
  return Term::none();
}

} // namespace

Term match_run(const MatchProgram &m, Term object, MatchRun &run) {
  Machine machine{m, run, object, nullptr, 0, nullptr, 0, {}, nullptr, nullptr, {}};
  return run_clauses(machine);
}

Term match_run_arguments(const MatchProgram &m, const Term *args, unsigned n, MatchRun &run) {
  Machine machine{m, run, Term::nil(), args, n, nullptr, 0, {}, nullptr, nullptr, {}};
  return run_clauses(machine);
}

} // namespace joist::runtime::ets
