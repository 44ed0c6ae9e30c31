// getopts of SCTP sockets. The answer is a message, for its values are records. An option that the kernel refuses is left
// out.
#include "otp_stubs/drivers/inet/sctp_port.h"
#include "otp_stubs/drivers/inet/sctp_terms.h"

#include <net/if.h>

namespace joist::stubs::inet {
const SctpIntegerOption kSctpIntegerOptions[] = {
    {kRcvBuf, SOL_SOCKET, SO_RCVBUF, &SctpNames::recbuf, false},
    {kSndBuf, SOL_SOCKET, SO_SNDBUF, &SctpNames::sndbuf, false},
    {kReuseAddr, SOL_SOCKET, SO_REUSEADDR, &SctpNames::reuseaddr, true},
    {kDontRoute, SOL_SOCKET, SO_DONTROUTE, &SctpNames::dontroute, true},
    {kPriority, SOL_SOCKET, SO_PRIORITY, &SctpNames::priority, false},
    {kTos, IPPROTO_IP, IP_TOS, &SctpNames::tos, false},
    {kTclass, IPPROTO_IPV6, IPV6_TCLASS, &SctpNames::tclass, false},
    {kTtl, IPPROTO_IP, IP_TTL, &SctpNames::ttl, false},
    {kRecvTos, IPPROTO_IP, IP_RECVTOS, &SctpNames::recvtos, true},
    {kRecvTclass, IPPROTO_IPV6, IPV6_RECVTCLASS, &SctpNames::recvtclass, true},
    {kRecvTtl, IPPROTO_IP, IP_RECVTTL, &SctpNames::recvttl, true},
    {kV6Only, IPPROTO_IPV6, IPV6_V6ONLY, &SctpNames::ipv6_v6only, true},
    {kSctpAutoClose, IPPROTO_SCTP, SCTP_AUTOCLOSE, &SctpNames::sctp_autoclose, false},
    {kSctpMaxSeg, IPPROTO_SCTP, SCTP_MAXSEG, &SctpNames::sctp_maxseg, false},
    {kSctpNoDelay, IPPROTO_SCTP, SCTP_NODELAY, &SctpNames::sctp_nodelay, true},
    {kSctpDisableFragments, IPPROTO_SCTP, SCTP_DISABLE_FRAGMENTS, &SctpNames::sctp_disable_fragments, true},
    {kSctpMappedV4, IPPROTO_SCTP, SCTP_I_WANT_MAPPED_V4_ADDR, &SctpNames::sctp_i_want_mapped_v4_addr, true},
};

const SctpIntegerOption *sctp_integer_option(uint8_t option) {
  for (const SctpIntegerOption &o : kSctpIntegerOptions)
    if (o.option == option) return &o;
  return nullptr;
}

namespace {
// Reads the wanted options one by one and collects {Name, Value}.
class Collector {
public:
  Collector(int fd, int domain, FieldReader &in, FragmentHeap &h) : fd_(fd), domain_(domain), in_(in), h_(h) {}
  std::vector<Term> found;

  void add(Term name, Term value) { found.push_back(make_tuple(h_, name, value)); }
  Refusal integer(const SctpIntegerOption &o) {
    int v = 0;
    if (get(o.level, o.name, &v)) add(sctp_names.*o.tag, o.boolean ? bool_term(v) : Term::small(v));
    return kGranted;
  }
  Refusal linger_time() {
    linger l{};
    if (get(SOL_SOCKET, SO_LINGER, &l))
      add(sctp_names.linger, make_tuple(h_, bool_term(l.l_onoff), Term::small(l.l_linger)));
    return kGranted;
  }
  Refusal device() {
    char name[IFNAMSIZ] = {};
    socklen_t size = sizeof(name);
    if (getsockopt(fd_, SOL_SOCKET, SO_BINDTODEVICE, name, &size) == 0)
      add(sctp_names.bind_to_device, make_binary_from(h_, name, strnlen(name, size)));
    return kGranted;
  }
  Refusal retransmission();
  Refusal association();
  Refusal initiation();
  Refusal primary(bool of_peer);
  Refusal adaptation();
  Refusal peer_parameters();
  Refusal send_parameters();
  Refusal events();
  Refusal status();
  Refusal peer_info();

private:
  template <class V> bool get(int level, int name, V *v) const {
    socklen_t size = sizeof(*v);
    return getsockopt(fd_, level, name, v, &size) == 0;
  }
  template <class V> bool get(int name, V *v) const { return get(IPPROTO_SCTP, name, v); }
  bool id(sctp_assoc_t *out) {
    *out = in_.i32();
    return !in_.bad();
  }
  Refusal address(sockaddr_storage *out) {
    Address a;
    socklen_t size;
    if (Refusal r = read_address(in_, domain_, &a, &size)) return r;
    memcpy(out, &a, sizeof(*out));
    return kGranted;
  }
  Term number(uint32_t v) const { return Term::small(v); }
  Term peer_info_term(const sctp_paddrinfo &v) const;

