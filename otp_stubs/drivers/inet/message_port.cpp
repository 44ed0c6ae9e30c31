#include "otp_stubs/drivers/inet/message_port.h"

#include <iterator>

namespace joist::stubs::inet {
namespace {
int type_of(uint8_t type) {
  return type == kStream ? SOCK_STREAM : type == kDatagram ? SOCK_DGRAM : type == kSeqPacket ? SOCK_SEQPACKET : -1;
}
} // namespace

void MessagePort::timeout(Port &) {
  if (active_ != kPassive) return;
  want_read(false);
  async_error(atoms::timeout);
}

Refusal MessagePort::open(std::string_view data) {
  FieldReader in(data);
  int domain = domain_of(in.u8()), type = type_of(in.u8());
  if (in.bad() || in.left()) return "einval";
  if (domain == kNoFamily) return "eafnosupport";
  if (type < 0) return "einval";
  if (Refusal r = open_socket(domain, type)) return r;
  if (active_ != kPassive) want_read(true);
  return kGranted;
}

Refusal MessagePort::adopt(std::string_view data) {
  if (data.size() != 6 && data.size() != 10) return "einval";
  FieldReader in(data);
  int domain = domain_of(in.u8()), type = type_of(in.u8()), fd = in.i32();
  bool bound = in.left() == 0 || in.u32() != 0;
  if (domain == kNoFamily) return "eafnosupport";
  if (type < 0) return "einval";
  if (Refusal r = adopt_socket(domain, type, fd, bound)) return r;
  if (active_ != kPassive) want_read(true);
  return kGranted;
}

void MessagePort::send_message(msghdr &m, IoQueue &data) {
  statistics_.count_sent(data.size());
  std::vector<uint8_t> flat;
  iovec v[64];
  m.msg_iov = v;
  if (data.slices() <= std::size(v)) {
    m.msg_iovlen = size_t(data.peek(v, int(std::size(v))));
  } else {
    flat.resize(data.size());
    data.copy_out(flat.data(), flat.size());
    v[0] = {flat.data(), flat.size()};
    m.msg_iovlen = 1;
  }
  ssize_t n;
  do n = ::sendmsg(fd_, &m, MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  if (n < 0) reply_error(errno);
  else reply_ok();
}

void MessagePort::receive_failed(Term tag, int error) {
  if (active_ == kPassive) {
    async_error(posix_atom(error));
    port_timer_cancel(port_);
    want_read(false);
    return;
  }
  FragmentHeap h(4);
  send_owner(make_tuple(h, tag, port_id(port_), posix_atom(error)), h);
}
} // namespace joist::stubs::inet
