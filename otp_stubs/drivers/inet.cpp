// udp_inet and tcp_inet: opening, naming, options and the questions asked of the host. Transfers and connections answer
// `enotsup`.
#include "otp_stubs/drivers/drivers.h"
#include "otp_stubs/drivers/inet.h"

#include <climits>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

namespace joist::stubs {
namespace {
enum Option : uint8_t {
  kReuseAddr = 0, kKeepAlive = 1, kDontRoute = 2, kLinger = 3, kBroadcast = 4, kOobInline = 5, kSndBuf = 6, kRcvBuf = 7,
  kPriority = 8, kTos = 9, kNoDelay = 10, kMulticastTtl = 12, kMulticastLoop = 13, kV6Only = 16,
  kBuffer = 20, kHeader = 21, kActive = 22, kPacket = 23, kMode = 24, kDeliver = 25, kExitOnClose = 26, kHighMark = 27,
  kLowMark = 28, kSendTimeout = 30, kDelaySend = 31, kPacketSize = 32, kReadPackets = 33, kSendTimeoutClose = 35,
  kHighMsgq = 36, kLowMsgq = 37, kShowReset = 39, kLineDelimiter = 40, kTtl = 46, kDebug = 99
};
struct SocketOption { uint8_t option; int level, name; };
constexpr SocketOption kSocketOptions[] = {
    {kReuseAddr, SOL_SOCKET, SO_REUSEADDR}, {kKeepAlive, SOL_SOCKET, SO_KEEPALIVE},
    {kDontRoute, SOL_SOCKET, SO_DONTROUTE}, {kBroadcast, SOL_SOCKET, SO_BROADCAST},
    {kOobInline, SOL_SOCKET, SO_OOBINLINE}, {kSndBuf, SOL_SOCKET, SO_SNDBUF},
    {kRcvBuf, SOL_SOCKET, SO_RCVBUF},       {kPriority, SOL_SOCKET, SO_PRIORITY},
    {kTos, IPPROTO_IP, IP_TOS},             {kTtl, IPPROTO_IP, IP_TTL},
    {kNoDelay, IPPROTO_TCP, TCP_NODELAY},   {kMulticastTtl, IPPROTO_IP, IP_MULTICAST_TTL},
    {kMulticastLoop, IPPROTO_IP, IP_MULTICAST_LOOP}, {kV6Only, IPPROTO_IPV6, IPV6_V6ONLY},
};
const SocketOption *socket_option(uint8_t o) {
  for (auto &s : kSocketOptions)
    if (s.option == o) return &s;
  return nullptr;
}
bool local_option(uint8_t o) {
  return (o >= kBuffer && o <= kLowMark) || (o >= kSendTimeout && o <= kReadPackets) ||
         (o >= kSendTimeoutClose && o <= kLowMsgq) || o == kShowReset || o == kLineDelimiter || o == kDebug;
}
constexpr uint32_t kActiveMulti = 3;
} // namespace

void InetOptions::set_defaults_for(int type) {
  local_[kBuffer] = type == SOCK_DGRAM ? 9000 : 1460;
  local_[kDeliver] = 0;
  local_[kReadPackets] = 5;
  local_[kExitOnClose] = 1;
  local_[kHighMark] = 8192;
  local_[kLowMark] = 4096;
  local_[kHighMsgq] = 8192;
  local_[kLowMsgq] = 4096;
  local_[kSendTimeout] = UINT32_MAX;
  local_[kLineDelimiter] = '\n';
}

int InetOptions::set(int fd, std::string_view pairs) {
  FieldReader in(pairs);
  while (!in.empty()) {
    uint8_t o = in.u8();
    uint32_t v = in.u32();
    if (o == kActive && v == kActiveMulti) in.u16();
    if (o == kLinger) {
      struct linger l{int(v), int(in.u32())};
      if (in.bad()) return EINVAL;
      if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l)) < 0) return errno;
      continue;
    }
    if (in.bad()) return EINVAL;
    if (local_option(o)) {
      local_[o] = v;
      known_[o] = true;
    } else if (auto *s = socket_option(o)) {
      int value = int(v);
      if (fd >= 0) setsockopt(fd, s->level, s->name, &value, sizeof(value)); // options of another protocol are ignored
    } else {
      return EINVAL;
    }
  }
  return 0;
}

