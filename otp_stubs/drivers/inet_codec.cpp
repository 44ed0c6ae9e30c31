// Addresses and interfaces in the encoding that prim_inet.erl reads and writes.
#include "otp_stubs/drivers/inet.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <sys/un.h>

namespace joist::stubs {
void put_number(std::string *out, uint64_t v, int bytes) {
  for (int i = bytes - 1; i >= 0; i--) out->push_back(char(v >> (8 * i)));
}

bool read_address(FieldReader &in, int domain, sockaddr_storage *out, socklen_t *size, int *error) {
  uint8_t family = in.u8();
  memset(out, 0, sizeof(*out));
  *error = EINVAL;
  if (family == inet::kLocal) {
    if (domain != AF_UNIX) return *error = EAFNOSUPPORT, false;
    auto *u = reinterpret_cast<sockaddr_un *>(out);
    auto path = in.bytes(in.u8());
    if (in.bad() || path.size() > sizeof(u->sun_path)) return false;
    u->sun_family = AF_UNIX;
    memcpy(u->sun_path, path.data(), path.size());
    *size = socklen_t(offsetof(sockaddr_un, sun_path) + path.size());
    return true;
  }
  uint16_t port = in.u16();
  if (domain == AF_INET && (family == inet::kInet || family == inet::kAny || family == inet::kLoopback)) {
    auto *a = reinterpret_cast<sockaddr_in *>(out);
    a->sin_family = AF_INET;
    a->sin_port = htons(port);
    if (family == inet::kInet) a->sin_addr.s_addr = htonl(in.u32());
    else a->sin_addr.s_addr = htonl(family == inet::kAny ? INADDR_ANY : INADDR_LOOPBACK);
    *size = sizeof(*a);
    return !in.bad();
  }
  if (domain == AF_INET6 && (family == inet::kInet6 || family == inet::kAny || family == inet::kLoopback)) {
    auto *a = reinterpret_cast<sockaddr_in6 *>(out);
    a->sin6_family = AF_INET6;
    a->sin6_port = htons(port);
    if (family == inet::kInet6) {
      auto bytes = in.bytes(16);
      if (!in.bad()) memcpy(&a->sin6_addr, bytes.data(), 16);
    } else {
      a->sin6_addr = family == inet::kAny ? in6addr_any : in6addr_loopback;
    }
    *size = sizeof(*a);
    return !in.bad();
  }
  *error = EAFNOSUPPORT;
  return false;
}

bool write_address(const sockaddr_storage &s, socklen_t size, std::string *out) {
  switch (s.ss_family) {
  case AF_INET: {
    auto &a = reinterpret_cast<const sockaddr_in &>(s);
    out->push_back(char(inet::kInet));
    put_number(out, ntohs(a.sin_port), 2);
    put_number(out, ntohl(a.sin_addr.s_addr), 4);
    return true;
  }
  case AF_INET6: {
    auto &a = reinterpret_cast<const sockaddr_in6 &>(s);
    out->push_back(char(inet::kInet6));
    put_number(out, ntohs(a.sin6_port), 2);
    out->append(reinterpret_cast<const char *>(&a.sin6_addr), 16);
    return true;
  }
  case AF_UNIX: {
    auto &a = reinterpret_cast<const sockaddr_un &>(s);
    size_t n = size - offsetof(sockaddr_un, sun_path);
    if (n > 0 && a.sun_path[0] != 0) n = strnlen(a.sun_path, n);
    out->push_back(char(inet::kLocal));
    out->push_back(char(n));
    out->append(a.sun_path, n);
    return true;
  }
  default: return false;
  }
}

namespace {
constexpr uint8_t kIfAddress = 1, kIfBroadcast = 2, kIfDestination = 3, kIfNetmask = 5, kIfFlags = 6, kIfHardware = 7;

uint32_t interface_flags(unsigned f) {
  uint32_t r = 0;
  if (f & IFF_UP) r |= 0x01;
  if (f & IFF_BROADCAST) r |= 0x02;
  if (f & IFF_LOOPBACK) r |= 0x04;
  if (f & IFF_POINTOPOINT) r |= 0x08;
  if (f & IFF_RUNNING) r |= 0x10;
  if (f & IFF_MULTICAST) r |= 0x20;
  return r;
}
// Option, family and the address without port.
void put_interface_address(std::string *out, uint8_t option, const sockaddr *a) {
  if (!a) return;
  if (a->sa_family == AF_INET) {
    out->push_back(char(option));
    out->push_back(char(inet::kInet));
    out->append(reinterpret_cast<const char *>(&reinterpret_cast<const sockaddr_in *>(a)->sin_addr), 4);
  } else if (a->sa_family == AF_INET6) {
    out->push_back(char(option));
    out->push_back(char(inet::kInet6));
    out->append(reinterpret_cast<const char *>(&reinterpret_cast<const sockaddr_in6 *>(a)->sin6_addr), 16);
  }
}
} // namespace

int write_interfaces(std::string *out) {
  ifaddrs *list;
  if (getifaddrs(&list) < 0) return errno;
  for (ifaddrs *i = list; i; i = i->ifa_next) {
    if (!i->ifa_addr) continue;
    out->append(i->ifa_name, strlen(i->ifa_name) + 1);
    out->push_back(char(kIfFlags));
    put_number(out, interface_flags(i->ifa_flags), 4);
    if (i->ifa_addr->sa_family == AF_PACKET) {
      auto *ll = reinterpret_cast<const sockaddr_ll *>(i->ifa_addr);
      out->push_back(char(kIfHardware));
      put_number(out, ll->sll_halen, 2);
      out->append(reinterpret_cast<const char *>(ll->sll_addr), ll->sll_halen);
    } else {
      put_interface_address(out, kIfAddress, i->ifa_addr);
      put_interface_address(out, kIfNetmask, i->ifa_netmask);
      if (i->ifa_flags & IFF_POINTOPOINT) put_interface_address(out, kIfDestination, i->ifa_dstaddr);
      else if (i->ifa_flags & IFF_BROADCAST) put_interface_address(out, kIfBroadcast, i->ifa_broadaddr);
    }
    out->push_back(0);
  }
  freeifaddrs(list);
  return 0;
}
} // namespace joist::stubs
