// How the VM ends.
#include "runtime/io/port.h"
#include "runtime/io/terminal.h"
#include "runtime/sched/scheduler.h"
#include "runtime/sys/crash_dump.h"
#include "runtime/sys/flags.h"
#include "runtime/sys/sanitizer.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <pthread.h>
#include <unistd.h>

namespace joist::runtime {
namespace {
std::atomic<bool> ending{false};

// A child that native code has forked is its calling thread alone. If it calls exit(), destructors of the VM's parts would wait
// for threads that it does not have; handlers are called latest first, so this one keeps it from them.
void end_without_destructors() {
  on_exit(
      [](int status, void *) {
        fflush(nullptr);
        _exit(status);
      },
      nullptr);
}

// One thread ends the VM; others that come here wait for that. If it fails while it does so, that is the end.
void enter() {
  static thread_local bool here = false;
  if (here) abort();
  here = true;
  if (ending.exchange(true))
    for (;;) pause();
}
} // namespace

void exit_watch_forks() { pthread_atfork(nullptr, nullptr, end_without_destructors); }

void vm_exit(int status) {
  enter();
  ports_flush();
  terminal_restore();
  fflush(nullptr);
  sanitizer_check_leaks();
  _exit(status);
}

void vm_exit_now(int status) {
  enter();
  terminal_restore();
  fflush(nullptr);
  _exit(status);
}

namespace {
[[noreturn]] void crash(const char *slogan, bool shows_terms) {
  enter();
  fprintf(stderr, "%s\r\n", with_carriage_returns(slogan).c_str());
  if (!vm_flags.no_crash_dump) {
    std::string path = crash_dump_path();
    const int seconds = crash_dump_seconds();
    // Restarting goes before dumping, unless it was said how long a dump may take.
    if (!path.empty() && heart_prepare_crash() && seconds == kCrashDumpTimeNotSet) path.clear();
    if (!path.empty()) {
      fprintf(stderr, "\r\nCrash dump is being written to: %s...", path.c_str());
      fflush(stderr);
      // A scheduler that does not come to stand, or memory in a bad way, must not keep the VM from ending.
      signal(SIGALRM, [](int) { _exit(1); });
      constexpr unsigned kUsual = 60;
      if (seconds >= 0) alarm(seconds == kCrashDumpTimeNotSet ? kUsual : unsigned(seconds));
      const bool scheduler = this_scheduler() && !on_dirty_scheduler(), terms = shows_terms && scheduler;
      if (terms) schedulers_block();
      else if (scheduler) schedulers_stop(std::chrono::milliseconds(200));
      if (crash_dump_write(path.c_str(), slogan, terms)) fputs("done\r\n", stderr);
      else fputs("failed\r\n", stderr);
    }
  }
  terminal_restore();
  fflush(nullptr);
  _exit(1);
}
} // namespace

void vm_crash(const char *slogan) { crash(slogan, true); }
void vm_crash_out_of_memory(const char *slogan) { crash(slogan, false); }
} // namespace joist::runtime
