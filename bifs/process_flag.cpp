// process_flag, group leaders, reductions.
#include "bifs/process_args.h"
#include "runtime/mem/copy.h"
#include "runtime/mem/gc.h"
#include "runtime/proc/info.h"
#include "runtime/proc/remote.h"
#include "runtime/sched/scheduler.h"
#include "runtime/sys/flags.h"
#include "runtime/term/ref.h"
#include "runtime/trace/saved_calls.h"

#include <utility>

namespace joist::bifs {
namespace {
// Sets or clears a state bit by a boolean; none: v is no boolean. The previous value.
Term set_bit(Process *p, uint32_t bit, Term v) {
  if (v != atoms::true_ && v != atoms::false_) return Term::none();
  uint32_t old = v == atoms::true_ ? p->state.fetch_or(bit) : p->state.fetch_and(~bit);
  return bool_term(old & bit);
}

Term save_calls(Process *p, Term v) {
  if (!v.is_small() || v.small_value() < 0 || v.small_value() > 10000) return Term::none();
  return Term::small(int64_t(trace::saved_calls_set(p, size_t(v.small_value()))));
}
// The answer comes as a message, {Reference, PreviousOrBadarg}, in the order of signals.
Term save_calls_of(Process *p, Term pid, Term v) {
  Process *other = pid.is_local_pid() ? process_lookup(pid) : nullptr;
  if (!other) return atoms::badtype;
  Signal *s = signal_new(SignalKind::Rpc);
  s->from = p->id;
  s->term = v; // an immediate, or none
  s->fn = [](Process *to, Signal *self) {
    Term old = to && !to->must_exit() && !self->term.is_none() ? save_calls(to, self->term) : Term::none();
    FragmentHeap h(16);
    Term answer = make_tuple(h, copy(self->ref, h), old.is_none() ? atoms::badarg : old);
    message_send_pid_built(self->from, answer, h.take());
  };
  Term ref = make_ref(p->heap);
  s->ref = signal_own(s, ref);
  signal_send(other, s);
  return ref;
}

bool small_count(Term v) { return v.is_small() && v.small_value() >= 0; }
} // namespace

Term erlang_process_flag_2(Process *p, const Term *args) {
  Term flag = args[0], v = args[1], old = Term::none();
  if (flag == atoms::trap_exit) {
    old = set_bit(p, pstate::TrapExit, v);
  } else if (flag == atoms::error_handler) {
    if (v.is_atom()) old = std::exchange(p->error_handler, v);
  } else if (flag == atoms::priority) {
    Priority prio;
    if (parse_priority(v, &prio)) {
      old = priority_atom(p->priority());
      process_set_priority(p, prio);
    }
  } else if (flag == atoms::scheduler) {
    if (small_count(v) && v.small_value() <= int64_t(schedulers_count())) {
      old = Term::small(process_bind(p, unsigned(v.small_value())));
      p->use_up();
    }
  } else if (flag == atoms::fullsweep_after) {
    if (small_count(v)) {
      old = Term::small(p->max_gen_gcs);
      p->max_gen_gcs = uint16_t(std::min<int64_t>(v.small_value(), 0xffff));
    }
  } else if (flag == atoms::min_heap_size) {
    if (small_count(v)) {
      old = Term::small(p->min_heap_size);
      Word n = Word(v.small_value());
      p->min_heap_size = n < vm_flags.min_heap_words ? vm_flags.min_heap_words : uint32_t(gc_next_size(n));
    }
  } else if (flag == atoms::min_bin_vheap_size) {
    if (small_count(v)) {
      old = Term::small(p->min_vheap_size);
      Word n = Word(v.small_value());
      p->min_vheap_size = n < vm_flags.min_vheap_words ? vm_flags.min_vheap_words : uint32_t(gc_next_size(n));
    }
  } else if (flag == atoms::max_heap_size) {
    Word words;
    bool kill, log;
    if (parse_max_heap(v, &words, &kill, &log) && (words == 0 || words >= p->min_heap_size)) {
      old = max_heap_map(p->heap, p->max_heap_size, p->max_heap_kill, p->max_heap_log);
      p->max_heap_size = words, p->max_heap_kill = kill, p->max_heap_log = log;
    }
  } else if (flag == atoms::message_queue_data) {
    if (v == atoms::on_heap || v == atoms::off_heap)
      old = set_bit(p, pstate::OffHeapMsgs, bool_term(v == atoms::off_heap)) == atoms::true_ ? atoms::off_heap
                                                                                             : atoms::on_heap;
  } else if (flag == atoms::sensitive) {
    old = set_bit(p, pstate::Sensitive, v);
  } else if (flag == atoms::monitor_nodes ||
             (is_tuple_of(flag, 2) && tuple_elements(flag)[0] == atoms::monitor_nodes)) {
    Term options = flag.is_atom() ? Term::nil() : tuple_elements(flag)[1];
    if (v == atoms::true_ || v == atoms::false_) old = remote_hooks.monitor_nodes(p, v, options);
  } else if (flag == atoms::save_calls) {
    old = save_calls(p, v);
    if (old.is_none()) return badarg(p, atoms::none);
  } else {
    return badarg(p, atoms::badopt);
  }
  return old.is_none() ? badarg(p) : old;
}

Term erts_internal_process_flag_3(Process *p, const Term *args) {
  const bool known = args[1] == atoms::save_calls;
  if (args[0] != p->id) return save_calls_of(p, args[0], known && args[2].is_small() ? args[2] : Term::none());
  Term old = known ? save_calls(p, args[2]) : Term::none();
  return old.is_none() ? atoms::badarg : old;
}

Term erlang_group_leader_0(Process *p, const Term *) { return p->group_leader; }

// true, badarg, or false: to be tried again as a signal with group_leader/3.
Term erts_internal_group_leader_2(Process *p, const Term *args) {
  Term leader = args[0], pid = args[1];
  if (!is_pid(leader)) return atoms::badarg;
  if (pid == p->id) {
    p->group_leader = leader;
    return atoms::true_;
  }
  if (pid.is_local_pid()) return process_lookup(pid) ? atoms::false_ : atoms::badarg;
  if (is_external_pid(pid)) {
    if (of_this_node(pid)) return badarg(p);
    remote_hooks.group_leader(p, leader, pid);
    return atoms::true_;
  }
  return atoms::badarg;
}

Term erts_internal_group_leader_3(Process *p, const Term *args) {
  if (!is_pid(args[0]) || !args[1].is_local_pid() || !is_local_ref(args[2])) return badarg(p);
  Signal *s = signal_new(SignalKind::GroupLeader);
  s->term = signal_own(s, args[0]);
  s->from = p->id;
  s->ref = signal_own(s, args[2]);
  if (!signal_send_pid(args[1], s)) message_send(p, p, make_tuple(p->heap, args[2], atoms::badarg));
  return atoms::ok;
}

Term erlang_bump_reductions_1(Process *p, const Term *args) {
  if (!small_count(args[0])) return badarg(p);
  p->bump(std::min<int64_t>(args[0].small_value(), kReductions));
  return atoms::true_;
}
} // namespace joist::bifs
