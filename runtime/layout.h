// Offsets and sizes that code generated from vm/sem and the interpreter's packed operands rely on. One place, asserted:
// who changes a layout learns here what reads it.
#pragma once
#include "runtime/code/code.h"
#include "runtime/sched/machine.h"

#include <cstddef>

namespace joist::runtime::layout {
// --- Machine: x and float registers are addressed by 16-bit byte offsets
inline constexpr size_t machine_x = offsetof(Machine, x);
inline constexpr size_t machine_f = offsetof(Machine, f);
inline constexpr size_t machine_process = offsetof(Machine, p);
static_assert(machine_x == 0 && machine_f + 16 * sizeof(double) <= 0x10000);

// --- Process: the fields that are touched between instructions
inline constexpr size_t process_heap_top = offsetof(Process, heap) + offsetof(Heap, top);
inline constexpr size_t process_heap_limit = offsetof(Process, heap) + offsetof(Heap, limit);
inline constexpr size_t process_stack_top = offsetof(Process, stack_top);
inline constexpr size_t process_reductions = offsetof(Process, reductions);
inline constexpr size_t process_id = offsetof(Process, id);
inline constexpr size_t process_catches = offsetof(Process, catches);
inline constexpr size_t process_mailbox_save = offsetof(Process, mailbox) + offsetof(Mailbox, save);

// --- code: an export's entries come first; a function's FuncInfo ends where its code begins
static_assert(offsetof(Export, entry) == 0 && sizeof(Export::entry) == kCodeIndices * sizeof(void *));
inline constexpr size_t func_info_native = offsetof(FuncInfo, native);
inline constexpr size_t func_info_arity = offsetof(FuncInfo, mfa) + offsetof(Mfa, arity);
inline constexpr size_t fun_entry_code = offsetof(FunEntry, entry);
inline constexpr size_t fun_entry_arity = offsetof(FunEntry, arity);

// --- boxed objects, from the header word
inline constexpr size_t tuple_first = 8;
inline constexpr size_t map_count = 8, flat_map_keys = 16, flat_map_first_value = 24;
inline constexpr size_t fun_code = 8, fun_creator_pid = 16, fun_first_free = 24;
inline constexpr size_t match_ctx_base = offsetof(MatchCtxObj, base);
inline constexpr size_t match_ctx_position = offsetof(MatchCtxObj, position);
inline constexpr size_t match_ctx_end = offsetof(MatchCtxObj, end);
} // namespace joist::runtime::layout
