// A queue of bytes made of slices of binaries. Slices share the binary's data; only small pieces are copied. Used by
// prim_buffer, zlib and the output queues of ports. Not thread safe.
#pragma once
#include "runtime/term/binary.h"

#include <sys/uio.h>

namespace joist::runtime {
struct IoSlice {
  BinData *data; // one reference
  uint8_t *bytes;
  Word size;
};

class IoQueue {
public:
  IoQueue() = default;
  IoQueue(const IoQueue &) = delete;
  ~IoQueue() { clear(); }
  Word size() const { return size_; }
  size_t slices() const { return q_.size() - first_; }
  const IoSlice &slice(size_t i) const { return q_[first_ + i]; }
  // Appends the bytes of a binary term (whole bytes; if they are not byte-aligned, or few, they are copied).
  void push_binary(Term binary);
  void push_copy(const void *bytes, Word n);
  void push_slice(IoSlice s); // takes over its reference
  // Appends an iolist, skipping its first `skip` bytes. False if the term is no iolist (then nothing was appended).
  bool push_iolist(Term iolist, Word skip = 0);
  void push_front_copy(const void *bytes, Word n);
  void push_front_slice(IoSlice s); // takes over its reference
  void take(IoQueue &from);         // appends all of `from`, which becomes empty
  void pop(Word n);                 // n <= size()
  void clear();
  // Fills at most `max` entries, returns how many.
  int peek(struct iovec *out, int max) const;
  void copy_out(uint8_t *out, Word n) const; // first n bytes
  // The first slice as a binary.
  Term head(Heap &h) const;

private:
  std::vector<IoSlice> q_;
  size_t first_ = 0;
  Word size_ = 0;
  Word room_ = 0; // bytes free behind the last slice, which then is our own copy buffer
};
// A binary term of n bytes at bytes within data; takes over one reference to data. Small ones are copied to the heap.
Term binary_from_data(Heap &h, BinData *data, uint8_t *bytes, Word n);
} // namespace joist::runtime
