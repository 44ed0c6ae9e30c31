// libFuzzer target: binary_to_term of any bytes, whole and in slices, safe or not. What can be decoded must encode to
// something that decodes to the same term. Build: tools/build --fuzz fuzz_etf.
#include "runtime/atom/atom.h"
#include "runtime/code/code.h"
#include "runtime/dist/etf.h"
#include "runtime/dist/node.h"
#include "runtime/mem/literal.h"
#include "runtime/term/compare.h"

using namespace joist::runtime;

extern "C" int LLVMFuzzerInitialize(int *, char ***) {
  atom::init(8 << 20); // atoms are never freed
  literal_init();
  return 0;
}

namespace {
void must(bool good) {
  if (!good) __builtin_trap();
}

Term decode_in_slices(Heap &h, const uint8_t *data, Word n, int64_t slice, Word *used) {
  EtfDecoder d(h, data, n, false);
  for (;;) {
    int64_t budget = slice;
    switch (d.run(&budget)) {
    case EtfDecoder::Result::More: continue;
    case EtfDecoder::Result::Bad: return Term::none();
    case EtfDecoder::Result::Done: *used = d.used(); return d.value();
    }
  }
}
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  FragmentHeap h;
  Word used = 0, used_in_slices = 0;
  etf_decode(h, data, size, true, &used);
  Term t = etf_decode(h, data, size, false, &used);
  if (t.is_none()) return 0;
  must(used <= size);
  if (data[1] != 80) {
    Term again = decode_in_slices(h, data + 1, size - 1, 3, &used_in_slices);
    must(!again.is_none() && used_in_slices + 1 == used && eq(t, again));
  }
  for (int minor : {1, 2}) {
    EncodeOptions o;
    o.minor_version = minor;
    std::vector<uint8_t> bytes = etf_encode(t, o);
    Term copy = etf_decode(h, bytes.data(), bytes.size(), false, &used);
    must(!copy.is_none() && used == bytes.size() && eq(t, copy));
  }
  return 0;
}
