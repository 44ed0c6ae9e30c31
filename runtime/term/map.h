// Maps: flat (sorted key tuple) up to 32 keys, else a hash-array-mapped trie of map_hash (hash.h), fan-out 16, with the
// same structure as stock's, so that iteration order agrees. All functions take any map; results are built in h, sharing
// structure with their arguments (updates of existing keys share the key tuple). None of them collects or yields;
// those that grow with the map's size say so.
//
// HAMT in memory (boxed.h): the root is [hdr][count][bitmap][child..], an inner node [hdr][bitmap][child..]. The bitmap
// is a small integer term with one bit per occupied slot; children stand in slot order. A child is a leaf, the cons
// cell [key|value], or an inner node (boxed). Slot of a key on level L: bits 4*(L mod 8).. of map_hash(key, L div 8).
#pragma once
#include "runtime/mem/heap.h"
namespace joist::runtime {
inline constexpr int kHamtMaxDepth = 24; // levels: 96 bits of hash; two keys never agree in that many

Term map_empty(Heap &h);
const Term *map_find(Term map, Term key); // null if absent; pointer into the map
Term map_put(Heap &h, Term map, Term key, Term value);
Term map_update_existing(Heap &h, Term map, Term key, Term value);     // none if absent
Term map_remove(Heap &h, Term map, Term key, Term *removed = nullptr); // same map if absent (then *removed is none)
Term map_merge(Heap &h, Term a, Term b);                               // b wins. Time linear in the parts not shared
// From n pairs k0,v0,k1,v1...; later duplicates win; *duplicates tells if there were any. Time n log n.
Term map_from_pairs(Heap &h, const Term *pairs, Word n, bool *duplicates = nullptr);
// In stock's order: ascending for flat maps, *reverse* iteration order for hash maps. Time linear.
Term map_keys(Heap &h, Term map);
Term map_values(Heap &h, Term map);
Term map_to_list(Heap &h, Term map);
// Instructions put_map_assoc / put_map_exact: n pairs of key, value. none: badkey (exact), key in *bad_key.
Term map_put_many(Heap &h, Term map, const Term *pairs, Word n, bool exact, Term *bad_key);

// Children of a hash map's root or of an inner node.
struct HamtNode {
  uint32_t bitmap;
  unsigned count;
  Term *child;
  explicit HamtNode(Term node) {
    Word *b = node.box();
    Word *at = b + (header_kind(*b) == Kind::HashMap ? 2 : 1);
    bitmap = uint32_t(Term(*at).small_value());
    count = unsigned(std::popcount(bitmap));
    child = reinterpret_cast<Term *>(at + 1);
  }
};

// Iterates in stock's order.
struct MapIterator {
  explicit MapIterator(Term map);
  bool next(Term *key, Term *value);

private:
  Term map_;
  Word index_ = 0;
  int depth_ = 0;
  struct Level {
    Term node;
    Word at;
  } levels_[kHamtMaxDepth];
};
} // namespace joist::runtime
