// External term format against stock: every row of stock_etf.inc is decoded and must be encoded to the same bytes.
#include "runtime/dist/etf.h"

#include "runtime/atom/atom.h"
#include "runtime/mem/literal.h"
#include "runtime/term/compare.h"
#include "runtime/term/print.h"

#include <gtest/gtest.h>

#include <random>

using namespace joist::runtime;

namespace {
struct Row {
  int minor, level;
  bool deterministic;
  size_t size;
  const char *hex;
};
const Row kRows[] = {
#include "tests/unit/dist/stock_etf.inc"
};

struct EtfTest : testing::Test {
  static void SetUpTestSuite() {
    static bool once = [] {
      atom::init(100000);
      literal_init();
      return true;
    }();
    (void)once;
  }
};

std::vector<uint8_t> unhex(const char *s) {
  std::vector<uint8_t> out;
  auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'A' + 10; };
  for (; *s; s += 2) out.push_back(uint8_t(digit(s[0]) << 4 | digit(s[1])));
  return out;
}
std::string hex(const std::vector<uint8_t> &v) {
  std::string s;
  char b[3];
  for (uint8_t c : v) snprintf(b, sizeof b, "%02X", c), s += b;
  return s;
}

TEST_F(EtfTest, SameBytesAsStock) {
  for (const Row &r : kRows) {
    std::vector<uint8_t> bytes = unhex(r.hex);
    FragmentHeap h;
    Word used = 0;
    Term t = etf_decode(h, bytes.data(), bytes.size(), false, &used);
    ASSERT_FALSE(t.is_none()) << r.hex;
    EXPECT_EQ(used, bytes.size()) << r.hex;
    EncodeOptions o{r.level, r.minor, r.deterministic};
    EXPECT_EQ(hex(etf_encode(t, o)), r.hex);
    if (r.minor < 2) EXPECT_EQ(etf_size(t, o), r.size) << r.hex;
  }
}

// Encoding in single steps, with the open terms saved to and restored from a heap tuple in between.
TEST_F(EtfTest, EncodesInSteps) {
  for (const Row &r : kRows) {
    if (r.level != 0) continue;
    std::vector<uint8_t> bytes = unhex(r.hex);
    FragmentHeap h;
    Term t = etf_decode(h, bytes.data(), bytes.size(), false, nullptr);
    EtfBuffer out;
    EtfEncoder e({0, r.minor, r.deterministic}, out, &h);
    e.start(t);
    for (;;) {
      int64_t budget = 1;
      if (e.run(&budget)) break;
      Term saved = e.save(h);
      e.restore(saved, &h);
    }
    EXPECT_EQ(hex(std::vector<uint8_t>(out.data(), out.data() + out.size())), r.hex);
  }
}

TEST_F(EtfTest, DecodesInSteps) {
  for (const Row &r : kRows) {
    if (r.level != 0) continue;
    std::vector<uint8_t> bytes = unhex(r.hex);
    FragmentHeap h;
    EtfDecoder d(h, bytes.data() + 1, bytes.size() - 1, false);
    EtfDecoder::Result result;
    int64_t budget;
    while ((result = d.run(&(budget = 1))) == EtfDecoder::Result::More) {}
    ASSERT_EQ(result, EtfDecoder::Result::Done);
    EXPECT_EQ(hex(etf_encode(d.value(), {0, r.minor, r.deterministic})), r.hex);
  }
}

// Every truncation must be refused, and damage must never do harm.
TEST_F(EtfTest, SurvivesDamage) {
  std::mt19937 random(1);
  for (const Row &r : kRows) {
    std::vector<uint8_t> bytes = unhex(r.hex);
    if (bytes.size() > 4000) continue;
    for (size_t n = 0; n < bytes.size(); n++) {
      FragmentHeap h;
      std::vector<uint8_t> cut(bytes.begin(), bytes.begin() + long(n));
      EXPECT_TRUE(etf_decode(h, cut.data(), cut.size(), true, nullptr).is_none()) << r.hex << " " << n;
    }
    for (int i = 0; i < 200; i++) {
      std::vector<uint8_t> bad = bytes;
      for (int k = 0; k < 3; k++) bad[random() % bad.size()] = uint8_t(random());
      FragmentHeap h;
      etf_decode(h, bad.data(), bad.size(), true, nullptr);
    }
  }
}

TEST_F(EtfTest, RefusesHugeClaims) {
  const std::vector<std::vector<uint8_t>> bad = {
      {131, 105, 255, 255, 255, 255, 97, 1},
      {131, 108, 255, 255, 255, 255, 97, 1},
      {131, 116, 255, 255, 255, 255, 97, 1},
      {131, 109, 255, 255, 255, 255, 1},
      {131, 111, 255, 255, 255, 255, 0, 1},
      {131, 80, 255, 255, 255, 255, 120, 156, 3, 0, 0, 0, 0, 1},
      {131, 116, 0, 0, 0, 2, 97, 1, 97, 2, 97, 1, 97, 3}, // a key twice
      {131, 70, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0},            // infinity
      {131, 113, 100, 0, 1, 97, 100, 0, 1, 98, 98, 255, 255, 255, 255},
  };
  for (auto &b : bad) {
    FragmentHeap h;
    EXPECT_TRUE(etf_decode(h, b.data(), b.size(), false, nullptr).is_none());
    EXPECT_LT(h.fragment_words, 10000u);
  }
  // Nested tuples that each claim all that is left: memory must not be quadratic.
  std::vector<uint8_t> nested{131};
  for (int i = 0; i < 20000; i++) nested.insert(nested.end(), {105, 0, 0, 0x60, 0});
  nested.insert(nested.end(), 30000, 106);
  FragmentHeap h;
  EXPECT_TRUE(etf_decode(h, nested.data(), nested.size(), false, nullptr).is_none());
  EXPECT_LT(h.fragment_words, 1'000'000u);
}

TEST_F(EtfTest, DeepTermsNeedNoStack) {
  std::vector<uint8_t> deep{131};
  for (int i = 0; i < 1'000'000; i++) deep.insert(deep.end(), {104, 1});
  deep.push_back(106);
  FragmentHeap h;
  Term t = etf_decode(h, deep.data(), deep.size(), false, nullptr);
  ASSERT_FALSE(t.is_none());
  EXPECT_EQ(etf_encode(t), deep);
}

TEST_F(EtfTest, Safe) {
  const uint8_t unknown[] = {131, 119, 22,  'n', 'e', 'v', 'e', 'r', '_', 's', 'e', 'e', 'n',
                             '_', 'b', 'e', 'f', 'o', 'r', 'e', '_', '_', '_', '_', '_'};
  FragmentHeap h;
  EXPECT_TRUE(etf_decode(h, unknown, sizeof unknown, true, nullptr).is_none());
  EXPECT_FALSE(etf_decode(h, unknown, sizeof unknown, false, nullptr).is_none());
  EXPECT_FALSE(etf_decode(h, unknown, sizeof unknown, true, nullptr).is_none());
}
} // namespace
