// The socket object behind the references of module `socket`, and what the operations of prim_socket share.
//
// Protocol
//  * `lock` guards everything but readiness; system calls on the socket (which never blocks) are made under it.
//  * At a time one process reads, one writes, one accepts and one connects; others wait in queues. Waiting means having
//    been answered `select`: a message {'$socket', {'$socket', Socket}, select, Ref} follows when the descriptor is ready, or
//    {'$socket', {'$socket', Socket}, abort, {Ref, Reason}}.
//  * `wanted` (who waits for readiness, by direction) has a lock of its own, select_lock, which is a leaf: the poll
//    thread takes it while it holds the poll item's lock. arm_lock serialises arming, so that the last armed set of
//    directions is the newest; it is never held by `ready`. Order: lock, arm_lock, item's lock, select_lock.
//  * An object lives while a term, a watch of a process, or a wanted direction refers to it.
#pragma once
#include "otp_stubs/native.h"
#include "runtime/io/poll.h"
#include "runtime/nif/watch.h"

#include <deque>
#include <mutex>
#include <sys/socket.h>

namespace joist::stubs {
struct Socket;

// A reference as it was given, kept outside heaps.
class StoredRef {
public:
  void set(Term ref);
  Term term(Heap &h) const; // the atom `undefined` if none is kept
  bool is(Term ref) const;

private:
  Word words_[8] = {};
  unsigned count_ = 0;
};

struct ProcessWatch : Watch {
  BinData *socket;
};

// A process whose operation is under way.
struct Requestor {
  Term pid = Term::none();
  StoredRef ref;
  ProcessWatch *watch = nullptr;
  bool active() const { return !pid.is_none(); }
};
using Requestors = std::deque<Requestor>;

enum class Direction : uint8_t { In, Out };

namespace socket_state {
enum : uint32_t {
  Bound = 1,
  Listening = 2,
  Accepting = 4,
  Connecting = 8,
  Connected = 16,
  Selected = 32,
  Closing = 64,
  Closed = 128
};
}

struct Counters {
  uint64_t bytes = 0, fails = 0, packages = 0, package_max = 0, tries = 0, waits = 0;
  uint64_t package = 0; // bytes of the package under way
};
struct SendfileCounters {
  uint64_t calls = 0, bytes = 0, fails = 0, max = 0, packages = 0, package_max = 0, tries = 0, waits = 0, current = 0;
};

struct Socket final : PollClient {
  ~Socket();
  void ready(bool in, bool out) override;

  BinData *self = nullptr;
  uint32_t numbers[3] = {}; // of the reference, the same each time a term is made
  std::mutex lock;
  int fd = -1, domain = 0, type = 0, protocol = 0;
  int original_fd = -1; // opened from this descriptor
  bool pinned = false;  // kept alive until it is closed, with no owner to watch
  bool close_on_close = true, registered = false, debug = false, iow = false, had_sendfile = false;
  uint32_t read_state = 0, write_state = 0;
  Term owner = Term::none(), closer = Term::none();
  ProcessWatch *owner_watch = nullptr, *closer_watch = nullptr;
  Requestor reader, writer, acceptor, connector;
  Requestors readers, writers, acceptors;
  size_t receive_size = 8192, receive_control = 1024, send_control = 1024;
  unsigned receive_number = 0, received_full = 0;
  int sendfile_fd = -1;
  Counters read, write, accept;
  SendfileCounters sendfile;
  Fragment *meta_data = nullptr;
  Term meta = atoms::undefined;

  // readiness
  struct Wanted {
    bool active = false;
    Term pid;
    StoredRef ref;
  };
  std::mutex select_lock, arm_lock;
  Wanted wanted[2];
  PollItem *item = nullptr;

  bool open() const { return !(read_state & (socket_state::Closing | socket_state::Closed)); }
};

// --- objects and terms
Socket *socket_of(Term ref);                                                // null: not a socket
Term socket_term(Heap &h, Socket *s);                                       // the same reference each time
Socket *socket_new(int fd, int domain, int type, int protocol, Term owner); // watches the owner
ProcessWatch *watch_process(Term pid, Socket *s);
void unwatch_process(ProcessWatch *&w);

// --- readiness and waiting; all with s->lock held
void select_for(Socket *s, Direction d, Term pid, const StoredRef &ref);
bool select_cancel(Socket *s, Direction d); // false: nobody waited; the message has been sent
void requestor_set(Socket *s, Requestor &r, Term pid, Term ref);
void requestor_release(Requestor &r);
void requestor_next(Socket *s, Requestor &current, Requestors &queue, Direction d); // the next in line becomes current
// Is it pid's turn: is `current` nobody, or pid itself? If not, pid joins the queue (a second time raises; with no `ref`, it
// does not wait and goes on) and *answer is what the function returns.
bool requestor_turn(Process *p, Socket *s, const Requestor &current, Requestors &queue, Term ref, Term *answer);
// Aborts all in the queue.
void requestors_abort(Socket *s, Requestors &queue, Term reason);
void send_abort(Socket *s, Term pid, const StoredRef &ref, Term reason);

// --- answers
inline Term error_with(Process *p, Term reason) { return make_tuple(p->heap, atoms::error, reason); }
inline Term invalid(Process *p, Term what) { return make_tuple(p->heap, named<"invalid">(), what); }
inline Term error_invalid(Process *p, Term what) { return error_with(p, invalid(p, what)); }
inline Term raise_invalid(Process *p, Term what) { return raise_error(p, invalid(p, what)); }
inline Term error_closed(Process *p) { return error_with(p, atoms::closed); }
Term error_range(Process *p, Term integer); // {invalid, {integer_range, N}}
// An argument that must be an integer in range. False: *answer is what the function returns (badarg, or the range error).
bool int_argument(Process *p, Term t, int *out, Term *answer);
bool size_argument(Process *p, Term t, size_t *out, Term *answer);

// --- numbers and names
Term domain_term(int domain);
Term type_term(int type);
bool domain_number(Term t, int *out);
bool type_number(Term t, int *out);
const Term *field(Term map, Term name); // null: no such key, or no map
bool flag(Term map, Term name, bool otherwise);

extern Term socket_registry;
extern std::atomic<bool> use_registry, socket_debug;
void registry_tell(Socket *s, const char *what); // add, del, sendfile_deferred_close

// Totals of open sockets by kind, for info/0.
void count_socket(const Socket &s, int by);
} // namespace joist::stubs
