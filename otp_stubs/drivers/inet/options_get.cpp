// inet:getopts. An option that the socket does not have is left out of the answer.
#include "otp_stubs/drivers/inet/socket_port.h"

#include <net/if.h>
#include <netinet/tcp.h>

namespace joist::stubs::inet {
namespace {
constexpr size_t kMaxRaw = 16384; // bytes of a raw option's value

struct IntegerOption {
  uint8_t option;
  int level, name;
};
constexpr IntegerOption kIntegerOptions[] = {
    {kReuseAddr, SOL_SOCKET, SO_REUSEADDR},
    {kKeepAlive, SOL_SOCKET, SO_KEEPALIVE},
    {kDontRoute, SOL_SOCKET, SO_DONTROUTE},
    {kBroadcast, SOL_SOCKET, SO_BROADCAST},
    {kOobInline, SOL_SOCKET, SO_OOBINLINE},
    {kSndBuf, SOL_SOCKET, SO_SNDBUF},
    {kRcvBuf, SOL_SOCKET, SO_RCVBUF},
    {kPriority, SOL_SOCKET, SO_PRIORITY},
    {kTos, IPPROTO_IP, IP_TOS},
    {kTclass, IPPROTO_IPV6, IPV6_TCLASS},
    {kTtl, IPPROTO_IP, IP_TTL},
    {kRecvTos, IPPROTO_IP, IP_RECVTOS},
    {kRecvTclass, IPPROTO_IPV6, IPV6_RECVTCLASS},
    {kRecvTtl, IPPROTO_IP, IP_RECVTTL},
    {kNoDelay, IPPROTO_TCP, TCP_NODELAY},
    {kNoPush, IPPROTO_TCP, TCP_CORK},
    {kMulticastTtl, IPPROTO_IP, IP_MULTICAST_TTL},
    {kMulticastLoop, IPPROTO_IP, IP_MULTICAST_LOOP},
    {kV6Only, IPPROTO_IPV6, IPV6_V6ONLY},
};
} // namespace

// False: it is no option of the driver.
bool SocketPort::get_local_option(uint8_t o, std::string *out) const {
  bool stream = type_ == SOCK_STREAM;
  auto put = [&](uint32_t v) { put_option(out, o, v); };
  auto put_if = [&](bool there, uint32_t v) {
    if (there) put(v);
  };
  switch (o) {
  case kBuffer: put(uint32_t(buffer_)); break;
  case kHeader: put(header_); break;
  case kMode: put(uint32_t(mode_)); break;
  case kDeliver: put(uint32_t(deliver_)); break;
  case kActive:
    put(uint32_t(active_));
    if (active_ == kActiveCount) put_number(out, uint16_t(active_count_), 2);
    break;
  case kPacket: put(uint32_t(packet_)); break;
  case kPacketSize: put(packet_size_); break;
  case kExitOnClose: put(uint32_t(exit_on_close_value_)); break;
  case kHighMark: put_if(stream, uint32_t(stream_.high)); break;
  case kLowMark: put_if(stream, uint32_t(stream_.low)); break;
  case kHighMsgq: put(uint32_t(high_msgq_)); break;
  case kLowMsgq: put(uint32_t(low_msgq_)); break;
  case kSendTimeout: put_if(stream, uint32_t(stream_.send_timeout)); break;
  case kSendTimeoutClose: put_if(stream, uint32_t(stream_.send_timeout_close)); break;
  case kDelaySend: put_if(stream, stream_.delay_send); break;
  case kReadPackets: put_if(type_ == SOCK_DGRAM, uint32_t(read_packets_)); break;
  case kNetns:
    if (netns_) {
      put(uint32_t(netns_->size()));
      out->append(*netns_);
    }
    break;
  case kShowReset: put_if(protocol_ == IPPROTO_TCP, stream_.show_reset); break;
  case kDebug: put(debug_); break;
  default: return false;
  }
  return true;
}

bool SocketPort::get_raw(FieldReader &in, std::string *out) const {
  int level = in.i32(), name = in.i32();
  bool has_value = in.u8();
  uint32_t n = in.u32();
  if (in.bad() || n > kMaxRaw) return false;
  std::string value(n, '\0');
  if (has_value) {
    auto given = in.bytes(n);
    if (in.bad()) return false;
    value = given;
  }
  socklen_t size = n;
  if (getsockopt(fd_, level, name, value.data(), &size) < 0) return true;
  put_option(out, kRaw, uint32_t(level));
  put_number(out, uint32_t(name), 4);
  put_number(out, size, 4);
  out->append(value, 0, size);
  return true;
}

bool SocketPort::get_multicast_interface(std::string *out) const {
  if (domain_ != AF_INET && domain_ != AF_INET6) return false;
  bool v4 = domain_ == AF_INET;
  uint32_t interface = 0;
  socklen_t size = sizeof(interface);
  if (getsockopt(fd_, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_MULTICAST_IF : IPV6_MULTICAST_IF, &interface, &size) < 0)
    return false;
  // The value, then (as prim_inet.erl tells the two kinds apart) the family.
  out->push_back(char(kMulticastIf));
  put_number(out, v4 ? kInet : kInet6, 4);
  put_number(out, interface, 4);
  return true;
}

// Control messages of the last packet of a stream: level and type become options.
bool SocketPort::get_packet_options(std::string *out) const {
  if (domain_ != AF_INET && domain_ != AF_INET6) return false;
  bool v4 = domain_ == AF_INET;
  alignas(cmsghdr) char buffer[2 * CMSG_SPACE(sizeof(int))];
  socklen_t size = sizeof(buffer);
  if (getsockopt(fd_, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_PKTOPTIONS : IPV6_2292PKTOPTIONS, buffer, &size) < 0)
    return true;
  msghdr m{};
  m.msg_control = buffer;
  m.msg_controllen = size;
  std::string values;
  for (cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
    uint8_t option;
    if (c->cmsg_level == IPPROTO_IP && (c->cmsg_type == IP_TOS || c->cmsg_type == IP_RECVTOS)) option = kTos;
    else if (c->cmsg_level == IPPROTO_IPV6 && (c->cmsg_type == IPV6_TCLASS || c->cmsg_type == IPV6_RECVTCLASS))
      option = kTclass;
    else if (c->cmsg_level == IPPROTO_IP && (c->cmsg_type == IP_TTL || c->cmsg_type == IP_RECVTTL)) option = kTtl;
    else continue;
    uint32_t v = 0;
    memcpy(&v, CMSG_DATA(c), std::min<size_t>(c->cmsg_len - CMSG_LEN(0), 4));
    put_option(&values, option, v);
  }
  put_option(out, kPktOptions, uint32_t(values.size()));
  out->append(values);
  return true;
}

Refusal SocketPort::get_options(std::string_view wanted, std::string *body) {
  FieldReader in(wanted);
  while (in.left() > 0) {
    uint8_t o = in.u8();
    if (get_local_option(o, body)) continue;
    switch (o) {
    case kLinger: {
      linger l{};
      socklen_t n = sizeof(l);
      if (getsockopt(fd_, SOL_SOCKET, SO_LINGER, &l, &n) < 0) continue;
      put_option(body, o, uint32_t(l.l_onoff));
      put_number(body, uint32_t(l.l_linger), 4);
      continue;
    }
    case kMulticastIf:
      if (!get_multicast_interface(body)) return "einval";
      continue;
    case kRaw:
      if (!get_raw(in, body)) return "einval";
      continue;
    case kPktOptions:
      if (!get_packet_options(body)) return "einval";
      continue;
    case kBindToDevice: {
      char device[IFNAMSIZ] = {};
      socklen_t n = sizeof(device);
      if (getsockopt(fd_, SOL_SOCKET, SO_BINDTODEVICE, device, &n) < 0) continue;
      size_t length = strnlen(device, n);
      put_option(body, o, uint32_t(length));
      body->append(device, length);
      continue;
    }
    default: break;
    }
    auto *k =
        std::find_if(std::begin(kIntegerOptions), std::end(kIntegerOptions), [&](auto &e) { return e.option == o; });
    if (k == std::end(kIntegerOptions)) return "einval";
    int v = 0;
    socklen_t n = sizeof(v);
    if (getsockopt(fd_, k->level, k->name, &v, &n) == 0) put_option(body, o, uint32_t(v));
  }
  return kGranted;
}
} // namespace joist::stubs::inet
