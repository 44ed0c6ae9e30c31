// Searching against a plain model, with every way of cutting the work into slices.
#include "bifs/binary_search.h"

#include <gtest/gtest.h>
#include <random>

using namespace joist::bifs;

namespace {

// Leftmost match, of those the longest.
Found model(const std::string &text, size_t from, const std::vector<std::string> &patterns) {
  for (size_t i = from; i < text.size(); i++) {
    Found best;
    for (auto &p : patterns)
      if (text.compare(i, p.size(), p) == 0 && p.size() > best.length) best = {i, p.size()};
    if (best.length) return best;
  }
  return {};
}

template <class P> Found find(const P &pattern, const std::string &text, size_t from, Word slice) {
  SearchState s{from, 0, {}};
  for (;;) {
    Word budget = slice;
    Found f;
    switch (pattern.find(reinterpret_cast<const uint8_t *>(text.data()), text.size(), &s, &budget, &f)) {
    case SearchResult::Found: return f;
    case SearchResult::NotFound: return {};
    case SearchResult::Paused: break;
    }
  }
}

std::string letters(std::mt19937 &r, size_t n, int kinds) {
  std::string s;
  while (s.size() < n) s += char('a' + r() % unsigned(kinds));
  return s;
}

} // namespace

TEST(BinarySearch, AgainstModel) {
  std::mt19937 r(1);
  for (int round = 0; round < 20000; round++) {
    std::string text = letters(r, r() % 40, 3);
    std::vector<std::string> patterns;
    for (unsigned n = 1 + r() % 4; n; n--) patterns.push_back(letters(r, 1 + r() % 6, 3));
    size_t from = r() % (text.size() + 1);
    Word slice = 1 + r() % 20;
    Found want = model(text, from, patterns), got = find(SetPattern(patterns), text, from, slice);
    ASSERT_EQ(got.start, want.start) << text;
    ASSERT_EQ(got.length, want.length) << text;
    want = model(text, from, {patterns[0]});
    got = find(SinglePattern(patterns[0]), text, from, slice);
    ASSERT_EQ(got.start, want.start) << text << " " << patterns[0];
    ASSERT_EQ(got.length, want.length);
  }
}

TEST(BinarySearch, AllBytes) {
  std::vector<std::string> patterns;
  for (int i = 0; i < 256; i++) patterns.push_back(std::string(1, char(i)) + char(255 - i));
  SetPattern p(patterns);
  for (int i = 0; i < 256; i++) {
    std::string text = std::string(3, char(i)) + char(255 - i);
    EXPECT_EQ(find(p, text, 0, 100).length, 2u) << i;
  }
}
