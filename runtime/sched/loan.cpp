#include "runtime/sched/loan.h"
#include "runtime/io/poll.h"
#include "runtime/sched/scheduler.h"
#include "runtime/sched/stats.h"
#include "runtime/sys/time.h"

#include <algorithm>
#include <pthread.h>
#include <time.h>
#include <utility>
#include <vector>

namespace joist::runtime {
namespace {
constexpr long kTick = 2'000'000;              // ns
constexpr int kIdleTicks = 20;                 // without any loan, then the watcher sleeps
// No loans after a late job, in ns: twice as long as last time, unless loans were in time for kInTime in between. A job that
// was late alone (a large file was removed) does not keep the thousands of quick ones after it from being done here.
constexpr int64_t kNoneFirst = 4'000'000, kNoneMost = 64'000'000, kInTime = 20'000'000;

size_t stack_size;
void (*play)(Scheduler &);

std::mutex lock; // guards the spare threads, and the watcher's falling asleep
std::condition_variable watch, part_given;
std::vector<Scheduler *> parts; // for spare threads
unsigned spares = 0;
bool watcher_started = false;
std::atomic<bool> watching{false};
std::atomic<unsigned> late{0};       // jobs under way whose threads have lost their parts
std::atomic<int64_t> none_before{0}; // monotonic; the watcher sets it
int64_t none_for = kNoneFirst;       // the watcher's own

void start_thread(void *(*main)(void *), void *arg) {
  pthread_attr_t attr;
  pthread_attr_init(&attr);
  pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attr, stack_size);
  pthread_t thread;
  if (pthread_create(&thread, &attr, main, arg) != 0) vm_crash("Failed to create scheduler thread");
  pthread_attr_destroy(&attr);
}

void *player(void *arg) {
  auto *s = static_cast<Scheduler *>(arg);
  for (;;) {
    char name[16];
    snprintf(name, sizeof name, "sched_%u", s->index + 1);
    pthread_setname_np(pthread_self(), name);
    s->player = pthread_self();
    play(*s);
    late.fetch_sub(1, std::memory_order_relaxed);
    std::unique_lock l(lock);
    pthread_setname_np(pthread_self(), "spare");
    spares++;
    part_given.wait(l, [] { return !parts.empty(); });
    spares--;
    s = parts.back();
    parts.pop_back();
  }
}

// Takes s away from who plays it, if that loan still stands.
void take_away(Scheduler &s, uint64_t loan) {
  std::lock_guard g(lock); // until its player has another name, it does not become a spare thread
  late.fetch_add(1, std::memory_order_relaxed);
  if (!s.loan.compare_exchange_strong(loan, loan + 1, std::memory_order_acq_rel)) {
    late.fetch_sub(1, std::memory_order_relaxed);
    return;
  }
  pthread_setname_np(s.player, "dio_late");
  const int64_t now = os_monotonic_time();
  const int64_t in_time = now - none_before.load(std::memory_order_relaxed);
  none_for = in_time > kInTime ? kNoneFirst : std::min(2 * none_for, kNoneMost);
  none_before.store(now + none_for, std::memory_order_relaxed);
  if (spares > parts.size()) {
    parts.push_back(&s);
    part_given.notify_one();
  } else {
    start_thread(player, &s);
  }
}

bool any_away() {
  for (unsigned i = 0; i < schedulers_count(); i++)
    if (scheduler_at(i)->loan.load(std::memory_order_seq_cst) & 1) return true;
  return false;
}

void *watcher(void *) {
  pthread_setname_np(pthread_self(), "sched_watch");
  std::vector<uint64_t> seen(schedulers_count()), switches(schedulers_count());
  int idle = 0;
  uint32_t sleeps = 0;
  bool attended = true;
  for (;;) {
    timespec tick{0, kTick};
    nanosleep(&tick, nullptr);
    idle++;
    for (unsigned i = 0; i < seen.size(); i++) {
      Scheduler &s = *scheduler_at(i);
      const uint64_t turns = s.context_switches.load(std::memory_order_relaxed);
      if (turns == std::exchange(switches[i], turns) && s.queue.length()) {
        schedulers_help();
        idle = 0;
      }
      uint64_t now = s.loan.load(std::memory_order_acquire);
      if (now != seen[i]) idle = 0;
      if (!(now & 1) || now != seen[i]) {
        seen[i] = now;
        continue;
      }
      take_away(s, now);
      seen[i] = s.loan.load(std::memory_order_relaxed);
    }
    if (uint32_t now = poll_sleeps(); now != sleeps) {
      sleeps = now;
      attended = false;
      idle = 0;
    } else if (!attended) {
      attended = true;
      poll_attend();
    }
    if (idle < kIdleTicks) continue;
    std::unique_lock l(lock);
    watching.store(false, std::memory_order_seq_cst);
    if (any_away() || poll_sleeps() != sleeps) watching.store(true, std::memory_order_seq_cst);
    watch.wait(l, [] { return watching.load(std::memory_order_relaxed); });
    idle = 0;
  }
}

[[gnu::cold, gnu::noinline]] void wake_watcher() {
  std::lock_guard g(lock);
  watching.store(true, std::memory_order_seq_cst);
  if (!watcher_started) {
    watcher_started = true;
    start_thread(watcher, nullptr);
  } else {
    watch.notify_one();
  }
}
} // namespace

bool loan_possible() {
  if (late.load(std::memory_order_relaxed) >= dirty_io_schedulers()) return false;
  return os_monotonic_time() >= none_before.load(std::memory_order_relaxed);
}

uint64_t loan_begin(Scheduler &s) {
  uint64_t loan = s.loan.load(std::memory_order_relaxed) + 1;
  s.loan.store(loan, std::memory_order_seq_cst);
  if (!watching.load(std::memory_order_seq_cst)) wake_watcher();
  return loan;
}

void watch_start() {
  if (!watching.load(std::memory_order_seq_cst)) wake_watcher();
}

bool loan_end(Scheduler &s, uint64_t loan) {
  return s.loan.compare_exchange_strong(loan, loan + 1, std::memory_order_acq_rel);
}

void loan_init(size_t stack, void (*play_part)(Scheduler &)) {
  stack_size = stack;
  play = play_part;
}
void loan_start_thread(Scheduler &s) { start_thread(player, &s); }
} // namespace joist::runtime
