// recv, recvfrom and recvmsg. Answers: {ok, Data}; {more, Data} (a full buffer: ask again for the rest of what is
// there); select or {select, Data}: the process is the current reader and is told when to go on. With the atom `zero` in
// place of a reference nothing is waited for.
#include "otp_stubs/prim_net/sockaddr.h"
#include "otp_stubs/prim_socket/operations.h"
#include "otp_stubs/prim_socket/socket.h"
#include "runtime/proc/process.h"
#include "runtime/term/map.h"

#include <optional>
#include <utility>
#include <vector>

namespace joist::stubs {
namespace {
bool no_wait(Term ref) { return ref == named<"zero">(); }

bool may_read(Process *p, Socket *s, Term ref, Term *answer) {
  if (!s->open()) return *answer = error_closed(p), false;
  if (s->acceptor.active()) return *answer = error_invalid(p, named<"state">()), false;
  return requestor_turn(p, s, s->reader, s->readers, no_wait(ref) ? Term::none() : ref, answer);
}

void done(Socket *s) {
  if (s->reader.active()) requestor_next(s, s->reader, s->readers, Direction::In);
}
void package_ends(Socket *s) {
  s->read.package_max = std::max(s->read.package_max, s->read.package);
  s->read.package = 0;
}
void give_up(Socket *s, Term reason) {
  if (!s->reader.active()) return;
  requestor_release(s->reader);
  requestors_abort(s, s->readers, reason);
}

Term wait(Process *p, Socket *s, Term ref) {
  s->read.waits++;
  requestor_set(s, s->reader, p->id, ref);
  select_for(s, Direction::In, p->id, s->reader.ref);
  return named<"select">();
}
Term failed(Process *p, Socket *s, Term ref, int error) {
  if (error == EAGAIN || error == EWOULDBLOCK) {
    s->received_full = 0;
    return no_wait(ref) ? atoms::ok : wait(p, s, ref);
  }
  s->read.fails++;
  give_up(s, posix_atom(error));
  return posix_error(p, error);
}

// Memory that becomes a binary.
class Buffer {
public:
  explicit Buffer(size_t n) : data_(bin_alloc(std::max<size_t>(n, 1))), size_(n) {}
  ~Buffer() {
    if (data_) bin_unref(data_);
  }
  uint8_t *bytes() { return data_->data(); }
  size_t size() const { return size_; }
  Term term(Process *p, size_t used) {
    BinData *d = std::exchange(data_, nullptr);
    if (used <= kHeapBinMax) {
      Term t = make_binary_from(p->heap, d->data(), used);
      bin_unref(d);
      return t;
    }
    if (used < size_ / 2) d = bin_realloc(d, used); // a small message does not keep a large buffer
    uint8_t *at = d->data();
    return make_refc_binary(p->heap, d, at, used);
  }

private:
  BinData *data_;
  size_t size_;
};

// What the three functions begin with: socket, size, flags and reference are looked at, the socket is locked, and it is the
// caller's turn. If not, `answer` is what the function returns.
struct Reception {
  Socket *s;
  std::unique_lock<std::mutex> lock;
  size_t length = 0, control = 0; // as asked for; 0: the socket's default
  int flags = 0;
  std::optional<Buffer> buffer; // none: see answer
  Term answer;

