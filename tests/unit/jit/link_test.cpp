// The linker of compiled objects: an object with every kind of reference runs, and damaged ones are refused.
#include "jit/tier/exec_memory.h"
#include "jit/tier/link.h"
#include "runtime/mem/alloc.h"

#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <random>

namespace joist::jit {
namespace {

std::string object() {
  std::ifstream in(JOIST_LINK_CASES, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
}

struct Values {
  uint64_t c16 = 0x100, i24 = 0x7000, w32 = 0x123456789000, got = 5;
};

bool resolve(void *context, std::string_view name, uint64_t *value) {
  auto &v = *static_cast<Values *>(context);
  if (name == "c16") *value = v.c16;
  else if (name == "i24") *value = v.i24;
  else if (name == "w32") *value = v.w32;
  else if (name == "joist_got") *value = v.got;
  else return false;
  return true;
}

TEST(Link, placed_code_runs) {
  std::string elf = object(), error;
  ObjectImage image;
  ASSERT_TRUE(image.parse(elf, &error)) << error;
  EXPECT_EQ(image.bss_size(), 16u);
  ExecBlock block = exec_alloc(image.code_size());
  ASSERT_TRUE(block.run);
  EXPECT_LT(reinterpret_cast<uintptr_t>(block.run), uintptr_t{1} << 31);
  auto *bss = static_cast<uint32_t *>(runtime::low_alloc(16));
  memset(bss, 0, 16);
  Values v;
  ASSERT_TRUE(image.place(block.write, reinterpret_cast<uint64_t>(block.run), reinterpret_cast<uint64_t>(bss), resolve,
                          &v, &error))
      << error;
  exec_publish();
  auto *f = reinterpret_cast<uint64_t (*)(uint64_t)>(block.run + image.text_at());
  EXPECT_EQ(f(7), 7 + v.c16 + v.i24 + v.w32 + 1000 + v.got);
  EXPECT_EQ(bss[2], 1u);
  exec_free(block);
  runtime::low_free(bss, 16);
}

TEST(Link, values_out_of_range_and_unknown_symbols_are_refused) {
  std::string elf = object(), error;
  ObjectImage image;
  ASSERT_TRUE(image.parse(elf, &error)) << error;
  std::vector<uint8_t> to(image.code_size());
  Values v;
  v.c16 = uint64_t{1} << 32;
  EXPECT_FALSE(image.place(to.data(), 0x10000, 0x20000, resolve, &v, &error));
  EXPECT_EQ(error, "out of range: c16");
  auto none = [](void *, std::string_view, uint64_t *) { return false; };
  EXPECT_FALSE(image.place(to.data(), 0x10000, 0x20000, none, nullptr, &error));
  EXPECT_EQ(error.substr(0, 15), "unknown symbol ");
}

TEST(Link, damaged_objects_are_refused_or_placed_within_their_pieces) {
  const std::string good = object();
  std::string error;
  ObjectImage image;
  for (size_t n = 0; n < good.size(); n++)
    EXPECT_FALSE(ObjectImage().parse(std::string_view(good).substr(0, n), &error) && n < 64);
  std::mt19937_64 random(1);
  Values v;
  for (int i = 0; i < 20000; i++) {
    std::string bad = good;
    for (unsigned k = 0; k < 1 + random() % 4; k++) bad[random() % bad.size()] = char(random());
    if (!image.parse(bad, &error) || image.code_size() > (1 << 20)) continue;
    std::vector<uint8_t> to(image.code_size() + 8, 0x5a);
    image.place(to.data(), 0x10000, 0x20000, resolve, &v, &error);
    for (size_t k = image.code_size(); k < to.size(); k++) ASSERT_EQ(to[k], 0x5a);
  }
}

TEST(ExecMemory, is_given_again_after_it_was_freed) {
  ExecBlock a = exec_alloc(100), b = exec_alloc(1);
  ASSERT_TRUE(a.run && b.run);
  EXPECT_EQ(a.size, 128u);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(b.run) % 64, 0u);
  a.write[0] = 0xc3;
  EXPECT_EQ(a.run[0], 0xc3);
  size_t used = exec_memory_used();
  exec_free(a);
  EXPECT_EQ(exec_memory_used(), used - 128);
  EXPECT_EQ(exec_alloc(128).run, a.run);
  EXPECT_FALSE(exec_alloc(size_t{1} << 30).run);
}

} // namespace
} // namespace joist::jit
