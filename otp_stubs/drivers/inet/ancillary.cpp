#include "otp_stubs/drivers/inet/ancillary.h"
#include "otp_stubs/drivers/inet/names.h"

#include <netinet/in.h>

namespace joist::stubs::inet {
namespace {
Term name_of(const cmsghdr &c) {
  if (c.cmsg_level == IPPROTO_IP && (c.cmsg_type == IP_TOS || c.cmsg_type == IP_RECVTOS)) return names.tos;
  if (c.cmsg_level == IPPROTO_IPV6 && (c.cmsg_type == IPV6_TCLASS || c.cmsg_type == IPV6_RECVTCLASS))
    return names.tclass;
  if (c.cmsg_level == IPPROTO_IP && (c.cmsg_type == IP_TTL || c.cmsg_type == IP_RECVTTL)) return names.ttl;
  return Term::none();
}
// Kernels pass a byte or an int.
int64_t value_of(const cmsghdr &c) {
  auto *data = CMSG_DATA(&c);
  switch (c.cmsg_len - CMSG_LEN(0)) {
  case 1: return *data;
  case 2: {
    uint16_t v;
    memcpy(&v, data, 2);
    return v;
  }
  case 4: {
    uint32_t v;
    memcpy(&v, data, 4);
    return v;
  }
  default: return 0;
  }
}
} // namespace

Term ancillary_term(Heap &h, const cmsghdr &c) {
  Term name = name_of(c);
  return name.is_none() ? name : make_tuple(h, name, Term::small(value_of(c)));
}

Term ancillary_terms(Heap &h, msghdr &m) {
  std::vector<Term> items;
  if (m.msg_control)
    for (cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c))
      if (Term item = ancillary_term(h, *c); !item.is_none()) items.push_back(item);
  Term list = Term::nil();
  for (size_t i = items.size(); i-- > 0;) list = make_cons(h, items[i], list);
  return list;
}

bool compile_ancillary(std::string_view options, msghdr *m) {
  FieldReader in(options);
  constexpr size_t kMaxItems = 2; // type of service or traffic class, and time to live
  memset(m->msg_control, 0, m->msg_controllen);
  size_t used = 0;
  cmsghdr *c = CMSG_FIRSTHDR(m);
  for (size_t i = 0; in.left() > 0; i++) {
    uint8_t option = in.u8();
    int value = in.i32();
    if (in.bad() || i == kMaxItems) return false;
    switch (option) {
    case kTos: c->cmsg_level = IPPROTO_IP, c->cmsg_type = IP_TOS; break;
    case kTtl: c->cmsg_level = IPPROTO_IP, c->cmsg_type = IP_TTL; break;
    case kTclass: c->cmsg_level = IPPROTO_IPV6, c->cmsg_type = IPV6_TCLASS; break;
    default: return false;
    }
    c->cmsg_len = CMSG_LEN(sizeof(value));
    memcpy(CMSG_DATA(c), &value, sizeof(value));
    used += CMSG_SPACE(sizeof(value));
    c = reinterpret_cast<cmsghdr *>(static_cast<char *>(m->msg_control) + used);
  }
  m->msg_controllen = used;
  return true;
}
} // namespace joist::stubs::inet
