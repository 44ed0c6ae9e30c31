#include "runtime/mem/alloc.h"
#include "runtime/term/binary.h"
#include "runtime/term/number.h"

#include <cmath>
#include <gtest/gtest.h>
#include <random>
#include <vector>

using namespace joist::runtime;

namespace {
using Bits = std::vector<bool>;

Bits bits_of(const uint8_t *p, Word at, Word n) {
  Bits r;
  for (Word i = at; i < at + n; i++) r.push_back(p[i / 8] >> (7 - i % 8) & 1);
  return r;
}
Bits bits_of(Term t) {
  BitView v = bit_view(t);
  return bits_of(v.bytes, v.bit_offset, v.bits);
}
std::vector<uint8_t> random_bytes(std::mt19937 &r, size_t n) {
  std::vector<uint8_t> v(n);
  for (auto &b : v) b = uint8_t(r());
  return v;
}
Term matched(Heap &h, std::vector<uint8_t> bytes, Word skip, Word bits, unsigned flags) {
  Term b = make_binary_from(h, bytes.data(), bytes.size());
  auto *c = reinterpret_cast<MatchCtxObj *>(match_start(h, b).box());
  c->position += skip;
  return match_integer(h, c, bits, flags);
}
} // namespace

TEST(Bits, CopyAgainstModel) {
  std::mt19937 r(1);
  for (int round = 0; round < 20000; round++) {
    Word n = r() % 300, s = r() % 20, d = r() % 20;
    auto src = random_bytes(r, (s + n + 7) / 8), dst = random_bytes(r, (d + n + 7) / 8 + 2), before = dst;
    copy_bits(src.data(), s, dst.data(), d, n);
    ASSERT_EQ(bits_of(dst.data(), d, n), bits_of(src.data(), s, n));
    ASSERT_EQ(bits_of(dst.data(), 0, d), bits_of(before.data(), 0, d));
    Word after = dst.size() * 8 - d - n;
    ASSERT_EQ(bits_of(dst.data(), d + n, after), bits_of(before.data(), d + n, after));
  }
}

TEST(Bits, ReadWriteCompare) {
  std::mt19937 r(2);
  for (int round = 0; round < 20000; round++) {
    unsigned n = r() % 65;
    Word at = r() % 30;
    auto v = random_bytes(r, (at + n + 7) / 8);
    uint64_t want = 0;
    for (bool b : bits_of(v.data(), at, n)) want = want << 1 | b;
    ASSERT_EQ(read_bits(v.data(), at, n), want);
    auto w = random_bytes(r, v.size()), before = w;
    write_bits(w.data(), at, n, want | (n < 64 ? uint64_t(r()) << n : 0));
    ASSERT_EQ(bits_of(w.data(), at, n), bits_of(v.data(), at, n));
    ASSERT_EQ(bits_of(w.data(), 0, at), bits_of(before.data(), 0, at));
  }
  for (int round = 0; round < 20000; round++) {
    Word n = r() % 200, m = r() % 200, i = r() % 8, j = r() % 8;
    std::vector<uint8_t> a(40), b(40);
    if (r() % 2) a[r() % 40] = b[r() % 40] = uint8_t(r());
    Bits x = bits_of(a.data(), i, n), y = bits_of(b.data(), j, m);
    int want = x < y ? -1 : y < x;
    ASSERT_EQ(compare_bits({a.data(), i, n}, {b.data(), j, m}), want);
  }
}

TEST(Bits, HalfFloats) {
  for (unsigned i = 0; i < 0x7C00; i++) {
    ASSERT_EQ(double_to_half(half_to_double(uint16_t(i))), i);
    ASSERT_EQ(double_to_half(half_to_double(uint16_t(i | 0x8000))), i | 0x8000);
    // halfway to the next rounds to even, a little more up
    double low = half_to_double(uint16_t(i)), high = i + 1 == 0x7C00 ? 65536.0 : half_to_double(uint16_t(i + 1));
    double mid = (low + high) / 2;
    ASSERT_EQ(double_to_half(mid), i % 2 ? i + 1 : i);
    ASSERT_EQ(double_to_half(std::nextafter(mid, 1e9)), i + 1);
    ASSERT_EQ(double_to_half(std::nextafter(mid, 0)), i);
  }
  EXPECT_EQ(double_to_half(1e-7), 2); // stock: <<1.0e-7:16/float>> is <<0,2>>
  EXPECT_EQ(double_to_half(1e10), 0x7C00);
  EXPECT_TRUE(std::isinf(half_to_double(0x7C00)));
  EXPECT_TRUE(std::isnan(half_to_double(0x7C01)));
}

