#include "runtime/trace/flags.h"
#include "runtime/atom/atom.h"

namespace joist::runtime::trace {
namespace {
struct Row {
  Term name;
  uint32_t bit;
};
// In the order in which lists of flags end.
const Row kFlags[] = {{atoms::timestamp, flag::NowTs},
                      {atoms::strict_monotonic_timestamp, flag::StrictTs},
                      {atoms::monotonic_timestamp, flag::MonotonicTs},
                      {atoms::send, flag::Send},
                      {atoms::receive, flag::Receive},
                      {atoms::set_on_spawn, flag::SetOnSpawn},
                      {atoms::call, flag::Calls},
                      {atoms::procs, flag::Procs},
                      {atoms::set_on_first_spawn, flag::SetOnFirstSpawn},
                      {atoms::set_on_link, flag::SetOnLink},
                      {atoms::set_on_first_link, flag::SetOnFirstLink},
                      {atoms::running, flag::Running},
                      {atoms::exiting, flag::Exiting},
                      {atoms::garbage_collection, flag::Gc},
                      {atoms::arity, flag::Arity},
                      {atoms::return_to, flag::ReturnTo},
                      {atoms::silent, flag::Silent},
                      {atoms::scheduler_id, flag::SchedulerId},
                      {atoms::ports, flag::Ports},
                      {atoms::running_ports, flag::RunningPorts},
                      {atoms::running_procs, flag::RunningProcs}};
} // namespace

uint32_t flag_of(Term name) {
  if (name == atoms::all) return flag::All;
  for (auto &r : kFlags)
    if (r.name == name) return r.bit;
  return 0;
}

Term flags_to_list(Heap &h, uint32_t flags) {
  Term l = Term::nil();
  for (auto &r : kFlags)
    if (flags & r.bit) l = make_cons(h, r.name, l);
  return l;
}

bool flags_parse(Term l, FlagList *out) {
  for (; l.is_cons(); l = l.tail()) {
    Term item = l.head();
    if (uint32_t bit = item.is_atom() ? flag_of(item) : 0) out->mask |= bit;
    else if (item == atoms::cpu_timestamp) out->cpu_timestamp = true;
    else if (!is_tuple(item) || !tracer_from_term(atoms::tracer, item, &out->tracer)) return false;
  }
  return l.is_nil();
}

bool change(Process *p, bool on, uint32_t mask, const TracerRef &tracer) {
  TracerRef now = tracer_of(p);
  if (tracer && (flags_of(p) & flag::All) && now && !tracer_same(now.get(), tracer.get()) &&
      tracer_enabled(*now, atoms::trace_status, p->id, p) != Verdict::Remove)
    return false;
  const uint32_t flags = flags_of(p);
  set(p, on ? flags | mask : flags & ~mask, tracer ? tracer : tracer_of(p));
  return true;
}
} // namespace joist::runtime::trace
