// Messages, port commands and look-ups, from schedulers and from threads that the VM knows nothing of.
#include "runtime/io/port.h"
#include "runtime/mem/copy.h"
#include "runtime/nif/env.h"
#include "runtime/proc/registry.h"
#include "runtime/sched/progress.h"
#include "runtime/term/binary.h"

namespace joist::runtime {

// 1: sent, and msg_env (if there is one) is empty again. 0: no such process; nothing has changed.
JOIST_ABI int enif_send(NifEnv *env, const NifPid *to, NifEnv *msg_env, Term msg) {
  // A process that was killed within a dirty function sends nothing any more.
  if (!to->pid.is_local_pid() || (env && env->p && env->p->must_exit())) return 0;
  nif_foreign_thread();
  progress::OnlineScope online;
  Process *receiver = process_lookup(to->pid);
  if (!receiver) return 0;
  Signal *s = signal_new(SignalKind::Message, msg);
  if (msg_env) {
    auto *own = static_cast<OwnedEnv *>(msg_env);
    s->fragments = own->fragments.take();
    own->clear();
  } else if (msg.is_pointer()) {
    s->term = copy_to_fragment(msg, &s->fragments);
  }
  if (env && env->p && !env->p->seq_token.is_nil()) s->token = signal_own(s, env->p->seq_token);
  return signal_send(receiver, s);
}

JOIST_ABI int enif_is_process_alive(NifEnv *, const NifPid *pid) {
  nif_foreign_thread();
  progress::OnlineScope online;
  return pid->pid.is_local_pid() && process_lookup(pid->pid);
}
JOIST_ABI int enif_is_current_process_alive(NifEnv *env) { return env->p && !env->p->must_exit(); }
JOIST_ABI int enif_is_port_alive(NifEnv *, const NifPort *port) {
  nif_foreign_thread();
  progress::OnlineScope online;
  return port->port.is_local_port() && port_alive(port->port);
}

JOIST_ABI int enif_whereis_pid(NifEnv *, Term name, NifPid *pid) {
  nif_foreign_thread();
  progress::OnlineScope online;
  Term t = name.is_atom() ? registry_whereis(name) : Term::none();
  if (!t.is_local_pid() || !process_lookup(t)) return 0;
  pid->pid = t;
  return 1;
}
JOIST_ABI int enif_whereis_port(NifEnv *, Term name, NifPort *port) {
  nif_foreign_thread();
  progress::OnlineScope online;
  Term t = name.is_atom() ? registry_whereis(name) : Term::none();
  if (!t.is_local_port()) return 0;
  port->port = t;
  return 1;
}

// The data is copied; msg_env is empty afterwards.
JOIST_ABI int enif_port_command(NifEnv *env, const NifPort *port, NifEnv *msg_env, Term msg) {
  nif_foreign_thread();
  progress::OnlineScope online;
  Word n;
  if (!port->port.is_local_port() || !port_alive(port->port) || iolist_size(msg, &n) != IoListError::Ok) return 0;
  std::string bytes(n, 0);
  iolist_write(msg, reinterpret_cast<uint8_t *>(bytes.data()), n);
  port_output_async(env && env->p ? env->p->id : Term::none(), port->port, bytes.data(), n);
  if (msg_env) static_cast<OwnedEnv *>(msg_env)->clear();
  return 1;
}
} // namespace joist::runtime
