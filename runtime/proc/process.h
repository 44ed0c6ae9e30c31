// A process: its heap and stack, its saved machine state, its mailbox and its relations.
//
// Ownership
//  * "Main": everything not listed below belongs to the thread that executes the process (a scheduler, or a dirty
//    scheduler while DirtyRunning). Nobody else reads or writes it. Other processes ask by signal.
//  * `state` is atomic; transitions by compare-and-swap, see sched/scheduler.h.
//  * `inbox` has its own lock; any thread appends (proc/signal.h).
//  * `id` and `sched_index` never change / are atomic. `registered` is written by the registry under its lock.
//  * A pointer from process_lookup stays valid until the calling thread's next quiescent point (sched/progress.h).
#pragma once
#include "runtime/mem/heap.h"
#include "runtime/proc/exception.h"
#include "runtime/proc/signal.h"
#include "runtime/term/mfa.h"

#include <algorithm>
#include <vector>

namespace joist::runtime {

struct Instr;
struct Export;
struct Machine;
struct Scheduler;
struct Relations; // proc/relations.h: links, monitors in both directions, aliases
struct DirtyCall; // sched/dirty.h
struct Timer;

inline constexpr int kReductions = 4000; // per slice
inline constexpr int kSliceUnit = 32;    // the length of a slice is kept in these
inline constexpr uint8_t kFullSlice = kReductions / kSliceUnit;
inline constexpr Word kStackMargin = 8; // words always free between heap top and stack
inline constexpr unsigned kMaxX = 1024;
inline constexpr unsigned kSavedX = 3; // registers saved inside the process struct

enum class Priority : uint8_t { Max, High, Normal, Low };

// Bits of Process::state.
namespace pstate {
inline constexpr uint32_t Active = 1 << 0; // has something to execute
inline constexpr uint32_t InRunQueue = 1 << 1;
inline constexpr uint32_t Running = 1 << 2;      // on a normal scheduler
inline constexpr uint32_t DirtyRunning = 1 << 3; // executes on a dirty scheduler
inline constexpr uint32_t DirtyCpu = 1 << 4;     // wants (or is on) a dirty CPU scheduler
inline constexpr uint32_t DirtyIo = 1 << 5;
inline constexpr uint32_t Suspended = 1 << 6;
inline constexpr uint32_t Exiting = 1 << 7; // is leaving; no more messages are accepted once Gone
inline constexpr uint32_t Signals = 1 << 8; // inbox is not empty (changed under its lock)
inline constexpr uint32_t Gc = 1 << 9;
inline constexpr uint32_t Gone = 1 << 10;   // not findable any more
inline constexpr uint32_t System = 1 << 11; // system process (init:stop leaves it)
inline constexpr uint32_t TrapExit = 1 << 12;
inline constexpr uint32_t OffHeapMsgs = 1 << 14;
inline constexpr uint32_t Sensitive = 1 << 15;
inline constexpr uint32_t Timeout = 1 << 16;     // a receive timer fired: look again
inline constexpr uint32_t Bound = 1 << 17;       // stays on the scheduler it is on
inline constexpr uint32_t DirtyQueued = 1 << 18; // waits for a dirty scheduler (or runs on one)
inline constexpr uint32_t PrioShift = 24;        // 2 bits Priority
inline constexpr uint32_t PrioMask = 3u << PrioShift;
} // namespace pstate

struct Process {
  // --- what the interpreter touches all the time
  Heap heap;                  // heap.limit tracks stack_top - kStackMargin while in C++ code
  Word *stack_top = nullptr;  // lowest used stack word (E)
  int32_t reductions = 0;     // left in this slice; BIFs subtract what they cost (bump())
  uint32_t catches = 0;       // active catch/try frames: as many as the stack has room for
  Machine *machine = nullptr; // register file of the scheduler it runs on; null when not running
  const Instr *pc = nullptr;  // where to continue
  // --- heap blocks (mem/gc.h)
  Word *heap_start = nullptr, *heap_end = nullptr; // block; the stack grows down from heap_end
  Word *high_water = nullptr;
  Word *old_start = nullptr, *old_top = nullptr, *old_end = nullptr;
  OffHeap old_off_heap;
  Word vheap_limit = 0, old_vheap_limit = 0;       // bytes
  uint32_t min_heap_size, min_vheap_size;          // words
  uint16_t gen_gcs = 0, max_gen_gcs = 65535;       // minors since last major; fullsweep_after
  uint16_t saved_x_capacity = kSavedX, live_x = 0; // of the saved registers; how many are saved
  Word max_heap_size = 0;                          // words, 0 = none
  bool max_heap_kill : 1 = true, max_heap_log : 1 = true;
  bool force_gc = false;
  // --- exception in progress (exception.h)
  Freason freason;
  int16_t withheld = 0; // reductions of its slice that it gets after the next sample (sched/sampling.h)
  // --- saved registers: few of them here
  union {
    Term saved_x_few[kSavedX];
    Term *saved_x_many;
  };
  Term fvalue = Term::nil();
  Term ftrace = Term::nil();
  Term fargs = Term::none();
  Term fcause = Term::none();
  const Export *trap_entry = nullptr; // valid when freason.reason == Trap; arguments are in machine->x
  const Mfa *current = nullptr;       // BIF or function in execution when not derivable from pc
  // --- identity and relations
  Term id;
  Term parent = Term::none();
  Term group_leader = Term::none();
  Term registered = Term::none(); // atom or none
  Mfa initial_call{};
  struct Dictionary *dictionary = nullptr; // proc/dictionary.h: hash table on the C++ side; its terms are roots
  Relations *relations = nullptr;          // made when first needed
  Term error_handler;                      // module
  Term seq_token = Term::nil();
  // --- state shared with other threads
  std::atomic<uint32_t> state{0};
  std::atomic<uint32_t> trace_flags{0}; // trace/trace.h
  std::atomic<int32_t> refs{1};         // keeps the struct, not the process, alive
  uint8_t slice = kFullSlice;           // length of the slice it is in, or gets next (sched/scheduler.h)
  bool preempted = false;               // its last slice ended because it was used up
  // It stopped at the entry of a function, whose breakpoint it has not come to. The executing thread's own, unlike
  // trace_flags: signals are handled beside a dirty thread.
  bool at_entry = false;
  std::atomic<Scheduler *> run_queue{nullptr}; // queue it was last in or is bound to
  Process *queue_next = nullptr;               // run queue link, guarded by that queue
  Inbox inbox;
  // --- mailbox (main)
  Mailbox mailbox;
  Timer *receive_timer = nullptr;
  // --- bookkeeping
  uint64_t total_reductions = 0; // before this slice
  DirtyCall *dirty = nullptr;
  void *exit_state = nullptr;                          // progress of a yielding exit (proc/exit.cpp)
  std::atomic<struct ProcessTrace *> tracing{nullptr}; // what few processes have

