// Asking about processes.
#include "bifs/process_args.h"
#include "runtime/mem/copy.h"
#include "runtime/proc/backtrace.h"
#include "runtime/proc/info.h"
#include "runtime/proc/receive.h"
#include "runtime/term/ref.h"

#include <cstdio>

namespace joist::bifs {
namespace {
// A process that neither runs nor has signals waiting: what its state says is what a signal would tell.
bool quiet(uint32_t state) {
  return !(state & (pstate::Signals | pstate::Running | pstate::DirtyQueued | pstate::Exiting));
}

bool valid_items(Term items) {
  if (items.is_atom()) return process_info_is_item(items);
  for (; items.is_cons(); items = items.tail())
    if (!items.head().is_atom() || !process_info_is_item(items.head())) return false;
  return items.is_nil();
}

bool asks(Term items, Term item) {
  if (items.is_none() || items.is_atom()) return items == item;
  for (; items.is_cons(); items = items.tail())
    if (items.head() == item) return true;
  return false;
}

// May what waits in the inbox change the answer?
bool asks_for_signals(Term items) {
  return items.is_none() || asks(items, atoms::suspending) || asks(items, atoms::messages) ||
         asks(items, atoms::message_queue_len);
}

// items: atom, list, or none for process_info/1.
Term info(Process *p, Term pid, Term items) {
  if (!items.is_none() && !valid_items(items)) return badarg(p);
  if (pid == p->id) {
    signals_fetch(p);
    if (p->must_exit()) return await_exit(p);
    // What is left needs the registers saved: where it may change the answer, p asks itself by a signal behind it.
    if (!signals_wait(p) || !asks_for_signals(items)) return process_info_build(p, items, p->heap, true);
  }
  if (!pid.is_local_pid()) return is_external_pid(pid) && of_this_node(pid) ? atoms::undefined : badarg(p);
  Process *other = process_lookup_any(pid);
  if (!other) return atoms::undefined;
  uint32_t state = other->state.load(std::memory_order_acquire);
  if (items == atoms::status && quiet(state)) return make_tuple(p->heap, items, process_status(state));
  if (items == atoms::priority && quiet(state)) return make_tuple(p->heap, items, priority_atom(other->priority()));
  Term ref = make_ref(p->heap);
  Signal *s = signal_new(SignalKind::ProcessInfo);
  s->from = p->id;
  s->ref = signal_own(s, ref);
  s->extra = items.is_none() ? 2 : 0;
  if (!items.is_none()) s->term = signal_own(s, items);
  return signal_send(other, s) ? await_result(p, ref) : atoms::undefined;
}
} // namespace

Term erlang_process_info_1(Process *p, const Term *args) { return info(p, args[0], Term::none()); }
Term erlang_process_info_2(Process *p, const Term *args) { return info(p, args[0], args[1]); }

Term erlang_processes_0(Process *p, const Term *) {
  std::vector<Term> pids = process_pids();
  Word *cells = pids.empty() ? nullptr : p->heap.alloc(2 * pids.size());
  for (size_t i = 0; i < pids.size(); i++) {
    cells[2 * i] = pids[i].raw();
    cells[2 * i + 1] = (i + 1 < pids.size() ? Term::cons(cells + 2 * i + 2) : Term::nil()).raw();
  }
  p->bump(int64_t(pids.size() / 10));
  return cells ? Term::cons(cells) : Term::nil();
}

Term erlang_is_process_alive_1(Process *p, const Term *args) {
  Term pid = args[0];
  if (!pid.is_local_pid()) return is_external_pid(pid) && of_this_node(pid) ? atoms::false_ : badarg(p);
  if (pid == p->id) return atoms::true_;
  Process *other = process_lookup_any(pid);
  if (!other) return atoms::false_;
  if (quiet(other->state.load(std::memory_order_acquire))) return atoms::true_;
  Term ref = make_ref(p->heap);
  Signal *s = signal_new(SignalKind::IsAlive);
  s->from = p->id;
  s->ref = signal_own(s, ref);
  return signal_send(other, s) ? await_result(p, ref) : atoms::false_;
}

Term erts_internal_is_process_alive_2(Process *p, const Term *args) {
  if (!args[0].is_local_pid() || !is_local_ref(args[1])) return badarg(p);
  Process *other = process_lookup_any(args[0]);
  bool sent = false;
  if (other) {
    Signal *s = signal_new(SignalKind::IsAlive);
    s->from = p->id;
    s->ref = signal_own(s, args[1]);
    sent = signal_send(other, s);
  }
  if (!sent) message_send(p, p, make_tuple(p->heap, args[1], atoms::false_));
  return atoms::ok;
}

Term erts_internal_is_system_process_1(Process *p, const Term *args) {
  if (args[0].is_local_pid()) {
    Process *other = process_lookup(args[0]);
    return bool_term(other && (other->state.load(std::memory_order_relaxed) & pstate::System));
  }
  return is_external_pid(args[0]) && of_this_node(args[0]) ? atoms::false_ : badarg(p);
}

Term erts_internal_is_process_executing_dirty_1(Process *p, const Term *args) {
  if (!args[0].is_local_pid()) return badarg(p);
  Process *other = process_lookup(args[0]);
  return bool_term(other && (other->state.load(std::memory_order_relaxed) & pstate::DirtyRunning));
}

// Signals of a process that executes dirty wait until it is back; nobody handles them for it.
Term erts_internal_dirty_process_handle_signals_1(Process *p, const Term *args) {
  if (!args[0].is_local_pid()) return atoms::false_;
  Process *other = process_lookup(args[0]);
  if (!other) return atoms::noproc;
  static const Term normal = atoms::normal;
  return other->state.load(std::memory_order_relaxed) & pstate::DirtyRunning ? atoms::ok : normal;
}

namespace {
void display(Process *p) {
  if (p->sensitive()) return;
  std::string text = backtrace_text(p);
  fwrite(text.data(), 1, text.size(), stderr);
}

void display_rpc(Process *p, Signal *s) {
  if (p) display(p);
  FragmentHeap h(16);
  Term message = make_tuple(h, copy(s->ref, h), p ? atoms::true_ : atoms::badarg);
  message_send_pid_built(s->from, message, h.take());
}
} // namespace

Term erts_internal_process_display_2(Process *p, const Term *args) {
  if (args[1] != atoms::backtrace) return atoms::badopt;
  if (args[0] == p->id) {
    display(p);
    return atoms::true_;
  }
  Process *other = args[0].is_local_pid() ? process_lookup(args[0]) : nullptr;
  if (!other) return atoms::badarg;
  Term ref = make_ref(p->heap);
  Signal *s = signal_new(SignalKind::Rpc);
  s->from = p->id;
  s->ref = signal_own(s, ref);
  s->fn = display_rpc;
  return signal_send(other, s) ? ref : atoms::badarg;
}
} // namespace joist::bifs
