// The end of the VM: output that ports still hold is written.
#include "runtime/io/port_core.h"
#include "runtime/sched/progress.h"

#include <unistd.h>

namespace joist::runtime {
// Schedulers may all be standing still, so the work is done on this thread.
void ports_flush() {
  for (Term id : ports_all()) {
    constexpr int kTries = 2000; // of a millisecond; a port that executes that long is stuck
    for (int i = 0; i < kTries; i++) {
      progress::OnlineScope online;
      Port *p = port_lookup(id);
      if (!p) break;
      if (!port_begin_anyway(p)) {
        usleep(1000);
        continue;
      }
      constexpr int kAll = 100'000;
      port_run_tasks(p, kAll);
      if (p->instance) p->instance->drain(*p);
      port_end(p);
      port_unref(p);
      break;
    }
  }
}
} // namespace joist::runtime
