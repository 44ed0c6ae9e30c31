// Numbers as text in the caller's memory.
#pragma once
#include <cstddef>
#include <cstdint>

namespace joist::runtime {
inline constexpr size_t kSmallText = 66, kBeforeFloatText = 16, kShortFloatText = 64;
// A small integer, base 2..36, digits upper case: at most kSmallText bytes. Tells how many.
size_t small_to_text(int64_t v, int base, char *out);
// As float_to_text_short, at `out`; tells how many bytes it has. kBeforeFloatText bytes before it and kShortFloatText from it
// on may be written to.
size_t short_float_text(double d, char *out);
} // namespace joist::runtime
