// Sections of a crash dump that show terms: dictionaries, messages, stacks, timers.
#pragma once
#include <cstdint>
#include <string>

namespace joist::runtime {
struct Process;
// =proc_dictionary, =proc_messages, =proc_stack and =proc_heap of a process that stands still, and goes on doing so.
void crash_dump_terms(std::string &out, Process *p);
// The "Link list" of a process that stands still: links, monitors in both directions.
void crash_dump_links(std::string &out, Process *p);
void crash_dump_timers(std::string &out);
void crash_dump_persistent(std::string &out); // =persistent_terms, =literals
// Process::state in words.
std::string crash_dump_state(uint32_t state);
} // namespace joist::runtime
