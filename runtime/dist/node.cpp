#include "runtime/dist/node.h"

#include "runtime/mem/alloc.h"

#include <mutex>
#include <unordered_map>

namespace joist::runtime {
namespace {
// Few nodes are ever seen; a lock around an ordinary table is enough. Holders of a Node* take no lock.
std::mutex lock;
std::unordered_map<uint64_t, Node *> &table() {
  static auto *t = new std::unordered_map<uint64_t, Node *>;
  return *t;
}
std::unordered_map<uint32_t, Node *> &newest() { // by the name's atom number
  static auto *t = new std::unordered_map<uint32_t, Node *>;
  return *t;
}
std::vector<Term> &names() { // in order of first being seen
  static auto *v = new std::vector<Term>;
  return *v;
}
uint64_t key(Term name, uint32_t creation) { return uint64_t(name.atom_index()) << 32 | creation; }
std::atomic<Node *> self{nullptr};
} // namespace

Node *node_get(Term name, uint32_t creation) {
  std::lock_guard g(lock);
  Node *&n = table()[key(name, creation)];
  if (n) return n;
  n = new (mem_alloc(MemKind::System, sizeof(Node))) Node{name, creation};
  Node *&last = newest()[name.atom_index()];
  if (!last) names().push_back(name);
  last = n;
  return n;
}

Node *node_get_bounded(Term name, uint32_t creation) {
  constexpr size_t kMost = 1 << 20;
  {
    std::lock_guard g(lock);
    auto at = table().find(key(name, creation));
    if (at != table().end()) return at->second;
    if (table().size() >= kMost) return nullptr;
  }
  return node_get(name, creation);
}

std::vector<Term> node_names() {
  std::lock_guard g(lock);
  return names();
}

Node *node_newest(Term name) {
  std::lock_guard g(lock);
  auto at = newest().find(name.atom_index());
  return at == newest().end() ? nullptr : at->second;
}

Node *this_node() {
  Node *n = self.load(std::memory_order_acquire);
  if (n) [[likely]]
    return n;
  Node *first = node_get(atoms::nonode_nohost, 0), *expected = nullptr;
  return self.compare_exchange_strong(expected, first) ? first : expected;
}

void set_this_node(Term name, uint32_t creation) { self.store(node_get(name, creation), std::memory_order_release); }

bool node_is_this(Term name, uint32_t creation) {
  Node *n = this_node();
  return n->name == name && n->creation == creation;
}
} // namespace joist::runtime
