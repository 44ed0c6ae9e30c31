// erlang:system_info/1: a table from item to the function that answers it.
#include "bifs/system_info.h"

#include "bifs/build.h"
#include "runtime/atom/atom.h"
#include "runtime/code/hot.h"
#include "runtime/dist/node.h"
#include "runtime/ets/ets.h"
#include "runtime/ets/match_program.h"
#include "runtime/io/file_name.h"
#include "runtime/io/port.h"
#include "runtime/mem/gc.h"
#include "runtime/nif/library.h"
#include "runtime/proc/registry.h"
#include "runtime/sched/scheduler.h"
#include "runtime/sched/stats.h"
#include "runtime/sys/flags.h"
#include "runtime/sys/seq_trace.h"
#include "runtime/sys/settings.h"
#include "runtime/sys/time.h"
#include "runtime/term/map.h"

#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <unordered_map>

namespace joist::bifs {
namespace {
using Item = Term (*)(Process *p);

Term number(Process *p, uint64_t n) { return make_uint(p->heap, n); }
Term text(Process *p, std::string_view s) { return text_list(p->heap, s); }
unsigned available_processors() {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? unsigned(CPU_COUNT(&set)) : schedulers_count();
}

// [{processor, [{core, {logical, 0}}, ...]}]
Term cpu_topology(Process *p) {
  Heap &h = p->heap;
  unsigned n = available_processors();
  auto logical = [&](unsigned i) { return pair(h, "logical", Term::small(i)); };
  if (n <= 1) return make_list(h, pair(h, "processor", logical(0)));
  std::vector<Term> cores;
  for (unsigned i = 0; i < n; i++) cores.push_back(pair(h, "core", logical(i)));
  return make_list(h, pair(h, "processor", list_of(h, cores)));
}

Term clock_source(Process *p, const char *id, int64_t time, bool extended) {
  Heap &h = p->heap;
  std::vector<Term> l{pair(h, atoms::function, named<"clock_gettime">()), pair(h, "clock_id", named(id)),
                      pair(h, "resolution", Term::small(1'000'000'000))};
  if (extended) l.push_back(pair(h, atoms::extended, atoms::no));
  l.push_back(pair(h, "parallel", atoms::yes));
  l.push_back(pair(h, atoms::time, make_int(h, time)));
  return list_of(h, l);
}

Term max_heap_size_map(Process *p) {
  Term pairs[] = {named<"error_logger">(),
                  bool_term(vm_flags.max_heap_log),
                  atoms::kill,
                  bool_term(vm_flags.max_heap_kill),
                  atoms::size,
                  make_uint(p->heap, vm_flags.max_heap_words)};
  return map_from_pairs(p->heap, pairs, 3);
}

Term heap_sizes(Process *p) {
  std::vector<Term> sizes;
  for (Word w = gc_next_size(1), last = 0; w > last && w < (Word{1} << 58); last = w, w = gc_next_size(w + 1))
    sizes.push_back(make_uint(p->heap, w));
  return list_of(p->heap, sizes);
}

Term os_version(Process *p) {
  utsname u{};
  uname(&u);
  unsigned v[3] = {0, 0, 0};
  sscanf(u.release, "%u.%u.%u", &v[0], &v[1], &v[2]);
  return make_tuple(p->heap, Term::small(v[0]), Term::small(v[1]), Term::small(v[2]));
}

std::string system_version() {
  auto s = [](unsigned n) { return std::to_string(n); };
  return "Erlang/OTP " + vm_flags.otp_release + " [erts-" + vm_flags.erts_version +
         "] [source] [64-bit] [smp:" + s(schedulers_count()) + ":" + s(schedulers_online()) +
         "] [ds:" + s(dirty_cpu_schedulers()) + ":" + s(dirty_cpu_schedulers_online()) + ":" +
         s(dirty_io_schedulers()) + "] [async-threads:" + s(vm_flags.async_threads) + "]" +
         (code_released ? " [jit]\n" : "\n");
}

Term scheduler_bindings(Process *p) {
  return tuple_of(p->heap, std::vector<Term>(schedulers_count(), named<"unbound">()));
}

// The set that is waited on, and stock's second one for descriptors that the first cannot take, which is always empty.
Term check_io(Process *p) {
  Heap &h = p->heap;
  auto flag = [&](const char *n, bool v) { return pair(h, n, bool_term(v)); };
  auto count = [&](const char *n, int64_t v) { return pair(h, n, Term::small(v)); };
  auto set = [&](bool fallback) {
    return list_of(
        h, {pair(h, atoms::name, named<"erts_poll">()), pair(h, "primary", named(fallback ? "poll" : "epoll")),
            pair(h, "kernel_poll", fallback ? atoms::false_ : named<"epoll">()), count("memory_size", 0),
            count("total_poll_set_size", fallback ? 0 : 1), flag("lazy_updates", fallback), count("pending_updates", 0),
            flag("batch_updates", false), flag("concurrent_updates", !fallback), flag("fallback", fallback),
            count("max_fds", sysconf(_SC_OPEN_MAX)), count("active_fds", 0), count("poll_threads", fallback ? 0 : 1)});
  };
  return make_list(h, set(true), set(false));
}

// How threads are grouped by processor: each has a group of its own.
Term groups_map(Process *p) {
  Heap &h = p->heap;
  std::vector<Term> l;
  for (unsigned i = 0; i < available_processors(); i++) l.push_back(make_tuple(h, Term::small(i), Term::small(i + 1)));
  return list_of(h, l);
}

// What atomic operations are made of: an item with a value is {What, Value, Functions} or {What, Value}.
Term ethread_info(Process *p) {
  Heap &h = p->heap;
  auto atomics = [&](const char *what) {
    return make_tuple(h, text(p, what), text(p, "gcc_atomic_builtins"), Term::nil());
  };
  return list_of(h, {atomics("32-bit native atomics"), atomics("64-bit native atomics"),
                     make_tuple(h, text(p, "Double word native atomics"), text(p, "no"), Term::nil())});
}

Term emu_args(Process *p) {
  std::vector<Term> l;
  for (auto &a : emulator_arguments) l.push_back(file_name_from_native(p->heap, a));
  return list_of(p->heap, l);
}

Term compile_info(Process *p) {
  Heap &h = p->heap;
  return make_list(h, pair(h, "ldflags", Term::nil()), pair(h, "cflags", text(p, "-O2 -std=c++20 -fno-rtti")),
                   pair(h, "config_h", text(p, "/* None: Joist is configured by CMake. */")));
}

Term garbage_collection(Process *p) {
  Heap &h = p->heap;
  auto n = [&](Term name, Word v) { return pair(h, name, make_uint(h, v)); };
  return list_of(
      h, {n(atoms::max_heap_size, vm_flags.max_heap_words), n(named<"min_bin_vheap_size">(), vm_flags.min_vheap_words),
          n(atoms::min_heap_size, vm_flags.min_heap_words), n(atoms::fullsweep_after, vm_flags.fullsweep_after)});
}

Term snifs(Process *p) {
  Term l = Term::nil();
  for (size_t i = 0; i < bif_count; i++)
    l = make_cons(p->heap,
                  make_tuple(p->heap, bif_rows[i].module, bif_rows[i].function, Term::small(bif_rows[i].arity)), l);
  return l;
}

Term multi_scheduling(Process *) {
  if (system_settings.multi_scheduling_blocks > 0) return atoms::blocked;
  if (system_settings.normal_scheduling_blocks > 0) return atoms::blocked_normal;
  return atoms::enabled;
}

Term gcc_version(Process *p) {
  Heap &h = p->heap;
  return pair(h, "gnuc",
              make_tuple(h, Term::small(__GNUC__), Term::small(__GNUC_MINOR__), Term::small(__GNUC_PATCHLEVEL__)));
}

const std::unordered_map<std::string_view, Item> &items() {
  static const auto *table = new std::unordered_map<std::string_view, Item>{
      // memory
      {"allocated_areas", allocated_areas},
      {"allocator", allocator_info},
      {"alloc_util_allocators", alloc_util_allocators},
      {"elib_malloc", [](Process *p) { return badarg(p); }},
      {"ets_realloc_moves", [](Process *) { return atoms::false_; }},
      {"ets_always_compress", [](Process *) { return atoms::false_; }},
      // processors
      {"cpu_topology", cpu_topology},
      {"cpu_quota", [](Process *) { return named<"unknown">(); }},
      {"logical_processors", [](Process *p) { return number(p, uint64_t(sysconf(_SC_NPROCESSORS_CONF))); }},
      {"logical_processors_online", [](Process *p) { return number(p, uint64_t(sysconf(_SC_NPROCESSORS_ONLN))); }},
      {"logical_processors_available", [](Process *p) { return number(p, available_processors()); }},
      {"update_cpu_info", [](Process *) { return named<"unchanged">(); }},
      // process defaults
      {"fullsweep_after", [](Process *p) { return pair(p->heap, atoms::fullsweep_after, number(p, vm_flags.fullsweep_after)); }},
      {"garbage_collection", garbage_collection},
      {"heap_sizes", heap_sizes},
      {"heap_type", [](Process *) { return atoms::private_; }},
      {"max_heap_size", max_heap_size_map},
      {"message_queue_data", [](Process *) { return vm_flags.off_heap_messages ? atoms::off_heap : atoms::on_heap; }},
      {"min_heap_size", [](Process *p) { return pair(p->heap, atoms::min_heap_size, number(p, vm_flags.min_heap_words)); }},
      {"min_bin_vheap_size", [](Process *p) { return pair(p->heap, named<"min_bin_vheap_size">(), number(p, vm_flags.min_vheap_words)); }},
      // counts and limits
      {"atom_count", [](Process *p) { return number(p, atom::count()); }},
      {"atom_limit", [](Process *p) { return number(p, atom::limit()); }},
      {"ets_count", [](Process *p) { return number(p, ets_table_count()); }},
      {"ets_limit", [](Process *p) { return number(p, ets_limit()); }},
      {"port_count", [](Process *p) { return number(p, port_count()); }},
      {"port_limit", [](Process *p) { return number(p, port_limit()); }},
      {"process_count", [](Process *p) { return number(p, process_count()); }},
      {"process_limit", [](Process *p) { return number(p, process_limit()); }},
      // time
      {"end_time", [](Process *p) { return make_int(p->heap, kMonotonicEnd); }},
      {"start_time", [](Process *p) { return make_int(p->heap, kMonotonicStart); }},
      {"os_monotonic_time_source", [](Process *p) { return clock_source(p, "CLOCK_MONOTONIC", os_monotonic_time(), true); }},
      {"os_system_time_source", [](Process *p) { return clock_source(p, "CLOCK_REALTIME", os_system_time(), false); }},
      {"time_correction", [](Process *) { return bool_term(time_correction()); }},
      {"time_offset", [](Process *) { return time_offset_state_term(time_offset_state()); }},
      {"time_warp_mode",
       [](Process *) {
         switch (time_warp_mode()) {
         case WarpMode::NoTimeWarp: return named<"no_time_warp">();
         case WarpMode::SingleTimeWarp: return named<"single_time_warp">();
         default: return named<"multi_time_warp">();
         }
       }},
      {"tolerant_timeofday", [](Process *) { return time_correction() ? atoms::enabled : atoms::disabled; }},
      // schedulers
      {"dirty_cpu_schedulers", [](Process *p) { return number(p, dirty_cpu_schedulers()); }},
      {"dirty_cpu_schedulers_online", [](Process *p) { return number(p, dirty_cpu_schedulers_online()); }},
      {"dirty_io_schedulers", [](Process *p) { return number(p, dirty_io_schedulers()); }},
      {"multi_scheduling", multi_scheduling},
      {"multi_scheduling_blockers", [](Process *) { return Term::nil(); }},
      {"normal_multi_scheduling_blockers", [](Process *) { return Term::nil(); }},
      {"otp_release", [](Process *p) { return text(p, vm_flags.otp_release); }},
      {"scheduler_bind_type", [](Process *) { return named<"unbound">(); }},
      {"scheduler_bindings", scheduler_bindings},
      {"scheduler_id",
       [](Process *p) {
         Scheduler *s = p->machine ? p->machine->scheduler : nullptr;
         return number(p, s ? scheduler_number(s) : 1);
       }},
      {"schedulers", [](Process *p) { return number(p, schedulers_count()); }},
      {"schedulers_total", [](Process *p) { return number(p, schedulers_count()); }},
      {"schedulers_online", [](Process *p) { return number(p, schedulers_online()); }},
      {"schedulers_active", [](Process *p) { return number(p, schedulers_online()); }},
      {"schedulers_state",
       [](Process *p) {
         Term n = number(p, schedulers_online());
         return make_tuple(p->heap, number(p, schedulers_count()), n, n);
       }},
      {"smp_support", [](Process *) { return atoms::true_; }},
      {"threads", [](Process *) { return atoms::true_; }},
      {"thread_pool_size", [](Process *p) { return number(p, vm_flags.async_threads); }},
      {"context_reductions", [](Process *p) { return number(p, kReductions); }},
      // distribution
      {"creation", [](Process *p) { return number(p, this_node()->creation); }},
      {"delayed_node_table_gc", [](Process *p) { return number(p, 60); }},
      {"dist", system_text_dist},
      {"dist_buf_busy_limit", [](Process *p) { return number(p, system_settings.dist_busy_limit.load()); }},
      {"dist_ctrl", system_info_dist_ctrl},
      // the emulator
      {"build_type", [](Process *) { return named<"opt">(); }},
      {"beam_jump_table", [](Process *) { return atoms::true_; }},
      {"break_ignored", [](Process *) { return bool_term(vm_flags.break_ignored); }},
      {"c_compiler_used", gcc_version},
      {"check_io", check_io},
      {"compile_info", compile_info},
      {"constant_pool_support", [](Process *) { return atoms::true_; }},
      {"emu_args", emu_args},
      {"lock_counting", [](Process *) { return atoms::false_; }},
      {"port_tasks", [](Process *) { return atoms::true_; }},
      {"reader_groups_map", groups_map},
      {"decentralized_counter_groups_map", groups_map},
      {"compat_rel", [](Process *p) { return number(p, uint64_t(atoi(vm_flags.otp_release.c_str()))); }},
      {"debug_compiled", [](Process *) { return atoms::false_; }},
      {"driver_version", [](Process *p) { return text(p, "3.3"); }},
      {"dynamic_trace", [](Process *) { return atoms::none; }},
      {"dynamic_trace_probes", [](Process *) { return atoms::false_; }},
      {"eager_check_io", [](Process *) { return atoms::true_; }},
      {"ethread_info", ethread_info},
      {"ethread_used_tse", [](Process *p) { return number(p, schedulers_count()); }},
      {"io_thread", [](Process *) { return atoms::false_; }},
      {"emu_flavor", [](Process *) { return named(code_released ? "jit" : "emu"); }},
      {"emu_type", [](Process *) { return named<"opt">(); }},
      {"hipe_architecture", [](Process *) { return atoms::undefined; }},
      {"info", system_text_info},
      {"joist_jit", [](Process *p) { return joist_jit_info_0(p, nullptr); }},
      {"kernel_poll", [](Process *) { return atoms::true_; }},
      {"literal_test", [](Process *) { return named<"range">(); }},
      {"loaded", system_text_loaded},
      {"machine", [](Process *p) { return text(p, "BEAM"); }},
      {"modified_timing_level", [](Process *) { return atoms::undefined; }},
      {"nif_version", [](Process *p) { return text(p, "2.16"); }},
      {"os_type", [](Process *p) { return pair(p->heap, "unix", named<"linux">()); }},
      {"os_version", os_version},
      {"outstanding_system_requests_limit", [](Process *p) { return number(p, 4); }},
      {"port_parallelism", [](Process *) { return atoms::false_; }},
      {"procs", system_text_procs},
      {"sequential_tracer",
       [](Process *p) {
         trace::TracerRef t = seq_trace::tracer();
         return pair(p->heap, "sequential_tracer", t ? trace::tracer_to_term(t.get(), p->heap) : atoms::false_);
       }},
      {"snifs", snifs},
      {"system_architecture", [](Process *p) { return text(p, "x86_64-pc-linux-gnu"); }},
      {"system_logger", [](Process *) { return system_logger(); }},
      {"system_version", [](Process *p) { return text(p, system_version()); }},
      {"taints",
       [](Process *p) {
         Term l = Term::nil();
         for (Term m : taints()) l = make_cons(p->heap, m, l);
         return l;
       }},
      {"lock_checking", [](Process *) { return atoms::false_; }},
      {"trace_control_word", [](Process *p) { return number(p, ets::trace_control_word.load()); }},
      {"version", [](Process *p) { return text(p, vm_flags.erts_version); }},
      {"endian", [](Process *) { return atoms::little; }},
      {"wordsize", [](Process *) { return Term::small(8); }},
  };
  return *table;
}

Term tuple_item(Process *p, Term t) {
  Term key = tuple_elements(t)[0], arg = tuple_elements(t)[1];
  Word n = tuple_arity(t);
  if (!key.is_atom()) return badarg(p);
  if (n == 3) {
    Term list = tuple_elements(t)[2];
    if (!is_ref(arg)) return badarg(p);
    if (key == atoms::memory_internal) return send_memory_info(p, arg, list, MemoryInfo::Internal);
    if (key == atoms::allocator) return send_memory_info(p, arg, list, MemoryInfo::Full);
    if (key == atoms::allocator_sizes) return send_memory_info(p, arg, list, MemoryInfo::Sizes);
    return badarg(p);
  }
  if (n != 2) return badarg(p);
  if (key == atoms::wordsize) { return arg == atoms::internal || arg == atoms::external ? Term::small(8) : badarg(p); }
  if (key == atoms::allocator || key == atoms::allocator_sizes) {
    static const Export *info = export_get_or_put(atoms::erlang, atoms::alloc_info, 1);
    static const Export *sizes = export_get_or_put(atoms::erlang, atoms::alloc_sizes, 1);
    return trap_to(p, key == atoms::allocator ? info : sizes, arg);
  }
  if (key == named<"cpu_topology">()) {
    if (arg == named<"defined">()) return atoms::undefined;
    if (arg == named<"detected">() || arg == atoms::used) return cpu_topology(p);
  }
  return badarg(p);
}
} // namespace

Term time_offset_state_term(OffsetState s) {
  switch (s) {
  case OffsetState::Final: return named<"final">();
  case OffsetState::Preliminary: return named<"preliminary">();
  default: return named<"volatile">();
  }
}

Term erlang_system_info_1(Process *p, const Term *args) {
  if (is_tuple(args[0]) && tuple_arity(args[0]) >= 2) return tuple_item(p, args[0]);
  if (!args[0].is_atom()) return badarg(p);
  auto it = items().find(atom::text(args[0]));
  return it == items().end() ? badarg(p) : it->second(p);
}

Term io_printable_range_0(Process *, const Term *) {
  return vm_flags.printable_unicode ? atoms::unicode : atoms::latin1;
}

Term error_logger_warning_map_0(Process *, const Term *) {
  switch (vm_flags.warning_map) {
  case 'i': return atoms::info;
  case 'e': return atoms::error;
  default: return atoms::warning;
  }
}
} // namespace joist::bifs
