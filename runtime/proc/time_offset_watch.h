// Who monitors the time offset (erlang:monitor(time_offset, clock_service)) is told when it has changed: each of its
// monitors gets {'CHANGE', Ref, time_offset, clock_service, Offset}, and stays.
//
// Protocol: the pids of processes that have had such a monitor are kept under a lock, and looked through now and then for
// those that are gone. A change sends each a signal, which finds the monitors; so it comes in the order of signals.
#pragma once
#include "runtime/proc/process.h"

namespace joist::runtime {
void time_offset_watch(Process *p); // p has made such a monitor
} // namespace joist::runtime
