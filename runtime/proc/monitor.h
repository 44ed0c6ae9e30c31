// What a watcher does with its monitors.
#pragma once
#include "runtime/proc/relations.h"

namespace joist::runtime {
// m has fired, or is given up: takes it out of p's relations, except that an alias to be ended explicitly stays.
void monitor_finished(Process *p, Monitor *m);
// Tells the watched object that m (already out of p's relations) is gone.
void monitor_cancel(Process *p, const Monitor &m);

struct MonitorOptions {
  AliasKind alias = AliasKind::None;
  Term tag = Term::none();
};
// Options of monitor/3 and {monitor, Opts} of spawn: false if they are malformed.
bool monitor_options(Term list, MonitorOptions *out);
} // namespace joist::runtime
