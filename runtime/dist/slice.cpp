#include "runtime/dist/slice.h"
#include "runtime/dist/entry.h"

#include <utility>

namespace joist::runtime {
namespace {
// So much is worth a system call of its own, and lets the other side begin.
constexpr size_t kPacketsHeld = 32;
constexpr Word kBytesHeld = 32 * 1024;
} // namespace

constinit thread_local DistSlice dist_slice;

bool DistSlice::hold(DistEntry *e) {
  if (!open_) return false;
  for (unsigned i = 0; i < seen_; i++) {
    if (entries_[i] != e) continue;
    const bool enough = e->queue.size() >= kPacketsHeld || e->queued >= kBytesHeld;
    held_ = enough ? held_ & ~(1u << i) : held_ | 1u << i;
    return !enough;
  }
  if (seen_ < kEntries) entries_[seen_++] = e;
  return false;
}

void DistSlice::write() {
  const bool open = std::exchange(open_, false);
  for (unsigned i = 0, held = std::exchange(held_, 0); held >> i; i++)
    if (held >> i & 1) dist_kick(entries_[i]);
  open_ = open;
}

void DistSlice::close() {
  if (held_) write();
  seen_ = 0;
}
} // namespace joist::runtime
