// Registered names of local processes and ports.
//
// Protocol: a look-up is one load from an array indexed by atom, without a lock. Writers hold the registry's lock, and
// only they change Process::registered. A name leads to a pid term, so nothing dangles: whoever looks a name up goes on
// with process_lookup as for any pid.
#pragma once
#include "runtime/proc/process.h"

namespace joist::runtime {
enum class RegisterResult : uint8_t { Ok, NameTaken, NoProcess, HasName, BadName };
// Names the live local process or port `who`. BadName: `undefined`.
RegisterResult registry_register(Term name, Term who);
bool registry_unregister(Term name); // false: there is no such name
Term registry_whereis(Term name);    // pid, port, or none; also a process that is just exiting
// `whereis` for processes only, as senders want it: null if there is none, or it is exiting.
Process *registry_process(Term name);
// At the end of a process: takes its name away. Its name becomes free at once. Returns the name or none.
Term registry_process_exit(Process *p);
// At the end of a port.
void registry_port_exit(Term name, Term port);
std::vector<Term> registry_names(); // in no particular order
size_t registry_count();
} // namespace joist::runtime
