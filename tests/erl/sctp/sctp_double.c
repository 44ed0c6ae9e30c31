// See sctp_double.h. Calls that are taken over, sockets, addresses and associations.
#define _GNU_SOURCE
#include "sctp_double.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

struct Region *region;
struct Real real;
static pthread_once_t found = PTHREAD_ONCE_INIT, opened = PTHREAD_ONCE_INIT;
enum { kDescriptors = 65536 };
static short numbers[kDescriptors]; // of sockets, by descriptor, plus 1
static int ringer[2] = {-1, -1};    // what bells are rung with: IPv4, IPv6

// --- memory
static void prepare(struct Region *all) {
  pthread_mutexattr_t shared;
  pthread_mutexattr_init(&shared);
  pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
  pthread_mutex_init(&all->lock, &shared);
  all->free_message = all->free_block = -1;
  all->next_id = 3; // the first identifiers have other meanings
  all->next_port = 40000;
  all->ready = 1;
}

static void find_real(void) {
#define FIND(f) *(void **)&real.f = dlsym(RTLD_NEXT, #f)
  FIND(socket), FIND(bind), FIND(connect), FIND(listen), FIND(sendmsg), FIND(recvmsg), FIND(setsockopt),
      FIND(getsockopt);
  FIND(getsockname), FIND(getpeername), FIND(close);
}
// With the first SCTP socket: the programs that a VM starts have none.
static void open_region(void) {
  const char *path = getenv("SCTP_DOUBLE");
  int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
  if (fd >= 0 && (flock(fd, LOCK_EX) < 0 || ftruncate(fd, sizeof(struct Region)) < 0)) abort();
  struct Region *all =
      mmap(NULL, sizeof(struct Region), PROT_READ | PROT_WRITE, MAP_SHARED | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);
  if (all == MAP_FAILED) abort();
  if (!all->ready) prepare(all);
  region = all;
  if (fd < 0) return;
  flock(fd, LOCK_UN);
  real.close(fd);
}
static void lock(void) { pthread_mutex_lock(&region->lock); }
static void unlock(void) { pthread_mutex_unlock(&region->lock); }
static int result(int r) {
  unlock();
  if (r >= 0) return r;
  errno = -r;
  return -1;
}

static struct Socket *socket_of(int fd) {
  pthread_once(&found, find_real);
  if (!region || fd < 0 || fd >= kDescriptors || !numbers[fd]) return NULL;
  struct Socket *s = &region->sockets[numbers[fd] - 1];
  return s->used && s->owner == getpid() ? s : NULL; // a child before exec has none
}
static int index_of(const struct Socket *s) { return (int)(s - region->sockets); }
static int number_of(const struct Association *a) { return (int)(a - region->associations); }

