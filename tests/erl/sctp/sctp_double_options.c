// Options of level SCTP, with the checks that Linux makes.
#include "sctp_double.h"

#include <arpa/inet.h>

static int one_to_many(const struct Socket *s) { return s->style == kOneToMany; }

// *p: parameters of the association, or the socket's where id names none that exists and need not.
static int parameters_of(struct Socket *s, int id, struct Association **a, struct Parameters **p) {
  *a = association_of(s, id);
  if (!*a && id != SCTP_FUTURE_ASSOC && one_to_many(s)) return -EINVAL;
  *p = *a ? &(*a)->parameters : &s->parameters;
  return 0;
}

static struct sockaddr_storage aligned(const void *packed) {
  struct sockaddr_storage a;
  memcpy(&a, packed, sizeof(a));
  return a;
}

static int is_peer(const struct Association *a, struct sockaddr_storage address) {
  for (int i = 0; i < a->peer_count; i++)
    if (same_address(&a->peers[i], &address, 1)) return 1;
  return 0;
}

static int set_flag(int *flag, const void *value, socklen_t size) {
  if (size < sizeof(int)) return -EINVAL;
  *flag = *(const int *)value != 0;
  return 0;
}

static int set_rto(struct Socket *s, const struct sctp_rtoinfo *v) {
  struct Association *a;
  struct Parameters *p;
  int r = parameters_of(s, v->srto_assoc_id, &a, &p);
  if (r) return r;
  uint32_t max = v->srto_max ? v->srto_max : p->rto.srto_max, min = v->srto_min ? v->srto_min : p->rto.srto_min;
  if (min > max) return -EINVAL;
  if (v->srto_initial) p->rto.srto_initial = v->srto_initial;
  p->rto.srto_max = max;
  p->rto.srto_min = min;
  return 0;
}

static int set_association(struct Socket *s, const struct sctp_assocparams *v) {
  struct Association *a;
  struct Parameters *p;
  int r = parameters_of(s, v->sasoc_assoc_id, &a, &p);
  if (r) return r;
  if (v->sasoc_asocmaxrxt) p->association.sasoc_asocmaxrxt = v->sasoc_asocmaxrxt;
  if (v->sasoc_cookie_life) p->association.sasoc_cookie_life = v->sasoc_cookie_life;
  return 0;
}

static int set_path(struct Socket *s, const struct sctp_paddrparams *v) {
  uint32_t f = v->spp_flags, known = SPP_HB | SPP_HB_DEMAND | SPP_PMTUD | SPP_SACKDELAY | SPP_HB_TIME_IS_ZERO;
  if (f & ~known || (f & SPP_HB) == SPP_HB || (f & SPP_PMTUD) == SPP_PMTUD || (f & SPP_SACKDELAY) == SPP_SACKDELAY ||
      v->spp_sackdelay > 500 || (v->spp_pathmtu && v->spp_pathmtu < 512))
    return -EINVAL;
  struct Association *a;
  struct Parameters *p;
  struct sockaddr_storage to = aligned(&v->spp_address);
  if (!is_any(&to)) {
    a = association_of(s, v->spp_assoc_id);
    if (!a || !is_peer(a, to)) return -EINVAL;
  } else if (f & SPP_HB_DEMAND) {
    return -EINVAL;
  }
  int r = parameters_of(s, v->spp_assoc_id, &a, &p);
  if (r) return r;
  struct sctp_paddrparams *o = &p->path;
  if (v->spp_hbinterval) o->spp_hbinterval = v->spp_hbinterval;
  if (v->spp_pathmaxrxt) o->spp_pathmaxrxt = v->spp_pathmaxrxt;
  if (v->spp_pathmtu) o->spp_pathmtu = v->spp_pathmtu;
  if (v->spp_sackdelay) p->sack_delay = v->spp_sackdelay;
  if (f & SPP_HB) o->spp_flags = (o->spp_flags & ~SPP_HB) | (f & SPP_HB);
  if (f & SPP_PMTUD) o->spp_flags = (o->spp_flags & ~SPP_PMTUD) | (f & SPP_PMTUD);
  if (f & SPP_SACKDELAY) o->spp_flags = (o->spp_flags & ~SPP_SACKDELAY) | (f & SPP_SACKDELAY);
  return 0;
}

static int bindx(int fd, struct Socket *s, const char *at, socklen_t size, int add) {
  while (size > 0) {
    const struct sockaddr *a = (const struct sockaddr *)at;
    socklen_t n = size < sizeof(sa_family_t) ? 0 : address_size(a);
    if (n == 0 || n > size) return -EINVAL;
    int r = add ? bind_address(fd, s, a, n) : unbind_address(s, a);
    if (r < 0) return r;
    at += n;
    size -= n;
  }
  return 0;
}

