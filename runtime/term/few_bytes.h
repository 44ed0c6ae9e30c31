// Copying bytes that are few most of the time: no call then.
#pragma once
#include <cstdint>
#include <cstring>

namespace joist::runtime {
// As memcpy.
[[gnu::always_inline]] inline void copy_few(void *to, const void *from, uint64_t n) {
  auto *out = static_cast<uint8_t *>(to);
  auto *in = static_cast<const uint8_t *>(from);
  auto ends = [&]<class T>(T) { // the first bytes and the last ones, which may overlap
    T a, b;
    memcpy(&a, in, sizeof a);
    memcpy(&b, in + n - sizeof b, sizeof b);
    memcpy(out, &a, sizeof a);
    memcpy(out + n - sizeof b, &b, sizeof b);
  };
  if (n > 32) [[unlikely]]
    memcpy(to, from, n);
  else if (n > 16) ends(static_cast<unsigned __int128>(0));
  else if (n >= 8) ends(uint64_t{});
  else if (n >= 4) ends(uint32_t{});
  else if (n >= 2) ends(uint16_t{});
  else if (n) *out = *in;
}
} // namespace joist::runtime
