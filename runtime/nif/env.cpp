#include "runtime/nif/env.h"

#include "runtime/mem/alloc.h"
#include "runtime/mem/copy.h"
#include "runtime/nif/library.h"
#include "runtime/sched/progress.h"
#include "runtime/sched/scheduler.h"

namespace joist::runtime {

void *nif_temp_alloc(NifEnv *env, size_t bytes, void (*release)(void *)) {
  auto *t = static_cast<NifTemp *>(mem_alloc(MemKind::Driver, sizeof(NifTemp) + bytes));
  *t = {env->temps, release};
  env->temps = t;
  return t->bytes();
}

void nif_temps_free(NifEnv *env) {
  while (NifTemp *t = env->temps) {
    env->temps = t->next;
    if (t->release) t->release(t->bytes());
    mem_free(MemKind::Driver, t);
  }
}

OwnedEnv::~OwnedEnv() { nif_temps_free(this); }

void OwnedEnv::clear() {
  nif_temps_free(this);
  if (Fragment *f = fragments.take()) fragment_free(f);
  raised = false;
  reason = Term::none();
}

Term nif_raise(NifEnv *env, Term reason) {
  env->raised = true;
  env->reason = reason;
  return Term::none();
}

void nif_foreign_thread() {
  struct AtEnd {
    bool used = false;
    ~AtEnd() {
      if (used) progress::unregister_thread();
    }
  };
  static thread_local AtEnd at_end;
  if (!progress::is_registered()) at_end.used = true;
}

// --- the interface
JOIST_ABI NifEnv *enif_alloc_env() {
  auto *env = new OwnedEnv;
  env->independent = true;
  return env;
}
JOIST_ABI void enif_free_env(NifEnv *env) { delete static_cast<OwnedEnv *>(env); }
JOIST_ABI void enif_clear_env(NifEnv *env) { static_cast<OwnedEnv *>(env)->clear(); }

JOIST_ABI void *enif_priv_data(NifEnv *env) { return env->library ? env->library->priv : nullptr; }

JOIST_ABI NifPid *enif_self(NifEnv *env, NifPid *pid) {
  if (!env->p) return nullptr;
  pid->pid = env->p->id;
  return pid;
}

JOIST_ABI Term enif_make_badarg(NifEnv *env) { return nif_badarg(env); }
JOIST_ABI Term enif_raise_exception(NifEnv *env, Term reason) { return nif_raise(env, reason); }
JOIST_ABI int enif_has_pending_exception(NifEnv *env, Term *reason) {
  if (env->raised && reason) *reason = env->reason;
  return env->raised;
}
// What the functions that raise answer.
JOIST_ABI int enif_is_exception(NifEnv *, Term t) { return t.is_none(); }

JOIST_ABI Term enif_make_copy(NifEnv *env, Term t) { return copy(t, *env->heap, false); }

// One reduction is a four-thousandth of the slice; at least one percent is taken.
JOIST_ABI int enif_consume_timeslice(NifEnv *env, int percent) {
  Process *p = env->p;
  if (!p || on_dirty_scheduler()) return 0;
  percent = std::clamp(percent, 1, 100);
  p->bump(kReductions / 100 * percent);
  return p->reductions <= 0;
}

// --- memory
// What no machine has is refused; the VM ends when the rest is not to be had (mem/alloc.h).
JOIST_ABI void *enif_alloc(size_t size) { return size > kNifAllocMax ? nullptr : mem_alloc(MemKind::Driver, size); }
JOIST_ABI void *enif_realloc(void *p, size_t size) {
  return size > kNifAllocMax ? nullptr : mem_realloc(MemKind::Driver, p, size);
}
JOIST_ABI void enif_free(void *p) { mem_free(MemKind::Driver, p); }
} // namespace joist::runtime
