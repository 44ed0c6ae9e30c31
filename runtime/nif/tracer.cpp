// Tracer modules: the VM calls their functions itself (erl_tracer(3)). What they make lives as long as the call.
#include "runtime/trace/tracer.h"
#include "runtime/nif/library.h"
#include "runtime/sched/progress.h"

namespace joist::runtime {
namespace {
constexpr const char *kFamilyNames[] = {
    "", "send", "receive", "call", "running_procs", "running_ports", "garbage_collection", "procs", "ports"};
static_assert(std::size(kFamilyNames) == trace::kFamilies);
static_assert(sizeof(NifLibrary::tracer) == 2 * trace::kFamilies * sizeof(NifFn));

Term tracer_call(Process *self, Term module, bool tells, trace::Family family, const Term *args) {
  progress::OnlineScope online;
  Module *m = module_find(module);
  ModuleCode *code = m ? m->current : nullptr;
  auto *lib = code ? static_cast<NifLibrary *>(code->nif) : nullptr;
  if (!lib || !lib->tracer[0][0] || !lib->tracer[1][0]) return Term::none();
  NifFn f = lib->tracer[tells][size_t(family)];
  if (!f) f = lib->tracer[tells][0];
  nif_library_ref(lib);
  Term r;
  {
    OwnedEnv env(lib);
    env.p = self;
    r = f(&env, tells ? 5 : 3, args);
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
    for (size_t i = 0; i < trace::kFamilies; i++)
      if (i == 0 ? !*rest : *rest == '_' && strcmp(rest + 1, kFamilyNames[i]) == 0) lib->tracer[tells][i] = f.fn;
  }
}

void nif_tracer_init() { trace::native_call = tracer_call; }
} // namespace joist::runtime
