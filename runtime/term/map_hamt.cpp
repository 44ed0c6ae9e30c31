#include "runtime/term/map_hamt.h"
#include "runtime/term/compare.h"
#include "runtime/term/map_flat.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace joist::runtime::hamt {
namespace {

struct Step {
  Term node;
  unsigned index; // of the child taken
};

[[noreturn]] void too_deep() {
  fputs("map keys whose hashes agree in 96 bits: cannot store them in one map\n", stderr);
  abort();
}

unsigned child_index(uint32_t bitmap, unsigned slot) { return unsigned(std::popcount(bitmap & ((1u << slot) - 1))); }

bool is_root(Term node) { return kind_of(node) == Kind::HashMap; }

// Copy of `node` (root's count changed by delta) with one child replaced.
Term with_child(Heap &h, Term node, unsigned index, Term child, int64_t delta) {
  HamtNode n(node);
  Term *c;
  Term r = make_node(h, is_root(node) ? Word(int64_t(map_size(node)) + delta) : 0, n.bitmap, &c);
  std::copy_n(n.child, n.count, c);
  c[index] = child;
  return r;
}
Term with_inserted(Heap &h, Term node, unsigned slot, Term child) {
  HamtNode n(node);
  unsigned at = child_index(n.bitmap, slot);
  Term *c;
  Term r = make_node(h, is_root(node) ? map_size(node) + 1 : 0, n.bitmap | 1u << slot, &c);
  std::copy_n(n.child, at, c);
  c[at] = child;
  std::copy_n(n.child + at, n.count - at, c + at + 1);
  return r;
}
Term without(Heap &h, Term node, unsigned index) {
  HamtNode n(node);
  uint32_t bits = n.bitmap;
  for (unsigned i = 0; i < index; i++) bits &= bits - 1;
  Term *c;
  Term r = make_node(h, is_root(node) ? map_size(node) - 1 : 0, n.bitmap & ~(bits & -bits), &c);
  std::copy_n(n.child, index, c);
  std::copy_n(n.child + index + 1, n.count - index - 1, c + index);
  return r;
}
// Rebuilds the path above a changed child.
Term climb(Heap &h, const Step *path, unsigned depth, Term child, int64_t delta) {
  while (depth-- > 0) child = with_child(h, path[depth].node, path[depth].index, child, delta);
  return child;
}
Term make_inner(Heap &h, uint32_t bitmap, Term **c) { return make_node(h, 0, bitmap, c); }

// Subtree for two leaves with different keys that share the slot above `level`.
Term pair_node(Heap &h, Term a, Term b, unsigned level) {
  unsigned chain[kHamtMaxDepth], n = 0;
  KeyHash ha(a.head(), level), hb(b.head(), level);
  while (ha.slot() == hb.slot()) {
    chain[n++] = ha.slot();
    if (level + n >= unsigned(kHamtMaxDepth)) too_deep();
    ha.down();
    hb.down();
  }
  Term *c;
  Term r = make_inner(h, 1u << ha.slot() | 1u << hb.slot(), &c);
  bool a_first = ha.slot() < hb.slot();
  c[0] = a_first ? a : b;
  c[1] = a_first ? b : a;
  while (n-- > 0) {
    Term inner = r;
    r = make_inner(h, 1u << chain[n], &c);
    c[0] = inner;
  }
  return r;
}

Word subtree_size(Term node) { // leaves
  Word n = 0;
  Step stack[kHamtMaxDepth];
  unsigned depth = 0;
  if (node.is_cons()) return 1;
  stack[depth++] = {node, 0};
  while (depth) {
    Step &s = stack[depth - 1];
    HamtNode v(s.node);
    if (s.index == v.count) {
      depth--;
      continue;
    }
    Term c = v.child[s.index++];
    if (c.is_cons()) n++;
    else stack[depth++] = {c, 0};
  }
  return n;
}

} // namespace

Term make_node(Heap &h, Word count, uint32_t bitmap, Term **children) {
  Word n = Word(std::popcount(bitmap));
  Word *b = h.alloc(n + (count ? 3 : 2));
  Word *at = b + 1;
  if (count) {
    b[0] = header(Kind::HashMap, 2 + n);
    *at++ = count;
  } else {
    b[0] = header(Kind::HashNode, 1 + n);
  }
  *at = Term::small(bitmap).raw();
  *children = reinterpret_cast<Term *>(at + 1);
  return Term::boxed(b);
}

const Term *find(Term map, Term key) {
  Term node = map;
  for (KeyHash hash(key);; hash.down()) {
    HamtNode n(node);
    unsigned slot = hash.slot();
    if (!(n.bitmap >> slot & 1)) return nullptr;
    node = n.child[child_index(n.bitmap, slot)];
    if (node.is_cons()) {
      Term *cell = reinterpret_cast<Term *>(node.cell());
      return eq(cell[0], key) ? cell + 1 : nullptr;
    }
  }
}

