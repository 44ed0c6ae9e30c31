#include "runtime/ets/table.h"

#include "runtime/atom/atom.h"
#include "runtime/ets/ets.h"
#include "runtime/ets/owner.h"
#include "runtime/proc/process.h"
#include "runtime/sched/progress.h"
#include "runtime/term/ref.h"

#include <unordered_map>

namespace joist::runtime::ets {
namespace {

// Names: chains of entries, changed under a mutex, read without. An entry that is unlinked keeps its link until it is freed (by thread
// progress), so a reader that stands on it finds on.
struct NameEntry {
  const Term name;
  Table *const table;
  std::atomic<NameEntry *> next;
};
constexpr size_t kNameHeads = 4096;
std::atomic<NameEntry *> name_heads[kNameHeads];
std::mutex names_lock;

std::mutex registry_lock;
Table *registry_first, *registry_last;
std::unordered_map<uint64_t, Table *> registry_refs; // by ref_id, for references that have been outside the node
std::atomic<size_t> count;
size_t limit = 8192;

std::atomic<NameEntry *> &name_head(Term name) {
  return name_heads[(name.atom_index() * 2654435761u >> 12) % kNameHeads];
}

Table *find_name(Term name) {
  for (NameEntry *e = name_head(name).load(std::memory_order_acquire); e; e = e->next.load(std::memory_order_acquire))
    if (e->name == name) return e->table;
  return nullptr;
}

void link_name(Table *t, Term name) {
  auto &head = name_head(name);
  head.store(new NameEntry{name, t, head.load(std::memory_order_relaxed)}, std::memory_order_release);
}

void unlink_name(Term name) {
  std::atomic<NameEntry *> *at = &name_head(name);
  for (NameEntry *e = at->load(std::memory_order_relaxed); e; at = &e->next, e = at->load(std::memory_order_relaxed))
    if (e->name == name) {
      at->store(e->next.load(std::memory_order_relaxed), std::memory_order_release);
      progress::later([](void *p) { delete static_cast<NameEntry *>(p); }, e);
      return;
    }
}

// The registry's readers see names without the table's lock.
Term name_of(Table *t) {
  return Term(std::atomic_ref(reinterpret_cast<Word &>(t->name)).load(std::memory_order_relaxed));
}
void set_name(Table *t, Term name) {
  std::atomic_ref(reinterpret_cast<Word &>(t->name)).store(name.raw(), std::memory_order_relaxed);
}

} // namespace

Table::Table(const TableShape &s, Term name_atom, bool is_named, Protection prot, Term owner_pid)
    : shape(s), named(is_named), handle(magic_new<TableHandle>()), name(name_atom), protection(prot), owner(owner_pid),
      heir(atoms::none) {
  handle->value.table.store(this, std::memory_order_release);
  ref_fresh_magic_numbers(handle->value.numbers);
  if (s.type == TableType::OrderedSet) store = std::make_unique<OrderedStore>(s);
  else store = std::make_unique<HashStore>(s, fix_count);
  store->counters.spread(s.fine_locked && s.decentralized_counters);
  if (s.fine_locked || s.read_concurrency) lock.distribute_readers();
}

Table::~Table() {
  handle->value.table.store(nullptr, std::memory_order_release);
  bin_unref(handle);
}

Term Table::id(Heap &h) const { return make_magic_ref(h, handle, handle->value.numbers); }

TableGuard::TableGuard(Table *t, LockKind kind)
    : table_(t), exclusive_(kind == LockKind::Exclusive || (kind == LockKind::Change && !t->shape.fine_locked)) {
  if (exclusive_) t->lock.lock();
  else t->lock.lock_shared();
}

void TableGuard::unlock() {
  if (!table_) return;
  if (exclusive_) table_->lock.unlock();
  else table_->lock.unlock_shared();
  table_ = nullptr;
}

bool TableGuard::make_exclusive() {
  if (exclusive_) return true;
  table_->lock.unlock_shared();
  table_->lock.lock();
  exclusive_ = true;
  if (!table_->deleted) return true;
  unlock();
  return false;
}

Table *look_up_table(Term id, Term *cause) {
  Table *t = nullptr;
  *cause = atoms::id;
  if (id.is_atom()) {
    t = find_name(id);
  } else if (TableHandle *h = magic_value<TableHandle>(id)) {
    t = h->table.load(std::memory_order_acquire);
  } else if (is_kind(id, Kind::Ref) && ref_numbers(id)[1] >> 30 == kRefMagicMark >> 30) {
    // A table's reference that was sent abroad or written down, and came back.
    std::lock_guard guard(registry_lock);
    auto at = registry_refs.find(ref_id(id));
    if (at != registry_refs.end()) t = at->second;
    else *cause = atoms::type;
  } else {
    *cause = atoms::type;
  }
  return t;
}

TableGuard find_table(Process *p, Term id, Access access, LockKind kind, Term *cause) {
  Table *t = look_up_table(id, cause);
  if (!t) return {};
  TableGuard g(t, kind);
  if (t->deleted) return {};
  bool allowed = access == Access::Info || t->protection == Protection::Public || t->owner == p->id ||
                 (access == Access::Read && t->protection == Protection::Protected);
  if (!allowed && !is_super_user(p)) {
    *cause = atoms::access;
    return {};
  }
  return g;
}

bool register_table(Table *t, Process *owner) {
  if (t->named) {
    std::lock_guard guard(names_lock);
    if (find_name(t->name)) return false;
    link_name(t, t->name);
  }
  {
    std::lock_guard guard(registry_lock);
    t->registry_prev = registry_last;
    (registry_last ? registry_last->registry_next : registry_first) = t;
    registry_last = t;
    registry_refs[ref_id_of_numbers(t->handle->value.numbers)] = t;
  }
  count.fetch_add(1, std::memory_order_relaxed);
  own_table(t, owner);
  return true;
}

std::unique_ptr<Garbage> unregister_table(Table *t) {
  t->deleted = true;
  t->handle->value.table.store(nullptr, std::memory_order_release);
  if (t->named) {
    std::lock_guard guard(names_lock);
    unlink_name(t->name);
  }
  {
    std::lock_guard guard(registry_lock);
    (t->registry_prev ? t->registry_prev->registry_next : registry_first) = t->registry_next;
    (t->registry_next ? t->registry_next->registry_prev : registry_last) = t->registry_prev;
    registry_refs.erase(ref_id_of_numbers(t->handle->value.numbers));
  }
  count.fetch_sub(1, std::memory_order_relaxed);
  forget_owner(t);
  forget_fixers(t);
  t->heir = atoms::none;
  t->heir_data = StoredTerm();
  return t->store->clear(false);
}

void release_table(Table *t) {
  progress::later([](void *p) { delete static_cast<Table *>(p); }, t);
}

bool rename_table(Table *t, Term name) {
  if (t->named) {
    std::lock_guard guard(names_lock);
    if (find_name(name)) return false;
    link_name(t, name);
    unlink_name(t->name);
  }
  set_name(t, name);
  return true;
}

void each_table(void (*f)(Table *, void *), void *arg) {
  std::lock_guard guard(registry_lock);
  for (Table *t = registry_first; t; t = t->registry_next) f(t, arg);
}

size_t table_count() { return count.load(std::memory_order_relaxed); }

} // namespace joist::runtime::ets

