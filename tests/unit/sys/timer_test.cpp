// The timer wheel: every timer fires once, in its turn, never before its time.
#include "runtime/sched/timer.h"
#include "runtime/sys/time.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

using namespace joist::runtime;

namespace {
constexpr int64_t kMs = 1'000'000;
struct Probe : Timer {
  int64_t fired_at = -1;
  int count = 0;
};
int64_t now;
void fire(Timer *t) {
  static_cast<Probe *>(t)->fired_at = now;
  static_cast<Probe *>(t)->count++;
}

// Advances time in the given steps until `end`.
void run_until(int64_t end, int64_t step) {
  while (now < end) {
    now = std::min(end, now + step);
    timers_run(0, now);
  }
}

TEST(TimerWheel, FiresInTime) {
  now = monotonic_time();
  timers_run(0, now);
  std::mt19937_64 random(7);
  std::vector<Probe> probes(5000);
  const int64_t ranges[] = {10, 100, 5000, 300'000, 100'000'000, 40'000'000'000};
  for (Probe &p : probes)
    timer_start(&p, now + int64_t(random() % uint64_t(ranges[random() % 6])) * kMs + int64_t(random() % kMs), fire);
  int64_t start = now;
  for (int64_t step : {kMs, 7 * kMs, 1000 * kMs, 60'000 * kMs, 3'600'000 * kMs, 100'000'000 * kMs}) {
    run_until(now + 200 * step, step);
    for (Probe &p : probes) {
      if (p.expires <= now - 2 * kMs) {
        ASSERT_EQ(p.count, 1) << (p.expires - start) / kMs;
        ASSERT_GE(p.fired_at, p.expires);
        ASSERT_LE(p.fired_at, p.expires + step + 2 * kMs);
      } else if (p.expires > now) {
        ASSERT_EQ(p.count, 0);
      }
    }
  }
  run_until(now + int64_t{50'000'000'000} * kMs, int64_t{1'000'000'000} * kMs);
  for (Probe &p : probes) ASSERT_EQ(p.count, 1);
  EXPECT_EQ(timers_run(0, now), INT64_MAX);
}

TEST(TimerWheel, Cancel) {
  std::vector<Probe> probes(1000);
  for (size_t i = 0; i < probes.size(); i++) timer_start(&probes[i], now + int64_t(i) * 3 * kMs, fire);
  for (size_t i = 0; i < probes.size(); i += 2) EXPECT_TRUE(timer_cancel(&probes[i]));
  for (size_t i = 0; i < probes.size(); i += 2) EXPECT_FALSE(timer_cancel(&probes[i]));
  run_until(now + 4000 * kMs, 5 * kMs);
  for (size_t i = 0; i < probes.size(); i++) {
    EXPECT_EQ(probes[i].count, int(i % 2));
    EXPECT_FALSE(timer_cancel(&probes[i]));
  }
}

TEST(TimerWheel, NextExpiry) {
  Probe p;
  timer_start(&p, now + 5000 * kMs, fire);
  int64_t next = timers_run(0, now);
  EXPECT_GT(next, now);
  EXPECT_LE(next, p.expires + kMs);
  int runs = 0;
  while (!p.count) { // following the answers leads to the expiry in few steps
    now = next;
    next = timers_run(0, now);
    ASSERT_LT(++runs, 10);
  }
  EXPECT_LE(now, p.expires + kMs);
}

// A timer that starts itself again, and one that is started for the past.
TEST(TimerWheel, Rearm) {
  struct Again : Timer {
    int left = 10;
  } again;
  timer_start(&again, now + kMs, [](Timer *t) {
    auto *a = static_cast<Again *>(t);
    if (--a->left) timer_start(t, now + kMs, t->fire);
  });
  Probe past;
  timer_start(&past, now - 100 * kMs, fire);
  run_until(now + 100 * kMs, kMs);
  EXPECT_EQ(again.left, 0);
  EXPECT_EQ(past.count, 1);
}
} // namespace
