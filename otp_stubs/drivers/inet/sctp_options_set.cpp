// setopts of SCTP sockets: number, then a value whose layout depends on the option. Unlike with the other protocols every
// failure is told, and ends the request.
#include "otp_stubs/drivers/inet/sctp_port.h"
#include "otp_stubs/drivers/inet/sctp_terms.h"

#include <cstddef>
#include <net/if.h>

namespace joist::stubs::inet {
SocketPort::AfterSet SctpPort::set_options(std::string_view data) {
  FieldReader in(data);
  int32_t active_before = active_;
  while (in.left() > 0) {
    uint8_t option = in.u8();
    if (in.left() < 4) return AfterSet::Invalid; // no value is shorter
    bool known;
    if (!set_kept_option(option, in, &known) || (!known && !set_option(option, in))) return AfterSet::Invalid;
  }
  if (is_open() && active_ != active_before) want_read(active_ != kPassive);
  return AfterSet::Nothing;
}

// Options of the driver. *known: it is one of them. False: invalid.
bool SctpPort::set_kept_option(uint8_t option, FieldReader &in, bool *known) {
  *known = true;
  switch (option) {
  case kBuffer:
    buffer_ = size_t(std::max(in.i32(), 1));
    buffer_set_ = true;
    return true;
  case kMode: mode_ = in.i32(); return true;
  case kActive: return set_active(in, in.i32());
  case kNetns: {
    auto path = in.bytes(in.u32());
    if (in.bad()) return false;
    netns_.emplace(path);
    return true;
  }
  case kDebug: debug_ = in.i32() != 0; return true;
  default: *known = false; return true;
  }
}

bool SctpPort::set_option(uint8_t option, FieldReader &in) {
  switch (option) {
  case kLinger: {
    linger l;
    l.l_onoff = in.i32();
    l.l_linger = in.i32();
    return !in.bad() && set_socket_option(SOL_SOCKET, SO_LINGER, &l, sizeof(l), true) == 0;
  }
  case kBindToDevice: {
    char device[IFNAMSIZ] = {};
    auto text = in.bytes(in.u32());
    if (in.bad() || text.size() >= sizeof(device)) return false;
    memcpy(device, text.data(), text.size());
    return set_socket_option(SOL_SOCKET, SO_BINDTODEVICE, device, sizeof(device), true) == 0;
  }
  default: break;
  }
  if (const SctpIntegerOption *o = sctp_integer_option(option)) {
    int v = in.i32();
    if (option == kRcvBuf) { // what the kernel can hold, one read should take
      buffer_ = std::max(buffer_, size_t(std::max(v, 0)));
      buffer_set_ = true;
    }
    return set_socket_option(o->level, o->name, &v, sizeof(v), true) == 0;
  }
  return set_protocol_option(option, in);
}

// Options whose value is a structure of the protocol's.
bool SctpPort::set_protocol_option(uint8_t option, FieldReader &in) {
  auto set = [&](int name, const auto &value, size_t size = 0) {
    return !in.bad() && set_socket_option(IPPROTO_SCTP, name, &value, size ? size : sizeof(value), true) == 0;
  };
  switch (option) {
  case kSctpRtoInfo: {
    sctp_rtoinfo v{};
    v.srto_assoc_id = in.i32();
    v.srto_initial = in.u32();
    v.srto_max = in.u32();
    v.srto_min = in.u32();
    return set(SCTP_RTOINFO, v);
  }
  case kSctpAssocInfo: {
    sctp_assocparams v{};
    v.sasoc_assoc_id = in.i32();
    v.sasoc_asocmaxrxt = in.u16();
    v.sasoc_number_peer_destinations = in.u16();
    v.sasoc_peer_rwnd = in.u32();
    v.sasoc_local_rwnd = in.u32();
    v.sasoc_cookie_life = in.u32();
    return set(SCTP_ASSOCINFO, v);
  }
  case kSctpInitMsg: {
    sctp_initmsg v{};
    v.sinit_num_ostreams = in.u16();
    v.sinit_max_instreams = in.u16();
    v.sinit_max_attempts = in.u16();
    v.sinit_max_init_timeo = in.u16();
    return set(SCTP_INITMSG, v);
  }
  case kSctpPrimaryAddr:
  case kSctpSetPeerPrimaryAddr: { // the same structure
    sctp_prim v{};
    v.ssp_assoc_id = in.i32();
    Address a;
    socklen_t size;
    if (read_address(in, domain_, &a, &size)) return false;
    memcpy(&v.ssp_addr, &a, sizeof(v.ssp_addr));
    return set(option == kSctpPrimaryAddr ? SCTP_PRIMARY_ADDR : SCTP_SET_PEER_PRIMARY_ADDR, v);
  }
  case kSctpAdaptationLayer: {
    sctp_setadaptation v{};
    v.ssb_adaptation_ind = htonl(in.u32());
    return set(SCTP_ADAPTATION_LAYER, v);
  }
  case kSctpPeerAddrParams: return set_peer_parameters(in);
  case kSctpDefaultSendParam: {
    sctp_sndrcvinfo v = read_send_parameters(in);
    return set(SCTP_DEFAULT_SEND_PARAM, v);
  }
  case kSctpEvents: {
    sctp_event_subscribe v{};
    v.sctp_data_io_event = in.u8();
    v.sctp_association_event = in.u8();
    v.sctp_address_event = in.u8();
    v.sctp_send_failure_event = in.u8();
    v.sctp_peer_error_event = in.u8();
    v.sctp_shutdown_event = in.u8();
    v.sctp_partial_delivery_event = in.u8();
    v.sctp_adaptation_layer_event = in.u8();
    in.u8(); // authentication: not for Erlang programs
    // A kernel that knows fewer events refuses the larger structure; all take its beginning.
    return set(SCTP_EVENTS, v, offsetof(sctp_event_subscribe, sctp_sender_dry_event));
  }
  default: return false;
  }
}

bool SctpPort::set_peer_parameters(FieldReader &in) {
  sctp_paddrparams v{};
  v.spp_assoc_id = in.i32();
  Address a;
  socklen_t size;
  if (read_address(in, domain_, &a, &size)) return false;
  memcpy(&v.spp_address, &a, sizeof(v.spp_address));
  v.spp_hbinterval = in.u32();
  v.spp_pathmaxrxt = in.u16();
  v.spp_pathmtu = in.u32();
  v.spp_sackdelay = in.u32();
  uint32_t wanted = in.u32(), flags = 0;
  constexpr struct {
    uint32_t enable, disable, kernel_enable, kernel_disable;
  } kPairs[] = {{kHbEnable, kHbDisable, SPP_HB_ENABLE, SPP_HB_DISABLE},
                {kPmtudEnable, kPmtudDisable, SPP_PMTUD_ENABLE, SPP_PMTUD_DISABLE},
                {kSackDelayEnable, kSackDelayDisable, SPP_SACKDELAY_ENABLE, SPP_SACKDELAY_DISABLE}};
  for (auto &p : kPairs) {
    if (wanted & p.enable && wanted & p.disable) return false;
    if (wanted & p.enable) flags |= p.kernel_enable;
    if (wanted & p.disable) flags |= p.kernel_disable;
  }
  if (wanted & kHbDemand) flags |= SPP_HB_DEMAND;
  v.spp_flags = flags;
  constexpr size_t kSize = (offsetof(sctp_paddrparams, spp_ipv6_flowlabel) + 3) & ~size_t{3}; // what every kernel takes
  return !in.bad() && set_socket_option(IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, &v, kSize, true) == 0;
}
} // namespace joist::stubs::inet
