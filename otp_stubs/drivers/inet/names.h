// Atoms of the inet drivers' messages. Interned once, when the drivers are registered.
#pragma once
#include "runtime/atom/atom.h"

namespace joist::stubs::inet {
struct Names {
  runtime::Term tcp, tcp_closed, tcp_error, tcp_passive, udp, udp_error, udp_passive, sctp, sctp_error, sctp_passive;
  runtime::Term inet_async, inet_reply, empty_out_q, sendfile, http, ssl_tls;
  runtime::Term local, unspec, tos, tclass, ttl, closed, emsgsize;
};
extern Names names;
void names_init();
} // namespace joist::stubs::inet
