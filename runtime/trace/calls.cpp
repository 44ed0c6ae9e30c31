// What is told of a call, of its return and of its exception.
#include "runtime/atom/atom.h"
#include "runtime/mem/copy.h"
#include "runtime/term/binary.h"
#include "runtime/trace/breakpoints.h"

namespace joist::runtime::trace {
namespace {
constexpr uint32_t kMetaFlags = flag::Calls | flag::NowTs;

Term mfa_tuple(Heap &h, const Mfa &f, Term args) { return make_tuple(h, f.module, f.function, args); }

// A match context in an argument register stands for the rest of the binary.
Term argument(Heap &h, Term t) {
  if (!is_kind(t, Kind::MatchCtx)) return t;
  auto *c = reinterpret_cast<MatchCtxObj *>(t.box());
  MatchCtxObj rest = *c;
  return match_binary(h, &rest, rest.end - rest.position);
}
} // namespace

Outcome call_event(Process *p, const Mfa &mfa, const Term *x, bool local, const ets::MatchProgramRef *program,
                   const Breakpoint *meta) {
  Outcome out;
  TracerRef tracer = meta ? meta->meta : tracer_of(p);
  if (!tracer) return out;
  if (meta) {
    if (meta->meta_gone.load(std::memory_order_relaxed) || p->sensitive()) return out;
    Verdict v = tracer_enabled(*tracer, atoms::trace_status, p->id, p);
    if (v == Verdict::Remove) meta->meta_gone = true;
    if (v != Verdict::Trace) return out;
    if (tracer->to.is_none() && tracer_enabled(*tracer, atoms::call, p->id, p) != Verdict::Trace) return out;
  } else if (!wanted(p, atoms::call)) {
    return out;
  }
  FragmentHeap h;
  std::vector<Term> args(mfa.arity);
  for (Word i = 0; i < mfa.arity; i++) args[i] = argument(h, x[i]);
  Term result = atoms::true_;
  if (program) {
    ets::MatchRun run;
    run.self = p;
    run.result = &h;
    result = match_run_arguments(program->value, args.data(), unsigned(mfa.arity), run);
    if (result.is_none()) result = atoms::false_;
    out.return_trace = run.return_trace;
    out.exception_trace = run.exception_trace;
  }
  if (!meta && traced(p, flag::Silent)) return {};
  if (result == atoms::false_) return out;
  if (!meta && local && traced(p, flag::ReturnTo)) out.return_to = true;
  uint32_t flags = meta ? kMetaFlags : flags_of(p);
  Term list = Term::small(int64_t(mfa.arity));
  if (!(flags & flag::Arity)) {
    list = Term::nil();
    for (Word i = mfa.arity; i-- > 0;) list = make_cons(h, args[i], list);
  }
  tracer_tell(*tracer, {atoms::call, p->id, mfa_tuple(h, mfa, list), Term::none(), result, flags}, p);
  return out;
}

namespace {
// The tracer that a frame names, or the process' own; null: nobody is told.
TracerRef frame_tracer(Process *p, Term packed, uint32_t *flags) {
  if (p->sensitive()) return nullptr;
  if (packed != atoms::true_) {
    *flags = kMetaFlags;
    return tracer_unpack(packed);
  }
  *flags = flags_of(p);
  if (!(*flags & flag::Calls)) return nullptr;
  if (!wanted(p, atoms::call)) return nullptr;
  return tracer_of(p);
}
void tell_return(Process *p, Term tag, const Mfa &mfa, Term packed, Term value) {
  uint32_t flags;
  TracerRef t = frame_tracer(p, packed, &flags);
  if (!t) return;
  FragmentHeap h;
  tracer_tell(*t, {tag, p->id, mfa_tuple(h, mfa, Term::small(int64_t(mfa.arity))), value, atoms::true_, flags}, p);
}
} // namespace

void return_event(Process *p, const Mfa &mfa, Term packed, Term value) {
  tell_return(p, atoms::return_from, mfa, packed, value);
}
void exception_event(Process *p, const Mfa &mfa, Term packed, Term cls, Term value) {
  FragmentHeap h(3);
  tell_return(p, atoms::exception_from, mfa, packed, make_tuple(h, cls, value));
}

void return_to_event(Process *p, const Instr *to) {
  if (!traced(p, flag::ReturnTo) || !wanted(p, atoms::call)) return;
  CodeLocation l = to ? code_lookup(to, true) : CodeLocation{};
  FragmentHeap h(4);
  tell(p, atoms::return_to,
       l.function ? mfa_tuple(h, l.function->mfa, Term::small(int64_t(l.function->mfa.arity))) : atoms::undefined);
}
} // namespace joist::runtime::trace
