// persistent_term:get/0,1,2, put/2, erase/1, info/0.
#include "bifs/build.h"

#include "runtime/mem/copy.h"
#include "runtime/sys/persistent.h"
#include "runtime/term/map.h"

namespace joist::bifs {
Term persistent_term_get_0(Process *p, const Term *) {
  Term list = Term::nil();
  auto all = persistent_all();
  // Fresh tuples around the shared keys and values, as processes may hold them for long.
  for (Term t : all) {
    Term *e = tuple_elements(t);
    list = make_cons(p->heap, pair(p->heap, e[0], e[1]), list);
  }
  p->bump(int64_t(all.size() / 10));
  return list;
}

Term persistent_term_get_1(Process *p, const Term *args) {
  Term v = persistent_get(args[0]);
  return v.is_none() ? badarg(p) : v;
}

Term persistent_term_get_2(Process *, const Term *args) {
  Term v = persistent_get(args[0]);
  return v.is_none() ? args[1] : v;
}

Term persistent_term_put_2(Process *p, const Term *args) {
  p->bump(int64_t(size_of(args[1], false) / 128));
  persistent_put(args[0], args[1]);
  return atoms::ok;
}

Term persistent_term_erase_1(Process *, const Term *args) { return bool_term(persistent_erase(args[0])); }

Term persistent_term_info_0(Process *p, const Term *) {
  Term pairs[] = {atoms::count, make_uint(p->heap, persistent_count()), atoms::memory,
                  make_uint(p->heap, persistent_bytes())};
  return map_from_pairs(p->heap, pairs, 2);
}

Term erts_internal_erase_persistent_terms_0(Process *, const Term *) {
  persistent_erase_all();
  return atoms::ok;
}
} // namespace joist::bifs
