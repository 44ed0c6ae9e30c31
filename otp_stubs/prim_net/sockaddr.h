// Socket addresses between C and the maps of the `socket` module.
#pragma once
#include "otp_stubs/native.h"

#include <sys/socket.h>

namespace joist::stubs {
Term sockaddr_to_map(Heap &h, const sockaddr *a);
// inet and inet6 maps. False: something else.
bool sockaddr_from_map(Term map, sockaddr_storage *out, socklen_t *size);
} // namespace joist::stubs
