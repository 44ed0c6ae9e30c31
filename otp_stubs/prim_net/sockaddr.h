// Socket addresses between C and the maps of the `socket` module.
#pragma once
#include "otp_stubs/native.h"

#include <netinet/in.h>
#include <sys/socket.h>

namespace joist::stubs {
struct SocketAddress {
  sockaddr_storage storage;
  socklen_t size = 0;
  sockaddr *any() { return reinterpret_cast<sockaddr *>(&storage); }
};
// `size` bytes of *a are known; the operating system may give fewer than the family's structure has.
Term sockaddr_to_map(Heap &h, const sockaddr *a, socklen_t size);
Term sockaddr_to_map(Heap &h, const sockaddr *a); // a whole one
// Maps of families inet, inet6, local, unspec and by number. False: not such a map.
bool sockaddr_from_map(Term map, sockaddr_storage *out, socklen_t *size);
// {A,B,C,D} or {A,..,H}; any, loopback, broadcast as far as the family knows them. False: something else.
bool in_address(Term t, in_addr *out);
bool in6_address(Term t, in6_addr *out);
Term in_address_term(Heap &h, const in_addr &a);
Term in6_address_term(Heap &h, const in6_addr &a);
} // namespace joist::stubs
