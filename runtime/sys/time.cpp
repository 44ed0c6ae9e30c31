#include "runtime/sys/time.h"

#include <algorithm>
#include <atomic>
#include <ctime>
#include <mutex>

namespace joist::runtime {
namespace {
constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kTolerance = 50'000'000; // ns of deviation from OS system time that is left alone

int64_t read_clock(clockid_t id) {
  timespec t;
  clock_gettime(id, &t);
  return t.tv_sec * kSecond + t.tv_nsec;
}

// One stretch of constant rate: erlang = erlang_base + (os - os_base) * (1 + ppm / 1e6).
struct Stretch {
  int64_t os_base, erlang_base, ppm;
};
std::atomic<uint32_t> sequence{0};
std::atomic<int64_t> os_base{0}, erlang_base{kMonotonicStart}, ppm{0}, offset{0};
std::mutex writer;
WarpMode mode = WarpMode::NoTimeWarp;
bool corrected = true;
std::atomic<bool> finalized{true};
std::atomic<int64_t> last_uncorrected{kMonotonicStart};
std::atomic<uint64_t> last_now{0};

Stretch read_stretch() {
  for (;;) {
    uint32_t s = sequence.load(std::memory_order_acquire);
    Stretch r{os_base.load(std::memory_order_relaxed), erlang_base.load(std::memory_order_relaxed),
              ppm.load(std::memory_order_relaxed)};
    std::atomic_thread_fence(std::memory_order_acquire);
    if (!(s & 1) && s == sequence.load(std::memory_order_relaxed)) return r;
  }
}

int64_t apply(const Stretch &s, int64_t os) {
  int64_t elapsed = os - s.os_base;
  return s.erlang_base + elapsed + int64_t(__int128(elapsed) * s.ppm / 1'000'000);
}
} // namespace

void (*time_offset_changed)(int64_t) = nullptr;

int64_t os_monotonic_time() { return read_clock(CLOCK_MONOTONIC); }
int64_t os_system_time() { return read_clock(CLOCK_REALTIME); }

int64_t monotonic_time() {
  if (corrected) [[likely]] {
    Stretch s = read_stretch();
    return apply(s, os_monotonic_time());
  }
  // Without correction it follows OS system time, and stands still where that goes back.
  int64_t t = os_system_time() - offset.load(std::memory_order_relaxed);
  int64_t last = last_uncorrected.load(std::memory_order_relaxed);
  while (t > last && !last_uncorrected.compare_exchange_weak(last, t)) {}
  return std::max(t, last);
}

int64_t time_offset() { return offset.load(std::memory_order_acquire); }

void time_init(WarpMode m, bool correction) {
  mode = m;
  corrected = correction;
  finalized = m != WarpMode::SingleTimeWarp;
  int64_t os = os_monotonic_time(), now = os_system_time();
  os_base = os;
  erlang_base = kMonotonicStart;
  ppm = 0;
  offset = now - kMonotonicStart;
}

WarpMode time_warp_mode() { return mode; }
bool time_correction() { return corrected; }
OffsetState time_offset_state() {
  if (mode == WarpMode::MultiTimeWarp) return OffsetState::Volatile;
  return finalized ? OffsetState::Final : OffsetState::Preliminary;
}

OffsetState time_offset_finalize() {
  OffsetState before = time_offset_state();
  if (before != OffsetState::Preliminary) return before;
  int64_t o;
  {
    std::lock_guard g(writer);
    if (finalized) return OffsetState::Final;
    o = os_system_time() - monotonic_time();
    offset.store(o, std::memory_order_release);
    finalized = true;
  }
  if (time_offset_changed) time_offset_changed(o);
  return before;
}

void time_adjust() {
  if (!corrected) return;
  int64_t changed = 0;
  {
    std::lock_guard g(writer);
    Stretch s = read_stretch();
    int64_t os = os_monotonic_time(), erlang = apply(s, os);
    int64_t error = os_system_time() - (erlang + offset.load(std::memory_order_relaxed));
    if (mode == WarpMode::MultiTimeWarp) {
      if (std::abs(error) <= kTolerance) return;
      changed = offset.load() + error;
      offset.store(changed, std::memory_order_release);
    } else {
      int64_t rate = 0;
      if (finalized && std::abs(error) > kTolerance) {
        rate = std::clamp<int64_t>(error / 60'000, -10'000, 10'000); // gone within about a minute, 1% at the most
      }
      if (rate == s.ppm) return;
      sequence.fetch_add(1, std::memory_order_acq_rel);
      os_base.store(os, std::memory_order_relaxed);
      erlang_base.store(erlang, std::memory_order_relaxed);
      ppm.store(rate, std::memory_order_relaxed);
      sequence.fetch_add(1, std::memory_order_release);
    }
  }
  if (changed && time_offset_changed) time_offset_changed(changed);
}

uint64_t now_microseconds() {
  uint64_t t = uint64_t(system_time()) / 1000, last = last_now.load(std::memory_order_relaxed);
  do {
    if (t <= last) t = last + 1;
  } while (!last_now.compare_exchange_weak(last, t, std::memory_order_relaxed));
  return t;
}

// Days are counted in eras of 400 years that start on March 1st, so that leap days come last.
CivilTime civil_of_seconds(int64_t seconds) {
  int64_t days = seconds / 86400, rest = seconds % 86400;
  if (rest < 0) rest += 86400, days--;
  days += 719468;
  int64_t era = (days >= 0 ? days : days - 146096) / 146097, doe = days - era * 146097;
  int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
  int64_t month = mp < 10 ? mp + 3 : mp - 9;
  return {yoe + era * 400 + (month <= 2), month, doy - (153 * mp + 2) / 5 + 1, rest / 3600, rest / 60 % 60, rest % 60};
}

int64_t seconds_of_civil(const CivilTime &c) {
  int64_t y = c.year - (c.month <= 2), era = (y >= 0 ? y : y - 399) / 400, yoe = y - era * 400;
  int64_t doy = (153 * (c.month > 2 ? c.month - 3 : c.month + 9) + 2) / 5 + c.day - 1;
  int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return ((era * 146097 + doe - 719468) * 24 + c.hour) * 3600 + c.minute * 60 + c.second;
}

CivilTime local_of_seconds(int64_t seconds) {
  time_t t = seconds;
  tm r{};
  localtime_r(&t, &r);
  return {int64_t(r.tm_year) + 1900, r.tm_mon + 1, r.tm_mday, r.tm_hour, r.tm_min, r.tm_sec};
}
} // namespace joist::runtime
