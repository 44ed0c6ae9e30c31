// atomics: arrays of 64-bit atomics behind a magic reference. All operations are sequentially consistent.
#include "bifs/build.h"

#include "runtime/mem/alloc.h"
#include "runtime/mem/magic.h"
#include "runtime/term/map.h"

namespace joist::bifs {
namespace {
constexpr Word kMaxArity = Word{1} << 36; // 512 GB: more than that is system_limit at once

struct Atomics {
  Word arity;
  bool is_signed;
  std::atomic<uint64_t> *v;
  Atomics(Word n, bool s) : arity(n), is_signed(s) {
    v = static_cast<std::atomic<uint64_t> *>(mem_alloc(MemKind::System, n * 8));
    memset(static_cast<void *>(v), 0, n * 8);
  }
  ~Atomics() { mem_free(MemKind::System, v); }
};

// The element that (ref, index) names, or null.
std::atomic<uint64_t> *element(Term ref, Term index, Atomics **owner) {
  auto *a = magic_value<Atomics>(ref);
  if (!a || !index.is_small()) return nullptr;
  int64_t i = index.small_value();
  if (i < 1 || Word(i) > a->arity) return nullptr;
  *owner = a;
  return &a->v[i - 1];
}

// A value that fits the array's type.
bool value(const Atomics *a, Term t, uint64_t *out) {
  int64_t s;
  if (!a->is_signed) return get_uint64(t, out);
  if (!get_int64(t, &s)) return false;
  *out = uint64_t(s);
  return true;
}
// What may be added: any 64-bit integer, signed or not.
bool increment(Term t, uint64_t *out) {
  int64_t s;
  if (get_int64(t, &s)) return *out = uint64_t(s), true;
  return get_uint64(t, out);
}
Term result(Process *p, const Atomics *a, uint64_t v) {
  return a->is_signed ? make_int(p->heap, int64_t(v)) : make_uint(p->heap, v);
}
} // namespace

Term erts_internal_atomics_new_2(Process *p, const Term *args) {
  constexpr int64_t kSigned = 1;
  uint64_t n;
  if (!args[1].is_small() || !is_integer(args[0])) return badarg(p);
  if (!get_uint64(args[0], &n)) return is_big(args[0]) && !big_negative(args[0]) ? system_limit(p) : badarg(p);
  if (n == 0) return badarg(p);
  if (n > kMaxArity) return system_limit(p);
  auto *m = magic_new<Atomics>(n, (args[1].small_value() & kSigned) != 0);
  Term ref = make_magic_ref(p->heap, m);
  bin_unref(m);
  return ref;
}

Term atomics_put_3(Process *p, const Term *args) {
  Atomics *a;
  uint64_t v;
  auto *e = element(args[0], args[1], &a);
  if (!e || !value(a, args[2], &v)) return badarg(p);
  e->store(v);
  return atoms::ok;
}

Term atomics_get_2(Process *p, const Term *args) {
  Atomics *a;
  auto *e = element(args[0], args[1], &a);
  return e ? result(p, a, e->load()) : badarg(p);
}

Term atomics_add_3(Process *p, const Term *args) {
  Atomics *a;
  uint64_t v;
  auto *e = element(args[0], args[1], &a);
  if (!e || !increment(args[2], &v)) return badarg(p);
  e->fetch_add(v);
  return atoms::ok;
}

Term atomics_add_get_3(Process *p, const Term *args) {
  Atomics *a;
  uint64_t v;
  auto *e = element(args[0], args[1], &a);
  if (!e || !increment(args[2], &v)) return badarg(p);
  return result(p, a, e->fetch_add(v) + v);
}

Term atomics_exchange_3(Process *p, const Term *args) {
  Atomics *a;
  uint64_t v;
  auto *e = element(args[0], args[1], &a);
  if (!e || !value(a, args[2], &v)) return badarg(p);
  return result(p, a, e->exchange(v));
}

Term atomics_compare_exchange_4(Process *p, const Term *args) {
  Atomics *a;
  uint64_t expected, desired;
  auto *e = element(args[0], args[1], &a);
  if (!e || !value(a, args[2], &expected) || !value(a, args[3], &desired)) return badarg(p);
  return e->compare_exchange_strong(expected, desired) ? atoms::ok : result(p, a, expected);
}

Term atomics_info_1(Process *p, const Term *args) {
  auto *a = magic_value<Atomics>(args[0]);
  if (!a) return badarg(p);
  Heap &h = p->heap;
  Term max = a->is_signed ? make_int(h, INT64_MAX) : make_uint(h, UINT64_MAX);
  Term min = a->is_signed ? make_int(h, INT64_MIN) : Term::small(0);
  Term pairs[] = {atoms::size,   make_uint(h, a->arity),         atoms::max, max, atoms::min, min,
                  atoms::memory, make_uint(h, 40 + a->arity * 8)};
  return map_from_pairs(h, pairs, 4);
}
} // namespace joist::bifs
