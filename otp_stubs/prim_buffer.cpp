// prim_buffer: byte queues behind raw files with read-ahead. A buffer belongs to one process at a time; try_lock and
// unlock let several take turns, and a mutex here keeps the memory sound should they not.
#include "otp_stubs/native.h"
#include "otp_stubs/natives.h"
#include "runtime/io/io_queue.h"

namespace joist::stubs {
namespace {
struct Buffer {
  std::mutex lock;
  IoQueue queue;
  std::atomic<bool> taken{false};
};
Buffer *buffer_of(Term t) { return magic_value<Buffer>(t); }

Term new_0(Process *p, const Term *) {
  auto *m = magic_new<Buffer>();
  Term t = make_magic_ref(p->heap, m);
  bin_unref(m);
  return t;
}

Term size_1(Process *p, const Term *args) {
  Buffer *b = buffer_of(args[0]);
  if (!b) return badarg(p);
  std::lock_guard g(b->lock);
  return make_uint(p->heap, b->queue.size());
}

Term peek_head_1(Process *p, const Term *args) {
  Buffer *b = buffer_of(args[0]);
  if (!b) return badarg(p);
  std::lock_guard g(b->lock);
  return b->queue.size() == 0 ? badarg(p) : b->queue.head(p->heap);
}

Term copying_read_2(Process *p, const Term *args) {
  Buffer *b = buffer_of(args[0]);
  uint64_t n;
  if (!b || !get_uint64(args[1], &n)) return badarg(p);
  std::lock_guard g(b->lock);
  if (n > b->queue.size()) return badarg(p);
  uint8_t *out;
  Term t = make_binary(p->heap, n, &out);
  b->queue.copy_out(out, n);
  b->queue.pop(n);
  p->bump(int64_t(n / 1024));
  return t;
}

Term write_2(Process *p, const Term *args) {
  Buffer *b = buffer_of(args[0]);
  int64_t n = list_length(args[1]);
  if (!b || n < 0) return badarg(p);
  for (Term l = args[1]; l.is_cons(); l = l.tail())
    if (!is_binary(l.head())) return badarg(p);
  std::lock_guard g(b->lock);
  for (Term l = args[1]; l.is_cons(); l = l.tail()) b->queue.push_binary(l.head());
  p->bump(n / 8);
  return atoms::ok;
}

Term skip_2(Process *p, const Term *args) {
  Buffer *b = buffer_of(args[0]);
  uint64_t n;
  if (!b || !get_uint64(args[1], &n)) return badarg(p);
  std::lock_guard g(b->lock);
  if (n > b->queue.size()) return badarg(p);
  b->queue.pop(n);
  return atoms::ok;
}

Term find_byte_index_2(Process *p, const Term *args) {
  Buffer *b = buffer_of(args[0]);
  int needle;
  if (!b || !get_int(args[1], &needle) || needle < 0 || needle > 255) return badarg(p);
  std::lock_guard g(b->lock);
  Word before = 0;
  for (size_t i = 0; i < b->queue.slices(); i++) {
    const IoSlice &s = b->queue.slice(i);
    if (auto *hit = static_cast<const uint8_t *>(memchr(s.bytes, needle, s.size))) {
      before += Word(hit - s.bytes);
      p->bump(int64_t(before / 4096));
      return ok_with(p, make_uint(p->heap, before));
    }
    before += s.size;
  }
  p->bump(int64_t(before / 4096));
  return atoms::not_found;
}

Term try_lock_1(Process *p, const Term *args) {
  Buffer *b = buffer_of(args[0]);
  if (!b) return badarg(p);
  return b->taken.exchange(true, std::memory_order_acquire) ? atoms::busy : atoms::acquired;
}

Term unlock_1(Process *p, const Term *args) {
  Buffer *b = buffer_of(args[0]);
  if (!b) return badarg(p);
  if (!b->taken.exchange(false, std::memory_order_release)) return raise_error(p, named<"lock_order_violation">());
  return atoms::ok;
}

constexpr StaticNif kFunctions[] = {
    {"new", 0, new_0},
    {"size", 1, size_1},
    {"peek_head", 1, peek_head_1},
    {"copying_read", 2, copying_read_2},
    {"write", 2, write_2},
    {"skip", 2, skip_2},
    {"find_byte_index", 2, find_byte_index_2},
    {"try_lock", 1, try_lock_1},
    {"unlock", 1, unlock_1},
};
} // namespace

const StaticNifModule prim_buffer_natives = nif_module("prim_buffer", kFunctions);
} // namespace joist::stubs
