// Which words of a heap object are terms: the one place that the collector, the copier and the heap walkers share.
#pragma once
#include "runtime/term/boxed.h"

namespace joist::runtime {

// Range [first, last) of word indices within an object that hold terms; index 0 is the header.
struct TermRange {
  Word first, last;
};
inline TermRange object_terms(Word hdr) {
  Word size = header_size(hdr);
  switch (header_kind(hdr)) {
  case Kind::Tuple: return {1, size + 1};
  case Kind::FlatMap:
  case Kind::HashMap:
  case Kind::HashNode:
  case Kind::Fun: return {2, size + 1};
  case Kind::SubBin: return {4, 5};
  case Kind::MatchCtx: return {1, 2};
  default: return {0, 0};
  }
}

// Calls f(Word *slot) for every term in [from, to), a contiguous piece of heap (objects and cons cells).
// `each_object(Word *obj)` is called for every headed object first.
template <class F, class G> void scan_area(Word *from, Word *to, F f, G each_object) {
  for (Word *w = from; w < to;) {
    if (is_header(*w) && *w != Term::none().raw()) {
      TermRange r = object_terms(*w);
      Word size = header_size(*w);
      for (Word i = r.first; i < r.last; i++) f(w + i);
      each_object(w);
      w += size + 1;
    } else {
      f(w++);
    }
  }
}

} // namespace joist::runtime
