// The tables of modules and of fun entries.
#include "runtime/atom/atom.h"
#include "runtime/code/registry.h"
#include "runtime/mem/alloc.h"

#include <map>
#include <new>
#include <tuple>

namespace joist::runtime {
namespace {

// Modules by atom index, in chunks, so that look-ups take no lock.
constexpr uint32_t kChunk = 1024;
struct Chunk {
  std::atomic<Module *> modules[kChunk];
};
std::atomic<std::atomic<Chunk *> *> chunks{nullptr};
std::mutex modules_lock;            // for what follows, and for insertions
std::vector<Module *> &in_order() { // as they were first loaded
  static auto *list = new std::vector<Module *>;
  return *list;
}

struct FunKey {
  Word module;
  uint32_t index, old_uniq;
  uint32_t arity, free_count; // an external fun with made-up ones must not become the module's entry
  uint8_t uniq[16];
  bool operator<(const FunKey &o) const {
    if (auto a = std::tie(module, index, old_uniq, arity, free_count),
        b = std::tie(o.module, o.index, o.old_uniq, o.arity, o.free_count);
        a != b)
      return a < b;
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
  auto *table = chunks.load(std::memory_order_acquire);
  Chunk *c = table ? table[name.atom_index() / kChunk].load(std::memory_order_acquire) : nullptr;
  return c ? c->modules[name.atom_index() % kChunk].load(std::memory_order_acquire) : nullptr;
}

Module *module_get_or_put(Term name) {
  if (Module *m = module_find(name)) return m;
  std::lock_guard guard(modules_lock);
  if (Module *m = module_find(name)) return m;
  auto *table = chunks.load(std::memory_order_relaxed);
  if (!table) {
    table = new std::atomic<Chunk *>[atom::limit() / kChunk + 1]();
    chunks.store(table, std::memory_order_release);
  }
  auto &slot = table[name.atom_index() / kChunk];
  if (!slot.load(std::memory_order_relaxed)) slot.store(new Chunk(), std::memory_order_release);
  auto *m = new Module;
  m->name = name;
  in_order().push_back(m);
  slot.load(std::memory_order_relaxed)->modules[name.atom_index() % kChunk].store(m, std::memory_order_release);
  return m;
}

void modules_each(void (*f)(Module *, void *), void *arg) {
  std::lock_guard guard(modules_lock);
  for (Module *m : in_order()) f(m, arg);
}

std::vector<Term> modules_loaded() {
  std::vector<Term> out;
  std::lock_guard guard(modules_lock);
  for (Module *m : in_order())
    if (m->current || m->old) out.push_back(m->name);
  return out;
}

FunEntry *fun_entry_get_or_put(Term module, uint32_t old_uniq, uint32_t index, const uint8_t uniq[16], uint32_t arity,
                               uint32_t free_count) {
  FunKey key{module.raw(), index, old_uniq, arity, free_count, {}};
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
