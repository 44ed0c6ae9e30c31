#include "otp_stubs/drivers/inet/address.h"
#include "otp_stubs/drivers/inet/names.h"

#include <arpa/inet.h>
#include <cstddef>

namespace joist::stubs::inet {
namespace {
constexpr size_t kPathOffset = offsetof(sockaddr_un, sun_path);

// A path ends at a zero byte, except that a leading zero byte makes it a name in Linux' abstract space, which has no
// end but the address' size.
std::string_view local_path(const Address &a, socklen_t size) {
  size_t n = size > kPathOffset ? size - kPathOffset : 0;
  size_t length = strnlen(a.local.sun_path, n);
  return {a.local.sun_path, length ? length : n};
}

void set_inet(Address *a, uint16_t port, uint32_t network_order) {
  a->in.sin_family = AF_INET;
  a->in.sin_port = htons(port);
  a->in.sin_addr.s_addr = network_order;
}
void set_inet6(Address *a, uint16_t port, const void *bytes) {
  a->in6.sin6_family = AF_INET6;
  a->in6.sin6_port = htons(port);
  memcpy(&a->in6.sin6_addr, bytes, 16);
}

Refusal read_local(FieldReader &in, Address *a, socklen_t *size) {
  if (in.left() == 0) return "einval";
  auto path = in.bytes(in.u8());
  bool terminated = path.empty() || path[0] != 0;
  if (in.bad() || path.size() + (terminated ? 1 : 0) > sizeof(a->local.sun_path)) return "einval";
  a->local.sun_family = AF_UNIX;
  memcpy(a->local.sun_path, path.data(), path.size());
  *size = socklen_t(kPathOffset + path.size());
  return kGranted;
}
} // namespace

int domain_of(uint8_t family) {
  switch (family) {
  case kInet: return AF_INET;
  case kInet6: return AF_INET6;
  case kLocal: return AF_UNIX;
  default: return kNoFamily;
  }
}

Refusal read_address(FieldReader &in, int socket_domain, Address *a, socklen_t *size) {
  if (in.left() == 0) return "einval";
  memset(a, 0, sizeof(*a));
  uint8_t family = in.u8();
  switch (family) {
  case kInet: {
    uint16_t port = in.u16();
    auto bytes = in.bytes(4);
    if (in.bad()) return "einval";
    uint32_t ip;
    memcpy(&ip, bytes.data(), 4);
    set_inet(a, port, ip);
    *size = sizeof(a->in);
    return kGranted;
  }
  case kInet6: {
    uint16_t port = in.u16();
    auto bytes = in.bytes(16);
    if (in.bad()) return "einval";
    set_inet6(a, port, bytes.data());
    a->in6.sin6_flowinfo = in.u32();
    a->in6.sin6_scope_id = in.u32();
    *size = sizeof(a->in6);
    return kGranted;
  }
  case kLocal: return read_local(in, a, size);
  case kAny:
  case kLoopback: {
    uint16_t port = in.u16();
    if (in.bad()) return "einval";
    if (socket_domain == AF_INET) {
      set_inet(a, port, htonl(family == kAny ? INADDR_ANY : INADDR_LOOPBACK));
      *size = sizeof(a->in);
      return kGranted;
    }
    if (socket_domain == AF_INET6) {
      set_inet6(a, port, family == kAny ? &in6addr_any : &in6addr_loopback);
      *size = sizeof(a->in6);
      return kGranted;
    }
    return "einval";
  }
  default: return "eafnosupport";
  }
}

bool write_address(const Address &a, socklen_t size, std::string *out) {
  switch (a.any.sa_family) {
  case AF_INET:
    out->push_back(char(kInet));
    put_number(out, ntohs(a.in.sin_port), 2);
    out->append(reinterpret_cast<const char *>(&a.in.sin_addr), 4);
    return true;
  case AF_INET6:
    out->push_back(char(kInet6));
    put_number(out, ntohs(a.in6.sin6_port), 2);
    out->append(reinterpret_cast<const char *>(&a.in6.sin6_addr), 16);
    return true;
  case AF_UNIX: {
    auto path = local_path(a, size);
    out->push_back(char(kLocal));
    out->push_back(char(path.size()));
    out->append(path);
    return true;
  }
  default: out->push_back(char(a.any.sa_family == AF_UNSPEC ? kUnspec : kUndefined)); return false;
  }
}

size_t write_array_address(const sockaddr *s, socklen_t size, std::string *out) {
  Address a;
  memset(&a, 0, sizeof(a));
  size_t bytes;
  switch (s->sa_family) {
  case AF_INET: bytes = sizeof(sockaddr_in); break;
  case AF_INET6: bytes = sizeof(sockaddr_in6); break;
  case AF_UNIX: bytes = size; break;
  default: return 0;
  }
  memcpy(&a, s, bytes);
  return write_address(a, socklen_t(bytes), out) ? bytes : 0;
}

void address_terms(Heap &h, const Address &a, socklen_t size, Term *ip, Term *port) {
  *port = Term::small(port_of(a));
  switch (a.any.sa_family) {
  case AF_INET: {
    auto *b = reinterpret_cast<const uint8_t *>(&a.in.sin_addr);
    *ip = make_tuple(h, Term::small(b[0]), Term::small(b[1]), Term::small(b[2]), Term::small(b[3]));
    return;
  }
  case AF_INET6: {
    Word *t = h.alloc(9);
    t[0] = runtime::header(Kind::Tuple, 8);
    for (int i = 0; i < 8; i++) {
      const uint8_t *b = a.in6.sin6_addr.s6_addr + 2 * i;
      t[i + 1] = Term::small(b[0] << 8 | b[1]).raw();
    }
    *ip = Term::boxed(t);
    return;
  }
  case AF_UNIX: *ip = make_tuple(h, names.local, make_binary_from(h, local_path(a, size))); return;
  case AF_UNSPEC: *ip = make_tuple(h, names.unspec, make_binary_from(h, std::string_view())); return;
  default: *ip = make_tuple(h, atoms::undefined, make_binary_from(h, std::string_view()));
  }
}

uint16_t port_of(const Address &a) {
  if (a.any.sa_family == AF_INET) return ntohs(a.in.sin_port);
  if (a.any.sa_family == AF_INET6) return ntohs(a.in6.sin6_port);
  return 0;
}
} // namespace joist::stubs::inet
