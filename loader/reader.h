// Reads big-endian fields and compact terms from untrusted bytes. After a failed read `ok()` is false for good and all
// further reads answer 0: callers check once at the end of a group.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace joist::loader {

inline constexpr int64_t kHuge = INT64_MAX; // a size that nothing can have

enum class CompactTag : uint8_t { Unsigned, Integer, Atom, X, Y, Label, Character, Extended };

class Reader {
public:
  Reader(const uint8_t *data, size_t size) : at_(data), end_(data + size) {}
  bool ok() const { return ok_; }
  size_t left() const { return size_t(end_ - at_); }
  const uint8_t *at() const { return at_; }
  uint8_t u8() { return take(1) ? at_[-1] : 0; }
  uint16_t u16() { return take(2) ? uint16_t(at_[-2] << 8 | at_[-1]) : 0; }
  uint32_t u32() {
    return take(4) ? uint32_t(at_[-4]) << 24 | uint32_t(at_[-3]) << 16 | uint32_t(at_[-2]) << 8 | at_[-1] : 0;
  }
  std::string_view bytes(size_t n) {
    return take(n) ? std::string_view(reinterpret_cast<const char *>(at_ - n), n) : std::string_view();
  }
  void fail() { ok_ = false; }

  // One compact term: its tag and value. An integer wider than 8 bytes is given by its bytes (two's complement, big
  // endian) in `wide`. An unsigned number over 32 bits is answered as kHuge; for other tags that is a failure.
  CompactTag compact(int64_t *value, std::string_view *wide) {
    uint8_t b = u8();
    auto tag = CompactTag(b & 7);
    *wide = {};
    if (!(b & 8)) {
      *value = b >> 4;
    } else if (!(b & 16)) {
      *value = int64_t(b >> 5) << 8 | u8();
    } else {
      size_t n = (b >> 5) + 2;
      if (n == 9) {
        int64_t more;
        std::string_view none;
        if (depth_++ > 2 || compact(&more, &none) != CompactTag::Unsigned || !none.empty()) fail();
        depth_--;
        n = ok_ ? size_t(more) + 9 : 0;
      }
      std::string_view v = bytes(n);
      *value = 0;
      if (v.size() > 8) {
        *wide = v;
        *value = tag == CompactTag::Unsigned ? kHuge : 0;
        if (tag != CompactTag::Integer && tag != CompactTag::Unsigned) fail();
      } else if (!v.empty()) {
        *value = tag == CompactTag::Integer && v[0] < 0 ? -1 : 0;
        for (char c : v) *value = int64_t(uint64_t(*value) << 8 | uint8_t(c));
      }
    }
    if (tag != CompactTag::Integer && (*value < 0 || *value > int64_t(UINT32_MAX))) {
      if (tag == CompactTag::Unsigned) *value = kHuge;
      else fail();
    }
    return tag;
  }
  // A compact term that must be an unsigned number.
  uint32_t number() {
    int64_t v;
    std::string_view wide;
    if (compact(&v, &wide) != CompactTag::Unsigned || v == kHuge) fail();
    return ok_ ? uint32_t(v) : 0;
  }

private:
  bool take(size_t n) {
    if (!ok_ || left() < n) {
      ok_ = false;
      return false;
    }
    at_ += n;
    return true;
  }
  const uint8_t *at_, *end_;
  bool ok_ = true;
  int depth_ = 0;
};

} // namespace joist::loader
