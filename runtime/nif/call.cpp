#include "runtime/nif/library.h"
#include "runtime/proc/bif.h"
#include "runtime/sched/dirty.h"

namespace joist::runtime {
DirtyCall::~DirtyCall() {
  delete scheduled;
  delete next;
}

namespace {
void raise_from(Process *p, NifEnv &env) {
  if (env.raised) raise_value(p, ExcClass::Error, env.reason);
  else badarg(p); // claims an exception that it has not made
  if (env.raised && env.reason == atoms::badarg) badarg(p);
}
} // namespace

Term nif_call_unusual(Process *p, NifEnv &env) {
  if (env.raised || !env.scheduled) {
    delete env.scheduled;
    raise_from(p, env);
    return Term::none();
  }
  ScheduledNif *s = env.scheduled;
  auto *d = new DirtyCall{.nif = s, .kind = s->kind, .mfa = nullptr, .scheduled = s};
  (p->dirty ? p->dirty->next : p->dirty) = d; // others may read p->dirty (sched/dirty.h)
  p->freason = Freason{.reason = Reason::Trap};
  return Term::none();
}

JOIST_ABI Term enif_schedule_nif(NifEnv *env, const char *name, int flags, NifFn fn, int argc, const Term *argv) {
  if (!env->p || argc < 0 || argc > 255 || (flags != 0 && flags != kNifDirtyCpu && flags != kNifDirtyIo))
    return nif_badarg(env);
  Term atom = atom::intern_latin1(name);
  if (atom.is_none()) return nif_badarg(env);
  auto *s = new ScheduledNif;
  s->name = atom::text(atom).data();
  s->arity = uint8_t(argc);
  s->fn = nullptr;
  s->kind = flags == kNifDirtyCpu ? NifKind::DirtyCpu : flags == kNifDirtyIo ? NifKind::DirtyIo : NifKind::Normal;
  s->function = fn;
  s->library = env->library;
  s->args.assign(argv, argv + argc);
  delete env->scheduled;
  env->scheduled = s;
  return kNifScheduled;
}
} // namespace joist::runtime
