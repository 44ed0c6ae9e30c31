#include "runtime/code/install.h"

#include "runtime/code/hot.h"
#include "runtime/code/literal_release.h"
#include "runtime/mem/literal.h"
#include "runtime/nif/library.h"
#include "runtime/proc/process.h"
#include "runtime/sched/dirty.h"
#include "runtime/trace/breakpoints.h"

namespace joist::runtime {

ModuleCode *(*prepare_code)(const uint8_t *, size_t, Term, std::string *) = nullptr;
bool (*beam_chunk)(std::string_view, std::string_view, std::string_view *) = nullptr;
bool (*beam_md5)(std::string_view, uint8_t *) = nullptr;
void (*code_nif_unload)(void *) = nullptr;
int32_t (*code_sampled)(const Instr *, const Word *) = nullptr;
void (*code_released)(const ModuleCode *) = nullptr;
void (*tier_report)(TierReport *) = nullptr;

std::vector<Term> &preloaded_modules() {
  static std::vector<Term> names;
  return names;
}

namespace {

// The purge under way; guarded by CodeWriter, but `module` is read by anybody.
struct Purge {
  std::atomic<Word> module{Term::none().raw()};
  std::atomic<uint64_t> ended{0};  // how many have been aborted or completed
  ModuleCode *saved_old = nullptr; // stands aside while a failed on_load generation is purged in its place
  bool is(Term name) const { return module.load(std::memory_order_acquire) == name.raw(); }
  void end() { // counted first: who no longer sees the module sees that it has ended
    ended.fetch_add(1, std::memory_order_seq_cst);
    module.store(Term::none().raw(), std::memory_order_seq_cst);
  }
};
Purge purge;

void publish_funs(ModuleCode *code) {
  for (auto &l : code->lambdas) l.f->entry.store(l.entry, std::memory_order_release);
}

// Publishes what others call: to be done between staging_begin and staging_commit.
void stage(Module *m, ModuleCode *code) {
  if (m->current)
    for (auto &x : m->current->exports) stage_no_code(x.e);
  // A built-in function stays what it is: the module has a body of the same name for the sake of its export list.
  for (auto &x : code->exports)
    if (!x.e->bif) stage_export(x.e, x.entry);
  trace::code_staged(m->current, code);
  if (m->current) m->old = m->current;
  m->current = code;
}

bool inside(const ModuleCode *code, const void *at) {
  auto *w = static_cast<const Word *>(at);
  return w >= code->start && w < code->end;
}

// Nobody refers to the generation but readers of the tables.
void release_code(ModuleCode *code) {
  if (code_released) code_released(code);
  code_ranges_remove(code);
  if (code->nif && code_nif_unload) code_nif_unload(code->nif);
  literal_area_retire(code->literals);
  code->literals = nullptr;
  module_code_free(code);
}

} // namespace

void prepared_code_free(ModuleCode *code) {
  if (!code) return;
  if (code_released) code_released(code);
  literal_area_free(code->literals);
  code->literals = nullptr;
  module_code_free(code);
}

bool install_code(const std::vector<ModuleCode *> &codes, std::vector<Term> *not_purged) {
  CodeWriter writer;
  for (auto *c : codes) {
    Module *m = module_find(c->module);
    if (m && ((m->current && m->old) || m->loading)) not_purged->push_back(c->module);
  }
  if (!not_purged->empty()) return false;
  staging_begin();
  for (auto *c : codes) {
    for (auto &x : c->exports) export_order(x.e);
    for (Export *e : c->imports) export_order(e);
    c->imports = {};
    code_ranges_add(c);
    Module *m = module_get_or_put(c->module);
    publish_funs(c);
    if (c->on_load) {
      m->loading = c;
      trace::code_waits(m->current);
    } else {
      stage(m, c);
    }
  }
  staging_commit();
  return true;
}

bool finish_on_load(Term name, bool keep) {
  CodeWriter writer;
  Module *m = module_find(name);
  ModuleCode *code = m ? m->loading : nullptr;
  if (!code || !code->on_load) return false;
  code->on_load = nullptr;
  if (!keep) return true;
  m->loading = nullptr;
  staging_begin();
  stage(m, code);
  staging_commit();
  return true;
}

Deleted delete_code(Term name) {
  CodeWriter writer;
  Module *m = module_find(name);
  if (!m) return Deleted::NotLoaded;
  if (m->old) return Deleted::HasOld;
  if (!m->current) return Deleted::Ok;
  staging_begin();
  for (auto &x : m->current->exports) stage_no_code(x.e);
  trace::code_staged(m->current, nullptr);
  m->old = m->current;
  m->current = nullptr;
  staging_commit();
  return Deleted::Ok;
}

Prepared purge_prepare(Term name, Prepare what) {
  CodeWriter writer;
  if (!purge.is(Term::none())) return Prepared::Busy;
  Module *m = module_find(name);
  if (!m) return Prepared::NoCode;
  if (what == Prepare::OnLoad && m->loading) {
    purge.saved_old = m->old;
    m->old = m->loading;
    m->loading = nullptr;
  }
  if (!m->old) return Prepared::NoCode;
  purge.module.store(name.raw(), std::memory_order_release);
  // Only funs that still lead into this generation: the same module may have been loaded again.
  for (auto &l : m->old->lambdas) {
    const Instr *expected = l.entry;
    l.f->entry.compare_exchange_strong(expected, code_hooks.lambda_not_loaded);
  }
  return Prepared::Yes;
}

bool purge_abort(Term name) {
  CodeWriter writer;
  if (name.is_none() || !purge.is(name)) return false;
  Module *m = module_find(name);
  if (m->old)
    for (auto &l : m->old->lambdas) {
      const Instr *expected = code_hooks.lambda_not_loaded;
      l.f->entry.compare_exchange_strong(expected, l.entry);
    }
  purge.end();
  return true;
}

bool purge_complete(Term name, bool *purged) {
  CodeWriter writer;
  if (name.is_none() || !purge.is(name)) return false;
  Module *m = module_find(name);
  ModuleCode *code = m->old;
  *purged = code != nullptr;
  m->old = purge.saved_old;
  purge.saved_old = nullptr;
  purge.end();
  if (code) release_code(code);
  return true;
}

bool purge_pending(Term module) { return purge.is(module); }
uint64_t purges_ended() { return purge.ended.load(std::memory_order_seq_cst); }

bool process_uses_old_code(Process *p, Term name) {
  Module *m = module_find(name);
  const ModuleCode *old = m ? m->old : nullptr;
  if (!old) return false;
  if (inside(old, p->pc)) return true;
  // A native function of its library waits to be called or is executed: the caller's return address does not tell.
  if (const DirtyCall *d = p->dirty) {
    if (inside(old, d->mfa)) return true;
    if (old->nif && !d->nif->fn && static_cast<const LibraryNif *>(d->nif)->library == old->nif) return true;
  }
  for (Word *s = p->stack_top; s < p->heap_end; s++) {
    if (is_header(*s) && inside(old, reinterpret_cast<const void *>(*s - Word(Tag::Header)))) return true;
    Term t(*s);
    if (t.is_catch() && inside(old, reinterpret_cast<const void *>(t.imm_payload()))) return true;
  }
  // What it executed last, for process_info, may have been of that module.
  if (p->state.load(std::memory_order_relaxed) & pstate::DirtyQueued) return false; // not ours then (sched/dirty.h)
  if (p->current && inside(old, p->current)) p->current = nullptr;
  return false;
}

} // namespace joist::runtime
