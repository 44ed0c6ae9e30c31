// What a process does with the signals it gets (signal.cpp fetches them).
#pragma once
#include "runtime/proc/process.h"
#include "runtime/proc/receive.h"

namespace joist::runtime {
// Signals that look at or change saved registers, or collect: not within a receive.
bool signal_needs_saved_state(SignalKind k);
// Acts upon s (not a Message). Takes it over; null, or a Message to be put into the mailbox (often s itself).
Signal *signal_handle(Process *p, Signal *s);
// For what signal_handle answered with, where the caller is not the fetching of signals: an Rpc function.
void mailbox_append(Process *p, Signal *message);
// For a process that ends: answers s as if it had come after the end. Takes it over.
void signal_answer_dead(Process *p, Signal *s);
// For a process in the hands of a dirty scheduler, by who holds DirtySignals: handles what does not need what the dirty
// thread uses, leaves the rest in the inbox and answers how many these are. May find the process killed: exit_state is set.
Word signals_handle_dirty(Process *p);
// The process ends (exit.cpp): from here on process_exit_continue runs it. Takes over the fragments that hold the reason.
void process_exit_begin(Process *p, Term reason, Fragment *fragments);
// {ref, value} to a local pid.
void reply_send(Term to, Term ref, Term value);
// Marks p as killed with this reason (a term on its heap or an immediate).
void process_kill(Process *p, Term reason);
} // namespace joist::runtime
