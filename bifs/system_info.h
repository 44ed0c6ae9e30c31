// Pieces of erlang:system_info/1 that live in files of their own.
#pragma once
#include "bifs/bifs.h"
#include "runtime/sys/time.h"

namespace joist::bifs {
Term time_offset_state_term(OffsetState s);
// memory.cpp
Term allocated_areas(Process *p);
Term allocator_info(Process *p); // system_info(allocator)
Term alloc_util_allocators(Process *p);
enum class MemoryInfo : uint8_t { Internal, Full, Sizes };
// Sends {Ref, 0, Data} to p about the named allocators (a list of atoms).
Term send_memory_info(Process *p, Term ref, Term allocators, MemoryInfo what);
// system_text.cpp: binaries in the format of the crash dump
Term system_text_info(Process *p);
Term system_text_loaded(Process *p);
Term system_text_procs(Process *p);
Term system_text_dist(Process *p);
Term system_info_dist_ctrl(Process *p); // dist.cpp
} // namespace joist::bifs
