#include "otp_stubs/drivers/inet/sctp_port.h"

#include <dlfcn.h>
#include <unistd.h>

namespace joist::stubs::inet {
namespace {
// Stock has the driver only where the library is installed.
bool library_installed() {
  static bool found = dlopen("libsctp.so.1", RTLD_NOW | RTLD_LOCAL) != nullptr;
  return found;
}
} // namespace

Refusal SctpPort::request(uint32_t what, std::string_view data, std::string *body) {
  switch (what) {
  case kOpen: return open(data);
  case kClose: close_socket(); return kGranted;
  case kFdOpen: return "eprotonosupport";
  case kConnect:
  case kListen:
  case kPacketRecv:
  case kSctpBindx:
  case kSctpPeeloff: return kBadPort; // nothing is open
  default: return common_request(what, data, body);
  }
}

// What the kernel says about the socket.
Refusal SctpPort::open(std::string_view data) {
  if (!library_installed()) return "eprotonosupport";
  FieldReader in(data);
  int domain = domain_of(in.u8());
  uint8_t kind = in.u8();
  if (in.bad() || in.left()) return "einval";
  if (domain == kNoFamily) return "eafnosupport";
  int type = kind == kStream ? SOCK_STREAM : kind == kSeqPacket ? SOCK_SEQPACKET : kind == kDatagram ? SOCK_DGRAM : -1;
  if (type < 0) return "einval";
  int fd = socket(domain, type | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_SCTP);
  if (fd < 0) return refuse(errno);
  close(fd);
  return "eprotonosupport";
}
} // namespace joist::stubs::inet
