#include "runtime/nif/watch.h"
#include "runtime/proc/process.h"

#include <mutex>

namespace joist::runtime {
namespace {
// Watches hang in slots by pid. A slot's count is read without its lock by every exiting process.
struct Slot {
  std::atomic<uint32_t> count{0};
  std::mutex lock;
  Watch *first = nullptr;
};
constexpr size_t kSlots = 1024;
Slot slots[kSlots];
Slot &slot_of(Term pid) { return slots[local_pid_number(pid) % kSlots]; }

void unlink_locked(Slot &s, Watch *w) {
  *w->prev = w->next;
  if (w->next) w->next->prev = w->prev;
  w->prev = nullptr;
  s.count.fetch_sub(1);
}
} // namespace

bool process_watch(Term pid, Watch *w) {
  Slot &s = slot_of(pid);
  {
    std::lock_guard g(s.lock);
    w->pid = pid;
    w->next = s.first;
    w->prev = &s.first;
    if (s.first) s.first->prev = &w->next;
    s.first = w;
    s.count.fetch_add(1);
  }
  // The exiting process first becomes unfindable, then reads the count: one of the two sees the other.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (process_lookup(pid)) return true;
  std::lock_guard g(s.lock);
  if (!w->prev) return true; // fired already
  unlink_locked(s, w);
  return false;
}

bool process_unwatch(Watch *w) {
  if (w->pid.is_none()) return false;
  Slot &s = slot_of(w->pid);
  std::lock_guard g(s.lock);
  if (!w->prev) return false;
  unlink_locked(s, w);
  return true;
}

Term process_watchers_shown(Term pid, Heap &h) {
  Slot &s = slot_of(pid);
  Term list = Term::nil();
  if (s.count.load(std::memory_order_relaxed) == 0) return list;
  std::lock_guard g(s.lock);
  for (Watch *w = s.first; w; w = w->next) {
    Term t = w->pid == pid && w->shown ? w->shown(w, h) : Term::none();
    if (!t.is_none()) list = make_cons(h, t, list);
  }
  return list;
}

void process_watchers_fire(Term pid) {
  Slot &s = slot_of(pid);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (s.count.load(std::memory_order_relaxed) == 0) return;
  for (;;) {
    Watch *w;
    {
      std::lock_guard g(s.lock);
      for (w = s.first; w && w->pid != pid; w = w->next) {}
      if (!w) return;
      unlink_locked(s, w);
    }
    w->gone(w);
  }
}
} // namespace joist::runtime
