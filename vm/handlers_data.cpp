// Moves, lists, tuples, records, frames, heap checks, funs.
#include "vm/call_trace.h"
#include "vm/interp.h"
#include "vm/sem/data.h"

namespace joist::vm {
namespace {

struct Op_move {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    PUT(1, GET(0));
    NEXT;
  }
};
struct Op_move2 {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    Term a = GET(0), b = GET(2);
    PUT(1, a);
    PUT(3, b);
    NEXT;
  }
};
struct Op_move3 {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    Term a = GET(0), b = GET(2), c = GET(4);
    PUT(1, a);
    PUT(3, b);
    PUT(5, c);
    NEXT;
  }
};
struct Op_move_x0_y_x0 {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    PUT(0, m->x[0]);
    m->x[0] = GET(1);
    NEXT;
  }
};
struct Op_swap {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    Term a = GET(0), b = GET(1);
    PUT(0, b);
    PUT(1, a);
    NEXT;
  }
};
struct Op_init_y1 {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    PUT(0, Term::nil());
    NEXT;
  }
};
struct Op_init_y2 {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    PUT(0, Term::nil());
    PUT(1, Term::nil());
    NEXT;
  }
};
struct Op_init_y3 {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    PUT(0, Term::nil());
    PUT(1, Term::nil());
    PUT(2, Term::nil());
    NEXT;
  }
};
struct Op_get_list {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    Term l = GET(0), hd = sem::head(l), tl = sem::tail(l);
    PUT(1, hd);
    PUT(2, tl);
    NEXT;
  }
};
struct Op_get_hd {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    PUT(1, sem::head(GET(0)));
    NEXT;
  }
};
struct Op_get_tl {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    PUT(1, sem::tail(GET(0)));
    NEXT;
  }
};
struct Op_put_list {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    STATE;
    Term t = sem::put_list(s, GET(0), GET(1));
    PUT(2, t);
    NEXT;
  }
};
struct Op_put_tuple {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    Word n = NUM(1);
    auto *v = reinterpret_cast<const uint16_t *>(bytes(pc) + SIZE);
    Word *t = h;
    t[0] = header(Kind::Tuple, n);
    for (Word i = 0; i < n; i++) t[1 + i] = any_slot(pc, m, e, v[i])->raw();
    h = t + 1 + n;
    PUT(0, Term::boxed(t));
    // The words of the list: sources, then literals whose number is in the first u16 behind the sources.
    NEXT_AFTER(((n + 1 + 3) / 4 + v[n]) * 8);
  }
};
struct Op_put_tuple2_ {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    STATE;
    Term t = sem::put_tuple(s, GET(0), GET(1));
    PUT(2, t);
    NEXT;
  }
};
struct Op_put_tuple3 {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    STATE;
    Term t = sem::put_tuple(s, GET(0), GET(1), GET(2));
    PUT(3, t);
    NEXT;
  }
};
struct Op_put_tuple4 {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    STATE;
    Term t = sem::put_tuple(s, GET(0), GET(1), GET(2), GET(3));
    PUT(4, t);
    NEXT;
  }
};
using Op_put_tuple2_c = Op_put_tuple2_;
using Op_put_tuple3_c = Op_put_tuple3;
using Op_put_tuple4_c = Op_put_tuple4;
struct Op_get_tuple_element {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    PUT(2, sem::tuple_at(GET(0), NUM(1)));
    NEXT;
  }
};
struct Op_get_tuple_element2 {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    Term t = GET(0), a = sem::tuple_at(t, NUM(1)), b = sem::tuple_at(t, NUM(1) + 8);
    PUT(2, a);
    PUT(3, b);
    NEXT;
  }
};
struct Op_get_tuple_element3 {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    Term t = GET(0), a = sem::tuple_at(t, NUM(1)), b = sem::tuple_at(t, NUM(1) + 8), c = sem::tuple_at(t, NUM(1) + 16);
    PUT(2, a);
    PUT(3, b);
    PUT(4, c);
    NEXT;
  }
};
struct Op_set_tuple_element {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    sem::set_tuple_at(GET(1), NUM(2), GET(0));
    NEXT;
  }
};
// A copy of the tuple with some elements replaced.
struct Op_update_record {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    Word n = NUM(2), count = NUM(4);
    auto *updates = reinterpret_cast<const uint32_t *>(bytes(pc) + SIZE); // {index, V}
    const Word *from = sem::box(GET(0));
    Word *t = h;
    for (Word i = 0; i <= n; i++) t[i] = from[i];
    for (Word i = 0; i < count; i++) t[updates[2 * i]] = any_slot(pc, m, e, uint16_t(updates[2 * i + 1]))->raw();
    h = t + n + 1;
    PUT(1, Term::boxed(t));
    NEXT_AFTER((count + NUM(3)) * 8);
  }
};

