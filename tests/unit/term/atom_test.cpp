#include "runtime/atom/atom.h"

#include <gtest/gtest.h>
#include <string>
#include <thread>
#include <vector>

namespace joist::runtime {
namespace {

class AtomTable : public ::testing::Test {
protected:
  AtomTable() { atom::init(1 << 20); }
};

TEST_F(AtomTable, PredefinedAtomsHaveTheirNumbers) {
  EXPECT_EQ(atom::intern("true"), atoms::true_);
  EXPECT_EQ(atom::find("ok"), atoms::ok);
  EXPECT_EQ(atom::text(atoms::op_plus), "+");
}

TEST_F(AtomTable, NamesAreValidUtf8OfAtMost255Characters) {
  EXPECT_TRUE(atom::intern("\xFF").is_none());
  EXPECT_TRUE(atom::intern("\xED\xA0\x80").is_none());
  EXPECT_TRUE(atom::intern(std::string(256, 'a')).is_none());
  std::string euro;
  for (int i = 0; i < 255; i++) euro += "\xE2\x82\xAC";
  Term a = atom::intern(euro);
  EXPECT_EQ(atom::text(a), euro);
  EXPECT_EQ(atom::char_count(a), 255u);
  EXPECT_TRUE(atom::intern(euro + "a").is_none());
  EXPECT_FALSE(atom::table_full());
  EXPECT_EQ(atom::intern_latin1("\xE4"), atom::intern("\xC3\xA4"));
  EXPECT_TRUE(atom::find("never seen").is_none());
}

TEST_F(AtomTable, OrderIsByCharacter) {
  const char *sorted[] = {
      "", "A", "a", "aa", "ab", "abc", "abcd", "abcda", "abcde", "b", "\xC3\xA4", "\xE2\x82\xAC", "\xF0\x90\x80\x80"};
  for (const char *x : sorted)
    for (const char *y : sorted) {
      int c = std::string(x).compare(y), d = atom::compare(atom::intern(x), atom::intern(y));
      EXPECT_EQ(c < 0, d < 0) << x << " " << y;
      EXPECT_EQ(c > 0, d > 0) << x << " " << y;
    }
  Term zero = atom::intern(std::string_view("a\0", 2));
  EXPECT_LT(atom::compare(atom::intern("a"), zero), 0);
}

TEST_F(AtomTable, ThreadsAgree) {
  constexpr int kThreads = 4, kAtoms = 30000;
  std::vector<std::vector<Term>> got(kThreads, std::vector<Term>(kAtoms));
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; t++)
    threads.emplace_back([&, t] {
      for (int i = 0; i < kAtoms; i++) {
        std::string name = "thread_atom_" + std::to_string(i);
        got[size_t(t)][size_t(i)] = atom::intern(name);
        if (atom::text(got[size_t(t)][size_t(i)]) != name) abort();
      }
    });
  for (auto &t : threads) t.join();
  for (int t = 1; t < kThreads; t++) EXPECT_EQ(got[0], got[size_t(t)]);
  for (int i = 0; i < kAtoms; i++) EXPECT_EQ(atom::find("thread_atom_" + std::to_string(i)), got[0][size_t(i)]);
}

} // namespace
} // namespace joist::runtime
