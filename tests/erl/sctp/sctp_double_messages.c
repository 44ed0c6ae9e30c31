// Messages in chains of blocks, and queues of them.
#include "sctp_double.h"

#include <stdlib.h>

static int new_block(void) {
  int b = region->free_block;
  if (b >= 0) region->free_block = region->blocks[b].next;
  else if ((b = region->fresh_block++) >= kBlocks) abort();
  region->blocks[b].next = -1;
  return b;
}
struct Message *new_message(int association, const struct iovec *v, size_t parts) {
  int m = region->free_message;
  if (m < 0 && (m = region->fresh_message++) >= kMessages) abort();
  struct Message *p = &region->messages[m];
  if (m == region->free_message) region->free_message = p->next;
  memset(p, 0, sizeof(*p));
  p->next = p->first = p->last = -1;
  p->association = association;
  p->tos = p->ttl = p->tclass = -1;
  for (size_t i = 0; i < parts; i++) {
    const char *from = v[i].iov_base;
    for (size_t left = v[i].iov_len; left > 0;) {
      uint32_t at = p->size % kBlockSize;
      if (at == 0) {
        int b = new_block();
        if (p->last < 0) p->first = b;
        else region->blocks[p->last].next = b;
        p->last = b;
      }
      size_t n = left < kBlockSize - at ? left : kBlockSize - at;
      memcpy(region->blocks[p->last].bytes + at, from, n);
      from += n, left -= n, p->size += n;
    }
  }
  return p;
}
void free_message(struct Message *p) {
  for (int b = p->first; b >= 0;) {
    int next = region->blocks[b].next;
    region->blocks[b].next = region->free_block;
    region->free_block = b;
    b = next;
  }
  p->next = region->free_message;
  region->free_message = (int)(p - region->messages);
}
void push(struct Queue *q, struct Message *p) {
  int m = (int)(p - region->messages);
  p->next = -1;
  if (q->tail < 0) q->head = m;
  else region->messages[q->tail].next = m;
  q->tail = m;
}
struct Message *pop(struct Queue *q) {
  if (q->head < 0) return NULL;
  struct Message *p = &region->messages[q->head];
  q->head = p->next;
  if (q->head < 0) q->tail = -1;
  return p;
}
size_t take(struct Message *p, char *to, size_t n) {
  size_t done = 0;
  while (done < n && p->taken < p->size) {
    uint32_t at = p->taken % kBlockSize;
    size_t some = kBlockSize - at;
    if (some > p->size - p->taken) some = p->size - p->taken;
    if (some > n - done) some = n - done;
    memcpy(to + done, region->blocks[p->first].bytes + at, some);
    done += some, p->taken += some;
    if (p->taken % kBlockSize == 0) {
      int b = p->first;
      p->first = region->blocks[b].next;
      region->blocks[b].next = region->free_block;
      region->free_block = b;
    }
  }
  return done;
}
