// Control messages ("ancillary data") and message flags between C and Erlang.
#include "otp_stubs/prim_net/sockaddr.h"
#include "otp_stubs/prim_socket/operations.h"
#include "otp_stubs/prim_socket/socket.h"
#include "otp_stubs/prim_socket/values.h"
#include "runtime/term/map.h"

#include <cstring>
#include <netinet/ip.h>
#include <sys/time.h>
#include <vector>

namespace joist::stubs {
namespace {
struct ControlType {
  int level, type;
  const char *name;
  // The value as a term; none if the data is not of the right size.
  Term (*encode)(Heap &h, const uint8_t *data, size_t n);
  // Appends the value's bytes. False: not such a value. Null: cannot be sent.
  bool (*decode)(Term value, std::vector<uint8_t> *out);
};

template <class T> const T *as(const uint8_t *data, size_t n) {
  return n >= sizeof(T) ? reinterpret_cast<const T *>(data) : nullptr;
}
template <class T> void append(std::vector<uint8_t> *out, const T &v) {
  auto *b = reinterpret_cast<const uint8_t *>(&v);
  out->insert(out->end(), b, b + sizeof v);
}

Term encode_int(Heap &h, const uint8_t *d, size_t n) {
  const int *v = as<int>(d, n);
  return v ? make_int(h, *v) : Term::none();
}
bool decode_int(Term t, std::vector<uint8_t> *out) {
  int v;
  if (!get_int(t, &v)) return false;
  append(out, v);
  return true;
}
Term encode_byte(Heap &, const uint8_t *d, size_t n) { return n >= 1 ? Term::small(d[0]) : Term::none(); }
Term encode_tos(Heap &, const uint8_t *d, size_t n) { return n >= 1 ? tos_term(d[0]) : Term::none(); }
bool decode_tos(Term t, std::vector<uint8_t> *out) {
  int v;
  if (!tos_number(t, &v)) return false;
  append(out, v);
  return true;
}
Term encode_time(Heap &h, const uint8_t *d, size_t n) {
  const timeval *v = as<timeval>(d, n);
  return v ? time_term(h, *v) : Term::none();
}
bool decode_time(Term t, std::vector<uint8_t> *out) {
  timeval v;
  if (!time_value(t, &v)) return false;
  append(out, v);
  return true;
}
Term encode_pktinfo(Heap &h, const uint8_t *d, size_t n) {
  auto *v = as<in_pktinfo>(d, n);
  if (!v) return Term::none();
  Term pairs[] = {named<"ifindex">(),  make_uint(h, uint64_t(v->ipi_ifindex)),
                  named<"spec_dst">(), in_address_term(h, v->ipi_spec_dst),
                  named<"addr">(),     in_address_term(h, v->ipi_addr)};
  return map_from_pairs(h, pairs, 3);
}
Term encode_pktinfo6(Heap &h, const uint8_t *d, size_t n) {
  auto *v = as<in6_pktinfo>(d, n);
  if (!v) return Term::none();
  Term pairs[] = {named<"addr">(), in6_address_term(h, v->ipi6_addr), named<"ifindex">(),
                  make_uint(h, v->ipi6_ifindex)};
  return map_from_pairs(h, pairs, 2);
}
Term encode_address(Heap &h, const uint8_t *d, size_t n) {
  return n >= sizeof(sa_family_t) ? sockaddr_to_map(h, reinterpret_cast<const sockaddr *>(d), socklen_t(n))
                                  : Term::none();
}

constexpr int kSocket = SOL_SOCKET, kIp = IPPROTO_IP, kIp6 = IPPROTO_IPV6;
constexpr ControlType kTypes[] = {
    {kSocket, SCM_TIMESTAMP, "timestamp", encode_time, decode_time},
    {kSocket, SCM_RIGHTS, "rights", nullptr, nullptr},
    {kSocket, SCM_CREDENTIALS, "credentials", nullptr, nullptr},
    {kIp, IP_TOS, "tos", encode_tos, decode_tos},
    {kIp, IP_TTL, "ttl", encode_int, decode_int},
    {kIp, IP_RECVTTL, "recvttl", encode_byte, nullptr},
    {kIp, IP_PKTINFO, "pktinfo", encode_pktinfo, nullptr},
    {kIp, IP_ORIGDSTADDR, "origdstaddr", encode_address, nullptr},
    {kIp, IP_RECVTOS, "recvtos", encode_tos, nullptr},
    {kIp, IP_RECVERR, "recverr", extended_error_term, nullptr},
    {kIp6, IPV6_PKTINFO, "pktinfo", encode_pktinfo6, nullptr},
    {kIp6, IPV6_HOPLIMIT, "hoplimit", encode_int, decode_int},
    {kIp6, IPV6_TCLASS, "tclass", encode_int, decode_int},
    {kIp6, IPV6_RECVTCLASS, "recvtclass", encode_int, nullptr},
    {kIp6, IPV6_RECVERR, "recverr", extended_error_term, nullptr},
};

// A message is given as #{level, type, data := Binary | Integer | Boolean} or #{level, type, value}.
bool decode_one(Term message, int *level, int *type, std::vector<uint8_t> *data) {
  const Term *l = field(message, named<"level">()), *t = field(message, named<"type">());
  if (!l || !t) return false;
  if (*l == named<"socket">()) *level = SOL_SOCKET;
  else if (!get_int(*l, level)) return false;
  const ControlType *known = nullptr;
  for (const ControlType &c : kTypes)
    if (c.level == *level && t->is_atom() && atom::text(*t) == c.name) known = &c;
  if (known) *type = known->type;
  else if (!get_int(*t, type)) return false;
  if (const Term *v = field(message, named<"value">())) return known && known->decode && known->decode(*v, data);
  const Term *d = field(message, named<"data">());
  if (!d) return false;
  int number;
  if (*d == atoms::true_ || *d == atoms::false_) append(data, int{*d == atoms::true_});
  else if (get_int(*d, &number)) append(data, number);
  else if (is_binary(*d)) {
    ByteScratch scratch;
    Bytes b = bytes_of(*d, scratch);
    data->assign(b.data, b.data + b.size);
  } else return false;
  return true;
}
} // namespace

Term control_messages(Heap &h, msghdr *m) {
  std::vector<Term> messages;
  auto *end = static_cast<uint8_t *>(m->msg_control) + m->msg_controllen;
  for (cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
    uint8_t *data = CMSG_DATA(c);
    if (c->cmsg_len < CMSG_LEN(0) || reinterpret_cast<uint8_t *>(c) + c->cmsg_len > end) {
      messages.push_back(named<"bad_data">());
      break;
    }
    size_t n = c->cmsg_len - CMSG_LEN(0);
    Term type = make_int(h, c->cmsg_type), value = Term::none();
    for (const ControlType &t : kTypes)
      if (t.level == c->cmsg_level && t.type == c->cmsg_type) {
        type = named(t.name);
        if (t.encode) value = t.encode(h, data, n);
      }
    Term level = c->cmsg_level == SOL_SOCKET ? named<"socket">() : make_int(h, c->cmsg_level);
    Term pairs[] = {named<"level">(), level, named<"type">(), type, named<"data">(), make_binary_from(h, data, n),
                    atoms::value,     value};
    messages.push_back(map_from_pairs(h, pairs, value.is_none() ? 3 : 4));
  }
  Term list = Term::nil();
  while (!messages.empty()) {
    list = make_cons(h, messages.back(), list);
    messages.pop_back();
  }
  return list;
}

bool control_messages_decode(Term list, uint8_t *buffer, size_t size, size_t *used) {
  *used = 0;
  for (; list.is_cons(); list = list.tail()) {
    std::vector<uint8_t> data;
    int level, type;
    if (!decode_one(list.head(), &level, &type, &data)) return false;
    if (size - *used < CMSG_SPACE(data.size())) return false;
    auto *c = reinterpret_cast<cmsghdr *>(buffer + *used);
    memset(c, 0, CMSG_SPACE(data.size()));
    c->cmsg_level = level;
    c->cmsg_type = type;
    c->cmsg_len = CMSG_LEN(data.size());
    memcpy(CMSG_DATA(c), data.data(), data.size());
    *used += CMSG_SPACE(data.size());
  }
  return list.is_nil();
}

namespace {
constexpr struct {
  const char *name;
  int bit;
} kFlags[] = {{"cmsg_cloexec", MSG_CMSG_CLOEXEC},
              {"confirm", MSG_CONFIRM},
              {"ctrunc", MSG_CTRUNC},
              {"dontroute", MSG_DONTROUTE},
              {"eor", MSG_EOR},
              {"errqueue", MSG_ERRQUEUE},
              {"more", MSG_MORE},
              {"nosignal", MSG_NOSIGNAL},
              {"oob", MSG_OOB},
              {"peek", MSG_PEEK},
              {"trunc", MSG_TRUNC}};
} // namespace

Term message_flags(Heap &h, int flags) {
  Term list = Term::nil();
  for (size_t i = std::size(kFlags); i-- > 0;)
    if (flags & kFlags[i].bit) {
      list = make_cons(h, named(kFlags[i].name), list);
      flags &= ~kFlags[i].bit;
    }
  return flags ? make_cons(h, make_int(h, flags), list) : list;
}
Term message_flags_table(Process *p) {
  Term list = Term::nil();
  for (auto &f : kFlags) list = make_cons(p->heap, make_tuple(p->heap, named(f.name), Term::small(f.bit)), list);
  return list;
}
} // namespace joist::stubs
