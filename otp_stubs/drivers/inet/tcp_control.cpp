// Requests to stream sockets: open, listen, connect, shutdown, close.
#include "otp_stubs/drivers/inet/tcp_port.h"

#include <poll.h>
#include <sys/uio.h>
#include <utility>

namespace joist::stubs::inet {
namespace {
constexpr int kReads = 16; // in one turn
} // namespace

TcpPort::~TcpPort() {
  answer_all_closed();
  clear_input();
  forget_file();
}

Refusal TcpPort::request(uint32_t what, std::string_view data, std::string *body) {
  switch (what) {
  case kTcpRecv: return receive_request(data, body);
  case kOpen: return open(data);
  case kFdOpen: return adopt(data);
  case kListen: return listen(data);
  case kConnect: return connect(data, body);
  case kAccept: return accept(data, body);
  case kClose:
    answer_all_closed();
    close();
    return kGranted;
  case kTcpUnrecv: return unreceive(data);
  case kTcpShutdown: return shutdown(data);
  case kTcpSendfile: return sendfile(data);
  default: return common_request(what, data, body);
  }
}

Refusal TcpPort::open(std::string_view data) {
  FieldReader in(data);
  int domain = domain_of(in.u8()), type = in.u8();
  if (in.bad() || in.left()) return "einval";
  if (domain == kNoFamily) return "eafnosupport";
  if (type != kStream) return "einval";
  return open_socket(domain, SOCK_STREAM);
}

Refusal TcpPort::adopt(std::string_view data) {
  if (data.size() != 6 && data.size() != 10) return "einval";
  FieldReader in(data);
  int domain = domain_of(in.u8()), type = in.u8(), fd = in.i32();
  bool bound = in.left() == 0 || in.u32() != 0;
  if (domain == kNoFamily) return "eafnosupport";
  if (type != kStream) return "einval";
  return adopt_socket(domain, SOCK_STREAM, fd, bound);
}

Refusal TcpPort::listen(std::string_view data) {
  if (!is_open()) return kBadPort;
  if (data.size() != 2) return "einval";
  FieldReader in(data);
  if (::listen(fd_, int16_t(in.u16())) < 0) return refuse(errno);
  state_ = kStateOpen | kStateListen;
  return kGranted;
}

Refusal TcpPort::connect(std::string_view data, std::string *body) {
  if (!is_open()) return kBadPort;
  if (is_connected()) return "eisconn";
  if (is_connecting() || data.size() < 6) return "einval";
  FieldReader in(data);
  int32_t milliseconds = in.i32();
  socklen_t size;
  if (Refusal r = read_address(in, domain_, &remote_, &size)) return r;
  int result;
  do result = ::connect(fd_, &remote_.any, size);
  while (result < 0 && errno == EINTR);
  if (result == 0) {
    start_async(body);
    connected();
  } else if (errno == EAGAIN || errno == EINPROGRESS) {
    state_ = kStateOpen | kStateConnecting;
    want_write(true);
    if (milliseconds >= 0) start_timeout(Timeout::Connect, milliseconds);
    start_async(body);
  } else {
    return refuse(errno);
  }
  return kGranted;
}

void TcpPort::connected() {
  state_ = kStateOpen | kStateActive;
  if (active_ != kPassive) want_read(true);
  async_ok();
}

void TcpPort::finish_connect() {
  want_write(false);
  cancel_timeout(Timeout::Connect);
  int error = 0;
  socklen_t size = sizeof(error);
  if (getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) < 0) error = errno;
  if (!error) return connected();
  state_ = kStateOpen;
  async_error(posix_atom(error));
}

Refusal TcpPort::shutdown(std::string_view data) {
  if (!is_connected()) return "enotconn";
  if (data.size() != 1) return "einval";
  int how = data[0];
  if (how != SHUT_RD && port_queue(port_).size() > 0) { // first what has been sent
    if (how == SHUT_WR) pending_shutdown_ = Shutdown::Write;
    else if (how == SHUT_RDWR) pending_shutdown_ = Shutdown::Both;
    return kGranted;
  }
  if (::shutdown(fd_, how) == 0) return kGranted;
  if (how != SHUT_RD) write_shut_down_ = true;
  return refuse(errno);
}

void TcpPort::close() {
  clear_input();
  clear_output();
  want_write(false);
  close_socket();
}

void TcpPort::answer_all_closed() {
  for (Acceptor &a : std::exchange(acceptors_, {})) {
    port_unwatch_process(a.watch);
    async_error(a.request, names.closed);
  }
  if (state_ & kStateAccepting) {
    state_ = kStateOpen | kStateListen;
    want_read(false);
  }
  if (is_connecting() || is_connected()) async_error(names.closed);
  cancel_all_timeouts();
}

void TcpPort::activated_closed() {
  if (std::exchange(delayed_reset_, false)) error_message(ECONNRESET);
  closed_message();
  if (exit_on_close_) port_end_told(port_, atoms::normal);
}

void TcpPort::ready_input(Port &, int) {
  if (state_ & kStateAccepting) return accept_ready();
  if (!is_connected()) return want_read(false);
  Got got = receive(0);
  if (got == Got::Gone) return;
  // Large messages come in many reads: readiness is asked for again only when nothing is left, which saves a round through
  // the poller for each.
  for (int i = 1; i < kReads; i++) {
    if (!last_read_ || !is_connected() || active_ == kPassive || paused_) return;
    if ((got = receive(0)) == Got::Gone) return;
  }
}

void TcpPort::pause_input(Port &, bool pause) {
  paused_ = pause;
  if (is_connected() && active_ != kPassive) want_read(!pause);
}

void TcpPort::ready_output(Port &, int) {
  if (is_connecting()) finish_connect();
  else if (!is_connected()) want_write(false);
  else if (file_.fd >= 0) continue_sendfile();
  else write_queue();
}

// The port is being closed. What is queued is written first, but only if the kernel is known to be able to take it one
// day.
void TcpPort::flush(Port &) {
  if (!writing_ || stream_.linger_zero || file_.fd >= 0) clear_output();
}

void TcpPort::drain(Port &port) {
  IoQueue &q = port_queue(port);
  while (q.size() != 0 && is_connected()) {
    iovec v[64];
    ssize_t n = ::writev(fd_, v, q.peek(v, 64));
    if (n >= 0) {
      q.pop(Word(n));
    } else if (errno == EAGAIN) {
      pollfd p{fd_, POLLOUT, 0};
      constexpr int kPatience = 5000; // ms without any progress
      if (::poll(&p, 1, kPatience) <= 0) return;
    } else if (errno != EINTR) {
      return;
    }
  }
}
} // namespace joist::stubs::inet
