// libFuzzer target: no bytes may make parser, validator or emitter misbehave. Build: tools/build --fuzz fuzz_beam, then
//   build-fuzz/bin/fuzz_beam CORPUS -max_len=65536        (a corpus: some small .beam files)
#include "loader/chunks.h"
#include "loader/isa.h"
#include "loader/prepare.h"
#include "runtime/atom/atom.h"
#include "runtime/code/install.h"
#include "runtime/mem/literal.h"
#include "runtime/sched/progress.h"

#include <random>

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

using namespace joist;

extern "C" int LLVMFuzzerInitialize(int *, char ***) {
  runtime::atom::init(8 << 20); // atoms are never freed
  runtime::literal_init();
  static const void *const no_handlers[4096] = {}; // nothing is executed here
  for (auto &variants : loader::op_variants)
    if (!variants) variants = no_handlers;
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string error;
  runtime::prepared_code_free(loader::prepare(data, size, runtime::Term::none(), &error));
  return 0;
}

// Changes one chunk, mostly the code, and keeps the container in order.
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<loader::Chunk> chunks;
  std::string error;
  if (random() % 16 == 0 || !loader::read_chunks({reinterpret_cast<char *>(data), size}, &chunks, &error) ||
      chunks.empty())
    return LLVMFuzzerMutate(data, size, max_size);
  size_t which = random() % chunks.size();
  if (random() % 4)
    for (size_t i = 0; i < chunks.size(); i++)
      if (chunks[i].id == "Code") which = i;
  auto number = [](std::string &to, size_t n) {
    for (int shift = 24; shift >= 0; shift -= 8) to += char(n >> shift);
  };
  std::string body = "BEAM", file = "FOR1";
  for (size_t i = 0; i < chunks.size(); i++) {
    std::string bytes(chunks[i].data);
    if (i == which) {
      size_t n = bytes.size();
      bytes.resize(n + 64);
      bytes.resize(LLVMFuzzerMutate(reinterpret_cast<uint8_t *>(bytes.data()), n, n + 64));
    }
    body += chunks[i].id;
    number(body, bytes.size());
    body += bytes;
    body.resize((body.size() + 3) & ~size_t{3});
  }
  number(file, body.size());
  file += body;
  if (file.size() > max_size) return LLVMFuzzerMutate(data, size, max_size);
  memcpy(data, file.data(), file.size());
  return file.size();
}
