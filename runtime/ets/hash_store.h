// Linear hashing: the table of set, bag and duplicate_bag.
//
// Order of objects (visible through first/next, slot, tab2list...) is stock's: 256 buckets at first; one bucket is split
// when there are more objects than buckets; a new key goes to the end of its chain, a further object of a bag's key in front of
// that key's objects, so that chains read backwards give insertion order.
//
// With fine locking bucket i is guarded by stripe i mod n. n is a power of two not above the number of buckets, so a bucket and the
// one that it is split into (or joined with) share a stripe: whoever holds the stripe may compute bucket indices of its hashes and
// finds them stable. Buckets are added and removed by one thread at a time (resizing_).
// While the table is fixed, nothing moves: no splits, no joins, and deleted objects stay in place, marked.
#pragma once
#include "runtime/ets/lock.h"
#include "runtime/ets/store.h"

#include <mutex>

namespace joist::runtime::ets {

uint32_t key_hash(Term key);

class HashStore final : public Store {
public:
  HashStore(const TableShape &shape, std::atomic<int> &fix_count);
  ~HashStore() override;

  bool put(Term tuple, bool only_new) override;
  Term lookup(Term key, Heap &h) override;
  Status lookup_element(Term key, Word element, Heap &h, Term *out) override;
  bool member(Term key) override;
  void erase(Term key) override;
  void erase_object(Term tuple) override;
  Term take(Term key, Heap &h) override;
  UpdateResult update(Term key, Term default_tuple, Updater &u) override;
  Term add_small(Term key, Word element, Term increment) override;
  Status first(Heap &h, Term *key) override { return first_key(h, key, false); }
  Status last(Heap &h, Term *key) override { return first(h, key); }
  Status next(Term key, Heap &h, Term *out) override { return next_key(key, h, out, false); }
  Status prev(Term key, Heap &h, Term *out) override { return next(key, h, out); }
  Status slot(Word n, Heap &h, Term *out) override;
  Status raw_first(Heap &h, Term *key) override { return first_key(h, key, true); }
  Status raw_next(Term key, Heap &h, Term *out) override { return next_key(key, h, out, true); }
  Term binaries(Term key, Heap &h) override;
  std::unique_ptr<Garbage> clear(bool keep_keys) override;
  Word table_words() const override;
  Term stats(Heap &h) override;

  // Removes what is marked as deleted, after the last fixation has gone. The table lock is held exclusively, or shared with fine
  // locking. Answers the number of objects removed.
  Word purge();
  bool needs_purge();

  // --- traversal by match specifications (hash_traverse.cpp)
  struct Visitor {
    enum class Action : uint8_t { Pass, Count, Delete, Replace };
    virtual ~Visitor() = default;
    virtual Action visit(const Object &o) = 0;
    Term replacement = Term::none(); // for Replace: a tuple with the same key
  };
  struct Traversal {
    bool change = false;    // visitor deletes or replaces: buckets are locked for writing
    int own_fixations = 0;  // fixations that the caller itself has made
    int64_t slot = 0;       // where to go on; -1: at the end
    std::vector<Term> keys; // look only at these keys' buckets (then `slot` is not used)
    bool only_keys = false;
    int64_t limit = 0;              // stop at the end of the bucket after so many were counted; 0: no limit
    int64_t got = 0, budget = 1000; // objects counted so far; objects that may still be visited
  };
  // False: `slot` does not exist (any more).
  bool traverse(Traversal &t, Visitor &v);

private:
  static constexpr Word kFirst = 256, kSegment = 2048;
  struct alignas(64) Stripe {
    RwLock lock;
  };
  struct Lock; // holds a stripe
  struct HashGarbage;

  bool is_fixed() const { return fix_count_.load(std::memory_order_seq_cst) > 0; }
  HashNode *&bucket(Word i) const;
  Word index_of(uint32_t hash) const;
  Word active() const { return active_.load(std::memory_order_acquire); }
  // The slot after `i` in traversal order; 0 at the end. *same_stripe: the lock need not change.
  Word next_slot(Word i, bool *same_stripe) const;
  bool has_key(const HashNode *n, Term key, uint32_t hash) const;
  HashNode **find(Term key, uint32_t hash, bool live) const; // null if absent
  Term list_of(HashNode *from, HashNode *to, Heap &h) const;
  HashNode *group_end(HashNode *n, Term key, uint32_t hash) const;
  HashNode *next_live(HashNode *n, Word *slot, Lock &lock, bool deleted_too);
  Status first_key(Heap &h, Term *key, bool deleted_too);
  Status next_key(Term key, Heap &h, Term *out, bool deleted_too);
  bool defer_deletion(Word slot, int own_fixations);
  // Takes *at out: marks it if the table is fixed and it is the first of its key (one marked object is enough to keep the
  // key's place), else unlinks it into *dropped. Answers where the one behind it hangs.
  HashNode **take_out(HashNode **at, bool first, HashNode **dropped);
  void put_back(std::vector<uint32_t> slots);
  // All buckets with what is in them; make_buckets must follow unless the store ends.
  std::unique_ptr<Garbage> give_up_buckets();
  void make_buckets();
  void add_segment();
  void grow(int64_t items);
  void maybe_grow(uint32_t hash);
  void shrink(int64_t items);
  void maybe_shrink(uint32_t hash);
  int64_t shrink_limit() const;
  void count(const HashNode *n, int sign) { counters.add(n->hash, sign, sign * int64_t(node_words(n))); }
  void drop_later(HashNode **list, HashNode *n) { n->next = *list, *list = n; }
  void free_list(HashNode *list);

  const TableShape shape_;
  std::atomic<int> &fix_count_;
  unsigned stripe_count_ = 1;
  std::unique_ptr<Stripe[]> stripes_;
  std::atomic<Word> active_{kFirst}, mask_{kFirst - 1};
  std::atomic<Word> slots_{kFirst}; // buckets that have memory
  std::atomic<bool> resizing_{false};
  HashNode **first_ = nullptr;
  std::atomic<HashNode ***> blocks_[24] = {}; // block b: directory of 256 << b segments (256 each for b = 0 and 1)
  std::mutex deferred_lock_;
  std::vector<uint32_t> deferred_; // buckets with deleted objects
};

} // namespace joist::runtime::ets
