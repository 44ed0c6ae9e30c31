// Ports that drivers make, and processes that drivers watch.
#include "runtime/io/port_core.h"
#include "runtime/nif/watch.h"

namespace joist::runtime {
Term port_create_child(Port &parent, Term owner, std::unique_ptr<DriverPort> (*make)(Port &, void *), void *arg) {
  if (!owner.is_local_pid()) return Term::none();
  Port *port = port_create(parent.driver, parent.name, owner);
  if (!port) return Term::none();
  port_ref(port);
  port->instance = make(*port, arg);
  Term id = port->id;
  if (link_send(id, owner)) {
    port->links.push_back(owner);
  } else {
    port_terminate(*port);
    id = Term::none();
  }
  port_end(port);
  port_unref(port);
  return id;
}

// `cancelled` is touched with the port's right to execute only.
struct PortWatch : Watch {
  Port *port;
  bool cancelled = false;
};

namespace {
void free_watch(PortWatch *w) {
  port_unref(w->port);
  delete w;
}
struct GoneTask : PortTask {
  PortWatch *w;
  explicit GoneTask(PortWatch *x) : w(x) {}
  ~GoneTask() override { free_watch(w); }
  void run(Port &port) override {
    if (!w->cancelled && port.instance) port.instance->process_gone(port, w);
  }
};
} // namespace

PortWatch *port_watch_process(Port &port, Term pid) {
  if (!pid.is_local_pid()) return nullptr;
  auto *w = new PortWatch;
  w->port = &port;
  port_ref(&port);
  w->gone = [](Watch *x) {
    auto *pw = static_cast<PortWatch *>(x);
    port_enqueue(pw->port, new GoneTask(pw));
  };
  if (process_watch(pid, w)) return w;
  free_watch(w);
  return nullptr;
}

void port_unwatch_process(PortWatch *w) {
  if (process_unwatch(w)) free_watch(w);
  else w->cancelled = true; // its task frees it
}
} // namespace joist::runtime
