// enif_make_*: numbers, atoms, tuples, lists, strings, references.
#include "runtime/nif/env.h"
#include "runtime/term/ref.h"

#include <cmath>

namespace joist::runtime {
namespace {
Term tuple_with(NifEnv *env, unsigned n, Term **elements) {
  Word *b = env->heap->alloc(1 + Word(n));
  *b = header(Kind::Tuple, n);
  *elements = reinterpret_cast<Term *>(b + 1);
  return Term::boxed(b);
}
Term signed_term(NifEnv *env, int64_t v) { return Term::fits_small(v) ? Term::small(v) : make_int(*env->heap, v); }
Term unsigned_term(NifEnv *env, uint64_t v) {
  return v <= uint64_t(kMaxSmall) ? Term::small(int64_t(v)) : make_uint(*env->heap, v);
}
} // namespace

JOIST_ABI Term enif_make_int(NifEnv *, int v) { return Term::small(v); }
JOIST_ABI Term enif_make_uint(NifEnv *, unsigned v) { return Term::small(v); }
JOIST_ABI Term enif_make_long(NifEnv *env, long v) { return signed_term(env, v); }
JOIST_ABI Term enif_make_ulong(NifEnv *env, unsigned long v) { return unsigned_term(env, v); }
JOIST_ABI Term enif_make_int64(NifEnv *env, int64_t v) { return signed_term(env, v); }
JOIST_ABI Term enif_make_uint64(NifEnv *env, uint64_t v) { return unsigned_term(env, v); }
JOIST_ABI Term enif_make_double(NifEnv *env, double d) {
  return std::isfinite(d) ? make_float(*env->heap, d) : nif_badarg(env);
}

JOIST_ABI Term enif_make_atom_len(NifEnv *env, const char *name, size_t n) {
  if (n > atom::kMaxChars) return nif_badarg(env);
  Term t = atom::intern_latin1({name, n});
  return t.is_none() ? nif_badarg(env) : t;
}
JOIST_ABI Term enif_make_atom(NifEnv *env, const char *name) { return enif_make_atom_len(env, name, strlen(name)); }
JOIST_ABI int enif_make_existing_atom_len(NifEnv *, const char *name, size_t n, Term *atom, int encoding) {
  if (encoding != kNifLatin1 || n > atom::kMaxChars) return 0;
  Term t = atom::find_latin1({name, n});
  if (t.is_none()) return 0;
  *atom = t;
  return 1;
}
JOIST_ABI int enif_make_existing_atom(NifEnv *env, const char *name, Term *atom, int encoding) {
  return enif_make_existing_atom_len(env, name, strlen(name), atom, encoding);
}

JOIST_ABI Term enif_make_tuple_from_array(NifEnv *env, const Term *elements, unsigned n) {
  Term *to;
  Term t = tuple_with(env, n, &to);
  std::copy_n(elements, n, to);
  return t;
}
JOIST_ABI Term enif_make_tuple(NifEnv *env, unsigned n, ...) {
  Term *to;
  Term t = tuple_with(env, n, &to);
  va_list ap;
  va_start(ap, n);
  for (unsigned i = 0; i < n; i++) to[i] = Term(va_arg(ap, Word));
  va_end(ap);
  return t;
}

JOIST_ABI Term enif_make_list_cell(NifEnv *env, Term head, Term tail) { return make_cons(*env->heap, head, tail); }
JOIST_ABI Term enif_make_list_from_array(NifEnv *env, const Term *elements, unsigned n) {
  if (n == 0) return Term::nil();
  Word *c = env->heap->alloc(Word(n) * 2), *first = c;
  for (unsigned i = 0; i < n; i++, c += 2) {
    c[0] = elements[i].raw();
    c[1] = i + 1 < n ? Term::cons(c + 2).raw() : Term::nil().raw();
  }
  return Term::cons(first);
}
JOIST_ABI Term enif_make_list(NifEnv *env, unsigned n, ...) {
  if (n == 0) return Term::nil();
  Word *c = env->heap->alloc(Word(n) * 2), *first = c;
  va_list ap;
  va_start(ap, n);
  for (unsigned i = 0; i < n; i++, c += 2) {
    c[0] = va_arg(ap, Word);
    c[1] = i + 1 < n ? Term::cons(c + 2).raw() : Term::nil().raw();
  }
  va_end(ap);
  return Term::cons(first);
}
JOIST_ABI int enif_make_reverse_list(NifEnv *env, Term list, Term *out) {
  Term r = Term::nil();
  for (; list.is_cons(); list = list.tail()) r = make_cons(*env->heap, list.head(), r);
  if (!list.is_nil()) return 0;
  *out = r;
  return 1;
}

JOIST_ABI Term enif_make_string_len(NifEnv *env, const char *text, size_t n, int encoding) {
  if (encoding != kNifLatin1) return nif_badarg(env);
  return make_string(*env->heap, text, n);
}
JOIST_ABI Term enif_make_string(NifEnv *env, const char *text, int encoding) {
  return enif_make_string_len(env, text, strlen(text), encoding);
}

JOIST_ABI Term enif_make_ref(NifEnv *env) { return runtime::make_ref(*env->heap); }
} // namespace joist::runtime
