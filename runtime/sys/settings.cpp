#include "runtime/sys/settings.h"

#include "runtime/atom/atom.h"

namespace joist::runtime {
SystemSettings::SystemSettings() : system_logger(atoms::logger.raw()), sequential_tracer(atoms::false_.raw()) {}
SystemSettings system_settings;
} // namespace joist::runtime
