// Drivers loaded from libraries, and their ports.
//
// Protocol
//  * Callbacks run with the port's right to execute (io/port.h). A driver without port locking has a lock besides, under
//    which all its callbacks run.
//  * A DrvPort is what the driver knows its port by. It outlives the port while threads of the driver hold it through a
//    data lock (PDL) or have asynchronous jobs; then `dead` is set, and services refuse it.
//  * Loading, users and monitors of drivers are guarded by one lock (ddll.cpp). A driver is unloaded by a scheduled job
//    when neither processes nor ports use it.
#pragma once
#include "runtime/driver/abi.h"
#include "runtime/io/port_core.h"
#include "runtime/nif/watch.h"

#include <unordered_map>

namespace joist::runtime {
struct DdllState; // ddll.h

struct LoadedDriver : Driver {
  DriverEntry *entry = nullptr;
  std::string own_name;
  std::recursive_mutex lock; // of all its ports, without kDrvPortLocking
  DdllState *ddll = nullptr; // null: from add_driver_entry, never unloaded
  bool port_locking() const { return entry->flags & kDrvPortLocking; }
};
// A Driver for the entry, not yet registered; its open function makes ports of the kind below.
LoadedDriver *loaded_driver_new(DriverEntry *entry);
inline LoadedDriver *loaded_driver(const Port &port) {
  return const_cast<LoadedDriver *>(static_cast<const LoadedDriver *>(port.driver));
}

// Runs a callback: the driver's lock, where it has one.
class DriverGuard {
public:
  explicit DriverGuard(LoadedDriver *d) : d_(d->port_locking() ? nullptr : d) {
    if (d_) d_->lock.lock();
  }
  ~DriverGuard() {
    if (d_) d_->lock.unlock();
  }
  DriverGuard(const DriverGuard &) = delete;

private:
  LoadedDriver *d_;
};

// A lock for what a driver's threads share with its port (driver_pdl_create). Holds the DrvPort.
struct PortDataLock {
  std::mutex lock;
  std::atomic<int64_t> refs{1};
  DrvPort *port;
  explicit PortDataLock(DrvPort *h) : port(h) {}
};
JOIST_ABI int64_t
driver_pdl_inc_refc(PortDataLock *l); // both answer how many there are then; with the last the lock goes
JOIST_ABI int64_t driver_pdl_dec_refc(PortDataLock *l);

struct DrvMonitor;
struct DrvPort { // ErlDrvPort
  DrvPort(Port *p, LoadedDriver *d, void *x = nullptr) : port(p), driver(d), data(x) { port_ref(p); }
  Port *port; // referenced
  LoadedDriver *driver;
  void *data;
  std::atomic<bool> dead{false};
  std::atomic<int32_t> refs{1};
  PortDataLock *pdl = nullptr;
  int control_flags = 0;
  int slice = 0;                              // percent of it consumed, as the driver says
  std::unordered_map<intptr_t, int> selected; // event -> kNifSelect bits
  std::vector<struct iovec> view;             // what driver_peekq showed last
  std::vector<DrvBinary *> view_bins;
  std::vector<DrvMonitor *> monitors;
  DrvMonitor *firing = nullptr; // whose process_exit runs
};
void drv_port_unref(DrvPort *h);
DrvBinary *drv_binary_new(size_t n); // one reference
// Do n bytes at `offset` lie within it?
inline bool drv_binary_has(const DrvBinary *bin, size_t offset, size_t n) {
  return offset <= size_t(bin->size) && n <= size_t(bin->size) - offset;
}
DrvBinary *drv_binary_of(BinData *d); // null: no binary that a driver allocated
inline bool drv_port_ok(DrvPort *h) {
  return h && h != reinterpret_cast<DrvPort *>(-1) && !h->dead.load(std::memory_order_acquire);
}
// A port of a driver, already started with `data`.
std::unique_ptr<DriverPort> drv_port_instance(DrvPort *h);
bool driver_takes_vectors(const Driver *d); // any driver: output comes to it in pieces (outputv), as on stock
void drv_monitors_drop(DrvPort *h);         // the port is going
// The driver's message terms (driver_output_term): none if the description is wrong.
Term drv_build_term(FragmentHeap &h, const Word *spec, int n);
} // namespace joist::runtime
