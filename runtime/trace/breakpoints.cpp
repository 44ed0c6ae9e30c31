#include "runtime/trace/breakpoints.h"
#include "runtime/atom/atom.h"
#include "runtime/mem/alloc.h"
#include "runtime/sched/progress.h"
#include "runtime/trace/call_stats.h"

#include <new>
#include <unordered_map>

namespace joist::runtime::trace {
BreakpointCode breakpoint_code;
void (*breakpoint_added)(FuncInfo *f) = nullptr;
void (*breakpoint_removed)(FuncInfo *f) = nullptr;

Breakpoint::Breakpoint(const Breakpoint &o)
    : kinds(o.kinds), original(o.original), target(o.target), program(o.program), meta_program(o.meta_program),
      meta(o.meta), meta_gone(o.meta_gone.load()), stats(o.stats) {
  if (program) bin_ref(program);
  if (meta_program) bin_ref(meta_program);
}
Breakpoint::~Breakpoint() {
  if (program) bin_unref(program);
  if (meta_program) bin_unref(meta_program);
}

namespace {
using Switch = CallPattern::Switch;

struct Stub {
  FuncInfo info;
  Word code[2];
};
// By export; guarded by CodeWriter.
std::unordered_map<const Export *, Stub *> &stubs() {
  static auto *table = new std::unordered_map<const Export *, Stub *>;
  return *table;
}
DefaultPattern &on_load() { // guarded by CodeWriter
  static auto *d = new DefaultPattern;
  return *d;
}

std::atomic_ref<uint32_t> handler_of(FuncInfo *f) {
  return std::atomic_ref(*reinterpret_cast<uint32_t *>(const_cast<Instr *>(f->entry())));
}
void put_program(ets::MatchProgramRef *&slot, ets::MatchProgramRef *m) {
  if (m) bin_ref(m);
  if (slot) bin_unref(slot);
  slot = m;
}

// Takes over `next`; null or without kinds: the breakpoint goes.
void publish(FuncInfo *f, Breakpoint *next) {
  if (next && !next->kinds) {
    delete next;
    next = nullptr;
  }
  auto *before = const_cast<Breakpoint *>(breakpoint_of(f));
  if (!before && !next) return;
  std::atomic_ref slot(f->breakpoint);
  if (!before && breakpoint_added) breakpoint_added(f);
  if (next) {
    if (!before && !next->target) next->original = handler_of(f).load(std::memory_order_relaxed);
    slot.store(next, std::memory_order_release);
    if (!before && !next->target) handler_of(f).store(breakpoint_code.breakpoint, std::memory_order_release);
  } else {
    if (!before->target) handler_of(f).store(before->original, std::memory_order_release);
    slot.store(nullptr, std::memory_order_release);
    if (breakpoint_removed) breakpoint_removed(f);
  }
  if (before) progress::later([](void *b) { delete static_cast<Breakpoint *>(b); }, before);
}

Breakpoint *copy_of(FuncInfo *f) {
  const Breakpoint *b = breakpoint_of(f);
  return b ? new Breakpoint(*b) : new Breakpoint;
}

void set_breaks(FuncInfo *f, const CallPattern &p) {
  bool fresh = p.on == Switch::On;
  Breakpoint *b = copy_of(f);
  b->kinds &= ~kind::Global;
  if (p.local && fresh) {
    b->kinds |= kind::Local;
    put_program(b->program, p.program);
  }
  if (p.meta && fresh) {
    b->kinds |= kind::Meta;
    put_program(b->meta_program, p.meta_program);
    b->meta = p.meta_tracer;
    b->meta_gone = false;
  }
  if (!b->stats && (p.call_count || p.call_time)) b->stats = call_stats(f->mfa);
  auto counter = [&](uint32_t have, uint32_t active, bool times) {
    if (!(b->kinds & have) && !fresh) return;
    b->kinds |= have;
    if (p.on == Switch::Pause) {
      b->kinds &= ~active;
      return;
    }
    b->kinds |= active;
    if (times) call_time_clear(b->stats);
    else b->stats->calls.store(0, std::memory_order_relaxed);
  };
  if (p.call_count) counter(kind::Count, kind::CountActive, false);
  if (p.call_time) counter(kind::Time, kind::TimeActive, true);
  publish(f, b);
}

void clear_breaks(FuncInfo *f, const CallPattern &p) {
  if (!breakpoint_of(f)) return;
  Breakpoint *b = copy_of(f);
  if (p.local) {
    b->kinds &= ~kind::Local;
    put_program(b->program, nullptr);
  }
  if (p.meta) {
    b->kinds &= ~kind::Meta;
    put_program(b->meta_program, nullptr);
    b->meta.reset();
  }
  if (p.call_count) b->kinds &= ~(kind::Count | kind::CountActive);
  if (p.call_time) b->kinds &= ~(kind::Time | kind::TimeActive);
  publish(f, b);
}

void bif_traced(Export *x) { x->bif_traced.store(breakpoint_of(&x->info) != nullptr, std::memory_order_relaxed); }

Stub *stub_of(Export *x) {
  Stub *&s = stubs()[x];
  if (!s) {
    s = new (low_alloc(sizeof(Stub))) Stub{};
    s->info.op = breakpoint_code.func_info;
    s->info.native = breakpoint_code.native;
    s->info.mfa = x->info.mfa;
    for (Word &w : s->code) w = breakpoint_code.stub;
  }
  return s;
}

// kind: Global, with a program or null, or Save. target: the code that the export is about to get; null: what it has.
void export_on(Export *x, uint32_t kind, ets::MatchProgramRef *program, const Instr *target) {
  FuncInfo *f = x->bif ? &x->info : &stub_of(x)->info;
  const Breakpoint *before = breakpoint_of(f);
  if (kind == kind::Save && before && (before->kinds & kind::Save)) return;
  auto *b = new Breakpoint;
  if (before) b->original = before->original;
  b->kinds = before ? before->kinds & kind::Save : 0;
  if (kind == kind::Save && before) {
    b->kinds = before->kinds;
    program = before->program;
    put_program(b->meta_program, before->meta_program);
    b->meta = before->meta;
    b->meta_gone = before->meta_gone.load();
    b->stats = before->stats;
  }
  b->kinds |= kind;
  put_program(b->program, program);
  if (!x->bif) b->target = target ? target : before ? before->target : export_entry(x);
  publish(f, b);
  if (x->bif) bif_traced(x);
  else if (!before || target) stage_export(x, f->entry());
}
void global_on(Export *x, const CallPattern &p) { export_on(x, kind::Global, p.program, nullptr); }

// Only calls that are saved are left, or (all) nothing. staged: the export gets another entry anyway.
void global_off(Export *x, bool staged, bool all = false) {
  auto save_only = [&](FuncInfo *f) {
    Breakpoint *b = nullptr;
    if (const Breakpoint *old = breakpoint_of(f); !all && (old->kinds & kind::Save)) {
      b = new Breakpoint;
      b->kinds = kind::Save;
      b->original = old->original;
      b->target = old->target;
    }
    publish(f, b);
    return b != nullptr;
  };
  if (x->bif) {
    const Breakpoint *b = breakpoint_of(&x->info);
    if (b && (b->kinds & kind::Global)) save_only(&x->info);
    bif_traced(x);
    return;
  }
  auto it = stubs().find(x);
  if (it == stubs().end()) return;
  FuncInfo *f = &it->second->info;
  const Breakpoint *b = breakpoint_of(f);
  if (!b) return;
  const Instr *target = b->target;
  if (save_only(f)) return;
  if (!staged) stage_export(x, target);
}

void save_off(Export *x) {
  FuncInfo *f = nullptr;
  if (x->bif) f = &x->info;
  else if (auto it = stubs().find(x); it != stubs().end()) f = &it->second->info;
  const Breakpoint *b = f ? breakpoint_of(f) : nullptr;
  if (!b || !(b->kinds & kind::Save)) return;
  if (b->kinds == kind::Save && !x->bif) return global_off(x, false, true);
  Breakpoint *next = copy_of(f);
  next->kinds &= ~kind::Save;
  publish(f, next);
  if (x->bif) bif_traced(x);
}
bool saving = false; // guarded by CodeWriter

bool matches(const FunctionSpec &s, const Mfa &f) {
  return (s.specified < 1 || s.module == f.module) && (s.specified < 2 || s.function == f.function) &&
         (s.specified < 3 || s.arity == f.arity);
}

void change_function(FuncInfo *f, const CallPattern &p) {
  if (p.on == Switch::Off) clear_breaks(f, p);
  else if (!p.breakpoint) publish(f, nullptr);
  else set_breaks(f, p);
}

// f in a module, and if it is built in, its export.
void change_body(FuncInfo *f, const CallPattern &p) {
  change_function(f, p);
  Export *x = export_find(f->mfa.module, f->mfa.function, f->mfa.arity);
  if (!x || !x->bif) return;
  if (p.breakpoint) change_function(&x->info, p);
  bif_traced(x);
}

void change_export(Export *x, const CallPattern &p) {
  if (p.on != Switch::Off && !p.breakpoint) global_on(x, p);
  else if (p.on != Switch::Off || !p.breakpoint) global_off(x, false);
}

int64_t apply_staged(const FunctionSpec &f, const CallPattern &p) {
  struct Context {
    const FunctionSpec &f;
    const CallPattern &p;
    int64_t exports = 0, functions = 0;
  } c{f, p};
  auto one_export = [](Export *x, void *arg) {
    auto &c = *static_cast<Context *>(arg);
    if (x->mfa().module.is_none() || !matches(c.f, x->mfa()) || !export_has_code(x)) return;
    c.exports++;
    change_export(x, c.p);
  };
  if (f.specified == 3) {
    if (Export *x = export_find(f.module, f.function, f.arity)) one_export(x, &c);
  } else {
    exports_each(one_export, &c);
  }
  auto one_module = [](Module *m, void *arg) {
    auto &c = *static_cast<Context *>(arg);
    ModuleCode *code = m->current;
    if (!code) return;
    for (FuncInfo *fi : code->functions)
      if (matches(c.f, fi->mfa)) {
        c.functions++;
        change_body(fi, c.p);
      }
  };
  if (f.specified) {
    if (Module *m = module_find(f.module)) one_module(m, &c);
  } else {
    modules_each(one_module, &c);
  }
  return p.breakpoint ? c.functions : c.exports;
}
} // namespace

int64_t pattern_apply(const FunctionSpec &f, const CallPattern &p) {
  CodeWriter writer;
  staging_begin();
  int64_t n = apply_staged(f, p);
  staging_commit();
  return n;
}

DefaultPattern default_pattern() {
  CodeWriter writer;
  return on_load();
}

void default_pattern_change(const CallPattern &p) {
  CodeWriter writer;
  DefaultPattern &d = on_load();
  bool on = p.on != Switch::Off, count = p.on == Switch::On;
  if (p.local || !p.breakpoint) put_program(d.program, p.program);
  if (p.meta) {
    put_program(d.meta_program, p.meta_program);
    d.meta_tracer = p.meta_tracer;
  } else if (!p.breakpoint) {
    put_program(d.meta_program, nullptr);
    d.meta_tracer.reset();
  }
  if (d.breakpoint && p.breakpoint) {
    auto change = [on](bool &slot, bool flag, bool counts) { slot = on ? slot || (flag && counts) : slot && !flag; };
    change(d.local, p.local, true);
    change(d.meta, p.meta, true);
    change(d.call_count, p.call_count, count || !on);
    change(d.call_time, p.call_time, count || !on);
    if (!on) {
      d.breakpoint = d.local || d.meta || d.call_count || d.call_time;
      if (!d.breakpoint) d.on = false;
    }
  } else if (!d.breakpoint && !p.breakpoint) {
    d.on = on;
  } else if (on) {
    d.local = p.local, d.meta = p.meta;
    d.call_count = p.call_count && count, d.call_time = p.call_time && count;
    d.breakpoint = d.local || d.meta || d.call_count || d.call_time;
    d.on = !p.breakpoint || d.breakpoint;
  }
}

namespace {
void clear_functions(ModuleCode *code) {
  for (FuncInfo *f : code->functions)
    if (breakpoint_of(f)) publish(f, nullptr);
}
} // namespace

void code_waits(ModuleCode *current) {
  if (!current) return;
  clear_functions(current);
  if (!stubs().empty())
    for (auto &x : current->exports) global_off(x.e, false);
}

void code_staged(ModuleCode *before, ModuleCode *now) {
  if (before) {
    clear_functions(before);
    if (!stubs().empty())
      for (auto &x : before->exports) global_off(x.e, true, true);
  }
  if (!now) return;
  auto save = [&] {
    if (!saving) return;
    for (auto &x : now->exports)
      if (!x.e->bif) export_on(x.e, kind::Save, nullptr, x.entry);
  };
  const DefaultPattern &d = on_load();
  if (!d.on) return save();
  CallPattern p;
  p.on = Switch::On;
  p.breakpoint = d.breakpoint, p.local = d.local, p.meta = d.meta, p.call_count = d.call_count,
  p.call_time = d.call_time;
  p.program = d.program, p.meta_program = d.meta_program, p.meta_tracer = d.meta_tracer;
  if (p.breakpoint) {
    for (FuncInfo *f : now->functions) change_body(f, p);
  } else {
    for (auto &x : now->exports)
      if (!x.e->bif) export_on(x.e, kind::Global, p.program, x.entry);
  }
  save();
}

void breakpoints_save(const std::atomic<int64_t> &users) {
  CodeWriter writer;
  bool on = users > 0;
  if (on == saving) return;
  saving = on;
  staging_begin();
  exports_each(
      [](Export *x, void *) {
        if (x->mfa().module.is_none() || !export_has_code(x)) return;
        if (saving) export_on(x, kind::Save, nullptr, nullptr);
        else save_off(x);
      },
      nullptr);
  staging_commit();
}

bool function_trace(Term m, Term f, Word arity, FunctionTrace *out) {
  CodeWriter writer;
  Export *x = export_find(m, f, arity);
  if (x) {
    const Breakpoint *b = nullptr;
    if (x->bif) b = breakpoint_of(&x->info);
    else if (auto it = stubs().find(x); it != stubs().end()) b = breakpoint_of(&it->second->info);
    if (b && b->kinds != kind::Save) {
      (b->kinds & kind::Global ? out->global : out->local) = b;
      return true;
    }
  }
  Module *module = module_find(m);
  ModuleCode *code = module ? module->current : nullptr;
  if (!code) return x && x->bif;
  for (FuncInfo *fi : code->functions)
    if (fi->mfa.function == f && fi->mfa.arity == arity) {
      out->local = breakpoint_of(fi);
      return true;
    }
  return false;
}

void breakpoint_original_changed(FuncInfo *f, uint32_t handler) {
  if (!breakpoint_of(f)) {
    handler_of(f).store(handler, std::memory_order_release);
    return;
  }
  Breakpoint *b = copy_of(f);
  b->original = handler;
  publish(f, b);
}

const Instr *return_point(const Process *p) {
  for (const Word *s = p->stack_top; s < p->heap_end; s++) {
    if (!is_header(*s)) continue;
    auto *at = reinterpret_cast<const Instr *>(*s - Word(Tag::Header));
    if (!is_trace_frame(at)) return at;
  }
  return nullptr;
}
} // namespace joist::runtime::trace
