// Structure and order of maps. Expected orders come from stock OTP 25.
#include "runtime/term/binary.h"
#include "runtime/term/compare.h"
#include "runtime/term/hash.h"
#include "runtime/term/map.h"

#include <gtest/gtest.h>
#include <map>
#include <random>
#include <vector>

using namespace joist::runtime;

namespace {

std::vector<int64_t> smalls(Term list) {
  std::vector<int64_t> r;
  for (; list.is_cons(); list = list.tail()) r.push_back(list.head().small_value());
  return r;
}

template <class F> Term map_of(Heap &h, int n, F key) {
  std::vector<Term> pairs;
  for (int i = 1; i <= n; i++) {
    pairs.push_back(key(i));
    pairs.push_back(Term::small(i));
  }
  return map_from_pairs(h, pairs.data(), pairs.size() / 2);
}
Term int_map(Heap &h, int n) {
  return map_of(h, n, [](int i) { return Term::small(i); });
}

// Same tree, node by node.
bool same_shape(Term a, Term b) {
  std::vector<std::pair<Term, Term>> todo{{a, b}};
  while (!todo.empty()) {
    auto [x, y] = todo.back();
    todo.pop_back();
    if (x.is_cons() != y.is_cons()) return false;
    if (x.is_cons()) {
      if (!eq(x.head(), y.head()) || !eq(x.tail(), y.tail())) return false;
      continue;
    }
    if (kind_of(x) != kind_of(y)) return false;
    if (is_flat_map(x)) {
      if (map_size(x) != map_size(y) || !eq(flat_map_keys(x), flat_map_keys(y))) return false;
      for (Word i = 0; i < map_size(x); i++)
        if (!eq(flat_map_values(x)[i], flat_map_values(y)[i])) return false;
      continue;
    }
    HamtNode m(x), n(y);
    if (m.bitmap != n.bitmap || (kind_of(x) == Kind::HashMap && map_size(x) != map_size(y))) return false;
    for (unsigned i = 0; i < m.count; i++) todo.push_back({m.child[i], n.child[i]});
  }
  return true;
}

} // namespace

