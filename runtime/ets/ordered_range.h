// Holding a range of an ordered_set table. Private to the ordered store.
#pragma once
#include "runtime/ets/ordered_store.h"

namespace joist::runtime::ets {

// Finds and locks a range; `find` answers the candidate and is asked again when that one has been replaced meanwhile.
struct OrderedStore::Access {
  OrderedStore &store;
  Range *range;
  bool write, contended = false, locked;
  template <class Find> Access(OrderedStore &s, bool for_writing, Find find) : store(s), write(for_writing) {
    locked = s.shape_.fine_locked;
    for (;;) {
      range = find();
      if (!locked) return;
      if (write) {
        if (!range->lock.try_lock()) {
          contended = true;
          range->lock.lock();
        }
      } else {
        range->lock.lock_shared();
      }
      if (!range->replaced) return;
      release_lock();
    }
  }
  Access(const Access &) = delete;
  ~Access() { release(); }
  void release() {
    if (!range) return;
    // May replace the range, so the lock is still held.
    if (locked && write) store.adapt(range, contended);
    if (locked) release_lock();
    range = nullptr;
  }

private:
  void release_lock() {
    if (write) range->lock.unlock();
    else range->lock.unlock_shared();
  }
};

} // namespace joist::runtime::ets
