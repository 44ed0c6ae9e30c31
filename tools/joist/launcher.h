// The other programs of an Erlang installation (erlc, escript, ct_run, ...): this executable under their names starts the
// OTP tree's own launcher and makes that start Joist as its emulator.
#pragma once
#include <string>

namespace joist {
bool is_launcher_name(const std::string &name);
[[noreturn]] void run_launcher(const std::string &name, char **argv);
} // namespace joist
