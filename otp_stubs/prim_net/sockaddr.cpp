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
  Fields &with(Term key, Term value) {
    map = map_put(h, map, key, value);
    return *this;
  }
};
Term number(Heap &h, uint64_t v) { return make_uint(h, v); }

Term hardware_type(unsigned t) {
  switch (t) {
  case ARPHRD_NETROM: return named<"netrom">();
  case ARPHRD_ETHER: return named<"ether">();
  case ARPHRD_LOOPBACK: return named<"loopback">();
  case ARPHRD_PPP: return named<"ppp">();
  case ARPHRD_TUNNEL: return named<"tunnel">();
  case ARPHRD_TUNNEL6: return named<"tunnel6">();
  case ARPHRD_SIT: return named<"sit">();
  case ARPHRD_NONE: return named<"none">();
  default: return Term::small(int64_t(t));
  }
}
Term packet_type(unsigned t) {
  constexpr const char *kNames[] = {"host",     "broadcast", "multicast", "otherhost",
                                    "outgoing", "loopback",  "user",      "kernel"};
  return t < std::size(kNames) ? named(kNames[t]) : Term::small(int64_t(t));
}

Term native_to_map(Heap &h, Term family, const sockaddr *a, socklen_t size) {
  constexpr socklen_t head = offsetof(sockaddr, sa_data);
  return Fields(h)
      .with(named<"family">(), family)
      .with(named<"addr">(), make_binary_from(h, a->sa_data, size > head ? size - head : 0))
      .map;
}
bool octets(Term tuple, unsigned n, int64_t most, int64_t *out) {
  if (!is_tuple_of(tuple, n)) return false;
  for (unsigned i = 0; i < n; i++)
    if (!get_int64(tuple_elements(tuple)[i], &out[i]) || out[i] < 0 || out[i] > most) return false;
  return true;
}
} // namespace

Term in_address_term(Heap &h, const in_addr &a) {
  auto *b = reinterpret_cast<const uint8_t *>(&a);
  return make_tuple(h, Term::small(b[0]), Term::small(b[1]), Term::small(b[2]), Term::small(b[3]));
}
Term in6_address_term(Heap &h, const in6_addr &a) {
  Word *box = h.alloc(9);
  box[0] = header(Kind::Tuple, 8);
  for (int i = 0; i < 8; i++) box[i + 1] = Term::small(a.s6_addr[2 * i] << 8 | a.s6_addr[2 * i + 1]).raw();
  return Term::boxed(box);
}
bool in_address(Term t, in_addr *out) {
  if (t == named<"any">()) return out->s_addr = htonl(INADDR_ANY), true;
  if (t == named<"loopback">()) return out->s_addr = htonl(INADDR_LOOPBACK), true;
  if (t == named<"broadcast">()) return out->s_addr = htonl(INADDR_BROADCAST), true;
  int64_t v[4];
  if (!octets(t, 4, 255, v)) return false;
  out->s_addr = htonl(uint32_t(v[0] << 24 | v[1] << 16 | v[2] << 8 | v[3]));
  return true;
}
bool in6_address(Term t, in6_addr *out) {
  if (t == named<"any">()) return *out = in6addr_any, true;
  if (t == named<"loopback">()) return *out = in6addr_loopback, true;
  int64_t v[8];
  if (!octets(t, 8, 65535, v)) return false;
  for (int i = 0; i < 8; i++) {
    out->s6_addr[2 * i] = uint8_t(v[i] >> 8);
    out->s6_addr[2 * i + 1] = uint8_t(v[i]);
  }
  return true;
}

Term sockaddr_to_map(Heap &h, const sockaddr *a) {
  switch (a->sa_family) {
  case AF_INET: return sockaddr_to_map(h, a, sizeof(sockaddr_in));
  case AF_INET6: return sockaddr_to_map(h, a, sizeof(sockaddr_in6));
  case AF_UNIX:
    return sockaddr_to_map(
        h, a, socklen_t(offsetof(sockaddr_un, sun_path) + strlen(reinterpret_cast<const sockaddr_un *>(a)->sun_path)));
  case AF_PACKET: return sockaddr_to_map(h, a, sizeof(sockaddr_ll));
  default: return sockaddr_to_map(h, a, sizeof(sockaddr));
  }
}

