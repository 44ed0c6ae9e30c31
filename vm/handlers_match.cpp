// Bit syntax matching. A match context points into the bytes it matches; everything moves by bits from its base.
#include "runtime/term/binary.h"
#include "runtime/term/compare.h"
#include "vm/sem/bits.h"
#include "vm/sem/data.h"
#include "vm/sem/types.h"
#include "vm/slow.h"

namespace joist::vm {
namespace {

// Room for the context where the process' heap is full: collects. False: killed.
bool make_room(Machine *m, unsigned live, Term *src) {
  Process *p = m->p;
  if (p->stack_top - p->heap.top >= int64_t(kMatchCtxWords + kStackMargin) && !gc_stress) return true;
  m->x[live] = *src; // it need not be one of the live registers
  if (!collect(m, kMatchCtxWords, live + 1)) return false;
  *src = m->x[live];
  return true;
}
struct Op_bs_start_match {
  template <class I> COLD static JOIST_HANDLER full(JOIST_PARAMS) {
    SAVE();
    Term t = GET(1);
    if (!make_room(m, NUM(2), &t)) LEAVE(leave_killed(m));
    e = m->p->stack_top;
    Term r = match_start(m->p->heap, t);
    PUT(3, r);
    LOAD();
    NEXT;
  }
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    Term t = GET(1);
    if (LIKELY(sem::is_boxed_kind(t, Kind::MatchCtx))) {
      PUT(3, t);
      NEXT;
    }
    if (sem::is_bitstring(t)) TAIL full<I>(JOIST_ARGS);
    GO(CODE(0));
  }
};
struct Op_bs_start_match_sure {
  template <class I> COLD static JOIST_HANDLER full(JOIST_PARAMS) {
    SAVE();
    Term t = GET(0);
    if (!make_room(m, NUM(1), &t)) LEAVE(leave_killed(m));
    e = m->p->stack_top;
    Term r = match_start(m->p->heap, t);
    PUT(2, r);
    LOAD();
    NEXT;
  }
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    Term t = GET(0);
    if (LIKELY(sem::is_boxed_kind(t, Kind::MatchCtx))) {
      PUT(2, t);
      NEXT;
    }
    TAIL full<I>(JOIST_ARGS);
  }
};
#define CTX(n) MatchCtxObj *c = sem::match_ctx(GET(n))

template <unsigned BITS> struct GetAligned {
  template <class I> COLD static JOIST_HANDLER unaligned(JOIST_PARAMS) {
    CTX(1);
    SAVE();
    PUT(2, match_integer(m->p->heap, c, BITS, 0));
    LOAD();
    NEXT;
  }
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    CTX(1);
    Term r;
    if (!sem::bits_left(c, BITS)) GO(CODE(0));
    if (!LIKELY(sem::get_aligned<BITS>(c, r))) TAIL unaligned<I>(JOIST_ARGS);
    PUT(2, r);
    NEXT;
  }
};
using Op_bs_get_int8 = GetAligned<8>;
using Op_bs_get_int16 = GetAligned<16>;
using Op_bs_get_int32 = GetAligned<32>;

