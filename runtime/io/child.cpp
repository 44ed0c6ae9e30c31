#include "runtime/io/child.h"
#include "runtime/io/poll.h"
#include "runtime/io/poll_loop.h"

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <deque>
#include <fcntl.h>
#include <mutex>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <unordered_set>

namespace joist::runtime {
namespace {
using Started = std::function<void(int, int)>;
using Exited = std::function<void(int)>;

int pidfd_open(pid_t pid) { return int(syscall(SYS_pidfd_open, pid, 0)); }

// Who was started here: SIGCHLD of these is nobody else's concern.
struct Children {
  // Held while a child is started, which may take long: who asks whose a child is waits until it is known.
  std::mutex starting;
  std::mutex lock; // the second, of what follows
  std::unordered_set<pid_t> running;
  std::deque<pid_t> ended; // the last ones: the signal may be looked at later
};
Children &children() {
  static auto *all = new Children;
  return *all;
}
void child_ended(pid_t pid) {
  constexpr size_t kRemembered = 256;
  Children &c = children();
  std::lock_guard g(c.lock);
  c.running.erase(pid);
  c.ended.push_back(pid);
  if (c.ended.size() > kRemembered) c.ended.pop_front();
}

class Reaper;
// Those who wait now: the kernel alone would know of them otherwise.
struct Reapers {
  std::mutex lock;
  std::unordered_set<Reaper *> alive;
};
Reapers &reapers() {
  static auto *all = new Reapers;
  return *all;
}

// Waits for one child by its process descriptor. Deletes itself.
class Reaper final : public PollClient {
public:
  Reaper(pid_t pid, int fd, Exited exited) : pid_(pid), fd_(fd), exited_(std::move(exited)) {
    item_ = poll_add(fd, this);
    std::lock_guard g(reapers().lock);
    reapers().alive.insert(this);
  }
  void arm() { poll_arm(item_, true, false); }
  void ready(bool, bool) override {
    poll_run([](void *r) { static_cast<Reaper *>(r)->reap(); }, this); // not under the item's lock
  }

private:
  void reap() {
    int status = 0;
    pid_t r;
    do r = waitpid(pid_, &status, WNOHANG);
    while (r < 0 && errno == EINTR);
    if (r == 0) return arm();
    child_ended(pid_);
    if (exited_) exited_(r < 0 ? 0 : status);
    poll_remove(item_);
    ::close(fd_);
    {
      std::lock_guard g(reapers().lock);
      reapers().alive.erase(this);
    }
    delete this;
  }
  pid_t pid_;
  int fd_;
  PollItem *item_;
  Exited exited_;
};

// Where the kernel has no process descriptors a thread waits.
void reap_by_thread(pid_t pid, Exited exited) {
  std::thread([pid, exited = std::move(exited)] {
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
    child_ended(pid);
    if (exited) exited(status);
  }).detach();
}

void reap_later(pid_t pid, Exited exited) {
  int fd = pidfd_open(pid);
  if (fd < 0) return reap_by_thread(pid, std::move(exited));
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  (new Reaper(pid, fd, std::move(exited)))->arm();
}

std::vector<char *> pointers(std::vector<std::string> &strings) {
  std::vector<char *> v;
  for (auto &s : strings) v.push_back(s.data());
  v.push_back(nullptr);
  return v;
}

int spawn(ChildSpec &c, pid_t *pid) {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attr;
  posix_spawn_file_actions_init(&files);
  posix_spawnattr_init(&attr);
  if (c.directory) posix_spawn_file_actions_addchdir_np(&files, c.directory->c_str());
  int first_free = 3;
  for (auto [ours, theirs] : c.descriptors) {
    posix_spawn_file_actions_adddup2(&files, ours, theirs);
    first_free = std::max(first_free, theirs + 1);
  }
  posix_spawn_file_actions_addclosefrom_np(&files, first_free);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  sigdelset(&all, SIGPIPE); // ignored, as children of stock inherit it: who writes to a closed port sees EPIPE
  posix_spawnattr_setsigmask(&attr, &none);
  posix_spawnattr_setsigdefault(&attr, &all);
  posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  auto argv = pointers(c.args), env = pointers(c.environment);
  int error = posix_spawn(pid, c.program.c_str(), &files, &attr, argv.data(), env.data());
  posix_spawnattr_destroy(&attr);
  posix_spawn_file_actions_destroy(&files);
  return error;
}

struct Job {
  ChildSpec spec;
  Started started;
  Exited exited;
};
struct Starter {
  std::mutex lock;
  std::condition_variable work;
  std::deque<Job> jobs;
  Starter() {
    std::thread([this] {
      pthread_setname_np(pthread_self(), "child_start");
      for (;;) {
        std::unique_lock g(lock);
        work.wait(g, [&] { return !jobs.empty(); });
        Job j = std::move(jobs.front());
        jobs.pop_front();
        g.unlock();
        pid_t pid = -1;
        int error;
        {
          std::lock_guard starting(children().starting);
          error = spawn(j.spec, &pid);
          std::lock_guard known(children().lock);
          if (!error) children().running.insert(pid);
        }
        j.started(error ? -1 : pid, error);
        if (!error) reap_later(pid, j.spec.report_exit ? std::move(j.exited) : Exited{});
      }
    }).detach();
  }
};
} // namespace

bool child_is_ours(int pid) {
  Children &c = children();
  std::scoped_lock g(c.starting, c.lock);
  return c.running.count(pid) || std::find(c.ended.begin(), c.ended.end(), pid) != c.ended.end();
}

void child_start(ChildSpec spec, Started started, Exited exited) {
  static auto *starter = new Starter;
  {
    std::lock_guard g(starter->lock);
    starter->jobs.push_back({std::move(spec), std::move(started), std::move(exited)});
  }
  starter->work.notify_one();
}
} // namespace joist::runtime