int set_option(int fd, struct Socket *s, int name, const void *value, socklen_t size) {
  struct Association *a;
  struct Parameters *p;
  int r;
#define EXACT(type)                                                                                                    \
  if (size != sizeof(type)) return -EINVAL;                                                                            \
  const type *v = value
  switch (name) {
  case SCTP_RTOINFO: {
    EXACT(struct sctp_rtoinfo);
    return set_rto(s, v);
  }
  case SCTP_ASSOCINFO: {
    EXACT(struct sctp_assocparams);
    return set_association(s, v);
  }
  case SCTP_INITMSG: {
    EXACT(struct sctp_initmsg);
    if (v->sinit_num_ostreams) s->init.sinit_num_ostreams = v->sinit_num_ostreams;
    if (v->sinit_max_instreams) s->init.sinit_max_instreams = v->sinit_max_instreams;
    if (v->sinit_max_attempts) s->init.sinit_max_attempts = v->sinit_max_attempts;
    if (v->sinit_max_init_timeo) s->init.sinit_max_init_timeo = v->sinit_max_init_timeo;
    return 0;
  }
  case SCTP_NODELAY: return set_flag(&s->nodelay, value, size);
  case SCTP_DISABLE_FRAGMENTS: return set_flag(&s->no_fragments, value, size);
  case SCTP_I_WANT_MAPPED_V4_ADDR: return set_flag(&s->mapped, value, size);
  case SCTP_AUTOCLOSE: {
    if (s->style == kOneToOne) return -EOPNOTSUPP;
    EXACT(uint32_t);
    s->autoclose = *v;
    return 0;
  }
  case SCTP_MAXSEG: {
    EXACT(int);
    if (*v && (*v < 512 || *v > 65515)) return -EINVAL;
    s->maxseg = *v;
    return 0;
  }
  case SCTP_PRIMARY_ADDR: {
    EXACT(struct sctp_prim);
    struct sockaddr_storage to = aligned(&v->ssp_addr);
    a = association_of(s, v->ssp_assoc_id);
    if (!a || !is_peer(a, to)) return -EINVAL;
    a->to = to;
    return 0;
  }
  case SCTP_SET_PEER_PRIMARY_ADDR: return -EPERM; // needs a system setting that is off
  case SCTP_ADAPTATION_LAYER: {
    EXACT(struct sctp_setadaptation);
    s->adaptation = v->ssb_adaptation_ind;
    return 0;
  }
  case SCTP_PEER_ADDR_PARAMS: {
    struct sctp_paddrparams v;
    size_t least = (offsetof(struct sctp_paddrparams, spp_ipv6_flowlabel) + 3) & ~3u;
    if (size != sizeof(v) && size != least) return -EINVAL;
    memset(&v, 0, sizeof(v));
    memcpy(&v, value, size);
    return set_path(s, &v);
  }
  case SCTP_DEFAULT_SEND_PARAM: {
    EXACT(struct sctp_sndrcvinfo);
    if (v->sinfo_flags & ~(SCTP_UNORDERED | SCTP_ADDR_OVER | SCTP_ABORT | SCTP_EOF)) return -EINVAL;
    if ((r = parameters_of(s, v->sinfo_assoc_id, &a, &p))) return r;
    p->send = *v;
    return 0;
  }
  case SCTP_EVENTS:
    if (size > sizeof(struct sctp_event_subscribe)) return -EINVAL;
    memcpy(s->events, value, size);
    return 0;
  case SCTP_DELAYED_ACK_TIME: {
    const struct sctp_assoc_value *v = value;
    if (size != sizeof(*v) && size != sizeof(struct sctp_sack_info)) return -EINVAL;
    if ((r = parameters_of(s, v->assoc_id, &a, &p))) return r;
    if (v->assoc_value > 500) return -EINVAL;
    if (v->assoc_value) {
      p->sack_delay = v->assoc_value;
      p->path.spp_flags = (p->path.spp_flags & ~SPP_SACKDELAY) | SPP_SACKDELAY_ENABLE;
    } else {
      p->path.spp_flags = (p->path.spp_flags & ~SPP_SACKDELAY) | SPP_SACKDELAY_DISABLE;
    }
    return 0;
  }
  case SCTP_SOCKOPT_BINDX_ADD: return bindx(fd, s, value, size, 1);
  case SCTP_SOCKOPT_BINDX_REM: return bindx(fd, s, value, size, 0);
  case SCTP_SOCKOPT_CONNECTX: {
    int id = 0;
    return (r = connect_to(fd, s, value, size, &id)) ? r : id;
  }
  default: return -ENOPROTOOPT;
  }
}

