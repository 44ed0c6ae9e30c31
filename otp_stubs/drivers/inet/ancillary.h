// Control messages (ancillary data) of datagrams: type of service, traffic class, time to live.
#pragma once
#include "otp_stubs/drivers/inet/protocol.h"

#include <sys/socket.h>

namespace joist::stubs::inet {
inline constexpr size_t kControlSize = 768; // room for all that may come along
// {tos, N} and the like; none: a message of another kind.
Term ancillary_term(Heap &h, const cmsghdr &c);
// [{tos, N}, {ttl, N}, ...]
Term ancillary_terms(Heap &h, msghdr &m);
// Options as setopts has them, into m's control buffer; msg_controllen becomes what is used. False: malformed or
// unknown.
bool compile_ancillary(std::string_view options, msghdr *m);
} // namespace joist::stubs::inet
