// Binding, connecting, listening, accepting, names of both ends, shutting down, and taking back what was begun.
#include "otp_stubs/prim_net/sockaddr.h"
#include "otp_stubs/prim_socket/operations.h"
#include "otp_stubs/prim_socket/socket.h"
#include "runtime/proc/process.h"

#include <unistd.h>
#include <utility>

namespace joist::stubs {
using namespace socket_state;
namespace {
bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

// A connection was taken from the queue of s: a socket of the process that asked.
Term accepted(Process *p, Socket *s, int fd) {
  Socket *n = socket_new(fd, s->domain, s->type, s->protocol, p->id);
  n->receive_size = s->receive_size;
  n->receive_number = s->receive_number;
  n->receive_control = s->receive_control;
  n->send_control = s->send_control;
  n->iow = s->iow;
  n->debug = s->debug;
  n->registered = s->registered;
  s->write_state |= Connected; // so stock shows it: at the listening socket
  Term ref = socket_term(p->heap, n);
  bin_unref(n->self);
  if (n->registered) registry_tell(n, "add");
  return ok_with(p, ref);
}

Term wait_for_connection(Process *p, Socket *s, Term ref) {
  requestor_set(s, s->acceptor, p->id, ref);
  s->accept.waits++;
  s->read_state |= Accepting;
  select_for(s, Direction::In, p->id, s->acceptor.ref);
  return named<"select">();
}
// The end of connecting, after the message.
Term connected(Process *p, Socket *s) {
  requestor_release(s->connector);
  s->write_state &= ~uint32_t(Connecting);
  int error = 0;
  socklen_t n = sizeof error;
  if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0) error = errno;
  if (error) return posix_error(p, error);
  s->write_state |= Connected;
  return atoms::ok;
}
} // namespace

Term socket_bind_2(Process *p, const Term *args) {
  Socket *s = socket_of(args[0]);
  if (!s) return badarg(p);
  SocketAddress a;
  if (!sockaddr_from_map(args[1], &a.storage, &a.size)) return invalid(p, named<"sockaddr">());
  std::lock_guard g(s->lock);
  if (!s->open()) return error_closed(p);
  if (::bind(s->fd, a.any(), a.size) != 0) return posix_error(p, errno);
  s->read_state |= Bound;
  return atoms::ok;
}

Term socket_connect_3(Process *p, const Term *args) {
  Socket *s = socket_of(args[0]);
  if (!s || !is_ref(args[1])) return badarg(p);
  SocketAddress a;
  if (!sockaddr_from_map(args[2], &a.storage, &a.size)) return invalid(p, named<"sockaddr">());
  std::lock_guard g(s->lock);
  if (!s->open()) return error_closed(p);
  if (s->writer.active()) return error_invalid(p, named<"state">());
  // A second call of the connecting process ends the first, as if its message had come.
  if (s->connector.active() && s->connector.pid != p->id) return error_with(p, named<"already">());
  if (s->connector.active()) return connected(p, s);
  if (::connect(s->fd, a.any(), a.size) == 0) {
    s->write_state |= Connected;
    return atoms::ok;
  }
  if (errno != EINPROGRESS && !would_block(errno)) return posix_error(p, errno);
  requestor_set(s, s->connector, p->id, args[1]);
  s->write_state |= Connecting;
  select_for(s, Direction::Out, p->id, s->connector.ref);
  return named<"select">();
}

// After the message: has it worked?
Term socket_connect_1(Process *p, const Term *args) {
  Socket *s = socket_of(args[0]);
  if (!s) return badarg(p);
  std::lock_guard g(s->lock);
  if (!s->open()) return error_closed(p);
  if (s->writer.active()) return error_invalid(p, named<"state">());
  if (!s->connector.active() || s->connector.pid != p->id) return raise_invalid(p, named<"state">());
  return connected(p, s);
}

Term socket_listen_2(Process *p, const Term *args) {
  Socket *s = socket_of(args[0]);
  int backlog;
  Term answer;
  if (!s) return badarg(p);
  if (!int_argument(p, args[1], &backlog, &answer)) return answer;
  std::lock_guard g(s->lock);
  if (!s->open()) return error_closed(p);
  if (::listen(s->fd, backlog) != 0) return posix_error(p, errno);
  s->read_state |= Listening;
  return atoms::ok;
}

