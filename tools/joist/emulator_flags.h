// Emulator flags (+flags of erl, in the '-' form that beam.smp gets) -> settings.
#pragma once
#include "runtime/sched/scheduler.h"
#include "runtime/sys/flags.h"
#include "runtime/sys/time.h"

namespace joist {
struct EmulatorSettings {
  runtime::SchedulerConfig schedulers;
  runtime::WarpMode warp = runtime::WarpMode::NoTimeWarp;
  bool time_correction = true;
  bool print_version = false;
};
// Fills vm_flags and *out. An unknown or malformed flag: one line on stderr in stock's words, status 1.
void read_emulator_flags(const std::vector<std::string> &flags, EmulatorSettings *out);
std::string emulator_flags_help(); // for --help: which are honoured, which accepted without effect
} // namespace joist
