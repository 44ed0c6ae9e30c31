// Signals between processes: messages, exits, links, monitors, requests. Between one sender and one receiver
// their order is kept, because every kind travels through the same queue.
//
// Protocol
//  * Inbox: any thread appends under `lock` (short, no allocation inside). If the receiver may be waiting, the
//    appender makes it active (sched: process_wake).
//  * The receiver, while it executes, takes the whole inbox at once (signals_fetch) and goes through it in order:
//    a message is appended to its private Mailbox; any other signal is acted upon at once.
//  * So the Mailbox holds messages only and needs no lock.
#pragma once
#include "runtime/mem/heap.h"

#include <atomic>
#include <mutex>

namespace joist::runtime {

struct Process;

enum class SignalKind : uint8_t {
  Message,          // term in `term`, its heap in `fragments`
  Exit,             // from, reason; kill-able
  ExitLinked,       // exit because a link partner died
  Link, Unlink, UnlinkAck,
  Monitor, Demonitor, Down,
  AliasMessage,     // message to be dropped when the alias is no longer active
  GroupLeader,
  IsAlive,          // is_process_alive: reply message
  ProcessInfo,      // process_info/2 of another process
  ProcessFlag,
  Suspend, Resume,
  SpawnReply,
  SystemTask,
  PersistentMonitorMessage,
  Rpc,              // run a C++ function in the receiver's context: fn(p, arg) -> term
  Count
};

struct Signal {
  Signal *next = nullptr;
  SignalKind kind;
  Term term;                    // message, or what the kind says
  Fragment *fragments = nullptr; // owns what `term`, `from`, `ref`, `token` point at
  Term from = Term::none();     // sender pid (or port, node), where the kind needs it
  Term ref = Term::none();
  Term token = Term::nil();     // seq_trace token
  uint64_t extra = 0;
  void (*fn)(Process *receiver, Signal *self) = nullptr; // Rpc and friends: called once on the receiver's thread
  void *arg = nullptr;
  Signal(SignalKind k, Term t) : kind(k), term(t) {}
};
Signal *signal_new(SignalKind k, Term t = Term::none());
void signal_free(Signal *); // with its fragments

struct Inbox {
  std::mutex lock;
  Signal *first = nullptr;
  Signal **last = &first;
  Word length = 0;
  bool closed = false;         // receiver is gone: appenders must free the signal themselves
};

// Private queue of messages in order of arrival. `save` is the position of the selective receive in progress.
struct Mailbox {
  Signal *first = nullptr;
  Signal **last = &first;
  Signal **save = &first;
  Word length = 0;
  // Receive markers (OTP: recv_marker_reserve/bind/use/clear): positions remembered for a fresh reference.
  struct Marker { Word id; Signal **position; Term ref; bool used; };
  struct Markers *markers = nullptr;
};

// Appends to the inbox of `to` and wakes it. Returns false if the receiver is gone (signal freed).
bool signal_send(Process *to, Signal *s);
// Takes the inbox and handles it as above. Only by the executing thread. May find the process killed: check must_exit().
// Returns reductions used.
int signals_fetch(Process *p);
// Copies `msg` and sends it. `from` may be null (system). Self-sends are fine. Charges reductions to from.
void message_send(Process *from, Process *to, Term msg);
// As message_send for already built data: takes over `fragments`.
void message_send_built(Process *to, Term msg, Fragment *fragments, Term token = Term::nil());
// To a local pid term from any thread; dropped silently where there is no such process.
void message_send_pid(Term local_pid, Term msg);

} // namespace joist::runtime
