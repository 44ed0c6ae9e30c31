// A scheduler and its run queue. Only sched/ and statistics look in here.
#pragma once
#include "runtime/sched/machine.h"
#include "runtime/sched/scheduler.h"

#include <condition_variable>
#include <mutex>
#include <pthread.h>

namespace joist::runtime {

// Bits of Process::state, beside those in process.h: the priority, plus one, that p is queued with at least until it
// executes next; 0: its own.
inline constexpr uint32_t kRaisedShift = 26, kRaisedMask = 7u << kRaisedShift;

// p is queued with at least that priority until it executes next. Any thread; p from process_lookup.
void process_raise(Process *p, Priority prio);

struct WorkItem {
  WorkItem *next;
  void (*fn)(void *);
  void *arg;
};

// FIFOs by priority, linked through Process::queue_next.
class RunQueue {
public:
  void push(Process *p);
  void raise(Process *p, Priority prio); // if it is in here, behind those of that priority
  Process *pop();                        // by priority; low once in eight turns
  Process *steal();                      // as pop, but nothing that is bound
  Process *steal_preempted();            // as steal, but only what used up its last slice
  void push_work(WorkItem *w);
  WorkItem *pop_work();
  uint32_t length() const { return length_.load(std::memory_order_relaxed); } // processes and work
  uint32_t length_seq() const { return length_.load(std::memory_order_seq_cst); }
  uint32_t length_of(Priority p) const { return counts_[int(p)].load(std::memory_order_relaxed); }

private:
  struct Fifo {
    Process *first = nullptr, *last = nullptr;
  };
  void append(Process *p, int priority);
  void count(int priority, uint32_t change); // with the lock
  enum class Which : uint8_t { Any, Unbound, Preempted };
  Process *take(int priority, Which which);
  Process *choose(Which which);
  SmallLock lock_;
  Fifo fifos_[4];
  std::atomic<uint32_t> counts_[4] = {};
  uint32_t low_turn_ = 0;
  WorkItem *work_first_ = nullptr, *work_last_ = nullptr;
  std::atomic<uint32_t> work_{0}; // how many
  std::atomic<uint32_t> length_{0};
};

struct alignas(64) Scheduler {
  Machine machine;
  unsigned index = 0; // from 0
  RunQueue queue;
  // sleeping
  std::mutex sleep_lock;
  std::condition_variable sleep_signal;
  bool woken = false;               // guarded by sleep_lock
  std::atomic<bool> in_poll{false}; // written with sleep_lock: sleeps by poll_sleep
  int64_t left_poll = 0;    // os time at which it did so last, or found something, 0: the poll thread has been told
  int64_t unattended = 0;   // ns after left_poll at which it looks again
  bool look_longer = false; // its last sleep there was short
  std::atomic<bool> sleeping{false};
  std::atomic<uint64_t> loan{0};      // sched/loan.h
  pthread_t player{};                 // the thread that has the part; written by it
  std::atomic<bool> standing{true};   // between two processes, and stays there while schedulers_block() is in force
  std::atomic<bool> long_work{false}; // see LongWork
  uint64_t waited = 0;                // reductions for which others had to wait, since help was asked for; the owner's
  int32_t sample_in = 0;              // reductions until the next sample (sched/sampling.h); the owner's
  // statistics; written by the owner
  std::atomic<uint64_t> reductions{0}, context_switches{0};
  std::atomic<bool> executing{false};
  std::atomic<int64_t> idle_ns{0}, idle_since{0}; // idle_since: os time at which it fell asleep, 0: awake
};

Scheduler *scheduler_at(unsigned index);
} // namespace joist::runtime
