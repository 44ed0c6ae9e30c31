// What processes do to processes of other nodes: filled in by distribution (dist/remote.cpp). Without it, or where a
// hook answers false, there is no connection: monitors and links answer with noconnection, the rest is dropped.
#pragma once
#include "runtime/proc/process.h"

namespace joist::runtime {
struct Link;
struct Monitor;
struct Target;
// Work for another node that a process does in slices. run: one slice of at most about *reductions, from which it takes what
// it has cost; true: done. These are not the process' own: who tells of its end may be another thread than executes it.
struct RemoteWork {
  virtual ~RemoteWork() = default;
  virtual bool run(int64_t *reductions) = 0;
};
struct RemoteHooks {
  // Send to an external pid, an external reference (alias) or {Name, Node}. *result is what the BIF answers on success and
  // may be replaced (noconnect, nosuspend; none: raised or trapped).
  bool (*send)(Process *p, Term to, Term msg, bool noconnect, bool nosuspend,
               Term *result) = [](Process *, Term, Term, bool, bool, Term *) -> bool { return false; };
  // exit/2. What the BIF answers: `result`, or none: trapped.
  Term (*exit)(Process *p, Term to, Term reason, Term result) = [](Process *, Term, Term, Term result) -> Term {
    return result;
  };
  // p's side is there; `connection` of it is set. False: no connection.
  bool (*link)(Process *p, Link &l) = [](Process *, Link &) -> bool { return false; };
  // The link is known to have broken with the connection it was made over: link/1 then makes a new one.
  bool (*link_stale)(const Link &l) = [](const Link &) -> bool { return false; };
  bool (*unlink)(Process *p, const Link &l) = [](Process *, const Link &) -> bool {
    return false;
  }; // with the id l.unlinking
  bool (*monitor)(Process *p, Monitor &m) = [](Process *, Monitor &) -> bool {
    return false;
  }; // target: external pid, or node name with m.name
  bool (*demonitor)(Process *p, const Monitor &m) = [](Process *, const Monitor &) -> bool { return false; };
  // p, executing a BIF, has sent something that does not make it wait: it does now, if the connection is busy.
  void (*wait)(Process *p, Term node) = [](Process *, Term) -> void {};
  bool (*group_leader)(Process *p, Term leader, Term to) = [](Process *, Term, Term) -> bool { return false; };
  // A local process is gone (or never was) that a remote one watches or is linked to. rest (may be null): gets what is
  // left to be done if the reason is large, which must stay where it is until then.
  void (*down)(Term watched, Term watcher, Term ref, Term reason, uint32_t connection,
               RemoteWork **rest) = [](Term, Term, Term, Term, uint32_t, RemoteWork **) -> void {};
  // token: of sequential tracing, or nil.
  void (*link_exit)(Term from, Term to, Term reason, uint32_t connection, Term token,
                    RemoteWork **rest) = [](Term, Term, Term, uint32_t, Term, RemoteWork **) -> void {};
  void (*unlink_ack)(Term from, Term to, uint64_t id) = [](Term, Term, uint64_t) -> void {};
  // p was linked to or is watched by the process or reference `other` over that connection: false if it is gone already.
  bool (*tie)(Process *p, Term other, uint32_t connection) = [](Process *, Term, uint32_t) -> bool { return false; };
  // A process ends that waits for the answer to a distributed spawn request.
  void (*spawn_abandoned)(Process *p, const Monitor &m, Term reason) = [](Process *, const Monitor &, Term) -> void {};
  // process_flag(monitor_nodes, On) and ({monitor_nodes, Options}, On): the old count as integer, or none: malformed.
  Term (*monitor_nodes)(Process *p, Term on, Term options) = [](Process *, Term, Term) -> Term {
    return Term::small(0);
  };
  // A process ends: node monitors, being a distribution controller, ...
  void (*process_exit)(Process *p, Term reason) = [](Process *, Term) -> void {};
};
extern RemoteHooks remote_hooks;
} // namespace joist::runtime
