#include "runtime/sys/system_monitor.h"

#include "runtime/atom/atom.h"
#include "runtime/mem/copy.h"
#include "runtime/proc/process.h"

namespace joist::runtime {
namespace {
std::mutex lock;
SystemMonitor current;
std::atomic<bool> on{false};
} // namespace

SystemMonitor system_monitor_set(const SystemMonitor &m) {
  std::lock_guard g(lock);
  SystemMonitor old = current;
  current = m;
  on = !m.pid.is_none();
  return old;
}

SystemMonitor system_monitor_get() {
  std::lock_guard g(lock);
  return current;
}

bool system_monitor_on() { return on.load(std::memory_order_relaxed); }

void system_monitor_report(Process *p, Term event, Term info) {
  SystemMonitor m = system_monitor_get();
  if (m.pid.is_none() || m.pid == p->id) return;
  Process *to = process_lookup(m.pid);
  if (!to) {
    system_monitor_set({});
    return;
  }
  FragmentHeap h;
  Term copied = copy(info, h);
  Term message = make_tuple(h, atoms::monitor, p->id, event, copied);
  message_send_built(to, message, h.take());
}
} // namespace joist::runtime