struct Op_bs_get_int_le {
  template <class I> COLD static JOIST_HANDLER slow(JOIST_PARAMS) {
    CTX(1);
    SAVE();
    Term r = match_integer(m->p->heap, c, NUM(2), kBsLittle);
    LOAD();
    PUT(3, r);
    NEXT;
  }
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    CTX(1);
    Term r;
    if (!sem::bits_left(c, NUM(2))) GO(CODE(0));
    if (!LIKELY(sem::get_little(c, NUM(2), r))) TAIL slow<I>(JOIST_ARGS);
    PUT(3, r);
    NEXT;
  }
};
struct Op_bs_get_integer {
  template <class I> COLD static JOIST_HANDLER slow(JOIST_PARAMS) {
    CTX(1);
    SAVE();
    Term r = match_integer(m->p->heap, c, NUM(2), NUM(3));
    LOAD();
    if (r.is_none()) GO(CODE(0));
    PUT(4, r);
    NEXT;
  }
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    CTX(1);
    Term r;
    Word bits = NUM(2), flags = NUM(3);
    if (!sem::bits_left(c, bits)) GO(CODE(0));
    if (!LIKELY(!(flags & (kBsLittle | kBsNative)) && sem::get_small_bits(c, bits, flags & kBsSigned, r)))
      TAIL slow<I>(JOIST_ARGS);
    PUT(4, r);
    NEXT;
  }
};
// Size operand times unit, in bits. False: not a sensible size (the match fails).
SEM bool segment_bits(Term size, Word unit, Word *bits) {
  if (!LIKELY(size.is_small() && size.small_value() >= 0)) return false;
  return !__builtin_mul_overflow(Word(size.small_value()), unit, bits);
}
struct Op_bs_get_integer_var {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    CTX(1);
    Word bits;
    if (!segment_bits(GET(2), NUM(3), &bits) || !sem::bits_left(c, bits)) GO(CODE(0));
    SAVE();
    Term r = match_integer(m->p->heap, c, bits, NUM(4));
    LOAD();
    if (r.is_none()) GO(CODE(0));
    PUT(5, r);
    NEXT;
  }
};
struct Op_bs_get_float {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    CTX(1);
    Word bits;
    if (!segment_bits(GET(2), NUM(3), &bits) || !sem::bits_left(c, bits)) GO(CODE(0));
    if (bits != 16 && bits != 32 && bits != 64 && bits != 0) GO(CODE(0));
    SAVE();
    Term r = match_float(m->p->heap, c, bits, NUM(4));
    LOAD();
    if (r.is_none()) GO(CODE(0));
    PUT(5, r);
    NEXT;
  }
};
struct Op_bs_get_binary {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    CTX(1);
    Word bits;
    if (!segment_bits(GET(2), NUM(3), &bits) || !sem::bits_left(c, bits)) GO(CODE(0));
    SAVE();
    Term r = match_binary(m->p->heap, c, bits);
    LOAD();
    PUT(4, r);
    NEXT;
  }
};
struct Op_bs_get_binary_fixed {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    CTX(1);
    if (!sem::bits_left(c, NUM(2))) GO(CODE(0));
    SAVE();
    Term r = match_binary(m->p->heap, c, NUM(2));
    LOAD();
    PUT(3, r);
    NEXT;
  }
};
struct Op_bs_get_binary_all {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    CTX(1);
    if (!sem::rest_fits(c, NUM(2))) GO(CODE(0));
    Word bits = c->end - c->position;
    SAVE();
    Term r = match_binary(m->p->heap, c, bits);
    LOAD();
    PUT(3, r);
    NEXT;
  }
};
struct Op_bs_skip_bits {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    CTX(1);
    if (!sem::bits_left(c, NUM(2))) GO(CODE(0));
    c->position += NUM(2);
    NEXT;
  }
};
struct Op_bs_skip_bits_var {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    CTX(1);
    Word bits;
    if (!segment_bits(GET(2), NUM(3), &bits) || !sem::bits_left(c, bits)) GO(CODE(0));
    c->position += bits;
    NEXT;
  }
};
struct Op_bs_skip_all {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    CTX(1);
    if (!sem::rest_fits(c, NUM(2))) GO(CODE(0));
    c->position = c->end;
    NEXT;
  }
};
struct Op_bs_test_tail {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    CTX(1);
    if (c->end - c->position == NUM(2)) NEXT;
    GO(CODE(0));
  }
};
struct Op_bs_test_unit {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    CTX(1);
    if (sem::rest_fits(c, NUM(2))) NEXT;
    GO(CODE(0));
  }
};
struct Op_bs_ensure_at_least {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    CTX(1);
    Word left = c->end - c->position;
    if (left < NUM(2) || (left - NUM(2)) % NUM(3)) GO(CODE(0));
    NEXT;
  }
};
struct Op_bs_ensure_exactly {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    CTX(1);
    if (c->end - c->position == NUM(2)) NEXT;
    GO(CODE(0));
  }
};
struct Op_bs_match_string {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    CTX(1);
    if (!sem::bits_left(c, NUM(2))) GO(CODE(0));
    auto *s = reinterpret_cast<const uint8_t *>(WORD(3));
    if (!match_string(c, s, NUM(2))) GO(CODE(0));
    NEXT;
  }
};
// bs_match's '=:=': the next bits are this integer.
struct Op_bs_match_value {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    CTX(1);
    if (!sem::bits_left(c, NUM(2))) GO(CODE(0));
    Word before = c->position;
    SAVE();
    Term r = match_integer(m->p->heap, c, NUM(2), 0);
    LOAD();
    if (rt::eq(r, GET(3))) NEXT;
    c->position = before;
    GO(CODE(0));
  }
};
struct Op_bs_get_tail {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    CTX(0);
    SAVE();
    Term r = make_sub_binary_of(m->p->heap, c);
    LOAD();
    PUT(1, r);
    NEXT;
  }
  // The rest of what is being matched; the position stays.
  static Term make_sub_binary_of(Heap &h, MatchCtxObj *c) {
    Word before = c->position;
    Term r = match_binary(h, c, c->end - c->position);
    c->position = before;
    return r;
  }
};
struct Op_bs_get_position {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    CTX(0);
    PUT(1, Term::small(int64_t(c->position)));
    NEXT;
  }
};
struct Op_bs_set_position {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    CTX(0);
    c->position = Word(GET(1).small_value());
    NEXT;
  }
};
struct Op_bs_get_utf8 {
  template <class I> COLD static JOIST_HANDLER slow(JOIST_PARAMS) {
    CTX(1);
    Term r = match_utf8(c);
    if (r.is_none()) GO(CODE(0));
    PUT(2, r);
    NEXT;
  }
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    CTX(1);
    Term r;
    if (!sem::bits_left(c, 8)) GO(CODE(0));
    if (!LIKELY((c->position & 7) == 0 && c->base[c->position >> 3] < 0x80)) TAIL slow<I>(JOIST_ARGS);
    sem::get_aligned<8>(c, r);
    PUT(2, r);
    NEXT;
  }
};
struct Op_bs_get_utf16 {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    CTX(1);
    Term r = match_utf16(c, NUM(2));
    if (r.is_none()) GO(CODE(0));
    PUT(3, r);
    NEXT;
  }
};
struct Op_bs_get_utf32 {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    CTX(1);
    Term r = match_utf32(c, NUM(2));
    if (r.is_none()) GO(CODE(0));
    PUT(3, r);
    NEXT;
  }
};
} // namespace

JOIST_REGISTER(match)
#define JOIST_IF_match JOIST_ROW
#include "vm/families.h"
JOIST_REGISTER_END
} // namespace joist::vm
