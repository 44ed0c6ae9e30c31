// Ports: what a process may do with one. How drivers see them is in io/driver.h; how they are kept in io/port_core.h.
//
// Protocol
//  * A port executes like a small process without code: its operations and I/O events are *tasks* that run one at a
//    time, in order of arrival, on any scheduler. A caller whose port is idle runs its own operation at once, on its
//    own thread ("immediate"); otherwise the operation is queued and answers later with a message {Ref, Result}.
//  * Signals from one process to one port keep their order: an operation is immediate only if the queue is empty.
//  * What a port sends to processes goes through their inboxes (proc/signal.h), with the port as `from`.
//  * A port is known by an immediate term; a dead or unknown one is the same as none.
#pragma once
#include "runtime/mem/heap.h"

namespace joist::runtime {
struct Process;

// --- start and end of the port system
void ports_init(size_t limit); // table, and #Port<0.0> "forker"; after process_table_init, before schedulers start
// Before the VM ends: waits until what was written to ports of the fd driver has reached the operating system.
void ports_flush();
// Before a crash dump: tells the program that watches this VM (heart(3), the port registered as heart_port) that the VM
// ends now but may still write for a while. False if there is none. For the thread that ends the VM.
bool heart_prepare_crash();
size_t port_count();
size_t port_limit();

// --- for processes (proc): relations. All of these may be called for ports that are gone.
bool port_alive(Term port);
// `Port ! Msg` and erlang:send/2,3. Malformed messages make the port send `badsig` to its owner.
enum class PortSend : uint8_t {
  Taken, // also by a port that is gone
  Busy,  // nosuspend was asked for and the port is busy: the message is dropped
  Wait,  // the port is busy: *ref is set, and the sender must wait for {Ref, _} (trap to
         // erts_internal:await_port_send_result(Ref, nosuspend, Result))
};
PortSend port_send(Process *p, Term port, Term msg, bool nosuspend, Term *ref);
// Output to a port on behalf of nobody in particular: never waits, tells nothing of failure. Any thread.
void port_output_async(Term from_pid, Term port, const void *bytes, size_t n);
// p (its side is set up already) links to the port. If the port is gone, p gets an exit signal `noproc` from it.
void port_link(Process *p, Term port);
// p removed its side of the link. The port answers with an UnlinkAck signal carrying `id` in extra, unless id is 0.
void port_unlink(Process *p, Term port, uint64_t id);
// Exit signal to a port. linked: because of a broken link (ignored unless the port has the link).
void port_exit_signal(Term from_pid, Term port, Term reason, bool linked);
// p monitors the port with `ref`. If it is gone p gets Down with noproc.
void port_monitor(Process *p, Term port, Term ref);
void port_demonitor(Process *p, Term port, Term ref);

// --- names (proc/registry)
Term port_registered_name(Term port); // atom, or none
// False if there is no such port, or it has a name already (name not none).
bool port_set_registered_name(Term port, Term name);
} // namespace joist::runtime
