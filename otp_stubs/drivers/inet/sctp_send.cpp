// Sending: parameters of the message, then its data. The association is named by the parameters.
#include "otp_stubs/drivers/inet/sctp_port.h"

namespace joist::stubs::inet {
namespace {
// Flags of #sctp_sndrcvinfo{} as prim_inet.erl numbers them.
constexpr uint16_t kUnordered = 1, kAddressOver = 2, kAbort = 4, kEof = 8;
} // namespace

sctp_sndrcvinfo read_send_parameters(FieldReader &in) {
  sctp_sndrcvinfo p{};
  p.sinfo_stream = in.u16();
  uint16_t flags = in.u16();
  if (flags & kUnordered) p.sinfo_flags |= SCTP_UNORDERED;
  if (flags & kAddressOver) p.sinfo_flags |= SCTP_ADDR_OVER;
  if (flags & kAbort) p.sinfo_flags |= SCTP_ABORT;
  if (flags & kEof) p.sinfo_flags |= SCTP_EOF;
  p.sinfo_ppid = htonl(in.u32());
  p.sinfo_context = in.u32();
  p.sinfo_timetolive = in.u32();
  p.sinfo_assoc_id = in.i32();
  return p;
}

void SctpPort::output(Port &, IoQueue &data) {
  sender_ = port_caller(port_);
  if (!is_open() || data.size() < kSendParametersSize) return reply_error(EINVAL);
  char prefix[kSendParametersSize];
  data.copy_out(reinterpret_cast<uint8_t *>(prefix), sizeof(prefix));
  data.pop(sizeof(prefix));
  FieldReader in({prefix, sizeof(prefix)});
  sctp_sndrcvinfo parameters = read_send_parameters(in);

  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(parameters))] = {};
  auto *c = reinterpret_cast<cmsghdr *>(control);
  c->cmsg_level = IPPROTO_SCTP;
  c->cmsg_type = SCTP_SNDRCV;
  c->cmsg_len = CMSG_LEN(sizeof(parameters));
  memcpy(CMSG_DATA(c), &parameters, sizeof(parameters));
  msghdr m{};
  m.msg_control = control;
  m.msg_controllen = c->cmsg_len;

  send_message(m, data);
}
} // namespace joist::stubs::inet
