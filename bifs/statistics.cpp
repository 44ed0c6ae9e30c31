// erlang:statistics/1.
#include "bifs/build.h"

#include "runtime/sched/microstate.h"
#include "runtime/sched/scheduler.h"
#include "runtime/sched/stats.h"
#include "runtime/sys/time.h"
#include "runtime/term/map.h"

#include <sys/resource.h>
#include <unordered_map>

namespace joist::bifs {
namespace {
using Item = Term (*)(Process *p);
using Stats = std::vector<SchedulerStats>;

// {Total, SinceLastCall}; the last value is one per VM, as in stock.
Term total_and_difference(Process *p, std::atomic<uint64_t> &last, uint64_t now) {
  uint64_t before = last.exchange(now, std::memory_order_relaxed);
  return pair(p->heap, make_uint(p->heap, now), make_uint(p->heap, now > before ? now - before : 0));
}

uint64_t reductions_now(const Process *p) { return total_reductions() + uint64_t(p->reductions_used()); }

Term reductions(Process *p) {
  static std::atomic<uint64_t> last{0};
  return total_and_difference(p, last, reductions_now(p));
}
Term exact_reductions(Process *p) {
  static std::atomic<uint64_t> last{0};
  return total_and_difference(p, last, reductions_now(p));
}
Term wall_clock(Process *p) {
  static std::atomic<uint64_t> last{0};
  return total_and_difference(p, last, uint64_t(monotonic_time() - kMonotonicStart) / 1'000'000);
}
Term runtime_ms(Process *p) {
  static std::atomic<uint64_t> last{0};
  rusage u{};
  getrusage(RUSAGE_SELF, &u);
  return total_and_difference(p, last, uint64_t(u.ru_utime.tv_sec) * 1000 + uint64_t(u.ru_utime.tv_usec) / 1000);
}

// One number per run queue: normal schedulers, then dirty CPU and (with `all`) dirty I/O, which have one queue each.
std::vector<uint64_t> queues(bool all, bool running) {
  std::vector<uint64_t> out;
  auto length = [&](const SchedulerStats &s) { return s.run_queue + (running ? s.running : 0); };
  for (const SchedulerStats &s : scheduler_stats(SchedulerType::Normal)) out.push_back(length(s));
  auto shared = [&](SchedulerType t) {
    uint64_t n = 0;
    for (const SchedulerStats &s : scheduler_stats(t)) n += length(s);
    out.push_back(n);
  };
  shared(SchedulerType::DirtyCpu);
  if (all) shared(SchedulerType::DirtyIo);
  return out;
}
Term queue_list(Process *p, bool all, bool running) {
  std::vector<Term> l;
  for (uint64_t n : queues(all, running)) l.push_back(make_uint(p->heap, n));
  return list_of(p->heap, l);
}
Term queue_total(Process *p, bool all, bool running) {
  uint64_t sum = 0;
  for (uint64_t n : queues(all, running)) sum += n;
  return make_uint(p->heap, sum);
}

Term wall_time(Process *p, bool all) {
  if (!scheduler_wall_time_enabled()) return atoms::undefined;
  Term list = Term::nil();
  auto add = [&](SchedulerType t) {
    for (const SchedulerStats &s : scheduler_stats(t))
      list = make_cons(
          p->heap,
          make_tuple(p->heap, Term::small(s.number), make_uint(p->heap, s.active_ns), make_uint(p->heap, s.total_ns)),
          list);
  };
  add(SchedulerType::Normal);
  add(SchedulerType::DirtyCpu);
  if (all) add(SchedulerType::DirtyIo);
  return list;
}

// Per thread: how long it was in each state.
Term microstate_accounting(Process *p) {
  Heap &h = p->heap;
  static const Term types[] = {named<"scheduler">(),          named<"async">(), named<"dirty_cpu_scheduler">(),
                               named<"dirty_io_scheduler">(), named<"poll">(),  named<"aux">()};
  static const Term states[] = {named<"aux">(), named<"check_io">(), named<"emulator">(), named<"gc">(),
                                atoms::other,   atoms::port,         named<"sleep">()};
  Term list = Term::nil();
  for (const microstate::Row &r : microstate::rows()) {
    Term counters[2 * kMicroStates];
    for (size_t s = 0; s < kMicroStates; s++) {
      counters[2 * s] = states[s];
      counters[2 * s + 1] = make_int(h, r.ns[s]);
    }
    Term pairs[] = {named<"counters">(), map_from_pairs(h, counters, kMicroStates),
                    atoms::id,           Term::small(r.id),
                    atoms::type,         types[size_t(r.type)]};
    list = make_cons(h, map_from_pairs(h, pairs, 3), list);
  }
  return list;
}

// {of the first scheduler, of the second, ..., dirty}: one tuple.
Term queue_tuple(Process *p) {
  std::vector<Term> l;
  for (uint64_t n : queues(true, false)) l.push_back(make_uint(p->heap, n));
  return tuple_of(p->heap, l);
}

Term garbage_collection(Process *p) {
  uint64_t n = gc_total_collections();
  uint64_t words = gc_total_words_reclaimed();
  return make_tuple(p->heap, make_uint(p->heap, n), make_uint(p->heap, words), Term::small(0));
}

Term io(Process *p) {
  Heap &h = p->heap;
  Term in = make_uint(h, io_total_input());
  Term out = make_uint(h, io_total_output());
  return pair(h, pair(h, atoms::input, in), pair(h, atoms::output, out));
}

const std::unordered_map<std::string_view, Item> &items() {
  static const auto *table = new std::unordered_map<std::string_view, Item>{
      {"active_tasks", [](Process *p) { return queue_list(p, false, true); }},
      {"active_tasks_all", [](Process *p) { return queue_list(p, true, true); }},
      {"context_switches",
       [](Process *p) { return pair(p->heap, make_uint(p->heap, total_context_switches()), Term::small(0)); }},
      {"exact_reductions", exact_reductions},
      {"garbage_collection", garbage_collection},
      {"io", io},
      {"microstate_accounting", microstate_accounting},
      {"reductions", reductions},
      {"run_queue", [](Process *p) { return queue_total(p, false, false); }},
      {"run_queue_lengths", [](Process *p) { return queue_list(p, false, false); }},
      {"run_queue_lengths_all", [](Process *p) { return queue_list(p, true, false); }},
      {"run_queues", queue_tuple},
      {"runtime", runtime_ms},
      {"scheduler_wall_time", [](Process *p) { return wall_time(p, false); }},
      {"scheduler_wall_time_all", [](Process *p) { return wall_time(p, true); }},
      {"total_active_tasks", [](Process *p) { return queue_total(p, false, true); }},
      {"total_active_tasks_all", [](Process *p) { return queue_total(p, true, true); }},
      {"total_run_queue_lengths", [](Process *p) { return queue_total(p, false, false); }},
      {"total_run_queue_lengths_all", [](Process *p) { return queue_total(p, true, false); }},
      {"wall_clock", wall_clock},
  };
  return *table;
}
} // namespace

Term erlang_statistics_1(Process *p, const Term *args) {
  if (!args[0].is_atom()) return badarg(p);
  auto it = items().find(atom::text(args[0]));
  return it == items().end() ? badarg(p) : it->second(p);
}

Term erts_internal_scheduler_wall_time_1(Process *p, const Term *args) {
  if (args[0] != atoms::true_ && args[0] != atoms::false_) return badarg(p);
  return bool_term(scheduler_wall_time_enable(args[0] == atoms::true_));
}
} // namespace joist::bifs
