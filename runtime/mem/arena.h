// A best-fit allocator over one reserved address range, for memory that must lie there: code below 2 GB, literals.
// Allocations are rare and mostly permanent, so one mutex and ordered maps of free pieces do. Any thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>

namespace joist::runtime {
inline constexpr uintptr_t kHugePage = uintptr_t{2} << 20;

class Arena {
public:
  // unit: a power of two from 16 on. base is aligned by it, and so is what alloc answers.
  Arena(void *base, size_t size, size_t unit = 16);
  void *alloc(size_t bytes);        // null if full; contents undefined
  void free(void *p, size_t bytes); // size as given to alloc; large free pieces go back to the system

private:
  size_t round_up(size_t bytes) const;
  void *take(size_t size); // of a rounded size
  void insert(uintptr_t at, size_t size);
  std::mutex lock_;
  std::map<uintptr_t, size_t> by_address_;
  std::multimap<size_t, uintptr_t> by_size_;
  const size_t unit_;
  uintptr_t base_, fresh_, end_; // from fresh_: never used
};
} // namespace joist::runtime
