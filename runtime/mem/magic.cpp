#include "runtime/mem/magic.h"

#include "runtime/mem/alloc.h"
#include "runtime/mem/magic_recall.h"
#include "runtime/nif/resource.h"
#include "runtime/term/ref.h"

#include <map>
#include <mutex>

namespace joist::runtime {
namespace {
// Refs that have left. An entry holds no reference to its object: whoever drops the last one removes the object's entries
// before it destroys it, and nobody takes an object from here whose count has come to zero.
// The mark in `capacity` says that there may be entries; it is set by a holder of a reference, so it is there when the
// last one goes.
constexpr Word kRemembered = Word{1} << 63;
using Numbers = std::pair<Word, Word>;
struct Remembered {
  std::mutex lock;
  std::map<Numbers, BinData *> objects;
  std::multimap<BinData *, Numbers> refs;
};
Remembered &remembered() {
  static auto *r = new Remembered;
  return *r;
}
std::atomic_ref<Word> mark_of(const BinData *b) { return std::atomic_ref(const_cast<BinData *>(b)->capacity); }

void forget(BinData *b) {
  Remembered &r = remembered();
  std::lock_guard g(r.lock);
  auto [from, to] = r.refs.equal_range(b);
  for (auto i = from; i != to; i++) r.objects.erase(i->second);
  r.refs.erase(from, to);
  mark_of(b).fetch_and(~kRemembered, std::memory_order_relaxed);
}
bool add_reference_unless_dead(BinData *b) {
  int64_t n = b->refs.load(std::memory_order_acquire);
  while (n > 0)
    if (b->refs.compare_exchange_weak(n, n + 1, std::memory_order_acq_rel)) return true;
  return false;
}
} // namespace

Word magic_size(const BinData *b) { return mark_of(b).load(std::memory_order_relaxed) & ~kRemembered; }

void magic_remember(Term ref) {
  auto *o = reinterpret_cast<MagicRefObj *>(ref.box());
  Remembered &r = remembered();
  std::lock_guard g(r.lock);
  if (!r.objects.emplace(Numbers{o->n01, o->n2}, o->data).second) return;
  r.refs.emplace(o->data, Numbers{o->n01, o->n2});
  mark_of(o->data).fetch_or(kRemembered, std::memory_order_relaxed);
}

Term ref_recall(Heap &h, const uint32_t n[3]) {
  if (n[1] >> 30 != kRefMagicMark >> 30) return make_ref_of_numbers(h, n);
  const Numbers numbers{n[0] | Word(n[1]) << 32, n[2]};
  BinData *b;
  {
    Remembered &r = remembered();
    std::lock_guard g(r.lock);
    auto at = r.objects.find(numbers);
    if (at == r.objects.end() || !add_reference_unless_dead(at->second)) return make_ref_of_numbers(h, n);
    b = at->second;
  }
  auto *o = reinterpret_cast<MagicRefObj *>(h.alloc(kMagicRefWords));
  o->hdr = header(Kind::MagicRef, kMagicRefWords - 1);
  o->n01 = numbers.first;
  o->n2 = numbers.second;
  o->data = b; // with the reference just added
  h.own(o);
  return Term::boxed(&o->hdr);
}

BinData *magic_alloc(size_t bytes, void (*destroy)(BinData *)) {
  auto *b = static_cast<BinData *>(mem_alloc(MemKind::Binary, bytes));
  new (&b->refs) std::atomic<int64_t>(1);
  b->capacity = bytes - sizeof(BinData);
  b->destroy = destroy;
  return b;
}

BinData *bin_alloc(size_t bytes) { return magic_alloc(sizeof(BinData) + bytes, nullptr); }

BinData *bin_realloc(BinData *b, size_t bytes) {
  b = static_cast<BinData *>(mem_realloc(MemKind::Binary, b, sizeof(BinData) + bytes));
  b->capacity = bytes;
  return b;
}

void bin_unref(BinData *b) {
  if (b->refs.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  if (b->destroy && mark_of(b).load(std::memory_order_relaxed) & kRemembered) forget(b);
  if (b->destroy == resource_unreferenced) return resource_unreferenced(b); // frees it later
  if (b->destroy) b->destroy(b);
  mem_free(MemKind::Binary, b);
}

Term make_magic_ref(Heap &h, BinData *m) {
  uint32_t n[3];
  ref_fresh_magic_numbers(n);
  return make_magic_ref(h, m, n);
}

Term make_magic_ref(Heap &h, BinData *m, const uint32_t n[3]) {
  auto *r = reinterpret_cast<MagicRefObj *>(h.alloc(kMagicRefWords));
  r->hdr = header(Kind::MagicRef, kMagicRefWords - 1);
  r->n01 = n[0] | Word(n[1]) << 32;
  r->n2 = n[2];
  r->data = m;
  bin_ref(m);
  h.own(r);
  return Term::boxed(&r->hdr);
}

} // namespace joist::runtime
