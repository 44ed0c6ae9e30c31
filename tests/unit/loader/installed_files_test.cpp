// Parser and validator take every .beam file that is installed, and no damaged one makes them stumble.
#include "loader/beam_file.h"
#include "loader/chunks.h"
#include "runtime/atom/atom.h"
#include "runtime/mem/literal.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <random>
#include <zlib.h>

namespace joist::loader {
namespace {

std::vector<std::string> installed() {
  std::vector<std::string> files;
  for (const char *root : {"/usr/lib/erlang", "/usr/lib/elixir"}) {
    std::error_code none;
    for (auto &e : std::filesystem::recursive_directory_iterator(root, none))
      if (e.path().extension() == ".beam") files.push_back(e.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}
std::string contents(const std::string &path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}
const std::string kStdlib = "/usr/lib/erlang/lib/stdlib-4.2/ebin/";

class Loader : public testing::Test {
protected:
  static void SetUpTestSuite() {
    runtime::atom::init(4 << 20);
    literal_init();
  }
  // "" if the file is accepted, else the reason.
  static std::string check(const std::string &bytes) {
    BeamFile file;
    std::string error;
    if (!beam_parse(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size(), &file, &error) ||
        !beam_validate(file, &error)) {
      EXPECT_FALSE(error.empty());
      return error;
    }
    return "";
  }
  // The bytes with one chunk's data changed.
  template <class F> static std::string with_chunk(const std::string &bytes, const char *id, F change) {
    std::vector<Chunk> chunks;
    std::string error, body = "BEAM";
    EXPECT_TRUE(read_chunks(bytes, &chunks, &error));
    auto number = [](std::string &to, size_t n) {
      for (int shift = 24; shift >= 0; shift -= 8) to += char(n >> shift);
    };
    for (auto &c : chunks) {
      std::string data(c.data);
      if (c.id == id) change(data);
      body += c.id;
      number(body, data.size());
      body += data;
      body.resize((body.size() + 3) & ~size_t{3});
    }
    std::string file = "FOR1";
    number(file, body.size());
    return file + body;
  }
};

TEST_F(Loader, TakesEveryInstalledFile) {
  auto files = installed();
  if (files.empty()) GTEST_SKIP() << "no Erlang installation";
  for (auto &f : files) EXPECT_EQ(check(contents(f)), "") << f;
}

TEST_F(Loader, ReadsTables) {
  std::string bytes = contents(kStdlib + "lists.beam");
  if (bytes.empty()) GTEST_SKIP();
  BeamFile file;
  std::string error;
  ASSERT_TRUE(beam_parse(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size(), &file, &error)) << error;
  EXPECT_EQ(file.module, atoms::lists);
  EXPECT_GT(file.function_count, 200u);
  EXPECT_EQ(file.atoms.size() > 100, true);
  bool map_2 = false;
  for (auto &e : file.exports) map_2 = map_2 || (runtime::atom::text(e.function) == "map" && e.arity == 2);
  EXPECT_TRUE(map_2);
  EXPECT_FALSE(file.types.empty());
  EXPECT_GT(file.lines.size(), 100u);
}

TEST_F(Loader, TakesCompressedFiles) {
  std::string bytes = contents(kStdlib + "queue.beam");
  if (bytes.empty()) GTEST_SKIP();
  z_stream z{};
  ASSERT_EQ(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(bytes.size() + 1000, 0);
  z.next_in = reinterpret_cast<Bytef *>(bytes.data());
  z.avail_in = uInt(bytes.size());
  z.next_out = reinterpret_cast<Bytef *>(packed.data());
  z.avail_out = uInt(packed.size());
  ASSERT_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
  packed.resize(packed.size() - z.avail_out);
  deflateEnd(&z);
  EXPECT_EQ(check(packed), "");
  packed.resize(packed.size() / 2);
  EXPECT_NE(check(packed), "");
}

TEST_F(Loader, RefusesTruncatedFiles) {
  std::string bytes = contents(kStdlib + "queue.beam");
  if (bytes.empty()) GTEST_SKIP();
  for (size_t n = 0; n + 4 < bytes.size(); n += n < 200 ? 1 : 37) EXPECT_NE(check(bytes.substr(0, n)), "") << n;
  // The container is right, but a chunk ends early.
  bytes = contents(kStdlib + "lists.beam");
  for (const char *id : {"Code", "AtU8", "ImpT", "ExpT", "LitT", "FunT"})
    for (size_t cut : {size_t{1}, size_t{5}, size_t{40}})
      EXPECT_NE(check(with_chunk(bytes, id, [&](std::string &d) { d.resize(d.size() > cut ? d.size() - cut : 0); })),
                "")
          << id << cut;
}

TEST_F(Loader, SurvivesDamage) {
  std::mt19937_64 random(7);
  for (const char *name : {"queue", "base64", "erl_bits", "string", "unicode_util", "sofs"}) {
    std::string bytes = contents(kStdlib + name + ".beam");
    if (bytes.empty()) GTEST_SKIP();
    for (int i = 0; i < 400; i++) {
      const char *const ids[] = {"Code", "AtU8", "ImpT", "ExpT", "LitT", "FunT", "Line", "Type", "StrT"};
      // Mostly in the code, where the checks are.
      const char *id = i % 4 ? "Code" : ids[random() % 9];
      check(with_chunk(bytes, id, [&](std::string &d) {
        for (unsigned k = 0; k < 1 + random() % 3 && !d.empty(); k++) d[random() % d.size()] ^= char(1 << random() % 8);
      }));
    }
    for (int i = 0; i < 200; i++) {
      std::string damaged = bytes;
      damaged[random() % damaged.size()] = char(random());
      check(damaged);
    }
  }
}

TEST_F(Loader, SaysWhatIsWrong) {
  std::string bytes = contents(kStdlib + "queue.beam");
  if (bytes.empty()) GTEST_SKIP();
  auto max_opcode = [](unsigned n) { return [n](std::string &d) { d[11] = char(n); }; };
  EXPECT_NE(check(with_chunk(bytes, "Code", max_opcode(250))).find("re-compile"), std::string::npos);
  EXPECT_NE(check(with_chunk(bytes, "Code", max_opcode(20))).find("invalid opcode"), std::string::npos);
  EXPECT_NE(check("FOR1").find("BEAM"), std::string::npos);
}

} // namespace
} // namespace joist::loader
