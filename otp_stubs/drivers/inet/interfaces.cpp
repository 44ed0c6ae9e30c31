// The host's network interfaces: getifaddrs, getiflist, ifget, ifset.
#include "otp_stubs/drivers/inet/socket_port.h"

#include <cstddef>
#include <ifaddrs.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <sys/ioctl.h>

namespace joist::stubs::inet {
namespace {
enum InterfaceOption : uint8_t { kAddress = 1, kBroadcastAddress, kDestination, kMtu, kNetmask, kFlags, kHardware };
enum InterfaceFlag : uint32_t {
  kUp = 0x01,
  kCanBroadcast = 0x02,
  kIsLoopback = 0x04,
  kPointToPoint = 0x08,
  kRunning = 0x10,
  kMulticast = 0x20,
  kDown = 0x100,
  kNoBroadcast = 0x200,
  kNoPointToPoint = 0x800
};

uint32_t flags_of(unsigned f) {
  uint32_t r = 0;
  if (f & IFF_UP) r |= kUp;
  if (f & IFF_BROADCAST) r |= kCanBroadcast;
  if (f & IFF_LOOPBACK) r |= kIsLoopback;
  if (f & IFF_POINTOPOINT) r |= kPointToPoint;
  if (f & IFF_RUNNING) r |= kRunning;
  if (f & IFF_MULTICAST) r |= kMulticast;
  return r;
}

// Family and address without port. False: of another kind.
bool put_ip(std::string *out, uint8_t option, const sockaddr *a) {
  if (!a) return false;
  if (a->sa_family == AF_INET) {
    out->push_back(char(option));
    out->push_back(char(kInet));
    out->append(reinterpret_cast<const char *>(&reinterpret_cast<const sockaddr_in *>(a)->sin_addr), 4);
  } else if (a->sa_family == AF_INET6) {
    out->push_back(char(option));
    out->push_back(char(kInet6));
    out->append(reinterpret_cast<const char *>(&reinterpret_cast<const sockaddr_in6 *>(a)->sin6_addr), 16);
  } else {
    return false;
  }
  return true;
}

// Names are Latin-1 to the kernel and UTF-8 to Erlang.
void put_name(std::string *out, const char *name) {
  for (; *name; name++) {
    auto c = uint8_t(*name);
    if (c < 0x80) {
      out->push_back(char(c));
    } else {
      out->push_back(char(0xc0 | c >> 6));
      out->push_back(char(0x80 | (c & 0x3f)));
    }
  }
  out->push_back(0);
}

bool read_name(FieldReader &in, ifreq *r) {
  memset(r, 0, sizeof(*r));
  if (in.left() == 0) return false;
  auto name = in.bytes(in.u8());
  if (in.bad()) return false;
  memcpy(r->ifr_name, name.data(), std::min<size_t>(name.size(), IFNAMSIZ - 1));
  return true;
}

bool read_ip(FieldReader &in, sockaddr *out) { // an IPv4 address; ioctl knows no others
  auto *a = reinterpret_cast<sockaddr_in *>(out);
  memset(a, 0, sizeof(*a));
  if (in.u8() != kInet) return false;
  auto bytes = in.bytes(4);
  if (in.bad()) return false;
  a->sin_family = AF_INET;
  memcpy(&a->sin_addr, bytes.data(), 4);
  return true;
}
} // namespace

int write_interfaces(std::string *out) {
  ifaddrs *list;
  if (getifaddrs(&list) < 0) return errno;
  for (ifaddrs *i = list; i; i = i->ifa_next) {
    put_name(out, i->ifa_name);
    put_option(out, kFlags, flags_of(i->ifa_flags));
    if (i->ifa_addr && i->ifa_addr->sa_family == AF_PACKET) {
      auto *ll = reinterpret_cast<const sockaddr_ll *>(i->ifa_addr);
      if (ll->sll_halen > 0) {
        out->push_back(char(kHardware));
        put_number(out, ll->sll_halen, 2);
        out->append(reinterpret_cast<const char *>(ll->sll_addr), ll->sll_halen);
      }
    } else if (put_ip(out, kAddress, i->ifa_addr)) {
      put_ip(out, kNetmask, i->ifa_netmask);
      if (i->ifa_dstaddr && (i->ifa_flags & IFF_POINTOPOINT)) put_ip(out, kDestination, i->ifa_dstaddr);
      else if (i->ifa_flags & IFF_BROADCAST) put_ip(out, kBroadcastAddress, i->ifa_broadaddr);
    }
    out->push_back(0);
  }
  freeifaddrs(list);
  return 0;
}

int write_interface_names(int fd, std::string *out) {
  std::vector<ifreq> rows(16);
  ifconf c{};
  for (;;) {
    c.ifc_len = int(rows.size() * sizeof(ifreq));
    c.ifc_req = rows.data();
    if (ioctl(fd, SIOCGIFCONF, &c) < 0) return errno;
    if (size_t(c.ifc_len) < rows.size() * sizeof(ifreq)) break;
    rows.resize(rows.size() * 2);
  }
  for (size_t i = 0; i < size_t(c.ifc_len) / sizeof(ifreq); i++) {
    out->append(rows[i].ifr_name, strnlen(rows[i].ifr_name, IFNAMSIZ));
    out->push_back(0);
  }
  return 0;
}

Refusal interface_get(int fd, std::string_view data, std::string *out) {
  FieldReader in(data);
  ifreq r;
  if (!read_name(in, &r)) return "einval";
  while (in.left() > 0) {
    switch (uint8_t option = in.u8()) {
    case kAddress:
      if (ioctl(fd, SIOCGIFADDR, &r) == 0) put_ip(out, option, &r.ifr_addr);
      break;
    case kBroadcastAddress:
      if (ioctl(fd, SIOCGIFBRDADDR, &r) == 0) put_ip(out, option, &r.ifr_broadaddr);
      break;
    case kDestination:
      if (ioctl(fd, SIOCGIFDSTADDR, &r) == 0) put_ip(out, option, &r.ifr_dstaddr);
      break;
    case kNetmask:
      if (ioctl(fd, SIOCGIFNETMASK, &r) == 0) put_ip(out, option, &r.ifr_netmask);
      break;
    case kMtu:
      if (ioctl(fd, SIOCGIFMTU, &r) == 0) put_option(out, option, uint32_t(r.ifr_mtu));
      break;
    case kFlags: put_option(out, option, ioctl(fd, SIOCGIFFLAGS, &r) == 0 ? flags_of(unsigned(r.ifr_flags)) : 0); break;
    case kHardware:
      if (ioctl(fd, SIOCGIFHWADDR, &r) == 0) {
        out->push_back(char(option));
        put_number(out, IFHWADDRLEN, 2);
        out->append(r.ifr_hwaddr.sa_data, IFHWADDRLEN);
      }
      break;
    default: return "einval";
    }
  }
  return kGranted;
}

// What the kernel refuses is not told, as on stock.
Refusal interface_set(int fd, std::string_view data) {
  FieldReader in(data);
  ifreq r;
  if (!read_name(in, &r)) return "einval";
  while (in.left() > 0) {
    switch (in.u8()) {
    case kAddress:
      if (!read_ip(in, &r.ifr_addr)) return "einval";
      (void)ioctl(fd, SIOCSIFADDR, &r);
      break;
    case kBroadcastAddress:
      if (!read_ip(in, &r.ifr_broadaddr)) return "einval";
      (void)ioctl(fd, SIOCSIFBRDADDR, &r);
      break;
    case kDestination:
      if (!read_ip(in, &r.ifr_dstaddr)) return "einval";
      (void)ioctl(fd, SIOCSIFDSTADDR, &r);
      break;
    case kNetmask:
      if (!read_ip(in, &r.ifr_netmask)) return "einval";
      (void)ioctl(fd, SIOCSIFNETMASK, &r);
      break;
    case kMtu:
      r.ifr_mtu = in.i32();
      if (in.bad()) return "einval";
      (void)ioctl(fd, SIOCSIFMTU, &r);
      break;
    case kHardware: {
      auto address = in.bytes(in.u16());
      if (in.bad() || address.size() > sizeof(r.ifr_hwaddr.sa_data)) return "einval";
      memset(r.ifr_hwaddr.sa_data, 0, sizeof(r.ifr_hwaddr.sa_data));
      memcpy(r.ifr_hwaddr.sa_data, address.data(), address.size());
      (void)ioctl(fd, SIOCSIFHWADDR, &r);
      break;
    }
    case kFlags: {
      uint32_t change = in.u32();
      if (in.bad()) return "einval";
      int before = ioctl(fd, SIOCGIFFLAGS, &r) == 0 ? r.ifr_flags : 0, flags = before;
      auto apply = [&](uint32_t on, uint32_t off, int flag) {
        if (change & on) flags |= flag;
        if (change & off) flags &= ~flag;
      };
      apply(kUp, kDown, IFF_UP);
      apply(kCanBroadcast, kNoBroadcast, IFF_BROADCAST);
      apply(kPointToPoint, kNoPointToPoint, IFF_POINTOPOINT);
      if (flags == before) break;
      r.ifr_flags = short(flags);
      (void)ioctl(fd, SIOCSIFFLAGS, &r);
      break;
    }
    default: return "einval";
    }
  }
  return kGranted;
}
} // namespace joist::stubs::inet
