// Opening and closing sockets, by number or anew, also in another network namespace.
#include "otp_stubs/prim_socket/operations.h"
#include "otp_stubs/prim_socket/socket.h"
#include "runtime/proc/process.h"

#include <fcntl.h>
#include <sched.h>
#include <string>
#include <unistd.h>
#include <utility>

namespace joist::stubs {
using namespace socket_state;
namespace {
bool socket_number(int fd, int option, int *out) {
  socklen_t n = sizeof *out;
  return getsockopt(fd, SOL_SOCKET, option, out, &n) == 0;
}
void set_blocking(int fd, bool on) {
  int flags = fcntl(fd, F_GETFL);
  fcntl(fd, F_SETFL, on ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
}

Term opened(Process *p, Socket *s, Term options) {
  s->debug = flag(options, named<"debug">(), socket_debug);
  s->registered = flag(options, named<"use_registry">(), use_registry);
  Term ref = socket_term(p->heap, s);
  bin_unref(s->self); // the term holds it now
  if (s->registered) registry_tell(s, "add");
  return ok_with(p, ref);
}

// The scheduler thread enters another network namespace for one call.
class Namespace {
public:
  explicit Namespace(const std::string &path) {
    home_ = ::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    if (home_ < 0) {
      error_ = errno;
      return;
    }
    int there = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (there < 0) {
      error_ = errno;
      return;
    }
    if (setns(there, CLONE_NEWNET) != 0) error_ = errno;
    else entered_ = true;
    ::close(there);
  }
  int leave() { // error number, 0 if all is well
    if (std::exchange(entered_, false) && setns(home_, CLONE_NEWNET) != 0) error_ = errno;
    return error_;
  }
  int error() const { return error_; }
  ~Namespace() {
    leave();
    if (home_ >= 0) ::close(home_);
  }

private:
  int home_ = -1, error_ = 0;
  bool entered_ = false;
};
} // namespace

Term socket_open_2(Process *p, const Term *args) {
  int fd;
  Term answer;
  if (!is_map(args[1])) return badarg(p);
  if (!int_argument(p, args[0], &fd, &answer)) return answer;
  Term options = args[1];
  int domain, type, protocol = 0;
  if (!socket_number(fd, SO_DOMAIN, &domain)) {
    const Term *t = field(options, named<"domain">());
    if (!t || !domain_number(*t, &domain)) return invalid(p, named<"domain">());
  }
  if (!socket_number(fd, SO_TYPE, &type)) {
    const Term *t = field(options, named<"type">());
    if (!t || !type_number(*t, &type)) return invalid(p, named<"type">());
  }
  if (!socket_number(fd, SO_PROTOCOL, &protocol)) {
    const Term *t = field(options, named<"protocol">());
    if (!t || !get_int(*t, &protocol)) protocol = 0;
  }
  bool duplicate = flag(options, named<"dup">(), true);
  int own = duplicate ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : fd;
  if (own < 0) return posix_error(p, errno);
  set_blocking(own, false);
  Socket *s = socket_new(own, domain, type, protocol, p->id);
  s->close_on_close = duplicate;
  s->original_fd = fd;
  sockaddr_storage peer;
  socklen_t n = sizeof peer;
  if (getpeername(own, reinterpret_cast<sockaddr *>(&peer), &n) == 0) s->write_state |= Connected;
  return opened(p, s, options);
}

Term socket_open_4(Process *p, const Term *args) {
  int domain, type, protocol;
  Term answer, options = args[3];
  if (!is_map(options)) return badarg(p);
  if (!domain_number(args[0], &domain))
    return is_integer(args[0]) ? error_range(p, args[0]) : invalid(p, named<"domain">());
  if (!type_number(args[1], &type)) return is_integer(args[1]) ? error_range(p, args[1]) : invalid(p, named<"type">());
  if (!int_argument(p, args[2], &protocol, &answer)) return answer;
  int fd;
  int flags = type | SOCK_NONBLOCK | SOCK_CLOEXEC;
  if (const Term *path = field(options, named<"netns">()); path && is_binary(*path)) {
    ByteScratch scratch;
    Bytes b = bytes_of(*path, scratch);
    Namespace there(std::string(reinterpret_cast<const char *>(b.data), b.size));
    if (there.error()) return posix_error(p, there.error());
    fd = ::socket(domain, flags, protocol);
    int error = fd < 0 ? errno : 0;
    if (int back = there.leave(); back && fd >= 0) {
      ::close(fd);
      return posix_error(p, back);
    }
    if (fd < 0) return posix_error(p, error);
  } else {
    fd = ::socket(domain, flags, protocol);
    if (fd < 0) return posix_error(p, errno);
  }
  return opened(p, socket_new(fd, domain, type, protocol, p->id), options);
}

// close is in two steps: this one refuses new operations and aborts those under way; finalize_close closes.
Term socket_close_1(Process *p, const Term *args) {
  Socket *s = socket_of(args[0]);
  if (!s) return badarg(p);
  std::lock_guard g(s->lock);
  if (!s->open()) return error_closed(p);
  s->closer = p->id;
  if (p->id != s->owner) s->closer_watch = watch_process(p->id, s);
  s->read_state |= Closing;
  s->write_state |= Closing;
  {
    std::lock_guard g2(s->arm_lock);
    if (s->item) poll_remove(std::exchange(s->item, nullptr));
  }
  struct {
    Requestor *current, *other;
    Direction d;
  } all[] = {{&s->reader, &s->acceptor, Direction::In}, {&s->writer, &s->connector, Direction::Out}};
  for (auto &a : all) {
    bool waited = select_cancel(s, a.d); // else its message is on the way
    for (Requestor *r : {a.current, a.other}) {
      if (r->active() && waited) send_abort(s, r->pid, r->ref, atoms::closed);
      requestor_release(*r);
    }
  }
  for (Requestors *q : {&s->readers, &s->writers, &s->acceptors}) requestors_abort(s, *q, atoms::closed);
  return atoms::ok;
}

Term socket_finalize_close_1(Process *p, const Term *args) {
  Socket *s = socket_of(args[0]);
  if (!s) return badarg(p);
  int fd, file;
  bool ours;
  {
    std::lock_guard g(s->lock);
    if (s->read_state & Closed) return error_closed(p);
    if (!(s->read_state & Closing) || s->closer != p->id) return raise_invalid(p, named<"state">());
    unwatch_process(s->closer_watch);
    unwatch_process(s->owner_watch);
    s->owner = s->closer = Term::none();
    s->read_state |= Closed;
    s->write_state |= Closed;
    count_socket(*s, -1);
    fragment_free(std::exchange(s->meta_data, nullptr));
    s->meta = atoms::undefined;
    fd = std::exchange(s->fd, -1);
    file = std::exchange(s->sendfile_fd, -1);
    ours = s->close_on_close;
  }
  int error = 0;
  if (ours) {
    set_blocking(fd, true); // so that SO_LINGER waits
    if (::close(fd) != 0) error = errno;
  }
  if (file >= 0) ::close(file);
  if (s->registered) registry_tell(s, "del");
  if (std::exchange(s->pinned, false)) bin_unref(s->self); // the caller's term holds it still
  if (error == EWOULDBLOCK) return error_with(p, named<"timeout">());
  return error ? posix_error(p, error) : atoms::ok;
}
} // namespace joist::stubs
