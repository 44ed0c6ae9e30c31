// Guard functions as instructions: the frequent ones inline, the rest through their BIF. In a guard a failure jumps to
// the label; in a body (label 0) it raises with the function and its arguments on top of the stack trace.
#include "runtime/term/compare.h"
#include "runtime/term/map.h"
#include "vm/sem/compare.h"
#include "vm/sem/data.h"
#include "vm/sem/types.h"
#include "vm/slow.h"

namespace joist::vm {
namespace {

#define FINISH(n)                                                                                                      \
  if (to != pc) FAIL_OR_RESUME(to);                                                                                    \
  PUT(n, r);                                                                                                           \
  LOAD();                                                                                                              \
  NEXT

// F, S, D
template <const Term &NAME, bool (*FN)(Term, Term &)> struct Guard1 {
  template <class I> COLD static JOIST_HANDLER slow(JOIST_PARAMS) {
    SAVE();
    Term r, args[] = {GET(1)};
    const Instr *to = slow_guard(m, pc, CODE(0), NAME, 1, args, &r);
    FINISH(2);
  }
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    Term r;
    if (LIKELY(FN(GET(1), r))) {
      PUT(2, r);
      NEXT;
    }
    TAIL slow<I>(JOIST_ARGS);
  }
};
// F, S, S, D
template <const Term &NAME, bool (*FN)(Term, Term, Term &)> struct Guard2 {
  template <class I> COLD static JOIST_HANDLER slow(JOIST_PARAMS) {
    SAVE();
    Term r, args[] = {GET(1), GET(2)};
    const Instr *to = slow_guard(m, pc, CODE(0), NAME, 2, args, &r);
    FINISH(3);
  }
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    Term r;
    if (LIKELY(FN(GET(1), GET(2), r))) {
      PUT(3, r);
      NEXT;
    }
    TAIL slow<I>(JOIST_ARGS);
  }
};
bool fast_length(Term t, Term &r) {
  int64_t n = list_length(t);
  r = Term::small(n);
  return n >= 0;
}
bool fast_map_get(Term key, Term map, Term &r) {
  if (!sem::is_map(map)) return false;
  const Term *v = map_find(map, key);
  if (!v) return false;
  r = *v;
  return true;
}
bool fast_is_map_key(Term key, Term map, Term &r) {
  if (!sem::is_map(map)) return false;
  r = bool_term(map_find(map, key) != nullptr);
  return true;
}
SEM bool fast_not(Term a, Term &r) {
  r = a == atoms::true_ ? atoms::false_ : atoms::true_;
  return LIKELY(sem::is_boolean(a));
}
SEM bool fast_and(Term a, Term b, Term &r) {
  r = a == atoms::true_ ? b : a;
  return LIKELY(sem::is_boolean(a) && sem::is_boolean(b));
}
SEM bool fast_or(Term a, Term b, Term &r) {
  r = a == atoms::true_ ? a : b;
  return LIKELY(sem::is_boolean(a) && sem::is_boolean(b));
}
using Op_hd = Guard1<atoms::hd, sem::guard_hd>;
using Op_tl = Guard1<atoms::tl, sem::guard_tl>;
using Op_tuple_size = Guard1<atoms::tuple_size, sem::guard_tuple_size>;
using Op_map_size = Guard1<atoms::map_size, sem::guard_map_size>;
using Op_byte_size = Guard1<atoms::byte_size, sem::guard_byte_size>;
using Op_bit_size = Guard1<atoms::bit_size, sem::guard_bit_size>;
using Op_length = Guard1<atoms::length, fast_length>;
using Op_bool_not = Guard1<atoms::not_, fast_not>;
using Op_element = Guard2<atoms::element, sem::guard_element>;
using Op_map_get = Guard2<atoms::map_get, fast_map_get>;
using Op_is_map_key = Guard2<atoms::is_map_key, fast_is_map_key>;
using Op_bool_and = Guard2<atoms::and_, fast_and>;
using Op_bool_or = Guard2<atoms::or_, fast_or>;

