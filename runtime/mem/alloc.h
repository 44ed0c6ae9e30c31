// Raw memory of the virtual machine. All of it is mimalloc's; a kind is given for erlang:memory/1 accounting.
// Running out of memory ends the VM with stock's message ("eheap_alloc: Cannot allocate N bytes of memory ...").
#pragma once
#include <cstddef>
#include <cstdint>

namespace joist::runtime {
enum class MemKind : uint8_t { Process, ProcessStruct, Binary, Code, Ets, Atom, Driver, Signal, System, Count };
void *mem_alloc(MemKind k, size_t bytes);
void *mem_realloc(MemKind k, void *p, size_t bytes); // kind as at allocation
void mem_free(MemKind k, void *p);                   // null allowed
// Bytes in use by kind (sum over threads; approximate while others run).
size_t mem_used(MemKind k);
// Zeroed memory for a table that stays as long as the VM. Pages that nobody touches are address space only, so a table may
// be as large as its limit. Not counted by mem_used.
void *mem_reserve(size_t bytes);
// Memory below 2 GB, never returned: generated code, exports, interpreter instructions. 16-byte aligned.
void *low_alloc(size_t bytes);
void low_free(void *p, size_t bytes);
} // namespace joist::runtime
