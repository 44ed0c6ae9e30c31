#include "jit/tier/exec_memory.h"

#include "runtime/mem/account.h"
#include "runtime/mem/arena.h"

#include <atomic>
#include <linux/membarrier.h>
#include <linux/mman.h>
#include <mutex>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace joist::jit {
namespace {
using namespace joist::runtime;

constexpr size_t kReserve = size_t{256} << 20, kUnit = 64;
uint8_t *run_base = nullptr;
ptrdiff_t to_write = 0; // from an address of the first mapping to that of the second
Arena *arena = nullptr;
std::atomic<size_t> used{0};
bool serialises = false;

// Sizes are multiples of the unit, and so are the arena's addresses.
size_t round_up(size_t bytes) { return (bytes + kUnit - 1) / kUnit * kUnit; }

uint8_t *map_low(int protection) {
  const int flags = MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE;
  void *p = mmap(nullptr, kReserve, protection, flags | MAP_32BIT, -1, 0);
  for (uintptr_t at = 0x10000000; p == MAP_FAILED && at + kReserve < 0x80000000; at += 0x4000000)
    p = mmap(reinterpret_cast<void *>(at), kReserve, protection, flags | MAP_FIXED_NOREPLACE, -1, 0);
  return p == MAP_FAILED ? nullptr : static_cast<uint8_t *>(p);
}

// Filled up to there: where half of a huge page is used, the ordinary pages become that one. Compiled code is executed in small
// pieces all over; on ordinary pages much of the time goes by looking up where they are. Fails without harm where the system
// has no such pages for shared memory (before Linux 6.1).
std::mutex huge_lock;
uintptr_t next_huge = 0; // guarded by huge_lock; those below are huge, or have been tried
void make_huge(const uint8_t *filled) {
  std::lock_guard guard(huge_lock);
  for (; reinterpret_cast<uintptr_t>(filled) >= next_huge + kHugePage / 2; next_huge += kHugePage)
    madvise(reinterpret_cast<void *>(next_huge), kHugePage, MADV_COLLAPSE);
}
} // namespace

bool exec_memory_init(bool for_debugger) {
  static const bool ok = [for_debugger] {
    low_free(low_alloc(16), 16); // the range for instructions is larger: it comes first
    uint8_t *run = map_low(PROT_READ | PROT_EXEC | (for_debugger ? PROT_WRITE : 0));
    if (!run) return false;
    // A shared mapping moved with an old size of 0 stays and is mapped again.
    void *write = mremap(run, 0, kReserve, MREMAP_MAYMOVE);
    if (write == MAP_FAILED || mprotect(write, kReserve, PROT_READ | PROT_WRITE) != 0) {
      if (write != MAP_FAILED) munmap(write, kReserve);
      munmap(run, kReserve);
      return false;
    }
    madvise(run, kReserve, MADV_DONTDUMP);
    run_base = run;
    next_huge = (reinterpret_cast<uintptr_t>(run) + kHugePage - 1) & ~(kHugePage - 1);
    to_write = static_cast<uint8_t *>(write) - run;
    arena = new Arena(run, kReserve, kUnit);
    serialises = syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0) == 0;
    return true;
  }();
  return ok;
}

ExecBlock exec_alloc(size_t bytes) {
  ExecBlock b;
  if (!exec_memory_init() || bytes > kReserve) return b;
  b.size = round_up(bytes ? bytes : 1);
  b.run = static_cast<uint8_t *>(arena->alloc(b.size));
  if (!b.run) return ExecBlock();
  b.write = b.run + to_write;
  used.fetch_add(b.size, std::memory_order_relaxed);
  mem_account(MemKind::Code, int64_t(b.size));
  make_huge(b.run + b.size);
  return b;
}

void exec_free(const ExecBlock &b) {
  if (!b.run) return;
  used.fetch_sub(b.size, std::memory_order_relaxed);
  mem_account(MemKind::Code, -int64_t(b.size));
  // Whole pages that held nothing else could be given back; blocks are small, so they are kept for the next ones.
  memset(b.write, 0xcc, b.size);
  arena->free(b.run, b.size);
}

void exec_publish() {
  if (serialises) syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0);
}

bool in_exec_memory(const void *p) {
  auto *at = static_cast<const uint8_t *>(p);
  return run_base && at >= run_base && at < run_base + kReserve;
}
size_t exec_memory_used() { return used.load(std::memory_order_relaxed); }

} // namespace joist::jit
