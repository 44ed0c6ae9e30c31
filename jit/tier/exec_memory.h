// Memory for native code: below 2 GB, as instruction words and the executable are, so that native code refers to all of
// them in 32 bits.
//
// The same pages are mapped twice: once to be executed, never writable, and once to be written, never executable. So
// code is added while other code of the same page runs, and no page is ever both (but for a debugger, which puts
// breakpoints where code is executed). Any thread; one mutex inside.
#pragma once
#include <cstddef>
#include <cstdint>

namespace joist::jit {

struct ExecBlock {
  uint8_t *run = nullptr;   // where it will be executed; a multiple of 64
  uint8_t *write = nullptr; // the same bytes, to be written
  size_t size = 0;
};

// Reserves the address range at the first call; takes memory only as it is used. False: no such mapping is possible
// (the tier stays off). for_debugger: a debugger may write to it where it is executed; the kernel lets it change pages
// that are shared, as these are, only if they are writable. Only the first call's counts.
bool exec_memory_init(bool for_debugger = false);
// run is null if there is no room.
ExecBlock exec_alloc(size_t bytes);
// Nobody executes it any more.
void exec_free(const ExecBlock &block);
// After writing, before any thread is led to the block: makes all processors fetch it afresh.
void exec_publish();
bool in_exec_memory(const void *p);
size_t exec_memory_used();

} // namespace joist::jit
