#include "runtime/atom/atom.h"
#include "runtime/io/file_name.h"
#include "runtime/io/io_queue.h"
#include "runtime/io/posix.h"
#include "runtime/sys/flags.h"

#include <gtest/gtest.h>

using namespace joist::runtime;

namespace {
std::string content(const IoQueue &q) {
  std::string s(q.size(), 0);
  q.copy_out(reinterpret_cast<uint8_t *>(s.data()), q.size());
  return s;
}
struct IoQueueTest : testing::Test {
  static void SetUpTestSuite() { atom::init(1 << 16); }
  FragmentHeap heap;
};
} // namespace

TEST_F(IoQueueTest, KeepsBytesInOrder) {
  IoQueue q;
  std::string expected;
  unsigned seed = 7;
  auto random = [&](unsigned n) { return (seed = seed * 1103515245 + 12345) / 65536 % n; };
  for (int i = 0; i < 2000; i++) {
    std::string s(random(1500), char('a' + random(26)));
    switch (random(4)) {
    case 0: q.push_copy(s.data(), s.size()), expected += s; break;
    case 1: q.push_binary(make_binary_from(heap, s)), expected += s; break;
    case 2: q.push_front_copy(s.data(), s.size()), expected = s + expected; break;
    case 3: {
      size_t n = random(unsigned(expected.size() + 1));
      q.pop(n);
      expected.erase(0, n);
      break;
    }
    }
    ASSERT_EQ(q.size(), expected.size());
    if (i % 50 == 0) { ASSERT_EQ(content(q), expected); }
    if (expected.size() > 100000) q.pop(90000), expected.erase(0, 90000);
  }
  EXPECT_EQ(content(q), expected);
}

TEST_F(IoQueueTest, FlattensIolistsAndSkips) {
  uint8_t *bytes;
  Term big = make_binary(heap, 1000, &bytes);
  memset(bytes, 'x', 1000);
  Term list = make_list(heap, Term::small('a'), make_list(heap, Term::small('b'), make_binary_from(heap, "cd")), big);
  Term improper = make_cons(heap, Term::small('z'), make_binary_from(heap, "yz"));
  IoQueue q;
  ASSERT_TRUE(q.push_iolist(list, 2));
  EXPECT_EQ(content(q), "cd" + std::string(1000, 'x'));
  ASSERT_TRUE(q.push_iolist(improper));
  EXPECT_EQ(q.size(), 1005u);
  EXPECT_FALSE(q.push_iolist(make_list(heap, Term::small(256))));
  EXPECT_FALSE(q.push_iolist(atoms::ok));
  EXPECT_EQ(q.size(), 1005u);
}

TEST_F(IoQueueTest, MovesAsAWhole) {
  IoQueue a, b;
  a.push_copy("one", 3);
  b.push_copy("two", 3);
  b.push_copy("three", 5);
  a.take(b);
  EXPECT_EQ(content(a), "onetwothree");
  EXPECT_EQ(b.size(), 0u);
  b.push_copy("x", 1);
  EXPECT_EQ(content(b), "x");
}

TEST_F(IoQueueTest, FileNames) {
  vm_flags.native_name_encoding = 'u';
  std::string s;
  Term name = make_list(heap, Term::small('a'), Term::small(0x20ac), make_list(heap, Term::small('b')));
  ASSERT_TRUE(file_name_to_native(name, &s));
  EXPECT_EQ(s, "a\xe2\x82\xac"
               "b");
  EXPECT_FALSE(file_name_to_native(make_list(heap, Term::small(0)), &s));
  EXPECT_FALSE(file_name_to_native(make_list(heap, Term::small(0xD800)), &s));
  EXPECT_FALSE(file_name_to_native(atoms::ok, &s));
  EXPECT_TRUE(file_name_to_native(atoms::ok, &s, true));
  EXPECT_TRUE(file_name_to_native(make_binary_from(heap, std::string_view("\xff", 1)), &s));
  EXPECT_FALSE(file_name_to_native(make_binary_from(heap, std::string_view("a\0b", 3)), &s));
  EXPECT_TRUE(valid_utf8("\xe2\x82\xac"));
  EXPECT_FALSE(valid_utf8("\xc0\x80"));
  EXPECT_FALSE(valid_utf8("\xed\xa0\x80"));
  EXPECT_FALSE(valid_utf8("\xe2\x82"));
  vm_flags.native_name_encoding = 'l';
  EXPECT_FALSE(file_name_to_native(name, &s));
  EXPECT_TRUE(file_name_to_native(make_list(heap, Term::small(255)), &s));
  EXPECT_EQ(s, "\xff");
  vm_flags.native_name_encoding = 'u';
}

TEST_F(IoQueueTest, PosixNames) {
  EXPECT_STREQ(posix_name(ENOENT), "enoent");
  EXPECT_STREQ(posix_name(EAGAIN), "eagain");
  EXPECT_STREQ(posix_name(ENOTSUP), "enotsup");
  EXPECT_STREQ(posix_name(123456), "unknown");
}
