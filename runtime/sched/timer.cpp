// Hierarchical wheel: level n has 64 slots of 64^n milliseconds each. A timer stands on the level of the highest bit in
// which its tick differs from the wheel's; when the wheel reaches a slot of a higher level, that slot's timers move down.
#include "runtime/sched/timer.h"

#include "runtime/sched/scheduler.h"
#include "runtime/sys/time.h"

#include <bit>

namespace joist::runtime {
void (*timer_wake)(uint32_t wheel) = nullptr;

namespace {
constexpr int64_t kTick = 1'000'000;                       // ns
constexpr int kBits = 6, kSlots = 1 << kBits, kLevels = 7; // reaches 139 years ahead
constexpr uint64_t kFurthest = (uint64_t{1} << (kBits * kLevels)) - 1;
constexpr uint32_t kMaxWheels = 1024;

uint64_t tick_of(int64_t ns, bool up) {
  uint64_t since = uint64_t(ns - kMonotonicStart);
  if (ns < kMonotonicStart) return 0;
  return (since + (up ? kTick - 1 : 0)) / kTick;
}
int64_t time_of(uint64_t tick) { return kMonotonicStart + int64_t(tick) * kTick; }

struct Wheel {
  std::mutex lock;
  uint64_t elapsed = tick_of(monotonic_time(), false);
  uint64_t occupied[kLevels] = {};
  Timer *slots[kLevels][kSlots] = {};
  bool running = false;           // somebody fires its timers: nobody else does, so that they fire in order
  uint64_t earliest = UINT64_MAX; // lower bound of the next tick that needs work

  static uint64_t due(const Timer *t) { return tick_of(t->expires, true); }

  void insert(Timer *t) {
    uint64_t when = std::max(due(t), elapsed);
    if ((when ^ elapsed) > kFurthest || when - elapsed > kFurthest) when = elapsed | kFurthest;
    uint64_t differ = (when ^ elapsed) | (kSlots - 1);
    int level = (63 - std::countl_zero(differ)) / kBits;
    unsigned slot = when >> (level * kBits) & (kSlots - 1);
    Timer *&head = slots[level][slot];
    t->next = head;
    t->prev = &head;
    if (head) head->prev = &t->next;
    head = t;
    occupied[level] |= uint64_t{1} << slot;
  }

  void unlink(Timer *t) {
    *t->prev = t->next;
    if (t->next) t->next->prev = t->prev;
    t->prev = nullptr; // the slot's bit is cleared when it is found empty
  }

  // First tick at which a slot has to be looked at, and which one. False: the wheel is empty.
  bool next(uint64_t *at, int *level, unsigned *slot) {
    for (int l = 0; l < kLevels; l++) {
      while (occupied[l]) {
        unsigned now = elapsed >> (l * kBits) & (kSlots - 1);
        unsigned ahead = unsigned(std::countr_zero(std::rotr(occupied[l], int(now))));
        unsigned s = (now + ahead) & (kSlots - 1);
        if (!slots[l][s]) {
          occupied[l] &= ~(uint64_t{1} << s);
          continue;
        }
        uint64_t span = uint64_t{1} << (l * kBits), start = elapsed & ~((span << kBits) - 1);
        uint64_t t = start + s * span;
        if (t < elapsed) t = l == 0 ? elapsed : t + (span << kBits); // wrapped: next turn of this level
        *at = t, *level = l, *slot = s;
        return true;
      }
    }
    return false;
  }
};

std::atomic<Wheel *> wheels[kMaxWheels];
Wheel &wheel(uint32_t n) {
  Wheel *w = wheels[n].load(std::memory_order_acquire);
  if (w) [[likely]]
    return *w;
  auto *fresh = new Wheel;
  if (wheels[n].compare_exchange_strong(w, fresh)) return *fresh;
  delete fresh;
  return *w;
}
} // namespace

void timer_start(Timer *t, int64_t expires_ns, void (*fire)(Timer *)) {
  Scheduler *s = this_scheduler();
  uint32_t n = s ? scheduler_number(s) - 1 : 0;
  t->expires = expires_ns;
  t->fire = fire;
  t->wheel = n;
  Wheel &w = wheel(n);
  bool first;
  {
    std::lock_guard g(w.lock);
    t->status.store(1, std::memory_order_relaxed);
    w.insert(t);
    uint64_t due = Wheel::due(t);
    first = due < w.earliest;
    if (first) w.earliest = due;
  }
  if (!s && first && timer_wake) timer_wake(n);
}

bool timer_cancel(Timer *t) {
  if (t->status.load(std::memory_order_acquire) != 1) return false;
  Wheel &w = wheel(t->wheel);
  std::lock_guard g(w.lock);
  if (t->status.load(std::memory_order_relaxed) != 1) return false;
  w.unlink(t);
  t->status.store(0, std::memory_order_relaxed);
  return true;
}

int64_t timers_run(uint32_t n, int64_t now_ns) {
  Wheel &w = wheel(n);
  uint64_t now = tick_of(now_ns, false);
  std::unique_lock g(w.lock);
  if (w.earliest > now || w.running) return w.earliest == UINT64_MAX ? INT64_MAX : time_of(w.earliest);
  w.running = true;
  uint64_t at;
  int level;
  unsigned slot;
  while (w.next(&at, &level, &slot)) {
    if (at > now) {
      w.elapsed = std::max(w.elapsed, now);
      w.earliest = at;
      w.running = false;
      return time_of(at);
    }
    w.elapsed = std::max(w.elapsed, at);
    if (level == 0) {
      // One at a time: fire() runs unlocked and may start or cancel others, in this slot too.
      while (Timer *t = w.slots[0][slot]) {
        if (Wheel::due(t) > at) break; // put here meanwhile for a later turn
        w.unlink(t);
        t->status.store(2, std::memory_order_release);
        g.unlock();
        t->fire(t);
        g.lock();
      }
      if (!w.slots[0][slot]) w.occupied[0] &= ~(uint64_t{1} << slot);
      else w.elapsed = std::max(w.elapsed, at + 1);
    } else {
      Timer *t = w.slots[level][slot];
      w.slots[level][slot] = nullptr;
      w.occupied[level] &= ~(uint64_t{1} << slot);
      while (t) {
        Timer *next = t->next;
        w.insert(t);
        t = next;
      }
    }
  }
  w.elapsed = std::max(w.elapsed, now);
  w.earliest = UINT64_MAX;
  w.running = false;
  return INT64_MAX;
}

int64_t timers_next(uint32_t n) {
  Wheel &w = wheel(n);
  std::lock_guard g(w.lock);
  return w.earliest == UINT64_MAX ? INT64_MAX : time_of(w.earliest);
}
} // namespace joist::runtime
