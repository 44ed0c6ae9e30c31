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

bool DistSlice::hold(DistEntry *e, bool patient) {
  if (!open_) return false;
  unsigned i = 0;
  while (i < seen_ && entries_[i] != e) i++;
  if (i == kEntries) return false;
  if (i == seen_) entries_[seen_++] = e;
  const unsigned bit = 1u << i;
  const bool holds = (patient || written_ & bit) && e->queue.size() < kPacketsHeld && e->queued < kBytesHeld;
  if (!patient) written_ |= bit;
  held_ = holds ? held_ | bit : held_ & ~bit;
  return holds;
}

void DistSlice::write() {
  const bool open = std::exchange(open_, false);
  for (unsigned i = 0, held = std::exchange(held_, 0); held >> i; i++)
    if (held >> i & 1) dist_kick(entries_[i]);
  open_ = open;
}

void DistSlice::close() {
  flush();
  seen_ = written_ = 0;
}
} // namespace joist::runtime
