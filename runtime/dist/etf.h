// External term format (ERTS user's guide, "External Term Format").
#pragma once
#include "runtime/mem/heap.h"
#include <cstddef>
#include <vector>
namespace joist::runtime {
struct EncodeOptions {
  int compressed = 0;       // 0..9
  int minor_version = 2;    // 0, 1: stock's {minor_version, N}
  bool deterministic = false;
};
// Complete encoding with the leading 131. Never fails but for memory; not yielding.
std::vector<uint8_t> etf_encode(Term t, const EncodeOptions &o = {});
Word etf_size(Term t, const EncodeOptions &o = {}); // erlang:external_size
// Decodes one term at data[0..n) (leading 131). Everything is checked: none() if malformed. *used = bytes consumed.
// safe: no new atoms, no new external funs (binary_to_term safe). Big binaries inside may refer to `source` when given.
Term etf_decode(Heap &h, const uint8_t *data, Word n, bool safe, Word *used);
// Body without the leading 131 (atom cache, distribution, literals of a module).
Term etf_decode_body(Heap &h, const uint8_t *data, Word n, bool safe, Word *used);
} // namespace joist::runtime
