#include "runtime/io/io_queue.h"
#include "runtime/term/work_stack.h"

namespace joist::runtime {
namespace {
constexpr Word kCopyMax = 512; // smaller binaries are copied into a shared buffer
constexpr Word kBufferSize = 2048;
} // namespace

void IoQueue::push_slice(IoSlice s) {
  room_ = 0;
  if (s.size == 0) return bin_unref(s.data);
  size_ += s.size;
  q_.push_back(s);
}

void IoQueue::push_copy(const void *bytes, Word n) {
  auto *from = static_cast<const uint8_t *>(bytes);
  if (room_ != 0) {
    Word part = std::min(room_, n);
    IoSlice &last = q_.back();
    memcpy(last.bytes + last.size, from, part);
    last.size += part;
    size_ += part;
    room_ -= part;
    from += part;
    n -= part;
  }
  if (n == 0) return;
  Word capacity = std::max(n, kBufferSize);
  BinData *d = bin_alloc(capacity);
  memcpy(d->data(), from, n);
  push_slice({d, d->data(), n});
  room_ = capacity - n;
}

void IoQueue::push_binary(Term binary) {
  BitView v = bit_view(binary);
  Word n = v.byte_size();
  if (n == 0) return;
  if (!v.aligned()) {
    BinData *d = bin_alloc(n);
    copy_bits(v.bytes, v.bit_offset, d->data(), 0, n * 8);
    return push_slice({d, d->data(), n});
  }
  Term whole = kind_of(binary) == Kind::SubBin ? Term(reinterpret_cast<SubBinObj *>(binary.box())->original) : binary;
  if (n <= kCopyMax || kind_of(whole) != Kind::RefcBin) return push_copy(v.bytes, n);
  auto *r = reinterpret_cast<RefcBinObj *>(whole.box());
  if (r->flags & (kBinWritable | kBinActiveWriter)) {
    writable_freeze(binary); // its owner must not append in place to bytes that we share
    v = bit_view(binary);
  }
  bin_ref(r->data);
  push_slice({r->data, const_cast<uint8_t *>(v.bytes), n});
}

bool IoQueue::push_iolist(Term iolist, Word skip) {
  Word total;
  if (iolist_size(iolist, &total) != IoListError::Ok) return false;
  TermStack rest; // tails still to do
  Term t = iolist;
  auto add_binary = [&](Term b) {
    Word n = bit_view(b).byte_size();
    if (skip == 0) return push_binary(b);
    if (skip >= n) {
      skip -= n;
      return;
    }
    BitView v = bit_view(b);
    BinData *d = bin_alloc(n - skip);
    copy_bits(v.bytes, v.bit_offset + skip * 8, d->data(), 0, (n - skip) * 8);
    push_slice({d, d->data(), n - skip});
    skip = 0;
  };
  for (;;) {
    if (t.is_cons()) {
      Term head = t.head();
      if (head.is_small()) {
        // A run of bytes is gathered before it is copied.
        uint8_t run[256];
        Word n = 0;
        while (t.is_cons() && t.head().is_small()) {
          if (skip != 0) skip--;
          else run[n++] = uint8_t(t.head().small_value());
          t = t.tail();
          if (n == sizeof(run)) break;
        }
        push_copy(run, n);
        continue;
      }
      rest.push(t.tail());
      t = head;
      continue;
    }
    if (!t.is_nil()) add_binary(t);
    if (rest.empty()) return true;
    t = rest.pop();
  }
}

void IoQueue::push_front_copy(const void *bytes, Word n) {
  if (n == 0) return;
  BinData *d = bin_alloc(n);
  memcpy(d->data(), bytes, n);
  push_front_slice({d, d->data(), n});
}
void IoQueue::push_front_slice(IoSlice s) {
  if (s.size == 0) return bin_unref(s.data);
  size_ += s.size;
  q_.insert(q_.begin() + long(first_), s);
}

void IoQueue::take(IoQueue &from) {
  for (size_t i = from.first_; i < from.q_.size(); i++) push_slice(from.q_[i]);
  from.q_.clear();
  from.first_ = 0;
  from.size_ = from.room_ = 0;
}

void IoQueue::pop(Word n) {
  assert(n <= size_);
  size_ -= n;
  while (n != 0) {
    IoSlice &s = q_[first_];
    if (n < s.size) {
      s.bytes += n;
      s.size -= n;
      return;
    }
    n -= s.size;
    bin_unref(s.data);
    first_++;
  }
  if (first_ == q_.size()) {
    q_.clear();
    first_ = 0;
    room_ = 0;
  } else if (first_ > 64 && first_ * 2 > q_.size()) {
    q_.erase(q_.begin(), q_.begin() + long(first_));
    first_ = 0;
  }
}

void IoQueue::clear() {
  for (size_t i = first_; i < q_.size(); i++) bin_unref(q_[i].data);
  q_.clear();
  first_ = 0;
  size_ = room_ = 0;
}

int IoQueue::peek(struct iovec *out, int max) const {
  int n = 0;
  for (size_t i = first_; i < q_.size() && n < max; i++) out[n++] = {q_[i].bytes, q_[i].size};
  return n;
}

void IoQueue::copy_out(uint8_t *out, Word n) const {
  for (size_t i = first_; n != 0; i++) {
    Word part = std::min(n, q_[i].size);
    memcpy(out, q_[i].bytes, part);
    out += part;
    n -= part;
  }
}

Term IoQueue::head(Heap &h) const {
  const IoSlice &s = q_[first_];
  // The copy buffer may still grow behind the slice; bytes already there do not change.
  bin_ref(s.data);
  return binary_from_data(h, s.data, s.bytes, s.size);
}

Term binary_from_data(Heap &h, BinData *data, uint8_t *bytes, Word n) {
  if (n > kHeapBinMax) return make_refc_binary(h, data, bytes, n);
  Term t = make_binary_from(h, bytes, n);
  bin_unref(data);
  return t;
}
} // namespace joist::runtime
