// Numbers as text in the caller's memory.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace joist::runtime {
inline constexpr size_t kSmallText = 66, kShortFloatText = 80;
// A small integer, base 2..36, digits upper case: at most kSmallText bytes. Tells how many.
size_t small_to_text(int64_t v, int base, char *out);
// As float_to_text_short. The text is somewhere in `room`, which has kShortFloatText bytes; all of them may be written to.
std::string_view short_float_text(double d, char *room);
} // namespace joist::runtime
