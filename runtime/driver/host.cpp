#include "runtime/driver/host.h"

#include "runtime/driver/ddll.h"
#include "runtime/mem/alloc.h"
#include "runtime/mem/magic.h"

namespace joist::runtime {
namespace {
constexpr size_t kReplyRoom = 64; // of the buffer that control and call may use

class LinkedPort final : public DriverPort {
public:
  explicit LinkedPort(DrvPort *handle) : h(handle), e(handle->driver->entry) {}
  ~LinkedPort() override {
    {
      DriverGuard g(h->driver);
      if (e->stop) e->stop(h->data);
    }
    drv_monitors_drop(h);
    {
      std::unique_lock<std::mutex> l;
      if (h->pdl) l = std::unique_lock(h->pdl->lock);
      h->dead.store(true, std::memory_order_release);
      h->port->queue.clear();
    }
    LoadedDriver *d = h->driver;
    if (PortDataLock *pdl = h->pdl; pdl && pdl->refs.fetch_sub(1) == 1) {
      delete pdl;
      drv_port_unref(h);
    }
    drv_port_unref(h);
    ddll_port_closed(d);
  }

  void output(Port &, IoQueue &data) override {
    DriverGuard g(begin());
    if (e->outputv) return outputv(data);
    std::string bytes(data.size(), 0);
    data.copy_out(reinterpret_cast<uint8_t *>(bytes.data()), data.size());
    if (e->output) e->output(h->data, bytes.data(), bytes.size());
  }

  bool control(Port &port, uint32_t command, std::string_view in, std::string *reply) override {
    if (!e->control) return false;
    DriverGuard g(begin());
    char room[kReplyRoom], *at = room;
    std::string data(in);
    ssize_t n = e->control(h->data, command, data.data(), data.size(), &at, sizeof room);
    if (n < 0) return false;
    port_set_binary_control(port, at && (h->control_flags & kDrvControlBinary));
    if (!at) return true;
    if (at == room) {
      reply->assign(at, size_t(n));
    } else if (h->control_flags & kDrvControlBinary) {
      auto *bin = reinterpret_cast<DrvBinary *>(at);
      reply->assign(bin->bytes, size_t(bin->size));
      bin_unref(bin->data());
    } else {
      reply->assign(at, size_t(n));
      mem_free(MemKind::Driver, at);
    }
    return true;
  }

  bool call(Port &, uint32_t command, std::string_view in, std::string *reply) override {
    constexpr unsigned kKeepBuffer = 1;
    if (!e->call) return false;
    DriverGuard g(begin());
    char room[kReplyRoom], *at = room;
    unsigned flags = 0;
    std::string data(in);
    ssize_t n = e->call(h->data, command, data.data(), data.size(), &at, sizeof room, &flags);
    if (n <= 0) return false;
    reply->assign(at, size_t(n));
    if (at != room && !(flags & kKeepBuffer)) mem_free(MemKind::Driver, at);
    return true;
  }

  void ready_input(Port &port, int fd) override {
    DriverGuard g(begin());
    if (e->ready_input) e->ready_input(h->data, fd);
    else missing(port, "ready_input"), port_select(port, fd, false, false);
  }
  void ready_output(Port &port, int fd) override {
    DriverGuard g(begin());
    if (e->ready_output) e->ready_output(h->data, fd);
    else missing(port, "ready_output"), port_select(port, fd, false, false);
  }
  void timeout(Port &port) override {
    DriverGuard g(begin());
    if (e->timeout) e->timeout(h->data);
    else missing(port, "timeout");
  }
  void flush(Port &) override {
    if (!e->flush) return;
    DriverGuard g(begin());
    e->flush(h->data);
  }

private:
  LoadedDriver *begin() {
    h->slice = 0;
    return h->driver;
  }
  // An empty entry comes first, as drivers of stock expect it. What is no driver binary yet becomes one, by copying.
  void outputv(IoQueue &data) {
    std::vector<struct iovec> iov(1 + data.slices());
    std::vector<DrvBinary *> bins(iov.size()), made;
    for (size_t i = 0; i < data.slices(); i++) {
      const IoSlice &s = data.slice(i);
      iov[i + 1] = {s.bytes, s.size};
      bins[i + 1] = drv_binary_of(s.data);
      if (bins[i + 1]) continue;
      made.push_back(bins[i + 1] = drv_binary_new(s.size));
      memcpy(bins[i + 1]->bytes, s.bytes, s.size);
      iov[i + 1].iov_base = bins[i + 1]->bytes;
    }
    DrvIoVec ev{int(iov.size()), data.size(), iov.data(), bins.data()};
    e->outputv(h->data, &ev);
    for (DrvBinary *b : made) bin_unref(b->data());
  }
  void missing(Port &port, const char *what) {
    fprintf(stderr, "%s: driver %s has no %s callback\n", port.name.c_str(), h->driver->name, what);
  }
  DrvPort *h;
  DriverEntry *e;
};

DriverOpen open_linked(Port &port, const std::string &command, const PortOptions &) {
  LoadedDriver *d = loaded_driver(port);
  if (!ddll_port_opened(d)) return {DriverOpen::Outcome::Badarg, nullptr, 0};
  auto *h = new DrvPort(&port, d);
  intptr_t data = 0;
  int error = 0;
  if (d->entry->start) {
    DriverGuard g(d);
    std::string text = command;
    errno = 0;
    data = reinterpret_cast<intptr_t>(d->entry->start(h, text.data()));
    error = errno;
  }
  if (data >= kDrvErrorBadarg && data <= kDrvErrorGeneral) {
    drv_monitors_drop(h);
    h->dead = true;
    drv_port_unref(h);
    ddll_port_closed(d);
    if (data == kDrvErrorBadarg) return {DriverOpen::Outcome::Badarg, nullptr, 0};
    if (data == kDrvErrorErrno) return {DriverOpen::Outcome::Posix, nullptr, error};
    return {};
  }
  h->data = reinterpret_cast<void *>(data);
  bool waits = d->entry->minor >= 3 && (d->entry->flags & kDrvInitAck);
  return {waits ? DriverOpen::Outcome::Pending : DriverOpen::Outcome::Opened, drv_port_instance(h), 0};
}
} // namespace

void drv_port_unref(DrvPort *h) {
  if (h->refs.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  port_unref(h->port);
  delete h;
}

bool driver_takes_vectors(const Driver *d) {
  if (d->open == open_linked) return static_cast<const LoadedDriver *>(d)->entry->outputv != nullptr;
  return std::string_view(d->name) == "tcp_inet";
}

std::unique_ptr<DriverPort> drv_port_instance(DrvPort *h) { return std::make_unique<LinkedPort>(h); }

LoadedDriver *loaded_driver_new(DriverEntry *entry) {
  auto *d = new LoadedDriver;
  d->own_name = entry->name;
  d->name = d->own_name.c_str();
  d->open = open_linked;
  d->driver_lock = !(entry->flags & kDrvPortLocking);
  d->soft_busy = entry->flags & kDrvSoftBusy;
  d->no_queue_limits = entry->flags & kDrvNoBusyMsgQueue;
  d->entry = entry;
  return d;
}
} // namespace joist::runtime
