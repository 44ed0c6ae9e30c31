// Descriptors and timers of ports.
#include "runtime/io/port_poll.h"
#include "runtime/io/port_core.h"
#include "runtime/sys/time.h"
#include "runtime/trace/ports.h"

#include <utility>

namespace joist::runtime {
namespace {
constexpr uint8_t kOnceAfterUnwanted = 16;
constexpr uint32_t kIn = 1, kOut = 2, kQueued = 4;

struct ReadyTask : PortTask {
  PortDescriptor *d;
  explicit ReadyTask(PortDescriptor *x) : d(x) {}
  ~ReadyTask() override { d->release(); }
  void run(Port &port) override { d->run(port); }
  Term kind() const override { return d->reads() ? atoms::input : atoms::output; }
};
} // namespace

PortDescriptor::PortDescriptor(Port *port, int fd) : port_(port), item_(nullptr), fd_(fd) {
  port_ref(port);
  item_ = poll_add(fd, this);
}

void PortDescriptor::ready(bool in, bool out) {
  uint32_t was = pending_.fetch_or((in ? kIn : 0) | (out ? kOut : 0) | kQueued);
  if (was & kQueued) return;
  refs_.fetch_add(1, std::memory_order_relaxed);
  port_enqueue(port_, new ReadyTask(this));
}

void PortDescriptor::arm() {
  armed_in_ = in_;
  armed_out_ = out_;
  stands_ = in_ && !out_ && once_ == 0 && poll_stand(item_);
  if (stands_) return;
  if (once_ > 0) once_--;
  poll_arm(item_, in_, out_);
}

void PortDescriptor::want(bool in, bool out) {
  if (closed_) return;
  in_ = in;
  out_ = out;
  // Less interest needs no system call: an event that is not wanted any more is dropped by run().
  if ((in && !armed_in_) || (out && !armed_out_)) arm();
}

void PortDescriptor::run(Port &port) {
  uint32_t what = pending_.exchange(0);
  if (closed_) return;
  const bool stood = stands_, wanted = in_;
  armed_out_ = false;
  if (!stood) armed_in_ = false;
  if ((what & kIn) && in_ && port.instance) port.instance->ready_input(port, fd_);
  if ((what & kOut) && out_ && !closed_ && port.instance && !port.failed) port.instance->ready_output(port, fd_);
  if (closed_) return;
  if (stood) {
    // It stands though nothing may be wanted just now: likely something will be before more comes.
    poll_handled(item_, wanted && !port.failed);
    if (!wanted) { // it was not so
      armed_in_ = stands_ = false;
      once_ = kOnceAfterUnwanted;
    }
  }
  if (!port.failed && ((in_ && !armed_in_) || (out_ && !armed_out_))) arm();
}

void PortDescriptor::close() {
  if (closed_) return;
  closed_ = true;
  in_ = out_ = false;
  poll_remove(item_);
  release();
}

void PortDescriptor::release() {
  if (refs_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  port_unref(port_);
  delete this;
}

namespace {
std::vector<PortDescriptor *>::iterator find_descriptor(Port &port, int fd) {
  auto &all = port.descriptors;
  return std::find_if(all.begin(), all.end(), [&](PortDescriptor *d) { return d->fd() == fd; });
}
} // namespace

void port_select_keep(Port &port, int fd, bool read, bool write) {
  auto it = find_descriptor(port, fd);
  if (it == port.descriptors.end()) {
    if (!read && !write) return;
    it = port.descriptors.insert(it, new PortDescriptor(&port, fd));
  }
  (*it)->want(read, write);
}

void port_select(Port &port, int fd, bool read, bool write) {
  if (read || write) return port_select_keep(port, fd, read, write);
  auto it = find_descriptor(port, fd);
  if (it == port.descriptors.end()) return;
  PortDescriptor *d = *it;
  port.descriptors.erase(it);
  d->close();
}

void port_descriptors_free(Port &port) {
  for (PortDescriptor *d : std::exchange(port.descriptors, {})) d->close();
}

// --- timers
struct PortTimer : Timer {
  Port *port;
};
namespace {
struct TimeoutTask : PortTask {
  PortTimer *t;
  explicit TimeoutTask(PortTimer *x) : t(x) {}
  ~TimeoutTask() override {
    port_unref(t->port);
    delete t;
  }
  Term kind() const override { return atoms::timeout; }
  void run(Port &port) override {
    if (port.timer != t) return; // set anew or cancelled since
    port.timer = nullptr;
    if (trace::port_traced(port, trace::flag::Receive)) trace::port_receives(port, Term::none(), atoms::timeout);
    if (port.instance) port.instance->timeout(port);
  }
};
} // namespace

void port_timer_cancel(Port &port) {
  PortTimer *t = std::exchange(port.timer, nullptr);
  if (!t || !timer_cancel(t)) return; // fired: its task deletes it
  port_unref(&port);
  delete t;
}
void port_timer_free(Port &port) { port_timer_cancel(port); }
int64_t port_timer_left(Port &port) {
  return port.timer ? std::max<int64_t>(port.timer->expires - monotonic_time(), 0) / 1'000'000 : -1;
}

void port_timer_set(Port &port, int64_t milliseconds) {
  port_timer_cancel(port);
  auto *t = new PortTimer;
  t->port = &port;
  port_ref(&port);
  port.timer = t;
  timer_start(t, monotonic_time() + milliseconds * 1'000'000, [](Timer *x) {
    auto *pt = static_cast<PortTimer *>(x);
    port_enqueue(pt->port, new TimeoutTask(pt));
  });
}

namespace {
struct EventTask : PortTask {
  uint64_t kind;
  int64_t value;
  EventTask(uint64_t k, int64_t v) : kind(k), value(v) {}
  void run(Port &port) override {
    if (port.instance) port.instance->event(port, kind, value);
  }
};
} // namespace

void port_hold(Port *port) { port_ref(port); }
void port_release(Port *port) { port_unref(port); }
void port_post(Port *port, uint64_t kind, int64_t value) { port_enqueue(port, new EventTask(kind, value)); }
} // namespace joist::runtime
