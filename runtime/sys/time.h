// Clocks, by the rules of "Time and Time Correction" in the ERTS user's guide. Native unit: nanoseconds.
//
// Erlang monotonic time starts at kMonotonicStart and runs with the OS monotonic clock, at a rate that is adjusted by
// at most 1% where Erlang system time (monotonic + offset) has to be brought back to OS system time. Readers use the
// parameters of the current stretch under a sequence counter; time_adjust(), called now and then, starts a new one.
#pragma once
#include <cstdint>
namespace joist::runtime {
inline constexpr int64_t kMonotonicStart = -576460752'000'000'000; // stock's erlang:system_info(start_time)
inline constexpr int64_t kMonotonicEnd = 8646911283'000'000'000;   // and end_time
int64_t monotonic_time();                                          // Erlang monotonic time (corrected), ns
int64_t os_monotonic_time();                                       // CLOCK_MONOTONIC, ns
int64_t os_system_time();                                          // CLOCK_REALTIME, ns
int64_t time_offset();                                             // system = monotonic + offset
inline int64_t system_time() { return monotonic_time() + time_offset(); }
enum class WarpMode : uint8_t { NoTimeWarp, SingleTimeWarp, MultiTimeWarp };
void time_init(WarpMode mode, bool correction);
WarpMode time_warp_mode();
bool time_correction();
enum class OffsetState : uint8_t { Final, Preliminary, Volatile };
OffsetState time_offset_state();
// system_flag(time_offset, finalize): in single time warp mode sets the offset for good. Returns the state before.
OffsetState time_offset_finalize();
// Compares with OS system time and corrects; every minute, and after erlang:system_flag(time_offset, finalize).
void time_adjust();
void time_service_start(); // starts calling time_adjust(); once, when schedulers exist
// Called by the thread that changed the offset (multi time warp, finalize): tells who monitors the time offset.
extern void (*time_offset_changed)(int64_t new_offset);
uint64_t now_microseconds(); // erlang:now/0: unique and strictly increasing

// --- calendar. Days since 1970-01-01 in the proleptic Gregorian calendar.
struct CivilTime {
  int64_t year, month, day, hour, minute, second;
};
CivilTime civil_of_seconds(int64_t posix_seconds);
int64_t seconds_of_civil(const CivilTime &);
CivilTime local_of_seconds(int64_t posix_seconds); // in the time zone of the environment
} // namespace joist::runtime
