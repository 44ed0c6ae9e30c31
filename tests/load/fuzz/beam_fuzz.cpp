// libFuzzer target: no bytes may make parser or validator misbehave. Build: tools/build --fuzz fuzz_beam, then
//   build-fuzz/bin/fuzz_beam CORPUS -max_len=65536        (a corpus: some small .beam files)
#include "loader/beam_file.h"
#include "runtime/atom/atom.h"
#include "runtime/mem/literal.h"

extern "C" int LLVMFuzzerInitialize(int *, char ***) {
  joist::runtime::atom::init(8 << 20); // atoms are never freed
  joist::runtime::literal_init();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  joist::loader::BeamFile file;
  std::string error;
  if (joist::loader::beam_parse(data, size, &file, &error)) joist::loader::beam_validate(file, &error);
  return 0;
}
