// Hash and ordered stores against a simple model, alone and from several threads.
#include "tests/unit/ets/support.h"

#include <map>
#include <random>

namespace joist::runtime::ets {
namespace {

TableShape shape(TableType type, bool fine = false, bool compressed = false) {
  TableShape s;
  s.type = type;
  s.fine_locked = fine;
  s.compressed = compressed;
  return s;
}

struct Stored : EtsTest {
  std::atomic<int> fixed{0};
  HashStore hash{shape(TableType::Set), fixed};
};

TEST_F(Stored, SetKeepsOneObjectPerKey) {
  EXPECT_TRUE(hash.put(tuple(n(1), a("a")), false));
  EXPECT_TRUE(hash.put(tuple(n(1), a("b")), false));
  EXPECT_FALSE(hash.put(tuple(n(1), a("c")), true));
  EXPECT_EQ(text(hash.lookup(n(1), h)), "[{1,b}]");
  EXPECT_EQ(text(hash.lookup(n(2), h)), "[]");
  EXPECT_EQ(text(hash.lookup(make_float(h, 1.0), h)), "[]");
  EXPECT_EQ(hash.counters.items(), 1);
  Term out;
  EXPECT_EQ(hash.lookup_element(n(1), 2, h, &out), Status::Ok);
  EXPECT_EQ(out, a("b"));
  EXPECT_EQ(hash.lookup_element(n(1), 3, h, &out), Status::BadItem);
  EXPECT_EQ(hash.lookup_element(n(7), 1, h, &out), Status::BadKey);
  EXPECT_EQ(text(hash.take(n(1), h)), "[{1,b}]");
  EXPECT_EQ(hash.counters.items(), 0);
  EXPECT_EQ(hash.counters.words(), 0);
}

TEST_F(Stored, BagKeepsInsertionOrder) {
  HashStore bag(shape(TableType::Bag), fixed), dup(shape(TableType::DuplicateBag), fixed);
  for (const char *v : {"x", "y", "x", "z"}) {
    bag.put(tuple(n(1), a(v)), false);
    dup.put(tuple(n(1), a(v)), false);
  }
  EXPECT_EQ(text(bag.lookup(n(1), h)), "[{1,x},{1,y},{1,z}]");
  EXPECT_EQ(text(dup.lookup(n(1), h)), "[{1,x},{1,y},{1,x},{1,z}]");
  dup.erase_object(tuple(n(1), a("x")));
  EXPECT_EQ(text(dup.lookup(n(1), h)), "[{1,y},{1,z}]");
  EXPECT_FALSE(bag.put(tuple(n(1), a("q")), true));
}

TEST_F(Stored, DeletedObjectsStayWhileFixed) {
  for (int i = 0; i < 100; i++) hash.put(tuple(n(i), n(i)), false);
  Term key, next;
  ASSERT_EQ(hash.first(h, &key), Status::Ok);
  fixed = 1;
  hash.erase(key);
  EXPECT_FALSE(hash.member(key));
  EXPECT_EQ(hash.next(key, h, &next), Status::Ok);
  EXPECT_TRUE(hash.needs_purge());
  EXPECT_EQ(hash.purge(), 0u);
  fixed = 0;
  EXPECT_EQ(hash.purge(), 1u);
  EXPECT_EQ(hash.next(key, h, &next), Status::BadKey);
  EXPECT_EQ(hash.counters.items(), 99);
}

TEST_F(Stored, ClearWhileFixedKeepsTheWay) {
  for (int i = 0; i < 1000; i++) hash.put(tuple(n(i), n(i)), false);
  fixed = 1;
  EXPECT_EQ(hash.clear(true), nullptr);
  EXPECT_EQ(hash.counters.items(), 0);
  hash.put(tuple(n(5), a("new")), false);
  EXPECT_EQ(hash.counters.items(), 1);
  fixed = 0;
  EXPECT_EQ(hash.purge(), 999u);
  EXPECT_EQ(text(hash.lookup(n(5), h)), "[{5,new}]");
}

TEST_F(Stored, WalkVisitsEveryKeyOnce) {
  constexpr int kMany = 20000;
  for (int i = 0; i < kMany; i++) hash.put(tuple(n(i), n(i)), false);
  std::vector<bool> seen(kMany);
  Term key;
  int count = 0;
  for (Status s = hash.first(h, &key); s == Status::Ok; s = hash.next(key, h, &key)) {
    ASSERT_FALSE(seen[size_t(key.small_value())]);
    seen[size_t(key.small_value())] = true;
    count++;
  }
  EXPECT_EQ(count, kMany);
  for (int i = 0; i < kMany - 10; i++) hash.erase(n(i)); // shrinks
  count = 0;
  for (Status s = hash.first(h, &key); s == Status::Ok; s = hash.next(key, h, &key)) count++;
  EXPECT_EQ(count, 10);
  EXPECT_LT(hash.table_words(), Word(10000));
}

struct AddOne final : Updater {
  bool apply(Term t) override {
    changes.clear();
    changes.emplace_back(2, Term::small(tuple_elements(t)[1].small_value() + 1));
    return true;
  }
};

TEST_F(Stored, UpdateChangesInPlaceOrInserts) {
  AddOne u;
  EXPECT_EQ(hash.update(n(1), Term::none(), u), UpdateResult::NoKey);
  EXPECT_EQ(hash.update(n(1), tuple(a("any"), n(10)), u), UpdateResult::Done);
  EXPECT_EQ(hash.update(n(1), Term::none(), u), UpdateResult::Done);
  EXPECT_EQ(text(hash.lookup(n(1), h)), "[{1,12}]");
}

TEST_F(Stored, CompressedGivesTheSameTerms) {
  HashStore packed(shape(TableType::Set, false, true), fixed);
  Term big = make_tuple(h, make_string(h, "hello", 5), make_float(h, 1.5), make_list(h, n(1), a("x")));
  packed.put(tuple(tuple(a("k"), n(1)), big, n(3)), false);
  packed.put(tuple(n(2), Term::local_pid(7)), false); // kept as it is
  EXPECT_EQ(text(packed.lookup(tuple(a("k"), n(1)), h)), "[{{k,1},{\"hello\",1.500000e+00,[1,x]},3}]");
  Term out;
  EXPECT_EQ(packed.lookup_element(tuple(a("k"), n(1)), 3, h, &out), Status::Ok);
  EXPECT_EQ(out, n(3));
  EXPECT_EQ(packed.lookup_element(n(2), 2, h, &out), Status::Ok);
  EXPECT_EQ(out, Term::local_pid(7));
}

TEST_F(Stored, OrderedSetAgainstModel) {
  for (bool fine : {false, true}) {
    OrderedStore tree(shape(TableType::OrderedSet, fine));
    std::map<int64_t, int64_t> model;
    std::mt19937 random(42);
    for (int i = 0; i < 30000; i++) {
      int64_t k = random() % 3000, v = random() % 1000;
      switch (random() % 8) {
      case 0:
      case 1:
      case 2:
        tree.put(tuple(n(k), n(v)), false);
        model[k] = v;
        break;
      case 3: EXPECT_EQ(tree.put(tuple(n(k), n(v)), true), model.emplace(k, v).second); break;
      case 4:
        tree.erase(n(k));
        model.erase(k);
        break;
      case 5: {
        Term next;
        auto it = model.upper_bound(k);
        Status s = tree.next(n(k), h, &next);
        ASSERT_EQ(s, it == model.end() ? Status::EndOfTable : Status::Ok);
        if (s == Status::Ok) ASSERT_EQ(next, n(it->first));
        break;
      }
      case 6: {
        Term prev;
        auto it = model.lower_bound(k);
        Status s = tree.prev(n(k), h, &prev);
        ASSERT_EQ(s, it == model.begin() ? Status::EndOfTable : Status::Ok);
        if (s == Status::Ok) ASSERT_EQ(prev, n(std::prev(it)->first));
        break;
      }
      case 7:
        if (random() % 16 == 0) tree.force_split(n(k));
        else if (random() % 24 == 0) tree.force_join(n(k));
        ASSERT_EQ(tree.member(n(k)), model.contains(k));
        break;
      }
    }
    ASSERT_EQ(size_t(tree.counters.items()), model.size());
    if (fine) EXPECT_GT(tree.range_count(), 1u);
    Term key;
    auto it = model.begin();
    for (Status s = tree.first(h, &key); s == Status::Ok; s = tree.next(key, h, &key)) ASSERT_EQ(key, n((it++)->first));
    EXPECT_EQ(it, model.end());
    while (tree.range_count() > 1) tree.force_join(n(0));
    size_t i = 0;
    for (auto &[k, v] : model) {
      if (i++ % 500) continue;
      Term l;
      ASSERT_EQ(tree.slot(i - 1, h, &l), Status::Ok);
      ASSERT_EQ(l.head().is_boxed(), true);
      ASSERT_EQ(tuple_elements(l.head())[0], n(k));
    }
    progress::quiescent();
  }
}

TEST_F(Stored, OrderedSetTakesOneAndOnePointZeroAsOneKey) {
  OrderedStore tree(shape(TableType::OrderedSet));
  tree.put(tuple(n(1), a("a")), false);
  tree.put(tuple(make_float(h, 1.0), a("b")), false);
  EXPECT_EQ(text(tree.lookup(n(1), h)), "[{1.000000e+00,b}]");
}

struct Collect final : OrderedStore::Visitor {
  std::vector<int64_t> keys;
  Action action = Action::Count;
  Action visit(const Object &o) override {
    keys.push_back(object_key(o, 1).small_value());
    return action;
  }
};

TEST_F(Stored, OrderedTraversalOverRanges) {
  OrderedStore tree(shape(TableType::OrderedSet, true));
  for (int i = 0; i < 2000; i++) tree.put(tuple(n(i), n(i)), false);
  for (int i = 100; i < 2000; i += 100) tree.force_split(n(i));
  EXPECT_GT(tree.range_count(), 5u);
  for (bool backwards : {false, true}) {
    Collect v;
    OrderedStore::Traversal t;
    t.backwards = backwards;
    StoredTerm last;
    while (!t.ended) {
      t.budget = 77;
      tree.traverse(t, v);
      last = std::move(t.last_key);
      t.start = last.term();
    }
    ASSERT_EQ(v.keys.size(), 2000u);
    for (size_t i = 0; i < 2000; i++) ASSERT_EQ(v.keys[i], int64_t(backwards ? 1999 - i : i));
  }
  Collect gone;
  gone.action = Collect::Action::Delete;
  OrderedStore::Traversal t;
  t.change = t.backwards = true;
  t.budget = 100000;
  tree.traverse(t, gone);
  EXPECT_TRUE(t.ended);
  EXPECT_EQ(tree.counters.items(), 0);
}

// --- several threads

void in_threads(int count, void (*f)(Store &, int), Store &s) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; i++)
    threads.emplace_back([&s, f, i] {
      progress::register_thread();
      f(s, i);
      progress::unregister_thread();
    });
  progress::offline();
  for (auto &t : threads) t.join();
  progress::online();
}

