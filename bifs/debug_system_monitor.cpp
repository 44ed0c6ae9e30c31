// erlang:system_monitor/0,1,2 and system_profile/0,2: the settings. Events: runtime/sys/system_monitor.h, system_profile.h.
#include "bifs/build.h"

#include "runtime/io/port.h"
#include "runtime/sys/system_monitor.h"
#include "runtime/sys/system_profile.h"
#include "runtime/trace/flags.h"

namespace joist::bifs {
namespace {
Term monitor_term(Heap &h, const SystemMonitor &m) {
  if (m.to.is_none()) return atoms::undefined;
  Term l = Term::nil();
  auto limit = [&](Term name, uint64_t v) {
    if (v) l = make_cons(h, pair(h, name, make_uint(h, v)), l);
  };
  limit(atoms::long_gc, m.long_gc_ms);
  limit(atoms::long_schedule, m.long_schedule_ms);
  limit(atoms::large_heap, m.large_heap_words);
  if (m.busy_port) l = make_cons(h, atoms::busy_port, l);
  if (m.busy_dist_port) l = make_cons(h, atoms::busy_dist_port, l);
  return pair(h, m.to, l);
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
    m.to = pid;
  }
  SystemMonitor old = system_monitor_set(m);
  return monitor_term(p->heap, old);
}

const std::pair<Term, uint32_t> kProfileFlags[] = {{atoms::runnable_ports, profile::Ports},
                                                   {atoms::runnable_procs, profile::Processes},
                                                   {atoms::scheduler, profile::Scheduler},
                                                   {atoms::exclusive, profile::Exclusive}};

Term profile_term(Heap &h, const SystemProfile &f) {
  if (f.to.is_none()) return atoms::undefined;
  Term l = Term::nil();
  for (auto &[name, bit] : kProfileFlags)
    if (f.flags & bit) l = make_cons(h, name, l);
  return pair(h, f.to, l);
}

bool profile_option(Term option, SystemProfile *f) {
  for (auto &[name, bit] : kProfileFlags)
    if (option == name) return f->flags |= bit, true;
  uint32_t stamps = trace::flag_of(option) & trace::flag::Timestamps;
  if (!option.is_atom() || option == atoms::all || !stamps) return false;
  f->timestamps = stamps;
  return true;
}
} // namespace

Term erlang_system_monitor_0(Process *p, const Term *) { return monitor_term(p->heap, system_monitor_get()); }

Term erlang_system_monitor_1(Process *p, const Term *args) {
  if (args[0] == atoms::undefined) return set_monitor(p, atoms::undefined, Term::nil());
  if (!is_tuple_of(args[0], 2)) return badarg(p);
  return set_monitor(p, tuple_elements(args[0])[0], tuple_elements(args[0])[1]);
}

Term erlang_system_monitor_2(Process *p, const Term *args) { return set_monitor(p, args[0], args[1]); }

Term erlang_system_profile_0(Process *p, const Term *) { return profile_term(p->heap, system_profile_get()); }

Term erlang_system_profile_2(Process *p, const Term *args) {
  SystemProfile f;
  Term to = args[0], opts = args[1];
  if (to != atoms::undefined && !opts.is_nil()) {
    f.timestamps = trace::flag::NowTs;
    for (; opts.is_cons(); opts = opts.tail())
      if (!profile_option(opts.head(), &f)) return badarg(p);
    bool there = to.is_local_pid() ? process_lookup(to) != nullptr : to.is_local_port() && port_alive(to);
    if (!opts.is_nil() || !there) return badarg(p);
    f.to = to;
  }
  return profile_term(p->heap, system_profile_set(f));
}
} // namespace joist::bifs
