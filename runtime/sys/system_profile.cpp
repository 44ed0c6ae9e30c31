#include "runtime/sys/system_profile.h"

#include "runtime/atom/atom.h"
#include "runtime/proc/process.h"
#include "runtime/sched/run_queue.h"
#include "runtime/sys/system_messages.h"
#include "runtime/trace/told.h"
#include "runtime/trace/trace.h"

namespace joist::runtime {
std::atomic<uint32_t> system_profile_flags{0};

namespace {
std::atomic<uint32_t> timestamps{0};
std::atomic<int> schedulers_active{0};

void put(const SystemProfile &p) {
  timestamps = p.timestamps;
  if (p.flags & profile::Scheduler) {
    int n = 0;
    for (unsigned i = 0; i < schedulers_online(); i++) n += !scheduler_at(i)->sleeping.load();
    schedulers_active = n;
  }
  system_profile_flags = p.flags;
}
SystemReceiver<SystemProfile> receiver(put);

Term state(bool active) { return active ? atoms::active : atoms::inactive; }
Term now(Heap &h) { return trace::timestamp(h, timestamps.load(std::memory_order_relaxed)); }
} // namespace

SystemProfile system_profile_set(const SystemProfile &p) { return receiver.set(p); }
SystemProfile system_profile_get() { return receiver.get(); }
void system_profile_clear(Term to) { receiver.clear(to); }

void profile_process(Process *p, bool active) {
  system_event(SystemEvent::Profile, p->id, [&](Heap &h) {
    Term where = trace::location(p, h);
    return make_tuple(h, atoms::profile, p->id, state(active), where, now(h));
  });
}

void profile_port(Term port, bool active) {
  system_event(SystemEvent::Profile, port,
               [&](Heap &h) { return make_tuple(h, atoms::profile, port, state(active), Term::small(0), now(h)); });
}

void profile_scheduler(unsigned number, bool active) {
  system_event(SystemEvent::Profile, Term::none(), [&](Heap &h) {
    int n = active ? ++schedulers_active : --schedulers_active;
    return make_tuple(h, atoms::profile, atoms::scheduler, Term::small(number), state(active), Term::small(n), now(h));
  });
}
} // namespace joist::runtime
