// How ports are kept and executed. For runtime/io, runtime/driver and the port BIFs only.
//
// Protocol
//  * The table maps a number to a Port. A pointer from port_lookup stays valid until the caller's next quiescent point
//    (sched/progress.h); whoever keeps one longer holds a reference (port_ref). The table's own reference goes only after
//    such points of all, so that a port that was looked up can be held, though it may have ended meanwhile.
//  * `executing` is the right to touch everything below "owned". It is taken by port_begin (an idle port only) and given
//    back by port_end, or held by port_run on a scheduler thread. `scheduled` says that port_run is on its way.
//  * A port ends in steps: Exiting (links and monitors are told, no more operations), perhaps Closing (flushing
//    output), then Dead: the instance is destroyed, queued tasks are dropped (they answer badarg), the number is free.
#pragma once
#include "runtime/atom/atom.h"
#include "runtime/io/driver.h"
#include "runtime/io/port_poll.h"
#include "runtime/proc/registry.h"
#include "runtime/proc/relations.h"
#include "runtime/sched/lock.h"
#include "runtime/sched/timer.h"
#include "runtime/trace/tracer.h"

#include <deque>

namespace joist::runtime {

class PortTask {
public:
  PortTask *next = nullptr;
  Term process =
      Term::none(); // whose signal it is: those of one process are executed in the order in which it sent them
  virtual ~PortTask() = default;
  virtual void run(Port &port) = 0;                          // with the right to execute
  virtual Term operation() const { return atoms::proc_sig; } // as tracing names it where it is done at once
  virtual Term kind() const { return atoms::proc_sig; }      // as system_monitor's long_schedule names it
  virtual void dropped(Port &) {}                            // the port died first
  virtual size_t bytes() const { return 0; }                 // of output; the same until it is run
  virtual bool waits_while_busy() const { return false; }
};

namespace portflag {
inline constexpr uint32_t Exiting = 1 << 0, Closing = 1 << 1, Dead = 1 << 2;
inline constexpr uint32_t Gone = Exiting | Closing | Dead; // no operations any more
inline constexpr uint32_t Busy = 1 << 3;
inline constexpr uint32_t Waited = 1 << 4; // processes are suspended, or commands held, until it is not busy
inline constexpr uint32_t FullQueue =
    1 << 5; // so much output is queued for it that it counts as busy to who sends more
} // namespace portflag

struct PortTimer; // port_timer.cpp
struct DistEntry; // dist/entry.h

struct Port {
  Term id;
  uint64_t number;
  const Driver *driver;
  std::string name;
  std::atomic<uint32_t> flags{0};
  std::atomic<int32_t> refs{1};
  std::atomic<Word> owner;                          // connected process
  std::atomic<Word> registered{Term::none().raw()}; // under the registry's lock
  // --- tasks
  SmallLock queue_lock;
  PortTask *first = nullptr, **last = &first;
  size_t queued = 0; // their bytes; above the high limit the queue is full until they are fewer than the low one
  size_t queue_low = kQueueLow, queue_high = kQueueHigh; // ~0: never full
  bool executing = false, scheduled = false;
  // --- port data: no signal, only a table
  SmallLock data_lock;
  KeptTerm data;
  std::vector<Term> suspended; // see port_suspend; under data_lock
  // --- owned by who executes
  std::unique_ptr<DriverPort> instance;
  Term caller = Term::none(); // see port_caller
  IoQueue queue;
  std::vector<Term> links;
  struct Watcher {
    Term pid;
    KeptRef ref;
  };
  std::deque<Watcher> watchers;
  std::deque<PortTask *> held; // what waits for the port not to be busy, and what its senders have sent after that
  std::vector<PortDescriptor *> descriptors;
  PortTimer *timer = nullptr;
  bool binary = false, soft_eof = false, parallelism = false, binary_control = false;
  bool send_closed = false;
  bool failed = false; // port_fail was called in this callback
  KeptTerm fail_reason;
  uint64_t input = 0, output = 0;
  int64_t os_pid = -1;
  std::atomic<uint32_t> trace_flags{0}; // trace/ports.h
  trace::TracerRef tracer;
  // The port carries this node's connection: input goes there. Set by the process that makes the connection, beside
  // whoever has the port, after dist_connection. Whoever takes it out tells the node's entry that the port is gone.
  std::atomic<DistEntry *> dist{nullptr};
  uint32_t dist_connection = 0;
  bool dist_paused = false; // a large message is being decoded: input waits
  // {line, N}
  size_t line_max = 0;
  std::vector<uint8_t> line;
  enum class LineState : uint8_t { Main, Full, CrInside, CrAfter } line_state = LineState::Main;
  // open_port that has not been answered
  struct PendingOpen {
    Term to = Term::none();
    KeptRef ref;
  } pending_open;

  bool gone() const { return flags.load(std::memory_order_acquire) & portflag::Gone; }
  bool busy() const { return flags.load(std::memory_order_acquire) & portflag::Busy; }
  // Is a process that sends output to wait? With force never.
  bool refuses(bool force = false) const {
    return !force && flags.load(std::memory_order_acquire) & (portflag::FullQueue | portflag::Busy);
  }
};

Port *port_lookup(Term id);     // alive ones only; null otherwise
Port *port_lookup_any(Term id); // also one that is ending
Port *port_lookup_name(Term id_or_name);
void port_ref(Port *);
void port_unref(Port *); // any thread
// A new port, executing (the caller calls port_end). The reference belongs to the table until port_terminate. Null at the port limit.
Port *port_create(const Driver *driver, std::string name, Term owner);
// Ascending by number; those that existed together at some moment. closing: also those that only flush what was written.
std::vector<Term> ports_all(bool closing = false);

bool port_begin(Port *); // takes the right to execute (and a reference) if the port is idle
void port_end(Port *);   // gives the right back, not the reference
// For the end of the VM: takes the right although tasks are queued; port_run_tasks runs them.
bool port_begin_anyway(Port *);
void port_run_tasks(Port *, int max);
void port_enqueue(Port *, PortTask *); // takes over the task

// A busy port: p, which is executing, is suspended until it is busy no more, and the caller yields to what then tries
// again. False: the port is not busy (any more), or gone. Waited is set here only while Busy or FullQueue is, in one step, so
// that port_settle, which looks after they were cleared, misses nobody.
bool port_suspend(Process *p, Port *port, const Mfa *in); // in: what it waits in, as process_info names it

// Runs after every callback, with the right to execute: ends the port if it failed, lets held commands go.
void port_settle(Port &);
// Exit of the port (not yet terminated if output must be flushed). from: who caused it. False if nothing happened.
bool port_exit(Port &, Term from, Term reason, bool send_closed, bool drop_normal);
void port_terminate(Port &); // last step
void port_unlink_now(Port &, Term pid);
void port_flush_line(Port &); // at end of file: the unfinished line

// Message {Ref, Result} to a caller; result is built in h.
void port_answer(Term to, Term ref, Term result, FragmentHeap &h);
void port_send_owner(Port &, Term what, FragmentHeap &h); // {Port, What}

void port_timer_free(Port &);
int64_t port_timer_left(Port &); // milliseconds, -1: none is set
void port_descriptors_free(Port &);
} // namespace joist::runtime
