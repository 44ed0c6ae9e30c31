// Bit syntax construction: the frequent cases, whole bytes only. Everything else: vm/build.h.
#pragma once
#include "runtime/mem/gc.h"
#include "vm/sem/data.h"

namespace joist::vm::sem {
// Room for `bytes` behind `bin`, the longest prefix of a writable binary with room to spare: r is the longer one, its new
// bytes are at `out`. in_place: nothing else refers to bin. Afterwards `words` are free on the heap.
template <class S>
SEM bool append_bytes(S &s, Process *p, Term bin, Word bytes, bool in_place, int64_t words, uint8_t *&out, Term &r) {
  if (!LIKELY(is_boxed_kind(bin, Kind::SubBin))) return false;
  auto *b = reinterpret_cast<SubBinObj *>(const_cast<Word *>(box(bin)));
  auto *o = reinterpret_cast<RefcBinObj *>(const_cast<Word *>(box(Term(b->original))));
  if (!LIKELY(b->writable && (b->offset | b->bit_offset | b->bit_size) == 0 && header_kind(o->hdr) == Kind::RefcBin))
    return false;
  Word from = b->size, size = from + bytes;
  if (!LIKELY((o->flags & kBinWritable) && o->data->capacity >= size)) return false;
  if (!LIKELY(has_room(s, words + int64_t(kRefcBinWords + kSubBinWords)) && p->heap.off_heap.bytes <= p->vheap_limit &&
              !gc_stress))
    return false;
  p->heap.off_heap.bytes += size - o->size;
  o->size = size;
  o->flags |= kBinActiveWriter;
  out = o->bytes + from;
  if (in_place) {
    b->size = size;
    r = bin;
    return true;
  }
  b->writable = false; // only the longest prefix may be appended to
  put_sub_binary(s.h, size, 0, 0, 0, true, b->original);
  r = Term::boxed(s.h);
  s.h += kSubBinWords;
  return true;
}
// A binary of `bytes` (at most kHeapBinMax) on the heap, its bytes at `out` still to be written.
template <class S> SEM bool heap_binary(S &s, Word bytes, int64_t words, uint8_t *&out, Term &r) {
  int64_t own = int64_t(2 + (bytes + 7) / 8);
  if (!LIKELY(has_room(s, words + own) && !gc_stress)) return false;
  Word *b = s.h;
  b[0] = header(Kind::HeapBin, Word(own - 1));
  b[1] = bytes;
  b[own - 1] = 0;
  out = reinterpret_cast<uint8_t *>(b + 2);
  s.h = b + own;
  r = Term::boxed(b);
  return true;
}
} // namespace joist::vm::sem
