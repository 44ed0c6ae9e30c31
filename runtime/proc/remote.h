// What processes do to processes of other nodes: filled in by distribution (dist/). Without it, or where a hook answers
// false, there is no connection: monitors and links answer with noconnection, the rest is dropped.
#pragma once
#include "runtime/proc/process.h"

namespace joist::runtime {
struct Monitor;
struct RemoteHooks {
  // Send to an external pid, an external reference (alias) or {Name, Node}. *result is what the BIF answers on success and
  // may be replaced (noconnect, nosuspend; none: raised or trapped).
  bool (*send)(Process *p, Term to, Term msg, bool noconnect, bool nosuspend, Term *result) = nullptr;
  bool (*exit)(Process *p, Term to, Term reason) = nullptr;
  bool (*link)(Process *p, Term to) = nullptr;
  bool (*unlink)(Process *p, Term to, uint64_t id) = nullptr;
  bool (*monitor)(Process *p, const Monitor &m) = nullptr;    // target: external pid, or node name with m.name
  bool (*demonitor)(Process *p, const Monitor &m) = nullptr;
  bool (*group_leader)(Process *p, Term leader, Term to) = nullptr;
  // A local process is gone (or never was) that a remote one watches or is linked to.
  void (*down)(Term watched, Term watcher, Term ref, Term reason) = nullptr;
  void (*link_exit)(Term from, Term to, Term reason) = nullptr;
  void (*unlink_ack)(Term from, Term to, uint64_t id) = nullptr;
  // process_flag(monitor_nodes, On) and ({monitor_nodes, Options}, On): the old count as integer, or none: malformed.
  Term (*monitor_nodes)(Process *p, Term on, Term options) = nullptr;
  // A process with such relations ends: node monitors, being a distribution controller, ...
  void (*process_exit)(Process *p, Term reason) = nullptr;
};
extern RemoteHooks remote_hooks;
} // namespace joist::runtime
