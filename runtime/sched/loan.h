// Brief dirty jobs (StaticNif::brief) on the scheduler's own thread. To hand a process to a dirty scheduler and back takes
// two switches of threads, many times what a file operation that the page cache answers takes. But nobody can tell
// beforehand whether it will: so the thread that does such a job is no scheduler meanwhile. It has lent its part.
//
// Protocol
//  * Scheduler::loan is even while a thread plays the scheduler, odd while that thread is away: it then touches nothing of
//    the Scheduler, is offline (sched/progress.h) and `standing`. Each loan has a number of its own.
//  * Who changes it from odd to even has the part: the thread itself, when it is back (loan_end), or the watcher, which
//    does so when it has seen the same loan at two of its ticks, and gives the part to a spare thread. So what waits
//    in the scheduler's queue waits for two ticks (4 ms) at most.
//  * A thread that comes back too late puts its process into a run queue and is a spare one from then on.
//  * After a late job no loans are made for a while, the longer the more jobs are late: where files are slow, the dirty
//    schedulers do nearly all of it. There are never more late jobs under way than there are dirty I/O schedulers.
//  * The watcher runs only while there are loans, or schedulers leave the poller (io/poll.h), or make others runnable while
//    some sleep. Where none comes back to the poller for two ticks, it has the poll thread look. Where a scheduler is at the
//    same thing at two ticks and others wait behind it, it wakes one that sleeps.
#pragma once
#include "runtime/sched/run_queue.h"

namespace joist::runtime {
bool loan_possible(); // now
// The calling thread, which plays s, lends its part; the number of the loan. It has gone offline and is standing already:
// the part may be gone as soon as this returns.
uint64_t loan_begin(Scheduler &s);
// It takes it back. False: it came too late, the scheduler is another thread's.
bool loan_end(Scheduler &s, uint64_t loan);
void watch_start(); // a scheduler has left the poller, or queued something while another sleeps
// What runs on threads that play schedulers: play(s) returns when the part is lost. Before any loan.
void loan_init(size_t stack, void (*play)(Scheduler &));
void loan_start_thread(Scheduler &s); // the first player of s
} // namespace joist::runtime
