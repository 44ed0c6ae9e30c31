#include "runtime/sys/persistent.h"

#include "runtime/code/literal_release.h"
#include "runtime/mem/alloc.h"
#include "runtime/mem/copy.h"
#include "runtime/sched/progress.h"
#include "runtime/term/compare.h"
#include "runtime/term/hash.h"

#include <unordered_map>

namespace joist::runtime {
namespace {
constexpr Word kEmpty = 0, kErased = 1; // else a tuple's raw term

struct Table {
  Word capacity; // power of two
  Word used;     // slots that are not empty, erased ones included; writers only
  std::atomic<Word> slots[1];
};
Table *table_new(Word capacity) {
  size_t bytes = sizeof(Table) + (capacity - 1) * sizeof(Word);
  auto *t = static_cast<Table *>(mem_alloc(MemKind::System, bytes));
  memset(static_cast<void *>(t), 0, bytes);
  t->capacity = capacity;
  return t;
}
std::atomic<Table *> current{nullptr};
std::mutex writer;
std::atomic<size_t> count{0}, bytes{0};
std::unordered_map<Word, LiteralArea *> &areas() { // tuple -> its area; guarded by writer
  static auto *a = new std::unordered_map<Word, LiteralArea *>;
  return *a;
}

Term key_of(Word slot) { return tuple_elements(Term(slot))[0]; }

// The slot of key, or the slot where it could be put (null table: none).
std::atomic<Word> *find(Table *t, Term key, bool *found) {
  *found = false;
  std::atomic<Word> *free = nullptr;
  for (Word i = internal_hash(key);; i++) {
    std::atomic<Word> &s = t->slots[i & (t->capacity - 1)];
    Word w = s.load(std::memory_order_acquire);
    if (w == kEmpty) return free ? free : &s;
    if (w == kErased) {
      if (!free) free = &s;
    } else if (eq(key_of(w), key)) {
      *found = true;
      return &s;
    }
  }
}

void release(Word tuple) {
  auto it = areas().find(tuple);
  if (it == areas().end()) return;
  LiteralArea *area = it->second;
  areas().erase(it);
  bytes -= Word(area->end - area->start) * 8;
  literal_area_retire(area);
}

// Room for one more, with at most 3/4 of the slots in use.
Table *reserve(Table *t) {
  if (t && (t->used + 1) * 4 <= t->capacity * 3) return t;
  Word capacity = 64;
  while (capacity < (count + 1) * 2) capacity *= 2;
  Table *n = table_new(capacity);
  if (t) {
    for (Word i = 0; i < t->capacity; i++) {
      Word w = t->slots[i].load(std::memory_order_relaxed);
      if (w == kEmpty || w == kErased) continue;
      bool found;
      find(n, key_of(w), &found)->store(w, std::memory_order_relaxed);
      n->used++;
    }
  }
  current.store(n, std::memory_order_release);
  if (t) progress::later([](void *old) { mem_free(MemKind::System, old); }, t);
  return n;
}
} // namespace

Term persistent_get(Term key) {
  Table *t = current.load(std::memory_order_acquire);
  if (!t) return Term::none();
  for (Word i = internal_hash(key);; i++) {
    Word w = t->slots[i & (t->capacity - 1)].load(std::memory_order_acquire);
    if (w == kEmpty) return Term::none();
    if (w != kErased && eq(key_of(w), key)) return tuple_elements(Term(w))[1];
  }
}

void persistent_put(Term key, Term value) {
  Term old = persistent_get(key);
  if (!old.is_none() && eq(old, value)) return;
  // Literals of modules are copied as well: the modules may be purged.
  FragmentHeap scratch;
  Term copied_key = copy(key, scratch, false), copied_value = copy(value, scratch, false), tuple;
  LiteralArea *area = literal_copy(make_tuple(scratch, copied_key, copied_value), &tuple);
  std::lock_guard g(writer);
  Table *t = reserve(current.load(std::memory_order_relaxed));
  bool found;
  std::atomic<Word> *slot = find(t, key, &found);
  Word before = slot->load(std::memory_order_relaxed);
  areas().emplace(tuple.raw(), area);
  bytes += Word(area->end - area->start) * 8;
  slot->store(tuple.raw(), std::memory_order_release);
  if (found) {
    release(before);
  } else {
    if (before == kEmpty) t->used++;
    count++;
  }
}

bool persistent_erase(Term key) {
  std::lock_guard g(writer);
  Table *t = current.load(std::memory_order_relaxed);
  if (!t) return false;
  bool found;
  std::atomic<Word> *slot = find(t, key, &found);
  if (!found) return false;
  Word before = slot->exchange(kErased, std::memory_order_acq_rel);
  count--;
  release(before);
  return true;
}

void persistent_erase_all() {
  std::lock_guard g(writer);
  Table *t = current.load(std::memory_order_relaxed);
  if (!t) return;
  for (Word i = 0; i < t->capacity; i++) {
    Word w = t->slots[i].load(std::memory_order_relaxed);
    if (w == kEmpty || w == kErased) continue;
    t->slots[i].store(kErased, std::memory_order_release);
    count--;
    release(w);
  }
}

std::vector<Term> persistent_all() {
  std::vector<Term> out;
  Table *t = current.load(std::memory_order_acquire);
  for (Word i = 0; t && i < t->capacity; i++) {
    Word w = t->slots[i].load(std::memory_order_acquire);
    if (w != kEmpty && w != kErased) out.push_back(Term(w));
  }
  return out;
}

size_t persistent_count() { return count; }
size_t persistent_slots() {
  Table *t = current.load(std::memory_order_acquire);
  return t ? t->capacity : 0;
}
size_t persistent_bytes() {
  Table *t = current.load(std::memory_order_acquire);
  return bytes + (t ? sizeof(Table) + t->capacity * 8 : 0);
}
} // namespace joist::runtime
