// Module prim_socket: the table of its native functions, and what is told of all sockets and of the host's.
#include "otp_stubs/natives.h"
#include "otp_stubs/prim_socket/operations.h"
#include "otp_stubs/prim_socket/socket.h"
#include "runtime/proc/process.h"
#include "runtime/term/map.h"

#include <climits>
#include <netdb.h>
#include <netinet/in.h>

namespace joist::stubs {
// --- names of domains and types
namespace {
struct Name {
  const char *name;
  int number;
};
constexpr Name kDomains[] = {
    {"inet", AF_INET}, {"inet6", AF_INET6}, {"local", AF_UNIX}, {"unspec", AF_UNSPEC}, {"packet", AF_PACKET}};
constexpr Name kTypes[] = {{"stream", SOCK_STREAM},
                           {"dgram", SOCK_DGRAM},
                           {"raw", SOCK_RAW},
                           {"rdm", SOCK_RDM},
                           {"seqpacket", SOCK_SEQPACKET}};
template <size_t N> Term name_for(const Name (&names)[N], int number) {
  for (const Name &n : names)
    if (n.number == number) return named(n.name);
  return Term::small(number);
}
template <size_t N> bool number_for(const Name (&names)[N], Term t, int *out) {
  if (!t.is_atom()) return get_int(t, out);
  for (const Name &n : names)
    if (atom::text(t) == n.name) return *out = n.number, true;
  return false;
}

// --- totals of open sockets
enum Total { Inet, Inet6, Local, Ip, Sctp, Tcp, Udp, All, Datagrams, Sequenced, Streams, Totals };
constexpr const char *kTotalNames[] = {"num_dinet",   "num_dinet6",   "num_dlocal",  "num_pip",
                                       "num_psctp",   "num_ptcp",     "num_pudp",    "num_sockets",
                                       "num_tdgrams", "num_tseqpkgs", "num_tstreams"};
std::atomic<int64_t> totals[Totals];
} // namespace

Term domain_term(int domain) { return name_for(kDomains, domain); }
Term type_term(int type) { return name_for(kTypes, type); }
bool domain_number(Term t, int *out) { return number_for(kDomains, t, out); }
bool type_number(Term t, int *out) { return number_for(kTypes, t, out); }

void count_socket(const Socket &s, int by) {
  auto add = [by](Total t) { totals[t].fetch_add(by, std::memory_order_relaxed); };
  add(All);
  if (s.domain == AF_INET) add(Inet);
  else if (s.domain == AF_INET6) add(Inet6);
  else if (s.domain == AF_UNIX) add(Local);
  if (s.type == SOCK_STREAM) add(Streams);
  else if (s.type == SOCK_DGRAM) add(Datagrams);
  else if (s.type == SOCK_SEQPACKET) add(Sequenced);
  if (s.protocol == IPPROTO_IP) add(Ip);
  else if (s.protocol == IPPROTO_TCP) add(Tcp);
  else if (s.protocol == IPPROTO_UDP) add(Udp);
  else if (s.protocol == IPPROTO_SCTP) add(Sctp);
}

namespace {
std::atomic<bool> module_debug{false};
Term of_bool(bool b) { return b ? atoms::true_ : atoms::false_; }
Term put(Heap &h, Term map, const char *key, Term value) { return map_put(h, map, named(key), value); }

Term info_0(Process *p, const Term *) {
  Heap &h = p->heap;
  Term counters = put(h, map_empty(h), "num_cnt_bits", Term::small(64));
  for (int t = 0; t < Totals; t++)
    counters = put(h, counters, kTotalNames[t], make_int(h, totals[t].load(std::memory_order_relaxed)));
  Term m = put(h, map_empty(h), "counters", counters);
  m = put(h, m, "debug", of_bool(module_debug));
  m = put(h, m, "iow", atoms::false_);
  m = put(h, m, "socket_debug", of_bool(socket_debug));
  m = put(h, m, "iov_max", Term::small(IOV_MAX));
  return put(h, m, "use_registry", of_bool(use_registry));
}

Term states(Heap &h, uint32_t state) {
  using namespace socket_state;
  constexpr struct {
    uint32_t bit;
    const char *name;
  } kNames[] = {{Bound, "bound"},           {Listening, "listening"}, {Accepting, "accepting"},
                {Connecting, "connecting"}, {Connected, "connected"}, {Selected, "selected"},
                {Closing, "closing"},       {Closed, "closed"}};
  Term list = Term::nil();
  for (size_t i = std::size(kNames); i-- > 0;)
    if (state & kNames[i].bit) list = make_cons(h, named(kNames[i].name), list);
  return list;
}

Term info_1(Process *p, const Term *args) {
  Socket *s = socket_of(args[0]);
  if (!s) return badarg(p);
  std::lock_guard g(s->lock);
  Heap &h = p->heap;
  auto number = [&](uint64_t v) { return make_uint(h, v); };
  Term c = map_empty(h);
  struct {
    const char *name;
    uint64_t value;
  } counts[] = {{"read_byte", s->read.bytes},        {"read_fails", s->read.fails},
                {"read_pkg", s->read.packages},      {"read_pkg_max", s->read.package_max},
                {"read_tries", s->read.tries},       {"read_waits", s->read.waits},
                {"write_byte", s->write.bytes},      {"write_fails", s->write.fails},
                {"write_pkg", s->write.packages},    {"write_pkg_max", s->write.package_max},
                {"write_tries", s->write.tries},     {"write_waits", s->write.waits},
                {"acc_success", s->accept.packages}, {"acc_fails", s->accept.fails},
                {"acc_tries", s->accept.tries},      {"acc_waits", s->accept.waits}};
  for (auto &n : counts) c = put(h, c, n.name, number(n.value));
  if (s->had_sendfile) {
    const SendfileCounters &f = s->sendfile;
    struct {
      const char *name;
      uint64_t value;
    } more[] = {{"sendfile", f.calls},       {"sendfile_byte", f.bytes},   {"sendfile_fails", f.fails},
                {"sendfile_max", f.max},     {"sendfile_pkg", f.packages}, {"sendfile_pkg_max", f.package_max},
                {"sendfile_tries", f.tries}, {"sendfile_waits", f.waits}};
    for (auto &n : more) c = put(h, c, n.name, number(n.value));
  }
  auto waiting = [&](const Requestor &r, const Requestors &q) { return number(q.size() + r.active()); };
  Term origin = named<"normal">();
  if (s->original_fd >= 0)
    origin = s->close_on_close ? make_tuple(h, named<"fromfd">(), Term::small(s->original_fd)) : named<"fromfd">();
  Term m = put(h, map_empty(h), "domain", domain_term(s->domain));
  m = put(h, m, "type", type_term(s->type));
  m = put(h, m, "protocol", Term::small(s->protocol));
  m = put(h, m, "owner", s->owner.is_none() ? atoms::undefined : s->owner);
  m = put(h, m, "ctype", origin);
  m = put(h, m, "counters", c);
  m = put(h, m, "rstates", states(h, s->read_state));
  m = put(h, m, "wstates", states(h, s->write_state));
  m = put(h, m, "num_readers", waiting(s->reader, s->readers));
  m = put(h, m, "num_writers", waiting(s->writer, s->writers));
  return put(h, m, "num_acceptors", waiting(s->acceptor, s->acceptors));
}

// #{command => debug | socket_debug | use_registry, data => boolean()}
Term command_1(Process *p, const Term *args) {
  const Term *command = field(args[0], named<"command">()), *data = field(args[0], named<"data">());
  if (!command || !data) return badarg(p);
  bool on = *data == atoms::true_;
  if (!on && *data != atoms::false_) return raise_invalid(p, make_tuple(p->heap, named<"data">(), *data));
  if (*command == named<"debug">()) module_debug = on;
  else if (*command == named<"socket_debug">()) socket_debug = on;
  else if (*command == named<"use_registry">()) use_registry = on;
  else return raise_invalid(p, make_tuple(p->heap, named<"command">(), *command));
  return atoms::ok;
}

Term supports_0(Process *p, const Term *) {
  Heap &h = p->heap;
  Term list = Term::nil();
  for (const char *what : {"sendfile", "netns", "local", "ipv6", "sctp"})
    list = make_cons(h, make_tuple(h, named(what), atoms::true_), list);
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

Term supports_1(Process *p, const Term *args) {
  std::string_view what = args[0].is_atom() ? atom::text(args[0]) : std::string_view();
  if (what == "protocols") return protocols(p);
  if (what == "options") return socket_options_table(p);
  if (what == "ioctl_requests") return ioctl_requests_table(p);
  if (what == "ioctl_flags") return ioctl_flags_table(p);
  if (what == "msg_flags") return message_flags_table(p);
  return Term::nil();
}

// The process that keeps track of open sockets, and settings from the environment.
int load(Term info) {
  if (const Term *pid = field(info, named<"registry">())) socket_registry = *pid;
  use_registry = flag(info, named<"use_registry">(), true);
  module_debug = flag(info, named<"debug">(), false);
  socket_debug = flag(info, named<"socket_debug">(), false);
  return 0;
}

constexpr StaticNif kFunctions[] = {
    {"nif_info", 0, info_0},
    {"nif_info", 1, info_1},
    {"nif_command", 1, command_1},
    {"nif_supports", 0, supports_0},
    {"nif_supports", 1, supports_1},
    {"nif_open", 2, socket_open_2},
    {"nif_open", 4, socket_open_4},
    {"nif_bind", 2, socket_bind_2},
    {"nif_connect", 1, socket_connect_1},
    {"nif_connect", 3, socket_connect_3},
    {"nif_listen", 2, socket_listen_2},
    {"nif_accept", 2, socket_accept_2},
    {"nif_send", 4, socket_send_4},
    {"nif_sendto", 5, socket_sendto_5},
    {"nif_sendmsg", 5, socket_sendmsg_5},
    {"nif_sendfile", 5, socket_sendfile_5},
    {"nif_sendfile", 4, socket_sendfile_4},
    {"nif_sendfile", 1, socket_sendfile_1},
    {"nif_recv", 4, socket_recv_4},
    {"nif_recvfrom", 4, socket_recvfrom_4},
    {"nif_recvmsg", 5, socket_recvmsg_5},
    {"nif_close", 1, socket_close_1},
    {"nif_finalize_close", 1, socket_finalize_close_1, NifKind::DirtyIo},
    {"nif_shutdown", 2, socket_shutdown_2},
    {"nif_setopt", 5, socket_setopt_5},
    {"nif_getopt", 3, socket_getopt_3},
    {"nif_getopt", 4, socket_getopt_4},
    {"nif_sockname", 1, socket_sockname_1},
    {"nif_peername", 1, socket_peername_1},
    {"nif_ioctl", 2, socket_ioctl_2},
    {"nif_ioctl", 3, socket_ioctl_3},
    {"nif_ioctl", 4, socket_ioctl_4},
    {"nif_cancel", 3, socket_cancel_3},
};
} // namespace

const StaticNifModule prim_socket_natives = nif_module("prim_socket", kFunctions, load);
} // namespace joist::stubs
