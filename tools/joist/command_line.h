// erl's command line, as erlexec(1) documents it: environment, -args_file, +flags, and what is left for init.
#pragma once
#include <string>
#include <vector>

namespace joist {
struct CommandLine {
  std::vector<std::string> emulator; // emulator flags with '-' in place of '+', each value after its flag
  std::vector<std::string> init;     // arguments for init, after the second "--"
  std::string otp_root;              // --otp-root
  std::string emu_flavor;            // -emu_flavor
  bool detached = false, print_version = false;
  bool print_args_exit = false, verbose = false;
  bool distributed = false, start_epmd = true;
  std::string epmd;
};
// Reads ERL_AFLAGS, ERL_FLAGS, ERL_ZFLAGS, ERL_OTP<release>_FLAGS and argv; sets variables for -env. Exits with one line
// on stderr and status 1 for a malformed flag.
CommandLine parse_command_line(int argc, char **argv, const std::string &otp_release);
// Splits text into words: quotes of both kinds without escapes inside, backslashes outside; '#' starts a comment where
// allowed. Adds "--" at the end, if there were words.
std::vector<std::string> split_words(const std::string &text, bool comments);
[[noreturn]] void usage_error(const std::string &line);
} // namespace joist
