// The inet drivers as OTP opens them.
#include "otp_stubs/drivers/drivers.h"
#include "otp_stubs/drivers/inet/sctp_port.h"
#include "otp_stubs/drivers/inet/sctp_terms.h"
#include "otp_stubs/drivers/inet/tcp_port.h"
#include "otp_stubs/drivers/inet/udp_port.h"

namespace joist::stubs {
namespace {
template <class P> DriverOpen open(Port &port, const std::string &, const PortOptions &) {
  return {DriverOpen::Outcome::Opened, std::make_unique<P>(port)};
}
const Driver kTcp{.name = "tcp_inet", .open = open<inet::TcpPort>, .soft_busy = true};
const Driver kUdp{.name = "udp_inet", .open = open<inet::UdpPort>};
const Driver kSctp{.name = "sctp_inet", .open = open<inet::SctpPort>};
} // namespace

void register_inet_drivers() {
  inet::names_init();
  inet::sctp_names_init();
  for (const Driver *d : {&kSctp, &kUdp, &kTcp}) driver_register(d);
}
} // namespace joist::stubs