// --- bells
static void ring(struct Socket *s) {
  if (s->rung) return;
  int v6 = s->bell.ss_family == AF_INET6;
  if (ringer[v6] < 0) ringer[v6] = real.socket(s->bell.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sendto(ringer[v6], "!", 1, 0, (struct sockaddr *)&s->bell, address_size((struct sockaddr *)&s->bell));
  s->rung = 1;
}
static void hush(int fd, struct Socket *s) {
  char byte;
  while (recv(fd, &byte, 1, MSG_DONTWAIT) >= 0) continue;
  s->rung = 0;
}
static struct Socket *new_socket(int family, int type, int flags, int *fd) {
  int bell = real.socket(family, SOCK_DGRAM | flags, 0);
  if (bell < 0) return NULL;
  int i = 0;
  while (i < kSockets && region->sockets[i].used) i++;
  if (i == kSockets || bell >= kDescriptors) return real.close(bell), errno = ENFILE, NULL;
  struct Socket *s = &region->sockets[i];
  memset(s, 0, sizeof(*s));
  s->used = 1, s->family = family, s->owner = getpid(), s->style = type == SOCK_STREAM ? kOneToOne : kOneToMany;
  struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
  struct sockaddr_in four = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct sockaddr *home = family == AF_INET6 ? (struct sockaddr *)&six : (struct sockaddr *)&four;
  socklen_t size = sizeof(s->bell), int_size = sizeof(int);
  if (real.bind(bell, home, address_size(home)) < 0 || real.getsockname(bell, (struct sockaddr *)&s->bell, &size) < 0)
    abort();
  real.getsockopt(bell, SOL_SOCKET, SO_SNDBUF, &s->sndbuf, &int_size);
  real.getsockopt(bell, SOL_SOCKET, SO_RCVBUF, &s->rcvbuf, &int_size);
  s->queue.head = s->queue.tail = -1;
  s->parameters.rto = (struct sctp_rtoinfo){0, 3000, 60000, 1000};
  s->parameters.association = (struct sctp_assocparams){.sasoc_asocmaxrxt = 10, .sasoc_cookie_life = 60000};
  s->parameters.path.spp_hbinterval = 30000;
  s->parameters.path.spp_pathmaxrxt = 5;
  s->parameters.path.spp_flags = SPP_HB_ENABLE | SPP_PMTUD_ENABLE | SPP_SACKDELAY_ENABLE;
  s->parameters.sack_delay = 200;
  s->init = (struct sctp_initmsg){10, 65535, 8, 60000};
  s->mapped = 1;
  numbers[bell] = (short)(i + 1);
  *fd = bell;
  return s;
}

// --- addresses
socklen_t address_size(const struct sockaddr *a) {
  return a->sa_family == AF_INET    ? sizeof(struct sockaddr_in)
         : a->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                    : 0;
}
static uint16_t *port_of(struct sockaddr_storage *a) {
  return a->ss_family == AF_INET ? &((struct sockaddr_in *)a)->sin_port : &((struct sockaddr_in6 *)a)->sin6_port;
}
int is_any(const struct sockaddr_storage *a) {
  if (a->ss_family == AF_INET) return ((const struct sockaddr_in *)a)->sin_addr.s_addr == 0;
  if (a->ss_family == AF_INET6) return IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)a)->sin6_addr);
  return 1;
}
static void map(const struct sockaddr_storage *a, struct in6_addr *out) {
  if (a->ss_family == AF_INET6) {
    *out = ((const struct sockaddr_in6 *)a)->sin6_addr;
    return;
  }
  memset(out, 0, sizeof(*out));
  out->s6_addr[10] = out->s6_addr[11] = 0xff;
  memcpy(out->s6_addr + 12, &((const struct sockaddr_in *)a)->sin_addr, 4);
}
int same_address(const struct sockaddr_storage *a, const struct sockaddr_storage *b, int ports) {
  struct in6_addr x, y;
  map(a, &x), map(b, &y);
  struct sockaddr_storage p = *a, q = *b;
  return memcmp(&x, &y, sizeof(x)) == 0 && (!ports || *port_of(&p) == *port_of(&q));
}
// Plain IPv4 instead of IPv4 mapped into IPv6.
static struct sockaddr_storage plain(struct sockaddr_storage a) {
  struct sockaddr_in6 *six = (struct sockaddr_in6 *)&a;
  if (a.ss_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) return a;
  struct sockaddr_storage r = {.ss_family = AF_INET};
  ((struct sockaddr_in *)&r)->sin_port = six->sin6_port;
  memcpy(&((struct sockaddr_in *)&r)->sin_addr, six->sin6_addr.s6_addr + 12, 4);
  return r;
}
struct sockaddr_storage seen_by(const struct Socket *s, struct sockaddr_storage a) {
  a = plain(a);
  if (s->family != AF_INET6 || a.ss_family != AF_INET || !s->mapped) return a;
  struct sockaddr_storage r = {.ss_family = AF_INET6};
  *port_of(&r) = *port_of(&a);
  map(&a, &((struct sockaddr_in6 *)&r)->sin6_addr);
  return r;
}
static int bound_to(const struct Socket *s, const struct sockaddr_storage *a) {
  for (int i = 0; i < s->count; i++) {
    const struct sockaddr_storage *b = &s->addresses[i];
    if (same_address(a, b, 0)) return 1;
    if (is_any(b) && (b->ss_family == a->ss_family || (b->ss_family == AF_INET6 && !s->v6only))) return 1;
    if (is_any(a) && (b->ss_family == a->ss_family || a->ss_family == AF_INET6)) return 1;
  }
  return 0;
}
static int is_local(const struct sockaddr_storage *a) {
  if (is_any(a)) return 1;
  struct sockaddr_storage at = *a;
  *port_of(&at) = 0;
  int fd = real.socket(a->ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  int r = real.bind(fd, (struct sockaddr *)&at, address_size((struct sockaddr *)&at));
  real.close(fd);
  return r == 0;
}
static int port_free(const struct Socket *s, int port, const struct sockaddr_storage *a) {
  for (int i = 0; i < kSockets; i++) {
    const struct Socket *o = &region->sockets[i];
    if (o->used && o != s && o->port == port && o->style != kPeeledOff && bound_to(o, a) &&
        !(s->reuse && o->reuse && o->state != kListening))
      return 0;
  }
  return 1;
}

int bind_address(int fd, struct Socket *s, const struct sockaddr *address, socklen_t size) {
  struct sockaddr_storage a = {0};
  socklen_t n = size < sizeof(sa_family_t) ? 0 : address_size(address), int_size = sizeof(int);
  if (n == 0 || size < n || (address->sa_family == AF_INET6 && s->family == AF_INET)) return -EINVAL;
  memcpy(&a, address, n);
  real.getsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &s->reuse, &int_size);
  if (s->family == AF_INET6) real.getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &s->v6only, &int_size);
  if (s->v6only && a.ss_family == AF_INET) return -EINVAL;
  int port = ntohs(*port_of(&a));
  if (s->port && port && port != s->port) return -EINVAL;
  if (s->port) port = s->port;
  if (!is_local(&a)) return -EADDRNOTAVAIL;
  if (s->count && bound_to(s, &a)) return -EINVAL;
  if (s->count == kAddresses) return -ENOMEM;
  if (!port) do {
      port = region->next_port++;
      if (region->next_port > 60000) region->next_port = 40000;
    } while (!port_free(s, port, &a));
  else if (!port_free(s, port, &a)) return -EADDRINUSE;
  *port_of(&a) = htons((uint16_t)port);
  s->port = port;
  s->addresses[s->count++] = a;
  return 0;
}
static int bind_any(int fd, struct Socket *s) {
  struct sockaddr_storage any = {.ss_family = (sa_family_t)s->family};
  return s->count ? 0 : bind_address(fd, s, (struct sockaddr *)&any, sizeof(any));
}
int unbind_address(struct Socket *s, const struct sockaddr *address) {
  struct sockaddr_storage a = {0};
  memcpy(&a, address, address_size(address));
  if (s->count <= 1) return -EBUSY;
  if (*port_of(&a) && ntohs(*port_of(&a)) != s->port) return -EINVAL;
  for (int i = 0; i < s->count; i++)
    if (same_address(&s->addresses[i], &a, 0)) {
      s->count--;
      for (; i < s->count; i++) s->addresses[i] = s->addresses[i + 1];
      return 0;
    }
  return -EINVAL;
}
int local_address(struct Socket *s, int i, struct sockaddr_storage *out) {
  if (i >= s->count) return 0;
  *out = s->addresses[i];
  if (is_any(out)) { // what can be reached here
    uint16_t port = *port_of(out);
    if (out->ss_family == AF_INET) ((struct sockaddr_in *)out)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    else ((struct sockaddr_in6 *)out)->sin6_addr = in6addr_loopback;
    *port_of(out) = port;
  }
  return 1;
}

