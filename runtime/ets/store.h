// What a table can do with its objects, whatever they are kept in. HashStore serves set, bag and duplicate_bag;
// OrderedStore serves ordered_set.
//
// Locking: the caller holds the table's lock: shared for reading, and for changing exclusively, or shared where the
// store locks parts of itself (fine_locked). Nothing here collects garbage or runs Erlang code. Results go to `h`.
#pragma once
#include "runtime/ets/object.h"

#include <atomic>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace joist::runtime::ets {

enum class TableType : uint8_t { Set, Bag, DuplicateBag, OrderedSet };

// What is fixed when a table is made.
struct TableShape {
  TableType type = TableType::Set;
  Word keypos = 1;
  bool compressed = false;
  bool fine_locked = false; // write_concurrency
  bool automatic = false;   // write_concurrency auto
  bool read_concurrency = false;
  bool decentralized_counters = false;
  unsigned locks = 0; // asked for by {debug_hash_fixed_number_of_locks, N}; 0: default
  bool is_bag() const { return type == TableType::Bag || type == TableType::DuplicateBag; }
};

// Objects and words of memory. One pair of counters, or one per part of the table.
class Counters {
public:
  void spread(bool on) {
    if (on) parts_ = std::make_unique<Part[]>(kParts);
  }
  void add(uint32_t part, int64_t items, int64_t words) {
    Part &p = parts_ ? parts_[part % kParts] : central_;
    if (items) p.items.fetch_add(items, std::memory_order_relaxed);
    if (words) p.words.fetch_add(words, std::memory_order_relaxed);
  }
  int64_t items() const { return sum(&Part::items); }
  int64_t words() const { return sum(&Part::words); }
  // Cheap guess from one part.
  int64_t items_estimate(uint32_t part) const {
    return parts_ ? parts_[part % kParts].items.load(std::memory_order_relaxed) * int64_t(kParts)
                  : central_.items.load(std::memory_order_relaxed);
  }
  void reset() {
    central_.items = central_.words = 0;
    for (unsigned i = 0; parts_ && i < kParts; i++) parts_[i].items = parts_[i].words = 0;
  }
  bool is_spread() const { return parts_ != nullptr; }
  static constexpr unsigned kParts = 64;

private:
  struct alignas(64) Part {
    std::atomic<int64_t> items{0}, words{0};
  };
  int64_t sum(std::atomic<int64_t> Part::*field) const {
    int64_t n = (central_.*field).load(std::memory_order_relaxed);
    for (unsigned i = 0; parts_ && i < kParts; i++) n += (parts_[i].*field).load(std::memory_order_relaxed);
    return n < 0 ? 0 : n;
  }
  Part central_;
  std::unique_ptr<Part[]> parts_;
};

enum class Status : uint8_t { Ok, BadKey, BadItem, EndOfTable };

// Changes elements of one object under its lock.
struct Updater {
  virtual ~Updater() = default;
  // Looks at the object (or the default that is about to be inserted) and fills `changes` with {element, new value}.
  // False: leave the table as it was.
  virtual bool apply(Term tuple) = 0;
  std::vector<std::pair<Word, Term>> changes;
};
enum class UpdateResult : uint8_t { NoKey, Refused, Done };

// What an update comes to: nothing more to do (result says why), or tuple() is to replace the old object, or to be the
// key's first. Valid while the old object is locked.
class UpdatePlan {
public:
  // old: the object with the key, null if there is none. A change from immediate to immediate is made in place at once.
  UpdatePlan(Updater &u, Object *old, Term key, Term default_tuple, Word keypos);
  bool settled() const { return copy_.empty(); }
  UpdateResult result() const { return result_; }
  Term tuple() { return Term::boxed(copy_.data()); }

private:
  UpdateResult result_ = UpdateResult::Done;
  std::optional<ObjectView> view_; // what copy_ refers to
  std::vector<Word> copy_;
};

// Objects detached from a table, freed piece by piece.
struct Garbage {
  virtual ~Garbage() = default;
  // Frees some; at most about `budget` units of work are done and subtracted. True when nothing is left.
  virtual bool free_some(int64_t *budget) = 0;
};

class Store {
public:
  virtual ~Store() = default;
  virtual bool put(Term tuple, bool only_new) = 0; // false: key exists (only_new)
  virtual Term lookup(Term key, Heap &h) = 0;      // list of objects
  virtual Status lookup_element(Term key, Word element, Heap &h, Term *out) = 0;
  virtual bool member(Term key) = 0;
  virtual void erase(Term key) = 0;
  virtual void erase_object(Term tuple) = 0;
  virtual Term take(Term key, Heap &h) = 0;
  virtual UpdateResult update(Term key, Term default_tuple, Updater &u) = 0; // set and ordered_set only
  // The usual update_counter: adds a small integer to an element that is one, and answers the sum. none: not to be done
  // so (nothing has changed); update() does it, or tells what is wrong.
  virtual Term add_small(Term key, Word element, Term increment) { return Term::none(); }
  virtual Status first(Heap &h, Term *key) = 0;
  virtual Status last(Heap &h, Term *key) = 0;
  virtual Status next(Term key, Heap &h, Term *out) = 0;
  virtual Status prev(Term key, Heap &h, Term *out) = 0;
  virtual Status slot(Word n, Heap &h, Term *out) = 0; // BadItem: no such slot
  // As first and next, including keys of which only deleted objects are kept.
  virtual Status raw_first(Heap &h, Term *key) = 0;
  virtual Status raw_next(Term key, Heap &h, Term *out) = 0;
  virtual Term binaries(Term key, Heap &h) = 0; // object_binaries of all objects of the key
  // Empties the table. With the table lock held exclusively. `keep_keys`: objects stay as deleted ones (table is fixed).
  virtual std::unique_ptr<Garbage> clear(bool keep_keys) = 0;
  virtual Word table_words() const = 0; // memory beside the objects
  virtual Term stats(Heap &h) = 0;      // ets:info(T, stats)
  Counters counters;
};

} // namespace joist::runtime::ets
