// Searching bytes for one pattern or for any of several, in slices: a search can stop after any number of bytes and go on
// later.
#pragma once
#include "runtime/term/term.h"
#include <string>
#include <vector>

namespace joist::bifs {
using runtime::Word;

struct Found {
  Word start = 0, length = 0; // length 0: nothing found
};

// Progress of a search for the next match; `at` is where the search begins. Reusable after a match (set `at`).
struct SearchState {
  Word at = 0;
  // Of SetPattern: node reached at `at`, and the best match so far.
  uint32_t node = 0;
  Found best;
};

enum class SearchResult : uint8_t { Found, NotFound, Paused };

// One pattern (`bm` to Erlang).
class SinglePattern {
public:
  explicit SinglePattern(std::string bytes) : bytes_(std::move(bytes)) {}
  // Looks at no more than about *budget bytes of text[state.at, end), and lowers it.
  SearchResult find(const uint8_t *text, Word end, SearchState *state, Word *budget, Found *found) const;

private:
  std::string bytes_;
};

// Several patterns (`ac` to Erlang): an Aho-Corasick automaton, as a table over the classes of bytes that the patterns
// tell apart. Finds the leftmost match, of those the longest.
class SetPattern {
public:
  explicit SetPattern(const std::vector<std::string> &patterns);
  SearchResult find(const uint8_t *text, Word end, SearchState *state, Word *budget, Found *found) const;

private:
  struct Node {
    uint32_t depth = 0;
    uint32_t match = 0; // length of the longest pattern that ends here, 0: none
  };
  uint32_t step(uint32_t node, uint8_t byte) const { return next_[Word(node) * classes_ + class_[byte]]; }
  uint16_t class_[256] = {};
  Word classes_ = 1; // class 0: bytes in no pattern
  std::vector<uint32_t> next_;
  std::vector<Node> nodes_;
};

} // namespace joist::bifs