// --- notifications
static struct sockaddr_storage primary(const struct Association *a) { return a->to; }

static void deliver(struct Socket *s, const struct Association *a, struct Message *p) {
  p->from = seen_by(s, primary(a));
  push(&s->queue, p);
  if (!p->note) s->waiting += p->size;
  ring(s);
}
static void notify(struct Association *a, int type, const void *bytes, size_t n, const void *more, size_t m) {
  struct Socket *s = &region->sockets[a->socket];
  if (!s->used || !s->events[type - SCTP_SN_TYPE_BASE]) return;
  struct iovec v[] = {{(void *)bytes, n}, {(void *)more, m}};
  struct Message *p = new_message(number_of(a), v, 2);
  p->note = 1;
  deliver(s, a, p);
}
static void changed(struct Association *a, int state, int error, int out, int in) {
  struct sctp_assoc_change c = {SCTP_ASSOC_CHANGE, 0,    sizeof(c), (uint16_t)state, (uint16_t)error, (uint16_t)out,
                                (uint16_t)in,      a->id};
  notify(a, SCTP_ASSOC_CHANGE, &c, sizeof(c), NULL, 0);
}

// --- associations
struct Association *association_of(struct Socket *s, int id) {
  for (int i = 0; i < kAssociations; i++) {
    struct Association *a = &region->associations[i];
    if (a->used && a->socket == index_of(s) && (a->id == id || s->style != kOneToMany)) return a;
  }
  return NULL;
}
static struct Association *new_association(struct Socket *s, const struct sockaddr_storage *to) {
  for (int i = 0; i < kAssociations; i++) {
    struct Association *a = &region->associations[i];
    if (a->used) continue;
    memset(a, 0, sizeof(*a));
    a->used = 1, a->id = region->next_id++, a->socket = index_of(s), a->peer = -1, a->state = SCTP_COOKIE_WAIT;
    a->to = a->peers[0] = plain(*to), a->peer_count = 1;
    a->parameters = s->parameters;
    a->unsent.head = a->unsent.tail = -1;
    a->tsn = 1000;
    return a;
  }
  return NULL;
}
static void came_up(struct Association *a, const struct Association *other) {
  struct Socket *s = &region->sockets[a->socket], *o = &region->sockets[other->socket];
  a->state = SCTP_ESTABLISHED;
#define LEAST(x, y) ((x) < (y) ? (x) : (y))
  a->streams_out = LEAST(s->init.sinit_num_ostreams, o->init.sinit_max_instreams);
  a->streams_in = LEAST(o->init.sinit_num_ostreams, s->init.sinit_max_instreams);
  if (s->style == kOneToOne && s->state != kListening) s->state = kConnected;
  changed(a, SCTP_COMM_UP, 0, a->streams_out, a->streams_in);
  if (o->adaptation) {
    struct sctp_adaptation_event e = {SCTP_ADAPTATION_INDICATION, 0, sizeof(e), o->adaptation, a->id};
    notify(a, SCTP_ADAPTATION_INDICATION, &e, sizeof(e), NULL, 0);
  }
}
static struct Socket *listener_at(const struct sockaddr_storage *to) {
  struct sockaddr_storage a = *to;
  for (int i = 0; i < kSockets; i++) {
    struct Socket *s = &region->sockets[i];
    if (s->used && s->state == kListening && s->port == ntohs(*port_of(&a)) && bound_to(s, to)) return s;
  }
  return NULL;
}
static void forget(struct Association *a) {
  for (struct Message *p; (p = pop(&a->unsent));) free_message(p);
  if (a->peer >= 0) region->associations[a->peer].peer = -1;
  a->used = 0;
}

