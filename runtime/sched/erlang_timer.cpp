#include "runtime/sched/erlang_timer.h"

#include "runtime/atom/atom.h"
#include "runtime/mem/copy.h"
#include "runtime/proc/registry.h"
#include "runtime/sched/timer.h"
#include "runtime/sys/time.h"
#include "runtime/term/ref.h"

#include <unordered_map>

namespace joist::runtime {
namespace {
struct ErlangTimer : Timer {
  uint64_t id;
  Term receiver; // pid, or name
  Term message;
  Fragment *fragments = nullptr;                           // owns the message
  ErlangTimer *list_next = nullptr, **list_prev = nullptr; // guarded by the pid's shard; prev null: not linked
  ~ErlangTimer() { fragment_free(fragments); }
};

constexpr unsigned kShards = 64;
struct alignas(64) RefShard {
  std::mutex lock;
  std::unordered_map<uint64_t, ErlangTimer *> timers;
};
struct alignas(64) PidShard {
  std::mutex lock;
  std::atomic<int64_t> count{0};
  std::unordered_map<Word, ErlangTimer *> lists;
};
RefShard &ref_shard(uint64_t id) {
  static auto *s = new RefShard[kShards];
  return s[(id ^ id >> 14) % kShards];
}
PidShard &pid_shard(Term pid) {
  static auto *s = new PidShard[kShards];
  return s[pid.imm_payload() % kShards];
}
std::atomic<int64_t> pending{0};

void list_insert(ErlangTimer *t) {
  if (!t->receiver.is_local_pid()) return;
  PidShard &s = pid_shard(t->receiver);
  std::lock_guard g(s.lock);
  ErlangTimer *&head = s.lists[t->receiver.raw()];
  t->list_next = head;
  t->list_prev = &head;
  if (head) head->list_prev = &t->list_next;
  head = t;
  s.count.fetch_add(1, std::memory_order_relaxed);
}

void list_remove(ErlangTimer *t) {
  if (!t->receiver.is_local_pid()) return;
  PidShard &s = pid_shard(t->receiver);
  std::lock_guard g(s.lock);
  if (!t->list_prev) return;
  *t->list_prev = t->list_next;
  if (t->list_next) t->list_next->list_prev = t->list_prev;
  auto it = s.lists.find(t->receiver.raw());
  if (it != s.lists.end() && !it->second) s.lists.erase(it);
  s.count.fetch_sub(1, std::memory_order_relaxed);
}

// Takes the timer out of the table if it is there (and, if asked, could still be stopped).
ErlangTimer *claim(uint64_t id, bool stop) {
  RefShard &s = ref_shard(id);
  std::lock_guard g(s.lock);
  auto it = s.timers.find(id);
  if (it == s.timers.end()) return nullptr;
  ErlangTimer *t = it->second;
  if (stop && !timer_cancel(t)) return nullptr; // fire() has it
  s.timers.erase(it);
  pending.fetch_sub(1, std::memory_order_relaxed);
  return t;
}

int64_t left_ms(const ErlangTimer *t) {
  auto tick = [](int64_t ns) { return (ns - kMonotonicStart + 999'999) / 1'000'000; }; // not more than it was set to
  return std::max<int64_t>(0, tick(t->expires) - tick(monotonic_time()));
}

void fire(Timer *timer) {
  auto *t = static_cast<ErlangTimer *>(timer);
  claim(t->id, false);
  list_remove(t);
  Process *to = t->receiver.is_atom() ? registry_process(t->receiver) : process_lookup(t->receiver);
  if (to) {
    Fragment *f = t->fragments;
    t->fragments = nullptr;
    message_send_built(to, t->message, f);
  }
  delete t;
}
} // namespace

Term erlang_timer_start(Heap &h, Term receiver, Term msg, int64_t expires_ns, bool start) {
  Term ref = make_ref(h);
  if (receiver.is_local_pid() && !process_lookup(receiver)) return ref; // as if it had been cancelled at once
  auto *t = new ErlangTimer;
  t->id = ref_id(ref);
  t->receiver = receiver;
  if (start) {
    FragmentHeap f(size_of(msg) + kRefWords + 4);
    Term copied = copy(msg, f, false); // literals too: their module may be purged meanwhile
    Term own_ref = make_ref_of_numbers(f, ref_numbers(ref));
    t->message = make_tuple(f, atoms::timeout, own_ref, copied);
    t->fragments = f.take();
  } else {
    t->message = copy_to_fragment(msg, &t->fragments, false);
  }
  list_insert(t);
  RefShard &s = ref_shard(t->id);
  std::lock_guard g(s.lock);
  s.timers.emplace(t->id, t);
  pending.fetch_add(1, std::memory_order_relaxed);
  timer_start(t, expires_ns, fire);
  return ref;
}

int64_t erlang_timer_read(Term ref) {
  uint64_t id = ref_id(ref);
  RefShard &s = ref_shard(id);
  std::lock_guard g(s.lock);
  auto it = s.timers.find(id);
  if (it == s.timers.end() || it->second->status.load(std::memory_order_relaxed) != 1) return -1;
  return left_ms(it->second);
}

int64_t erlang_timer_cancel(Term ref) {
  ErlangTimer *t = claim(ref_id(ref), true);
  if (!t) return -1;
  int64_t left = left_ms(t);
  list_remove(t);
  delete t;
  return left;
}

void erlang_timers_process_exit(Term pid) {
  PidShard &s = pid_shard(pid);
  if (s.count.load(std::memory_order_relaxed) == 0) return;
  std::vector<uint64_t> ids;
  {
    std::lock_guard g(s.lock);
    auto it = s.lists.find(pid.raw());
    if (it == s.lists.end()) return;
    for (ErlangTimer *t = it->second; t;) {
      ErlangTimer *next = t->list_next;
      t->list_next = nullptr;
      t->list_prev = nullptr;
      ids.push_back(t->id);
      s.count.fetch_sub(1, std::memory_order_relaxed);
      t = next;
    }
    s.lists.erase(it);
  }
  for (uint64_t id : ids) {
    if (ErlangTimer *t = claim(id, true)) {
      list_remove(t); // waits for nothing: orders this with the unlinking above
      delete t;
    }
  }
}

void erlang_timers_each(void (*f)(Term, Term, int64_t, void *), void *arg) {
  for (unsigned i = 0; i < kShards; i++) {
    RefShard &s = ref_shard(i);
    std::lock_guard g(s.lock);
    for (auto &[id, t] : s.timers) f(t->receiver, t->message, left_ms(t), arg);
  }
}

size_t erlang_timer_count() { return size_t(pending.load(std::memory_order_relaxed)); }
} // namespace joist::runtime
