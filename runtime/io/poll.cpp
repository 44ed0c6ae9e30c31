// The poll thread. Descriptors sit in an epoll set of our own, one-shot, so that arming needs no hand-over to the loop's
// thread; the libuv loop watches that set, and runs what poll_run gives it.
#include "runtime/io/poll.h"
#include "runtime/io/poll_loop.h"
#include "runtime/sched/microstate.h"
#include "runtime/sched/progress.h"

#include <cerrno>
#include <fcntl.h>
#include <mutex>
#include <sys/epoll.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace joist::runtime {
class PollItem {
public:
  PollItem(int fd, PollClient *c) : fd(fd), client(c) {}
  std::mutex lock;
  int fd;
  bool own_fd = false; // a duplicate that is ours to close
  bool added = false;
  bool always_ready = false; // a file, /dev/null: epoll refuses these
  bool dead = false;
  PollClient *client;
};

namespace {
struct Poller {
  int set = epoll_create1(EPOLL_CLOEXEC);
  uv_loop_t loop;
  uv_poll_t set_watch;
  uv_async_t wake;
  std::mutex dispatching; // one batch of events at a time, so that the dead can be told from those still named
  std::mutex lock;
  std::vector<PollItem *> graveyard;
  std::vector<std::pair<void (*)(void *), void *>> jobs;
};
Poller *poller;

uint32_t event_bits(bool in, bool out) {
  return (in ? uint32_t(EPOLLIN) : 0) | (out ? uint32_t(EPOLLOUT) : 0) | uint32_t(EPOLLONESHOT);
}

// With `dispatching` held. True: there were events.
bool dispatch() {
  epoll_event events[128];
  int n = epoll_wait(poller->set, events, 128, 0);
  for (int i = 0; i < n; i++) {
    auto *item = static_cast<PollItem *>(events[i].data.ptr);
    uint32_t e = events[i].events;
    std::lock_guard g(item->lock);
    if (item->dead) continue;
    bool broken = e & (EPOLLERR | EPOLLHUP);
    if (broken) item->client->broken();
    item->client->ready(broken || (e & EPOLLIN), broken || (e & EPOLLOUT));
  }
  // No batch that could name them is under way any more.
  std::vector<PollItem *> dead;
  {
    std::lock_guard g(poller->lock);
    dead.swap(poller->graveyard);
  }
  for (PollItem *item : dead) delete item;
  return n > 0;
}

void run_jobs() {
  std::vector<std::pair<void (*)(void *), void *>> jobs;
  {
    std::lock_guard g(poller->lock);
    jobs.swap(poller->jobs);
  }
  for (auto &[fn, arg] : jobs) fn(arg);
}
} // namespace

void poll_start() {
  poller = new Poller;
  uv_loop_init(&poller->loop);
  uv_poll_init(&poller->loop, &poller->set_watch, poller->set);
  uv_poll_start(&poller->set_watch, UV_READABLE, [](uv_poll_t *, int, int) {
    poll_check(); // if a scheduler is at it, what it leaves is reported again
  });
  uv_async_init(&poller->loop, &poller->wake, [](uv_async_t *) { run_jobs(); });
  std::thread([] {
    pthread_setname_np(pthread_self(), "poll");
    progress::register_thread();
    progress::offline(); // look-ups are made in OnlineScopes
    microstate::start(MicroThread::Poll, 0, Micro::CheckIo);
    uv_run(&poller->loop, UV_RUN_DEFAULT);
  }).detach();
}

bool poll_check() {
  if (!poller) return false;
  std::unique_lock g(poller->dispatching, std::try_to_lock);
  return g.owns_lock() && dispatch();
}

uv_loop_t *poll_loop() { return &poller->loop; }

PollItem *poll_add(int fd, PollClient *client) { return new PollItem(fd, client); }

void poll_arm(PollItem *item, bool in, bool out) {
  {
    std::lock_guard g(item->lock);
    if (item->dead) return;
    if (!item->always_ready) {
      epoll_event e{};
      e.events = event_bits(in, out);
      e.data.ptr = item;
      int r = epoll_ctl(poller->set, item->added ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, item->fd, &e);
      if (r < 0 && errno == EEXIST) {
        // Another port waits for the same descriptor: wait for a duplicate.
        int copy = fcntl(item->fd, F_DUPFD_CLOEXEC, 3);
        if (copy >= 0) {
          item->fd = copy;
          item->own_fd = true;
          r = epoll_ctl(poller->set, EPOLL_CTL_ADD, copy, &e);
        }
      }
      if (r == 0) {
        item->added = true;
        return;
      }
      // Files are always ready. A bad descriptor is reported ready too: reading it tells the error.
      item->always_ready = true;
    }
  }
  if (in || out) item->client->ready(in, out);
}

void poll_remove(PollItem *item) {
  {
    std::lock_guard g(item->lock);
    item->dead = true;
    if (item->added) {
      epoll_event none{};
      epoll_ctl(poller->set, EPOLL_CTL_DEL, item->fd, &none);
    }
    if (item->own_fd) ::close(item->fd);
  }
  std::lock_guard g(poller->lock);
  poller->graveyard.push_back(item);
}

void poll_run(void (*fn)(void *), void *arg) {
  {
    std::lock_guard g(poller->lock);
    poller->jobs.emplace_back(fn, arg);
  }
  uv_async_send(&poller->wake);
}
} // namespace joist::runtime