int connect_to(int fd, struct Socket *s, const char *at, size_t size, int *id) {
  if (s->style == kPeeledOff || (s->style == kOneToOne && s->state != kIdle)) return -EISCONN;
  struct sockaddr_storage all[kAddresses];
  int count = 0;
  while (size > 0) {
    const struct sockaddr *one = (const struct sockaddr *)at;
    socklen_t n = size < sizeof(sa_family_t) ? 0 : address_size(one);
    if (n == 0 || n > size || count == kAddresses || (n > sizeof(struct sockaddr_in) && s->family == AF_INET))
      return -EINVAL;
    memset(&all[count], 0, sizeof(all[count]));
    memcpy(&all[count], at, n);
    if (*port_of(&all[count]) == 0 || *port_of(&all[count]) != *port_of(&all[0])) return -EINVAL;
    all[count] = plain(all[count]);
    at += n, size -= n, count++;
  }
  if (count == 0) return -EINVAL;
  for (int i = 0; i < kAssociations; i++) {
    const struct Association *a = &region->associations[i];
    if (a->used && a->socket == index_of(s) && same_address(&a->to, &all[0], 1))
      return a->state >= SCTP_ESTABLISHED ? -EISCONN : -EALREADY;
  }
  int r = bind_any(fd, s);
  if (r < 0) return r;
  struct Association *a = new_association(s, &all[0]), *b;
  if (!a) return -ENOMEM;
  *id = a->id;
  if (s->style == kOneToOne) s->state = kConnecting;
  struct Socket *o = NULL;
  for (int i = 0; i < count && !o; i++)
    if ((o = listener_at(&all[i]))) a->to = a->peers[0] = all[i];
  if (!o && !is_local(&all[0])) return -EINPROGRESS; // nobody answers
  struct sockaddr_storage from = a->to;
  *port_of(&from) = htons((uint16_t)s->port);
  if (!is_any(&s->addresses[0])) from = s->addresses[0];
  if (!o || !(b = new_association(o, &from))) {
    changed(a, SCTP_CANT_STR_ASSOC, 0, 0, 0);
    if (s->style == kOneToOne) s->state = kIdle, s->error = ECONNREFUSED;
    forget(a);
    return -EINPROGRESS;
  }
  if (s->count > 1) // all that the other side has told
    for (b->peer_count = 0; b->peer_count < s->count; b->peer_count++)
      b->peers[b->peer_count] = plain(s->addresses[b->peer_count]);
  if (o->count > 1)
    for (a->peer_count = 0; a->peer_count < o->count; a->peer_count++)
      a->peers[a->peer_count] = plain(o->addresses[a->peer_count]);
  a->peer = number_of(b), b->peer = number_of(a);
  came_up(b, a);
  came_up(a, b);
  return -EINPROGRESS;
}

