// The process table's writing side; look-ups are in process.h.
#pragma once
#include "runtime/proc/process.h"

namespace joist::runtime {
// Counts one process more. False: the limit is reached.
bool process_table_reserve();
// Gives p a pid and makes it findable. There must be a reservation for it.
void process_table_insert(Process *p);
// Takes p out; its struct is freed when no thread can be looking at it any more (unless someone holds a reference).
void process_table_remove(Process *p);
} // namespace joist::runtime
