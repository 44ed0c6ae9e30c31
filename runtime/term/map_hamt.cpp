#include "runtime/term/map_hamt.h"
#include "runtime/term/compare.h"
#include "runtime/term/map_build.h"
#include "runtime/term/map_flat.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace joist::runtime::hamt {

void too_deep() {
  fputs("map keys whose hashes agree in 96 bits: cannot store them in one map\n", stderr);
  abort();
}

namespace {

struct Step {
  Term node;
  unsigned index; // of the child taken
};

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

Term from_pairs(Heap &h, const Term *pairs, Word n, bool *duplicates) {
  PairSource source{pairs};
  std::vector<uint64_t> order(n);
  for (Word i = 0; i < n; i++) order[i] = order_of(source, i);
  Word kept = sort_unique(source, order.data(), n, duplicates);
  if (kept > kFlatMapMax) return subtree(h, source, order.data(), kept, 0, kept);
  Term few[2 * kFlatMapMax];
  for (Word i = 0; i < kept; i++) {
    few[2 * i] = source.key(uint32_t(order[i]));
    few[2 * i + 1] = source.value(uint32_t(order[i]));
  }
  return flat::from_pairs(h, few, kept, nullptr);
}

// --- merge

void Merger::side(Frame &f, Term t, unsigned level, uint32_t *bits) {
  *bits = t.is_cons() ? 1u << KeyHash(t.head(), level).slot() : HamtNode(t).bitmap;
}

void Merger::enter(Term a, Term b) {
  if (depth_ >= unsigned(kHamtMaxDepth)) too_deep();
  Frame &f = frames_[depth_];
  f.a = a;
  f.b = b;
  f.slot = f.n = 0;
  f.all_a = !a.is_cons();
  f.all_b = !b.is_cons();
  side(f, a, depth_, &f.bits_a);
  side(f, b, depth_, &f.bits_b);
  depth_++;
}

Merger::Merger(Term a, Term b) : total_(map_size(a) + map_size(b)) { enter(a, b); }

namespace {
// The child of a node in a slot; a leaf counts as a node with one child.
Term child_in(Term node, uint32_t bits, unsigned slot) {
  if (!(bits >> slot & 1)) return Term::none();
  return node.is_cons() ? node : HamtNode(node).child[child_index(bits, slot)];
}
} // namespace

void Merger::add(Frame &f, Term child, Term in_a, Term in_b) {
  f.all_a &= child == in_a;
  f.all_b &= child == in_b;
  f.kids[f.n++] = child;
  f.slot++;
}

Term Merger::run(Heap &h, int64_t *budget) {
  for (;;) {
    Frame &f = frames_[depth_ - 1];
    if (--*budget < 0) return Term::none();
    bool entered = false;
    while (f.slot < 16) {
      Term ca = child_in(f.a, f.bits_a, f.slot), cb = child_in(f.b, f.bits_b, f.slot), r;
      if (ca.is_none() && cb.is_none()) {
        f.slot++;
        continue;
      }
      if (cb.is_none()) {
        r = ca;
      } else if (ca.is_none()) {
        r = cb;
      } else if (ca == cb) {
        r = ca;
        Word n = subtree_size(ca);
        *budget -= int64_t(n / 8);
        total_ -= n;
      } else if (ca.is_cons() && cb.is_cons()) {
        if (eq(ca.head(), cb.head())) {
          total_--;
          r = ca.tail() == cb.tail() ? ca : cb;
        } else {
          r = pair_node(h, ca, cb, depth_);
        }
      } else {
        enter(ca, cb);
        entered = true;
        break;
      }
      add(f, r, ca, cb);
    }
    if (entered) continue;
    Term r;
    if (f.all_b) {
      r = f.b;
    } else if (f.all_a) {
      r = f.a;
    } else {
      Term *c;
      r = make_node(h, depth_ == 1 ? total_ : 0, f.bits_a | f.bits_b, &c);
      std::copy_n(f.kids, f.n, c);
    }
    if (--depth_ == 0) return r;
    Frame &up = frames_[depth_ - 1];
    add(up, r, child_in(up.a, up.bits_a, up.slot), child_in(up.b, up.bits_b, up.slot));
  }
}

// [total | frames], the outermost first: {A, B, Slot, AllA, AllB, Kids..}.
Term Merger::save(Heap &h) const {
  Term list = Term::nil();
  for (unsigned d = depth_; d-- > 0;) {
    const Frame &f = frames_[d];
    Word *t = h.alloc(6 + f.n);
    t[0] = header(Kind::Tuple, 5 + f.n);
    t[1] = f.a.raw();
    t[2] = f.b.raw();
    t[3] = Term::small(f.slot).raw();
    t[4] = Term::small(f.all_a).raw();
    t[5] = Term::small(f.all_b).raw();
    for (unsigned i = 0; i < f.n; i++) t[6 + i] = f.kids[i].raw();
    list = make_cons(h, Term::boxed(t), list);
  }
  return make_cons(h, make_uint(h, total_), list);
}

Merger::Merger(Term saved) : total_(Word(saved.head().small_value())) {
  for (Term l = saved.tail(); l.is_cons(); l = l.tail()) {
    Term *t = tuple_elements(l.head());
    enter(t[0], t[1]);
    Frame &f = frames_[depth_ - 1];
    f.slot = unsigned(t[2].small_value());
    f.all_a = t[3].small_value();
    f.all_b = t[4].small_value();
    f.n = unsigned(tuple_arity(l.head()) - 5);
    std::copy_n(t + 5, f.n, f.kids);
  }
}

Term merge(Heap &h, Term a, Term b) {
  if (a == b) return a;
  int64_t unlimited = INT64_MAX;
  return Merger(a, b).run(h, &unlimited);
}

} // namespace joist::runtime::hamt
