#include "runtime/sched/run_queue.h"

namespace joist::runtime {

void RunQueue::push(Process *p) {
  int prio = int(p->priority());
  p->queue_next = nullptr;
  std::lock_guard g(lock_);
  Fifo &f = fifos_[prio];
  (f.last ? f.last->queue_next : f.first) = p;
  f.last = p;
  counts_[prio].store(counts_[prio].load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  length_.store(length_.load(std::memory_order_relaxed) + 1, std::memory_order_seq_cst);
}

Process *RunQueue::take(int prio, bool stealing) {
  Fifo &f = fifos_[prio];
  Process *before = nullptr, *p = f.first;
  while (stealing && p && (p->state.load(std::memory_order_relaxed) & pstate::Bound)) before = p, p = p->queue_next;
  if (!p) return nullptr;
  (before ? before->queue_next : f.first) = p->queue_next;
  if (f.last == p) f.last = before;
  counts_[prio].store(counts_[prio].load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
  length_.store(length_.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
  return p;
}

Process *RunQueue::choose(bool stealing) {
  for (int prio : {int(Priority::Max), int(Priority::High)})
    if (fifos_[prio].first)
      if (Process *p = take(prio, stealing)) return p;
  bool low_first = fifos_[int(Priority::Low)].first && ++low_turn_ % 8 == 0;
  int order[2] = {low_first ? int(Priority::Low) : int(Priority::Normal), low_first ? int(Priority::Normal) : int(Priority::Low)};
  for (int prio : order)
    if (Process *p = take(prio, stealing)) return p;
  return nullptr;
}

Process *RunQueue::pop() {
  if (!length()) return nullptr;
  std::lock_guard g(lock_);
  return choose(false);
}

Process *RunQueue::steal() {
  if (!length() || !lock_.try_lock()) return nullptr;
  Process *p = choose(true);
  lock_.unlock();
  return p;
}

void RunQueue::push_work(WorkItem *w) {
  w->next = nullptr;
  std::lock_guard g(lock_);
  (work_last_ ? work_last_->next : work_first_) = w;
  work_last_ = w;
  length_.store(length_.load(std::memory_order_relaxed) + 1, std::memory_order_seq_cst);
}

WorkItem *RunQueue::pop_work() {
  if (!length()) return nullptr;
  std::lock_guard g(lock_);
  WorkItem *w = work_first_;
  if (!w) return nullptr;
  work_first_ = w->next;
  if (!work_first_) work_last_ = nullptr;
  length_.store(length_.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
  return w;
}
} // namespace joist::runtime
