// What a put_map instruction does with keys that are not there.
#pragma once
#include <cstdint>

namespace joist::loader {
enum class PutMap : uint8_t {
  Assoc, // adds them
  Exact, // fails
  Fresh, // the map is empty; keys are at most kFlatMapMax literals in ascending order
};
// In place of the number of live registers: do not collect here.
inline constexpr uint16_t kNotLive = 0xffff;
} // namespace joist::loader
