// Clocks, by the rules of "Time and Time Correction" in the ERTS user's guide. Native unit: nanoseconds.
#pragma once
#include <cstdint>
namespace joist::runtime {
int64_t monotonic_time();          // Erlang monotonic time (corrected), ns
int64_t os_monotonic_time();       // CLOCK_MONOTONIC, ns
int64_t os_system_time();          // CLOCK_REALTIME, ns
int64_t time_offset();             // system = monotonic + offset
inline int64_t system_time() { return monotonic_time() + time_offset(); }
enum class WarpMode : uint8_t { NoTimeWarp, SingleTimeWarp, MultiTimeWarp };
void time_init(WarpMode mode, bool correction);
} // namespace joist::runtime
