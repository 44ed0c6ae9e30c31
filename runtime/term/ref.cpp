#include "runtime/term/ref.h"

#include <random>

namespace joist::runtime {
namespace {
// Every thread takes counter values in blocks, so that making a reference touches no shared line.
struct Blocks {
  std::atomic<uint64_t> next{1};
  explicit constexpr Blocks() = default;
};
constexpr uint64_t kBlock = 1 << 14;
Blocks ref_blocks, unique_blocks;
struct Range {
  uint64_t at = 0, end = 0;
};
thread_local Range ref_range, unique_range;

uint64_t take(Blocks &b, Range &r) {
  if (r.at == r.end) [[unlikely]] {
    r.at = b.next.fetch_add(1, std::memory_order_relaxed) * kBlock;
    r.end = r.at + kBlock;
  }
  return r.at++;
}

uint32_t salt() {
  static const uint32_t s = [] {
    std::random_device d;
    return uint32_t(d());
  }();
  return s;
}

const uint32_t cached_salt = salt();

Word *put(Heap &h, Word words, const uint32_t n[3]) {
  Word *r = h.alloc(words);
  r[0] = header(Kind::Ref, words - 1);
  r[1] = n[0] | Word(n[1]) << 32;
  r[2] = n[2];
  return r;
}

void numbers_of(uint64_t v, uint32_t mark, uint32_t out[3]) {
  out[0] = uint32_t(v & (kRefMaxN0 - 1));
  out[1] = uint32_t(v >> 18 & 0x3fffffff) | mark;
  out[2] = cached_salt + uint32_t(v >> 48);
}
std::atomic<int64_t> monotonic_next{kUniqueMin};
} // namespace

void ref_fresh_numbers(uint32_t out[3]) { numbers_of(take(ref_blocks, ref_range), 0, out); }
void ref_fresh_magic_numbers(uint32_t out[3]) { numbers_of(take(ref_blocks, ref_range), kRefMagicMark, out); }

Term make_ref_of_numbers(Heap &h, const uint32_t numbers[3]) {
  if (!(numbers[1] & kRefPidMark)) return Term::boxed(put(h, kRefWords, numbers));
  Word *r = put(h, kPidRefWords, numbers);
  r[3] = Term::local_pid(numbers[1] & 0xfffffff).raw();
  return Term::boxed(r);
}

Term make_ref(Heap &h) {
  uint32_t n[3];
  ref_fresh_numbers(n);
  return make_ref_of_numbers(h, n);
}

Term make_pid_ref(Heap &h, Term local_pid) {
  uint64_t v = take(ref_blocks, ref_range);
  uint32_t n[3] = {uint32_t(v & (kRefMaxN0 - 1)), kRefPidMark | uint32_t(local_pid.imm_payload()),
                   cached_salt + uint32_t(v >> 18)};
  Word *r = put(h, kPidRefWords, n);
  r[3] = local_pid.raw();
  return Term::boxed(r);
}

Term pid_of_ref(Term t) { return is_pid_ref(t) ? Term(t.box()[3]) : Term::none(); }

uint64_t ref_id_of_numbers(const uint32_t n[3]) {
  if (n[1] & kRefPidMark) return uint64_t{1} << 63 | uint64_t(n[2]) << 18 | n[0];
  return uint64_t(n[2] - cached_salt) << 48 | uint64_t(n[1] & 0x3fffffff) << 18 | n[0];
}
uint64_t ref_id(Term t) { return ref_id_of_numbers(ref_numbers(t)); }

int64_t unique_integer_monotonic() { return monotonic_next.fetch_add(1, std::memory_order_relaxed); }
uint64_t unique_integer_raw() { return take(unique_blocks, unique_range) - kBlock; }
} // namespace joist::runtime
