#include "bifs/binary_search.h"

#include <algorithm>
#include <cstring>

namespace joist::bifs {

SearchResult SinglePattern::find(const uint8_t *text, Word end, SearchState *state, Word *budget, Found *found) const {
  Word n = bytes_.size();
  if (end < n || state->at > end - n) return SearchResult::NotFound;
  // A slice overlaps the next one by all but one byte of the pattern.
  Word slice = std::min(end - state->at, std::max(*budget, n) + n - 1);
  const uint8_t *from = text + state->at;
  auto *hit = static_cast<const uint8_t *>(memmem(from, slice, bytes_.data(), n));
  if (hit) {
    *budget -= std::min(*budget, Word(hit - from) + n);
    *found = {Word(hit - text), n};
    return SearchResult::Found;
  }
  *budget -= std::min(*budget, slice);
  if (state->at + slice == end) return SearchResult::NotFound;
  state->at += slice - (n - 1);
  return SearchResult::Paused;
}

SetPattern::SetPattern(const std::vector<std::string> &patterns) {
  for (auto &p : patterns)
    for (char ch : p) {
      uint16_t &c = class_[uint8_t(ch)];
      if (!c) c = uint16_t(classes_++);
    }
  constexpr uint32_t kNone = ~0u;
  auto add_node = [&](uint32_t depth) {
    nodes_.push_back({depth, 0});
    next_.resize(next_.size() + classes_, kNone);
    return uint32_t(nodes_.size() - 1);
  };
  add_node(0);
  for (auto &p : patterns) {
    uint32_t node = 0;
    for (char ch : p) {
      Word at = Word(node) * classes_ + class_[uint8_t(ch)];
      if (next_[at] == kNone) {
        uint32_t made = add_node(nodes_[node].depth + 1);
        next_[at] = made;
      }
      node = next_[at];
    }
    nodes_[node].match = uint32_t(p.size());
  }
  // Breadth first: where a node has no child, the transition is that of its longest proper suffix in the trie.
  std::vector<uint32_t> suffix(nodes_.size(), 0), queue;
  for (Word c = 0; c < classes_; c++) {
    uint32_t &t = next_[c];
    if (t == kNone) t = 0;
    else queue.push_back(t);
  }
  for (Word i = 0; i < queue.size(); i++) {
    uint32_t node = queue[i];
    if (!nodes_[node].match) nodes_[node].match = nodes_[suffix[node]].match;
    for (Word c = 0; c < classes_; c++) {
      uint32_t &t = next_[Word(node) * classes_ + c], other = next_[Word(suffix[node]) * classes_ + c];
      if (t == kNone) {
        t = other;
      } else {
        suffix[t] = other;
        queue.push_back(t);
      }
    }
  }
}

SearchResult SetPattern::find(const uint8_t *text, Word end, SearchState *state, Word *budget, Found *found) const {
  uint32_t node = state->node;
  Found best = state->best;
  Word at = state->at, stop = end - at > *budget ? at + *budget : end, begin = at;
  bool done = false;
  while (at < stop) {
    node = step(node, text[at++]);
    const Node &n = nodes_[node];
    if (best.length && at - n.depth > best.start) { // nothing that began before or at the match is still under way
      done = true;
      break;
    }
    if (n.match) {
      Word start = at - n.match;
      if (!best.length || start < best.start || (start == best.start && n.match > best.length)) best = {start, n.match};
    }
  }
  *budget -= at - begin;
  if (!done && at < end) {
    *state = {at, node, best};
    return SearchResult::Paused;
  }
  *state = {at, 0, {}};
  *found = best;
  return best.length ? SearchResult::Found : SearchResult::NotFound;
}

} // namespace joist::bifs
