#include "otp_stubs/drivers/inet/udp_port.h"
#include "otp_stubs/drivers/inet/ancillary.h"

#include <climits>

namespace joist::stubs::inet {
UdpPort::~UdpPort() {
  async_error(names.closed);
  if (input_) bin_unref(input_);
}

Refusal UdpPort::request(uint32_t what, std::string_view data, std::string *body) {
  switch (what) {
  case kPacketRecv: return receive_request(data, body);
  case kOpen: return open(data);
  case kFdOpen: return adopt(data);
  case kConnect: return connect(data, body);
  case kClose: close_socket(); return kGranted;
  case kListen:
  case kSctpBindx:
  case kSctpPeeloff: return kBadPort;
  default: return common_request(what, data, body);
  }
}

void UdpPort::dissolve() {
  sockaddr none{};
  none.sa_family = AF_UNSPEC;
  (void)::connect(fd_, &none, sizeof(none));
}

// Only sets the peer; nothing is sent, so the answer follows at once.
Refusal UdpPort::connect(std::string_view data, std::string *body) {
  if (!is_open()) return kBadPort;
  if (data.empty()) {
    dissolve();
    state_ &= ~kStateActive;
  } else {
    if (data.size() < 6) return "einval";
    FieldReader in(data);
    in.u32(); // timeout
    socklen_t size;
    if (Refusal r = read_address(in, domain_, &remote_, &size)) return r;
    // Linux keeps the source address when a connected socket is connected again.
    if (is_connected()) dissolve();
    if (::connect(fd_, &remote_.any, size) < 0) {
      int error = errno;
      dissolve();
      state_ &= ~kStateActive;
      return refuse(error);
    }
    state_ |= kStateActive;
  }
  if (!start_async(body)) { // a receive is under way: the answer goes to nobody else
    AsyncRequest r{new_async_id(), port_caller(port_)};
    put_number(body, r.id, 2);
    FragmentHeap h(5);
    async_answer(r, atoms::ok, h);
    return kGranted;
  }
  async_ok();
  return kGranted;
}

Refusal UdpPort::receive_request(std::string_view data, std::string *body) {
  if (!is_open()) return kBadPort;
  if (active_ != kPassive || data.size() != 8) return "einval";
  FieldReader in(data);
  int32_t milliseconds = in.i32();
  if (!start_async(body)) return "ealready";
  if (receive_one() != Got::Nothing) return kGranted;
  want_read(true);
  if (milliseconds != -1) port_timer_set(port_, int64_t(uint32_t(milliseconds)));
  return kGranted;
}

void UdpPort::ready_input(Port &, int) {
  for (int i = 0; i < read_packets_ && reading_; i++)
    if (receive_one() != Got::Datagram) return;
}

UdpPort::Got UdpPort::receive_one() {
  if (input_ && input_->capacity < buffer_) {
    bin_unref(input_);
    input_ = nullptr;
  }
  if (!input_) input_ = bin_alloc(buffer_);
  Address from{};
  alignas(cmsghdr) char control[kControlSize];
  iovec data{input_->data(), buffer_};
  msghdr m{};
  m.msg_iov = &data;
  m.msg_iovlen = 1;
  ssize_t n;
  socklen_t size = sizeof(from);
  if (is_connected()) {
    n = ::recv(fd_, input_->data(), buffer_, 0);
    from = remote_;
    m.msg_control = nullptr;
  } else if (control_messages_) {
    m.msg_name = &from;
    m.msg_namelen = size;
    m.msg_control = control;
    m.msg_controllen = sizeof(control);
    n = ::recvmsg(fd_, &m, MSG_CMSG_CLOEXEC);
    size = m.msg_namelen;
  } else {
    n = ::recvfrom(fd_, input_->data(), buffer_, 0, &from.any, &size);
  }
  if (n < 0) {
    if (errno == EAGAIN || errno == EINTR) return Got::Nothing;
    receive_failed(names.udp_error, errno);
    return Got::Error;
  }
  statistics_.count_received(size_t(n));
  deliver(from, size, size_t(n), control_messages_ ? &m : nullptr);
  return Got::Datagram;
}

void UdpPort::deliver(const Address &from, socklen_t size, size_t n, msghdr *control) {
  // The buffer goes along with a datagram that fills most of it.
  bool share = n * 4 >= input_->capacity * 3;
  if (active_ == kPassive) {
    auto waiting = take_async();
    if (!waiting) return;
    FragmentHeap h(96 + (as_list(n) ? 2 * n : 0));
    std::string address;
    write_address(from, size, &address);
    Term data = data_term(h, input_, 0, n, share);
    for (size_t i = address.size(); i-- > 0;) data = make_cons(h, Term::small(uint8_t(address[i])), data);
    if (control) data = make_tuple(h, data, ancillary_terms(h, *control));
    async_answer(*waiting, make_tuple(h, atoms::ok, data), h);
    port_timer_cancel(port_);
    want_read(false);
  } else if (deliver_ == kDeliverPort) {
    std::string packet;
    write_address(from, size, &packet);
    packet.append(reinterpret_cast<const char *>(input_->data()), n);
    if (as_list(packet.size())) port_deliver_header(port_, packet.data(), packet.size(), nullptr, 0);
    else port_deliver_header(port_, packet.data(), header_, packet.data() + header_, packet.size() - header_);
    after_active_message();
  } else {
    FragmentHeap h(48 + (as_list(n) ? 2 * n : 0));
    Term ip, port;
    address_terms(h, from, size, &ip, &port);
    Term data = data_term(h, input_, 0, n, share);
    Term message = control ? make_tuple(h, names.udp, port_id(port_), ip, port, ancillary_terms(h, *control), data)
                           : make_tuple(h, names.udp, port_id(port_), ip, port, data);
    send_owner(message, h);
    after_active_message();
  }
  if (share) {
    bin_unref(input_);
    input_ = nullptr;
  }
  if (active_ == kPassive) want_read(false);
}

// Address, length of control data, control data, datagram.
void UdpPort::output(Port &, IoQueue &data) {
  sender_ = port_caller(port_);
  if (!is_open()) return reply_error(EINVAL);
  constexpr size_t kMaxPrefix = 2 + 255 + 4 + 64;
  char prefix[kMaxPrefix];
  size_t have = std::min<size_t>(data.size(), kMaxPrefix);
  data.copy_out(reinterpret_cast<uint8_t *>(prefix), have);
  FieldReader in({prefix, have});
  Address to;
  socklen_t size;
  if (Refusal r = read_address(in, domain_, &to, &size)) return reply_error(atom::intern(r));
  if (in.left() < 4) return reply_error(EINVAL);
  uint32_t control_size = in.u32();
  auto control_data = in.bytes(control_size);
  if (in.bad()) return reply_error(EINVAL);
  alignas(cmsghdr) char control[kControlSize];
  msghdr m{};
  if (control_size > 0) {
    m.msg_control = control;
    m.msg_controllen = sizeof(control);
    if (!compile_ancillary(control_data, &m)) return reply_error(EINVAL);
  }
  data.pop(have - in.left());
  if (!is_connected()) {
    m.msg_name = &to;
    m.msg_namelen = size;
  }
  send_message(m, data);
}
} // namespace joist::stubs::inet
