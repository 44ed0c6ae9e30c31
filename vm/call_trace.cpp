#include "vm/call_trace.h"
#include "runtime/trace/call_stats.h"
#include "runtime/trace/saved_calls.h"
#include "vm/vm.h"

namespace joist::vm {
namespace tr = rt::trace;
namespace {
constexpr Word kMostFrameWords = 16; // two frames with tracer, return_to, time

// Is the innermost frame one of tracing; and is there one of return_to among those on top?
bool trace_frames_on_top(const Process *p, bool *return_to) {
  const Word *s = p->stack_top;
  bool any = false;
  while (s < p->heap_end && is_trace_return(*s)) {
    any = true;
    const Instr *at = return_target(*s++);
    if (at == fixed.trace_return_to) {
      *return_to = true;
      break;
    }
    s += at == fixed.trace_return_time ? 1 : 4;
  }
  return any;
}

// Room for frames; x[0..live) may move. False: killed.
bool room(Machine *m, unsigned live) {
  Process *p = m->p;
  if (p->stack_top - p->heap.top >= int64_t(kMostFrameWords + kStackMargin) && !gc_stress) return true;
  return collect(m, kMostFrameWords + kStackMargin, live);
}

void push(Process *p, Word w) { *--p->stack_top = w; }

// Is this a built-in function that goes on after having yielded? It has its frames already.
bool continues(const Process *p, const Mfa &f) {
  const Word *s = p->stack_top;
  if (s >= p->heap_end || !is_trace_return(*s)) return false;
  const Instr *at = return_target(*s);
  if (at != fixed.trace_return && at != fixed.trace_exception) return false;
  if (Term(s[1]) != f.module || Term(s[2]) != f.function || Word(Term(s[3]).small_value()) != f.arity) return false;
  const Export *x = export_find(f.module, f.function, f.arity);
  return x && x->bif;
}

// Pushes what the outcome asks for. meta: null, or whose tracer the frame is to name. False: killed.
bool push_frames(Machine *m, const Mfa &mfa, const tr::Outcome &o, const tr::Tracer *meta) {
  Process *p = m->p;
  bool has_return_to = false;
  trace_frames_on_top(p, &has_return_to);
  bool return_to = o.return_to && !has_return_to;
  if (!return_to && !o.return_trace && !o.exception_trace) return true;
  m->x[mfa.arity] = meta ? tr::tracer_pack(meta, p->heap) : atoms::true_;
  if (!room(m, unsigned(mfa.arity) + 1)) return false;
  if (return_to) push(p, return_word(fixed.trace_return_to));
  if (o.return_trace || o.exception_trace) {
    push(p, m->x[mfa.arity].raw());
    push(p, Term::small(int64_t(mfa.arity)).raw());
    push(p, mfa.function.raw());
    push(p, mfa.module.raw());
    push(p, return_word(o.exception_trace ? fixed.trace_exception : fixed.trace_return));
  }
  p->trace_flags.fetch_or(tr::flag::Frames, std::memory_order_relaxed);
  p->sync_limit();
  return true;
}

bool timed(Machine *m, const Mfa &mfa, tr::CallStats *stats) {
  Process *p = m->p;
  tr::CallTime *before = tr::call_time_enter(p, stats);
  bool ignored = false;
  if (trace_frames_on_top(p, &ignored)) return true;
  if (!room(m, unsigned(mfa.arity))) return false;
  push(p, Term::small(int64_t(reinterpret_cast<Word>(before) / 8)).raw());
  push(p, return_word(fixed.trace_return_time));
  p->sync_limit();
  return true;
}

// False: the process was killed by a collection.
bool call(Machine *m, const Mfa &mfa, const tr::Breakpoint &b) {
  Process *p = m->p;
  uint32_t kinds = b.kinds;
  if (!tr::traced(p, tr::flag::Calls)) kinds &= tr::kind::Meta | tr::kind::CountActive | tr::kind::Save;
  if ((kinds & tr::kind::Save) && tr::traced(p, tr::flag::SaveCalls)) tr::save_call(p, mfa);
  const bool framed = continues(p, mfa);
  if (kinds & (tr::kind::Local | tr::kind::Global)) {
    tr::Outcome o = tr::call_event(p, mfa, m->x, kinds & tr::kind::Local, b.program, nullptr);
    if (!framed && !push_frames(m, mfa, o, nullptr)) return false;
  }
  if (kinds & tr::kind::Meta) {
    tr::Outcome o = tr::call_event(p, mfa, m->x, true, b.meta_program, &b);
    if (!framed && !push_frames(m, mfa, o, b.meta.get())) return false;
  }
  if (kinds & tr::kind::CountActive) b.stats->calls.fetch_add(1, std::memory_order_relaxed);
  if ((kinds & tr::kind::TimeActive) && tr::tracer_alive(p) && !timed(m, mfa, b.stats)) return false;
  return true;
}
} // namespace

Handler breakpoint_hit(Machine *m, const Instr *pc) {
  FuncInfo *f = FuncInfo::of(pc);
  const tr::Breakpoint *b = tr::breakpoint_of(f);
  if (!b) return handler_at(pc); // removed just now
  m->p->pc = pc;
  uint32_t original = b->original;
  if (!call(m, f->mfa, *b)) {
    leave_killed(m);
    return nullptr;
  }
  return reinterpret_cast<Handler>(Word(original));
}

Handler handler_past_breakpoint(const Instr *pc) {
  Handler to = handler_at(pc);
  if (uint32_t(reinterpret_cast<Word>(to)) != tr::breakpoint_code.breakpoint) return to;
  const tr::Breakpoint *b = tr::breakpoint_of(FuncInfo::of(pc));
  return b ? reinterpret_cast<Handler>(Word(b->original)) : handler_at(pc);
}

const Instr *stub_hit(Machine *m, const Instr *pc) {
  FuncInfo *f = FuncInfo::of(pc);
  const tr::Breakpoint *b = tr::breakpoint_of(f);
  if (!b) {
    const Export *x = export_find(f->mfa.module, f->mfa.function, f->mfa.arity);
    return export_entry(x);
  }
  const Instr *target = b->target;
  m->p->pc = pc;
  if (!call(m, f->mfa, *b)) {
    leave_killed(m);
    return nullptr;
  }
  return target;
}

void trace_unwinding(Process *p, const Word *until, Term cls, Term value) {
  if (!until) until = p->heap_end;
  for (const Word *s = p->stack_top; s < until; s++) {
    if (!is_trace_return(*s) || return_target(*s) != fixed.trace_exception) continue;
    Mfa mfa{Term(s[1]), Term(s[2]), Word(Term(s[3]).small_value())};
    tr::exception_event(p, mfa, Term(s[4]), cls, value);
  }
}
} // namespace joist::vm
