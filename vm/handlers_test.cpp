// Type tests, comparisons, jumps and selects. Every test goes on after itself where it holds, else at its fail label.
#include "runtime/term/compare.h"
#include "vm/interp.h"
#include "vm/sem/compare.h"
#include "vm/sem/data.h"
#include "vm/sem/types.h"

namespace joist::vm {
namespace {

#define TYPE_TEST(name)                                                                                                \
  struct Op_##name {                                                                                                   \
    template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {                                                        \
      if (sem::name(GET(1))) NEXT;                                                                                     \
      GO(CODE(0));                                                                                                     \
    }                                                                                                                  \
  };
TYPE_TEST(is_integer)
TYPE_TEST(is_float)
TYPE_TEST(is_number)
TYPE_TEST(is_atom)
TYPE_TEST(is_pid)
TYPE_TEST(is_reference)
TYPE_TEST(is_port)
TYPE_TEST(is_nil)
TYPE_TEST(is_binary)
TYPE_TEST(is_list)
TYPE_TEST(is_tuple)
TYPE_TEST(is_map)
TYPE_TEST(is_boolean)
TYPE_TEST(is_function)

struct Op_is_bitstr {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    if (sem::is_bitstring(GET(1))) NEXT;
    GO(CODE(0));
  }
};
struct Op_is_nonempty_list {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    if (sem::is_cons(GET(1))) NEXT;
    GO(CODE(0));
  }
};
struct Op_is_nonempty_list_get_list {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    Term l = GET(1);
    if (!sem::is_cons(l)) GO(CODE(0));
    Term hd = sem::head(l), tl = sem::tail(l);
    PUT(2, hd);
    PUT(3, tl);
    NEXT;
  }
};
struct Op_is_nonempty_list_get_hd {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    Term l = GET(1);
    if (!sem::is_cons(l)) GO(CODE(0));
    PUT(2, sem::head(l));
    NEXT;
  }
};
struct Op_is_nonempty_list_get_tl {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    Term l = GET(1);
    if (!sem::is_cons(l)) GO(CODE(0));
    PUT(2, sem::tail(l));
    NEXT;
  }
};
struct Op_is_tuple_of {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    if (sem::is_tuple_of(GET(1), NUM(2))) NEXT;
    GO(CODE(0));
  }
};
struct Op_test_arity {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    if (sem::has_header(GET(1), NUM(2))) NEXT;
    GO(CODE(0));
  }
};
struct Op_is_tagged_tuple {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    if (sem::is_tagged_tuple(GET(1), NUM(2), GET(3))) NEXT;
    GO(CODE(0));
  }
};
struct Op_is_function2 {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    Term f = GET(1), a = GET(2);
    if (!sem::is_function(f)) GO(CODE(0));
    Word arity = rt::is_local_fun(f) ? fun_entry(f)->arity : fun_export(f)->mfa().arity;
    if (a == Term::small(int64_t(arity))) NEXT;
    GO(CODE(0));
  }
};

// --- comparisons: WANT is the truth value that goes on
struct Lt {
  SEM bool fast(Term a, Term b, bool &r) { return sem::is_lt(a, b, r); }
  static bool slow(Term a, Term b) { return compare(a, b) < 0; }
};
struct Eq {
  SEM bool fast(Term a, Term b, bool &r) { return sem::is_eq(a, b, r); }
  static bool slow(Term a, Term b) { return eq_numeric(a, b); }
};
struct EqExact {
  SEM bool fast(Term a, Term b, bool &r) { return sem::is_eq_exact(a, b, r); }
  static bool slow(Term a, Term b) { return rt::eq(a, b); }
};
template <class C, bool WANT> struct Compare {
  template <class I> COLD static JOIST_HANDLER slow(JOIST_PARAMS) {
    if (C::slow(GET(1), GET(2)) == WANT) NEXT;
    GO(CODE(0));
  }
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    bool r;
    if (LIKELY(C::fast(GET(1), GET(2), r))) {
      if (r == WANT) NEXT;
      GO(CODE(0));
    }
    TAIL slow<I>(JOIST_ARGS);
  }
};
using Op_is_lt = Compare<Lt, true>;
using Op_is_ge = Compare<Lt, false>;
using Op_is_lt_rc = Op_is_lt;
using Op_is_ge_rc = Op_is_ge;
using Op_is_lt_cr = Op_is_lt;
using Op_is_ge_cr = Op_is_ge;
using Op_is_eq = Compare<Eq, true>;
using Op_is_ne = Compare<Eq, false>;
using Op_is_eq_exact = Compare<EqExact, true>;
using Op_is_ne_exact = Compare<EqExact, false>;