Term socket_accept_2(Process *p, const Term *args) {
  Socket *s = socket_of(args[0]);
  if (!s || !is_ref(args[1])) return badarg(p);
  std::lock_guard g(s->lock);
  if (!s->open()) return error_closed(p);
  if (s->reader.active()) return error_invalid(p, named<"state">());
  if (Term answer; !requestor_turn(p, s, s->acceptor, s->acceptors, args[1], &answer)) return answer;
  bool current = s->acceptor.active();
  s->accept.tries++;
  int fd = ::accept4(s->fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) {
    int error = errno;
    if (would_block(error)) return wait_for_connection(p, s, args[1]);
    s->accept.fails++;
    if (current) {
      requestors_abort(s, s->acceptors, posix_atom(error));
      requestor_release(s->acceptor);
      s->read_state &= ~uint32_t(Accepting);
    }
    return posix_error(p, error);
  }
  s->accept.packages++;
  if (current) {
    requestor_next(s, s->acceptor, s->acceptors, Direction::In);
    if (!s->acceptor.active()) s->read_state &= ~uint32_t(Accepting);
  }
  return accepted(p, s, fd);
}

Term socket_shutdown_2(Process *p, const Term *args) {
  Socket *s = socket_of(args[0]);
  if (!s) return badarg(p);
  int how;
  if (args[1] == named<"read">()) how = SHUT_RD;
  else if (args[1] == named<"write">()) how = SHUT_WR;
  else if (args[1] == named<"read_write">()) how = SHUT_RDWR;
  else return raise_invalid(p, make_tuple(p->heap, named<"how">(), args[1]));
  std::lock_guard g(s->lock);
  if (!s->open()) return error_closed(p);
  return ::shutdown(s->fd, how) == 0 ? atoms::ok : posix_error(p, errno);
}

namespace {
Term name_of(Process *p, const Term *args, int (*get)(int, sockaddr *, socklen_t *)) {
  Socket *s = socket_of(args[0]);
  if (!s) return badarg(p);
  std::lock_guard g(s->lock);
  if (!s->open()) return error_closed(p);
  SocketAddress a;
  a.size = sizeof a.storage;
  if (get(s->fd, a.any(), &a.size) != 0) return posix_error(p, errno);
  return ok_with(p, sockaddr_to_map(p->heap, a.any(), a.size));
}
} // namespace
Term socket_sockname_1(Process *p, const Term *args) {
  return name_of(p, args, [](int fd, sockaddr *a, socklen_t *n) { return ::getsockname(fd, a, n); });
}
Term socket_peername_1(Process *p, const Term *args) {
  return name_of(p, args, [](int fd, sockaddr *a, socklen_t *n) { return ::getpeername(fd, a, n); });
}

namespace {
// What a process waits for, by reference; current or in the queue.
Term cancel(Process *p, Socket *s, Requestor &current, Requestors *queue, Direction d, Term ref) {
  if (current.active() && current.pid == p->id && current.ref.is(ref)) {
    Term answer = select_cancel(s, d) ? atoms::ok : named<"select_sent">();
    if (queue) requestor_next(s, current, *queue, d);
    else requestor_release(current);
    return answer;
  }
  if (queue && current.active())
    for (auto it = queue->begin(); it != queue->end(); ++it)
      if (it->pid == p->id && it->ref.is(ref)) {
        requestor_release(*it);
        queue->erase(it);
        return atoms::ok;
      }
  return named<"not_found">();
}
} // namespace

Term socket_cancel_3(Process *p, const Term *args) {
  Socket *s = socket_of(args[0]);
  if (!s || !args[1].is_atom() || !is_ref(args[2])) return badarg(p);
  std::string_view op = atom::text(args[1]);
  std::lock_guard g(s->lock);
  bool connect = op == "connect", accept = op == "accept",
       send = op == "send" || op == "sendto" || op == "sendmsg" || op == "sendfile",
       receive = op == "recv" || op == "recvfrom" || op == "recvmsg";
  if (!connect && !accept && !send && !receive) return badarg(p);
  if (!s->open()) return error_closed(p);
  if (connect) {
    Term answer = cancel(p, s, s->connector, nullptr, Direction::Out, args[2]);
    if (!s->connector.active()) s->write_state &= ~uint32_t(Connecting);
    return answer;
  }
  if (accept) {
    Term answer = cancel(p, s, s->acceptor, &s->acceptors, Direction::In, args[2]);
    if (!s->acceptor.active()) s->read_state &= ~uint32_t(Accepting);
    return answer;
  }
  if (send) {
    if (s->sendfile_fd >= 0 && s->writer.pid == p->id) ::close(std::exchange(s->sendfile_fd, -1));
    return cancel(p, s, s->writer, &s->writers, Direction::Out, args[2]);
  }
  return cancel(p, s, s->reader, &s->readers, Direction::In, args[2]);
}
} // namespace joist::stubs
