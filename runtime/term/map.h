// Maps: flat (sorted key tuple) up to 32 keys, else a hash-array-mapped trie of internal_hash, fan-out 16, like
// stock's so that iteration order agrees. All functions take any map; results are built in h, sharing structure.
#pragma once
#include "runtime/mem/heap.h"
namespace joist::runtime {
Term map_empty(Heap &h);
const Term *map_find(Term map, Term key);                   // null if absent; pointer into the map
Term map_put(Heap &h, Term map, Term key, Term value);
Term map_update_existing(Heap &h, Term map, Term key, Term value); // none if absent
Term map_remove(Heap &h, Term map, Term key, Term *removed = nullptr); // same map if absent
Term map_merge(Heap &h, Term a, Term b);                    // b wins
// From n pairs k0,v0,k1,v1...; later duplicates win; *duplicates tells if there were any.
Term map_from_pairs(Heap &h, const Term *pairs, Word n, bool *duplicates = nullptr);
Term map_keys(Heap &h, Term map);
Term map_values(Heap &h, Term map);
Term map_to_list(Heap &h, Term map);
// Instructions put_map_assoc / put_map_exact: n pairs of key, value. none: badkey (exact), key in *bad_key.
Term map_put_many(Heap &h, Term map, const Term *pairs, Word n, bool exact, Term *bad_key);
// Iterates in stock's order.
struct MapIterator {
  explicit MapIterator(Term map);
  bool next(Term *key, Term *value);
private:
  Term map_;
  Word index_ = 0;
  int depth_ = 0;
  struct Level { Term node; Word at; } levels_[24];
};
} // namespace joist::runtime
