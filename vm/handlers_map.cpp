// Maps. Results are built in the process' heap without collecting (a large one continues in a fragment).
#include "runtime/term/compare.h"
#include "runtime/term/map.h"
#include "vm/sem/types.h"
#include "vm/slow.h"

namespace joist::vm {
namespace {
struct Op_put_map {
  template <class I> COLD static JOIST_HANDLER failed(JOIST_PARAMS) {
    if (CODE(0)) GO(CODE(0));
    TAIL h_raise(JOIST_ARGS);
  }
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    Word n = NUM(4);
    auto *v = reinterpret_cast<const uint16_t *>(bytes(pc) + SIZE);
    SAVE();
    Term r = put_map_operands(m, pc, GET(1), v, n, NUM(3));
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
