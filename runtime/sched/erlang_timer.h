// Timers of erlang:send_after and start_timer: found by their reference, gone with the process they are for.
//
// Protocol: a timer is in the table of its reference's shard while it is pending, and, if it is for a process, in that
// process' list (a shard by pid). A shard's lock is never held while another's is taken. Whoever takes the timer out
// of the reference table (firing, cancelling, the receiver's end) delivers or frees it.
#pragma once
#include "runtime/mem/heap.h"

namespace joist::runtime {
struct Process;
// Starts a timer to a local pid or a registered name. `start` (start_timer): the message is {timeout, Ref, msg}.
// Returns the timer's reference, made in h.
Term erlang_timer_start(Heap &h, Term receiver, Term msg, int64_t expires_ns, bool start);
// Milliseconds left, or -1 if there is no such timer (any more). Any thread.
int64_t erlang_timer_read(Term ref);
int64_t erlang_timer_cancel(Term ref);
// The process ends: its timers are cancelled. Cheap where it has none.
void erlang_timers_process_exit(Term pid);
size_t erlang_timer_count();
// Calls f(receiver, message, milliseconds left, arg) for each pending timer. f may not call into this part.
void erlang_timers_each(void (*f)(Term, Term, int64_t, void *), void *arg);
} // namespace joist::runtime
