// What a traced process tells of itself (erlang:trace/3). Flags are in Process::trace_flags (and Port::trace_flags), the
// tracer in ProcessTrace.
//
// Protocol
//  * Flags and tracer of a process are changed by the thread that executes it, or by erlang:trace/3 while all other
//    schedulers stand still (schedulers_block), or by who handles its signals beside a dirty thread. Anybody who has looked
//    it up may read them and, having found its tracer gone, switch tracing off. So flags change by single atomic
//    operations, and a tracer that was replaced is kept until every thread has made progress. Both are changed one after
//    the other: who reads them meanwhile tells the old tracer or nobody.
//  * The rest of ProcessTrace belongs to the thread that executes the process.
//  * An event is told before others can see its effect: a `send` before the message is in the inbox, an `exit` before
//    links hear of it. Trace messages go straight into the tracer's inbox, so those of one tracee arrive in order.
//  * A tracer that is gone is noticed at the next event: the process is then no longer traced.
//
// Callers look at trace_flags first: nothing here is on a path of an untraced process.
#pragma once
#include "runtime/proc/process.h"
#include "runtime/trace/tracer.h"

namespace joist::runtime {
struct Export;
namespace trace {
struct CallTime;
// The bits have the values that process_info(Pid, trace) shows on stock.
namespace flag {
inline constexpr uint32_t NowTs = 1, StrictTs = 2, MonotonicTs = 4, Timestamps = 7;
inline constexpr uint32_t Sensitive = 1 << 3;
inline constexpr uint32_t Send = 1 << 4, Receive = 1 << 5, SetOnSpawn = 1 << 6, SetOnFirstSpawn = 1 << 7;
inline constexpr uint32_t SetOnLink = 1 << 8, SetOnFirstLink = 1 << 9, Calls = 1 << 10, Procs = 1 << 11;
inline constexpr uint32_t Running = 1 << 13, Gc = 1 << 14, Arity = 1 << 15, ReturnTo = 1 << 16, Silent = 1 << 17;
inline constexpr uint32_t Frames = 1 << 18; // there may be trace frames on the stack
inline constexpr uint32_t RunningPorts = 1 << 20, RunningProcs = 1 << 21, Ports = 1 << 22, SchedulerId = 1 << 23;
inline constexpr uint32_t Exiting = 1 << 24;
inline constexpr uint32_t All = Timestamps | Send | Receive | SetOnSpawn | SetOnFirstSpawn | SetOnLink |
                                SetOnFirstLink | Calls | Procs | Running | Gc | Arity | ReturnTo | Silent |
                                RunningPorts | RunningProcs | Ports | SchedulerId | Exiting;
inline constexpr uint32_t Modifiers = Silent | Timestamps | SchedulerId | Receive | Send;
inline constexpr uint32_t OfPorts = Modifiers | Ports | RunningPorts;
inline constexpr uint32_t OfProcesses = (All & ~OfPorts) | Modifiers;
} // namespace flag
} // namespace trace

// What few processes have: made by process_trace(), freed with the process and by thread progress.
struct ProcessTrace {
  std::atomic<const trace::TracerRef *> tracer{nullptr}; // immutable; replaced by trace::set
  trace::CallTime *timed = nullptr;                      // the function whose time runs (call_time)
  int64_t timed_since = 0;
  int64_t seq_clock = 0, seq_last = 0;     // sequential tracing: own serial, last one seen
  std::vector<const Export *> saved_calls; // ring of the last calls (process_flag(save_calls, N))
  size_t save_limit = 0, save_next = 0;
  ProcessTrace() = default;
  ProcessTrace(const ProcessTrace &) = delete;
  ~ProcessTrace() { delete tracer.load(std::memory_order_relaxed); }
};
inline ProcessTrace *process_trace_of(const Process *p) { return p->tracing.load(std::memory_order_acquire); }
ProcessTrace &process_trace(Process *p); // made if need be

namespace trace {
extern std::atomic<bool> cpu_timestamps;

inline uint32_t flags_of(const Process *p) { return p->trace_flags.load(std::memory_order_relaxed); }
// Nothing is told of a process that is sensitive now; what it is traced for stays.
inline bool traced(const Process *p, uint32_t flags) { return (flags_of(p) & flags) && !p->sensitive(); }
// Null: none. Any thread.
TracerRef tracer_of(const Process *p);
// Replaces flags and tracer; see the protocol for who may. Without any of flag::All there is no tracer.
void set(Process *p, uint32_t flags, TracerRef tracer);
// Is there a tracer that wants `tag` events of p? Stops tracing p if it is gone. Executing thread of p only.
bool wanted(Process *p, Term tag);
// Is the tracer of p still there? As above.
bool tracer_alive(Process *p);
// Tells {trace, P, Tag, Data[, Extra]...}; p is traced. By p's executing thread, or by one that has looked p up.
void tell(Process *p, Term tag, Term data, Term extra = Term::none(), Term ms_result = atoms::true_);

// --- events of processes; flags have been looked at by the caller
void sent(Process *p, Term to, Term message);                             // Send
void received(Process *p, Term message, Term from);                       // Receive; from none: unknown
void spawned(Process *parent, Process *child, Term m, Term f, Term args); // also inherits flags, new processes' default
void linked(Process *p, Term to);                                         // Procs: p calls link/1
void unlinked(Process *p, Term from);                                     // p calls unlink/1
// As link_send (relations.h); the other process inherits p's flags (SetOnLink, SetOnFirstLink).
bool link_send_traced(Process *p, Term to);
void got_linked(Process *p, Term from, Signal *s); // s: the Link signal; takes what link_send_traced put there
void got_unlinked(Process *p, Term from);
void link_signal_drop(Signal *s);                // a Link signal that nobody will take
void registered(Process *p, Term name, bool on); // Procs
void exited(Process *p, Term reason);
enum class Sched : uint8_t { In, Out };
void scheduled(Process *p, Sched s); // Running, RunningProcs, Exiting
void scheduled_out_exited(Process *p);
void gc_event(Process *p, Term tag, Word need, Heap *scratch = nullptr); // Gc

// --- defaults for new processes and ports (`new`, `new_processes`, `new_ports`, `all`)
struct Default {
  uint32_t flags = 0;
  TracerRef tracer;
};
Default default_for(bool ports);
void default_change(bool ports, bool on, uint32_t flags, const TracerRef &tracer);
extern std::atomic<uint32_t> default_flags[2]; // cheap look: processes, ports

// --- match specifications of `send` and `receive` (trace_pattern/2)
struct EventPattern;
Term event_pattern_info(bool receive, Heap &h); // true, false, or the specification
// program: taken over; null: none. False: not traced at all.
void event_pattern_set(bool receive, bool on, struct BinData *program);
extern std::atomic<bool> receive_pattern; // there is one for `receive`: messages must say who sent them

void init();                   // hooks; at start
void process_free(Process *p); // what process_trace made
} // namespace trace
} // namespace joist::runtime
