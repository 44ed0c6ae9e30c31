#include "runtime/ets/lock.h"

namespace joist::runtime::ets {

void RwLock::lock_slow() {
  for (int spins = 0;;) {
    uint32_t s = state_.load(std::memory_order_relaxed);
    if ((s & ~kWaiting) == 0) {
      // Other waiting writers set the bit again when they are woken.
      if (state_.compare_exchange_weak(s, kWriter, std::memory_order_acquire, std::memory_order_relaxed)) return;
      continue;
    }
    if (spins++ < kSpins) {
      cpu_relax();
      continue;
    }
    if (!(s & kWaiting)) {
      if (!state_.compare_exchange_weak(s, s | kWaiting, std::memory_order_relaxed)) continue;
      s |= kWaiting;
    }
    state_.wait(s, std::memory_order_relaxed);
  }
}

void RwLock::lock_shared_slow() {
  for (int spins = 0;;) {
    uint32_t s = state_.load(std::memory_order_relaxed);
    if (!(s & (kWriter | kWaiting))) {
      if (state_.compare_exchange_weak(s, s + 1, std::memory_order_acquire, std::memory_order_relaxed)) return;
      continue;
    }
    if (spins++ < kSpins) {
      cpu_relax();
      continue;
    }
    state_.wait(s, std::memory_order_relaxed);
  }
}

TableLock::Slot &TableLock::mine() {
  static std::atomic<unsigned> next{0};
  thread_local unsigned index = next.fetch_add(1, std::memory_order_relaxed) % kSlots;
  return slots_[index];
}

void TableLock::lock_shared() {
  if (!slots_) return lock_.lock_shared();
  Slot &s = mine();
  for (int spins = 0;;) {
    // Either this reader sees the writer's flag, or the writer sees this reader's count (both sequentially consistent).
    s.readers.fetch_add(1, std::memory_order_seq_cst);
    if (!writer_.load(std::memory_order_seq_cst)) return;
    s.readers.fetch_sub(1, std::memory_order_release);
    while (writer_.load(std::memory_order_relaxed)) {
      if (spins++ < 200) cpu_relax();
      else writer_.wait(1, std::memory_order_relaxed);
    }
  }
}

void TableLock::unlock_shared() {
  if (!slots_) return lock_.unlock_shared();
  mine().readers.fetch_sub(1, std::memory_order_release);
}

void TableLock::lock() {
  lock_.lock();
  if (!slots_) return;
  writer_.store(1, std::memory_order_seq_cst);
  for (unsigned i = 0; i < kSlots; i++)
    for (int spins = 0; slots_[i].readers.load(std::memory_order_seq_cst) != 0;) {
      if (spins++ < 1000) cpu_relax();
      else std::this_thread::yield();
    }
}

void TableLock::unlock() {
  if (slots_) {
    writer_.store(0, std::memory_order_seq_cst);
    writer_.notify_all();
  }
  lock_.unlock();
}

} // namespace joist::runtime::ets
