// Maps. Results are built in the process' heap without collecting (a large one continues in a fragment).
#include "loader/put_map.h"
#include "runtime/term/compare.h"
#include "runtime/term/map.h"
#include "vm/sem/types.h"
#include "vm/slow.h"

namespace joist::vm {
namespace {
// n / 2 keys and values in the order of a map, operands v of the instruction at pc (x registers in m).
Term fresh_map(Machine *m, const Instr *pc, const uint16_t *v, Word n) {
  Process *p = m->p;
  Word size = n / 2, *b = p->heap.alloc(4 + n);
  b[0] = header(Kind::Tuple, size);
  Word *r = b + 1 + size;
  r[0] = header(Kind::FlatMap, 2 + size);
  r[1] = size;
  r[2] = Term::boxed(b).raw();
  for (Word i = 0; i < size; i++) {
    b[1 + i] = any_slot(pc, m, p->stack_top, v[2 * i])->raw();
    r[3 + i] = any_slot(pc, m, p->stack_top, v[2 * i + 1])->raw();
  }
  return Term::boxed(r);
}
struct Op_put_map {
  template <class I> COLD static JOIST_HANDLER failed(JOIST_PARAMS) {
    if (CODE(0)) GO(CODE(0));
    TAIL h_raise(JOIST_ARGS);
  }
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    Word n = NUM(4);
    auto *v = reinterpret_cast<const uint16_t *>(bytes(pc) + SIZE);
    SAVE();
    // Nothing else may make room in a loop that only updates maps.
    if (NUM(5) != kNotLive) {
      COLLECT_BEFORE_SLOW(NUM(5));
      LOAD(); // where it fails, this is the state it goes on with
    }
    auto mode = PutMap(NUM(3));
    Term r =
        mode == PutMap::Fresh ? fresh_map(m, pc, v, n) : put_map_operands(m, pc, GET(1), v, n, mode == PutMap::Exact);
    if (UNLIKELY(r.is_none())) TAIL failed<I>(JOIST_ARGS);
    PUT(2, r);
    LOAD();
    NEXT_AFTER(((n + 1 + 3) / 4 + v[n]) * 8);
  }
};
struct Op_has_map_fields {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    Word n = NUM(2);
    auto *v = reinterpret_cast<const uint16_t *>(bytes(pc) + SIZE);
    Term map = GET(1);
    if (!sem::is_map(map)) GO(CODE(0));
    for (Word i = 0; i < n; i++)
      if (!map_find(map, *any_slot(pc, m, e, v[i]))) GO(CODE(0));
    NEXT_AFTER(((n + 1 + 3) / 4 + v[n]) * 8);
  }
};
struct Op_get_map_element {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    Term map = GET(1);
    if (!sem::is_map(map)) GO(CODE(0));
    const Term *t = map_find(map, GET(2));
    if (!t) GO(CODE(0));
    PUT(3, *t);
    NEXT;
  }
};
// A key that is an immediate is found in a flat map by comparing words.
struct Op_get_map_element_imm {
  template <class I> COLD static JOIST_HANDLER large(JOIST_PARAMS) {
    Term map = GET(1);
    if (!sem::is_map(map)) GO(CODE(0));
    const Term *t = map_find(map, GET(2));
    if (!t) GO(CODE(0));
    PUT(3, *t);
    NEXT;
  }
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    Term map = GET(1), key = GET(2);
    if (!sem::is_boxed_kind(map, Kind::FlatMap)) TAIL large<I>(JOIST_ARGS);
    const Word *b = sem::box(map);
    const Word *keys = sem::box(Term(b[2])) + 1;
    for (Word i = 0, n = b[1]; i < n; i++)
      if (keys[i] == key.raw()) {
        PUT(3, Term(b[3 + i]));
        NEXT;
      }
    GO(CODE(0));
  }
};
struct Op_get_map_elements {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    Word n = NUM(2);
    auto *v = reinterpret_cast<const uint16_t *>(bytes(pc) + SIZE); // key, destination ..
    Term map = GET(1);
    if (!sem::is_map(map)) GO(CODE(0));
    for (Word i = 0; i < n; i += 2) {
      const Term *t = map_find(map, *any_slot(pc, m, e, v[i]));
      if (!t) GO(CODE(0));
      *any_slot(pc, m, e, v[i + 1]) = *t;
    }
    NEXT_AFTER(((n + 1 + 3) / 4 + v[n]) * 8);
  }
};
} // namespace

JOIST_REGISTER(map)
#define JOIST_IF_map JOIST_ROW
#include "vm/families.h"
JOIST_REGISTER_END
} // namespace joist::vm
