// erts_debug:dirty_cpu/2, dirty_io/2, dirty/3: what test suites do on dirty schedulers.
#include "bifs/build.h"

#include "runtime/mem/copy.h"
#include "runtime/nif/dirty_bif.h"
#include "runtime/sched/stats.h"

#include <unistd.h>

namespace joist::bifs {
namespace {
Term kind_name(NifKind k) {
  return k == NifKind::Normal ? atoms::normal : k == NifKind::DirtyCpu ? atoms::dirty_cpu : atoms::dirty_io;
}
Term scheduler_name() {
  switch (dirty_scheduler_type()) {
  case SchedulerType::DirtyCpu: return atoms::dirty_cpu;
  case SchedulerType::DirtyIo: return atoms::dirty_io;
  default: return atoms::normal;
  }
}

Term run_on(Process *p, NifKind kind, Term what, Term arg);

Term fails(Process *p, Term how) {
  if (how == atoms::notsup) return notsup(p);
  if (how == atoms::undef) return raise(p, Reason::Undef);
  if (how == atoms::badarith) return raise(p, Reason::Badarith);
  if (how == atoms::noproc) return raise_value(p, ExcClass::Error, atoms::noproc);
  if (how == atoms::system_limit) return system_limit(p);
  return badarg(p);
}

void tell(Process *p, Term to, Term tag) {
  FragmentHeap h(3);
  Term message = make_tuple(h, tag, p->id);
  message_send_pid_built(to, message, h.take());
}

void sleep_ms(int64_t ms) { usleep(useconds_t(std::clamp<int64_t>(ms, 0, 60'000)) * 1000); }

// Goes on elsewhere now and then, until N is used up.
Term reschedule(Process *p, NifKind kind, Term what, Term arg) {
  int64_t n = arg.is_small() ? arg.small_value() : -1;
  if (n < 0) return badarg(p);
  if (n == 0) return atoms::ok;
  if (n % 4 == 0)
    kind = kind == NifKind::DirtyCpu  ? NifKind::DirtyIo
           : kind == NifKind::DirtyIo ? NifKind::Normal
                                      : NifKind::DirtyCpu;
  return run_on(p, kind, what, Term::small(n - 2));
}

Term work(Process *p, NifKind kind, Term what, Term arg) {
  if (what == atoms::scheduler) return arg == atoms::type ? scheduler_name() : badarg(p);
  if (what == atoms::error) return fails(p, arg);
  if (what == atoms::copy) {
    Term l = Term::nil();
    for (int i = 0; i < 1000; i++) l = make_cons(p->heap, copy(arg, p->heap), l);
    return l;
  }
  if (what == atoms::send) return tell(p, arg, atoms::ok), atoms::ok;
  if (what == named<"wait">()) {
    if (!arg.is_small()) return badarg(p);
    sleep_ms(arg.small_value());
    return atoms::ok;
  }
  if (what == named<"reschedule">()) return reschedule(p, kind, what, arg);
  if (what == named<"ready_wait6_done">()) {
    tell(p, arg, named<"ready">());
    sleep_ms(6000);
    tell(p, arg, named<"done">());
    return atoms::ok;
  }
  if (what == named<"alive_waitexiting">()) {
    if (p->must_exit()) return badarg(p);
    tell(p, arg, named<"alive">());
    while (!p->must_exit()) kind == NifKind::DirtyIo ? sleep_ms(100) : (void)sched_yield();
    sleep_ms(1000);
    return make_tuple(p->heap, atoms::ok, copy(arg, p->heap));
  }
  return badarg(p);
}

Term on_cpu_2(Process *p, const Term *a) { return work(p, NifKind::DirtyCpu, a[0], a[1]); }
Term on_io_2(Process *p, const Term *a) { return work(p, NifKind::DirtyIo, a[0], a[1]); }
Term on_cpu_3(Process *p, const Term *a) { return work(p, NifKind::DirtyCpu, a[1], a[2]); }
Term on_io_3(Process *p, const Term *a) { return work(p, NifKind::DirtyIo, a[1], a[2]); }
const StaticNif kBodies[] = {{"dirty_cpu", 2, on_cpu_2, NifKind::DirtyCpu},
                             {"dirty_io", 2, on_io_2, NifKind::DirtyIo},
                             {"dirty", 3, on_cpu_3, NifKind::DirtyCpu},
                             {"dirty", 3, on_io_3, NifKind::DirtyIo}};
const Export *body(int i) {
  static const Export *const bodies[] = {dirty_bif(atoms::erts_debug, named<"dirty_cpu">(), &kBodies[0]),
                                         dirty_bif(atoms::erts_debug, named<"dirty_io">(), &kBodies[1]),
                                         dirty_bif(atoms::erts_debug, named<"dirty">(), &kBodies[2]),
                                         dirty_bif(atoms::erts_debug, named<"dirty">(), &kBodies[3])};
  return bodies[i];
}

Term run_on(Process *p, NifKind kind, Term what, Term arg) {
  if (kind == NifKind::Normal) {
    static const Export *dirty = export_get_or_put(atoms::erts_debug, named<"dirty">(), 3);
    return trap_to(p, dirty, kind_name(kind), what, arg);
  }
  return trap_to(p, body(kind == NifKind::DirtyCpu ? 0 : 1), what, arg);
}
} // namespace

Term erts_debug_dirty_cpu_2(Process *p, const Term *args) { return run_on(p, NifKind::DirtyCpu, args[0], args[1]); }
Term erts_debug_dirty_io_2(Process *p, const Term *args) { return run_on(p, NifKind::DirtyIo, args[0], args[1]); }
Term erts_debug_dirty_3(Process *p, const Term *args) {
  if (args[0] == atoms::normal) return work(p, NifKind::Normal, args[1], args[2]);
  if (args[0] == atoms::dirty_cpu) return trap_to(p, body(2), args[0], args[1], args[2]);
  if (args[0] == atoms::dirty_io) return trap_to(p, body(3), args[0], args[1], args[2]);
  return badarg(p);
}
} // namespace joist::bifs
