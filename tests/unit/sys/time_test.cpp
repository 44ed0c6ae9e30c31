// Calendar conversions; expectations from stock's erlang:posixtime_to_universaltime/1 and back.
#include "runtime/sys/time.h"

#include <gtest/gtest.h>

using namespace joist::runtime;

namespace {
TEST(Time, Civil) {
  struct {
    int64_t seconds;
    CivilTime c;
  } const rows[] = {
      {0, {1970, 1, 1, 0, 0, 0}},
      {-1, {1969, 12, 31, 23, 59, 59}},
      {951782400, {2000, 2, 29, 0, 0, 0}},
      {-11676092277, {1600, 1, 1, 1, 2, 3}},
      {-99999999999, {-1199, 2, 15, 14, 13, 21}},
      {int64_t{1} << 61, {73069258126, 9, 25, 3, 52, 32}},
      {4102444799, {2099, 12, 31, 23, 59, 59}},
  };
  for (auto &r : rows) {
    CivilTime c = civil_of_seconds(r.seconds);
    EXPECT_EQ(c.year, r.c.year);
    EXPECT_EQ(c.month, r.c.month);
    EXPECT_EQ(c.day, r.c.day);
    EXPECT_EQ(c.hour, r.c.hour);
    EXPECT_EQ(c.minute, r.c.minute);
    EXPECT_EQ(c.second, r.c.second);
    EXPECT_EQ(seconds_of_civil(c), r.seconds);
  }
}

TEST(Time, MonotonicStartsWhereStockDoes) {
  time_init(WarpMode::NoTimeWarp, true);
  int64_t t = monotonic_time();
  EXPECT_GE(t, kMonotonicStart);
  EXPECT_LT(t, kMonotonicStart + 5'000'000'000);
  EXPECT_NEAR(double(system_time()), double(os_system_time()), 1e9);
  EXPECT_EQ(time_offset_state(), OffsetState::Final);
  for (int i = 0; i < 1000; i++) {
    int64_t next = monotonic_time();
    EXPECT_GE(next, t);
    t = next;
  }
}

TEST(Time, SingleWarp) {
  time_init(WarpMode::SingleTimeWarp, true);
  EXPECT_EQ(time_offset_state(), OffsetState::Preliminary);
  EXPECT_EQ(time_offset_finalize(), OffsetState::Preliminary);
  EXPECT_EQ(time_offset_finalize(), OffsetState::Final);
}

TEST(Time, NowIncreases) {
  uint64_t t = now_microseconds();
  for (int i = 0; i < 10000; i++) {
    uint64_t next = now_microseconds();
    EXPECT_GT(next, t);
    t = next;
  }
}
} // namespace
