// Bit syntax construction.
#include "runtime/term/binary.h"
#include "vm/build.h"
#include "vm/slow.h"

namespace joist::vm {
namespace {
#define FAIL_OR_RAISE()                                                                                                \
  do {                                                                                                                 \
    if (CODE(0)) GO(CODE(0));                                                                                          \
    TAIL h_raise(JOIST_ARGS);                                                                                          \
  } while (0)
#define STORE_OR_FAIL(n, r)                                                                                            \
  if (killed) LEAVE(leave_killed(m));                                                                                  \
  LOAD();                                                                                                              \
  if (r.is_none()) FAIL_OR_RAISE();                                                                                    \
  PUT(n, r)

struct Op_bs_create_bin {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    SAVE();
    bool killed = false;
    auto *segments = reinterpret_cast<const BinSegment *>(bytes(pc) + SIZE);
    Term r = create_bin(m, pc, segments, NUM(4), NUM(1), NUM(2), &killed);
    STORE_OR_FAIL(3, r);
    NEXT_AFTER(NUM(5) * 8);
  }
};
struct Op_bs_init {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    SAVE();
    bool killed = false;
    Term r = init_bin(m, GET(1), NUM(4), NUM(2), NUM(3), &killed);
    STORE_OR_FAIL(5, r);
    NEXT;
  }
};
struct Op_bs_append {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    SAVE();
    bool killed = false;
    Term r = append_bin(m, GET(5), GET(1), NUM(4), NUM(2), NUM(3), &killed);
    STORE_OR_FAIL(6, r);
    NEXT;
  }
};
struct Op_bs_private_append {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    SAVE();
    Process *p = m->p;
    Term bin = GET(3);
    Word bits;
    if (!build_bits(p, GET(1), 1, &bits)) FAIL_OR_RAISE();
    if (!is_bitstring(bin)) {
      raise(p, Reason::Badarg);
      FAIL_OR_RAISE();
    }
    BuildState &b = build_state(m);
    Term r = append_writable(p->heap, bin, bits, &b.out, &b.bit);
    LOAD();
    if (r.is_none()) {
      raise(p, Reason::SystemLimit);
      FAIL_OR_RAISE();
    }
    PUT(4, r);
    NEXT;
  }
};
struct Op_bs_init_writable {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    SAVE();
    Term size = m->x[0];
    Word bytes = size.is_small() && size.small_value() >= 0 ? Word(size.small_value()) : 1024;
    m->x[0] = init_writable(m->p->heap, bytes);
    LOAD();
    NEXT;
  }
};
// Value segments: F, S size, U unit, H flags, S value.
struct Op_bs_put_integer {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    BuildState &b = build_state(m);
    Word bits;
    if (!build_bits(m->p, GET(1), NUM(2), &bits)) FAIL_OR_RAISE();
    if (!put_integer(b.out, b.bit, bits, GET(4), NUM(3))) {
      raise(m->p, Reason::Badarg);
      FAIL_OR_RAISE();
    }
    b.bit += bits;
    NEXT;
  }
};
struct Op_bs_put_float {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    BuildState &b = build_state(m);
    Word bits;
    if (!build_bits(m->p, GET(1), NUM(2), &bits)) FAIL_OR_RAISE();
    if (!put_float(b.out, b.bit, bits, GET(4), NUM(3))) {
      raise(m->p, Reason::Badarg);
      FAIL_OR_RAISE();
    }
    b.bit += bits;
    NEXT;
  }
};
struct Op_bs_put_binary {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    BuildState &b = build_state(m);
    Word bits;
    Term t = GET(3);
    if (!build_bits(m->p, GET(1), NUM(2), &bits)) FAIL_OR_RAISE();
    if (!is_bitstring(t) || bit_view(t).bits < bits) {
      raise(m->p, Reason::Badarg);
      FAIL_OR_RAISE();
    }
    BitView v = bit_view(t);
    copy_bits(v.bytes, v.bit_offset, b.out, b.bit, bits);
    b.bit += bits;
    NEXT;
  }
};
struct Op_bs_put_binary_all {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    BuildState &b = build_state(m);
    Term t = GET(2);
    if (!is_bitstring(t) || bit_view(t).bits % NUM(1)) {
      raise(m->p, Reason::Badarg);
      FAIL_OR_RAISE();
    }
    BitView v = bit_view(t);
    copy_bits(v.bytes, v.bit_offset, b.out, b.bit, v.bits);
    b.bit += v.bits;
    NEXT;
  }
};
struct Op_bs_put_string {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    BuildState &b = build_state(m);
    copy_bits(reinterpret_cast<const uint8_t *>(WORD(1)), 0, b.out, b.bit, Word(NUM(0)) * 8);
    b.bit += Word(NUM(0)) * 8;
    NEXT;
  }
};
// Sizes: first + second * unit.
struct Op_bs_add {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    Word first, second;
    if (!build_bits(m->p, GET(1), 1, &first) || !build_bits(m->p, GET(2), NUM(3), &second)) FAIL_OR_RAISE();
    Word sum = first + second;
    if (sum > Word(kMaxSmall)) {
      raise(m->p, Reason::SystemLimit);
      FAIL_OR_RAISE();
    }
    PUT(4, Term::small(int64_t(sum)));
    NEXT;
  }
};
struct Op_bs_utf8_size {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    Word c = Word(GET(0).small_value());
    PUT(1, Term::small(c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4));
    NEXT;
  }
};
struct Op_bs_utf16_size {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    PUT(1, Term::small(Word(GET(0).small_value()) < 0x10000 ? 2 : 4));
    NEXT;
  }
};
bool valid_code_point(Term t) {
  return t.is_small() && Word(t.small_value()) <= 0x10ffff && (t.small_value() < 0xd800 || t.small_value() > 0xdfff);
}
#define PUT_TEXT(value, write)                                                                                         \
  BuildState &b = build_state(m);                                                                                      \
  Term t = value;                                                                                                      \
  if (!valid_code_point(t)) {                                                                                          \
    raise(m->p, Reason::Badarg);                                                                                       \
    FAIL_OR_RAISE();                                                                                                   \
  }                                                                                                                    \
  uint8_t text[4];                                                                                                     \
  Word n = write;                                                                                                      \
  copy_bits(text, 0, b.out, b.bit, n * 8);                                                                             \
  b.bit += n * 8;                                                                                                      \
  NEXT
struct Op_bs_put_utf8 {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) { PUT_TEXT(GET(1), put_utf8(text, Word(t.small_value()))); }
};
struct Op_bs_put_utf16 {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    PUT_TEXT(GET(2), put_utf16(text, Word(t.small_value()), NUM(1)));
  }
};
struct Op_bs_put_utf32 {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    PUT_TEXT(GET(2), (put_integer(text, 0, 32, t, NUM(1)), 4));
  }
};
} // namespace

JOIST_REGISTER(build)
#define JOIST_IF_build JOIST_ROW
#include "vm/families.h"
JOIST_REGISTER_END
} // namespace joist::vm