  Reception(Process *p, const Term *args, const Term *control_size, Term flag_bits, Term ref) : s(socket_of(args[0])) {
    if ((control_size && !is_integer(*control_size)) || !s || (!is_ref(ref) && !no_wait(ref)) || !is_integer(args[1]) ||
        !is_integer(flag_bits)) {
      answer = badarg(p);
      return;
    }
    if (!size_argument(p, args[1], &length, &answer) || !int_argument(p, flag_bits, &flags, &answer) ||
        (control_size && !size_argument(p, *control_size, &control, &answer)))
      return;
    lock = std::unique_lock(s->lock);
    if (!may_read(p, s, ref, &answer)) return;
    buffer.emplace(length ? length : s->receive_size);
    s->read.tries++;
  }
  explicit operator bool() const { return buffer.has_value(); }
};

// A message of n bytes came, or what is wrong (false: *answer).
bool message_came(Process *p, Socket *s, Term ref, ssize_t n, Term *answer) {
  if (n < 0) return *answer = failed(p, s, ref, errno), false;
  if (n == 0 && s->type == SOCK_STREAM) return *answer = error_closed(p), false;
  s->read.packages++;
  s->read.bytes += size_t(n);
  done(s);
  return true;
}
} // namespace

Term socket_recv_4(Process *p, const Term *args) {
  Term ref = args[3];
  Reception a(p, args, nullptr, args[2], ref);
  if (!a) return a.answer;
  Socket *s = a.s;
  Buffer &buffer = *a.buffer;
  ssize_t n = ::recv(s->fd, buffer.bytes(), buffer.size(), a.flags);
  if (n < 0) return failed(p, s, ref, errno);
  bool stream = s->type == SOCK_STREAM;
  if (n == 0 && stream) {
    s->read.fails++;
    give_up(s, atoms::closed);
    return error_closed(p);
  }
  s->read.packages++;
  s->read.bytes += size_t(n);
  s->read.package += size_t(n);
  if (size_t(n) == buffer.size()) {
    if (a.length == 0 && stream && ++s->received_full < s->receive_number) {
      requestor_set(s, s->reader, p->id, ref);
      return make_tuple(p->heap, named<"more">(), buffer.term(p, size_t(n)));
    }
    if (a.length == 0 && stream) s->received_full = 0;
    package_ends(s);
    done(s);
    return ok_with(p, buffer.term(p, size_t(n)));
  }
  if (a.length == 0 || !stream || no_wait(ref)) {
    s->received_full = 0;
    package_ends(s);
    done(s);
    return ok_with(p, buffer.term(p, size_t(n)));
  }
  wait(p, s, ref);
  return make_tuple(p->heap, named<"select">(), buffer.term(p, size_t(n)));
}

Term socket_recvfrom_4(Process *p, const Term *args) {
  Term ref = args[3];
  Reception a(p, args, nullptr, args[2], ref);
  if (!a) return a.answer;
  Buffer &buffer = *a.buffer;
  SocketAddress from;
  memset(&from.storage, 0, sizeof from.storage);
  from.size = sizeof from.storage;
  ssize_t n = ::recvfrom(a.s->fd, buffer.bytes(), buffer.size(), a.flags, from.any(), &from.size);
  if (!message_came(p, a.s, ref, n, &a.answer)) return a.answer;
  Term address = sockaddr_to_map(p->heap, from.any(), from.size);
  return ok_with(p, make_tuple(p->heap, address, buffer.term(p, size_t(n))));
}

Term socket_recvmsg_5(Process *p, const Term *args) { // socket, buffer size, control size, flags, reference
  Term ref = args[4];
  Reception a(p, args, &args[2], args[3], ref);
  if (!a) return a.answer;
  Buffer &buffer = *a.buffer;
  std::vector<uint8_t> control(a.control ? a.control : a.s->receive_control);
  SocketAddress from;
  memset(&from.storage, 0, sizeof from.storage);
  iovec part{buffer.bytes(), buffer.size()};
  msghdr m{};
  m.msg_name = from.any();
  m.msg_namelen = sizeof from.storage;
  m.msg_iov = &part;
  m.msg_iovlen = 1;
  m.msg_control = control.data();
  m.msg_controllen = control.size();
  ssize_t n = ::recvmsg(a.s->fd, &m, a.flags | MSG_CMSG_CLOEXEC);
  if (!message_came(p, a.s, ref, n, &a.answer)) return a.answer;
  Heap &h = p->heap;
  Term data = make_cons(h, buffer.term(p, size_t(n)), Term::nil());
  Term pairs[] = {named<"iov">(),   data,
                  named<"ctrl">(),  control_messages(h, &m),
                  named<"flags">(), message_flags(h, m.msg_flags & ~MSG_CMSG_CLOEXEC),
                  named<"addr">(),  Term::nil()};
  if (m.msg_namelen) pairs[7] = sockaddr_to_map(h, from.any(), m.msg_namelen);
  return ok_with(p, map_from_pairs(h, pairs, m.msg_namelen ? 4 : 3));
}
} // namespace joist::stubs
