#include "runtime/io/signals.h"
#include "runtime/atom/atom.h"
#include "runtime/io/poll.h"
#include "runtime/io/poll_loop.h"
#include "runtime/io/terminal.h"
#include "runtime/proc/registry.h"
#include "runtime/sched/progress.h"
#include "runtime/sys/crash_dump.h"
#include "runtime/sys/flags.h"

#include <csignal>
#include <thread>

namespace joist::runtime {
namespace {
struct SignalName {
  int number;
  Term name;
};
constexpr SignalName kSignals[] = {
    {SIGHUP, atoms::sighup},   {SIGQUIT, atoms::sigquit}, {SIGABRT, atoms::sigabrt}, {SIGALRM, atoms::sigalrm},
    {SIGTERM, atoms::sigterm}, {SIGUSR1, atoms::sigusr1}, {SIGUSR2, atoms::sigusr2}, {SIGCHLD, atoms::sigchld},
    {SIGSTOP, atoms::sigstop}, {SIGTSTP, atoms::sigtstp},
};
uv_signal_t *handles[NSIG]; // poll thread only
std::atomic<bool> in_menu{false};

void notify(Term name) {
  progress::OnlineScope online;
  Process *server = registry_process(atoms::erl_signal_server);
  if (!server) return;
  FragmentHeap h;
  Term message = make_tuple(h, atoms::notify, name);
  message_send_built(server, message, h.take());
}

void interrupted() {
  if (in_menu.exchange(true)) {
    terminal_restore();
    vm_exit_now(0);
  }
  std::thread([] {
    break_menu();
    in_menu = false;
  }).detach();
}

void received(uv_signal_t *, int number) {
  if (number == SIGINT) return interrupted();
  for (auto &s : kSignals)
    if (s.number == number) notify(s.name);
}

// --- on the poll thread
void listen(int number) {
  if (!handles[number]) {
    handles[number] = new uv_signal_t;
    uv_signal_init(poll_loop(), handles[number]);
  }
  uv_signal_start(handles[number], received, number);
}
void stop_listening(int number) {
  if (handles[number]) uv_signal_stop(handles[number]);
}

struct Change {
  int number;
  SignalAction action;
  std::atomic<bool> done{false};
};
void apply(void *arg) {
  auto *c = static_cast<Change *>(arg);
  if (c->action == SignalAction::Handle) {
    listen(c->number);
  } else {
    stop_listening(c->number);
    signal(c->number, c->action == SignalAction::Ignore ? SIG_IGN : SIG_DFL);
  }
  c->done = true;
  c->done.notify_one();
}

// --- terminal
std::mutex terminal_lock;
void (*terminal_fn)(void *);
void *terminal_arg;
void terminal_event(uv_signal_t *, int number) {
  if (number == SIGCONT && terminal_is_raw()) terminal_raw_again(); // the shell has changed it meanwhile
  std::lock_guard g(terminal_lock);
  if (terminal_fn) terminal_fn(terminal_arg);
}
} // namespace

void signals_start() {
  signal(SIGPIPE, SIG_IGN);
  if (vm_flags.break_ignored)
    for (int s : {SIGINT, SIGQUIT, SIGTSTP}) signal(s, SIG_IGN);
  poll_run(
      [](void *) {
        listen(SIGTERM);
        listen(SIGUSR1);
        if (vm_flags.break_ignored || vm_flags.break_disabled) return;
        listen(SIGINT);
        listen(SIGQUIT);
      },
      nullptr);
}

bool signal_set(Term name, SignalAction action) {
  for (auto &s : kSignals) {
    if (s.name != name) continue;
    auto change = std::make_unique<Change>();
    change->number = s.number;
    change->action = action;
    poll_run(apply, change.get());
    change->done.wait(false); // in effect when os:set_signal returns
    return true;
  }
  return false;
}

void signal_watch_terminal(void (*fn)(void *), void *arg) {
  {
    std::lock_guard g(terminal_lock);
    terminal_fn = fn;
    terminal_arg = arg;
  }
  static std::once_flag once;
  std::call_once(once, [] {
    poll_run(
        [](void *) {
          for (int s : {SIGWINCH, SIGCONT}) {
            auto *h = new uv_signal_t;
            uv_signal_init(poll_loop(), h);
            uv_signal_start(h, terminal_event, s);
          }
        },
        nullptr);
  });
}
} // namespace joist::runtime
