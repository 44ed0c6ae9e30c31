// Calls and returns. A call pushes the address of the instruction after it (tagged as a header, so that collector and
// stack walks know it) and counts one reduction; the word before the return point belongs to compiled code.
#include "vm/calls.h"
#include "vm/sem/call.h"
#include "vm/sem/data.h"

namespace joist::vm {
namespace {

SEM void push_return(Word *&e, const Instr *to) { *--e = return_word(to); }
#define ENTER(target)                                                                                                  \
  do {                                                                                                                 \
    const Instr *entry_ = (target);                                                                                    \
    if (UNLIKELY(--reds <= 0)) TAIL h_yield_at_entry(entry_, m, h, e, reds);                                           \
    TAIL handler_at(entry_)(entry_, m, h, e, reds);                                                                    \
  } while (0)
#define DEALLOCATE(n) e = reinterpret_cast<Word *>(reinterpret_cast<char *>(e) + (n))
#define RETURN() GO(return_target(*e++))

SEM const Instr *entry_of(const Export *x, Machine *m) { return export_entry(x); }

struct Op_call {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    push_return(e, after(pc, SIZE));
    ENTER(CODE(0));
  }
};
struct Op_call_only {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) { ENTER(CODE(0)); }
};
struct Op_call_last {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    DEALLOCATE(NUM(1));
    ENTER(CODE(0));
  }
};
struct Op_move_call {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    m->x[0] = GET(0);
    push_return(e, after(pc, SIZE));
    ENTER(CODE(1));
  }
};
struct Op_move_call_only {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    m->x[0] = GET(0);
    ENTER(CODE(1));
  }
};
struct Op_move_call_last {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    m->x[0] = GET(0);
    DEALLOCATE(NUM(2));
    ENTER(CODE(1));
  }
};
struct Op_call_ext {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    push_return(e, after(pc, SIZE));
    ENTER(entry_of(PTR(Export, 0), m));
  }
};
struct Op_call_ext_only {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) { ENTER(entry_of(PTR(Export, 0), m)); }
};
struct Op_call_ext_last {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    DEALLOCATE(NUM(1));
    ENTER(entry_of(PTR(Export, 0), m));
  }
};

// --- funs
struct Op_call_fun {
  template <class I> COLD static JOIST_HANDLER slow(JOIST_PARAMS) {
    SAVE();
    RESUME(call_fun_slow(m, pc, GET(1), NUM(0), after(pc, SIZE), -1));
  }
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    const Instr *to = sem::fun_target(m, GET(1), NUM(0));
    if (!LIKELY(to)) TAIL slow<I>(JOIST_ARGS);
    push_return(e, after(pc, SIZE));
    ENTER(to);
  }
};
struct Op_call_fun_last {
  template <class I> COLD static JOIST_HANDLER slow(JOIST_PARAMS) {
    SAVE();
    RESUME(call_fun_slow(m, pc, GET(1), NUM(0), nullptr, int(NUM(2))));
  }
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    const Instr *to = sem::fun_target(m, GET(1), NUM(0));
    if (!LIKELY(to)) TAIL slow<I>(JOIST_ARGS);
    DEALLOCATE(NUM(2));
    ENTER(to);
  }
};

// --- returns
struct Op_return_ {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) { RETURN(); }
};
struct Op_deallocate_return {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    DEALLOCATE(NUM(0));
    RETURN();
  }
};
struct Op_move_return {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    m->x[0] = GET(0);
    RETURN();
  }
};
struct Op_move_deallocate_return {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    m->x[0] = GET(0);
    DEALLOCATE(NUM(1));
    RETURN();
  }
};

struct Op_func_info {
  template <class I> COLD static JOIST_HANDLER run(JOIST_PARAMS) {
    SAVE();
    raise(m->p, Reason::FunctionClause);
    RESUME(raise_at(m, pc));
  }
};
// Never reached in valid code.
struct Op_int_code_end {
  template <class I> COLD static JOIST_HANDLER run(JOIST_PARAMS) {
    SAVE();
    raise_value(m->p, ExcClass::Error, atoms::internal_error);
    RESUME(raise_at(m, pc));
  }
};
} // namespace

JOIST_REGISTER(call)
#define JOIST_IF_call JOIST_ROW
#include "vm/families.h"
JOIST_REGISTER_END
} // namespace joist::vm
