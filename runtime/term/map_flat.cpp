#include "runtime/term/map_flat.h"
#include "runtime/term/differ.h"

#include <bit>

namespace joist::runtime::flat {

namespace {
// Equal to nothing but the same word.
bool is_plain(Word w) { return (Term(w).is_immediate() && !Term(w).is_immediate_float()); }

// Tuples of two such words, {b_var, 17} as the compiler has them by the million.
Word index_of_pair(const Term *keys, Word n, const Word *x) {
  const Word hdr = x[0], first = x[1], second = x[2];
  const bool number = Term(second).is_small();
  for (Word i = 0; i < n; i++) {
    if (!keys[i].is_boxed()) continue;
    const Word *y = keys[i].box();
    if (y[0] != hdr || y[1] != first) continue;
    if (y[2] == second) return i;
    if (number && Term(y[2]).is_small() && Term(y[2]).small_value() > Term(second).small_value())
      return kAbsent; // keys ascend
  }
  return kAbsent;
}
Word index_of_tuple(const Term *keys, Word n, Term key) {
  const Word *x = key.box();
  const Word hdr = *x, size = header_size(hdr);
  if (size == 2 && is_plain(x[1]) && is_plain(x[2])) return index_of_pair(keys, n, x);
  for (Word i = 0; i < n; i++) {
    if (keys[i] == key) return i;
    if (!keys[i].is_boxed()) continue;
    const Word *y = keys[i].box();
    if (*y != hdr) continue;
    Word k = 1;
    while (k <= size && x[k] == y[k]) k++;
    if (k > size || (!soon_differ(Term(x[k]), Term(y[k])) && eq_slow(keys[i], key))) return i;
  }
  return kAbsent;
}
} // namespace

Word index_of(const Term *keys, Word n, Term key) {
  if (key.is_immediate() && !key.is_immediate_float()) { // equal only if the same word; 0.0 equals -0.0
    Word i = 0;
    for (; i + 4 <= n; i += 4) { // where it is cannot be foreseen: fewer jumps
      unsigned here = unsigned(keys[i] == key) | unsigned(keys[i + 1] == key) << 1 | unsigned(keys[i + 2] == key) << 2 |
                      unsigned(keys[i + 3] == key) << 3;
      if (here) return i + Word(std::countr_zero(here));
    }
    for (; i < n; i++)
      if (keys[i] == key) return i;
    return kAbsent;
  }
  if (!is_tuple(key)) {
    for (Word i = 0; i < n; i++)
      if (eq(keys[i], key)) return i;
    return kAbsent;
  }
  return index_of_tuple(keys, n, key);
}

Term with_keys(Heap &h, Term key_tuple, Word n, Term **values) {
  Word *m = h.alloc(3 + n);
  m[0] = header(Kind::FlatMap, 2 + n);
  m[1] = n;
  m[2] = key_tuple.raw();
  *values = reinterpret_cast<Term *>(m + 3);
  return Term::boxed(m);
}

Term fresh(Heap &h, Word n, Term **keys, Term **values) {
  Word *t = h.alloc(1 + n);
  t[0] = header(Kind::Tuple, n);
  *keys = reinterpret_cast<Term *>(t + 1);
  return with_keys(h, Term::boxed(t), n, values);
}

bool Sorted::put(Term key, Term value) {
  Word at = count; // often they come in order
  int c = count ? order_of_keys(key, keys[count - 1]) : 1;
  if (c <= 0) at--;
  if (c < 0) {
    Word low = 0;
    while (low < at) {
      Word middle = (low + at) / 2;
      c = order_of_keys(key, keys[middle]);
      if (c > 0) low = middle + 1;
      else at = middle;
      if (c == 0) break;
    }
  }
  if (c != 0) {
    for (Word i = count; i > at; i--) keys[i] = keys[i - 1], values[i] = values[i - 1];
    count++;
  }
  keys[at] = key;
  values[at] = value;
  return c == 0;
}

Term Sorted::map(Heap &h) const {
  Term *ks, *vs;
  Term m = fresh(h, count, &ks, &vs);
  for (Word i = 0; i < count; i++) ks[i] = keys[i], vs[i] = values[i];
  return m;
}

Term from_pairs(Heap &h, const Term *pairs, Word n, bool *duplicates) {
  Sorted all;
  for (Word i = 0; i < n; i++)
    if (all.put(pairs[2 * i], pairs[2 * i + 1]) && duplicates) *duplicates = true;
  return all.map(h);
}

} // namespace joist::runtime::flat
