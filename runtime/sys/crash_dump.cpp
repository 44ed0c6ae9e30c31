#include "runtime/sys/crash_dump.h"

#include "runtime/atom/atom.h"
#include "runtime/code/code.h"
#include "runtime/dist/node.h"
#include "runtime/mem/alloc.h"
#include "runtime/proc/inbox.h"
#include "runtime/proc/process.h"
#include "runtime/sched/progress.h"
#include "runtime/sched/scheduler.h"
#include "runtime/sys/base64.h"
#include "runtime/sys/crash_dump_tables.h"
#include "runtime/sys/crash_dump_terms.h"
#include "runtime/sys/env.h"
#include "runtime/sys/flags.h"
#include "runtime/term/print.h"

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <ctime>
#include <fcntl.h>
#include <unistd.h>

namespace joist::runtime {
namespace {
__attribute__((format(printf, 2, 3))) void put(std::string &out, const char *format, ...) {
  char b[512];
  va_list a;
  va_start(a, format);
  vsnprintf(b, sizeof b, format, a);
  va_end(a);
  out += b;
}
using ull = unsigned long long;

std::string mfa_text(const Mfa &m) {
  return atom_quoted(m.module) + ":" + atom_quoted(m.function) + "/" + std::to_string(m.arity);
}

const char *state_text(uint32_t s) {
  if (s & pstate::Exiting) return "Exiting";
  if (s & pstate::Gc) return "Garbing";
  if (s & (pstate::Running | pstate::DirtyRunning)) return "Running";
  if (s & pstate::Suspended) return "Suspended";
  if (s & (pstate::Active | pstate::InRunQueue)) return "Scheduled";
  return "Waiting";
}

bool stands_still(const Process *p) {
  uint32_t s = p->state.load(std::memory_order_acquire);
  return !(s & (pstate::Running | pstate::DirtyRunning | pstate::Gc | pstate::Exiting));
}

// Not waited for: who holds it may be the thread that crashed.
Word inbox_length(Process *p) {
  if (!p->inbox.lock.try_lock()) return 0;
  Word n = messages_in(p->inbox);
  p->inbox.lock.unlock();
  return n;
}

// Schedulers stand still, dirty ones do not: what belongs to a process that one of these executes is not looked at.
void process_section(std::string &out, Process *p, bool relations = false) {
  uint32_t s = p->state.load(std::memory_order_relaxed);
  put(out, "=proc:%s\nState: %s\n", pid_to_text(p->id).c_str(), state_text(s));
  if (p->registered.is_atom()) out += "Name: " + atom_quoted(p->registered) + "\n";
  if (p->initial_call.module.is_atom()) out += "Spawned as: " + mfa_text(p->initial_call) + "\n";
  out += "Spawned by: " + (p->parent.is_local_pid() ? pid_to_text(p->parent) : std::string("[]")) + "\n";
  put(out, "Message queue length: %llu\n", ull(p->mailbox.length + inbox_length(p)));
  unsigned fragments = 0;
  bool still = stands_still(p);
  if (still)
    for (Fragment *f = p->heap.fragments; f; f = f->next) fragments++;
  struct {
    Word block = 0, old = 0, used = 0, old_unused = 0, fragments = 0, vheap = 0, old_vheap = 0, vheap_limit = 0,
         old_vheap_limit = 0, reductions = 0;
  } n;
  if (!(s & pstate::DirtyRunning)) {
    n.block = Word(p->heap_end - p->heap_start), n.old = Word(p->old_end - p->old_start);
    n.used = Word(p->heap.top - p->heap_start) + Word(p->heap_end - p->stack_top);
    n.old_unused = Word(p->old_end - p->old_top);
    n.fragments = p->heap.fragment_words;
    n.vheap = p->heap.off_heap.bytes, n.old_vheap = p->old_off_heap.bytes;
    n.vheap_limit = p->vheap_limit, n.old_vheap_limit = p->old_vheap_limit;
    n.reductions = p->total_reductions;
  }
  put(out, "Number of heap fragments: %u\nHeap fragment data: %llu\n", fragments, ull(n.fragments));
  if (relations && still) crash_dump_links(out, p);
  put(out, "Reductions: %llu\nStack+heap: %llu\nOldHeap: %llu\nHeap unused: %llu\nOldHeap unused: %llu\n",
      ull(n.reductions), ull(n.block), ull(n.old), ull(n.block > n.used ? n.block - n.used : 0), ull(n.old_unused));
  put(out, "BinVHeap: %llu\nOldBinVHeap: %llu\nBinVHeap unused: %llu\nOldBinVHeap unused: %llu\n", ull(n.vheap / 8),
      ull(n.old_vheap / 8), ull(n.vheap_limit / 8), ull(n.old_vheap_limit / 8));
  put(out, "Memory: %llu\n", ull(sizeof(Process) + (n.block + n.old + n.fragments) * 8));
  if (still && p->pc) {
    const FuncInfo *f = code_function(p->pc);
    put(out, "Program counter: 0x%016llx (%s)\n", ull(reinterpret_cast<Word>(p->pc)),
        f ? mfa_text(f->mfa).c_str() : "unknown function");
    if (!(s & pstate::Active)) out += "arity = 0\n";
  }
  out += "Internal State: " + crash_dump_state(s) + "\n";
}

void attribute(std::string &out, const char *title, Term bin) {
  if (!is_bitstring(bin)) return;
  BitView v = bit_view(bin);
  if (!v.aligned()) return;
  out += std::string(title) + ": " + base64({reinterpret_cast<const char *>(v.bytes), v.byte_size()}) + "\n";
}
// $ERL_CRASH_DUMP_BYTES: how long the dump may get.
size_t crash_dump_bytes() {
  auto text = env_get("ERL_CRASH_DUMP_BYTES");
  if (!text || text->empty()) return SIZE_MAX;
  char *end;
  errno = 0;
  long long n = strtoll(text->c_str(), &end, 10);
  return errno == 0 && *end == 0 && n >= 0 ? size_t(n) : SIZE_MAX;
}
} // namespace

std::string crash_dump_state(uint32_t s) {
  static const char *const kPriorities[] = {"MAX", "HIGH", "NORMAL", "LOW"};
  const char *prio = kPriorities[(s & pstate::PrioMask) >> pstate::PrioShift];
  std::string out;
  for (const char *kind : {"ACT", "USR", "PRQ"}) {
    if (!out.empty()) out += " | ";
    out += std::string(kind) + "_PRIO_" + prio;
  }
  static const std::pair<uint32_t, const char *> kBits[] = {
      {pstate::Exiting, "EXITING"},           {pstate::Active, "ACTIVE"},
      {pstate::InRunQueue, "IN_PRQ_NORMAL"},  {pstate::Running, "RUNNING"},
      {pstate::Suspended, "SUSPENDED"},       {pstate::Gc, "GC"},
      {pstate::TrapExit, "TRAP_EXIT"},        {pstate::OffHeapMsgs, "OFF_HEAP_MSGQ"},
      {pstate::DirtyRunning, "DIRTY_RUNNING"}};
  for (auto &[bit, name] : kBits)
    if (s & bit) out += std::string(" | ") + name;
  return out;
}

int crash_dump_seconds() {
  auto text = env_get("ERL_CRASH_DUMP_SECONDS");
  return text ? atoi(text->c_str()) : kCrashDumpTimeNotSet;
}

std::string crash_dump_path() {
  if (crash_dump_seconds() == 0 || crash_dump_bytes() == 0) return {};
  auto path = env_get("ERL_CRASH_DUMP");
  return path && !path->empty() ? *path : "erl_crash.dump";
}

void crash_dump_memory(std::string &out) {
  size_t kinds[size_t(MemKind::Count)], total = 0;
  for (size_t i = 0; i < size_t(MemKind::Count); i++) total += kinds[i] = mem_used(MemKind(i));
  auto used = [&](MemKind k) { return ull(kinds[size_t(k)]); };
  ull processes = used(MemKind::Process) + used(MemKind::ProcessStruct);
  put(out, "=memory\ntotal: %llu\nprocesses: %llu\nprocesses_used: %llu\nsystem: %llu\natom: %llu\natom_used: %llu\n",
      ull(total), processes, processes, ull(total) - processes, std::max(used(MemKind::Atom), ull(atom::bytes())),
      ull(atom::bytes()));
  put(out, "binary: %llu\ncode: %llu\nets: %llu\n", used(MemKind::Binary), used(MemKind::Code), used(MemKind::Ets));
}

void crash_dump_processes(std::string &out) {
  for (Term pid : process_pids())
    if (Process *p = process_lookup_any(pid)) process_section(out, p);
}

void crash_dump_modules(std::string &out) {
  std::string modules;
  size_t current = 0, old = 0;
  for (Term name : modules_loaded()) {
    Module *m = module_find(name);
    if (!m) continue;
    modules += "=mod:" + atom_quoted(name) + "\n";
    if (m->current) {
      put(modules, "Current size: %llu\n", ull(m->current->code_size()));
      attribute(modules, "Current attributes", m->current->attributes_bin);
      attribute(modules, "Current compilation info", m->current->compile_info_bin);
      current += m->current->code_size();
    }
    if (m->old) {
      put(modules, "Old size: %llu\n", ull(m->old->code_size()));
      old += m->old->code_size();
    }
  }
  put(out, "=loaded_modules\nCurrent code: %llu\nOld code: %llu\n", ull(current), ull(old));
  out += modules;
}

void crash_dump_distribution(std::string &out) {
  Node *n = this_node();
  out += "=node:" + atom_quoted(n->name) + "\n";
  if (n->name == atoms::nonode_nohost) out += "=no_distribution\n";
  else crash_dump_nodes(out);
}

void crash_dump_atoms(std::string &out) {
  out += "=atoms\n";
  for (size_t i = atom::count(); i-- > 0;)
    if (atom::valid_index(uint32_t(i))) out += atom_quoted(Term::atom(uint32_t(i))) + "\n";
}

bool crash_dump_write(const char *path, const char *slogan, bool terms) {
  auto open_dump = [path] { return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640); };
  int fd = open_dump();
  // No descriptor is left: one of those that end with the VM anyway is given up.
  for (int victim = 3; fd < 0 && errno == EMFILE && victim < 1024; victim++) {
    close(victim);
    fd = open_dump();
  }
  if (fd < 0) return false;
  bool good = true;
  std::string out;
  size_t room = crash_dump_bytes();
  auto flush = [&] {
    if (out.size() > room) out.resize(room); // cut off there
    room -= out.size();
    for (size_t at = 0; at < out.size();) {
      ssize_t n = write(fd, out.data() + at, out.size() - at);
      if (n <= 0) {
        good = false;
        break;
      }
      at += size_t(n);
    }
    out.clear();
  };
  time_t now = time(nullptr);
  char date[64];
  ctime_r(&now, date);
  put(out, "=erl_crash_dump:0.5\n%s", date);
  out += std::string("Slogan: ") + slogan + "\n";
  put(out, "System version: Erlang/OTP %s [erts-%s] [source] [64-bit] [smp:%u:%u] [joist]\n",
      vm_flags.otp_release.c_str(), vm_flags.erts_version.c_str(), schedulers_count(), schedulers_online());
  put(out, "Taints: \nAtoms: %llu\n", ull(atom::count()));
  if (Scheduler *s = this_scheduler()) put(out, "Calling Thread: scheduler:%u\n", scheduler_number(s));
  {
    progress::OnlineScope online; // what is looked up here stays in memory
    crash_dump_schedulers(out);
    crash_dump_memory(out);
    crash_dump_tables(out);
    for (Term pid : process_pids())
      if (Process *p = process_lookup_any(pid)) process_section(out, p, terms);
    flush();
    crash_dump_ports(out);
    crash_dump_ets(out);
    crash_dump_distribution(out);
    crash_dump_modules(out);
    crash_dump_funs(out);
    flush();
    if (terms) {
      crash_dump_timers(out);
      crash_dump_persistent(out);
      for (Term pid : process_pids()) {
        Process *p = process_lookup_any(pid);
        if (p && stands_still(p)) crash_dump_terms(out, p);
        if (out.size() > 1'000'000) flush();
      }
    }
  }
  crash_dump_atoms(out);
  out += "=end\n";
  flush();
  return close(fd) == 0 && good;
}
} // namespace joist::runtime
