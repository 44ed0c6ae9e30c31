#include "runtime/mem/magic.h"

#include "runtime/mem/alloc.h"
#include "runtime/nif/resource.h"
#include "runtime/term/ref.h"

namespace joist::runtime {

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
  if (b->destroy == resource_unreferenced) return resource_unreferenced(b); // frees it later
  if (b->destroy) b->destroy(b);
  mem_free(MemKind::Binary, b);
}

Term make_magic_ref(Heap &h, BinData *m) {
  uint32_t n[3];
  ref_fresh_magic_numbers(n);
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
