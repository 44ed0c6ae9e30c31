// The table of ports, their life from creation to the last reference, and the list of drivers.
#include "runtime/io/file_port.h"
#include "runtime/io/port_core.h"
#include "runtime/mem/alloc.h"
#include "runtime/sched/progress.h"
#include "runtime/sched/scheduler.h"
#include "runtime/trace/ports.h"

namespace joist::runtime {
namespace {
// Slot of number n: n modulo size. Numbers only grow, so one is not soon used again.
std::atomic<Port *> *table;
size_t table_size; // power of two
size_t limit_;
std::atomic<size_t> alive_count{0};
std::mutex table_lock; // changes of the table
uint64_t next_number;  // under table_lock
constexpr uint64_t kMaxNumber = (uint64_t{1} << 28) - 1;

std::vector<const Driver *> &drivers() {
  static std::vector<const Driver *> list;
  return list;
}
std::mutex driver_lock;

DriverOpen forker_open(Port &, const std::string &, const PortOptions &) { return {}; }
// The port that stock starts children through. Here it only holds its number, which programs see in erlang:ports().
const Driver forker{.name = "forker", .open = forker_open};
} // namespace

BuiltinDrivers builtin_drivers;
const Driver *file_port_driver = nullptr;

void driver_register(const Driver *d) {
  std::lock_guard g(driver_lock);
  drivers().push_back(d);
}
void driver_unregister(const Driver *d) {
  std::lock_guard g(driver_lock);
  std::erase(drivers(), d);
}
const Driver *driver_find(std::string_view name) {
  std::lock_guard g(driver_lock);
  for (auto *d : drivers())
    if (d->name == name) return d;
  return nullptr;
}
std::vector<const Driver *> drivers_all() {
  std::lock_guard g(driver_lock);
  return drivers();
}

void ports_init(size_t limit) {
  table_size = std::bit_ceil(std::max<size_t>(limit, 16));
  limit_ = std::min<size_t>(table_size, 134217727); // ids have 27 bits
  table = static_cast<std::atomic<Port *> *>(mem_reserve(table_size * sizeof *table));
  Port *p = port_create(&forker, "forker", Term::local_pid(0)); // connected to init, <0.0.0>
  p->instance = std::make_unique<DriverPort>();
  port_end(p);
}

size_t port_limit() { return limit_; }
size_t port_count() { return alive_count.load(std::memory_order_relaxed); }

Port *port_create(const Driver *driver, std::string name, Term owner) {
  std::lock_guard g(table_lock);
  if (alive_count.load(std::memory_order_relaxed) >= limit_) return nullptr;
  for (size_t tries = 0; tries < table_size; tries++) {
    uint64_t number = next_number;
    next_number = number == kMaxNumber ? 0 : number + 1;
    std::atomic<Port *> &slot = table[number % table_size];
    if (slot.load(std::memory_order_relaxed)) continue;
    auto *p = new Port;
    p->id = Term::local_port(number);
    p->number = number;
    p->driver = driver;
    p->name = std::move(name);
    p->owner = owner.raw();
    p->data = KeptTerm(atoms::undefined);
    p->executing = true;
    trace::port_opened(*p);
    alive_count.fetch_add(1);
    slot.store(p, std::memory_order_release);
    return p;
  }
  return nullptr;
}

Port *port_lookup_any(Term id) {
  if (!id.is_local_port()) return nullptr;
  Port *p = table[id.imm_payload() % table_size].load(std::memory_order_acquire);
  return p && p->number == id.imm_payload() ? p : nullptr;
}
Port *port_lookup(Term id) {
  Port *p = port_lookup_any(id);
  return p && !p->gone() ? p : nullptr;
}

std::vector<Term> ports_all(bool closing) {
  std::vector<Term> v;
  std::unique_lock g(table_lock);
  for (size_t i = 0; i < table_size; i++)
    if (Port *p = table[i].load(std::memory_order_acquire))
      if (!p->gone() || (closing && p->flags.load(std::memory_order_relaxed) & portflag::Closing)) v.push_back(p->id);
  g.unlock();
  std::sort(v.begin(), v.end(), [](Term a, Term b) { return a.imm_payload() < b.imm_payload(); });
  return v;
}

void port_ref(Port *p) { p->refs.fetch_add(1, std::memory_order_relaxed); }
void port_unref(Port *p) {
  if (p->refs.fetch_sub(1, std::memory_order_acq_rel) == 1) delete p;
}

void port_terminate(Port &port) {
  if (port.flags.load() & portflag::Dead) return;
  port.flags.fetch_or(portflag::Dead | portflag::Exiting);
  Term owner(port.owner.load());
  port_timer_free(port);
  port.instance.reset(); // the driver's stop: it deselects and closes
  port_descriptors_free(port);
  port.queue.clear();
  {
    std::lock_guard g(port.data_lock);
    port.data = KeptTerm(atoms::undefined);
  }
  {
    std::lock_guard g(table_lock);
    table[port.number % table_size].store(nullptr, std::memory_order_release);
  }
  alive_count.fetch_sub(1);
  for (PortTask *t : port.held) { // their senders wait for an answer
    t->dropped(port);
    delete t;
  }
  port.held.clear();
  if (port.send_closed) {
    FragmentHeap h;
    Term message = make_tuple(h, port.id, atoms::closed);
    if (trace::port_traced(port, trace::flag::Send)) trace::port_sends(port, owner, atoms::closed); // as stock shows it
    message_send_pid_built(owner, message, h.take());
  }
  // The table's reference; the executing caller holds another. Others may have just looked the port up.
  auto give_up = [](void *p) { progress::later([](void *q) { port_unref(static_cast<Port *>(q)); }, p); };
  if (progress::is_registered()) give_up(&port);
  else schedule_work(give_up, &port);
}
} // namespace joist::runtime
