// A lock of four bytes, for structures of which there are millions (a process' inbox). Waits in the kernel after a
// short spin; not recursive, not fair. Works with std::lock_guard.
#pragma once
#include <atomic>
#include <cstdint>

namespace joist::runtime {
class SmallLock {
public:
  void lock() {
    uint32_t free = 0;
    if (!word_.compare_exchange_strong(free, 1, std::memory_order_acquire, std::memory_order_relaxed)) lock_slow();
  }
  bool try_lock() {
    uint32_t free = 0;
    return word_.compare_exchange_strong(free, 1, std::memory_order_acquire, std::memory_order_relaxed);
  }
  void unlock() {
    if (word_.exchange(0, std::memory_order_release) == 2) word_.notify_one();
  }

private:
  void lock_slow() {
    for (int i = 0; i < 64; i++) {
      if (word_.load(std::memory_order_relaxed) == 0 && try_lock()) return;
      __builtin_ia32_pause();
    }
    while (word_.exchange(2, std::memory_order_acquire) != 0) word_.wait(2, std::memory_order_relaxed);
  }
  std::atomic<uint32_t> word_{0}; // 0 free, 1 taken, 2 taken and others may be waiting
};
} // namespace joist::runtime
