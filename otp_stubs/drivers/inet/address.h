// Socket addresses: their encoding in the control protocol, and as terms.
#pragma once
#include "otp_stubs/drivers/inet/protocol.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace joist::stubs::inet {
union Address {
  sockaddr any;
  sockaddr_in in;
  sockaddr_in6 in6;
  sockaddr_un local;
  sockaddr_storage storage;
};
inline constexpr int kNoFamily = -1;
int domain_of(uint8_t family); // AF_INET, AF_INET6, AF_UNIX, or kNoFamily

// Family tag and what belongs to it; `any` and `loopback` are taken in the socket's family.
Refusal read_address(FieldReader &in, int socket_domain, Address *out, socklen_t *size);
// False: not an address that has a name in Erlang; then only the tag of an unknown family is written.
bool write_address(const Address &a, socklen_t size, std::string *out);
// As above, of an address within an array (getpeername's and SCTP's lists). Bytes of the address read; 0: unknown
// family.
size_t write_array_address(const sockaddr *a, socklen_t size, std::string *out);
// IP and Port, or {Family, Bytes} and 0: the elements of a message.
void address_terms(Heap &h, const Address &a, socklen_t size, Term *ip, Term *port);
// Port in host byte order, 0 where there is none.
uint16_t port_of(const Address &a);
} // namespace joist::stubs::inet
