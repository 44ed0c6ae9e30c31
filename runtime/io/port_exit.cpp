// How a port ends, and what it tells whom.
#include "runtime/dist/entry.h"
#include "runtime/io/port_core.h"
#include "runtime/io/posix.h"
#include "runtime/proc/registry.h"
#include "runtime/trace/ports.h"

#include <utility>

namespace joist::runtime {
bool port_exit(Port &port, Term from, Term reason, bool send_closed, bool drop_normal) {
  if (port.gone()) return false;
  if (reason == atoms::normal && drop_normal && from.raw() != port.owner.load() && from != port.id) return false;
  KeptTerm told(reason == atoms::kill ? atoms::killed : reason);
  port.send_closed = send_closed;
  port.flags.fetch_or(portflag::Exiting);
  if (trace::port_traced(port, trace::flag::Ports)) trace::port_event(port, atoms::closed, reason);
  port.flags.fetch_and(~portflag::Busy);
  if (Term name(port.registered.load()); !name.is_none()) {
    registry_port_exit(name, port.id);
    if (trace::port_traced(port, trace::flag::Ports)) trace::port_event(port, atoms::unregister, name);
  }
  // First, so that who is told below of the connection's end can make a new one.
  if (DistEntry *e = port.dist.exchange(nullptr)) {
    if (reason == posix_atom(EMSGSIZE)) dist_frame_too_large(e);
    dist_down(e, port.id, told.get());
  }
  for (Term pid : std::exchange(port.links, {})) link_exit_send(port.id, pid, told.get());
  for (auto &w : std::exchange(port.watchers, {})) down_send(port.id, w.pid, w.ref.get(), told.get());
  for (PortTask *t : std::exchange(port.held, {})) {
    t->dropped(port);
    delete t;
  }
  if (reason != atoms::kill && port.queue.size() != 0) {
    port.flags.fetch_or(portflag::Closing);
    port.instance->flush(port);
    port_settle(port);
  } else {
    port_terminate(port);
  }
  return true;
}

void port_unlink_now(Port &port, Term pid) { std::erase(port.links, pid); }

void port_fail(Port &port, Term reason) {
  if (port.failed) return;
  port.failed = true;
  port.fail_reason = KeptTerm(reason);
  if (!port.pending_open.to.is_none()) port_opened(port);
}

void port_end_told(Port &port, Term reason) {
  Term owner(port.owner.load());
  if (std::find(port.links.begin(), port.links.end(), owner) != port.links.end()) {
    port_unlink_now(port, owner);
    unlink_send(port.id, owner, 0);
  }
  port_fail(port, reason);
}

void port_fail_posix(Port &port, int error) { port_fail(port, posix_atom(error)); }

void port_fail_eof(Port &port) {
  port_flush_line(port);
  if (port.soft_eof && !(port.flags.load() & portflag::Closing)) port_notify(port, atoms::eof);
  else port_fail(port, atoms::normal);
}

namespace {
class SettleTask : public PortTask { // port_settle comes after each task
public:
  void run(Port &) override {}
};
} // namespace

void port_set_busy(Port &port, bool busy) {
  if (busy) port.flags.fetch_or(portflag::Busy);
  // Who does so may execute another port of the driver, after whose callback nobody would look here.
  else if (port.flags.fetch_and(~portflag::Busy) & portflag::Waited) port_enqueue(&port, new SettleTask);
}

// --- the answer to open_port
namespace {
void answer_open(Port &port, Term result) {
  if (port.pending_open.to.is_none()) return;
  FragmentHeap h;
  port_answer(port.pending_open.to, port.pending_open.ref.get(), result, h);
  port.pending_open.to = Term::none();
}
} // namespace

void port_opened(Port &port) { answer_open(port, port.id); }

void port_open_failed(Port &port, Term reason) {
  // The caller has not seen the port: it is not to get its exit signal, only the error.
  Term to = port.pending_open.to;
  if (!to.is_none()) {
    port_unlink_now(port, to);
    unlink_send(port.id, to, 0);
  }
  answer_open(port, reason);
  port.queue.clear();
  port_fail(port, atoms::normal);
}
} // namespace joist::runtime
