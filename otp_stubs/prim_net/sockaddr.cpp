#include "otp_stubs/prim_net/sockaddr.h"
#include "runtime/term/map.h"

#include <net/if_arp.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <sys/un.h>

namespace joist::stubs {
namespace {
struct Fields {
  Heap &h;
  Term map;
  explicit Fields(Heap &heap) : h(heap), map(map_empty(heap)) {}
  Fields &with(const char *key, Term value) {
    map = map_put(h, map, named(key), value);
    return *this;
  }
};
Term number(Heap &h, uint64_t v) { return make_uint(h, v); }

Term hardware_type(unsigned t) {
  switch (t) {
  case ARPHRD_NETROM: return named("netrom");
  case ARPHRD_ETHER: return named("ether");
  case ARPHRD_LOOPBACK: return named("loopback");
  case ARPHRD_PPP: return named("ppp");
  case ARPHRD_TUNNEL: return named("tunnel");
  case ARPHRD_TUNNEL6: return named("tunnel6");
  case ARPHRD_SIT: return named("sit");
  case ARPHRD_NONE: return named("none");
  default: return Term::small(int64_t(t));
  }
}
Term packet_type(unsigned t) {
  constexpr const char *kNames[] = {"host", "broadcast", "multicast", "otherhost", "outgoing", "loopback", "user", "kernel"};
  return t < std::size(kNames) ? named(kNames[t]) : Term::small(int64_t(t));
}

Term inet6_tuple(Heap &h, const in6_addr &a) {
  Word *box = h.alloc(9);
  box[0] = header(Kind::Tuple, 8);
  for (int i = 0; i < 8; i++) box[i + 1] = Term::small(a.s6_addr[2 * i] << 8 | a.s6_addr[2 * i + 1]).raw();
  return Term::boxed(box);
}
} // namespace

Term sockaddr_to_map(Heap &h, const sockaddr *a) {
  Fields f(h);
  switch (a->sa_family) {
  case AF_INET: {
    auto *s = reinterpret_cast<const sockaddr_in *>(a);
    auto *b = reinterpret_cast<const uint8_t *>(&s->sin_addr);
    Term addr = make_tuple(h, Term::small(b[0]), Term::small(b[1]), Term::small(b[2]), Term::small(b[3]));
    return f.with("family", named("inet")).with("addr", addr).with("port", Term::small(ntohs(s->sin_port))).map;
  }
  case AF_INET6: {
    auto *s = reinterpret_cast<const sockaddr_in6 *>(a);
    return f.with("family", named("inet6")).with("addr", inet6_tuple(h, s->sin6_addr))
        .with("port", Term::small(ntohs(s->sin6_port))).with("flowinfo", number(h, s->sin6_flowinfo))
        .with("scope_id", number(h, s->sin6_scope_id)).map;
  }
  case AF_UNIX: {
    auto *s = reinterpret_cast<const sockaddr_un *>(a);
    return f.with("family", named("local")).with("path", make_binary_from(h, std::string_view(s->sun_path))).map;
  }
  case AF_PACKET: {
    auto *s = reinterpret_cast<const sockaddr_ll *>(a);
    return f.with("family", named("packet")).with("protocol", Term::small(ntohs(s->sll_protocol)))
        .with("ifindex", Term::small(s->sll_ifindex)).with("hatype", hardware_type(s->sll_hatype))
        .with("pkttype", packet_type(s->sll_pkttype)).with("addr", make_binary_from(h, s->sll_addr, s->sll_halen)).map;
  }
  default: return f.with("family", Term::small(a->sa_family)).with("addr", make_binary_from(h, a->sa_data, sizeof(a->sa_data))).map;
  }
}

bool sockaddr_from_map(Term map, sockaddr_storage *out, socklen_t *size) {
  if (!is_map(map)) return false;
  auto field = [&](const char *key) {
    const Term *v = map_find(map, named(key));
    return v ? *v : Term::none();
  };
  memset(out, 0, sizeof(*out));
  Term family = field("family"), addr = field("addr"), port = field("port");
  int64_t port_number = 0;
  if (!port.is_none() && (!get_int64(port, &port_number) || port_number < 0 || port_number > 65535)) return false;
  bool any = addr == named("any"), loopback = addr == named("loopback");
  auto part = [&](int i, int64_t max, int64_t *v) {
    return get_int64(tuple_elements(addr)[i], v) && *v >= 0 && *v <= max;
  };
  if (family == named("inet")) {
    auto *s = reinterpret_cast<sockaddr_in *>(out);
    s->sin_family = AF_INET;
    s->sin_port = htons(uint16_t(port_number));
    *size = sizeof(*s);
    if (any || loopback) {
      s->sin_addr.s_addr = htonl(any ? INADDR_ANY : INADDR_LOOPBACK);
      return true;
    }
    if (addr == named("broadcast")) return s->sin_addr.s_addr = htonl(INADDR_BROADCAST), true;
    if (!is_tuple_of(addr, 4)) return false;
    uint32_t v = 0;
    for (int i = 0; i < 4; i++) {
      int64_t b;
      if (!part(i, 255, &b)) return false;
      v = v << 8 | uint32_t(b);
    }
    s->sin_addr.s_addr = htonl(v);
    return true;
  }
  if (family != named("inet6")) return false;
  auto *s = reinterpret_cast<sockaddr_in6 *>(out);
  s->sin6_family = AF_INET6;
  s->sin6_port = htons(uint16_t(port_number));
  *size = sizeof(*s);
  if (any || loopback) return s->sin6_addr = any ? in6addr_any : in6addr_loopback, true;
  if (!is_tuple_of(addr, 8)) return false;
  for (int i = 0; i < 8; i++) {
    int64_t b;
    if (!part(i, 65535, &b)) return false;
    s->sin6_addr.s6_addr[2 * i] = uint8_t(b >> 8);
    s->sin6_addr.s6_addr[2 * i + 1] = uint8_t(b);
  }
  int64_t v;
  if (Term t = field("scope_id"); !t.is_none() && get_int64(t, &v)) s->sin6_scope_id = uint32_t(v);
  if (Term t = field("flowinfo"); !t.is_none() && get_int64(t, &v)) s->sin6_flowinfo = uint32_t(v);
  return true;
}

} // namespace joist::stubs
