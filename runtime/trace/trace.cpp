#include "runtime/trace/trace.h"
#include "runtime/atom/atom.h"
#include "runtime/code/code.h"
#include "runtime/dist/node.h"
#include "runtime/ets/match_program.h"
#include "runtime/mem/copy.h"
#include "runtime/proc/backtrace.h"
#include "runtime/proc/info.h"
#include "runtime/sched/progress.h"
#include "runtime/term/ref.h"
#include "runtime/trace/breakpoints.h"
#include "runtime/trace/saved_calls.h"
#include "runtime/trace/told.h"

namespace joist::runtime {
ProcessTrace &process_trace(Process *p) {
  if (ProcessTrace *t = process_trace_of(p)) return *t;
  auto *made = new ProcessTrace;
  ProcessTrace *before = nullptr; // a dirty thread and who handles signals beside it may both have come here
  if (p->tracing.compare_exchange_strong(before, made, std::memory_order_acq_rel, std::memory_order_acquire))
    return *made;
  delete made;
  return *before;
}

namespace trace {
std::atomic<uint32_t> default_flags[2];
std::atomic<bool> receive_pattern{false};

namespace {
std::mutex defaults_lock;
Default defaults[2];

// Lets go of a tracer that another thread could be reading.
void release_later(const TracerRef *t) {
  if (t) progress::later([](void *p) { delete static_cast<const TracerRef *>(p); }, const_cast<TracerRef *>(t));
}

struct Pattern {
  std::atomic<bool> on{true};
  std::atomic<ets::MatchProgramRef *> program{nullptr};
};
Pattern patterns[2]; // send, receive

// Result of the event's match specification: none if the event is not wanted. Terms are in h.
Term event_result(Process *p, Pattern &e, const Term *args, unsigned n, Heap &h) {
  if (!e.on.load(std::memory_order_relaxed)) return Term::none();
  ets::MatchProgramRef *m = e.program.load(std::memory_order_acquire);
  if (!m) return atoms::true_;
  ets::MatchRun run;
  run.self = p;
  run.result = &h;
  Term r = match_run_arguments(m->value, args, n, run);
  if (r.is_none() || r == atoms::false_ || traced(p, flag::Silent)) return Term::none();
  return r;
}
} // namespace

TracerRef tracer_of(const Process *p) {
  progress::OnlineScope online;
  const ProcessTrace *t = process_trace_of(p);
  const TracerRef *r = t ? t->tracer.load(std::memory_order_acquire) : nullptr;
  return r ? *r : nullptr;
}

namespace {
void set_tracer(Process *p, TracerRef tracer) {
  if (!tracer && !process_trace_of(p)) return;
  auto &slot = process_trace(p).tracer;
  if (tracer && tracer_of(p) == tracer) return;
  release_later(slot.exchange(tracer ? new TracerRef(std::move(tracer)) : nullptr, std::memory_order_acq_rel));
}
// What is left of its tracer's wishes when the tracer is gone.
void no_longer_traced(Process *p) {
  p->trace_flags.fetch_and(~flag::All, std::memory_order_relaxed);
  set_tracer(p, nullptr);
}
} // namespace

void set(Process *p, uint32_t flags, TracerRef tracer) {
  if (!(flags & flag::All)) tracer.reset();
  p->trace_flags.store(flags, std::memory_order_relaxed);
  set_tracer(p, std::move(tracer));
}

void process_free(Process *p) {
  ProcessTrace *t = process_trace_of(p);
  if (!t) return;
  if (t->timed) call_time_leave(p);
  p->trace_flags.store(0, std::memory_order_relaxed);
  p->tracing.store(nullptr, std::memory_order_relaxed);
  saved_calls_freed(*t);
  progress::later([](void *t) { delete static_cast<ProcessTrace *>(t); }, t);
}

namespace {
bool alive(Process *p, const TracerRef &t) {
  if (!t) return false;
  if (tracer_enabled(*t, atoms::trace_status, p->id, p) != Verdict::Remove) return true;
  if (tracer_of(p) == t) no_longer_traced(p);
  return false;
}
} // namespace
bool tracer_alive(Process *p) { return alive(p, tracer_of(p)); }

bool wanted(Process *p, Term tag) {
  TracerRef t = tracer_of(p);
  if (!alive(p, t)) return false;
  return !t->to.is_none() ? t->to != p->id : tracer_enabled(*t, tag, p->id, p) == Verdict::Trace;
}

void tell(Process *p, Term tag, Term data, Term extra, Term ms_result) {
  TracerRef t = tracer_of(p);
  if (!t || t->to == p->id) return;
  tracer_tell(*t, {tag, p->id, data, extra, ms_result, flags_of(p)}, p);
}

void sent(Process *p, Term to, Term message) {
  FragmentHeap h;
  Term args[] = {to, message};
  Term result = event_result(p, patterns[0], args, 2, h);
  if (result.is_none() || !wanted(p, atoms::send)) return;
  bool nobody =
      to.is_local_pid() ? !process_lookup(to) : is_external_pid(to) && external_node(to)->name == this_node()->name;
  tell(p, nobody ? atoms::send_to_non_existing_process : atoms::send, message, to, result);
}

void received(Process *p, Term message, Term from) {
  FragmentHeap h;
  Term node = from, who = atoms::undefined;
  if (from.is_none()) node = atoms::system;
  else if (is_pid(from))
    who = from, node = from.is_local_pid() ? node_name(this_node()) : node_name(external_node(from));
  Term args[] = {node, who, message};
  Term result = event_result(p, patterns[1], args, 3, h);
  if (!result.is_none() && wanted(p, atoms::receive)) tell(p, atoms::receive, message, Term::none(), result);
}

void spawned(Process *parent, Process *child, Term m, Term f, Term args) {
  if (default_flags[0].load(std::memory_order_relaxed) & flag::All) {
    Default d = default_for(false);
    set(child, d.flags, d.tracer);
  }
  bool links = child->relations && parent && child->relations->link(parent->id);
  if (parent) {
    constexpr uint32_t on_spawn = flag::SetOnSpawn | flag::SetOnFirstSpawn,
                       on_link = flag::SetOnLink | flag::SetOnFirstLink;
    auto inherit = [&](uint32_t first, uint32_t both) {
      uint32_t flags = flags_of(child) | (flags_of(parent) & flag::All);
      if (flags_of(parent) & first) {
        flags &= ~both;
        parent->trace_flags.fetch_and(~both, std::memory_order_relaxed);
      }
      set(child, flags, tracer_of(parent));
    };
    // A sensitive parent hands on what it is traced for, too: the child is sensitive as well.
    if (flags_of(parent) & on_spawn) inherit(flag::SetOnFirstSpawn, on_spawn);
    if (links && (flags_of(parent) & on_link)) inherit(flag::SetOnFirstLink, on_link);
  }
  FragmentHeap h;
  Term mfa = make_tuple(h, m, f, args);
  if (parent && traced(parent, flag::Procs) && wanted(parent, atoms::spawn)) {
    tell(parent, atoms::spawn, child->id, mfa);
    if (links) tell(parent, atoms::link, child->id);
  }
  if (traced(child, flag::Procs) && wanted(child, atoms::spawned)) {
    tell(child, atoms::spawned, parent ? parent->id : atoms::undefined, mfa);
    if (links) tell(child, atoms::getting_linked, parent->id);
  }
}

void linked(Process *p, Term to) {
  if (wanted(p, atoms::link)) tell(p, atoms::link, to);
}
void unlinked(Process *p, Term from) {
  if (wanted(p, atoms::unlink)) tell(p, atoms::unlink, from);
}
void registered(Process *p, Term name, bool on) {
  Term tag = on ? atoms::register_ : atoms::unregister;
  if (wanted(p, tag)) tell(p, tag, name);
}

bool link_send_traced(Process *p, Term to) {
  constexpr uint32_t on_link = flag::SetOnLink | flag::SetOnFirstLink;
  Default inherited{flags_of(p) & flag::All, tracer_of(p)};
  if (inherited.flags & flag::SetOnFirstLink) {
    inherited.flags &= ~on_link;
    p->trace_flags.fetch_and(~on_link, std::memory_order_relaxed);
  }
  Signal *s = signal_new(SignalKind::Link);
  s->from = p->id;
  s->arg = new Default(inherited);
  return signal_send_pid(to, s);
}

void link_signal_drop(Signal *s) {
  delete static_cast<Default *>(s->arg);
  s->arg = nullptr;
}

void got_linked(Process *p, Term from, Signal *s) {
  if (auto *d = static_cast<Default *>(s->arg)) {
    if (!tracer_alive(p)) set(p, flags_of(p) | d->flags, d->tracer);
    link_signal_drop(s);
  }
  if (traced(p, flag::Procs) && wanted(p, atoms::getting_linked)) tell(p, atoms::getting_linked, from);
}

void got_unlinked(Process *p, Term from) {
  if (wanted(p, atoms::getting_unlinked)) tell(p, atoms::getting_unlinked, from);
}

void exited(Process *p, Term reason) {
  if (traced(p, flag::Procs) && wanted(p, atoms::exit)) tell(p, atoms::exit, reason);
  // Beside a dirty thread, whose time it is, that is done when the process is freed.
  if (p->state.load(std::memory_order_relaxed) & pstate::DirtyQueued) return;
  if (ProcessTrace *t = process_trace_of(p); t && t->timed) call_time_leave(p);
}

Term location(const Process *p, Heap &h) {
  if (p->must_exit()) return Term::small(0);
  const FuncInfo *f = code_function(p->pc);
  const Mfa *mfa = f ? &f->mfa : process_not_started(p) ? &p->initial_call : p->current;
  return mfa ? make_tuple(h, mfa->module, mfa->function, Term::small(int64_t(mfa->arity))) : Term::small(0);
}

void scheduled(Process *p, Sched s) {
  if (ProcessTrace *t = process_trace_of(p); t && t->timed) s == Sched::In ? call_time_resume(p) : call_time_pause(p);
  bool exiting = p->must_exit();
  Term tag = s == Sched::In ? (exiting ? atoms::in_exiting : atoms::in) : exiting ? atoms::out_exiting : atoms::out;
  if (!traced(p, exiting ? flag::Exiting : flag::Running | flag::RunningProcs) || !wanted(p, tag)) return;
  FragmentHeap h(8);
  tell(p, tag, location(p, h));
}

void scheduled_out_exited(Process *p) {
  if (wanted(p, atoms::out_exited)) tell(p, atoms::out_exited, Term::small(0));
}

void gc_event(Process *p, Term tag, Word words, Heap *) {
  if (!wanted(p, tag)) return;
  FragmentHeap h;
  Term info = tuple_elements(process_info_item(p, atoms::garbage_collection_info, h, true, false))[1];
  if (tag != atoms::gc_max_heap_size) info = make_cons(h, make_tuple(h, atoms::wordsize, make_uint(h, words)), info);
  tell(p, tag, info);
}

Default default_for(bool ports) {
  std::lock_guard g(defaults_lock);
  Default &d = defaults[ports];
  if (d.tracer && tracer_enabled(*d.tracer, atoms::trace_status, atoms::undefined, nullptr) == Verdict::Remove) {
    d = {};
    default_flags[ports] = 0;
  }
  return d;
}

void default_change(bool ports, bool on, uint32_t flags, const TracerRef &tracer) {
  std::lock_guard g(defaults_lock);
  Default &d = defaults[ports];
  d.flags = on ? d.flags | flags : d.flags & ~flags;
  if (!(d.flags & flag::All)) d.tracer.reset();
  else if (tracer) d.tracer = tracer;
  default_flags[ports] = d.flags;
}

Term event_pattern_info(bool receive, Heap &h) {
  Pattern &e = patterns[receive];
  if (!e.on) return atoms::false_;
  ets::MatchProgramRef *m = e.program.load();
  return m ? copy(m->value.source, h, false) : atoms::true_;
}

void event_pattern_set(bool receive, bool on, BinData *program) {
  Pattern &e = patterns[receive];
  auto *m = static_cast<ets::MatchProgramRef *>(program);
  if (receive) receive_pattern = m != nullptr;
  ets::MatchProgramRef *old = e.program.exchange(m, std::memory_order_acq_rel);
  e.on = on;
  if (old) progress::later([](void *b) { bin_unref(static_cast<BinData *>(b)); }, static_cast<BinData *>(old));
}
} // namespace trace
} // namespace joist::runtime
