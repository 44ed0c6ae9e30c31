// Tracer modules: the VM calls their functions itself (erl_tracer(3)). What they make lives as long as the call.
#include "runtime/trace/tracer.h"
#include "runtime/nif/library.h"
#include "runtime/sched/progress.h"

namespace joist::runtime {
namespace {
// What an event is about: a tracer module may have functions of its own for each (enabled_call/3, trace_call/5, ...).
enum class Family : uint8_t { Any, Send, Receive, Call, RunningProcs, RunningPorts, Gc, Procs, Ports };
constexpr size_t kFamilies = size_t(Family::Ports) + 1;
Family family_of(Term tag, Term tracee) {
  bool port = tracee.is_local_port();
  if (tag == atoms::trace_status || tag == atoms::seq_trace) return Family::Any;
  if (tag == atoms::send || tag == atoms::send_to_non_existing_process) return Family::Send;
  if (tag == atoms::receive) return Family::Receive;
  if (tag == atoms::call || tag == atoms::return_from || tag == atoms::return_to || tag == atoms::exception_from)
    return Family::Call;
  for (Term t : {atoms::in, atoms::out, atoms::in_exiting, atoms::out_exiting, atoms::out_exited})
    if (tag == t) return port ? Family::RunningPorts : Family::RunningProcs;
  for (Term t : {atoms::gc_minor_start, atoms::gc_minor_end, atoms::gc_major_start, atoms::gc_major_end,
                 atoms::gc_max_heap_size})
    if (tag == t) return Family::Gc;
  return port ? Family::Ports : Family::Procs;
}
constexpr const char *kFamilyNames[] = {
    "", "send", "receive", "call", "running_procs", "running_ports", "garbage_collection", "procs", "ports"};
static_assert(std::size(kFamilyNames) == kFamilies);
static_assert(sizeof(NifLibrary::tracer) == 2 * kFamilies * sizeof(NifFn));

// enabled(Tag, State, Tracee) or trace(Tag, State, Tracee, Message, Options).
Term tracer_call(Process *self, Term module, Term function, const Term *args, unsigned arity) {
  const bool tells = function == atoms::trace;
  progress::OnlineScope online;
  Module *m = module_find(module);
  ModuleCode *code = m ? m->current : nullptr;
  auto *lib = code ? static_cast<NifLibrary *>(code->nif) : nullptr;
  if (!lib || !lib->tracer[0][0] || !lib->tracer[1][0]) return Term::none();
  NifFn f = lib->tracer[tells][size_t(family_of(args[0], args[2]))];
  if (!f) f = lib->tracer[tells][0];
  nif_library_ref(lib);
  Term r;
  {
    OwnedEnv env(lib);
    env.p = self;
    r = f(&env, int(arity), args);
    if (env.raised || !r.is_atom()) r = Term::none();
    delete env.scheduled;
  }
  nif_library_unref(lib);
  return r;
}
} // namespace

void nif_tracer_functions(NifLibrary *lib) {
  for (const NifFunc &f : lib->funcs) {
    bool tells = strncmp(f.name, "trace", 5) == 0;
    if (f.arity != (tells ? 5u : 3u) || (!tells && strncmp(f.name, "enabled", 7) != 0)) continue;
    const char *rest = f.name + (tells ? 5 : 7);
    for (size_t i = 0; i < kFamilies; i++)
      if (i == 0 ? !*rest : *rest == '_' && strcmp(rest + 1, kFamilyNames[i]) == 0) lib->tracer[tells][i] = f.fn;
  }
}

void nif_tracer_init() { trace::native_call = tracer_call; }
} // namespace joist::runtime
