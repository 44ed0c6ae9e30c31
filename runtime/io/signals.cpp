#include "runtime/io/signals.h"
#include "runtime/atom/atom.h"
#include "runtime/io/child.h"
#include "runtime/io/poll.h"
#include "runtime/io/poll_loop.h"
#include "runtime/io/terminal.h"
#include "runtime/proc/registry.h"
#include "runtime/sched/progress.h"
#include "runtime/sys/crash_dump.h"
#include "runtime/sys/flags.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <thread>
#include <unistd.h>

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

// --- SIGCHLD. The VM's own children are nobody's concern, but their signals cannot be told from others by their number, so
// that the handler passes on whose they are.
struct ChildEvent {
  int code;
  pid_t pid;
};
int child_events[2] = {-1, -1};
void child_signal(int, siginfo_t *info, void *) {
  const int error = errno;
  ChildEvent e{info->si_code, info->si_code > 0 ? info->si_pid : 0};
  [[maybe_unused]] ssize_t n = write(child_events[1], &e, sizeof e);
  errno = error;
}
class ChildEvents final : public PollClient {
public:
  void ready(bool, bool) override {
    poll_run([](void *c) { static_cast<ChildEvents *>(c)->take(); }, this); // not under the item's lock
  }
  void start() {
    if (pipe2(child_events, O_NONBLOCK | O_CLOEXEC)) return;
    item_ = poll_add(child_events[0], this);
    poll_arm(item_, true, false);
  }

private:
  void take() {
    ChildEvent e;
    while (read(child_events[0], &e, sizeof e) == sizeof e)
      if (e.code <= 0 || !child_is_ours(e.pid)) notify(atoms::sigchld);
    poll_arm(item_, true, false);
  }
  PollItem *item_ = nullptr;
};
void listen_children(bool on) {
  static ChildEvents *events = nullptr;
  if (!on) {
    signal(SIGCHLD, SIG_DFL); // SIG_IGN would take the exit statuses of our children
    return;
  }
  if (!events) (events = new ChildEvents)->start();
  struct sigaction a{};
  a.sa_sigaction = child_signal;
  a.sa_flags = SA_SIGINFO | SA_RESTART;
  sigfillset(&a.sa_mask);
  sigaction(SIGCHLD, &a, nullptr);
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
  if (c->number == SIGCHLD) {
    listen_children(c->action == SignalAction::Handle);
  } else if (c->action == SignalAction::Handle) {
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
