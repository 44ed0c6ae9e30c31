#include "vm/nif_calls.h"
#include "vm/call_trace.h"

#include "runtime/nif/library.h"
#include "runtime/sched/dirty.h"
#include "vm/calls.h"
#include "vm/vm.h"

#include <memory>
#include <utility>

namespace joist::vm {
namespace {
// As trace::return_point; as a rule there is no frame of tracing on top.
const Instr *caller_of(const Process *p) {
  const Instr *at = return_target(*p->stack_top);
  if (is_header(*p->stack_top) && LIKELY(!rt::trace::is_trace_frame(at))) return at;
  return rt::trace::return_point(p);
}
// As gc_wanted.
bool wants_collection(const Process *p) {
  const Heap &h = p->heap;
  if (UNLIKELY(h.fragment_words && (h.limit < h.top || h.fragment_words > Word(h.limit - h.top)))) return true;
  return h.off_heap.bytes > p->vheap_limit || p->force_gc || gc_stress;
}
// After a native function has answered r.
const Instr *return_value(Machine *m, Term r) {
  m->x[0] = r;
  if (UNLIKELY(wants_collection(m->p)) && !collect_after_bif(m)) {
    leave_killed(m);
    return nullptr;
  }
  return return_target(*m->p->stack_top++);
}

const LibraryNif *library_nif(const StaticNif *nif) { return static_cast<const LibraryNif *>(nif); }

// A library function of `mfa` has scheduled p->dirty: its arguments go to the registers, behind them the original ones.
// Answers how many registers are live.
unsigned lay_out(Machine *m, const Mfa *mfa, Term original_args) {
  DirtyCall *d = m->p->dirty;
  d->mfa = mfa;
  auto n = unsigned(d->scheduled->args.size());
  std::copy_n(d->scheduled->args.data(), n, m->x);
  m->x[n] = original_args;
  return n + 1;
}
Term tuple_of(Process *p, const Term *args, unsigned n) {
  Word *b = p->heap.alloc(1 + Word(n));
  *b = header(Kind::Tuple, n);
  std::copy_n(args, n, reinterpret_cast<Term *>(b + 1));
  return Term::boxed(b);
}
// The function that Erlang called gets back the registers that it was called with.
void restore(Machine *m, Term original_args) {
  std::copy_n(tuple_elements(original_args), tuple_arity(original_args), m->x);
}

const Instr *go_to_scheduled(Machine *m, unsigned live) {
  bool here = m->p->dirty->kind == NifKind::Normal;
  if (here && m->p->reductions > 0 && !collection_due(m->p)) return fixed.nif_scheduled;
  leave(m, fixed.nif_scheduled, live, here ? RunResult::Yielded : RunResult::Dirty);
  return nullptr;
}
} // namespace

const Instr *native_body(Machine *m, const Mfa *mfa, Bif fn) {
  Process *p = m->p;
  p->pc = caller_of(p);
  Term r = fn ? fn(p, m->x) : undef(p);
  p->sync_limit();
  if (!r.is_none()) return return_value(m, r);
  if (p->freason.reason == Reason::Trap) return enter_trapped(m, mfa);
  return raise_at(m, rt::trace::return_point(p), mfa, m->x, true);
}

const Instr *library_body(Machine *m, const Mfa *mfa, const StaticNif *nif) {
  Process *p = m->p;
  p->pc = caller_of(p);
  Term r = nif_call(p, library_nif(nif), unsigned(mfa->arity), m->x);
  p->sync_limit();
  if (LIKELY(!r.is_none())) return return_value(m, r);
  if (p->freason.reason != Reason::Trap) return raise_at(m, rt::trace::return_point(p), mfa, m->x, true);
  return go_to_scheduled(m, lay_out(m, mfa, tuple_of(p, m->x, unsigned(mfa->arity))));
}

// The DirtyCall lives from the hand-over to the end of native_dirty_run.
const Instr *native_dirty(Machine *m, const Instr *pc, const Mfa *mfa, const StaticNif *nif) {
  m->p->dirty = new DirtyCall{.nif = nif, .kind = nif->kind, .mfa = mfa};
  m->p->current = mfa; // until it has returned
  leave(m, pc, unsigned(mfa->arity), RunResult::Dirty);
  return nullptr;
}

const Instr *native_scheduled(Machine *m) {
  Process *p = m->p;
  auto live = unsigned(p->dirty->scheduled->args.size()) + 1;
  if (p->dirty->kind != NifKind::Normal) {
    leave(m, fixed.nif_scheduled, live, RunResult::Dirty);
    return nullptr;
  }
  std::unique_ptr<DirtyCall> call(p->dirty);
  p->dirty = nullptr;
  Term original = m->x[live - 1];
  p->pc = caller_of(p);
  Term r = nif_call(p, call->scheduled, live - 1, m->x);
  p->sync_limit();
  if (!r.is_none()) return return_value(m, r);
  if (p->freason.reason == Reason::Trap) return go_to_scheduled(m, lay_out(m, call->mfa, original));
  restore(m, original);
  return raise_at(m, rt::trace::return_point(p), call->mfa, m->x, true);
}

RunResult native_dirty_run(Machine *m, Process *p) {
  DirtyCall *const executed = p->dirty; // others may read it until dirty_return
  memcpy(m->x, p->saved_x(), p->live_x * sizeof(Term));
  m->matching = false;
  p->sync_limit();
  const StaticNif *nif = executed->nif;
  auto arity = unsigned(executed->mfa->arity), argc = arity;
  Term original = Term::none();
  if (executed->scheduled) {
    argc = unsigned(executed->scheduled->args.size());
    original = m->x[argc];
  }
  // The process may be killed meanwhile, and then nobody waits with purging its module until it has returned.
  NifLibrary *library = nif->fn ? nullptr : library_nif(nif)->library;
  if (library) nif_library_ref(library);
  Term r = library ? nif_call(p, library_nif(nif), argc, m->x) : nif->fn(p, m->x);
  if (!dirty_return(p)) { // killed: what there is goes with it
    if (library) nif_library_unref(library);
    m->result = uint8_t(RunResult::Yielded);
    return RunResult::Yielded;
  }
  std::unique_ptr<DirtyCall> call(executed);
  p->dirty = std::exchange(call->next, nullptr);
  p->sync_limit();
  unsigned live = 1;
  const Instr *pc = fixed.return_;
  if (!r.is_none() || p->freason.reason == Reason::Trap) p->current = nullptr;
  if (!r.is_none()) {
    m->x[0] = r;
  } else if (p->freason.reason == Reason::Trap && library) {
    pc = fixed.nif_scheduled;
    live = lay_out(m, call->mfa, call->scheduled ? original : tuple_of(p, m->x, arity));
  } else if (p->freason.reason == Reason::Trap) {
    pc = export_entry(p->trap_entry);
    live = unsigned(p->trap_entry->mfa().arity);
  } else {
    pc = fixed.dirty_failed;
    live = arity;
    if (call->scheduled) restore(m, original);
    if (!(p->freason.has_args && p->current)) p->current = call->mfa;
  }
  if (library) nif_library_unref(library);
  leave(m, pc, live, RunResult::Yielded);
  if (m->result == uint8_t(RunResult::Yielded)) p->at_entry = true;
  return RunResult(m->result);
}
} // namespace joist::vm
