#include "runtime/proc/info.h"
#include "runtime/atom/atom.h"
#include "runtime/code/code.h"
#include "runtime/mem/copy.h"
#include "runtime/mem/magic_recall.h"
#include "runtime/nif/watch.h"
#include "runtime/proc/backtrace.h"
#include "runtime/proc/bif.h"
#include "runtime/proc/dictionary.h"
#include "runtime/proc/relations.h"
#include "runtime/proc/signal_handle.h"
#include "runtime/sched/dirty.h"
#include "runtime/sched/scheduler.h"
#include "runtime/sys/flags.h"
#include "runtime/sys/settings.h"
#include "runtime/term/binary.h"
#include "runtime/term/compare.h"
#include "runtime/term/map.h"
#include "runtime/trace/saved_calls.h"

namespace joist::runtime {

const Term process_info_1_items[] = {atoms::registered_name,   atoms::current_function,
                                     atoms::initial_call,      atoms::status,
                                     atoms::message_queue_len, atoms::links,
                                     atoms::dictionary,        atoms::trap_exit,
                                     atoms::error_handler,     atoms::priority,
                                     atoms::group_leader,      atoms::total_heap_size,
                                     atoms::heap_size,         atoms::stack_size,
                                     atoms::reductions,        atoms::garbage_collection,
                                     atoms::suspending};
const unsigned process_info_1_count = sizeof(process_info_1_items) / sizeof(Term);

namespace {
struct Asked {
  Process *p;
  Heap &h;
  bool self;
};
using Answer = Term (*)(Asked &);

Term pair_list_item(Heap &h, Term list, Term key, Term value) { return make_cons(h, make_tuple(h, key, value), list); }
Term words(Heap &h, Word n) { return make_uint(h, n); }
template <class T, class F> Term list_of(Heap &h, const std::vector<T *> &entries, F item) {
  Term list = Term::nil();
  for (T *e : entries) list = make_cons(h, item(*e), list);
  return list;
}

Term mfa_tuple(Heap &h, const Mfa &f) { return make_tuple(h, f.module, f.function, Term::small(int64_t(f.arity))); }

// The native function that p executes, or waits to, where its pc does not tell.
const Mfa *native_function(const Process *p) { return p->dirty ? p->dirty->mfa : p->current; }

// Where the process is. Of itself it can only ask within process_info: then it is the caller of that.
CodeLocation location(Asked &a, const Mfa **mfa) {
  CodeLocation l = code_lookup(a.p->pc, process_pc_is_return(a.p));
  *mfa = l.function ? &l.function->mfa : nullptr;
  if (!a.self && (process_not_started(a.p) || (!l.function && native_function(a.p))))
    *mfa = process_not_started(a.p) ? &a.p->initial_call : native_function(a.p);
  if (a.p->relations)
    for (Term by : a.p->relations->suspended_by)
      if (by.is_small()) { // a busy connection: what stock's processes wait in (dist_wait)
        static const Mfa waits_in[] = {{atoms::erlang, atoms::bif_return_trap, 2},
                                       {atoms::erts_internal, atoms::dsend_continue_trap, 1},
                                       {atoms::erts_internal, atoms::spawn_request_yield, 3}};
        *mfa = &waits_in[by.small_value()];
        return {};
      }
  return l;
}

Term registered_name(Asked &a) { return a.p->registered.is_none() ? Term::nil() : a.p->registered; }
Term current_function(Asked &a) {
  const Mfa *mfa;
  location(a, &mfa);
  return mfa ? mfa_tuple(a.h, *mfa) : atoms::undefined;
}
Term current_location(Asked &a) {
  const Mfa *mfa;
  CodeLocation l = location(a, &mfa);
  if (!mfa) return atoms::undefined;
  return backtrace_item(a.h, *mfa, l);
}
Term current_stacktrace(Asked &a) {
  return process_stacktrace(a.p, a.h, unsigned(system_settings.backtrace_depth.load(std::memory_order_relaxed)), false);
}
Term backtrace(Asked &a) {
  std::string text;
  if (!a.p->sensitive()) text = backtrace_text(a.p);
  return make_binary_from(a.h, text);
}
Term initial_call(Asked &a) { return mfa_tuple(a.h, a.p->initial_call); }
Term status(Asked &a) {
  uint32_t s = a.p->state.load(std::memory_order_relaxed);
  if (a.self) return atoms::running;
  // Asked by signal: it runs only in order to answer, unless it had something to do anyway.
  return s & pstate::Suspended ? atoms::suspended : s & pstate::Active ? atoms::running : atoms::waiting;
}
Term messages(Asked &a) {
  std::vector<Term> all;
  if (!a.p->sensitive())
    for (Signal *s = a.p->mailbox.first; s; s = s->next) all.push_back(s->term);
  Term list = Term::nil();
  for (size_t i = all.size(); i-- > 0;) list = make_cons(a.h, a.self ? copy(all[i], a.h) : all[i], list);
  if (a.self) a.p->bump(int64_t(all.size() / 4)); // see process_info_item
  return list;
}
Term message_queue_len(Asked &a) { return words(a.h, a.p->mailbox.length); }
Term links(Asked &a) {
  if (!a.p->relations) return Term::nil();
  std::vector<Link *> there;
  for (Link *l : a.p->relations->links.all())
    if (!l->unlinking) there.push_back(l);
  std::vector<Link *> listed;
  auto after = [&](size_t i, size_t k) { return compare(there[i]->other.get(), there[k]->other.get()) > 0; };
  for (size_t i : relation_tree_order(there.size(), after)) listed.push_back(there[i]);
  return list_of(a.h, listed, [&](Link &l) { return copy(l.other.get(), a.h); });
}
Term monitors(Asked &a) {
  if (!a.p->relations) return Term::nil();
  std::vector<Monitor *> there;
  for (Monitor *m : a.p->relations->monitors.all())
    if (!m->spawn_pending && m->kind <= MonitorKind::DistPort) there.push_back(m);
  Term list = Term::nil();
  // References are made in ascending order.
  for (size_t i : relation_tree_order(there.size(), [](size_t, size_t) { return true; })) {
    Monitor *m = there[i];
    Term type = atoms::process;
    switch (m->kind) {
    case MonitorKind::Process:
    case MonitorKind::DistProcess: break;
    case MonitorKind::Port:
    case MonitorKind::DistPort: type = atoms::port; break;
    case MonitorKind::TimeOffset: type = atoms::time_offset; break;
    default: continue;
    }
    Term what = m->name.is_none() ? copy(m->target.get(), a.h) : make_tuple(a.h, m->name, m->name_node);
    list = pair_list_item(a.h, list, type, what);
  }
  return list;
}
Term monitored_by(Asked &a) {
  Term natives = process_watchers_shown(a.p->id, a.h);
  if (!a.p->relations) return natives;
  Term list = list_of(a.h, a.p->relations->targets.all(), [&](Target &t) { return copy(t.watcher.get(), a.h); });
  if (natives.is_nil()) return list;
  std::vector<Term> pids;
  for (; list.is_cons(); list = list.tail()) pids.push_back(list.head());
  while (!pids.empty()) {
    natives = make_cons(a.h, pids.back(), natives);
    pids.pop_back();
  }
  return natives;
}
Term suspending(Asked &a) {
  Term list = Term::nil();
  if (!a.p->relations) return list;
  for (auto &s : a.p->relations->suspending) {
    Term n = Term::small(s.count), zero = Term::small(0);
    list = make_cons(a.h, make_tuple(a.h, s.pid, s.active ? n : zero, s.active ? zero : n), list);
  }
  return list;
}
Term dictionary(Asked &a) {
  if (a.p->sensitive()) return Term::nil();
  return dictionary_all(a.p, a.h);
}
Term trap_exit(Asked &a) { return bool_term(a.p->trap_exit()); }
Term error_handler(Asked &a) { return a.p->error_handler; }
Term heap_size(Asked &a) { return words(a.h, Word(a.p->heap_end - a.p->heap_start)); }
Term stack_size(Asked &a) { return words(a.h, a.p->stack_words()); }
Word total_heap(const Process *p) {
  return Word(p->heap_end - p->heap_start) + Word(p->old_end - p->old_start) + p->heap.fragment_words +
         on_heap_message_words(p);
}
Term total_heap_size(Asked &a) { return words(a.h, total_heap(a.p)); }
Term memory(Asked &a) { return words(a.h, process_memory(a.p)); }
Term garbage_collection(Asked &a) {
  Process *p = a.p;
  Heap &h = a.h;
  static const Term minor_gcs = atom::intern("minor_gcs");
  Term l = pair_list_item(h, Term::nil(), minor_gcs, words(h, p->gen_gcs));
  l = pair_list_item(h, l, atoms::fullsweep_after, words(h, p->max_gen_gcs));
  l = pair_list_item(h, l, atoms::min_heap_size, words(h, p->min_heap_size));
  l = pair_list_item(h, l, atoms::min_bin_vheap_size, words(h, p->min_vheap_size));
  return pair_list_item(h, l, atoms::max_heap_size,
                        max_heap_map(h, p->max_heap_size, p->max_heap_kill, p->max_heap_log));
}
Term garbage_collection_info(Asked &a) {
  Process *p = a.p;
  Heap &h = a.h;
  static const Term names[] = {atom::intern("bin_vheap_size"), atom::intern("bin_vheap_block_size"),
                               atom::intern("bin_old_vheap_size"), atom::intern("bin_old_vheap_block_size")};
  const std::pair<Term, Word> items[] = {
      {atoms::old_heap_block_size, Word(p->old_end - p->old_start)},
      {atoms::heap_block_size, Word(p->heap_end - p->heap_start)},
      {atoms::mbuf_size, p->heap.fragment_words},
      {atoms::recent_size, Word(p->high_water - p->heap_start)},
      {atoms::stack_size, p->stack_words()},
      {atoms::old_heap_size, Word(p->old_top - p->old_start)},
      {atoms::heap_size, Word(p->heap.top - p->heap_start)},
      {names[0], p->heap.off_heap.bytes / sizeof(Word)},
      {names[1], p->vheap_limit / sizeof(Word)},
      {names[2], p->old_off_heap.bytes / sizeof(Word)},
      {names[3], p->old_vheap_limit / sizeof(Word)},
  };
  Term l = Term::nil();
  for (size_t i = std::size(items); i-- > 0;) l = pair_list_item(h, l, items[i].first, words(h, items[i].second));
  return l;
}
Term group_leader(Asked &a) { return a.p->group_leader; }
Term reductions(Asked &a) {
  Process *p = a.p;
  int64_t now = p->machine ? p->reductions_used() : 0;
  return words(a.h, p->total_reductions + uint64_t(now));
}
Term priority(Asked &a) { return priority_atom(a.p->priority()); }
Term trace(Asked &a) { return Term::small(trace::flags_of(a.p) & trace::flag::All); }
// {Address, Bytes, References} of every binary, or of every magic reference's object, that the process refers to.
Term off_heap_data(Asked &a, bool binaries) {
  Term list = Term::nil();
  auto tell = [&](const BinData *data, Word size) {
    Term refs = make_int(a.h, data->refs.load(std::memory_order_relaxed));
    list = make_cons(a.h, make_tuple(a.h, make_uint(a.h, Word(data)), make_uint(a.h, size), refs), list);
  };
  auto walk = [&](const OffHeap &o) {
    for (Word *b = o.first; b;) {
      if (header_kind(*b) == Kind::RefcBin) {
        auto *r = reinterpret_cast<RefcBinObj *>(b);
        if (binaries) tell(r->data, r->size);
        b = r->next;
      } else {
        auto *r = reinterpret_cast<MagicRefObj *>(b);
        if (!binaries) tell(r->data, magic_size(r->data));
        b = r->next;
      }
    }
  };
  // What is being built does not own binaries, so the lists do not change under the walk.
  // The newest first, as a collection keeps them, so that the answer ends with them.
  for (Fragment *f = a.p->heap.fragments; f; f = f->next) walk(f->off_heap);
  walk(a.p->heap.off_heap);
  walk(a.p->old_off_heap);
  return list;
}
Term binary(Asked &a) { return off_heap_data(a, true); }
Term magic_ref(Asked &a) { return off_heap_data(a, false); }
Term sequential_trace_token(Asked &a) { return a.p->seq_token; }
Term catchlevel(Asked &a) { return Term::small(a.p->catches); }
Term last_calls(Asked &a) { return trace::saved_calls(a.p, a.h); }
Term min_heap_size(Asked &a) { return words(a.h, a.p->min_heap_size); }
Term min_bin_vheap_size(Asked &a) { return words(a.h, a.p->min_vheap_size); }
Term max_heap_size(Asked &a) { return max_heap_map(a.h, a.p->max_heap_size, a.p->max_heap_kill, a.p->max_heap_log); }
Term fullsweep_after(Asked &a) { return words(a.h, a.p->max_gen_gcs); }
Term message_queue_data(Asked &a) {
  return a.p->state.load(std::memory_order_relaxed) & pstate::OffHeapMsgs ? atoms::off_heap : atoms::on_heap;
}
Term parent(Asked &a) { return a.p->parent; }

struct Item {
  Term name;
  Answer answer;
};
#define ITEM(name) {atoms::name, name}
const Item kItems[] = {ITEM(registered_name),
                       ITEM(current_function),
                       ITEM(initial_call),
                       ITEM(status),
                       ITEM(messages),
                       ITEM(message_queue_len),
                       ITEM(links),
                       ITEM(monitors),
                       ITEM(monitored_by),
                       ITEM(dictionary),
                       ITEM(trap_exit),
                       ITEM(error_handler),
                       ITEM(heap_size),
                       ITEM(stack_size),
                       ITEM(memory),
                       ITEM(garbage_collection),
                       ITEM(group_leader),
                       ITEM(reductions),
                       ITEM(priority),
                       ITEM(trace),
                       ITEM(binary),
                       ITEM(sequential_trace_token),
                       ITEM(catchlevel),
                       ITEM(backtrace),
                       ITEM(last_calls),
                       ITEM(total_heap_size),
                       ITEM(suspending),
                       ITEM(min_heap_size),
                       ITEM(min_bin_vheap_size),
                       ITEM(max_heap_size),
                       ITEM(current_location),
                       ITEM(current_stacktrace),
                       ITEM(message_queue_data),
                       ITEM(garbage_collection_info),
                       ITEM(magic_ref),
                       ITEM(fullsweep_after),
                       ITEM(parent)};
#undef ITEM

const Item *find(Term name) {
  for (auto &i : kItems)
    if (i.name == name) return &i;
  return nullptr;
}
} // namespace

Term process_info_item_names(Heap &h) {
  Term l = Term::nil();
  for (size_t i = std::size(kItems); i-- > 0;) l = make_cons(h, kItems[i].name, l);
  return l;
}

bool process_info_is_item(Term name) { return find(name) != nullptr; }

Term process_info_item(Process *p, Term name, Heap &h, bool in_list, bool self) {
  const Item *i = find(name);
  if (!i) return Term::none();
  if (name == atoms::registered_name && p->registered.is_none() && !in_list) return Term::nil();
  Asked a{p, h, self};
  if (self) p->bump(1); // another may be asked while a dirty thread counts in its reductions
  return make_tuple(h, name, i->answer(a));
}

Term process_info_build(Process *p, Term items, Heap &h, bool self) {
  if (items.is_atom()) return process_info_item(p, items, h, false, self);
  std::vector<Term> names;
  if (items.is_none()) {
    names.assign(process_info_1_items, process_info_1_items + process_info_1_count);
    if (p->registered.is_none()) names.erase(names.begin());
  } else {
    for (Term l = items; l.is_cons(); l = l.tail()) names.push_back(l.head());
  }
  std::vector<Term> values;
  for (Term n : names) values.push_back(process_info_item(p, n, h, true, self));
  Term list = Term::nil();
  for (size_t i = values.size(); i-- > 0;) list = make_cons(h, values[i], list);
  return list;
}

void process_info_answer(Process *p, Signal *s) {
  FragmentHeap h(64);
  reply_send(s->from, s->ref, process_info_build(p, s->extra == 2 ? Term::none() : s->term, h, false));
}

Term process_status(uint32_t s) {
  if (s & pstate::Exiting) return atoms::exiting;
  if (s & pstate::Gc) return atoms::garbage_collecting;
  if (s & pstate::Suspended) return atoms::suspended;
  if (s & (pstate::Running | pstate::DirtyRunning)) return atoms::running;
  if (s & (pstate::Active | pstate::InRunQueue | pstate::DirtyQueued)) return atoms::runnable;
  return atoms::waiting;
}

Word process_memory(const Process *p) {
  Word bytes = sizeof(Process) + (total_heap(p)) * sizeof(Word);
  if (p->state.load(std::memory_order_relaxed) & pstate::OffHeapMsgs) bytes += message_words(p) * sizeof(Word);
  bytes += p->mailbox.length * offsetof(Signal, from);
  if (p->relations) bytes += p->relations->bytes();
  if (p->dictionary) bytes += dictionary_words(p) * sizeof(Word);
  return bytes;
}

Term max_heap_map(Heap &h, Word size, bool kill, bool log) {
  Term pairs[] = {atoms::error_logger, bool_term(log), atoms::kill, bool_term(kill), atoms::size, make_uint(h, size)};
  return map_from_pairs(h, pairs, 3);
}

Term priority_atom(Priority p) {
  constexpr Term names[] = {atoms::max, atoms::high, atoms::normal, atoms::low};
  return names[int(p)];
}
} // namespace joist::runtime
