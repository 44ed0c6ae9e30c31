#include "otp_stubs/prim_socket/socket.h"
#include "runtime/mem/copy.h"
#include "runtime/proc/signal.h"
#include "runtime/sched/progress.h"
#include "runtime/term/map.h"
#include "runtime/term/ref.h"

#include <cstring>
#include <unistd.h>
#include <utility>

namespace joist::stubs {
using namespace socket_state;

Term socket_registry = Term::none();
std::atomic<bool> use_registry{true}, socket_debug{false};

// --- references
void StoredRef::set(Term ref) {
  count_ = 0;
  if (!ref.is_boxed()) return;
  unsigned n = unsigned(header_size(*ref.box())) + 1;
  if (n > std::size(words_)) return;
  memcpy(words_, ref.box(), n * 8);
  count_ = n;
}
Term StoredRef::term(Heap &h) const {
  if (!count_) return atoms::undefined;
  Word *box = h.alloc(count_);
  memcpy(box, words_, count_ * 8);
  return Term::boxed(box);
}
bool StoredRef::is(Term ref) const {
  return count_ && ref.is_boxed() && header_size(*ref.box()) + 1 == count_ &&
         memcmp(ref.box(), words_, count_ * 8) == 0;
}

Socket *socket_of(Term ref) { return magic_value<Socket>(ref); }

Term socket_term(Heap &h, Socket *s) {
  auto *r = reinterpret_cast<MagicRefObj *>(h.alloc(kMagicRefWords));
  r->hdr = header(Kind::MagicRef, kMagicRefWords - 1);
  r->n01 = s->numbers[0] | Word(s->numbers[1]) << 32;
  r->n2 = s->numbers[2];
  r->data = s->self;
  bin_ref(s->self);
  h.own(r);
  return Term::boxed(&r->hdr);
}

// --- messages {'$socket', Socket, What, Info}
namespace {
Term object_term(Heap &h, Socket *s) {
  return make_tuple(h, named<"$socket">(), socket_term(h, s));
} // as socket:open answers
void tell(Socket *s, Term pid, Term what, Term info, FragmentHeap &h) {
  Term message = make_tuple(h, named<"$socket">(), object_term(h, s), what, info);
  progress::OnlineScope online;
  message_send_pid_built(pid, message, h.take());
}
void tell_ready(Socket *s, const Socket::Wanted &w) {
  FragmentHeap h;
  tell(s, w.pid, named<"select">(), w.ref.term(h), h);
}
} // namespace

void send_abort(Socket *s, Term pid, const StoredRef &ref, Term reason) {
  FragmentHeap h;
  Term r = reason.is_immediate() ? reason : copy(reason, h);
  tell(s, pid, named<"abort">(), make_tuple(h, ref.term(h), r), h);
}

void registry_tell(Socket *s, const char *what) {
  if (socket_registry.is_none()) return;
  FragmentHeap h;
  Term message = make_tuple(h, named<"$socket">(), named(what), object_term(h, s));
  progress::OnlineScope online;
  message_send_pid_built(socket_registry, message, h.take());
}

// --- readiness
namespace {
void arm(Socket *s) {
  std::lock_guard g(s->arm_lock);
  if (!s->item) return;
  bool in, out;
  {
    std::lock_guard g2(s->select_lock);
    in = s->wanted[0].active;
    out = s->wanted[1].active;
  }
  if (in || out) poll_arm(s->item, in, out);
}
void arm_again(void *data) {
  auto *b = static_cast<Magic<Socket> *>(data);
  arm(&b->value);
  bin_unref(b);
}
} // namespace

void Socket::ready(bool in, bool out) {
  Wanted now[2];
  bool more;
  {
    std::lock_guard g(select_lock);
    for (int d = 0; d < 2; d++)
      if ((d == 0 ? in : out) && wanted[d].active) {
        now[d] = wanted[d];
        wanted[d].active = false;
      }
    more = wanted[0].active || wanted[1].active;
  }
  for (Wanted &w : now)
    if (w.active) tell_ready(this, w);
  if (more) { // interest is one-shot for both directions
    bin_ref(self);
    poll_run(arm_again, self);
  }
}

void select_for(Socket *s, Direction d, Term pid, const StoredRef &ref) {
  (d == Direction::In ? s->read_state : s->write_state) |= Selected;
  {
    std::lock_guard g(s->select_lock);
    s->wanted[int(d)] = {true, pid, ref};
  }
  {
    std::lock_guard g(s->arm_lock);
    if (!s->item) s->item = poll_add(s->fd, s);
  }
  arm(s);
}

bool select_cancel(Socket *s, Direction d) {
  std::lock_guard g(s->select_lock);
  return std::exchange(s->wanted[int(d)].active, false);
}

// --- processes that are waited for
namespace {
void drop_waiting(Socket *s, Requestors &queue, Term pid) {
  for (auto it = queue.begin(); it != queue.end();)
    if (it->pid == pid) {
      requestor_release(*it);
      it = queue.erase(it);
    } else ++it;
}
void close_abandoned(Socket *s);

void process_gone(Watch *w) {
  auto *watch = static_cast<ProcessWatch *>(w);
  BinData *data = watch->socket;
  Socket *s = &static_cast<Magic<Socket> *>(data)->value;
  Term pid = watch->pid;
  {
    std::lock_guard g(s->lock);
    if (s->owner_watch == watch) s->owner_watch = nullptr;
    if (s->closer_watch == watch) s->closer_watch = nullptr;
    if (!(s->read_state & Closed) && ((s->owner == pid && s->open()) || s->closer == pid)) close_abandoned(s);
    else if (s->open()) {
      if (s->connector.pid == pid) {
        requestor_release(s->connector);
        select_cancel(s, Direction::Out);
        s->write_state &= ~uint32_t(Connecting);
      }
      struct {
        Requestor *current;
        Requestors *queue;
        Direction d;
      } all[] = {{&s->reader, &s->readers, Direction::In},
                 {&s->writer, &s->writers, Direction::Out},
                 {&s->acceptor, &s->acceptors, Direction::In}};
      for (auto &a : all) {
        drop_waiting(s, *a.queue, pid);
        if (a.current->pid != pid) continue;
        if (a.current == &s->writer && s->sendfile_fd >= 0) ::close(std::exchange(s->sendfile_fd, -1));
        select_cancel(s, a.d);
        requestor_next(s, *a.current, *a.queue, a.d);
        if (a.current == &s->acceptor && !a.current->active()) s->read_state &= ~uint32_t(Accepting);
      }
    }
  }
  delete watch;
  bin_unref(data);
}
} // namespace

ProcessWatch *watch_process(Term pid, Socket *s) {
  auto *w = new ProcessWatch;
  w->gone = process_gone;
  w->socket = s->self;
  bin_ref(s->self);
  if (process_watch(pid, w)) return w;
  bin_unref(s->self);
  delete w;
  return nullptr;
}
void unwatch_process(ProcessWatch *&w) {
  ProcessWatch *watch = std::exchange(w, nullptr);
  if (!watch || !process_unwatch(watch)) return; // process_gone frees it
  BinData *data = watch->socket;
  delete watch;
  bin_unref(data);
}

void requestor_set(Socket *s, Requestor &r, Term pid, Term ref) {
  if (r.pid != pid) {
    requestor_release(r);
    r.pid = pid;
    r.watch = watch_process(pid, s);
  }
  r.ref.set(ref);
}
void requestor_release(Requestor &r) {
  r.pid = Term::none();
  unwatch_process(r.watch);
}
void requestor_next(Socket *s, Requestor &current, Requestors &queue, Direction d) {
  requestor_release(current);
  if (queue.empty()) return;
  current = queue.front();
  queue.pop_front();
  select_for(s, d, current.pid, current.ref);
}
bool requestor_turn(Process *p, Socket *s, const Requestor &current, Requestors &queue, Term ref, Term *answer) {
  if (!current.active() || current.pid == p->id) return true;
  for (const Requestor &r : queue)
    if (r.pid == p->id) return *answer = raise_invalid(p, named<"state">()), false;
  if (ref.is_none()) return true;
  requestor_set(s, queue.emplace_back(), p->id, ref);
  *answer = named<"select">();
  return false;
}
void requestors_abort(Socket *s, Requestors &queue, Term reason) {
  for (Requestor &r : queue) {
    send_abort(s, r.pid, r.ref, reason);
    requestor_release(r);
  }
  queue.clear();
}

// --- life of an object
Socket *socket_new(int fd, int domain, int type, int protocol, Term owner) {
  auto *m = magic_new<Socket>();
  Socket *s = &m->value;
  s->self = m;
  ref_fresh_magic_numbers(s->numbers);
  s->fd = fd;
  s->domain = domain;
  s->type = type;
  s->protocol = protocol;
  s->owner = owner;
  s->owner_watch = watch_process(owner, s);
  count_socket(*s, 1);
  return s;
}

namespace {
void close_abandoned(Socket *s) {
  s->read_state |= Closing | Closed;
  s->write_state |= Closing | Closed;
  {
    std::lock_guard g(s->arm_lock);
    if (s->item) poll_remove(std::exchange(s->item, nullptr));
  }
  for (Direction d : {Direction::In, Direction::Out}) {
    Requestor &first = d == Direction::In ? (s->reader.active() ? s->reader : s->acceptor)
                                          : (s->writer.active() ? s->writer : s->connector);
    if (select_cancel(s, d) && first.active() && first.pid != s->owner)
      send_abort(s, first.pid, first.ref, atoms::closed);
  }
  for (Requestor *r : {&s->reader, &s->writer, &s->acceptor, &s->connector}) requestor_release(*r);
  for (Requestors *q : {&s->readers, &s->writers, &s->acceptors}) requestors_abort(s, *q, atoms::closed);
  s->owner = s->closer = Term::none();
  unwatch_process(s->owner_watch);
  unwatch_process(s->closer_watch);
  if (s->sendfile_fd >= 0) ::close(std::exchange(s->sendfile_fd, -1));
  count_socket(*s, -1);
  int fd = std::exchange(s->fd, -1);
  if (s->close_on_close) ::close(fd);
  if (s->registered) registry_tell(s, "del");
  if (std::exchange(s->pinned, false)) bin_unref(s->self);
}
} // namespace

// Nobody knows this socket any more.
Socket::~Socket() {
  if (item) poll_remove(item);
  if (sendfile_fd >= 0) ::close(sendfile_fd);
  if (fd >= 0) {
    count_socket(*this, -1);
    if (close_on_close) ::close(fd);
  }
  fragment_free(meta_data);
}

// --- arguments, answers
Term error_range(Process *p, Term integer) {
  return invalid(p, make_tuple(p->heap, named<"integer_range">(), integer));
}
bool int_argument(Process *p, Term t, int *out, Term *answer) {
  if (get_int(t, out)) return true;
  *answer = is_integer(t) ? error_range(p, t) : badarg(p);
  return false;
}
bool size_argument(Process *p, Term t, size_t *out, Term *answer) {
  int64_t v;
  if (get_int64(t, &v) && v >= 0) return *out = size_t(v), true;
  *answer = is_integer(t) ? error_range(p, t) : badarg(p);
  return false;
}
const Term *field(Term map, Term name) { return is_map(map) ? map_find(map, name) : nullptr; }
bool flag(Term map, Term name, bool otherwise) {
  const Term *v = field(map, name);
  return !v || (*v != atoms::true_ && *v != atoms::false_) ? otherwise : *v == atoms::true_;
}
} // namespace joist::stubs
