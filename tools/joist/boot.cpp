#include "tools/joist/boot.h"

#include "bifs/bifs.h"
#include "jit/tier/tier.h"
#include "loader/prepare.h"
#include "otp_stubs/stubs.h"
#include "runtime/atom/atom.h"
#include "runtime/atom/full.h"
#include "runtime/code/install.h"
#include "runtime/code/literal_release.h"
#include "runtime/dist/entry.h"
#include "runtime/ets/ets.h"
#include "runtime/io/poll.h"
#include "runtime/io/port.h"
#include "runtime/io/signals.h"
#include "runtime/mem/gc.h"
#include "runtime/mem/literal.h"
#include "runtime/nif/library.h"
#include "runtime/proc/error_log.h"
#include "runtime/proc/system_task.h"
#include "runtime/sched/progress.h"
#include "runtime/sys/crash_dump.h"
#include "runtime/term/binary.h"
#include "runtime/trace/trace.h"
#include "tools/joist/otp_root.h"
#include "tools/joist/preloaded.h"
#include "vm/vm.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <unistd.h>

namespace joist {
namespace {
using namespace joist::runtime;

[[noreturn]] void cannot_start(const std::string &why) {
  fprintf(stderr, "joist: %s\n", why.c_str());
  exit(1);
}

void load_preloaded() {
  const std::string self = own_executable(), tree = vm_flags.otp_root + "/lib/erts-" + vm_flags.erts_version + "/ebin/",
                    beside = self.substr(0, self.rfind('/') + 1) + kPreloadedDirectory + "/";
  const std::string &dir = access(beside.c_str(), X_OK) == 0 ? beside : tree;
  for (const char *name : kPreloaded) {
    std::string path = dir + name + ".beam", error;
    std::ifstream in(path, std::ios::binary);
    if (!in) cannot_start("cannot read " + path + ": the preloaded modules of OTP are needed (Debian: erlang-base)");
    std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (!loader::load_preloaded(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size(), &error))
      cannot_start(path + ": " + error);
  }
}

Process *spawn_system(const char *module, const char *function, Term args, Priority priority, bool off_heap) {
  SpawnOptions o;
  o.system = true;
  o.priority = priority;
  o.off_heap_messages = o.has_message_queue_data = off_heap;
  Process *p = process_spawn(nullptr, atom::intern(module), atom::intern(function), args, o);
  if (!p) cannot_start(std::string("cannot create the process of ") + module);
  return p;
}

void first_processes() {
  FragmentHeap h;
  Term args = Term::nil();
  for (size_t i = vm_flags.init_args.size(); i-- > 0;)
    args = make_cons(h, make_binary_from(h, vm_flags.init_args[i]), args);
  Term boot = atom::intern(vm_flags.boot_module);
  if (boot.is_none()) cannot_start("the name of the boot module is not valid");
  spawn_system("erl_init", "start", make_list(h, boot, args), Priority::Normal, false);
  spawn_system("erts_code_purger", "start", Term::nil(), Priority::High, true);
  literal_collector = spawn_system("erts_literal_area_collector", "start", Term::nil(), Priority::High, true)->id;
  for (Priority p : {Priority::Normal, Priority::High, Priority::Max})
    spawn_system("erts_dirty_process_signal_handler", "start", Term::nil(), p, true);
}

} // namespace

void boot(const EmulatorSettings &settings) {
  signal(SIGPIPE, SIG_IGN);
  atom::init(vm_flags.atom_limit);
  atom::on_full = [](size_t limit) {
    vm_crash(("no more index entries in atom_tab (max=" + std::to_string(limit) + ")").c_str());
  };
  literal_init();
  gc_max_heap_reached = error_log_max_heap;
  time_init(settings.warp, settings.time_correction);
  progress::register_thread();
  vm::init();
  bifs::register_all();
  loader::init();
  if (std::string why; !jit::tier_start(&why)) cannot_start("compiled code: " + why);
  stubs::register_natives();
  nif_init();
  if (const char *n = getenv("ERL_MAX_ETS_TABLES"); n && atoi(n) > 0) vm_flags.ets_limit = size_t(atoi(n));
  ets_init(vm_flags.ets_limit);
  process_table_init(vm_flags.process_limit);
  schedulers_init(settings.schedulers);
  ports_init(vm_flags.port_limit);
  time_service_start();
  trace::init();
  dist_init();
  stubs::register_drivers();
  check_process_code_hook = [](Process *p, Term module, Term *, unsigned) { return process_uses_old_code(p, module); };
  load_preloaded();
  first_processes();
  poll_start();
  signals_start();
  exit_watch_forks();
  progress::offline();
  schedulers_start();
  schedulers_join();
}

} // namespace joist
