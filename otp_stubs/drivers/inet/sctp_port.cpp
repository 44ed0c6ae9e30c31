// Requests to SCTP sockets: open, bind, connect, listen, peel off.
#include "otp_stubs/drivers/inet/sctp_port.h"

#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace joist::stubs::inet {
namespace {
struct PeeledOff {
  const SctpPort *from;
  int fd;
};
} // namespace

SctpPort::~SctpPort() {
  async_error(names.closed);
  drop_input();
}

Refusal SctpPort::request(uint32_t what, std::string_view data, std::string *body) {
  switch (what) {
  case kPacketRecv: return receive_request(data, body);
  case kOpen: return sctp_library() ? open(data) : Refusal("eprotonosupport"); // stock has no such driver then
  case kFdOpen: return sctp_library() ? adopt(data) : Refusal("eprotonosupport");
  case kClose: close_socket(); return kGranted;
  case kConnect: return connect(data, body);
  case kListen: return listen(data);
  case kSctpBindx: return bindx(data);
  case kSctpPeeloff: return peeloff(data, body);
  case kGetLocalAddrs:
  case kGetPeerAddrs: return addresses_of(what == kGetPeerAddrs, data, body);
  default: return common_request(what, data, body);
  }
}

Refusal SctpPort::listen(std::string_view data) {
  if (!is_open()) return kBadPort;
  if (data.size() != 2) return "einval";
  FieldReader in(data);
  if (::listen(fd_, in.u16()) < 0) return refuse(errno);
  state_ = kStateOpen | kStateListen;
  return kGranted;
}

// Only starts an association: whether it comes up is told by a notification, for which connect/5 of gen_sctp waits. So the
// request is answered at once.
Refusal SctpPort::connect(std::string_view data, std::string *body) {
  if (!is_open()) return kBadPort;
  if (is_connecting() || data.size() < 6) return "einval";
  FieldReader in(data);
  uint32_t milliseconds = in.u32();
  std::optional<sctp_assoc_t> id;
  if (uint8_t(data[4]) == kList) {
    in.u8();
    if (Refusal r = connect_several(in, &id.emplace(0))) return r;
  } else {
    Address to;
    socklen_t size;
    if (Refusal r = read_address(in, domain_, &to, &size)) return r;
    if (::connect(fd_, &to.any, size) < 0 && errno != EINPROGRESS) return refuse(errno);
  }
  if (milliseconds != UINT32_MAX) port_timer_set(port_, milliseconds);
  connect_answer(id, body);
  return kGranted;
}

Refusal SctpPort::connect_several(FieldReader &in, sctp_assoc_t *id) {
  uint8_t count = in.u8();
  const SctpLibrary *library = sctp_library();
  if (!library || !library->connectx) return "enotsup";
  if (count == 0) return "einval";
  std::string packed; // one address after the other, each as long as its family needs
  for (int i = 0; i < count; i++) {
    Address a;
    socklen_t size;
    if (Refusal r = read_address(in, domain_, &a, &size)) return r;
    packed.append(reinterpret_cast<const char *>(&a), size);
  }
  int result = library->connectx(fd_, reinterpret_cast<sockaddr *>(packed.data()), count, id);
  return result < 0 && errno != EINPROGRESS ? refuse(errno) : kGranted;
}

void SctpPort::connect_answer(std::optional<sctp_assoc_t> id, std::string *body) {
  // Not start_async: a receive may be under way, and its answer is not this one.
  AsyncRequest r{new_async_id(), port_caller(port_)};
  put_number(body, r.id, 2);
  FragmentHeap h(10);
  async_answer(r, id ? make_tuple(h, atoms::ok, make_int(h, *id)) : atoms::ok, h);
}

// One address at a time, as some kernels want it.
Refusal SctpPort::bindx(std::string_view data) {
  FieldReader in(data);
  int flag = in.u8() ? kBindxAdd : kBindxRemove;
  if (in.bad()) return "einval";
  if (fd_ < 0) return refuse(EBADF);
  const SctpLibrary *library = sctp_library();
  if (!library) return "enotsup";
  while (in.left() > 0) {
    Address a;
    socklen_t size;
    if (Refusal r = read_address(in, domain_, &a, &size)) return r;
    if (library->bindx(fd_, &a.any, 1, flag) < 0) return refuse(errno);
  }
  state_ = kStateOpen;
  return kGranted;
}

// --- an association gets a socket of its own
Refusal SctpPort::peeloff(std::string_view data, std::string *body) {
  if (!is_open()) return kBadPort;
  const SctpLibrary *library = sctp_library();
  if (!library || !library->peeloff) return "enotsup";
  if (data.size() != 4) return "einval";
  FieldReader in(data);
  int fd = library->peeloff(fd_, in.i32());
  if (fd < 0) return refuse(errno);
  PeeledOff child{this, fd};
  Term port = port_create_child(port_, port_caller(port_), make_peeled_off, &child);
  if (port.is_none()) {
    if (child.fd >= 0) ::close(child.fd);
    return refuse(ENFILE);
  }
  sender_ = port_caller(port_);
  FragmentHeap h(8);
  reply(make_tuple(h, atoms::ok, port), h);
  body->assign(1, char(kReplyFollows));
  return kGranted;
}

std::unique_ptr<DriverPort> SctpPort::make_peeled_off(Port &port, void *arg) {
  auto &c = *static_cast<PeeledOff *>(arg);
  auto p = std::make_unique<SctpPort>(port);
  p->take_connected(std::exchange(c.fd, -1), SOCK_STREAM, *c.from);
  if (int flags = fcntl(p->fd_, F_GETFL); flags >= 0) fcntl(p->fd_, F_SETFL, flags | O_NONBLOCK);
  fcntl(p->fd_, F_SETFD, FD_CLOEXEC);
  return p;
}

Refusal SctpPort::addresses_of(bool peer, std::string_view data, std::string *body) {
  const SctpLibrary *library = sctp_library();
  auto get = !library ? nullptr : peer ? library->peer_addresses : library->local_addresses;
  if (!get || data.size() != 4 || !is_open()) return common_request(peer ? kGetPeerAddrs : kGetLocalAddrs, data, body);
  FieldReader in(data);
  sockaddr *all = nullptr;
  int count = get(fd_, in.i32(), &all);
  if (count < 0) return refuse(errno);
  if (count == 0) return kGranted;
  auto *at = reinterpret_cast<const char *>(all);
  for (int i = 0; i < count; i++) {
    size_t used = write_array_address(reinterpret_cast<const sockaddr *>(at), 0, body);
    if (used == 0) break;
    at += used;
  }
  (peer ? library->free_peer_addresses : library->free_local_addresses)(all);
  return kGranted;
}
} // namespace joist::stubs::inet
