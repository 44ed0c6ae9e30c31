// I/O vectors of binaries, and queues of them.
#include "runtime/mem/alloc.h"
#include "runtime/nif/env.h"
#include "runtime/term/binary.h"

#include <deque>

namespace joist::runtime {
namespace {
struct NifIoQueue {
  struct Part {
    BinData *data;
    uint8_t *bytes;
    size_t size;
  };
  std::deque<Part> parts;
  size_t size = 0;
  std::vector<struct iovec> view; // what enif_ioq_peek showed last
  void push(BinData *owned, uint8_t *bytes, size_t n) {
    if (n == 0) return bin_unref(owned);
    parts.push_back({owned, bytes, n});
    size += n;
  }
};
BinData *copy_of(const void *bytes, size_t n) {
  BinData *d = bin_alloc(n);
  memcpy(d->data(), bytes, n);
  return d;
}

// One binary of an I/O vector; `keep`: with a reference of its own.
void inspect_one(NifEnv *env, Term t, bool keep, struct iovec *at, BinData **ref) {
  BitView v = bit_view(t);
  Word n = v.byte_size();
  *ref = nullptr;
  Term whole = kind_of(t) == Kind::SubBin ? Term(reinterpret_cast<SubBinObj *>(t.box())->original) : t;
  if (v.aligned() && is_kind(whole, Kind::RefcBin)) {
    writable_freeze(t);
    v = bit_view(t);
    *ref = reinterpret_cast<RefcBinObj *>(whole.box())->data;
    if (keep) bin_ref(*ref);
    *at = {const_cast<uint8_t *>(v.bytes), n};
    return;
  }
  if (v.aligned() && !keep) {
    *at = {const_cast<uint8_t *>(v.bytes), n};
    return;
  }
  uint8_t *bytes;
  if (keep) {
    *ref = bin_alloc(n);
    bytes = (*ref)->data();
  } else {
    bytes = static_cast<uint8_t *>(nif_temp_alloc(env, n));
  }
  copy_bits(v.bytes, v.bit_offset, bytes, 0, v.bits);
  *at = {bytes, n};
}
} // namespace

// The binaries of a list, at most `max`; *tail is what is left of it. *out null: a fresh vector, which lives as long as
// the environment or, without one, until enif_free_iovec. 0: no list of binaries.
JOIST_ABI int enif_inspect_iovec(NifEnv *env, size_t max, Term list, Term *tail, NifIoVec **out) {
  size_t count = 0, size = 0;
  Term rest = list;
  for (; rest.is_cons() && count < max; rest = rest.tail(), count++) {
    Term t = rest.head();
    if (!is_bitstring(t) || !bit_view(t).is_binary()) return 0;
    size += bit_view(t).byte_size();
  }
  if (!rest.is_list()) return 0;
  NifIoVec *v = *out;
  auto room = [&](size_t n) { return env ? nif_temp_alloc(env, n) : mem_alloc(MemKind::Driver, n); };
  if (!v) {
    v = static_cast<NifIoVec *>(room(sizeof(NifIoVec)));
    v->flags = env ? 0 : kIoVecAllocated;
  } else {
    v->flags = 0;
  }
  if (!env) v->flags |= kIoVecKept;
  v->iov = v->small_iov;
  v->refs = v->small_refs;
  if (count > size_t(kNifIoVecSize)) {
    v->iov = static_cast<struct iovec *>(room(count * sizeof(struct iovec)));
    v->refs = static_cast<BinData **>(room(count * sizeof(BinData *)));
  }
  v->count = int(count);
  v->size = size;
  Term t = list;
  for (size_t i = 0; i < count; i++, t = t.tail()) inspect_one(env, t.head(), !env, &v->iov[i], &v->refs[i]);
  if (tail) *tail = rest;
  *out = v;
  return 1;
}

JOIST_ABI void enif_free_iovec(NifIoVec *v) {
  if (v->flags & kIoVecKept) {
    for (int i = 0; i < v->count; i++)
      if (v->refs[i]) bin_unref(v->refs[i]);
    if (v->iov != v->small_iov) {
      mem_free(MemKind::Driver, v->iov);
      mem_free(MemKind::Driver, v->refs);
    }
  }
  if (v->flags & kIoVecAllocated) mem_free(MemKind::Driver, v);
}

// --- queues
JOIST_ABI NifIoQueue *enif_ioq_create(int options) { return options == 1 ? new NifIoQueue : nullptr; }
JOIST_ABI void enif_ioq_destroy(NifIoQueue *q) {
  for (auto &p : q->parts) bin_unref(p.data);
  delete q;
}
JOIST_ABI size_t enif_ioq_size(NifIoQueue *q) { return q->size; }

JOIST_ABI int enif_ioq_enq_binary(NifIoQueue *q, NifBinary *bin, size_t skip) {
  if (skip > bin->size) return 0;
  BinData *d = bin->ref;
  uint8_t *bytes = bin->data;
  if (d) bin->ref = nullptr;
  else d = copy_of(bytes, bin->size), bytes = d->data();
  q->push(d, bytes + skip, bin->size - skip);
  return 1;
}
JOIST_ABI int enif_ioq_enqv(NifIoQueue *q, NifIoVec *v, size_t skip) {
  if (skip > v->size) return 0;
  for (int i = 0; i < v->count; i++) {
    auto *bytes = static_cast<uint8_t *>(v->iov[i].iov_base);
    size_t n = v->iov[i].iov_len, drop = std::min(skip, n);
    skip -= drop;
    n -= drop;
    if (n == 0) continue;
    if (BinData *d = v->refs[i]) {
      bin_ref(d);
      q->push(d, bytes + drop, n);
    } else {
      d = copy_of(bytes + drop, n);
      q->push(d, d->data(), n);
    }
  }
  return 1;
}
JOIST_ABI int enif_ioq_deq(NifIoQueue *q, size_t count, size_t *left) {
  if (count > q->size) return 0;
  q->size -= count;
  while (count > 0) {
    auto &p = q->parts.front();
    size_t n = std::min(count, p.size);
    p.bytes += n;
    p.size -= n;
    count -= n;
    if (p.size > 0) break;
    bin_unref(p.data);
    q->parts.pop_front();
  }
  if (left) *left = q->size;
  return 1;
}
JOIST_ABI struct iovec *enif_ioq_peek(NifIoQueue *q, int *count) {
  q->view.clear();
  for (auto &p : q->parts) q->view.push_back({p.bytes, p.size});
  if (count) *count = int(q->view.size());
  q->view.reserve(1);
  return q->view.data();
}
JOIST_ABI int enif_ioq_peek_head(NifEnv *env, NifIoQueue *q, size_t *size, Term *head) {
  if (q->parts.empty()) return 0;
  auto &p = q->parts.front();
  if (size) *size = p.size;
  if (head) {
    bin_ref(p.data);
    *head = make_refc_binary(*env->heap, p.data, p.bytes, p.size);
  }
  return 1;
}
} // namespace joist::runtime
