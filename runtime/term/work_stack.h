// Explicit stack for walks over terms of any depth: N items without allocation, more from the C heap.
#pragma once
#include "runtime/term/term.h"

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <type_traits>

namespace joist::runtime {
template <class T, size_t N> class WorkStack {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

public:
  WorkStack() : items_(reinterpret_cast<T *>(inline_)), size_(0), capacity_(N) {}
  WorkStack(const WorkStack &) = delete;
  ~WorkStack() {
    if (items_ != reinterpret_cast<T *>(inline_)) free(items_);
  }
  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  const T *begin() const { return items_; } // the first one pushed
  const T *end() const { return items_ + size_; }
  [[gnu::always_inline]] void push(const T &t) {
    if (size_ == capacity_) [[unlikely]]
      grow();
    items_[size_++] = t;
  }
  [[gnu::always_inline]] T pop() { return items_[--size_]; }
  T &top() { return items_[size_ - 1]; }
  void shrink(size_t n) { size_ = n; }

private:
  [[gnu::noinline, gnu::cold]] void grow() {
    bool was_inline = items_ == reinterpret_cast<T *>(inline_);
    void *p = was_inline ? malloc(2 * capacity_ * sizeof(T)) : realloc(items_, 2 * capacity_ * sizeof(T));
    if (!p) abort();
    if (was_inline) memcpy(p, inline_, size_ * sizeof(T));
    items_ = static_cast<T *>(p);
    capacity_ *= 2;
  }
  T *items_;
  size_t size_, capacity_;
  alignas(T) unsigned char inline_[N * sizeof(T)];
};
// What a walk has yet to visit: tails of iodata, parts of a term.
using TermStack = WorkStack<Term, 32>;
} // namespace joist::runtime
