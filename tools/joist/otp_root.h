// Finds the Erlang/OTP installation that this VM runs.
#pragma once
#include <string>

namespace joist {
struct OtpRoot {
  std::string root;         // "/usr/lib/erlang"
  std::string erts_version; // "13.1.5", from the erts-VSN directory
  std::string otp_release;  // "25"
  std::string bindir;       // root/erts-VSN/bin
};
// Order: `given` (--otp-root), $JOIST_OTP_ROOT, $ROOTDIR, the tree of an `erl` on PATH that is not ours, the usual
// directories. False: *error is one line that says what to install.
bool find_otp(const std::string &given, OtpRoot *out, std::string *error);
// As a stock erlexec tells it: `bindir` is .../erts-VSN/bin. A release may hold several versions. False: it is not so named.
bool describe_bindir(const std::string &root, const std::string &bindir, OtpRoot *out);
std::string own_executable(); // absolute path of this program
} // namespace joist
