// How values of socket options are coded.
#include "otp_stubs/prim_net/sockaddr.h"
#include "otp_stubs/prim_socket/operations.h"
#include "otp_stubs/prim_socket/options.h"
#include "otp_stubs/prim_socket/values.h"
#include "runtime/term/map.h"

#include <cstring>
#include <linux/sctp.h>
#include <net/if.h>
#include <string>
#include <vector>

namespace joist::stubs {
Term set_bytes(Process *p, Socket *s, int level, int option, const void *data, size_t n) {
  return setsockopt(s->fd, level, option, data, socklen_t(n)) == 0 ? atoms::ok : posix_error(p, errno);
}
Term get_bytes(Process *p, Socket *s, int level, int option, const void *initial, size_t n) {
  socklen_t size = socklen_t(n);
  if (n == 0) return getsockopt(s->fd, level, option, nullptr, nullptr) == 0 ? atoms::ok : posix_error(p, errno);
  std::vector<uint8_t> data(n);
  if (initial) memcpy(data.data(), initial, n);
  if (getsockopt(s->fd, level, option, data.data(), &size) != 0) return posix_error(p, errno);
  return ok_with(p, make_binary_from(p->heap, data.data(), std::min<size_t>(size, n)));
}

// --- values shared with control messages
namespace {
constexpr struct {
  const char *name;
  int value;
} kServices[] = {{"lowdelay", 0x10}, {"throughput", 0x08}, {"reliability", 0x04}, {"mincost", 0x02}};
} // namespace
Term tos_term(int tos) {
  for (auto &v : kServices)
    if (v.value == (tos & 0x1e)) return named(v.name);
  return Term::small(tos);
}
bool tos_number(Term t, int *out) {
  if (!t.is_atom()) return get_int(t, out);
  for (auto &v : kServices)
    if (atom::text(t) == v.name) return *out = v.value, true;
  return false;
}
Term time_term(Heap &h, const timeval &v) {
  Term pairs[] = {named<"sec">(), make_int(h, v.tv_sec), named<"usec">(), make_int(h, v.tv_usec)};
  return map_from_pairs(h, pairs, 2);
}
bool time_value(Term t, timeval *out) {
  const Term *sec = field(t, named<"sec">()), *usec = field(t, named<"usec">());
  int64_t a, b;
  if (!sec || !usec || !get_int64(*sec, &a) || !get_int64(*usec, &b)) return false;
  *out = {a, b};
  return true;
}

namespace {
Term invalid_value(Process *p) { return invalid(p, atoms::value); }
bool read_int(Socket *s, int level, int option, int *v) {
  socklen_t n = sizeof *v;
  *v = 0;
  return getsockopt(s->fd, level, option, v, &n) == 0;
}
template <class T> bool read_struct(Socket *s, int level, int option, T *v) {
  socklen_t n = sizeof *v;
  memset(v, 0, sizeof *v);
  return getsockopt(s->fd, level, option, v, &n) == 0;
}
// A get whose value is an int that `encode` turns into a term.
template <Term (*encode)(Heap &, int)> Term get_as(Process *p, Socket *s, int level, int option) {
  int v;
  return read_int(s, level, option, &v) ? ok_with(p, encode(p->heap, v)) : posix_error(p, errno);
}
// A set whose value is an int that `decode` finds in a term.
template <bool (*decode)(Term, int *)> Term set_as(Process *p, Socket *s, int level, int option, Term value) {
  int v;
  return decode(value, &v) ? set_bytes(p, s, level, option, &v, sizeof v) : invalid_value(p);
}

bool boolean_number(Term t, int *out) {
  *out = t == atoms::true_;
  return *out || t == atoms::false_;
}
Term int_term(Heap &h, int v) { return make_int(h, v); }
Term protocol_term(Heap &, int v) { return v == 0 ? named<"default">() : Term::small(v); }
Term boolean_term(Heap &, int v) { return v ? atoms::true_ : atoms::false_; }
Term domain_of(Heap &, int v) { return domain_term(v); }
Term type_of(Heap &, int v) { return type_term(v); }
Term tos_of(Heap &, int v) { return tos_term(v); }

// --- names for numbers
struct Named {
  const char *name;
  int value;
};
template <size_t N> bool number_of(const Named (&names)[N], Term t, int *out) {
  if (!t.is_atom()) return get_int(t, out);
  for (const Named &n : names)
    if (atom::text(t) == n.name) return *out = n.value, true;
  return false;
}
template <size_t N> Term name_of(const Named (&names)[N], Heap &h, int v) {
  for (const Named &n : names)
    if (n.value == v) return named(n.name);
  return make_int(h, v);
}
constexpr Named kDiscover[] = {
    {"want", IP_PMTUDISC_WANT}, {"dont", IP_PMTUDISC_DONT}, {"do", IP_PMTUDISC_DO}, {"probe", IP_PMTUDISC_PROBE}};
constexpr Named kDiscover6[] = {{"want", IPV6_PMTUDISC_WANT},
                                {"dont", IPV6_PMTUDISC_DONT},
                                {"do", IPV6_PMTUDISC_DO},
                                {"probe", IPV6_PMTUDISC_PROBE}};
bool discover_number(Term t, int *out) { return number_of(kDiscover, t, out); }
Term discover_term(Heap &h, int v) { return name_of(kDiscover, h, v); }
bool discover6_number(Term t, int *out) { return number_of(kDiscover6, t, out); }
Term discover6_term(Heap &h, int v) { return name_of(kDiscover6, h, v); }
bool hops_number(Term t, int *out) {
  if (t == named<"default">()) return *out = -1, true;
  return get_int(t, out) && *out >= 0 && *out <= 255;
}

// --- structures
Term set_linger(Process *p, Socket *s, int level, int option, Term value) {
  linger v{};
  const Term *on = field(value, named<"onoff">()), *seconds = field(value, named<"linger">());
  int on_number;
  if (value == named<"abort">()) v.l_onoff = 1;
  else if (!on || !seconds || !boolean_number(*on, &on_number) || !get_int(*seconds, &v.l_linger) || v.l_linger < 0)
    return invalid_value(p);
  else v.l_onoff = on_number;
  return set_bytes(p, s, level, option, &v, sizeof v);
}
Term get_linger(Process *p, Socket *s, int level, int option) {
  linger v;
  if (!read_struct(s, level, option, &v)) return posix_error(p, errno);
  Term pairs[] = {named<"onoff">(), boolean_term(p->heap, v.l_onoff), named<"linger">(), Term::small(v.l_linger)};
  return ok_with(p, map_from_pairs(p->heap, pairs, 2));
}

// Texts: a list of characters below 256.
bool text_of(Term t, size_t most, std::string *out) {
  for (; t.is_cons(); t = t.tail()) {
    int c;
    if (!get_int(t.head(), &c) || c < 0 || c > 255 || out->size() == most) return false;
    out->push_back(char(c));
  }
  return t.is_nil();
}
Term text_term(Heap &h, const char *s, size_t n) {
  Term list = Term::nil();
  while (n-- > 0) list = make_cons(h, Term::small(uint8_t(s[n])), list);
  return list;
}
template <size_t Most> Term set_text(Process *p, Socket *s, int level, int option, Term value) {
  std::string text;
  if (!text_of(value, Most - 1, &text)) return invalid_value(p);
  return set_bytes(p, s, level, option, text.data(), text.size());
}
template <size_t Most> Term get_text(Process *p, Socket *s, int level, int option) {
  char text[Most] = {};
  socklen_t n = Most;
  if (getsockopt(s->fd, level, option, text, &n) != 0) return posix_error(p, errno);
  return ok_with(p, text_term(p->heap, text, n ? n - 1 : 0)); // what the system gave, zeros included, but for the last
}

bool address_field(Term map, Term name, in_addr *out) {
  const Term *t = field(map, name);
  return t && in_address(*t, out);
}
Term set_membership(Process *p, Socket *s, int level, int option, Term value) {
  ip_mreq v;
  if (!address_field(value, named<"multiaddr">(), &v.imr_multiaddr) ||
      !address_field(value, named<"interface">(), &v.imr_interface))
    return invalid_value(p);
  return set_bytes(p, s, level, option, &v, sizeof v);
}
Term set_source(Process *p, Socket *s, int level, int option, Term value) {
  ip_mreq_source v;
  if (!address_field(value, named<"multiaddr">(), &v.imr_multiaddr) ||
      !address_field(value, named<"interface">(), &v.imr_interface) ||
      !address_field(value, named<"sourceaddr">(), &v.imr_sourceaddr))
    return invalid_value(p);
  return set_bytes(p, s, level, option, &v, sizeof v);
}
Term set_source_filter(Process *p, Socket *s, int level, int option, Term value) {
  if (value == named<"null">()) return set_bytes(p, s, level, option, nullptr, 0);
  const Term *mode = field(value, named<"mode">()), *list = field(value, named<"slist">());
  if (!mode || !list) return invalid_value(p);
  std::vector<in_addr> sources;
  Term l = *list;
  for (in_addr a; l.is_cons(); l = l.tail())
    if (in_address(l.head(), &a)) sources.push_back(a);
    else return invalid_value(p);
  std::vector<uint8_t> memory(IP_MSFILTER_SIZE(sources.size()) + sizeof(in_addr));
  auto *v = reinterpret_cast<ip_msfilter *>(memory.data());
  bool include = *mode == named<"include">();
  if (!l.is_nil() || (!include && *mode != named<"exclude">()) ||
      !address_field(value, named<"multiaddr">(), &v->imsf_multiaddr) ||
      !address_field(value, named<"interface">(), &v->imsf_interface))
    return invalid_value(p);
  v->imsf_fmode = include ? MCAST_INCLUDE : MCAST_EXCLUDE;
  v->imsf_numsrc = uint32_t(sources.size());
  memcpy(reinterpret_cast<uint8_t *>(v) + offsetof(ip_msfilter, imsf_slist), sources.data(),
         sources.size() * sizeof(in_addr));
  return set_bytes(p, s, level, option, v, IP_MSFILTER_SIZE(sources.size()));
}
Term set_interface(Process *p, Socket *s, int level, int option, Term value) {
  in_addr v;
  return in_address(value, &v) ? set_bytes(p, s, level, option, &v, sizeof v) : invalid_value(p);
}
Term get_interface(Process *p, Socket *s, int level, int option) {
  in_addr v;
  return read_struct(s, level, option, &v) ? ok_with(p, in_address_term(p->heap, v)) : posix_error(p, errno);
}
Term set_membership6(Process *p, Socket *s, int level, int option, Term value) {
  ipv6_mreq v;
  const Term *group = field(value, named<"multiaddr">()), *interface = field(value, named<"interface">());
  if (!group || !interface || !in6_address(*group, &v.ipv6mr_multiaddr) || !get_uint(*interface, &v.ipv6mr_interface))
    return invalid_value(p);
  return set_bytes(p, s, level, option, &v, sizeof v);
}
Term get_packet_options(Process *p, Socket *s, int level, int option) {
  std::vector<uint8_t> data(s->receive_control);
  socklen_t n = socklen_t(data.size());
  if (getsockopt(s->fd, level, option, data.data(), &n) != 0) return posix_error(p, errno);
  msghdr m{};
  m.msg_control = data.data();
  m.msg_controllen = n;
  return ok_with(p, control_messages(p->heap, &m));
}

// --- SCTP: structures that are maps of numbers; each structure's fields, named as in the map, are listed once
template <class F> void each_field(sctp_assocparams &v, F f) {
  f(named<"assoc_id">(), v.sasoc_assoc_id);
  f(named<"asocmaxrxt">(), v.sasoc_asocmaxrxt);
  f(named<"number_peer_destinations">(), v.sasoc_number_peer_destinations);
  f(named<"peer_rwnd">(), v.sasoc_peer_rwnd);
  f(named<"local_rwnd">(), v.sasoc_local_rwnd);
  f(named<"cookie_life">(), v.sasoc_cookie_life);
}
template <class F> void each_field(sctp_initmsg &v, F f) {
  f(named<"num_outstreams">(), v.sinit_num_ostreams);
  f(named<"max_instreams">(), v.sinit_max_instreams);
  f(named<"max_attempts">(), v.sinit_max_attempts);
  f(named<"max_init_timeo">(), v.sinit_max_init_timeo);
}
template <class T> Term set_fields(Process *p, Socket *s, int level, int option, Term value) {
  T v{};
  bool good = true;
  each_field(v, [&](Term name, auto &to) {
    const Term *t = field(value, name);
    uint32_t n = 0;
    good = good && t && get_uint(*t, &n);
    to = std::remove_reference_t<decltype(to)>(n);
  });
  return good ? set_bytes(p, s, level, option, &v, sizeof v) : invalid_value(p);
}
template <class T> Term get_fields(Process *p, Socket *s, int level, int option) {
  T v;
  if (!read_struct(s, level, option, &v)) return posix_error(p, errno);
  std::vector<Term> pairs;
  each_field(v, [&](Term name, auto from) {
    pairs.push_back(name);
    pairs.push_back(make_int(p->heap, from));
  });
  return ok_with(p, map_from_pairs(p->heap, pairs.data(), pairs.size() / 2));
}
Term set_events(Process *p, Socket *s, int level, int option, Term value) {
  sctp_event_subscribe v{};
  // The first events must be there; the rest may be missing.
  const struct {
    Term name;
    __u8 *to;
    bool needed;
  } all[] = {{named<"data_in">(), &v.sctp_data_io_event, true},
             {named<"association">(), &v.sctp_association_event, true},
             {named<"address">(), &v.sctp_address_event, true},
             {named<"send_failure">(), &v.sctp_send_failure_event, true},
             {named<"peer_error">(), &v.sctp_peer_error_event, true},
             {named<"shutdown">(), &v.sctp_shutdown_event, true},
             {named<"partial_delivery">(), &v.sctp_partial_delivery_event, true},
             {named<"adaptation_layer">(), &v.sctp_adaptation_layer_event, false},
             {named<"authentication">(), &v.sctp_authentication_event, false},
             {named<"sender_dry">(), &v.sctp_sender_dry_event, false}};
  if (!is_map(value)) return invalid_value(p);
  for (auto &e : all) {
    const Term *t = field(value, e.name);
    int on = 0;
    if (t ? !boolean_number(*t, &on) : e.needed) return invalid_value(p);
    *e.to = __u8(on);
  }
  return set_bytes(p, s, level, option, &v, sizeof v);
}
} // namespace

const OptionCode kInteger{set_as<get_int>, get_as<int_term>};
const OptionCode kIntegerRead{nullptr, get_as<int_term>};
const OptionCode kBoolean{set_as<boolean_number>, get_as<boolean_term>};
const OptionCode kBooleanRead{nullptr, get_as<boolean_term>};
const OptionCode kLinger{set_linger, get_linger};
const OptionCode kDevice{set_text<IFNAMSIZ + 1>, get_text<IFNAMSIZ + 1>};
const OptionCode kDomainRead{nullptr, get_as<domain_of>};
const OptionCode kTypeRead{nullptr, get_as<type_of>};
const OptionCode kProtocolRead{nullptr, get_as<protocol_term>};
const OptionCode kMembership{set_membership, nullptr};
const OptionCode kSource{set_source, nullptr};
const OptionCode kSourceFilter{set_source_filter, nullptr};
const OptionCode kMtuDiscover{set_as<discover_number>, get_as<discover_term>};
const OptionCode kMtuDiscover6{set_as<discover6_number>, get_as<discover6_term>};
const OptionCode kInterface{set_interface, get_interface};
const OptionCode kTos{set_as<tos_number>, get_as<tos_of>};
const OptionCode kHops{set_as<hops_number>, get_as<int_term>};
const OptionCode kMembership6{set_membership6, nullptr};
const OptionCode kCongestion{set_text<17>, get_text<17>};
const OptionCode kAddressForm{set_as<domain_number>, nullptr};
const OptionCode kPacketOptions{nullptr, get_packet_options};
const OptionCode kSctpAssociation{set_fields<sctp_assocparams>, get_fields<sctp_assocparams>};
const OptionCode kSctpEvents{set_events, nullptr};
const OptionCode kSctpInit{set_fields<sctp_initmsg>, get_fields<sctp_initmsg>};
const OptionCode kNeither{nullptr, nullptr};
} // namespace joist::stubs
