#include "runtime/proc/time_offset_watch.h"
#include "runtime/atom/atom.h"
#include "runtime/mem/copy.h"
#include "runtime/proc/relations.h"
#include "runtime/sched/progress.h"
#include "runtime/sys/time.h"

#include <mutex>
#include <unordered_set>

namespace joist::runtime {
namespace {
std::mutex lock;
std::unordered_set<Word> watchers; // raw pids
size_t most = 64;                  // when the dead among them are looked for next

void tell(Process *p, Signal *s) {
  if (!p || p->must_exit() || !p->relations) return;
  for (Monitor *m : p->relations->monitors.all()) {
    if (m->kind != MonitorKind::TimeOffset) continue;
    FragmentHeap h(24);
    Term tag = m->tag.get().is_none() ? atoms::CHANGE : copy(m->tag.get(), h);
    Term message =
        make_tuple(h, tag, copy(m->ref.get(), h), atoms::time_offset, atoms::clock_service, copy(s->term, h));
    message_send_built(p, message, h.take());
  }
}

void changed(int64_t offset) {
  progress::OnlineScope online;
  std::lock_guard g(lock);
  std::erase_if(watchers, [offset](Word raw) {
    Process *p = process_lookup(Term(raw));
    if (!p) return true;
    Signal *s = signal_new(SignalKind::Rpc);
    FragmentHeap h(4);
    s->term = signal_own(s, make_int(h, offset));
    s->fn = tell;
    signal_send(p, s);
    return false;
  });
}
} // namespace

void time_offset_watch(Process *p) {
  std::lock_guard g(lock);
  time_offset_changed = changed;
  if (watchers.size() >= most) {
    std::erase_if(watchers, [](Word raw) { return !process_lookup(Term(raw)); });
    most = std::max<size_t>(64, watchers.size() * 2);
  }
  watchers.insert(p->id.raw());
}
} // namespace joist::runtime
