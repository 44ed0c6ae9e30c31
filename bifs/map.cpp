// Maps: maps:*, map_size/1, map_get/2, is_map_key/2 and the functions behind iterators (maps:iterator/1, to_list/1).
#include "bifs/bifs.h"
#include "runtime/term/map_hamt.h"
#include "runtime/term/number.h"

namespace joist::bifs {
namespace {

Term badmap(Process *p, Term t) { return raise_with(p, Reason::Badmap, t); }
Term badkey(Process *p, Term key) { return raise_with(p, Reason::Badkey, key); }

constexpr Word kItemsPerReduction = 15;

} // namespace

Term erlang_map_size_1(Process *p, const Term *args) {
  return is_map(args[0]) ? Term::small(int64_t(map_size(args[0]))) : badmap(p, args[0]);
}

Term maps_get_2(Process *p, const Term *args) {
  if (!is_map(args[1])) return badmap(p, args[1]);
  const Term *v = map_find(args[1], args[0]);
  return v ? *v : badkey(p, args[0]);
}
Term erlang_map_get_2(Process *p, const Term *args) { return maps_get_2(p, args); }

Term maps_find_2(Process *p, const Term *args) {
  if (!is_map(args[1])) return badmap(p, args[1]);
  const Term *v = map_find(args[1], args[0]);
  return v ? make_tuple(p->heap, atoms::ok, *v) : atoms::error;
}

Term maps_is_key_2(Process *p, const Term *args) {
  return is_map(args[1]) ? bool_term(map_find(args[1], args[0])) : badmap(p, args[1]);
}
Term erlang_is_map_key_2(Process *p, const Term *args) { return maps_is_key_2(p, args); }

Term maps_put_3(Process *p, const Term *args) {
  return is_map(args[2]) ? map_put(p->heap, args[2], args[0], args[1]) : badmap(p, args[2]);
}

Term maps_update_3(Process *p, const Term *args) {
  if (!is_map(args[2])) return badmap(p, args[2]);
  Term r = map_update_existing(p->heap, args[2], args[0], args[1]);
  return r.is_none() ? badkey(p, args[0]) : r;
}

Term maps_remove_2(Process *p, const Term *args) {
  return is_map(args[1]) ? map_remove(p->heap, args[1], args[0]) : badmap(p, args[1]);
}

Term maps_take_2(Process *p, const Term *args) {
  if (!is_map(args[1])) return badmap(p, args[1]);
  Term value, rest = map_remove(p->heap, args[1], args[0], &value);
  return value.is_none() ? atoms::error : make_tuple(p->heap, value, rest);
}

// --- iteration: a path is the slots (child positions, four bits each, root first in the low bits) to the next leaf

namespace {

// A walk over a hash map's leaves that can be left and taken up again by its path.
class Walk {
public:
  // False: the path does not lead to a leaf. `limbs` has 32 levels.
  bool start(Term map, const Word *limbs) {
    for (Term node = map; node.is_boxed();) {
      HamtNode n(node);
      unsigned at = limbs[depth_ / 16] >> 4 * (depth_ % 16) & 15;
      if (at >= n.count) return false;
      levels_[depth_++] = {node, at};
      node = n.child[at];
    }
    return true;
  }
  // The next leaf, or none at the end.
  Term next() {
    while (depth_) {
      Level &l = levels_[depth_ - 1];
      HamtNode n(l.node);
      if (l.at == n.count) {
        leave();
        continue;
      }
      Term c = n.child[l.at];
      if (c.is_cons()) {
        l.at++;
        return c;
      }
      levels_[depth_++] = {c, 0};
    }
    return Term::none();
  }
  bool at_end() {
    while (depth_ && levels_[depth_ - 1].at == HamtNode(levels_[depth_ - 1].node).count) leave();
    return depth_ == 0;
  }
  // Where to go on; not at the end.
  Term path(Heap &h) const {
    Word limbs[2] = {};
    for (int i = 0; i < depth_; i++) limbs[i / 16] |= Word(levels_[i].at) << 4 * (i % 16);
    return depth_ < 16 ? make_uint(h, limbs[0]) : integer_from_limbs(h, limbs, 2, false);
  }
  static bool read_path(Term path, Word *limbs) {
    limbs[0] = limbs[1] = 0;
    if (path.is_small()) {
      limbs[0] = Word(path.small_value());
      return path.small_value() >= 0;
    }
    if (!is_big(path) || big_negative(path) || big_size(path) > 2) return false;
    for (Word i = 0; i < big_size(path); i++) limbs[i] = big_limbs(path)[i];
    return true;
  }

private:
  struct Level {
    Term node;
    unsigned at; // child to look at next
  };
  void leave() {
    if (--depth_) levels_[depth_ - 1].at++;
  }
  Level levels_[kHamtMaxDepth];
  int depth_ = 0;
};
static_assert(kHamtMaxDepth <= 32);

Term flat_next(Process *p, Term map, bool iterator, Term acc) {
  const Term *ks = tuple_elements(flat_map_keys(map)), *vs = flat_map_values(map);
  Term r = iterator ? atoms::none : acc;
  for (Word i = map_size(map); i-- > 0;)
    r = iterator ? make_tuple(p->heap, ks[i], vs[i], r) : make_cons(p->heap, make_tuple(p->heap, ks[i], vs[i]), r);
  return r;
}

} // namespace

// map_next(Path, Map, iterator) -> {K, V, {K, V, none | [Path|Map]}};  map_next(Path, Map, Acc) -> [Path, Map | Acc] | Acc
Term erts_internal_map_next_3(Process *p, const Term *args) {
  Term path = args[0], map = args[1], acc = args[2];
  bool iterator = acc == atoms::iterator;
  if (!is_map(map) || (!iterator && !acc.is_list())) return badarg(p);
  if (is_flat_map(map)) {
    if (!path.is_small() || Word(path.small_value()) > map_size(map)) return badarg(p);
    return flat_next(p, map, iterator, acc);
  }
  Word limbs[2];
  Walk walk;
  if (!Walk::read_path(path, limbs)) return badarg(p);
  // The first call gives few elements: often only they are wanted.
  Word elements = std::min(Word(std::max(p->reductions / 4, 1)), map_size(map));
  if (path.is_small() && limbs[0] == 0 && elements > kFlatMapMax) elements = kFlatMapMax;
  Word wanted = elements;

  if (!walk.start(map, limbs)) return badarg(p);
  Term result = acc, *hole = &result;
  for (; elements; elements--) {
    Term leaf = walk.next();
    if (leaf.is_none()) break;
    if (iterator) {
      Term t = make_tuple(p->heap, leaf.head(), leaf.tail(), atoms::none);
      *hole = t;
      hole = tuple_elements(t) + 2;
    } else {
      result = make_cons(p->heap, make_tuple(p->heap, leaf.head(), leaf.tail()), result);
    }
  }
  p->bump(int64_t(4 * (wanted - elements)));
  if (walk.at_end()) return result;
  Term next = walk.path(p->heap);
  if (iterator) *hole = make_cons(p->heap, next, map);
  else result = make_cons(p->heap, next, make_cons(p->heap, map, result));
  return result;
}

// --- keys and values: lists of a large map are made in slices

namespace {

Term list_step(Process *p, const Term *args); // (Map, Path, keys | values, Acc)

Term list_from(Process *p, Term map, Term path, Term what, Term acc) {
  Word limbs[2];
  Walk walk;
  Walk::read_path(path, limbs);
  walk.start(map, limbs);
  int64_t budget = std::max<int64_t>(p->reductions, 10) * int64_t(kItemsPerReduction), n = 0;
  for (; n < budget; n++) {
    Term leaf = walk.next();
    if (leaf.is_none()) break;
    acc = make_cons(p->heap, what == atoms::keys ? leaf.head() : leaf.tail(), acc);
  }
  p->bump(n / int64_t(kItemsPerReduction));
  if (walk.at_end()) return acc;
  static const Export *k = bif_continuation("maps_list_trap", 4, list_step);
  return yield_to(p, k, map, walk.path(p->heap), what, acc);
}
Term list_step(Process *p, const Term *args) { return list_from(p, args[0], args[1], args[2], args[3]); }

} // namespace

Term maps_keys_1(Process *p, const Term *args) {
  if (!is_map(args[0])) return badmap(p, args[0]);
  if (is_flat_map(args[0])) return map_keys(p->heap, args[0]);
  return list_from(p, args[0], Term::small(0), atoms::keys, Term::nil());
}

Term maps_values_1(Process *p, const Term *args) {
  if (!is_map(args[0])) return badmap(p, args[0]);
  if (is_flat_map(args[0])) return map_values(p->heap, args[0]);
  return list_from(p, args[0], Term::small(0), atoms::values, Term::nil());
}

// --- merge

namespace {

Term merge_step(Process *p, const Term *args); // (State)

Term merge_some(Process *p, hamt::Merger &m) {
  int64_t budget = std::max<int64_t>(p->reductions, 10) * 8, start = budget;
  Term r = m.run(p->heap, &budget);
  p->bump((start - budget) / 8);
  if (!r.is_none()) return r;
  static const Export *k = bif_continuation("maps_merge_trap", 1, merge_step);
  return yield_to(p, k, m.save(p->heap));
}
Term merge_step(Process *p, const Term *args) {
  hamt::Merger m(args[0]);
  return merge_some(p, m);
}

} // namespace

Term maps_merge_2(Process *p, const Term *args) {
  for (int i = 0; i < 2; i++)
    if (!is_map(args[i])) return badmap(p, args[i]);
  if (args[0] == args[1] || is_flat_map(args[0]) || is_flat_map(args[1])) return map_merge(p->heap, args[0], args[1]);
  hamt::Merger m(args[0], args[1]);
  return merge_some(p, m);
}

// --- what erts_debug:size/1 and friends ask

Term erts_internal_map_to_tuple_keys_1(Process *p, const Term *args) {
  if (!is_map(args[0])) return badmap(p, args[0]);
  return is_flat_map(args[0]) ? flat_map_keys(args[0]) : badarg(p);
}

Term erts_internal_map_hashmap_children_1(Process *p, const Term *args) {
  Term t = args[0];
  if (!is_map(t) && !is_kind(t, Kind::HashNode)) return badmap(p, t);
  if (is_flat_map(t)) return badarg(p);
  HamtNode n(t);
  Term list = Term::nil();
  for (unsigned i = 0; i < n.count; i++) list = make_cons(p->heap, n.child[i], list);
  return list;
}

// [{depth,D}, {arrays,N,[]}, {bitmaps,N,{ByChildren..}}, {leafs,N,{ByLevel..}}]; an array is a root with 16 children.
Term erts_debug_map_info_1(Process *p, const Term *args) {
  Term map = args[0];
  if (!is_map(map)) return badmap(p, map);
  if (is_flat_map(map)) return badarg(p);
  int64_t leafs = 0, bitmaps = 0, arrays = 0, deepest = 0, by_children[16] = {}, by_level[16] = {};
  struct {
    Term node;
    unsigned at;
  } levels[kHamtMaxDepth];
  int depth = 0;
  auto enter = [&](Term node) {
    unsigned count = HamtNode(node).count;
    if (depth == 0 && count == 16) {
      arrays++;
    } else {
      bitmaps++;
      by_children[count - 1]++;
    }
    levels[depth++] = {node, 0};
  };
  enter(map);
  while (depth) {
    auto &l = levels[depth - 1];
    HamtNode n(l.node);
    if (l.at == n.count) {
      depth--;
      continue;
    }
    Term c = n.child[l.at++];
    deepest = std::max<int64_t>(deepest, depth);
    if (c.is_cons()) {
      leafs++;
      by_level[std::min(depth, 15)]++;
    } else {
      enter(c);
    }
  }
  p->bump(leafs / 10);
  Heap &h = p->heap;
  auto tuple16 = [&h](const int64_t *v) {
    Word *t = h.alloc(17);
    t[0] = header(Kind::Tuple, 16);
    for (int i = 0; i < 16; i++) t[i + 1] = Term::small(v[i]).raw();
    return Term::boxed(t);
  };
  return make_list(h, make_tuple(h, atom::intern("depth"), Term::small(deepest)),
                   make_tuple(h, atom::intern("arrays"), Term::small(arrays), Term::nil()),
                   make_tuple(h, atom::intern("bitmaps"), Term::small(bitmaps), tuple16(by_children)),
                   make_tuple(h, atom::intern("leafs"), Term::small(leafs), tuple16(by_level)));
}

} // namespace joist::bifs
