// A test double of the kernel's SCTP, loaded with LD_PRELOAD under a VM: sockets of protocol SCTP are answered here as
// RFC 6458 and Linux would, without any wire. All state (sockets, associations, queues) lies in one region of memory under
// one lock; what one side does has happened on the other when the call returns, so everything is deterministic. The region
// is private to the process, or shared by all that name the same file in SCTP_DOUBLE.
//
// The descriptor of a socket is a real UDP socket that nobody else sends to, its "bell": it is readable exactly while there
// is something to receive, so that epoll works. Options of other levels than SCTP's are those of the bell.
//
// A message that starts with kInject is not data: see inject().
#pragma once
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/sctp.h>

enum {
  kSockets = 1024,
  kAssociations = 4096,
  kMessages = 32768,
  kBlocks = 65536,
  kBlockSize = 2040,
  kAddresses = 16,
  kStreams = 64
};
#define kInject "\1double:"

struct Parameters { // of a socket, inherited by its associations
  struct sctp_rtoinfo rto;
  struct sctp_assocparams association;
  struct sctp_paddrparams path;
  struct sctp_sndrcvinfo send;
  uint32_t sack_delay;
};
struct Message {
  int next, first, last; // in its queue; its blocks
  uint32_t size, taken;
  int association;
  int note, part, ancillary_given; // notification; without end mark
  struct sockaddr_storage from;
  struct sctp_sndrcvinfo info;
  int tos, ttl, tclass;
};
struct Queue {
  int head, tail; // -1
};
enum Style { kOneToMany, kOneToOne, kPeeledOff };
enum SocketState { kIdle, kListening, kConnecting, kConnected, kClosing };
struct Socket {
  int used, family, owner;
  enum Style style;
  enum SocketState state;
  struct sockaddr_storage addresses[kAddresses];
  int count, port, reuse, v6only;
  struct sockaddr_storage bell;
  int rung, error, ended;
  struct Queue queue;
  uint32_t waiting; // bytes of data in it
  uint32_t sndbuf, rcvbuf;
  struct Parameters parameters;
  struct sctp_initmsg init;
  uint32_t autoclose, adaptation;
  int nodelay, no_fragments, mapped, maxseg;
  uint8_t events[16];
};
struct Association {
  int used, id, socket, peer; // peer: its index, -1
  int state;                  // enum sctp_sstat_state
  struct sockaddr_storage to, peers[kAddresses];
  int peer_count, streams_out, streams_in;
  struct Parameters parameters;
  struct Queue unsent;
  uint32_t unsent_bytes, tsn;
  uint16_t ssn[kStreams];
};
struct Block {
  int next;
  char bytes[kBlockSize];
};
struct Region {
  int ready;
  pthread_mutex_t lock;
  int next_id, next_port;
  int free_message, free_block;   // lists of what was given back, -1: none
  int fresh_message, fresh_block; // the first that was never used: memory is touched only when it is needed
  struct Socket sockets[kSockets];
  struct Association associations[kAssociations];
  struct Message messages[kMessages];
  struct Block blocks[kBlocks];
};
extern struct Region *region;

// The calls that are taken over, as libc has them.
struct Real {
  int (*socket)(int, int, int);
  int (*bind)(int, const struct sockaddr *, socklen_t);
  int (*connect)(int, const struct sockaddr *, socklen_t);
  int (*listen)(int, int);
  ssize_t (*sendmsg)(int, const struct msghdr *, int);
  ssize_t (*recvmsg)(int, struct msghdr *, int);
  int (*setsockopt)(int, int, int, const void *, socklen_t);
  int (*getsockopt)(int, int, int, void *, socklen_t *);
  int (*getsockname)(int, struct sockaddr *, socklen_t *);
  int (*getpeername)(int, struct sockaddr *, socklen_t *);
  int (*close)(int);
};
extern struct Real real;

// --- messages. With the lock.
struct iovec;
struct Message *new_message(int association, const struct iovec *v, size_t parts); // its bytes are copied
void free_message(struct Message *p);
void push(struct Queue *q, struct Message *p);
struct Message *pop(struct Queue *q);               // NULL: there is none
size_t take(struct Message *p, char *to, size_t n); // what is left of it, at most n bytes: how many

// All of these: with the lock; 0 or more, or a negative error number.
int set_option(int fd, struct Socket *s, int name, const void *value, socklen_t size);
int get_option(int fd, struct Socket *s, int name, void *value, socklen_t *size);
struct Association *association_of(struct Socket *s, int id); // NULL: none
int bind_address(int fd, struct Socket *s, const struct sockaddr *a, socklen_t size);
int unbind_address(struct Socket *s, const struct sockaddr *a);
int connect_to(int fd, struct Socket *s, const char *addresses, size_t size, int *id);
int peel_off(int fd, struct Socket *s, int id);
socklen_t address_size(const struct sockaddr *a); // 0: no family that is known
int same_address(const struct sockaddr_storage *a, const struct sockaddr_storage *b, int ports);
int is_any(const struct sockaddr_storage *a);
struct sockaddr_storage seen_by(const struct Socket *s, struct sockaddr_storage a); // v4-mapped, where wanted
int local_address(struct Socket *s, int i, struct sockaddr_storage *out);           // 0: no more
