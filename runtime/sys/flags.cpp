#include "runtime/sys/flags.h"

namespace joist::runtime {
VmFlags vm_flags;
} // namespace joist::runtime
