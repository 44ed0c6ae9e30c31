#include "runtime/sched/scheduler.h"
#include "runtime/code/code.h"
#include "runtime/dist/slice.h"
#include "runtime/io/poll.h"
#include "runtime/proc/signal_handle.h"
#include "runtime/sched/dirty.h"
#include "runtime/sched/dirty_pool.h"
#include "runtime/sched/loan.h"
#include "runtime/sched/microstate.h"
#include "runtime/sched/progress.h"
#include "runtime/sched/run_queue.h"
#include "runtime/sched/sampling.h"
#include "runtime/sched/stats.h"
#include "runtime/sched/timer.h"
#include "runtime/sys/system_monitor.h"
#include "runtime/sys/system_profile.h"
#include "runtime/sys/time.h"
#include "runtime/trace/trace.h"

#include <algorithm>
#include <memory>
#include <pthread.h>
#include <sched.h>
#include <thread>
#include <unistd.h>

namespace joist::runtime {
ExecHooks exec_hooks;

namespace {
std::unique_ptr<Scheduler[]> schedulers;
unsigned count = 0;
std::atomic<unsigned> online{1};        // that execute processes
std::atomic<unsigned> online_wanted{1}; // as asked for; online is 1 while multi-scheduling is blocked
std::mutex online_lock;
bool single = false;           // guarded by online_lock
std::atomic<int> sleepers{0};  // schedulers that sleep and could be woken to steal
std::atomic<int> searching{0}; // woken for stealing, and not yet at it
std::atomic<bool> block_wanted{false};
std::mutex block_lock;
std::mutex block_signal_lock;
std::condition_variable block_over;
thread_local Scheduler *self = nullptr;
thread_local bool adopting = false; // what is woken goes on here
SchedulerConfig config;

constexpr uint32_t kSomewhere = pstate::InRunQueue | pstate::Running | pstate::DirtyQueued | pstate::DirtySignals;

// Is there a reason to run a process in this state?
bool wants_to_run(uint32_t s) {
  if (s & pstate::Gone) return false;
  if (s & (pstate::Signals | pstate::Timeout | pstate::Exiting)) return true;
  return (s & pstate::Active) && !(s & pstate::Suspended);
}

bool wake(Scheduler &s) {
  std::lock_guard g(s.sleep_lock);
  if (s.woken) return false;
  s.woken = true;
  if (s.in_poll) poll_interrupt();
  else s.sleep_signal.notify_one();
  return true;
}

void wake_one_idle() {
  if (sleepers.load(std::memory_order_seq_cst) == 0 || searching.load(std::memory_order_relaxed) != 0) return;
  unsigned n = online.load(std::memory_order_relaxed);
  for (bool in_poll : {false, true}) { // who watches descriptors goes on doing so if there is another
    for (unsigned i = 0; i < n; i++) {
      Scheduler &s = schedulers[i];
      if (!s.sleeping.load(std::memory_order_relaxed) || s.in_poll.load(std::memory_order_relaxed) != in_poll) continue;
      searching.fetch_add(1, std::memory_order_relaxed);
      if (wake(s)) return;
      searching.fetch_sub(1, std::memory_order_relaxed);
    }
  }
}

Scheduler &queue_for(Process *p) {
  Scheduler *q = p->run_queue.load(std::memory_order_relaxed);
  if (!q) q = self ? self : &schedulers[0];
  unsigned n = online.load(std::memory_order_relaxed);
  if (q->index >= n) q = self && self->index < n ? self : &schedulers[q->index % n];
  return *q;
}

// What this thread wakes goes on here rather than on a sleeping scheduler, though it may have been there before: processes
// that talk to one another then share a scheduler while one is enough for them, and find each other's data in its cache.
bool stays_here(Process *p) {
  return self && self->index < online.load(std::memory_order_relaxed) &&
         !(p->state.load(std::memory_order_relaxed) & pstate::Bound);
}

// Something was added to q's queue.
void rouse(Scheduler &q) {
  if (&q == self) { // ask_for_help() comes, or the watcher
    if (sleepers.load(std::memory_order_relaxed)) watch_start();
  } else if (q.sleeping.load(std::memory_order_seq_cst)) {
    wake(q);
  } else if (q.queue.length() > 1 || q.long_work.load(std::memory_order_seq_cst)) {
    wake_one_idle();
  }
}

// p has just got InRunQueue by the caller.
void enqueue(Process *p) {
  Scheduler *preferred = &queue_for(p);
  if (preferred != self && (adopting || preferred->sleeping.load(std::memory_order_relaxed)) && stays_here(p))
    preferred = self;
  Scheduler &q = *preferred;
  p->run_queue.store(&q, std::memory_order_relaxed);
  q.queue.push(p);
  rouse(q);
}

// After each turn, which took so many reductions while so many others waited at its start: when they have waited here for
// long, for the length of the queue, an idle scheduler is woken to take some of them. For less that would cost more than it
// brings. Who is in the queue now may be the one that has just run: a process alone never asks for help.
void ask_for_help(Scheduler &me, int used, uint32_t waited) {
  constexpr uint64_t kPatience = kReductions / 2;
  const uint32_t length = me.queue.length(), waiting = std::max(waited, length ? length - 1 : 0);
  if (!waiting) me.waited = 0;
  else if ((me.waited += uint64_t(used) * waiting) >= kPatience) {
    me.waited = 0;
    wake_one_idle();
  }
}

// Takes p off this scheduler.
void put_away(Process *p, uint32_t clear) {
  uint32_t s = p->state.load(std::memory_order_acquire), next;
  bool told = false;
  do {
    next = s & ~(clear | pstate::Running);
    // An exit under way goes on to its end, though nobody can wake the process any more.
    if (!(next & pstate::DirtySignals) && (wants_to_run(next) || p->exit_state)) next |= pstate::InRunQueue;
    else if (!told && profiled(profile::Processes)) [[unlikely]]
      profile_process(p, false), told = true; // while nobody else can run it
  } while (!p->state.compare_exchange_weak(s, next, std::memory_order_acq_rel, std::memory_order_acquire));
  if (!(next & pstate::InRunQueue)) return;
  if (told) profile_process(p, true);
  enqueue(p);
}

void note_reductions(Scheduler &s, Process *p, int used) {
  p->total_reductions += uint64_t(used);
  s.reductions.store(s.reductions.load(std::memory_order_relaxed) + uint64_t(used), std::memory_order_relaxed);
}

// p has used up a slice in that time, while others waited: how long its next one will be.
void fit_slice(Process *p, int64_t ns) {
  constexpr int64_t kSliceTime = 5000; // ns
  constexpr int kShortest = kFullSlice / 4;
  int now = p->slice;
  // In steps: the time may be that of something else which the processor did meanwhile.
  int64_t fit = std::clamp<int64_t>(now * kSliceTime / std::max<int64_t>(ns, 1), now / 2, now * 2);
  p->slice = uint8_t(std::clamp<int64_t>(fit, kShortest, kFullSlice));
}

// Tells the system monitor if it takes longer (ms).
[[gnu::cold, gnu::noinline]] RunResult execute_watched(Machine *m, Process *p, uint64_t longest) {
  Term id = p->id;
  const FuncInfo *in = code_function(p->pc);
  int64_t started = os_monotonic_time();
  RunResult r = exec_hooks.run(m, p);
  uint64_t ms = uint64_t(os_monotonic_time() - started) / 1'000'000;
  if (ms > longest && r != RunResult::Exited && p->id == id)
    system_monitor_long_schedule(p, in, code_function(p->pc), ms);
  return r;
}

// Lets p execute, telling of it if it is traced.
RunResult execute(Machine *m, Process *p) {
  constexpr uint32_t wanted = trace::flag::Running | trace::flag::RunningProcs | trace::flag::Exiting;
  if (trace::traced(p, wanted) || p->tracing.load(std::memory_order_relaxed)) [[unlikely]]
    trace::scheduled(p, trace::Sched::In);
  const uint64_t longest = system_monitor_limits.schedule();
  dist_slice.begin();
  RunResult r = longest ? execute_watched(m, p, longest) : exec_hooks.run(m, p);
  dist_slice.end();
  if (r != RunResult::Exited && (trace::traced(p, wanted) || p->tracing.load(std::memory_order_relaxed))) [[unlikely]]
    trace::scheduled(p, trace::Sched::Out);
  return r;
}

// Lets p, which is about to end, go on with that.
RunResult execute_exit(Process *p) {
  if (p->exit_state && trace::traced(p, trace::flag::Exiting)) [[unlikely]]
    trace::scheduled(p, trace::Sched::In);
  RunResult r = process_exit(p, p->fvalue);
  if (r != RunResult::Exited && trace::traced(p, trace::flag::Exiting)) [[unlikely]]
    trace::scheduled(p, trace::Sched::Out);
  return r;
}

void stand_if_blocked(Scheduler &me) {
  me.standing.store(false, std::memory_order_seq_cst);
  while (block_wanted.load(std::memory_order_seq_cst)) {
    progress::offline();
    me.standing.store(true, std::memory_order_seq_cst);
    {
      std::unique_lock l(block_signal_lock);
      block_over.wait(l, [] { return !block_wanted.load(std::memory_order_seq_cst); });
    }
    me.standing.store(false, std::memory_order_seq_cst);
    progress::online();
  }
}

constexpr int kPartLost = -1;

// Does p's brief dirty job (sched/loan.h). False: this thread has lost its part meanwhile.
bool run_brief(Scheduler &me, Process *p) {
  progress::offline();
  self = nullptr;
  me.standing.store(true, std::memory_order_seq_cst);
  const uint64_t loan = loan_begin(me); // `me` may be another thread's from here on
  bool stays = dirty_run_here(p);
  if (!loan_end(me, loan)) {
    microstate::mine = nullptr;
    progress::OnlineScope scope;
    if (stays) process_back_from_dirty(p);
    return false;
  }
  self = &me;
  stand_if_blocked(me);
  progress::online();
  if (stays) process_back_from_dirty(p);
  return true;
}

// Runs p for a slice. Answers how many reductions it took, or kPartLost.
int run(Scheduler &self_, Process *p) {
  MicroScope accounted(Micro::Emulator);
  uint32_t s = p->state.load(std::memory_order_acquire);
  while (!p->state.compare_exchange_weak(s,
                                         (s & ~(pstate::InRunQueue | pstate::Timeout | kRaisedMask)) | pstate::Running |
                                             (s & pstate::Timeout ? pstate::Active : 0),
                                         std::memory_order_acq_rel, std::memory_order_acquire)) {}
  p->run_queue.store(&self_, std::memory_order_relaxed);
  Machine *m = &self_.machine;
  m->p = p;
  p->machine = m;
  int64_t started = 0;
  if (p->preempted && self_.queue.length()) started = os_monotonic_time();
  else p->slice = kFullSlice;
  p->reductions = p->slice_reductions();
  const int32_t sample_in = self_.sample_in;
  sampling_begin(self_, p);
  self_.context_switches.store(self_.context_switches.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);

  RunResult result;
  if (p->exit_state) {
    result = execute_exit(p);
  } else {
    if (p->state.load(std::memory_order_acquire) & pstate::Signals) p->bump(signals_handle_all(p));
    s = p->state.load(std::memory_order_acquire);
    if (s & pstate::Exiting) result = execute_exit(p);
    else if (!(s & pstate::Active) || (s & pstate::Suspended)) result = RunResult::Yielded; // only signals
    else result = execute(m, p);
  }
  m->p = nullptr;
  if (result == RunResult::Exited) {
    self_.sample_in = std::max(1, sample_in - 100); // how many it took is not known any more
    self_.reductions.store(self_.reductions.load(std::memory_order_relaxed) + kReductions / 8,
                           std::memory_order_relaxed);
    return kReductions / 8;
  }
  int used = p->reductions_used();
  note_reductions(self_, p, used);
  p->machine = nullptr;
  p->preempted = result == RunResult::Yielded && p->reductions <= 0 && !p->withheld;
  sampling_end(self_, p);
  if (p->preempted && started) fit_slice(p, os_monotonic_time() - started);
  switch (result) {
  case RunResult::Yielded: put_away(p, 0); break;
  case RunResult::Waiting: put_away(p, pstate::Active); break;
  case RunResult::Dirty: {
    bool brief = p->dirty->nif->brief;
    p->state.fetch_or(pstate::DirtyQueued, std::memory_order_acq_rel);
    s = p->state.fetch_and(~pstate::Running, std::memory_order_acq_rel);
    if (brief && !(s & pstate::Signals) && loan_possible()) {
      if (!run_brief(self_, p)) return kPartLost;
      break;
    }
    dirty_enqueue(p);
    dirty_signals_schedule(p);
    break;
  }
  case RunResult::Exited: break;
  }
  return used;
}

Process *steal(Scheduler &me) {
  for (unsigned k = 1; k < count; k++) {
    Scheduler &victim = schedulers[(me.index + k) % count];
    if (!victim.queue.length()) continue;
    if (Process *p = victim.queue.steal()) {
      if (victim.queue.length() > 1) wake_one_idle();
      return p;
    }
  }
  return nullptr;
}

// Takes over a process from a queue that is longer. Another one is looked at each time.
void balance(Scheduler &me, uint32_t turn) {
  if (count == 1) return;
  Scheduler &other = schedulers[(me.index + 1 + turn % (count - 1)) % count];
  if (other.queue.length() < me.queue.length() + 2) return;
  if (Process *p = other.queue.steal_preempted()) {
    p->run_queue.store(&me, std::memory_order_relaxed);
    me.queue.push(p);
  }
}

void adopt_timers(unsigned of, int64_t now) {
  adopting = true;
  timers_run(of, now);
  adopting = false;
}

// The timers of a scheduler whose thread the system keeps off the processors. Another one is looked at each time.
void run_late_timers(Scheduler &me, uint32_t turn, int64_t now) {
  constexpr int64_t kLate = 1'000'000; // ns
  Scheduler &other = schedulers[(me.index + 1 + turn % (count - 1)) % count];
  if (timers_next(other.index) <= now - kLate) adopt_timers(other.index, now);
}

// When the first timer is due of schedulers that can not see to theirs (LongWork).
int64_t unattended_timers() {
  int64_t next = INT64_MAX;
  for (unsigned i = 0; i < count; i++)
    if (schedulers[i].long_work.load(std::memory_order_seq_cst)) next = std::min(next, timers_next(i));
  return next;
}
void run_unattended_timers(int64_t now) {
  for (unsigned i = 0; i < count; i++)
    if (schedulers[i].long_work.load(std::memory_order_relaxed)) adopt_timers(i, now);
}

WorkItem *steal_work(Scheduler &me) {
  for (unsigned k = 1; k < count; k++)
    if (WorkItem *w = schedulers[(me.index + k) % count].queue.pop_work()) return w;
  return nullptr;
}

bool work_anywhere(Scheduler &me) {
  if (me.queue.length_seq()) return true;
  if (me.index >= online.load(std::memory_order_relaxed)) return false;
  for (unsigned i = 0; i < count; i++)
    if (schedulers[i].queue.length_seq()) return true;
  return false;
}

// ns: how long a scheduler that left the poller may have other things to do before it looks again.
constexpr int64_t kUnattended = 50'000;
// ns: after a sleep that was shorter, looking around for longer is worth it.
constexpr int64_t kShortSleep = 100'000;

void sleep(Scheduler &me, int64_t next_timer) {
  MicroScope accounted(Micro::Sleep);
  bool can_steal = me.index < online.load(std::memory_order_relaxed);
  progress::offline();
  me.sleeping.store(true, std::memory_order_seq_cst);
  if (can_steal) sleepers.fetch_add(1, std::memory_order_seq_cst);
  me.standing.store(true, std::memory_order_seq_cst);
  // Who begins long work from now on wakes this one.
  if (can_steal) next_timer = std::min(next_timer, unattended_timers());
  if (!work_anywhere(me)) {
    if (profiled(profile::Scheduler)) [[unlikely]]
      profile_scheduler(me.index + 1, false);
    me.idle_since.store(os_monotonic_time(), std::memory_order_relaxed);
    std::unique_lock l(me.sleep_lock);
    auto woken = [&me] { return me.woken; };
    // Not longer than a minute at once: the clock may be corrected meanwhile.
    int64_t ns = next_timer == INT64_MAX ? -1 : std::min<int64_t>(next_timer - monotonic_time(), 60'000'000'000);
    if (next_timer != INT64_MAX && ns <= 0) {
    } else if (!me.woken && can_steal && poll_sleep_begin()) {
      me.in_poll = true;
      l.unlock();
      poll_sleep(ns);
      me.left_poll = os_monotonic_time();
      me.look_longer = me.left_poll - me.idle_since.load(std::memory_order_relaxed) < kShortSleep;
      me.unattended = kUnattended;
      l.lock();
      me.in_poll = false;
      watch_start();
    } else {
      me.left_poll = 0;
      if (ns < 0) me.sleep_signal.wait(l, woken);
      else me.sleep_signal.wait_for(l, std::chrono::nanoseconds(ns), woken);
    }
    l.unlock();
    me.idle_ns.fetch_add(os_monotonic_time() - me.idle_since.load(std::memory_order_relaxed),
                         std::memory_order_relaxed);
    me.idle_since.store(0, std::memory_order_relaxed);
    if (profiled(profile::Scheduler)) [[unlikely]]
      profile_scheduler(me.index + 1, true);
  }
  me.sleeping.store(false, std::memory_order_seq_cst);
  if (can_steal) sleepers.fetch_sub(1, std::memory_order_seq_cst);
  bool was_woken;
  {
    std::lock_guard g(me.sleep_lock);
    was_woken = me.woken;
    me.woken = false;
  }
  if (was_woken) { // perhaps in order to steal
    int n = searching.load(std::memory_order_relaxed);
    while (n > 0 && !searching.compare_exchange_weak(n, n - 1, std::memory_order_relaxed)) {}
  }
  stand_if_blocked(me);
  progress::online();
}

// Before sleeping: an answer from another scheduler or a socket often comes within the microseconds that going to sleep and
// being woken take. Not longer than that, and without yielding the processor: who answers may need it, and on a busy machine
// a yielding thread gets it back only after the slice of another program. Where all other schedulers sleep and this one has
// just slept for a short time only, another program answers it again and again: waking an idle processor can take longer
// (70 microseconds in virtual machines) than the answer. With another scheduler at work it would only take events from that
// one, to which they come without a wake-up, too.
bool look_around(Scheduler &me) {
  constexpr int64_t kLook = 3'000, kLookLonger = 15'000; // ns
  MicroScope accounted(Micro::CheckIo);
  const int64_t from = os_monotonic_time();
  auto alone = [] {
    return sleepers.load(std::memory_order_relaxed) + 1 >= int(online.load(std::memory_order_relaxed));
  };
  for (;;) {
    for (int i = 0; i < 16; i++) {
      __builtin_ia32_pause();
      if (me.queue.length() != 0) return true;
    }
    if (poll_check()) return true;
    const int64_t looked = os_monotonic_time() - from;
    if (looked >= kLook && !(me.look_longer && looked < kLookLonger && alone())) return false;
  }
}

// Between slices of one that has left the poller. When it has found nothing several times, it is the poll thread's turn.
void look_at_descriptors(Scheduler &me) {
  constexpr int64_t kLongUnattended = 1'000'000; // ns
  MicroScope accounted(Micro::CheckIo);
  if (poll_check()) {
    me.left_poll = os_monotonic_time();
    me.unattended = kUnattended;
  } else if ((me.unattended *= 2) > kLongUnattended) {
    me.left_poll = 0;
    poll_attend();
  }
}

// An offline scheduler gives away what is in its queue.
void give_away(Scheduler &me) {
  while (Process *p = me.queue.pop()) enqueue(p);
}

void loop(Scheduler &me) {
  self = &me;
  me.machine.scheduler = &me;
  progress::register_thread();
  microstate::start(MicroThread::Scheduler, me.index + 1, Micro::Other);
  stand_if_blocked(me);
  progress::online();
  uint32_t turn = 0;
  int since_timers = 0;
  for (;;) {
    progress::quiescent();
    if (block_wanted.load(std::memory_order_relaxed)) stand_if_blocked(me);
    if (++turn % 8 == 0 || since_timers > 1000) {
      int64_t now = monotonic_time();
      timers_run(me.index, now);
      if (count > 1 && turn % 8 == 0) run_late_timers(me, turn / 8, now);
      since_timers = 0;
    }
    if (me.left_poll && os_monotonic_time() - me.left_poll > me.unattended) look_at_descriptors(me);
    bool is_online = me.index < online.load(std::memory_order_relaxed);
    if (!is_online) give_away(me);
    WorkItem *w = me.queue.pop_work();
    if (!w && is_online && !me.queue.length()) w = steal_work(me);
    if (w) {
      me.executing.store(true, std::memory_order_relaxed);
      MicroScope accounted(Micro::Aux);
      const uint32_t waiting = me.queue.length();
      w->fn(w->arg);
      delete w;
      since_timers += 100;
      ask_for_help(me, 100, waiting);
    }
    Process *p = is_online ? me.queue.pop() : nullptr;
    if (!p && !w && is_online) p = steal(me);
    if (p) {
      if (turn % 8 == 0) balance(me, turn / 8);
      me.executing.store(true, std::memory_order_relaxed);
      const uint32_t waiting = me.queue.length();
      int used = run(me, p);
      if (used == kPartLost) return;
      since_timers += used;
      ask_for_help(me, used, waiting);
      continue;
    }
    if (w) continue;
    me.executing.store(false, std::memory_order_relaxed);
    const int64_t now = monotonic_time();
    const int64_t next = timers_run(me.index, now);
    if (is_online) run_unattended_timers(now);
    since_timers = 0;
    if (me.queue.length()) continue;
    if (!is_online || !look_around(me)) sleep(me, next);
  }
}
} // namespace

Scheduler *scheduler_at(unsigned index) { return &schedulers[index]; }

void schedulers_init(const SchedulerConfig &c) {
  config = c;
  unsigned cores = std::max(1u, std::thread::hardware_concurrency());
  count = c.schedulers ? c.schedulers : cores;
  online = online_wanted = std::min(c.schedulers_online ? c.schedulers_online : count, count);
  schedulers = std::make_unique<Scheduler[]>(count);
  for (unsigned i = 0; i < count; i++) {
    schedulers[i].index = i;
    microstate::declare(MicroThread::Scheduler, i + 1);
  }
  microstate::declare(MicroThread::Async, 0); // threads that stock has for what is done elsewhere here
  microstate::declare(MicroThread::Aux, 1);
  microstate::declare(MicroThread::Poll, 0);
  unsigned dirty = c.dirty_cpu ? c.dirty_cpu : count;
  dirty_init(dirty, c.dirty_cpu_online ? std::min(c.dirty_cpu_online, dirty) : dirty, c.dirty_io, c.stack_kb);
  timer_wake = [](uint32_t wheel) {
    if (wheel >= count || &schedulers[wheel] == self) return;
    wake(schedulers[wheel]);
    if (schedulers[wheel].long_work.load(std::memory_order_seq_cst)) wake_one_idle();
  };
}

void schedulers_start() {
  loan_init(std::max<size_t>(config.stack_kb, 1024) * 1024, loop);
  for (unsigned i = 0; i < count; i++) loan_start_thread(schedulers[i]);
}

void schedulers_join() {
  if (progress::is_registered()) progress::unregister_thread();
  for (;;) pause();
}

unsigned schedulers_count() { return count; }
unsigned schedulers_online() { return online_wanted.load(std::memory_order_relaxed); }
void schedulers_set_online(unsigned n) {
  std::lock_guard g(online_lock);
  online_wanted = std::clamp(n, 1u, count);
  online.store(single ? 1 : online_wanted.load(), std::memory_order_seq_cst);
  for (unsigned i = 0; i < count; i++)
    if (&schedulers[i] != self) wake(schedulers[i]);
}
void schedulers_single(bool on) {
  {
    std::lock_guard g(online_lock);
    single = on;
  }
  schedulers_set_online(schedulers_online());
}
Scheduler *this_scheduler() { return self; }
unsigned scheduler_number(const Scheduler *s) { return s->index + 1; }

void schedulers_help() { wake_one_idle(); }

LongWork::LongWork(bool is_long) : scheduler_(is_long ? self : nullptr) {
  if (!scheduler_) return;
  scheduler_->long_work.store(true, std::memory_order_seq_cst); // who adds to the queue from now on sees it
  if (scheduler_->queue.length_seq() || unattended_timers() != INT64_MAX) wake_one_idle();
}
LongWork::~LongWork() {
  if (scheduler_) scheduler_->long_work.store(false, std::memory_order_relaxed);
}

void process_schedule(Process *p) {
  uint32_t s = p->state.load(std::memory_order_acquire);
  do {
    if ((s & kSomewhere) || !wants_to_run(s)) return;
  } while (
      !p->state.compare_exchange_weak(s, s | pstate::InRunQueue, std::memory_order_acq_rel, std::memory_order_acquire));
  if (profiled(profile::Processes)) [[unlikely]]
    profile_process(p, true);
  enqueue(p);
}

void process_set_state(Process *p, uint32_t bits) {
  p->state.fetch_or(bits, std::memory_order_acq_rel);
  process_schedule(p);
}
void process_wake(Process *p) { process_set_state(p, pstate::Active); }

void process_back_from_dirty(Process *p) {
  put_away(p, pstate::DirtyQueued | pstate::DirtyRunning | pstate::DirtyCpu | pstate::DirtyIo | pstate::DirtyBack);
}

unsigned process_bind(Process *p, unsigned number) {
  Scheduler *q = p->run_queue.load(std::memory_order_relaxed);
  unsigned old = p->state.load(std::memory_order_relaxed) & pstate::Bound && q ? q->index + 1 : 0;
  if (number) {
    p->state.fetch_or(pstate::Bound);
    p->run_queue.store(&schedulers[number - 1], std::memory_order_relaxed);
  } else {
    p->state.fetch_and(~pstate::Bound);
  }
  return old;
}

void process_set_priority(Process *p, Priority prio) {
  uint32_t s = p->state.load(std::memory_order_relaxed);
  while (!p->state.compare_exchange_weak(s, (s & ~pstate::PrioMask) | uint32_t(prio) << pstate::PrioShift)) {}
}

void process_raise(Process *p, Priority prio) {
  if (prio >= p->priority()) return;
  // In this order: who puts it into a queue from now on sees it, and where it is already it is found.
  const uint32_t raised = uint32_t(prio) + 1;
  uint32_t st = p->state.load(std::memory_order_relaxed), now;
  do {
    now = (st & kRaisedMask) >> kRaisedShift;
    if (now && now <= raised) break;
  } while (
      !p->state.compare_exchange_weak(st, (st & ~kRaisedMask) | raised << kRaisedShift, std::memory_order_seq_cst));
  if (Scheduler *q = p->run_queue.load(std::memory_order_seq_cst)) q->queue.raise(p, prio);
}

void schedule_work(void (*fn)(void *), void *arg) {
  unsigned n = online.load(std::memory_order_relaxed);
  Scheduler *q = self && self->index < n ? self : nullptr;
  if (!q) { // from elsewhere: one that sleeps, or the shortest queue
    q = &schedulers[0];
    for (unsigned i = 0; i < n; i++) {
      if (schedulers[i].sleeping.load(std::memory_order_relaxed)) {
        q = &schedulers[i];
        break;
      }
      if (schedulers[i].queue.length() < q->queue.length()) q = &schedulers[i];
    }
  }
  q->queue.push_work(new WorkItem{nullptr, fn, arg});
  rouse(*q);
}

void schedulers_block() {
  Scheduler *me = self;
  if (me) me->standing.store(true, std::memory_order_seq_cst); // another blocker need not wait for this thread
  block_lock.lock();
  block_wanted.store(true, std::memory_order_seq_cst);
  if (me) me->standing.store(true, std::memory_order_seq_cst);
  for (unsigned i = 0; i < count; i++)
    while (!schedulers[i].standing.load(std::memory_order_seq_cst))
      std::this_thread::sleep_for(std::chrono::microseconds(20));
}

bool schedulers_stop(std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  auto wait = [until](auto done) {
    while (!done()) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::sleep_for(std::chrono::microseconds(20));
    }
    return true;
  };
  if (self) self->standing.store(true, std::memory_order_seq_cst);
  const bool first = wait([] { return block_lock.try_lock(); });
  block_wanted.store(true, std::memory_order_seq_cst);
  bool all = first;
  for (unsigned i = 0; i < count; i++)
    all &= wait([i] { return schedulers[i].standing.load(std::memory_order_seq_cst); });
  return all;
}

void schedulers_unblock() {
  {
    std::lock_guard g(block_signal_lock);
    block_wanted.store(false, std::memory_order_seq_cst);
  }
  block_over.notify_all();
  if (self) self->standing.store(false, std::memory_order_seq_cst);
  block_lock.unlock();
}
} // namespace joist::runtime
