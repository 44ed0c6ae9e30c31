// Sending on stream sockets.
#include "otp_stubs/drivers/inet/tcp_port.h"

#include <sys/uio.h>
#include <utility>

namespace joist::stubs::inet {
namespace {
constexpr int kMaxVectors = 1024; // of one write; what the kernel allows

size_t length_header(int32_t packet, size_t n, uint8_t *out) {
  switch (packet_type_of(packet)) {
  case PacketType::One: out[0] = uint8_t(n); return 1;
  case PacketType::Two: out[0] = uint8_t(n >> 8), out[1] = uint8_t(n); return 2;
  case PacketType::Four:
    for (int i = 0; i < 4; i++) out[i] = uint8_t(n >> (24 - 8 * i));
    return 4;
  default: return 0;
  }
}
} // namespace

void TcpPort::output(Port &, IoQueue &data) {
  sender_ = port_caller(port_);
  if (!is_connected()) {
    if (!std::exchange(delayed_close_send_, false)) return reply_error(ENOTCONN);
    if (delayed_reset_) return reply_error(ECONNRESET); // the next receive says so too
    return reply_error(names.closed);
  }
  if (pending_shutdown_ != Shutdown::None) return send_or_shutdown_failed(EPIPE);
  send_data(data);
}

// Behind what is queued already. The sender waits if that is too much.
void TcpPort::enqueue_more(IoQueue &data, Word before) {
  Word after = before + data.size();
  port_queue(port_).take(data);
  if (after < Word(stream_.high)) return reply_ok();
  if (stream_.send_timeout == 0) return reply_error(atoms::timeout);
  state_ |= kStateBusy;
  blocked_sender_ = sender_;
  port_set_busy(port_, true);
  if (stream_.send_timeout < 0) return;
  send_timeout_running_ = true;
  start_timeout(Timeout::Send, stream_.send_timeout);
}

void TcpPort::send_data(IoQueue &data) {
  uint8_t header[4];
  size_t header_size = length_header(packet_, data.size(), header), total = data.size() + header_size;
  statistics_.count_sent(total);
  if (gathering_) {
    data.push_front_copy(header, header_size);
    port_queue(port_).take(data);
    return reply_ok();
  }
  Word queued = port_queue(port_).size();
  if (file_.fd >= 0 || queued > 0) {
    data.push_front_copy(header, header_size);
    return enqueue_more(data, queued);
  }
  if (total == 0) return reply_ok();

  size_t written = 0;
  if (ignored_) {
    ignored_write_ = true;
  } else if (stream_.delay_send) {
    data.push_front_copy(header, header_size);
    port_queue(port_).take(data);
    start_timeout(Timeout::DelayedSend, 0);
    return reply_ok();
  } else {
    iovec v[kMaxVectors];
    int n = header_size ? 1 : 0;
    v[0] = {header, header_size};
    n += data.peek(v + n, kMaxVectors - n);
    ssize_t r = ::writev(fd_, v, n);
    if (r < 0 && errno != EAGAIN && errno != EINTR) return send_failed(errno);
    written = r < 0 ? 0 : size_t(r);
    if (written == total) return reply_ok();
  }
  if (written < header_size) data.push_front_copy(header + written, header_size - written);
  else data.pop(written - header_size);
  port_queue(port_).take(data);
  if (!ignored_) want_write(true);
  reply_ok();
}

void TcpPort::gather(Port &, bool more) {
  if (more) {
    gathering_ = is_connected() && port_queue(port_).size() == 0 && file_.fd < 0 && !ignored_ && !stream_.delay_send &&
                 pending_shutdown_ == Shutdown::None;
  } else if (std::exchange(gathering_, false) && port_queue(port_).size() > 0) {
    write_queue();
  }
}

bool TcpPort::write_queue() {
  IoQueue &q = port_queue(port_);
  while (q.size() > 0) {
    iovec v[kMaxVectors];
    ssize_t n = ::writev(fd_, v, q.peek(v, kMaxVectors));
    if (n < 0) {
      if (errno != EAGAIN && errno != EINTR) return send_failed(errno), false;
      want_write(true); // a delayed send comes here without having waited
      return true;
    }
    q.pop(Word(n));
    if (q.size() <= Word(stream_.low) && (state_ & kStateBusy)) {
      unblock_sender();
      reply_ok();
    }
  }
  want_write(false);
  tell_subscribers();
  if (pending_shutdown_ != Shutdown::None) shutdown_now();
  return true;
}

void TcpPort::shutdown_now() {
  if (::shutdown(fd_, pending_shutdown_ == Shutdown::Write ? SHUT_WR : SHUT_RDWR) < 0) send_or_shutdown_failed(errno);
  else write_shut_down_ = true;
}

// The port is no longer busy; the sender who waited is the one that the next reply goes to.
void TcpPort::release_sender() {
  sender_ = std::exchange(blocked_sender_, Term::none());
  state_ &= ~kStateBusy;
  port_set_busy(port_, false);
}
void TcpPort::unblock_sender() {
  if (std::exchange(send_timeout_running_, false)) cancel_timeout(Timeout::Send);
  release_sender();
}

void TcpPort::clear_output() {
  port_queue(port_).clear();
  tell_subscribers();
}

// EPIPE means that we have shut the socket down ourselves, or else that the peer answered with a reset.
void TcpPort::send_failed(int error) {
  send_or_shutdown_failed(error == EPIPE && !write_shut_down_ ? ECONNRESET : error);
}

void TcpPort::send_or_shutdown_failed(int error) {
  bool show = error == ECONNRESET && stream_.show_reset, by_file = file_.fd >= 0;
  if (state_ & kStateBusy) unblock_sender();
  if (active_ != kPassive) {
    if (show) error_message(error);
    closed_message();
    if (!by_file) reply_error(show ? posix_atom(error) : names.closed);
    if (exit_on_close_) port_end_told(port_, atoms::normal);
    else close();
    return;
  }
  answer_all_closed();
  if (sender_.is_none()) delayed_close_send_ = true; // nobody to tell now: the next send does
  else if (!by_file) reply_error(show ? posix_atom(error) : names.closed);
  close();
  // So that programs may ignore errors of sends and handle those of receives.
  delayed_close_receive_ = true;
  if (show) delayed_reset_ = true;
}
} // namespace joist::stubs::inet