std::string InetOptions::get(int fd, std::string_view wanted, bool *fine) const {
  std::string out;
  *fine = true;
  for (char c : wanted) {
    auto o = uint8_t(c);
    if (o == kLinger) {
      struct linger l{};
      socklen_t n = sizeof(l);
      if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_LINGER, &l, &n) < 0) continue;
      out.push_back(char(o));
      put_number(&out, uint32_t(l.l_onoff), 4);
      put_number(&out, uint32_t(l.l_linger), 4);
    } else if (local_option(o)) {
      out.push_back(char(o));
      put_number(&out, local_[o], 4);
    } else if (auto *s = socket_option(o)) {
      int v = 0;
      socklen_t n = sizeof(v);
      if (fd < 0 || getsockopt(fd, s->level, s->name, &v, &n) < 0) continue;
      out.push_back(char(o));
      put_number(&out, uint32_t(v), 4);
    } else {
      *fine = false;
    }
  }
  return out;
}

namespace {
class InetPort final : public DriverPort {
public:
  explicit InetPort(int type) : type_(type) { options_.set_defaults_for(type); }
  ~InetPort() override {
    if (fd_ >= 0) ::close(fd_);
  }

  bool control(Port &port, uint32_t command, std::string_view data, std::string *reply) override {
    if (command < inet::kMagic || command > inet::kMagic + 255) return false;
    std::string body;
    int error = request(port, command - inet::kMagic, data, &body);
    if (error) {
      reply->push_back(char(inet::kReplyError));
      reply->append(error == kBadPort ? "exbadport" : posix_name(error));
    } else {
      reply->push_back(char(inet::kReplyOk));
      reply->append(body);
    }
    return true;
  }

private:
  static constexpr int kBadPort = -1;

  int request(Port &, uint32_t what, std::string_view data, std::string *body) {
    FieldReader in(data);
    switch (what) {
    case inet::kOpen: return open(in);
    case inet::kFdOpen: return adopt(in);
    case inet::kSetOpts: return options_.set(fd_, data);
    case inet::kGetOpts: {
      bool fine;
      *body = options_.get(fd_, data, &fine);
      return fine ? 0 : EINVAL;
    }
    case inet::kBind: return bind(in, body);
    case inet::kName: return name(body);
    case inet::kGetFd:
      if (fd_ < 0) return EINVAL;
      put_number(body, uint32_t(fd_), 4);
      return 0;
    case inet::kGetType:
      if (fd_ < 0) return EINVAL;
      put_number(body, domain_ == AF_INET ? inet::kInet : domain_ == AF_INET6 ? inet::kInet6 : inet::kLocal, 4);
      put_number(body, type_ == SOCK_STREAM ? 1 : 2, 4);
      return 0;
    case inet::kGetStatus: put_number(body, (fd_ >= 0 ? 1 : 0) | (bound_ ? 2 : 0), 4); return 0;
    case inet::kIgnoreFd: return 0;
    case inet::kSubscribe: return subscribe(data, body);
    case inet::kGetStat: return statistics(data, body);
    case inet::kGetHostName: return host_name(body);
    case inet::kServByName: return service_by_name(in, body);
    case inet::kServByPort: return service_by_port(in, body);
    case inet::kGetIfAddrs: return write_interfaces(body);
    default: return fd_ < 0 ? kBadPort : ENOTSUP;
    }
  }

