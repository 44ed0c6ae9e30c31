#include "runtime/mem/alloc.h"
#include "runtime/sys/crash_dump.h"
#include "runtime/sys/sanitizer.h"

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <malloc.h>
#include <mutex>
#include <sys/mman.h>

#ifndef JOIST_SANITIZER
#include <mimalloc.h>
#endif

#include "runtime/mem/account.h"
#include "runtime/mem/arena.h"

namespace joist::runtime {
namespace {

// Counters are sharded by thread: every allocation adds to one of them.
constexpr unsigned kShards = 16;
struct alignas(64) Shard {
  std::atomic<int64_t> used[size_t(MemKind::Count)];
};
Shard shards[kShards];
std::atomic<unsigned> next_shard{0};
thread_local Shard *my_shard = &shards[next_shard.fetch_add(1, std::memory_order_relaxed) % kShards];

void count(MemKind k, int64_t bytes) { my_shard->used[size_t(k)].fetch_add(bytes, std::memory_order_relaxed); }

#ifdef JOIST_SANITIZER
void *raw_alloc(size_t n) { return malloc(n); }
void *raw_realloc(void *p, size_t n) { return realloc(p, n); }
void raw_free(void *p) { free(p); }
size_t raw_size(void *p) { return malloc_usable_size(p); }
#else
void *raw_alloc(size_t n) { return mi_malloc(n); }
void *raw_realloc(void *p, size_t n) { return mi_realloc(p, n); }
void raw_free(void *p) { mi_free(p); }
size_t raw_size(void *p) { return mi_usable_size(p); }
#endif

constexpr size_t kLarge = 4 * kHugePage;
// Large heaps and binaries are on huge pages, but for the ends: to touch ordinary ones for the first time takes longer
// than what a collection does with them. What is not touched still takes no memory, but for the last page's part.
void huge_pages(void *p, size_t bytes) {
  const uintptr_t from = (reinterpret_cast<uintptr_t>(p) + kHugePage - 1) & ~(kHugePage - 1);
  const uintptr_t to = (reinterpret_cast<uintptr_t>(p) + bytes) & ~(kHugePage - 1);
  if (to > from) madvise(reinterpret_cast<void *>(from), to - from, MADV_HUGEPAGE);
}

[[noreturn]] void out_of_memory(MemKind k, size_t bytes) {
  static const struct {
    const char *allocator, *type;
  } names[size_t(MemKind::Count)] = {
      {"eheap_alloc", "heap"},        {"sl_alloc", "process"},  {"binary_alloc", "binary"},
      {"ll_alloc", "code"},           {"ets_alloc", "db_term"}, {"ll_alloc", "atom_text"},
      {"driver_alloc", "drv_binary"}, {"sl_alloc", "msg_ref"},  {"sys_alloc", "general"}};
  char slogan[160];
  snprintf(slogan, sizeof slogan, "%s: Cannot allocate %zu bytes of memory (of type \"%s\").",
           names[size_t(k)].allocator, bytes, names[size_t(k)].type);
  vm_crash_out_of_memory(slogan);
}

constexpr size_t kLowReserve = size_t{768} << 20;
Arena &low_arena() {
  static Arena *arena = [] {
    void *p = mmap(nullptr, kLowReserve, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_32BIT, -1, 0);
    for (uintptr_t at = 0x20000000; p == MAP_FAILED && at + kLowReserve < 0x80000000; at += 0x4000000)
      p = mmap(reinterpret_cast<void *>(at), kLowReserve, PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (p == MAP_FAILED) {
      fprintf(stderr, "joist: no address space below 2 GB for code; check ulimit -v\n");
      exit(1);
    }
    // Code is touched a little everywhere, as it happens to be executed: on ordinary pages finding them costs a few percent.
    madvise(p, kLowReserve, MADV_HUGEPAGE);
    return new Arena(p, kLowReserve);
  }();
  return *arena;
}

} // namespace

void mem_account(MemKind k, int64_t bytes) { count(k, bytes); }

void *mem_alloc(MemKind k, size_t bytes) {
  void *p = raw_alloc(bytes);
  if (!p) out_of_memory(k, bytes);
  if (bytes >= kLarge) huge_pages(p, bytes);
  count(k, int64_t(raw_size(p)));
  return p;
}

void *mem_alloc_sized(MemKind k, size_t bytes) {
  void *p = raw_alloc(bytes);
  if (!p) out_of_memory(k, bytes);
  count(k, int64_t(bytes));
  return p;
}

void mem_free_sized(MemKind k, void *p, size_t bytes) {
  count(k, -int64_t(bytes));
  raw_free(p);
}

void *mem_realloc(MemKind k, void *p, size_t bytes) {
  int64_t before = p ? int64_t(raw_size(p)) : 0;
  void *q = raw_realloc(p, bytes);
  if (!q) out_of_memory(k, bytes);
  count(k, int64_t(raw_size(q)) - before);
  return q;
}

void mem_free(MemKind k, void *p) {
  if (!p) return;
  count(k, -int64_t(raw_size(p)));
  raw_free(p);
}

size_t mem_used(MemKind k) {
  int64_t sum = 0;
  for (auto &s : shards) sum += s.used[size_t(k)].load(std::memory_order_relaxed);
  return sum > 0 ? size_t(sum) : 0;
}

void *mem_reserve(size_t bytes) {
  void *p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) out_of_memory(MemKind::System, bytes);
  sanitizer_root(
      p, [](const void *size) { return reinterpret_cast<size_t>(size); }, reinterpret_cast<const void *>(bytes));
  return p;
}

void *low_alloc(size_t bytes) {
  void *p = low_arena().alloc(bytes);
  if (!p) out_of_memory(MemKind::Code, bytes);
  count(MemKind::Code, int64_t(bytes));
  return p;
}

void low_free(void *p, size_t bytes) {
  if (!p) return;
  count(MemKind::Code, -int64_t(bytes));
  low_arena().free(p, bytes);
}

} // namespace joist::runtime