TEST(MapOrder, Integers) {
  FragmentHeap h;
  EXPECT_EQ(smalls(map_keys(h, int_map(h, 50))),
            (std::vector<int64_t>{33, 12, 44, 23, 29, 47, 30, 43, 39, 45, 48, 26, 46, 31, 11, 37, 9,
                                  32, 34, 25, 28, 6,  38, 13, 40, 41, 20, 15, 14, 2,  7,  1,  8,  3,
                                  17, 22, 21, 4,  36, 50, 24, 10, 35, 49, 27, 42, 19, 5,  18, 16}));
}
TEST(MapOrder, Binaries) {
  FragmentHeap h;
  Term m = map_of(h, 40, [&](int i) { return make_binary_from(h, std::to_string(i)); });
  EXPECT_EQ(smalls(map_values(h, m)),
            (std::vector<int64_t>{7,  27, 25, 14, 8,  36, 20, 31, 5,  6,  3, 33, 34, 26, 21, 15, 23, 12, 11, 17,
                                  10, 40, 18, 39, 38, 35, 32, 28, 29, 30, 2, 22, 24, 37, 4,  13, 16, 9,  1,  19}));
}
TEST(MapOrder, TuplesWithFloats) {
  FragmentHeap h;
  Term m = map_of(h, 40, [&](int i) { return make_tuple(h, Term::small(i), make_float(h, i + 0.5)); });
  EXPECT_EQ(smalls(map_values(h, m)),
            (std::vector<int64_t>{28, 23, 2,  1,  13, 32, 4,  6,  3, 12, 15, 24, 14, 21, 34, 39, 7,  17, 26, 5,
                                  11, 36, 25, 10, 22, 18, 29, 37, 9, 30, 19, 40, 35, 27, 8,  16, 33, 20, 31, 38}));
}
TEST(MapOrder, Floats) {
  FragmentHeap h;
  Term m = map_of(h, 40, [&](int i) { return make_float(h, i * 1.5); });
  EXPECT_EQ(smalls(map_values(h, m)),
            (std::vector<int64_t>{36, 11, 35, 19, 14, 17, 7, 5,  28, 18, 40, 29, 38, 31, 37, 16, 23, 20, 24, 15,
                                  21, 8,  26, 34, 27, 9,  1, 32, 13, 4,  22, 10, 6,  2,  3,  30, 33, 39, 12, 25}));
}
TEST(MapOrder, Bignums) {
  FragmentHeap h;
  Term m = map_of(h, 40, [&](int i) {
    unsigned __int128 v = (unsigned __int128)i << 60;
    Word limbs[2] = {Word(v), Word(v >> 64)};
    if (!limbs[1]) return make_uint(h, limbs[0]);
    Word *b = h.alloc(3);
    b[0] = header(Kind::PosBig, 2);
    b[1] = limbs[0];
    b[2] = limbs[1];
    return Term::boxed(b);
  });
  EXPECT_EQ(smalls(map_values(h, m)),
            (std::vector<int64_t>{8,  7, 11, 35, 26, 32, 22, 39, 21, 19, 37, 34, 31, 12, 3,  14, 13, 2,  4,  20,
                                  24, 9, 18, 33, 25, 6,  28, 15, 27, 10, 5,  38, 1,  40, 16, 23, 29, 30, 36, 17}));
}
TEST(MapOrder, NegativeIntegers) {
  FragmentHeap h;
  Term m = map_of(h, 40, [](int i) { return Term::small(-i); });
  EXPECT_EQ(smalls(map_values(h, m)),
            (std::vector<int64_t>{33, 40, 10, 26, 27, 39, 13, 15, 38, 35, 2,  29, 5, 18, 20, 32, 23, 34, 14, 25,
                                  28, 6,  12, 17, 3,  21, 30, 37, 31, 1,  16, 36, 7, 9,  8,  24, 11, 22, 19, 4}));
}
TEST(MapOrder, Lists) {
  FragmentHeap h;
  Term m = map_of(h, 40, [&](int i) { return make_list(h, Term::small(i)); });
  EXPECT_EQ(smalls(map_values(h, m)),
            (std::vector<int64_t>{1, 33, 29, 25, 8,  36, 9,  17, 24, 21, 26, 6,  19, 23, 13, 27, 38, 40, 14, 11,
                                  7, 5,  37, 22, 12, 15, 28, 39, 31, 30, 2,  10, 4,  34, 3,  16, 20, 35, 32, 18}));
}
TEST(MapOrder, MapsAsKeys) {
  FragmentHeap h;
  Term m = map_of(h, 40, [&](int i) {
    Term pair[] = {Term::small(i), Term::small(i)};
    return map_from_pairs(h, pair, 1);
  });
  EXPECT_EQ(smalls(map_values(h, m)),
            (std::vector<int64_t>{30, 40, 38, 8,  35, 26, 13, 24, 1,  27, 4,  19, 20, 3,  21, 18, 25, 32, 9,  10,
                                  31, 28, 14, 17, 23, 5,  29, 6,  16, 39, 36, 7,  12, 37, 2,  33, 15, 34, 11, 22}));
}
// Large enough that some keys share all 32 bits of the first hash.
TEST(MapOrder, LargeWithRehashedLevels) {
  FragmentHeap h;
  EXPECT_EQ(phash2(map_keys(h, int_map(h, 300000))) & ((1u << 27) - 1), 83581188u);
  Term m = map_of(h, 300000, [](int i) { return Term::small(int64_t(i) * 0x10000001); });
  EXPECT_EQ(phash2(map_keys(h, m)) & ((1u << 27) - 1), 48378849u);
}
TEST(MapOrder, ListsAreReversedIteration) {
  FragmentHeap h;
  Term m = int_map(h, 100), k, v;
  std::vector<int64_t> forward;
  MapIterator it(m);
  while (it.next(&k, &v)) forward.insert(forward.begin(), k.small_value());
  EXPECT_EQ(smalls(map_keys(h, m)), forward);
}

// However a map came about, its tree is the same.
TEST(MapShape, IsCanonical) {
  std::mt19937 random(7);
  FragmentHeap h;
  Term m = map_empty(h);
  std::map<int, int> model;
  for (int step = 0; step < 20000; step++) {
    int k = int(random() % 400), v = int(random() % 1000), op = int(random() % 100);
    Term key = Term::small(k), value = Term::small(v);
    // drift between small and large
    int grow = step / 2000 % 2 ? 65 : 35;
    if (op < grow) {
      m = map_put(h, m, key, value);
      model[k] = v;
    } else if (op < 95) {
      Term old;
      m = map_remove(h, m, key, &old);
      auto it = model.find(k);
      ASSERT_EQ(old.is_none(), it == model.end());
      if (it != model.end()) {
        ASSERT_EQ(old.small_value(), it->second);
        model.erase(it);
      }
    } else {
      Term r = map_update_existing(h, m, key, value);
      ASSERT_EQ(r.is_none(), !model.count(k));
      if (!r.is_none()) {
        m = r;
        model[k] = v;
      }
    }
    ASSERT_EQ(map_size(m), model.size());
    ASSERT_EQ(is_flat_map(m), model.size() <= kFlatMapMax);
    if (step % 50 == 0) {
      std::vector<Term> pairs;
      for (auto [a, b] : model) {
        pairs.push_back(Term::small(a));
        pairs.push_back(Term::small(b));
      }
      ASSERT_TRUE(same_shape(m, map_from_pairs(h, pairs.data(), pairs.size() / 2)));
    }
    const Term *found = map_find(m, key);
    ASSERT_EQ(found != nullptr, model.count(k) == 1);
    if (found) { ASSERT_EQ(found->small_value(), model[k]); }
  }
}

