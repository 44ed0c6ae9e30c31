// erts_debug:get_internal_state/1 and set_internal_state/2: what OTP's own tests ask of an emulator, once it has been made
// available. Of stock's internals only those are answered that there are here, too.
#include "bifs/build.h"
#include "bifs/debug_relations.h"

#include "runtime/dist/entry.h"
#include "runtime/dist/node.h"
#include "runtime/mem/copy.h"
#include "runtime/nif/resource.h"
#include "runtime/proc/info.h"
#include "runtime/proc/relations.h"
#include "runtime/sched/progress.h"
#include "runtime/sched/scheduler.h"
#include "runtime/sys/persistent.h"
#include "runtime/sys/system_monitor.h"
#include "runtime/term/binary.h"
#include "runtime/term/hash.h"
#include "runtime/term/map.h"
#include "runtime/term/ref.h"

#include <pthread.h>
#include <unistd.h>

namespace joist::bifs {
namespace {
std::atomic<bool> state_available{false};

// Bytes of the calling thread's own stack that are left.
size_t c_stack_left() {
  pthread_attr_t attr;
  void *low = nullptr;
  size_t size = 0;
  if (pthread_getattr_np(pthread_self(), &attr) != 0) return 0;
  pthread_attr_getstack(&attr, &low, &size);
  pthread_attr_destroy(&attr);
  return size_t(reinterpret_cast<char *>(__builtin_frame_address(0)) - static_cast<char *>(low));
}

// heap_binary, or {refc_binary, Size, {binary, Capacity}, Flags}.
Term binary_info(Process *p, Term bin) {
  if (kind_of(bin) == Kind::SubBin) bin = Term(reinterpret_cast<SubBinObj *>(bin.box())->original);
  if (kind_of(bin) == Kind::HeapBin) return named<"heap_binary">();
  auto *o = reinterpret_cast<RefcBinObj *>(bin.box());
  Heap &h = p->heap;
  Term data = make_tuple(h, atoms::binary, make_uint(h, o->data->capacity));
  return make_tuple(h, named<"refc_binary">(), make_uint(h, o->size), data, make_uint(h, o->flags));
}

Term controller_of(Term node) {
  DistEntry *e = node.is_atom() ? dist_find(node) : nullptr;
  if (!e) return atoms::undefined;
  std::lock_guard g(e->lock);
  return e->connected() ? e->controller : atoms::undefined;
}

// The answer comes when everything has been freed that waited for the progress of threads, and what that left to be freed.
struct Progress {
  Term pid, message;
  Fragment *fragments;
  int rounds;
};
void progressed(void *arg) {
  auto *w = static_cast<Progress *>(arg);
  if (w->rounds-- > 0) return progress::later(progressed, w);
  message_send_pid_built(w->pid, w->message, w->fragments);
  delete w;
}
Term wait_for_progress(Process *p) {
  Term ref = make_ref(p->heap);
  FragmentHeap h(16);
  auto *w = new Progress{p->id, make_tuple(h, copy(ref, h), atoms::ok), nullptr, 2};
  w->fragments = h.take();
  p->mailbox.save = p->mailbox.last;
  progress::later(progressed, w);
  static const Export *to = export_get_or_put(atoms::erts_internal, atoms::await_result, 1);
  return trap_to(p, to, ref);
}

// What is asked for by a pair.
Term get_of(Process *p, Term what, Term of) {
  if (what == named<"process_status">() && of.is_local_pid()) {
    Process *other = process_lookup(of);
    return other ? process_status(other->state.load(std::memory_order_relaxed)) : atoms::undefined;
  }
  if (what == named<"link_list">()) return debug_links(p, of);
  if (what == named<"monitor_list">()) return debug_monitors(p, of);
  if (what == named<"binary_info">() && is_bitstring(of)) return binary_info(p, of);
  if (what == named<"dist_ctrl">()) return controller_of(of);
  if (what == named<"internal_hash">()) return make_uint(p->heap, internal_hash(of));
  if (what == named<"atom">() && of.is_small() && of.small_value() >= 0 && size_t(of.small_value()) < atom::limit()) {
    const auto index = uint32_t(of.small_value());
    while (!atom::valid_index(index)) { // makes what is missing up to there
      char text[24];
      snprintf(text, sizeof text, "am%zx", atom::count());
      atom::intern(text);
    }
    return Term::atom(index);
  }
  if (what == named<"connection_id">() && of.is_atom())
    if (DistEntry *e = dist_find(of)) {
      std::lock_guard g(e->lock);
      if (e->connected()) return make_uint(p->heap, e->connection);
    }
  return badarg(p);
}
} // namespace

Term erts_debug_get_internal_state_1(Process *p, const Term *args) {
  if (!state_available) return raise(p, Reason::Undef);
  Term what = args[0];
  if (what == named<"reds_left">()) return Term::small(p->reductions);
  if (what == named<"available_internal_state">()) return atoms::true_;
  if (what == named<"force_heap_frags">() || what == named<"scheduler_dump">()) return atoms::false_;
  if (what == named<"flxctr_memory_usage">()) return atoms::notsup;
  if (what == named<"stack_check">()) return make_uint(p->heap, c_stack_left());
  if (what == named<"process_info_args">()) return process_info_item_names(p->heap);
  if (what == named<"min_unique_monotonic_integer">()) return make_int(p->heap, kUniqueMin);
  if (what == named<"node_and_dist_references">()) { // node names are not counted: they are kept for good
    Heap &h = p->heap;
    return make_tuple(h, make_tuple(h, named<"node_references">(), Term::nil()),
                      make_tuple(h, named<"dist_references">(), Term::nil()));
  }
  if (what == named<"check_io_debug">()) { // wrong descriptors, those in use, of drivers, of native functions
    const Term none = Term::small(0);
    return make_tuple(p->heap, none, none, none, none);
  }
  if (what == named<"persistent_term">()) {
    Term pair[] = {named<"table">(), make_uint(p->heap, persistent_slots())};
    return map_from_pairs(p->heap, pair, 1);
  }
  if (what == atoms::memory) {
    static const Export *e = export_get_or_put(atoms::erlang, atoms::memory, 0);
    return trap(p, e, nullptr, 0);
  }
  if (what == atoms::processes) {
    static const Export *e = export_get_or_put(atoms::erlang, atoms::processes, 0);
    return trap(p, e, nullptr, 0);
  }
  if (is_tuple_of(what, 2)) return get_of(p, tuple_elements(what)[0], tuple_elements(what)[1]);
  // Every mode of time warp can be had with and without correction.
  if (is_tuple_of(what, 3) && tuple_elements(what)[0] == named<"check_time_config">()) return atoms::true_;
  return badarg(p);
}

Term erts_debug_set_internal_state_2(Process *p, const Term *args) {
  Term what = args[0], value = args[1];
  if (what == named<"available_internal_state">()) {
    if (value != atoms::true_ && value != atoms::false_) return badarg(p);
    return bool_term(state_available.exchange(value == atoms::true_));
  }
  if (!state_available) return raise(p, Reason::Undef);
  const bool natural = value.is_small() && value.small_value() >= 0;
  if (what == named<"test_long_gc_sleep">() && natural) {
    gc_test_sleep_ms = uint32_t(std::min<int64_t>(value.small_value(), 60'000));
    return atoms::true_;
  }
  if (what == named<"reds_left">() && natural) {
    p->reductions = int32_t(std::min<int64_t>(value.small_value(), p->slice_reductions()));
    return atoms::true_;
  }
  if (what == named<"wait">()) {
    // Destructors of resources are jobs of the schedulers.
    if (value == named<"aux_work">() && resource_destructors_pending())
      return yield_to(p, export_get_or_put(atoms::erts_debug, named<"set_internal_state">(), 2), what, value);
    for (const char *w : {"deallocations", "timer_cancellations", "aux_work", "thread_progress"})
      if (value == named(w)) return wait_for_progress(p);
    return badarg(p);
  }
  if ((what == named<"block">() || what == named<"sleep">()) && natural) {
    const bool block = what == named<"block">(); // all of them
    if (block) schedulers_block();
    usleep(useconds_t(std::min<int64_t>(value.small_value(), 60'000)) * 1000);
    if (block) schedulers_unblock();
    return atoms::true_;
  }
  if (what == named<"force_gc">() && value.is_local_pid()) {
    if (value == p->id) p->force_gc = true;
    return bool_term(process_lookup(value));
  }
  // A term in a fragment of its own: here every built-in function makes them when there is no room.
  if (what == named<"mbuf">()) return copy(value, p->heap);
  // Work that grows with its input yields by the reductions it takes; there is no other limit.
  for (const char *limit : {"binary_loop_limit", "re_loop_limit", "unicode_loop_limit"})
    if (what == named(limit) && (natural || value == atoms::default_)) return natural ? value : Term::small(0);
  if (what == named<"node_tab_delayed_delete">() && value.is_small()) return atoms::ok;
  if (what == named<"proc_sig_buffers">()) return atoms::true_; // an inbox needs none
  if (what == named<"ets_force_trap">()) return atoms::notsup;
  // Trees with concurrent writers are divided by what they are used for; names of tables do not collide.
  if ((what == named<"ets_force_split">() || what == named<"ets_debug_random_split_join">()) && is_tuple_of(value, 2))
    return atoms::ok;
  if (what == named<"colliding_names">() && is_tuple_of(value, 2) && tuple_elements(value)[0].is_atom() &&
      tuple_elements(value)[1].is_small()) {
    const std::string name(atom::text(tuple_elements(value)[0]));
    Term list = Term::nil();
    for (int64_t i = std::min<int64_t>(tuple_elements(value)[1].small_value(), 100); i > 0; i--)
      list = make_cons(p->heap, atom::intern(name + std::to_string(i)), list);
    return list;
  }
  if (what == atoms::abort) abort();
  return badarg(p);
}
} // namespace joist::bifs
