// erl_crash.dump: what the VM looked like when it ended, in the format that crashdump_viewer reads.
#pragma once
#include <string>

namespace joist::runtime {
struct Process;
// $ERL_CRASH_DUMP, else erl_crash.dump; empty if $ERL_CRASH_DUMP_SECONDS or $ERL_CRASH_DUMP_BYTES is 0 (no dump wanted).
std::string crash_dump_path();
// $ERL_CRASH_DUMP_SECONDS: how long writing it may take; below 0: as long as it takes. kCrashDumpTimeNotSet: not said.
constexpr int kCrashDumpTimeNotSet = 0x7fffffff;
int crash_dump_seconds();
// Writes the dump. Other threads may still run: what they change meanwhile is shown as found. False: cannot write.
// terms: also dictionaries, messages, stacks and timers; the other schedulers are blocked then.
bool crash_dump_write(const char *path, const char *slogan, bool terms);
// Sections as text, also for erlang:system_info(info | procs | loaded | dist).
void crash_dump_memory(std::string &out);
void crash_dump_processes(std::string &out); // all other schedulers stand still (schedulers_block)
void crash_dump_modules(std::string &out);
void crash_dump_distribution(std::string &out);
void crash_dump_atoms(std::string &out);
// As vm_crash (sched/scheduler.h) by a thread that may hold locks: the dump shows no terms.
[[noreturn]] void vm_crash_out_of_memory(const char *slogan);
// Ends the VM at once, without flushing ports.
[[noreturn]] void vm_exit_now(int status);
void exit_watch_forks(); // once, at start
} // namespace joist::runtime
