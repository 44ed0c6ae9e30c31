// Signals of the operating system. They are received on the poll thread (libuv), never handled in a signal handler.
//
//  * SIGTERM, SIGQUIT, SIGUSR1 become {notify, sigterm} and so on to the process erl_signal_server, which decides.
//  * SIGINT opens the BREAK menu (io/break_menu.cpp), a second one ends the VM. +Bi ignores it, +Bd leaves it alone.
//  * SIGPIPE is ignored: writes fail with epipe.
#pragma once
#include "runtime/term/term.h"
namespace joist::runtime {
void signals_start(); // after poll_start
enum class SignalAction : uint8_t { Default, Ignore, Handle };
// os:set_signal/2. False: no such signal name.
bool signal_set(Term name, SignalAction action);
// The terminal's window changed, or the VM was continued after a stop: fn(arg) runs on the poll thread. null ends it.
void signal_watch_terminal(void (*fn)(void *), void *arg);
// The BREAK menu: asks on standard input what to do, with all schedulers standing still. Runs on a thread of its own.
void break_menu();
} // namespace joist::runtime
