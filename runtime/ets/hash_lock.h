// Holding one stripe of a hash table (nothing, where the table's own lock is enough). Private to the hash store.
#pragma once
#include "runtime/ets/hash_store.h"

namespace joist::runtime::ets {

struct HashStore::Lock {
  HashStore &store;
  RwLock *held = nullptr;
  bool write;
  Lock(HashStore &s, Word hash_or_slot, bool for_writing) : store(s), write(for_writing) { take(hash_or_slot); }
  Lock(const Lock &) = delete;
  ~Lock() { release(); }
  void take(Word hash_or_slot) {
    if (!store.stripes_) return;
    held = &store.stripes_[hash_or_slot & (store.stripe_count_ - 1)].lock;
    if (write) held->lock();
    else held->lock_shared();
  }
  void release() {
    if (!held) return;
    if (write) held->unlock();
    else held->unlock_shared();
    held = nullptr;
  }
  // Goes on to the slot after `*slot`, of this stripe or the next. False: that was the last one; nothing is held then.
  bool next_slot(Word *slot) {
    bool same;
    *slot = store.next_slot(*slot, &same);
    if (same) return true;
    release();
    if (*slot == 0) return false;
    take(*slot);
    return true;
  }
};

} // namespace joist::runtime::ets