struct Op_element_c {
  template <class I> COLD static JOIST_HANDLER slow(JOIST_PARAMS) {
    SAVE();
    Term r, args[] = {Term::small(NUM(1) / 8), GET(2)};
    const Instr *to = slow_guard(m, pc, CODE(0), atoms::element, 2, args, &r);
    FINISH(3);
  }
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    Term r;
    if (LIKELY(sem::guard_element_at(GET(2), NUM(1), r))) {
      PUT(3, r);
      NEXT;
    }
    TAIL slow<I>(JOIST_ARGS);
  }
};

// --- comparisons as values
#define COMPARE_VALUE(name, fast, slow_expr, want)                                                                     \
  struct Op_##name {                                                                                                   \
    template <class I> COLD static JOIST_HANDLER slow(JOIST_PARAMS) {                                                  \
      Term a = GET(0), b = GET(1);                                                                                     \
      PUT(2, bool_term((slow_expr) == want));                                                                          \
      NEXT;                                                                                                            \
    }                                                                                                                  \
    template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {                                                        \
      bool r;                                                                                                          \
      if (LIKELY(sem::fast(GET(0), GET(1), r))) {                                                                      \
        PUT(2, bool_term(r == want));                                                                                  \
        NEXT;                                                                                                          \
      }                                                                                                                \
      TAIL slow<I>(JOIST_ARGS);                                                                                        \
    }                                                                                                                  \
  };
COMPARE_VALUE(cmp_eq_exact, is_eq_exact, rt::eq(a, b), true)
COMPARE_VALUE(cmp_ne_exact, is_eq_exact, rt::eq(a, b), false)
COMPARE_VALUE(cmp_eq, is_eq, eq_numeric(a, b), true)
COMPARE_VALUE(cmp_ne, is_eq, eq_numeric(a, b), false)
COMPARE_VALUE(cmp_lt, is_lt, compare(a, b) < 0, true)
COMPARE_VALUE(cmp_ge, is_lt, compare(a, b) < 0, false)

struct Op_self {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    PUT(0, m->p->id);
    NEXT;
  }
};
struct Op_node {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    PUT(0, this_node_name());
    NEXT;
  }
};

// --- through the BIF
struct Op_bif0 {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    SAVE();
    Term r;
    Export *f = PTR(Export, 0);
    const Instr *to = slow_bif(m, pc, nullptr, &f->mfa(), f->bif, m->x, &r);
    if (to != pc) RESUME(to);
    PUT(1, r);
    LOAD();
    NEXT;
  }
};
struct Op_bif1 {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    SAVE();
    Term r, args[] = {GET(2)};
    Export *f = PTR(Export, 1);
    const Instr *to = slow_bif(m, pc, CODE(0), &f->mfa(), f->bif, args, &r);
    FINISH(3);
  }
};
struct Op_bif2 {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    SAVE();
    Term r, args[] = {GET(2), GET(3)};
    Export *f = PTR(Export, 1);
    const Instr *to = slow_bif(m, pc, CODE(0), &f->mfa(), f->bif, args, &r);
    FINISH(4);
  }
};
struct Op_bif3 {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    SAVE();
    Term r, args[] = {GET(2), GET(3), GET(4)};
    Export *f = PTR(Export, 1);
    const Instr *to = slow_bif(m, pc, CODE(0), &f->mfa(), f->bif, args, &r);
    if (to != pc) FAIL_OR_RESUME(to);
    PUT(5, r);
    LOAD();
    NEXT_AFTER(3 * 8); // room for three literals
  }
};
} // namespace

JOIST_REGISTER(guard)
#define JOIST_IF_guard JOIST_ROW
#include "vm/families.h"
JOIST_REGISTER_END
} // namespace joist::vm
