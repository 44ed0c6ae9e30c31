// From settings to running schedulers.
#pragma once
#include "tools/joist/emulator_flags.h"

namespace joist {
// vm_flags are complete. Initialises every part, loads the preloaded modules, creates the first processes, starts the
// schedulers and waits for the end. Problems before the first process: one line on stderr, status 1.
[[noreturn]] void boot(const EmulatorSettings &settings);
} // namespace joist
