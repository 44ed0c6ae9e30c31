// send, sendto and sendmsg. Answers: ok; {ok, Written} (a datagram cut short); select or {select, Written}: the process
// is the current writer and is told when to go on; {iov, Written}: more than IOV_MAX parts, call again at once.
#include "otp_stubs/prim_net/sockaddr.h"
#include "otp_stubs/prim_socket/operations.h"
#include "otp_stubs/prim_socket/socket.h"
#include "runtime/proc/process.h"

#include <climits>
#include <sys/uio.h>

namespace joist::stubs {
namespace {
// May the caller write now? False: *answer (it waits in the queue, or may not).
bool may_write(Process *p, Socket *s, Term ref, Term *answer) {
  if (!s->open()) return *answer = error_closed(p), false;
  if (s->connector.active()) return *answer = error_invalid(p, named<"state">()), false;
  return requestor_turn(p, s, s->writer, s->writers, ref, answer);
}

void done(Socket *s) {
  s->write.package_max = std::max(s->write.package_max, s->write.package);
  s->write.package = 0;
  if (s->writer.active()) requestor_next(s, s->writer, s->writers, Direction::Out);
}

Term wait(Process *p, Socket *s, Term ref, ssize_t written) {
  s->write.waits++;
  requestor_set(s, s->writer, p->id, ref);
  select_for(s, Direction::Out, p->id, s->writer.ref);
  return written >= 0 ? make_tuple(p->heap, named<"select">(), make_int(p->heap, written)) : named<"select">();
}

// `written` of `size` bytes were taken, or there was an error; more: parts beyond what one call takes remain.
Term sent(Process *p, Socket *s, Term ref, ssize_t written, size_t size, bool more) {
  int error = errno;
  s->write.tries++;
  if (written < 0) {
    if (error == EAGAIN || error == EWOULDBLOCK || error == EINTR) return wait(p, s, ref, -1);
    s->write.fails++;
    if (error != EINVAL && s->writer.active()) { // anything but bad input is final for those who wait as well
      requestor_release(s->writer);
      requestors_abort(s, s->writers, posix_atom(error));
    }
    return posix_error(p, error);
  }
  s->write.bytes += size_t(written);
  s->write.package += size_t(written);
  if (size_t(written) == size && !more) {
    s->write.packages++;
    done(s);
    return atoms::ok;
  }
  if (s->type != SOCK_STREAM) {
    done(s);
    return ok_with(p, make_int(p->heap, written));
  }
  if (size_t(written) < size) return wait(p, s, ref, written);
  requestor_set(s, s->writer, p->id, ref);
  return make_tuple(p->heap, named<"iov">(), make_int(p->heap, written));
}

struct SendArguments {
  Socket *s;
  int flags;
};
bool send_arguments(Process *p, Term socket, Term ref, Term flags, SendArguments *out, Term *answer) {
  out->s = socket_of(socket);
  if (!out->s || !is_ref(ref)) return *answer = badarg(p), false;
  return int_argument(p, flags, &out->flags, answer);
}
} // namespace

Term socket_send_4(Process *p, const Term *args) {
  SendArguments a;
  Term answer;
  if (!is_binary(args[1])) return badarg(p);
  if (!send_arguments(p, args[0], args[3], args[2], &a, &answer)) return answer;
  std::lock_guard g(a.s->lock);
  if (!may_write(p, a.s, args[3], &answer)) return answer;
  ByteScratch scratch;
  Bytes b = bytes_of(args[1], scratch);
  ssize_t n = ::send(a.s->fd, b.data, b.size, a.flags | MSG_NOSIGNAL);
  return sent(p, a.s, args[3], n, b.size, false);
}

Term socket_sendto_5(Process *p, const Term *args) {
  SendArguments a;
  Term answer;
  if (!is_binary(args[1])) return badarg(p);
  if (!send_arguments(p, args[0], args[4], args[3], &a, &answer)) return answer;
  SocketAddress to;
  bool addressed = is_map(args[2]);
  if (addressed && !sockaddr_from_map(args[2], &to.storage, &to.size)) return invalid(p, named<"sockaddr">());
  std::lock_guard g(a.s->lock);
  if (!may_write(p, a.s, args[4], &answer)) return answer;
  ByteScratch scratch;
  Bytes b = bytes_of(args[1], scratch);
  ssize_t n = ::sendto(a.s->fd, b.data, b.size, a.flags | MSG_NOSIGNAL, addressed ? to.any() : nullptr,
                       addressed ? to.size : 0);
  return sent(p, a.s, args[4], n, b.size, false);
}

Term socket_sendmsg_5(Process *p, const Term *args) { // socket, message, flags, reference, io vector
  SendArguments a;
  Term answer;
  if (!is_map(args[1])) return badarg(p);
  if (!send_arguments(p, args[0], args[3], args[2], &a, &answer)) return answer;
  Socket *s = a.s;
  std::lock_guard g(s->lock);
  if (!may_write(p, s, args[3], &answer)) return answer;
  msghdr m{};
  SocketAddress to;
  if (const Term *t = field(args[1], named<"addr">())) {
    if (!sockaddr_from_map(*t, &to.storage, &to.size)) return invalid(p, named<"addr">());
    m.msg_name = to.any();
    m.msg_namelen = to.size;
  }
  std::deque<ByteScratch> scratches; // keeps its elements in place
  std::vector<iovec> parts;
  size_t size = 0;
  Term list = args[4];
  bool more = false;
  for (; list.is_cons(); list = list.tail()) {
    if (!is_binary(list.head())) return invalid(p, named<"iov">());
    if (parts.size() == IOV_MAX) {
      if (bit_view(list.head()).bits == 0) continue;
      more = true;
      break;
    }
    Bytes b = bytes_of(list.head(), scratches.emplace_back());
    parts.push_back({const_cast<uint8_t *>(b.data), b.size});
    size += b.size;
  }
  if (!more && !list.is_nil()) return invalid(p, named<"iov">());
  if (more && s->type != SOCK_STREAM) return invalid(p, named<"iov">()); // one packet must go in one call
  m.msg_iov = parts.data();
  m.msg_iovlen = parts.size();
  std::vector<uint8_t> control;
  if (const Term *t = field(args[1], named<"ctrl">())) {
    control.resize(s->send_control);
    size_t used;
    if (!control_messages_decode(*t, control.data(), control.size(), &used)) return invalid(p, named<"ctrl">());
    m.msg_control = control.data();
    m.msg_controllen = used;
  }
  ssize_t n = ::sendmsg(s->fd, &m, a.flags | MSG_NOSIGNAL);
  return sent(p, s, args[3], n, size, more);
}
} // namespace joist::stubs
