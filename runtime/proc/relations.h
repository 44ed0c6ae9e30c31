// Links, monitors and aliases of a process. Made when a process first needs them; owned by "main" (process.h).
//
// Links carry an unlink id (distribution protocol, "Link Protocol"): unlink/1 sends Unlink with a fresh id and leaves the
// entry marked until UnlinkAck with this id comes back; meanwhile an exit from the partner is ignored. So an old exit
// signal never hits a new link.
//
// A monitor has an origin entry in the watcher, found by reference, and a target entry in the watched object. Whichever
// goes first tells the other (Demonitor, Down).
#pragma once
#include "runtime/proc/process.h"
#include "runtime/term/ref.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <vector>

namespace joist::runtime {

// A term kept outside of heaps: an immediate, or a copy with its fragment.
class KeptTerm {
public:
  KeptTerm() = default;
  explicit KeptTerm(Term t); // copies
  KeptTerm(KeptTerm &&o) noexcept : term_(o.term_), fragment_(o.fragment_) {
    o.fragment_ = nullptr, o.term_ = Term::none();
  }
  KeptTerm &operator=(KeptTerm &&o) noexcept;
  ~KeptTerm();
  Term get() const { return term_; }

private:
  Term term_ = Term::none();
  Fragment *fragment_ = nullptr;
};

struct Link {
  KeptTerm other;          // local or external pid, local port
  uint64_t unlinking = 0;  // id of the Unlink under way, 0: the link is there
  uint32_t connection = 0; // to another node: over which connection (dist/entry.h)
};

// The ten kinds of monitors; those below are kept in Relations. Aliases without a monitor are entries of kind Alias.
enum class MonitorKind : uint8_t {
  Process,
  Port,
  TimeOffset,
  DistProcess,
  DistPort,
  Resource,
  Node,
  Nodes,
  Suspend,
  Alias
};
enum class AliasKind : uint8_t { None, Explicit, Demonitor, ReplyDemonitor };

// A local reference as a whole heap object of its own.
struct KeptRef {
  Word words[kPidRefWords] = {};
  KeptRef() = default;
  explicit KeptRef(Term local_ref);
  Term get() const { return Term::boxed(words); } // valid while this entry stays where it is
};

struct PendingSpawn {
  KeptTerm reply_tag;
  bool link = false, monitor = false, reply_ok = true, reply_error = true;
};

struct Monitor { // in the watcher
  KeptRef ref;
  MonitorKind kind = MonitorKind::Process;
  AliasKind alias = AliasKind::None;
  uint32_t connection = 0;                     // to another node: over which connection
  std::unique_ptr<PendingSpawn> spawn_pending; // a distributed spawn_request under way
  KeptTerm target;                             // pid, port; clock_service; node name; none for Alias
  Term name = Term::none();                    // registered name it was made with
  Term name_node = Term::none();               // with its node
  KeptTerm tag;                                // {tag, Tag}; none: 'DOWN'
};

struct Target {     // in the watched process
  KeptTerm watcher; // local or external pid
  KeptTerm ref;     // local or external reference
  Term name = Term::none();
  uint32_t connection = 0; // to another node: over which connection
};

struct Suspension { // in the suspender
  Term pid;
  uint32_t count = 0;
  bool active = false; // the suspendee has been seen suspended
};

// Open hash table of owned entries, keyed by a 64-bit hash with equality given by the caller. Up to eight entries it is
// a plain array. Pointers to entries stay valid until the entry is removed.
template <class T> class RelationTable {
public:
  template <class Eq> T *find(uint64_t hash, Eq eq) const {
    if (size_ <= kPlain) {
      for (uint32_t i = 0; i < used_; i++)
        if (slots_[i].value && slots_[i].hash == hash && eq(*slots_[i].value)) return slots_[i].value.get();
      return nullptr;
    }
    for (uint32_t i = uint32_t(mix(hash)) & mask_;; i = (i + 1) & mask_) {
      const Slot &s = slots_[i];
      if (!s.value) return nullptr;
      if (s.hash == hash && eq(*s.value)) return s.value.get();
    }
  }
  T *insert(uint64_t hash, T &&v) {
    if (size_ < kPlain) {
      if (slots_.size() < kPlain && used_ == slots_.size())
        slots_.reserve(used_ < 2 ? 2 : kPlain), slots_.emplace_back();
      slots_[used_] = Slot{hash, order_++, std::make_unique<T>(std::move(v))};
      size_++;
      return slots_[used_++].value.get();
    }
    if (size_ == kPlain || (size_ + 1) * 4 > slots_.size() * 3) rehash(size_ == kPlain ? 32 : slots_.size() * 2);
    size_++;
    return place(Slot{hash, order_++, std::make_unique<T>(std::move(v))});
  }
  // Takes the entry out.
  std::unique_ptr<T> remove(uint64_t hash, const T *entry) {
    if (size_ <= kPlain) {
      for (uint32_t i = 0; i < used_; i++) {
        if (slots_[i].value.get() != entry) continue;
        auto out = std::move(slots_[i].value);
        for (uint32_t k = i + 1; k < used_; k++) slots_[k - 1] = std::move(slots_[k]);
        slots_[used_ - 1] = Slot{};
        used_--, size_--;
        return out;
      }
      return nullptr;
    }
    uint32_t i = uint32_t(mix(hash)) & mask_;
    while (slots_[i].value.get() != entry) {
      if (!slots_[i].value) return nullptr;
      i = (i + 1) & mask_;
    }
    auto out = std::move(slots_[i].value);
    for (uint32_t hole = i, k = (i + 1) & mask_; slots_[k].value; k = (k + 1) & mask_) {
      uint32_t home = uint32_t(mix(slots_[k].hash)) & mask_;
      if (((k - home) & mask_) >= ((k - hole) & mask_)) slots_[hole] = std::move(slots_[k]), hole = k;
    }
    if (--size_ == kPlain) shrink();
    return out;
  }
  // Any entry, taken out; null when empty.
  std::unique_ptr<T> take_any() {
    while (!slots_.empty()) {
      auto v = std::move(slots_.back().value);
      slots_.pop_back();
      if (v) { // order and probing do not matter any more: only for emptying
        size_--;
        used_ = uint32_t(slots_.size());
        return v;
      }
    }
    size_ = used_ = 0;
    return nullptr;
  }
  uint32_t size() const { return size_; }
  // In order of insertion.
  std::vector<T *> all() const {
    std::vector<std::pair<uint64_t, T *>> v;
    for (auto &s : slots_)
      if (s.value) v.emplace_back(s.order, s.value.get());
    std::sort(v.begin(), v.end());
    std::vector<T *> out;
    for (auto &e : v) out.push_back(e.second);
    return out;
  }
  size_t bytes() const { return slots_.capacity() * sizeof(Slot) + size_ * sizeof(T); }

private:
  static constexpr uint32_t kPlain = 8;
  struct Slot {
    uint64_t hash = 0, order = 0;
    std::unique_ptr<T> value;
  };
  static uint64_t mix(uint64_t h) {
    h *= 0x9e3779b97f4a7c15ull;
    return h ^ (h >> 32);
  }
  T *place(Slot s) {
    uint32_t i = uint32_t(mix(s.hash)) & mask_;
    while (slots_[i].value) i = (i + 1) & mask_;
    slots_[i] = std::move(s);
    return slots_[i].value.get();
  }
  void rehash(size_t n) {
    std::vector<Slot> old(n);
    old.swap(slots_);
    mask_ = uint32_t(n - 1);
    for (auto &s : old)
      if (s.value) place(std::move(s));
  }
  void shrink() {
    std::vector<Slot> plain;
    plain.reserve(kPlain);
    for (auto &s : slots_)
      if (s.value) plain.push_back(std::move(s));
    std::sort(plain.begin(), plain.end(), [](const Slot &a, const Slot &b) { return a.order < b.order; });
    used_ = uint32_t(plain.size());
    slots_.swap(plain);
  }
  std::vector<Slot> slots_;
  uint32_t size_ = 0, used_ = 0, mask_ = 0;
  uint64_t order_ = 0;
};

uint64_t relation_hash(Term pid_or_port_or_ref);

struct DistEntry;
// What ties a process to distribution (dist/entry.h).
struct RemoteTies {
  struct Tie {
    DistEntry *entry;
    uint32_t connection;
  };
  std::vector<Tie> ties;         // connections in whose list the process is
  DistEntry *controls = nullptr; // it is the controller of this one's connection
  bool monitors_nodes = false;   // has subscribed to nodeup and nodedown
};

struct Relations {
  RelationTable<Link> links;
  RelationTable<Monitor> monitors;
  RelationTable<Target> targets;
  std::vector<Suspension> suspending;
  std::vector<Term> suspended_by; // suspenders; the process runs when empty
  uint64_t next_unlink_id = 1;
  std::unique_ptr<RemoteTies> remote; // null until it has to do with other nodes

