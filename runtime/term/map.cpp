#include "runtime/term/map.h"
#include "runtime/term/map_flat.h"
#include "runtime/term/map_hamt.h"

#include <algorithm>
#include <vector>

namespace joist::runtime {
namespace {

// Up to this many keys fit a temporary array on the C++ stack.
constexpr Word kManyOnStack = 64;

// Flat map plus pairs whose keys are not all present.
Term flat_grow(Heap &h, Term map, const Term *pairs, Word n) {
  Word old = map_size(map);
  const Term *ks = tuple_elements(flat_map_keys(map)), *vs = flat_map_values(map);
  if (old + n <= kFlatMapMax) {
    flat::Sorted all;
    std::copy_n(ks, old, all.keys);
    std::copy_n(vs, old, all.values);
    all.count = old;
    for (Word i = 0; i < n; i++) all.put(pairs[2 * i], pairs[2 * i + 1]);
    return all.map(h);
  }
  Term few[2 * kManyOnStack];
  std::vector<Term> many;
  Term *all = few;
  if (old + n > kManyOnStack) {
    many.resize(2 * (old + n));
    all = many.data();
  }
  for (Word i = 0; i < old; i++) all[2 * i] = ks[i], all[2 * i + 1] = vs[i];
  std::copy_n(pairs, 2 * n, all + 2 * old);
  return map_from_pairs(h, all, old + n);
}

Term flat_put_new(Heap &h, Term map, Term key, Term value) {
  Word n = map_size(map);
  const Term *ks = tuple_elements(flat_map_keys(map)), *vs = flat_map_values(map);
  if (n == kFlatMapMax) {
    Term pair[2] = {key, value};
    return flat_grow(h, map, pair, 1);
  }
  Word lo = 0, hi = n;
  while (lo < hi) {
    Word mid = (lo + hi) / 2;
    if (flat::order_of_keys(ks[mid], key) < 0) lo = mid + 1;
    else hi = mid;
  }
  Term *nk, *nv;
  Term r = flat::fresh(h, n + 1, &nk, &nv);
  std::copy_n(ks, lo, nk);
  std::copy_n(vs, lo, nv);
  nk[lo] = key;
  nv[lo] = value;
  std::copy_n(ks + lo, n - lo, nk + lo + 1);
  std::copy_n(vs + lo, n - lo, nv + lo + 1);
  return r;
}

Term flat_set(Heap &h, Term map, Word at, Term value) {
  Term *vs = flat_map_values(map), *nv;
  if (vs[at] == value) return map;
  Word n = map_size(map);
  Term r = flat::with_keys(h, flat_map_keys(map), n, &nv);
  std::copy_n(vs, n, nv);
  nv[at] = value;
  return r;
}

Term flat_merge(Heap &h, Term a, Term b) {
  Word na = map_size(a), nb = map_size(b);
  const Term *ka = tuple_elements(flat_map_keys(a)), *va = flat_map_values(a);
  const Term *kb = tuple_elements(flat_map_keys(b)), *vb = flat_map_values(b);
  Term ks[2 * kFlatMapMax], vs[2 * kFlatMapMax];
  Word i = 0, j = 0, n = 0;
  while (i < na || j < nb) {
    int c = i == na ? 1 : j == nb ? -1 : ka[i] == kb[j] ? 0 : flat::order_of_keys(ka[i], kb[j]);
    if (c < 0) {
      ks[n] = ka[i];
      vs[n++] = va[i++];
    } else {
      i += c == 0;
      ks[n] = kb[j];
      vs[n++] = vb[j++];
    }
  }
  Term *nk, *nv;
  if (n > kFlatMapMax) {
    Term pairs[4 * kFlatMapMax];
    for (Word x = 0; x < n; x++) pairs[2 * x] = ks[x], pairs[2 * x + 1] = vs[x];
    return hamt::from_pairs(h, pairs, n, nullptr);
  }
  // All keys of one side are the result's: share its tuple.
  if (n == nb) {
    if (std::equal(vs, vs + n, vb)) return b;
    Term r = flat::with_keys(h, flat_map_keys(b), n, &nv);
    std::copy_n(vs, n, nv);
    return r;
  }
  if (n == na) {
    if (std::equal(vs, vs + n, va)) return a;
    Term r = flat::with_keys(h, flat_map_keys(a), n, &nv);
    std::copy_n(vs, n, nv);
    return r;
  }
  Term r = flat::fresh(h, n, &nk, &nv);
  std::copy_n(ks, n, nk);
  std::copy_n(vs, n, nv);
  return r;
}

} // namespace

Term map_empty(Heap &h) {
  Term *k, *v;
  return flat::fresh(h, 0, &k, &v);
}

const Term *map_find(Term map, Term key) {
  if (!is_flat_map(map)) return hamt::find(map, key);
  Word at = flat::index_of(tuple_elements(flat_map_keys(map)), map_size(map), key);
  return at == flat::kAbsent ? nullptr : flat_map_values(map) + at;
}

Term map_put(Heap &h, Term map, Term key, Term value) {
  if (!is_flat_map(map)) return hamt::put(h, map, key, value, false);
  Word at = flat::index_of(tuple_elements(flat_map_keys(map)), map_size(map), key);
  return at == flat::kAbsent ? flat_put_new(h, map, key, value) : flat_set(h, map, at, value);
}

Term map_update_existing(Heap &h, Term map, Term key, Term value) {
  if (!is_flat_map(map)) return hamt::put(h, map, key, value, true);
  Word at = flat::index_of(tuple_elements(flat_map_keys(map)), map_size(map), key);
  return at == flat::kAbsent ? Term::none() : flat_set(h, map, at, value);
}

Term map_remove(Heap &h, Term map, Term key, Term *removed) {
  if (removed) *removed = Term::none();
  if (!is_flat_map(map)) return hamt::remove(h, map, key, removed);
  Word n = map_size(map);
  const Term *ks = tuple_elements(flat_map_keys(map)), *vs = flat_map_values(map);
  Word at = flat::index_of(ks, n, key);
  if (at == flat::kAbsent) return map;
  if (removed) *removed = vs[at];
  Term *nk, *nv;
  Term r = flat::fresh(h, n - 1, &nk, &nv);
  std::copy_n(ks, at, nk);
  std::copy_n(vs, at, nv);
  std::copy_n(ks + at + 1, n - at - 1, nk + at);
  std::copy_n(vs + at + 1, n - at - 1, nv + at);
  return r;
}

Term map_merge(Heap &h, Term a, Term b) {
  if (map_size(b) == 0 || a == b) return a;
  if (map_size(a) == 0) return b;
  bool flat_a = is_flat_map(a), flat_b = is_flat_map(b);
  if (flat_a && flat_b) return flat_merge(h, a, b);
  if (flat_b) {
    const Term *ks = tuple_elements(flat_map_keys(b)), *vs = flat_map_values(b);
    for (Word i = 0; i < map_size(b); i++) a = map_put(h, a, ks[i], vs[i]);
    return a;
  }
  if (flat_a) {
    const Term *ks = tuple_elements(flat_map_keys(a)), *vs = flat_map_values(a);
    for (Word i = 0; i < map_size(a); i++)
      if (!hamt::find(b, ks[i])) b = map_put(h, b, ks[i], vs[i]);
    return b;
  }
  return hamt::merge(h, a, b);
}

Term map_from_pairs(Heap &h, const Term *pairs, Word n, bool *duplicates) {
  if (duplicates) *duplicates = false;
  return n <= kFlatMapMax ? flat::from_pairs(h, pairs, n, duplicates) : hamt::from_pairs(h, pairs, n, duplicates);
}

namespace {
// Which of the new keys is said to be missing: the first of them in term order, since the instruction has them so.
Term first_missing(Term map, const Term *pairs, Word n) {
  Term first = Term::none();
  for (Word i = 0; i < n; i++) {
    Term key = pairs[2 * i];
    if (!map_find(map, key) && (first.is_none() || compare_exact(key, first) < 0)) first = key;
  }
  return first;
}
} // namespace

Term map_put_many(Heap &h, Term map, const Term *pairs, Word n, bool exact, Term *bad_key) {
  if (!is_flat_map(map)) {
    const Term before = map;
    for (Word i = 0; i < n; i++) {
      Term r = hamt::put(h, map, pairs[2 * i], pairs[2 * i + 1], exact);
      if (r.is_none()) {
        *bad_key = first_missing(before, pairs, n);
        return r;
      }
      map = r;
    }
    return map;
  }
  Word size = map_size(map);
  const Term *ks = tuple_elements(flat_map_keys(map)), *vs = flat_map_values(map);
  // A later pair with the same key wins, so there is no telling before the end whether anything changes.
  Term *now = nullptr;
  Term r = map;
  for (Word i = 0; i < n; i++) {
    Word at = flat::index_of(ks, size, pairs[2 * i]);
    if (at == flat::kAbsent) {
      if (now) h.trim(r.box());
      if (!exact) return n == 1 ? flat_put_new(h, map, pairs[0], pairs[1]) : flat_grow(h, map, pairs, n);
      *bad_key = first_missing(map, pairs, n);
      return Term::none();
    }
    if (!now) {
      if (vs[at] == pairs[2 * i + 1]) continue;
      r = flat::with_keys(h, flat_map_keys(map), size, &now);
      for (Word j = 0; j < size; j++) now[j] = vs[j];
    }
    now[at] = pairs[2 * i + 1];
  }
  if (!now || n == 1) return r;
  for (Word j = 0; j < size; j++)
    if (now[j] != vs[j]) return r;
  h.trim(r.box());
  return map;
}

// --- lists of keys and values

namespace {
template <class F> Term collect(Heap &h, Term map, F item) {
  Term list = Term::nil();
  if (is_flat_map(map)) {
    const Term *ks = tuple_elements(flat_map_keys(map)), *vs = flat_map_values(map);
    for (Word i = map_size(map); i-- > 0;) list = make_cons(h, item(ks[i], vs[i]), list);
    return list;
  }
  MapIterator it(map);
  Term k, v;
  while (it.next(&k, &v)) list = make_cons(h, item(k, v), list);
  return list;
}
} // namespace

Term map_keys(Heap &h, Term map) {
  return collect(h, map, [](Term k, Term) { return k; });
}
Term map_values(Heap &h, Term map) {
  return collect(h, map, [](Term, Term v) { return v; });
}
Term map_to_list(Heap &h, Term map) {
  return collect(h, map, [&h](Term k, Term v) { return make_tuple(h, k, v); });
}

MapIterator::MapIterator(Term map) : map_(map) {
  if (!is_flat_map(map)) levels_[depth_++] = {map, 0};
}

bool MapIterator::next(Term *key, Term *value) {
  if (is_flat_map(map_)) {
    if (index_ == map_size(map_)) return false;
    *key = tuple_elements(flat_map_keys(map_))[index_];
    *value = flat_map_values(map_)[index_++];
    return true;
  }
  while (depth_) {
    Level &l = levels_[depth_ - 1];
    HamtNode n(l.node);
    if (l.at == n.count) {
      depth_--;
      continue;
    }
    Term c = n.child[l.at++];
    if (c.is_cons()) {
      *key = c.head();
      *value = c.tail();
      return true;
    }
    levels_[depth_++] = {c, 0};
  }
  return false;
}

} // namespace joist::runtime
