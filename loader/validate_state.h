// What is known at a point of a function: which registers hold something, what kind of thing where that matters, and
// the frame. Internal to validation.
#pragma once
#include <cstdint>

namespace joist::loader {
// Unknown: ways with different frames met, before something that raises; the set y says what is in all of them.
constexpr int kNoFrame = -1, kUnknownFrame = -2;
constexpr unsigned kMaxY = 1023; // registers in a frame
constexpr uint64_t kMaxNumber = 1 << 24;

// Sets of registers: one word is enough for nearly all functions.
template <unsigned W> struct Set {
  uint64_t w[W];
  bool has(unsigned i) const { return w[i / 64] >> (i % 64) & 1; }
  void add(unsigned i) { w[i / 64] |= uint64_t{1} << (i % 64); }
  void drop(unsigned i) { w[i / 64] &= ~(uint64_t{1} << (i % 64)); }
  void clear() {
    for (auto &v : w) v = 0;
  }
  bool empty() const {
    for (auto v : w)
      if (v) return false;
    return true;
  }
  void first(unsigned n) { // {0 .. n-1}
    for (unsigned i = 0; i < W; i++)
      w[i] = n >= (i + 1) * 64 ? ~uint64_t{0} : n <= i * 64 ? 0 : (uint64_t{1} << (n % 64)) - 1;
  }
  bool has_first(unsigned n) const {
    Set s;
    s.first(n);
    for (unsigned i = 0; i < W; i++)
      if (s.w[i] & ~w[i]) return false;
    return true;
  }
  void keep(const Set &o) {
    for (unsigned i = 0; i < W; i++) w[i] &= o.w[i];
  }
  void shift_down(unsigned n) {
    for (unsigned i = 0; i < W; i++) {
      unsigned from = i + n / 64, bit = n % 64;
      uint64_t low = from < W ? w[from] : 0, high = from + 1 < W ? w[from + 1] : 0;
      w[i] = bit ? low >> bit | high << (64 - bit) : low;
    }
  }
  unsigned lowest() const { // 64 * W if empty
    for (unsigned i = 0; i < W; i++)
      if (w[i]) return i * 64 + unsigned(__builtin_ctzll(w[i]));
    return 64 * W;
  }
  bool operator==(const Set &) const = default;
};

template <unsigned W> struct State {
  int32_t frame; // y registers, or one of the two above
  bool reached;
  bool caught;      // on every way here x0 holds something, or an exception's mark
  bool collectable; // frame unknown: all y registers of all frames held something
  bool matching;    // on every way here a message is being looked at (between loop_rec and remove_message)
  bool building;    // ... a binary has been begun that bs_put_* may write to
  Set<W> x, y;      // registers that hold something
  Set<W> cx, cy;    // ... perhaps a match context
  Set<W> sx, sy;    // ... surely a match context
  Set<W> tag;       // y registers with catch tags
};
} // namespace joist::loader
