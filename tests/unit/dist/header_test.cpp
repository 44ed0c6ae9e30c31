#include "runtime/dist/header.h"

#include "runtime/dist/etf.h"

#include <gtest/gtest.h>

#include <random>

namespace joist::runtime {
namespace {
struct Setup {
  Setup() {
    if (!atom::limit()) atom::init(1 << 20);
  }
};
void ready() { static Setup once; }

std::vector<uint8_t> write(OutCache &out, const AtomTable &t, FragmentInfo f = {}) {
  std::vector<uint8_t> bytes(OutCache::room(&t));
  bytes.resize(size_t(out.write(bytes.data(), &t, f) - bytes.data()));
  return bytes;
}

// ERTS user's guide, "Distribution Header": 131, 68, number of references, flags, references.
TEST(Header, WireBytes) {
  ready();
  OutCache out;
  AtomTable t;
  ASSERT_EQ(t.index(atom::intern("abc")), 0);
  auto first = write(out, t);
  ASSERT_EQ(first.size(), 2u + 1 + 1 + 1 + 1 + 3);
  EXPECT_EQ(first[0], 131);
  EXPECT_EQ(first[1], 68);
  EXPECT_EQ(first[2], 1);
  EXPECT_EQ(first[3] & 8, 8); // a new entry, short atoms
  EXPECT_EQ(first[3] >> 4, 0);
  EXPECT_EQ(first[5], 3);
  EXPECT_EQ(std::string(first.end() - 3, first.end()), "abc");
  auto again = write(out, t);
  ASSERT_EQ(again.size(), 5u);
  EXPECT_EQ(again[3] & 8, 0);
  EXPECT_EQ(again[4], first[4]);
}

TEST(Header, RoundTrip) {
  ready();
  OutCache out;
  InCache in;
  std::mt19937 random(1);
  AtomTable t;
  for (int message = 0; message < 2000; message++) {
    t.clear();
    std::vector<Term> want;
    for (unsigned i = random() % 300; i > 0; i--) {
      std::string name = "atom" + std::to_string(random() % 5000);
      if (random() % 500 == 0) name = std::string("\xe2\x82\xac").append("x");
      if (random() % 2000 == 0)
        for (name.clear(); name.size() < 600;) name += "\xe2\x82\xac";
      Term a = atom::intern(name);
      int index = t.index(a);
      if (index < 0) continue;
      if (size_t(index) == want.size()) want.push_back(a);
      EXPECT_EQ(want[size_t(index)], a);
    }
    FragmentInfo f;
    if (message % 3 == 0) f = {random() + 1u, 2u + random() % 9};
    auto bytes = write(out, t, f);
    ReadHeader h;
    ASSERT_TRUE(in.read(bytes.data(), bytes.size(), &h));
    EXPECT_EQ(h.size, bytes.size());
    EXPECT_EQ(h.kind, f.count > 1 ? ReadHeader::Kind::First : ReadHeader::Kind::Plain);
    if (f.count > 1) {
      EXPECT_EQ(h.sequence, f.sequence);
      EXPECT_EQ(h.fragment, f.count);
    }
    ASSERT_EQ(h.atoms, want);
  }
}

TEST(Header, Malformed) {
  ready();
  std::mt19937 random(2);
  for (int i = 0; i < 200000; i++) {
    InCache in;
    std::vector<uint8_t> bytes(random() % 40);
    for (auto &b : bytes) b = uint8_t(random());
    if (bytes.size() > 2) bytes[0] = 131, bytes[1] = uint8_t(68 + random() % 3);
    ReadHeader h;
    if (in.read(bytes.data(), bytes.size(), &h)) EXPECT_LE(h.size, bytes.size());
  }
  InCache in;
  ReadHeader h;
  const uint8_t unknown[] = {131, 68, 1, 0, 7}; // refers to an entry that was never made
  EXPECT_FALSE(in.read(unknown, sizeof unknown, &h));
}
} // namespace
} // namespace joist::runtime
