// erlang:system_flag/2: sets and answers the previous value.
#include "bifs/system_info.h"

#include "bifs/build.h"
#include "runtime/ets/match_program.h"
#include "runtime/mem/gc.h"
#include "runtime/sched/microstate.h"
#include "runtime/sched/scheduler.h"
#include "runtime/sched/stats.h"
#include "runtime/sys/flags.h"
#include "runtime/sys/seq_trace.h"
#include "runtime/sys/settings.h"
#include "runtime/sys/time.h"
#include "runtime/term/map.h"

#include <unordered_map>

namespace joist::bifs {
namespace {
using Setter = Term (*)(Process *p, Term value);
using joist::runtime::kMaxSmall;
std::mutex lock; // of vm_flags' defaults; their readers take what they find

// Sets a 32-bit default to a value rounded up to a heap size; the old one as an integer.
template <class T> Term swap(Process *p, T &slot, uint64_t value) {
  std::lock_guard g(lock);
  Term old = make_uint(p->heap, slot);
  __atomic_store_n(&slot, T(value), __ATOMIC_RELAXED);
  return old;
}
bool natural(Term t, int64_t max, int64_t *out) {
  if (!t.is_small() || t.small_value() < 0 || t.small_value() > max) return false;
  *out = t.small_value();
  return true;
}

Term backtrace_depth(Process *p, Term v) {
  int64_t n;
  if (!natural(v, INT32_MAX, &n)) return badarg(p);
  return Term::small(system_settings.backtrace_depth.exchange(std::min<int64_t>(n, 64)));
}
Term fullsweep_after(Process *p, Term v) {
  int64_t n;
  if (!natural(v, kMaxSmall, &n)) return badarg(p);
  return swap(p, vm_flags.fullsweep_after, uint64_t(std::min<int64_t>(n, 65535)));
}
Term min_heap_size(Process *p, Term v) {
  int64_t n;
  if (!natural(v, UINT32_MAX, &n)) return badarg(p);
  return swap(p, vm_flags.min_heap_words, gc_next_size(Word(n)));
}
Term min_bin_vheap_size(Process *p, Term v) {
  int64_t n;
  if (!natural(v, UINT32_MAX, &n)) return badarg(p);
  return swap(p, vm_flags.min_vheap_words, gc_next_size(Word(n)));
}

Term max_heap_size(Process *p, Term v) {
  int64_t size = int64_t(vm_flags.max_heap_words);
  bool kill = vm_flags.max_heap_kill, log = vm_flags.max_heap_log;
  if (is_map(v)) {
    const Term *s = map_find(v, atoms::size), *k = map_find(v, atoms::kill), *l = map_find(v, atoms::error_logger);
    if (!s || !natural(*s, kMostMaxHeapWords, &size)) return badarg(p);
    auto flag = [](const Term *t, bool *out) {
      if (t && *t != atoms::true_ && *t != atoms::false_) return false;
      if (t) *out = *t == atoms::true_;
      return true;
    };
    if (!flag(k, &kill) || !flag(l, &log)) return badarg(p);
  } else if (!natural(v, kMostMaxHeapWords, &size)) {
    return badarg(p);
  }
  if (size != 0 && uint64_t(size) < vm_flags.min_heap_words) return badarg(p);
  Term pairs[] = {atoms::error_logger, bool_term(vm_flags.max_heap_log),
                  atoms::kill,         bool_term(vm_flags.max_heap_kill),
                  atoms::size,         make_uint(p->heap, vm_flags.max_heap_words)};
  Term old = map_from_pairs(p->heap, pairs, 3);
  std::lock_guard g(lock);
  vm_flags.max_heap_words = uint64_t(size), vm_flags.max_heap_kill = kill, vm_flags.max_heap_log = log;
  return old;
}

Term multi_scheduling(Process *p, Term v) {
  auto &all = system_settings.multi_scheduling_blocks, &normal = system_settings.normal_scheduling_blocks;
  auto drop = [](std::atomic<int> &n) {
    int v = n.load();
    while (v > 0 && !n.compare_exchange_weak(v, v - 1)) {}
  };
  if (v == atoms::block) all++;
  else if (v == atoms::unblock) drop(all);
  else if (v == atoms::block_normal) normal++;
  else if (v == atoms::unblock_normal) drop(normal);
  else return badarg(p);
  schedulers_single(all > 0 || normal > 0);
  p->reductions = 0; // it may be on a scheduler that stands still now
  return all > 0 ? atoms::blocked : normal > 0 ? atoms::blocked_normal : atoms::enabled;
}

Term schedulers_online_flag(Process *p, Term v) {
  int64_t n;
  if (!natural(v, schedulers_count(), &n) || n < 1) return badarg(p);
  unsigned old = schedulers_online();
  schedulers_set_online(unsigned(n));
  return Term::small(old);
}
Term dirty_cpu_online_flag(Process *p, Term v) {
  int64_t n;
  if (!natural(v, dirty_cpu_schedulers(), &n) || n < 1 || n > schedulers_online()) return badarg(p);
  unsigned old = dirty_cpu_schedulers_online();
  dirty_cpu_schedulers_set_online(unsigned(n));
  return Term::small(old);
}

Term scheduler_wall_time(Process *p, Term v) {
  static const Export *e = export_get_or_put(atoms::erts_internal, atoms::system_flag_scheduler_wall_time, 1);
  if (v != atoms::true_ && v != atoms::false_) return badarg(p);
  return trap_to(p, e, v);
}

Term microstate_accounting(Process *p, Term v) {
  if (v == atoms::reset) {
    microstate::reset();
    return bool_term(microstate::on.load());
  }
  if (v != atoms::true_ && v != atoms::false_) return badarg(p);
  return bool_term(microstate::enable(v == atoms::true_));
}

Term logger_flag(Process *p, Term v) {
  if (v != atoms::logger && v != atoms::undefined && !(v.is_local_pid() && process_lookup(v))) return badarg(p);
  return Term(system_settings.system_logger.exchange(v.raw()));
}

Term reset_seq_trace(Process *p, Term v) {
  if (v != atoms::true_) return badarg(p);
  seq_trace::reset();
  return atoms::true_;
}

Term sequential_tracer(Process *p, Term v) {
  trace::TracerRef t;
  if (v != atoms::false_ && (v.is_nil() || !trace::tracer_from_term(Term::none(), v, &t))) return badarg(p);
  t = seq_trace::set_tracer(std::move(t));
  return t ? trace::tracer_to_term(t.get(), p->heap) : atoms::false_;
}

Term trace_control_word(Process *p, Term v) {
  int64_t n;
  if (!natural(v, UINT32_MAX, &n)) return badarg(p);
  return make_uint(p->heap, ets::trace_control_word.exchange(uint32_t(n)));
}

Term time_offset_flag(Process *p, Term v) {
  if (v != named<"finalize">()) return badarg(p);
  return time_offset_state_term(time_offset_finalize());
}

Term outstanding_limit(Process *p, Term v) {
  static std::atomic<int64_t> limit{4};
  int64_t n;
  if (!natural(v, (1 << 27) - 1, &n) || n < 1) return badarg(p);
  return Term::small(limit.exchange(n));
}

Term topology(Process *p, Term v) {
  if (v != atoms::undefined && !v.is_list()) return badarg(p);
  Term arg = named<"cpu_topology">();
  return erlang_system_info_1(p, &arg); // fixed: schedulers are not bound to processors
}
Term bind_type(Process *p, Term v) {
  for (const char *t : {"unbound", "no_spread", "thread_spread", "processor_spread", "spread", "no_node_thread_spread",
                        "no_node_processor_spread", "thread_no_node_processor_spread", "default_bind"})
    if (v == named(t)) return named<"unbound">();
  return badarg(p);
}

const std::unordered_map<std::string_view, Setter> &flags() {
  static const auto *table = new std::unordered_map<std::string_view, Setter>{
      {"backtrace_depth", backtrace_depth},
      {"cpu_topology", topology},
      {"debug_flags", [](Process *, Term) { return atoms::true_; }},
      {"dirty_cpu_schedulers_online", dirty_cpu_online_flag},
      {"fullsweep_after", fullsweep_after},
      {"max_heap_size", max_heap_size},
      {"microstate_accounting", microstate_accounting},
      {"min_bin_vheap_size", min_bin_vheap_size},
      {"min_heap_size", min_heap_size},
      {"multi_scheduling", multi_scheduling},
      {"outstanding_system_requests_limit", outstanding_limit},
      {"reset_seq_trace", reset_seq_trace},
      {"scheduler_bind_type", bind_type},
      {"scheduler_wall_time", scheduler_wall_time},
      {"schedulers_online", schedulers_online_flag},
      {"sequential_tracer", sequential_tracer},
      {"system_logger", logger_flag},
      {"time_offset", time_offset_flag},
      {"trace_control_word", trace_control_word},
  };
  return *table;
}
} // namespace

Term erlang_system_flag_2(Process *p, const Term *args) {
  if (!args[0].is_atom()) return badarg(p, atoms::badopt);
  auto it = flags().find(atom::text(args[0]));
  return it == flags().end() ? badarg(p, atoms::badopt) : it->second(p, args[1]);
}
} // namespace joist::bifs
