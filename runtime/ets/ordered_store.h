// ordered_set tables.
//
// Keys are partitioned into ranges, each a balanced tree of its own. Without write_concurrency there is one range, guarded by the
// table's lock. With it a range has a lock, and ranges adapt to contention: one whose lock is fought over is split in two, one that is
// left alone is joined with its neighbour. A sorted array of the ranges (Route) leads to them; it is immutable, replaced as a whole
// under route_lock_, and read without a lock: replaced routes and ranges are freed by thread progress. A range that has been replaced
// is marked so under its lock; whoever finds that looks again.
// Order of locks: range, then further ranges and route_lock_ by trying only.
#pragma once
#include "runtime/ets/avl.h"
#include "runtime/ets/lock.h"
#include "runtime/ets/store.h"

#include <mutex>

namespace joist::runtime::ets {

class OrderedStore final : public Store {
public:
  explicit OrderedStore(const TableShape &shape);
  ~OrderedStore() override;

  bool put(Term tuple, bool only_new) override;
  Term lookup(Term key, Heap &h) override;
  Status lookup_element(Term key, Word element, Heap &h, Term *out) override;
  bool member(Term key) override;
  void erase(Term key) override;
  void erase_object(Term tuple) override;
  Term take(Term key, Heap &h) override;
  UpdateResult update(Term key, Term default_tuple, Updater &u) override;
  Status first(Heap &h, Term *key) override;
  Status last(Heap &h, Term *key) override;
  Status next(Term key, Heap &h, Term *out) override;
  Status prev(Term key, Heap &h, Term *out) override;
  Status slot(Word n, Heap &h, Term *out) override;
  Status raw_first(Heap &h, Term *key) override { return first(h, key); }
  Status raw_next(Term key, Heap &h, Term *out) override { return next(key, h, out); }
  Term binaries(Term key, Heap &h) override;
  std::unique_ptr<Garbage> clear(bool keep_keys) override;
  Word table_words() const override;
  Term stats(Heap &h) override;

  struct Visitor {
    enum class Action : uint8_t { Pass, Count, Delete, Replace };
    virtual ~Visitor() = default;
    virtual Action visit(const Object &o) = 0;
    Term replacement = Term::none();
  };
  struct Traversal {
    bool change = false; // visitor deletes or replaces
    bool backwards = false;
    Term start = Term::none(); // none: from the first (last) object
    bool start_partial =
        false; // start is a pattern: begin with the first (last) key it can match. Else: after (before) it
    Term end = Term::none(); // pattern of the last key to look at, or none
    bool exactly = false;    // look only at the object whose key is `start`
    int64_t limit = 0;       // stop after so many were counted; 0: no limit
    int64_t got = 0, budget = 1000;
    bool ended = false;  // out: nothing is left to look at
    StoredTerm last_key; // out: of the object visited last, where not ended
  };
  void traverse(Traversal &t, Visitor &v);

  size_t range_count() const { return route_.load(std::memory_order_acquire)->ranges.size(); }
  // For tests: splits (joins) the range of `key` now.
  void force_split(Term key);
  void force_join(Term key);

private:
  struct Range {
    RwLock lock;
    bool replaced = false;
    TreeNode *root = nullptr;
    std::shared_ptr<StoredTerm> low, high; // keys of this range: low <= key < high; null: unbounded
    int contention = 0;                    // guarded by lock
  };
  struct Route {
    std::vector<Range *> ranges;
  };
  struct Access; // a locked range
  struct TreeGarbage;

  enum class Side : uint8_t { At, Below }; // the range of the target itself, or that of the keys just below it
  Range *range_of(const avl::Target *t, Side side) const;
  Range *first_range() const { return route_.load(std::memory_order_acquire)->ranges.front(); }
  Range *last_range() const { return route_.load(std::memory_order_acquire)->ranges.back(); }
  // Key of the object that a search in one direction finds first.
  Status step(Term key, bool from_end, bool backwards, Heap &h, Term *out);
  void adapt(Range *r, bool contended);
  void split(Range *r);
  void join(Range *r);
  void replace(std::initializer_list<Range *> old, std::initializer_list<Range *> fresh);
  void count(Range *r, int items, int64_t words);

  const TableShape shape_;
  std::atomic<Route *> route_;
  std::mutex route_lock_;
};

} // namespace joist::runtime::ets
