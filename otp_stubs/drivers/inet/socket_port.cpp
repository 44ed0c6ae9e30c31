// Opening, closing and naming of sockets, and the requests that all kinds of sockets share.
#include "otp_stubs/drivers/inet/socket_port.h"

#include <climits>
#include <fcntl.h>
#include <netdb.h>
#include <sched.h>
#include <unistd.h>

namespace joist::stubs::inet {
SocketPort::~SocketPort() { close_socket(); }

bool SocketPort::control(Port &, uint32_t command, std::string_view data, std::string *reply) {
  reply->push_back(char(kReplyOk));
  Refusal r = request(command - kMagic, data, reply);
  if (r == kBadArgument) return false;
  if (r) {
    reply->assign(1, char(kReplyError));
    reply->append(r);
  }
  return true;
}

// --- opening and closing
namespace {
// The calling thread enters another network namespace and comes back. Other threads are not affected.
class NamespaceScope {
public:
  ~NamespaceScope() {
    if (home_ < 0) return;
    setns(home_, CLONE_NEWNET);
    ::close(home_);
  }
  int enter(const std::string &path) { // 0 or error
    home_ = ::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    if (home_ < 0) return errno;
    int there = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    int error = there < 0 ? errno : setns(there, CLONE_NEWNET) < 0 ? errno : 0;
    if (there >= 0) ::close(there);
    if (!error) return 0;
    ::close(home_);
    home_ = -1;
    return error;
  }

private:
  int home_ = -1;
};
} // namespace

Refusal SocketPort::open_socket(int domain, int type) {
  if (state_ != 0) return kBadSequence;
  NamespaceScope there;
  if (netns_)
    if (int error = there.enter(*netns_)) return refuse(error);
  fd_ = ::socket(domain, type | SOCK_CLOEXEC | SOCK_NONBLOCK, domain == AF_UNIX ? 0 : protocol_);
  if (fd_ < 0) return refuse(errno);
  state_ = kStateOpen;
  domain_ = domain;
  type_ = type;
  return kGranted;
}

Refusal SocketPort::adopt_socket(int domain, int type, int fd, bool bound) {
  Address a{};
  socklen_t size = sizeof(a);
  if (bound) {
    if (getsockname(fd, &a.any, &size) < 0) return refuse(errno);
    if (a.any.sa_family != domain) return "einval";
  }
  if (int flags = fcntl(fd, F_GETFL); flags >= 0) fcntl(fd, F_SETFL, flags | O_NONBLOCK);
  fd_ = fd;
  domain_ = domain;
  type_ = type;
  adopted_ = true;
  state_ = kStateOpen;
  size = sizeof(a);
  if (type == SOCK_STREAM && getpeername(fd, &a.any, &size) == 0) state_ |= kStateActive;
  return kGranted;
}

void SocketPort::take_connected(int fd, int type, const SocketPort &from) {
  fd_ = fd;
  state_ = kStateOpen | kStateActive;
  domain_ = from.domain_;
  type_ = type;
  mode_ = from.mode_;
  exit_on_close_ = from.exit_on_close_;
  exit_on_close_value_ = from.exit_on_close_value_;
  deliver_ = from.deliver_;
  buffer_ = from.buffer_;
  high_msgq_ = from.high_msgq_;
  low_msgq_ = from.low_msgq_;
  apply_msgq_limits();
}

void SocketPort::close_socket() {
  subscribers_.clear();
  if (fd_ < 0) return;
  port_select(port_, fd_, false, false);
  reading_ = writing_ = false;
  if (adopted_) return;
  ::close(fd_);
  fd_ = -1;
  state_ = 0;
}

void SocketPort::want_read(bool on) {
  if (fd_ < 0 || reading_ == on) return;
  reading_ = on;
  port_select_keep(port_, fd_, reading_, writing_);
}
void SocketPort::want_write(bool on) {
  if (fd_ < 0 || writing_ == on) return;
  writing_ = on;
  port_select_keep(port_, fd_, reading_, writing_);
}

// --- names
Refusal SocketPort::bind(FieldReader &in, std::string *body) {
  if (in.left() < 2) return "einval";
  if (state_ != kStateOpen) return kBadPort;
  Address a;
  socklen_t size;
  if (Refusal r = read_address(in, domain_, &a, &size)) return r;
  if (::bind(fd_, &a.any, size) < 0) return refuse(errno);
  uint16_t port = port_of(a);
  if (port == 0 && a.any.sa_family != AF_UNIX) {
    memset(&a, 0, sizeof(a));
    size = sizeof(a);
    getsockname(fd_, &a.any, &size);
    port = port_of(a);
  }
  put_number(body, port, 2);
  return kGranted;
}

Refusal SocketPort::name(std::string *body) const {
  if (fake_name_) return body->append(*fake_name_), kGranted;
  Address a{};
  socklen_t size = sizeof(a);
  if (getsockname(fd_, &a.any, &size) < 0) return refuse(errno);
  return write_address(a, size, body) ? kGranted : "einval";
}

Refusal SocketPort::peer(std::string *body) const {
  if (!(state_ & kStateActive)) return "enotconn";
  if (fake_peer_) return body->append(*fake_peer_), kGranted;
  Address a{};
  socklen_t size = sizeof(a);
  if (getpeername(fd_, &a.any, &size) < 0) return refuse(errno);
  return write_address(a, size, body) ? kGranted : "einval";
}

Refusal SocketPort::set_fake_address(std::string_view data, std::optional<std::string> *fake) const {
  if (data.empty()) return fake->reset(), kGranted;
  if (data.size() < 2) return "einval";
  FieldReader in(data);
  Address a;
  socklen_t size;
  if (Refusal r = read_address(in, domain_, &a, &size)) return r;
  write_address(a, size, &fake->emplace());
  return kGranted;
}

Refusal SocketPort::addresses(bool peer, std::string_view data, std::string *body) const {
  if (data.size() != 4) return "einval";
  if (!is_open()) return kBadPort;
  Address a{};
  socklen_t size = sizeof(a);
  if ((peer ? getpeername(fd_, &a.any, &size) : getsockname(fd_, &a.any, &size)) < 0) return refuse(errno);
  write_array_address(&a.any, size, body);
  return kGranted;
}

// --- the rest
namespace {
Refusal host_name(std::string_view data, std::string *body) {
  if (!data.empty()) return "einval";
  char name[HOST_NAME_MAX + 1] = {};
  if (gethostname(name, sizeof(name) - 1) < 0) return refuse(errno);
  body->append(name);
  return kGranted;
}
Refusal service_by_name(FieldReader &in, std::string *body) {
  std::string service(in.bytes(in.u8())), protocol(in.bytes(in.u8()));
  if (in.bad()) return "einval";
  servent result, *found = nullptr;
  char buffer[2048];
  if (getservbyname_r(service.c_str(), protocol.c_str(), &result, buffer, sizeof(buffer), &found) != 0 || !found)
    return "einval";
  put_number(body, ntohs(uint16_t(found->s_port)), 2);
  return kGranted;
}
Refusal service_by_port(FieldReader &in, std::string *body) {
  uint16_t number = in.u16();
  std::string protocol(in.bytes(in.u8()));
  if (in.bad()) return "einval";
  servent result, *found = nullptr;
  char buffer[2048];
  if (getservbyport_r(htons(number), protocol.c_str(), &result, buffer, sizeof(buffer), &found) != 0 || !found)
    return "einval";
  body->append(found->s_name);
  return kGranted;
}
} // namespace

// A descriptor can be lent while connected: nothing is read or written here meanwhile.
Refusal SocketPort::ignore(std::string_view data) {
  if (!is_connected()) return "enotconn";
  if (type_ != SOCK_STREAM || data.empty()) return "einval";
  if (data[0] == 1 && !ignored_) {
    want_read(false);
    want_write(false);
    ignored_ = true;
    ignored_read_ = active_ != kPassive;
    ignored_write_ = false;
  } else if (data[0] == 0 && ignored_) {
    ignored_ = false;
    if (ignored_read_) want_read(true);
    if (ignored_write_) want_write(true);
  } else {
    return "einval";
  }
  return kGranted;
}

bool SocketPort::statistics(std::string_view wanted, std::string *body) const {
  const Statistics &s = statistics_;
  for (char c : wanted) {
    body->push_back(c);
    switch (c) {
    case 1: put_number(body, s.received, 4); break;
    case 2: put_number(body, s.received_max, 4); break;
    case 3: put_number(body, uint64_t(s.received_average), 4); break;
    case 4: put_number(body, uint64_t(std::abs(s.received_deviation)), 4); break;
    case 5: put_number(body, s.sent, 4); break;
    case 6: put_number(body, s.sent_max, 4); break;
    case 7: put_number(body, uint64_t(s.sent_average), 4); break;
    case 8: put_number(body, port_queue(port_).size(), 4); break;
    case 9: put_number(body, s.received_bytes, 8); break;
    case 10: put_number(body, s.sent_bytes, 8); break;
    default: return false;
    }
  }
  return true;
}

bool SocketPort::subscribe(std::string_view wanted, std::string *body) {
  for (char c : wanted) {
    if (c != 1) return false; // an empty output queue is all one can wait for
    Word queued = port_queue(port_).size();
    if (queued > 0) subscribers_.push_back(port_caller(port_));
    put_option(body, uint8_t(c), uint32_t(queued));
  }
  return true;
}

Refusal SocketPort::common_request(uint32_t what, std::string_view data, std::string *body) {
  FieldReader in(data);
  switch (what) {
  case kSetOpts:
    switch (set_options(data)) {
    case AfterSet::Invalid: return "einval";
    case AfterSet::Nothing: break;
    case AfterSet::Deliver: deliver_pending(); break;
    case AfterSet::Receive:
      if (receive_pending() && active_ != kPassive) want_read(true);
      break;
    }
    return kGranted;
  case kGetOpts: return get_options(data, body);
  case kBind: return bind(in, body);
  case kName: return name(body);
  case kPeer: return peer(body);
  case kSetName: return set_fake_address(data, &fake_name_);
  case kSetPeer: return set_fake_address(data, &fake_peer_);
  case kGetLocalAddrs: return addresses(false, data, body);
  case kGetPeerAddrs: return addresses(true, data, body);
  case kGetFd:
    if (!is_open()) return "einval";
    put_number(body, uint32_t(fd_), 4);
    return kGranted;
  case kGetType:
    if (domain_ == kNoFamily) return "einval";
    put_number(body, domain_ == AF_INET ? kInet : domain_ == AF_INET6 ? kInet6 : kLocal, 4);
    put_number(body, type_ == SOCK_STREAM ? kStream : type_ == SOCK_DGRAM ? kDatagram : kSeqPacket, 4);
    return kGranted;
  case kGetStatus: put_number(body, state_, 4); return kGranted;
  case kIgnoreFd: return ignore(data);
  case kSubscribe: return subscribe(data, body) ? kGranted : kBadArgument;
  case kGetStat: return statistics(data, body) ? kGranted : kBadArgument;
  case kGetHostName: return host_name(data, body);
  case kServByName: return service_by_name(in, body);
  case kServByPort: return service_by_port(in, body);
  case kGetIfAddrs: {
    if (!is_open()) return kBadPort;
    int error = write_interfaces(body);
    return error ? refuse(error) : kGranted;
  }
  case kGetIfList: {
    if (!is_open()) return kBadPort;
    int error = write_interface_names(fd_, body);
    return error ? refuse(error) : kGranted;
  }
  case kIfGet: return is_open() ? interface_get(fd_, data, body) : kBadPort;
  case kIfSet: return is_open() ? interface_set(fd_, data) : kBadPort;
  default: return kBadPort;
  }
}
} // namespace joist::stubs::inet
