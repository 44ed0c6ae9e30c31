// Epochs: a global counter, and per thread the value it had at that thread's last quiescent point (0: offline). What
// was unlinked before the counter became E can be freed once every thread's value is 0 or at least E.
//
// Callbacks are gathered per thread into batches; a batch takes one step of the counter, so a busy scheduler touches the
// shared counter once per batch, not per callback. A thread that goes offline hands what is left to a common list, which
// the threads still online serve; the last one to go offline finds everybody offline, and so everything due.
#include "runtime/sched/progress.h"

#include <atomic>
#include <cassert>
#include <cstdint>
#include <mutex>
#include <vector>

namespace joist::runtime::progress {
namespace {
struct Callback {
  void (*f)(void *);
  void *arg;
};
struct Batch {
  uint64_t epoch;
  std::vector<Callback> calls;
};
constexpr int kMaxThreads = 4096;

struct alignas(64) ThreadSlot {
  std::atomic<uint64_t> epoch{0};
  std::atomic<bool> taken{false};
};
ThreadSlot slots[kMaxThreads];
std::atomic<int> slots_used{0};
alignas(64) std::atomic<uint64_t> current{1};

std::mutex common_lock;
std::vector<Batch> common; // guarded by common_lock
std::atomic<uint32_t> common_count{0};

struct ThreadState {
  int slot = -1;
  int scopes = 0; // nested OnlineScopes that brought the thread online
  bool online = false;
  bool running = false;        // executes callbacks: quiescent() does nothing
  std::vector<Callback> fresh; // not yet given an epoch
  Batch batch{0, {}};          // waits for its epoch
};
thread_local ThreadState self;

// Smallest epoch any thread could still be reading in.
bool passed(uint64_t epoch) {
  int n = slots_used.load(std::memory_order_acquire);
  for (int i = 0; i < n; i++) {
    uint64_t e = slots[i].epoch.load(std::memory_order_seq_cst);
    if (e != 0 && e < epoch) return false;
  }
  return true;
}

void run(std::vector<Callback> &calls) {
  for (auto &c : calls) c.f(c.arg);
  calls.clear();
}

// Runs what is due; the thread is online, at a quiescent point.
void serve() {
  self.running = true;
  if (!self.batch.calls.empty() && passed(self.batch.epoch)) {
    std::vector<Callback> due;
    due.swap(self.batch.calls);
    run(due);
  }
  if (self.batch.calls.empty() && !self.fresh.empty()) {
    self.batch.calls.swap(self.fresh);
    self.batch.epoch = current.fetch_add(1, std::memory_order_seq_cst) + 1;
    slots[self.slot].epoch.store(self.batch.epoch, std::memory_order_seq_cst);
  }
  if (common_count.load(std::memory_order_relaxed)) {
    std::vector<Batch> due;
    {
      std::lock_guard g(common_lock);
      for (size_t i = 0; i < common.size();) {
        if (passed(common[i].epoch)) {
          due.push_back(std::move(common[i]));
          common[i] = std::move(common.back());
          common.pop_back();
        } else {
          i++;
        }
      }
      common_count.store(uint32_t(common.size()), std::memory_order_relaxed);
    }
    for (auto &b : due) run(b.calls);
  }
  self.running = false;
}

void hand_over() {
  if (self.batch.calls.empty() && self.fresh.empty()) return;
  std::lock_guard g(common_lock);
  if (!self.batch.calls.empty()) common.push_back(std::move(self.batch));
  if (!self.fresh.empty()) {
    uint64_t e = current.fetch_add(1, std::memory_order_seq_cst) + 1;
    common.push_back({e, std::move(self.fresh)});
  }
  self.batch = {0, {}};
  self.fresh.clear();
  common_count.store(uint32_t(common.size()), std::memory_order_seq_cst);
}

void set_online() {
  slots[self.slot].epoch.store(current.load(std::memory_order_seq_cst), std::memory_order_seq_cst);
  self.online = true;
}
} // namespace

bool is_registered() { return self.slot >= 0; }

void register_thread() {
  if (self.slot >= 0) return;
  for (int i = 0; i < kMaxThreads; i++) {
    bool free = false;
    if (!slots[i].taken.load(std::memory_order_relaxed) && slots[i].taken.compare_exchange_strong(free, true)) {
      self.slot = i;
      int n = slots_used.load();
      while (n <= i && !slots_used.compare_exchange_weak(n, i + 1)) {}
      set_online();
      return;
    }
  }
  assert(!"too many threads");
}

void unregister_thread() {
  if (self.slot < 0) return;
  offline();
  slots[self.slot].taken.store(false);
  self.slot = -1;
}

void quiescent() {
  if (self.running || !self.online) return;
  uint64_t e = current.load(std::memory_order_acquire);
  if (slots[self.slot].epoch.load(std::memory_order_relaxed) != e)
    slots[self.slot].epoch.store(e, std::memory_order_seq_cst);
  if (!self.fresh.empty() || !self.batch.calls.empty() || common_count.load(std::memory_order_relaxed)) serve();
}

void offline() {
  if (!self.online || self.running) return;
  for (;;) {
    hand_over();
    slots[self.slot].epoch.store(0, std::memory_order_seq_cst);
    self.online = false;
    // Whoever is last offline must see what is due; see the head of the file.
    if (common_count.load(std::memory_order_seq_cst) == 0) return;
    bool due = false;
    {
      std::lock_guard g(common_lock);
      for (auto &b : common) due = due || passed(b.epoch);
    }
    if (!due) return;
    set_online();
    serve();
  }
}

void online() {
  if (!self.online) set_online();
}

void later(void (*f)(void *), void *arg) {
  if (self.slot >= 0 && self.online) {
    self.fresh.push_back({f, arg});
    return;
  }
  // A thread that is not (now) a reader: it gets its epoch at once.
  OnlineScope scope;
  self.fresh.push_back({f, arg});
}

OnlineScope::OnlineScope() {
  if (self.slot < 0) register_thread(), self.online = false;
  if (self.scopes == 0 && self.online) return; // a scheduler, or explicitly online
  if (self.scopes++ == 0) set_online();
}
OnlineScope::~OnlineScope() {
  if (self.scopes == 0) return;
  if (--self.scopes == 0) offline();
}
} // namespace joist::runtime::progress
