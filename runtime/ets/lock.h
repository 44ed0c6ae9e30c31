// Reader/writer locks of ETS tables.
//
// RwLock is one word: many readers or one writer; a waiting writer holds back new readers, so writers are not starved.
// Nobody takes a lock twice. TableLock has a second shape for tables that are read (or, with write_concurrency,
// entered) by many schedulers at once: every reader then counts itself in a cache line of its own, and the writer pays
// for looking at all of them.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>

namespace joist::runtime::ets {

inline void cpu_relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

class RwLock {
public:
  bool try_lock() {
    uint32_t s = 0;
    return state_.compare_exchange_strong(s, kWriter, std::memory_order_acquire, std::memory_order_relaxed);
  }
  void lock() {
    if (!try_lock()) lock_slow();
  }
  void unlock() {
    state_.store(0, std::memory_order_release);
    state_.notify_all();
  }
  bool try_lock_shared() {
    uint32_t s = state_.load(std::memory_order_relaxed);
    return !(s & (kWriter | kWaiting)) &&
           state_.compare_exchange_strong(s, s + 1, std::memory_order_acquire, std::memory_order_relaxed);
  }
  void lock_shared() {
    if (!try_lock_shared()) lock_shared_slow();
  }
  void unlock_shared() {
    uint32_t before = state_.fetch_sub(1, std::memory_order_release);
    if (before == (1 | kWaiting)) state_.notify_all();
  }

private:
  static constexpr uint32_t kWriter = 1u << 31, kWaiting = 1u << 30;
  static constexpr int kSpins = 200;
  void lock_slow();
  void lock_shared_slow();
  std::atomic<uint32_t> state_{0};
};

class TableLock {
public:
  // Before the table is visible to anyone.
  void distribute_readers() { slots_ = std::make_unique<Slot[]>(kSlots); }
  void lock_shared();
  void unlock_shared();
  void lock();
  void unlock();

private:
  static constexpr unsigned kSlots = 16;
  struct alignas(64) Slot {
    std::atomic<int32_t> readers{0};
  };
  Slot &mine();
  RwLock lock_;
  std::atomic<uint32_t> writer_{0}; // distributed shape: a writer is inside or on its way
  std::unique_ptr<Slot[]> slots_;
};

} // namespace joist::runtime::ets
