#include "runtime/code/literal_release.h"

#include "runtime/atom/atom.h"
#include "runtime/mem/copy.h"
#include "runtime/mem/gc.h"
#include "runtime/mem/scan.h"
#include "runtime/proc/process.h"
#include "runtime/proc/relations.h"
#include "runtime/proc/signal.h"
#include "runtime/sched/progress.h"
#include "runtime/sched/timer.h"
#include "runtime/sys/time.h"

#include <deque>
#include <mutex>

namespace joist::runtime {

Term literal_collector = Term::none();

namespace {

std::mutex queue_lock;
std::deque<LiteralArea *> retired;

// --- used by the collector process only
LiteralArea *releasing = nullptr;
Timer recheck;
bool asked_for_exiting = false;
std::vector<Term> exiting; // processes that might still read the area that is done

// f(Word *slot) for the terms of a message.
template <class F> void each_slot(Signal *s, F f) {
  f(reinterpret_cast<Word *>(&s->term));
  f(reinterpret_cast<Word *>(&s->token));
  for (Fragment *g = s->fragments; g; g = g->next) scan_area(g->words, g->words + g->used, f, [](Word *) {});
}

void leave(Signal *s, const LiteralArea &area) {
  std::vector<Word *> slots;
  each_slot(s, [&](Word *slot) {
    Term t(*slot);
    if (t.is_pointer() && area.contains(t.pointer())) slots.push_back(slot);
  });
  if (slots.empty()) return;
  FragmentHeap h;
  for (Word *slot : slots) *slot = copy_out_of(Term(*slot), h, area).raw();
  Fragment *last = h.take();
  Fragment **end = &s->fragments;
  while (*end) end = &(*end)->next;
  *end = last;
}

// Each call is followed by one resume_collector.
void suspend_collector(Process *p) { process_suspend_by(p, atoms::copy_literals); }
void resume_collector() { resume_send(atoms::copy_literals, literal_collector); }

} // namespace

void literal_area_retire(LiteralArea *area) {
  if (!area) return;
  {
    std::lock_guard guard(queue_lock);
    retired.push_back(area);
  }
  if (!literal_collector.is_none()) message_send_pid(literal_collector, atoms::copy_literals);
}

bool literal_release_finish(Process *p) {
  constexpr int64_t kPause = 5'000'000; // ns
  if (!releasing) return true;
  if (!asked_for_exiting) {
    exiting = process_pids_exiting();
    asked_for_exiting = true;
  }
  std::erase_if(exiting, [](Term pid) { return !process_lookup_any(pid); });
  if (!exiting.empty()) {
    suspend_collector(p);
    timer_start(&recheck, os_monotonic_time() + kPause, [](Timer *) { resume_collector(); });
    return false;
  }
  literal_area_leaving.store(nullptr, std::memory_order_release);
  progress::later([](void *area) { literal_area_free(static_cast<LiteralArea *>(area)); }, releasing);
  releasing = nullptr;
  asked_for_exiting = false;
  return true;
}

bool literal_release_next(Process *p) {
  {
    std::lock_guard guard(queue_lock);
    if (retired.empty()) return false;
    releasing = retired.front();
    retired.pop_front();
  }
  literal_area_leaving.store(releasing, std::memory_order_seq_cst);
  suspend_collector(p);
  progress::later([](void *) { resume_collector(); }, nullptr);
  return true;
}

void literal_area_leave(Process *p) {
  const LiteralArea *area = literal_area_leaving.load(std::memory_order_acquire);
  if (!area) return;
  for (Signal *s = p->mailbox.first; s; s = s->next) leave(s, *area);
  gc_leave_literals(p, *area, p->saved_x(), p->live_x);
}

} // namespace joist::runtime
