// Files of the cache of compiled code: what comes back is what was written, and nothing comes back from damaged ones.
#include "jit/tier/cache.h"

#include <gtest/gtest.h>
#include <random>

namespace joist::jit {
namespace {

CompiledObject example(unsigned n) {
  CompiledObject o;
  o.elf = std::string(100 + n, char('a' + n));
  o.entries = {{8 * n, 16}, {8 * n + 80, 32}};
  o.direct = {{800, 48}};
  o.names = {{16, 20, "lists:map/2"}, {32, 1, ""}};
  o.exits = {1, 2, n};
  o.exit_counters = 64;
  o.text_size = 4096;
  o.interpreted = n;
  return o;
}

TEST(Cache, what_is_written_comes_back) {
  std::vector<CompiledObject> in, out = {example(9)};
  EXPECT_TRUE(cache_decode(cache_encode(in), &out));
  EXPECT_TRUE(out.empty());
  for (unsigned i = 0; i < 3; i++) in.push_back(example(i));
  std::string bytes = cache_encode(in);
  ASSERT_TRUE(cache_decode(bytes, &out));
  ASSERT_EQ(out.size(), 3u);
  EXPECT_EQ(cache_encode(out), bytes);
  EXPECT_EQ(out[2].elf, in[2].elf);
  EXPECT_EQ(out[2].entries[1].code, 96u);
  EXPECT_EQ(out[2].names[0].name, "lists:map/2");
  EXPECT_EQ(out[2].exits, in[2].exits);
}

TEST(Cache, damaged_files_are_not_used) {
  const std::string good = cache_encode({example(1), example(2)});
  std::vector<CompiledObject> out;
  for (size_t n = 0; n < good.size(); n++) EXPECT_FALSE(cache_decode(std::string_view(good).substr(0, n), &out)) << n;
  EXPECT_FALSE(cache_decode(good + "x", &out));
  for (size_t i = 0; i < good.size(); i++)
    for (int bit : {0, 7}) {
      std::string bad = good;
      bad[i] = char(bad[i] ^ 1 << bit);
      EXPECT_FALSE(cache_decode(bad, &out)) << i;
      EXPECT_TRUE(out.empty());
    }
  std::mt19937_64 random(1);
  for (int i = 0; i < 1000; i++) {
    std::string noise = good.substr(0, 16) + std::string(random() % 200, 0);
    for (size_t k = 16; k < noise.size(); k++) noise[k] = char(random());
    EXPECT_FALSE(cache_decode(noise, &out));
  }
}

} // namespace
} // namespace joist::jit
