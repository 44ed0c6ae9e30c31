// The collector and the copier against random terms: whatever is collected or copied stays equal to what it was.
#include "runtime/atom/atom.h"
#include "runtime/mem/copy.h"
#include "runtime/mem/gc.h"
#include "runtime/mem/literal.h"
#include "runtime/mem/magic.h"
#include "runtime/proc/process.h"
#include "runtime/term/binary.h"
#include "runtime/term/compare.h"
#include "runtime/term/map.h"
#include "runtime/term/ref.h"

#include <gtest/gtest.h>
#include <random>

namespace joist::runtime {
namespace {

class GcTest : public ::testing::Test {
protected:
  void SetUp() override {
    static bool once = [] {
      atom::init(1 << 20);
      literal_init();
      return true;
    }();
    (void)once;
    p.id = Term::local_pid(1);
    p.min_vheap_size = 46422;
    gc_init_heap(&p, 233);
  }
  void TearDown() override { gc_free_heap(&p); }

  Term random_term(Heap &h, int depth) {
    switch (rng() % (depth > 0 ? 11 : 5)) {
    case 0: return Term::small(int64_t(rng()) % 100000);
    case 1: return Term::atom(uint32_t(rng() % 50));
    case 2: return make_int(h, int64_t(rng() << 32 | rng()));
    case 3: return make_float(h, double(rng()) * 1e90);
    case 4: return make_float(h, double(rng()));
    case 5: return make_cons(h, random_term(h, depth - 1), random_term(h, depth - 1));
    case 6: return make_tuple(h, random_term(h, depth - 1), random_term(h, depth - 1), random_term(h, depth - 1));
    case 7: {
      std::string bytes(rng() % 200, char('a' + rng() % 26));
      return make_binary_from(h, bytes);
    }
    case 8: {
      std::string bytes(1 + rng() % 200, char('a' + rng() % 26));
      Term b = make_binary_from(h, bytes);
      Word from = rng() % (bytes.size() * 8);
      return make_sub_binary(h, b, from, rng() % (bytes.size() * 8 - from + 1));
    }
    case 9: {
      Term m = map_empty(h);
      for (unsigned n = rng() % 50; n-- > 0;)
        m = map_put(h, m, Term::small(int64_t(rng() % 1000)), random_term(h, depth - 2));
      return m;
    }
    default: {
      Term l = Term::nil();
      for (unsigned n = rng() % 20; n-- > 0;) l = make_cons(h, random_term(h, depth - 2), l);
      return l;
    }
    }
  }