TEST(Match, Integers) {
  FragmentHeap h;
  EXPECT_EQ(matched(h, {0x12, 0x34}, 0, 16, 0), Term::small(0x1234));
  EXPECT_EQ(matched(h, {0x12, 0x34}, 0, 16, kBsLittle), Term::small(0x3412));
  EXPECT_EQ(matched(h, {0x12, 0x34}, 4, 8, 0), Term::small(0x23));
  EXPECT_EQ(matched(h, {0xFF, 0xF0}, 0, 12, kBsSigned), Term::small(-1));
  EXPECT_EQ(matched(h, {0x34, 0x10}, 0, 12, kBsLittle), Term::small(0x134)); // <<X:12/little>>
  EXPECT_EQ(matched(h, {0x34, 0x80}, 0, 12, kBsLittle | kBsSigned), Term::small(0x834 - 0x1000));
  EXPECT_TRUE(matched(h, {1}, 0, 9, 0).is_none());
  EXPECT_EQ(matched(h, {1}, 0, 0, 0), Term::small(0));
}

TEST(Match, IntegerRoundTrips) {
  std::mt19937 r(5);
  for (int round = 0; round < 5000; round++) {
    FragmentHeap h;
    Word n = 1 + r() % 300, at = r() % 16, to = r() % 16;
    unsigned flags = (r() % 2 ? kBsLittle : 0) | (r() % 2 ? kBsSigned : 0);
    auto v = random_bytes(r, (at + n + 7) / 8 + 1);
    if (r() % 3 == 0)
      for (auto &b : v) b = r() % 2 ? 0xFF : 0; // runs of equal bits: small values, powers of two
    Term t = matched(h, v, at, n, flags);
    std::vector<uint8_t> out((to + n + 7) / 8);
    ASSERT_TRUE(put_integer(out.data(), to, n, t, flags));
    ASSERT_EQ(bits_of(out.data(), to, n), bits_of(v.data(), at, n)) << n << " " << flags;
  }
}

TEST(Match, Floats) {
  FragmentHeap h;
  uint8_t out[20] = {};
  for (Word bits : {16, 32, 64})
    for (unsigned flags : {0u, kBsLittle})
      for (Word at : {0, 3}) {
        ASSERT_TRUE(put_float(out, at, bits, make_float(h, 1.5), flags));
        auto *c = reinterpret_cast<MatchCtxObj *>(match_start(h, make_binary_from(h, out, 20)).box());
        c->position = at;
        EXPECT_EQ(match_float(h, c, bits, flags), make_float(h, 1.5));
        EXPECT_EQ(c->position, at + bits);
      }
  EXPECT_FALSE(put_float(out, 0, 32, Term::nil(), 0));
  EXPECT_TRUE(put_float(out, 0, 32, make_float(h, 1e300), 0)); // infinity, which does not match again
  auto *c = reinterpret_cast<MatchCtxObj *>(match_start(h, make_binary_from(h, out, 20)).box());
  EXPECT_TRUE(match_float(h, c, 32, 0).is_none());
  EXPECT_EQ(c->position, 0u);
}

TEST(Match, Utf) {
  FragmentHeap h;
  for (uint32_t c : {0u, 0x7Fu, 0x80u, 0x7FFu, 0x800u, 0xD7FFu, 0xE000u, 0xFFFFu, 0x10000u, 0x10FFFFu})
    for (Word skip : {0, 3}) {
      uint8_t plain[8] = {}, out[16] = {};
      Word n = put_utf8(plain, c);
      EXPECT_EQ(n, utf8_length(c));
      copy_bits(plain, 0, out, skip, n * 8);
      auto *m = reinterpret_cast<MatchCtxObj *>(match_start(h, make_binary_from(h, out, 16)).box());
      m->position = skip;
      EXPECT_EQ(match_utf8(m), Term::small(c));
      EXPECT_EQ(m->position, skip + n * 8);
      for (unsigned flags : {0u, kBsLittle}) {
        n = put_utf16(plain, c, flags);
        copy_bits(plain, 0, out, skip, n * 8);
        m = reinterpret_cast<MatchCtxObj *>(match_start(h, make_binary_from(h, out, 16)).box());
        m->position = skip;
        EXPECT_EQ(match_utf16(m, flags), Term::small(c));
        ASSERT_TRUE(put_integer(out, skip, 32, Term::small(c), flags));
        m = reinterpret_cast<MatchCtxObj *>(match_start(h, make_binary_from(h, out, 16)).box());
        m->position = skip;
        EXPECT_EQ(match_utf32(m, flags), Term::small(c));
      }
    }
  std::vector<std::vector<uint8_t>> wrong = {{0x80},
                                             {0xC0, 0x80},
                                             {0xC1, 0xBF},
                                             {0xE0, 0x9F, 0xBF},
                                             {0xED, 0xA0, 0x80},
                                             {0xF0, 0x8F, 0xBF, 0xBF},
                                             {0xF4, 0x90, 0x80, 0x80},
                                             {0xF5, 0x80, 0x80, 0x80},
                                             {0xE2, 0x82},
                                             {0xFF}};
  for (auto &bad : wrong) {
    auto *m = reinterpret_cast<MatchCtxObj *>(match_start(h, make_binary_from(h, bad.data(), bad.size())).box());
    EXPECT_TRUE(match_utf8(m).is_none());
    EXPECT_EQ(m->position, 0u);
  }
  EXPECT_EQ(utf8_length(0xD800), 0u);
  EXPECT_EQ(utf8_length(0x110000), 0u);
}

