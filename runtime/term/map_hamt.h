// The trie behind maps of more than 32 keys; used by map.cpp and by the BIFs that build and merge large maps in slices.
#pragma once
#include "runtime/term/hash.h"
#include "runtime/term/map.h"
namespace joist::runtime::hamt {
// Walks the hash of a key level by level, rehashing with the next salt every eight levels.
class KeyHash {
public:
  explicit KeyHash(Term key, unsigned level = 0)
      : key_(key), level_(level), bits_(map_hash(key, level / 8) >> 4 * (level % 8)) {}
  unsigned slot() const { return bits_ & 15; }
  void down() { bits_ = ++level_ % 8 ? bits_ >> 4 : map_hash(key_, level_ / 8); }

private:
  Term key_;
  unsigned level_;
  uint32_t bits_;
};
const Term *find(Term map, Term key);
Term put(Heap &h, Term map, Term key, Term value, bool only_existing); // none: absent and only_existing
Term remove(Heap &h, Term map, Term key, Term *removed);               // may go down to a flat map
Term from_pairs(Heap &h, const Term *pairs, Word n, bool *duplicates); // n > 0; flat if few are distinct
Term merge(Heap &h, Term a, Term b);                                   // two hash maps
[[noreturn]] void too_deep();

// Merge of two hash maps that may stop and go on later.
class Merger {
public:
  Merger(Term a, Term b);
  explicit Merger(Term saved);
  Term run(Heap &h, int64_t *budget); // the merged map, or none when the budget (nodes visited) is used up
  Term save(Heap &h) const;           // state as a term, after run() has given none

private:
  struct Frame { // a pair of nodes (or a leaf on one side) being merged
    Term a, b;
    uint32_t bits_a, bits_b;
    unsigned slot, n;  // next slot to look at, children made so far
    bool all_a, all_b; // those are a's (b's) very children
    Term kids[16];
  };
  void enter(Term a, Term b);
  static void side(Frame &f, Term t, unsigned level, uint32_t *bits);
  static void add(Frame &f, Term child, Term in_a, Term in_b);
  Word total_;
  unsigned depth_ = 0;
  Frame frames_[kHamtMaxDepth];
};

// A root (count > 0) or an inner node (count = 0), children uninitialised.
Term make_node(Heap &h, Word count, uint32_t bitmap, Term **children);
} // namespace joist::runtime::hamt
