// Jobs of drivers on threads of their own (driver_async, flag +A). A job's key chooses the thread, so jobs of one key run
// one after the other. When it is done its port is told, or, if that is gone, its data freed.
#include "runtime/driver/host.h"
#include "runtime/nif/env.h"
#include "runtime/sys/flags.h"

#include <condition_variable>
#include <deque>
#include <pthread.h>
#include <thread>

namespace joist::runtime {
namespace {
struct Job {
  DrvPort *h; // referenced
  void (*invoke)(void *);
  void *data;
  void (*free)(void *);
  PortDataLock *lock; // the port's, referenced: the job may use it when the port is gone; or null
};
struct Worker {
  std::mutex lock;
  std::condition_variable signal;
  std::deque<Job> jobs;
};

void finish(const Job &j, bool alive) {
  if (alive && j.h->driver->entry->ready_async) {
    DriverGuard g(j.h->driver);
    j.h->driver->entry->ready_async(j.h->data, j.data);
  } else if (j.free) {
    j.free(j.data);
  }
}
struct DoneTask final : PortTask {
  Job j;
  explicit DoneTask(Job x) : j(x) {}
  ~DoneTask() override {
    if (j.lock) driver_pdl_dec_refc(j.lock);
    drv_port_unref(j.h);
  }
  void run(Port &port) override { finish(j, !j.h->dead && port.instance); }
  void dropped(Port &) override { finish(j, false); }
};

void work(Worker *w, unsigned index) {
  char name[16];
  snprintf(name, sizeof name, "async_%u", index + 1);
  pthread_setname_np(pthread_self(), name);
  nif_foreign_thread();
  for (;;) {
    std::unique_lock l(w->lock);
    w->signal.wait(l, [&] { return !w->jobs.empty(); });
    Job j = w->jobs.front();
    w->jobs.pop_front();
    l.unlock();
    j.invoke(j.data);
    port_enqueue(j.h->port, new DoneTask(j));
  }
}

std::vector<Worker *> &workers() {
  static std::vector<Worker *> all = [] {
    std::vector<Worker *> v;
    for (unsigned i = 0; i < vm_flags.async_threads; i++) {
      v.push_back(new Worker);
      std::thread(work, v.back(), i).detach();
    }
    return v;
  }();
  return all;
}
} // namespace

JOIST_ABI unsigned driver_async_port_key(DrvPort *h) { return unsigned(h->port->number * 0x9e3779b1u); }

// A number for the job, never negative; -1: no such port. Without async threads it is done at once.
JOIST_ABI long driver_async(DrvPort *h, unsigned *key, void (*invoke)(void *), void *data, void (*free)(void *)) {
  static std::atomic<long> numbers{0};
  static std::atomic<unsigned> turn{0};
  if (!drv_port_ok(h)) return -1;
  long number = numbers.fetch_add(1) & 0x3fffffff;
  Job j{h, invoke, data, free, h->pdl};
  if (vm_flags.async_threads == 0) {
    invoke(data);
    finish(j, true);
    return number;
  }
  h->refs.fetch_add(1);
  if (j.lock) driver_pdl_inc_refc(j.lock);
  auto &all = workers();
  Worker *w = all[(key ? *key : turn.fetch_add(1)) % all.size()];
  {
    std::lock_guard g(w->lock);
    w->jobs.push_back(j);
  }
  w->signal.notify_one();
  return number;
}
} // namespace joist::runtime
