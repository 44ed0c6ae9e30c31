// enif_select: a message when a descriptor is ready.
//
// Protocol
//  * A descriptor with any interest has a Selected in the table, which keeps its resource. All of it is guarded by the
//    table's lock; messages are sent and callbacks called without it.
//  * Readiness comes from the poll thread as a job for a scheduler. It holds a reference to the Selected, which may have
//    been stopped meanwhile.
//  * ERL_NIF_SELECT_STOP takes the descriptor out at once, so the stop callback is always called directly.
#include "runtime/io/poll.h"
#include "runtime/mem/copy.h"
#include "runtime/mem/magic.h"
#include "runtime/nif/library.h"
#include "runtime/sched/progress.h"
#include "runtime/sched/scheduler.h"

#include <climits>
#include <fcntl.h>
#include <unordered_map>

namespace joist::runtime {
namespace {
enum SelectFlags { kRead = 1, kWrite = 2, kStop = 4, kCancel = 8, kCustomMessage = 16, kError = 32 };
enum SelectResult { kStopCalled = 1, kInvalidEvent = 4, kFailed = 8, kReadCancelled = 16 }; // WRITE_, ERROR_: shifted
constexpr int kKinds = 3;                                                                   // read, write, error
constexpr int kKindFlag[kKinds] = {kRead, kWrite, kError};

struct Selected final : PollClient {
  struct Interest {
    bool on = false;
    Term pid, message;
    Fragment *fragments = nullptr;
    void clear() {
      on = false;
      if (fragments) fragment_free(fragments);
      fragments = nullptr;
    }
  };
  int fd;
  PollItem *item;
  Resource *resource; // kept
  Interest interest[kKinds];
  bool stopped = false;
  std::atomic<uint32_t> pending{0}; // kinds, as bits; 8: a job is on its way
  std::atomic<int32_t> refs{1};

  Selected(int f, Resource *r) : fd(f), item(poll_add(f, this)), resource(r) { bin_ref(r); }
  void broken() override { pending.fetch_or(4); }
  void ready(bool in, bool out) override {
    uint32_t bits = (in ? 1u : 0) | (out ? 2u : 0) | 8;
    if (pending.fetch_or(bits) & 8) return;
    refs.fetch_add(1);
    schedule_work([](void *s) { static_cast<Selected *>(s)->deliver(); }, this);
  }
  void arm() { poll_arm(item, interest[0].on, interest[1].on); }
  void release() {
    if (refs.fetch_sub(1) == 1) delete this;
  }
  void deliver();
  void close();
};

std::mutex table_lock;
std::unordered_map<int, Selected *> table;

// A job on a scheduler.
void Selected::deliver() {
  uint32_t bits = pending.exchange(0);
  Interest due[kKinds];
  {
    std::lock_guard g(table_lock);
    if (!stopped) {
      for (int k = 0; k < kKinds; k++)
        if ((bits >> k & 1) && interest[k].on) {
          due[k] = interest[k];
          interest[k] = {};
        }
      if (interest[0].on || interest[1].on || interest[2].on) arm();
    }
  }
  for (Interest &i : due)
    if (i.on) message_send_pid_built(i.pid, i.message, i.fragments);
  release();
}

// With the lock, once.
void Selected::close() {
  stopped = true;
  table.erase(fd);
  for (Interest &i : interest) i.clear();
  poll_remove(item);
}

Term ready_atom(int kind) {
  static const Term atoms_of[kKinds] = {atom::intern("ready_input"), atom::intern("ready_output"),
                                        atom::intern("ready_error")};
  return atoms_of[kind];
}

void set_interest(Selected *s, int kind, Term pid, int flags, Term msg, NifEnv *msg_env) {
  Selected::Interest &i = s->interest[kind];
  i.clear();
  i.on = true;
  i.pid = pid;
  if (flags & kCustomMessage) {
    i.message = msg;
    if (msg_env) {
      auto *own = static_cast<OwnedEnv *>(msg_env);
      i.fragments = own->fragments.take();
      own->clear();
    } else if (msg.is_pointer()) {
      i.message = copy_to_fragment(msg, &i.fragments);
    }
    return;
  }
  static const Term select = atom::intern("select");
  FragmentHeap h;
  i.message = make_tuple(h, select, make_resource_term(h, s->resource), copy(msg, h), ready_atom(kind));
  i.fragments = h.take();
}

int select(NifEnv *env, int fd, int flags, void *object, const NifPid *pid, Term msg, NifEnv *msg_env) {
  Resource *resource = Resource::of(object);
  if (fd < 0) return INT_MIN | kInvalidEvent;
  if (flags & kStop) {
    int result = kStopCalled;
    Selected *s = nullptr;
    {
      std::lock_guard g(table_lock);
      if (auto at = table.find(fd); at != table.end()) {
        s = at->second;
        for (int k = 0; k < kKinds; k++)
          if (s->interest[k].on && k < 2) result |= kReadCancelled << k;
        s->close();
      }
    }
    {
      ResourceCall call(resource->type);
      OwnedEnv callback_env(call.library);
      if (call.callbacks.stop) call.callbacks.stop(&callback_env, object, fd, 1);
    }
    if (s) {
      bin_unref(s->resource);
      s->release();
    }
    return result;
  }
  Resource *before = nullptr;
  int result = 0;
  {
    std::lock_guard g(table_lock);
    auto at = table.find(fd);
    Selected *s = at == table.end() ? nullptr : at->second;
    if (flags & kCancel) {
      if (!s) return 0;
      for (int k = 0; k < kKinds; k++)
        if ((flags & kKindFlag[k]) && s->interest[k].on) {
          s->interest[k].clear();
          result |= kReadCancelled << k;
        }
      s->arm();
      return result;
    }
    if (!env && !pid) return INT_MIN | kInvalidEvent;
    if (fcntl(fd, F_GETFD) < 0) return INT_MIN | kFailed;
    if (s && s->resource != resource) { // stolen: the former has lost the descriptor, and is not told
      before = s->resource;
      s->close();
      s->release();
      s = nullptr;
    }
    if (!s) s = table[fd] = new Selected(fd, resource);
    for (int k = 0; k < kKinds; k++)
      if (flags & kKindFlag[k]) {
        set_interest(s, k, pid ? pid->pid : env->p->id, flags, msg, msg_env);
        msg_env = nullptr;
      }
    s->arm();
  }
  if (before) bin_unref(before);
  return result;
}
} // namespace

JOIST_ABI int enif_select(NifEnv *env, int fd, int flags, void *object, const NifPid *pid, Term ref) {
  return select(env, fd, flags & ~kCustomMessage, object, pid, ref, nullptr);
}
JOIST_ABI int enif_select_x(NifEnv *env, int fd, int flags, void *object, const NifPid *pid, Term msg,
                            NifEnv *msg_env) {
  return select(env, fd, flags, object, pid, msg, msg_env);
}
} // namespace joist::runtime