// --- getting
static int answer(void *value, socklen_t *size, const void *v, socklen_t n) {
  if (*size < n) return -EINVAL;
  memcpy(value, v, n);
  *size = n;
  return 0;
}
static int answer_int(void *value, socklen_t *size, int v) { return answer(value, size, &v, sizeof(v)); }

static struct sctp_paddrinfo path_info(const struct Socket *s, const struct Association *a,
                                       struct sockaddr_storage to) {
  struct sctp_paddrinfo i;
  memset(&i, 0, sizeof(i));
  to = seen_by(s, to);
  i.spinfo_assoc_id = a->id;
  memcpy(&i.spinfo_address, &to, sizeof(to));
  i.spinfo_state = a->peer >= 0 ? SCTP_ACTIVE : SCTP_UNKNOWN;
  i.spinfo_cwnd = 131072;
  i.spinfo_rto = a->parameters.rto.srto_initial;
  i.spinfo_mtu = 65536;
  return i;
}

static int status(struct Socket *s, void *value, socklen_t *size) {
  struct sctp_status v;
  if (*size < sizeof(v)) return -EINVAL;
  memcpy(&v, value, sizeof(v));
  struct Association *a = association_of(s, v.sstat_assoc_id);
  if (!a) return -EINVAL;
  memset(&v, 0, sizeof(v));
  v.sstat_assoc_id = a->id;
  v.sstat_state = a->state;
  if (a->peer >= 0) {
    struct Socket *other = &region->sockets[region->associations[a->peer].socket];
    v.sstat_rwnd = other->rcvbuf / 2 > other->waiting ? other->rcvbuf / 2 - other->waiting : 0;
  }
  for (int m = a->unsent.head; m >= 0; m = region->messages[m].next) v.sstat_penddata++;
  v.sstat_instrms = a->streams_in;
  v.sstat_outstrms = a->streams_out;
  v.sstat_fragmentation_point = s->maxseg ? s->maxseg : 65484;
  v.sstat_primary = path_info(s, a, a->to);
  return answer(value, size, &v, sizeof(v));
}

static int path_parameters(struct Socket *s, void *value, socklen_t *size) {
  struct sctp_paddrparams v;
  socklen_t least = (offsetof(struct sctp_paddrparams, spp_ipv6_flowlabel) + 3) & ~3u, n = sizeof(v);
  if (*size < least) return -EINVAL;
  if (*size < n) n = least;
  memset(&v, 0, sizeof(v));
  memcpy(&v, value, n);
  struct sockaddr_storage to = aligned(&v.spp_address);
  struct Association *a = association_of(s, v.spp_assoc_id);
  if (!is_any(&to) && (!a || !is_peer(a, to))) return -EINVAL;
  if (!a && v.spp_assoc_id != SCTP_FUTURE_ASSOC && one_to_many(s)) return -EINVAL;
  const struct Parameters *p = a ? &a->parameters : &s->parameters;
  v.spp_hbinterval = p->path.spp_hbinterval;
  v.spp_pathmaxrxt = p->path.spp_pathmaxrxt;
  v.spp_pathmtu = a && !p->path.spp_pathmtu ? 65536 : p->path.spp_pathmtu;
  v.spp_sackdelay = p->sack_delay;
  v.spp_flags = p->path.spp_flags;
  return answer(value, size, &v, n);
}

// Addresses of the association, or of the socket.
static int addresses(struct Socket *s, int peer, void *value, socklen_t *size) {
  struct sctp_getaddrs *v = value;
  if (*size < sizeof(*v)) return -EINVAL;
  struct Association *a = association_of(s, v->assoc_id);
  if (!a && (peer || v->assoc_id != 0)) return -EINVAL;
  socklen_t room = *size - sizeof(*v), used = 0;
  struct sockaddr_storage one;
  uint32_t count = 0;
  for (int i = 0; peer ? i < a->peer_count : local_address(s, i, &one); i++) {
    if (peer) one = a->peers[i];
    one = seen_by(s, one);
    socklen_t n = address_size((struct sockaddr *)&one);
    if (used + n > room) return -ENOMEM;
    memcpy((char *)v->addrs + used, &one, n);
    used += n;
    count++;
  }
  v->addr_num = count;
  *size = sizeof(*v) + used;
  return 0;
}

