#include "runtime/proc/signal.h"
#include "runtime/atom/atom.h"
#include "runtime/mem/alloc.h"
#include "runtime/mem/copy.h"
#include "runtime/proc/process.h"
#include "runtime/proc/receive.h"
#include "runtime/proc/signal_handle.h"
#include "runtime/proc/system_task.h"
#include "runtime/sched/dirty.h"
#include "runtime/sched/progress.h"
#include "runtime/sched/run_queue.h"
#include "runtime/sched/scheduler.h"
#include "runtime/sys/seq_trace.h"
#include "runtime/term/ref.h"
#include "runtime/trace/trace.h"

#include <new>

namespace joist::runtime {
namespace {
constexpr size_t kMessageBytes = offsetof(Signal, from);
} // namespace

Signal *signal_new(SignalKind k, Term t) {
  if (k == SignalKind::Message) {
    auto *s = static_cast<Signal *>(mem_alloc(MemKind::Signal, kMessageBytes));
    s->next = nullptr;
    s->kind = k;
    s->token = atoms::undefined;
    s->term = t;
    s->fragments = nullptr;
    return s;
  }
  return new (mem_alloc(MemKind::Signal, sizeof(Signal))) Signal(k, t);
}

void signal_free(Signal *s) {
  if (s->fragments) fragment_free(s->fragments);
  mem_free(MemKind::Signal, s);
}

Term signal_own(Signal *s, Term t) {
  if (!t.is_pointer()) return t;
  Fragment *f;
  Term r = copy_to_fragment(t, &f);
  if (f) {
    Fragment *end = f;
    while (end->next) end = end->next;
    end->next = s->fragments;
    s->fragments = f;
  }
  return r;
}

bool signal_send(Process *to, Signal *s) {
  Inbox &in = to->inbox;
  s->next = nullptr;
  in.lock.lock();
  if (in.closed) {
    in.lock.unlock();
    signal_free(s);
    return false;
  }
  *in.last = s;
  in.last = &s->next;
  bool first = ++in.length == 1, message = s->kind == SignalKind::Message;
  if (first) to->state.fetch_or(pstate::Signals, std::memory_order_acq_rel);
  in.lock.unlock();
  if (first) process_schedule(to);
  if (!message && (to->state.load(std::memory_order_acquire) & pstate::DirtyQueued)) dirty_signals_schedule(to);
  return true;
}

bool signal_send_pid(Term pid, Signal *s) {
  progress::OnlineScope scope;
  if (pid.is_local_pid())
    if (Process *p = process_lookup_any(pid)) return signal_send(p, s);
  signal_free(s);
  return false;
}

namespace {
// A message may have to say who sent it (trace::receive_pattern): its token is then {Sender, Token}, until it is appended
// to the mailbox.
void say_sender(Signal *s, Term sender) {
  FragmentHeap h(3);
  s->token = make_tuple(h, sender, s->token);
  Fragment *f = h.take();
  f->next = s->fragments;
  s->fragments = f;
}
void told_received(Process *p, Signal *s) {
  Term from = Term::none();
  if (is_tuple_of(s->token, 2)) from = tuple_elements(s->token)[0], s->token = tuple_elements(s->token)[1];
  if (trace::traced(p, trace::flag::Receive)) trace::received(p, s->term, from);
}
} // namespace

void mailbox_append(Process *p, Signal *s) {
  if (trace::traced(p, trace::flag::Receive) || is_tuple_of(s->token, 2)) [[unlikely]]
    told_received(p, s);
  s->next = nullptr;
  *p->mailbox.last = s;
  p->mailbox.last = &s->next;
  p->mailbox.length++;
}

namespace {

// Puts what was not handled back before everything else in the inbox.
void put_back(Process *p, Signal *first, Word count) {
  if (!first) return;
  Signal *end = first;
  while (end->next) end = end->next;
  std::lock_guard g(p->inbox.lock);
  Inbox &in = p->inbox;
  end->next = in.first;
  if (!in.first) in.last = &end->next;
  in.first = first;
  in.length += count;
  p->state.fetch_or(pstate::Signals, std::memory_order_acq_rel);
}

Signal *take_all(Process *p, Word *count) {
  std::lock_guard g(p->inbox.lock);
  Inbox &in = p->inbox;
  Signal *s = in.first;
  *count = in.length;
  in.first = nullptr;
  in.last = &in.first;
  in.length = 0;
  p->state.fetch_and(~pstate::Signals, std::memory_order_acq_rel);
  return s;
}

int fetch(Process *p, bool executing) {
  if (!(p->state.load(std::memory_order_acquire) & pstate::Signals)) return 0;
  Word left;
  Signal *s = take_all(p, &left);
  bool messages = false;
  int reds = 0;
  while (s) {
    if (s->kind != SignalKind::Message) {
      if (p->must_exit() || (executing && signal_needs_saved_state(s->kind))) {
        put_back(p, s, left);
        break;
      }
      Signal *next = s->next;
      s->next = nullptr;
      Word length = p->mailbox.length;
      if (Signal *message = signal_handle(p, s)) mailbox_append(p, message);
      if (p->mailbox.length != length) messages = true;
      s = next;
      reds += 2;
    } else {
      Signal *next = s->next;
      mailbox_append(p, s);
      messages = true;
      s = next;
    }
    left--;
  }
  if (messages && !(p->state.load(std::memory_order_relaxed) & pstate::Active))
    p->state.fetch_or(pstate::Active, std::memory_order_acq_rel);
  return reds;
}

void run_system_task(Process *p, Signal *s) {
  auto *t = static_cast<SystemTask *>(s->arg);
  t->run(p, t);
}

// May s be acted upon while a dirty thread uses heap and registers?
bool handled_beside_dirty(const Signal *s) {
  switch (s->kind) {
  case SignalKind::Rpc: return s->fn == run_system_task && static_cast<SystemTask *>(s->arg)->beside_dirty;
  case SignalKind::Suspend: // takes effect, and is answered, after the call
  case SignalKind::SuspendDone:
  case SignalKind::Resume: return false;
  case SignalKind::GroupLeader: return !s->term.is_pointer(); // else copied to the heap
  case SignalKind::ProcessInfo:
    if (s->term.is_none() || !is_tuple(s->term)) return true;
    for (unsigned i = 0; i < tuple_arity(s->term); i++)
      if (tuple_elements(s->term)[i] == atoms::binary) return false; // walks what the heap holds
    return true;
  default: return true;
  }
}
} // namespace

Word signals_handle_dirty(Process *p) {
  Word count;
  Signal *s = take_all(p, &count), *kept = nullptr, **last = &kept;
  Word kept_count = 0;
  bool in_order = true;
  while (s) {
    Signal *next = s->next;
    s->next = nullptr;
    if (in_order && !p->exit_state && handled_beside_dirty(s)) {
      Signal *message = s->kind == SignalKind::Message ? s : signal_handle(p, s);
      if (message) mailbox_append(p, message);
    } else {
      // System tasks and suspension are in no order with other signals. Behind the rest, everything waits.
      if (s->kind == SignalKind::GroupLeader || s->kind == SignalKind::ProcessInfo) in_order = false;
      *last = s;
      last = &s->next;
      kept_count++;
    }
    s = next;
  }
  put_back(p, kept, kept_count);
  return kept_count;
}

int signals_fetch(Process *p) { return fetch(p, true); }
bool signals_wait(Process *p) {
  if (!(p->state.load(std::memory_order_acquire) & pstate::Signals)) return false;
  std::lock_guard g(p->inbox.lock);
  return p->inbox.first && signal_needs_saved_state(p->inbox.first->kind);
}
int signals_handle_all(Process *p) {
  int reds = fetch(p, false);
  return reds;
}

Signal *mailbox_remove(Mailbox &m, Signal **at) {
  Signal *s = *at;
  receive_markers_removed(m, s, at);
  if (m.save == &s->next) m.save = at;
  if (m.last == &s->next) m.last = at;
  *at = s->next;
  s->next = nullptr;
  m.length--;
  return s;
}

// --- messages

void message_send_built(Process *to, Term msg, Fragment *fragments, Term token) {
  Signal *s = signal_new(SignalKind::Message, msg);
  s->fragments = fragments;
  s->token = token.is_nil() ? atoms::undefined : token;
  signal_send(to, s);
}

void message_send(Process *from, Process *to, Term msg) {
  Fragment *f = nullptr;
  Term copy = msg.is_pointer() ? copy_to_fragment(msg, &f) : msg;
  Signal *s = signal_new(SignalKind::Message, copy);
  s->fragments = f;
  if (from) {
    if (f) from->bump(f->used >> 6);
    s->token = from->seq_token.is_nil() ? Term::nil() : signal_own(s, seq_trace::sending(from, to->id, msg));
    if (trace::receive_pattern.load(std::memory_order_relaxed)) [[unlikely]]
      say_sender(s, from->id);
    // Nothing before it in the inbox: to itself, the message goes straight into the mailbox.
    if (from == to && !(to->state.load(std::memory_order_acquire) & (pstate::Signals | pstate::DirtyQueued))) {
      mailbox_append(to, s);
      return;
    }
  }
  signal_send(to, s);
}

void message_send_pid_built(Term pid, Term msg, Fragment *fragments) {
  Signal *s = signal_new(SignalKind::Message, msg);
  s->fragments = fragments;
  signal_send_pid(pid, s);
}

void message_send_pid(Term pid, Term msg) {
  progress::OnlineScope scope;
  if (!pid.is_local_pid()) return;
  if (Process *p = process_lookup(pid)) message_send(nullptr, p, msg);
}

void message_send_alias(Term alias, Term msg) { seq_trace::send_alias(nullptr, alias, msg); }

void seq_trace::send_alias(Process *from, Term alias, Term msg) {
  Term pid = pid_of_ref(alias);
  if (pid.is_none()) return;
  progress::OnlineScope scope;
  Process *p = process_lookup(pid);
  if (!p) return;
  Signal *s = signal_new(SignalKind::AliasMessage);
  s->term = signal_own(s, msg);
  s->ref = signal_own(s, alias);
  if (from && !from->seq_token.is_nil()) s->token = signal_own(s, seq_trace::sending(from, alias, msg));
  signal_send(p, s);
}

// --- system tasks

bool (*check_process_code_hook)(Process *p, Term module, Term *x, unsigned live) = nullptr;

bool system_task_send(Term pid, SystemTask *task, Priority prio) {
  Signal *s = signal_new(SignalKind::Rpc);
  s->arg = task;
  s->fn = run_system_task;
  Process *p = process_lookup(pid);
  if (!p || !signal_send(p, s)) {
    if (!p) signal_free(s);
    return false; // freed without a call
  }
  process_raise(p, prio);
  return true;
}
} // namespace joist::runtime
