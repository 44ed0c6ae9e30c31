// Suspending processes, and system tasks: collections and code checks on behalf of others.
#include "bifs/process_args.h"
#include "runtime/mem/copy.h"
#include "runtime/mem/gc.h"
#include "runtime/proc/relations.h"
#include "runtime/proc/system_task.h"
#include "runtime/term/ref.h"

namespace joist::bifs {
namespace {
struct SuspendOptions {
  bool unless_suspending = false, async = false;
  Term reply_tag = Term::none();
};
bool parse(Term list, SuspendOptions *o) {
  for (; list.is_cons(); list = list.tail()) {
    Term t = list.head();
    if (t == atoms::unless_suspending) o->unless_suspending = true;
    else if (t == atoms::asynchronous) o->async = true;
    else if (is_tuple_of(t, 2) && tuple_elements(t)[0] == atoms::asynchronous)
      o->async = true, o->reply_tag = tuple_elements(t)[1];
    else return false;
  }
  return list.is_nil();
}

// Asks the suspendee to tell when it does not execute: {tag, answer}, or {tag, suspended | not_suspended | exited}.
void ask_done(Process *p, Term pid, Term tag, Term answer) {
  Signal *s = signal_new(SignalKind::SuspendDone);
  s->from = p->id;
  s->ref = signal_own(s, tag);
  s->extra = !answer.is_none();
  if (!answer.is_none()) s->term = answer;
  if (!signal_send_pid(pid, s))
    message_send(p, p, make_tuple(p->heap, tag, answer.is_none() ? atoms::exited : atoms::badarg));
}
// Nobody waits for an asynchronous suspension: the suspendee tells when it has come to it.
void noted(Process *p, Signal *s) {
  if (Suspension *x = p && p->relations ? p->relations->suspension(s->from) : nullptr) x->active = true;
}
void note_back(Process *p, Signal *s) {
  if (!p) return;
  Signal *back = signal_new(SignalKind::Rpc);
  back->from = p->id;
  back->fn = noted;
  signal_send_pid(s->from, back);
}
} // namespace

// true, false (was suspended already), badarg, badopt, or a reference R: the answer comes as {R, Answer}.
Term erts_internal_suspend_process_2(Process *p, const Term *args) {
  Term pid = args[0];
  if (pid == p->id || !pid.is_local_pid()) return atoms::badarg;
  SuspendOptions o;
  if (!parse(args[1], &o)) return atoms::badopt;
  Relations &r = relations_of(p);
  Suspension *s = r.suspension(pid);
  bool first = !s, wait = false;
  Term result = o.unless_suspending && s ? atoms::false_ : atoms::true_;
  if (first) {
    Signal *sig = signal_new(SignalKind::Suspend);
    sig->from = p->id;
    if (!signal_send_pid(pid, sig)) {
      if (o.async && !o.reply_tag.is_none()) ask_done(p, pid, o.reply_tag, Term::none());
      return o.async ? result : atoms::badarg;
    }
    r.suspending.push_back({pid, 1, !o.async});
    if (o.async) {
      Signal *note = signal_new(SignalKind::Rpc);
      note->from = p->id;
      note->fn = note_back;
      signal_send_pid(pid, note);
    }
    wait = !o.async;
  } else {
    if (!o.unless_suspending) s->count++;
    wait = !o.async && !s->active;
    if (!o.async) s->active = true;
  }
  if (!o.reply_tag.is_none()) ask_done(p, pid, o.reply_tag, Term::none());
  if (!wait) return result;
  Term ref = make_ref(p->heap);
  p->mailbox.save = p->mailbox.last;
  ask_done(p, pid, ref, result);
  return ref;
}

Term erlang_resume_process_1(Process *p, const Term *args) {
  Suspension *s = p->relations && args[0].is_local_pid() ? p->relations->suspension(args[0]) : nullptr;
  if (!s) return badarg(p);
  if (--s->count == 0) {
    std::erase_if(p->relations->suspending, [s](const Suspension &x) { return &x == s; });
    resume_send(p->id, args[0]);
  }
  return atoms::true_;
}

namespace {
// {garbage_collect, Id, minor | major}, {check_process_code, Id, Module}, {system_task_test, Id}; answered with {What, Id, Result}.
struct Request : SystemTask {
  enum Kind : uint8_t { Minor, Major, CheckCode, Test } kind;
  Term requester, type, id, argument;
  Fragment *fragment = nullptr; // holds id
  void answer(Term result) {
    FragmentHeap h(16);
    Term message = make_tuple(h, type, copy(id, h), result);
    message_send_pid_built(requester, message, h.take());
  }
  ~Request() {
    if (fragment) fragment_free(fragment);
  }
};

void run_request(Process *p, SystemTask *task) {
  auto *r = static_cast<Request *>(task);
  Term result = atoms::false_;
  if (p) {
    switch (r->kind) {
    case Request::Minor: p->bump(gc_collect(p, 0, p->saved_x(), p->live_x)), result = atoms::true_; break;
    case Request::Major: p->bump(gc_major(p, 0, p->saved_x(), p->live_x)), result = atoms::true_; break;
    case Request::CheckCode:
      result = bool_term(check_process_code_hook && check_process_code_hook(p, r->argument, p->saved_x(), p->live_x));
      break;
    case Request::Test: result = atoms::true_; break;
    }
  }
  r->answer(result);
  delete r;
}

Term request(Process *p, Term requester, Term target, Term priority, Term operation) {
  Priority prio = p->priority();
  if (!target.is_local_pid() && !(is_external_pid(target) && of_this_node(target))) return badarg(p);
  if (priority != atoms::inherit && !parse_priority(priority, &prio)) return badarg(p);
  if (!is_tuple(operation) || tuple_arity(operation) < 2 || tuple_arity(operation) > 4) return badarg(p);
  const Term *e = tuple_elements(operation);
  Term argument = tuple_arity(operation) > 2 ? e[2] : Term::none();
  Request::Kind kind;
  if (e[0] == atoms::garbage_collect && argument == atoms::minor_) kind = Request::Minor;
  else if (e[0] == atoms::garbage_collect && argument == atoms::major_) kind = Request::Major;
  else if (e[0] == atoms::check_process_code && argument.is_atom()) kind = Request::CheckCode;
  else if (e[0] == atom::intern("system_task_test")) kind = Request::Test;
  else return badarg(p);
  auto *r = new Request;
  r->run = run_request;
  r->kind = kind;
  r->beside_dirty = kind == Request::CheckCode;
  r->requester = requester;
  r->type = e[0];
  r->argument = argument;
  r->id = copy_to_fragment(e[1], &r->fragment);
  if (!target.is_local_pid() || !system_task_send(target, r, prio)) run_request(nullptr, r);
  return atoms::ok;
}
} // namespace

Term erts_internal_request_system_task_3(Process *p, const Term *args) {
  return request(p, p->id, args[0], args[1], args[2]);
}
Term erts_internal_request_system_task_4(Process *p, const Term *args) {
  if (!args[0].is_local_pid()) return badarg(p);
  return request(p, args[0], args[1], args[2], args[3]);
}

// The collection is made when the BIF has returned.
Term erts_internal_garbage_collect_1(Process *p, const Term *args) {
  if (args[0] != atoms::minor_ && args[0] != atoms::major_) return badarg(p);
  p->force_gc = true;
  return atoms::true_;
}
} // namespace joist::bifs
