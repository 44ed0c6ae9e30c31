#include "runtime/atom/atom.h"
#include "runtime/mem/alloc.h"
#include "runtime/mem/copy.h"
#include "runtime/mem/gc.h"
#include "runtime/proc/bif.h"
#include "runtime/proc/monitor.h"
#include "runtime/proc/relations.h"
#include "runtime/proc/table.h"
#include "runtime/sched/machine.h"
#include "runtime/sched/run_queue.h"
#include "runtime/sched/scheduler.h"
#include "runtime/sys/flags.h"
#include "runtime/sys/seq_trace.h"
#include "runtime/sys/time.h"
#include "runtime/term/ref.h"
#include "runtime/trace/trace.h"

#include <new>

namespace joist::runtime {
namespace {
// Room for the return to normal_exit, besides the margin.
constexpr Word kFirstFrame = 2;

void init_heap(Process *p, const SpawnOptions &o, Word args_words) {
  Word min = o.min_heap ? o.min_heap : vm_flags.min_heap_words;
  p->min_vheap_size = uint32_t(o.min_vheap ? o.min_vheap : vm_flags.min_vheap_words);
  p->max_gen_gcs =
      uint16_t(std::min<int64_t>(o.fullsweep_after >= 0 ? o.fullsweep_after : vm_flags.fullsweep_after, 0xffff));
  if (o.max_heap_given) {
    p->max_heap_size = o.max_heap, p->max_heap_kill = o.max_heap_kill, p->max_heap_log = o.max_heap_log;
  } else {
    p->max_heap_size = vm_flags.max_heap_words;
    p->max_heap_kill = vm_flags.max_heap_kill, p->max_heap_log = vm_flags.max_heap_log;
  }
  gc_init_heap(p, std::max(min, args_words + kFirstFrame + kStackMargin));
  p->min_heap_size = uint32_t(gc_next_size(min));
}

// {ReplyTag, Ref, ok, Pid}, the first signal that the parent gets from the new process.
void send_reply(Process *parent, Term tag, Term ref, Term pid, Term token) {
  FragmentHeap h(16);
  Term message = make_tuple(h, copy(tag, h), copy(ref, h), atoms::ok, pid);
  Term own = copy(token, h);
  message_send_built(parent, message, h.take(), own);
}

// Sequential tracing: the token of the reply.
Term inherit_token(Process *parent, Process *p, Term m, Term f, Term args, const SpawnOptions &o, Term ref) {
  if (parent->seq_token.is_nil()) return Term::nil();
  FragmentHeap h;
  Term options = Term::nil();
  if (o.monitor) options = make_cons(h, atoms::monitor, options);
  if (o.link) options = make_cons(h, atoms::link, options);
  return seq_trace::spawned(parent, p, make_tuple(h, m, f, args), options, ref.is_none() ? make_ref(h) : ref,
                            o.async ? o.reply_tag : atoms::spawn_reply, o.async && o.reply_ok);
}
} // namespace

Process *process_spawn(Process *parent, Term m, Term f, Term args, const SpawnOptions &o, Term *monitor_ref) {
  if (!process_table_reserve()) return nullptr;
  auto *p = new (mem_alloc(MemKind::ProcessStruct, sizeof(Process))) Process;
  Term leader = !o.group_leader.is_none() ? o.group_leader : parent ? parent->group_leader : Term::none();
  Word args_words = size_of(args);
  if (leader.is_pointer()) args_words += size_of(leader);
  if (!o.parent.is_none() && o.parent.is_pointer()) args_words += size_of(o.parent);
  init_heap(p, o, args_words);
  p->saved_x()[0] = m;
  p->saved_x()[1] = f;
  p->saved_x()[2] = copy(args, p->heap);
  p->live_x = 3;
  p->pc = exec_hooks.apply_entry;
  p->error_handler = atoms::error_handler;
  p->parent = parent ? parent->id : o.parent.is_none() ? atoms::undefined : copy(o.parent, p->heap);
  int64_t arity = list_length(args);
  p->initial_call = {m, f, Word(arity < 0 ? 0 : arity)};
  if (is_tuple_of(o.initial_call, 3)) {
    const Term *e = tuple_elements(o.initial_call);
    p->initial_call = {e[0], e[1], Word(e[2].small_value())};
  }
  p->current = &p->initial_call;

  uint32_t state = pstate::Active | uint32_t(o.priority) << pstate::PrioShift;
  if (o.system) state |= pstate::System;
  if (o.off_heap_messages || (!o.has_message_queue_data && vm_flags.off_heap_messages)) state |= pstate::OffHeapMsgs;
  if (o.scheduler) {
    state |= pstate::Bound;
    p->run_queue.store(scheduler_at(o.scheduler - 1), std::memory_order_relaxed);
  } else if (parent && !(parent->state.load(std::memory_order_relaxed) & pstate::Bound)) {
    p->run_queue.store(parent->run_queue.load(std::memory_order_relaxed), std::memory_order_relaxed);
  }
  // Running: nobody queues it before it is complete.
  p->state.store(state | pstate::Running, std::memory_order_relaxed);
  process_table_insert(p);
  p->group_leader = leader.is_none() ? p->id : copy(leader, p->heap);

  if (parent) {
    if (o.link) {
      relations_of(parent).link_add(p->id)->unlinking = 0;
      relations_of(p).link_add(parent->id);
    }
    Term ref = Term::none();
    if (o.monitor || o.async) {
      MonitorOptions mo;
      if (o.monitor) monitor_options(o.monitor_opts, &mo);
      ref = mo.alias != AliasKind::None ? make_pid_ref(parent->heap, parent->id) : make_ref(parent->heap);
      if (monitor_ref) *monitor_ref = ref;
      if (o.monitor) {
        Monitor mon;
        mon.ref = KeptRef(ref);
        mon.kind = MonitorKind::Process;
        mon.alias = mo.alias;
        mon.target = KeptTerm(p->id);
        if (!mo.tag.is_none()) mon.tag = KeptTerm(mo.tag);
        relations_of(parent).monitor_add(std::move(mon));
        relations_of(p).target_add(parent->id, ref, Term::none());
      }
    }
    Term token = inherit_token(parent, p, m, f, args, o, ref);
    if (o.async && o.reply_ok) send_reply(parent, o.reply_tag, ref, p->id, token);
  }
  if (o.prepare) o.prepare(p, o.prepare_arg);
  if ((parent && (trace::flags_of(parent) & trace::flag::All)) ||
      trace::default_flags[0].load(std::memory_order_relaxed)) [[unlikely]]
    trace::spawned(parent, p, m, f, args);
  p->state.fetch_and(~pstate::Running, std::memory_order_acq_rel);
  process_schedule(p);
  return p;
}
} // namespace joist::runtime
