// Subscriptions to nodeup and nodedown messages: process_flag(monitor_nodes, ...), what net_kernel:monitor_nodes/1,2 use.
#include "runtime/dist/entry.h"
#include "runtime/mem/copy.h"
#include "runtime/proc/process.h"
#include "runtime/term/map.h"

namespace joist::runtime {
namespace {
enum : unsigned { Visible = 1, Hidden = 2, DownReason = 4, InfoMap = 8, ConnectionId = 16 };
struct Subscription {
  Term pid;
  unsigned options;
  int64_t count;
};
std::mutex lock;
std::vector<Subscription> &subscriptions() { // in order; those of one process and options are one
  static auto *v = new std::vector<Subscription>;
  return *v;
}

bool boolean(Term v, unsigned bit, unsigned *options) {
  if (v == atoms::true_) *options |= bit;
  return v == atoms::true_ || v == atoms::false_;
}

bool parse(Term t, unsigned *options) {
  *options = t.is_nil() ? 0 : InfoMap;
  if (t.is_nil()) return true;
  if (!is_map(t)) return false;
  MapIterator it(t);
  for (Term k, v; it.next(&k, &v);) {
    bool good = false;
    if (k == atoms::list) good = v == atoms::true_, *options &= ~unsigned(InfoMap);
    else if (k == atoms::connection_id) good = boolean(v, ConnectionId, options);
    else if (k == atoms::nodedown_reason) good = boolean(v, DownReason, options);
    else if (k == atoms::node_type) {
      good = v == atoms::visible || v == atoms::hidden || v == atoms::all;
      *options |= v == atoms::visible ? Visible : v == atoms::hidden ? Hidden : Visible | Hidden;
    }
    if (!good) return false;
  }
  return true;
}

Term info(Heap &h, unsigned options, Term what, uint32_t connection, Term type, Term reason) {
  std::vector<Term> pairs; // in the order in which they are added to a list, last one first in it
  Term id = connection == kNoConnection ? atoms::undefined : Term::small(connection);
  if (options & (Visible | Hidden)) pairs.insert(pairs.end(), {atoms::node_type, type});
  if (what == atoms::nodedown && options & DownReason)
    pairs.insert(pairs.end(), {atoms::nodedown_reason, copy(reason, h)});
  if (options & ConnectionId) pairs.insert(pairs.end(), {atoms::connection_id, id});
  if (options & InfoMap) return map_from_pairs(h, pairs.data(), pairs.size() / 2);
  Term list = Term::nil();
  for (size_t i = 0; i < pairs.size(); i += 2) list = make_cons(h, make_tuple(h, pairs[i], pairs[i + 1]), list);
  return list;
}
} // namespace

Term dist_monitor_nodes(Process *p, Term on, Term given) {
  unsigned options;
  if (!parse(given, &options)) return Term::none();
  std::lock_guard g(lock);
  auto &all = subscriptions();
  for (size_t i = 0; i < all.size(); i++) {
    if (all[i].pid != p->id || all[i].options != options) continue;
    Term old = Term::small(all[i].count);
    if (on == atoms::true_) all[i].count++;
    else all.erase(all.begin() + long(i));
    return old;
  }
  if (on == atoms::true_) {
    all.push_back({p->id, options, 1});
    Relations &r = relations_of(p);
    if (!r.remote) r.remote = std::make_unique<RemoteTies>();
    r.remote->monitors_nodes = true;
  }
  return Term::small(0);
}

void dist_forget_nodes_monitor(Process *p) {
  std::lock_guard g(lock);
  std::erase_if(subscriptions(), [p](auto &s) { return s.pid == p->id; });
}

void dist_tell_nodes(Term what, Term node, uint32_t connection, bool visible, Term reason) {
  std::vector<Subscription> all;
  {
    std::lock_guard g(lock);
    all = subscriptions();
  }
  for (auto &s : all) {
    unsigned types = s.options & (Visible | Hidden);
    if (!visible && !(types & Hidden)) continue;
    if (visible && types && !(types & Visible)) continue;
    FragmentHeap h(32);
    Term type = visible ? atoms::visible : atoms::hidden;
    Term message = s.options == 0 ? make_tuple(h, what, node)
                                  : make_tuple(h, what, node, info(h, s.options, what, connection, type, reason));
    Fragment *f = h.take();
    for (int64_t i = 1; i < s.count; i++) message_send_pid(s.pid, message);
    message_send_pid_built(s.pid, message, f);
  }
}
} // namespace joist::runtime
