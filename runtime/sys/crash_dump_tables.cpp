#include "runtime/sys/crash_dump_tables.h"

#include "runtime/atom/atom.h"
#include "runtime/code/registry.h"
#include "runtime/dist/entry.h"
#include "runtime/ets/ets.h"
#include "runtime/io/port_core.h"
#include "runtime/mem/alloc.h"
#include "runtime/proc/registry.h"
#include "runtime/sched/run_queue.h"
#include "runtime/sched/stats.h"
#include "runtime/sys/crash_dump_terms.h"
#include "runtime/term/print.h"

#include <bit>

namespace joist::runtime {
namespace {
void line(std::string &out, const char *key, const std::string &value) {
  out += std::string(key) + ": " + value + "\n";
}
void line(std::string &out, const char *key, uint64_t value) { line(out, key, std::to_string(value)); }
void flag(std::string &out, const char *key, bool value) { line(out, key, value ? "true" : "false"); }

void run_queue(std::string &out, uint64_t length) {
  line(out, "Run Queue Max Length", 0);
  line(out, "Run Queue High Length", 0);
  line(out, "Run Queue Normal Length", length);
  line(out, "Run Queue Low Length", 0);
  line(out, "Run Queue Port Length", 0);
  line(out, "Run Queue Flags", length ? "NONEMPTY" : "OUT_OF_WORK | HALFTIME_OUT_OF_WORK");
}

void current_process(std::string &out, Process *p) {
  if (!p) return line(out, "Current Process", "");
  line(out, "Current Process", pid_to_text(p->id));
  line(out, "Current Process State", "Running");
  uint32_t s = p->state.load(std::memory_order_relaxed);
  line(out, "Current Process Internal State", crash_dump_state(s));
}

// What a port controls, as stock says it.
std::string controls(const Port &p) {
  std::string driver = p.driver->name;
  if (driver == "forker") return "Port controls forker process: forker";
  if (p.driver == builtin_drivers.fd) return "Port is UNIX fd not opened by emulator: " + p.name;
  if (p.driver == builtin_drivers.spawn) return "Port controls external process: " + p.name;
  return "Port controls linked-in driver: " + p.name;
}

void port_section(std::string &out, Port &p) {
  out += "=port:" + port_to_text(p.id) + "\n";
  std::string state = "CONNECTED";
  if (p.binary) state += "|BINARY_IO";
  if (p.soft_eof) state += "|SOFT_EOF";
  if (p.gone()) state += "|EXITING";
  if (p.busy()) state += "|PORT_BUSY";
  line(out, "State", state);
  line(out, "Slot", p.number * 8);
  line(out, "Connected", pid_to_text(Term(p.owner.load())));
  std::string links;
  for (Term t : p.links) links += (links.empty() ? "" : ", ") + to_text(t);
  if (!links.empty()) line(out, "Links", links);
  if (Term name(p.registered.load()); name.is_atom()) line(out, "Registered as", atom_quoted(name));
  out += controls(p) + "\n";
  line(out, "Input", p.input);
  line(out, "Output", p.output);
  line(out, "Queue", p.queue.size());
}

void hash_table(std::string &out, const char *name, size_t objects) {
  size_t size = std::bit_ceil(objects | 1);
  out += std::string("=hash_table:") + name + "\n";
  line(out, "size", size);
  line(out, "used", std::min(objects, size));
  line(out, "objs", objects);
  line(out, "depth", 1);
}
void index_table(std::string &out, const char *name, size_t limit, size_t entries) {
  out += std::string("=index_table:") + name + "\n";
  line(out, "size", std::bit_ceil(entries | 1));
  line(out, "limit", limit);
  line(out, "entries", entries);
}

size_t funs() {
  size_t n = 0;
  fun_entries_each([](FunEntry *, void *arg) { ++*static_cast<size_t *>(arg); }, &n);
  return n;
}
} // namespace

void crash_dump_schedulers(std::string &out) {
  // From the table: schedulers may go on running, and what they say of themselves is theirs.
  std::vector<Process *> running(schedulers_count(), nullptr);
  for (Term pid : process_pids()) {
    Process *p = process_lookup_any(pid);
    if (!p || !(p->state.load(std::memory_order_acquire) & pstate::Running)) continue;
    for (unsigned i = 0; i < running.size(); i++)
      if (p->run_queue.load(std::memory_order_relaxed) == scheduler_at(i)) running[i] = p;
  }
  auto sleep = [&](const char *name, const SchedulerStats &s) {
    out += std::string("=") + name + ":" + std::to_string(s.number) + "\n";
    line(out, "Scheduler Sleep Info Flags", s.running ? "" : "SLEEPING");
    line(out, "Scheduler Sleep Info Aux Work", "");
  };
  for (const SchedulerStats &s : scheduler_stats(SchedulerType::Normal)) {
    sleep("scheduler", s);
    line(out, "Current Port", "");
    run_queue(out, s.run_queue);
    current_process(out, running[s.number - 1]);
  }
  auto dirty = [&](SchedulerType t, const char *name, const char *queue) {
    auto all = scheduler_stats(t);
    for (const SchedulerStats &s : all) {
      sleep(name, s);
      line(out, "Current Process", "");
    }
    out += std::string("=") + queue + "\n";
    run_queue(out, all.empty() ? 0 : all[0].run_queue);
  };
  dirty(SchedulerType::DirtyCpu, "dirty_cpu_scheduler", "dirty_cpu_run_queue");
  dirty(SchedulerType::DirtyIo, "dirty_io_scheduler", "dirty_io_run_queue");
}

void crash_dump_ports(std::string &out) {
  for (Term id : ports_all())
    if (Port *p = port_lookup(id)) port_section(out, *p);
}

void crash_dump_ets(std::string &out) {
  ets_each_table(
      [](const EtsTableSummary &t, void *arg) {
        auto &o = *static_cast<std::string *>(arg);
        static size_t slot;
        o += "=ets:" + (t.owner.is_local_pid() ? pid_to_text(t.owner) : std::string("<0.0.0>")) + "\n";
        line(o, "Slot", ++slot);
        line(o, "Table", to_text(t.id));
        line(o, "Name", atom_quoted(t.name));
        if (std::string_view(t.type) == "ordered_set")
          o += "Ordered set (AVL tree), Elements: " + std::to_string(t.objects) + "\n";
        flag(o, "Fixed", t.fixed);
        line(o, "Objects", t.objects);
        line(o, "Words", t.words);
        line(o, "Type", t.type);
        line(o, "Protection", t.protection);
        flag(o, "Compressed", t.compressed);
        flag(o, "Write Concurrency", t.write_concurrency);
        flag(o, "Read Concurrency", t.read_concurrency);
      },
      &out);
}

void crash_dump_funs(std::string &out) {
  fun_entries_each(
      [](FunEntry *f, void *arg) {
        auto &o = *static_cast<std::string *>(arg);
        char address[32];
        snprintf(address, sizeof address, "0x%016llx", static_cast<unsigned long long>(Word(f->entry.load())));
        o += "=fun\n";
        line(o, "Module", atom_quoted(f->module));
        line(o, "Uniq", f->old_uniq);
        line(o, "Index", f->index);
        line(o, "Address", address);
        line(o, "Refc", 1);
      },
      &out);
}

void crash_dump_nodes(std::string &out) {
  auto section = [&](const char *kind, const DistListed &n, bool connected) {
    out += std::string("=") + kind + ":" + std::to_string(n.name.atom_index()) + "\n";
    line(out, "Name", atom_quoted(n.name));
    if (!connected) return;
    line(out, "Controller", to_text(n.controller));
    if (DistEntry *e = dist_find(n.name)) line(out, "Creation", e->creation);
  };
  for (auto &n : dist_list(true, false, false)) section("visible_node", n, true);
  for (auto &n : dist_list(false, true, false)) section("hidden_node", n, true);
  for (auto &n : dist_list(false, false, true)) section("not_connected", n, false);
}

void crash_dump_tables(std::string &out) {
  size_t modules = modules_loaded().size(), exports = export_count();
  hash_table(out, "atom_tab", atom::count());
  hash_table(out, "module_code", modules);
  hash_table(out, "export_list", exports);
  hash_table(out, "process_reg", registry_names().size());
  hash_table(out, "fun_table", funs());
  index_table(out, "atom_tab", atom::limit(), atom::count());
  index_table(out, "module_code", 65536, modules);
  index_table(out, "export_list", 524288, exports);
  out += "=allocated_areas\n";
  out += "atom_space: " + std::to_string(std::max(mem_used(MemKind::Atom), atom::bytes())) + " " +
         std::to_string(atom::bytes()) + "\n";
  line(out, "loaded_code", mem_used(MemKind::Code));
  line(out, "ets_misc", 0);
  static constexpr std::pair<const char *, MemKind> kAllocators[] = {
      {"std_alloc", MemKind::System},   {"ll_alloc", MemKind::Code},           {"eheap_alloc", MemKind::Process},
      {"ets_alloc", MemKind::Ets},      {"fix_alloc", MemKind::ProcessStruct}, {"binary_alloc", MemKind::Binary},
      {"driver_alloc", MemKind::Driver}};
  for (auto &[name, kind] : kAllocators) {
    std::string n = std::to_string(mem_used(kind));
    out += std::string("=allocator:") + name + "[0]\nversions: 0.9 3.0\noption e: true\n";
    out += std::string("mbcs blocks[") + name + "] size: " + n + " " + n + " " + n + "\n";
    out += "mbcs carriers size: " + n + " " + n + " " + n + "\n";
  }
}
} // namespace joist::runtime
