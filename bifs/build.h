// Small helpers for BIFs that answer with lists of named things.
#pragma once
#include "bifs/bifs.h"
#include "runtime/atom/literal.h"

namespace joist::bifs {
inline Term list_of(Heap &h, const std::vector<Term> &items, Term tail = Term::nil()) {
  for (size_t i = items.size(); i-- > 0;) tail = make_cons(h, items[i], tail);
  return tail;
}
inline Term tuple_of(Heap &h, const std::vector<Term> &items) {
  Word *b = h.alloc(items.size() + 1);
  b[0] = header(Kind::Tuple, items.size());
  for (size_t i = 0; i < items.size(); i++) b[i + 1] = items[i].raw();
  return Term::boxed(b);
}
inline Term pair(Heap &h, Term a, Term b) { return make_tuple(h, a, b); }
inline Term pair(Heap &h, std::string_view name, Term b) { return make_tuple(h, named(name), b); }
inline Term text_list(Heap &h, std::string_view utf8) { return make_string_utf8(h, utf8.data(), utf8.size()); }
} // namespace joist::bifs
