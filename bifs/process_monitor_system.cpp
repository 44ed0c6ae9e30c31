// system_monitor and system_profile: what is asked for.
#include "bifs/process_args.h"
#include "runtime/io/port.h"
#include "runtime/sys/system_monitor.h"

namespace joist::runtime {
SystemMonitor system_monitor;
SystemProfile system_profile;
} // namespace joist::runtime

namespace joist::bifs {
namespace {
Term monitor_settings(Heap &h) {
  const SystemMonitor &m = system_monitor;
  Term pid(m.pid.load());
  if (pid.is_none()) return atoms::undefined;
  Term l = Term::nil();
  auto add = [&](Term name, uint64_t v) {
    if (v) l = make_cons(h, make_tuple(h, name, make_uint(h, v)), l);
  };
  add(atoms::long_gc, uint64_t(m.long_gc.load()));
  add(atoms::long_schedule, uint64_t(m.long_schedule.load()));
  add(atoms::large_heap, m.large_heap.load());
  if (m.busy_port.load()) l = make_cons(h, atoms::busy_port, l);
  if (m.busy_dist_port.load()) l = make_cons(h, atoms::busy_dist_port, l);
  return make_tuple(h, pid, l);
}

Term set_monitor(Process *p, Term pid, Term list) {
  SystemMonitor &m = system_monitor;
  if (pid == atoms::undefined || list.is_nil()) {
    Term old = monitor_settings(p->heap);
    m.pid = Term::none().raw();
    m.long_gc = m.long_schedule = 0, m.large_heap = 0, m.busy_port = m.busy_dist_port = false;
    return old;
  }
  if (!pid.is_local_pid() || !process_lookup(pid)) return badarg(p);
  int64_t long_gc = 0, long_schedule = 0, large_heap = 0;
  bool busy_port = false, busy_dist_port = false;
  for (; list.is_cons(); list = list.tail()) {
    Term o = list.head();
    int64_t n;
    if (o == atoms::busy_port) busy_port = true;
    else if (o == atoms::busy_dist_port) busy_dist_port = true;
    else if (!is_tuple_of(o, 2) || !get_int64(tuple_elements(o)[1], &n) || n < 0) return badarg(p);
    else if (tuple_elements(o)[0] == atoms::long_gc) long_gc = std::max<int64_t>(n, 1);
    else if (tuple_elements(o)[0] == atoms::long_schedule) long_schedule = std::max<int64_t>(n, 1);
    else if (tuple_elements(o)[0] == atoms::large_heap) large_heap = std::max<int64_t>(n, 16384);
    else return badarg(p);
  }
  if (!list.is_nil()) return badarg(p);
  Term old = monitor_settings(p->heap);
  m.long_gc = long_gc, m.long_schedule = long_schedule, m.large_heap = uint64_t(large_heap);
  m.busy_port = busy_port, m.busy_dist_port = busy_dist_port;
  m.pid = pid.raw();
  return old;
}

Term profile_settings(Heap &h) {
  const SystemProfile &s = system_profile;
  Term to(s.receiver.load());
  if (to.is_none()) return atoms::undefined;
  Term l = Term::nil();
  if (s.runnable_ports.load()) l = make_cons(h, atoms::runnable_ports, l);
  if (s.runnable_procs.load()) l = make_cons(h, atoms::runnable_procs, l);
  if (s.scheduler.load()) l = make_cons(h, atoms::scheduler, l);
  if (s.exclusive.load()) l = make_cons(h, atoms::exclusive, l);
  return make_tuple(h, to, l);
}
} // namespace

Term erlang_system_monitor_0(Process *p, const Term *) { return monitor_settings(p->heap); }
Term erlang_system_monitor_1(Process *p, const Term *args) {
  if (args[0] == atoms::undefined) return set_monitor(p, args[0], Term::nil());
  if (!is_tuple_of(args[0], 2)) return badarg(p);
  return set_monitor(p, tuple_elements(args[0])[0], tuple_elements(args[0])[1]);
}
Term erlang_system_monitor_2(Process *p, const Term *args) { return set_monitor(p, args[0], args[1]); }

Term erlang_system_profile_0(Process *p, const Term *) { return profile_settings(p->heap); }
Term erlang_system_profile_2(Process *p, const Term *args) {
  SystemProfile &s = system_profile;
  Term to = args[0], list = args[1];
  if (to == atoms::undefined || list.is_nil()) {
    Term old = profile_settings(p->heap);
    s.receiver = Term::none().raw();
    s.runnable_procs = s.runnable_ports = s.scheduler = s.exclusive = false;
    return old;
  }
  if (to.is_local_pid() ? !process_lookup(to) : !to.is_local_port() || !port_alive(to)) return badarg(p);
  bool procs = false, ports = false, scheduler = false, exclusive = false;
  for (; list.is_cons(); list = list.tail()) {
    Term o = list.head();
    if (o == atoms::runnable_procs) procs = true;
    else if (o == atoms::runnable_ports) ports = true;
    else if (o == atoms::scheduler) scheduler = true;
    else if (o == atoms::exclusive) exclusive = true;
    else if (o != atoms::timestamp && o != atoms::monotonic_timestamp && o != atoms::strict_monotonic_timestamp) return badarg(p);
  }
  if (!list.is_nil()) return badarg(p);
  Term old = profile_settings(p->heap);
  s.runnable_procs = procs, s.runnable_ports = ports, s.scheduler = scheduler, s.exclusive = exclusive;
  s.receiver = to.raw();
  return old;
}
} // namespace joist::bifs
