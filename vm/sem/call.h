// Funs as targets of calls.
#pragma once
#include "runtime/code/code.h"
#include "runtime/sched/machine.h"
#include "vm/sem/sem.h"

namespace joist::vm::sem {
// The entry to go to with the free variables in place, or null: not a fun of this arity, or its code is not there.
SEM const Instr *fun_target(Machine *m, Term f, Word arity) {
  if (!LIKELY(f.is_boxed())) return nullptr;
  const Word *b = box(f);
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
  return x->mfa().arity == arity ? export_entry(x) : nullptr;
}
} // namespace joist::vm::sem
