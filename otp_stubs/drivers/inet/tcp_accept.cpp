// Accepting connections. Processes wait in order of arrival; each is watched, so that none that is gone takes one.
#include "otp_stubs/drivers/inet/tcp_port.h"

#include <unistd.h>
#include <utility>

namespace joist::stubs::inet {
namespace {
int accept_one(int listener, Address *remote) {
  for (;;) {
    socklen_t size = sizeof(*remote);
    memset(remote, 0, sizeof(*remote));
    int fd = ::accept4(listener, &remote->any, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0 || errno != EINTR) return fd;
  }
}
struct Connection {
  TcpPort *listener;
  int fd;
};
} // namespace

Refusal TcpPort::accept(std::string_view data, std::string *body) {
  if (!(state_ & kStateListen) || data.size() != 4) return "einval";
  FieldReader in(data);
  int32_t milliseconds = in.i32();
  Term caller = port_caller(port_);
  if (acceptors_.empty()) {
    int fd = accept_one(fd_, &remote_);
    if (fd >= 0) {
      Term port = make_connection(fd, caller);
      if (port.is_none()) return "system_limit";
      AsyncRequest r{new_async_id(), caller};
      put_number(body, r.id, 2);
      accepted(r, port);
      return kGranted;
    }
    if (errno != EAGAIN) return refuse(errno);
  }
  PortWatch *watch = port_watch_process(port_, caller);
  if (!watch) return "noproc";
  Acceptor a{{new_async_id(), caller}, watch};
  put_number(body, a.request.id, 2);
  acceptors_.push_back(a);
  if (milliseconds >= 0) start_timeout(Timeout::Accept, milliseconds, a.request.id);
  acceptors_changed();
  return kGranted;
}

void TcpPort::acceptors_changed() {
  bool any = !acceptors_.empty();
  if (state_ & kStateListen) state_ = any ? state_ | kStateAccepting : state_ & ~kStateAccepting;
  want_read(any);
}

void TcpPort::accepted(const AsyncRequest &to, Term port) {
  FragmentHeap h(8);
  async_answer(to, make_tuple(h, atoms::ok, port), h);
}

void TcpPort::accept_ready() {
  while (!acceptors_.empty()) {
    int fd = accept_one(fd_, &remote_), error = errno;
    if (fd < 0 && error == EAGAIN) break;
    Acceptor a = acceptors_.front();
    acceptors_.pop_front();
    port_unwatch_process(a.watch);
    cancel_timeout(Timeout::Accept, a.request.id);
    if (fd < 0) {
      async_error(a.request, posix_atom(error));
      break;
    }
    Term port = make_connection(fd, a.request.caller);
    if (port.is_none()) async_error(a.request, atoms::system_limit);
    else accepted(a.request, port);
  }
  acceptors_changed();
}

void TcpPort::process_gone(Port &, PortWatch *watch) {
  auto at = std::find_if(acceptors_.begin(), acceptors_.end(), [&](const Acceptor &a) { return a.watch == watch; });
  if (at == acceptors_.end()) return;
  cancel_timeout(Timeout::Accept, at->request.id);
  acceptors_.erase(at);
  acceptors_changed();
}

Term TcpPort::make_connection(int fd, Term owner) {
  Connection c{this, fd};
  Term port = port_create_child(port_, owner, make_copy, &c);
  if (port.is_none() && c.fd >= 0) ::close(c.fd);
  return port;
}

// A connection takes over the settings of its listener.
std::unique_ptr<DriverPort> TcpPort::make_copy(Port &port, void *arg) {
  auto &c = *static_cast<Connection *>(arg);
  const TcpPort &from = *c.listener;
  auto p = std::make_unique<TcpPort>(port);
  p->take_connected(std::exchange(c.fd, -1), from.type_, from);
  p->remote_ = from.remote_;
  p->packet_ = from.packet_;
  p->packet_size_ = from.packet_size_;
  p->header_ = from.header_;
  p->stream_ = from.stream_;
  p->stream_.delay_send = false;
  return p;
}
} // namespace joist::stubs::inet
