// ioctl: network interfaces by name and index.
#include "otp_stubs/prim_net/sockaddr.h"
#include "otp_stubs/prim_socket/operations.h"
#include "otp_stubs/prim_socket/socket.h"
#include "runtime/term/map.h"

#include <net/if.h>
#include <net/if_arp.h>
#include <string>
#include <sys/ioctl.h>
#include <vector>

namespace joist::stubs {
namespace {
constexpr struct {
  const char *name;
  int number;
} kRequests[] = {{"gifaddr", SIOCGIFADDR},       {"gifbrdaddr", SIOCGIFBRDADDR}, {"gifconf", SIOCGIFCONF},
                 {"gifdstaddr", SIOCGIFDSTADDR}, {"gifflags", SIOCGIFFLAGS},     {"gifhwaddr", SIOCGIFHWADDR},
                 {"gifindex", SIOCGIFINDEX},     {"gifmap", SIOCGIFMAP},         {"gifmtu", SIOCGIFMTU},
                 {"gifname", SIOCGIFNAME},       {"gifnetmask", SIOCGIFNETMASK}, {"giftxqlen", SIOCGIFTXQLEN},
                 {"sifaddr", SIOCSIFADDR},       {"sifbrdaddr", SIOCSIFBRDADDR}, {"sifdstaddr", SIOCSIFDSTADDR},
                 {"sifflags", SIOCSIFFLAGS},     {"sifmtu", SIOCSIFMTU},         {"siftxqlen", SIOCSIFTXQLEN}};
// Flags of an interface; 0: known to the module, not to this system.
constexpr struct {
  const char *name;
  int bit;
} kFlags[] = {{"allmulti", IFF_ALLMULTI},
              {"automedia", IFF_AUTOMEDIA},
              {"broadcast", IFF_BROADCAST},
              {"cantconfig", 0},
              {"debug", IFF_DEBUG},
              {"dormant", 1 << 17},
              {"dying", 0},
              {"dynamic", IFF_DYNAMIC},
              {"echo", 1 << 18},
              {"knowsepoch", 0},
              {"link0", 0},
              {"link1", 0},
              {"link2", 0},
              {"loopback", IFF_LOOPBACK},
              {"lower_up", 1 << 16},
              {"master", IFF_MASTER},
              {"monitor", 0},
              {"multicast", IFF_MULTICAST},
              {"noarp", IFF_NOARP},
              {"nogroup", 0},
              {"notrailers", IFF_NOTRAILERS},
              {"oactive", 0},
              {"pointopoint", IFF_POINTOPOINT},
              {"portsel", IFF_PORTSEL},
              {"ppromisc", 0},
              {"promisc", IFF_PROMISC},
              {"renaming", 0},
              {"running", IFF_RUNNING},
              {"simplex", 0},
              {"slave", IFF_SLAVE},
              {"staticarp", 0},
              {"up", IFF_UP}};

Term text_term(Heap &h, const char *s) {
  Term list = Term::nil();
  for (size_t n = strnlen(s, IFNAMSIZ); n-- > 0;) list = make_cons(h, Term::small(uint8_t(s[n])), list);
  return list;
}
// The name of an interface, cut to what the system takes.
bool interface_name(Term t, ifreq *r) {
  memset(r, 0, sizeof *r);
  unsigned n = 0;
  for (; t.is_cons(); t = t.tail()) {
    int c;
    if (!get_int(t.head(), &c) || c < 0 || c > 255) return false;
    if (n < IFNAMSIZ - 1) r->ifr_name[n++] = char(c);
  }
  return t.is_nil();
}

Term flags_term(Heap &h, int flags) {
  flags &= 0xffff;
  Term list = Term::nil();
  int unknown = flags;
  for (auto &f : kFlags) unknown &= ~f.bit;
  if (unknown) list = make_cons(h, make_int(h, unknown), list);
  for (int bit = 1 << 15; bit; bit >>= 1) // lowest first
    for (auto &f : kFlags)
      if (f.bit == bit && flags & bit) list = make_cons(h, named(f.name), list);
  return list;
}
Term map_term(Heap &h, const ifmap &m) {
  Term pairs[] = {named<"mem_start">(), make_uint(h, m.mem_start), named<"mem_end">(), make_uint(h, m.mem_end),
                  named<"base_addr">(), make_uint(h, m.base_addr), named<"irq">(),     Term::small(m.irq),
                  named<"dma">(),       Term::small(m.dma),        named<"port">(),    Term::small(m.port)};
  return map_from_pairs(h, pairs, 6);
}
Term hardware_address(Heap &h, const sockaddr &a) {
  constexpr struct {
    int type;
    const char *name;
  } kFamilies[] = {{ARPHRD_NETROM, "netrom"},     {ARPHRD_ETHER, "ether"}, {ARPHRD_IEEE802, "ieee802"},
                   {ARPHRD_DLCI, "dlci"},         {ARPHRD_FRAD, "frelay"}, {ARPHRD_IEEE1394, "ieee1394"},
                   {ARPHRD_LOOPBACK, "loopback"}, {ARPHRD_NONE, "none"}};
  Term family = Term::small(a.sa_family);
  for (auto &f : kFamilies)
    if (f.type == a.sa_family) family = named(f.name);
  Term pairs[] = {named<"family">(), family, named<"addr">(), make_binary_from(h, a.sa_data, sizeof a.sa_data)};
  return map_from_pairs(h, pairs, 2);
}

Term interfaces(Process *p, Socket *s) {
  std::vector<ifreq> all(64);
  ifconf c;
  for (;;) {
    c.ifc_len = int(all.size() * sizeof(ifreq));
    c.ifc_req = all.data();
    if (ioctl(s->fd, SIOCGIFCONF, &c) < 0) return posix_error(p, errno);
    if (size_t(c.ifc_len) < all.size() * sizeof(ifreq)) break;
    all.resize(all.size() * 2);
  }
  Heap &h = p->heap;
  Term list = Term::nil();
  for (size_t i = size_t(c.ifc_len) / sizeof(ifreq); i-- > 0;) {
    Term pairs[] = {named<"name">(), text_term(h, all[i].ifr_name), named<"addr">(),
                    sockaddr_to_map(h, &all[i].ifr_addr, sizeof(sockaddr))};
    list = make_cons(h, map_from_pairs(h, pairs, 2), list);
  }
  return ok_with(p, list);
}

// #{FlagNumber := boolean()} applied to the flags that are there.
bool change_flags(Term map, short *flags) {
  if (!is_map(map)) return false;
  MapIterator it(map);
  for (Term key, value; it.next(&key, &value);) {
    int bit;
    if (!get_int(key, &bit) || (value != atoms::true_ && value != atoms::false_)) return false;
    if (value == atoms::true_) *flags = short(*flags | bit);
    else *flags = short(*flags & ~bit);
  }
  return true;
}
Term get_of_interface(Process *p, Socket *s, int request, Term interface) {
  ifreq r;
  bool by_index = request == SIOCGIFNAME;
  switch (request) {
  case SIOCGIFNAME:
  case SIOCGIFINDEX:
  case SIOCGIFFLAGS:
  case SIOCGIFADDR:
  case SIOCGIFDSTADDR:
  case SIOCGIFBRDADDR:
  case SIOCGIFNETMASK:
  case SIOCGIFMTU:
  case SIOCGIFHWADDR:
  case SIOCGIFMAP:
  case SIOCGIFTXQLEN: break;
  default: return error_with(p, named<"enotsup">());
  }
  memset(&r, 0, sizeof r);
  if (by_index ? !get_int(interface, &r.ifr_ifindex) : !interface_name(interface, &r)) return badarg(p);
  if (ioctl(s->fd, unsigned(request), &r) < 0) return posix_error(p, errno);
  Heap &h = p->heap;
  switch (request) {
  case SIOCGIFNAME: return ok_with(p, text_term(h, r.ifr_name));
  case SIOCGIFINDEX: return ok_with(p, make_int(h, r.ifr_ifindex));
  case SIOCGIFFLAGS: return ok_with(p, flags_term(h, r.ifr_flags));
  case SIOCGIFMTU: return ok_with(p, make_int(h, r.ifr_mtu));
  case SIOCGIFTXQLEN: return ok_with(p, make_int(h, r.ifr_qlen));
  case SIOCGIFMAP: return ok_with(p, map_term(h, r.ifr_map));
  case SIOCGIFHWADDR: return ok_with(p, hardware_address(h, r.ifr_hwaddr));
  default: return ok_with(p, sockaddr_to_map(h, &r.ifr_addr, sizeof(sockaddr)));
  }
}

Term set_of_interface(Process *p, Socket *s, int request, Term interface, Term value) {
  ifreq r;
  switch (request) {
  case SIOCSIFFLAGS:
  case SIOCSIFADDR:
  case SIOCSIFDSTADDR:
  case SIOCSIFBRDADDR:
  case SIOCSIFNETMASK:
  case SIOCSIFMTU:
  case SIOCSIFTXQLEN: break;
  default: return error_with(p, named<"enotsup">());
  }
  if (!interface_name(interface, &r)) return badarg(p);
  if (request == SIOCSIFFLAGS) {
    if (ioctl(s->fd, SIOCGIFFLAGS, &r) < 0) return posix_error(p, errno);
    if (!change_flags(value, &r.ifr_flags)) return badarg(p);
  } else if (request == SIOCSIFMTU || request == SIOCSIFTXQLEN) {
    if (!get_int(value, request == SIOCSIFMTU ? &r.ifr_mtu : &r.ifr_qlen)) return badarg(p);
  } else {
    SocketAddress a;
    if (!sockaddr_from_map(value, &a.storage, &a.size)) return badarg(p);
    memcpy(&r.ifr_addr, &a.storage, sizeof r.ifr_addr);
  }
  return ioctl(s->fd, unsigned(request), &r) < 0 ? posix_error(p, errno) : atoms::ok;
}

// f(socket, request), which has the socket's lock.
template <class F> Term with_open(Process *p, const Term *args, F f) {
  Socket *s = socket_of(args[0]);
  int request;
  if (!s || !get_int(args[1], &request)) return badarg(p);
  std::lock_guard g(s->lock);
  return s->open() ? f(s, request) : error_closed(p);
}
} // namespace

Term socket_ioctl_2(Process *p, const Term *args) {
  return with_open(p, args, [=](Socket *s, int request) {
    return request == SIOCGIFCONF ? interfaces(p, s) : error_with(p, named<"enotsup">());
  });
}
Term socket_ioctl_3(Process *p, const Term *args) {
  return with_open(p, args, [=](Socket *s, int request) { return get_of_interface(p, s, request, args[2]); });
}
Term socket_ioctl_4(Process *p, const Term *args) {
  return with_open(p, args, [=](Socket *s, int request) { return set_of_interface(p, s, request, args[2], args[3]); });
}

Term ioctl_requests_table(Process *p) {
  Term list = Term::nil();
  for (auto &r : kRequests) list = make_cons(p->heap, make_tuple(p->heap, named(r.name), Term::small(r.number)), list);
  return list;
}
Term ioctl_flags_table(Process *p) {
  Term list = Term::nil();
  for (auto &f : kFlags) list = make_cons(p->heap, make_tuple(p->heap, named(f.name), Term::small(f.bit)), list);
  return list;
}
} // namespace joist::stubs
