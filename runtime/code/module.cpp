// The tables of modules and of fun entries.
#include "runtime/code/registry.h"
#include "runtime/mem/alloc.h"

#include <map>
#include <new>
#include <shared_mutex>
#include <tuple>
#include <unordered_map>

namespace joist::runtime {
namespace {

std::shared_mutex modules_lock;
std::unordered_map<Word, Module *> &modules() {
  static auto *table = new std::unordered_map<Word, Module *>;
  return *table;
}

struct FunKey {
  Word module;
  uint32_t index, old_uniq;
  uint8_t uniq[16];
  bool operator<(const FunKey &o) const {
    if (auto a = std::tie(module, index, old_uniq), b = std::tie(o.module, o.index, o.old_uniq); a != b) return a < b;
    return memcmp(uniq, o.uniq, 16) < 0;
  }
};
std::mutex funs_lock;
std::map<FunKey, FunEntry *> &funs() {
  static auto *table = new std::map<FunKey, FunEntry *>;
  return *table;
}

} // namespace

Module *module_find(Term name) {
  std::shared_lock guard(modules_lock);
  auto it = modules().find(name.raw());
  return it == modules().end() ? nullptr : it->second;
}

Module *module_get_or_put(Term name) {
  if (Module *m = module_find(name)) return m;
  std::unique_lock guard(modules_lock);
  Module *&m = modules()[name.raw()];
  if (!m) {
    m = new Module;
    m->name = name;
  }
  return m;
}

void modules_each(void (*f)(Module *, void *), void *arg) {
  std::shared_lock guard(modules_lock);
  for (auto &[name, m] : modules()) f(m, arg);
}

std::vector<Term> modules_loaded() {
  std::vector<Term> out;
  std::shared_lock guard(modules_lock);
  for (auto &[name, m] : modules())
    if (m->current) out.push_back(m->name);
  return out;
}

FunEntry *fun_entry_get_or_put(Term module, uint32_t old_uniq, uint32_t index, const uint8_t uniq[16], uint32_t arity,
                               uint32_t free_count) {
  FunKey key{module.raw(), index, old_uniq, {}};
  memcpy(key.uniq, uniq, 16);
  std::lock_guard guard(funs_lock);
  FunEntry *&f = funs()[key];
  if (!f) {
    f = new (low_alloc(sizeof(FunEntry))) FunEntry; // instructions refer to it in 32 bits
    f->module = module;
    f->index = index;
    f->old_uniq = old_uniq;
    memcpy(f->uniq, uniq, 16);
    f->arity = arity;
    f->free_count = free_count;
    f->function = Term::none();
    f->entry.store(code_hooks.lambda_not_loaded, std::memory_order_release);
  }
  return f;
}

void fun_entries_each(void (*f)(FunEntry *, void *), void *arg) {
  std::lock_guard guard(funs_lock);
  for (auto &[key, entry] : funs()) f(entry, arg);
}

} // namespace joist::runtime