TEST(MapShape, MergeEqualsPuttingAll) {
  std::mt19937 random(3);
  for (int round = 0; round < 300; round++) {
    FragmentHeap h;
    auto some = [&](int n, int range) {
      std::vector<Term> p;
      for (int i = 0; i < n; i++) {
        p.push_back(Term::small(random() % range));
        p.push_back(Term::small(random() % 10));
      }
      return map_from_pairs(h, p.data(), Word(n));
    };
    Term a = some(int(random() % 90), 200),
         b = round % 3 ? some(int(random() % 90), 200) : map_put(h, a, Term::small(5), a);
    Term expected = a, k, v;
    MapIterator it(b);
    while (it.next(&k, &v)) expected = map_put(h, expected, k, v);
    ASSERT_TRUE(same_shape(map_merge(h, a, b), expected));
  }
}

TEST(MapShape, DuplicatesInPairs) {
  FragmentHeap h;
  for (int n : {20, 40, 500}) {
    std::vector<Term> p;
    for (int i = 0; i < n; i++) {
      p.push_back(Term::small(i % 7));
      p.push_back(Term::small(i));
    }
    bool duplicates = false;
    Term m = map_from_pairs(h, p.data(), Word(n), &duplicates);
    EXPECT_TRUE(duplicates);
    EXPECT_EQ(map_size(m), 7u);
    EXPECT_TRUE(is_flat_map(m));
    EXPECT_EQ(map_find(m, Term::small((n - 1) % 7))->small_value(), n - 1);
  }
  bool duplicates = true;
  int_map(h, 5);
  Term two[] = {Term::small(1), Term::nil(), Term::small(2), Term::nil()};
  map_from_pairs(h, two, 2, &duplicates);
  EXPECT_FALSE(duplicates);
}

TEST(MapSharing, UpdatesShareKeys) {
  FragmentHeap h;
  Term m = int_map(h, 10);
  Term u = map_put(h, m, Term::small(3), Term::nil());
  EXPECT_EQ(flat_map_keys(m), flat_map_keys(u));
  EXPECT_EQ(map_put(h, m, Term::small(3), Term::small(3)), m);
  Term pairs[] = {Term::small(1), Term::nil(), Term::small(2), Term::nil()}, bad;
  EXPECT_EQ(flat_map_keys(map_put_many(h, m, pairs, 2, true, &bad)), flat_map_keys(m));
  Term missing[] = {Term::small(1), Term::nil(), Term::small(77), Term::nil()};
  EXPECT_TRUE(map_put_many(h, m, missing, 2, true, &bad).is_none());
  EXPECT_EQ(bad, Term::small(77));
  EXPECT_EQ(map_size(map_put_many(h, m, missing, 2, false, &bad)), 11u);
  Term big = int_map(h, 100);
  EXPECT_EQ(map_put(h, big, Term::small(3), Term::small(3)), big);
  EXPECT_EQ(map_remove(h, big, Term::small(1000)), big);
  EXPECT_EQ(map_merge(h, big, big), big);
}

TEST(MapKeys, ZeroesAndExactness) {
  FragmentHeap h;
  Term m = map_put(h, map_empty(h), make_float(h, 0.0), Term::small(1));
  EXPECT_NE(map_find(m, make_float(h, -0.0)), nullptr); // equal in OTP 25
  EXPECT_EQ(map_find(m, Term::small(0)), nullptr);
  m = map_put(h, m, Term::small(0), Term::small(2));
  EXPECT_EQ(map_size(m), 2u);
  EXPECT_EQ(smalls(map_values(h, m)), (std::vector<int64_t>{2, 1})); // integers before floats
}
