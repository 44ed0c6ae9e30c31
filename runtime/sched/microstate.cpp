#include "runtime/sched/microstate.h"
#include "runtime/sys/time.h"

#include <algorithm>
#include <mutex>

namespace joist::runtime::microstate {
thread_local MicroTimes *mine = nullptr;
std::atomic<bool> on{false};

namespace {
std::mutex lock;
std::atomic<int64_t> enabled_at{0};
std::vector<MicroTimes *> &threads() { // with the lock; never freed
  static auto *list = new std::vector<MicroTimes *>;
  return *list;
}
MicroTimes *find_or_add(MicroThread type, unsigned id) {
  for (MicroTimes *t : threads())
    if (t->type == type && t->id == id) return t;
  auto *t = new MicroTimes;
  t->type = type;
  t->id = id;
  threads().push_back(t);
  std::sort(threads().begin(), threads().end(),
            [](MicroTimes *a, MicroTimes *b) { return a->type != b->type ? a->type < b->type : a->id < b->id; });
  return t;
}
int64_t running(const MicroTimes &t, int64_t now) {
  int64_t since = std::max(t.since.load(std::memory_order_relaxed), enabled_at.load(std::memory_order_relaxed));
  return std::max<int64_t>(now - since, 0);
}
void settle(MicroTimes &t, int64_t now) {
  t.ns[size_t(t.state.load(std::memory_order_relaxed))].fetch_add(running(t, now), std::memory_order_relaxed);
  t.since.store(now, std::memory_order_relaxed);
}
} // namespace

void declare(MicroThread type, unsigned id) {
  std::lock_guard g(lock);
  find_or_add(type, id)->state = Micro::Sleep;
}

void start(MicroThread type, unsigned id, Micro state) {
  std::lock_guard g(lock);
  mine = find_or_add(type, id);
  mine->since = os_monotonic_time();
  mine->state = state;
}

Micro change_timed(MicroTimes *t, Micro to) {
  settle(*t, os_monotonic_time());
  Micro old = t->state.load(std::memory_order_relaxed);
  t->state.store(to, std::memory_order_relaxed);
  return old;
}

bool enable(bool want) {
  std::lock_guard g(lock);
  bool old = on.load();
  if (want == old) return old;
  int64_t now = os_monotonic_time();
  if (want) enabled_at = now;
  else
    for (MicroTimes *t : threads()) settle(*t, now);
  on = want;
  return old;
}

void reset() {
  std::lock_guard g(lock);
  int64_t now = os_monotonic_time();
  for (MicroTimes *t : threads()) {
    for (auto &n : t->ns) n.store(0, std::memory_order_relaxed);
    t->since.store(now, std::memory_order_relaxed);
  }
}

std::vector<Row> rows() {
  std::lock_guard g(lock);
  int64_t now = os_monotonic_time();
  bool timing = on.load();
  std::vector<Row> out;
  for (const MicroTimes *t : threads()) {
    Row r{.type = t->type, .id = t->id, .ns = {}};
    for (size_t i = 0; i < kMicroStates; i++) r.ns[i] = t->ns[i].load(std::memory_order_relaxed);
    if (timing) r.ns[size_t(t->state.load(std::memory_order_relaxed))] += running(*t, now);
    out.push_back(r);
  }
  return out;
}
} // namespace joist::runtime::microstate