Term put(Heap &h, Term map, Term key, Term value, bool only_existing) {
  Step path[kHamtMaxDepth];
  unsigned depth = 0;
  Term node = map;
  for (KeyHash hash(key);; hash.down()) {
    HamtNode n(node);
    unsigned slot = hash.slot();
    if (!(n.bitmap >> slot & 1)) {
      if (only_existing) return Term::none();
      Term leaf = make_cons(h, key, value);
      return climb(h, path, depth, with_inserted(h, node, slot, leaf), 1);
    }
    unsigned i = child_index(n.bitmap, slot);
    path[depth++] = {node, i};
    node = n.child[i];
    if (!node.is_cons()) continue;
    if (eq(node.head(), key)) {
      if (node.tail() == value) return map;
      return climb(h, path, depth, make_cons(h, key, value), 0);
    }
    if (only_existing) return Term::none();
    if (depth >= unsigned(kHamtMaxDepth)) too_deep();
    return climb(h, path, depth, pair_node(h, node, make_cons(h, key, value), depth), 1);
  }
}

Term remove(Heap &h, Term map, Term key, Term *removed) {
  Step path[kHamtMaxDepth];
  unsigned depth = 0;
  Term node = map;
  for (KeyHash hash(key);; hash.down()) {
    HamtNode n(node);
    unsigned slot = hash.slot();
    if (!(n.bitmap >> slot & 1)) return map;
    unsigned i = child_index(n.bitmap, slot);
    path[depth++] = {node, i};
    node = n.child[i];
    if (!node.is_cons()) continue;
    if (!eq(node.head(), key)) return map;
    break;
  }
  if (removed) *removed = node.tail();
  if (map_size(map) == kFlatMapMax + 1) {
    Term pairs[2 * kFlatMapMax];
    Word n = 0;
    MapIterator it(map);
    Term k, v;
    while (it.next(&k, &v))
      if (k != node.head()) pairs[n++] = k, pairs[n++] = v;
    return flat::from_pairs(h, pairs, n / 2, nullptr);
  }
  // A node left with a single leaf disappears: the leaf moves up to where another child is. (A node that holds a leaf
  // has at least two children, unless it is the root.)
  depth--;
  HamtNode last(path[depth].node);
  if (depth > 0 && last.count == 2 && last.child[1 - path[depth].index].is_cons()) {
    Term other = last.child[1 - path[depth].index];
    depth--;
    while (depth > 0 && HamtNode(path[depth].node).count == 1) depth--;
    return climb(h, path, depth, with_child(h, path[depth].node, path[depth].index, other, -1), -1);
  }
  return climb(h, path, depth, without(h, path[depth].node, path[depth].index), -1);
}

// --- building from an array

namespace {
struct Entry {
  uint64_t order; // hash with nibbles reversed, so that sorting gives slot order << 32 | input position
};

uint32_t reverse_nibbles(uint32_t x) {
  x = __builtin_bswap32(x);
  return (x & 0x0f0f0f0fu) << 4 | (x >> 4 & 0x0f0f0f0fu);
}

struct Builder {
  Heap &h;
  const Term *pairs;
  Term leaf(uint64_t e) const {
    Word i = uint32_t(e);
    return make_cons(h, pairs[2 * i], pairs[2 * i + 1]);
  }
  // Depth is bounded by kHamtMaxDepth. [from, to): sorted by the hash of this level's group of eight; count: of the
  // root, else 0.
  Term node(uint64_t *from, uint64_t *to, unsigned level, Word count) {
    if (level >= unsigned(kHamtMaxDepth)) too_deep();
    if (level && level % 8 == 0) {
      for (uint64_t *e = from; e < to; e++) {
        uint32_t i = uint32_t(*e);
        *e = uint64_t(reverse_nibbles(map_hash(pairs[2 * Word(i)], level / 8))) << 32 | i;
      }
      std::sort(from, to);
    }
    unsigned shift = 60 - 4 * (level % 8);
    uint32_t bitmap = 0;
    uint64_t *start[17];
    unsigned n = 0;
    for (uint64_t *e = from; e < to;) {
      unsigned slot = *e >> shift & 15;
      start[n++] = e;
      bitmap |= 1u << slot;
      // entries of one slot are contiguous
      e = std::upper_bound(e, to, slot, [shift](unsigned s, uint64_t x) { return s < (x >> shift & 15); });
    }
    start[n] = to;
    Term kids[16];
    for (unsigned i = 0; i < n; i++)
      kids[i] = start[i + 1] - start[i] == 1 ? leaf(*start[i]) : node(start[i], start[i + 1], level + 1, 0);
    Term *c;
    Term r = make_node(h, count, bitmap, &c);
    std::copy_n(kids, n, c);
    return r;
  }
};
} // namespace

