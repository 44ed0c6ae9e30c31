// Entry point. By the name it is started under, this program is `joist` or `erl` (shell and applications), `beam.smp`
// (started by a stock erlexec), or one of the launchers of an Erlang installation.
#include "runtime/sys/settings.h"
#include "tools/joist/boot.h"
#include "tools/joist/command_line.h"
#include "tools/joist/launcher.h"
#include "tools/joist/otp_root.h"
#include "tools/joist/precompile.h"
#include "tools/joist/release.h"
#include "tools/joist/version.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace joist {
namespace {
using namespace joist::runtime;

const char kHelp[] =
    "joist runs compiled Erlang and Elixir code (.beam files) in place of the stock emulator.\n"
    "\n"
    "usage: joist [flags]            the Erlang shell; all flags of erl(1) are understood\n"
    "       joist -noshell -eval 'io:format(\"hello~n\"), halt().'\n"
    "       joist --otp-root DIR ... use the Erlang/OTP installation in DIR\n"
    "       joist precompile APPLICATION|DIRECTORY|FILE...   compiles modules ahead of time, into the cache\n"
    "       joist release take-over DIR    put Joist into the release in DIR; give-back DIR undoes it\n"
    "       joist --help | --version\n"
    "\n"
    "Links named erl, erlc, escript, ct_run, dialyzer and typer to this program make an Erlang installation of it:\n"
    "put their directory first on PATH.\n"
    "\n"
    "OTP is looked for in: --otp-root, $JOIST_OTP_ROOT, $ROOTDIR, beside `erl` on PATH, /usr/lib/erlang.\n"
    "Emulator flags (erl(1), \"Emulator Flags\"):\n";

std::string base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

void print_version() {
  OtpRoot otp;
  std::string error;
  printf("Joist %s\n", kVersion);
  if (find_otp("", &otp, &error))
    printf("Erlang/OTP %s, erts %s, at %s\n", otp.otp_release.c_str(), otp.erts_version.c_str(), otp.root.c_str());
  else printf("%s\n", error.c_str());
}

// Puts this program's directory, then OTP's, at the front of PATH, as erlexec does with its own.
void extend_path(const OtpRoot &otp) {
  std::string self = own_executable(), own = self.substr(0, self.rfind('/'));
  std::string path = getenv("PATH") ? getenv("PATH") : "";
  std::string front = own + ":" + otp.bindir;
  if (path.compare(0, front.size(), front) == 0) return;
  if (path.find(otp.root) == std::string::npos) front += ":" + otp.root + "/bin";
  setenv("PATH", path.empty() ? front.c_str() : (front + ":" + path).c_str(), 1);
}

void detach() {
  if (fork() != 0) _exit(0);
  setsid();
  if (fork() != 0) _exit(0);
  int null = open("/dev/null", O_RDWR);
  for (int fd = 0; fd < 3; fd++) dup2(null, fd);
  if (null > 2) close(null);
}

void start_epmd(const CommandLine &line, const OtpRoot &otp) {
  std::string epmd = line.epmd.empty() ? "\"" + otp.bindir + "/epmd\" -daemon" : line.epmd;
  if (system(epmd.c_str()) == -1) perror("erl: epmd");
}

// What a stock erlexec gave us: emulator flags, "--", then everything for init.
[[noreturn]] void run_as_emulator(int argc, char **argv) {
  std::vector<std::string> flags;
  int i = 1;
  for (; i < argc && strcmp(argv[i], "--") != 0; i++) flags.push_back(argv[i]);
  for (i++; i < argc; i++) vm_flags.init_args.push_back(argv[i]);
  auto argument = [](const char *name) -> std::string {
    for (size_t k = 0; k + 1 < vm_flags.init_args.size(); k++)
      if (vm_flags.init_args[k] == name) return vm_flags.init_args[k + 1];
    return "";
  };
  OtpRoot otp;
  std::string error;
  vm_flags.otp_root = argument("-root");
  vm_flags.bindir = argument("-bindir");
  if (!describe_bindir(vm_flags.otp_root, vm_flags.bindir, &otp) && !find_otp(vm_flags.otp_root, &otp, &error))
    usage_error(error);
  vm_flags.progname = argument("-progname");
  vm_flags.home = argument("-home");
  vm_flags.otp_release = otp.otp_release;
  vm_flags.erts_version = otp.erts_version;
  emulator_arguments.assign(argv, argv + argc);
  EmulatorSettings settings;
  read_emulator_flags(flags, &settings);
  boot(settings);
}

[[noreturn]] void run_as_erl(int argc, char **argv) {
  // The root is needed to name ERL_OTP<release>_FLAGS before the flags are read; --otp-root is looked for by itself.
  std::string given, error;
  for (int i = 1; i + 1 < argc && strcmp(argv[i], "-extra") != 0; i++)
    if (!strcmp(argv[i], "--otp-root")) given = argv[i + 1];
  OtpRoot otp;
  if (!find_otp(given, &otp, &error)) {
    fprintf(stderr, "joist: %s\n", error.c_str());
    exit(1);
  }
  CommandLine line = parse_command_line(argc, argv, otp.otp_release);
  auto &v = vm_flags;
  v.otp_root = otp.root;
  v.bindir = otp.bindir;
  v.otp_release = otp.otp_release;
  v.erts_version = otp.erts_version;
  v.progname = "erl";
  v.home = getenv("HOME") ? getenv("HOME") : "";
  v.emu_only = line.emu_flavor == "emu";
  setenv("ROOTDIR", otp.root.c_str(), 1);
  setenv("BINDIR", otp.bindir.c_str(), 1);
  setenv("EMU", "beam", 1);
  setenv("PROGNAME", v.progname.c_str(), 1);
  extend_path(otp);
  auto &args = v.init_args;
  args = {"-root", v.otp_root, "-bindir", v.bindir, "-progname", v.progname, "--"};
  if (!v.home.empty()) args.insert(args.end(), {"-home", v.home});
  if (const char *port = getenv("ERL_EPMD_PORT")) args.insert(args.end(), {"-epmd_port", port});
  args.push_back("--");
  args.insert(args.end(), line.init.begin(), line.init.end());
  emulator_arguments = {v.bindir + "/beam.smp"}; // where stock's programs expect it
  emulator_arguments.insert(emulator_arguments.end(), line.emulator.begin(), line.emulator.end());
  emulator_arguments.push_back("--");
  emulator_arguments.insert(emulator_arguments.end(), args.begin(), args.end());
  if (line.print_args_exit || line.verbose) {
    if (line.verbose) printf("Executing: %s", own_executable().c_str());
    const char *format = line.verbose ? " %s" : "%s\n";
    for (auto &a : line.emulator) printf(format, a.c_str());
    printf(format, "--");
    for (auto &a : args) printf(format, a.c_str());
    if (line.verbose) printf("\n\n");
    if (line.print_args_exit) exit(0);
  }
  EmulatorSettings settings;
  read_emulator_flags(line.emulator, &settings);
  if (line.print_version || settings.print_version) {
    fprintf(stderr, "Erlang (SMP,ASYNC_THREADS) (BEAM) emulator version %s\r\n", v.erts_version.c_str());
    exit(0);
  }
  if (line.distributed && line.start_epmd) start_epmd(line, otp);
  if (line.detached) detach();
  boot(settings);
}

} // namespace
} // namespace joist

int main(int argc, char **argv) {
  using namespace joist;
  std::string name = base_name(argv[0]);
  if (is_launcher_name(name)) run_launcher(name, argv);
  if (argc > 1 && name == "joist") {
    if (!strcmp(argv[1], "release")) return run_release_command({argv + 2, argv + argc});
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
      fputs(kHelp, stdout);
      fputs(emulator_flags_help().c_str(), stdout);
      return 0;
    }
    if (!strcmp(argv[1], "precompile")) {
      int status = run_precompile(argc, argv);
      fflush(nullptr);
      _exit(status); // threads of the VM's parts have no end of their own
    }
    if (!strcmp(argv[1], "--version")) {
      print_version();
      return 0;
    }
  }
  if (name.compare(0, 4, "beam") == 0) run_as_emulator(argc, argv);
  run_as_erl(argc, argv);
}
