// Signals between processes: messages, exits, links, monitors, requests. Between one sender and one receiver
// their order is kept, because every kind travels through the same queue.
//
// Protocol
//  * Inbox: any thread appends under `lock` (short, no allocation inside). The first signal into an empty inbox sets
//    pstate::Signals, still under the lock, and makes the receiver runnable (sched: process_wake).
//  * The receiver, while it executes, takes the whole inbox at once (signals_fetch; clears Signals under the lock) and
//    goes through it in order: a message is appended to its private Mailbox; any other signal is acted upon at once.
//    Schedulers do that too before they let a process execute, so that signals are handled within a slice's time.
//  * So the Mailbox holds messages only and needs no lock.
//  * A process that ends closes its inbox (closed, under the lock). Whoever finds it closed acts as if there were no
//    such process; what was in it is answered by the ending process (proc/exit.cpp).
//
// What the fields mean, by kind (`from` and `ref` are terms that `fragments` owns if they are boxed):
//
//   kind          term                 from            ref            extra
//   Message       the message          -               -              -
//   AliasMessage  the message          -               the alias      -
//   Exit          reason               sender          -              1: exit/2 to oneself (`normal` kills too)
//   ExitLinked    reason               pid/port/ext    -              1: whatever the link's state (noconnection)
//   Link          -                    pid/port/ext    -              -
//   Unlink        -                    pid/port/ext    -              unlink id
//   UnlinkAck     -                    pid/port/ext    -              unlink id
//   Monitor       name or none         watcher         the monitor's  -
//   Demonitor     -                    watcher         the monitor's  -
//   Down          reason               watched object  the monitor's  -
//   GroupLeader   new group leader     requester       reply ref      -
//   IsAlive       -                    requester       reply ref      -
//   ProcessInfo   tuple of item atoms  requester       reply ref      1: a list of items was asked for, 2: process_info/1
//   Suspend       -                    suspender       -              -
//   Resume        -                    suspender       -              - (suspender gave up or is gone)
//   SuspendDone   -                    suspender       reply ref/tag  1: `term` is the answer, tag in ref
//   Rpc           free use             free use        free use       free use; fn(receiver, signal) is called once
#pragma once
#include "runtime/mem/heap.h"
#include "runtime/sched/lock.h"

#include <atomic>

namespace joist::runtime {

struct Process;

enum class SignalKind : uint8_t {
  Message,
  AliasMessage, // message to be dropped when the alias is no longer active
  Exit,
  ExitLinked,
  Link,
  Unlink,
  UnlinkAck,
  Monitor,
  Demonitor,
  Down,
  GroupLeader,
  IsAlive,
  ProcessInfo,
  Suspend,
  Resume,
  SuspendDone,
  Rpc, // run a C++ function in the receiver's context
  Count
};

struct Signal {
  Signal *next = nullptr;
  SignalKind kind;
  Term term;
  Fragment *fragments = nullptr; // owns what `term`, `from`, `ref`, `token` point at
  Term token = Term::nil();      // seq_trace token
  // --- a Message is allocated without what follows
  Term from = Term::none();
  Term ref = Term::none();
  uint64_t extra = 0;
  // Rpc: called once on the receiver's thread; with receiver null (on any thread) if there is none any more.
  void (*fn)(Process *receiver, Signal *self) = nullptr;
  void *arg = nullptr;
  Signal(SignalKind k, Term t) : kind(k), term(t) {}
};
Signal *signal_new(SignalKind k, Term t = Term::none());
void signal_free(Signal *); // with its fragments
// Copies t into the signal's fragments.
Term signal_own(Signal *s, Term t);

struct Inbox {
  SmallLock lock;
  bool closed = false; // receiver is gone: appenders must free the signal themselves
  Signal *first = nullptr;
  Signal **last = &first;
  Word length = 0;
};

// Private queue of messages in order of arrival. `save` is the position of the selective receive in progress.
struct Mailbox {
  Signal *first = nullptr;
  Signal **last = &first;
  Signal **save = &first;
  Word length = 0;
  // Receive markers (OTP: recv_marker_reserve/bind/use/clear): positions remembered for a fresh reference.
  struct Marker {
    Word id;
    Signal **position;
    Term ref;
    bool used;
  };
  struct Markers *markers = nullptr;
};

// Appends to the inbox of `to` and wakes it. Returns false if the receiver is gone (signal freed).
bool signal_send(Process *to, Signal *s);
// As above, to a local pid; false (signal freed) if there is no such process.
bool signal_send_pid(Term local_pid, Signal *s);
// Takes the inbox and handles it as above, for the interpreter within a receive. Only by the executing thread. May find
// the process killed: check must_exit(); the reason is then in p->fvalue. Returns reductions used. Never collects.
// Some signals need the process' registers saved (process information, system tasks, suspension): there it stops, leaves
// the rest in the inbox, and the scheduler goes on with it once the process has left (the interpreter just waits).
int signals_fetch(Process *p);
// The same for the scheduler, for a process that does not execute; handles all. May collect.
int signals_handle_all(Process *p);
// Copies `msg` and sends it. `from` may be null (system). Self-sends are fine. Charges reductions to from.
void message_send(Process *from, Process *to, Term msg);
// As message_send for already built data: takes over `fragments`.
void message_send_built(Process *to, Term msg, Fragment *fragments, Term token = Term::nil());
// To a local pid term from any thread; dropped silently where there is no such process.
void message_send_pid(Term local_pid, Term msg);
void message_send_pid_built(Term local_pid, Term msg, Fragment *fragments);
// To an alias (a local pid reference). Dropped where it is not active (any more).
void message_send_alias(Term alias, Term msg);

// Unlinks the signal that *at points at; the caller owns it. `save` and receive markers that stood right behind it move
// to the place before.
Signal *mailbox_remove(Mailbox &m, Signal **at);

} // namespace joist::runtime