  Process() : saved_x_few{} {}
  // --- small conveniences
  Term *saved_x() { return saved_x_capacity > kSavedX ? saved_x_many : saved_x_few; }
  bool trap_exit() const { return state.load(std::memory_order_relaxed) & pstate::TrapExit; }
  bool sensitive() const { return state.load(std::memory_order_relaxed) & pstate::Sensitive; }
  bool must_exit() const { return state.load(std::memory_order_relaxed) & pstate::Exiting; }
  Priority priority() const {
    return Priority((state.load(std::memory_order_relaxed) & pstate::PrioMask) >> pstate::PrioShift);
  }
  int slice_reductions() const { return slice * kSliceUnit; }
  int reductions_used() const {
    return slice_reductions() - (reductions > 0 ? reductions : 0) - withheld;
  } // in this slice
  void bump(int64_t reds) {
    if (reds > reductions) {
      withheld = int16_t(withheld - std::min<int64_t>(withheld, reds - reductions));
      reductions = 0;
    } else {
      reductions = int32_t(reductions - reds);
    }
  }
  void use_up() { reductions = withheld = 0; } // gives up the rest of the slice
  // Gives up all but `rest` of what is left of the slice, which counts as not used.
  void leave_reductions(int rest) {
    const int left = reductions + withheld;
    if (left <= rest) return;
    total_reductions -= uint64_t(left - rest);
    reductions = rest;
    withheld = 0;
  }
  Word stack_words() const { return Word(heap_end - stack_top); }
  // Must be called after stack_top changed, before C++ code allocates.
  void sync_limit() { heap.limit = stack_top - kStackMargin; }

  // Calls f(Term&) for every field above that holds a heap term: the collector's roots besides x, stack, and the
  // dictionary (dictionary_each_root in proc/dictionary.h).
  template <class F> void each_root(F f) {
    f(fvalue);
    f(ftrace);
    f(fargs);
    f(fcause);
    f(group_leader);
    f(seq_token);
    f(parent);
  }
};

// Limit of size: an idle process (this, and its first heap of 233 words) may not cost more than stock's 2.66 kB. Above 512
// bytes the allocator's next size is 640.
static_assert(sizeof(Process) <= 512);

inline Word message_words(const Process *p) { // in the private queue
  Word n = 0;
  for (const Signal *s = p->mailbox.first; s; s = s->next)
    for (const Fragment *f = s->fragments; f; f = f->next) n += f->size;
  return n;
}
// Those that count as part of the heap.
inline Word on_heap_message_words(const Process *p) {
  return p->state.load(std::memory_order_relaxed) & pstate::OffHeapMsgs ? 0 : message_words(p);
}

// --- the process table (proc/table.cpp): look-ups take no lock.
Process *process_lookup(Term local_pid);     // null if none or exiting; valid until the caller's quiescent point
Process *process_lookup_any(Term local_pid); // also one that is exiting
// Keeps the struct (not the process) from being freed; for pointers that outlive a quiescent point.
inline void process_ref(Process *p) { p->refs.fetch_add(1, std::memory_order_relaxed); }
void process_unref(Process *p);
// Pids of all processes that are not exiting, ascending by number. One walk over the table: what lives all the while is in.
std::vector<Term> process_pids();
std::vector<Term> process_pids_exiting(); // of those that are going
size_t process_count();
size_t process_limit();
void process_table_init(size_t limit);

} // namespace joist::runtime
