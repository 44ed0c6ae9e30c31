// The end of the VM: output that ports still hold is written.
#include "runtime/atom/atom.h"
#include "runtime/io/port.h"
#include "runtime/io/port_core.h"
#include "runtime/proc/registry.h"
#include "runtime/sched/progress.h"

#include <unistd.h>

namespace joist::runtime {
// Schedulers may all be standing still, so the work is done on this thread.
namespace {
// Runs what is queued for a port and writes what its driver has not written yet. `tries`: milliseconds to wait for
// somebody else's task to end; a port that executes longer is stuck.
void flush(Term id, int tries) {
  for (int i = 0; i < tries; i++) {
    progress::OnlineScope online;
    Port *p = port_lookup(id);
    if (!p) return;
    if (!port_begin_anyway(p)) {
      usleep(1000);
      continue;
    }
    constexpr int kAll = 100'000;
    port_run_tasks(p, kAll);
    if (p->instance) p->instance->drain(*p);
    port_end(p);
    port_unref(p);
    return;
  }
}
} // namespace

void ports_flush() {
  for (Term id : ports_all()) flush(id, 2000);
}

bool heart_prepare_crash() {
  progress::OnlineScope online;
  const Term port = registry_whereis(atoms::heart_port);
  if (!port.is_local_port() || !port_alive(port)) return false;
  constexpr uint8_t kPreparingCrash = 8;
  port_output_async(Term::nil(), port, &kPreparingCrash, 1);
  flush(port, 100);
  return true;
}
} // namespace joist::runtime