Term sockaddr_to_map(Heap &h, const sockaddr *a, socklen_t size) {
  Fields f(h);
  int family = size >= sizeof a->sa_family ? a->sa_family : AF_UNSPEC;
  if (family == AF_INET && size >= sizeof(sockaddr_in)) {
    auto *s = reinterpret_cast<const sockaddr_in *>(a);
    return f.with(named<"family">(), named<"inet">())
        .with(named<"addr">(), in_address_term(h, s->sin_addr))
        .with(named<"port">(), Term::small(ntohs(s->sin_port)))
        .map;
  }
  if (family == AF_INET6 && size >= sizeof(sockaddr_in6)) {
    auto *s = reinterpret_cast<const sockaddr_in6 *>(a);
    return f.with(named<"family">(), named<"inet6">())
        .with(named<"addr">(), in6_address_term(h, s->sin6_addr))
        .with(named<"port">(), Term::small(ntohs(s->sin6_port)))
        .with(named<"flowinfo">(), number(h, s->sin6_flowinfo))
        .with(named<"scope_id">(), number(h, s->sin6_scope_id))
        .map;
  }
  if (family == AF_UNIX) {
    // A name ends at its first zero byte; an abstract one begins with it, and is as long as the system says.
    auto *s = reinterpret_cast<const sockaddr_un *>(a);
    size_t n = size - std::min<size_t>(size, offsetof(sockaddr_un, sun_path)), m = strnlen(s->sun_path, n);
    return f.with(named<"family">(), named<"local">())
        .with(named<"path">(), make_binary_from(h, s->sun_path, m ? m : n))
        .map;
  }
  if (family == AF_PACKET && size >= offsetof(sockaddr_ll, sll_addr)) {
    auto *s = reinterpret_cast<const sockaddr_ll *>(a);
    return f.with(named<"family">(), named<"packet">())
        .with(named<"protocol">(), Term::small(ntohs(s->sll_protocol)))
        .with(named<"ifindex">(), Term::small(s->sll_ifindex))
        .with(named<"hatype">(), hardware_type(s->sll_hatype))
        .with(named<"pkttype">(), packet_type(s->sll_pkttype))
        .with(named<"addr">(), make_binary_from(h, s->sll_addr, s->sll_halen))
        .map;
  }
  return native_to_map(h, family == AF_UNSPEC ? named<"unspec">() : Term::small(family), a, size);
}

bool sockaddr_from_map(Term map, sockaddr_storage *out, socklen_t *size) {
  if (!is_map(map)) return false;
  auto field = [&](Term key) {
    const Term *v = map_find(map, key);
    return v ? *v : Term::none();
  };
  memset(out, 0, sizeof(*out));
  Term family = field(named<"family">()), addr = field(named<"addr">()), port = field(named<"port">());
  int64_t number = 0;
  auto port_ok = [&] {
    return port.is_none() || (get_int64(port, &number) && number >= INT32_MIN && number <= INT32_MAX);
  }; // cut to 16 bits
  if (family == named<"inet">()) {
    auto *s = reinterpret_cast<sockaddr_in *>(out);
    if (!port_ok() || !in_address(addr, &s->sin_addr)) return false;
    s->sin_family = AF_INET;
    s->sin_port = htons(uint16_t(number));
    *size = sizeof(*s);
    return true;
  }
  if (family == named<"inet6">()) {
    auto *s = reinterpret_cast<sockaddr_in6 *>(out);
    if (!port_ok() || !in6_address(addr, &s->sin6_addr)) return false;
    s->sin6_family = AF_INET6;
    s->sin6_port = htons(uint16_t(number));
    *size = sizeof(*s);
    auto word = [&](Term key, uint32_t *to) {
      Term t = field(key);
      return t.is_none() || get_uint(t, to);
    };
    return word(named<"scope_id">(), &s->sin6_scope_id) && word(named<"flowinfo">(), &s->sin6_flowinfo);
  }
  ByteScratch scratch;
  if (family == named<"local">()) {
    auto *s = reinterpret_cast<sockaddr_un *>(out);
    Term path = field(named<"path">());
    if (path.is_none() || !is_binary(path)) return false;
    Bytes b = bytes_of(path, scratch);
    bool abstract = b.size > 0 && b.data[0] == 0;
    if (b.size + (abstract ? 0 : 1) > sizeof s->sun_path) return false;
    s->sun_family = AF_UNIX;
    memcpy(s->sun_path, b.data, b.size);
    *size = socklen_t(offsetof(sockaddr_un, sun_path) + b.size);
    return true;
  }
  int64_t by_number = AF_UNSPEC;
  if (family != named<"unspec">() && !(get_int64(family, &by_number) && by_number >= 0 && by_number <= 65535))
    return false;
  if (addr.is_none() || !is_binary(addr)) return false;
  Bytes b = bytes_of(addr, scratch);
  auto *s = reinterpret_cast<sockaddr *>(out);
  if (b.size > sizeof(*out) - offsetof(sockaddr, sa_data)) return false;
  s->sa_family = sa_family_t(by_number);
  memcpy(s->sa_data, b.data, b.size);
  *size = socklen_t(offsetof(sockaddr, sa_data) + b.size);
  return true;
}
} // namespace joist::stubs
