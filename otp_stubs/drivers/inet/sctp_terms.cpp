#include "otp_stubs/drivers/inet/sctp_terms.h"
#include "otp_stubs/drivers/inet/address.h"
#include "otp_stubs/drivers/inet/ancillary.h"
#include "runtime/term/number.h"

namespace joist::stubs::inet {
SctpNames sctp_names;

void sctp_names_init(){
#define JOIST_SCTP_NAME(n) sctp_names.n = atom::intern(#n);
    JOIST_SCTP_NAMES(JOIST_SCTP_NAME)
#undef JOIST_SCTP_NAME
}

Term association_term(Heap &h, sctp_assoc_t id) {
  Word limb = Word(int64_t{id});
  return integer_from_limbs(h, &limb, 1, false);
}

Term address_tuple(Heap &h, const sockaddr_storage &s) {
  Address a;
  memcpy(&a, &s, sizeof(s));
  Term ip, port;
  address_terms(h, a, sizeof(s), &ip, &port);
  return make_tuple(h, ip, port);
}

Term send_parameters_term(Heap &h, const sctp_sndrcvinfo &p) {
  std::vector<Term> flags;
  if (p.sinfo_flags & SCTP_UNORDERED) flags.push_back(sctp_names.unordered);
  if (p.sinfo_flags & SCTP_ADDR_OVER) flags.push_back(sctp_names.addr_over);
  if (p.sinfo_flags & SCTP_ABORT) flags.push_back(sctp_names.abort);
  if (p.sinfo_flags & SCTP_EOF) flags.push_back(sctp_names.eof);
  return make_tuple(h, sctp_names.sctp_sndrcvinfo, Term::small(p.sinfo_stream), Term::small(p.sinfo_ssn),
                    list_of(h, flags), Term::small(ntohl(p.sinfo_ppid)), Term::small(p.sinfo_context),
                    Term::small(p.sinfo_timetolive), Term::small(p.sinfo_tsn), Term::small(p.sinfo_cumtsn),
                    association_term(h, p.sinfo_assoc_id));
}

Term sctp_ancillary_terms(Heap &h, msghdr &m) {
  std::vector<Term> items;
  auto *end = static_cast<const char *>(m.msg_control) + m.msg_controllen;
  for (cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
    if (Term t = ancillary_term(h, *c); !t.is_none()) {
      items.push_back(t);
      continue;
    }
    if (c->cmsg_level != IPPROTO_SCTP || c->cmsg_type != SCTP_SNDRCV) continue;
    sctp_sndrcvinfo p;
    auto *data = reinterpret_cast<const char *>(CMSG_DATA(c));
    if (end - data < ptrdiff_t(sizeof(p)) || c->cmsg_len < CMSG_LEN(sizeof(p))) break; // cut off
    memcpy(&p, data, sizeof(p));
    items.push_back(send_parameters_term(h, p));
  }
  return list_of(h, items);
}

// --- notifications (RFC 6458, 6.1)
namespace {
template <class S> bool read(const uint8_t *bytes, size_t n, S *out) {
  if (n < sizeof(S)) return false;
  memcpy(static_cast<void *>(out), bytes, sizeof(S));
  return true;
}

Term association_change(Heap &h, const sctp_assoc_change &e) {
  const Term states[] = {sctp_names.comm_up, sctp_names.comm_lost, sctp_names.restart, sctp_names.shutdown_comp,
                         sctp_names.cant_assoc};
  if (e.sac_state >= std::size(states)) return Term::none();
  return make_tuple(h, sctp_names.sctp_assoc_change, states[e.sac_state], Term::small(e.sac_error),
                    Term::small(e.sac_outbound_streams), Term::small(e.sac_inbound_streams),
                    Term::small(e.sac_assoc_id));
}

Term peer_address_change(Heap &h, const sctp_paddr_change &e) {
  const Term states[] = {sctp_names.addr_available, sctp_names.addr_unreachable, sctp_names.addr_removed,
                         sctp_names.addr_added,     sctp_names.addr_made_prim,   sctp_names.addr_confirmed};
  int state = e.spc_state;
  if (state < 0 || size_t(state) >= std::size(states)) return Term::none();
  sockaddr_storage address;
  memcpy(&address, &e.spc_aaddr, sizeof(address));
  return make_tuple(h, sctp_names.sctp_paddr_change, address_tuple(h, address), states[state],
                    Term::small(int(e.spc_error)), Term::small(int(e.spc_assoc_id)));
}

// What follows is a chunk of the wire: type, flags, length, then causes with code and length each. Their codes.
Term remote_error(Heap &h, const sctp_remote_error &e, const uint8_t *bytes, size_t n) {
  FieldReader in({reinterpret_cast<const char *>(bytes) + sizeof(e), n - sizeof(e)});
  in.u16();
  size_t length = in.u16();
  std::vector<Term> causes;
  if (!in.bad() && length >= 4) {
    FieldReader left(in.bytes(std::min(length - 4, in.left())));
    while (left.left() > 0) {
      uint16_t code = left.u16(), size = left.u16();
      if (left.bad() || size == 0) break;
      causes.push_back(Term::small(code));
      if (size > 4) left.bytes(std::min<size_t>(size - 4u, left.left()));
    }
  }
  return make_tuple(h, sctp_names.sctp_remote_error, Term::small(ntohs(e.sre_error)), Term::small(e.sre_assoc_id),
                    list_of(h, causes));
}

Term send_failed(Heap &h, const sctp_send_failed &e, const uint8_t *bytes, size_t n) {
  if (e.ssf_flags != SCTP_DATA_SENT && e.ssf_flags != SCTP_DATA_UNSENT) return Term::none();
  size_t end = std::clamp<size_t>(e.ssf_length, sizeof(e), n);
  return make_tuple(h, sctp_names.sctp_send_failed, bool_term(e.ssf_flags == SCTP_DATA_SENT), Term::small(e.ssf_error),
                    send_parameters_term(h, e.ssf_info), association_term(h, e.ssf_assoc_id),
                    make_binary_from(h, bytes + sizeof(e), end - sizeof(e)));
}
} // namespace

Term notification_term(Heap &h, const uint8_t *bytes, size_t n, bool *error) {
  *error = false;
  uint16_t type;
  if (!read(bytes, n, &type)) return Term::none();
  switch (type) {
  case SCTP_ASSOC_CHANGE: {
    sctp_assoc_change e;
    return read(bytes, n, &e) ? association_change(h, e) : Term::none();
  }
  case SCTP_PEER_ADDR_CHANGE: {
    sctp_paddr_change e;
    return read(bytes, n, &e) ? peer_address_change(h, e) : Term::none();
  }
  case SCTP_REMOTE_ERROR: {
    sctp_remote_error e;
    *error = true;
    return read(bytes, n, &e) ? remote_error(h, e, bytes, n) : Term::none();
  }
  case SCTP_SEND_FAILED: {
    sctp_send_failed e;
    *error = true;
    return read(bytes, n, &e) ? send_failed(h, e, bytes, n) : Term::none();
  }
  case SCTP_SHUTDOWN_EVENT: {
    sctp_shutdown_event e;
    if (!read(bytes, n, &e)) return Term::none();
    return make_tuple(h, sctp_names.sctp_shutdown_event, Term::small(e.sse_assoc_id));
  }
  case SCTP_ADAPTATION_INDICATION: {
    sctp_adaptation_event e;
    if (!read(bytes, n, &e)) return Term::none();
    return make_tuple(h, sctp_names.sctp_adaptation_event, Term::small(ntohl(e.sai_adaptation_ind)),
                      Term::small(e.sai_assoc_id));
  }
  case SCTP_PARTIAL_DELIVERY_EVENT: { // nothing else than that it was given up can be meant
    sctp_pdapi_event e;
    *error = true;
    if (!read(bytes, n, &e)) return Term::none();
    return make_tuple(h, sctp_names.sctp_pdapi_event, sctp_names.partial_delivery_aborted,
                      Term::small(e.pdapi_assoc_id));
  }
  default: return Term::none();
  }
}
} // namespace joist::stubs::inet