int peel_off(int fd, struct Socket *s, int id) {
  struct Association *a = association_of(s, id);
  if (!a || s->style != kOneToMany) return -EINVAL;
  int own;
  struct Socket *o = new_socket(s->family, SOCK_SEQPACKET, 0, &own);
  if (!o) return -errno;
  struct Socket fresh = *o;
  *o = *s;
  o->style = kPeeledOff, o->state = kConnected, o->bell = fresh.bell, o->queue = fresh.queue,
  o->rung = o->waiting = o->error = 0;
  static const int copied[][2] = {{SOL_SOCKET, SO_LINGER}, {IPPROTO_IP, IP_TOS}, {IPPROTO_IP, IP_TTL}};
  for (unsigned i = 0; i < sizeof(copied) / sizeof(copied[0]); i++) {
    char value[64];
    socklen_t n = sizeof(value);
    if (real.getsockopt(fd, copied[i][0], copied[i][1], value, &n) == 0)
      real.setsockopt(own, copied[i][0], copied[i][1], value, n);
  }
  int half = (int)s->rcvbuf / 2;
  real.setsockopt(own, SOL_SOCKET, SO_RCVBUF, &half, sizeof(half));
  half = (int)s->sndbuf / 2;
  real.setsockopt(own, SOL_SOCKET, SO_SNDBUF, &half, sizeof(half));
  a->socket = index_of(o);
  struct Queue all = s->queue;
  s->queue.head = s->queue.tail = -1;
  s->waiting = 0;
  for (struct Message *p; (p = pop(&all));) {
    struct Socket *to = p->association == number_of(a) ? o : s;
    push(&to->queue, p);
    if (!p->note) to->waiting += p->size - p->taken;
  }
  if (o->queue.head >= 0) ring(o);
  if (s->queue.head < 0) hush(fd, s);
  return own;
}

// The association ends on both sides. What was not sent is told of after an abort.
static void end(struct Association *a, int aborted) {
  struct Association *both[] = {a->peer >= 0 ? &region->associations[a->peer] : NULL, a};
  if (!aborted && both[0]) {
    struct sctp_shutdown_event e = {SCTP_SHUTDOWN_EVENT, 0, sizeof(e), both[0]->id};
    notify(both[0], SCTP_SHUTDOWN_EVENT, &e, sizeof(e), NULL, 0);
  }
  for (int i = 0; i < 2; i++) {
    struct Association *x =
        both[aborted ? i : 1 - i]; // who has started it hears last of an abort, first of an orderly end
    if (!x) continue;
    struct Socket *s = &region->sockets[x->socket];
    changed(x, aborted ? SCTP_COMM_LOST : SCTP_SHUTDOWN_COMP, aborted ? htons(12) : 0, 0, 0);
    for (struct Message *p; aborted && (p = pop(&x->unsent)); free_message(p)) {
      struct sctp_send_failed f = {SCTP_SEND_FAILED, SCTP_DATA_UNSENT, (uint32_t)sizeof(f) + p->size,
                                   htons(12),        p->info,          x->id};
      char *data = malloc(p->size + 1);
      notify(x, SCTP_SEND_FAILED, &f, sizeof(f), data, take(p, data, p->size));
      free(data);
    }
    if (s->used && s->style != kOneToMany) {
      if (aborted) s->error = x == a ? ECONNABORTED : ECONNRESET;
      if (s->style == kOneToOne && !aborted && s->state == kConnected) s->state = kClosing, s->ended = 1;
      if (s->style == kOneToOne && aborted) s->state = kIdle;
      ring(s);
    }
  }
  for (int i = 0; i < 2; i++)
    if (both[i]) forget(both[i]);
}
// Moves what fits into the receiver's window; ends the association if that was waited for.
static void flush(struct Association *a, int all) {
  if (!a->used || a->peer < 0) return;
  struct Association *b = &region->associations[a->peer];
  struct Socket *o = &region->sockets[b->socket];
  while (a->unsent.head >= 0) {
    struct Message *p = &region->messages[a->unsent.head];
    if (!all && o->waiting && o->waiting + p->size > o->rcvbuf) return;
    pop(&a->unsent);
    a->unsent_bytes -= p->size;
    p->association = number_of(b);
    p->info.sinfo_assoc_id = b->id;
    p->info.sinfo_timetolive = 0;
    p->info.sinfo_context = 0;
    deliver(o, b, p);
  }
  if (a->state == SCTP_SHUTDOWN_PENDING) end(a, 0);
}

