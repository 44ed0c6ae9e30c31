// inet:setopts. Options come one after the other: number, value of 32 bits, and for some more.
#include "otp_stubs/drivers/inet/socket_port.h"

#include <climits>
#include <net/if.h>
#include <netinet/tcp.h>

namespace joist::stubs::inet {
namespace {
struct KernelOption {
  uint8_t option;
  int level, name;
  bool report; // a failure is told; of the others stock has always kept silent
};
constexpr KernelOption kKernelOptions[] = {
    {kReuseAddr, SOL_SOCKET, SO_REUSEADDR, false},
    {kKeepAlive, SOL_SOCKET, SO_KEEPALIVE, false},
    {kDontRoute, SOL_SOCKET, SO_DONTROUTE, false},
    {kBroadcast, SOL_SOCKET, SO_BROADCAST, false},
    {kOobInline, SOL_SOCKET, SO_OOBINLINE, false},
    {kSndBuf, SOL_SOCKET, SO_SNDBUF, false},
    {kRcvBuf, SOL_SOCKET, SO_RCVBUF, false},
    {kPriority, SOL_SOCKET, SO_PRIORITY, true},
    {kTos, IPPROTO_IP, IP_TOS, true},
    {kTclass, IPPROTO_IPV6, IPV6_TCLASS, true},
    {kTtl, IPPROTO_IP, IP_TTL, true},
    {kRecvTos, IPPROTO_IP, IP_RECVTOS, true},
    {kRecvTclass, IPPROTO_IPV6, IPV6_RECVTCLASS, true},
    {kRecvTtl, IPPROTO_IP, IP_RECVTTL, true},
    {kNoDelay, IPPROTO_TCP, TCP_NODELAY, false},
    {kNoPush, IPPROTO_TCP, TCP_CORK, false},
    {kMulticastTtl, IPPROTO_IP, IP_MULTICAST_TTL, false},
    {kMulticastLoop, IPPROTO_IP, IP_MULTICAST_LOOP, false},
    {kV6Only, IPPROTO_IPV6, IPV6_V6ONLY, true},
};
constexpr uint32_t kMessageTos = 1, kMessageTclass = 2, kMessageTtl = 4;
uint32_t message_bit(uint8_t option) {
  return option == kRecvTos      ? kMessageTos
         : option == kRecvTclass ? kMessageTclass
         : option == kRecvTtl    ? kMessageTtl
                                 : 0;
}
} // namespace

// Setting the type of service zeroes the priority, and setting anything may zero the type of service: both are put
// back, so that options look independent.
int SocketPort::set_socket_option(int level, int name, const void *value, size_t size, bool report) const {
  int priority, tos;
  socklen_t priority_size = sizeof(priority), tos_size = sizeof(tos);
  bool has_priority = getsockopt(fd_, SOL_SOCKET, SO_PRIORITY, &priority, &priority_size) == 0;
  bool has_tos = getsockopt(fd_, IPPROTO_IP, IP_TOS, &tos, &tos_size) == 0;
  int result = setsockopt(fd_, level, name, value, socklen_t(size));
  if (result != 0 || name == SO_PRIORITY) return result;
  if (name != IP_TOS && has_tos) {
    int r = setsockopt(fd_, IPPROTO_IP, IP_TOS, &tos, tos_size);
    if (report) result = r;
  }
  if (result == 0 && has_priority) {
    int r = setsockopt(fd_, SOL_SOCKET, SO_PRIORITY, &priority, priority_size);
    if (report && !(r != 0 && errno == EPERM)) result = r; // some defaults may not be set by users
  }
  return result;
}

bool SocketPort::set_active(FieldReader &in, int32_t value) {
  active_ = value;
  if (value == kActiveCount) {
    int n = int16_t(in.u16()), sum = active_count_ + n;
    if (in.bad() || sum > INT16_MAX || sum < INT16_MIN) return false;
    active_count_ = int16_t(std::max(sum, 0));
    if (active_count_ == 0) {
      active_ = kPassive;
      passive_message();
    }
  } else {
    active_count_ = 0;
  }
  if (type_ == SOCK_STREAM && active_ != kPassive && state_ == 0) activated_closed();
  return true;
}

// Options of the driver. *known: it is one of them. False: invalid.
bool SocketPort::set_local_option(uint8_t option, int32_t v, FieldReader &in, bool *known) {
  *known = true;
  bool stream = type_ == SOCK_STREAM;
  switch (option) {
  case kHeader: header_ = uint32_t(v); break;
  case kMode: mode_ = v; break;
  case kDeliver: deliver_ = v; break;
  case kBuffer:
    buffer_ = size_t(std::max(v, 1));
    buffer_set_ = true;
    break;
  case kActive: return set_active(in, v);
  case kPacket: packet_ = v; break;
  case kPacketSize: packet_size_ = uint32_t(v); break;
  case kExitOnClose:
    exit_on_close_ = v != 0;
    exit_on_close_value_ = v;
    break;
  case kHighMark:
    if (!stream) break;
    stream_.high = std::max(v, 0);
    stream_.low = std::min(stream_.low, stream_.high);
    break;
  case kLowMark:
    if (!stream) break;
    stream_.low = std::max(v, 0);
    stream_.high = std::max(stream_.low, stream_.high);
    break;
  case kHighMsgq:
    if (v < 1) return false;
    high_msgq_ = v;
    low_msgq_ = std::min(low_msgq_, v);
    apply_msgq_limits();
    break;
  case kLowMsgq:
    if (v < 1) return false;
    low_msgq_ = v;
    high_msgq_ = std::max(high_msgq_, v);
    apply_msgq_limits();
    break;
  case kSendTimeout:
    if (stream) stream_.send_timeout = v;
    break;
  case kSendTimeoutClose:
    if (stream) stream_.send_timeout_close = v;
    break;
  case kDelaySend:
    if (stream) stream_.delay_send = v != 0;
    break;
  case kReadPackets:
    if (type_ != SOCK_DGRAM) break;
    if (v <= 0) return false;
    read_packets_ = v;
    break;
  case kNetns: {
    auto path = in.bytes(uint32_t(v));
    if (v < 0 || in.bad()) return false;
    netns_.emplace(path);
    break;
  }
  case kShowReset:
    if (protocol_ == IPPROTO_TCP) stream_.show_reset = v != 0;
    break;
  case kLineDelimiter: line_delimiter_ = char(v); break;
  case kDebug: debug_ = v != 0; break;
  default: *known = false;
  }
  return true;
}

bool SocketPort::set_membership(bool add, int32_t family, FieldReader &in) {
  int32_t interface = in.i32();
  if (family == kInet && domain_ == AF_INET) {
    ip_mreqn m{};
    m.imr_ifindex = int(htonl(uint32_t(interface)));
    m.imr_multiaddr.s_addr = htonl(in.u32());
    m.imr_address.s_addr = htonl(in.u32());
    if (in.bad()) return false;
    set_socket_option(IPPROTO_IP, add ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP, &m, sizeof(m), false);
    return true;
  }
  if (family == kInet6 && domain_ == AF_INET6) {
    ipv6_mreq m{};
    auto group = in.bytes(16);
    if (in.bad()) return false;
    memcpy(&m.ipv6mr_multiaddr, group.data(), 16);
    m.ipv6mr_interface = unsigned(interface);
    set_socket_option(IPPROTO_IPV6, add ? IPV6_ADD_MEMBERSHIP : IPV6_DROP_MEMBERSHIP, &m, sizeof(m), false);
    return true;
  }
  return false;
}

bool SocketPort::set_kernel_option(uint8_t option, int32_t v, FieldReader &in) {
  switch (option) {
  case kLinger: {
    linger l{v, in.i32()};
    if (in.bad()) return false;
    if (protocol_ == IPPROTO_TCP) stream_.linger_zero = l.l_onoff && l.l_linger == 0;
    set_socket_option(SOL_SOCKET, SO_LINGER, &l, sizeof(l), false);
    return true;
  }
  case kMulticastIf: {
    if (domain_ != AF_INET && domain_ != AF_INET6) return false;
    uint32_t interface = htonl(uint32_t(v));
    bool v4 = domain_ == AF_INET;
    set_socket_option(v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_MULTICAST_IF : IPV6_MULTICAST_IF, &interface, 4, false);
    return true;
  }
  case kAddMembership:
  case kDropMembership: return set_membership(option == kAddMembership, v, in);
  case kRaw: {
    int name = in.i32();
    auto value = in.bytes(in.u32());
    if (in.bad()) return false;
    set_socket_option(v, name, value.data(), value.size(), false);
    return true;
  }
  case kBindToDevice: {
    char device[IFNAMSIZ] = {};
    auto text = in.bytes(uint32_t(v));
    if (v < 0 || in.bad() || text.size() > sizeof(device)) return false;
    memcpy(device, text.data(), text.size());
    return set_socket_option(SOL_SOCKET, SO_BINDTODEVICE, device, sizeof(device), true) == 0;
  }
  default: break;
  }
  for (auto &k : kKernelOptions) {
    if (k.option != option) continue;
    if (option == kRcvBuf && !buffer_set_) { // what the kernel can hold, one read should take
      size_t wanted = size_t(std::max(v, 0));
      if (type_ == SOCK_DGRAM && wanted > 65536) buffer_ = 65536; // no datagram is larger
      else buffer_ = std::max(buffer_, wanted);
    }
    int result = set_socket_option(k.level, k.name, &v, sizeof(v), k.report);
    if (uint32_t bit = message_bit(option); bit && result == 0)
      control_messages_ = v ? control_messages_ | bit : control_messages_ & ~bit;
    return result == 0 || !k.report;
  }
  return false;
}

SocketPort::AfterSet SocketPort::set_options(std::string_view data) {
  FieldReader in(data);
  int32_t packet_before = packet_, active_before = active_;
  while (in.left() >= 5) {
    uint8_t option = in.u8();
    int32_t value = in.i32();
    bool known;
    if (!set_local_option(option, value, in, &known)) return AfterSet::Invalid;
    if (!known && !set_kernel_option(option, value, in)) return AfterSet::Invalid;
  }
  bool stream = type_ == SOCK_STREAM;
  if (!(stream ? is_connected() : type_ == SOCK_DGRAM && is_open())) return AfterSet::Nothing;
  if (stream && active_before == kPassive && (active_ == kActiveOnce || active_ == kActiveCount) &&
      packet_ == packet_before)
    return AfterSet::Receive;
  if (active_ != active_before) {
    if (active_ == kPassive) turned_passive();
    want_read(active_ != kPassive);
  }
  bool changed = active_before == kPassive || packet_ != packet_before;
  return stream && active_ != kPassive && changed ? AfterSet::Deliver : AfterSet::Nothing;
}
} // namespace joist::stubs::inet
