#include "otp_stubs/drivers/inet/names.h"

namespace joist::stubs::inet {
Names names;

void names_init() {
  auto name = [](const char *s) { return runtime::atom::intern(s); };
  names = {.tcp = name("tcp"),
           .tcp_closed = name("tcp_closed"),
           .tcp_error = name("tcp_error"),
           .tcp_passive = name("tcp_passive"),
           .udp = name("udp"),
           .udp_error = name("udp_error"),
           .udp_passive = name("udp_passive"),
           .sctp = name("sctp"),
           .sctp_error = name("sctp_error"),
           .sctp_passive = name("sctp_passive"),
           .inet_async = name("inet_async"),
           .inet_reply = name("inet_reply"),
           .empty_out_q = name("empty_out_q"),
           .sendfile = name("sendfile"),
           .http = name("http"),
           .ssl_tls = name("ssl_tls"),
           .local = name("local"),
           .unspec = name("unspec"),
           .tos = name("tos"),
           .tclass = name("tclass"),
           .ttl = name("ttl"),
           .closed = name("closed"),
           .emsgsize = name("emsgsize")};
}
} // namespace joist::stubs::inet
