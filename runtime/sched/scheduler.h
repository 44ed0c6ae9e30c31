// Schedulers: threads that execute processes (and port tasks).
//
// Protocol
//  * Per scheduler: a run queue with one FIFO per priority under a mutex; idle schedulers steal from the busiest.
//    low runs once per 8 normal turns; max before high before normal/low, as stock.
//  * A process is in at most one place: a run queue (InRunQueue), running (Running or DirtyRunning), or neither.
//    Transitions are compare-and-swaps on Process::state; whoever sets InRunQueue enqueues. A wake-up of a running
//    process sets Active, and the scheduler that puts it away re-queues it.
//  * A scheduler with nothing to do sleeps until woken, or until its timer wheel's next time-out.
//  * Multi-scheduling can be blocked (thread_barrier) by one thread at a time, for system-wide operations.
#pragma once
#include "runtime/sched/machine.h"

namespace joist::runtime {

struct SchedulerConfig {
  unsigned schedulers = 0, schedulers_online = 0; // 0: number of cores
  unsigned dirty_cpu = 0, dirty_cpu_online = 0;   // 0: as schedulers
  unsigned dirty_io = 10;
  size_t stack_kb = 0;
};

void schedulers_init(const SchedulerConfig &);  // creates structures, not threads: processes may be spawned after it
void schedulers_start();                        // starts threads; returns
[[noreturn]] void schedulers_join();            // main thread waits here until halt
unsigned schedulers_count();
unsigned schedulers_online();
void schedulers_set_online(unsigned n);
Scheduler *this_scheduler();                    // null if the calling thread is none
unsigned scheduler_number(const Scheduler *);   // from 1
bool on_dirty_scheduler();

// Makes p runnable (sets bits, queues it if need be). Any thread.
void process_wake(Process *p);
// As process_wake, also noting that `bits` of state are to be set.
void process_set_state(Process *p, uint32_t bits);

// Work on a scheduler thread that is no process: port tasks, system work. fn runs once, soon, on any scheduler.
void schedule_work(void (*fn)(void *), void *arg);

// --- spawning and ending (proc/spawn.cpp, proc/exit.cpp)
struct SpawnOptions {
  bool link = false, monitor = false;
  Term monitor_opts = Term::nil();
  Priority priority = Priority::Normal;
  Word min_heap = 0, min_vheap = 0, max_heap = 0; // 0: system default (words)
  bool max_heap_kill = true, max_heap_log = true, max_heap_given = false;
  int fullsweep_after = -1;
  bool off_heap_messages = false, has_message_queue_data = false;
  bool system = false;
  unsigned scheduler = 0;
  Term group_leader = Term::none(); // none: parent's
};
// Creates a process that applies M:F(Args); args must be a proper list; terms are copied. parent may be null.
// Returns the process (already queued) or null at the process limit. monitor_ref receives the reference if asked.
Process *process_spawn(Process *parent, Term m, Term f, Term args, const SpawnOptions &o, Term *monitor_ref = nullptr);

// Called by the interpreter when the current process ends with `reason` (a term on its heap). Sends exits and downs,
// releases everything. May yield: then answers Yielded and resumes at exec_hooks.continue_exit.
RunResult process_exit(Process *p, Term reason);
RunResult process_exit_continue(Process *p);

// Sends an exit signal: exit(Pid, Reason). from may be none.
void exit_signal_send(Process *from, Term to_pid, Term reason);

// Ends the VM in an orderly way: flush, then exit(status) (erlang:halt/2). Dump: writes erl_crash.dump first.
[[noreturn]] void vm_exit(int status);
[[noreturn]] void vm_crash(const char *slogan);

} // namespace joist::runtime