  Process p{};
  std::mt19937 rng{12345};
};

TEST_F(GcTest, SizesFollowTheTable) {
  EXPECT_EQ(gc_next_size(233), 233u);
  EXPECT_EQ(gc_next_size(234), 376u);
  EXPECT_EQ(gc_next_size(611), 987u);
  EXPECT_EQ(gc_next_size(1), 12u);
}

TEST_F(GcTest, RandomTermsSurvive) {
  constexpr unsigned kRegisters = 8;
  Term x[kRegisters];
  std::vector<std::unique_ptr<FragmentHeap>> mirrors(kRegisters);
  Term expected[kRegisters];
  for (unsigned i = 0; i < kRegisters; i++) x[i] = expected[i] = Term::nil();
  for (int round = 0; round < 400; round++) {
    unsigned i = rng() % kRegisters;
    x[i] = random_term(p.heap, 6);
    mirrors[i] = std::make_unique<FragmentHeap>();
    expected[i] = copy(x[i], *mirrors[i]);
    ASSERT_TRUE(eq(x[i], expected[i])) << "copy, round " << round;
    switch (rng() % 3) {
    case 0: gc_collect(&p, rng() % 500, x, kRegisters); break;
    case 1: gc_major(&p, rng() % 50, x, kRegisters); break;
    default: break;
    }
    gc_verify(&p, x, kRegisters);
    for (unsigned k = 0; k < kRegisters; k++)
      ASSERT_TRUE(eq(x[k], expected[k])) << "register " << k << ", round " << round;
  }
  gc_hibernate(&p, x, kRegisters);
  for (unsigned k = 0; k < kRegisters; k++) EXPECT_TRUE(eq(x[k], expected[k]));
}

TEST_F(GcTest, StackIsARootAndGrows) {
  Term x[1];
  FragmentHeap h;
  Term expected = random_term(h, 5);
  for (int round = 0; round < 200; round++) {
    if (p.stack_top - p.heap.top < long(kStackMargin) + 4) gc_collect(&p, 64, x, 0);
    *--p.stack_top = 0xABC0 | Word(Tag::Header); // a return address is skipped
    *--p.stack_top = copy(expected, p.heap).raw();
    p.sync_limit();
    gc_collect(&p, 16, x, 0);
    for (Word *s = p.stack_top; s < p.heap_end; s += 2) ASSERT_TRUE(eq(Term(*s), expected));
  }
}

TEST_F(GcTest, BinariesAreReleased) {
  BinData *data = bin_alloc(1000);
  Term x[1] = {make_refc_binary(p.heap, data, data->data(), 1000)};
  bin_ref(data); // ours
  EXPECT_EQ(data->refs.load(), 2);
  gc_collect(&p, 0, x, 1);
  gc_collect(&p, 0, x, 1); // promoted
  EXPECT_EQ(data->refs.load(), 2);
  gc_collect(&p, 0, x, 0); // a minor collection does not look at the old generation
  EXPECT_EQ(data->refs.load(), 2);
  gc_major(&p, 0, x, 0);
  EXPECT_EQ(data->refs.load(), 1);
  bin_unref(data);
}

TEST_F(GcTest, SlicesAreCopiedWithoutTheirOrigin) {
  std::string bytes(10000, 'x');
  Term whole = make_binary_from(p.heap, bytes);
  Term slice = make_sub_binary(p.heap, whole, 80, 16);
  Fragment *f;
  Term c = copy_to_fragment(slice, &f);
  EXPECT_TRUE(eq(c, slice));
  EXPECT_EQ(kind_of(c), Kind::HeapBin);
  fragment_free(f);
}

TEST_F(GcTest, LiteralsAreSharedUntilLeft) {
  FragmentHeap h;
  Term literal;
  LiteralArea *area = literal_copy(random_term(h, 6), &literal);
  if (!literal.is_pointer()) GTEST_SKIP();
  Term x[1] = {make_tuple(p.heap, literal, literal)};
  gc_major(&p, 0, x, 1);
  EXPECT_EQ(tuple_elements(x[0])[0], literal);
  EXPECT_TRUE(gc_refers_to(&p, area->start, area->end, x, 1));
  FragmentHeap keep;
  Term expected = copy(x[0], keep, false);
  gc_leave_literals(&p, *area, x, 1);
  EXPECT_FALSE(gc_refers_to(&p, area->start, area->end, x, 1));
  EXPECT_TRUE(eq(x[0], expected));
  literal_area_free(area);
  EXPECT_TRUE(eq(x[0], expected));
}

TEST_F(GcTest, BinariesOfAMessageCountWhereItIs) {
  constexpr Word kSize = 100000;
  const auto binary = [](Heap &h) {
    BinData *data = bin_alloc(kSize);
    return make_refc_binary(h, data, data->data(), kSize);
  };
  FragmentHeap received;
  binary(received);
  FragmentHeap message; // with a list of its own beside the one it takes over
  message.adopt(received.take());
  EXPECT_EQ(received.off_heap.bytes, 0u);
  Term own = binary(message);
  EXPECT_EQ(message.off_heap.bytes, 2 * kSize);
  p.heap.adopt(message.take());
  EXPECT_EQ(p.heap.off_heap.bytes, 2 * kSize);
  Term x[1] = {own};
  gc_major(&p, 0, x, 1);
  EXPECT_EQ(p.heap.off_heap.bytes, kSize); // the other one was garbage
}

TEST_F(GcTest, DeepListsNeedNoNativeStack) {
  Term l = Term::nil();
  for (int i = 0; i < 1000000; i++) l = make_cons(p.heap, l, Term::nil());
  Term x[1] = {l};
  gc_major(&p, 0, x, 1);
  EXPECT_EQ(size_of(x[0]), 2000000u);
  Fragment *f;
  Term c = copy_to_fragment(x[0], &f);
  EXPECT_EQ(size_of(c), 2000000u);
  fragment_free(f);
}

} // namespace
} // namespace joist::runtime
