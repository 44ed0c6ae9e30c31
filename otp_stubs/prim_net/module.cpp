// prim_net: names and addresses of hosts, services and interfaces. What may ask a name server is dirty.
#include "otp_stubs/natives.h"
#include "otp_stubs/prim_net/sockaddr.h"
#include "runtime/term/map.h"

#include <climits>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <sched.h>
#include <unistd.h>

namespace joist::stubs {
namespace {
std::atomic<bool> debug{false};

Term error(Process *p, const char *reason) { return make_tuple(p->heap, atoms::error, named(reason)); }
Term text(Heap &h, const char *s) { return make_string(h, s, strlen(s)); }

// getaddrinfo's and getnameinfo's own errors.
Term resolver_error(Process *p, int code) {
  switch (code) {
#ifdef EAI_ADDRFAMILY
  case EAI_ADDRFAMILY: return error(p, "eaddrfamily");
#endif
  case EAI_AGAIN: return error(p, "eagain");
  case EAI_BADFLAGS: return error(p, "ebadflags");
  case EAI_FAIL: return error(p, "efail");
  case EAI_FAMILY: return error(p, "efamily");
  case EAI_MEMORY: return error(p, "emem");
#ifdef EAI_NODATA
  case EAI_NODATA: return error(p, "enodata");
#endif
  case EAI_NONAME: return error(p, "enoname");
  case EAI_SERVICE: return error(p, "eservice");
  case EAI_SOCKTYPE: return error(p, "esocktype");
  case EAI_SYSTEM: return error(p, "esystem");
  case EAI_OVERFLOW: return error(p, "eoverflow");
  default: return make_tuple(p->heap, atoms::error, Term::small(code));
  }
}

// A string argument of Latin-1 characters.
bool string_of(Term list, std::string *out) {
  out->clear();
  for (; list.is_cons(); list = list.tail()) {
    if (!list.head().is_small()) return false;
    int64_t c = list.head().small_value();
    if (c < 1 || c > 255) return false;
    out->push_back(char(c));
  }
  return list.is_nil();
}

Term info_0(Process *p, const Term *) {
  return map_put(p->heap, map_empty(p->heap), named<"debug">(), bool_term(debug.load()));
}

Term command_1(Process *p, const Term *args) {
  if (!is_map(args[0])) return badarg(p);
  const Term *command = map_find(args[0], atoms::command), *data = map_find(args[0], atoms::data);
  if (!command || !data || *command != named<"debug">() || (*data != atoms::true_ && *data != atoms::false_))
    return badarg(p);
  debug = *data == atoms::true_;
  return atoms::ok;
}

Term gethostname_0(Process *p, const Term *) {
  char name[HOST_NAME_MAX + 1] = {};
  if (gethostname(name, sizeof(name) - 1) < 0) return posix_error(p, errno);
  return ok_with(p, text(p->heap, name));
}

Term getnameinfo_2(Process *p, const Term *args) {
  sockaddr_storage a;
  socklen_t size;
  if (!sockaddr_from_map(args[0], &a, &size)) return badarg(p);
  int flags = 0;
  Term l = args[1] == atoms::undefined ? Term::nil() : args[1];
  struct {
    const char *name;
    int bit;
  } const kFlags[] = {
      {"idn", NI_IDN},
      {"namereqd", NI_NAMEREQD},
      {"nofqdn", NI_NOFQDN},
      {"numerichost", NI_NUMERICHOST},
      {"numericserv", NI_NUMERICSERV},
      {"dgram", NI_DGRAM},
  };
  for (; l.is_cons(); l = l.tail()) {
    bool found = false;
    for (auto &f : kFlags)
      if (l.head() == named(f.name)) flags |= f.bit, found = true;
    if (!found) return badarg(p);
  }
  if (!l.is_nil()) return badarg(p);
  char host[NI_MAXHOST], service[NI_MAXSERV];
  int r = getnameinfo(reinterpret_cast<sockaddr *>(&a), size, host, sizeof(host), service, sizeof(service), flags);
  if (r == EAI_SYSTEM) return posix_error(p, errno);
  if (r != 0) return resolver_error(p, r);
  Heap &h = p->heap;
  Term m = map_put(h, map_empty(h), named<"host">(), text(h, host));
  return ok_with(p, map_put(h, m, named<"service">(), text(h, service)));
}

Term family_name(int f) {
  switch (f) {
  case AF_INET: return named<"inet">();
  case AF_INET6: return named<"inet6">();
  case AF_UNIX: return named<"local">();
  default: return Term::small(f);
  }
}
Term type_name(int t) {
  switch (t) {
  case SOCK_STREAM: return named<"stream">();
  case SOCK_DGRAM: return named<"dgram">();
  case SOCK_RAW: return named<"raw">();
  case SOCK_RDM: return named<"rdm">();
  case SOCK_SEQPACKET: return named<"seqpacket">();
  default: return Term::small(t);
  }
}

Term getaddrinfo_3(Process *p, const Term *args) {
  std::string host, service;
  bool has_host = args[0] != atoms::undefined, has_service = args[1] != atoms::undefined;
  if ((has_host && !string_of(args[0], &host)) || (has_service && !string_of(args[1], &service)) ||
      (!has_host && !has_service) || args[2] != atoms::undefined)
    return badarg(p);
  addrinfo *list = nullptr;
  int r = getaddrinfo(has_host ? host.c_str() : nullptr, has_service ? service.c_str() : nullptr, nullptr, &list);
  if (r == EAI_SYSTEM) return posix_error(p, errno);
  if (r != 0) return resolver_error(p, r);
  Heap &h = p->heap;
  std::vector<Term> found;
  for (addrinfo *i = list; i; i = i->ai_next) {
    Term m = map_put(h, map_empty(h), named<"family">(), family_name(i->ai_family));
    m = map_put(h, m, named<"type">(), type_name(i->ai_socktype));
    m = map_put(h, m, named<"protocol">(), Term::small(i->ai_protocol));
    found.push_back(map_put(h, m, named<"addr">(), sockaddr_to_map(h, i->ai_addr)));
  }
  freeaddrinfo(list);
  Term l = Term::nil();
  for (size_t i = found.size(); i-- > 0;) l = make_cons(h, found[i], l);
  return ok_with(p, l);
}

Term interface_flags(Heap &h, unsigned flags) {
  struct {
    unsigned bit;
    const char *name;
  } const kFlags[] = {
      {IFF_UP, "up"},
      {IFF_BROADCAST, "broadcast"},
      {IFF_DEBUG, "debug"},
      {IFF_LOOPBACK, "loopback"},
      {IFF_POINTOPOINT, "pointopoint"},
      {IFF_NOTRAILERS, "notrailers"},
      {IFF_RUNNING, "running"},
      {IFF_NOARP, "noarp"},
      {IFF_PROMISC, "promisc"},
      {IFF_MASTER, "master"},
      {IFF_SLAVE, "slave"},
      {IFF_MULTICAST, "multicast"},
      {IFF_PORTSEL, "portsel"},
      {IFF_AUTOMEDIA, "automedia"},
      {IFF_DYNAMIC, "dynamic"},
  };
  Term l = Term::nil();
  for (size_t i = std::size(kFlags); i-- > 0;)
    if (flags & kFlags[i].bit) l = make_cons(h, named(kFlags[i].name), l);
  return l;
}

// Runs in another network namespace for its lifetime.
class Namespace {
public:
  // 0, or the error.
  int enter(const std::string &name) {
    own_ = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (own_ < 0) return errno;
    int other = open(name.c_str(), O_RDONLY | O_CLOEXEC);
    if (other < 0) return errno;
    int error = setns(other, CLONE_NEWNET) < 0 ? errno : 0;
    ::close(other);
    entered_ = error == 0;
    return error;
  }
  ~Namespace() {
    if (entered_ && setns(own_, CLONE_NEWNET) < 0) abort(); // this thread would go on in the wrong network
    if (own_ >= 0) ::close(own_);
  }

private:
  int own_ = -1;
  bool entered_ = false;
};

Term getifaddrs_1(Process *p, const Term *args) {
  if (!is_map(args[0])) return badarg(p);
  Namespace ns;
  if (const Term *name = map_find(args[0], named<"netns">())) {
    std::string path;
    if (!string_of(*name, &path)) return badarg(p);
    if (int e = ns.enter(path)) return posix_error(p, e);
  }
  ifaddrs *list;
  if (getifaddrs(&list) < 0) return posix_error(p, errno);
  Heap &h = p->heap;
  std::vector<Term> found;
  for (ifaddrs *i = list; i; i = i->ifa_next) {
    Term m = map_put(h, map_empty(h), named<"name">(), text(h, i->ifa_name));
    m = map_put(h, m, named<"flags">(), interface_flags(h, i->ifa_flags));
    auto add = [&](const char *key, const sockaddr *a) {
      if (a) m = map_put(h, m, named(key), sockaddr_to_map(h, a));
    };
    add("addr", i->ifa_addr);
    add("netmask", i->ifa_netmask);
    if (i->ifa_flags & IFF_BROADCAST) add("broadaddr", i->ifa_broadaddr);
    else if (i->ifa_flags & IFF_POINTOPOINT) add("dstaddr", i->ifa_dstaddr);
    found.push_back(m);
  }
  freeifaddrs(list);
  Term l = Term::nil();
  for (size_t i = found.size(); i-- > 0;) l = make_cons(h, found[i], l);
  return ok_with(p, l);
}

// Windows only.
Term unsupported(Process *p, const Term *) { return notsup(p); }

Term if_name2index_1(Process *p, const Term *args) {
  std::string name;
  if (!string_of(args[0], &name)) return badarg(p);
  unsigned index = if_nametoindex(name.c_str());
  return index == 0 ? posix_error(p, errno) : ok_with(p, Term::small(index));
}

Term if_index2name_1(Process *p, const Term *args) {
  uint32_t index;
  if (!get_uint(args[0], &index)) return badarg(p);
  char name[IF_NAMESIZE + 1] = {};
  return if_indextoname(index, name) ? ok_with(p, text(p->heap, name)) : error(p, "enxio");
}

Term if_names_0(Process *p, const Term *) {
  struct if_nameindex *list = if_nameindex();
  if (!list) return posix_error(p, errno);
  size_t n = 0;
  while (list[n].if_index != 0 && list[n].if_name) n++;
  Heap &h = p->heap;
  Term l = Term::nil();
  while (n-- > 0) l = make_cons(h, make_tuple(h, Term::small(list[n].if_index), text(h, list[n].if_name)), l);
  if_freenameindex(list);
  return ok_with(p, l);
}

constexpr NifKind kIo = NifKind::DirtyIo;
constexpr StaticNif kFunctions[] = {
    {"nif_info", 0, info_0},
    {"nif_command", 1, command_1},
    {"nif_gethostname", 0, gethostname_0},
    {"nif_getnameinfo", 2, getnameinfo_2, kIo},
    {"nif_getaddrinfo", 3, getaddrinfo_3, kIo},
    {"nif_getifaddrs", 1, getifaddrs_1, kIo},
    {"nif_get_adapters_addresses", 1, unsupported},
    {"nif_get_if_entry", 1, unsupported},
    {"nif_get_interface_info", 1, unsupported},
    {"nif_get_ip_address_table", 1, unsupported},
    {"nif_if_name2index", 1, if_name2index_1},
    {"nif_if_index2name", 1, if_index2name_1},
    {"nif_if_names", 0, if_names_0},
};
} // namespace

const StaticNifModule prim_net_natives = nif_module("prim_net", kFunctions, nullptr, "net");
} // namespace joist::stubs
