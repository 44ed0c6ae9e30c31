// What happens when an atom is made that the table has no room for (atom.h, limit()).
#pragma once
#include <cstddef>

namespace joist::runtime::atom {
// Called by intern without any lock held; unless it ends the VM, intern answers none. Set at start, before other threads.
extern void (*on_full)(size_t limit);
} // namespace joist::runtime::atom
