// Ownership and fixation, and what becomes of both when a process ends.
//
// A record per process that owns or fixes tables, found by pid; records are spread over shards, each with a lock. The list of owned
// tables runs through the tables. Who has found a table in a record locks the table (not holding the shard) and then checks that it
// still belongs there.
#include "runtime/ets/owner.h"

#include "runtime/atom/atom.h"
#include "runtime/ets/ets.h"
#include "runtime/proc/process.h"
#include "runtime/sys/time.h"

#include <unordered_map>
#include <unordered_set>

namespace joist::runtime::ets {
namespace {

struct Record {
  Table *owned = nullptr;
  std::vector<Table *> fixed;
  // While the process ends: the table that is being freed.
  std::unique_ptr<Garbage> garbage;
  Table *dying = nullptr;
  bool empty() const { return !owned && fixed.empty() && !dying; }
};
struct alignas(64) Shard {
  std::mutex lock;
  std::unordered_map<Word, Record> records;
};
constexpr size_t kShards = 128;
Shard shards[kShards];

Shard &shard_of(Term pid) { return shards[(pid.raw() >> kImmShift) % kShards]; }

std::mutex super_lock;
std::unordered_set<Word> super_users;
std::atomic<size_t> super_count;

void link(Table *t, Term pid) {
  Shard &s = shard_of(pid);
  std::lock_guard guard(s.lock);
  Record &r = s.records[pid.raw()];
  t->owned_prev = nullptr;
  t->owned_next = r.owned;
  if (r.owned) r.owned->owned_prev = t;
  r.owned = t;
}

void unlink(Table *t, Term pid) {
  Shard &s = shard_of(pid);
  std::lock_guard guard(s.lock);
  auto it = s.records.find(pid.raw());
  if (it == s.records.end()) return;
  Record &r = it->second;
  if (t->owned_prev) t->owned_prev->owned_next = t->owned_next;
  else if (r.owned == t) r.owned = t->owned_next;
  if (t->owned_next) t->owned_next->owned_prev = t->owned_prev;
  t->owned_next = t->owned_prev = nullptr;
  if (r.empty()) s.records.erase(it);
}

void note_fixed(Table *t, Term pid) {
  Shard &s = shard_of(pid);
  std::lock_guard guard(s.lock);
  s.records[pid.raw()].fixed.push_back(t);
}

void forget_fixed(Table *t, Term pid) {
  Shard &s = shard_of(pid);
  std::lock_guard guard(s.lock);
  auto it = s.records.find(pid.raw());
  if (it == s.records.end()) return;
  std::erase(it->second.fixed, t);
  if (it->second.empty()) s.records.erase(it);
}

// Drops all fixations of an ending process on t.
void drop_fixations(Term pid, TableGuard &t) {
  {
    std::lock_guard guard(t->fix_lock);
    auto &f = t->fixers;
    auto it = std::find_if(f.begin(), f.end(), [&](const Fixer &x) { return x.pid == pid; });
    if (it != f.end()) {
      t->fix_count.fetch_sub(int(it->count), std::memory_order_seq_cst);
      f.erase(it);
    }
  }
  forget_fixed(t.get(), pid);
  purge_if_unfixed(t);
}

} // namespace

void own_table(Table *t, Process *p) { link(t, p->id); }
void forget_owner(Table *t) { unlink(t, t->owner); }

bool change_owner(Table *t, Process *to) {
  Term from = t->owner, pid = to->id;
  unlink(t, from);
  t->owner = pid;
  link(t, pid);
  // If `to` is alive now, its exit will find the table. If not, its exit may have looked before it was listed; it cannot have taken
  // the table, whose lock we hold.
  if (process_lookup(pid)) return true;
  unlink(t, pid);
  t->owner = from;
  link(t, from);
  return false;
}

void send_transfer(Table *t, Process *to, Term from, Term data) {
  FragmentHeap h;
  Term id = t->named ? t->name : t->id(h);
  Term message = make_tuple(h, atoms::e_t_s__t_r_a_n_s_f_e_r, id, from, term_copy(data, h));
  message_send_built(to, message, h.take());
}

void fix_table(Process *p, Table *t) {
  std::lock_guard guard(t->fix_lock);
  t->fix_count.fetch_add(1, std::memory_order_seq_cst);
  if (t->fixers.empty()) {
    t->fix_monotonic = monotonic_time();
    t->fix_offset = time_offset();
  }
  for (Fixer &f : t->fixers)
    if (f.pid == p->id) {
      f.count++;
      return;
    }
  t->fixers.push_back({p->id, 1});
  note_fixed(t, p->id);
}

void unfix_table(Process *p, TableGuard &t) {
  {
    std::lock_guard guard(t->fix_lock);
    auto &f = t->fixers;
    auto it = std::find_if(f.begin(), f.end(), [&](const Fixer &x) { return x.pid == p->id; });
    if (it != f.end()) {
      t->fix_count.fetch_sub(1, std::memory_order_seq_cst);
      if (--it->count == 0) {
        f.erase(it);
        forget_fixed(t.get(), p->id);
      }
    }
  }
  purge_if_unfixed(t);
}

void purge_if_unfixed(TableGuard &t) {
  HashStore *h = t->hash();
  if (!h || t->fix_count.load(std::memory_order_seq_cst) > 0 || !h->needs_purge()) return;
  if (!t->shape.fine_locked && !t.make_exclusive()) return;
  h->purge();
}

void forget_fixers(Table *t) {
  std::lock_guard guard(t->fix_lock);
  for (Fixer &f : t->fixers) forget_fixed(t, f.pid);
  t->fixers.clear();
}

LocalFix::LocalFix(TableGuard &t) : table_(t), on_(t->shape.fine_locked && t->hash()) {
  if (on_) t->fix_count.fetch_add(1, std::memory_order_seq_cst);
}
LocalFix::~LocalFix() {
  if (!on_) return;
  table_->fix_count.fetch_sub(1, std::memory_order_seq_cst);
  purge_if_unfixed(table_);
}

bool is_super_user(Process *p) {
  if (super_count.load(std::memory_order_relaxed) == 0) return false;
  std::lock_guard guard(super_lock);
  return super_users.contains(p->id.raw());
}

void set_super_user(Process *p, bool on) {
  std::lock_guard guard(super_lock);
  if (on) super_users.insert(p->id.raw());
  else super_users.erase(p->id.raw());
  super_count.store(super_users.size(), std::memory_order_relaxed);
}

} // namespace joist::runtime::ets

