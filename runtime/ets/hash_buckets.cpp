// Hash tables: memory of the buckets, splitting and joining them, deferred deletions.
#include "runtime/atom/atom.h"
#include "runtime/ets/hash_lock.h"
#include "runtime/mem/alloc.h"

#include <cmath>

namespace joist::runtime::ets {
namespace {
// Segment s lies in block b at entry i.
struct Place {
  unsigned block;
  Word entry;
};
Place place_of(Word segment) {
  if (segment < 256) return {0, segment};
  unsigned b = unsigned(std::bit_width(segment >> 8));
  return {b, segment - (Word(256) << (b - 1))};
}
Word block_entries(unsigned block) { return Word(256) << (block ? block - 1 : 0); }
} // namespace

HashNode *&HashStore::bucket(Word i) const {
  if (i < kFirst) return first_[i];
  Place p = place_of((i - kFirst) / kSegment);
  return blocks_[p.block].load(std::memory_order_acquire)[p.entry][(i - kFirst) % kSegment];
}

Word HashStore::index_of(uint32_t hash) const {
  Word mask = mask_.load(std::memory_order_acquire);
  Word i = hash & mask;
  return i < active() ? i : i & (mask >> 1);
}

Word HashStore::next_slot(Word i, bool *same_stripe) const {
  i += stripe_count_;
  *same_stripe = i < active();
  if (*same_stripe) return i;
  return (i + 1) & (stripe_count_ - 1);
}

void HashStore::add_segment() {
  Word segment = (slots_ - kFirst) / kSegment;
  Place p = place_of(segment);
  HashNode ***block = blocks_[p.block].load(std::memory_order_relaxed);
  if (!block) {
    block = static_cast<HashNode ***>(mem_alloc(MemKind::Ets, block_entries(p.block) * sizeof(HashNode **)));
    memset(block, 0, block_entries(p.block) * sizeof(HashNode **));
    blocks_[p.block].store(block, std::memory_order_release);
  }
  block[p.entry] = static_cast<HashNode **>(mem_alloc(MemKind::Ets, kSegment * sizeof(HashNode *)));
  memset(block[p.entry], 0, kSegment * sizeof(HashNode *));
  slots_ += kSegment;
}

Word HashStore::table_words() const {
  Word base = 305;
  if (shape_.fine_locked) base += 16 * stripe_count_ + (shape_.automatic ? 66 : 32);
  else if (shape_.read_concurrency) base += 32;
  Word segments = (slots_ - kFirst) / kSegment;
  return base + segments * kSegment + (segments ? 262 : 0);
}

void HashStore::maybe_grow(uint32_t hash) {
  int64_t items = counters.items_estimate(hash);
  if (items > int64_t(active()) && !is_fixed()) grow(items);
}

void HashStore::grow(int64_t items) {
  for (int rounds = 5; rounds > 0; rounds--) {
    if (resizing_.exchange(true, std::memory_order_acquire)) return; // someone else does it
    Word count = active(), mask = mask_.load(std::memory_order_relaxed);
    if (items <= int64_t(count) || count >= Word(1) << 31) {
      resizing_.store(false, std::memory_order_release);
      return;
    }
    if (count == slots_) add_segment();
    Word from = 0;
    if (count <= mask) from = count & (mask >> 1);
    else mask = mask << 1 | 1;
    HashNode *dropped = nullptr;
    {
      Lock lock(*this, from, true);
      if (is_fixed()) {
        resizing_.store(false, std::memory_order_release);
        return;
      }
      active_.store(count + 1, std::memory_order_release);
      if (from == 0) mask_.store(mask, std::memory_order_release);
      resizing_.store(false, std::memory_order_release);
      HashNode **stay = &bucket(from), **go = &bucket(count);
      *go = nullptr;
      while (HashNode *n = *stay) {
        if (n->deleted) {
          *stay = n->next;
          counters.add(n->hash, 0, -int64_t(node_words(n)));
          drop_later(&dropped, n);
        } else if ((n->hash & mask) != from) {
          *stay = n->next;
          n->next = nullptr;
          *go = n;
          go = &n->next;
        } else {
          stay = &n->next;
        }
      }
    }
    free_list(dropped);
    if (items <= int64_t(count + 1)) return;
  }
}

// Joining starts when a whole segment can be given back and half of the buckets would still be free. Small tables never shrink.
int64_t HashStore::shrink_limit() const {
  if (counters.is_spread() && slots_ < 100 * Counters::kParts) return 0;
  Word least = std::max<Word>(stripe_count_ + kSegment, kFirst + 2 * kSegment);
  return slots_ >= least ? int64_t((slots_ - kSegment) / 2) : 0;
}

void HashStore::maybe_shrink(uint32_t hash) {
  // slots_ may be read stale here; shrink() looks again.
  if (active() <= kFirst + kSegment || is_fixed()) return;
  shrink(counters.items_estimate(hash));
}

void HashStore::shrink(int64_t items) {
  for (int rounds = 5; rounds > 0; rounds--) {
    if (resizing_.exchange(true, std::memory_order_acquire)) return;
    if (items >= shrink_limit()) {
      resizing_.store(false, std::memory_order_release);
      return;
    }
    Word from = active() - 1, low_mask = mask_.load(std::memory_order_relaxed) >> 1, to = from & low_mask;
    HashNode *dropped = nullptr;
    {
      Lock lock(*this, to, true);
      if (is_fixed()) {
        resizing_.store(false, std::memory_order_release);
        return;
      }
      HashNode *moved = bucket(from);
      bucket(from) = nullptr;
      active_.store(from, std::memory_order_release);
      if (to == 0) mask_.store(low_mask, std::memory_order_release);
      HashNode **at = &bucket(to), *rest = *at;
      *at = moved;
      while (HashNode *n = *at) {
        if (n->deleted) {
          *at = n->next;
          counters.add(n->hash, 0, -int64_t(node_words(n)));
          drop_later(&dropped, n);
        } else {
          at = &n->next;
        }
      }
      *at = rest;
    }
    if (slots_ - from >= kSegment) {
      // All buckets of the last segment were removed under their stripes' locks: nobody looks there any more.
      slots_ -= kSegment;
      Place p = place_of((slots_ - kFirst) / kSegment);
      HashNode **&segment = blocks_[p.block].load(std::memory_order_relaxed)[p.entry];
      mem_free(MemKind::Ets, segment);
      segment = nullptr;
    }
    resizing_.store(false, std::memory_order_release);
    free_list(dropped);
  }
}

// --- deletions in a fixed table

// Remembers that `slot` has deleted objects. False: nobody but the caller keeps the table fixed (any more).
bool HashStore::defer_deletion(Word slot, int own_fixations) {
  std::lock_guard guard(deferred_lock_);
  if (fix_count_.load(std::memory_order_seq_cst) <= own_fixations) return false;
  if (deferred_.empty() || deferred_.back() != slot) deferred_.push_back(uint32_t(slot));
  return true;
}

bool HashStore::needs_purge() {
  std::lock_guard guard(deferred_lock_);
  return !deferred_.empty();
}

void HashStore::put_back(std::vector<uint32_t> slots) {
  std::lock_guard guard(deferred_lock_);
  if (deferred_.empty()) deferred_ = std::move(slots);
  else deferred_.insert(deferred_.end(), slots.begin(), slots.end());
}

Word HashStore::purge() {
  Word removed = 0;
  std::vector<uint32_t> slots;
  for (;;) {
    {
      std::lock_guard guard(deferred_lock_);
      if (is_fixed()) return removed;
      slots.swap(deferred_);
    }
    if (slots.empty()) return removed;
    while (!slots.empty()) {
      Word slot = slots.back();
      HashNode *dropped = nullptr;
      {
        Lock lock(*this, slot, true);
        if (is_fixed()) break; // fixed again meanwhile: whoever unfixes it goes on
        slots.pop_back();
        if (slot >= active()) continue; // was joined, and purged then
        for (HashNode **at = &bucket(slot); *at;) {
          HashNode *n = *at;
          if (!n->deleted) {
            at = &n->next;
            continue;
          }
          *at = n->next;
          counters.add(n->hash, 0, -int64_t(node_words(n)));
          drop_later(&dropped, n);
          removed++;
        }
      }
      free_list(dropped);
    }
    if (!slots.empty()) put_back(std::move(slots));
    slots.clear();
    if (is_fixed()) return removed;
  }
}

// --- emptying

struct HashStore::HashGarbage final : Garbage {
  HashNode **first = nullptr;
  HashNode ***blocks[24] = {};
  Word slots = 0; // still to free, from the end
  ~HashGarbage() override {
    int64_t all = INT64_MAX;
    free_some(&all);
  }
  bool free_some(int64_t *budget) override {
    while (slots > 0) {
      bool in_first = slots <= kFirst;
      Word base = in_first ? 0 : slots - kSegment;
      Place p = in_first ? Place{0, 0} : place_of((base - kFirst) / kSegment);
      HashNode **segment = in_first ? first : blocks[p.block][p.entry];
      Word n = in_first ? kFirst : kSegment;
      for (Word i = 0; i < n; i++) {
        while (HashNode *node = segment[i]) {
          if (*budget <= 0) return false;
          segment[i] = node->next;
          free_node(node);
          --*budget;
        }
      }
      *budget -= int64_t(n / 64);
      mem_free(MemKind::Ets, segment);
      slots = base;
    }
    for (auto &b : blocks) {
      mem_free(MemKind::Ets, b);
      b = nullptr;
    }
    return true;
  }
};

std::unique_ptr<Garbage> HashStore::give_up_buckets() {
  auto g = std::make_unique<HashGarbage>();
  g->first = first_;
  g->slots = slots_;
  for (unsigned b = 0; b < 24; b++) g->blocks[b] = blocks_[b].exchange(nullptr, std::memory_order_relaxed);
  return g;
}

void HashStore::make_buckets() {
  first_ = static_cast<HashNode **>(mem_alloc(MemKind::Ets, kFirst * sizeof(HashNode *)));
  memset(first_, 0, kFirst * sizeof(HashNode *));
  slots_ = kFirst;
  active_ = kFirst;
  mask_ = kFirst - 1;
  // Every stripe needs a bucket of its own from the start.
  while (stripe_count_ > slots_) {
    add_segment();
    active_ = slots_.load();
    mask_ = std::bit_ceil(slots_.load()) - 1;
  }
}

std::unique_ptr<Garbage> HashStore::clear(bool keep_keys) {
  if (keep_keys) {
    Word n = active();
    for (Word i = 0; i < n; i++) {
      bool any = false;
      for (HashNode *node = bucket(i); node; node = node->next) {
        if (node->deleted) continue;
        node->deleted = any = true;
        counters.add(node->hash, -1, 0);
      }
      if (any) put_back({uint32_t(i)});
    }
    return nullptr;
  }
  std::unique_ptr<Garbage> g = give_up_buckets();
  make_buckets();
  counters.reset();
  deferred_.clear();
  return g;
}

Term HashStore::stats(Heap &h) {
  double sum = 0, squares = 0;
  Word least = ~Word(0), most = 0, kept = 0, slot = 0;
  Lock lock(*this, slot, false);
  do {
    Word length = 0;
    for (HashNode *n = bucket(slot); n; n = n->next) {
      length++;
      kept += n->deleted;
    }
    sum += double(length);
    squares += double(length) * double(length);
    least = std::min(least, length);
    most = std::max(most, length);
  } while (lock.next_slot(&slot));
  double buckets = double(active()), average = float(sum / buckets);
  double deviation = float(std::sqrt((squares - average * sum) / buckets));
  double expected = float(std::sqrt(average * (1 - 1.0 / buckets)));
  return make_tuple(h, make_uint(h, active()), make_float(h, average), make_float(h, deviation),
                    make_float(h, expected), make_uint(h, least), make_uint(h, most), make_uint(h, kept),
                    make_uint(h, stripe_count_));
}

} // namespace joist::runtime::ets
