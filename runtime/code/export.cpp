// Exports: a hash table of chains. Readers take no lock: a chain only ever grows at its head, and exports are never freed.
#include "runtime/atom/atom.h"
#include "runtime/code/registry.h"
#include "runtime/mem/alloc.h"

#include <new>

namespace joist::runtime {

CodeHooks code_hooks;

namespace {

constexpr size_t kBuckets = 1 << 14;
struct Link {
  Link *next;
  std::atomic<Link *> next_in_order{nullptr};
  bool ordered = false; // guarded by insert_lock
  Export e;
};
std::atomic<Link *> buckets[kBuckets];
std::mutex insert_lock;
std::atomic<Link *> first_in_order{nullptr};
std::atomic<Link *> *end_of_order = &first_in_order; // guarded by insert_lock
std::atomic<size_t> count{0};
std::mutex writer_lock;
// --- guarded by CodeWriter
uint32_t staging_index = 0;                 // meaningful between staging_begin and commit
std::vector<Export *> behind[kCodeIndices]; // exports whose entry of that index is not up to date

size_t bucket_of(Term m, Term f, Word arity) {
  Word h = m.raw() * 0x9e3779b97f4a7c15u ^ f.raw() * 0xc2b2ae3d27d4eb4fu ^ arity * 0x165667b19e3779f9u;
  return (h ^ h >> 29) >> 7 & (kBuckets - 1);
}

Export *find_in(std::atomic<Link *> &bucket, Term m, Term f, Word arity) {
  for (Link *n = bucket.load(std::memory_order_acquire); n; n = n->next)
    if (n->e.info.mfa.module == m && n->e.info.mfa.function == f && n->e.info.mfa.arity == arity) return &n->e;
  return nullptr;
}

void put_in_order(Link *n) {
  if (n->ordered) return;
  n->ordered = true;
  end_of_order->store(n, std::memory_order_release);
  end_of_order = &n->next_in_order;
}
Link *link_of(Export *e) { return reinterpret_cast<Link *>(reinterpret_cast<char *>(e) - offsetof(Link, e)); }

} // namespace

Export *export_find(Term m, Term f, Word arity) { return find_in(buckets[bucket_of(m, f, arity)], m, f, arity); }

Export *export_get_or_put(Term m, Term f, Word arity) {
  if (Export *e = export_find(m, f, arity)) return e;
  Export *e = export_unordered(m, f, arity);
  export_order(e);
  return e;
}

void export_order(Export *e) {
  std::lock_guard guard(insert_lock);
  put_in_order(link_of(e));
}

Export *export_unordered(Term m, Term f, Word arity) {
  auto &bucket = buckets[bucket_of(m, f, arity)];
  if (Export *e = find_in(bucket, m, f, arity)) return e;
  std::lock_guard guard(insert_lock);
  if (Export *e = find_in(bucket, m, f, arity)) return e;
  auto *n = new (low_alloc(sizeof(Link))) Link();
  n->e.info.mfa = {m, f, arity};
  if (code_hooks.init_trampolines) code_hooks.init_trampolines(&n->e);
  for (auto &entry : n->e.entry) entry.store(n->e.trampoline_entry(), std::memory_order_relaxed);
  n->next = bucket.load(std::memory_order_relaxed);
  bucket.store(n, std::memory_order_release);
  count.fetch_add(1, std::memory_order_relaxed);
  return &n->e;
}

bool export_has_code(const Export *e) { return e->bif || export_entry(e) != e->trampoline_entry(); }

size_t export_count() { return count.load(std::memory_order_relaxed); }

void exports_each(void (*f)(Export *, void *), void *arg) {
  for (Link *n = first_in_order.load(std::memory_order_acquire); n;
       n = n->next_in_order.load(std::memory_order_acquire))
    f(&n->e, arg);
}

CodeWriter::CodeWriter() { writer_lock.lock(); }
CodeWriter::~CodeWriter() { writer_lock.unlock(); }

void staging_begin() {
  uint32_t active = active_code_index.load(std::memory_order_relaxed);
  staging_index = (active + 1) % kCodeIndices;
  for (Export *e : behind[staging_index])
    e->entry[staging_index].store(e->entry[active].load(std::memory_order_relaxed), std::memory_order_release);
  behind[staging_index].clear();
}

void stage_export(Export *e, const Instr *entry) {
  e->entry[staging_index].store(entry, std::memory_order_release);
  for (uint32_t i = 0; i < kCodeIndices; i++)
    if (i != staging_index) behind[i].push_back(e);
}
void stage_no_code(Export *e) { stage_export(e, e->trampoline_entry()); }
void staging_commit() { active_code_index.store(staging_index, std::memory_order_release); }

Export *export_of_entry(Export *e, Term module, const Instr *entry) {
  if (!e) {
    e = new (low_alloc(sizeof(Export))) Export;
    e->info.mfa = {module, atoms::on_load, 0};
  }
  for (auto &slot : e->entry) slot.store(entry, std::memory_order_release);
  return e;
}

} // namespace joist::runtime