// --- frames and heap room
// The same instruction again: not by way of its code word, which may be a breakpoint.
#ifdef JOIST_LOWERING
#define RETRY GO(pc)
#else
#define RETRY                                                                                                          \
  do {                                                                                                                 \
    Handler again_ = handler_past_breakpoint(pc);                                                                      \
    TAIL again_(JOIST_ARGS);                                                                                           \
  } while (0)
#endif
struct Op_allocate {
  template <class I> COLD static JOIST_HANDLER slow(JOIST_PARAMS) {
    SAVE();
    if (!collect(m, NUM(0) / 8, NUM(1))) LEAVE(leave_killed(m));
    LOAD();
    RETRY;
  }
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    STATE;
    if (!sem::allocate(s, NUM(0), 0)) TAIL slow<I>(JOIST_ARGS);
    NEXT;
  }
};
struct Op_allocate_heap {
  template <class I> COLD static JOIST_HANDLER slow(JOIST_PARAMS) {
    SAVE();
    if (!collect(m, NUM(0) / 8 + NUM(2), NUM(1))) LEAVE(leave_killed(m));
    LOAD();
    RETRY;
  }
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    STATE;
    if (!sem::allocate(s, NUM(0), NUM(2))) TAIL slow<I>(JOIST_ARGS);
    NEXT;
  }
};
struct Op_test_heap {
  template <class I> COLD static JOIST_HANDLER slow(JOIST_PARAMS) {
    SAVE();
    if (!collect(m, NUM(1), NUM(0))) LEAVE(leave_killed(m));
    LOAD();
    RETRY;
  }
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    STATE;
    if (!sem::has_room(s, NUM(1))) TAIL slow<I>(JOIST_ARGS);
    NEXT;
  }
};
struct Op_test_heap_put_list {
  template <class I> COLD static JOIST_HANDLER slow(JOIST_PARAMS) {
    SAVE();
    if (!collect(m, 2, NUM(0))) LEAVE(leave_killed(m));
    LOAD();
    RETRY;
  }
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    STATE;
    if (!sem::has_room(s, 2)) TAIL slow<I>(JOIST_ARGS);
    Term t = sem::put_list(s, GET(1), GET(2));
    PUT(3, t);
    NEXT;
  }
};
// Moves into a fresh frame: y registers of the operands are those of the new frame.
template <int MOVES> struct AllocateMove {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    STATE;
    if (!sem::allocate(s, NUM(0), 0)) TAIL Op_allocate::slow<I>(JOIST_ARGS);
    PUT(3, GET(2));
    if constexpr (MOVES > 1) PUT(5, GET(4));
    if constexpr (MOVES > 2) PUT(7, GET(6));
    NEXT;
  }
};
using Op_allocate_move = AllocateMove<1>;
using Op_allocate_move2 = AllocateMove<2>;
using Op_allocate_move3 = AllocateMove<3>;
struct Op_allocate_stress {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    SAVE();
    if (!collect(m, NUM(0) / 8 + NUM(2), NUM(1))) LEAVE(leave_killed(m));
    LOAD();
    e -= NUM(0) / 8;
    NEXT;
  }
};
struct Op_test_heap_stress {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    SAVE();
    if (!collect(m, NUM(1), NUM(0))) LEAVE(leave_killed(m));
    LOAD();
    NEXT;
  }
};
struct Op_deallocate {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    STATE;
    sem::deallocate(s, NUM(0));
    NEXT;
  }
};
// Room on the heap was made by the compiler's test_heap (alloc list: funs).
struct Op_make_fun {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    Word n = NUM(2);
    auto *v = reinterpret_cast<const uint16_t *>(bytes(pc) + SIZE);
    Word *f = h;
    f[0] = header(Kind::Fun, 2 + n);
    f[1] = Word(PTR(FunEntry, 1));
    f[2] = m->p->id.raw();
    for (Word i = 0; i < n; i++) f[3 + i] = any_slot(pc, m, e, v[i])->raw();
    h = f + 3 + n;
    PUT(0, Term::boxed(f));
    NEXT_AFTER(((n + 1 + 3) / 4 + v[n]) * 8);
  }
};
struct Op_nop {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) { NEXT; }
};
} // namespace

JOIST_REGISTER(data)
#define JOIST_IF_data JOIST_ROW
#include "vm/families.h"
JOIST_REGISTER_END
} // namespace joist::vm
