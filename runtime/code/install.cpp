#include "runtime/code/install.h"

#include "runtime/mem/gc.h"
#include "runtime/mem/literal.h"
#include "runtime/proc/process.h"

#include <deque>

namespace joist::runtime {

ModuleCode *(*prepare_code)(const uint8_t *, size_t, Term, std::string *) = nullptr;
bool (*beam_chunk)(std::string_view, std::string_view, std::string *, std::string_view *) = nullptr;
bool (*beam_md5)(std::string_view, uint8_t *) = nullptr;
void (*literal_area_notify)() = nullptr;

std::vector<Term> &preloaded_modules() {
  static std::vector<Term> names;
  return names;
}

namespace {

// Publishes what others call: to be done between staging_begin and staging_commit.
void stage(Module *m, ModuleCode *code) {
  if (m->current)
    for (auto &x : m->current->exports) stage_no_code(x.e);
  // A built-in function stays what it is: the module has a body of the same name for the sake of its export list.
  for (auto &x : code->exports)
    if (!x.e->bif) stage_export(x.e, x.entry);
  for (auto &l : code->lambdas) l.f->entry.store(l.entry, std::memory_order_release);
  if (m->current) m->old = m->current;
  m->current = code;
}

bool inside(const ModuleCode *code, const void *at) {
  auto *w = static_cast<const Word *>(at);
  return w >= code->start && w < code->end;
}

std::mutex areas_lock;
std::deque<LiteralArea *> retired;
LiteralArea *releasing = nullptr;

} // namespace

void prepared_code_free(ModuleCode *code) {
  if (!code) return;
  literal_area_free(code->literals);
  code->literals = nullptr;
  module_code_free(code);
}

bool install_code(const std::vector<ModuleCode *> &codes, std::vector<Term> *not_purged) {
  CodeWriter writer;
  for (auto *c : codes) {
    Module *m = module_find(c->module);
    if (m && m->current && m->old) not_purged->push_back(c->module);
  }
  if (!not_purged->empty()) return false;
  staging_begin();
  for (auto *c : codes) {
    code_ranges_add(c);
    Module *m = module_get_or_put(c->module);
    if (c->on_load)
      m->loading = c;
    else
      stage(m, c);
  }
  staging_commit();
  return true;
}

bool finish_on_load(Term name, bool keep) {
  CodeWriter writer;
  Module *m = module_find(name);
  if (!m || !m->loading) return false;
  ModuleCode *code = m->loading;
  m->loading = nullptr;
  if (keep) {
    staging_begin();
    stage(m, code);
    staging_commit();
  } else {
    // Processes that on_load started may execute it: it becomes old code, purged like any other.
    if (!m->old) {
      m->old = code;
    } else {
      code_ranges_remove(code);
      literal_area_retire(code->literals);
      code->literals = nullptr;
      module_code_free(code);
    }
  }
  return true;
}

bool delete_code(Term name, bool *has_old) {
  CodeWriter writer;
  *has_old = false;
  Module *m = module_find(name);
  if (!m || !m->current) {
    return false;
  }
  if (m->old) {
    *has_old = true;
    return false;
  }
  staging_begin();
  for (auto &x : m->current->exports) stage_no_code(x.e);
  m->old = m->current;
  m->current = nullptr;
  staging_commit();
  return true;
}

bool purge_prepare(Term name, bool) {
  CodeWriter writer;
  Module *m = module_find(name);
  if (!m || !m->old) return false;
  m->purging = true;
  // Funs that still point into the old generation go to error_handler from now on.
  for (auto &l : m->old->lambdas) {
    const Instr *expected = l.entry;
    l.f->entry.compare_exchange_strong(expected, code_hooks.lambda_not_loaded);
  }
  return true;
}

void purge_abort(Term name) {
  CodeWriter writer;
  Module *m = module_find(name);
  if (!m || !m->purging) return;
  m->purging = false;
  if (!m->old) return;
  for (auto &l : m->old->lambdas) {
    const Instr *expected = code_hooks.lambda_not_loaded;
    l.f->entry.compare_exchange_strong(expected, l.entry);
  }
}

bool purge_complete(Term name) {
  CodeWriter writer;
  Module *m = module_find(name);
  if (!m || !m->purging) return false;
  m->purging = false;
  ModuleCode *old = m->old;
  m->old = nullptr;
  if (!old) return true;
  code_ranges_remove(old);
  literal_area_retire(old->literals);
  old->literals = nullptr;
  module_code_free(old);
  return true;
}

bool process_uses_old_code(Process *p, Term name, const Term *x, unsigned live) {
  (void)x;
  (void)live;
  Module *m = module_find(name);
  const ModuleCode *old = m ? m->old : nullptr;
  if (!old) return false;
  if (inside(old, p->pc)) return true;
  for (Word *s = p->stack_top; s < p->heap_end; s++) {
    if (is_header(*s) && inside(old, reinterpret_cast<const void *>(*s - Word(Tag::Header)))) return true;
    Term t(*s);
    if (t.is_catch() && inside(old, reinterpret_cast<const void *>(t.imm_payload()))) return true;
  }
  return false;
}

void literal_area_retire(LiteralArea *area) {
  if (!area) return;
  {
    std::lock_guard guard(areas_lock);
    retired.push_back(area);
  }
  if (literal_area_notify) literal_area_notify();
}

bool literal_area_switch() {
  LiteralArea *done;
  bool more;
  {
    std::lock_guard guard(areas_lock);
    done = releasing;
    releasing = nullptr;
    if (!retired.empty()) {
      releasing = retired.front();
      retired.pop_front();
    }
    more = releasing != nullptr;
  }
  literal_area_free(done);
  return more;
}

const LiteralArea *literal_area_being_released() {
  std::lock_guard guard(areas_lock);
  return releasing;
}

} // namespace joist::runtime