namespace joist::runtime {
using namespace ets;

bool ets_process_exiting(Process *p, int64_t *reductions) {
  if (super_count.load(std::memory_order_relaxed) > 0) set_super_user(p, false);
  Term pid = p->id;
  Shard &s = shard_of(pid);
  constexpr int64_t kObjectsPerReduction = 4;
  constexpr int64_t kTableReductions = 30; // about what stock counts for an empty hash table; about a microsecond
  int64_t given = std::max<int64_t>(*reductions, 100) * kObjectsPerReduction, left = given;
  while (left > 0) {
    Table *owned = nullptr, *fixed = nullptr, *dying = nullptr;
    Garbage *garbage = nullptr;
    {
      std::lock_guard guard(s.lock);
      auto it = s.records.find(pid.raw());
      if (it == s.records.end()) {
        *reductions -= (given - left) / kObjectsPerReduction;
        return true;
      }
      Record &r = it->second;
      dying = r.dying;
      garbage = r.garbage.get();
      owned = r.owned;
      fixed = r.fixed.empty() ? nullptr : r.fixed.back();
    }
    if (dying) {
      if (!garbage->free_some(&left)) break;
      release_table(dying);
      std::lock_guard guard(s.lock);
      auto it = s.records.find(pid.raw());
      it->second.garbage.reset();
      it->second.dying = nullptr;
      if (it->second.empty()) s.records.erase(it);
    } else if (owned) {
      left -= kTableReductions * kObjectsPerReduction;
      TableGuard g(owned, LockKind::Exclusive);
      if (g->deleted || g->owner != pid) continue; // it has gone to somebody else meanwhile
      Term heir = g->heir;
      if (heir.is_local_pid() && heir != pid) {
        Process *to = process_lookup(heir);
        if (to && change_owner(g.get(), to)) {
          send_transfer(g.get(), to, pid, g->heir_data.term());
          continue;
        }
      }
      std::unique_ptr<Garbage> freed = unregister_table(g.get());
      g.unlock();
      std::lock_guard guard(s.lock);
      Record &r = s.records[pid.raw()];
      r.garbage = std::move(freed);
      r.dying = owned;
    } else {
      left -= 20;
      TableGuard g(fixed, LockKind::Change);
      if (!g->deleted) drop_fixations(pid, g);
    }
  }
  *reductions = std::min<int64_t>(*reductions, 0);
  return false;
}

} // namespace joist::runtime
