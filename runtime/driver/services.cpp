// What drivers do in their callbacks: output to the owner, interest in descriptors, timers, failing, settings, monitors.
#include "runtime/driver/ddll.h"
#include "runtime/io/posix.h"
#include "runtime/nif/env.h"
#include "runtime/proc/registry.h"
#include "runtime/sched/progress.h"
#include "runtime/sys/flags.h"
#include "runtime/sys/time.h"
#include "runtime/term/ref.h"

#include <cstdarg>
#include <dlfcn.h>
#include <utility>

namespace joist::runtime {
enum SelectMode : int { kSelectRead = 1, kSelectWrite = 2, kSelectUse = 4, kSelectNoCallback = 8 };

// --- output
JOIST_ABI int driver_output2(DrvPort *h, char *head, size_t head_size, char *bytes, size_t n) {
  if (!drv_port_ok(h)) return -1;
  // No bytes at all end in a list, be the port binary or not.
  if (!bytes && head_size == 0 && h->port->line_max == 0 && !h->port->dist) port_deliver_pieces(*h->port, head, 0, {});
  else port_deliver_header(*h->port, head, head_size, bytes, n);
  return 0;
}
JOIST_ABI int driver_output(DrvPort *h, char *bytes, size_t n) { return driver_output2(h, nullptr, 0, bytes, n); }
// Larger pieces are shared, and lines are not looked for. A distribution's input goes the common way.
JOIST_ABI int driver_output_binary(DrvPort *h, char *head, size_t head_size, DrvBinary *bin, size_t offset, size_t n) {
  if (!drv_port_ok(h) || !drv_binary_has(bin, offset, n)) return -1;
  if (h->port->dist) return driver_output2(h, head, head_size, bin->bytes + offset, n);
  const PortPiece piece{bin->data(), reinterpret_cast<uint8_t *>(bin->bytes) + offset, n};
  port_deliver_pieces(*h->port, head, head_size, {&piece, 1});
  return 0;
}
JOIST_ABI int driver_outputv(DrvPort *h, char *head, size_t head_size, DrvIoVec *v, size_t skip) {
  if (skip >= v->size) return driver_output2(h, head, head_size, nullptr, 0);
  if (!drv_port_ok(h)) return -1;
  std::vector<PortPiece> pieces;
  for (int i = 0; i < v->count; i++) {
    size_t n = v->iov[i].iov_len;
    if (skip && n <= skip) {
      skip -= n;
      continue;
    }
    DrvBinary *bin = v->bins ? v->bins[i] : nullptr;
    auto *bytes = static_cast<uint8_t *>(v->iov[i].iov_base) + skip;
    pieces.push_back({bin ? bin->data() : nullptr, bytes, n - skip});
    skip = 0;
  }
  port_deliver_pieces(*h->port, head, head_size, pieces);
  return 0;
}

// --- descriptors
JOIST_ABI int driver_select(DrvPort *h, intptr_t event, int mode, int on) {
  if (!drv_port_ok(h)) return -1;
  if (event < 0) return -1;
  int fd = int(event);
  int &now = h->selected[event];
  if (on) {
    now |= mode & (kSelectRead | kSelectWrite | kSelectUse);
    if (now & (kSelectRead | kSelectWrite)) port_select(*h->port, fd, now & kSelectRead, now & kSelectWrite);
    return 0;
  }
  bool stop = mode & kSelectUse;
  if (stop) mode |= kSelectRead | kSelectWrite;
  now &= ~(mode & (kSelectRead | kSelectWrite));
  if (mode & (kSelectRead | kSelectWrite)) port_select(*h->port, fd, now & kSelectRead, now & kSelectWrite);
  if (stop) {
    h->selected.erase(event);
    if (!(mode & kSelectNoCallback) && h->driver->entry->stop_select) h->driver->entry->stop_select(event, nullptr);
  } else if (now == 0) {
    h->selected.erase(event);
  }
  return 0;
}

// --- timers
JOIST_ABI int driver_set_timer(DrvPort *h, unsigned long ms) {
  if (!drv_port_ok(h) || !h->driver->entry->timeout) return -1;
  port_timer_set(*h->port, int64_t(std::min<unsigned long>(ms, INT64_MAX / 2'000'000)));
  return 0;
}
JOIST_ABI int driver_cancel_timer(DrvPort *h) {
  if (!drv_port_ok(h)) return -1;
  port_timer_cancel(*h->port);
  return 0;
}
JOIST_ABI int driver_read_timer(DrvPort *h, unsigned long *left) {
  if (!drv_port_ok(h)) return -1;
  int64_t ms = port_timer_left(*h->port);
  *left = ms < 0 ? 0 : (unsigned long)ms;
  return 0;
}

// --- the end of the port
namespace {
bool may_fail(DrvPort *h) { return drv_port_ok(h) && !h->port->failed; } // once only
} // namespace
JOIST_ABI int driver_failure_eof(DrvPort *h) {
  if (!may_fail(h)) return -1;
  port_fail_eof(*h->port);
  return 0;
}
JOIST_ABI int driver_failure_atom(DrvPort *h, char *reason) {
  if (!may_fail(h)) return -1;
  port_fail(*h->port, atom::intern_latin1(reason));
  return 0;
}
JOIST_ABI int driver_failure_posix(DrvPort *h, int error) {
  if (!may_fail(h)) return -1;
  port_fail_posix(*h->port, error);
  return 0;
}
JOIST_ABI int driver_failure(DrvPort *h, int code) {
  if (!may_fail(h)) return -1;
  if (code == 0) port_fail_eof(*h->port);
  else port_fail(*h->port, Term::small(code));
  return 0;
}
// The owner has no exit signal from it.
JOIST_ABI int driver_exit(DrvPort *h, int error) {
  if (!may_fail(h)) return -1;
  port_end_told(*h->port, error == 0 ? Term(atoms::normal) : posix_atom(error));
  return 0;
}

// --- settings
JOIST_ABI void set_busy_port(DrvPort *h, int on) {
  if (drv_port_ok(h)) port_set_busy(*h->port, on);
}
JOIST_ABI void set_port_control_flags(DrvPort *h, int flags) {
  if (drv_port_ok(h)) h->control_flags = flags;
}
JOIST_ABI int get_port_flags(DrvPort *h) {
  constexpr int kBinary = 1, kLine = 2;
  if (!drv_port_ok(h)) return 0;
  return (h->port->binary ? kBinary : 0) | (h->port->line_max ? kLine : 0);
}
// ~0 disables the limits, for good; 0 asks for them. A high limit below the low one counts as that.
JOIST_ABI void erl_drv_busy_msgq_limits(DrvPort *h, size_t *low, size_t *high) {
  constexpr size_t kDisabled = ~size_t{0};
  if (!drv_port_ok(h)) return;
  size_t l = h->port->queue_low, m = h->port->queue_high; // changed in callbacks only
  if (l != kDisabled && (low || high)) {
    if ((low && *low == kDisabled) || (high && *high == kDisabled)) { // what was given is given back
      return port_queue_limits(*h->port, kDisabled, kDisabled);
    } else {
      if (low && *low != 0) l = *low;
      if (high && *high != 0) m = *high;
      if (m < l) (high && *high ? l : m) = high && *high ? m : l;
    }
    port_queue_limits(*h->port, l, m);
  }
  if (low) *low = l;
  if (high) *high = m;
}
JOIST_ABI int erl_drv_consume_timeslice(DrvPort *h, int percent) {
  if (!drv_port_ok(h)) return 1;
  h->slice += std::clamp(percent, 1, 100);
  return h->slice >= 100;
}
JOIST_ABI void erl_drv_init_ack(DrvPort *h, void *result) {
  if (!drv_port_ok(h)) return;
  auto r = reinterpret_cast<intptr_t>(result);
  if (r == kDrvErrorErrno) return port_open_failed(*h->port, posix_atom(errno));
  if (r == kDrvErrorGeneral) return port_open_failed(*h->port, posix_atom(EINVAL));
  if (r == kDrvErrorBadarg) return port_open_failed(*h->port, atoms::badarg);
  h->data = result;
  port_opened(*h->port);
}
JOIST_ABI void erl_drv_set_os_pid(DrvPort *h, int64_t pid) {
  if (drv_port_ok(h)) port_set_os_pid(*h->port, pid);
}
JOIST_ABI int driver_lock_driver(DrvPort *h) { return drv_port_ok(h) && ddll_lock_driver(h->driver) ? 0 : -1; }

// A further port of the same driver, with that process as owner.
JOIST_ABI DrvPort *driver_create_port(DrvPort *creator, Word owner, char *name, void *data) {
  auto *none = reinterpret_cast<DrvPort *>(-1);
  Term pid(owner);
  if (!drv_port_ok(creator) || !pid.is_local_pid() || !ddll_port_opened(creator->driver)) return none;
  progress::OnlineScope online;
  Port *port = process_lookup(pid) ? port_create(creator->driver, name, pid) : nullptr;
  if (!port) {
    ddll_port_closed(creator->driver);
    return none;
  }
  auto *h = new DrvPort(port, creator->driver, data);
  port->instance = drv_port_instance(h);
  if (link_send(port->id, pid)) port->links.push_back(pid);
  port_end(port);
  return h;
}

// --- monitors of processes
struct DrvMonitor : Watch {
  DrvPort *of; // referenced
  uint32_t numbers[3];
};
namespace {
NifMonitor monitor_id(const DrvMonitor *m) {
  NifMonitor id{};
  memcpy(id.data, m->numbers, sizeof m->numbers);
  return id;
}
struct GoneTask final : PortTask {
  DrvMonitor *m;
  explicit GoneTask(DrvMonitor *x) : m(x) {}
  ~GoneTask() override {
    drv_port_unref(m->of);
    delete m;
  }
  void run(Port &) override {
    DrvPort *h = m->of;
    if (h->dead || std::erase(h->monitors, m) == 0) return;
    NifMonitor id = monitor_id(m);
    DriverGuard g(h->driver);
    h->firing = m;
    if (h->driver->entry->process_exit) h->driver->entry->process_exit(h->data, &id);
    h->firing = nullptr;
  }
};
DrvMonitor *find_monitor(DrvPort *h, const NifMonitor *id) {
  for (DrvMonitor *m : h->monitors)
    if (memcmp(m->numbers, id->data, sizeof m->numbers) == 0) return m;
  return nullptr;
}
void drop(DrvMonitor *m) {
  if (!process_unwatch(m)) return; // fired: its task frees it
  drv_port_unref(m->of);
  delete m;
}
} // namespace

void drv_monitors_drop(DrvPort *h) {
  for (DrvMonitor *m : std::exchange(h->monitors, {})) drop(m);
}

JOIST_ABI int driver_monitor_process(DrvPort *h, Word process, NifMonitor *out) {
  if (!drv_port_ok(h) || !h->driver->entry->process_exit) return -1;
  Term pid(process);
  if (!pid.is_local_pid()) return 1;
  auto *m = new DrvMonitor;
  m->gone = [](Watch *w) {
    auto *x = static_cast<DrvMonitor *>(w);
    port_enqueue(x->of->port, new GoneTask(x));
  };
  m->of = h;
  ref_fresh_numbers(m->numbers);
  NifMonitor id = monitor_id(m);
  h->refs.fetch_add(1);
  h->monitors.push_back(m);
  progress::OnlineScope online;
  if (!process_lookup(pid) || !process_watch(pid, m)) {
    std::erase(h->monitors, m);
    drv_port_unref(h);
    delete m;
    return 1;
  }
  if (out) *out = id;
  return 0;
}
JOIST_ABI int driver_demonitor_process(DrvPort *h, const NifMonitor *id) {
  DrvMonitor *m = drv_port_ok(h) ? find_monitor(h, id) : nullptr;
  if (!m) return 1;
  std::erase(h->monitors, m);
  drop(m);
  return 0;
}
JOIST_ABI Word driver_get_monitored_process(DrvPort *h, const NifMonitor *id) {
  if (!drv_port_ok(h)) return Term::nil().raw();
  DrvMonitor *m = find_monitor(h, id);
  if (!m && h->firing && memcmp(h->firing->numbers, id->data, sizeof h->firing->numbers) == 0) m = h->firing;
  return m ? m->pid.raw() : Term::nil().raw();
}
JOIST_ABI int driver_compare_monitors(const NifMonitor *a, const NifMonitor *b) { return memcmp(a->data, b->data, 12); }

// --- the rest
struct DrvNow {
  unsigned long megasecs, secs, microsecs;
};
JOIST_ABI int driver_get_now(DrvNow *out) {
  if (!out) return -1;
  uint64_t us = uint64_t(system_time() / 1000);
  *out = {us / 1'000'000'000'000, us / 1'000'000 % 1'000'000, us % 1'000'000};
  return 0;
}
JOIST_ABI void *driver_dl_open(char *path) { return dlopen((std::string(path) + ".so").c_str(), RTLD_NOW); }
JOIST_ABI void *driver_dl_sym(void *handle, char *symbol) { return dlsym(handle, symbol); }
JOIST_ABI int driver_dl_close(void *handle) { return dlclose(handle); }
JOIST_ABI char *driver_dl_error() { return dlerror(); }
JOIST_ABI char *erl_errno_id(int error) { return const_cast<char *>(posix_name(error)); }
JOIST_ABI int null_func() { return 0; }
JOIST_ABI void dtrace_drvport_str(DrvPort *h, char *out) {
  snprintf(out, 64, "#Port<0.%llu>", static_cast<unsigned long long>(drv_port_ok(h) ? h->port->number : 0));
}
JOIST_ABI void add_driver_entry(DriverEntry *e) { driver_register(loaded_driver_new(e)); }
JOIST_ABI int remove_driver_entry(DriverEntry *e) {
  for (const Driver *d : drivers_all()) {
    auto *linked = static_cast<const LoadedDriver *>(d);
    if (std::string_view(e->name) != d->name) continue;
    if (linked->entry != e || linked->ddll) return -1;
    driver_unregister(d);
    return 1;
  }
  return 0;
}
} // namespace joist::runtime