int get_option(int fd, struct Socket *s, int name, void *value, socklen_t *size) {
  struct Association *a;
  struct Parameters *p;
  int r;
#define COPY(type, id)                                                                                                 \
  type v;                                                                                                              \
  if (*size < sizeof(v)) return -EINVAL;                                                                               \
  memcpy(&v, value, sizeof(v));                                                                                        \
  if ((r = parameters_of(s, v.id, &a, &p))) return r;                                                                  \
  int given = v.id
  switch (name) {
  case SCTP_RTOINFO: {
    COPY(struct sctp_rtoinfo, srto_assoc_id);
    v = p->rto;
    v.srto_assoc_id = given;
    return answer(value, size, &v, sizeof(v));
  }
  case SCTP_ASSOCINFO: {
    COPY(struct sctp_assocparams, sasoc_assoc_id);
    v = p->association;
    v.sasoc_assoc_id = given;
    v.sasoc_number_peer_destinations = a ? a->peer_count : 0;
    v.sasoc_peer_rwnd = a && a->peer >= 0 ? region->sockets[region->associations[a->peer].socket].rcvbuf / 2 : 0;
    v.sasoc_local_rwnd = a ? s->rcvbuf / 2 : 0;
    return answer(value, size, &v, sizeof(v));
  }
  case SCTP_INITMSG: return answer(value, size, &s->init, sizeof(s->init));
  case SCTP_NODELAY: return answer_int(value, size, s->nodelay);
  case SCTP_DISABLE_FRAGMENTS: return answer_int(value, size, s->no_fragments);
  case SCTP_I_WANT_MAPPED_V4_ADDR: return answer_int(value, size, s->mapped);
  case SCTP_AUTOCLOSE: return s->style == kOneToOne ? -EOPNOTSUPP : answer_int(value, size, (int)s->autoclose);
  case SCTP_MAXSEG: return answer_int(value, size, s->maxseg);
  case SCTP_PRIMARY_ADDR: {
    struct sctp_prim v;
    if (*size < sizeof(v)) return -EINVAL;
    memcpy(&v, value, sizeof(v));
    if (!(a = association_of(s, v.ssp_assoc_id))) return -EINVAL;
    struct sockaddr_storage to = seen_by(s, a->to);
    memcpy(&v.ssp_addr, &to, sizeof(to));
    return answer(value, size, &v, sizeof(v));
  }
  case SCTP_ADAPTATION_LAYER: return answer(value, size, &s->adaptation, sizeof(s->adaptation));
  case SCTP_PEER_ADDR_PARAMS: return path_parameters(s, value, size);
  case SCTP_DEFAULT_SEND_PARAM: {
    COPY(struct sctp_sndrcvinfo, sinfo_assoc_id);
    v = p->send;
    v.sinfo_assoc_id = given;
    return answer(value, size, &v, sizeof(v));
  }
  case SCTP_EVENTS: {
    socklen_t n = *size < sizeof(struct sctp_event_subscribe) ? *size : sizeof(struct sctp_event_subscribe);
    memcpy(value, s->events, n);
    *size = n;
    return 0;
  }
  case SCTP_DELAYED_ACK_TIME: {
    COPY(struct sctp_assoc_value, assoc_id);
    v.assoc_value = p->path.spp_flags & SPP_SACKDELAY_ENABLE ? p->sack_delay : 0;
    v.assoc_id = given;
    return answer(value, size, &v, sizeof(v));
  }
  case SCTP_STATUS: return status(s, value, size);
  case SCTP_GET_PEER_ADDR_INFO: {
    struct sctp_paddrinfo v;
    if (*size < sizeof(v)) return -EINVAL;
    memcpy(&v, value, sizeof(v));
    struct sockaddr_storage to = aligned(&v.spinfo_address);
    a = association_of(s, v.spinfo_assoc_id);
    if (!a || !is_peer(a, to)) return -EINVAL;
    v = path_info(s, a, to);
    return answer(value, size, &v, sizeof(v));
  }
  case SCTP_SOCKOPT_PEELOFF: {
    struct {
      int id, fd;
    } v;
    if (*size < sizeof(v)) return -EINVAL;
    memcpy(&v, value, sizeof(v));
    if ((v.fd = peel_off(fd, s, v.id)) < 0) return v.fd;
    return answer(value, size, &v, sizeof(v));
  }
  case SCTP_GET_PEER_ADDRS: return addresses(s, 1, value, size);
  case SCTP_GET_LOCAL_ADDRS: return addresses(s, 0, value, size);
  case SCTP_SOCKOPT_CONNECTX3: {
    struct sctp_getaddrs_old *v = value;
    if (*size < sizeof(*v)) return -EINVAL;
    int id = 0;
    r = connect_to(fd, s, (const char *)v->addrs, (size_t)v->addr_num, &id);
    if (r == 0 || r == -EINPROGRESS) v->assoc_id = id;
    return r;
  }
  default: return -ENOPROTOOPT;
  }
}
