#include "otp_stubs/drivers/inet/sctp_library.h"

#include <dlfcn.h>

namespace joist::stubs::inet {
namespace {
template <class F> void find(void *library, const char *name, F *out) {
  *out = reinterpret_cast<F>(dlsym(library, name));
}
const SctpLibrary *load() {
  void *library = dlopen("libsctp.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) return nullptr;
  static SctpLibrary found;
  find(library, "sctp_bindx", &found.bindx);
  find(library, "sctp_peeloff", &found.peeloff);
  // The versions differ in their arguments.
  found.connectx = reinterpret_cast<decltype(found.connectx)>(dlvsym(library, "sctp_connectx", "VERS_3"));
  find(library, "sctp_getladdrs", &found.local_addresses);
  find(library, "sctp_freeladdrs", &found.free_local_addresses);
  find(library, "sctp_getpaddrs", &found.peer_addresses);
  find(library, "sctp_freepaddrs", &found.free_peer_addresses);
  if (!found.free_local_addresses) found.local_addresses = nullptr;
  if (!found.free_peer_addresses) found.peer_addresses = nullptr;
  return found.bindx ? &found : nullptr;
}
} // namespace

const SctpLibrary *sctp_library() {
  static const SctpLibrary *library = load();
  return library;
}
} // namespace joist::stubs::inet
