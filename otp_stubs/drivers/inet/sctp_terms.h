// Records of inet_sctp.hrl made from the kernel's structures.
#pragma once
#include "otp_stubs/drivers/inet/protocol.h"
#include "otp_stubs/drivers/inet/sctp_library.h"

namespace joist::stubs::inet {
// Atoms that only SCTP has.
#define JOIST_SCTP_NAMES(X)                                                                                            \
  X(sctp_rtoinfo)                                                                                                      \
  X(sctp_associnfo)                                                                                                    \
  X(sctp_initmsg)                                                                                                      \
  X(sctp_autoclose)                                                                                                    \
  X(sctp_nodelay)                                                                                                      \
  X(sctp_disable_fragments)                                                                                            \
  X(sctp_i_want_mapped_v4_addr)                                                                                        \
  X(sctp_maxseg)                                                                                                       \
  X(sctp_set_peer_primary_addr)                                                                                        \
  X(sctp_primary_addr)                                                                                                 \
  X(sctp_adaptation_layer)                                                                                             \
  X(sctp_peer_addr_params)                                                                                             \
  X(sctp_default_send_param)                                                                                           \
  X(sctp_events)                                                                                                       \
  X(sctp_status)                                                                                                       \
  X(sctp_get_peer_addr_info)                                                                                           \
  X(sctp_sndrcvinfo)                                                                                                   \
  X(sctp_assoc_change)                                                                                                 \
  X(sctp_paddr_change)                                                                                                 \
  X(sctp_remote_error)                                                                                                 \
  X(sctp_send_failed)                                                                                                  \
  X(sctp_shutdown_event)                                                                                               \
  X(sctp_adaptation_event)                                                                                             \
  X(sctp_pdapi_event)                                                                                                  \
  X(sctp_assocparams)                                                                                                  \
  X(sctp_prim)                                                                                                         \
  X(sctp_setpeerprim)                                                                                                  \
  X(sctp_setadaptation)                                                                                                \
  X(sctp_paddrparams)                                                                                                  \
  X(sctp_event_subscribe)                                                                                              \
  X(sctp_paddrinfo)                                                                                                    \
  X(unordered)                                                                                                         \
  X(addr_over)                                                                                                         \
  X(abort)                                                                                                             \
  X(eof)                                                                                                               \
  X(comm_up)                                                                                                           \
  X(comm_lost)                                                                                                         \
  X(restart)                                                                                                           \
  X(shutdown_comp)                                                                                                     \
  X(cant_assoc)                                                                                                        \
  X(addr_available)                                                                                                    \
  X(addr_unreachable)                                                                                                  \
  X(addr_removed)                                                                                                      \
  X(addr_added)                                                                                                        \
  X(addr_made_prim)                                                                                                    \
  X(addr_confirmed)                                                                                                    \
  X(partial_delivery_aborted)                                                                                          \
  X(hb_enable)                                                                                                         \
  X(hb_disable)                                                                                                        \
  X(hb_demand)                                                                                                         \
  X(pmtud_enable)                                                                                                      \
  X(pmtud_disable)                                                                                                     \
  X(sackdelay_enable)                                                                                                  \
  X(sackdelay_disable)                                                                                                 \
  X(active)                                                                                                            \
  X(inactive)                                                                                                          \
  X(unconfirmed)                                                                                                       \
  X(empty)                                                                                                             \
  X(closed)                                                                                                            \
  X(cookie_wait)                                                                                                       \
  X(cookie_echoed)                                                                                                     \
  X(established)                                                                                                       \
  X(shutdown_pending)                                                                                                  \
  X(shutdown_sent)                                                                                                     \
  X(shutdown_received)                                                                                                 \
  X(shutdown_ack_sent)                                                                                                 \
  X(buffer)                                                                                                            \
  X(mode)                                                                                                              \
  X(list)                                                                                                              \
  X(binary)                                                                                                            \
  X(once)                                                                                                              \
  X(netns)                                                                                                             \
  X(linger)                                                                                                            \
  X(bind_to_device)                                                                                                    \
  X(recbuf)                                                                                                            \
  X(sndbuf)                                                                                                            \
  X(reuseaddr)                                                                                                         \
  X(dontroute)                                                                                                         \
  X(priority)                                                                                                          \
  X(recvtos)                                                                                                           \
  X(recvtclass)                                                                                                        \
  X(recvttl)                                                                                                           \
  X(tos)                                                                                                               \
  X(tclass)                                                                                                            \
  X(ttl)                                                                                                               \
  X(ipv6_v6only)
struct SctpNames {
#define JOIST_SCTP_NAME(n) Term n;
  JOIST_SCTP_NAMES(JOIST_SCTP_NAME)
#undef JOIST_SCTP_NAME
};
extern SctpNames sctp_names;
void sctp_names_init();

// Options of SCTP sockets whose value is an int, or a truth value.
struct SctpIntegerOption {
  uint8_t option;
  int level, name;
  Term SctpNames::*tag;
  bool boolean;
};
const SctpIntegerOption *sctp_integer_option(uint8_t option); // sctp_options_get.cpp; null: none of them

// Identifiers of associations in options are taken as unsigned numbers of 64 bits.
Term association_term(Heap &h, sctp_assoc_t id);
// {{A,B,C,D}, Port} and the like
Term address_tuple(Heap &h, const sockaddr_storage &a);
Term send_parameters_term(Heap &h, const sctp_sndrcvinfo &p);
// Control messages that came along: type of service etc., and #sctp_sndrcvinfo{}.
Term sctp_ancillary_terms(Heap &h, msghdr &m);
// A notification of the kernel. *error: it tells of a failure. None: none of those that inet_sctp.hrl knows, or cut off.
Term notification_term(Heap &h, const uint8_t *bytes, size_t n, bool *error);
// Items in front of each other: the first one comes first in the list.
template <class Items> Term list_of(Heap &h, const Items &items) {
  Term list = Term::nil();
  for (size_t i = std::size(items); i-- > 0;) list = make_cons(h, items[i], list);
  return list;
}
} // namespace joist::stubs::inet
