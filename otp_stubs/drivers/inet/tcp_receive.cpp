// Receiving from stream sockets: the buffer, and when a packet is whole.
#include "otp_stubs/drivers/inet/tcp_port.h"

#include <utility>

namespace joist::stubs::inet {
namespace {
constexpr int32_t kMaxRequest = 0x4000000; // bytes of one gen_tcp:recv

// What is missing of a packet is not read in every small piece that the peer happens to send: the kernel tells when so
// much is there. Less than half of any receive buffer, so that the kernel need not make that larger; and no more than the
// kernel likes to keep unread: from some 20 kB on the two ends exchange more acknowledgements.
constexpr size_t kLowWaterFrom = 4096, kLowWaterMax = 16384;

constexpr PacketType kPacketTypes[] = {
    PacketType::Raw,   PacketType::One,        PacketType::Two,    PacketType::Four,    PacketType::Asn1,
    PacketType::SunRm, PacketType::Cdr,        PacketType::Fcgi,   PacketType::Line,    PacketType::Tpkt,
    PacketType::Http,  PacketType::HttpHeader, PacketType::SslTls, PacketType::HttpBin, PacketType::HttpHeaderBin};
} // namespace

PacketType packet_type_of(int32_t option) {
  return size_t(option) < std::size(kPacketTypes) ? kPacketTypes[option] : PacketType::Raw;
}

Refusal TcpPort::receive_request(std::string_view data, std::string *body) {
  if (!is_connected()) {
    if (!delayed_close_receive_) return "enotconn";
    delayed_close_receive_ = delayed_close_send_ = false;
    return std::exchange(delayed_reset_, false) ? "econnreset" : "closed";
  }
  if (active_ != kPassive || data.size() != 8) return "einval";
  FieldReader in(data);
  int32_t milliseconds = in.i32(), wanted = in.i32();
  if (packet_ != 0 && wanted != 0) return "einval";
  if (wanted > kMaxRequest || wanted < 0) return "enomem";
  if (!start_async(body)) return "ealready";
  if (!ignored_ && receive(size_t(wanted)) != Got::Nothing) return kGranted;
  if (milliseconds == 0) {
    async_error(atoms::timeout);
    return kGranted;
  }
  if (milliseconds > 0) start_timeout(Timeout::Receive, milliseconds);
  if (ignored_) ignored_read_ = true;
  else want_read(true);
  return kGranted;
}

Refusal TcpPort::unreceive(std::string_view data) {
  if (!is_connected()) return "enotconn";
  size_t have = input_.end - input_.start;
  BinData *with = bin_alloc(std::max<size_t>(data.size() + have, 1));
  memcpy(with->data(), data.data(), data.size());
  if (have) memcpy(with->data() + data.size(), input_.data->data() + input_.start, have);
  clear_input();
  input_.data = with;
  input_.size = input_.end = data.size() + have;
  if (active_ != kPassive) deliver(0);
  return kGranted;
}

void TcpPort::set_low_water(size_t n) {
  if (int(n) == low_water_ || fd_ < 0 || domain_ == AF_UNIX) return;
  low_water_ = int(n);
  setsockopt(fd_, SOL_SOCKET, SO_RCVLOWAT, &low_water_, sizeof(low_water_));
}
void TcpPort::wait_for_rest() {
  if (input_.remain >= kLowWaterFrom) set_low_water(std::min(input_.remain, kLowWaterMax));
  else set_low_water(1);
}

void TcpPort::clear_input() {
  set_low_water(1);
  if (input_.data) bin_unref(input_.data);
  input_ = {};
}

// Moves what is there to the beginning. Only while nobody else refers to the buffer.
void TcpPort::restart_input() {
  size_t n = input_.end - input_.start;
  if (input_.start == 0) return;
  memmove(input_.data->data(), input_.data->data() + input_.start, n);
  input_.start = 0;
  input_.end = n;
}

// Room for a packet of that size that begins where undelivered data does.
void TcpPort::expand_input(size_t packet) {
  size_t needed = input_.start + packet;
  if (input_.size >= needed) return;
  if (input_.data->capacity < needed) input_.data = bin_realloc(input_.data, needed);
  input_.size = needed;
}

TcpPort::Need TcpPort::next_packet() {
  size_t n = input_.end - input_.start;
  PacketLimits limits{packet_size_, uint32_t(input_.size), line_delimiter_};
  int64_t length = packet_length(packet_type_of(packet_), input_.data->data() + input_.start, n, limits, &in_headers_);
  if (length < 0) return {Need::Kind::Bad, 0};
  if (length > 0) {
    if (size_t(length) <= n) return {Need::Kind::None, size_t(length)};
    expand_input(size_t(length));
    return {Need::Kind::Exactly, size_t(length) - n};
  }
  if (input_.size > input_.end) return {Need::Kind::AtMost, input_.size - input_.end};
  if (input_.start > 0) {
    restart_input();
    return {Need::Kind::AtMost, input_.size - input_.end};
  }
  if (packet_size_ <= input_.end) return {Need::Kind::Bad, 0};
  expand_input(packet_size_);
  return {Need::Kind::AtMost, input_.size - input_.end};
}

// wanted: bytes asked for, 0: a packet.
TcpPort::Got TcpPort::receive(size_t wanted) {
  Got got = read_once(wanted);
  if (got == Got::Nothing) wait_for_rest();
  return got;
}

TcpPort::Got TcpPort::read_once(size_t wanted) {
  size_t room;
  last_read_ = false;
  if (!input_.data) {
    room = wanted ? wanted : buffer_;
    input_.data = bin_alloc(room);
    input_.size = room;
    input_.remain = wanted;
  } else if (wanted) {
    size_t n = input_.end - input_.start;
    if (n >= wanted) return deliver(wanted);
    expand_input(wanted);
    input_.remain = room = wanted - n;
  } else if (input_.remain == 0) {
    Need need = next_packet();
    if (need.kind == Need::Kind::Bad) return receive_failed(EMSGSIZE);
    if (need.kind == Need::Kind::None) return deliver(need.n);
    if (need.kind == Need::Kind::Exactly) input_.remain = need.n;
    room = need.n;
  } else {
    room = input_.remain;
  }

  ssize_t n = ::recv(fd_, input_.data->data() + input_.end, room, 0);
  last_read_ = n > 0 && size_t(n) == room; // less: there was no more
  if (n < 0) {
    if (errno == EAGAIN || errno == EINTR) return Got::Nothing;
    return errno == ECONNRESET && !stream_.show_reset ? peer_closed() : receive_failed(errno);
  }
  if (n == 0) return peer_closed();
  input_.end += size_t(n);
  if (input_.remain > 0) {
    input_.remain -= size_t(n);
    return input_.remain == 0 ? deliver(input_.end - input_.start) : Got::Nothing;
  }
  Need need = next_packet();
  if (need.kind == Need::Kind::Bad) return receive_failed(EMSGSIZE);
  if (need.kind == Need::Kind::None) return deliver(need.n);
  if (need.kind == Need::Kind::Exactly) input_.remain = need.n;
  return Got::Nothing;
}

TcpPort::Got TcpPort::deliver(size_t length) {
  if (length == 0) {
    if (!input_.data || input_.remain > 0) return Got::Nothing;
    Need need = next_packet();
    if (need.kind == Need::Kind::Bad) return Got::Gone;
    if (need.kind == Need::Kind::Exactly) input_.remain = need.n;
    if (need.kind != Need::Kind::None) return Got::Nothing;
    length = need.n;
  }
  while (length > 0) {
    statistics_.count_received(length);
    // A packet that fills most of the buffer keeps it; others are copied out of it.
    bool share = length * 4 >= input_.data->capacity * 3;
    if (!deliver_packet(input_.start, length, share)) return Got::Gone;
    input_.start += length;
    input_.remain = 0;
    set_low_water(1);
    size_t rest = input_.end - input_.start;
    if (rest == 0) {
      clear_input();
    } else if (share) {
      Input next{bin_alloc(std::max(input_.size, rest)), input_.size, 0, rest, 0};
      memcpy(next.data->data(), input_.data->data() + input_.start, rest);
      bin_unref(input_.data);
      input_ = next;
    }
    length = 0;
    if (active_ == kPassive) {
      cancel_timeout(Timeout::Receive);
      want_read(false);
      if (input_.data) restart_input();
    } else if (input_.data) {
      Need need = next_packet();
      if (need.kind == Need::Kind::Bad) return Got::Gone;
      if (need.kind == Need::Kind::None) {
        length = need.n;
      } else {
        restart_input();
        if (need.kind == Need::Kind::Exactly) input_.remain = need.n;
      }
    }
  }
  return Got::Packet;
}

// --- ends
TcpPort::Got TcpPort::peer_closed() {
  bool sender_waits = state_ & kStateBusy;
  if (sender_waits) {
    clear_output();
    unblock_sender();
    reply_error(names.closed);
  }
  if (file_.fd >= 0) {
    sendfile_aborted(ENOTCONN);
    sender_waits = true;
  }
  if (!sender_waits) delayed_close_send_ = true; // the next send says closed, not enotconn
  return closed_while_receiving(names.closed, false, 0);
}

TcpPort::Got TcpPort::receive_failed(int error) {
  if (state_ & kStateBusy) {
    clear_output();
    unblock_sender();
    reply_error(names.closed);
  }
  if (file_.fd >= 0) sendfile_aborted(error);
  return closed_while_receiving(posix_atom(error), true, error);
}

TcpPort::Got TcpPort::closed_while_receiving(Term reason, bool is_error, int error) {
  if (active_ == kPassive) {
    cancel_all_timeouts();
    clear_input();
    if (exit_on_close_) close();
    else want_read(false);
    async_error(reason);
    return Got::Gone;
  }
  clear_input();
  if (is_error) error_message(error);
  closed_message();
  if (!exit_on_close_) want_read(false);
  else if (error) port_end_told(port_, posix_atom(error));
  else port_end_told(port_, atoms::normal);
  return Got::Gone;
}
} // namespace joist::stubs::inet