  Link *link(Term other) const;
  Link *link_add(Term other); // or the one that is there
  void link_remove(const Link *l);
  Monitor *monitor(Term ref) const; // by reference (a local one)
  Monitor *monitor_add(Monitor &&m);
  std::unique_ptr<Monitor> monitor_remove(const Monitor *m);
  void target_add(Term watcher, Term ref, Term name, uint32_t connection = 0);
  void target_remove(Term watcher, Term ref);
  Suspension *suspension(Term pid);
  size_t bytes() const;
};
// Entries in the order in which stock lists them, where they have only been added: a red-black tree (of links by pid, of
// monitors by reference), listed from its root (process_info). Last come first, as lists are built from the end.
// Takes how many there are, and whether the i-th to be inserted comes after the k-th in the tree (i > k).
std::vector<size_t> relation_tree_order(size_t count, const std::function<bool(size_t i, size_t k)> &after);

Relations &relations_of(Process *p); // makes them if need be
void relations_free(Process *p);

// --- what BIFs, ports and distribution use. All to local processes, from any thread. From another node: `connection` tells
// over which connection (dist/entry.h); it travels in the signal's `extra`. Unlink id 0: no answer is wanted.
// The link partner `from` (pid, port, external pid) is gone: false if there is no such process.
bool link_exit_send(Term from, Term to_pid, Term reason);
bool link_send(Term from, Term to_pid, uint32_t connection = 0);
bool unlink_send(Term from, Term to_pid, uint64_t id);
bool unlink_ack_send(Term from, Term to_pid, uint64_t id);
// p, which executes or has its signals handled, does not go on after this slice until `by` (a process, a port, the name of a
// node or of a system task) has sent the resumption, which may come at once: p handles it after this slice.
void process_suspend_by(Process *p, Term by);
bool resume_send(Term by, Term to_pid);
bool monitor_send(Term watcher, Term to_pid, Term ref, Term name, uint32_t connection = 0);
bool demonitor_send(Term watcher, Term to_pid, Term ref);
bool down_send(Term watched, Term to_pid, Term ref, Term reason);
} // namespace joist::runtime
