// The process table: an array of slots indexed by the low bits of the pid's data, and a ring of the ids that are free.
// Ids are used in the order in which they became free, each time with the next generation in the bits above the slot,
// so numbers ascend from 0 and wrap as stock's do. The ring is filled and emptied by fetch-and-add only; the process
// count is raised before an id is taken, so a taker always finds one (if need be after waiting for a store under way).
#include "runtime/proc/table.h"
#include "runtime/mem/alloc.h"
#include "runtime/sched/progress.h"

#include <algorithm>
#include <thread>

namespace joist::runtime {
namespace {
// An entry of the ring holds its id xor the entry's index: zeroed memory is the ring of a new VM, and only what was
// used of it takes memory.
constexpr uint64_t kNoId = ~uint64_t{0};
constexpr uint64_t kDataMask = (uint64_t{1} << (kPidNumberBits + kPidSerialBits)) - 1;

struct Table {
  std::atomic<Process *> *slots = nullptr;
  std::atomic<uint64_t> *free_ids = nullptr;
  uint64_t size = 0, mask = 0;
  alignas(64) std::atomic<uint64_t> take{0};
  alignas(64) std::atomic<uint64_t> give{0};
  alignas(64) std::atomic<uint64_t> count{0};
  alignas(64) std::atomic<uint64_t> high{0}; // slots at and above this were never used
};
Table table;

void free_process(void *p) { process_unref(static_cast<Process *>(p)); }
} // namespace

void process_table_init(size_t limit) {
  uint64_t size = std::bit_ceil(std::clamp<uint64_t>(limit, 1024, uint64_t{1} << 27));
  table.size = size;
  table.mask = size - 1;
  table.slots = static_cast<std::atomic<Process *> *>(mem_reserve(size * sizeof *table.slots));
  table.free_ids = static_cast<std::atomic<uint64_t> *>(mem_reserve(size * sizeof *table.free_ids));
  table.take = 0, table.give = 0, table.count = 0, table.high = 0;
}

bool process_table_reserve() {
  if (table.count.fetch_add(1, std::memory_order_relaxed) < table.size) return true;
  table.count.fetch_sub(1, std::memory_order_relaxed);
  return false;
}

void process_table_insert(Process *p) {
  uint64_t at = table.take.fetch_add(1, std::memory_order_relaxed) & table.mask, id;
  while ((id = table.free_ids[at].exchange(kNoId, std::memory_order_acquire)) == kNoId) std::this_thread::yield();
  id ^= at;
  p->id = Term::local_pid(id);
  uint64_t slot = id & table.mask;
  uint64_t high = table.high.load(std::memory_order_relaxed);
  while (high <= slot && !table.high.compare_exchange_weak(high, slot + 1, std::memory_order_relaxed)) {}
  table.slots[slot].store(p, std::memory_order_release);
}

void process_table_remove(Process *p) {
  uint64_t id = p->id.imm_payload(), slot = id & table.mask;
  table.slots[slot].store(nullptr, std::memory_order_release);
  uint64_t at = table.give.fetch_add(1, std::memory_order_relaxed) & table.mask;
  table.free_ids[at].store(((id + table.size) & kDataMask) ^ at, std::memory_order_release);
  table.count.fetch_sub(1, std::memory_order_relaxed);
  progress::later(free_process, p);
}

Process *process_lookup_any(Term pid) {
  uint64_t id = pid.imm_payload();
  Process *p = table.slots[id & table.mask].load(std::memory_order_acquire);
  return p && p->id == pid ? p : nullptr;
}

Process *process_lookup(Term pid) {
  Process *p = process_lookup_any(pid);
  return p && !(p->state.load(std::memory_order_acquire) & pstate::Exiting) ? p : nullptr;
}

void process_unref(Process *p) {
  if (p->refs.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  p->~Process();
  mem_free(MemKind::ProcessStruct, p);
}

namespace {
std::vector<Term> pids_where(uint32_t exiting) {
  std::vector<Term> pids;
  if (!exiting) pids.reserve(process_count());
  progress::OnlineScope scope;
  uint64_t n = table.high.load(std::memory_order_acquire);
  for (uint64_t i = 0; i < n; i++) {
    Process *p = table.slots[i].load(std::memory_order_acquire);
    if (p && (p->state.load(std::memory_order_acquire) & pstate::Exiting) == exiting) pids.push_back(p->id);
  }
  return pids;
}
} // namespace

std::vector<Term> process_pids() { return pids_where(0); }
std::vector<Term> process_pids_exiting() { return pids_where(pstate::Exiting); }

size_t process_count() { return table.count.load(std::memory_order_relaxed); }
size_t process_limit() { return std::min<size_t>(table.size, 134217727); }
} // namespace joist::runtime