Term from_pairs(Heap &h, const Term *pairs, Word n, bool *duplicates) {
  std::vector<uint64_t> order(n);
  for (Word i = 0; i < n; i++)
    order[i] = uint64_t(reverse_nibbles(map_hash(pairs[2 * i], 0))) << 32 | uint32_t(i);
  std::sort(order.begin(), order.end());
  // Among equal hashes the last of equal keys stays. Few distinct keys share a hash, so the inner walk is short.
  Word kept = 0;
  for (Word i = 0; i < n;) {
    Word group = kept;
    uint32_t hash = uint32_t(order[i] >> 32);
    for (; i < n && uint32_t(order[i] >> 32) == hash; i++) {
      Term key = pairs[2 * Word(uint32_t(order[i]))];
      Word j = group;
      while (j < kept && !eq(pairs[2 * Word(uint32_t(order[j]))], key)) j++;
      if (j < kept) {
        if (duplicates) *duplicates = true;
      } else {
        kept++;
      }
      order[j] = order[i];
    }
  }
  if (kept <= kFlatMapMax) {
    Term few[2 * kFlatMapMax];
    for (Word i = 0; i < kept; i++) {
      Word at = 2 * Word(uint32_t(order[i]));
      few[2 * i] = pairs[at];
      few[2 * i + 1] = pairs[at + 1];
    }
    return flat::from_pairs(h, few, kept, nullptr);
  }
  return Builder{h, pairs}.node(order.data(), order.data() + kept, 0, kept);
}

// --- merge

namespace {
// A pair of nodes being merged: slots of both, and the children made so far.
struct MergeFrame {
  Term a, b;         // inner nodes, the roots, or a leaf on one side (seen as a node with one child)
  uint32_t bits_a, bits_b;
  const Term *kids_a, *kids_b;
  Term leaf;         // storage for the one child of a leaf
  unsigned slot;     // next slot to look at
  unsigned n;        // children made
  bool all_a, all_b; // result so far consists of a's (b's) very children
  Term kids[16];
};

void frame_side(MergeFrame &f, Term t, unsigned level, uint32_t *bits, const Term **kids) {
  if (t.is_cons()) {
    f.leaf = t;
    *bits = 1u << KeyHash(t.head(), level).slot();
    *kids = &f.leaf;
  } else {
    HamtNode n(t);
    *bits = n.bitmap;
    *kids = n.child;
  }
}
void frame_init(MergeFrame &f, Term a, Term b, unsigned level) {
  if (level >= unsigned(kHamtMaxDepth)) too_deep();
  f.a = a;
  f.b = b;
  f.slot = f.n = 0;
  f.all_a = !a.is_cons();
  f.all_b = !b.is_cons();
  frame_side(f, a, level, &f.bits_a, &f.kids_a);
  frame_side(f, b, level, &f.bits_b, &f.kids_b);
}
} // namespace

Term merge(Heap &h, Term a, Term b) {
  if (a == b) return a;
  // kids_a may point into a frame itself: frames never move.
  std::vector<MergeFrame> frames(kHamtMaxDepth);
  unsigned depth = 0;
  Word total = map_size(a) + map_size(b);
  frame_init(frames[0], a, b, 0);
  for (;;) {
    MergeFrame &f = frames[depth];
    bool pushed = false;
    for (; f.slot < 16; f.slot++) {
      bool in_a = f.bits_a >> f.slot & 1, in_b = f.bits_b >> f.slot & 1;
      if (!in_a && !in_b) continue;
      Term ca = in_a ? *f.kids_a : Term::none(), cb = in_b ? *f.kids_b : Term::none(), r;
      if (!in_b) {
        r = ca;
      } else if (!in_a) {
        r = cb;
      } else if (ca == cb) {
        r = ca;
        total -= subtree_size(ca);
      } else if (ca.is_cons() && cb.is_cons()) {
        if (eq(ca.head(), cb.head())) {
          total--;
          r = ca.tail() == cb.tail() ? ca : cb;
        } else {
          r = pair_node(h, ca, cb, depth + 1);
        }
      } else {
        depth++;
        frame_init(frames[depth], ca, cb, depth);
        pushed = true;
        break;
      }
      f.kids_a += in_a;
      f.kids_b += in_b;
      f.all_a &= in_a && r == ca;
      f.all_b &= in_b && r == cb;
      f.kids[f.n++] = r;
    }
    if (pushed) continue;
    Term r;
    if (f.all_b) {
      r = f.b;
    } else if (f.all_a) {
      r = f.a;
    } else {
      Term *c;
      r = make_node(h, depth == 0 ? total : 0, f.bits_a | f.bits_b, &c);
      std::copy_n(f.kids, f.n, c);
    }
    if (depth == 0) return r;
    MergeFrame &up = frames[--depth];
    up.all_a &= r == *up.kids_a;
    up.all_b &= r == *up.kids_b;
    up.kids_a++;
    up.kids_b++;
    up.kids[up.n++] = r;
    up.slot++;
  }
}

} // namespace joist::runtime::hamt
