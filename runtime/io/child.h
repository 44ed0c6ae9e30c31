// Child processes. Started on a thread of their own, since creating a process takes long for a VM with much memory, and
// reaped by the poll thread.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace joist::runtime {
struct ChildSpec {
  std::string program;
  std::vector<std::string> args;        // argv, with argv[0]
  std::vector<std::string> environment; // "NAME=value"
  std::optional<std::string> directory;
  // Descriptors that the child gets: {ours, its number}. All others above 2 are closed.
  std::vector<std::pair<int, int>> descriptors;
  bool report_exit = false;
};
// Starts the child in a session of its own, with default signals. `started` is called on the starter thread with the
// pid, or pid -1 and an error; the descriptors may be closed then. If report_exit, `exited` is called with the wait status
// on the poll thread, always after `started`. Children are reaped in any case.
void child_start(ChildSpec spec, std::function<void(int pid, int error)> started,
                 std::function<void(int status)> exited);
// Whether `pid` was started so, as long as it runs and for some time after.
bool child_is_ours(int pid);
} // namespace joist::runtime
