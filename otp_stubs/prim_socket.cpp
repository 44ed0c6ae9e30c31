// prim_socket: what is known about the host's sockets. Operations on sockets raise notsup, as in a stock emulator that
// was built without them; `socket` and `inet` (with the default backend) cope with that.
#include "otp_stubs/native.h"
#include "otp_stubs/natives.h"
#include "runtime/term/map.h"

#include <climits>
#include <netdb.h>

namespace joist::stubs {
namespace {
Term unsupported(Process *p, const Term *) { return notsup(p); }

Term put(Heap &h, Term map, const char *key, Term value) { return map_put(h, map, named(key), value); }

Term info_0(Process *p, const Term *) {
  Heap &h = p->heap;
  Term counters = put(h, map_empty(h), "num_cnt_bits", Term::small(64));
  for (const char *c : {"num_dinet", "num_dinet6", "num_dlocal", "num_pip", "num_psctp", "num_ptcp", "num_pudp",
                        "num_sockets", "num_tdgrams", "num_tseqpkgs", "num_tstreams"})
    counters = put(h, counters, c, Term::small(0));
  Term m = put(h, map_empty(h), "counters", counters);
  for (const char *off : {"debug", "iow", "socket_debug"}) m = put(h, m, off, atoms::false_);
  m = put(h, m, "iov_max", Term::small(IOV_MAX));
  return put(h, m, "use_registry", atoms::true_);
}

Term supports_0(Process *p, const Term *) {
  Heap &h = p->heap;
  Term list = Term::nil();
  for (const char *what : {"sendfile", "netns", "local", "ipv6", "sctp"})
    list = make_cons(h, make_tuple(h, named(what), atoms::false_), list);
  return list;
}

// [{[Name | Aliases], Number}] of the host's protocol database.
Term protocols(Process *p) {
  static std::mutex lock; // getprotoent is one iteration for all threads
  std::lock_guard g(lock);
  Heap &h = p->heap;
  Term list = Term::nil();
  setprotoent(1);
  while (protoent *e = getprotoent()) {
    Term names = Term::nil();
    size_t n = 0;
    while (e->p_aliases[n]) n++;
    while (n-- > 0) names = make_cons(h, named(e->p_aliases[n]), names);
    names = make_cons(h, named(e->p_name), names);
    list = make_cons(h, make_tuple(h, names, Term::small(e->p_proto)), list);
  }
  endprotoent();
  return list;
}

Term supports_1(Process *p, const Term *args) { return args[0] == named("protocols") ? protocols(p) : notsup(p); }

constexpr StaticNif kFunctions[] = {
    {"nif_info", 0, info_0},
    {"nif_info", 1, unsupported},
    {"nif_command", 1, unsupported},
    {"nif_supports", 0, supports_0},
    {"nif_supports", 1, supports_1},
    {"nif_open", 2, unsupported},
    {"nif_open", 4, unsupported},
    {"nif_bind", 2, unsupported},
    {"nif_bind", 3, unsupported},
    {"nif_connect", 1, unsupported},
    {"nif_connect", 3, unsupported},
    {"nif_listen", 2, unsupported},
    {"nif_accept", 2, unsupported},
    {"nif_send", 4, unsupported},
    {"nif_sendto", 5, unsupported},
    {"nif_sendmsg", 5, unsupported},
    {"nif_sendfile", 5, unsupported},
    {"nif_sendfile", 4, unsupported},
    {"nif_sendfile", 1, unsupported},
    {"nif_recv", 4, unsupported},
    {"nif_recvfrom", 4, unsupported},
    {"nif_recvmsg", 5, unsupported},
    {"nif_close", 1, unsupported},
    {"nif_finalize_close", 1, unsupported},
    {"nif_shutdown", 2, unsupported},
    {"nif_setopt", 5, unsupported},
    {"nif_getopt", 3, unsupported},
    {"nif_getopt", 4, unsupported},
    {"nif_sockname", 1, unsupported},
    {"nif_peername", 1, unsupported},
    {"nif_ioctl", 2, unsupported},
    {"nif_ioctl", 3, unsupported},
    {"nif_ioctl", 4, unsupported},
    {"nif_cancel", 3, unsupported},
};
} // namespace

const StaticNifModule prim_socket_natives = nif_module("prim_socket", kFunctions);
} // namespace joist::stubs
