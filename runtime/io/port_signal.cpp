// What processes do to ports: relations, names, `!`.
#include "runtime/io/port_core.h"
#include "runtime/io/port_ops.h"
#include "runtime/proc/process.h"
#include "runtime/trace/ports.h"

namespace joist::runtime {
bool port_alive(Term port) { return port_lookup(port) != nullptr; }

Port *port_lookup_name(Term t) {
  if (t.is_atom()) t = registry_whereis(t);
  return t.is_none() ? nullptr : port_lookup(t);
}

// --- names. The registry's lock is held by the caller.
Term port_registered_name(Term port) {
  Port *p = port_lookup(port);
  return p ? Term(p->registered.load()) : Term::none();
}

bool port_set_registered_name(Term port, Term name) {
  Port *p = port_lookup(port);
  if (!p) return false;
  if (!name.is_none() && !Term(p->registered.load()).is_none()) return false;
  p->registered.store(name.raw());
  // An exiting port sets its flag first and then looks for a name: one of the two sees the other.
  if (name.is_none() || !p->gone()) return true;
  p->registered.store(Term::none().raw());
  return false;
}

// --- relations
namespace {
// A task on behalf of a process (none: of nobody); runs at once where possible.
void submit(Port *port, Term process, PortTask *t) {
  t->process = process;
  if (!port_begin(port)) return port_enqueue(port, t);
  t->run(*port);
  delete t;
  port_settle(*port);
  port_end(port);
  port_unref(port);
}

struct LinkTask : PortTask {
  Term pid, port_id;
  LinkTask(Term p, Term id) : pid(p), port_id(id) {}
  void run(Port &port) override {
    if (port.gone()) return dropped(port);
    if (std::find(port.links.begin(), port.links.end(), pid) != port.links.end()) return;
    if (trace::port_traced(port, trace::flag::Ports)) trace::port_event(port, atoms::getting_linked, pid);
    port.links.push_back(pid);
  }
  void dropped(Port &) override { link_exit_send(port_id, pid, atoms::noproc); }
};

struct UnlinkTask : PortTask {
  Term pid, port_id;
  uint64_t unlink_id;
  UnlinkTask(Term p, Term id, uint64_t u) : pid(p), port_id(id), unlink_id(u) {}
  void run(Port &port) override {
    if (trace::port_traced(port, trace::flag::Ports) &&
        std::find(port.links.begin(), port.links.end(), pid) != port.links.end())
      trace::port_event(port, atoms::getting_unlinked, pid);
    port_unlink_now(port, pid);
    dropped(port);
  }
  void dropped(Port &) override {
    if (unlink_id) unlink_ack_send(port_id, pid, unlink_id);
  }
};

struct ExitTask : PortTask {
  Term from;
  KeptTerm reason;
  bool linked;
  ExitTask(Term f, Term r, bool l) : from(f), reason(r), linked(l) {}
  void run(Port &port) override {
    if (linked) {
      if (std::find(port.links.begin(), port.links.end(), from) == port.links.end()) return;
      port_unlink_now(port, from);
    }
    port_exit(port, from, reason.get(), false, true);
  }
};

struct MonitorTask : PortTask {
  Term pid, port_id;
  KeptRef ref;
  MonitorTask(Term p, Term id, Term r) : pid(p), port_id(id), ref(r) {}
  void run(Port &port) override {
    if (port.gone()) return dropped(port);
    port.watchers.push_back({pid, ref});
  }
  void dropped(Port &) override { down_send(port_id, pid, ref.get(), atoms::noproc); }
};

struct DemonitorTask : PortTask {
  Term pid;
  KeptRef ref;
  DemonitorTask(Term p, Term r) : pid(p), ref(r) {}
  void run(Port &port) override {
    for (auto it = port.watchers.begin(); it != port.watchers.end(); ++it)
      if (it->pid == pid && ref_id(it->ref.get()) == ref_id(ref.get())) {
        port.watchers.erase(it);
        return;
      }
  }
};
struct RegisteredTask : PortTask {
  Term name;
  bool on;
  RegisteredTask(Term n, bool o) : name(n), on(o) {}
  void run(Port &port) override { trace::port_event(port, on ? atoms::register_ : atoms::unregister, name); }
};
} // namespace

void trace::port_registered(Term port, Term name, bool on) {
  Port *p = port_lookup(port);
  if (p && trace::port_traced(*p, trace::flag::Ports)) submit(p, Term::none(), new RegisteredTask(name, on));
}

void port_link(Process *p, Term port) {
  if (Port *prt = port_lookup(port)) submit(prt, p->id, new LinkTask(p->id, port));
  else link_exit_send(port, p->id, atoms::noproc);
}

void port_unlink(Process *p, Term port, uint64_t id) {
  if (Port *prt = port_lookup(port)) submit(prt, p->id, new UnlinkTask(p->id, port, id));
  else if (id) unlink_ack_send(port, p->id, id);
}

void port_exit_signal(Term from, Term port, Term reason, bool linked) {
  if (Port *prt = port_lookup(port)) submit(prt, from, new ExitTask(from, reason, linked));
}

void port_monitor(Process *p, Term port, Term ref) {
  if (Port *prt = port_lookup(port)) submit(prt, p->id, new MonitorTask(p->id, port, ref));
  else down_send(port, p->id, ref, atoms::noproc);
}

void port_demonitor(Process *p, Term port, Term ref) {
  if (Port *prt = port_lookup(port)) submit(prt, p->id, new DemonitorTask(p->id, ref));
}

void port_output_async(Term from, Term port, const void *bytes, size_t n) {
  Port *prt = port_lookup(port);
  if (!prt) return;
  auto *t = new PortCommand;
  t->sender = from;
  t->force = true;
  t->data.push_copy(bytes, n);
  port_enqueue(prt, t);
}
} // namespace joist::runtime