namespace joist::runtime {

void ets_init(size_t limit) { ets::limit = limit; }
size_t ets_limit() { return ets::limit; }
size_t ets_table_count() { return ets::table_count(); }

void ets_each_table(void (*f)(const EtsTableSummary &, void *), void *arg) {
  struct Args {
    decltype(f) fn;
    void *arg;
  } a{f, arg};
  ets::each_table(
      [](ets::Table *t, void *p) {
        static constexpr const char *kTypes[] = {"set", "bag", "duplicate_bag", "ordered_set"};
        static constexpr const char *kProtections[] = {"public", "protected", "private"};
        auto *args = static_cast<Args *>(p);
        FragmentHeap h;
        EtsTableSummary s{.id = t->named ? t->name : t->id(h),
                          .name = ets::name_of(t),
                          .owner = t->owner,
                          .objects = size_t(t->store->counters.items()),
                          .words = size_t(t->store->counters.words()) + t->store->table_words(),
                          .type = kTypes[size_t(t->shape.type)],
                          .protection = kProtections[size_t(t->protection)],
                          .fixed = t->fix_count.load(std::memory_order_relaxed) != 0,
                          .compressed = t->shape.compressed,
                          .write_concurrency = t->shape.fine_locked,
                          .read_concurrency = t->shape.read_concurrency};
        args->fn(s, args->arg);
      },
      &a);
}

} // namespace joist::runtime
