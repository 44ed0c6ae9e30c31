// Hash tables: going through buckets for match specifications.
#include "runtime/ets/hash_lock.h"

namespace joist::runtime::ets {

bool HashStore::traverse(Traversal &t, Visitor &v) {
  if (t.slot < 0 && !t.only_keys) return true;
  HashNode *dropped = nullptr;
  std::vector<uint32_t> slots; // of the keys, each once
  size_t next_of_keys = 0;
  Word slot;
  if (t.only_keys) {
    for (Term key : t.keys) {
      uint32_t hash = key_hash(key);
      Lock lock(*this, hash, false);
      uint32_t s = uint32_t(index_of(hash));
      if (std::find(slots.begin(), slots.end(), s) == slots.end()) slots.push_back(s);
    }
    if (slots.empty()) {
      t.slot = -1;
      return true;
    }
    slot = slots[next_of_keys++];
  } else {
    slot = Word(t.slot);
  }
  uint32_t last_hash = 0;
  {
    Lock lock(*this, slot, t.change);
    if (slot >= active()) return false;
    for (;;) {
      if (Word after = slot + 4 * stripe_count_; after < active()) // under the same lock. Nodes are anywhere in memory
        if (HashNode *n = bucket(after)) __builtin_prefetch(n), __builtin_prefetch(reinterpret_cast<char *>(n) + 64);
      bool deferred = false; // this bucket is noted already
      for (HashNode **at = &bucket(slot); *at;) {
        HashNode *n = *at;
        if (n->deleted) {
          at = &n->next;
          continue;
        }
        t.budget--;
        Visitor::Action action = v.visit(n->object);
        if (action == Visitor::Action::Pass) {
          at = &n->next;
          continue;
        }
        t.got++;
        if (action == Visitor::Action::Delete) {
          last_hash = n->hash;
          if (fix_count_.load(std::memory_order_seq_cst) > t.own_fixations &&
              (deferred || defer_deletion(slot, t.own_fixations))) {
            deferred = true;
            n->deleted = 1;
            counters.add(n->hash, -1, 0);
            at = &n->next;
          } else {
            *at = n->next;
            count(n, -1);
            drop_later(&dropped, n);
          }
        } else if (action == Visitor::Action::Replace) {
          HashNode *r = make_hash_node(v.replacement, shape_.keypos, shape_.compressed);
          r->hash = n->hash;
          r->next = n->next;
          *at = r;
          counters.add(n->hash, 0, int64_t(node_words(r)) - int64_t(node_words(n)));
          drop_later(&dropped, n);
          at = &r->next;
        } else {
          at = &n->next;
        }
      }
      if (t.only_keys) {
        lock.release();
        if (next_of_keys == slots.size()) {
          t.slot = -1;
          break;
        }
        slot = slots[next_of_keys++];
        lock.take(slot);
        continue;
      }
      if (!lock.next_slot(&slot)) {
        t.slot = -1;
        break;
      }
      t.slot = int64_t(slot);
      if ((t.limit && t.got >= t.limit) || t.budget <= 0) break;
    }
  }
  free_list(dropped);
  // Not between two slices: a table that only its owner can change is not fixed then.
  if (t.change && t.got && t.slot < 0) maybe_shrink(last_hash);
  return true;
}

} // namespace joist::runtime::ets
