// Extended errors of ip(7) and ipv6(7) (control messages "recverr"): why a datagram came back, and from where.
#include "otp_stubs/prim_net/sockaddr.h"
#include "otp_stubs/prim_socket/operations.h"
#include "runtime/io/posix.h"
#include "runtime/term/map.h"

#include <cstring>
#include <ctime>
#include <linux/errqueue.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <span>

namespace joist::stubs {
namespace {
struct Numbered {
  uint8_t number;
  const char *name;
};
constexpr Numbered kOrigins[] = {{SO_EE_ORIGIN_NONE, "none"},         {SO_EE_ORIGIN_LOCAL, "local"},
                                 {SO_EE_ORIGIN_ICMP, "icmp"},         {SO_EE_ORIGIN_ICMP6, "icmp6"},
                                 {SO_EE_ORIGIN_TXSTATUS, "txstatus"}, {SO_EE_ORIGIN_ZEROCOPY, "zerocopy"},
                                 {SO_EE_ORIGIN_TXTIME, "txtime"}};
constexpr Numbered kTypes[] = {{ICMP_DEST_UNREACH, "dest_unreach"}, {ICMP_TIME_EXCEEDED, "time_exceeded"}};
constexpr Numbered kCodes[] = {{ICMP_NET_UNREACH, "net_unreach"},   {ICMP_HOST_UNREACH, "host_unreach"},
                               {ICMP_PORT_UNREACH, "port_unreach"}, {ICMP_FRAG_NEEDED, "frag_needed"},
                               {ICMP_NET_UNKNOWN, "net_unknown"},   {ICMP_HOST_UNKNOWN, "host_unknown"}};
constexpr uint8_t kPolicyFail = 5, kRejectRoute = 6; // RFC 4443, 3.1
constexpr Numbered kTypes6[] = {
    {ICMP6_DST_UNREACH, "dest_unreach"}, {ICMP6_PACKET_TOO_BIG, "pkt_toobig"}, {ICMP6_TIME_EXCEEDED, "time_exceeded"}};
constexpr Numbered kCodes6[] = {{ICMP6_DST_UNREACH_NOROUTE, "noroute"},
                                {ICMP6_DST_UNREACH_ADMIN, "adm_prohibited"},
                                {ICMP6_DST_UNREACH_BEYONDSCOPE, "not_neighbour"},
                                {ICMP6_DST_UNREACH_ADDR, "addr_unreach"},
                                {ICMP6_DST_UNREACH_NOPORT, "port_unreach"},
                                {kPolicyFail, "policy_fail"},
                                {kRejectRoute, "reject_route"}};

using Names = std::span<const Numbered>;
Term name_of(Names names, uint8_t number) {
  for (const Numbered &n : names)
    if (n.number == number) return named(n.name);
  return Term::small(number);
}
} // namespace

Term extended_error_term(Heap &h, const uint8_t *data, size_t n) {
  sock_extended_err e;
  if (n < sizeof(e)) return Term::none();
  memcpy(&e, data, sizeof(e));
  const bool v4 = e.ee_origin == SO_EE_ORIGIN_ICMP, v6 = e.ee_origin == SO_EE_ORIGIN_ICMP6;
  const bool unreachable = (v4 && e.ee_type == ICMP_DEST_UNREACH) || (v6 && e.ee_type == ICMP6_DST_UNREACH);
  Term pairs[] = {named<"error">(),    posix_atom(int(e.ee_errno)),
                  named<"origin">(),   name_of(kOrigins, e.ee_origin),
                  named<"type">(),     name_of(v4 ? Names(kTypes) : v6 ? Names(kTypes6) : Names(), e.ee_type),
                  named<"code">(),     name_of(!unreachable ? Names() : v4 ? Names(kCodes) : Names(kCodes6), e.ee_code),
                  named<"info">(),     make_int(h, int(e.ee_info)),
                  named<"data">(),     make_int(h, int(e.ee_data)),
                  named<"offender">(), Term::none()};
  const size_t left = n - sizeof(e);
  if (left >= sizeof(sa_family_t))
    pairs[13] = sockaddr_to_map(h, reinterpret_cast<const sockaddr *>(data + sizeof(e)), socklen_t(left));
  return map_from_pairs(h, pairs, pairs[13].is_none() ? 6 : 7);
}
} // namespace joist::stubs
