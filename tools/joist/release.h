// `joist release ...`: puts Joist into a release that stock tools have built (systools, rebar3, mix), and takes it out again.
#pragma once
#include <string>
#include <vector>

namespace joist {
// The arguments after "release". Prints what was done, or one line on stderr that says what is wrong; returns the exit
// status: 0, 1 (cannot be done), 2 (wrong usage).
int run_release_command(const std::vector<std::string> &args);
} // namespace joist
