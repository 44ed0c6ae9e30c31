#include "runtime/sched/run_queue.h"

#include <climits>

namespace joist::runtime {

void RunQueue::push(Process *p) {
  std::lock_guard g(lock_);
  const uint32_t raised = (p->state.load(std::memory_order_relaxed) & kRaisedMask) >> kRaisedShift;
  append(p, raised ? std::min(int(p->priority()), int(raised) - 1) : int(p->priority()));
  length_.store(length_.load(std::memory_order_relaxed) + 1, std::memory_order_seq_cst);
}

void RunQueue::count(int prio, uint32_t change) {
  counts_[prio].store(counts_[prio].load(std::memory_order_relaxed) + change, std::memory_order_relaxed);
}

void RunQueue::append(Process *p, int prio) {
  p->queue_next = nullptr;
  Fifo &f = fifos_[prio];
  (f.last ? f.last->queue_next : f.first) = p;
  f.last = p;
  count(prio, 1);
}

void RunQueue::raise(Process *p, Priority to) {
  std::lock_guard g(lock_);
  for (int prio = int(to) + 1; prio <= int(Priority::Low); prio++) {
    Fifo &f = fifos_[prio];
    Process *before = nullptr, *q = f.first;
    while (q && q != p) before = q, q = q->queue_next;
    if (!q) continue;
    (before ? before->queue_next : f.first) = p->queue_next;
    if (f.last == p) f.last = before;
    count(prio, uint32_t(-1));
    return append(p, int(to));
  }
}

Process *RunQueue::take(int prio, Which which) {
  Fifo &f = fifos_[prio];
  Process *before = nullptr, *p = f.first;
  auto fits = [which](const Process *q) {
    return !(q->state.load(std::memory_order_relaxed) & pstate::Bound) && (which != Which::Preempted || q->preempted);
  };
  // Looking for one that was preempted is worth a short look only: the lock is held, and the queue may have a million.
  int looks = which == Which::Preempted ? 16 : INT_MAX;
  while (which != Which::Any && p && !fits(p) && --looks) before = p, p = p->queue_next;
  if (!p || !looks) return nullptr;
  (before ? before->queue_next : f.first) = p->queue_next;
  if (f.last == p) f.last = before;
  count(prio, uint32_t(-1));
  length_.store(length_.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
  return p;
}

Process *RunQueue::choose(Which which) {
  for (int prio : {int(Priority::Max), int(Priority::High)})
    if (fifos_[prio].first)
      if (Process *p = take(prio, which)) return p;
  bool low_first = fifos_[int(Priority::Low)].first && ++low_turn_ % 8 == 0;
  int order[2] = {low_first ? int(Priority::Low) : int(Priority::Normal),
                  low_first ? int(Priority::Normal) : int(Priority::Low)};
  for (int prio : order)
    if (Process *p = take(prio, which)) return p;
  return nullptr;
}

Process *RunQueue::pop() {
  if (!length()) return nullptr;
  std::lock_guard g(lock_);
  return choose(Which::Any);
}

Process *RunQueue::steal() {
  if (!length() || !lock_.try_lock()) return nullptr;
  Process *p = choose(Which::Unbound);
  lock_.unlock();
  return p;
}

Process *RunQueue::steal_preempted() {
  if (!lock_.try_lock()) return nullptr;
  Process *p = choose(Which::Preempted);
  lock_.unlock();
  return p;
}

void RunQueue::push_work(WorkItem *w) {
  w->next = nullptr;
  std::lock_guard g(lock_);
  (work_last_ ? work_last_->next : work_first_) = w;
  work_last_ = w;
  work_.store(work_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  length_.store(length_.load(std::memory_order_relaxed) + 1, std::memory_order_seq_cst);
}

WorkItem *RunQueue::pop_work() {
  if (!work_.load(std::memory_order_relaxed)) return nullptr;
  std::lock_guard g(lock_);
  WorkItem *w = work_first_;
  if (!w) return nullptr;
  work_first_ = w->next;
  if (!work_first_) work_last_ = nullptr;
  work_.store(work_.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
  length_.store(length_.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
  return w;
}
} // namespace joist::runtime
