// crc32, adler32 and md5 of iodata. Long input is summed piece by piece: the rest of the data and the sum so far are
// the arguments of the next call.
#include "bifs/bifs.h"
#include "bifs/fail_as.h"
#include "bifs/pending.h"
#include "runtime/term/binary.h"

#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/md5.h>
#include <zlib.h>

namespace joist::bifs {
namespace {

constexpr Word kBytesPerReduction = 1024;

// Feeds the bytes of iodata to `update` in order until the reductions are used up. *rest: data that is left (nil: all
// done). False: not iodata.
template <class F> bool feed(Process *p, Term data, Term *rest, F update) {
  Word budget = Word(std::max(p->reductions, 100)) * kBytesPerReduction, spent = 0;
  uint8_t buffer[512];
  unsigned filled = 0;
  auto flush = [&] {
    if (filled) update(buffer, filled);
    filled = 0;
  };
  TermStack pending; // tails to visit later
  Term t = data;
  for (;;) {
    if (spent >= budget) {
      flush();
      *rest = pending_data(p->heap, t, pending);
      p->use_up();
      return !rest->is_none();
    }
    if (t.is_cons()) {
      Term head = t.head();
      spent += 8;
      if (head.is_small()) {
        if (head.raw() > Term::small(255).raw()) return false;
        buffer[filled++] = uint8_t(head.small_value());
        if (filled == sizeof buffer) flush();
        t = t.tail();
      } else {
        pending.push(t.tail());
        t = head;
      }
      continue;
    }
    if (is_bitstring(t)) {
      BitView v = bit_view(t);
      if (!v.is_binary()) return false;
      flush();
      Word n = std::min(v.bits / 8, budget - spent);
      for (Word at = 0; at < n;) {
        if (v.aligned()) {
          update(v.bytes, n);
          break;
        }
        Word k = std::min<Word>(n - at, sizeof buffer);
        copy_bits(v.bytes, v.bit_offset + at * 8, buffer, 0, k * 8);
        update(buffer, k);
        at += k;
      }
      spent += n + 8;
      if (n < v.bits / 8) {
        t = make_sub_binary(p->heap, t, n * 8, v.bits - n * 8);
        spent = budget;
        continue;
      }
    } else if (!t.is_nil()) {
      return false;
    }
    if (pending.empty()) break;
    t = pending.pop();
  }
  flush();
  *rest = Term::nil();
  p->bump(int64_t(spent / kBytesPerReduction));
  return true;
}

bool checksum_arg(Term t, uint32_t *out) {
  uint64_t v;
  if (!get_uint64(t, &v) || v >> 32) return false;
  *out = uint32_t(v);
  return true;
}

using Update = uLong (*)(uLong, const Bytef *, z_size_t);

// `again` is the two-argument BIF that goes on with (Sum, Rest).
Term checksum(Process *p, Update f, uint32_t start, Term data, Term again) {
  uLong sum = start;
  Term rest;
  if (!feed(p, data, &rest, [&](const uint8_t *b, Word n) { sum = f(sum, b, n); })) return badarg(p);
  Term r = make_uint(p->heap, sum);
  return rest.is_nil() ? r : yield_to(p, export_get_or_put(atoms::erlang, again, 2), r, rest);
}

struct CombineArgs {
  uint32_t a, b, length;
  bool read(const Term *args) {
    return checksum_arg(args[0], &a) && checksum_arg(args[1], &b) && checksum_arg(args[2], &length);
  }
};

} // namespace

Term erlang_crc32_1(Process *p, const Term *args) { return checksum(p, crc32_z, 0, args[0], atoms::crc32); }
Term erlang_crc32_2(Process *p, const Term *args) {
  uint32_t start;
  return checksum_arg(args[0], &start) ? checksum(p, crc32_z, start, args[1], atoms::crc32) : badarg(p);
}
Term erlang_adler32_1(Process *p, const Term *args) { return checksum(p, adler32_z, 1, args[0], atoms::adler32); }
Term erlang_adler32_2(Process *p, const Term *args) {
  uint32_t start;
  return checksum_arg(args[0], &start) ? checksum(p, adler32_z, start, args[1], atoms::adler32) : badarg(p);
}
Term erlang_crc32_combine_3(Process *p, const Term *args) {
  CombineArgs c;
  return c.read(args) ? make_uint(p->heap, crc32_combine(c.a, c.b, z_off_t(c.length))) : badarg(p);
}
Term erlang_adler32_combine_3(Process *p, const Term *args) {
  CombineArgs c;
  if (!c.read(args)) return badarg(p);
  return make_uint(p->heap, c.length ? adler32_combine(c.a, c.b, z_off_t(c.length)) : c.a);
}

// --- MD5. The context that Erlang code carries is a binary laid out as stock's: state words, bit count (both little
// endian), buffer.

namespace {

constexpr Word kMd5Context = 16 + 8 + 64;

void md5_save(const MD5_CTX &c, uint8_t *out) {
  uint32_t state[4] = {c.A, c.B, c.C, c.D};
  uint64_t bits = uint64_t(c.Nh) << 32 | c.Nl;
  memcpy(out, state, 16);
  memcpy(out + 16, &bits, 8);
  memset(out + 24, 0, 64);
  memcpy(out + 24, c.data, c.num);
}

bool md5_load(Term binary, MD5_CTX *c) {
  if (!is_bitstring(binary) || bit_view(binary).bits != kMd5Context * 8) return false;
  ByteScratch scratch;
  const uint8_t *in = bytes_of(binary, scratch).data;
  uint32_t state[4];
  uint64_t bits;
  memcpy(state, in, 16);
  memcpy(&bits, in + 16, 8);
  *c = {};
  c->A = state[0], c->B = state[1], c->C = state[2], c->D = state[3];
  c->Nl = uint32_t(bits), c->Nh = uint32_t(bits >> 32);
  c->num = unsigned(bits / 8 % 64);
  memcpy(c->data, in + 24, c->num);
  return true;
}

Term md5_context(Process *p, const MD5_CTX &c) {
  uint8_t *out;
  Term r = make_binary(p->heap, kMd5Context, &out);
  md5_save(c, out);
  return r;
}

Term md5_digest(Process *p, MD5_CTX &c) {
  uint8_t *out;
  Term r = make_binary(p->heap, MD5_DIGEST_LENGTH, &out);
  MD5_Final(out, &c);
  return r;
}

bool md5_feed(Process *p, MD5_CTX *c, Term data, Term *rest) {
  return feed(p, data, rest, [c](const uint8_t *b, Word n) { MD5_Update(c, b, n); });
}

// erlang:md5/1 after a yield: (Context, Rest, All).
Term md5_step(Process *p, const Term *args);
Term md5_run(Process *p, MD5_CTX &c, Term data, Term all) {
  Term rest;
  if (!md5_feed(p, &c, data, &rest)) return fail_as(p, Reason::Badarg, atoms::md5, all);
  if (rest.is_nil()) return md5_digest(p, c);
  static const Export *k = bif_continuation("md5", 3, md5_step);
  return yield_to(p, k, md5_context(p, c), rest, all);
}
Term md5_step(Process *p, const Term *args) {
  MD5_CTX c;
  return md5_load(args[0], &c) ? md5_run(p, c, args[1], args[2]) : badarg(p);
}

} // namespace

Term erlang_md5_1(Process *p, const Term *args) {
  MD5_CTX c;
  MD5_Init(&c);
  return md5_run(p, c, args[0], args[0]);
}
Term erlang_md5_init_0(Process *p, const Term *) {
  MD5_CTX c;
  MD5_Init(&c);
  return md5_context(p, c);
}
Term erlang_md5_update_2(Process *p, const Term *args) {
  MD5_CTX c;
  Term rest;
  if (!md5_load(args[0], &c) || !md5_feed(p, &c, args[1], &rest)) return badarg(p);
  Term r = md5_context(p, c);
  return rest.is_nil() ? r : yield_to(p, export_get_or_put(atoms::erlang, atoms::md5_update, 2), r, rest);
}
Term erlang_md5_final_1(Process *p, const Term *args) {
  MD5_CTX c;
  return md5_load(args[0], &c) ? md5_digest(p, c) : badarg(p);
}

} // namespace joist::bifs
