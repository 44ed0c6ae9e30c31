// erlang:system_monitor/0,1,2 and system_profile/0,2: settings kept here; who raises such events asks system_monitor.h.
#include "bifs/build.h"

#include "runtime/sys/system_monitor.h"

namespace joist::bifs {
namespace {
Term monitor_term(Heap &h, const SystemMonitor &m) {
  if (m.pid.is_none()) return atoms::undefined;
  Term l = Term::nil();
  auto limit = [&](Term name, uint64_t v) {
    if (v) l = make_cons(h, pair(h, name, make_uint(h, v)), l);
  };
  limit(atoms::long_gc, m.long_gc_ms);
  limit(atoms::long_schedule, m.long_schedule_ms);
  limit(atoms::large_heap, m.large_heap_words);
  if (m.busy_port) l = make_cons(h, atoms::busy_port, l);
  if (m.busy_dist_port) l = make_cons(h, atoms::busy_dist_port, l);
  return pair(h, m.pid, l);
}

Term set_monitor(Process *p, Term pid, Term opts) {
  SystemMonitor m;
  if (pid != atoms::undefined && !opts.is_nil()) {
    for (; opts.is_cons(); opts = opts.tail()) {
      Term o = opts.head();
      if (o == atoms::busy_port) m.busy_port = true;
      else if (o == atoms::busy_dist_port) m.busy_dist_port = true;
      else {
        uint64_t v;
        if (!is_tuple_of(o, 2) || !get_uint64(tuple_elements(o)[1], &v)) return badarg(p);
        Term key = tuple_elements(o)[0];
        if (key == atoms::long_gc) m.long_gc_ms = std::max<uint64_t>(v, 1);
        else if (key == atoms::long_schedule) m.long_schedule_ms = std::max<uint64_t>(v, 1);
        else if (key == atoms::large_heap) m.large_heap_words = std::max<uint64_t>(v, 16384);
        else return badarg(p);
      }
    }
    if (!opts.is_nil() || !pid.is_local_pid() || !process_lookup(pid)) return badarg(p);
    m.pid = pid;
  }
  SystemMonitor old = system_monitor_set(m);
  return monitor_term(p->heap, old);
}

struct Profile {
  Term pid = Term::none();
  uint32_t flags = 0;
};
std::mutex profile_lock;
Profile profile;
const std::pair<const char *, uint32_t> kProfileFlags[] = {{"exclusive", 1},
                                                           {"runnable_procs", 2},
                                                           {"runnable_ports", 4},
                                                           {"scheduler", 8},
                                                           {"timestamp", 16},
                                                           {"monotonic_timestamp", 32},
                                                           {"strict_monotonic_timestamp", 64}};

Term profile_term(Heap &h, const Profile &f) {
  if (f.pid.is_none()) return atoms::undefined;
  Term l = Term::nil();
  for (auto &[name, bit] : kProfileFlags)
    if (f.flags & bit) l = make_cons(h, named(name), l);
  return pair(h, f.pid, l);
}
} // namespace

Term erlang_system_monitor_0(Process *p, const Term *) { return monitor_term(p->heap, system_monitor_get()); }

Term erlang_system_monitor_1(Process *p, const Term *args) {
  if (args[0] == atoms::undefined) return set_monitor(p, atoms::undefined, Term::nil());
  if (!is_tuple_of(args[0], 2)) return badarg(p);
  return set_monitor(p, tuple_elements(args[0])[0], tuple_elements(args[0])[1]);
}

Term erlang_system_monitor_2(Process *p, const Term *args) { return set_monitor(p, args[0], args[1]); }

Term erlang_system_profile_0(Process *p, const Term *) {
  std::lock_guard g(profile_lock);
  return profile_term(p->heap, profile);
}

Term erlang_system_profile_2(Process *p, const Term *args) {
  Profile f;
  if (args[0] != atoms::undefined) {
    Term opts = args[1];
    for (; opts.is_cons(); opts = opts.tail()) {
      uint32_t bit = 0;
      for (auto &[name, b] : kProfileFlags)
        if (opts.head() == named(name)) bit = b;
      if (!bit) return badarg(p);
      f.flags |= bit;
    }
    if (!opts.is_nil() || !args[0].is_local_pid() || !process_lookup(args[0])) return badarg(p);
    f.pid = args[0];
  }
  std::lock_guard g(profile_lock);
  Term old = profile_term(p->heap, profile);
  profile = f;
  return old;
}
} // namespace joist::bifs