// --- sending
struct Ask {
  struct sctp_sndrcvinfo info;
  int given;
};
static int read_ancillary(const struct msghdr *m, struct Ask *ask) {
  struct msghdr copy = *m;
  for (struct cmsghdr *c = CMSG_FIRSTHDR(&copy); c; c = CMSG_NXTHDR(&copy, c)) {
    if (c->cmsg_level != IPPROTO_SCTP) continue;
    if (c->cmsg_type != SCTP_SNDRCV || c->cmsg_len != CMSG_LEN(sizeof(ask->info))) return -EINVAL;
    memcpy(&ask->info, CMSG_DATA(c), sizeof(ask->info));
    ask->given = 1;
    if (ask->info.sinfo_flags & ~(SCTP_UNORDERED | SCTP_ADDR_OVER | SCTP_ABORT | SCTP_EOF)) return -EINVAL;
  }
  return 0;
}
// "\1double:" then: n BYTES a notification, e N an error of the next receive, d INFO BYTES data with that sndrcvinfo, p BYTES data
// without end mark, s N the state that SCTP_STATUS tells.
static void inject(struct Association *a, char *bytes, size_t n) {
  struct Association *b = &region->associations[a->peer];
  struct Socket *o = &region->sockets[b->socket];
  char what = bytes[0];
  bytes++, n--;
  if (what == 'e') {
    o->error = (unsigned char)bytes[0];
    ring(o);
    return;
  }
  if (what == 's') {
    b->state = (signed char)bytes[0];
    return;
  }
  struct sctp_sndrcvinfo info = {.sinfo_assoc_id = b->id};
  if (what == 'd' && n >= sizeof(info)) memcpy(&info, bytes, sizeof(info)), bytes += sizeof(info), n -= sizeof(info);
  struct iovec v = {bytes, n};
  struct Message *p = new_message(number_of(b), &v, 1);
  p->note = what == 'n';
  p->part = what == 'p';
  p->info = info;
  deliver(o, b, p);
}
static int try_inject(struct Association *a, const struct msghdr *m, size_t n) {
  size_t lead = strlen(kInject);
  if (n <= lead + 1 || m->msg_iov[0].iov_len == 0 || *(char *)m->msg_iov[0].iov_base != kInject[0]) return 0;
  char *all = malloc(n + 1), *at = all;
  for (size_t i = 0; i < m->msg_iovlen; i++)
    memcpy(at, m->msg_iov[i].iov_base, m->msg_iov[i].iov_len), at += m->msg_iov[i].iov_len;
  int mine = memcmp(all, kInject, lead) == 0;
  if (mine) inject(a, all + lead, n - lead);
  free(all);
  return mine;
}

static int bell_option(int fd, int level, int name) {
  int v = -1;
  socklen_t size = sizeof(v);
  return real.getsockopt(fd, level, name, &v, &size) < 0 ? -1 : v;
}

static int send_message(int fd, struct Socket *s, const struct msghdr *m) {
  size_t n = 0;
  for (size_t i = 0; i < m->msg_iovlen; i++) n += m->msg_iov[i].iov_len;
  if (s->style == kOneToOne && s->state == kListening) return -EPIPE;
  if (n > s->sndbuf) return -EMSGSIZE;
  struct Ask ask = {0};
  int r = read_ancillary(m, &ask), flags = ask.info.sinfo_flags;
  if (r < 0) return r;
  if (flags || n == 0) {
    if (s->style == kOneToOne && flags & (SCTP_EOF | SCTP_ABORT)) return -EINVAL;
    if ((flags & SCTP_EOF && n > 0) || (!(flags & (SCTP_EOF | SCTP_ABORT)) && n == 0)) return -EINVAL;
    if (flags & SCTP_ADDR_OVER && !m->msg_name) return -EINVAL;
  }
  struct Association *a = association_of(s, ask.info.sinfo_assoc_id);
  if (!a) return -EPIPE;
  if (flags & SCTP_ABORT) return end(a, 1), 0;
  if (flags & SCTP_EOF) {
    if (a->state != SCTP_ESTABLISHED) return 0;
    a->state = SCTP_SHUTDOWN_PENDING;
    flush(a, 0);
    return 0;
  }
  if (a->state == SCTP_ESTABLISHED && ask.info.sinfo_stream >= a->streams_out) return -EINVAL;
  if (a->state > SCTP_ESTABLISHED) return -ESHUTDOWN;
  if (s->no_fragments && n > (s->maxseg ? (size_t)s->maxseg : 65484)) return -EMSGSIZE;
  if (a->unsent_bytes >= s->sndbuf) return -EAGAIN;
  if (a->peer >= 0 && try_inject(a, m, n)) return (int)n;
  struct Message *p = new_message(number_of(a), m->msg_iov, m->msg_iovlen);
  p->info = ask.given ? ask.info : a->parameters.send;
  if (!(p->info.sinfo_flags & SCTP_UNORDERED)) p->info.sinfo_ssn = a->ssn[p->info.sinfo_stream % kStreams]++;
  p->info.sinfo_tsn = a->tsn++;
  p->info.sinfo_cumtsn = 0;
  p->tos = bell_option(fd, IPPROTO_IP, IP_TOS), p->ttl = bell_option(fd, IPPROTO_IP, IP_TTL);
  p->tclass = s->family == AF_INET6 ? bell_option(fd, IPPROTO_IPV6, IPV6_TCLASS) : -1;
  push(&a->unsent, p);
  a->unsent_bytes += p->size;
  flush(a, 0);
  return (int)n;
}

