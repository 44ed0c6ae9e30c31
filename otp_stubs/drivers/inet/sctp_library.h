// What SCTP needs beyond the socket calls lives in libsctp, which few systems have: it is looked for when the first SCTP
// socket is opened.
#pragma once
#include <cstdint>
#include <sys/socket.h>

#include <linux/sctp.h>

namespace joist::stubs::inet {
struct SctpLibrary {
  int (*bindx)(int fd, sockaddr *addresses, int count, int flags);
  // The others may be missing (null).
  int (*peeloff)(int fd, sctp_assoc_t id);
  int (*connectx)(int fd, sockaddr *addresses, int count, sctp_assoc_t *id);
  int (*local_addresses)(int fd, sctp_assoc_t id, sockaddr **out);
  void (*free_local_addresses)(sockaddr *);
  int (*peer_addresses)(int fd, sctp_assoc_t id, sockaddr **out);
  void (*free_peer_addresses)(sockaddr *);
};
const SctpLibrary *sctp_library();                    // null: not installed
inline constexpr int kBindxAdd = 1, kBindxRemove = 2; // RFC 6458, 9.1
} // namespace joist::stubs::inet
