// Schedulers: threads that execute processes (and port tasks).
//
// Protocol
//  * Per scheduler: a run queue with one FIFO per priority under a mutex; idle schedulers steal from the busiest.
//    low runs once per 8 normal turns; max before high before normal/low, as stock.
//  * A process is in at most one place: a run queue (InRunQueue), running (Running), with the dirty schedulers
//    (DirtyQueued), or neither. Transitions are compare-and-swaps on Process::state; whoever sets InRunQueue enqueues.
//  * What makes a process runnable is in its state too: Active (and not Suspended), Signals, Timeout, Exiting. Whoever
//    sets such a bit calls process_schedule(), which enqueues unless the process is somewhere already; the scheduler
//    that puts a process away looks at the bits in the same compare-and-swap that clears Running, and re-queues it. So
//    no wake-up is lost.
//  * Before it lets a process execute, a scheduler handles its signals. A waiting process that got signals only (no
//    message, not killed) is put away again without having executed.
//  * A slice is 4000 reductions. But where others wait, a process that used up its last slice gets one that lasts about
//    as long as such a slice lasts in compiled code, at least a quarter of it in reductions: so how long a woken process
//    waits for its turn does not depend on how fast the reductions of those before it are executed.
//  * A scheduler with nothing to do sleeps until woken, or until its timer wheel's next time-out.
//  * What a scheduler makes runnable goes on there, unless it belongs to another one that is awake. An idle scheduler is
//    woken, and steals, when others have waited behind the running processes for long (scheduler.cpp: ask_for_help), or
//    when a thread that is no scheduler adds to a queue. Bound processes are not stolen. Now and then a busy scheduler
//    looks at another one's queue, too, and takes over a process that uses up its slices if that queue is longer by two.
//  * Multi-scheduling can be blocked by one thread at a time: schedulers_block() returns when all other schedulers stand
//    still between two processes.
#pragma once
#include "runtime/sched/machine.h"

#include <chrono>

namespace joist::runtime {

struct SchedulerConfig {
  unsigned schedulers = 0, schedulers_online = 0; // 0: number of cores
  unsigned dirty_cpu = 0, dirty_cpu_online = 0;   // 0: as schedulers
  unsigned dirty_io = 10;
  size_t stack_kb = 0;
};

void schedulers_init(const SchedulerConfig &); // creates structures, not threads: processes may be spawned after it
void schedulers_start();                       // starts threads; returns
[[noreturn]] void schedulers_join();           // main thread waits here until halt
unsigned schedulers_count();
unsigned schedulers_online();
void schedulers_set_online(unsigned n);
Scheduler *this_scheduler();                  // null if the calling thread is none
unsigned scheduler_number(const Scheduler *); // from 1
bool on_dirty_scheduler();

// Makes p runnable (sets bits, queues it if need be). Any thread.
void process_wake(Process *p);
// As process_wake, but sets `bits` of state instead of Active.
void process_set_state(Process *p, uint32_t bits);
// Queues p if its state asks for it. After setting bits by other means.
void process_schedule(Process *p);
// Binds p (the current process) to a scheduler by number, 0: to none. Previous binding. Takes effect when it is next queued.
unsigned process_bind(Process *p, unsigned scheduler);
void process_set_priority(Process *p, Priority prio);

// Work on a scheduler thread that is no process: port tasks, system work. fn runs once, soon, on any scheduler.
void schedule_work(void (*fn)(void *), void *arg);

// Wakes an idle scheduler, if there is one: it takes what waits in the others' queues. Any thread.
void schedulers_help();
// What this thread does meanwhile may take long, and can not be interrupted: what waits behind it, what comes, and its timers
// are for other schedulers. Where nothing is said, the watcher (sched/loan.h) finds out after some milliseconds.
class LongWork {
public:
  explicit LongWork(bool is_long);
  ~LongWork();
  LongWork(const LongWork &) = delete;

private:
  Scheduler *scheduler_;
};

// Stops all other schedulers between two processes, until schedulers_unblock(). For short system-wide changes; nests
// not. The caller is a scheduler thread, or any thread that holds nothing schedulers wait for.
void schedulers_block();
void schedulers_unblock();
// For the end of the VM, by a scheduler thread that may hold whatever others wait for: stops those that come to stand within
// that time, for good. Whether all do.
bool schedulers_stop(std::chrono::milliseconds patience);

// --- spawning and ending (proc/spawn.cpp, proc/exit.cpp)
struct SpawnOptions {
  bool link = false, monitor = false;
  Term monitor_opts = Term::nil(); // as of monitor/3, checked already
  bool async = false;              // spawn_request: reference wanted, reply sent as below
  bool reply_ok = true;
  Term reply_tag = Term::none();
  Term initial_call = Term::none(); // {M, F, Arity} to show instead of what is applied
  Priority priority = Priority::Normal;
  Word min_heap = 0, min_vheap = 0, max_heap = 0; // 0: system default (words)
  bool max_heap_kill = true, max_heap_log = true, max_heap_given = false;
  int fullsweep_after = -1;
  bool off_heap_messages = false, has_message_queue_data = false;
  bool system = false;
  unsigned scheduler = 0;
  Term group_leader = Term::none(); // none: parent's
  Term parent = Term::none();       // of another node: shown as the parent
  // Called with the new process before it can execute.
  void (*prepare)(Process *child, void *arg) = nullptr;
  void *prepare_arg = nullptr;
};
// Creates a process that applies M:F(Args); args must be a proper list; terms are copied. parent may be null.
// Returns the process (already queued) or null at the process limit. monitor_ref receives the reference if asked.
Process *process_spawn(Process *parent, Term m, Term f, Term args, const SpawnOptions &o, Term *monitor_ref = nullptr);

// Called by the interpreter when the current process ends with `reason` (a term on its heap). Sends exits and downs,
// releases everything. May yield: then answers Yielded and resumes at exec_hooks.continue_exit.
RunResult process_exit(Process *p, Term reason);
RunResult process_exit_continue(Process *p);

// Sends an exit signal: exit(Pid, Reason). from may be null.
void exit_signal_send(Process *from, Term to_pid, Term reason);

// Ends the VM in an orderly way: flush, then exit(status) (erlang:halt/2). Dump: writes erl_crash.dump first.
[[noreturn]] void vm_exit(int status);
[[noreturn]] void vm_crash(const char *slogan);

} // namespace joist::runtime
