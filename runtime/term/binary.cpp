#include "runtime/term/binary.h"
#include "runtime/term/few_bytes.h"

#include "runtime/mem/alloc.h"

namespace joist::runtime {
namespace {

constexpr Word kMinWritable = 256; // bytes
constexpr Word kMaxBytes = Word{1} << 60;

Term heap_binary(Heap &h, Word n, uint8_t **bytes) {
  Word words = (n + 7) / 8;
  Word *b = h.alloc(2 + words);
  b[0] = header(Kind::HeapBin, 1 + words);
  b[1] = n;
  if (words) b[1 + words] = 0; // no uninitialised padding
  *bytes = reinterpret_cast<uint8_t *>(b + 2);
  return Term::boxed(b);
}

Term sub_binary(Heap &h, Term original, Word bit_position, Word bits, bool writable) {
  Word *b = h.alloc(kSubBinWords);
  put_sub_binary(b, bits >> 3, bit_position >> 3, bit_position & 7, bits & 7, writable, original.raw());
  return Term::boxed(b);
}

// Where a bitstring's bits lie: the binary that holds them and the position of the first one.
struct Place {
  Term original;
  Word bit;
};
Place place_of(Term t) {
  if (kind_of(t) != Kind::SubBin) return {t, 0};
  auto *s = reinterpret_cast<SubBinObj *>(t.box());
  return {Term(s->original), s->offset * 8 + s->bit_offset};
}

Term part_of(Heap &h, Term original, Word bit, Word bits) {
  if ((bits & 7) == 0 && bits / 8 <= kHeapBinMax) {
    uint8_t *out;
    Term r = heap_binary(h, bits / 8, &out);
    copy_bits(bit_view(original).bytes, bit, out, 0, bits);
    return r;
  }
  return sub_binary(h, original, bit, bits, false);
}

Term writable_new(Heap &h, Word bits, Word capacity, uint8_t **bytes) {
  BinData *d = bin_alloc(capacity);
  *bytes = d->data();
  Term r = make_refc_binary(h, d, d->data(), (bits + 7) / 8);
  reinterpret_cast<RefcBinObj *>(r.box())->flags = kBinWritable | kBinActiveWriter;
  return sub_binary(h, r, 0, bits, true);
}

} // namespace

Term make_refc_binary(Heap &h, BinData *data, uint8_t *bytes, Word n) {
  auto *b = reinterpret_cast<RefcBinObj *>(h.alloc(kRefcBinWords));
  *b = {header(Kind::RefcBin, kRefcBinWords - 1), n, bytes, data, 0, nullptr};
  h.own(b);
  return Term::boxed(&b->hdr);
}

Term make_binary(Heap &h, Word n, uint8_t **bytes) {
  if (n <= kHeapBinMax) return heap_binary(h, n, bytes);
  BinData *d = bin_alloc(n);
  *bytes = d->data();
  return make_refc_binary(h, d, d->data(), n);
}

Term make_binary_from(Heap &h, const void *from, Word n) {
  uint8_t *bytes;
  Term t = make_binary(h, n, &bytes);
  copy_few(bytes, from, n);
  return t;
}

Term make_bitstring(Heap &h, Word bits, uint8_t **bytes) {
  Term t = make_binary(h, (bits + 7) / 8, bytes);
  if ((bits & 7) == 0) return t;
  (*bytes)[bits / 8] = 0;
  return sub_binary(h, t, 0, bits, false);
}

Term make_sub_binary(Heap &h, Term t, Word bit_position, Word bits) {
  Place at = place_of(t);
  return part_of(h, at.original, at.bit + bit_position, bits);
}

uint8_t *ByteScratch::reserve(Word n) {
  mem_free(MemKind::System, p_);
  return p_ = static_cast<uint8_t *>(mem_alloc(MemKind::System, n ? n : 1));
}
ByteScratch::~ByteScratch() { mem_free(MemKind::System, p_); }

Bytes bytes_of(Term binary, ByteScratch &scratch) {
  BitView v = bit_view(binary);
  if (v.aligned()) return {v.bytes, v.bits / 8};
  uint8_t *copy = scratch.reserve(v.bits / 8);
  copy_bits(v.bytes, v.bit_offset, copy, 0, v.bits & ~Word{7});
  return {copy, v.bits / 8};
}

// --- writable binaries

Term init_writable(Heap &h, Word capacity) {
  uint8_t *bytes;
  return writable_new(h, 0, capacity, &bytes);
}

Term append_writable(Heap &h, Term bin, Word bits, uint8_t **bytes, Word *bit) {
  BitView v = bit_view(bin);
  *bytes = const_cast<uint8_t *>(v.bytes);
  *bit = v.bits;
  if (bits == 0) return bin;
  Word total;
  if (__builtin_add_overflow(v.bits, bits, &total) || total / 8 > kMaxBytes) return Term::none();
  Word size = (total + 7) / 8;

  if (kind_of(bin) == Kind::SubBin) {
    auto *s = reinterpret_cast<SubBinObj *>(bin.box());
    Word *o = Term(s->original).box();
    auto *r = reinterpret_cast<RefcBinObj *>(o);
    if (s->writable && header_kind(*o) == Kind::RefcBin && (r->flags & kBinWritable)) {
      s->writable = false; // only the longest prefix may be appended to
      if (r->data->capacity < size) {
        r->data = bin_realloc(r->data, 2 * size);
        r->bytes = r->data->data();
      }
      h.off_heap.bytes += size - r->size;
      r->size = size;
      r->flags |= kBinActiveWriter;
      *bytes = r->bytes;
      return sub_binary(h, Term(s->original), 0, total, true);
    }
  }
  uint8_t *to;
  Term result = writable_new(h, total, std::max(2 * size, kMinWritable), &to);
  copy_bits(v.bytes, v.bit_offset, to, 0, v.bits);
  *bytes = to;
  return result;
}

void writable_freeze(Term bin) {
  if (!bin.is_boxed()) return;
  if (kind_of(bin) == Kind::SubBin) bin = Term(reinterpret_cast<SubBinObj *>(bin.box())->original);
  if (kind_of(bin) != Kind::RefcBin) return;
  auto *r = reinterpret_cast<RefcBinObj *>(bin.box());
  if (!r->flags) return;
  bool was_active = r->flags & kBinActiveWriter;
  r->flags = 0;
  // Room that only an append would use is given back.
  if (was_active && r->data->capacity >= r->size + 8) {
    r->data = bin_realloc(r->data, r->size);
    r->bytes = r->data->data();
  }
}

// --- match contexts are here too: they point into binaries

Term match_start(Heap &h, Term bitstring) {
  writable_freeze(bitstring);
  BitView v = bit_view(bitstring);
  Place at = place_of(bitstring);
  auto *c = reinterpret_cast<MatchCtxObj *>(h.alloc(kMatchCtxWords));
  c->hdr = header(Kind::MatchCtx, kMatchCtxWords - 1);
  c->original = at.original.raw();
  c->base = const_cast<uint8_t *>(bit_view(at.original).bytes);
  c->position = at.bit;
  c->end = at.bit + v.bits;
  return Term::boxed(&c->hdr);
}

void match_ctx_rebase(MatchCtxObj *ctx) { ctx->base = const_cast<uint8_t *>(bit_view(Term(ctx->original)).bytes); }

Term match_binary(Heap &h, MatchCtxObj *ctx, Word bits) {
  if (bits > ctx->end - ctx->position) return Term::none();
  Term r = part_of(h, Term(ctx->original), ctx->position, bits);
  ctx->position += bits;
  return r;
}

} // namespace joist::runtime
