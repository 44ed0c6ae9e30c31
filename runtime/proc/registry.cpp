#include "runtime/proc/registry.h"

#include "runtime/atom/atom.h"
#include "runtime/io/port.h"
#include "runtime/mem/alloc.h"

#include <unordered_set>

namespace joist::runtime {
namespace {
std::mutex lock;
// By atom number.
std::atomic<Word> *slots() {
  static auto *s = static_cast<std::atomic<Word> *>(mem_reserve(atom::limit() * sizeof(Word)));
  return s;
}
std::unordered_set<uint32_t> &names() {
  static auto *n = new std::unordered_set<uint32_t>;
  return *n;
}
std::atomic<Word> &slot(Term name) { return slots()[name.atom_index()]; }
void put(Term name, Term who) {
  names().insert(name.atom_index());
  slot(name).store(who.raw(), std::memory_order_release);
}
void take(Term name) {
  names().erase(name.atom_index());
  slot(name).store(0, std::memory_order_release);
}
} // namespace

RegisterResult registry_register(Term name, Term who) {
  if (name == atoms::undefined) return RegisterResult::BadName;
  std::lock_guard g(lock);
  if (who.is_local_pid()) {
    // An exiting process gives its name up under this lock after it has become unfindable, so a name given here to a
    // findable process is always taken back.
    Process *p = process_lookup(who);
    if (!p) return RegisterResult::NoProcess;
    if (slot(name).load(std::memory_order_relaxed)) return RegisterResult::NameTaken;
    if (!p->registered.is_none()) return RegisterResult::HasName;
    p->registered = name;
    put(name, who);
    return RegisterResult::Ok;
  }
  if (!port_alive(who)) return RegisterResult::NoProcess;
  if (slot(name).load(std::memory_order_relaxed)) return RegisterResult::NameTaken;
  if (!port_set_registered_name(who, name)) return RegisterResult::HasName;
  put(name, who);
  return RegisterResult::Ok;
}

bool registry_unregister(Term name) {
  std::lock_guard g(lock);
  Word w = slot(name).load(std::memory_order_relaxed);
  if (!w) return false;
  Term who(w);
  if (who.is_local_port()) port_set_registered_name(who, Term::none());
  else if (Process *p = process_lookup_any(who)) p->registered = Term::none();
  take(name);
  return true;
}

Term registry_whereis(Term name) {
  Word w = slot(name).load(std::memory_order_acquire);
  return w ? Term(w) : Term::none();
}

Process *registry_process(Term name) {
  Term who = registry_whereis(name);
  return who.is_local_pid() ? process_lookup(who) : nullptr;
}

Term registry_process_exit(Process *p) {
  std::lock_guard g(lock);
  Term name = p->registered;
  if (name.is_none()) return name;
  p->registered = Term::none();
  if (slot(name).load(std::memory_order_relaxed) == p->id.raw()) take(name);
  return name;
}

void registry_port_exit(Term name, Term port) {
  std::lock_guard g(lock);
  if (slot(name).load(std::memory_order_relaxed) == port.raw()) take(name);
}

std::vector<Term> registry_names() {
  std::lock_guard g(lock);
  std::vector<Term> out;
  out.reserve(names().size());
  for (uint32_t n : names()) out.push_back(Term::atom(n));
  return out;
}

size_t registry_count() {
  std::lock_guard g(lock);
  return names().size();
}
} // namespace joist::runtime
