// What Erlang code may set at run time for the whole VM (erlang:system_flag/2, system_monitor, system_profile, sequential
// tracer) and other parts of the VM ask for. Plain values are atomics; those with rarer use are behind a lock.
#pragma once
#include "runtime/term/term.h"

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

namespace joist::runtime {
struct SystemSettings {
  std::atomic<int64_t> backtrace_depth{8};
  std::atomic<Word> system_logger;                   // raw term: local pid, port, `logger` or `undefined`
  std::atomic<int64_t> dist_busy_limit{1024 * 1024}; // bytes queued to a node at which senders wait (+zdbbl)
  std::atomic<int> multi_scheduling_blocks{0}, normal_scheduling_blocks{0};
  SystemSettings();
};
extern SystemSettings system_settings;
extern std::vector<std::string>
    emulator_arguments; // system_info(emu_args): program, emulator flags, "--", init's; set at start

// Where messages of the emulator itself go: `logger` (by name), a pid, or undefined.
// `logger` again once the pid is gone.
Term system_logger();
} // namespace joist::runtime
