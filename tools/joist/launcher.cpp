#include "tools/joist/launcher.h"

#include "tools/joist/otp_root.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

namespace joist {
namespace {

// Program name, and the environment variable by which its stock launcher is told what to run (null: it runs by itself).
const struct {
  const char *name, *emulator_variable;
} kLaunchers[] = {
    {"erlc", "ERLC_EMULATOR"},     {"escript", "ESCRIPT_EMULATOR"},
    {"ct_run", "CT_RUN_EMULATOR"}, {"dialyzer", "DIALYZER_EMULATOR"},
    {"typer", "TYPER_EMULATOR"},   {"epmd", nullptr},
    {"erl_call", nullptr},         {"run_erl", nullptr},
    {"to_erl", nullptr},
};

} // namespace

bool is_launcher_name(const std::string &name) {
  for (auto &l : kLaunchers)
    if (name == l.name) return true;
  return false;
}

void run_launcher(const std::string &name, char **argv) {
  OtpRoot otp;
  std::string error;
  if (!find_otp("", &otp, &error)) {
    fprintf(stderr, "%s: %s\n", name.c_str(), error.c_str());
    exit(1);
  }
  std::string self = own_executable();
  std::string erl = self.substr(0, self.rfind('/') + 1) + "erl";
  for (auto &l : kLaunchers)
    if (name == l.name && l.emulator_variable) setenv(l.emulator_variable, erl.c_str(), 1);
  // escript and erlc search themselves by the directory of argv[0].
  std::string program = otp.root + "/bin/" + name;
  if (access(program.c_str(), X_OK) != 0) program = otp.bindir + "/" + name;
  execv(program.c_str(), argv);
  fprintf(stderr, "%s: cannot run %s: %s\n", name.c_str(), program.c_str(), strerror(errno));
  exit(1);
}

} // namespace joist
