#include "runtime/proc/monitor.h"
#include "runtime/atom/atom.h"
#include "runtime/io/port.h"
#include "runtime/proc/remote.h"

namespace joist::runtime {

void monitor_finished(Process *p, Monitor *m) {
  if (m->alias != AliasKind::Explicit) {
    p->relations->monitor_remove(m);
    return;
  }
  m->kind = MonitorKind::Alias;
  m->target = KeptTerm();
  m->tag = KeptTerm();
  m->name = m->name_node = Term::none();
}

void monitor_cancel(Process *p, const Monitor &m) {
  switch (m.kind) {
  case MonitorKind::Process:
    if (m.target.get().is_local_pid()) demonitor_send(p->id, m.target.get(), m.ref.get());
    break;
  case MonitorKind::Port:
    if (m.target.get().is_local_port()) port_demonitor(p, m.target.get(), m.ref.get());
    break;
  case MonitorKind::DistProcess: remote_hooks.demonitor(p, m); break;
  default: break; // time offset: found by its absence; the rest has nobody to tell
  }
}

bool monitor_options(Term list, MonitorOptions *out) {
  *out = {};
  for (; list.is_cons(); list = list.tail()) {
    Term o = list.head();
    if (!is_tuple_of(o, 2)) return false;
    Term key = tuple_elements(o)[0], value = tuple_elements(o)[1];
    if (key == atoms::tag) {
      out->tag = value;
    } else if (key == atoms::alias) {
      if (value == atoms::explicit_unalias) out->alias = AliasKind::Explicit;
      else if (value == atoms::demonitor) out->alias = AliasKind::Demonitor;
      else if (value == atoms::reply_demonitor) out->alias = AliasKind::ReplyDemonitor;
      else return false;
    } else {
      return false;
    }
  }
  return list.is_nil();
}
} // namespace joist::runtime
