// erts_debug and erts_internal's debugging functions: sizes and sharing of terms, internal state, lock counters.
#include "bifs/build.h"

#include "runtime/mem/copy.h"
#include "runtime/mem/literal.h"
#include "runtime/nif/resource.h"
#include "runtime/nif/static_nif.h"
#include "runtime/sched/scheduler.h"
#include "runtime/sys/system_monitor.h"
#include "runtime/term/print.h"

#include <pthread.h>
#include <unistd.h>

namespace joist::bifs {
Term erts_debug_flat_size_1(Process *p, const Term *args) {
  Word n = size_of(args[0], false);
  p->bump(int64_t(n / 64));
  return make_uint(p->heap, n);
}

Term erts_debug_size_shared_1(Process *p, const Term *args) {
  Word n = size_shared(args[0]);
  p->bump(int64_t(n / 32));
  return make_uint(p->heap, n);
}

// copy_shared(Term, Options): [] or [no_literals?]; literals are shared as in messages.
Term erts_debug_copy_shared_2(Process *p, const Term *args) {
  if (!args[1].is_list()) return badarg(p);
  for (Term o = args[1]; o.is_cons(); o = o.tail())
    if (o.head() != atoms::copy_literals) return badarg(p);
  return copy_shared(args[0], p->heap);
}

Term erts_debug_display_1(Process *p, const Term *args) {
  std::string s;
  print_term(s, args[0]);
  s += '\n';
  fwrite(s.data(), 1, s.size(), stdout);
  fflush(stdout);
  return text_list(p->heap, s);
}

Term erts_debug_instructions_0(Process *, const Term *) { return Term::nil(); }
Term erts_debug_interpreter_size_0(Process *, const Term *) { return Term::small(0); }
Term erts_debug_disassemble_1(Process *, const Term *) { return atoms::false_; }

// Breakpoints on functions as of the test suites: none is set or cleared.
Term erts_debug_breakpoint_2(Process *p, const Term *args) {
  if (!is_tuple_of(args[0], 3) || (args[1] != atoms::true_ && args[1] != atoms::false_)) return badarg(p);
  Term *e = tuple_elements(args[0]);
  if (!e[0].is_atom() || !e[1].is_atom() || !(e[2].is_small() || e[2] == atoms::underscore)) return badarg(p);
  return Term::small(0);
}

// --- lock counting: not built in, as in an ordinary stock VM
Term erts_debug_lcnt_clear_0(Process *, const Term *) { return atoms::error; }
Term erts_debug_lcnt_collect_0(Process *, const Term *) { return atoms::error; }
Term erts_debug_lcnt_control_1(Process *p, const Term *) { return badarg(p); }
Term erts_debug_lcnt_control_2(Process *p, const Term *) { return badarg(p); }

// --- internal state, once made available
namespace {
std::atomic<bool> state_available{false};

// Bytes of the calling thread's own stack that are left.
size_t c_stack_left() {
  pthread_attr_t attr;
  void *low = nullptr;
  size_t size = 0;
  if (pthread_getattr_np(pthread_self(), &attr) != 0) return 0;
  pthread_attr_getstack(&attr, &low, &size);
  pthread_attr_destroy(&attr);
  return size_t(reinterpret_cast<char *>(__builtin_frame_address(0)) - static_cast<char *>(low));
}
} // namespace

Term erts_debug_get_internal_state_1(Process *p, const Term *args) {
  if (!state_available) return raise(p, Reason::Undef);
  Term what = args[0];
  if (what == named<"reds_left">()) return Term::small(p->reductions);
  if (what == named<"available_internal_state">()) return atoms::true_;
  if (what == named<"force_heap_frags">()) return atoms::false_;
  if (what == named<"stack_check">()) return make_uint(p->heap, c_stack_left());
  if (what == atoms::memory) {
    static const Export *e = export_get_or_put(atoms::erlang, atoms::memory, 0);
    return trap(p, e, nullptr, 0);
  }
  if (what == atoms::processes) {
    static const Export *e = export_get_or_put(atoms::erlang, atoms::processes, 0);
    return trap(p, e, nullptr, 0);
  }
  return badarg(p);
}

Term erts_debug_set_internal_state_2(Process *p, const Term *args) {
  Term what = args[0], value = args[1];
  if (what == named<"available_internal_state">()) {
    if (value != atoms::true_ && value != atoms::false_) return badarg(p);
    return bool_term(state_available.exchange(value == atoms::true_));
  }
  if (!state_available) return raise(p, Reason::Undef);
  if (what == named<"test_long_gc_sleep">() && value.is_small() && value.small_value() >= 0) {
    gc_test_sleep_ms = uint32_t(std::min<int64_t>(value.small_value(), 60'000));
    return atoms::true_;
  }
  if (what == named<"reds_left">() && value.is_small() && value.small_value() >= 0) {
    p->reductions = int32_t(std::min<int64_t>(value.small_value(), p->slice_reductions()));
    return atoms::true_;
  }
  if (what == named<"wait">()) {
    // Destructors of resources are jobs of the schedulers.
    if (value == named<"aux_work">() && resource_destructors_pending())
      return yield_to(p, export_get_or_put(atoms::erts_debug, named<"set_internal_state">(), 2), what, value);
    // Pending deallocations and timer cancellations are never left behind by the operations that cause them.
    for (const char *w : {"deallocations", "timer_cancellations", "aux_work", "thread_progress", "microseconds"})
      if (value == named(w)) return atoms::ok;
    return badarg(p);
  }
  if ((what == named<"block">() || what == named<"sleep">()) && value.is_small() && value.small_value() >= 0) {
    const bool block = what == named<"block">(); // all of them
    if (block) schedulers_block();
    usleep(useconds_t(std::min<int64_t>(value.small_value(), 60'000)) * 1000);
    if (block) schedulers_unblock();
    return atoms::true_;
  }
  if (what == atoms::abort) abort();
  return badarg(p);
}

// system_check(schedulers): every scheduler answers; here the caller's one has just done so.
Term erts_internal_system_check_1(Process *p, const Term *args) {
  return args[0] == named<"schedulers">() ? atoms::ok : badarg(p);
}
} // namespace joist::bifs
