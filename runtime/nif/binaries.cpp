// Binaries: inspecting, allocating, making terms of them; serialising terms.
#include "runtime/dist/etf.h"
#include "runtime/nif/env.h"
#include "runtime/term/binary.h"

namespace joist::runtime {
namespace {
bool is_binary_term(Term t) { return is_bitstring(t) && bit_view(t).is_binary(); }
void hold(NifBinary *bin, BinData *d, size_t size) {
  bin->size = size;
  bin->data = d->data();
  bin->ref = d;
}
} // namespace

JOIST_ABI int enif_inspect_binary(NifEnv *env, Term t, NifBinary *bin) {
  if (!is_binary_term(t)) return 0;
  BitView v = bit_view(t);
  bin->size = v.byte_size();
  bin->ref = nullptr;
  if (v.aligned()) {
    bin->data = const_cast<uint8_t *>(v.bytes);
  } else {
    bin->data = static_cast<uint8_t *>(nif_temp_alloc(env, bin->size));
    copy_bits(v.bytes, v.bit_offset, bin->data, 0, v.bits);
  }
  return 1;
}

JOIST_ABI int enif_inspect_iolist_as_binary(NifEnv *env, Term t, NifBinary *bin) {
  if (is_binary_term(t)) return enif_inspect_binary(env, t, bin);
  Word n;
  if (iolist_size(t, &n) != IoListError::Ok) return 0;
  bin->size = n;
  bin->ref = nullptr;
  bin->data = static_cast<uint8_t *>(nif_temp_alloc(env, n));
  return iolist_write(t, bin->data, n) == n;
}

JOIST_ABI int enif_alloc_binary(size_t size, NifBinary *bin) {
  if (size > kNifAllocMax) return 0;
  hold(bin, bin_alloc(size), size);
  return 1;
}

JOIST_ABI int enif_realloc_binary(NifBinary *bin, size_t size) {
  if (size > kNifAllocMax) return 0;
  if (bin->ref && bin->ref->refs.load(std::memory_order_acquire) == 1) {
    hold(bin, bin_realloc(bin->ref, size), size);
    return 1;
  }
  BinData *fresh = bin_alloc(size);
  memcpy(fresh->data(), bin->data, std::min(size, bin->size));
  if (bin->ref) bin_unref(bin->ref);
  hold(bin, fresh, size);
  return 1;
}

JOIST_ABI void enif_release_binary(NifBinary *bin) {
  if (!bin->ref) return;
  BinData *d = bin->ref;
  bin->ref = nullptr;
  bin_unref(d);
}

// Takes over the reference. The bytes stay where they are, also of small binaries: the caller may read on. Of larger ones
// the allocation is meant from its start, wherever a library has moved `data` (OpenSSL's i2d_* functions advance it).
JOIST_ABI Term enif_make_binary(NifEnv *env, NifBinary *bin) {
  if (!bin->ref) return make_binary_from(*env->heap, bin->data, bin->size);
  BinData *d = bin->ref;
  bin->ref = nullptr;
  if (bin->size > kHeapBinMax) return make_refc_binary(*env->heap, d, d->data(), bin->size);
  return make_refc_binary(*env->heap, d, bin->data, bin->size);
}

JOIST_ABI unsigned char *enif_make_new_binary(NifEnv *env, size_t size, Term *t) {
  uint8_t *bytes;
  *t = make_binary(*env->heap, size, &bytes);
  return bytes;
}

JOIST_ABI Term enif_make_sub_binary(NifEnv *env, Term t, size_t pos, size_t size) {
  if (!is_bitstring(t)) return nif_badarg(env);
  Word bytes = bit_view(t).byte_size();
  if (pos > bytes || size > bytes - pos) return nif_badarg(env);
  return make_sub_binary(*env->heap, t, pos * 8, size * 8);
}

JOIST_ABI int enif_term_to_binary(NifEnv *, Term t, NifBinary *bin) {
  EtfBuffer out;
  EtfEncoder encoder({}, out, nullptr);
  encoder.start(t);
  int64_t budget = INT64_MAX;
  if (!encoder.run(&budget)) return 0;
  Word n = out.size();
  hold(bin, out.take(), n);
  return 1;
}

// Bytes used, 0: no term.
JOIST_ABI size_t enif_binary_to_term(NifEnv *env, const unsigned char *data, size_t n, Term *t, unsigned options) {
  constexpr unsigned kSafe = 0x20000000;
  if (options & ~kSafe) return 0;
  Word used = 0;
  Term r = etf_decode(*env->heap, data, n, options & kSafe, &used);
  if (r.is_none()) return 0;
  *t = r;
  return used;
}
} // namespace joist::runtime
