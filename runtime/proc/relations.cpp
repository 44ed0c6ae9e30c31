#include "runtime/proc/relations.h"
#include "runtime/mem/copy.h"
#include "runtime/term/compare.h"

namespace joist::runtime {

KeptTerm::KeptTerm(Term t) : term_(t) {
  if (!t.is_pointer()) return;
  FragmentHeap h(size_of(t, false));
  term_ = copy(t, h, false); // literals too: their module may be purged meanwhile
  fragment_ = h.take();
}
KeptTerm::~KeptTerm() {
  if (fragment_) fragment_free(fragment_);
}
KeptTerm &KeptTerm::operator=(KeptTerm &&o) noexcept {
  std::swap(term_, o.term_);
  std::swap(fragment_, o.fragment_);
  return *this;
}

KeptRef::KeptRef(Term ref) {
  if (is_magic_ref(ref)) { // only its numbers: as an ordinary reference it is equal
    words[0] = header(Kind::Ref, 2);
    memcpy(words + 1, ref.box() + 1, 16);
    return;
  }
  memcpy(words, ref.box(), (1 + header_size(*ref.box())) * sizeof(Word));
}

uint64_t relation_hash(Term t) {
  if (!t.is_boxed()) return t.raw();
  switch (kind_of(t)) {
  case Kind::Ref:
  case Kind::MagicRef: return ref_id(t);
  case Kind::ExtRef: return t.box()[1] ^ t.box()[3];
  default: return t.box()[1] ^ t.box()[2] * 0x9e3779b97f4a7c15ull; // external pid or port
  }
}

Link *Relations::link(Term other) const {
  return links.find(relation_hash(other), [&](const Link &l) { return eq(l.other.get(), other); });
}
Link *Relations::link_add(Term other) {
  if (Link *l = link(other)) return l;
  return links.insert(relation_hash(other), Link{KeptTerm(other), 0, 0});
}
void Relations::link_remove(const Link *l) { links.remove(relation_hash(l->other.get()), l); }

Monitor *Relations::monitor(Term ref) const {
  uint64_t id = ref_id(ref);
  return monitors.find(id, [&](const Monitor &m) { return eq(m.ref.get(), ref); });
}
Monitor *Relations::monitor_add(Monitor &&m) {
  uint64_t id = ref_id(m.ref.get());
  return monitors.insert(id, std::move(m));
}
std::unique_ptr<Monitor> Relations::monitor_remove(const Monitor *m) {
  return monitors.remove(ref_id(m->ref.get()), m);
}

void Relations::target_add(Term watcher, Term ref, Term name, uint32_t connection) {
  targets.insert(relation_hash(ref), Target{KeptTerm(watcher), KeptTerm(ref), name, connection});
}
void Relations::target_remove(Term watcher, Term ref) {
  uint64_t hash = relation_hash(ref);
  Target *t = targets.find(hash, [&](const Target &e) { return eq(e.ref.get(), ref) && eq(e.watcher.get(), watcher); });
  if (t) targets.remove(hash, t);
}

Suspension *Relations::suspension(Term pid) {
  for (auto &s : suspending)
    if (s.pid == pid) return &s;
  return nullptr;
}

size_t Relations::bytes() const {
  return sizeof(*this) + links.bytes() + monitors.bytes() + targets.bytes() +
         suspending.capacity() * sizeof(Suspension) + suspended_by.capacity() * sizeof(Term);
}

std::vector<size_t> relation_tree_order(size_t count, const std::function<bool(size_t i, size_t k)> &after) {
  struct Node {
    int left = -1, right = -1, parent = -1;
    bool red = true;
  };
  std::vector<Node> t;
  t.reserve(count);
  int root = -1;
  auto child = [&](int n, bool right) -> int & { return right ? t[size_t(n)].right : t[size_t(n)].left; };
  auto rotate = [&](int n, bool right) { // n goes down on that side
    int up = child(n, !right), parent = t[size_t(n)].parent;
    child(n, !right) = child(up, right);
    if (child(up, right) >= 0) t[size_t(child(up, right))].parent = n;
    child(up, right) = n;
    t[size_t(n)].parent = up;
    t[size_t(up)].parent = parent;
    if (parent < 0) root = up;
    else child(parent, t[size_t(parent)].right == n) = up;
  };
  for (size_t i = 0; i < count; i++) {
    int n = int(i);
    t.emplace_back();
    int parent = -1;
    bool right = false;
    for (int at = root; at >= 0; at = child(at, right)) {
      parent = at;
      right = after(i, size_t(at));
    }
    t[size_t(n)].parent = parent;
    if (parent < 0) root = n;
    else child(parent, right) = n;
    for (int x = n; t[size_t(x)].parent >= 0 && t[size_t(t[size_t(x)].parent)].red;) {
      int p = t[size_t(x)].parent, g = t[size_t(p)].parent;
      if (g < 0) break;
      bool p_right = t[size_t(g)].right == p;
      int uncle = child(g, !p_right);
      if (uncle >= 0 && t[size_t(uncle)].red) {
        t[size_t(p)].red = t[size_t(uncle)].red = false;
        t[size_t(g)].red = true;
        x = g;
        continue;
      }
      if (child(p, !p_right) == x) rotate(p, p_right), x = p, p = t[size_t(x)].parent;
      t[size_t(p)].red = false;
      t[size_t(g)].red = true;
      rotate(g, !p_right);
    }
    t[size_t(root)].red = false;
  }
  // Left, right, node.
  std::vector<size_t> out;
  std::vector<std::pair<int, bool>> todo;
  if (root >= 0) todo.emplace_back(root, false);
  while (!todo.empty()) {
    auto [n, expanded] = todo.back();
    todo.pop_back();
    if (expanded) {
      out.push_back(size_t(n));
      continue;
    }
    todo.emplace_back(n, true);
    if (t[size_t(n)].right >= 0) todo.emplace_back(t[size_t(n)].right, false);
    if (t[size_t(n)].left >= 0) todo.emplace_back(t[size_t(n)].left, false);
  }
  return out;
}

Relations &relations_of(Process *p) {
  if (!p->relations) p->relations = new Relations;
  return *p->relations;
}
void relations_free(Process *p) {
  delete p->relations;
  p->relations = nullptr;
}

namespace {
Signal *make(SignalKind kind, Term from, Term ref = Term::none(), Term term = Term::none()) {
  Signal *s = signal_new(kind);
  s->from = signal_own(s, from);
  if (!ref.is_none()) s->ref = signal_own(s, ref);
  if (!term.is_none()) s->term = signal_own(s, term);
  return s;
}
} // namespace

bool link_exit_send(Term from, Term to, Term reason) {
  return signal_send_pid(to, make(SignalKind::ExitLinked, from, Term::none(), reason));
}
bool link_send(Term from, Term to, uint32_t connection) {
  Signal *s = make(SignalKind::Link, from);
  s->extra = connection;
  return signal_send_pid(to, s);
}
bool unlink_send(Term from, Term to, uint64_t id) {
  Signal *s = make(SignalKind::Unlink, from);
  s->extra = id;
  return signal_send_pid(to, s);
}
bool resume_send(Term by, Term to) { return signal_send_pid(to, make(SignalKind::Resume, by)); }
void process_suspend_by(Process *p, Term by) {
  auto &v = relations_of(p).suspended_by;
  if (std::find(v.begin(), v.end(), by) == v.end()) v.push_back(by);
  p->state.fetch_or(pstate::Suspended, std::memory_order_acq_rel);
}
bool unlink_ack_send(Term from, Term to, uint64_t id) {
  Signal *s = make(SignalKind::UnlinkAck, from);
  s->extra = id;
  return signal_send_pid(to, s);
}
bool monitor_send(Term watcher, Term to, Term ref, Term name, uint32_t connection) {
  Signal *s = make(SignalKind::Monitor, watcher, ref, name);
  s->extra = connection;
  return signal_send_pid(to, s);
}
bool demonitor_send(Term watcher, Term to, Term ref) {
  return signal_send_pid(to, make(SignalKind::Demonitor, watcher, ref));
}
bool down_send(Term watched, Term to, Term ref, Term reason) {
  return signal_send_pid(to, make(SignalKind::Down, watched, ref, reason));
}
} // namespace joist::runtime
