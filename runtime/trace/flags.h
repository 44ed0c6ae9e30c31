// Trace flags as terms.
#pragma once
#include "runtime/trace/trace.h"

namespace joist::runtime::trace {
uint32_t flag_of(Term name);                 // 0: no flag; cpu_timestamp is none
Term flags_to_list(Heap &h, uint32_t flags); // in stock's order
struct FlagList {
  uint32_t mask = 0;
  TracerRef tracer;
  bool cpu_timestamp = false;
};
bool flags_parse(Term list, FlagList *out); // flags of erlang:trace/3; false: an option is bad
// Changes p's flags as trace/3 does; who may do so: trace.h. False: p is traced by somebody else already.
bool change(Process *p, bool on, uint32_t mask, const TracerRef &tracer);
} // namespace joist::runtime::trace