  static int domain_of(uint8_t family) {
    return family == inet::kInet ? AF_INET : family == inet::kInet6 ? AF_INET6 : family == inet::kLocal ? AF_UNIX : -1;
  }
  int open(FieldReader &in) {
    domain_ = domain_of(in.u8());
    uint8_t type = in.u8();
    if (in.bad() || domain_ < 0 || fd_ >= 0 || type != (type_ == SOCK_STREAM ? 1 : 2)) return EINVAL;
    fd_ = ::socket(domain_, type_ | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return fd_ < 0 ? errno : 0;
  }
  int adopt(FieldReader &in) {
    domain_ = domain_of(in.u8());
    in.u8();
    int fd = int(in.u32());
    uint32_t bound = in.u32();
    if (in.bad() || domain_ < 0 || fd_ >= 0) return EINVAL;
    sockaddr_storage a;
    socklen_t size = sizeof(a);
    if (getsockname(fd, reinterpret_cast<sockaddr *>(&a), &size) < 0) return errno;
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    fd_ = fd;
    bound_ = bound != 0;
    return 0;
  }
  int bind(FieldReader &in, std::string *body) {
    if (fd_ < 0) return kBadPort;
    sockaddr_storage a;
    socklen_t size;
    int error;
    if (!read_address(in, domain_, &a, &size, &error)) return error;
    if (::bind(fd_, reinterpret_cast<sockaddr *>(&a), size) < 0) return errno;
    bound_ = true;
    uint16_t port = 0;
    size = sizeof(a);
    if (getsockname(fd_, reinterpret_cast<sockaddr *>(&a), &size) == 0) {
      if (domain_ == AF_INET) port = ntohs(reinterpret_cast<sockaddr_in &>(a).sin_port);
      if (domain_ == AF_INET6) port = ntohs(reinterpret_cast<sockaddr_in6 &>(a).sin6_port);
    }
    put_number(body, port, 2);
    return 0;
  }
  int name(std::string *body) {
    if (fd_ < 0) return kBadPort;
    sockaddr_storage a;
    socklen_t size = sizeof(a);
    if (getsockname(fd_, reinterpret_cast<sockaddr *>(&a), &size) < 0) return errno;
    return write_address(a, size, body) ? 0 : EINVAL;
  }
  static int subscribe(std::string_view data, std::string *body) {
    for (char c : data) {
      if (c != 1) return EINVAL; // empty output queue is all one can wait for
      body->push_back(c);
      put_number(body, 0, 4);
    }
    return 0;
  }
  static int statistics(std::string_view data, std::string *body) {
    for (char c : data) {
      body->push_back(c);
      put_number(body, 0, c == 9 || c == 10 ? 8 : 4); // octets are counted in 64 bits
    }
    return 0;
  }
  static int host_name(std::string *body) {
    char name[HOST_NAME_MAX + 1] = {};
    if (gethostname(name, sizeof(name) - 1) < 0) return errno;
    *body = name;
    return 0;
  }
  static int service_by_name(FieldReader &in, std::string *body) {
    std::string service(in.bytes(in.u8())), protocol(in.bytes(in.u8()));
    if (in.bad()) return EINVAL;
    servent result, *found = nullptr;
    char buffer[2048];
    if (getservbyname_r(service.c_str(), protocol.c_str(), &result, buffer, sizeof(buffer), &found) != 0 || !found) return EINVAL;
    put_number(body, ntohs(uint16_t(found->s_port)), 2);
    return 0;
  }
  static int service_by_port(FieldReader &in, std::string *body) {
    uint16_t number = in.u16();
    std::string protocol(in.bytes(in.u8()));
    if (in.bad()) return EINVAL;
    servent result, *found = nullptr;
    char buffer[2048];
    if (getservbyport_r(htons(number), protocol.c_str(), &result, buffer, sizeof(buffer), &found) != 0 || !found) return EINVAL;
    *body = found->s_name;
    return 0;
  }

  int type_, domain_ = AF_INET, fd_ = -1;
  bool bound_ = false;
  InetOptions options_;
};

DriverOpen open_udp(Port &, const std::string &, const PortOptions &) {
  return {DriverOpen::Outcome::Opened, std::make_unique<InetPort>(SOCK_DGRAM)};
}
DriverOpen open_tcp(Port &, const std::string &, const PortOptions &) {
  return {DriverOpen::Outcome::Opened, std::make_unique<InetPort>(SOCK_STREAM)};
}
} // namespace

const Driver udp_inet_driver{.name = "udp_inet", .open = open_udp};
const Driver tcp_inet_driver{.name = "tcp_inet", .open = open_tcp, .soft_busy = true};
} // namespace joist::stubs