// --- receiving
static void put_ancillary(struct msghdr *m, size_t *used, int level, int type, const void *value, size_t n) {
  if (*used + CMSG_SPACE(n) > m->msg_controllen) {
    m->msg_flags |= MSG_CTRUNC;
    return;
  }
  struct cmsghdr *c = (struct cmsghdr *)((char *)m->msg_control + *used);
  c->cmsg_level = level, c->cmsg_type = type, c->cmsg_len = CMSG_LEN(n);
  memcpy(CMSG_DATA(c), value, n);
  *used += CMSG_SPACE(n);
}
static int receive_message(int fd, struct Socket *s, struct msghdr *m) {
  if (s->style == kOneToOne && (s->state == kListening || s->state == kConnecting)) return -ENOTCONN;
  m->msg_flags = 0;
  if (s->queue.head < 0) {
    int error = s->error;
    hush(fd, s);
    s->error = 0;
    if (s->ended) ring(s);
    return error ? -error : s->ended ? 0 : -EAGAIN;
  }
  struct Message *p = &region->messages[s->queue.head];
  size_t n = 0, used = 0;
  for (size_t i = 0; i < m->msg_iovlen; i++) n += take(p, m->msg_iov[i].iov_base, m->msg_iov[i].iov_len);
  if (m->msg_name) {
    socklen_t size = address_size((struct sockaddr *)&p->from);
    memcpy(m->msg_name, &p->from, size < m->msg_namelen ? size : m->msg_namelen);
    m->msg_namelen = size;
  }
  if (p->note) {
    m->msg_flags |= MSG_NOTIFICATION;
  } else {
    s->waiting -= (uint32_t)n;
    unsigned char tos = (unsigned char)p->tos;
    if (p->tos >= 0 && bell_option(fd, IPPROTO_IP, IP_RECVTOS) > 0)
      put_ancillary(m, &used, IPPROTO_IP, IP_TOS, &tos, 1);
    if (p->ttl >= 0 && bell_option(fd, IPPROTO_IP, IP_RECVTTL) > 0)
      put_ancillary(m, &used, IPPROTO_IP, IP_TTL, &p->ttl, 4);
    if (p->tclass >= 0 && s->family == AF_INET6 && bell_option(fd, IPPROTO_IPV6, IPV6_RECVTCLASS) > 0)
      put_ancillary(m, &used, IPPROTO_IPV6, IPV6_TCLASS, &p->tclass, 4);
    if (s->events[0]) put_ancillary(m, &used, IPPROTO_SCTP, SCTP_SNDRCV, &p->info, sizeof(p->info));
  }
  m->msg_controllen = used;
  int from = p->association;
  if (p->taken == p->size) {
    if (!p->part) m->msg_flags |= MSG_EOR;
    pop(&s->queue);
    free_message(p);
    struct Association *a = &region->associations[from];
    if (a->used && a->peer >= 0) flush(&region->associations[a->peer], 0);
  }
  if (s->queue.head < 0 && !s->error && !s->ended) hush(fd, s);
  return (int)n;
}

static void close_socket(int fd, struct Socket *s) {
  struct linger l = {0};
  socklen_t size = sizeof(l);
  real.getsockopt(fd, SOL_SOCKET, SO_LINGER, &l, &size);
  int unread = s->waiting > 0, number = index_of(s);
  for (struct Message *p; (p = pop(&s->queue));) free_message(p);
  memset(s->events, 0, sizeof(s->events)); // it is told of nothing more
  for (int i = 0; i < kAssociations; i++) {
    struct Association *a = &region->associations[i];
    if (!a->used || a->socket != number) continue;
    int aborted = unread || (l.l_onoff && l.l_linger == 0);
    if (!aborted) flush(a, 1);
    if (a->used) end(a, aborted);
  }
  for (struct Message *p; (p = pop(&s->queue));) free_message(p);
  s->used = 0;
  numbers[fd] = 0;
}

