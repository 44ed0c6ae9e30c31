// Calls of built-in functions: in place, the frame untouched.
#include "vm/calls.h"

namespace joist::vm {
namespace {
#define DEALLOCATE(n) e = reinterpret_cast<Word *>(reinterpret_cast<char *>(e) + (n))
#define RETURN() GO(return_target(*e++))

struct BifCall {
  // Reductions are used up: yields before the call.
  template <class I> COLD static JOIST_HANDLER yield(JOIST_PARAMS) {
    SAVE();
    if (sampled_within(m, pc)) {
      LOAD();
      GO(pc);
    }
    LEAVE(leave(m, pc, unsigned(PTR(Export, 0)->mfa().arity), RunResult::Yielded));
  }
  // Called as other functions are, by its export.
  template <class I> COLD static JOIST_HANDLER traced(JOIST_PARAMS) {
    *--e = return_word(after(pc, SIZE));
    GO(export_entry(PTR(Export, 0)));
  }
  template <class I> COLD static JOIST_HANDLER failed(JOIST_PARAMS) {
    RESUME(bif_failed(m, pc, PTR(Export, 0), after(pc, SIZE)));
  }
};
#define CALL_BIF()                                                                                                     \
  CHARGE_OR(BifCall::yield<I>);                                                                                        \
  if (UNLIKELY(PTR(Export, 0)->is_bif_traced())) TAIL BifCall::traced<I>(JOIST_ARGS);                                  \
  SAVE();                                                                                                              \
  m->p->pc = pc; /* for process_info(self(), ..) */                                                                    \
  Term r = PTR(Export, 0)->bif(m->p, m->x);                                                                            \
  if (UNLIKELY(r.is_none())) TAIL BifCall::failed<I>(JOIST_ARGS);                                                      \
  m->x[0] = r;                                                                                                         \
  LOAD()

struct Op_call_bif {
  template <class I> COLD static JOIST_HANDLER collect_then_next(JOIST_PARAMS) {
    SAVE();
    if (!collect_after_bif(m)) LEAVE(leave_killed(m));
    LOAD();
    NEXT;
  }
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    CALL_BIF();
    if (UNLIKELY(collection_due(m->p))) TAIL collect_then_next<I>(JOIST_ARGS);
    NEXT;
  }
};
struct Op_call_bif_only {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    CALL_BIF();
    if (UNLIKELY(collection_due(m->p))) TAIL Op_call_bif::collect_then_next<I>(JOIST_ARGS);
    RETURN();
  }
};
struct Op_call_bif_last {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    CALL_BIF();
    if (UNLIKELY(collection_due(m->p))) TAIL Op_call_bif::collect_then_next<I>(JOIST_ARGS);
    DEALLOCATE(NUM(1));
    RETURN();
  }
};
struct Op_send {
  template <class I> COLD static JOIST_HANDLER slow(JOIST_PARAMS) { RESUME(send_failed(m, pc, after(pc, SIZE))); }
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    SAVE();
    Term r = send_bif(m->p, m->x);
    if (UNLIKELY(r.is_none())) TAIL slow<I>(JOIST_ARGS);
    m->x[0] = r;
    LOAD();
    if (UNLIKELY(collection_due(m->p))) TAIL Op_call_bif::collect_then_next<I>(JOIST_ARGS);
    NEXT;
  }
};
} // namespace

JOIST_REGISTER(callbif)
#define JOIST_IF_callbif JOIST_ROW
#include "vm/families.h"
JOIST_REGISTER_END
} // namespace joist::vm
