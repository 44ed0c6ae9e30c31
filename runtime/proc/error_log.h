// Error messages of the VM itself, sent to where the system logger is (normally the process registered as `logger`).
#pragma once
#include "runtime/proc/process.h"
#include <string_view>
namespace joist::runtime {
// {log, error, Format, Args, #{pid, gl, time, error_logger}} as logger expects it. args: list of format arguments;
// p, the process it is about, gives pid and group leader; without the latter the logger gives its own. Before a logger is
// there the text goes to standard error.
enum class LogLeader : bool { Own, None };
void error_log(Process *p, std::string_view format, Term args, LogLeader leader = LogLeader::Own);
// p reaches its max_heap_size: it would need `words`.
void error_log_max_heap(Process *p, Word words);
} // namespace joist::runtime
