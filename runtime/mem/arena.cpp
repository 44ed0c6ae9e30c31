#include "runtime/mem/arena.h"
#include "runtime/sys/sanitizer.h"

#include <sys/mman.h>

namespace joist::runtime {
namespace {
constexpr size_t kReturnAbove = size_t{1} << 20;
// Where AddressSanitizer looks on, pieces stand apart, so that it sees when one is left.
#if __has_feature(address_sanitizer)
constexpr bool kApart = true;
#else
constexpr bool kApart = false;
#endif
} // namespace

Arena::Arena(void *base, size_t size, size_t unit)
    : unit_(unit), base_(reinterpret_cast<uintptr_t>(base)), fresh_(base_), end_(fresh_ + size) {
  sanitizer_root(
      base,
      [](const void *arena) {
        auto *a = static_cast<const Arena *>(arena);
        return size_t(a->fresh_ - a->base_);
      },
      this);
}

size_t Arena::round_up(size_t n) const { return ((n ? n : 1) + unit_ - 1 + (kApart ? unit_ : 0)) & ~(unit_ - 1); }

void Arena::insert(uintptr_t at, size_t size) {
  by_address_.emplace(at, size);
  by_size_.emplace(size, at);
}

void *Arena::alloc(size_t bytes) {
  size_t n = round_up(bytes);
  void *p = take(n);
  if (p) {
    sanitizer_poison(p, n);
    sanitizer_unpoison(p, bytes);
  }
  return p;
}

void *Arena::take(size_t n) {
  std::lock_guard guard(lock_);
  auto it = by_size_.lower_bound(n);
  if (it != by_size_.end()) {
    auto [size, at] = *it;
    by_size_.erase(it);
    by_address_.erase(at);
    if (size > n) insert(at + n, size - n);
    return reinterpret_cast<void *>(at);
  }
  if (end_ - fresh_ < n) return nullptr;
  uintptr_t at = fresh_;
  fresh_ += n;
  return reinterpret_cast<void *>(at);
}

void Arena::free(void *p, size_t bytes) {
  size_t n = round_up(bytes);
  uintptr_t at = reinterpret_cast<uintptr_t>(p);
  sanitizer_poison(p, n);
  std::lock_guard guard(lock_);
  auto drop = [this](std::map<uintptr_t, size_t>::iterator it) {
    for (auto [s, e] = by_size_.equal_range(it->second); s != e; ++s)
      if (s->second == it->first) {
        by_size_.erase(s);
        break;
      }
    by_address_.erase(it);
  };
  auto next = by_address_.lower_bound(at);
  if (next != by_address_.end() && next->first == at + n) {
    n += next->second;
    drop(next);
    next = by_address_.lower_bound(at);
  }
  if (next != by_address_.begin()) {
    auto before = std::prev(next);
    if (before->first + before->second == at) {
      at = before->first;
      n += before->second;
      drop(before);
    }
  }
  if (n >= kReturnAbove) {
    uintptr_t from = (at + 4095) & ~uintptr_t{4095}, to = (at + n) & ~uintptr_t{4095};
    if (to > from) madvise(reinterpret_cast<void *>(from), to - from, MADV_DONTNEED);
  }
  if (at + n == fresh_) fresh_ = at;
  else insert(at, n);
}

} // namespace joist::runtime