  int fd_, domain_;
  FieldReader &in_;
  FragmentHeap &h_;
};

Refusal Collector::retransmission() {
  sctp_rtoinfo v{};
  if (!id(&v.srto_assoc_id)) return "einval";
  if (get(SCTP_RTOINFO, &v))
    add(sctp_names.sctp_rtoinfo, make_tuple(h_, sctp_names.sctp_rtoinfo, association_term(h_, v.srto_assoc_id),
                                            number(v.srto_initial), number(v.srto_max), number(v.srto_min)));
  return kGranted;
}

Refusal Collector::association() {
  sctp_assocparams v{};
  if (!id(&v.sasoc_assoc_id)) return "einval";
  if (get(SCTP_ASSOCINFO, &v))
    add(sctp_names.sctp_associnfo,
        make_tuple(h_, sctp_names.sctp_assocparams, association_term(h_, v.sasoc_assoc_id), number(v.sasoc_asocmaxrxt),
                   number(v.sasoc_number_peer_destinations), number(v.sasoc_peer_rwnd), number(v.sasoc_local_rwnd),
                   number(v.sasoc_cookie_life)));
  return kGranted;
}

Refusal Collector::initiation() {
  sctp_initmsg v{};
  if (get(SCTP_INITMSG, &v))
    add(sctp_names.sctp_initmsg,
        make_tuple(h_, sctp_names.sctp_initmsg, number(v.sinit_num_ostreams), number(v.sinit_max_instreams),
                   number(v.sinit_max_attempts), number(v.sinit_max_init_timeo)));
  return kGranted;
}

Refusal Collector::primary(bool of_peer) {
  sctp_prim v{};
  sctp_assoc_t association;
  if (!id(&association)) return "einval";
  v.ssp_assoc_id = association;
  if (!get(of_peer ? SCTP_SET_PEER_PRIMARY_ADDR : SCTP_PRIMARY_ADDR, &v)) return kGranted;
  sockaddr_storage a;
  memcpy(&a, &v.ssp_addr, sizeof(a));
  add(of_peer ? sctp_names.sctp_set_peer_primary_addr : sctp_names.sctp_primary_addr,
      make_tuple(h_, of_peer ? sctp_names.sctp_setpeerprim : sctp_names.sctp_prim, association_term(h_, v.ssp_assoc_id),
                 address_tuple(h_, a)));
  return kGranted;
}

Refusal Collector::adaptation() {
  sctp_setadaptation v{};
  if (get(SCTP_ADAPTATION_LAYER, &v))
    add(sctp_names.sctp_adaptation_layer,
        make_tuple(h_, sctp_names.sctp_setadaptation, number(ntohl(v.ssb_adaptation_ind))));
  return kGranted;
}

Refusal Collector::peer_parameters() {
  sctp_paddrparams v{};
  sctp_assoc_t association;
  if (!id(&association)) return "einval";
  v.spp_assoc_id = association;
  sockaddr_storage a;
  if (Refusal r = address(&a)) return r;
  memcpy(&v.spp_address, &a, sizeof(a));
  if (!get(SCTP_PEER_ADDR_PARAMS, &v)) return kGranted;
  memcpy(&a, &v.spp_address, sizeof(a));
  const std::pair<uint32_t, Term> all[] = {{SPP_HB_ENABLE, sctp_names.hb_enable},
                                           {SPP_HB_DISABLE, sctp_names.hb_disable},
                                           {SPP_HB_DEMAND, sctp_names.hb_demand},
                                           {SPP_PMTUD_ENABLE, sctp_names.pmtud_enable},
                                           {SPP_PMTUD_DISABLE, sctp_names.pmtud_disable},
                                           {SPP_SACKDELAY_ENABLE, sctp_names.sackdelay_enable},
                                           {SPP_SACKDELAY_DISABLE, sctp_names.sackdelay_disable}};
  std::vector<Term> flags;
  for (auto &[bit, name] : all)
    if (v.spp_flags & bit) flags.push_back(name);
  add(sctp_names.sctp_peer_addr_params,
      make_tuple(h_, sctp_names.sctp_paddrparams, association_term(h_, v.spp_assoc_id), address_tuple(h_, a),
                 number(v.spp_hbinterval), number(v.spp_pathmaxrxt), number(v.spp_pathmtu), number(v.spp_sackdelay),
                 list_of(h_, flags)));
  return kGranted;
}

Refusal Collector::send_parameters() {
  sctp_sndrcvinfo v{};
  if (!id(&v.sinfo_assoc_id)) return "einval";
  if (get(SCTP_DEFAULT_SEND_PARAM, &v)) add(sctp_names.sctp_default_send_param, send_parameters_term(h_, v));
  return kGranted;
}

Refusal Collector::events() {
  sctp_event_subscribe v{};
  if (get(SCTP_EVENTS, &v))
    add(sctp_names.sctp_events, make_tuple(h_, sctp_names.sctp_event_subscribe, bool_term(v.sctp_data_io_event),
                                           bool_term(v.sctp_association_event), bool_term(v.sctp_address_event),
                                           bool_term(v.sctp_send_failure_event), bool_term(v.sctp_peer_error_event),
                                           bool_term(v.sctp_shutdown_event), bool_term(v.sctp_partial_delivery_event),
                                           bool_term(v.sctp_adaptation_layer_event), atoms::false_));
  return kGranted;
}

Term Collector::peer_info_term(const sctp_paddrinfo &v) const {
  sockaddr_storage a;
  memcpy(&a, &v.spinfo_address, sizeof(a));
  Term state = v.spinfo_state == SCTP_ACTIVE        ? sctp_names.active
               : v.spinfo_state == SCTP_INACTIVE    ? sctp_names.inactive
               : v.spinfo_state == SCTP_UNCONFIRMED ? sctp_names.unconfirmed
                                                    : atoms::undefined;
  return make_tuple(h_, sctp_names.sctp_paddrinfo, association_term(h_, v.spinfo_assoc_id), address_tuple(h_, a), state,
                    number(v.spinfo_cwnd), number(v.spinfo_srtt), number(v.spinfo_rto), number(v.spinfo_mtu));
}

Refusal Collector::status() {
  sctp_status v{};
  if (!id(&v.sstat_assoc_id)) return "einval";
  if (!get(SCTP_STATUS, &v)) return kGranted;
  const Term states[] = {sctp_names.empty,
                         sctp_names.closed,
                         sctp_names.cookie_wait,
                         sctp_names.cookie_echoed,
                         sctp_names.established,
                         sctp_names.shutdown_pending,
                         sctp_names.shutdown_sent,
                         sctp_names.shutdown_received,
                         sctp_names.shutdown_ack_sent};
  size_t state = size_t(v.sstat_state);
  add(sctp_names.sctp_status,
      make_tuple(h_, sctp_names.sctp_status, association_term(h_, v.sstat_assoc_id),
                 state < std::size(states) ? states[state] : atoms::undefined, number(v.sstat_rwnd),
                 number(v.sstat_unackdata), number(v.sstat_penddata), number(v.sstat_instrms), number(v.sstat_outstrms),
                 number(v.sstat_fragmentation_point), peer_info_term(v.sstat_primary)));
  return kGranted;
}

Refusal Collector::peer_info() {
  sctp_paddrinfo v{};
  sctp_assoc_t association;
  if (!id(&association)) return "einval";
  v.spinfo_assoc_id = association;
  sockaddr_storage a;
  if (Refusal r = address(&a)) return r;
  memcpy(&v.spinfo_address, &a, sizeof(a));
  if (get(SCTP_GET_PEER_ADDR_INFO, &v)) add(sctp_names.sctp_get_peer_addr_info, peer_info_term(v));
  return kGranted;
}
} // namespace

Refusal SctpPort::get_options(std::string_view wanted, std::string *body) {
  // What is asked for at once is bounded, as on stock.
  constexpr size_t kMaxOptions = 1300;
  FieldReader in(wanted);
  FragmentHeap h(256);
  Collector c(fd_, domain_, in, h);
  auto one = [&](uint8_t o) -> Refusal {
    switch (o) {
    case kBuffer: c.add(sctp_names.buffer, make_int(h, int64_t(buffer_))); return kGranted;
    case kMode: c.add(sctp_names.mode, mode_ == kModeList ? sctp_names.list : sctp_names.binary); return kGranted;
    case kActive:
      c.add(sctp_names.active, active_ == kActiveCount  ? Term::small(active_count_)
                               : active_ == kActiveOnce ? sctp_names.once
                                                        : bool_term(active_ == kActiveAlways));
      return kGranted;
    case kNetns:
      if (netns_) c.add(sctp_names.netns, make_binary_from(h, netns_->c_str(), strlen(netns_->c_str())));
      return kGranted;
    case kLinger: return c.linger_time();
    case kBindToDevice: return c.device();
    case kSctpRtoInfo: return c.retransmission();
    case kSctpAssocInfo: return c.association();
    case kSctpInitMsg: return c.initiation();
    case kSctpPrimaryAddr: return c.primary(false);
    case kSctpSetPeerPrimaryAddr: return c.primary(true);
    case kSctpAdaptationLayer: return c.adaptation();
    case kSctpPeerAddrParams: return c.peer_parameters();
    case kSctpDefaultSendParam: return c.send_parameters();
    case kSctpEvents: return c.events();
    case kSctpStatus: return c.status();
    case kSctpPeerAddrInfo: return c.peer_info();
    default: break;
    }
    const SctpIntegerOption *i = sctp_integer_option(o);
    return i ? c.integer(*i) : "einval";
  };
  while (in.left() > 0) {
    if (Refusal r = one(in.u8())) return r;
    if (c.found.size() > kMaxOptions) return "enomem";
  }
  sender_ = port_caller(port_);
  reply(make_tuple(h, atoms::ok, list_of(h, c.found)), h);
  body->assign(1, char(kReplyFollows));
  return kGranted;
}
} // namespace joist::stubs::inet