void hammer(Store &s, int seed) {
  std::mt19937 random{unsigned(seed)};
  FragmentHeap h;
  for (int i = 0; i < 20000; i++) {
    Term key = Term::small(random() % 4000);
    switch (random() % 6) {
    case 0:
    case 1: s.put(make_tuple(h, key, Term::small(i), make_string(h, "abc", 3)), false); break;
    case 2: s.erase(key); break;
    case 3: s.lookup(key, h); break;
    case 4: s.put(make_tuple(h, key, Term::small(i)), true); break;
    case 5: {
      Term next;
      s.next(key, h, &next);
      break;
    }
    }
    if (i % 64 == 0) progress::quiescent();
  }
}

TEST_F(Stored, FineLockedHashUnderThreads) {
  HashStore fine(shape(TableType::Set, true), fixed);
  in_threads(4, hammer, fine);
  int64_t count = 0;
  Term key;
  for (Status s = fine.first(h, &key); s == Status::Ok; s = fine.next(key, h, &key)) count++;
  EXPECT_EQ(count, fine.counters.items());
}

TEST_F(Stored, FineLockedTreeUnderThreads) {
  OrderedStore fine(shape(TableType::OrderedSet, true));
  for (int i = 0; i < 4000; i++) fine.put(tuple(n(i), n(i)), false);
  for (int i = 0; i < 4000; i += 250) fine.force_split(n(i));
  in_threads(
      4,
      [](Store &s, int seed) {
        auto &tree = static_cast<OrderedStore &>(s);
        for (int round = 0; round < 4; round++) {
          hammer(s, seed * 10 + round);
          tree.force_split(Term::small(seed * 900));
          tree.force_join(Term::small(seed * 700));
          FragmentHeap h;
          Term key, next;
          for (Status st = s.first(h, &key); st == Status::Ok; key = next) {
            st = s.next(key, h, &next);
            if (st == Status::Ok) ASSERT_LT(key.small_value(), next.small_value());
          }
        }
      },
      fine);
  int64_t count = 0;
  Term key;
  for (Status s = fine.first(h, &key); s == Status::Ok; s = fine.next(key, h, &key)) count++;
  EXPECT_EQ(count, fine.counters.items());
}

TEST(Locks, WritersExclude) {
  TableLock plain, spread;
  spread.distribute_readers();
  for (TableLock *lock : {&plain, &spread}) {
    int64_t value = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++)
      threads.emplace_back([&, i] {
        for (int k = 0; k < 20000; k++) {
          if ((k + i) % 4 == 0) {
            lock->lock();
            value++;
            lock->unlock();
          } else {
            lock->lock_shared();
            [[maybe_unused]] volatile int64_t seen = value;
            lock->unlock_shared();
          }
        }
      });
    for (auto &t : threads) t.join();
    EXPECT_EQ(value, 20000);
  }
}

} // namespace
} // namespace joist::runtime::ets