// --- the calls
int socket(int family, int type, int protocol) {
  pthread_once(&found, find_real);
  int base = type & ~(SOCK_CLOEXEC | SOCK_NONBLOCK), fd = -1;
  if (protocol != IPPROTO_SCTP) return real.socket(family, type, protocol);
  if ((family != AF_INET && family != AF_INET6) || (base != SOCK_STREAM && base != SOCK_SEQPACKET)) {
    errno = family != AF_INET && family != AF_INET6 ? EAFNOSUPPORT : ESOCKTNOSUPPORT;
    return -1;
  }
  pthread_once(&opened, open_region);
  lock();
  struct Socket *s = new_socket(family, base, type & (SOCK_CLOEXEC | SOCK_NONBLOCK), &fd);
  return result(s ? fd : -errno);
}
int bind(int fd, const struct sockaddr *a, socklen_t size) {
  struct Socket *s = socket_of(fd);
  if (!s) return real.bind(fd, a, size);
  lock();
  return result(s->count ? -EINVAL : bind_address(fd, s, a, size));
}
int connect(int fd, const struct sockaddr *a, socklen_t size) {
  struct Socket *s = socket_of(fd);
  if (!s) return real.connect(fd, a, size);
  lock();
  int id;
  return result(connect_to(fd, s, (const char *)a, size, &id));
}
int listen(int fd, int backlog) {
  struct Socket *s = socket_of(fd);
  if (!s) return real.listen(fd, backlog);
  lock();
  if (s->style == kPeeledOff || s->state > kListening) return result(-EINVAL);
  int r = backlog ? bind_any(fd, s) : 0;
  if (r == 0) s->state = backlog ? kListening : kIdle;
  return result(r);
}
ssize_t sendmsg(int fd, const struct msghdr *m, int flags) {
  struct Socket *s = socket_of(fd);
  if (!s) return real.sendmsg(fd, m, flags);
  lock();
  return result(send_message(fd, s, m));
}
ssize_t recvmsg(int fd, struct msghdr *m, int flags) {
  struct Socket *s = socket_of(fd);
  if (!s) return real.recvmsg(fd, m, flags);
  lock();
  return result(receive_message(fd, s, m));
}
int setsockopt(int fd, int level, int name, const void *value, socklen_t size) {
  struct Socket *s = socket_of(fd);
  if (!s) return real.setsockopt(fd, level, name, value, size);
  if (level != IPPROTO_SCTP) {
    int r = real.setsockopt(fd, level, name, value, size);
    socklen_t n = sizeof(int);
    if (level == SOL_SOCKET && name == SO_RCVBUF) real.getsockopt(fd, level, name, &s->rcvbuf, &n);
    if (level == SOL_SOCKET && name == SO_SNDBUF) real.getsockopt(fd, level, name, &s->sndbuf, &n);
    return r;
  }
  lock();
  return result(set_option(fd, s, name, value, size));
}
int getsockopt(int fd, int level, int name, void *value, socklen_t *size) {
  struct Socket *s = socket_of(fd);
  if (!s || level != IPPROTO_SCTP) return real.getsockopt(fd, level, name, value, size);
  lock();
  return result(get_option(fd, s, name, value, size));
}
static int copy_address(struct sockaddr_storage a, struct sockaddr *out, socklen_t *size) {
  socklen_t n = address_size((struct sockaddr *)&a);
  memcpy(out, &a, n < *size ? n : *size);
  *size = n;
  return 0;
}
int getsockname(int fd, struct sockaddr *a, socklen_t *size) {
  struct Socket *s = socket_of(fd);
  if (!s) return real.getsockname(fd, a, size);
  lock();
  struct sockaddr_storage none = {.ss_family = (sa_family_t)s->family};
  return result(copy_address(s->count ? seen_by(s, s->addresses[0]) : none, a, size));
}
int getpeername(int fd, struct sockaddr *a, socklen_t *size) {
  struct Socket *s = socket_of(fd);
  if (!s) return real.getpeername(fd, a, size);
  lock();
  struct Association *one = s->style == kOneToMany ? NULL : association_of(s, 0);
  return result(one ? copy_address(seen_by(s, one->to), a, size) : -ENOTCONN);
}
int close(int fd) {
  struct Socket *s = socket_of(fd);
  if (s) {
    lock();
    close_socket(fd, s);
    unlock();
  }
  return real.close(fd);
}
