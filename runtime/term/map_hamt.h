// The trie behind maps of more than 32 keys; used by map.cpp only.
#pragma once
#include "runtime/term/hash.h"
#include "runtime/term/map.h"
namespace joist::runtime::hamt {
// Walks the hash of a key level by level, rehashing with the next salt every eight levels.
class KeyHash {
public:
  explicit KeyHash(Term key, unsigned level = 0) : key_(key), level_(level), bits_(map_hash(key, level / 8) >> 4 * (level % 8)) {}
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
// A root (count > 0) or an inner node (count = 0), children uninitialised.
Term make_node(Heap &h, Word count, uint32_t bitmap, Term **children);
} // namespace joist::runtime::hamt
