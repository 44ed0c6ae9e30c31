// Building tries bottom-up from key-value pairs in any array. An entry is a 64-bit number: the key's hash with its
// nibbles reversed (so that sorting gives slot order) above the pair's position (so that later pairs come later).
#pragma once
#include "runtime/term/compare.h"
#include "runtime/term/map_hamt.h"
#include <algorithm>

namespace joist::runtime::hamt {

// Sources of pairs.
struct PairSource { // k0, v0, k1, v1, ...
  const Term *pairs;
  Term key(Word i) const { return pairs[2 * i]; }
  Term value(Word i) const { return pairs[2 * i + 1]; }
};
struct ElementSource { // {K, V} tuples, or keys with a common value
  const Term *elements;
  Term common; // none: tuples
  Term key(Word i) const { return common.is_none() ? tuple_elements(elements[i])[0] : elements[i]; }
  Term value(Word i) const { return common.is_none() ? tuple_elements(elements[i])[1] : common; }
};

inline uint32_t reverse_nibbles(uint32_t x) {
  x = __builtin_bswap32(x);
  return (x & 0x0f0f0f0fu) << 4 | (x >> 4 & 0x0f0f0f0fu);
}

template <class S> uint64_t order_of(const S &source, Word i, unsigned level_group = 0) {
  return uint64_t(reverse_nibbles(map_hash(source.key(i), level_group))) << 32 | uint32_t(i);
}

// Sorts n entries of level group 0 and drops all but the last of equal keys. Returns how many stay.
template <class S> Word sort_unique(const S &source, uint64_t *order, Word n, bool *duplicates) {
  std::sort(order, order + n);
  Word kept = 0;
  for (Word i = 0; i < n;) {
    // Few distinct keys share a hash, so the inner walk is short.
    Word group = kept;
    uint32_t hash = uint32_t(order[i] >> 32);
    for (; i < n && uint32_t(order[i] >> 32) == hash; i++) {
      Term key = source.key(uint32_t(order[i]));
      Word j = group;
      while (j < kept && !eq(source.key(uint32_t(order[j])), key)) j++;
      if (j < kept) {
        if (duplicates) *duplicates = true;
      } else {
        kept++;
      }
      order[j] = order[i];
    }
  }
  return kept;
}

// Trie of n >= 1 entries, unique and sorted by the hash of the level's group of eight: a leaf where n is 1 and it is not
// the root. count: that of the root, else 0. Recursion is bounded by kHamtMaxDepth.
template <class S> Term subtree(Heap &h, const S &source, uint64_t *order, Word n, unsigned level, Word count) {
  if (n == 1 && !count) return make_cons(h, source.key(uint32_t(*order)), source.value(uint32_t(*order)));
  if (level >= unsigned(kHamtMaxDepth)) too_deep();
  uint64_t *end = order + n;
  if (level && level % 8 == 0) {
    for (uint64_t *e = order; e < end; e++) *e = order_of(source, uint32_t(*e), level / 8);
    std::sort(order, end);
  }
  unsigned shift = 60 - 4 * (level % 8), kids = 0;
  uint32_t bitmap = 0;
  Term made[16];
  for (uint64_t *e = order; e < end;) {
    unsigned slot = *e >> shift & 15;
    uint64_t *next = std::upper_bound(e, end, slot, [shift](unsigned s, uint64_t x) { return s < (x >> shift & 15); });
    made[kids++] = subtree(h, source, e, Word(next - e), level + 1, 0);
    bitmap |= 1u << slot;
    e = next;
  }
  Term *c;
  Term r = make_node(h, count, bitmap, &c);
  std::copy_n(made, kids, c);
  return r;
}

} // namespace joist::runtime::hamt
