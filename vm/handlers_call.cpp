// Calls and returns. A call pushes the address of the instruction after it (tagged as a header, so that collector and
// stack walks know it) and counts one reduction; the word before the return point belongs to compiled code.
#include "vm/sem/data.h"
#include "vm/calls.h"

namespace joist::vm {
namespace {

SEM void push_return(Word *&e, const Instr *to) { *--e = return_word(to); }
#define ENTER(target)                                                                                                  \
  do {                                                                                                                 \
    const Instr *entry_ = (target);                                                                                    \
    if (UNLIKELY(--reds <= 0)) TAIL h_yield_at_entry(entry_, m, h, e, reds);                                           \
    TAIL handler_at(entry_)(entry_, m, h, e, reds);                                                                    \
  } while (0)
#define DEALLOCATE(n) e = reinterpret_cast<Word *>(reinterpret_cast<char *>(e) + (n))
#define RETURN() GO(return_target(*e++))

SEM const Instr *entry_of(const Export *x, Machine *m) { return export_entry(x); }

struct Op_call {
  template <class I> static JOIST_PN void run(JOIST_PARAMS) {
    push_return(e, after(pc, I::size));
    ENTER(CODE(0));
  }
};
struct Op_call_only {
  template <class I> static JOIST_PN void run(JOIST_PARAMS) { ENTER(CODE(0)); }
};
struct Op_call_last {
  template <class I> static JOIST_PN void run(JOIST_PARAMS) {
    DEALLOCATE(NUM(1));
    ENTER(CODE(0));
  }
};
struct Op_move_call {
  template <class I> static JOIST_PN void run(JOIST_PARAMS) {
    m->x[0] = GET(0);
    push_return(e, after(pc, I::size));
    ENTER(CODE(1));
  }
};
struct Op_move_call_only {
  template <class I> static JOIST_PN void run(JOIST_PARAMS) {
    m->x[0] = GET(0);
    ENTER(CODE(1));
  }
};
struct Op_move_call_last {
  template <class I> static JOIST_PN void run(JOIST_PARAMS) {
    m->x[0] = GET(0);
    DEALLOCATE(NUM(2));
    ENTER(CODE(1));
  }
};
struct Op_call_ext {
  template <class I> static JOIST_PN void run(JOIST_PARAMS) {
    push_return(e, after(pc, I::size));
    ENTER(entry_of(PTR(Export, 0), m));
  }
};
struct Op_call_ext_only {
  template <class I> static JOIST_PN void run(JOIST_PARAMS) { ENTER(entry_of(PTR(Export, 0), m)); }
};
struct Op_call_ext_last {
  template <class I> static JOIST_PN void run(JOIST_PARAMS) {
    DEALLOCATE(NUM(1));
    ENTER(entry_of(PTR(Export, 0), m));
  }
};

// --- built-in functions: called in place, frame untouched
struct BifCall {
  // Reductions are used up: yields before the call.
  template <class I> COLD static JOIST_PN void yield(JOIST_PARAMS) {
    SAVE();
    leave(m, pc, unsigned(PTR(Export, 0)->mfa().arity), RunResult::Yielded);
  }
  template <class I> COLD static JOIST_PN void failed(JOIST_PARAMS) {
    RESUME(bif_failed(m, pc, PTR(Export, 0), after(pc, I::size)));
  }
};
#define CALL_BIF()                                                                                                     \
  if (UNLIKELY(--reds <= 0)) TAIL BifCall::yield<I>(JOIST_ARGS);                                                       \
  SAVE();                                                                                                              \
  m->p->pc = pc; /* for process_info(self(), ..) */                                                                    \
  Term r = PTR(Export, 0)->bif(m->p, m->x);                                                                            \
  if (UNLIKELY(r.is_none())) TAIL BifCall::failed<I>(JOIST_ARGS);                                                      \
  m->x[0] = r;                                                                                                         \
  LOAD()

struct Op_call_bif {
  template <class I> COLD static JOIST_PN void collect_then_next(JOIST_PARAMS) {
    SAVE();
    if (!collect_after_bif(m)) return leave_killed(m);
    LOAD();
    NEXT;
  }
  template <class I> static JOIST_PN void run(JOIST_PARAMS) {
    CALL_BIF();
    if (UNLIKELY(collection_due(m->p))) TAIL collect_then_next<I>(JOIST_ARGS);
    NEXT;
  }
};
struct Op_call_bif_only {
  template <class I> static JOIST_PN void run(JOIST_PARAMS) {
    CALL_BIF();
    if (UNLIKELY(collection_due(m->p))) TAIL Op_call_bif::collect_then_next<I>(JOIST_ARGS);
    RETURN();
  }
};
struct Op_call_bif_last {
  template <class I> static JOIST_PN void run(JOIST_PARAMS) {
    CALL_BIF();
    if (UNLIKELY(collection_due(m->p))) TAIL Op_call_bif::collect_then_next<I>(JOIST_ARGS);
    DEALLOCATE(NUM(1));
    RETURN();
  }
};
struct Op_send {
  template <class I> COLD static JOIST_PN void slow(JOIST_PARAMS) {
    RESUME(send_failed(m, pc, after(pc, I::size)));
  }
  template <class I> static JOIST_PN void run(JOIST_PARAMS) {
    SAVE();
    Term r = send_bif(m->p, m->x);
    if (UNLIKELY(r.is_none())) TAIL slow<I>(JOIST_ARGS);
    m->x[0] = r;
    LOAD();
    if (UNLIKELY(collection_due(m->p))) TAIL Op_call_bif::collect_then_next<I>(JOIST_ARGS);
    NEXT;
  }
};

// --- funs
// The entry to go to with the free variables in place, or null: not a fun of this arity, or its code is not there.
SEM const Instr *fun_target(Machine *m, Term f, Word arity) {
  if (!LIKELY(f.is_boxed())) return nullptr;
  const Word *b = sem::box(f);
  if (LIKELY(header_kind(*b) == Kind::Fun)) {
    auto *fe = reinterpret_cast<FunEntry *>(b[1]);
    if (!LIKELY(fe->arity == arity)) return nullptr;
    const Instr *to = fe->entry.load(std::memory_order_relaxed);
    if (!LIKELY(to != code_hooks.lambda_not_loaded)) return nullptr;
    Word n = header_size(*b) - 2;
    for (Word i = 0; i < n; i++) m->x[arity + i] = Term(b[3 + i]);
    return to;
  }
  if (header_kind(*b) != Kind::ExportFun) return nullptr;
  auto *x = reinterpret_cast<Export *>(b[1]);
  return x->mfa().arity == arity ? entry_of(x, m) : nullptr;
}
struct Op_call_fun {
  template <class I> COLD static JOIST_PN void slow(JOIST_PARAMS) {
    SAVE();
    RESUME(call_fun_slow(m, pc, GET(1), NUM(0), after(pc, I::size), -1));
  }
  template <class I> static JOIST_PN void run(JOIST_PARAMS) {
    const Instr *to = fun_target(m, GET(1), NUM(0));
    if (!LIKELY(to)) TAIL slow<I>(JOIST_ARGS);
    push_return(e, after(pc, I::size));
    ENTER(to);
  }
};
struct Op_call_fun_last {
  template <class I> COLD static JOIST_PN void slow(JOIST_PARAMS) {
    SAVE();
    RESUME(call_fun_slow(m, pc, GET(1), NUM(0), nullptr, int(NUM(2))));
  }
  template <class I> static JOIST_PN void run(JOIST_PARAMS) {
    const Instr *to = fun_target(m, GET(1), NUM(0));
    if (!LIKELY(to)) TAIL slow<I>(JOIST_ARGS);
    DEALLOCATE(NUM(2));
    ENTER(to);
  }
};

// --- returns
struct Op_return_ {
  template <class I> static JOIST_PN void run(JOIST_PARAMS) { RETURN(); }
};
struct Op_deallocate_return {
  template <class I> static JOIST_PN void run(JOIST_PARAMS) {
    DEALLOCATE(NUM(0));
    RETURN();
  }
};
struct Op_move_return {
  template <class I> static JOIST_PN void run(JOIST_PARAMS) {
    m->x[0] = GET(0);
    RETURN();
  }
};
struct Op_move_deallocate_return {
  template <class I> static JOIST_PN void run(JOIST_PARAMS) {
    m->x[0] = GET(0);
    DEALLOCATE(NUM(1));
    RETURN();
  }
};

struct Op_func_info {
  template <class I> COLD static JOIST_PN void run(JOIST_PARAMS) {
    SAVE();
    raise(m->p, Reason::FunctionClause);
    RESUME(raise_at(m, pc));
  }
};
// Never reached in valid code.
struct Op_int_code_end {
  template <class I> COLD static JOIST_PN void run(JOIST_PARAMS) {
    SAVE();
    raise_value(m->p, ExcClass::Error, atoms::internal_error);
    RESUME(raise_at(m, pc));
  }
};
} // namespace

void register_call() {
#define JOIST_IF_call JOIST_ROW
#include "vm/families.h"
}
} // namespace joist::vm