struct Op_is_eq_imm {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    if (GET(1) == GET(2)) NEXT;
    GO(CODE(0));
  }
};
struct Op_is_ne_imm {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    if (GET(1) != GET(2)) NEXT;
    GO(CODE(0));
  }
};
struct Op_is_in_range {
  template <class I> COLD static JOIST_HANDLER slow(JOIST_PARAMS) {
    if (compare(GET(2), GET(3)) < 0) GO(CODE(0));
    if (compare(GET(4), GET(2)) < 0) GO(CODE(1));
    NEXT;
  }
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    Term t = GET(2);
    if (!t.is_small()) TAIL slow<I>(JOIST_ARGS);
    if (int64_t(t.raw()) < int64_t(GET(3).raw())) GO(CODE(0));
    if (int64_t(t.raw()) > int64_t(GET(4).raw())) GO(CODE(1));
    NEXT;
  }
};

// --- jumps
struct Op_jump {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) { GO(CODE(0)); }
};
struct Op_select_dense {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    // Anything that is not a small in range ends up as a huge index: tag bits are rotated to the top.
    Word i = std::rotr(GET(1).raw() - GET(2).raw(), kTagBits);
    if (i >= NUM(3)) GO(CODE(0));
    GO(code_at(peek<uint32_t>(pc, SIZE + i * 4)));
  }
};
struct Op_select_hash {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    Term t = GET(1);
    uint32_t i = (uint32_t(t.raw()) * NUM(2)) >> (NUM(3) & 31);
    auto *entries = reinterpret_cast<const SelectEntry *>(bytes(pc) + SIZE);
    auto *at = entries + reinterpret_cast<const uint8_t *>(entries + loader::select_hash_entries(NUM(3)))[i];
    if (Word(int64_t(at->value)) != t.raw()) GO(CODE(0));
    GO(code_at(at->target));
  }
};
struct Op_select2 {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    Term t = GET(1);
    if (t == GET(2)) GO(CODE(4));
    if (t == GET(3)) GO(CODE(5));
    GO(CODE(0));
  }
};
struct Op_select_linear {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    Term t = GET(1);
    auto *at = reinterpret_cast<const SelectEntry *>(bytes(pc) + SIZE), *end = at + NUM(2);
    for (; at != end; at++)
      if (Word(int64_t(at->value)) == t.raw()) GO(code_at(at->target));
    GO(CODE(0));
  }
};
struct Op_select_linear64 {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    Term t = GET(1);
    auto *at = reinterpret_cast<const SelectEntry64 *>(bytes(pc) + SIZE), *end = at + NUM(2);
    for (; at != end; at++)
      if (at->value == t.raw()) GO(code_at(uint32_t(at->target)));
    GO(CODE(0));
  }
};
struct Op_select_arity {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    Term t = GET(1);
    if (!t.is_boxed()) GO(CODE(0));
    Word hdr = *sem::box(t);
    auto *at = reinterpret_cast<const SelectEntry *>(bytes(pc) + SIZE), *end = at + NUM(2);
    for (; at != end; at++)
      if (Word(uint32_t(at->value)) == hdr) GO(code_at(at->target));
    GO(CODE(0));
  }
};
} // namespace

JOIST_REGISTER(test)
#define JOIST_IF_test JOIST_ROW
#include "vm/families.h"
JOIST_REGISTER_END
} // namespace joist::vm
