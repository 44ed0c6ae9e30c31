// sctp_inet. Associations are not there yet: what is here answers as stock does where the kernel has no SCTP, or libsctp
// is not installed. Where both are there, opening is refused as if the protocol were missing.
#pragma once
#include "otp_stubs/drivers/inet/socket_port.h"

namespace joist::stubs::inet {
class SctpPort final : public SocketPort {
public:
  explicit SctpPort(Port &port) : SocketPort(port, IPPROTO_SCTP) {}

private:
  Refusal request(uint32_t what, std::string_view data, std::string *body) override;
  Refusal open(std::string_view data);
};
} // namespace joist::stubs::inet
