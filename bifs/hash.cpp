#include "runtime/term/hash.h"
#include "bifs/bifs.h"

namespace joist::bifs {
namespace {
// 1..2^32; 0 if it is none.
uint64_t range_of(Term t) {
  uint64_t n;
  return get_uint64(t, &n) && n <= uint64_t{1} << 32 ? n : 0;
}
// Cannot stop half way (terms would move), but pays for what it took.
uint32_t charged_phash2(Process *p, Term t) {
  Word steps = 0;
  uint32_t h = phash2(t, &steps);
  p->bump(int64_t(steps / 64));
  return h;
}
} // namespace

Term erlang_phash_2(Process *p, const Term *args) {
  uint64_t range = range_of(args[1]);
  if (!range) return badarg(p);
  return Term::small(int64_t(1 + phash_raw(args[0]) % range));
}

Term erlang_phash2_1(Process *p, const Term *args) {
  return Term::small(charged_phash2(p, args[0]) & ((1u << 27) - 1));
}

Term erlang_phash2_2(Process *p, const Term *args) {
  uint64_t range = range_of(args[1]);
  if (!range) return badarg(p);
  return Term::small(int64_t(charged_phash2(p, args[0]) % range));
}

} // namespace joist::bifs
