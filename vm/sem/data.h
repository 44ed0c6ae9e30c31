// Lists, tuples, frames.
#pragma once
#include "vm/sem/sem.h"

namespace joist::vm::sem {
SEM Term head(Term l) { return Term(cell(l)[0]); }
SEM Term tail(Term l) { return Term(cell(l)[1]); }
// Room was made by test_heap.
template <class S> SEM Term put_list(S &s, Term head, Term tail) {
  Word *c = s.h;
  c[0] = head.raw();
  c[1] = tail.raw();
  s.h = c + 2;
  return Term::cons(c);
}
template <class S, class... T> SEM Term put_tuple(S &s, T... elements) {
  Word *b = s.h;
  b[0] = header(Kind::Tuple, sizeof...(T));
  Word *at = b + 1;
  ((*at++ = elements.raw()), ...);
  s.h = at;
  return Term::boxed(b);
}
// offset: bytes from the header
SEM Term tuple_at(Term tuple, Word offset) {
  return Term(*reinterpret_cast<const Word *>(tuple.raw() - Word(Tag::Boxed) + offset));
}
SEM void set_tuple_at(Term tuple, Word offset, Term v) {
  *reinterpret_cast<Word *>(tuple.raw() - Word(Tag::Boxed) + offset) = v.raw();
}
// Heap words and stack bytes share the gap between h and e; kStackMargin words of it always stay free.
template <class S> SEM bool has_room(S &s, int64_t words) {
  return LIKELY(reinterpret_cast<char *>(s.e) - reinterpret_cast<char *>(s.h) >= (words + int64_t(kStackMargin)) * 8);
}
template <class S> SEM bool allocate(S &s, int64_t frame_bytes, int64_t words) {
  if (LIKELY(reinterpret_cast<char *>(s.e) - reinterpret_cast<char *>(s.h) >=
             frame_bytes + (words + int64_t(kStackMargin)) * 8)) {
    s.e = reinterpret_cast<Word *>(reinterpret_cast<char *>(s.e) - frame_bytes);
    return true;
  }
  return false;
}
template <class S> SEM void deallocate(S &s, int64_t bytes) {
  s.e = reinterpret_cast<Word *>(reinterpret_cast<char *>(s.e) + bytes);
}

// --- guard functions with a fast path
SEM bool guard_hd(Term t, Term &r) {
  if (!LIKELY(t.is_cons())) return false;
  r = head(t);
  return true;
}
SEM bool guard_tl(Term t, Term &r) {
  if (!LIKELY(t.is_cons())) return false;
  r = tail(t);
  return true;
}
SEM bool guard_element(Term position, Term tuple, Term &r) {
  if (!LIKELY(is_boxed_kind(tuple, Kind::Tuple))) return false;
  Word i = (position.raw() >> kTagBits) - 1;
  if (!LIKELY(position.is_small() && i < header_size(*box(tuple)))) return false;
  r = Term(box(tuple)[1 + i]);
  return true;
}
SEM bool guard_element_at(Term tuple, Word offset, Term &r) { // constant position, offset = 8 * position
  if (!LIKELY(is_boxed_kind(tuple, Kind::Tuple) && offset <= header_size(*box(tuple)) * 8)) return false;
  r = tuple_at(tuple, offset);
  return true;
}
SEM bool guard_tuple_size(Term t, Term &r) {
  if (!LIKELY(is_boxed_kind(t, Kind::Tuple))) return false;
  r = Term::small(int64_t(header_size(*box(t))));
  return true;
}
SEM bool guard_map_size(Term t, Term &r) {
  if (!LIKELY(t.is_boxed() && (header_kind(*box(t)) == Kind::FlatMap || header_kind(*box(t)) == Kind::HashMap)))
    return false;
  r = Term::small(int64_t(box(t)[1]));
  return true;
}
SEM bool guard_bit_size(Term t, Term &r) {
  if (!LIKELY(t.is_boxed() && header_kind(*box(t)) >= Kind::HeapBin && header_kind(*box(t)) <= Kind::SubBin))
    return false;
  Word bits = box(t)[1] * 8;
  if (header_kind(*box(t)) == Kind::SubBin) bits += reinterpret_cast<const SubBinObj *>(box(t))->bit_size;
  r = Term::small(int64_t(bits));
  return true;
}
SEM bool guard_byte_size(Term t, Term &r) {
  if (!LIKELY(t.is_boxed() && header_kind(*box(t)) >= Kind::HeapBin && header_kind(*box(t)) <= Kind::SubBin))
    return false;
  Word bytes = box(t)[1];
  if (header_kind(*box(t)) == Kind::SubBin) bytes += reinterpret_cast<const SubBinObj *>(box(t))->bit_size != 0;
  r = Term::small(int64_t(bytes));
  return true;
}
} // namespace joist::vm::sem
