// Tuples.
#include "bifs/bifs.h"
#include "runtime/term/binary.h"

#include <algorithm>

namespace joist::bifs {
namespace {
constexpr int64_t kMaxArity = (1 << 24) - 1;

// A new tuple, elements uninitialised.
Term new_tuple(Process *p, Word arity, Term **elements) {
  Word *b = p->heap.alloc(arity + 1);
  b[0] = header(Kind::Tuple, arity);
  *elements = reinterpret_cast<Term *>(b + 1);
  p->bump(int64_t(arity / 64));
  return Term::boxed(b);
}
} // namespace

Term erlang_tuple_size_1(Process *p, const Term *args) {
  return is_tuple(args[0]) ? Term::small(int64_t(tuple_arity(args[0]))) : badarg(p);
}

Term erlang_size_1(Process *p, const Term *args) {
  if (is_tuple(args[0])) return Term::small(int64_t(tuple_arity(args[0])));
  if (is_bitstring(args[0])) return Term::small(int64_t(bit_view(args[0]).byte_size()));
  return badarg(p);
}

Term erlang_element_2(Process *p, const Term *args) {
  if (!args[0].is_small() || !is_tuple(args[1])) return badarg(p);
  Word i = Word(args[0].small_value()) - 1;
  return i < tuple_arity(args[1]) ? tuple_elements(args[1])[i] : badarg(p);
}

Term erlang_setelement_3(Process *p, const Term *args) {
  if (!args[0].is_small() || !is_tuple(args[1])) return badarg(p);
  Word i = Word(args[0].small_value()) - 1, n = tuple_arity(args[1]);
  if (i >= n) return badarg(p);
  Term *e;
  Term t = new_tuple(p, n, &e);
  std::copy_n(tuple_elements(args[1]), n, e);
  e[i] = args[2];
  return t;
}

Term erlang_make_tuple_2(Process *p, const Term *args) {
  if (!args[0].is_small() || args[0].small_value() < 0 || args[0].small_value() > kMaxArity) return badarg(p);
  Word n = Word(args[0].small_value());
  Term *e;
  Term t = new_tuple(p, n, &e);
  std::fill_n(e, n, args[1]);
  return t;
}

Term erlang_make_tuple_3(Process *p, const Term *args) {
  if (!args[0].is_small() || args[0].small_value() < 0 || args[0].small_value() > kMaxArity) return badarg(p);
  Word n = Word(args[0].small_value());
  Term *e;
  Term t = new_tuple(p, n, &e);
  std::fill_n(e, n, args[1]);
  Term l = args[2];
  Word count = 0;
  for (; l.is_cons(); l = l.tail(), count++) {
    if (!is_tuple_of(l.head(), 2)) return badarg(p);
    Term *pair = tuple_elements(l.head());
    if (!pair[0].is_small()) return badarg(p);
    Word i = Word(pair[0].small_value()) - 1;
    if (i >= n) return badarg(p);
    e[i] = pair[1];
  }
  p->bump(int64_t(count / 16));
  return l.is_nil() ? t : badarg(p);
}

Term erlang_append_element_2(Process *p, const Term *args) {
  if (!is_tuple(args[0])) return badarg(p);
  Word n = tuple_arity(args[0]);
  if (int64_t(n) >= kMaxArity) return badarg(p);
  Term *e;
  Term t = new_tuple(p, n + 1, &e);
  std::copy_n(tuple_elements(args[0]), n, e);
  e[n] = args[1];
  return t;
}

Term erlang_insert_element_3(Process *p, const Term *args) {
  if (!args[0].is_small() || !is_tuple(args[1])) return badarg(p);
  Word n = tuple_arity(args[1]), i = Word(args[0].small_value()) - 1;
  if (i > n) return badarg(p); // the largest tuple may grow by one, as on stock
  Term *e;
  Term t = new_tuple(p, n + 1, &e);
  Term *from = tuple_elements(args[1]);
  std::copy_n(from, i, e);
  e[i] = args[2];
  std::copy_n(from + i, n - i, e + i + 1);
  return t;
}

Term erlang_delete_element_2(Process *p, const Term *args) {
  if (!args[0].is_small() || !is_tuple(args[1])) return badarg(p);
  Word n = tuple_arity(args[1]), i = Word(args[0].small_value()) - 1;
  if (i >= n) return badarg(p);
  Term *e;
  Term t = new_tuple(p, n - 1, &e);
  Term *from = tuple_elements(args[1]);
  std::copy_n(from, i, e);
  std::copy_n(from + i + 1, n - i - 1, e + i);
  return t;
}

Term erlang_tuple_to_list_1(Process *p, const Term *args) {
  if (!is_tuple(args[0])) return badarg(p);
  Word n = tuple_arity(args[0]);
  if (n == 0) return Term::nil();
  Term *from = tuple_elements(args[0]);
  Word *cells = p->heap.alloc(2 * n);
  for (Word i = 0; i < n; i++) {
    cells[2 * i] = from[i].raw();
    cells[2 * i + 1] = Term::cons(cells + 2 * i + 2).raw();
  }
  cells[2 * n - 1] = Term::nil().raw();
  p->bump(int64_t(n / 64));
  return Term::cons(cells);
}

Term erlang_list_to_tuple_1(Process *p, const Term *args) {
  int64_t n = list_length(args[0]);
  if (n < 0 || n > kMaxArity) return badarg(p);
  Term *e;
  Term t = new_tuple(p, Word(n), &e);
  for (Term l = args[0]; l.is_cons(); l = l.tail()) *e++ = l.head();
  return t;
}

} // namespace joist::bifs
