// Driver binaries, memory, and a port's output queue. With a data lock (driver_pdl_create) held, a driver's threads may
// use the queue too.
#include "runtime/driver/host.h"
#include "runtime/mem/alloc.h"
#include "runtime/mem/magic.h"
#include "runtime/nif/env.h"

namespace joist::runtime {
namespace {
IoQueue *queue_of(DrvPort *h) { return drv_port_ok(h) ? &h->port->queue : nullptr; }

// The parts of an I/O vector behind its first `skip` bytes; none if it has not so many.
template <class F> void each_part(const DrvIoVec *v, size_t skip, F f) {
  for (int i = 0; i < v->count; i++) {
    size_t n = v->iov[i].iov_len, drop = std::min(skip, n);
    skip -= drop;
    if (n > drop) f(static_cast<uint8_t *>(v->iov[i].iov_base) + drop, n - drop, v->bins ? v->bins[i] : nullptr);
  }
}
IoSlice slice_of(uint8_t *bytes, size_t n, DrvBinary *bin) {
  if (!bin) { // a binary of its own, for driver_peekqv
    bin = drv_binary_new(n);
    memcpy(bin->bytes, bytes, n);
    return {bin->data(), reinterpret_cast<uint8_t *>(bin->bytes), n};
  }
  bin_ref(bin->data());
  return {bin->data(), bytes, n};
}
} // namespace

// --- binaries and memory
namespace {
void driver_made(BinData *) {} // tells driver binaries from others
} // namespace
DrvBinary *drv_binary_new(size_t n) {
  auto *b = reinterpret_cast<DrvBinary *>(magic_alloc(sizeof(BinData) + sizeof(int64_t) + n, driver_made)->data());
  b->size = int64_t(n);
  return b;
}
DrvBinary *drv_binary_of(BinData *d) {
  return d->destroy == driver_made ? reinterpret_cast<DrvBinary *>(d->data()) : nullptr;
}

JOIST_ABI DrvBinary *driver_alloc_binary(size_t n) { return n > kNifAllocMax ? nullptr : drv_binary_new(n); }
JOIST_ABI void driver_free_binary(DrvBinary *b) {
  if (b) bin_unref(b->data());
}
JOIST_ABI DrvBinary *driver_realloc_binary(DrvBinary *b, size_t n) {
  if (!b) return driver_alloc_binary(n);
  if (n > kNifAllocMax) return nullptr;
  auto *grown = reinterpret_cast<DrvBinary *>(bin_realloc(b->data(), sizeof b->size + n)->data());
  grown->size = int64_t(n);
  return grown;
}
JOIST_ABI int64_t driver_binary_get_refc(DrvBinary *b) { return b->data()->refs.load(); }
JOIST_ABI int64_t driver_binary_inc_refc(DrvBinary *b) { return b->data()->refs.fetch_add(1) + 1; }
JOIST_ABI int64_t driver_binary_dec_refc(DrvBinary *b) {
  int64_t left = b->data()->refs.load() - 1;
  bin_unref(b->data());
  return left;
}
JOIST_ABI void *driver_alloc(size_t n) { return n > kNifAllocMax ? nullptr : mem_alloc(MemKind::Driver, n); }
JOIST_ABI void *driver_realloc(void *p, size_t n) {
  return n > kNifAllocMax ? nullptr : mem_realloc(MemKind::Driver, p, n);
}
JOIST_ABI void driver_free(void *p) { mem_free(MemKind::Driver, p); }

// --- the queue
JOIST_ABI size_t driver_sizeq(DrvPort *h) {
  IoQueue *q = queue_of(h);
  return q ? q->size() : size_t(-1);
}
JOIST_ABI int driver_enq(DrvPort *h, char *bytes, size_t n) {
  IoQueue *q = queue_of(h);
  if (!q) return -1;
  q->push_slice(slice_of(reinterpret_cast<uint8_t *>(bytes), n, nullptr));
  return 0;
}
JOIST_ABI int driver_pushq(DrvPort *h, char *bytes, size_t n) {
  IoQueue *q = queue_of(h);
  if (!q) return -1;
  q->push_front_slice(slice_of(reinterpret_cast<uint8_t *>(bytes), n, nullptr));
  return 0;
}
JOIST_ABI int driver_enq_bin(DrvPort *h, DrvBinary *bin, size_t offset, size_t n) {
  IoQueue *q = queue_of(h);
  if (!q || !drv_binary_has(bin, offset, n)) return -1;
  q->push_slice(slice_of(reinterpret_cast<uint8_t *>(bin->bytes) + offset, n, bin));
  return 0;
}
JOIST_ABI int driver_pushq_bin(DrvPort *h, DrvBinary *bin, size_t offset, size_t n) {
  IoQueue *q = queue_of(h);
  if (!q || !drv_binary_has(bin, offset, n)) return -1;
  q->push_front_slice(slice_of(reinterpret_cast<uint8_t *>(bin->bytes) + offset, n, bin));
  return 0;
}
JOIST_ABI int driver_enqv(DrvPort *h, DrvIoVec *v, size_t skip) {
  IoQueue *q = queue_of(h);
  if (!q) return -1;
  each_part(v, skip, [&](uint8_t *bytes, size_t n, DrvBinary *bin) { q->push_slice(slice_of(bytes, n, bin)); });
  return 0;
}
JOIST_ABI int driver_pushqv(DrvPort *h, DrvIoVec *v, size_t skip) {
  IoQueue *q = queue_of(h);
  if (!q) return -1;
  std::vector<IoSlice> parts;
  each_part(v, skip, [&](uint8_t *bytes, size_t n, DrvBinary *bin) { parts.push_back(slice_of(bytes, n, bin)); });
  for (size_t i = parts.size(); i-- > 0;) q->push_front_slice(parts[i]);
  return 0;
}
JOIST_ABI size_t driver_deq(DrvPort *h, size_t n) {
  IoQueue *q = queue_of(h);
  if (!q || n > q->size()) return size_t(-1);
  q->pop(n);
  return q->size();
}
JOIST_ABI struct iovec *driver_peekq(DrvPort *h, int *count) {
  IoQueue *q = queue_of(h);
  if (!q) {
    *count = -1;
    return nullptr;
  }
  h->view.resize(q->slices());
  *count = q->peek(h->view.data(), int(h->view.size()));
  return *count ? h->view.data() : nullptr;
}
JOIST_ABI size_t driver_peekqv(DrvPort *h, DrvIoVec *v) {
  IoQueue *q = queue_of(h);
  if (!q) return size_t(-1);
  v->iov = driver_peekq(h, &v->count);
  h->view_bins.clear();
  for (size_t i = 0; i < q->slices(); i++) h->view_bins.push_back(drv_binary_of(q->slice(i).data));
  v->bins = h->view_bins.data();
  v->size = q->size();
  return v->size;
}
JOIST_ABI size_t driver_vec_to_buf(DrvIoVec *v, char *out, size_t room) {
  size_t written = 0;
  each_part(v, 0, [&](uint8_t *bytes, size_t n, DrvBinary *) {
    n = std::min(n, room - written);
    memcpy(out + written, bytes, n);
    written += n;
  });
  return written;
}

// --- data locks
JOIST_ABI PortDataLock *driver_pdl_create(DrvPort *h) {
  if (!drv_port_ok(h) || h->pdl) return nullptr;
  h->pdl = new PortDataLock(h);
  h->refs.fetch_add(1);
  return h->pdl;
}
JOIST_ABI void driver_pdl_lock(PortDataLock *l) {
  l->refs.fetch_add(1);
  l->lock.lock();
}
JOIST_ABI int64_t driver_pdl_get_refc(PortDataLock *l) { return l->refs.load(); }
JOIST_ABI int64_t driver_pdl_inc_refc(PortDataLock *l) { return l->refs.fetch_add(1) + 1; }
JOIST_ABI int64_t driver_pdl_dec_refc(PortDataLock *l) {
  int64_t left = l->refs.fetch_sub(1) - 1;
  if (left == 0) {
    DrvPort *h = l->port;
    delete l;
    drv_port_unref(h);
  }
  return left;
}
JOIST_ABI void driver_pdl_unlock(PortDataLock *l) {
  l->lock.unlock();
  driver_pdl_dec_refc(l);
}
} // namespace joist::runtime
