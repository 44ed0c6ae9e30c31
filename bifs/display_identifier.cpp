// Pids, ports and references from their printed form, for debugging. The first number is 0 for this node, else the
// atom number of a node's name.
#include "bifs/bifs.h"
#include "runtime/dist/node.h"
#include "runtime/mem/magic_recall.h"
#include "runtime/term/ref.h"

namespace joist::bifs {
namespace {

constexpr uint64_t kMaxLocalPort = (uint64_t{1} << 28) - 1;

// "<prefix><n>.<n>...>": the numbers, mod 2^64 as on stock; empty if the text is something else or longer than `max`.
std::vector<uint64_t> numbers_in(Term list, std::string_view prefix, size_t max) {
  std::string s;
  for (; list.is_cons(); list = list.tail()) {
    Term c = list.head();
    if (!c.is_small() || uint64_t(c.small_value()) > 255 || s.size() == max) return {};
    s += char(c.small_value());
  }
  if (!list.is_nil() || s.compare(0, prefix.size(), prefix) != 0) return {};
  std::vector<uint64_t> numbers;
  size_t i = prefix.size();
  for (;;) {
    size_t start = i;
    uint64_t n = 0;
    for (; i < s.size() && s[i] >= '0' && s[i] <= '9'; i++) n = n * 10 + uint64_t(s[i] - '0');
    if (i == start || i == s.size()) return {};
    numbers.push_back(n);
    if (s[i] == '>') return i + 1 == s.size() ? numbers : std::vector<uint64_t>();
    if (s[i++] != '.') return {};
  }
}

Node *node_of_channel(uint64_t n) {
  return n <= 0xFFFFFFFF && atom::valid_index(uint32_t(n)) ? node_newest(Term::atom(uint32_t(n))) : nullptr;
}

} // namespace

Term erlang_list_to_pid_1(Process *p, const Term *args) {
  std::vector<uint64_t> n = numbers_in(args[0], "<", 64);
  if (n.size() != 3) return badarg(p);
  if (n[0] == 0) {
    if (n[1] > uint64_t(kMaxPidNumber) || n[2] >= uint64_t{1} << kPidSerialBits) return badarg(p);
    return Term::local_pid(n[1] | n[2] << kPidNumberBits);
  }
  Node *node = node_of_channel(n[0]);
  if (!node) return badarg(p);
  Word *b = p->heap.alloc(3);
  b[0] = header(Kind::ExtPid, 2);
  b[1] = reinterpret_cast<Word>(node);
  b[2] = uint32_t(n[1]) | n[2] << 32;
  return Term::boxed(b);
}

Term erlang_list_to_port_1(Process *p, const Term *args) {
  std::vector<uint64_t> n = numbers_in(args[0], "#Port<", 38);
  if (n.size() != 2) return badarg(p);
  uint32_t channel = uint32_t(n[0]);
  if (channel == 0) return n[1] > kMaxLocalPort ? badarg(p) : Term::local_port(n[1]);
  Node *node = node_of_channel(channel);
  if (!node) return badarg(p);
  Word *b = p->heap.alloc(3);
  b[0] = header(Kind::ExtPort, 2);
  b[1] = reinterpret_cast<Word>(node);
  b[2] = n[1];
  return Term::boxed(b);
}

Term erlang_list_to_ref_1(Process *p, const Term *args) {
  std::vector<uint64_t> n = numbers_in(args[0], "#Ref<", 71);
  if (n.size() < 2 || n.size() > 6) return badarg(p);
  for (uint64_t v : n)
    if (v > 0xFFFFFFFF) return badarg(p);
  uint32_t r[6] = {}; // least significant first: printed last
  Word count = n.size() - 1;
  for (Word i = 0; i < count; i++) r[i] = uint32_t(n[count - i]);
  if (n[0] == 0) {
    if (count != 3 || r[0] >= kRefMaxN0) return badarg(p);
    return ref_recall(p->heap, r);
  }
  Node *node = node_of_channel(n[0]);
  if (!node) return badarg(p);
  Word words = (count + 1) / 2;
  Word *b = p->heap.alloc(3 + words);
  b[0] = header(Kind::ExtRef, 2 + words);
  b[1] = reinterpret_cast<Word>(node);
  b[2] = count;
  memcpy(b + 3, r, words * 8);
  return Term::boxed(b);
}

} // namespace joist::bifs
