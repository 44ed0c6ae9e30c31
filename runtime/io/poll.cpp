// Descriptors sit in an epoll set of our own, one-shot, so that arming needs no hand-over to another thread. The libuv loop
// of the poll thread watches that set through another one, the gate, and runs what poll_run gives it. The gate is shut
// while a scheduler sleeps in the set, and is opened again only when schedulers have been long away from it: so one that
// goes to sleep and is woken by readiness over and over makes no system calls but epoll_wait.
#include "runtime/io/poll.h"
#include "runtime/io/poll_loop.h"
#include "runtime/sched/microstate.h"
#include "runtime/sched/progress.h"

#include <cerrno>
#include <fcntl.h>
#include <mutex>
#include <sys/epoll.h>
#include <sys/eventfd.h>
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
  // Standing interest in input (poll_stand): the kernel goes on telling. Quiet: it does not, until poll_stand or poll_handled.
  bool standing = false, quiet = false, told = false;
  PollClient *client;
};

namespace {
struct Poller {
  int set = epoll_create1(EPOLL_CLOEXEC), gate = epoll_create1(EPOLL_CLOEXEC);
  int interrupt = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); // in the set, with a null pointer
  uv_loop_t loop;
  uv_poll_t gate_watch;
  uv_async_t wake;
  std::mutex gate_lock;
  bool gate_open = true, sleeper = false; // guarded by gate_lock
  std::atomic<uint32_t> sleeps{0};        // that have ended
  std::mutex dispatching; // one batch of events at a time, so that the dead can be told from those still named
  std::mutex lock;
  std::vector<PollItem *> graveyard;
  std::vector<std::pair<void (*)(void *), void *>> jobs;
};
// Null until it is complete: schedulers look for events before that.
struct {
  std::atomic<Poller *> made{nullptr};
  Poller *operator->() const { return made.load(std::memory_order_acquire); }
  explicit operator bool() const { return made.load(std::memory_order_acquire); }
} poller;

uint32_t event_bits(bool in, bool out) {
  return (in ? uint32_t(EPOLLIN) : 0) | (out ? uint32_t(EPOLLOUT) : 0) | uint32_t(EPOLLONESHOT);
}

// With the item's lock.
void ask_for(PollItem *item, uint32_t events) {
  epoll_event e{};
  e.events = events;
  e.data.ptr = item;
  epoll_ctl(poller->set, EPOLL_CTL_MOD, item->fd, &e);
}
void silence(PollItem *item) { // errors and hang-ups can not be switched off, but are told once only
  ask_for(item, EPOLLONESHOT);
  item->quiet = true;
}
void stand(PollItem *item) {
  ask_for(item, EPOLLIN);
  item->quiet = false;
}

// ns < 0: as long as it takes.
int wait_for_events(epoll_event *events, int max, int64_t ns) {
  constexpr int64_t kSecond = 1'000'000'000, kMillisecond = 1'000'000;
  if (ns <= 0) return epoll_wait(poller->set, events, max, ns < 0 ? -1 : 0);
  timespec t{ns / kSecond, ns % kSecond};
  int n = epoll_pwait2(poller->set, events, max, &t, nullptr);
  if (n >= 0 || errno != ENOSYS) return n; // a kernel before 5.11
  return epoll_wait(poller->set, events, max, int(std::min<int64_t>((ns + kMillisecond - 1) / kMillisecond, 60000)));
}

// With `dispatching` held. True: there were events.
bool dispatch(int64_t ns) {
  epoll_event events[128];
  int n = wait_for_events(events, 128, ns);
  for (int i = 0; i < n; i++) {
    auto *item = static_cast<PollItem *>(events[i].data.ptr);
    if (!item) {
      uint64_t count;
      (void)!::read(poller->interrupt, &count, sizeof(count));
      continue;
    }
    uint32_t e = events[i].events;
    std::lock_guard g(item->lock);
    if (item->dead) continue;
    if (item->standing && !item->quiet) {
      if (item->told) { // not handled yet: no more of it until then
        silence(item);
        continue;
      }
      item->told = true;
    }
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
  auto *made = new Poller;
  uv_loop_init(&made->loop);
  epoll_event in{};
  in.events = EPOLLIN;
  epoll_ctl(made->set, EPOLL_CTL_ADD, made->interrupt, &in);
  epoll_ctl(made->gate, EPOLL_CTL_ADD, made->set, &in);
  uv_poll_init(&made->loop, &made->gate_watch, made->gate);
  uv_poll_start(&made->gate_watch, UV_READABLE, [](uv_poll_t *, int, int) {
    poll_check(); // if a scheduler is at it, what it leaves is reported again
  });
  uv_async_init(&made->loop, &made->wake, [](uv_async_t *) { run_jobs(); });
  poller.made.store(made, std::memory_order_release);
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
  return g.owns_lock() && dispatch(0);
}

namespace {
// With gate_lock held.
void set_gate(bool open) {
  if (poller->gate_open == open) return;
  poller->gate_open = open;
  epoll_event e{};
  e.events = open ? uint32_t(EPOLLIN) : 0;
  epoll_ctl(poller->gate, EPOLL_CTL_MOD, poller->set, &e);
}
} // namespace

bool poll_sleep_begin() {
  if (!poller || !poller->dispatching.try_lock()) return false;
  std::lock_guard g(poller->gate_lock);
  poller->sleeper = true;
  set_gate(false);
  return true;
}

void poll_sleep(int64_t ns) {
  dispatch(ns);
  std::lock_guard g(poller->gate_lock);
  poller->sleeper = false;
  poller->sleeps.fetch_add(1, std::memory_order_relaxed);
  poller->dispatching.unlock();
}

void poll_interrupt() {
  uint64_t one = 1;
  (void)!::write(poller->interrupt, &one, sizeof(one));
}

uint32_t poll_sleeps() { return poller ? poller->sleeps.load(std::memory_order_relaxed) : 0; }

void poll_attend() {
  std::lock_guard g(poller->gate_lock);
  if (!poller->sleeper) set_gate(true);
}

uv_loop_t *poll_loop() { return &poller->loop; }

PollItem *poll_add(int fd, PollClient *client) { return new PollItem(fd, client); }

void poll_arm(PollItem *item, bool in, bool out) {
  {
    std::lock_guard g(item->lock);
    if (item->dead) return;
    item->standing = item->told = false;
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

bool poll_stand(PollItem *item) {
  std::lock_guard g(item->lock);
  if (item->dead || !item->added || item->always_ready) return false;
  if (item->standing && !item->quiet) return true;
  if (!item->standing) item->told = false;
  item->standing = true;
  stand(item);
  return true;
}

void poll_handled(PollItem *item, bool in) {
  std::lock_guard g(item->lock);
  item->told = false;
  if (item->dead || !item->standing) return;
  if (in && item->quiet) stand(item);
  else if (!in && !item->quiet) silence(item);
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
