#include "runtime/sys/settings.h"

#include "runtime/atom/atom.h"
#include "runtime/proc/process.h"
#include "runtime/sched/progress.h"

namespace joist::runtime {
SystemSettings::SystemSettings() : system_logger(atoms::logger.raw()) {}
SystemSettings system_settings;
std::vector<std::string> emulator_arguments;

Term system_logger() {
  Term t(system_settings.system_logger.load(std::memory_order_acquire));
  if (!t.is_local_pid()) return t;
  progress::OnlineScope online;
  if (process_lookup(t)) return t;
  Word gone = t.raw();
  system_settings.system_logger.compare_exchange_strong(gone, atoms::logger.raw());
  return atoms::logger;
}
} // namespace joist::runtime