TEST(Binary, SubBinariesDoNotNest) {
  FragmentHeap h;
  std::mt19937 r(4);
  auto v = random_bytes(r, 1000);
  Term b = make_binary_from(h, v.data(), v.size());
  Term s = make_sub_binary(h, b, 3, 7000), s2 = make_sub_binary(h, s, 5, 6000);
  EXPECT_EQ(Term(reinterpret_cast<SubBinObj *>(s2.box())->original), b);
  EXPECT_EQ(bits_of(s2), bits_of(v.data(), 8, 6000));
  EXPECT_EQ(kind_of(make_sub_binary(h, s, 5, 64 * 8)), Kind::HeapBin);
  EXPECT_EQ(bits_of(make_sub_binary(h, s, 5, 64 * 8)), bits_of(v.data(), 8, 512));
  auto *c = reinterpret_cast<MatchCtxObj *>(match_start(h, s2).box());
  Term part = match_binary(h, c, 5555);
  EXPECT_EQ(bits_of(part), bits_of(v.data(), 8, 5555));
  EXPECT_EQ(Term(reinterpret_cast<SubBinObj *>(part.box())->original), b);
}

TEST(Binary, AppendGrowsInPlace) {
  FragmentHeap h;
  std::vector<uint8_t> model(1000, 7);
  Term t = make_binary_from(h, model.data(), model.size());
  Word capacity = 0;
  int moves = 0;
  for (int i = 0; i < 5000; i++) {
    uint8_t *bytes;
    Word bit;
    t = append_writable(h, t, 8, &bytes, &bit);
    write_bits(bytes, bit, 8, uint64_t(i));
    model.push_back(uint8_t(i));
    auto *r = reinterpret_cast<RefcBinObj *>(Term(reinterpret_cast<SubBinObj *>(t.box())->original).box());
    moves += r->data->capacity != capacity;
    capacity = r->data->capacity;
  }
  EXPECT_LE(moves, 5);
  EXPECT_EQ(bits_of(t), bits_of(model.data(), 0, model.size() * 8));
  // A shorter prefix is copied when appended to; the longer one does not change.
  uint8_t *bytes;
  Word bit;
  Term a = append_writable(h, t, 8, &bytes, &bit);
  bytes[bit / 8] = 1;
  Term b = append_writable(h, t, 8, &bytes, &bit);
  bytes[bit / 8] = 2;
  EXPECT_EQ(bit_view(a).bytes[model.size()], 1);
  EXPECT_EQ(bit_view(b).bytes[model.size()], 2);
  writable_freeze(a);
  Term c = append_writable(h, a, 8, &bytes, &bit);
  EXPECT_NE(bit_view(c).bytes, bit_view(a).bytes);
  EXPECT_EQ(append_writable(h, c, 0, &bytes, &bit), c);
  EXPECT_TRUE(append_writable(h, c, ~Word{0}, &bytes, &bit).is_none());
}

TEST(IoList, SizeAndWrite) {
  FragmentHeap h;
  Term bin = make_binary_from(h, "abc");
  Term deep = make_list(h, Term::small('x'));
  for (int i = 0; i < 100000; i++) deep = make_cons(h, deep, i % 2 ? bin : Term::nil());
  Term list = make_list(h, Term::small(1), bin, deep, Term::nil());
  Word n;
  ASSERT_EQ(iolist_size(list, &n), IoListError::Ok);
  EXPECT_EQ(n, 1 + 3 + 1 + 50000 * 3u);
  std::vector<uint8_t> out(n);
  EXPECT_EQ(iolist_write(list, out.data(), n), n);
  EXPECT_EQ(std::string(out.begin() + 1, out.begin() + 8), "abcxabc");
  EXPECT_EQ(iolist_write(list, out.data(), 2), 2u);
  for (Term bad : {Term::small(1), Term::atom(1), make_list(h, Term::small(256)), make_list(h, Term::small(-1)),
                   make_cons(h, Term::small(1), Term::small(2)), make_sub_binary(h, bin, 0, 4)}) {
    EXPECT_EQ(iolist_size(bad, &n), IoListError::Type);
    EXPECT_EQ(iolist_write(bad, out.data(), 10), ~Word{0});
  }
  EXPECT_EQ(iolist_size(Term::nil(), &n), IoListError::Ok);
  EXPECT_EQ(n, 0u);
}
